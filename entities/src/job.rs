//! Work that outlives a request. A job is written in the transaction of the change that caused it, leased by a worker
//! until a deadline, and fenced by the lease: a worker that lost it can neither finish nor fail the job.

use sea_orm::{Condition, Order, Set, entity::prelude::*, sea_query::Expr};

use crate::{JobId, Millis, ProjectId, SourceId, StoreError, TenantTx, tenant_db::TenantScoped};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub kind: String,
    pub project_id: Uuid,
    pub subject: Option<Uuid>,
    pub revision: i32,
    /// Lower goes first within a tenant.
    pub priority: i32,
    pub state: String,
    pub attempts: i32,
    pub run_at: i64,
    pub locked_until: i64,
    pub lease: Option<Uuid>,
    pub last_error: Option<String>,
    pub created_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
}

/// What is to be done. Names rows only, never content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Read one revision of a document into chunks, which then answer by their words.
    ReadDocument { document: crate::DocumentId, revision: i32 },
    /// Embed the next chunks of a revision, so that they answer by their meaning.
    EmbedDocument { document: crate::DocumentId, revision: i32 },
    /// The same, by a model on somebody else's server.
    EmbedOutward { document: crate::DocumentId, revision: i32 },
    /// Embed the next chunks of a project by the model that is to take over: those after one.
    Reembed { after: Option<crate::ChunkId> },
    /// The same, by a model on somebody else's server.
    ReembedOutward { after: Option<crate::ChunkId> },
    /// Delete what is left of a deleted project.
    PurgeProject,
    /// Delete what is left of a deleted workspace.
    PurgeWorkspace,
    /// End a workspace whose time has come.
    EndWorkspace,
    /// Seal the next cells of a project with its newest key: those after `row` in the `column`-th sealed column.
    Reseal { column: i32, row: Option<Uuid> },
    /// Destroy an entry of the key ring.
    DestroyShare { share: Uuid },
    /// See to something that a provider sent.
    HandleEvent { event: crate::EventId },
    /// Let go of what providers sent, and was sent to customers' systems, long ago.
    SweepEvents,
    /// Send a webhook.
    DeliverWebhook { delivery: crate::DeliveryId },
    /// Look at what a source has, one step. There is one such job for each source, and it is never done.
    SyncSource { source: SourceId },
    /// Let go of a source and what came from it.
    LeaveSource { source: SourceId },
    /// Let go of every integration of the workspace, and, if so, of what came from them.
    RevokeAll { deletes: bool },
    /// Look at Stripe, whatever it told of.
    LookAtStripe,
    /// Delete conversations that are older than the project keeps them. There is one such job for a project, and it is never done.
    ForgetConversations,
    /// Do the next step of what is done to many documents.
    ChangeDocuments { batch: crate::BatchId },
}

/// Two lines of waiting: what only this machine works at, and what waits for somebody else's server. Slow servers hold up one another,
/// and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queue {
    Here,
    Outward,
}

impl Queue {
    /// What a job's kind must fulfil to stand in this line. Words of this file only, so that it can be written into a statement.
    pub(crate) fn condition(self) -> &'static str {
        match self {
            Self::Here => {
                "kind not in ('deliver_webhook', 'handle_event', 'sync_source', 'look_at_stripe', 'embed_outward', 'reembed_outward')"
            }
            Self::Outward => {
                "kind in ('deliver_webhook', 'handle_event', 'sync_source', 'look_at_stripe', 'embed_outward', 'reembed_outward')"
            }
        }
    }
}

pub(crate) const DESTROY_SHARE: &str = "destroy_share";
const SWEEP_EVERY_MS: Millis = 86_400_000;
pub(crate) const SWEEP_EVENTS: &str = "sweep_events";
pub(crate) const END_WORKSPACE: &str = "end_workspace";
pub(crate) const SYNC_SOURCE: &str = "sync_source";
const LEAVE_SOURCE: &str = "leave_source";
const REVOKE_ALL: &str = "revoke_all";
const LOOK_AT_STRIPE: &str = "look_at_stripe";
const FORGET_CONVERSATIONS: &str = "forget_conversations";
const CHANGE_DOCUMENTS: &str = "change_documents";
const EMBED_OUTWARD: &str = "embed_outward";
pub(crate) const REEMBED: &str = "reembed";
pub(crate) const REEMBED_OUTWARD: &str = "reembed_outward";

