//! Where a project's knowledge comes from by itself, and how its sync stands.

use sea_orm::{
    Condition, Order, QuerySelect, QueryTrait, Set,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait},
};

use crate::{GrantId, Millis, ProjectId, SourceId, StoreError, TenantTx, job, source_item, source_receipt, tenant_db::TenantScoped};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "source")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub project_id: Uuid,
    pub kind: String,
    pub name: String,
    pub grant_id: Option<Uuid>,
    pub team: Option<String>,
    /// JSON; what it holds depends on the kind.
    pub config: String,
    pub every_minutes: i32,
    pub state: String,
    /// Counts what was changed by hand.
    pub edition: i32,
    pub run: i32,
    pub phase: String,
    pub next: Option<String>,
    pub whole: i32,
    pub again: i32,
    pub total: i32,
    pub done: i32,
    pub added: i32,
    pub changed: i32,
    pub removed: i32,
    pub skipped: i32,
    pub unchanged: i32,
    pub started_at: Option<i64>,
    pub beat_at: Option<i64>,
    pub finished_at: Option<i64>,
    pub due_at: Option<i64>,
    pub wait_until: Option<i64>,
    pub problem_code: Option<String>,
    pub problem_detail: Option<String>,
    pub attempts: i32,
    pub restarts: i32,
    pub created_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
}

const ACTIVE: &str = "active";
const LEAVING: &str = "leaving";

/// What a sync is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    #[default]
    Idle,
    Listing,
    Fetching,
    Removing,
}

impl Phase {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Listing => "listing",
            Self::Fetching => "fetching",
            Self::Removing => "removing",
        }
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        [Self::Idle, Self::Listing, Self::Fetching, Self::Removing]
            .into_iter()
            .find(|one| one.as_str() == text)
            .ok_or(StoreError::Damaged("source.phase"))
    }
}

/// How a sync stands: the present one, or the last one when it is idle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sync {
    /// Counts the syncs.
    pub run: i32,
    pub phase: Phase,
    /// The next page of the listing.
    pub next: Option<String>,
    /// What was not listed exists no longer. Otherwise it may.
    pub whole: bool,
    pub total: i32,
    pub done: i32,
    pub added: i32,
    pub changed: i32,
    pub removed: i32,
    pub skipped: i32,
    pub unchanged: i32,
    pub started_at: Option<Millis>,
    pub beat_at: Option<Millis>,
    pub finished_at: Option<Millis>,
    /// Of the next one.
    pub due_at: Option<Millis>,
    /// The provider asked to be left alone until then.
    pub wait_until: Option<Millis>,
    /// A word for programs, and one for people.
    pub problem: Option<(String, String)>,
    /// Steps that came to nothing, since the last one that did not.
    pub attempts: i32,
    /// How often the listing began anew, because its provider did not go on with it.
    pub restarts: i32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub id: SourceId,
    pub project: ProjectId,
    pub kind: String,
    pub name: String,
    pub grant: Option<GrantId>,
    /// A connected Slack team, by Slack's own id.
    pub team: Option<String>,
    /// JSON.
    pub config: String,
    pub every_minutes: i32,
    /// It is being let go of: nothing comes from it any more.
    pub leaving: bool,
    /// Counts what was changed by hand: a step that began before it is not stored.
    pub edition: i32,
    /// Another sync is wanted as soon as this one has ended.
    pub again: bool,
    pub sync: Sync,
    pub created_at: Millis,
}

impl TryFrom<Model> for Source {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.into(),
            project: row.project_id.into(),
            kind: row.kind,
            name: row.name,
            grant: row.grant_id.map(GrantId::from),
            team: row.team,
            config: row.config,
            every_minutes: row.every_minutes,
            leaving: row.state != ACTIVE,
            edition: row.edition,
            again: row.again != 0,
            created_at: row.created_at,
            sync: Sync {
                run: row.run,
                phase: Phase::parse(&row.phase)?,
                next: row.next,
                whole: row.whole != 0,
                total: row.total,
                done: row.done,
                added: row.added,
                changed: row.changed,
                removed: row.removed,
                skipped: row.skipped,
                unchanged: row.unchanged,
                started_at: row.started_at,
                beat_at: row.beat_at,
                finished_at: row.finished_at,
                due_at: row.due_at,
                wait_until: row.wait_until,
                problem: row.problem_code.map(|code| (code, row.problem_detail.unwrap_or_default())),
                attempts: row.attempts,
                restarts: row.restarts,
            },
        })
    }
}

