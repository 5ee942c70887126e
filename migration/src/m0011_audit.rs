//! What was done in a tenant, hash-chained. Rows are added and never changed.

use sea_orm_migration::sea_orm::DbBackend;

use crate::table::{run, tenant_table};

/// Removes some of what a deleted tenant's log still holds: the application itself may delete nothing of a log. It says no tenant: that of
/// the transaction is meant, and only once it is marked as deleted.
const PURGE: &str = "create function purge_audit(most bigint) returns bigint language plpgsql security definer \
    set search_path = public, pg_temp as $$ \
    declare mine uuid := nullif(current_setting('app.tenant_id', true), '')::uuid; removed bigint; \
    begin \
        if not exists (select from tenant where id = mine and deleted_at is not null) then return 0; end if; \
        delete from audit where tenant_id = mine and ctid = any(array(select ctid from audit where tenant_id = mine limit most)); \
        get diagnostics removed = row_count; \
        if removed > 0 then return removed; end if; \
        delete from audit_checkpoint where tenant_id = mine; \
        get diagnostics removed = row_count; \
        return removed; \
    end $$";

crate::migration!("m0011_audit", manager => {
    tenant_table(manager, "audit", "seq {big} not null, at {big} not null, actor {uuid}, email text not null, address text not null, \
        act text not null, target_kind text not null, target_id text not null, target_name text not null, outcome text not null, \
        details text not null, previous {bytes} not null, hash {bytes} not null, primary key (tenant_id, seq)").await?;
    run(manager, "create index audit_actor on audit (tenant_id, actor, seq)").await?;
    run(manager, "create index audit_act on audit (tenant_id, act, seq)").await?;
    tenant_table(manager, "audit_head", "seq {big} not null, hash {bytes} not null, primary key (tenant_id)").await?;
    tenant_table(manager, "audit_checkpoint", "seq {big} not null, hash {bytes} not null, at {big} not null, \
        signature {bytes} not null, primary key (tenant_id, seq)").await?;
    if manager.get_database_backend() == DbBackend::Postgres {
        run(manager, PURGE).await?;
        return run(manager, "revoke execute on function purge_audit(bigint) from public").await;
    }
    // In an embedded file there are no roles: a statement that would rewrite the log fails, whoever makes it.
    for table in ["audit", "audit_checkpoint"] {
        run(manager, &format!("create trigger {table}_kept before update on {table} \
            begin select raise(abort, 'the audit log is only added to'); end")).await?;
        run(manager, &format!("create trigger {table}_whole before delete on {table} \
            when (select deleted_at from tenant where id = old.tenant_id) is null \
            begin select raise(abort, 'the audit log is only added to'); end")).await?;
    }
    Ok(())
});
