//! Projects, their keys and their knowledge. A child's foreign key carries the tenant, so that it cannot hang below another tenant's row.

use crate::table::{run, tenant_table};

crate::migration!("m0003_projects", manager => {
    tenant_table(manager, "project", "id {uuid} not null, name text not null, created_at {big} not null, \
        deleted_at {big}, public_key text not null, public_key_at {big} not null, allowed_origins text not null, \
        look text not null, knowledge {big} not null, primary key (tenant_id, id), unique (tenant_id, name)").await?;
    let in_project = "foreign key (tenant_id, project_id) references project (tenant_id, id) on delete cascade";
    tenant_table(manager, "project_key", &format!("project_id {{uuid}} not null, version {{int}} not null, \
        wrapped {{bytes}} not null, created_at {{big}} not null, primary key (tenant_id, project_id, version), {in_project}")).await?;
    tenant_table(manager, "document", &format!("id {{uuid}} not null, project_id {{uuid}} not null, name text not null, \
        media_type text not null, size {{big}} not null, revision {{int}} not null, status text not null, \
        failure_code text, failure_detail text, title text not null, pages {{int}}, chunks {{int}} not null, \
        embedded {{int}} not null, source_url text, created_at {{big}} not null, updated_at {{big}} not null, \
        primary key (tenant_id, id), unique (tenant_id, project_id, name), {in_project}")).await?;
    let in_document = "foreign key (tenant_id, document_id) references document (tenant_id, id) on delete cascade";
    tenant_table(manager, "document_body", &format!("document_id {{uuid}} not null, project_id {{uuid}} not null, \
        sealed {{bytes}} not null, primary key (tenant_id, document_id), {in_document}")).await?;
    tenant_table(manager, "chunk", &format!("id {{uuid}} not null, project_id {{uuid}} not null, \
        document_id {{uuid}} not null, position {{int}} not null, sealed {{bytes}} not null, embedding {{bytes}}, \
        primary key (tenant_id, id), unique (tenant_id, document_id, position), {in_document}")).await?;
    run(manager, "create index chunk_project on chunk (tenant_id, project_id, id)").await
});
