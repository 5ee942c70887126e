//! Reading, signing and exporting a workspace's audit log.

use entities::{
    Millis,
    audit::{
        self, Act, Filter,
        chain::{Broken, Checkpoint, Entry, Head},
    },
    tenants,
};
use serde_json::json;

use super::{By, workspace};
use crate::{contain::Serve, fault::Fault, request, tenant::TenantSupervisor};

/// A page of the log, the latest first.
pub struct ReadLog {
    pub filter: Filter,
    pub limit: u64,
}
pub struct LogPage {
    pub entries: Vec<Entry>,
    /// For `before` of the next page.
    pub next: Option<i64>,
}
/// Notes that the log is exported, and signs its head.
pub struct BeginExport {
    pub by: By,
    pub format: &'static str,
}
/// What an export will hold.
pub struct Export {
    pub name: String,
    /// Entries up to this one.
    pub until: i64,
    pub at: Millis,
    pub public_key: String,
}
/// A part of an export: the entries after number `after`, at most up to `until`, with the checkpoints among them.
pub struct ExportPart {
    pub after: i64,
    pub until: i64,
}
/// By what checkpoints are verified.
pub struct ShowLogKey;
/// Signs the head when it is due, or, before the workspace's actors are let go of, whenever there is something new.
pub(crate) struct SignLog {
    pub leaving: bool,
}

request! {
    ReadLog => LogPage, needs ManageProjects;
    BeginExport => Export, needs ManageProjects, exclusive;
    ExportPart => (Vec<Entry>, Vec<Checkpoint>), needs ManageProjects;
    ShowLogKey => String, needs ManageProjects;
    SignLog => (), needs System;
}

/// Entries of a page, and of a part of an export.
const MOST: u64 = 200;
const PART: u64 = 500;
/// The head is signed once so many entries are new.
const MOST_UNSIGNED: i64 = 100;
/// And once the last signature is so old.
const SIGNED_FOR_MS: Millis = 3_600_000;

impl TenantSupervisor {
    async fn sign_log(&self, at: Millis) -> Result<(), Fault> {
        let key = self.keeper().audit_key()?;
        let signed = self.db().write(async |tx| audit::sign(tx, at, |message| key.sign(message)).await);
        if let Err(broken) = signed.await? {
            complain(&broken);
        }
        Ok(())
    }
}

/// An altered log is not signed: that would make it look right.
fn complain(broken: &Broken) {
    tracing::error!(%broken, "the audit log of a workspace does not hold");
}

impl Serve<ReadLog> for TenantSupervisor {
    async fn serve(&self, read: ReadLog) -> Result<LogPage, Fault> {
        let limit = read.limit.clamp(1, MOST);
        let mut entries = self.db().read(async |tx| audit::list(tx, &read.filter, limit + 1).await).await?;
        let more = entries.len() > usize::try_from(limit).unwrap_or(usize::MAX);
        if more {
            entries.pop();
        }
        let next = entries.last().filter(|_| more).map(|last| last.seq);
        Ok(LogPage { entries, next })
    }
}

impl Serve<BeginExport> for TenantSupervisor {
    async fn serve(&self, BeginExport { by, format }: BeginExport) -> Result<Export, Fault> {
        let (at, key) = (self.now(), self.keeper().audit_key()?);
        let begun = self.db().write(async |tx| {
            let name = tenants::name(tx).await?.ok_or(Fault::NotFound)?;
            let note = by.did_with(Act::LogExported, workspace(name.as_str()), at, json!({ "format": format }));
            let until = audit::append(tx, note).await?;
            Ok::<_, Fault>((name, until))
        });
        let (name, until) = begun.await?;
        // Apart: a log that does not hold is exported too, without a signature, so that it can be seen where.
        self.sign_log(at).await?;
        Ok(Export {
            name,
            until,
            at,
            public_key: key.public(),
        })
    }
}

impl Serve<ExportPart> for TenantSupervisor {
    async fn serve(&self, ExportPart { after, until }: ExportPart) -> Result<(Vec<Entry>, Vec<Checkpoint>), Fault> {
        let part = self.db().read(async |tx| {
            let mut entries = audit::after(tx, after, PART).await?;
            entries.retain(|entry| entry.seq <= until);
            let last = entries.last().map_or(after, |entry| entry.seq);
            let mut signed = audit::checkpoints(tx, after, PART).await?;
            signed.retain(|checkpoint| checkpoint.seq <= last);
            Ok::<_, Fault>((entries, signed))
        });
        part.await
    }
}

impl Serve<ShowLogKey> for TenantSupervisor {
    async fn serve(&self, _: ShowLogKey) -> Result<String, Fault> {
        Ok(self.keeper().audit_key()?.public())
    }
}

impl Serve<SignLog> for TenantSupervisor {
    async fn serve(&self, SignLog { leaving }: SignLog) -> Result<(), Fault> {
        let now = self.now();
        let (head, last) = self
            .db()
            .read(async |tx| Ok::<_, Fault>((audit::head(tx).await?, audit::last_checkpoint(tx).await?)))
            .await?;
        let Some(Head { seq, .. }) = head else { return Ok(()) };
        let due = match last {
            Some(last) if last.seq == seq => false,
            Some(last) => leaving || seq - last.seq >= MOST_UNSIGNED || now - last.at >= SIGNED_FOR_MS,
            None => true,
        };
        if due {
            self.sign_log(now).await?;
        }
        Ok(())
    }
}
