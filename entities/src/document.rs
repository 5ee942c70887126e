//! Documents of a project: what is known of each, without its contents.

use sea_orm::{Order, QuerySelect, Set, entity::prelude::*, sea_query::Expr};

use crate::{DocumentId, Millis, ProjectId, StoreError, TenantTx, chunk, document_body, tenant_db::TenantScoped};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "document")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub project_id: Uuid,
    /// Unique in the project.
    pub name: String,
    pub media_type: String,
    pub size: i64,
    /// Counts the times the contents were replaced, from 1.
    pub revision: i32,
    pub status: String,
    pub failure_code: Option<String>,
    pub failure_detail: Option<String>,
    /// What the document calls itself; its name until it was read.
    pub title: String,
    pub pages: Option<i32>,
    pub chunks: i32,
    pub embedded: i32,
    pub source_url: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
}

#[derive(Clone, Debug)]
pub struct Document {
    pub id: DocumentId,
    pub name: String,
    pub media_type: String,
    pub size: i64,
    pub revision: i32,
    /// `queued`, `embedding`, `ready` or `failed`.
    pub status: String,
    pub failure: Option<(String, String)>,
    pub title: String,
    pub pages: Option<i32>,
    pub chunks: i32,
    pub embedded: i32,
    pub source_url: Option<String>,
    pub created_at: Millis,
    pub updated_at: Millis,
}

impl From<Model> for Document {
    fn from(row: Model) -> Self {
        Self {
            id: row.id.into(),
            name: row.name,
            media_type: row.media_type,
            size: row.size,
            revision: row.revision,
            status: row.status,
            failure: row.failure_code.map(|code| (code, row.failure_detail.unwrap_or_default())),
            title: row.title,
            pages: row.pages,
            chunks: row.chunks,
            embedded: row.embedded,
            source_url: row.source_url,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// How much a project holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub documents: i64,
    pub bytes: i64,
}

/// What a member may change of a document by hand. `source_url: Some(None)` clears it.
#[derive(Clone, Debug, Default)]
pub struct Change {
    pub name: Option<String>,
    pub source_url: Option<Option<String>>,
}

/// # Errors
/// `Conflict` when the project has a document of that name, `Orphan` when there is no such project.
pub async fn insert(tx: &TenantTx, project: ProjectId, document: &Document) -> Result<(), StoreError> {
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        id: Set(document.id.uuid()),
        project_id: Set(project.uuid()),
        name: Set(document.name.clone()),
        media_type: Set(document.media_type.clone()),
        size: Set(document.size),
        revision: Set(document.revision),
        status: Set(document.status.clone()),
        failure_code: Set(None),
        failure_detail: Set(None),
        title: Set(document.title.clone()),
        pages: Set(None),
        chunks: Set(0),
        embedded: Set(0),
        source_url: Set(document.source_url.clone()),
        created_at: Set(document.created_at),
        updated_at: Set(document.updated_at),
    })
    .await
}

/// # Errors
/// When the database does not answer.
pub async fn list(tx: &TenantTx, project: ProjectId) -> Result<Vec<Document>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .order(Column::Name, Order::Asc)
        .all()
        .await?;
    Ok(rows.into_iter().map(Document::from).collect())
}

/// # Errors
/// When the database does not answer.
pub async fn find(tx: &TenantTx, project: ProjectId, id: DocumentId) -> Result<Option<Document>, StoreError> {
    let row = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::Id.eq(id.uuid()))
        .one()
        .await?;
    Ok(row.map(Document::from))
}

/// # Errors
/// When the database does not answer.
pub async fn totals(tx: &TenantTx, project: ProjectId) -> Result<Totals, StoreError> {
    #[derive(sea_orm::FromQueryResult)]
    struct Sum {
        documents: i64,
        bytes: Option<i64>,
    }
    let sums = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .shape(|select| {
            select
                .select_only()
                .column_as(Column::Id.count(), "documents")
                .column_as(Expr::cust("cast(sum(size) as bigint)"), "bytes")
        })
        .into::<Sum>()
        .await?;
    Ok(sums.first().map_or_else(Totals::default, |sum| Totals {
        documents: sum.documents,
        bytes: sum.bytes.unwrap_or(0),
    }))
}

