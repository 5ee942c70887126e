//! Where what Stripe says of a customer leads. Platform table: the customer's id is all of a verified event that is believed.

use sea_orm::{Set, entity::prelude::*};
use sha2::{Digest, Sha256};

use crate::{PlatformDb, StoreError, TenantId, TenantTx};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stripe_route")]
pub(crate) struct Model {
    /// SHA-256 of the customer's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub customer_hash: Vec<u8>,
    pub workspace_id: Uuid,
}

impl ActiveModelBehavior for ActiveModel {}

fn hash(customer: &str) -> Vec<u8> {
    Sha256::digest(customer.as_bytes()).to_vec()
}

/// # Errors
/// `Conflict` when the customer is another tenant.
pub(crate) async fn publish(tx: &TenantTx, customer: &str) -> Result<(), StoreError> {
    let row = ActiveModel {
        customer_hash: Set(hash(customer)),
        workspace_id: Set(tx.tenant().uuid()),
    };
    Entity::insert(row).exec_without_returning(tx.raw()).await?;
    Ok(())
}

pub(crate) async fn withdraw_all(tx: &TenantTx) -> Result<(), StoreError> {
    let own = Column::WorkspaceId.eq(tx.tenant().uuid());
    Entity::delete_many().filter(own).exec(tx.raw()).await?;
    Ok(())
}

impl PlatformDb {
    /// Which tenant this customer of Stripe's is.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn stripe_route(&self, customer: &str) -> Result<Option<TenantId>, StoreError> {
        let tx = self.store().begin_read().await?;
        let row = Entity::find_by_id(hash(customer)).one(&tx).await?;
        tx.rollback().await?;
        Ok(row.map(|row| row.workspace_id.into()))
    }
}
