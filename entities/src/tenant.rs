//! The tenant directory: which tenants exist and who belongs to which. Platform tables, without content.
//! The column is called `workspace_id` here: `tenant_id` marks a table that a tenant wall guards.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tenant")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub created_at: i64,
    /// Ended: its keys are destroyed, and a job removes its rows.
    pub deleted_at: Option<i64>,
    /// Being deleted: nobody comes in by a public key or an invitation, and at this time it ends.
    pub ends_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}

pub(crate) mod directory {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "directory")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub account_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub workspace_id: Uuid,
        /// When the person last opened the workspace; 0 for never.
        pub used_at: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
