//! What whoever runs the installation does for people, from the command line, beside a server that may be running.

use entities::{
    ActOutcome, Location, OperatorAct, PlatformTx, Store,
    audit::{self, Act, Target},
    second_factor,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Email;
use crate::{
    audit::server_did,
    clock::Clock,
    fault::Fault,
    mail::{Notice, Outbox},
    start::PlatformError,
    vault::{Keeper, MasterKeys, RingSettings},
};

/// Helps people who lost the way into their account, or whose account is in other hands. What it does is written down among the
/// operators' acts and in the logs of the account's workspaces, and its owner is told by mail: the running server sends it, or the next.
pub struct Desk {
    store: Store,
    outbox: Outbox,
    clock: Clock,
}

/// One thing that it does, by its names.
struct Deed {
    /// Among the operators' acts.
    name: String,
    act: Act,
    notice: Notice,
    details: Value,
}

impl Desk {
    /// # Errors
    /// When the database cannot be opened, or a key.
    pub async fn open(masters: MasterKeys, ring: RingSettings, location: &Location, clock: Clock) -> Result<Self, PlatformError> {
        let (store, keeper) = Keeper::open_beside(masters, ring, location, clock.now()).await?;
        // Where links lead to is for who sends the letters.
        let outbox = Outbox::new(store.platform(), keeper, clock.clone(), String::new());
        Ok(Self { store, outbox, clock })
    }

    /// Takes every second factor of an account away and ends its sessions. How whoever does so made sure who asks is written down with it:
    /// less must not open an account than set its factors up.
    ///
    /// # Errors
    /// `NotFound` when no account has the address.
    pub async fn reset_second_factor(&self, email: &str, checked: &str) -> Result<(), Fault> {
        let deed = Deed {
            name: format!("reset second factor, checked: {checked}"),
            act: Act::SecondFactorRemoved,
            notice: Notice::SecondFactorsReset,
            details: json!({ "checked": checked }),
        };
        let now = self.clock.now();
        self.ending_sessions(email, deed, async |tx, account| second_factor::remove_all(tx, account, now).await)
            .await
    }

    /// Ends every session of an account.
    ///
    /// # Errors
    /// `NotFound` when no account has the address.
    pub async fn end_sessions(&self, email: &str) -> Result<(), Fault> {
        let deed = Deed {
            name: "end sessions".into(),
            act: Act::SessionsEnded,
            notice: Notice::SessionsEnded(None),
            details: Value::Null,
        };
        self.ending_sessions(email, deed, async |_, _| Ok(())).await
    }

    async fn ending_sessions(
        &self,
        email: &str,
        deed: Deed,
        work: impl AsyncFnOnce(&PlatformTx, entities::AccountId) -> Result<(), entities::StoreError>,
    ) -> Result<(), Fault> {
        let email = Email::parse(email)?;
        let platform = self.store.platform();
        let account = platform.account_by_email(email.as_str()).await?.ok_or(Fault::NotFound)?.id;
        let (now, id) = (self.clock.now(), Uuid::now_v7());
        let begun = OperatorAct {
            id,
            at: now,
            account: Uuid::nil().into(),
            email: "command line".into(),
            act: deed.name,
            subject: account.to_string(),
            address: String::new(),
            outcome: ActOutcome::Asked.as_str().into(),
        };
        platform.begin_act(begun).await?;
        let done = platform.write_ending_sessions(account, None, async |tx| {
            work(tx, account).await?;
            self.outbox.notify(tx, email.as_str(), deed.notice).await?;
            let target = Target::of("account", account, email.as_str());
            let note = server_did(deed.act, target, now, deed.details);
            Ok::<_, Fault>(audit::append_for_account(tx, account, &note).await?)
        });
        let done = done.await;
        let outcome = if done.is_ok() { ActOutcome::Done } else { ActOutcome::Failed };
        platform.note_outcome(id, outcome).await?;
        done
    }

    pub async fn close(self) {
        self.store.close().await;
    }
}
