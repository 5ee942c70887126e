//! Documents of a project: what is known of each, without its contents.

use sea_orm::{Condition, Order, QuerySelect, QueryTrait, Set, entity::prelude::*, sea_query::Expr};

use crate::{
    CollectionId, DocumentId, Millis, ProjectId, SourceId, StoreError, TenantTx, chunk, document_body, project, tenant_db::TenantScoped,
};

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
    /// The source that it comes from; nobody else changes it.
    pub source_id: Option<Uuid>,
    /// The name in lower case: searched by.
    pub name_folded: String,
    /// As [`order_key`] makes it of the name: sorted by.
    pub name_key: String,
    pub title_folded: String,
    pub collection_id: Option<Uuid>,
    /// When somebody said it is to be looked at again.
    pub review_at: Option<i64>,
    /// When somebody looked at it, or gave it its contents.
    pub reviewed_at: i64,
    /// When it is to be looked at again: as somebody said, or as its collection says.
    pub due_at: Option<i64>,
    /// Another document that says the same, and how much of it, in per cent.
    pub twin_id: Option<Uuid>,
    pub likeness: i32,
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
    /// Where it comes from by itself.
    pub source: Option<SourceId>,
    pub filed: Filed,
}

/// Where a document stands among the others, and how fresh it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filed {
    pub collection: Option<CollectionId>,
    /// When somebody said it is to be looked at again.
    pub review_at: Option<Millis>,
    /// When somebody looked at it, or gave it its contents.
    pub reviewed_at: Millis,
    /// When it is to be looked at again: as somebody said, or as its collection says.
    pub due_at: Option<Millis>,
    /// Another document that says the same, and how much of it, in per cent.
    pub twin: Option<(DocumentId, i32)>,
    /// What its name is sorted by, as it is stored; empty before it is.
    pub name_key: String,
}

impl Filed {
    /// Of a document that is new.
    #[must_use]
    pub fn at(now: Millis) -> Self {
        Self {
            reviewed_at: now,
            ..Self::default()
        }
    }
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
            source: row.source_id.map(SourceId::from),
            filed: Filed {
                collection: row.collection_id.map(CollectionId::from),
                review_at: row.review_at,
                reviewed_at: row.reviewed_at,
                due_at: row.due_at,
                twin: row.twin_id.map(|twin| (twin.into(), row.likeness)),
                name_key: row.name_key,
            },
        }
    }
}

/// What names are sorted by: in lower case, and the numbers in them as numbers, so that `page-2` comes before `page-10`.
#[must_use]
pub fn order_key(name: &str) -> String {
    let mut key = String::with_capacity(name.len() + 8);
    let mut digits = String::new();
    let end = |digits: &mut String, key: &mut String| {
        let number = digits.trim_start_matches('0');
        if !digits.is_empty() {
            key.push_str(&format!("{:03}{number}", number.len().min(999)));
            digits.clear();
        }
    };
    for c in name.chars() {
        if c.is_ascii_digit() {
            digits.push(c);
        } else {
            end(&mut digits, &mut key);
            key.extend(c.to_lowercase());
        }
    }
    end(&mut digits, &mut key);
    key
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
        source_id: Set(document.source.map(SourceId::uuid)),
        name_folded: Set(document.name.to_lowercase()),
        name_key: Set(order_key(&document.name)),
        title_folded: Set(document.title.to_lowercase()),
        collection_id: Set(document.filed.collection.map(CollectionId::uuid)),
        review_at: Set(document.filed.review_at),
        reviewed_at: Set(document.filed.reviewed_at),
        due_at: Set(document.filed.due_at),
        twin_id: Set(document.filed.twin.map(|(twin, _)| twin.uuid())),
        likeness: Set(document.filed.twin.map_or(0, |(_, likeness)| likeness)),
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

/// How many there are in all projects. Those of a deleted one are noise that waits to be purged, and do not count.
///
/// # Errors
/// When the database does not answer.
pub async fn count(tx: &TenantTx) -> Result<i64, StoreError> {
    let living = tx.find::<project::Entity>().filter(project::Column::DeletedAt.is_null());
    let living = living.shape(|select| select.select_only().column(project::Column::Id)).walled();
    let theirs = Column::ProjectId.in_subquery(living.into_query());
    let rows = tx.find::<Entity>().filter(theirs).count().await?;
    Ok(i64::try_from(rows).unwrap_or(i64::MAX))
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
        (Column::TitleFolded, Expr::value(title.to_lowercase())),
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
        update = update
            .set(Column::NameFolded, name.to_lowercase())
            .set(Column::NameKey, order_key(&name))
            .set(Column::Name, name);
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
        // Whoever gave it this looked at it.
        (Column::ReviewedAt, Expr::value(now)),
        (Column::ReviewAt, Expr::value(document.filed.review_at.filter(|at| *at > now))),
        (Column::TwinId, Expr::value(Option::<Uuid>::None)),
    ];
    set(tx, id, document.revision, values).await?;
    chunk::delete_of(tx, id).await?;
    document_body::delete_of(tx, id).await?;
    Ok(Some(revision))
}

/// Has a document that could not be read, or not be embedded, read once more. `false` when there is none, or it is being read.
///
/// # Errors
/// When the database does not answer.
pub async fn read_again(tx: &TenantTx, id: DocumentId, revision: i32, now: Millis) -> Result<bool, StoreError> {
    let update = tx
        .update::<Entity>()
        .set(Column::Status, "queued")
        .set(Column::FailureCode, Expr::value(Option::<String>::None))
        .set(Column::FailureDetail, Expr::value(Option::<String>::None))
        .set(Column::Pages, Expr::value(Option::<i32>::None))
        .set(Column::Chunks, 0)
        .set(Column::Embedded, 0)
        .set(Column::UpdatedAt, now)
        .filter(Column::Id.eq(id.uuid()))
        .filter(Column::Revision.eq(revision))
        .filter(Column::Status.eq("failed"));
    if update.run().await? == 0 {
        return Ok(false);
    }
    chunk::delete_of(tx, id).await?;
    Ok(true)
}

/// Deletes the document, its body and its chunks.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &TenantTx, project: ProjectId, id: DocumentId) -> Result<bool, StoreError> {
    tx.update::<Entity>()
        .set(Column::TwinId, Expr::value(Option::<Uuid>::None))
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::TwinId.eq(id.uuid()))
        .run()
        .await?;
    let deleted = tx
        .delete::<Entity>(
            Condition::all()
                .add(Column::ProjectId.eq(project.uuid()))
                .add(Column::Id.eq(id.uuid())),
        )
        .await?;
    Ok(deleted == 1)
}

/// # Errors
/// When the database does not answer.
pub async fn has_name(tx: &TenantTx, project: ProjectId, name: &str) -> Result<bool, StoreError> {
    let named = Condition::all()
        .add(Column::ProjectId.eq(project.uuid()))
        .add(Column::Name.eq(name));
    Ok(tx.find::<Entity>().filter(named).count().await? > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_are_ordered_as_numbers() {
        let mut names = [
            "Page-10",
            "page-2",
            "page-002b",
            "page-1",
            "alpha",
            "page-",
            "page-99999999999999999999999",
        ];
        names.sort_by_key(|name| order_key(name));
        assert_eq!(
            names,
            [
                "alpha",
                "page-",
                "page-1",
                "page-2",
                "page-002b",
                "Page-10",
                "page-99999999999999999999999"
            ]
        );
    }
}
