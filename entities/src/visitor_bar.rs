//! Visitors who were erased: what they were given before leads to nothing any more.

use sea_orm::{Condition, Set, entity::prelude::*};

use crate::{Millis, ProjectId, StoreError, TenantTx, VisitorId, tenant_db::TenantScoped};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "visitor_bar")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub visitor_id: Uuid,
    pub at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
}

fn of(project: ProjectId, visitor: VisitorId) -> Condition {
    Condition::all()
        .add(Column::ProjectId.eq(project.uuid()))
        .add(Column::VisitorId.eq(visitor.uuid()))
}

/// Bars what `visitor` was given until now, and forgets bars from before `old`: what they bar has run out by itself.
///
/// # Errors
/// When the database does not answer.
pub async fn put(tx: &TenantTx, project: ProjectId, visitor: VisitorId, now: Millis, old: Millis) -> Result<(), StoreError> {
    tx.delete::<Entity>(Condition::all().add(Column::At.lt(old))).await?;
    tx.delete::<Entity>(of(project, visitor)).await?;
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        project_id: Set(project.uuid()),
        visitor_id: Set(visitor.uuid()),
        at: Set(now),
    })
    .await
}

/// Since when what `visitor` was given before leads to nothing.
///
/// # Errors
/// When the database does not answer.
pub async fn since(tx: &TenantTx, project: ProjectId, visitor: VisitorId) -> Result<Option<Millis>, StoreError> {
    let row = tx.find::<Entity>().filter(of(project, visitor)).one().await?;
    Ok(row.map(|row| row.at))
}
