//! How long a request's body may take. One that comes a byte a second would hold a handler, and what it has locked, for ever.

use std::{
    cell::Cell,
    future::Future,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{Payload, ServiceRequest, ServiceResponse},
    error::PayloadError,
    middleware::Next,
    web::{Bytes, Data},
};
use futures_util::Stream;
use tokio::time::{Instant, Sleep};

use crate::error::Problem;

/// Bytes a second, on average: for each so many that came the rest may take a second longer. So a large upload has the time that it needs,
/// and a small body little.
const SLOWEST: u64 = 8 * 1024;

/// What any body may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience(pub Duration);

/// A body that ends in an error when it is too slow. Only the time in which it is waited for counts, not what the server does in between.
struct Timed {
    body: Payload,
    patience: Duration,
    /// Bytes.
    came: u64,
    waited: Duration,
    waits_since: Option<Instant>,
    alarm: Pin<Box<Sleep>>,
    late: Rc<Cell<bool>>,
}

impl Timed {
    fn new(body: Payload, patience: Duration, late: Rc<Cell<bool>>) -> Self {
        Self {
            body,
            patience,
            came: 0,
            waited: Duration::ZERO,
            waits_since: None,
            alarm: Box::pin(tokio::time::sleep(patience)),
            late,
        }
    }

    /// What is left of the time that it may take.
    fn left(&self) -> Duration {
        (self.patience + Duration::from_secs(self.came / SLOWEST)).saturating_sub(self.waited)
    }
}

impl Stream for Timed {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let came = Pin::new(&mut this.body).poll_next(context);
        let late = match &came {
            Poll::Pending => {
                let since = *this.waits_since.get_or_insert_with(Instant::now);
                let left = this.left();
                this.alarm.as_mut().reset(since + left);
                this.alarm.as_mut().poll(context).is_ready()
            }
            Poll::Ready(part) => {
                this.waited += this.waits_since.take().map_or(Duration::ZERO, |since| since.elapsed());
                if let Some(Ok(bytes)) = part {
                    this.came += bytes.len() as u64;
                }
                // Of one that always has a little more.
                this.left().is_zero()
            }
        };
        if !late {
            return came;
        }
        this.late.set(true);
        Poll::Ready(Some(Err(PayloadError::Io(io::ErrorKind::TimedOut.into()))))
    }
}

/// Watches over the body of every request, whoever reads it and in whatever form.
///
/// # Errors
/// `BodyTooSlow` when it did not come in time; else whatever goes wrong further in.
pub async fn in_time(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let patience = request.app_data::<Data<Patience>>().map(|patience| patience.0);
    let late = Rc::new(Cell::new(false));
    if let Some(patience) = patience {
        let body: Payload = match request.take_payload() {
            Payload::None => Payload::None,
            body => Payload::Stream {
                payload: Box::pin(Timed::new(body, patience, late.clone())),
            },
        };
        request.set_payload(body);
    }
    let answered = next.call(request).await;
    let failed = answered.as_ref().map_or(true, |response| !response.status().is_success());
    if failed && late.get() {
        return Err(Problem::BodyTooSlow.into());
    }
    answered
}
