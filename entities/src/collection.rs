//! Collections of documents: each document is in one, or in none.

use sea_orm::{Condition, Order, QuerySelect, Set, entity::prelude::*, sea_query::Expr};

use crate::{CollectionId, Millis, ProjectId, StoreError, TenantTx, document, message::DAY_MS, tenant_db::TenantScoped};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "collection")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub project_id: Uuid,
    /// Unique in the project.
    pub name: String,
    /// Its documents are to be looked at again so many days after they were.
    pub review_days: Option<i32>,
    pub created_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collection {
    pub id: CollectionId,
    pub name: String,
    pub review_days: Option<i32>,
}

fn one(project: ProjectId, id: CollectionId) -> Condition {
    Condition::all()
        .add(Column::ProjectId.eq(project.uuid()))
        .add(Column::Id.eq(id.uuid()))
}

/// When a document is due that was looked at so many days after it was the last time; in SQL, of columns of `document`.
pub(crate) fn due(review_days: Option<i32>) -> sea_orm::sea_query::SimpleExpr {
    match review_days {
        None => Expr::cust("review_at"),
        Some(days) => Expr::cust(format!("coalesce(review_at, reviewed_at + {})", i64::from(days) * DAY_MS)),
    }
}

/// # Errors
/// `Conflict` when the project has a collection of that name, `Orphan` when there is no such project.
pub async fn insert(tx: &TenantTx, project: ProjectId, collection: &Collection, now: Millis) -> Result<(), StoreError> {
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        id: Set(collection.id.uuid()),
        project_id: Set(project.uuid()),
        name: Set(collection.name.clone()),
        review_days: Set(collection.review_days),
        created_at: Set(now),
    })
    .await
}

/// By name.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &TenantTx, project: ProjectId) -> Result<Vec<Collection>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .order(Column::Name, Order::Asc)
        .all()
        .await?;
    let collections = rows.into_iter().map(|row| Collection {
        id: row.id.into(),
        name: row.name,
        review_days: row.review_days,
    });
    Ok(collections.collect())
}

/// How many documents are in each.
///
/// # Errors
/// When the database does not answer.
pub async fn counts(tx: &TenantTx, project: ProjectId) -> Result<Vec<(CollectionId, i64)>, StoreError> {
    #[derive(sea_orm::FromQueryResult)]
    struct Count {
        collection_id: Uuid,
        found: i64,
    }
    let counted = tx
        .find::<document::Entity>()
        .filter(document::Column::ProjectId.eq(project.uuid()))
        .filter(document::Column::CollectionId.is_not_null())
        .order(document::Column::CollectionId, Order::Asc)
        .shape(|select| {
            select
                .select_only()
                .column(document::Column::CollectionId)
                .column_as(document::Column::Id.count(), "found")
                .group_by(document::Column::CollectionId)
        })
        .into::<Count>()
        .await?;
    Ok(counted.into_iter().map(|count| (count.collection_id.into(), count.found)).collect())
}

/// Changes name and days; its documents are due anew. `false` when there is no such collection.
///
/// # Errors
/// `Conflict` when another collection of the project has that name.
pub async fn change(tx: &TenantTx, project: ProjectId, collection: &Collection) -> Result<bool, StoreError> {
    let update = tx
        .update::<Entity>()
        .set(Column::Name, collection.name.as_str())
        .set(Column::ReviewDays, Expr::value(collection.review_days));
    if update.filter(one(project, collection.id)).run().await? == 0 {
        return Ok(false);
    }
    tx.update::<document::Entity>()
        .set(document::Column::DueAt, due(collection.review_days))
        .filter(document::Column::ProjectId.eq(project.uuid()))
        .filter(document::Column::CollectionId.eq(collection.id.uuid()))
        .run()
        .await?;
    Ok(true)
}

/// Its documents are in none from then on. `false` when there is no such collection.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &TenantTx, project: ProjectId, id: CollectionId) -> Result<bool, StoreError> {
    if tx.delete::<Entity>(one(project, id)).await? == 0 {
        return Ok(false);
    }
    tx.update::<document::Entity>()
        .set(document::Column::DueAt, due(None))
        .set(document::Column::CollectionId, Expr::value(Option::<Uuid>::None))
        .filter(document::Column::ProjectId.eq(project.uuid()))
        .filter(document::Column::CollectionId.eq(id.uuid()))
        .run()
        .await?;
    Ok(true)
}
