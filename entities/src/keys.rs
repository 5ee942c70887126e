//! Wrapped keys. A tenant key is wrapped by the master key, a project key by the tenant key; neither is stored in the clear.
//!
//! What wraps a key is mixed with a share from the key ring. Where the ring is a folder, only the share's id is in the database;
//! destroying the share makes every copy of the wrapped key worthless, those in old backups included.

use sea_orm::{
    Order, QuerySelect, Set,
    entity::prelude::*,
    sea_query::{Expr, LockType},
};

use crate::{Millis, ProjectId, StoreError, TenantTx, installation, job, tenant_db::TenantScoped};

pub(crate) mod tenant_key {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "tenant_key")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub version: i32,
        pub wrapped: Vec<u8>,
        pub created_at: i64,
        pub share: Option<Uuid>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod key_share {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "key_share")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub share: Vec<u8>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl std::fmt::Debug for Model {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("key_share").field("id", &self.id).finish_non_exhaustive()
        }
    }
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "project_key")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i32,
    pub wrapped: Vec<u8>,
    pub created_at: i64,
    pub share: Option<Uuid>,
    /// Which version of the tenant's key wraps it.
    pub tenant_version: i32,
    /// Known from the start, seals from here on, so that every node can open what it seals.
    pub active_from: i64,
    /// 1 when it seals nothing any more.
    pub closed: i32,
}

impl ActiveModelBehavior for ActiveModel {}

impl TenantScoped for tenant_key::Entity {
    const TENANT: tenant_key::Column = tenant_key::Column::TenantId;
}
impl TenantScoped for key_share::Entity {
    const TENANT: key_share::Column = key_share::Column::TenantId;
}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
}

/// An entry of the key ring: by its id, and with its bytes when the database is to keep it.
pub struct Share {
    pub id: Uuid,
    pub kept: Option<Vec<u8>>,
}

/// A key about to be stored.
pub struct NewTenantKey {
    pub version: i32,
    pub wrapped: Vec<u8>,
    pub share: Share,
}

pub struct NewProjectKey {
    pub project: ProjectId,
    pub version: i32,
    pub wrapped: Vec<u8>,
    pub share: Share,
    pub tenant_version: i32,
    pub active_from: Millis,
}

pub struct TenantKey {
    pub version: i32,
    pub wrapped: Vec<u8>,
    pub share: Option<Uuid>,
    pub created_at: Millis,
}

pub struct ProjectKey {
    pub project: ProjectId,
    pub version: i32,
    pub wrapped: Vec<u8>,
    pub share: Option<Uuid>,
    pub tenant_version: i32,
    pub active_from: Millis,
    pub closed: bool,
    pub created_at: Millis,
}

impl From<Model> for ProjectKey {
    fn from(row: Model) -> Self {
        Self {
            project: row.project_id.into(),
            version: row.version,
            wrapped: row.wrapped,
            share: row.share,
            tenant_version: row.tenant_version,
            active_from: row.active_from,
            closed: row.closed != 0,
            created_at: row.created_at,
        }
    }
}

async fn store_share(tx: &TenantTx, share: Share) -> Result<Uuid, StoreError> {
    if let Some(kept) = share.kept {
        tx.insert(key_share::ActiveModel {
            tenant_id: Set(tx.tenant().uuid()),
            id: Set(share.id),
            share: Set(kept),
        })
        .await?;
    }
    Ok(share.id)
}

/// A share that the database keeps.
///
/// # Errors
/// When the database does not answer.
pub async fn share(tx: &TenantTx, id: Uuid) -> Result<Option<Vec<u8>>, StoreError> {
    let row = tx.find::<key_share::Entity>().filter(key_share::Column::Id.eq(id)).one().await?;
    Ok(row.map(|row| row.share))
}

/// Drops shares that the database keeps; those that it does not keep are none of its business.
///
/// # Errors
/// When the database does not answer.
pub async fn drop_shares(tx: &TenantTx, ids: &[Uuid]) -> Result<(), StoreError> {
    tx.delete::<key_share::Entity>(key_share::Column::Id.is_in(ids.iter().copied()))
        .await?;
    Ok(())
}

/// # Errors
/// `Conflict` when that version exists; `KeyRetired` when another master key is current by now.
pub async fn store_tenant_key(tx: &TenantTx, key: NewTenantKey, now: Millis) -> Result<(), StoreError> {
    installation::require_current_master(tx.raw(), &key.wrapped).await?;
    let share = store_share(tx, key.share).await?;
    tx.insert(tenant_key::ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        version: Set(key.version),
        wrapped: Set(key.wrapped),
        created_at: Set(now),
        share: Set(Some(share)),
    })
    .await
}

