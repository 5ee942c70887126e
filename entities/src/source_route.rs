//! Whose what a provider of knowledge tells is. Platform table: the provider's own id of an account is all that a verified event brings, and
//! several tenants may read from one.

use sea_orm::{Set, entity::prelude::*, sea_query::OnConflict};
use sha2::{Digest, Sha256};

use crate::{GrantId, PlatformDb, StoreError, TenantId, TenantTx, platform_db::is_open};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "source_route")]
pub(crate) struct Model {
    /// SHA-256 of the kind of provider and its id of the account.
    #[sea_orm(primary_key, auto_increment = false)]
    pub holder_hash: Vec<u8>,
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub grant_id: Uuid,
}

impl ActiveModelBehavior for ActiveModel {}

fn hash(kind: &str, holder: &str) -> Vec<u8> {
    Sha256::digest(format!("{kind}:{holder}")).to_vec()
}

/// What is told of these accounts leads here, as long as there is this grant.
///
/// # Errors
/// When the database does not answer.
pub async fn publish(tx: &TenantTx, kind: &str, holders: &[&str], grant: GrantId) -> Result<(), StoreError> {
    for holder in holders {
        let row = ActiveModel {
            holder_hash: Set(hash(kind, holder)),
            workspace_id: Set(tx.tenant().uuid()),
            grant_id: Set(grant.uuid()),
        };
        let known = OnConflict::columns([Column::HolderHash, Column::WorkspaceId, Column::GrantId])
            .do_nothing()
            .to_owned();
        match Entity::insert(row).on_conflict(known).exec_without_returning(tx.raw()).await {
            Ok(_) | Err(DbErr::RecordNotInserted) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

pub(crate) async fn withdraw(tx: &TenantTx, grant: GrantId) -> Result<(), StoreError> {
    Entity::delete_many()
        .filter(Column::GrantId.eq(grant.uuid()))
        .filter(Column::WorkspaceId.eq(tx.tenant().uuid()))
        .exec(tx.raw())
        .await?;
    Ok(())
}

pub(crate) async fn withdraw_all(tx: &TenantTx) -> Result<(), StoreError> {
    let own = Column::WorkspaceId.eq(tx.tenant().uuid());
    Entity::delete_many().filter(own).exec(tx.raw()).await?;
    Ok(())
}

impl PlatformDb {
    /// Whose what is told of these accounts is; nobody's while a tenant is being deleted.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn source_routes(&self, kind: &str, holders: &[String]) -> Result<Vec<TenantId>, StoreError> {
        let tx = self.store().begin_read().await?;
        let hashes = holders.iter().map(|holder| hash(kind, holder));
        let rows = Entity::find().filter(Column::HolderHash.is_in(hashes)).all(&tx).await?;
        let mut tenants: Vec<Uuid> = rows.into_iter().map(|row| row.workspace_id).collect();
        tenants.sort_unstable();
        tenants.dedup();
        let mut open = Vec::new();
        for tenant in tenants {
            if is_open(&tx, tenant).await? {
                open.push(tenant.into());
            }
        }
        tx.rollback().await?;
        Ok(open)
    }
}
