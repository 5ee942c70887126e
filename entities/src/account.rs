//! People who can sign in. Platform table: it exists before a tenant is known.

use sea_orm::{
    DatabaseTransaction,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait},
};

use crate::{AccountId, Millis, StoreError};

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Lower-cased; unique.
    pub email: String,
    pub password_hash: String,
    /// Whether it has [`LONG`](crate::accounts::LONG) characters, as of when it was last seen.
    pub password_long: bool,
    pub created_at: i64,
    /// Set for those who run the installation, from the command line only.
    pub operator_since: Option<i64>,
    /// Counts what ended all sessions.
    pub epoch: i64,
    /// When the person proved that the address is theirs.
    pub verified_at: Option<i64>,
    /// Since when there is a second factor.
    pub second_factor_at: Option<i64>,
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
    pub id: AccountId,
    pub email: String,
    /// A bcrypt hash over a keyed pre-hash.
    pub password_hash: String,
    /// Whether it has [`LONG`](crate::accounts::LONG) characters.
    pub password_long: bool,
    pub is_operator: bool,
    /// Sessions of an earlier one are over.
    pub epoch: i64,
    pub verified_at: Option<Millis>,
    pub second_factor_at: Option<Millis>,
}

impl From<Model> for Account {
    fn from(row: Model) -> Self {
        Self {
            id: row.id.into(),
            email: row.email,
            password_hash: row.password_hash,
            password_long: row.password_long,
            is_operator: row.operator_since.is_some(),
            epoch: row.epoch,
            verified_at: row.verified_at,
            second_factor_at: row.second_factor_at,
        }
    }
}

/// Ends every session of `account`, as part of what the transaction does besides. Sessions that begin later carry the epoch that is
/// returned.
pub(crate) async fn end_sessions(tx: &DatabaseTransaction, account: AccountId) -> Result<i64, StoreError> {
    let rows = Entity::update_many()
        .col_expr(Column::Epoch, Expr::col(Column::Epoch).add(1))
        .filter(Column::Id.eq(account.uuid()))
        .exec_with_returning(tx)
        .await?;
    rows.first().map(|row| row.epoch).ok_or(StoreError::Orphan)
}