fn opened(rows: Vec<tenant_key::Model>) -> Vec<TenantKey> {
    let key = |row: tenant_key::Model| TenantKey {
        version: row.version,
        wrapped: row.wrapped,
        share: row.share,
        created_at: row.created_at,
    };
    rows.into_iter().map(key).collect()
}

/// Every version, oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn tenant_keys(tx: &TenantTx) -> Result<Vec<TenantKey>, StoreError> {
    let find = tx.find::<tenant_key::Entity>().order(tenant_key::Column::Version, Order::Asc);
    Ok(opened(find.all().await?))
}

/// As [`tenant_keys`], and no key that they wrap is stored by anyone else until this transaction ends.
///
/// # Errors
/// When the database does not answer.
pub async fn lock_tenant_keys(tx: &TenantTx) -> Result<Vec<TenantKey>, StoreError> {
    let find = tx.find::<tenant_key::Entity>().order(tenant_key::Column::Version, Order::Asc);
    Ok(opened(find.shape(|select| select.lock(LockType::Update)).all().await?))
}

/// Puts the same key, wrapped by the current master key, in place of `old`. `false` when it changed meanwhile.
///
/// # Errors
/// `KeyRetired` when another master key is current by now.
pub async fn rewrap_tenant_key(tx: &TenantTx, old: &TenantKey, wrapped: Vec<u8>) -> Result<bool, StoreError> {
    installation::require_current_master(tx.raw(), &wrapped).await?;
    let changed = tx
        .update::<tenant_key::Entity>()
        .set(tenant_key::Column::Wrapped, Expr::value(wrapped))
        .filter(tenant_key::Column::Version.eq(old.version))
        .filter(tenant_key::Column::Wrapped.eq(old.wrapped.clone()))
        .run()
        .await?;
    Ok(changed == 1)
}

/// Removes the versions below `version`, which wrap nothing any more. Returns their shares, which stay until they are dropped.
///
/// # Errors
/// When the database does not answer.
pub async fn retire_tenant_keys(tx: &TenantTx, version: i32) -> Result<Vec<Uuid>, StoreError> {
    let old = tenant_key::Column::Version.lt(version);
    let shares = shares_of(tx.find::<tenant_key::Entity>().filter(old.clone()).all().await?, |row| row.share);
    tx.delete::<tenant_key::Entity>(old).await?;
    Ok(shares)
}

fn shares_of<M>(rows: Vec<M>, share: impl Fn(&M) -> Option<Uuid>) -> Vec<Uuid> {
    rows.iter().filter_map(share).collect()
}

/// # Errors
/// `Conflict` when that version exists; `KeyRetired` when the tenant's key that wraps it is gone by now.
pub async fn store_project_key(tx: &TenantTx, key: NewProjectKey, now: Millis) -> Result<(), StoreError> {
    hold_tenant_key(tx, key.tenant_version).await?;
    let share = store_share(tx, key.share).await?;
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        project_id: Set(key.project.uuid()),
        version: Set(key.version),
        wrapped: Set(key.wrapped),
        created_at: Set(now),
        share: Set(Some(share)),
        tenant_version: Set(key.tenant_version),
        active_from: Set(key.active_from),
        closed: Set(0),
    })
    .await
}

/// Every version of a project's key, oldest first; none for a project that was deleted.
///
/// # Errors
/// When the database does not answer.
pub async fn project_keys(tx: &TenantTx, project: ProjectId) -> Result<Vec<ProjectKey>, StoreError> {
    let find = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .order(Column::Version, Order::Asc);
    Ok(find.all().await?.into_iter().map(ProjectKey::from).collect())
}

/// Every version of every project's key, by project, oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn all_project_keys(tx: &TenantTx) -> Result<Vec<ProjectKey>, StoreError> {
    let find = tx
        .find::<Entity>()
        .order(Column::ProjectId, Order::Asc)
        .order(Column::Version, Order::Asc);
    Ok(find.all().await?.into_iter().map(ProjectKey::from).collect())
}

