//! Webhooks that projects send: where to, and what was sent.

use crate::table::{run, tenant_table};

crate::migration!("m0015_outbound", manager => {
    // `sealed` is the address: what stands behind its host opens the receiver's door. Secrets are credentials; the one before stays
    // valid until `previous_until`.
    tenant_table(manager, "webhook_endpoint", "id {uuid} not null, project_id {uuid} not null, sealed {bytes} not null, \
        description text not null, events text not null, secret {uuid} not null, previous {uuid}, previous_until {big}, \
        paused text, paused_at {big}, failing_since {big}, created_at {big} not null, primary key (tenant_id, id), \
        foreign key (tenant_id, project_id) references project (tenant_id, id) on delete cascade").await?;
    run(manager, "create index webhook_endpoint_project on webhook_endpoint (tenant_id, project_id)").await?;
    // `sealed` is what is sent: it holds what visitors asked.
    tenant_table(manager, "webhook_delivery", "id {uuid} not null, project_id {uuid} not null, endpoint_id {uuid} not null, \
        event text not null, sealed {bytes} not null, state text not null, attempts {int} not null, reason text, status {int}, \
        took_ms {int}, created_at {big} not null, tried_at {big}, next_at {big}, primary key (tenant_id, id), \
        foreign key (tenant_id, endpoint_id) references webhook_endpoint (tenant_id, id) on delete cascade").await?;
    run(manager, "create index webhook_delivery_latest on webhook_delivery (tenant_id, endpoint_id, id)").await?;
    run(manager, "create index webhook_delivery_old on webhook_delivery (tenant_id, created_at)").await
});
