//! What providers tell by themselves: where it leads, and what came of it; and how often a list of theirs began anew.

use crate::table::run;

crate::migration!("m0021_source_events", manager => {
    run(manager, "alter table source add column restarts {int} not null default 0").await?;
    // `part_of` is the receipt of the grant that a source was let go of with. `cause` is why something went: `disconnected`, or `told` when its
    // provider said that it is there no longer.
    run(manager, "alter table source_receipt add column part_of {uuid}").await?;
    run(manager, "alter table source_receipt add column cause text not null default 'disconnected'").await?;
    run(manager, "create index source_receipt_part on source_receipt (tenant_id, part_of)").await?;
    // Several workspaces may read from one holder.
    run(manager, "create table source_route (holder_hash {bytes} not null, workspace_id {uuid} not null references tenant (id) on delete cascade, \
        grant_id {uuid} not null, primary key (holder_hash, workspace_id, grant_id))").await?;
    run(manager, "create index source_route_workspace on source_route (workspace_id)").await
});
