//! What the installation as a whole keeps of its keys. Platform tables: they exist before any tenant does.

use sea_orm::{ConnectionTrait, DatabaseTransaction, QuerySelect, Set, entity::prelude::*, sea_query::Expr};

use crate::{Millis, StoreError};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "installation")]
pub(crate) struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    pub master: Vec<u8>,
    pub wrapped: Vec<u8>,
    pub created_at: i64,
    /// By what everything was last asked to be embedded.
    pub embeddings: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

pub(crate) mod key_epoch {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "key_epoch")]
    pub(crate) struct Model {
        /// Always 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub epoch: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Which master key wraps what is wrapped from now on, and the installation's secret, wrapped by it.
pub struct Installation {
    /// The id of the master key, not the key.
    pub master: Vec<u8>,
    pub wrapped: Vec<u8>,
}

pub(crate) async fn load(tx: &DatabaseTransaction) -> Result<Option<Installation>, StoreError> {
    let row = Entity::find_by_id(1).one(tx).await?;
    Ok(row.map(|row| Installation {
        master: row.master,
        wrapped: row.wrapped,
    }))
}

pub(crate) async fn create(tx: &DatabaseTransaction, new: Installation, now: Millis) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: Set(1),
        master: Set(new.master),
        wrapped: Set(new.wrapped),
        created_at: Set(now),
        embeddings: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

pub(crate) async fn embedded_by(tx: &DatabaseTransaction) -> Result<Option<String>, StoreError> {
    let row = Entity::find_by_id(1).one(tx).await?;
    Ok(row.and_then(|row| row.embeddings))
}

/// Notes by what everything is to be embedded from now on; returns by what it was before.
pub(crate) async fn embed_by(tx: &DatabaseTransaction, space: &str) -> Result<Option<String>, StoreError> {
    let row = Entity::find_by_id(1).one(tx).await?;
    Entity::update_many()
        .col_expr(Column::Embeddings, Expr::value(space))
        .filter(Column::Id.eq(1))
        .exec(tx)
        .await?;
    Ok(row.and_then(|row| row.embeddings))
}

/// Makes another master key the current one; `false` when `old` is not what is stored any more.
pub(crate) async fn adopt(tx: &DatabaseTransaction, old: &Installation, new: Installation) -> Result<bool, StoreError> {
    let changed = Entity::update_many()
        .col_expr(Column::Master, Expr::value(new.master))
        .col_expr(Column::Wrapped, Expr::value(new.wrapped))
        .filter(Column::Id.eq(1))
        .filter(Column::Wrapped.eq(old.wrapped.clone()))
        .exec(tx)
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Refuses what an older master key wrapped: the key may be thrown away at any moment from now on.
pub(crate) async fn require_current_master(tx: &DatabaseTransaction, wrapped: &[u8]) -> Result<(), StoreError> {
    // Shared with others that store keys, exclusive with the adoption of another master key.
    let row = Entity::find_by_id(1).lock_shared().one(tx).await?;
    match row {
        Some(row) if wrapped.starts_with(&row.master) => Ok(()),
        _ => Err(StoreError::KeyRetired),
    }
}

/// Tells every node, in the transaction of the change, that keys changed.
pub(crate) async fn keys_changed(tx: &DatabaseTransaction) -> Result<(), StoreError> {
    tx.execute_unprepared("update key_epoch set epoch = epoch + 1 where id = 1").await?;
    Ok(())
}
