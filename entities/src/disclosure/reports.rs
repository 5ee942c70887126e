//! Reports: when what happened, and the words of the reporter, sealed.

use sea_orm::{ConnectionTrait, QueryOrder, QuerySelect, Set, Statement, entity::prelude::*, sea_query::Expr};

use crate::{Millis, PlatformTx, StoreError};

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "report")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub reference: String,
    pub token_hash: Vec<u8>,
    pub state: String,
    pub via: String,
    pub sealed: Vec<u8>,
    pub received_at: i64,
    pub acknowledged_at: Option<i64>,
    pub confirmed_at: Option<i64>,
    pub timeline_at: Option<i64>,
    pub closed_at: Option<i64>,
    pub fix_day: Option<i32>,
    pub same_as: Option<String>,
    pub acknowledged_late: i32,
    pub timeline_late: i32,
    pub told: i32,
    pub next_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("report").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A report as it is stored.
#[derive(Clone)]
pub struct Report {
    pub id: Uuid,
    /// What people call it by.
    pub reference: String,
    pub state: String,
    /// `form` or `mail`.
    pub via: String,
    pub sealed: Vec<u8>,
    pub standing: Standing,
}

/// Its times, and how its clocks stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    pub received_at: Millis,
    pub acknowledged_at: Option<Millis>,
    pub confirmed_at: Option<Millis>,
    /// When it was said by when it is mended.
    pub timeline_at: Option<Millis>,
    pub closed_at: Option<Millis>,
    /// Days since the epoch: by when it is to be mended.
    pub fix_day: Option<i32>,
    /// The reference of the report that says the same.
    pub same_as: Option<String>,
    pub acknowledged_late: bool,
    pub timeline_late: bool,
    /// How far the reminders of the clock that runs have come.
    pub told: i32,
    pub next_at: Option<Millis>,
}

impl From<Model> for Report {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            reference: row.reference,
            state: row.state,
            via: row.via,
            sealed: row.sealed,
            standing: Standing {
                received_at: row.received_at,
                acknowledged_at: row.acknowledged_at,
                confirmed_at: row.confirmed_at,
                timeline_at: row.timeline_at,
                closed_at: row.closed_at,
                fix_day: row.fix_day,
                same_as: row.same_as,
                acknowledged_late: row.acknowledged_late != 0,
                timeline_late: row.timeline_late != 0,
                told: row.told,
                next_at: row.next_at,
            },
        }
    }
}

/// # Errors
/// `Conflict` when the reference is taken.
pub async fn insert(tx: &PlatformTx, new: Report, token_hash: &[u8; 32]) -> Result<(), StoreError> {
    let Standing {
        received_at,
        told,
        next_at,
        ..
    } = new.standing;
    let row = ActiveModel {
        id: Set(new.id),
        reference: Set(new.reference),
        token_hash: Set(token_hash.to_vec()),
        state: Set(new.state),
        via: Set(new.via),
        sealed: Set(new.sealed),
        received_at: Set(received_at),
        acknowledged_at: Set(None),
        confirmed_at: Set(None),
        timeline_at: Set(None),
        closed_at: Set(None),
        fix_day: Set(None),
        same_as: Set(None),
        acknowledged_late: Set(0),
        timeline_late: Set(0),
        told: Set(told),
        next_at: Set(next_at),
    };
    Entity::insert(row).exec_without_returning(tx.raw()).await?;
    Ok(())
}

/// # Errors
/// When the database does not answer.
pub async fn find(tx: &PlatformTx, id: Uuid) -> Result<Option<Report>, StoreError> {
    Ok(Entity::find_by_id(id).one(tx.raw()).await?.map(Report::from))
}

/// By the hash of its private link's token.
///
/// # Errors
/// When the database does not answer.
pub async fn by_token(tx: &PlatformTx, hash: &[u8; 32]) -> Result<Option<Report>, StoreError> {
    let row = Entity::find().filter(Column::TokenHash.eq(hash.to_vec())).one(tx.raw()).await?;
    Ok(row.map(Report::from))
}

/// # Errors
/// When the database does not answer.
pub async fn has_reference(tx: &PlatformTx, reference: &str) -> Result<bool, StoreError> {
    let found = Entity::find().filter(Column::Reference.eq(reference)).count(tx.raw()).await?;
    Ok(found > 0)
}

/// The latest first: those that are open all, of the others as many as there is room for.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &PlatformTx, most: u64) -> Result<Vec<Report>, StoreError> {
    let open = Entity::find().filter(Column::ClosedAt.is_null()).order_by_desc(Column::ReceivedAt);
    let mut rows = open.limit(most).all(tx.raw()).await?;
    let left = most.saturating_sub(rows.len() as u64);
    let closed = Entity::find()
        .filter(Column::ClosedAt.is_not_null())
        .order_by_desc(Column::ClosedAt);
    rows.extend(closed.limit(left).all(tx.raw()).await?);
    Ok(rows.into_iter().map(Report::from).collect())
}

