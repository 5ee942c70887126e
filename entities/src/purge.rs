//! Removing what is left of a deleted tenant, table by table. The tables are asked of the database itself, so that one that is
//! added later is not forgotten.

use std::collections::HashSet;

use sea_orm::{ConnectionTrait, DbBackend, Statement, entity::prelude::*};

use crate::{StoreError, TenantTx, job, tenant};

struct Dialect {
    /// Every table with a `tenant_id`.
    walled: &'static str,
    /// Every table that another one refers to.
    referred: &'static str,
    row: &'static str,
    one: &'static str,
    two: &'static str,
}

const SQLITE: Dialect = Dialect {
    walled: "select m.name as name from sqlite_master m, pragma_table_info(m.name) c where m.type = 'table' and c.name = 'tenant_id'",
    referred: "select distinct f.\"table\" as name from sqlite_master m, pragma_foreign_key_list(m.name) f where m.type = 'table'",
    row: "rowid",
    one: "?1",
    two: "?2",
};
const POSTGRES: Dialect = Dialect {
    walled: "select c.relname::text as name from pg_class c join pg_attribute a on a.attrelid = c.oid \
        where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and a.attname = 'tenant_id' and not a.attisdropped",
    referred: "select distinct c.relname::text as name from pg_constraint f join pg_class c on c.oid = f.confrelid where f.contype = 'f'",
    row: "ctid",
    one: "$1",
    two: "$2",
};

/// Tables of which the application's role may delete nothing by itself.
const KEPT: &[&str] = &["audit", "audit_checkpoint"];

async fn purge_kept(tx: &TenantTx, most: u64) -> Result<i64, StoreError> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let purge = Statement::from_sql_and_values(DbBackend::Postgres, "select purge_audit($1) as removed", [most.into()]);
    let row = tx.raw().query_one_raw(purge).await?;
    Ok(row.map(|row| row.try_get("", "removed")).transpose()?.unwrap_or(0))
}

async fn names(tx: &TenantTx, question: &str) -> Result<Vec<String>, StoreError> {
    let backend = tx.raw().get_database_backend();
    let rows = tx.raw().query_all_raw(Statement::from_string(backend, question)).await?;
    rows.iter().map(|row| row.try_get("", "name").map_err(StoreError::from)).collect()
}

/// Removes up to `most` rows of the tenant; `true` when none were left and the tenant itself is gone.
///
/// # Errors
/// When the database does not answer.
pub async fn purge(tx: &TenantTx, most: u64) -> Result<bool, StoreError> {
    let backend = tx.raw().get_database_backend();
    let dialect = if backend == DbBackend::Postgres { POSTGRES } else { SQLITE };
    let referred: HashSet<String> = names(tx, dialect.referred).await?.into_iter().collect();
    let mut tables = names(tx, dialect.walled).await?;
    // Leaves first: a parent's delete cascades, and must find little to do.
    tables.sort_by_key(|name| (referred.contains(name), name.clone()));
    for table in tables.iter().filter(|name| *name != "job") {
        if backend == DbBackend::Postgres && KEPT.contains(&table.as_str()) {
            if purge_kept(tx, most).await? > 0 {
                return Ok(false);
            }
            continue;
        }
        let Dialect { row, one, two, .. } = dialect;
        let delete = format!("delete from \"{table}\" where {row} in (select {row} from \"{table}\" where tenant_id = {one} limit {two})");
        let values = [tx.tenant().uuid().into(), i64::try_from(most).unwrap_or(i64::MAX).into()];
        let removed = tx
            .raw()
            .execute_raw(Statement::from_sql_and_values(backend, delete, values))
            .await?;
        if removed.rows_affected() > 0 {
            return Ok(false);
        }
    }
    let shares = tx.find::<job::Entity>().filter(job::Column::Kind.eq(job::DESTROY_SHARE));
    if shares.count().await? > 0 {
        // Their jobs are all that is left to say that they must go.
        return Err(StoreError::Refused("shares of the tenant's keys wait to be destroyed".into()));
    }
    tx.delete::<job::Entity>(sea_orm::Condition::all()).await?;
    tenant::Entity::delete_by_id(tx.tenant().uuid()).exec(tx.raw()).await?;
    Ok(true)
}
