//! What it takes to keep an eye on many documents.

use entities::documents::order_key;
use sea_orm_migration::{
    SchemaManager,
    sea_orm::{ConnectionTrait, DbErr, Statement, entity::prelude::Uuid},
};

use crate::table::{lift_wall, restore_wall, run, tenant_table};

crate::migration!("m0027_documents", manager => {
    let in_project = "foreign key (tenant_id, project_id) references project (tenant_id, id) on delete cascade";
    let in_document = "foreign key (tenant_id, document_id) references document (tenant_id, id) on delete cascade";
    run(manager, "create index citation_document on citation (tenant_id, document_id)").await?;

    // Without letter case, for searching and sorting.
    for column in [
        "name_folded text not null default ''",
        "title_folded text not null default ''",
        "name_key text not null default ''",
        "collection_id {uuid}",
        "review_at {big}",
        "reviewed_at {big} not null default 0",
        "due_at {big}",
        "twin_id {uuid}",
        "likeness {int} not null default 0",
    ] {
        run(manager, &format!("alter table document add column {column}")).await?;
    }
    fold(manager).await?;
    run(manager, "create index document_by_name on document (tenant_id, project_id, name_key, id)").await?;
    run(manager, "create index document_by_size on document (tenant_id, project_id, size, id)").await?;
    run(manager, "create index document_by_age on document (tenant_id, project_id, created_at, id)").await?;
    run(manager, "create index document_by_change on document (tenant_id, project_id, updated_at, id)").await?;
    run(manager, "create index document_due on document (tenant_id, project_id, due_at, id) where due_at is not null").await?;
    run(manager, "create index document_collection on document (tenant_id, collection_id) where collection_id is not null").await?;
    run(manager, "create index document_twin on document (tenant_id, twin_id) where twin_id is not null").await?;
    tenant_table(manager, "collection", &format!("id {{uuid}} not null, project_id {{uuid}} not null, name text not null, \
        review_days {{int}}, created_at {{big}} not null, primary key (tenant_id, id), unique (tenant_id, project_id, name), {in_project}")).await?;
    tenant_table(manager, "document_tag", &format!("document_id {{uuid}} not null, project_id {{uuid}} not null, tag text not null, \
        primary key (tenant_id, document_id, tag), {in_document}")).await?;
    run(manager, "create index document_tag_name on document_tag (tenant_id, project_id, tag, document_id)").await?;
    // What a document was before.
    tenant_table(manager, "document_revision", &format!("id {{uuid}} not null, document_id {{uuid}} not null, project_id {{uuid}} not null, \
        revision {{int}} not null, media_type text not null, size {{big}} not null, replaced_at {{big}} not null, \
        sealed {{bytes}} not null, primary key (tenant_id, id), unique (tenant_id, document_id, revision), {in_document}")).await?;
    run(manager, "create index document_revision_age on document_revision (tenant_id, project_id, replaced_at)").await?;
    // What documents are compared by is made with a secret of the project, so that nobody who reads the rows can tell whether a text that they
    // know is among them.
    tenant_table(manager, "document_secret", &format!("project_id {{uuid}} not null, sealed {{bytes}} not null, \
        primary key (tenant_id, project_id), {in_project}")).await?;
    tenant_table(manager, "document_print", &format!("document_id {{uuid}} not null, project_id {{uuid}} not null, revision {{int}} not null, \
        hash {{bytes}} not null, signature {{bytes}} not null, primary key (tenant_id, document_id), {in_document}")).await?;
    run(manager, "create index document_print_hash on document_print (tenant_id, project_id, hash)").await?;
    tenant_table(manager, "document_band", &format!("document_id {{uuid}} not null, project_id {{uuid}} not null, band {{int}} not null, \
        value {{big}} not null, primary key (tenant_id, document_id, band), {in_document}")).await?;
    run(manager, "create index document_band_value on document_band (tenant_id, project_id, band, value)").await?;
    // One thing that is done to many documents.
    tenant_table(manager, "document_batch", &format!("id {{uuid}} not null, project_id {{uuid}} not null, action text not null, \
        chosen text not null, state text not null, total {{int}} not null, done {{int}} not null, skipped {{int}} not null, last_id {{uuid}}, \
        created_at {{big}} not null, finished_at {{big}}, primary key (tenant_id, id), {in_project}")).await?;
    run(manager, "create index document_batch_age on document_batch (tenant_id, project_id, created_at)").await
});

/// Gives the documents that are there what they are searched and sorted by, made as it is of those that come: no database folds all letters as
/// this program does, nor orders the numbers in names. All of them or none, on SQLite too, where a migration is no transaction by itself.
async fn fold(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    const TABLES: &[&str] = &["document"];
    let whole = manager.begin().await?;
    lift_wall(&whole, TABLES).await?;
    run(&whole, "update document set reviewed_at = updated_at").await?;
    let (database, backend) = (whole.get_connection(), whole.get_database_backend());
    let all = Statement::from_string(backend, "select tenant_id, id, name, title from document");
    for row in database.query_all_raw(all).await? {
        let (tenant, id): (Uuid, Uuid) = (row.try_get("", "tenant_id")?, row.try_get("", "id")?);
        let (name, title): (String, String) = (row.try_get("", "name")?, row.try_get("", "title")?);
        let folded = Statement::from_sql_and_values(
            backend,
            "update document set name_folded = $1, name_key = $2, title_folded = $3 where tenant_id = $4 and id = $5",
            [
                name.to_lowercase().into(),
                order_key(&name).into(),
                title.to_lowercase().into(),
                tenant.into(),
                id.into(),
            ],
        );
        database.execute_raw(folded).await?;
    }
    restore_wall(&whole, TABLES).await?;
    whole.commit().await
}
