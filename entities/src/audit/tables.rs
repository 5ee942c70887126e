//! Where a chain ends, and what was signed of it.

pub(crate) mod head {
    use sea_orm::entity::prelude::*;

    use crate::{StoreError, audit::chain::Head, tenant_db::TenantScoped};

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_head")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        pub seq: i64,
        pub hash: Vec<u8>,
    }

    impl ActiveModelBehavior for ActiveModel {}
    impl TenantScoped for Entity {
        const TENANT: Column = Column::TenantId;
    }

    impl Model {
        pub(crate) fn head(self) -> Result<Head, StoreError> {
            Ok(Head {
                seq: self.seq,
                hash: crate::audit::hash(self.hash)?,
            })
        }
    }
}

pub(crate) mod checkpoint {
    use sea_orm::entity::prelude::*;

    use crate::{StoreError, audit::chain::Checkpoint, tenant_db::TenantScoped};

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_checkpoint")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub seq: i64,
        pub hash: Vec<u8>,
        pub at: i64,
        pub signature: Vec<u8>,
    }

    impl ActiveModelBehavior for ActiveModel {}
    impl TenantScoped for Entity {
        const TENANT: Column = Column::TenantId;
    }

    impl TryFrom<Model> for Checkpoint {
        type Error = StoreError;

        fn try_from(row: Model) -> Result<Self, StoreError> {
            Ok(Self {
                seq: row.seq,
                hash: crate::audit::hash(row.hash)?,
                at: row.at,
                signature: row.signature,
            })
        }
    }
}
