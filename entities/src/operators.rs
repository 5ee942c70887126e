//! Those who run the installation, and what they did; and how full the server is. Nothing here is a tenant's.

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement, entity::prelude::*,
    sea_query::Expr,
};

use crate::{
    AccountId, Millis, PlatformDb, PlatformTx, StoreError,
    account::{self, Account},
    job,
    operator_act::{self, ActOutcome, OperatorAct},
    store::set_local,
};

/// How many jobs of all tenants wait, run, or were given up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobCounts {
    pub waiting: u64,
    pub running: u64,
    pub parked: u64,
    /// Projects that another model is to take over, whatever state their job is in.
    pub reembedding: u64,
    /// How long the one that waits longest has been due, in milliseconds.
    pub overdue: Millis,
}

/// How many letters wait, or were given up within the time for which that is remembered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MailCounts {
    pub waiting: u64,
    pub given_up: u64,
    /// How long ago the oldest that waits was written, in milliseconds.
    pub oldest: Millis,
}

/// Connections to the database: open, and of those not in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolUse {
    pub open: u64,
    pub idle: u64,
}

/// Writes down what an operator does, in the transaction that does it.
///
/// # Errors
/// When the database does not answer.
pub async fn note_act(tx: &PlatformTx, act: OperatorAct) -> Result<(), StoreError> {
    operator_act::Entity::insert(operator_act::ActiveModel::from(act))
        .exec_without_returning(tx.raw())
        .await?;
    Ok(())
}

/// Where operators can be mailed to.
///
/// # Errors
/// When the database does not answer.
pub async fn addresses(tx: &PlatformTx) -> Result<Vec<String>, StoreError> {
    let rows = account::Entity::find()
        .filter(account::Column::OperatorSince.is_not_null())
        .order_by_asc(account::Column::Email)
        .all(tx.raw())
        .await?;
    Ok(rows.into_iter().map(|row| row.email).collect())
}

