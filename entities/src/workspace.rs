//! What a tenant calls itself.

use sea_orm::entity::prelude::*;

use crate::{StoreError, TenantTx, tenant_db::TenantScoped};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "workspace")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    pub name: String,
    pub created_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
}

/// The name of the tenant; `None` when there is no such tenant.
///
/// # Errors
/// When the database does not answer.
pub async fn name(tx: &TenantTx) -> Result<Option<String>, StoreError> {
    Ok(tx.find::<Entity>().one().await?.map(|row| row.name))
}
