//! Letting go of a source. From the moment at which it is asked for nothing comes from it any more; what came from it is deleted, or stays as
//! if somebody had uploaded it, by a job (`project::letting_go`). A receipt says how far that is.

use entities::{
    Millis, ProjectId, ReceiptId, SourceId, StoreError, TenantTx,
    audit::{self, Act, Target},
    documents, job, members,
    source::{self, Source},
    source_receipt::{self, Cause, GrantOutcome, Receipt},
};
use serde_json::json;

use super::admin::receipt_of;
use crate::{audit::By, contain::Serve, fault::Fault, integrations::IntegrationActor, request};

/// Disconnects a source. Its grant, if it has one, stays for others.
pub struct DisconnectSource {
    pub by: By,
    pub project: ProjectId,
    pub source: SourceId,
    /// What came from it goes too.
    pub deletes: bool,
}

request! { DisconnectSource => Receipt, needs ManageProjects, exclusive; }

/// Begins to let go of a source, in a transaction of whoever asked: its sync ends, whatever it is at. `None` when that was asked for before.
/// What becomes of it is shown on the receipt that its own is part of, if it is of one.
pub(crate) async fn leave_in(
    tx: &TenantTx,
    source: &Source,
    (deletes, part_of): (bool, Option<ReceiptId>),
    (asked_by, now): (Option<String>, Millis),
) -> Result<Option<Receipt>, StoreError> {
    if !source::leave(tx, source.id).await? {
        return Ok(None);
    }
    job::enqueue_leaving(tx, source.project, source.id, now).await?;
    let left = documents::count_of_source(tx, source.project, source.id).await?;
    let receipt = Receipt {
        id: ReceiptId::new(),
        kind: source.kind.clone(),
        name: source.name.clone(),
        project: Some(source.project),
        source: Some(source.id),
        grant: source.grant,
        asked_at: now,
        asked_by,
        outcome: GrantOutcome::None,
        finish_at: None,
        deletes,
        documents_left: i32::try_from(left).unwrap_or(i32::MAX),
        documents_done: 0,
        done_at: None,
        last_error: None,
        part_of,
        cause: Cause::Disconnected,
    };
    source_receipt::insert(tx, &receipt).await?;
    Ok(Some(receipt))
}

pub(super) fn target(source: &Source) -> Target {
    Target::of("source", source.id, source.name.as_str())
}

impl Serve<DisconnectSource> for IntegrationActor {
    async fn serve(&self, asked: DisconnectSource) -> Result<Receipt, Fault> {
        let now = self.now();
        let left = self.db().write(async |tx| {
            let found = source::find(tx, asked.source).await?;
            let found = found.filter(|found| found.project == asked.project).ok_or(Fault::NotFound)?;
            let email = members::email_of(tx, asked.by.account).await?;
            let Some(receipt) = leave_in(tx, &found, (asked.deletes, None), (email, now)).await? else {
                return receipt_of(tx, asked.source).await;
            };
            let details = json!({ "project": found.project, "kind": found.kind, "documents": kept_or_deleted(asked.deletes) });
            let note = asked.by.did_with(Act::SourceDisconnected, target(&found), now, details);
            audit::append(tx, note).await?;
            Ok(receipt)
        });
        let receipt = left.await?;
        self.ring();
        Ok(receipt)
    }
}

pub(crate) fn kept_or_deleted(deletes: bool) -> &'static str {
    if deletes { "delete" } else { "keep" }
}