impl PlatformDb {
    /// Makes the account an operator's since `now`, or no longer. `false` when there is no such account.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn set_operator(&self, email: &str, since: Option<Millis>) -> Result<bool, StoreError> {
        let tx = self.store().begin_write().await?;
        let changed = account::Entity::update_many()
            .col_expr(account::Column::OperatorSince, Expr::value(since))
            .filter(account::Column::Email.eq(email))
            .exec(&tx)
            .await?;
        tx.commit().await?;
        Ok(changed.rows_affected > 0)
    }

    /// The operators, by their address, and since when.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn operators(&self) -> Result<Vec<(String, Millis)>, StoreError> {
        let tx = self.store().begin_read().await?;
        let rows = account::Entity::find()
            .filter(account::Column::OperatorSince.is_not_null())
            .order_by_asc(account::Column::Email)
            .all(&tx)
            .await?;
        tx.rollback().await?;
        Ok(rows.into_iter().filter_map(|row| Some((row.email, row.operator_since?))).collect())
    }

    /// The account, if it is an operator's. Asked each time: a revoked flag opens nothing any more.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn operator(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        let tx = self.store().begin_read().await?;
        let row = account::Entity::find_by_id(id.uuid())
            .filter(account::Column::OperatorSince.is_not_null())
            .one(&tx)
            .await?;
        tx.rollback().await?;
        Ok(row.map(Account::from))
    }

    /// # Errors
    /// When the database does not answer.
    pub async fn begin_act(&self, act: OperatorAct) -> Result<(), StoreError> {
        let tx = self.store().begin_write().await?;
        operator_act::Entity::insert(operator_act::ActiveModel::from(act))
            .exec_without_returning(&tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Notes what came of an act; `false` when more is known of it already.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn note_outcome(&self, id: Uuid, outcome: ActOutcome) -> Result<bool, StoreError> {
        let tx = self.store().begin_write().await?;
        let noted = operator_act::Entity::update_many()
            .col_expr(operator_act::Column::Outcome, Expr::value(outcome.as_str()))
            .filter(operator_act::Column::Id.eq(id))
            .filter(operator_act::Column::Outcome.is_in(outcome.earlier()))
            .exec(&tx)
            .await?;
        tx.commit().await?;
        Ok(noted.rows_affected == 1)
    }

    /// What came of an act so far.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn act_outcome(&self, id: Uuid) -> Result<Option<ActOutcome>, StoreError> {
        let tx = self.store().begin_read().await?;
        let row = operator_act::Entity::find_by_id(id).one(&tx).await?;
        tx.rollback().await?;
        Ok(row.and_then(|row| ActOutcome::parse(&row.outcome)))
    }

    /// From `since` to `until`, the oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn acts_between(&self, since: Millis, until: Millis) -> Result<Vec<OperatorAct>, StoreError> {
        let tx = self.store().begin_read().await?;
        let rows = operator_act::Entity::find()
            .filter(operator_act::Column::At.between(since, until))
            .order_by_asc(operator_act::Column::At)
            .order_by_asc(operator_act::Column::Id)
            .all(&tx)
            .await?;
        tx.rollback().await?;
        Ok(rows.into_iter().map(OperatorAct::from).collect())
    }

    /// Whether other processes may serve from the same rows: an embedded database has one process.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.store().is_postgres()
    }

    /// The latest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn acts(&self, limit: u64) -> Result<Vec<OperatorAct>, StoreError> {
        let tx = self.store().begin_read().await?;
        let rows = operator_act::Entity::find()
            .order_by_desc(operator_act::Column::At)
            .order_by_desc(operator_act::Column::Id)
            .limit(limit)
            .all(&tx)
            .await?;
        tx.rollback().await?;
        Ok(rows.into_iter().map(OperatorAct::from).collect())
    }

    /// # Errors
    /// When the database does not answer.
    pub async fn job_counts(&self, now: Millis) -> Result<JobCounts, StoreError> {
        let tx = self.store().begin_read().await?;
        set_local(&tx, "app.dispatcher", "on".into()).await?;
        let backend = tx.get_database_backend();
        let mark = if backend == DbBackend::Postgres { "$1" } else { "?1" };
        // A replaced key's share that is kept for some weeks is no work that waits, and neither is a source that was just synced.
        let kept = format!("kind in ('{}', '{}') and run_at > {mark}", job::DESTROY_SHARE, job::SYNC_SOURCE);
        let question = format!(
            "select coalesce(sum(case when state in ('ready', 'running') and locked_until < {mark} and not ({kept}) then 1 else 0 end), 0) as waiting, \
             coalesce(sum(case when state = 'running' and locked_until >= {mark} then 1 else 0 end), 0) as running, \
             coalesce(sum(case when state = 'parked' then 1 else 0 end), 0) as parked, \
             coalesce(sum(case when kind in ('{}', '{}') then 1 else 0 end), 0) as reembedding, \
             min(case when state in ('ready', 'running') and locked_until < {mark} and run_at <= {mark} then run_at end) as due from job",
            job::REEMBED,
            job::REEMBED_OUTWARD
        );
        let row = tx
            .query_one_raw(Statement::from_sql_and_values(backend, question, [now.into()]))
            .await?
            .ok_or(StoreError::Damaged("job counts"))?;
        tx.rollback().await?;
        let count = |name: &str| Ok::<_, StoreError>(u64::try_from(row.try_get::<i64>("", name)?).unwrap_or(0));
        Ok(JobCounts {
            waiting: count("waiting")?,
            running: count("running")?,
            parked: count("parked")?,
            reembedding: count("reembedding")?,
            overdue: row.try_get::<Option<i64>>("", "due")?.map_or(0, |due| now - due),
        })
    }

    /// # Errors
    /// When the database does not answer.
    pub async fn mail_counts(&self, now: Millis) -> Result<MailCounts, StoreError> {
        let tx = self.store().begin_read().await?;
        let question = "select coalesce(sum(case when failure is null then 1 else 0 end), 0) as waiting, \
             coalesce(sum(case when failure is null then 0 else 1 end), 0) as given_up, \
             min(case when failure is null then created_at end) as oldest from mail";
        let row = tx
            .query_one_raw(Statement::from_string(tx.get_database_backend(), question))
            .await?
            .ok_or(StoreError::Damaged("mail counts"))?;
        tx.rollback().await?;
        let count = |name: &str| Ok::<_, StoreError>(u64::try_from(row.try_get::<i64>("", name)?).unwrap_or(0));
        Ok(MailCounts {
            waiting: count("waiting")?,
            given_up: count("given_up")?,
            oldest: row.try_get::<Option<i64>>("", "oldest")?.map_or(0, |oldest| now - oldest),
        })
    }

    /// The connections that write, and those that read when they are others.
    #[must_use]
    pub fn pools(&self) -> (PoolUse, Option<PoolUse>) {
        let (writer, reader) = self.store().connections();
        (pool(writer), reader.map(pool))
    }
}

fn pool(connection: &DatabaseConnection) -> PoolUse {
    let (open, idle) = match connection.get_database_backend() {
        DbBackend::Postgres => {
            let pool = connection.get_postgres_connection_pool();
            (pool.size(), pool.num_idle())
        }
        _ => {
            let pool = connection.get_sqlite_connection_pool();
            (pool.size(), pool.num_idle())
        }
    };
    PoolUse {
        open: u64::from(open),
        idle: u64::try_from(idle).unwrap_or(0),
    }
}