/// Puts the same key, wrapped by the tenant key of `tenant_version`, in place.
///
/// # Errors
/// When the database does not answer.
pub async fn rewrap_project_key(tx: &TenantTx, key: &ProjectKey, wrapped: Vec<u8>, tenant_version: i32) -> Result<(), StoreError> {
    tx.update::<Entity>()
        .set(Column::Wrapped, Expr::value(wrapped))
        .set(Column::TenantVersion, tenant_version)
        .filter(Column::ProjectId.eq(key.project.uuid()))
        .filter(Column::Version.eq(key.version))
        .run()
        .await?;
    Ok(())
}

/// Refuses a version of the tenant's key that is gone, and keeps it until this transaction ends.
pub(crate) async fn hold_tenant_key(tx: &TenantTx, version: i32) -> Result<(), StoreError> {
    let find = tx.find::<tenant_key::Entity>().filter(tenant_key::Column::Version.eq(version));
    let held = find.shape(|select| select.lock(LockType::Share)).one().await?;
    held.map(|_| ()).ok_or(StoreError::KeyRetired)
}

/// Refuses a version that is closed or gone, and keeps it as it is until this transaction ends.
pub(crate) async fn hold_project_key(tx: &TenantTx, project: ProjectId, version: i32) -> Result<(), StoreError> {
    let find = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::Version.eq(version))
        .filter(Column::Closed.eq(0));
    let held = find.shape(|select| select.lock(LockType::Share)).one().await?;
    held.map(|_| ()).ok_or(StoreError::KeyRetired)
}

/// Lets the versions below `version` seal nothing more. Waits for those who are storing what they sealed.
///
/// # Errors
/// When the database does not answer.
pub async fn close_project_keys(tx: &TenantTx, project: ProjectId, version: i32) -> Result<(), StoreError> {
    tx.update::<Entity>()
        .set(Column::Closed, 1)
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::Version.lt(version))
        .filter(Column::Closed.eq(0))
        .run()
        .await?;
    Ok(())
}

/// Removes the closed versions below `version`, of which no cell is left. Returns their shares, which stay until they are
/// dropped.
///
/// # Errors
/// When the database does not answer.
pub async fn retire_project_keys(tx: &TenantTx, project: ProjectId, version: i32) -> Result<Vec<Uuid>, StoreError> {
    let old = sea_orm::Condition::all()
        .add(Column::ProjectId.eq(project.uuid()))
        .add(Column::Version.lt(version))
        .add(Column::Closed.eq(1));
    let shares = shares_of(tx.find::<Entity>().filter(old.clone()).all().await?, |row| row.share);
    tx.delete::<Entity>(old).await?;
    changed(tx).await?;
    Ok(shares)
}

/// Destroys every version of a project's key: what it sealed cannot be opened again. Returns the shares that go with them, and
/// those of versions that were replaced before and wait to be destroyed.
pub(crate) async fn destroy_project_keys(tx: &TenantTx, project: ProjectId) -> Result<Vec<Uuid>, StoreError> {
    let all = Column::ProjectId.eq(project.uuid());
    let mut shares = shares_of(tx.find::<Entity>().filter(all.clone()).all().await?, |row| row.share);
    tx.delete::<Entity>(all).await?;
    // After the keys: a rotation that retires one meanwhile has either queued its share by now, or finds no key to retire.
    shares.extend(job::take_waiting_shares(tx, Some(project)).await?);
    drop_shares(tx, &shares).await?;
    changed(tx).await?;
    Ok(shares)
}

/// Destroys every key of the tenant and of its projects: nothing it ever sealed can be opened again. Returns the shares that
/// go with them, and those of versions that were replaced before and wait to be destroyed.
pub(crate) async fn destroy_all_keys(tx: &TenantTx) -> Result<Vec<Uuid>, StoreError> {
    // A rotation under way ends first, so that what it stores is seen here.
    lock_tenant_keys(tx).await?;
    let mut shares = shares_of(tx.find::<Entity>().all().await?, |row| row.share);
    shares.extend(shares_of(tx.find::<tenant_key::Entity>().all().await?, |row| row.share));
    let all = sea_orm::Condition::all;
    tx.delete::<Entity>(all()).await?;
    tx.delete::<tenant_key::Entity>(all()).await?;
    tx.delete::<key_share::Entity>(all()).await?;
    shares.extend(job::take_waiting_shares(tx, None).await?);
    changed(tx).await?;
    Ok(shares)
}

/// Tells every node, in this transaction, that keys changed.
///
/// # Errors
/// When the database does not answer.
pub async fn changed(tx: &TenantTx) -> Result<(), StoreError> {
    installation::keys_changed(tx.raw()).await
}
