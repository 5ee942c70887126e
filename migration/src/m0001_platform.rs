//! What exists before a tenant is known. No tenant content, hence no `tenant_id` and no policy.

use crate::table::run;

crate::migration!("m0001_platform", manager => {
    run(manager, "create table account (id {uuid} primary key, email text not null unique, \
        password_hash text not null, created_at {big} not null)").await?;
    run(manager, "create table tenant (id {uuid} primary key, created_at {big} not null)").await?;
    run(manager, "create table directory (account_id {uuid} not null references account (id) on delete cascade, \
        workspace_id {uuid} not null references tenant (id) on delete cascade, primary key (account_id, workspace_id))").await?;
    run(manager, "create table widget_route (key_hash {bytes} primary key, \
        workspace_id {uuid} not null references tenant (id) on delete cascade, project_id {uuid} not null)").await?;
    run(manager, "create index widget_route_project on widget_route (project_id)").await
});
