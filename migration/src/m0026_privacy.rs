//! What is kept of what people write, and for how long.

use crate::table::{run, tenant_table};

crate::migration!("m0026_privacy", manager => {
    let in_project = "foreign key (tenant_id, project_id) references project (tenant_id, id) on delete cascade";
    // A project without a row masks everything, and keeps conversations until somebody deletes them.
    tenant_table(manager, "privacy", &format!("project_id {{uuid}} not null, masks text not null, keep_days {{int}}, \
        sweeping {{int}} not null default 0, swept {{int}} not null default 0, swept_at {{big}}, \
        primary key (tenant_id, project_id), {in_project}")).await?;
    // Visitors who were erased: what they were given before leads to nothing any more.
    tenant_table(manager, "visitor_bar", &format!("project_id {{uuid}} not null, visitor_id {{uuid}} not null, at {{big}} not null, \
        primary key (tenant_id, project_id, visitor_id), {in_project}")).await?;
    run(manager, "create index message_visitor on message (tenant_id, visitor_id)").await
});
