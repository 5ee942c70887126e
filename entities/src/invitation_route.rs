//! Where an invitation's token leads. Platform table: the token is all that the invited person brings.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invitation_route")]
pub(crate) struct Model {
    /// SHA-256 of the token.
    #[sea_orm(primary_key, auto_increment = false)]
    pub token_hash: Vec<u8>,
    pub workspace_id: Uuid,
    pub invitation_id: Uuid,
}

impl ActiveModelBehavior for ActiveModel {}
