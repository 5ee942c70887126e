//! Where documents of a project belong: to a source, to a collection, how fresh they are, and which of them say the same.

use sea_orm::{Condition, Order, QuerySelect, entity::prelude::*, sea_query::Expr};

use crate::{
    CollectionId, DocumentId, Millis, ProjectId, SourceId, StoreError, TenantTx,
    collection::due,
    document::{Column, Entity},
};

/// Puts documents into a collection, or with `None` into none; they are due as it says.
///
/// # Errors
/// When the database does not answer.
pub async fn file(
    tx: &TenantTx,
    project: ProjectId,
    ids: &[DocumentId],
    collection: Option<(CollectionId, Option<i32>)>,
) -> Result<u64, StoreError> {
    let update = tx
        .update::<Entity>()
        .set(Column::CollectionId, Expr::value(collection.map(|(id, _)| id.uuid())))
        .set(Column::DueAt, due(collection.and_then(|(_, days)| days)));
    update.filter(among(project, ids)).run().await
}

/// How a document's freshness changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Review {
    /// Somebody looked at it.
    Done(Millis),
    /// It is to be looked at then, or with `None` when its collection says.
    At(Option<Millis>),
    /// It has new contents.
    Anew,
}

/// Notes when documents were looked at, or are to be. `review_days` is what their collection says: they are all in one, or in none.
///
/// # Errors
/// When the database does not answer.
pub async fn review(
    tx: &TenantTx,
    project: ProjectId,
    ids: &[DocumentId],
    review: Review,
    review_days: Option<i32>,
) -> Result<u64, StoreError> {
    let mut update = tx.update::<Entity>();
    let none = || Expr::value(Option::<i64>::None);
    match review {
        Review::Done(at) => update = update.set(Column::ReviewedAt, at).set(Column::ReviewAt, none()),
        Review::At(at) => update = update.set(Column::ReviewAt, Expr::value(at)),
        Review::Anew => {}
    }
    if review != Review::Anew {
        update.filter(among(project, ids)).run().await?;
    }
    let update = tx.update::<Entity>().set(Column::DueAt, due(review_days));
    update.filter(among(project, ids)).run().await
}

/// Notes that a document says what another one says, or that none does.
///
/// # Errors
/// When the database does not answer.
pub async fn set_twin(tx: &TenantTx, project: ProjectId, id: DocumentId, twin: Option<(DocumentId, i32)>) -> Result<bool, StoreError> {
    let update = tx
        .update::<Entity>()
        .set(Column::TwinId, Expr::value(twin.map(|(id, _)| id.uuid())))
        .set(Column::Likeness, twin.map_or(0, |(_, likeness)| likeness));
    Ok(update.filter(among(project, &[id])).run().await? == 1)
}

/// Documents that were found to say what this one says.
///
/// # Errors
/// When the database does not answer.
pub async fn twins_of(tx: &TenantTx, project: ProjectId, id: DocumentId, limit: u64) -> Result<Vec<DocumentId>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::TwinId.eq(id.uuid()))
        .order(Column::Id, Order::Asc)
        .limit(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(|row| row.id.into()).collect())
}

/// The names of these documents.
///
/// # Errors
/// When the database does not answer.
pub async fn names(tx: &TenantTx, project: ProjectId, ids: &[DocumentId]) -> Result<Vec<(DocumentId, String)>, StoreError> {
    #[derive(sea_orm::FromQueryResult)]
    struct Named {
        id: Uuid,
        name: String,
    }
    let named = tx
        .find::<Entity>()
        .filter(among(project, ids))
        .order(Column::Id, Order::Asc)
        .shape(|select| select.select_only().columns([Column::Id, Column::Name]))
        .into::<Named>()
        .await?;
    Ok(named.into_iter().map(|row| (row.id.into(), row.name)).collect())
}

fn among(project: ProjectId, ids: &[DocumentId]) -> Condition {
    Condition::all()
        .add(Column::ProjectId.eq(project.uuid()))
        .add(Column::Id.is_in(ids.iter().map(|id| id.uuid())))
}

fn from(project: ProjectId, source: SourceId) -> Condition {
    Condition::all()
        .add(Column::ProjectId.eq(project.uuid()))
        .add(Column::SourceId.eq(source.uuid()))
}

/// How many come from a source.
///
/// # Errors
/// When the database does not answer.
pub async fn count_of_source(tx: &TenantTx, project: ProjectId, source: SourceId) -> Result<i64, StoreError> {
    let rows = tx.find::<Entity>().filter(from(project, source)).count().await?;
    Ok(i64::try_from(rows).unwrap_or(i64::MAX))
}

/// Up to `limit` that come from a source.
///
/// # Errors
/// When the database does not answer.
pub async fn of_source(tx: &TenantTx, project: ProjectId, source: SourceId, limit: u64) -> Result<Vec<DocumentId>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .filter(from(project, source))
        .order(Column::Id, Order::Asc)
        .limit(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(|row| row.id.into()).collect())
}

/// What comes from a source stays when it goes, as if somebody had uploaded it. Returns how many.
///
/// # Errors
/// When the database does not answer.
pub async fn keep_of_source(tx: &TenantTx, project: ProjectId, source: SourceId) -> Result<u64, StoreError> {
    let update = tx.update::<Entity>().set(Column::SourceId, Expr::value(Option::<Uuid>::None));
    update.filter(from(project, source)).run().await
}
