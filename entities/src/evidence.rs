//! What rows look like to somebody who has the database and no key: whether what should be sealed is, and whether the walls stand. Counts
//! and names of tables leave here, and nothing of what is stored.

mod cells;
mod file;
mod logs;
mod roles;
mod rows;
mod walls;

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
};

use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryResult, Statement, Value};

use cells::Sealed;
pub use file::opens_without_key;
pub use logs::FollowedLogs;
pub use roles::Roles;

use crate::{Millis, Store, StoreError, TenantId, TenantTx, audit::chain::Broken};

/// Tenants that are looked at in one go; of more, as many by chance.
const MOST_TENANTS: usize = 500;
/// No invitation is good for longer, whatever is set.
const LONGEST_INVITATION: Millis = 720 * 3_600_000;

/// What is looked at by itself: trouble with one says nothing of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Cells,
    Passwords,
    Sessions,
    Links,
    Invitations,
    Roles,
    Tokens,
    Logs,
    Walls,
}

/// What was found. Where all is well, only the counts of what was looked at are not empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    pub tenants: usize,
    /// There are more tenants than were looked at.
    pub is_part: bool,
    /// Parts of which something could not be read, and why: what is missing there is no finding.
    pub troubles: BTreeMap<Part, String>,
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
    pub roles: Roles,
    /// Invitations that can be accepted for longer than any may.
    pub endless_invitations: i64,
    /// Connections that ended, and what is left of them: tokens.
    pub kept_tokens: i64,
    /// Credentials that nothing refers to: what they were for is gone.
    pub left_credentials: i64,
    /// Connections of other services, whether they ended or not.
    pub connections: i64,
    /// Credentials that are theirs.
    pub connected: i64,
    /// Of the cells that were looked at, those of credentials.
    pub credentials: usize,
    /// Entries of audit logs, each in its chain.
    pub entries: i64,
    /// Signed heads whose signatures hold; `None` where nothing was given to tell by.
    pub signed: Option<i64>,
    /// Entries that should be signed by now, and are not.
    pub late_entries: i64,
    /// Logs of which nothing was ever signed, and some should be.
    pub bare_logs: Vec<TenantId>,
    /// Logs that do not hold, and where.
    pub broken_logs: Vec<(TenantId, Broken)>,
    /// What keeps logs from being rewritten in an embedded file, and is not there. In PostgreSQL it is rights that do.
    pub open_logs: Vec<String>,
    /// Tables of tenants that show rows to whoever names no tenant. PostgreSQL only.
    pub open_tables: Vec<String>,
    /// Policies of tables of tenants that no version of this program made, or that are not there. PostgreSQL only.
    pub foreign_policies: Vec<String>,
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

/// Whether a signature, the second, is the installation's under a message.
pub type IsSigned<'a> = &'a dyn Fn(&[u8], &[u8]) -> bool;

/// Looks, and changes nothing. In short transactions: between one and the next it sees whether it is to `stop`. Signatures of audit logs are
/// looked at where it is given by what.
///
/// # Errors
/// When the database does not answer, or it was told to stop.
pub async fn gather(
    store: &Store,
    now: Millis,
    stop: &AtomicBool,
    known: &mut FollowedLogs,
    is_signed: Option<IsSigned<'_>>,
) -> Result<Evidence, StoreError> {
    let mut found = Evidence {
        signed: is_signed.map(|_| 0),
        ..Evidence::default()
    };
    let columns = cells::columns(store).await;
    let columns = alone(store, stop, &mut found, Part::Cells, columns).await?.unwrap_or_default();
    found.columns = columns.iter().map(|column| (column.name(), column.is_tenants)).collect();
    of_platform(store, &columns, stop, &mut found).await?;
    let mut tenants = living(store).await?;
    found.is_part = tenants.len() > MOST_TENANTS;
    tenants.truncate(MOST_TENANTS);
    for tenant in tenants {
        let before = found.clone();
        for column in columns.iter().filter(|column| column.is_tenants) {
            let looked = within(store, tenant, stop, async |tx| {
                cells::look(tx.raw(), column, Some(tenant), &mut found).await
            });
            let looked = looked.await;
            alone(store, stop, &mut found, Part::Cells, looked).await?;
        }
        of_tenant(store, tenant, now, stop, &mut found).await?;
        let looked = within(store, tenant, stop, async |tx| roles::look(tx, &mut found.roles).await).await;
        alone(store, stop, &mut found, Part::Roles, looked).await?;
        let followed = logs::follow(store, tenant, now, stop, known, is_signed).await;
        match alone(store, stop, &mut found, Part::Logs, followed).await? {
            Some(Ok(log)) => {
                found.entries += log.entries;
                found.signed = found.signed.map(|signed| signed + log.signed);
                found.late_entries += log.late;
                found.bare_logs.extend(log.is_bare.then_some(tenant));
            }
            Some(Err(broken)) => found.broken_logs.push((tenant, broken)),
            None => {}
        }
        // Of what is being purged, one half is gone before the other.
        if is_living(store, tenant).await? {
            found.tenants += 1;
        } else {
            found = before;
        }
    }
    Ok(found)
}