impl Work {
    /// By its name.
    #[must_use]
    pub fn kind(self) -> &'static str {
        self.columns().0
    }

    /// Kind, subject, revision, priority.
    fn columns(self) -> (&'static str, Option<Uuid>, i32, i32) {
        match self {
            Self::ReadDocument { document, revision } => ("read_document", Some(document.uuid()), revision, 0),
            Self::EmbedDocument { document, revision } => ("embed_document", Some(document.uuid()), revision, 1),
            Self::EmbedOutward { document, revision } => (EMBED_OUTWARD, Some(document.uuid()), revision, 1),
            // After what came last: that is asked about now.
            Self::Reembed { after } => (REEMBED, after.map(|after| after.uuid()), 0, 3),
            Self::ReembedOutward { after } => (REEMBED_OUTWARD, after.map(|after| after.uuid()), 0, 3),
            Self::PurgeProject => ("purge_project", None, 0, 2),
            Self::PurgeWorkspace => ("purge_workspace", None, 0, 2),
            Self::EndWorkspace => (END_WORKSPACE, None, 0, 0),
            Self::Reseal { column, row } => ("reseal", row, column, 3),
            Self::DestroyShare { share } => (DESTROY_SHARE, Some(share), 0, 0),
            Self::HandleEvent { event } => ("handle_event", Some(event.uuid()), 0, 0),
            Self::SweepEvents => (SWEEP_EVENTS, None, 0, 2),
            Self::DeliverWebhook { delivery } => ("deliver_webhook", Some(delivery.uuid()), 0, 0),
            Self::SyncSource { source } => (SYNC_SOURCE, Some(source.uuid()), 0, 1),
            Self::LeaveSource { source } => (LEAVE_SOURCE, Some(source.uuid()), 0, 0),
            Self::RevokeAll { deletes } => (REVOKE_ALL, None, i32::from(deletes), 0),
            Self::LookAtStripe => (LOOK_AT_STRIPE, None, 0, 1),
            Self::ForgetConversations => (FORGET_CONVERSATIONS, None, 0, 2),
            Self::ChangeDocuments { batch } => (CHANGE_DOCUMENTS, Some(batch.uuid()), 0, 0),
        }
    }
}

impl Model {
    pub(crate) fn work(&self) -> Result<Work, StoreError> {
        match (self.kind.as_str(), self.subject) {
            ("read_document", Some(document)) => Ok(Work::ReadDocument {
                document: document.into(),
                revision: self.revision,
            }),
            ("embed_document", Some(document)) => Ok(Work::EmbedDocument {
                document: document.into(),
                revision: self.revision,
            }),
            (EMBED_OUTWARD, Some(document)) => Ok(Work::EmbedOutward {
                document: document.into(),
                revision: self.revision,
            }),
            (REEMBED, after) => Ok(Work::Reembed {
                after: after.map(Into::into),
            }),
            (REEMBED_OUTWARD, after) => Ok(Work::ReembedOutward {
                after: after.map(Into::into),
            }),
            ("purge_project", _) => Ok(Work::PurgeProject),
            ("purge_workspace", _) => Ok(Work::PurgeWorkspace),
            (END_WORKSPACE, _) => Ok(Work::EndWorkspace),
            ("reseal", row) => Ok(Work::Reseal {
                column: self.revision,
                row,
            }),
            (DESTROY_SHARE, Some(share)) => Ok(Work::DestroyShare { share }),
            ("handle_event", Some(event)) => Ok(Work::HandleEvent { event: event.into() }),
            (SWEEP_EVENTS, _) => Ok(Work::SweepEvents),
            ("deliver_webhook", Some(delivery)) => Ok(Work::DeliverWebhook { delivery: delivery.into() }),
            (SYNC_SOURCE, Some(source)) => Ok(Work::SyncSource { source: source.into() }),
            (LEAVE_SOURCE, Some(source)) => Ok(Work::LeaveSource { source: source.into() }),
            (REVOKE_ALL, _) => Ok(Work::RevokeAll {
                deletes: self.revision != 0,
            }),
            (LOOK_AT_STRIPE, _) => Ok(Work::LookAtStripe),
            (FORGET_CONVERSATIONS, _) => Ok(Work::ForgetConversations),
            (CHANGE_DOCUMENTS, Some(batch)) => Ok(Work::ChangeDocuments { batch: batch.into() }),
            _ => Err(StoreError::Damaged("job.kind")),
        }
    }
}