/// What somebody changes of a source. A field that is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct Change {
    pub name: Option<String>,
    pub config: Option<String>,
    pub every_minutes: Option<i32>,
}

fn this(id: SourceId) -> Condition {
    Condition::all().add(Column::Id.eq(id.uuid()))
}

/// Of that project, while it is not being let go of.
fn active(project: ProjectId, id: SourceId) -> Condition {
    this(id).add(Column::ProjectId.eq(project.uuid())).add(Column::State.eq(ACTIVE))
}

/// # Errors
/// `Orphan` when there is no such project or grant.
pub async fn insert(tx: &TenantTx, new: &Source) -> Result<(), StoreError> {
    let Sync { run, due_at, .. } = new.sync;
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        id: Set(new.id.uuid()),
        project_id: Set(new.project.uuid()),
        kind: Set(new.kind.clone()),
        name: Set(new.name.clone()),
        grant_id: Set(new.grant.map(GrantId::uuid)),
        team: Set(new.team.clone()),
        config: Set(new.config.clone()),
        every_minutes: Set(new.every_minutes),
        state: Set(ACTIVE.into()),
        edition: Set(new.edition),
        run: Set(run),
        phase: Set(Phase::Idle.as_str().into()),
        whole: Set(0),
        again: Set(0),
        total: Set(0),
        done: Set(0),
        added: Set(0),
        changed: Set(0),
        removed: Set(0),
        skipped: Set(0),
        unchanged: Set(0),
        due_at: Set(due_at),
        attempts: Set(0),
        restarts: Set(0),
        created_at: Set(new.created_at),
        next: Set(None),
        started_at: Set(None),
        beat_at: Set(None),
        finished_at: Set(None),
        wait_until: Set(None),
        problem_code: Set(None),
        problem_detail: Set(None),
    })
    .await
}

/// # Errors
/// When the database does not answer.
pub async fn find(tx: &TenantTx, id: SourceId) -> Result<Option<Source>, StoreError> {
    let row = tx.find::<Entity>().filter(this(id)).one().await?;
    row.map(Source::try_from).transpose()
}

/// The sources of `project`, or of all projects; the oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &TenantTx, project: Option<ProjectId>) -> Result<Vec<Source>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .filter(Condition::all().add_option(project.map(|project| Column::ProjectId.eq(project.uuid()))))
        .order(Column::Id, Order::Asc)
        .all()
        .await?;
    rows.into_iter().map(Source::try_from).collect()
}

/// Those that a grant gives access to, the oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn of_grant(tx: &TenantTx, grant: GrantId) -> Result<Vec<Source>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .filter(Column::GrantId.eq(grant.uuid()))
        .order(Column::Id, Order::Asc)
        .all()
        .await?;
    rows.into_iter().map(Source::try_from).collect()
}

/// Those that are read from a Slack team, by Slack's own id of it; the oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn of_team(tx: &TenantTx, team: &str) -> Result<Vec<Source>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .filter(Column::Team.eq(team))
        .order(Column::Id, Order::Asc)
        .all()
        .await?;
    rows.into_iter().map(Source::try_from).collect()
}

/// Those that are to be synced by themselves and have no job for it: something went wrong.
///
/// # Errors
/// When the database does not answer.
pub async fn without_job(tx: &TenantTx) -> Result<Vec<Source>, StoreError> {
    let jobs = tx
        .find::<job::Entity>()
        .filter(job::Column::Kind.eq(job::SYNC_SOURCE))
        .shape(|select| select.select_only().column(job::Column::Id));
    let rows = tx
        .find::<Entity>()
        .filter(Column::State.eq(ACTIVE))
        .filter(Column::Id.not_in_subquery(jobs.walled().into_query()))
        .all()
        .await?;
    rows.into_iter().map(Source::try_from).collect()
}

/// Changes a source by hand. With another config everything is read anew: the sync that is under way begins again. `false` when there is
/// no such source, or it is being let go of.
///
/// # Errors
/// When the database does not answer.
pub async fn change(tx: &TenantTx, project: ProjectId, id: SourceId, change: Change) -> Result<bool, StoreError> {
    let anew = change.config.is_some();
    let mut update = tx
        .update::<Entity>()
        .set(Column::Edition, Expr::col(Column::Edition).add(i32::from(anew)))
        .filter(active(project, id));
    if let Some(name) = change.name {
        update = update.set(Column::Name, name);
    }
    if let Some(minutes) = change.every_minutes {
        update = update.set(Column::EveryMinutes, minutes);
    }
    if let Some(config) = change.config {
        update = update
            .set(Column::Config, config)
            .set(Column::Phase, Phase::Idle.as_str())
            .set(Column::Next, Expr::value(Option::<String>::None));
    }
    let found = update.run().await? == 1;
    if found && anew {
        source_item::forget_versions(tx, id).await?;
    }
    Ok(found)
}

