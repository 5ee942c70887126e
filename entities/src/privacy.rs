//! What a project keeps of what people write, and for how long.

use sea_orm::{Condition, Set, entity::prelude::*, sea_query::Expr};

use crate::{Millis, ProjectId, StoreError, TenantTx, tenant_db::TenantScoped};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "privacy")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: Uuid,
    /// JSON: what is masked.
    pub masks: String,
    /// Days that a conversation is kept after its last turn; for ever without.
    pub keep_days: Option<i32>,
    /// Conversations that the deletion under way has deleted so far.
    pub sweeping: i32,
    /// Conversations that the last one deleted.
    pub swept: i32,
    /// When that was over.
    pub swept_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
}

#[derive(Clone, Debug, Default)]
pub struct Privacy {
    pub masks: String,
    pub keep_days: Option<i32>,
    pub sweeping: i32,
    pub swept: i32,
    pub swept_at: Option<Millis>,
}

fn of(project: ProjectId) -> Condition {
    Condition::all().add(Column::ProjectId.eq(project.uuid()))
}

/// `None` when nobody has changed anything yet.
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &TenantTx, project: ProjectId) -> Result<Option<Privacy>, StoreError> {
    let row = tx.find::<Entity>().filter(of(project)).one().await?;
    Ok(row.map(|row| Privacy {
        masks: row.masks,
        keep_days: row.keep_days,
        sweeping: row.sweeping,
        swept: row.swept,
        swept_at: row.swept_at,
    }))
}

/// # Errors
/// `Conflict` when somebody else sets it for the first time; `Orphan` when there is no such project.
pub async fn set(tx: &TenantTx, project: ProjectId, masks: &str, keep_days: Option<i32>) -> Result<(), StoreError> {
    let update = tx
        .update::<Entity>()
        .set(Column::Masks, masks)
        .set(Column::KeepDays, Expr::value(keep_days));
    if update.filter(of(project)).run().await? == 1 {
        return Ok(());
    }
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        project_id: Set(project.uuid()),
        masks: Set(masks.to_owned()),
        keep_days: Set(keep_days),
        sweeping: Set(0),
        swept: Set(0),
        swept_at: Set(None),
    })
    .await
}

/// A step of the deletion is done: so many are deleted by now, and with `over` it is over.
///
/// # Errors
/// When the database does not answer.
pub async fn set_swept(tx: &TenantTx, project: ProjectId, deleted: i32, over: Option<Millis>) -> Result<(), StoreError> {
    let update = match over {
        None => tx.update::<Entity>().set(Column::Sweeping, deleted),
        Some(at) => tx
            .update::<Entity>()
            .set(Column::Sweeping, 0)
            .set(Column::Swept, deleted)
            .set(Column::SweptAt, Expr::value(at)),
    };
    update.filter(of(project)).run().await?;
    Ok(())
}
