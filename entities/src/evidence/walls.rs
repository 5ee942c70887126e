//! What the database itself holds against: rows shown to others, and logs rewritten.

use sea_orm::DatabaseTransaction;

use super::{ask, count};
use crate::StoreError;

/// Asked without a tenant: policies show nothing then.
pub(super) async fn open_tables(tx: &DatabaseTransaction) -> Result<Vec<String>, StoreError> {
    let sql = "select relname::text from pg_class join pg_attribute on attrelid = pg_class.oid and attname = 'tenant_id' \
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not attisdropped order by 1";
    let mut open = Vec::new();
    for row in ask(tx, sql, vec![]).await? {
        let table: String = row.try_get_by_index(0)?;
        if count(
            tx,
            &format!("select count(*) from (select 1 from \"{table}\" limit 1) as seen"),
            vec![],
        )
        .await?
            > 0
        {
            open.push(table);
        }
    }
    Ok(open)
}

/// As the migrations make them, and PostgreSQL writes them down again.
const MINE: &str = "(tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)";
const DISPATCHER: &str = "(current_setting('app.dispatcher'::text, true) = 'on'::text)";

/// One that is permissive and for everybody adds rows to what the wall shows: of those, only what is known is no hole. What reads for
/// backups is of a role of its own, which the program's may not be.
fn is_known(table: &str, name: &str, [kind, whose, command, shows, takes]: [&str; 5]) -> bool {
    match name {
        "tenant_wall" => [kind, whose, command, shows, takes] == ["PERMISSIVE", "everybody", "ALL", MINE, MINE],
        "backup_reads" => [kind, whose, command, shows, takes] == ["PERMISSIVE", "one", "SELECT", "true", ""],
        "dispatcher_sees" if table == "job" => {
            [kind, whose, command, shows, takes] == ["PERMISSIVE", "everybody", "SELECT", DISPATCHER, ""]
        }
        "dispatcher_leases" if table == "job" => {
            [kind, whose, command, shows, takes] == ["PERMISSIVE", "everybody", "UPDATE", DISPATCHER, DISPATCHER]
        }
        _ => false,
    }
}

/// Policies of tables of tenants that are not as they were made, and walls that are missing.
pub(super) async fn foreign_policies(tx: &DatabaseTransaction) -> Result<Vec<String>, StoreError> {
    let sql = "select relname::text, coalesce(policyname::text, ''), coalesce(permissive, ''), \
        case when roles = '{public}' then 'everybody' when cardinality(roles) = 1 then 'one' else 'several' end, \
        coalesce(cmd, ''), coalesce(qual, ''), coalesce(with_check, '') \
        from pg_class join pg_attribute on attrelid = pg_class.oid and attname = 'tenant_id' \
        left join pg_policies on schemaname = 'public' and tablename = relname \
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not attisdropped order by 1, 2";
    let (mut foreign, mut walled, mut tables) = (Vec::new(), Vec::new(), Vec::new());
    for row in ask(tx, sql, vec![]).await? {
        let text = |at: usize| Ok::<String, StoreError>(row.try_get_by_index(at)?);
        let (table, name) = (text(0)?, text(1)?);
        let (kind, whose, command, shows, takes) = (text(2)?, text(3)?, text(4)?, text(5)?, text(6)?);
        if name == "tenant_wall" {
            walled.push(table.clone());
        }
        if !name.is_empty() && !is_known(&table, &name, [&kind, &whose, &command, &shows, &takes]) {
            foreign.push(format!("{name} of {table}"));
        }
        tables.push(table);
    }
    tables.dedup();
    let bare = tables.into_iter().filter(|table| !walled.contains(table));
    foreign.extend(bare.map(|table| format!("tenant_wall of {table} is missing")));
    Ok(foreign)
}

/// Triggers of an embedded file that refuse whoever would rewrite the audit log, and are not there as they were made.
pub(super) async fn open_logs(tx: &DatabaseTransaction) -> Result<Vec<String>, StoreError> {
    let mut there = Vec::new();
    for row in ask(tx, "select lower(sql) from sqlite_master where type = 'trigger'", vec![]).await? {
        there.push(row.try_get_by_index::<String>(0)?);
    }
    let refuses = "begin select raise(abort, 'the audit log is only added to'); end";
    let mut open = Vec::new();
    for table in ["audit", "audit_checkpoint"] {
        let alive = "when (select deleted_at from tenant where id = old.tenant_id) is null";
        for (name, made) in [
            (
                format!("{table}_kept"),
                format!("create trigger {table}_kept before update on {table} {refuses}"),
            ),
            (
                format!("{table}_whole"),
                format!("create trigger {table}_whole before delete on {table} {alive} {refuses}"),
            ),
        ] {
            if !there.contains(&made) {
                open.push(name);
            }
        }
    }
    Ok(open)
}
