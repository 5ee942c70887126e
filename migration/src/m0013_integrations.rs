//! Credentials that a tenant gave us or we gave it, and what providers sent: each exactly once.

use crate::table::{run, tenant_table};

crate::migration!("m0013_integrations", manager => {
    // Sealed by the tenant's key, so that a workspace's own credential and a project's live in one place. Without a project it is the workspace's.
    let in_project = "foreign key (tenant_id, project_id) references project (tenant_id, id) on delete cascade";
    tenant_table(manager, "credential", &format!("id {{uuid}} not null, project_id {{uuid}}, sealed {{bytes}} not null, \
        created_at {{big}} not null, primary key (tenant_id, id), {in_project}")).await?;
    run(manager, "create index credential_project on credential (tenant_id, project_id)").await?;
    // The sender's own id, once: what is sent again is known by it. The body is sealed until it was seen to, and then gone.
    tenant_table(manager, "inbound_event", &format!("id {{uuid}} not null, source text not null, external_id text not null, \
        project_id {{uuid}}, sealed {{bytes}}, state text not null, reason text, received_at {{big}} not null, done_at {{big}}, \
        primary key (tenant_id, id), unique (tenant_id, source, external_id), {in_project}")).await?;
    run(manager, "create index inbound_event_age on inbound_event (tenant_id, received_at, id)").await
});