/// A job that this worker holds until its lease runs out.
#[derive(Clone, Copy, Debug)]
pub struct Claimed {
    pub id: JobId,
    pub project: ProjectId,
    pub work: Work,
    /// This one included.
    pub attempts: i32,
    pub lease: Uuid,
}

/// # Errors
/// When the database does not answer.
pub async fn enqueue(tx: &TenantTx, project: ProjectId, work: Work, now: Millis) -> Result<JobId, StoreError> {
    enqueue_for(tx, project, work, now, now).await
}

/// As [`enqueue`], not to be begun before `run_at`.
///
/// # Errors
/// When the database does not answer.
pub async fn enqueue_for(tx: &TenantTx, project: ProjectId, work: Work, run_at: Millis, now: Millis) -> Result<JobId, StoreError> {
    let id = JobId::new();
    enqueue_as(tx, id, project, work, run_at, now).await?;
    Ok(id)
}

async fn enqueue_as(tx: &TenantTx, id: JobId, project: ProjectId, work: Work, run_at: Millis, now: Millis) -> Result<(), StoreError> {
    let (kind, subject, revision, priority) = work.columns();
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        id: Set(id.uuid()),
        kind: Set(kind.into()),
        project_id: Set(project.uuid()),
        subject: Set(subject),
        revision: Set(revision),
        priority: Set(priority),
        state: Set("ready".into()),
        attempts: Set(0),
        run_at: Set(run_at),
        locked_until: Set(0),
        lease: Set(None),
        last_error: Set(None),
        created_at: Set(now),
    })
    .await
}

/// Sees to it that a source is synced at `run_at`, or goes on with what it is at. The job bears the source's id, so that there is never a
/// second one. Hold the source.
///
/// # Errors
/// When the database does not answer.
pub async fn enqueue_sync(tx: &TenantTx, project: ProjectId, source: SourceId, run_at: Millis, now: Millis) -> Result<(), StoreError> {
    let own = Condition::all().add(Column::Id.eq(source.uuid()));
    let hasten = tx
        .update::<Entity>()
        .set(Column::State, "ready")
        .set(Column::Attempts, 0)
        .set(Column::RunAt, run_at)
        .filter(own.clone().add(Column::State.ne("running")));
    if hasten.run().await? == 0 && tx.find::<Entity>().filter(own).count().await? == 0 {
        enqueue_as(tx, JobId::from(source.uuid()), project, Work::SyncSource { source }, run_at, now).await?;
    }
    Ok(())
}

/// Sees to it that conversations of a project are let go of from now on, each day; or, without `on`, not any more. The job bears the
/// project's id, so that there is never a second one. Hold what says how long they are kept.
///
/// # Errors
/// When the database does not answer.
pub async fn enqueue_forgetting(tx: &TenantTx, project: ProjectId, on: bool, now: Millis) -> Result<(), StoreError> {
    tx.delete::<Entity>(Column::Id.eq(project.uuid())).await?;
    if on {
        enqueue_as(tx, JobId::from(project.uuid()), project, Work::ForgetConversations, now, now).await?;
    }
    Ok(())
}

