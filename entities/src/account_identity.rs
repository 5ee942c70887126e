//! Accounts elsewhere that open one here, by provider and subject: an address can change hands, a subject cannot. Platform tables:
//! they exist before a tenant is known.

use sea_orm::{DatabaseTransaction, QueryOrder, Set, entity::prelude::*, sea_query::Expr};

use crate::{AccountId, Millis, PlatformTx, StoreError};

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account_identity")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub provider: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject: String,
    pub account_id: Uuid,
    /// As the provider said last. For eyes only.
    pub email: String,
    /// What ends the grant.
    pub sealed: Option<Vec<u8>>,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("account_identity")
            .field("provider", &self.provider)
            .finish_non_exhaustive()
    }
}

/// An account at a provider that opens `account`.
#[derive(Clone)]
pub struct LinkedIdentity {
    pub provider: String,
    pub subject: String,
    pub account: AccountId,
    pub email: String,
    /// A sealed token that ends the grant, where the provider gives one.
    pub sealed: Option<Vec<u8>>,
    pub created_at: Millis,
}

impl From<Model> for LinkedIdentity {
    fn from(row: Model) -> Self {
        Self {
            provider: row.provider,
            subject: row.subject,
            account: row.account_id.into(),
            email: row.email,
            sealed: row.sealed,
            created_at: row.created_at,
        }
    }
}

