//! Who may reach which project, invitations, and workspaces that end.

use crate::table::{run, tenant_table};

crate::migration!("m0006_team", manager => {
    tenant_table(manager, "project_member", "project_id {uuid} not null, account_id {uuid} not null, created_at {big} not null, \
        primary key (tenant_id, account_id, project_id), \
        foreign key (tenant_id, project_id) references project (tenant_id, id) on delete cascade, \
        foreign key (tenant_id, account_id) references member (tenant_id, account_id) on delete cascade").await?;
    run(manager, "create index project_member_project on project_member (tenant_id, project_id)").await?;
    // No foreign key to the member who invited: the invitation outlives their membership.
    tenant_table(manager, "invitation", "id {uuid} not null, email text not null, role text not null, projects text not null, \
        invited_by {uuid} not null, created_at {big} not null, expires_at {big} not null, \
        primary key (tenant_id, id), unique (tenant_id, email)").await?;
    run(manager, "create table invitation_route (token_hash {bytes} primary key, \
        workspace_id {uuid} not null references tenant (id) on delete cascade, invitation_id {uuid} not null)").await?;
    run(manager, "create index invitation_route_invitation on invitation_route (invitation_id)").await?;
    run(manager, "create index directory_workspace on directory (workspace_id)").await?;
    // When the person last opened the workspace: the one that their next sign-in opens.
    run(manager, "alter table directory add column used_at {big} not null default 0").await?;
    run(manager, "alter table tenant add column deleted_at {big}").await
});
