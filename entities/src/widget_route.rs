//! Where a widget's public key leads. Platform table: the key is all that a visitor brings.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "widget_route")]
pub(crate) struct Model {
    /// SHA-256 of the public key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key_hash: Vec<u8>,
    pub workspace_id: Uuid,
    pub project_id: Uuid,
}

impl ActiveModelBehavior for ActiveModel {}
