//! Which backups were made, by whichever node, and whose turn it is.

use sea_orm::{
    QueryOrder, QuerySelect, Set,
    entity::prelude::*,
    sea_query::{Condition, Expr},
};

use crate::{Millis, PlatformDb, StoreError};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "backup_run")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    pub cause: String,
    pub state: String,
    pub started_at: i64,
    pub finished_at: Option<i64>,
    pub size: i64,
    pub cells: i64,
    pub reason: String,
    pub place: Option<Vec<u8>>,
}

impl ActiveModelBehavior for ActiveModel {}

mod turn {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "backup_turn")]
    pub(crate) struct Model {
        /// Always 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub holder: Option<Uuid>,
        pub until: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Why one is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    Schedule,
    /// By hand, to where the schedule's go.
    Command,
    /// By hand, to another place: a copy to take away says nothing of those that are kept.
    Elsewhere,
}

impl Cause {
    pub fn name(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Command => "command",
            Self::Elsewhere => "elsewhere",
        }
    }
}

/// Tells one place from another, and nothing else of it.
pub type PlaceId = [u8; 32];

/// One backup, or the attempt at one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    pub id: Uuid,
    pub name: String,
    /// The name of a [`Cause`].
    pub cause: String,
    pub started_at: Millis,
    pub finished_at: Option<Millis>,
    /// Bytes, sealed as they are.
    pub size: i64,
    pub rows: i64,
    /// Why it failed; empty otherwise.
    pub reason: String,
}

impl From<Model> for Run {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            cause: row.cause,
            started_at: row.started_at,
            finished_at: row.finished_at,
            size: row.size,
            rows: row.cells,
            reason: row.reason,
        }
    }
}

/// What there is to know of the latest ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LastRuns {
    /// The last that succeeded.
    pub success: Option<Run>,
    /// The last that failed since.
    pub failure: Option<Run>,
    /// How many failed since.
    pub failures: u64,
}

const DONE: &str = "done";
const FAILED: &str = "failed";
/// One that has not ended after so long never will.
const LONGEST: Millis = 6 * 3_600_000;
/// Runs are remembered for so long.
const REMEMBERED: Millis = 400 * 86_400_000;

impl PlatformDb {
    /// Takes the turn to make backups until `until`, or keeps it; `false` while it is another's.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take_backup_turn(&self, holder: Uuid, now: Millis, until: Millis) -> Result<bool, StoreError> {
        let tx = self.store().begin_write().await?;
        let free = Condition::any()
            .add(turn::Column::Until.lt(now))
            .add(turn::Column::Holder.eq(holder));
        let taken = turn::Entity::update_many()
            .col_expr(turn::Column::Holder, Expr::value(holder))
            .col_expr(turn::Column::Until, Expr::value(until))
            .filter(turn::Column::Id.eq(1))
            .filter(free)
            .exec(&tx)
            .await?;
        tx.commit().await?;
        Ok(taken.rows_affected == 1)
    }

    /// Lets others have it, if it is `holder`'s.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn leave_backup_turn(&self, holder: Uuid) -> Result<(), StoreError> {
        let tx = self.store().begin_write().await?;
        turn::Entity::update_many()
            .col_expr(turn::Column::Until, Expr::value(0_i64))
            .filter(turn::Column::Holder.eq(holder))
            .exec(&tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Writes down that one is being made, in `place`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn begin_backup(&self, run: &Run, place: PlaceId) -> Result<(), StoreError> {
        let tx = self.store().begin_write().await?;
        Entity::delete_many()
            .filter(Column::StartedAt.lt(run.started_at - REMEMBERED))
            .exec(&tx)
            .await?;
        let row = ActiveModel {
            id: Set(run.id),
            name: Set(run.name.clone()),
            cause: Set(run.cause.clone()),
            // Until it says otherwise: a process that ends in the middle cannot.
            state: Set(FAILED.into()),
            started_at: Set(run.started_at),
            finished_at: Set(None),
            size: Set(0),
            cells: Set(0),
            reason: Set("it was not finished".into()),
            place: Set(Some(place.to_vec())),
        };
        Entity::insert(row).exec_without_returning(&tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Writes down how it ended: `reason` is empty when it succeeded.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end_backup(&self, run: &Run) -> Result<(), StoreError> {
        let tx = self.store().begin_write().await?;
        Entity::update_many()
            .col_expr(Column::State, Expr::value(if run.reason.is_empty() { DONE } else { FAILED }))
            .col_expr(Column::FinishedAt, Expr::value(run.finished_at))
            .col_expr(Column::Size, Expr::value(run.size))
            .col_expr(Column::Cells, Expr::value(run.rows))
            .col_expr(Column::Reason, Expr::value(run.reason.clone()))
            .filter(Column::Id.eq(run.id))
            .exec(&tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Of those in the place that is set. Where none is, another process makes them, and knows its place: then all are counted.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn last_backups(&self, now: Millis, place: Option<PlaceId>) -> Result<LastRuns, StoreError> {
        let tx = self.store().begin_read().await?;
        let there = place.map(|place| Condition::any().add(Column::Place.is_null()).add(Column::Place.eq(place.to_vec())));
        let here = |state: &str| {
            Entity::find()
                .filter(Column::State.eq(state))
                .filter(Column::Cause.ne(Cause::Elsewhere.name()))
                .filter(Condition::all().add_option(there.clone()))
        };
        let latest = |state: &str| here(state).order_by_desc(Column::StartedAt).limit(1);
        let success = latest(DONE).one(&tx).await?;
        let since = success.as_ref().map_or(i64::MIN, |run| run.started_at);
        let over = Condition::any()
            .add(Column::FinishedAt.is_not_null())
            .add(Column::StartedAt.lt(now - LONGEST));
        let over = Condition::all().add(Column::StartedAt.gt(since)).add(over);
        let failure = latest(FAILED).filter(over.clone()).one(&tx).await?;
        let failures = here(FAILED).filter(over).count(&tx).await?;
        tx.rollback().await?;
        Ok(LastRuns {
            success: success.map(Run::from),
            failure: failure.map(Run::from),
            failures,
        })
    }
}
