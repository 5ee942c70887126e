//! What providers sent, each thing once. The body is sealed with the tenant's key until it was seen to; then it is gone, and the row stays
//! for a while so that the same thing is known when it is sent again. What failed keeps its body as long, so that it can be tried again.

use sea_orm::{Condition, Order, Set, entity::prelude::*, sea_query::Expr};

use crate::{EventId, Millis, ProjectId, StoreError, TenantTx, keys, sealed::version_of, tenant_db::TenantScoped};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "inbound_event")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Who sent it, such as `slack`, or an endpoint's own name.
    pub source: String,
    /// The sender's id of it, or a hash of it where the sender has none.
    pub external_id: String,
    pub project_id: Option<Uuid>,
    pub sealed: Option<Vec<u8>>,
    /// `waiting`, `done`, `ignored` or `failed`.
    pub state: String,
    /// For people: why it was ignored, or how it failed.
    pub reason: Option<String>,
    pub received_at: i64,
    pub done_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
}

/// Something that was sent.
pub struct Event {
    pub id: EventId,
    pub source: String,
    pub external_id: String,
    pub project: Option<ProjectId>,
    /// `None` once it was seen to, unless that failed.
    pub sealed: Option<Vec<u8>>,
    pub state: String,
    pub reason: Option<String>,
    pub received_at: Millis,
    pub done_at: Option<Millis>,
}

impl Event {
    /// Whether it failed, and its body is kept to be tried again.
    #[must_use]
    pub fn can_retry(&self) -> bool {
        self.state == "failed" && self.sealed.is_some()
    }
}

/// Something that was sent just now, with its sealed body.
pub struct NewEvent<'a> {
    pub id: EventId,
    pub source: &'a str,
    pub external_id: &'a str,
    pub project: Option<ProjectId>,
    pub sealed: Vec<u8>,
}

/// How something that was sent ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End<'a> {
    Done,
    /// It asks for nothing here.
    Ignored(&'a str),
    Failed(&'a str),
}

impl From<Model> for Event {
    fn from(row: Model) -> Self {
        Self {
            id: row.id.into(),
            source: row.source,
            external_id: row.external_id,
            project: row.project_id.map(ProjectId::from),
            sealed: row.sealed,
            state: row.state,
            reason: row.reason,
            received_at: row.received_at,
            done_at: row.done_at,
        }
    }
}

async fn hold_key(tx: &TenantTx, sealed: &[u8]) -> Result<(), StoreError> {
    keys::hold_tenant_key(tx, version_of(sealed).ok_or(StoreError::Damaged("a sealed event"))?).await
}

/// # Errors
/// `Conflict` when the source sent it before; `KeyRetired` when the tenant's key that sealed it was replaced: have it sealed anew.
/// `Orphan` when there is no such project.
pub async fn insert(tx: &TenantTx, event: NewEvent<'_>, now: Millis) -> Result<(), StoreError> {
    hold_key(tx, &event.sealed).await?;
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        id: Set(event.id.uuid()),
        source: Set(event.source.to_owned()),
        external_id: Set(event.external_id.to_owned()),
        project_id: Set(event.project.map(ProjectId::uuid)),
        sealed: Set(Some(event.sealed)),
        state: Set("waiting".into()),
        reason: Set(None),
        received_at: Set(now),
        done_at: Set(None),
    })
    .await
}

/// Something that was seen to as it came: kept only so that it is known when it comes again.
///
/// # Errors
/// `Conflict` when the source sent it before; `Orphan` when there is no such project.
pub async fn note(tx: &TenantTx, event: NewEvent<'_>, now: Millis) -> Result<(), StoreError> {
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        id: Set(event.id.uuid()),
        source: Set(event.source.to_owned()),
        external_id: Set(event.external_id.to_owned()),
        project_id: Set(event.project.map(ProjectId::uuid)),
        sealed: Set(None),
        state: Set("done".into()),
        reason: Set(None),
        received_at: Set(now),
        done_at: Set(Some(now)),
    })
    .await
}

/// Takes back what was noted: it may come again.
///
/// # Errors
/// When the database does not answer.
pub async fn forget(tx: &TenantTx, id: EventId) -> Result<u64, StoreError> {
    let noted = Condition::all().add(Column::Id.eq(id.uuid())).add(Column::State.ne("waiting"));
    tx.delete::<Entity>(noted).await
}

/// # Errors
/// When the database does not answer.
pub async fn find(tx: &TenantTx, id: EventId) -> Result<Option<Event>, StoreError> {
    let row = tx.find::<Entity>().filter(Column::Id.eq(id.uuid())).one().await?;
    Ok(row.map(Event::from))
}

