//! A tenant's name, members, keys and sessions.

use crate::table::{run, tenant_table};

crate::migration!("m0002_tenants", manager => {
    tenant_table(manager, "workspace", "name text not null, created_at {big} not null, primary key (tenant_id)").await?;
    tenant_table(manager, "member", "account_id {uuid} not null references account (id) on delete cascade, \
        role text not null, created_at {big} not null, primary key (tenant_id, account_id)").await?;
    tenant_table(manager, "tenant_key", "version {int} not null, wrapped {bytes} not null, created_at {big} not null, \
        primary key (tenant_id, version)").await?;
    tenant_table(manager, "session", "id_hash {bytes} not null, account_id {uuid} not null, state text not null, \
        created_at {big} not null, expires_at {big} not null, primary key (tenant_id, id_hash), \
        foreign key (tenant_id, account_id) references member (tenant_id, account_id) on delete cascade").await?;
    run(manager, "create index session_expiry on session (tenant_id, expires_at)").await
});