/// There is one such job for a project: its id is made of the project's.
fn reembedding(project: ProjectId) -> Uuid {
    const MARK: u128 = 0x7265_656d_6265_6464_0000_0000_0000_0000;
    Uuid::from_u128(project.uuid().as_u128() ^ MARK)
}

/// Sees to it that a project is embedded anew from its first chunk on; or, without `on`, not any more. Hold the project's embeddings.
///
/// # Errors
/// When the database does not answer.
pub async fn enqueue_reembedding(tx: &TenantTx, project: ProjectId, on: bool, now: Millis) -> Result<(), StoreError> {
    let id = reembedding(project);
    tx.delete::<Entity>(Column::Id.eq(id)).await?;
    if on {
        enqueue_as(tx, JobId::from(id), project, Work::Reembed { after: None }, now, now).await?;
    }
    Ok(())
}

/// Why the last step of a project's embedding anew failed, if it waits to be tried again.
///
/// # Errors
/// When the database does not answer.
pub async fn reembedding_waits(tx: &TenantTx, project: ProjectId) -> Result<Option<String>, StoreError> {
    let row = tx.find::<Entity>().filter(Column::Id.eq(reembedding(project))).one().await?;
    Ok(row.filter(|row| row.attempts > 0).and_then(|row| row.last_error))
}

/// Whether and when conversations of a project are looked through next.
///
/// # Errors
/// When the database does not answer.
pub async fn next_forgetting(tx: &TenantTx, project: ProjectId) -> Result<Option<Millis>, StoreError> {
    let row = tx.find::<Entity>().filter(Column::Id.eq(project.uuid())).one().await?;
    Ok(row.map(|row| row.run_at))
}

/// Conversations are let go of for today.
///
/// # Errors
/// When the database does not answer.
pub async fn forgot(tx: &TenantTx, job: &Claimed, now: Millis) -> Result<bool, StoreError> {
    advance(tx, job, Work::ForgetConversations, now + SWEEP_EVERY_MS).await
}

/// Ends the sync of a source, also a step of it that is under way, and lets go of the source instead.
///
/// # Errors
/// When the database does not answer.
pub async fn enqueue_leaving(tx: &TenantTx, project: ProjectId, source: SourceId, now: Millis) -> Result<(), StoreError> {
    tx.delete::<Entity>(Column::Id.eq(source.uuid())).await?;
    enqueue_as(tx, JobId::from(source.uuid()), project, Work::LeaveSource { source }, now, now).await
}

fn waiting_shares_of(project: Option<ProjectId>) -> Condition {
    Condition::all()
        .add(Column::Kind.eq(DESTROY_SHARE))
        .add_option(project.map(|project| Column::ProjectId.eq(project.uuid())))
}

/// When each share of a replaced key that is not destroyed yet is to be, the soonest first.
///
/// # Errors
/// When the database does not answer.
pub async fn waiting_shares(tx: &TenantTx) -> Result<Vec<Millis>, StoreError> {
    let find = tx.find::<Entity>().filter(waiting_shares_of(None));
    let rows = find.order(Column::RunAt, Order::Asc).all().await?;
    Ok(rows.into_iter().map(|row| row.run_at).collect())
}

/// Takes the shares, of one project or of all, out of their jobs: the caller destroys them now.
pub(crate) async fn take_waiting_shares(tx: &TenantTx, project: Option<ProjectId>) -> Result<Vec<Uuid>, StoreError> {
    let rows = tx.find::<Entity>().filter(waiting_shares_of(project)).all().await?;
    tx.delete::<Entity>(Column::Id.is_in(rows.iter().map(|row| row.id))).await?;
    Ok(rows.into_iter().filter_map(|row| row.subject).collect())
}

/// Sees to it that what is kept for a while is let go of: a day from now, and each day after.
///
/// # Errors
/// When the database does not answer.
pub async fn enqueue_sweep(tx: &TenantTx, now: Millis) -> Result<JobId, StoreError> {
    let nowhere = Uuid::nil().into();
    enqueue_for(tx, nowhere, Work::SweepEvents, now + SWEEP_EVERY_MS, now).await
}

