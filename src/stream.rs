//! An answer as server-sent events while it is written, or whole as JSON, as the client accepts.
//! Format: <https://html.spec.whatwg.org/multipage/server-sent-events.html>.

use std::{
    collections::{HashMap, hash_map::Entry},
    future::Future,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE},
    rt,
    web::{Bytes, Data},
};
use actors::{AccountId, Fault, project::questions::AnswerEvent};
use futures_util::stream::unfold;
use serde::Serialize;
use serde_json::json;
use tokio::sync::mpsc;
use tracing::Instrument;
use tracing_actix_web::RequestId;

use crate::{error::Problem, routes::views::AnswerView};

/// Events that wait for a slow reader before the writer waits too.
const WAITING: usize = 64;

pub fn channel() -> (mpsc::Sender<AnswerEvent>, mpsc::Receiver<AnswerEvent>) {
    mpsc::channel(WAITING)
}

/// One server-sent event.
pub fn event<T: Serialize>(name: &str, data: &T) -> Bytes {
    // JSON holds no line breaks of its own, so one data line is enough.
    let data = serde_json::to_string(data).unwrap_or_else(|_| "{}".into());
    Bytes::from(format!("event: {name}\ndata: {data}\n\n"))
}

/// Whether the client takes events.
pub fn wanted(request: &HttpRequest) -> bool {
    let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/event-stream"))
}

/// Whether the process was asked to stop: signals are the process', whichever server in it hears them.
static STOPPING: AtomicBool = AtomicBool::new(false);

/// Whether what would go on for long had better begin elsewhere.
pub fn is_stopping() -> bool {
    STOPPING.load(Ordering::Relaxed)
}

/// Completes when the process is asked to stop, by a terminal or by whatever runs it: both let finish what was begun. What would not end by
/// itself, such as a stream of changes, ends then.
pub async fn asked_to_stop() {
    if !is_stopping() {
        signalled().await;
        STOPPING.store(true, Ordering::Relaxed);
    }
}

/// SIGHUP asks for certificates to be read again; where none is shown, it would end the process in the middle of what it does.
pub async fn outlive_hangups() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut hangup) = signal(SignalKind::hangup()) else { return };
        while hangup.recv().await.is_some() {
            tracing::info!("SIGHUP: TLS does not end here, so that there is nothing to read again");
        }
    }
}

/// The next signal to stop.
pub async fn signalled() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    {
        let _ = tokio::signal::ctrl_c().await;
    }
}

/// Streams of changes that an account has open at this server: each asks the database every second.
#[derive(Default)]
pub struct Open(Mutex<HashMap<AccountId, usize>>);

/// Windows that people leave open. More are somebody's program.
const MOST_OPEN: usize = 20;
/// Until one of them may have ended.
const FULL_S: u64 = 30;

/// One of an account's streams, as long as it lives.
pub struct Opened {
    open: Data<Open>,
    account: AccountId,
}

impl Open {
    /// # Errors
    /// The account has too many already.
    pub fn one(open: &Data<Self>, account: AccountId) -> Result<Opened, Problem> {
        let mut all = open.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = all.entry(account).or_default();
        if *count >= MOST_OPEN {
            return Err(Fault::TooMany { retry_after_s: FULL_S }.into());
        }
        *count += 1;
        Ok(Opened {
            open: open.clone(),
            account,
        })
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        let mut all = self.open.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut count) = all.entry(self.account) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

/// An answer of events, as they come.
pub fn streaming(body: mpsc::Receiver<Bytes>) -> HttpResponse {
    let body = unfold(body, async |mut body| {
        body.recv().await.map(|bytes| (Ok::<_, actix_web::Error>(bytes), body))
    });
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        .insert_header((CACHE_CONTROL, "no-store"))
        // A proxy that collects the stream would hold back the words.
        .insert_header(("x-accel-buffering", "no"))
        .streaming(body)
}

fn event_of(problem: &Problem, request_id: &str) -> Bytes {
    event("problem", &problem.describe().document(request_id))
}

fn present(seen: AnswerEvent) -> Bytes {
    match seen {
        AnswerEvent::Started { conversation, question } => event("started", &json!({ "conversation": conversation, "question": question })),
        AnswerEvent::Delta(text) => event("delta", &json!({ "text": text })),
        AnswerEvent::Restart => event("restart", &json!({})),
    }
}

/// Answers with what `answer` comes to. What is wrong before it begins is a problem with its own status; after that, an event.
/// When `until` comes to an end first, so does what the reader sees, with that problem; the answer is finished and stored.
///
/// # Errors
/// What `answer` fails with before its first event, or `until` ends with.
pub async fn respond(
    request: &HttpRequest,
    mut seen: mpsc::Receiver<AnswerEvent>,
    answer: impl Future<Output = Result<AnswerView, Problem>> + 'static,
    until: impl Future<Output = Problem> + 'static,
) -> Result<HttpResponse, Problem> {
    // A task of its own: what a client that leaves has begun is finished and stored.
    let mut answer = rt::spawn(answer.in_current_span());
    let mut until = Box::pin(until);
    let failed = |_| Problem::Fault(actors::Fault::Crashed);
    if !wanted(request) {
        rt::spawn(async move { while seen.recv().await.is_some() {} });
        return tokio::select! {
            biased;
            refused = &mut until => Err(refused),
            done = answer => Ok(HttpResponse::Ok().json(done.map_err(failed)??)),
        };
    }
    let whole = |answer: &AnswerView| HttpResponse::Ok().content_type("text/event-stream").body(event("done", answer));
    let first = tokio::select! {
        biased;
        refused = &mut until => return Err(refused),
        first = seen.recv() => first,
        done = &mut answer => return Ok(whole(&done.map_err(failed)??)),
    };
    let Some(first) = first else {
        return tokio::select! {
            biased;
            refused = &mut until => Err(refused),
            done = answer => Ok(whole(&done.map_err(failed)??)),
        };
    };
    let id = request.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default();
    let (out, body) = mpsc::channel::<Bytes>(WAITING);
    rt::spawn(async move {
        let mut next = Some(first);
        while let Some(seen_event) = next {
            let _ = out.send(present(seen_event)).await;
            next = tokio::select! {
                biased;
                refused = &mut until => {
                    let _ = out.send(event_of(&refused, &id)).await;
                    return;
                }
                next = seen.recv() => next,
            };
        }
        let last = tokio::select! {
            biased;
            refused = &mut until => Err(refused),
            done = answer => done.unwrap_or(Err(Problem::Fault(actors::Fault::Crashed))),
        };
        let last = match last {
            Ok(answer) => event("done", &answer),
            Err(problem) => event_of(&problem, &id),
        };
        let _ = out.send(last).await;
    });
    Ok(streaming(body))
}
