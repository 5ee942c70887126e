//! Links that were sent by mail, by the SHA-256 of their token: a stolen table opens nothing. Each is used once.

use sea_orm::{Set, entity::prelude::*, sea_query::Expr};

use crate::{AccountId, Millis, PlatformTx, StoreError};

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account_token")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub token_hash: Vec<u8>,
    /// None before there is an account.
    pub account_id: Option<Uuid>,
    pub purpose: String,
    pub email: String,
    pub sealed: Option<Vec<u8>>,
    pub created_at: i64,
    pub expires_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("account_token")
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}

/// What following a link does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Finishes a sign-up. There is no account yet.
    SignUp,
    /// Proves that the address is theirs.
    Verify,
    /// Sets a new password.
    Reset,
    /// Agrees to another address, from the one that the account has.
    LeaveEmail,
    /// Proves the other address.
    TakeEmail,
    /// As the two above, once it was followed: waits for its counterpart and is no link any more.
    LeftEmail,
    TookEmail,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::SignUp => "sign_up",
            Self::Verify => "verify",
            Self::Reset => "reset",
            Self::LeaveEmail => "leave_email",
            Self::TakeEmail => "take_email",
            Self::LeftEmail => "left_email",
            Self::TookEmail => "took_email",
        }
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        Ok(match text {
            "sign_up" => Self::SignUp,
            "verify" => Self::Verify,
            "reset" => Self::Reset,
            "leave_email" => Self::LeaveEmail,
            "take_email" => Self::TakeEmail,
            "left_email" => Self::LeftEmail,
            "took_email" => Self::TookEmail,
            _ => return Err(StoreError::Damaged("account_token.purpose")),
        })
    }
}

pub struct Token {
    pub hash: [u8; 32],
    pub account: Option<AccountId>,
    pub purpose: Purpose,
    /// The address that the link is about: of the account, or the one that it is to have.
    pub email: String,
    pub sealed: Option<Vec<u8>>,
    pub expires_at: Millis,
}

impl TryFrom<Model> for Token {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            hash: row
                .token_hash
                .try_into()
                .map_err(|_| StoreError::Damaged("account_token.token_hash"))?,
            account: row.account_id.map(AccountId::from),
            purpose: Purpose::parse(&row.purpose)?,
            email: row.email,
            sealed: row.sealed,
            expires_at: row.expires_at,
        })
    }
}

/// # Errors
/// `Orphan` when the account is gone.
pub async fn insert(tx: &PlatformTx, token: Token, now: Millis) -> Result<(), StoreError> {
    let row = ActiveModel {
        token_hash: Set(token.hash.to_vec()),
        account_id: Set(token.account.map(AccountId::uuid)),
        purpose: Set(token.purpose.as_str().into()),
        email: Set(token.email),
        sealed: Set(token.sealed),
        created_at: Set(now),
        expires_at: Set(token.expires_at),
    };
    Entity::insert(row).exec_without_returning(tx.raw()).await?;
    Ok(())
}

/// The link, unless it was used, replaced or expired.
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &PlatformTx, hash: &[u8; 32], now: Millis) -> Result<Option<Token>, StoreError> {
    let row = Entity::find_by_id(hash.to_vec())
        .filter(Column::ExpiresAt.gt(now))
        .one(tx.raw())
        .await?;
    row.map(Token::try_from).transpose()
}

/// Uses the link up. `false` when somebody came first, or it expired.
///
/// # Errors
/// When the database does not answer.
pub async fn redeem(tx: &PlatformTx, hash: &[u8; 32], now: Millis) -> Result<bool, StoreError> {
    redeem_in(tx.raw(), hash, now).await
}

pub(crate) async fn redeem_in(tx: &sea_orm::DatabaseTransaction, hash: &[u8; 32], now: Millis) -> Result<bool, StoreError> {
    let gone = Entity::delete_many()
        .filter(Column::TokenHash.eq(hash.as_slice()))
        .filter(Column::ExpiresAt.gt(now))
        .exec(tx)
        .await?;
    Ok(gone.rows_affected == 1)
}

/// Notes that a link was followed that needs another one to be followed too. `false` when somebody came first.
///
/// # Errors
/// When the database does not answer.
pub async fn follow(tx: &PlatformTx, hash: &[u8; 32], from: Purpose, to: Purpose) -> Result<bool, StoreError> {
    let changed = Entity::update_many()
        .col_expr(Column::Purpose, Expr::value(to.as_str()))
        .filter(Column::TokenHash.eq(hash.as_slice()))
        .filter(Column::Purpose.eq(from.as_str()))
        .exec(tx.raw())
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Whether the account has a living one of this purpose, about `email`.
///
/// # Errors
/// When the database does not answer.
pub async fn has(tx: &PlatformTx, account: AccountId, purpose: Purpose, email: &str, now: Millis) -> Result<bool, StoreError> {
    let found = Entity::find()
        .filter(Column::AccountId.eq(account.uuid()))
        .filter(Column::Purpose.eq(purpose.as_str()))
        .filter(Column::Email.eq(email))
        .filter(Column::ExpiresAt.gt(now))
        .one(tx.raw())
        .await?;
    Ok(found.is_some())
}

/// Ends links of the account: of these purposes.
///
/// # Errors
/// When the database does not answer.
pub async fn end(tx: &PlatformTx, account: AccountId, purposes: &[Purpose]) -> Result<(), StoreError> {
    Entity::delete_many()
        .filter(Column::AccountId.eq(account.uuid()))
        .filter(Column::Purpose.is_in(purposes.iter().map(|purpose| purpose.as_str())))
        .exec(tx.raw())
        .await?;
    Ok(())
}

/// Ends every link of the account.
///
/// # Errors
/// When the database does not answer.
pub async fn end_all(tx: &PlatformTx, account: AccountId) -> Result<(), StoreError> {
    Entity::delete_many()
        .filter(Column::AccountId.eq(account.uuid()))
        .exec(tx.raw())
        .await?;
    Ok(())
}

/// Ends what waits for the sign-up of an address.
///
/// # Errors
/// When the database does not answer.
pub async fn end_sign_ups(tx: &PlatformTx, email: &str) -> Result<(), StoreError> {
    Entity::delete_many()
        .filter(Column::Purpose.eq(Purpose::SignUp.as_str()))
        .filter(Column::Email.eq(email))
        .exec(tx.raw())
        .await?;
    Ok(())
}

/// Removes what expired.
///
/// # Errors
/// When the database does not answer.
pub async fn sweep(tx: &PlatformTx, now: Millis) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::ExpiresAt.lte(now)).exec(tx.raw()).await?;
    Ok(())
}
