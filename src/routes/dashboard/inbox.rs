//! What the team does about conversations, and what is new.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{ContentDisposition, DispositionParam, DispositionType},
    rt,
    web::{Bytes, Data, Json, Path, Query},
};
use actors::{
    ConversationId, Fault, Millis,
    project::inbox::{
        AddNote, CountInbox, DeleteNote, HandleConversation, InboxChanges, MOST_CHANGES,
        export::{BeginConversationExport, CSV_HEADER, ExportConversation, ExportConversations, Exported, csv_rows, json_line},
    },
    role::Member,
};
use futures_util::stream::try_unfold;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc;

use crate::{
    doors::ProjectPass,
    error::Problem,
    routes::views::{ConversationExport, ConversationPatch, ConversationView, ExportFormat, InboxView, NoteBody, NoteView, time},
    stream::{self, event},
};

fn id<T: std::str::FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::Fault(Fault::NotFound))
}

pub async fn handle(
    pass: ProjectPass<Member>,
    path: Path<(String, String)>,
    body: Json<ConversationPatch>,
) -> Result<Json<ConversationView>, Problem> {
    let ConversationPatch { state, mine } = body.into_inner();
    let card = pass
        .send(HandleConversation {
            conversation: id(&path.1)?,
            state: state.map(Into::into),
            mine,
            by: pass.by(),
        })
        .await?;
    Ok(Json(ConversationView::of(card, None)))
}

pub async fn add_note(pass: ProjectPass<Member>, path: Path<(String, String)>, body: Json<NoteBody>) -> Result<HttpResponse, Problem> {
    let by = pass.by();
    let me = by.account;
    let add = AddNote {
        conversation: id(&path.1)?,
        text: body.into_inner().text,
        by,
    };
    Ok(HttpResponse::Created().json(NoteView::of(pass.send(add).await?, me)))
}

