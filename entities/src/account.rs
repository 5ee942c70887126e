//! People who can sign in. Platform table: it exists before a tenant is known.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Lower-cased; unique.
    pub email: String,
    pub password_hash: String,
    pub created_at: i64,
    /// Set for those who run the installation, from the command line only.
    pub operator_since: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("account").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What sign-in needs to know of a person.
pub struct Account {
    pub id: crate::AccountId,
    pub email: String,
    /// A bcrypt hash over a keyed pre-hash.
    pub password_hash: String,
    pub is_operator: bool,
}

impl From<Model> for Account {
    fn from(row: Model) -> Self {
        Self {
            id: row.id.into(),
            email: row.email,
            password_hash: row.password_hash,
            is_operator: row.operator_since.is_some(),
        }
    }
}