/// The sweep is done for today. One of those that were enqueued goes on tomorrow, the others end.
///
/// # Errors
/// When the database does not answer.
pub async fn swept(tx: &TenantTx, job: &Claimed, now: Millis) -> Result<bool, StoreError> {
    let elder = Condition::all()
        .add(Column::Kind.eq(SWEEP_EVENTS))
        .add(Column::Id.lt(job.id.uuid()));
    if tx.find::<Entity>().filter(elder).limit(1).one().await?.is_some() {
        return finish(tx, job).await;
    }
    advance(tx, job, Work::SweepEvents, now + SWEEP_EVERY_MS).await
}

/// Sees to it that Stripe is looked at soon. One look that waits is enough, and takes the place of one that was given up.
///
/// # Errors
/// When the database does not answer.
pub async fn enqueue_look(tx: &TenantTx, now: Millis) -> Result<Option<JobId>, StoreError> {
    let looks = |state: &str| Condition::all().add(Column::Kind.eq(LOOK_AT_STRIPE)).add(Column::State.eq(state));
    tx.delete::<Entity>(looks("parked")).await?;
    // One that is under way may have passed what is to be seen.
    match tx.find::<Entity>().filter(looks("ready")).count().await? {
        0 => enqueue(tx, Uuid::nil().into(), Work::LookAtStripe, now).await.map(Some),
        _ => Ok(None),
    }
}

fn held(job: &Claimed) -> Condition {
    Condition::all().add(Column::Id.eq(job.id.uuid())).add(Column::Lease.eq(job.lease))
}

/// One step is done and others wait: gives the job back, its tries forgotten. `false` when the lease was lost.
///
/// # Errors
/// When the database does not answer.
pub async fn release(tx: &TenantTx, job: &Claimed, now: Millis) -> Result<bool, StoreError> {
    let update = tx
        .update::<Entity>()
        .set(Column::State, "ready")
        .set(Column::Attempts, 0)
        .set(Column::RunAt, now)
        .set(Column::LockedUntil, 0_i64)
        .set(Column::Lease, Expr::value(Option::<Uuid>::None));
    Ok(update.filter(held(job)).run().await? == 1)
}

/// One step is done, and `next` is what the job does next, from `run_at` on. `false` when the lease was lost.
///
/// # Errors
/// When the database does not answer.
pub async fn advance(tx: &TenantTx, job: &Claimed, next: Work, run_at: Millis) -> Result<bool, StoreError> {
    let (kind, subject, revision, priority) = next.columns();
    let update = tx
        .update::<Entity>()
        .set(Column::Kind, kind)
        .set(Column::Subject, Expr::value(subject))
        .set(Column::Revision, revision)
        .set(Column::Priority, priority);
    Ok(update.filter(held(job)).run().await? == 1 && release(tx, job, run_at).await?)
}

/// The job is done, and gone. `false` when the lease was lost.
///
/// # Errors
/// When the database does not answer.
pub async fn finish(tx: &TenantTx, job: &Claimed) -> Result<bool, StoreError> {
    Ok(tx.delete::<Entity>(held(job)).await? == 1)
}

/// Tries again at `run_at`, or parks the job when that is `None`.
///
/// # Errors
/// When the database does not answer.
pub async fn put_back(tx: &TenantTx, job: &Claimed, reason: &str, run_at: Option<Millis>) -> Result<bool, StoreError> {
    let update = tx
        .update::<Entity>()
        .set(Column::State, if run_at.is_some() { "ready" } else { "parked" })
        .set(Column::LockedUntil, 0_i64)
        .set(Column::Lease, Expr::value(Option::<Uuid>::None))
        .set(Column::LastError, Expr::value(reason))
        .filter(held(job));
    let update = match run_at {
        Some(at) => update.set(Column::RunAt, at),
        None => update,
    };
    Ok(update.run().await? == 1)
}
