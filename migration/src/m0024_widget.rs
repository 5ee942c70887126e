//! The widget: the secret by which a website says who its visitors are, the logo, and where conversations are handed over to.

use crate::table::{run, tenant_table};

crate::migration!("m0024_widget", manager => {
    let in_project = "foreign key (tenant_id, project_id) references project (tenant_id, id) on delete cascade";
    // Secrets are credentials; the one before stays valid until `previous_until`.
    tenant_table(manager, "widget_identity", &format!("project_id {{uuid}} not null, secret {{uuid}} not null, \
        secret_at {{big}} not null, previous {{uuid}}, previous_until {{big}}, primary key (tenant_id, project_id), {in_project}")).await?;
    tenant_table(manager, "widget_logo", &format!("project_id {{uuid}} not null, media_type text not null, \
        sealed {{bytes}} not null, primary key (tenant_id, project_id), {in_project}")).await?;
    // JSON; null while visitors cannot ask for a person.
    run(manager, "alter table project add column hand_off text").await?;
    run(manager, "alter table conversation add column handed_over_at {big}").await
});