/// Whether there is a project of that id, in whichever workspace.
///
/// # Errors
/// When the database does not answer.
pub async fn has_project(store: &Store, id: uuid::Uuid) -> Result<bool, StoreError> {
    let stop = AtomicBool::new(false);
    for tenant in living(store).await? {
        let sql = "select count(*) from project where tenant_id = $1 and id = $2 and deleted_at is null";
        let values = vec![tenant.uuid().into(), id.into()];
        if within(store, tenant, &stop, async |tx| count(tx.raw(), sql, values).await).await? > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Keeps trouble with a part to that part. Where the database itself is gone, there is nothing to go on with.
async fn alone<T>(
    store: &Store,
    stop: &AtomicBool,
    found: &mut Evidence,
    part: Part,
    looked: Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    let error = match looked {
        Ok(looked) => return Ok(Some(looked)),
        Err(error) => error,
    };
    still(stop)?;
    // A value that is not what its column should hold may look like a connection that broke.
    store.begin_read().await?.rollback().await?;
    found.troubles.entry(part).or_insert_with(|| error.to_string());
    Ok(None)
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

async fn is_living(store: &Store, tenant: TenantId) -> Result<bool, StoreError> {
    let tx = store.begin_read().await?;
    let sql = "select count(*) from tenant where id = $1 and deleted_at is null";
    let living = count(&tx, sql, vec![tenant.uuid().into()]).await;
    tx.rollback().await?;
    Ok(living? > 0)
}

/// In a transaction of its own, as nobody in particular.
async fn outside<T>(
    store: &Store,
    stop: &AtomicBool,
    look: impl AsyncFnOnce(&DatabaseTransaction) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    still(stop)?;
    let tx = store.begin_read().await?;
    let looked = look(&tx).await;
    tx.rollback().await?;
    looked
}

async fn of_platform(store: &Store, columns: &[Sealed], stop: &AtomicBool, found: &mut Evidence) -> Result<(), StoreError> {
    for column in columns.iter().filter(|column| !column.is_tenants) {
        let looked = outside(store, stop, async |tx| cells::look(tx, column, None, found).await).await;
        alone(store, stop, found, Part::Cells, looked).await?;
    }
    let passwords = outside(store, stop, rows::passwords).await;
    if let Some(passwords) = alone(store, stop, found, Part::Passwords, passwords).await? {
        found.passwords = passwords;
    }
    for (table, hash) in [
        ("invitation_route", "token_hash"),
        ("account_token", "token_hash"),
        ("account_backup_code", "code_hash"),
    ] {
        let sql = format!("select count(*) from {table} where length({hash}) <> 32");
        let bare = outside(store, stop, async |tx| count(tx, &sql, vec![]).await).await;
        found.bare_links += alone(store, stop, found, Part::Links, bare).await?.unwrap_or_default();
    }
    if store.is_postgres() {
        let open = outside(store, stop, walls::open_tables).await;
        found.open_tables = alone(store, stop, found, Part::Walls, open).await?.unwrap_or_default();
        let foreign = outside(store, stop, walls::foreign_policies).await;
        found.foreign_policies = alone(store, stop, found, Part::Walls, foreign).await?.unwrap_or_default();
    } else {
        let open = outside(store, stop, walls::open_logs).await;
        found.open_logs = alone(store, stop, found, Part::Logs, open).await?.unwrap_or_default();
    }
    Ok(())
}

/// In one transaction with what refers to it a credential is stored, and goes.
const LEFT: &str = "select count(*) from credential where tenant_id = $1 and id not in (\
    select credential_id from source_grant where tenant_id = $1 and credential_id is not null \
    union select credential_id from slack_installation where tenant_id = $1 and credential_id is not null \
    union select credential_id from voice_endpoint where tenant_id = $1 and credential_id is not null \
    union select previous_id from voice_endpoint where tenant_id = $1 and previous_id is not null \
    union select secret from webhook_endpoint where tenant_id = $1 \
    union select previous from webhook_endpoint where tenant_id = $1 and previous is not null \
    union select secret from widget_identity where tenant_id = $1 \
    union select previous from widget_identity where tenant_id = $1 and previous is not null)";
const CONNECTIONS: &str = "select (select count(*) from source_grant where tenant_id = $1) \
    + (select count(*) from slack_installation where tenant_id = $1)";
const CONNECTED: &str = "select (select count(*) from source_grant where tenant_id = $1 and credential_id is not null) \
    + (select count(*) from slack_installation where tenant_id = $1 and credential_id is not null)";

async fn of_tenant(store: &Store, tenant: TenantId, now: Millis, stop: &AtomicBool, found: &mut Evidence) -> Result<(), StoreError> {
    let longest = now + LONGEST_INVITATION;
    for (part, sum, sql, more) in [
        (
            Part::Sessions,
            (|found| &mut found.sessions) as fn(&mut Evidence) -> &mut i64,
            "select count(*) from session where tenant_id = $1",
            None,
        ),
        (
            Part::Sessions,
            |found| &mut found.bare_sessions,
            "select count(*) from session where tenant_id = $1 and length(id_hash) <> 32",
            None,
        ),
        (
            Part::Invitations,
            |found| &mut found.endless_invitations,
            "select count(*) from invitation where tenant_id = $1 and expires_at > $2",
            Some(longest),
        ),
        (
            Part::Tokens,
            |found| &mut found.kept_tokens,
            "select count(*) from source_grant where tenant_id = $1 and state in ('revoking', 'ended') and credential_id is not null",
            None,
        ),
        (
            Part::Tokens,
            |found| &mut found.kept_tokens,
            "select count(*) from slack_installation where tenant_id = $1 and state <> 'connected' and credential_id is not null",
            None,
        ),
        (Part::Tokens, |found| &mut found.left_credentials, LEFT, None),
        (Part::Tokens, |found| &mut found.connections, CONNECTIONS, None),
        (Part::Tokens, |found| &mut found.connected, CONNECTED, None),
    ] {
        let values = || std::iter::once(tenant.uuid().into()).chain(more.map(Value::from)).collect();
        let counted = within(store, tenant, stop, async |tx| count(tx.raw(), sql, values()).await).await;
        *sum(found) += alone(store, stop, found, part, counted).await?.unwrap_or_default();
    }
    Ok(())
}