/// Stores another state, if the report is in the state `from` still. `false` when somebody came first.
///
/// # Errors
/// When the database does not answer.
pub async fn change(tx: &PlatformTx, id: Uuid, from: &str, state: &str, new: &Standing) -> Result<bool, StoreError> {
    let changed = Entity::update_many()
        .col_expr(Column::State, Expr::value(state))
        .col_expr(Column::AcknowledgedAt, Expr::value(new.acknowledged_at))
        .col_expr(Column::ConfirmedAt, Expr::value(new.confirmed_at))
        .col_expr(Column::TimelineAt, Expr::value(new.timeline_at))
        .col_expr(Column::ClosedAt, Expr::value(new.closed_at))
        .col_expr(Column::FixDay, Expr::value(new.fix_day))
        .col_expr(Column::SameAs, Expr::value(new.same_as.clone()))
        .col_expr(Column::AcknowledgedLate, Expr::value(i32::from(new.acknowledged_late)))
        .col_expr(Column::TimelineLate, Expr::value(i32::from(new.timeline_late)))
        .col_expr(Column::Told, Expr::value(new.told))
        .col_expr(Column::NextAt, Expr::value(new.next_at))
        .filter(Column::Id.eq(id))
        .filter(Column::State.eq(from))
        .exec(tx.raw())
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Those with something to tell of by `now`.
///
/// # Errors
/// When the database does not answer.
pub async fn due(tx: &PlatformTx, now: Millis, most: u64) -> Result<Vec<Report>, StoreError> {
    let rows = Entity::find()
        .filter(Column::NextAt.lte(now))
        .order_by_asc(Column::NextAt)
        .limit(most)
        .all(tx.raw())
        .await?;
    Ok(rows.into_iter().map(Report::from).collect())
}

/// Those that are not closed.
///
/// # Errors
/// When the database does not answer.
pub async fn open(tx: &PlatformTx) -> Result<Vec<Report>, StoreError> {
    let rows = Entity::find().filter(Column::ClosedAt.is_null()).all(tx.raw()).await?;
    Ok(rows.into_iter().map(Report::from).collect())
}

/// Notes how far the reminders came. `false` when another node did, or the state changed.
///
/// # Errors
/// When the database does not answer.
pub async fn told(tx: &PlatformTx, before: &Report, after: &Standing) -> Result<bool, StoreError> {
    let changed = Entity::update_many()
        .col_expr(Column::Told, Expr::value(after.told))
        .col_expr(Column::NextAt, Expr::value(after.next_at))
        .col_expr(Column::AcknowledgedLate, Expr::value(i32::from(after.acknowledged_late)))
        .col_expr(Column::TimelineLate, Expr::value(i32::from(after.timeline_late)))
        .filter(Column::Id.eq(before.id))
        .filter(Column::State.eq(before.state.as_str()))
        .filter(Column::Told.eq(before.standing.told))
        .exec(tx.raw())
        .await?;
    Ok(changed.rows_affected == 1)
}

/// With its entries and files.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &PlatformTx, id: Uuid) -> Result<(), StoreError> {
    Entity::delete_by_id(id).exec(tx.raw()).await?;
    Ok(())
}

/// How many came by `via` since.
///
/// # Errors
/// When the database does not answer.
pub async fn count_since(tx: &PlatformTx, via: &str, since: Millis) -> Result<u64, StoreError> {
    let found = Entity::find().filter(Column::Via.eq(via)).filter(Column::ReceivedAt.gt(since));
    Ok(found.count(tx.raw()).await?)
}

/// For the metrics: reports by state.
///
/// # Errors
/// When the database does not answer.
pub async fn by_state(tx: &PlatformTx) -> Result<Vec<(String, u64)>, StoreError> {
    let question = "select state, count(*) as n from report group by state order by state";
    let rows = tx
        .raw()
        .query_all_raw(Statement::from_string(tx.raw().get_database_backend(), question))
        .await?;
    let read = |row: &sea_orm::QueryResult| {
        let count: i64 = row.try_get("", "n")?;
        Ok::<_, StoreError>((row.try_get("", "state")?, u64::try_from(count).unwrap_or(0)))
    };
    rows.iter().map(read).collect()
}

/// For the metrics: how often each clock ran out, of the reports that are kept.
///
/// # Errors
/// When the database does not answer.
pub async fn late(tx: &PlatformTx) -> Result<(u64, u64), StoreError> {
    let acknowledged = Entity::find().filter(Column::AcknowledgedLate.eq(1)).count(tx.raw()).await?;
    let timeline = Entity::find().filter(Column::TimelineLate.eq(1)).count(tx.raw()).await?;
    Ok((acknowledged, timeline))
}