pub async fn delete_note(pass: ProjectPass<Member>, path: Path<(String, String, String)>) -> Result<HttpResponse, Problem> {
    let by = pass.by();
    pass.send(DeleteNote {
        conversation: id(&path.1)?,
        note: id(&path.2)?,
        by,
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Counts, or, for who takes events, changes as they happen.
pub async fn look(pass: ProjectPass<Member>, open: Data<stream::Open>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    match stream::wanted(&request) {
        true => {
            let opened = stream::Open::one(&open, pass.workspace().account())?;
            changes(pass, opened).await
        }
        false => Ok(HttpResponse::Ok().json(InboxView::from(pass.send(CountInbox).await?))),
    }
}

const EVERY: Duration = Duration::from_secs(1);
/// Rounds of one stream. The page asks again, through the door.
const LONGEST: u32 = 300;
/// Rounds without anything new after which a line that says nothing shows whether somebody is there.
const QUIET: u32 = 5;
/// A transaction may show later than the moment that it notes, and clocks of nodes differ: each look goes back by so much.
const OVERLAP_MS: Millis = 5_000;

/// What was told already: when each conversation changed.
#[derive(Default)]
struct Told(HashMap<ConversationId, Millis>);

impl Told {
    /// Whether this change is news.
    fn is_new(&mut self, conversation: ConversationId, changed_at: Millis) -> bool {
        self.0.insert(conversation, changed_at) != Some(changed_at)
    }

    fn forget_before(&mut self, at: Millis) {
        self.0.retain(|_, changed_at| *changed_at >= at);
    }
}

/// Changes as they happen, whichever node they happen on: `changed` with conversations as they are now, `counts` when those are others.
async fn changes(pass: ProjectPass<Member>, opened: stream::Opened) -> Result<HttpResponse, Problem> {
    // Another node answers: this one is being emptied.
    if stream::is_stopping() {
        return Err(Problem::Fault(actors::Fault::Unavailable));
    }
    // Nothing lies after it: only the moment to begin from.
    let first = pass.send(InboxChanges { since: Millis::MAX }).await?;
    let (out, body) = mpsc::channel::<Bytes>(4);
    rt::spawn(async move {
        let _opened = opened;
        let (mut told, mut since, mut counts, mut quiet) = (Told::default(), first.now, None, 0);
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut stop = Box::pin(stream::asked_to_stop());
        for _ in 0..LONGEST {
            tokio::select! {
                _ = ticks.tick() => {}
                () = &mut stop => return,
            }
            if out.is_closed() {
                return;
            }
            // Also looks, each time, whether the reader still may: a refusal ends the stream, and the page asks why at the door.
            let Ok(changed) = pass.send(InboxChanges { since: since - OVERLAP_MS }).await else {
                return;
            };
            let last = changed.conversations.last().map(|card| card.changed_at);
            // More than one look takes: the next one begins at the last of these.
            since = match last.filter(|_| changed.conversations.len() >= MOST_CHANGES) {
                Some(last) => last + OVERLAP_MS,
                None => changed.now,
            };
            let news: Vec<ConversationView> = changed
                .conversations
                .into_iter()
                .filter(|card| told.is_new(card.id, card.changed_at))
                .map(|card| ConversationView::of(card, None))
                .collect();
            told.forget_before(since - OVERLAP_MS);
            let mut text = Vec::new();
            if !news.is_empty() {
                text.extend(event("changed", &json!({ "conversations": news })));
            }
            if counts != Some(changed.counts) {
                counts = Some(changed.counts);
                text.extend(event("counts", &InboxView::from(changed.counts)));
            }
            quiet += 1;
            if text.is_empty() && quiet >= QUIET {
                text.extend(b": still here\n\n");
            }
            if !text.is_empty() {
                quiet = 0;
                if out.send(text.into()).await.is_err() {
                    return;
                }
            }
        }
    });
    Ok(stream::streaming(body))
}

impl ExportFormat {
    fn name(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        }
    }

    fn head(self) -> &'static str {
        match self {
            Self::Jsonl => "",
            Self::Csv => CSV_HEADER,
        }
    }

    fn text(self, exported: &Exported) -> String {
        match self {
            Self::Jsonl => json_line(exported),
            Self::Csv => csv_rows(exported),
        }
    }

    fn response(self, at: Millis, what: &str) -> actix_web::HttpResponseBuilder {
        let name = format!("{what}-{}.{}", time(at).format("%Y-%m-%d"), self.name());
        let attachment = ContentDisposition {
            disposition: DispositionType::Attachment,
            parameters: vec![DispositionParam::Filename(name)],
        };
        let mut response = HttpResponse::Ok();
        response.insert_header(attachment).content_type(match self {
            Self::Jsonl => "application/jsonl; charset=utf-8",
            Self::Csv => "text/csv; charset=utf-8",
        });
        response
    }
}

/// All that the filter lets through, in parts.
pub async fn export(pass: ProjectPass<Member>, body: Json<ConversationExport>) -> Result<HttpResponse, Problem> {
    let ConversationExport { format, q, filter } = body.into_inner();
    let filter = filter.unwrap_or_default().into_filter(pass.by().account);
    let part = move |before: Option<String>| ExportConversations {
        filter: filter.clone(),
        search: q.clone(),
        before,
    };
    // What is wrong with the filter is said before anything is sent.
    let first = pass.send(part(None)).await?;
    let begin = BeginConversationExport {
        by: pass.by(),
        format: format.name(),
        conversation: None,
    };
    let at = pass.send(begin).await?;
    let head = Some(format.head()).filter(|head| !head.is_empty());
    let ready: VecDeque<Bytes> = head.map(|head| Bytes::from_static(head.as_bytes())).into_iter().collect();
    let parts = try_unfold((pass, part, Some(first), ready), move |(pass, part, page, mut ready)| async move {
        if let Some(bytes) = ready.pop_front() {
            return Ok::<_, actix_web::Error>(Some((bytes, (pass, part, page, ready))));
        }
        let Some(page) = page else { return Ok(None) };
        let text: String = page.conversations.iter().map(|one| format.text(one)).collect();
        let next = match page.next {
            Some(before) => Some(pass.send(part(Some(before))).await?),
            None => None,
        };
        Ok(Some((Bytes::from(text), (pass, part, next, ready))))
    });
    Ok(format.response(at, "conversations").streaming(Box::pin(parts)))
}

#[derive(Deserialize)]
pub struct Wanted {
    format: Option<ExportFormat>,
}

pub async fn export_one(pass: ProjectPass<Member>, path: Path<(String, String)>, wanted: Query<Wanted>) -> Result<HttpResponse, Problem> {
    let (conversation, format) = (id(&path.1)?, wanted.format.unwrap_or(ExportFormat::Jsonl));
    let begin = BeginConversationExport {
        by: pass.by(),
        format: format.name(),
        conversation: Some(conversation),
    };
    let at = pass.send(begin).await?;
    let exported = pass.send(ExportConversation(conversation)).await?;
    let text = format!("{}{}", format.head(), format.text(&exported));
    Ok(format.response(at, "conversation").body(text))
}