pub(crate) async fn insert(tx: &DatabaseTransaction, new: LinkedIdentity) -> Result<(), StoreError> {
    let row = ActiveModel {
        provider: Set(new.provider),
        subject: Set(new.subject),
        account_id: Set(new.account.uuid()),
        email: Set(new.email),
        sealed: Set(new.sealed),
        created_at: Set(new.created_at),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// # Errors
/// `Conflict` when the subject opens an account already, or the account has another subject of this provider.
pub async fn link(tx: &PlatformTx, new: LinkedIdentity) -> Result<(), StoreError> {
    insert(tx.raw(), new).await
}

/// # Errors
/// When the database does not answer.
pub async fn find(tx: &PlatformTx, provider: &str, subject: &str) -> Result<Option<LinkedIdentity>, StoreError> {
    let key = (provider.to_owned(), subject.to_owned());
    Ok(Entity::find_by_id(key).one(tx.raw()).await?.map(LinkedIdentity::from))
}

/// Those of an account, by provider.
///
/// # Errors
/// When the database does not answer.
pub async fn of_account(tx: &PlatformTx, account: AccountId) -> Result<Vec<LinkedIdentity>, StoreError> {
    let rows = Entity::find()
        .filter(Column::AccountId.eq(account.uuid()))
        .order_by_asc(Column::Provider)
        .all(tx.raw())
        .await?;
    Ok(rows.into_iter().map(LinkedIdentity::from).collect())
}

/// Notes what the provider says by now. A token that is not given anew stays as it is.
///
/// # Errors
/// When the database does not answer.
pub async fn renew(tx: &PlatformTx, provider: &str, subject: &str, email: &str, sealed: Option<Vec<u8>>) -> Result<(), StoreError> {
    let mut update = Entity::update_many().col_expr(Column::Email, Expr::value(email));
    if let Some(sealed) = sealed {
        update = update.col_expr(Column::Sealed, Expr::value(sealed));
    }
    update
        .filter(Column::Provider.eq(provider))
        .filter(Column::Subject.eq(subject))
        .exec(tx.raw())
        .await?;
    Ok(())
}

/// # Errors
/// When the database does not answer.
pub async fn unlink(tx: &PlatformTx, provider: &str, subject: &str) -> Result<(), StoreError> {
    Entity::delete_by_id((provider.to_owned(), subject.to_owned()))
        .exec(tx.raw())
        .await?;
    Ok(())
}

/// Takes every link of an account away, and has the grants that are known ended at their providers.
///
/// # Errors
/// When the database does not answer.
pub async fn unlink_all(tx: &PlatformTx, account: AccountId, now: Millis) -> Result<(), StoreError> {
    for gone in of_account(tx, account).await? {
        unlink(tx, &gone.provider, &gone.subject).await?;
        if let Some(sealed) = gone.sealed {
            revocation::enqueue(tx, &gone.provider, account.uuid(), sealed, now).await?;
        }
    }
    Ok(())
}

/// Grants that are to end at their provider, however long that is away.
pub mod revocation {
    use sea_orm::{DatabaseTransaction, QueryOrder, Set, entity::prelude::*, sea_query::Expr};

    use crate::{Millis, PlatformDb, PlatformTx, StoreError, TenantTx};

    #[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "provider_revocation")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub provider: String,
        pub owner: Uuid,
        pub sealed: Vec<u8>,
        pub created_at: i64,
        pub run_at: i64,
        pub attempts: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl std::fmt::Debug for Model {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("provider_revocation").field("id", &self.id).finish_non_exhaustive()
        }
    }

    pub struct Revocation {
        pub id: Uuid,
        pub provider: String,
        /// Whose the token was: what it is sealed for.
        pub owner: Uuid,
        pub sealed: Vec<u8>,
        pub attempts: i32,
    }

    /// Puts a grant on the list.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn enqueue(tx: &PlatformTx, provider: &str, owner: Uuid, sealed: Vec<u8>, now: Millis) -> Result<(), StoreError> {
        insert(tx.raw(), provider, owner, sealed, now).await
    }

    /// As [`enqueue`], in a transaction of a tenant's, which the grant may outlive.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn enqueue_beside(tx: &TenantTx, provider: &str, sealed: Vec<u8>, now: Millis) -> Result<(), StoreError> {
        insert(tx.raw(), provider, Uuid::nil(), sealed, now).await
    }

    async fn insert(tx: &DatabaseTransaction, provider: &str, owner: Uuid, sealed: Vec<u8>, now: Millis) -> Result<(), StoreError> {
        let row = ActiveModel {
            id: Set(Uuid::now_v7()),
            provider: Set(provider.to_owned()),
            owner: Set(owner),
            sealed: Set(sealed),
            created_at: Set(now),
            run_at: Set(now),
            attempts: Set(0),
        };
        Entity::insert(row).exec_without_returning(tx).await?;
        Ok(())
    }

    impl PlatformDb {
        /// Takes the next grant that is due, and puts it off until `again`: who takes it and vanishes loses nothing.
        ///
        /// # Errors
        /// When the database does not answer.
        pub async fn take_revocation(&self, now: Millis, again: fn(i32) -> Millis) -> Result<Option<Revocation>, StoreError> {
            // Most of the time there is none, and finding that out holds up nobody who writes.
            let tx = self.store().begin_read().await?;
            let due = Entity::find().filter(Column::RunAt.lte(now)).order_by_asc(Column::RunAt);
            let row = due.one(&tx).await?;
            tx.rollback().await?;
            let Some(row) = row else { return Ok(None) };
            let tx = self.store().begin_write().await?;
            let taken = Entity::update_many()
                .col_expr(Column::RunAt, Expr::value(now + again(row.attempts)))
                .col_expr(Column::Attempts, Expr::value(row.attempts + 1))
                .filter(Column::Id.eq(row.id))
                .filter(Column::Attempts.eq(row.attempts))
                .exec(&tx)
                .await?;
            tx.commit().await?;
            Ok((taken.rows_affected == 1).then_some(Revocation {
                id: row.id,
                provider: row.provider,
                owner: row.owner,
                sealed: row.sealed,
                attempts: row.attempts,
            }))
        }

        /// Puts what the grant was renewed to in its place.
        ///
        /// # Errors
        /// When the database does not answer.
        pub async fn replace_revocation(&self, id: Uuid, sealed: Vec<u8>) -> Result<(), StoreError> {
            let tx = self.store().begin_write().await?;
            Entity::update_many()
                .col_expr(Column::Sealed, Expr::value(sealed))
                .filter(Column::Id.eq(id))
                .exec(&tx)
                .await?;
            tx.commit().await?;
            Ok(())
        }

        /// # Errors
        /// When the database does not answer.
        pub async fn finish_revocation(&self, id: Uuid) -> Result<(), StoreError> {
            let tx = self.store().begin_write().await?;
            Entity::delete_by_id(id).exec(&tx).await?;
            tx.commit().await?;
            Ok(())
        }
    }
}
