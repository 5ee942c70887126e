//! What rows look like to somebody who has the database and no key: whether what should be sealed is, and whether the walls stand. Counts
//! and names of tables leave here, and nothing of what is stored.

mod cells;
mod file;
mod logs;
mod rows;

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
};

use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryResult, Statement, Value};

use cells::Sealed;
pub use file::opens_without_key;
pub use logs::FollowedLogs;

use crate::{Millis, Store, StoreError, TenantId, TenantTx, audit::chain::Broken};

/// Tenants that are looked at in one go; of more, as many by chance.
const MOST_TENANTS: usize = 500;
/// No invitation is good for longer, whatever is set.
const LONGEST_INVITATION: Millis = 720 * 3_600_000;

/// What was found. Where all is well, only the counts of what was looked at are not empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    pub tenants: usize,
    /// There are more tenants than were looked at.
    pub is_part: bool,
    /// Columns of sealed cells, by `table.column`: whether their rows are tenants'.
    pub columns: BTreeMap<String, bool>,
    /// Sealed cells that were looked at.
    pub cells: usize,
    /// Cells that no key sealed, by `table.column`.
    pub readable: BTreeMap<String, usize>,
    pub passwords: Passwords,
    pub sessions: i64,
    /// Sessions whose id is stored as something else than a SHA-256.
    pub bare_sessions: i64,
    /// Links of invitations and mails, and backup codes, that are stored as something else than a hash of 32 bytes.
    pub bare_links: i64,
    /// Invitations that can be accepted for longer than any may.
    pub endless_invitations: i64,
    /// Connections that ended, and what is left of them: tokens.
    pub kept_tokens: i64,
    /// Entries of audit logs, each in its chain.
    pub entries: i64,
    /// Logs that do not hold, and where.
    pub broken_logs: Vec<(TenantId, Broken)>,
    /// Tables of tenants that show rows to whoever names no tenant. PostgreSQL only.
    pub open_tables: Vec<String>,
}

/// How passwords are stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passwords {
    pub hashes: i64,
    /// Which are no bcrypt.
    pub foreign: i64,
    /// The lowest cost of any.
    pub lowest_cost: Option<u32>,
}

/// Looks, and changes nothing. In short transactions: between one and the next it sees whether it is to `stop`.
///
/// # Errors
/// When the database does not answer, or it was told to stop.
pub async fn gather(store: &Store, now: Millis, stop: &AtomicBool, known: &mut FollowedLogs) -> Result<Evidence, StoreError> {
    let mut found = Evidence::default();
    let columns = cells::columns(store).await?;
    found.columns = columns.iter().map(|column| (column.name(), column.is_tenants)).collect();
    of_platform(store, &columns, stop, &mut found).await?;
    let mut tenants = living(store).await?;
    found.is_part = tenants.len() > MOST_TENANTS;
    tenants.truncate(MOST_TENANTS);
    for tenant in tenants {
        for column in columns.iter().filter(|column| column.is_tenants) {
            within(store, tenant, stop, async |tx| {
                cells::look(tx.raw(), column, Some(tenant), &mut found).await
            })
            .await?;
        }
        within(store, tenant, stop, async |tx| of_tenant(tx, tenant, now, &mut found).await).await?;
        match logs::follow(store, tenant, now, stop, known).await? {
            Ok(entries) => found.entries += entries,
            Err(broken) => found.broken_logs.push((tenant, broken)),
        }
        found.tenants += 1;
    }
    Ok(found)
}

/// Refuses to go on once it is to `stop`.
fn still(stop: &AtomicBool) -> Result<(), StoreError> {
    match stop.load(Ordering::Relaxed) {
        true => Err(StoreError::Unavailable("told to stop")),
        false => Ok(()),
    }
}

/// In a transaction of its own, as the tenant.
async fn within<T>(
    store: &Store,
    tenant: TenantId,
    stop: &AtomicBool,
    look: impl AsyncFnOnce(&TenantTx) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    still(stop)?;
    let tx = TenantTx::enter(store.begin_read().await?, tenant).await?;
    let looked = look(&tx).await;
    tx.into_transaction().rollback().await?;
    looked
}

async fn ask(tx: &DatabaseTransaction, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>, StoreError> {
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    Ok(tx.query_all_raw(statement).await?)
}

async fn count(tx: &DatabaseTransaction, sql: &str, values: Vec<Value>) -> Result<i64, StoreError> {
    let rows = ask(tx, sql, values).await?;
    let row = rows.first().ok_or(StoreError::Damaged("a count"))?;
    Ok(row.try_get_by_index(0)?)
}

/// In an order of chance, so that each comes to be looked at.
async fn living(store: &Store) -> Result<Vec<TenantId>, StoreError> {
    let tx = store.begin_read().await?;
    let rows = ask(&tx, "select id from tenant where deleted_at is null order by random()", vec![]).await;
    tx.rollback().await?;
    let id = |row: &QueryResult| Ok::<_, StoreError>(row.try_get_by_index::<uuid::Uuid>(0)?.into());
    rows?.iter().map(id).collect()
}

async fn of_platform(store: &Store, columns: &[Sealed], stop: &AtomicBool, found: &mut Evidence) -> Result<(), StoreError> {
    for column in columns.iter().filter(|column| !column.is_tenants) {
        still(stop)?;
        let tx = store.begin_read().await?;
        let looked = cells::look(&tx, column, None, found).await;
        tx.rollback().await?;
        looked?;
    }
    still(stop)?;
    let tx = store.begin_read().await?;
    let looked = async {
        found.passwords = rows::passwords(&tx).await?;
        for (table, hash) in [
            ("invitation_route", "token_hash"),
            ("account_token", "token_hash"),
            ("account_backup_code", "code_hash"),
        ] {
            let sql = format!("select count(*) from {table} where length({hash}) <> 32");
            found.bare_links += count(&tx, &sql, vec![]).await?;
        }
        if store.is_postgres() {
            found.open_tables = rows::open_tables(&tx).await?;
        }
        Ok(())
    };
    let looked: Result<(), StoreError> = looked.await;
    tx.rollback().await?;
    looked
}

async fn of_tenant(tx: &TenantTx, tenant: TenantId, now: Millis, found: &mut Evidence) -> Result<(), StoreError> {
    let add = async |sum: &mut i64, sql: &str, more: Option<Value>| {
        let values = std::iter::once(tenant.uuid().into()).chain(more).collect();
        *sum += count(tx.raw(), sql, values).await?;
        Ok::<_, StoreError>(())
    };
    add(&mut found.sessions, "select count(*) from session where tenant_id = $1", None).await?;
    let bare = "select count(*) from session where tenant_id = $1 and length(id_hash) <> 32";
    add(&mut found.bare_sessions, bare, None).await?;
    let endless = "select count(*) from invitation where tenant_id = $1 and expires_at > $2";
    add(&mut found.endless_invitations, endless, Some((now + LONGEST_INVITATION).into())).await?;
    for sql in [
        "select count(*) from source_grant where tenant_id = $1 and state in ('revoking', 'ended') and credential_id is not null",
        "select count(*) from slack_installation where tenant_id = $1 and state <> 'connected' and credential_id is not null",
    ] {
        add(&mut found.kept_tokens, sql, None).await?;
    }
    Ok(())
}
