//! Work that outlives a request. A job is written in the transaction of the change that caused it, leased by a worker
//! until a deadline, and fenced by the lease: a worker that lost it can neither finish nor fail the job.

use sea_orm::{Order, Set, entity::prelude::*, sea_query::Expr};

use crate::{JobId, Millis, ProjectId, StoreError, TenantTx, tenant_db::TenantScoped};

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
}

pub(crate) const DESTROY_SHARE: &str = "destroy_share";
pub(crate) const END_WORKSPACE: &str = "end_workspace";

impl Work {
    /// Kind, subject, revision, priority.
    fn columns(self) -> (&'static str, Option<Uuid>, i32, i32) {
        match self {
            Self::ReadDocument { document, revision } => ("read_document", Some(document.uuid()), revision, 0),
            Self::EmbedDocument { document, revision } => ("embed_document", Some(document.uuid()), revision, 1),
            Self::PurgeProject => ("purge_project", None, 0, 2),
            Self::PurgeWorkspace => ("purge_workspace", None, 0, 2),
            Self::EndWorkspace => (END_WORKSPACE, None, 0, 0),
            Self::Reseal { column, row } => ("reseal", row, column, 3),
            Self::DestroyShare { share } => (DESTROY_SHARE, Some(share), 0, 0),
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
            ("purge_project", _) => Ok(Work::PurgeProject),
            ("purge_workspace", _) => Ok(Work::PurgeWorkspace),
            (END_WORKSPACE, _) => Ok(Work::EndWorkspace),
            ("reseal", row) => Ok(Work::Reseal {
                column: self.revision,
                row,
            }),
            (DESTROY_SHARE, Some(share)) => Ok(Work::DestroyShare { share }),
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
    .await?;
    Ok(id)
}

fn waiting_shares_of(project: Option<ProjectId>) -> sea_orm::Condition {
    sea_orm::Condition::all()
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

fn held(job: &Claimed) -> sea_orm::Condition {
    sea_orm::Condition::all()
        .add(Column::Id.eq(job.id.uuid()))
        .add(Column::Lease.eq(job.lease))
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
