//! Reports that come by mail: one raw message at a time, handed over by whatever takes mail in. Works beside a server that may be running.

use std::sync::Arc;

use entities::{
    Location, Store,
    disclosure::{mails, reports},
};

use super::{
    Disclosure, DisclosureSettings,
    deadlines::{DAY, HOUR},
    message::read,
};
use crate::{
    clock::Clock,
    fault::Fault,
    limits::Limits,
    mail::Outbox,
    start::PlatformError,
    vault::{Keeper, MasterKeys, RingSettings},
};

/// Bytes of a message: the files of a report in Base64, and some.
pub const MOST_OF_MAIL: usize = 48 << 20;
/// By mail within an hour. What is more waits at the mail server.
const MOST_AN_HOUR: u64 = 60;
/// How long it is known that a message came.
const KNOWN_FOR: i64 = 30 * DAY;

/// What became of a message.
#[derive(Debug, PartialEq, Eq)]
pub enum Filed {
    /// By its reference.
    Report(String),
    /// It came before.
    Known,
    /// A machine's answer or a bounce: to file it, and answer, might go on for ever.
    Machine(&'static str),
    /// Too many came: hand it over again later.
    Later,
}

/// Files what comes by mail.
pub struct Desk {
    store: Store,
    disclosure: Disclosure,
    /// The address that this installation's letters come from.
    own: String,
}

impl Desk {
    /// # Errors
    /// When the database cannot be opened, or a key.
    pub async fn open(
        (masters, ring, location): (MasterKeys, RingSettings, &Location),
        clock: Clock,
        settings: DisclosureSettings,
        sender: &str,
    ) -> Result<Self, PlatformError> {
        let (store, keeper) = Keeper::open_beside(masters, ring, location, clock.now()).await?;
        // Where links lead to is for who sends the letters. What a mail server lets through is counted by rows.
        let outbox = Arc::new(Outbox::new(store.platform(), keeper.clone(), clock.clone(), String::new()));
        let parts = (store.platform(), keeper, outbox, Arc::new(Limits::new(None, 1)));
        let own = sender
            .rsplit('<')
            .next()
            .unwrap_or_default()
            .trim_end_matches('>')
            .trim()
            .to_lowercase();
        Ok(Self {
            disclosure: Disclosure::new(parts, clock, settings, String::new()),
            store,
            own,
        })
    }

    /// Files a raw message.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn file(&self, raw: &[u8]) -> Result<Filed, Fault> {
        let letter = match read(raw, &self.own) {
            Ok(letter) => letter,
            Err(filed) => return Ok(filed),
        };
        let (disclosure, now) = (&self.disclosure, self.disclosure.clock.now());
        let words = letter.new.check()?;
        disclosure
            .platform
            .write(async |tx| {
                if reports::count_since(tx, "mail", now - HOUR).await? >= MOST_AN_HOUR {
                    return Ok(Filed::Later);
                }
                if !mails::is_new(tx, &letter.hash, now, now - KNOWN_FOR).await? {
                    return Ok(Filed::Known);
                }
                let receipt = disclosure.file_report(tx, &words, "mail", (letter.answers, true)).await?;
                let report = reports::find(tx, receipt.id).await?.ok_or(Fault::NotFound)?;
                for (name, bytes) in &letter.files {
                    // Where there is no room for its files, a report is one still.
                    match disclosure.has_room_for(tx, &report, bytes.len()).await {
                        Ok(()) => drop(disclosure.add_file(tx, receipt.id, name, bytes).await?),
                        Err(Fault::Limit { .. }) => {}
                        Err(fault) => return Err(fault),
                    }
                }
                Ok(Filed::Report(receipt.reference))
            })
            .await
    }

    pub async fn close(self) {
        self.store.close().await;
    }
}