/// Takes the row until the transaction ends, as long as nothing was changed by hand since `edition`; `None` otherwise.
///
/// # Errors
/// When the database does not answer.
pub async fn hold(tx: &TenantTx, id: SourceId, edition: Option<i32>) -> Result<Option<Source>, StoreError> {
    let held = tx
        .update::<Entity>()
        .set(Column::Edition, Expr::col(Column::Edition))
        .filter(this(id).add(Column::State.eq(ACTIVE)))
        .filter(Condition::all().add_option(edition.map(|edition| Column::Edition.eq(edition))));
    if held.run().await? != 1 {
        return Ok(None);
    }
    find(tx, id).await
}

/// As [`hold`]; and a step that is under way is not stored, but done anew: something changed since it began.
///
/// # Errors
/// When the database does not answer.
pub async fn interrupt(tx: &TenantTx, id: SourceId) -> Result<Option<Source>, StoreError> {
    let held = tx
        .update::<Entity>()
        .set(Column::Edition, Expr::col(Column::Edition).add(1))
        .filter(this(id).add(Column::State.eq(ACTIVE)));
    if held.run().await? != 1 {
        return Ok(None);
    }
    find(tx, id).await
}

/// Stores how the sync of a source that is held stands.
///
/// # Errors
/// When the database does not answer.
pub async fn set_sync(tx: &TenantTx, id: SourceId, sync: &Sync, again: bool) -> Result<bool, StoreError> {
    let (code, detail) = sync.problem.clone().unzip();
    let update = tx
        .update::<Entity>()
        .set(Column::Run, sync.run)
        .set(Column::Phase, sync.phase.as_str())
        .set(Column::Next, Expr::value(sync.next.clone()))
        .set(Column::Whole, i32::from(sync.whole))
        .set(Column::Again, i32::from(again))
        .set(Column::Total, sync.total)
        .set(Column::Done, sync.done)
        .set(Column::Added, sync.added)
        .set(Column::Changed, sync.changed)
        .set(Column::Removed, sync.removed)
        .set(Column::Skipped, sync.skipped)
        .set(Column::Unchanged, sync.unchanged)
        .set(Column::StartedAt, Expr::value(sync.started_at))
        .set(Column::BeatAt, Expr::value(sync.beat_at))
        .set(Column::FinishedAt, Expr::value(sync.finished_at))
        .set(Column::DueAt, Expr::value(sync.due_at))
        .set(Column::WaitUntil, Expr::value(sync.wait_until))
        .set(Column::ProblemCode, Expr::value(code))
        .set(Column::ProblemDetail, Expr::value(detail))
        .set(Column::Attempts, sync.attempts)
        .set(Column::Restarts, sync.restarts);
    Ok(update.filter(this(id)).run().await? == 1)
}

/// From now on nothing comes from it any more, and a step that is under way is not stored. `false` when it was so already.
///
/// # Errors
/// When the database does not answer.
pub async fn leave(tx: &TenantTx, id: SourceId) -> Result<bool, StoreError> {
    let update = tx
        .update::<Entity>()
        .set(Column::State, LEAVING)
        .set(Column::Edition, Expr::col(Column::Edition).add(1))
        .set(Column::Phase, Phase::Idle.as_str())
        .filter(this(id).add(Column::State.eq(ACTIVE)));
    Ok(update.run().await? == 1)
}

/// Removes a source with its items and its history.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &TenantTx, id: SourceId) -> Result<bool, StoreError> {
    Ok(tx.delete::<Entity>(this(id)).await? == 1)
}

/// The sources of a project that is being deleted end with it; what is left of them is purged.
pub(crate) async fn forget_project(tx: &TenantTx, project: ProjectId, now: Millis) -> Result<(), StoreError> {
    tx.update::<Entity>()
        .set(Column::State, LEAVING)
        .set(Column::Edition, Expr::col(Column::Edition).add(1))
        .set(Column::GrantId, Expr::value(Option::<Uuid>::None))
        .filter(Column::ProjectId.eq(project.uuid()))
        .run()
        .await?;
    source_receipt::project_gone(tx, project, now).await
}
