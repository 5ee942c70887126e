//! The postman: takes letters from the outbox, one after the other, and brings them away.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use entities::{
    Millis, account_token, audit,
    mail::{self as rows, Leased},
};
use tokio::sync::Notify;

use super::{
    MailSettings, Message, Outbox,
    ask::Looked,
    letter,
    transport::{Transport, Undelivered},
};
use crate::fault::Fault;

/// Longer than sending takes. A letter whose postman vanished is taken up again after this.
const LEASE_MS: Millis = 120_000;
/// About eight hours.
const MOST_ATTEMPTS: i32 = 12;
/// How long to wait for new letters when nobody rings.
const POLL: Duration = Duration::from_secs(1);
const SWEEP_MS: Millis = 600_000;
/// How long it stays known why a letter was given up.
const KEEP_FAILURES_MS: Millis = 30 * 86_400_000;

/// Brings letters away until it is stopped.
pub(crate) struct Postman {
    stop: Arc<Notify>,
    task: tokio::task::JoinHandle<()>,
}

impl Postman {
    /// # Errors
    /// When a setting cannot be used.
    pub(crate) fn start(outbox: Arc<Outbox>, settings: MailSettings) -> Result<Self, Fault> {
        let transport = Transport::new(&settings.from, settings.delivery)?;
        let stop = Arc::<Notify>::default();
        let task = tokio::spawn(run(outbox, transport, stop.clone()));
        Ok(Self { stop, task })
    }

    /// Finishes the letter at hand.
    pub(crate) async fn stop(self) {
        self.stop.notify_one();
        let _ = self.task.await;
    }
}

async fn run(outbox: Arc<Outbox>, transport: Transport, stop: Arc<Notify>) {
    let mut swept = outbox.clock.now();
    loop {
        let worked = match round(&outbox, &transport).await {
            Ok(worked) => worked,
            Err(fault) => {
                tracing::warn!(%fault, "mail that waits cannot be read");
                false
            }
        };
        let now = outbox.clock.now();
        if now - swept >= SWEEP_MS {
            swept = now;
            if let Err(fault) = sweep(&outbox, now).await {
                tracing::warn!(%fault, "old links and mails could not be removed");
            }
        }
        let pause = if worked { Duration::ZERO } else { POLL };
        tokio::select! {
            biased;
            () = stop.notified() => break,
            () = outbox.wake.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn sweep(outbox: &Outbox, now: Millis) -> Result<(), Fault> {
    let swept = outbox.platform.write(async |tx| {
        account_token::sweep(tx, now).await?;
        rows::sweep(tx, now - KEEP_FAILURES_MS).await
    });
    Ok(swept.await?)
}

/// One letter; whether there was one.
async fn round(outbox: &Outbox, transport: &Transport) -> Result<bool, Fault> {
    let now = outbox.clock.now();
    if !outbox.platform.read(async |tx| rows::is_due(tx, now).await).await? {
        return Ok(false);
    }
    let leased = outbox.platform.write(async |tx| rows::lease(tx, now, now + LEASE_MS).await).await?;
    let Some(leased) = leased else { return Ok(false) };
    let id = leased.id;
    let outcome = match outbox.open(id, &leased.sealed) {
        Ok(message) => deliver(outbox, transport, &leased, message).await,
        Err(_) => Err(Undelivered {
            reason: "it does not open".into(),
            for_good: true,
        }),
    };
    match outcome {
        Ok(()) => {
            outbox.sent.fetch_add(1, Relaxed);
            outbox.platform.write(async |tx| rows::done(tx, id).await).await?;
        }
        Err(undelivered) if undelivered.for_good || leased.attempts >= MOST_ATTEMPTS => {
            outbox.given_up.fetch_add(1, Relaxed);
            tracing::error!(mail = %id, reason = undelivered.reason, "a mail was given up");
            let reason = undelivered.reason.as_str();
            outbox.platform.write(async |tx| rows::give_up(tx, id, reason).await).await?;
        }
        Err(undelivered) => {
            outbox.put_back.fetch_add(1, Relaxed);
            tracing::warn!(mail = %id, attempts = leased.attempts, reason = undelivered.reason, "a mail could not be sent yet");
            let run_at = outbox.clock.now() + backoff(leased.attempts);
            outbox.platform.write(async |tx| rows::put_back(tx, id, run_at).await).await?;
        }
    }
    Ok(true)
}

/// Seconds that double with each try, up to about two hours, and up to as much again, so that what failed together is not tried together.
fn backoff(attempts: i32) -> Millis {
    let base = 5_000_i64 << attempts.clamp(0, 10);
    base + rand::random_range(0..base)
}

async fn deliver(outbox: &Outbox, transport: &Transport, leased: &Leased, message: Message) -> Result<(), Undelivered> {
    let id = leased.id;
    let message = match message {
        ready @ Message::Letter { .. } => Some(ready),
        asked => become_letter(outbox, leased, asked).await.map_err(|fault| {
            tracing::warn!(mail = %id, %fault, "what a mail was asked for could not be looked up");
            // Tried again as one that could not be sent, and given up as that: else it would go round for ever.
            Undelivered {
                reason: "what was asked for could not be looked up".into(),
                for_good: false,
            }
        })?,
    };
    let Some(Message::Letter { to, kind }) = message else {
        return Ok(());
    };
    transport.send(id, &to, letter::write(&kind, &outbox.origin)).await
}

/// Puts the first letter that `asked` comes to in its place, and the others beside it. Tried again, it is that letter.
async fn become_letter(outbox: &Outbox, leased: &Leased, asked: Message) -> Result<Option<Message>, Fault> {
    let id = leased.id;
    let letters = outbox.platform.write(async |tx| {
        let Looked { letters, note } = outbox.look_into(tx, asked, leased.created_at).await?;
        let mut letters = letters.into_iter();
        let first = letters.next();
        if let Some(first) = &first {
            rows::replace(tx, id, outbox.seal(id, first)?).await?;
        }
        for other in letters {
            outbox.enqueue(tx, &other).await?;
        }
        if let Some((account, note)) = note {
            audit::append_for_account(tx, account, &note).await?;
        }
        Ok::<_, Fault>(first)
    });
    letters.await
}
