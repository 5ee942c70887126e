//! Work that waits.

use sea_orm_migration::sea_orm::DbBackend;

use crate::table::{run, tenant_table};

crate::migration!("m0005_jobs", manager => {
    tenant_table(manager, "job", "id {uuid} not null, kind text not null, project_id {uuid} not null, subject {uuid}, \
        revision {int} not null, priority {int} not null, state text not null, attempts {int} not null, run_at {big} not null, \
        locked_until {big} not null, lease {uuid}, last_error text, created_at {big} not null, \
        primary key (tenant_id, id)").await?;
    run(manager, "create index job_due on job (run_at) where state in ('ready', 'running')").await?;
    if manager.get_database_backend() == DbBackend::Postgres {
        // A worker must see that work waits before it knows whose. Job rows name rows and hold no content; the
        // dispatcher may lease them, and may neither add nor remove any.
        let dispatcher = "current_setting('app.dispatcher', true) = 'on'";
        run(manager, &format!("create policy dispatcher_sees on job for select using ({dispatcher})")).await?;
        run(manager, &format!("create policy dispatcher_leases on job for update using ({dispatcher}) with check ({dispatcher})")).await?;
    }
    Ok(())
});