/// Changes one revision of one document; `false` when it was deleted or replaced meanwhile.
async fn set(
    tx: &TenantTx,
    id: DocumentId,
    revision: i32,
    values: Vec<(Column, sea_orm::sea_query::SimpleExpr)>,
) -> Result<bool, StoreError> {
    let mut update = tx
        .update::<Entity>()
        .filter(Column::Id.eq(id.uuid()))
        .filter(Column::Revision.eq(revision));
    for (column, value) in values {
        update = update.set(column, value);
    }
    Ok(update.run().await? == 1)
}

/// The document was read into `chunks` chunks and answers by its words now.
///
/// # Errors
/// When the database does not answer.
pub async fn set_read(
    tx: &TenantTx,
    id: DocumentId,
    revision: i32,
    (title, pages, chunks): (&str, Option<i32>, i32),
    now: Millis,
) -> Result<bool, StoreError> {
    let status = if chunks == 0 { "ready" } else { "embedding" };
    let values = vec![
        (Column::Status, Expr::value(status)),
        (Column::Title, Expr::value(title)),
        (Column::Pages, Expr::value(pages)),
        (Column::Chunks, Expr::value(chunks)),
        (Column::Embedded, Expr::value(0)),
        (Column::UpdatedAt, Expr::value(now)),
    ];
    set(tx, id, revision, values).await
}

/// `embedded` chunks have an embedding by now; all of them makes the document ready.
///
/// # Errors
/// When the database does not answer.
pub async fn set_progress(
    tx: &TenantTx,
    id: DocumentId,
    revision: i32,
    embedded: i32,
    done: bool,
    now: Millis,
) -> Result<bool, StoreError> {
    let mut values = vec![(Column::Embedded, Expr::value(embedded)), (Column::UpdatedAt, Expr::value(now))];
    if done {
        values.push((Column::Status, Expr::value("ready")));
    }
    set(tx, id, revision, values).await
}

/// # Errors
/// When the database does not answer.
pub async fn fail(tx: &TenantTx, id: DocumentId, revision: i32, (code, detail): (&str, &str), now: Millis) -> Result<bool, StoreError> {
    let values = vec![
        (Column::Status, Expr::value("failed")),
        (Column::FailureCode, Expr::value(code)),
        (Column::FailureDetail, Expr::value(detail)),
        (Column::UpdatedAt, Expr::value(now)),
    ];
    set(tx, id, revision, values).await
}

/// # Errors
/// `Conflict` when another document of the project has that name.
pub async fn update(tx: &TenantTx, project: ProjectId, id: DocumentId, change: Change, now: Millis) -> Result<bool, StoreError> {
    let mut update = tx
        .update::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::Id.eq(id.uuid()))
        .set(Column::UpdatedAt, now);
    if let Some(name) = change.name {
        update = update.set(Column::Name, name);
    }
    if let Some(url) = change.source_url {
        update = update.set(Column::SourceUrl, Expr::value(url));
    }
    Ok(update.run().await? == 1)
}

/// Takes new contents: the next revision, unread, with nothing left of the one before. Returns the new revision.
///
/// # Errors
/// When the database does not answer.
pub async fn replace(
    tx: &TenantTx,
    project: ProjectId,
    id: DocumentId,
    (media_type, size): (&str, i64),
    now: Millis,
) -> Result<Option<i32>, StoreError> {
    let Some(document) = find(tx, project, id).await? else {
        return Ok(None);
    };
    let revision = document.revision + 1;
    let values = vec![
        (Column::Revision, Expr::value(revision)),
        (Column::MediaType, Expr::value(media_type)),
        (Column::Size, Expr::value(size)),
        (Column::Status, Expr::value("queued")),
        (Column::FailureCode, Expr::value(Option::<String>::None)),
        (Column::FailureDetail, Expr::value(Option::<String>::None)),
        (Column::Pages, Expr::value(Option::<i32>::None)),
        (Column::Chunks, Expr::value(0)),
        (Column::Embedded, Expr::value(0)),
        (Column::UpdatedAt, Expr::value(now)),
    ];
    set(tx, id, document.revision, values).await?;
    chunk::delete_of(tx, id).await?;
    document_body::delete_of(tx, id).await?;
    Ok(Some(revision))
}

/// Deletes the document, its body and its chunks.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &TenantTx, project: ProjectId, id: DocumentId) -> Result<bool, StoreError> {
    let deleted = tx
        .delete::<Entity>(
            sea_orm::Condition::all()
                .add(Column::ProjectId.eq(project.uuid()))
                .add(Column::Id.eq(id.uuid())),
        )
        .await?;
    Ok(deleted == 1)
}