/// The last `limit` things that `source` sent, the latest first.
///
/// # Errors
/// When the database does not answer.
pub async fn latest(tx: &TenantTx, source: &str, limit: u64) -> Result<Vec<Event>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .filter(Column::Source.eq(source))
        .order(Column::ReceivedAt, Order::Desc)
        .order(Column::Id, Order::Desc)
        .limit(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(Event::from).collect())
}

/// Marks it as seen to, and lets go of its body unless that failed. `false` when it was so before: whatever else the transaction does was
/// done then.
///
/// # Errors
/// When the database does not answer.
pub async fn finish(tx: &TenantTx, id: EventId, end: End<'_>, now: Millis) -> Result<bool, StoreError> {
    let (state, reason) = match end {
        End::Done => ("done", None),
        End::Ignored(reason) => ("ignored", Some(reason)),
        End::Failed(reason) => ("failed", Some(reason)),
    };
    let mut update = tx
        .update::<Entity>()
        .set(Column::State, state)
        .set(Column::Reason, Expr::value(reason))
        .set(Column::DoneAt, Expr::value(now));
    if !matches!(end, End::Failed(_)) {
        update = update.set(Column::Sealed, Expr::value(Option::<Vec<u8>>::None));
    }
    let changed = update
        .filter(Column::Id.eq(id.uuid()))
        .filter(Column::State.eq("waiting"))
        .run()
        .await?;
    Ok(changed == 1)
}

/// Lets something that `source` sent and that failed wait again. `false` unless there is such a thing whose body is kept.
///
/// # Errors
/// When the database does not answer.
pub async fn try_again(tx: &TenantTx, source: &str, id: EventId) -> Result<bool, StoreError> {
    let changed = tx
        .update::<Entity>()
        .set(Column::State, "waiting")
        .set(Column::Reason, Expr::value(Option::<String>::None))
        .set(Column::DoneAt, Expr::value(Option::<i64>::None))
        .filter(Column::Id.eq(id.uuid()))
        .filter(Column::Source.eq(source))
        .filter(Column::State.eq("failed"))
        .filter(Column::Sealed.is_not_null())
        .run()
        .await?;
    Ok(changed == 1)
}

/// Removes what was seen to and is older than `before`. Returns how many. Of what `known_for_good` sent only the bodies go: that it came
/// is known as long as there are such senders.
///
/// # Errors
/// When the database does not answer.
pub async fn sweep(tx: &TenantTx, before: Millis, known_for_good: &[String]) -> Result<u64, StoreError> {
    let old = Condition::all().add(Column::ReceivedAt.lt(before)).add(Column::State.ne("waiting"));
    if known_for_good.is_empty() {
        return tx.delete::<Entity>(old).await;
    }
    tx.update::<Entity>()
        .set(Column::Sealed, Expr::value(Option::<Vec<u8>>::None))
        .filter(old.clone().add(Column::Sealed.is_not_null()))
        .run()
        .await?;
    tx.delete::<Entity>(old.add(Column::Source.is_not_in(known_for_good))).await
}

/// Up to `limit` of the bodies that are kept, by the ids of their events, after `after`.
///
/// # Errors
/// When the database does not answer.
pub async fn bodies(tx: &TenantTx, after: Option<EventId>, limit: u64) -> Result<Vec<(EventId, Vec<u8>)>, StoreError> {
    let mut find = tx
        .find::<Entity>()
        .filter(Column::Sealed.is_not_null())
        .order(Column::Id, Order::Asc)
        .limit(limit);
    if let Some(after) = after {
        find = find.filter(Column::Id.gt(after.uuid()));
    }
    let rows = find.all().await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.id.into(), row.sealed?))).collect())
}

/// Puts the same body, sealed by a newer key, in its place, if it is still kept.
///
/// # Errors
/// `KeyRetired` as in [`insert`].
pub async fn reseal(tx: &TenantTx, id: EventId, sealed: Vec<u8>) -> Result<(), StoreError> {
    hold_key(tx, &sealed).await?;
    tx.update::<Entity>()
        .set(Column::Sealed, Expr::value(sealed))
        .filter(Column::Id.eq(id.uuid()))
        .filter(Column::Sealed.is_not_null())
        .run()
        .await?;
    Ok(())
}

/// Removes what is of a project that is being deleted: the key that seals it is not the project's.
pub(crate) async fn forget_project(tx: &TenantTx, project: ProjectId) -> Result<(), StoreError> {
    tx.delete::<Entity>(Column::ProjectId.eq(project.uuid())).await?;
    Ok(())
}
