//! What a process knows of keys besides a tenant's own: the master keys, the key ring, and the installation's secret.

use std::sync::{Arc, PoisonError, RwLock};

use entities::{Installation, Location, Millis, PlatformDb, ProjectId, Store, StoreError, TenantDb, TenantId, keys};
use uuid::Uuid;

use super::{
    cipher::{CannotOpen, Key, Place, bind},
    error::KeyError,
    master::{MasterId, MasterKeys},
    ring::{Ring, RingSettings},
    secret::SecretBytes,
};

/// One a process. Everything that is wrapped or unwrapped goes through it.
pub struct Keeper {
    pub(crate) masters: MasterKeys,
    pub(crate) ring: Ring,
    pub(crate) platform: PlatformDb,
    current: RwLock<MasterId>,
    secret: Key,
}

pub(super) fn installation_place() -> Vec<u8> {
    bind(Uuid::nil(), Uuid::nil(), Place("installation", "wrapped", Uuid::nil()))
}

const PERSONAL: &str = "pernoex personal secrets v1";

pub(super) const SECRET: &str = "the installation's secret";

fn tenant_place(tenant: TenantId, version: i32) -> Vec<u8> {
    let mut aad = bind(tenant.uuid(), Uuid::nil(), Place("tenant_key", "wrapped", tenant.uuid()));
    aad.extend_from_slice(&version.to_be_bytes());
    aad
}

fn project_place(tenant: TenantId, project: ProjectId, version: i32) -> Vec<u8> {
    let mut aad = bind(tenant.uuid(), project.uuid(), Place("project_key", "wrapped", project.uuid()));
    aad.extend_from_slice(&version.to_be_bytes());
    aad
}

/// Whose keys, and where their rows are.
#[derive(Clone, Copy)]
pub(crate) struct Of<'a> {
    pub tenant: TenantId,
    pub db: &'a TenantDb,
}

impl Keeper {
    /// Opens an installation's rows and its secret, for a command beside servers that may be running.
    ///
    /// # Errors
    /// When the database cannot be opened, or a key.
    pub(crate) async fn open_beside(
        masters: MasterKeys,
        ring: RingSettings,
        location: &Location,
        now: Millis,
    ) -> Result<(Store, Arc<Self>), KeyError> {
        let store = Store::open(location).await?;
        match Self::open(masters, ring, store.platform(), now).await {
            Ok(keeper) => Ok((store, Arc::new(keeper))),
            Err(error) => {
                // A process that ends while SQLCipher still works on a connection crashes in its clean-up.
                store.close().await;
                Err(error)
            }
        }
    }

    /// As [`Self::open`], and makes nothing: `None` when no server was ever started on this database.
    ///
    /// # Errors
    /// When no master key at hand is the one that wraps the installation's secret.
    pub(crate) async fn of_started(masters: MasterKeys, ring: RingSettings, platform: PlatformDb) -> Result<Option<Self>, KeyError> {
        match platform.installation().await? {
            Some(_) => Self::open(masters, ring, platform, crate::clock::Clock::system().now())
                .await
                .map(Some),
            None => Ok(None),
        }
    }

    /// Opens the installation's secret, or makes one on the first start.
    ///
    /// # Errors
    /// When no master key at hand is the one that wraps it.
    pub(crate) async fn open(masters: MasterKeys, ring: RingSettings, platform: PlatformDb, now: Millis) -> Result<Self, KeyError> {
        let ring = Ring::open(ring).await?;
        loop {
            // Asked first: an account is there only after the secret is.
            let has_accounts = platform.has_accounts().await?;
            if let Some(found) = platform.installation().await? {
                let secret = masters.unwrap(SECRET, None, &installation_place(), &found.wrapped).await?;
                let current = MasterId::from_slice(&found.master).ok_or(KeyError::Damaged(SECRET))?;
                return Ok(Self {
                    masters,
                    ring,
                    platform,
                    current: RwLock::new(current),
                    secret,
                });
            }
            // A new secret would fit no password, and whatever master key is at hand would pass for the installation's.
            if has_accounts {
                return Err(KeyError::Refused(
                    "the database has accounts, but its table `installation` is empty: restore it from a backup".into(),
                ));
            }
            let master = masters.newest()?;
            let new = Installation {
                master: master.as_bytes().to_vec(),
                wrapped: masters.wrap(master, None, &installation_place(), &Key::generate()).await?,
            };
            match platform.create_installation(new, now).await {
                // Another node came first: its secret is the one.
                Ok(()) | Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Looks anew which master key is current, after another process rotated.
    pub(crate) async fn refresh(&self) -> Result<(), KeyError> {
        let found = self.platform.installation().await?.ok_or(KeyError::Damaged(SECRET))?;
        let current = MasterId::from_slice(&found.master).ok_or(KeyError::Damaged(SECRET))?;
        self.masters.reload()?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = current;
        Ok(())
    }

    pub(crate) fn current(&self) -> MasterId {
        *self.current.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Signs session cookies: 64 bytes. Like the two below, it outlives a rotation of the master key.
    #[must_use]
    pub fn cookie_key(&self) -> SecretBytes {
        let half = |purpose| self.secret.derive(purpose).open_bytes(|bytes| bytes.to_vec());
        SecretBytes::joined(half("pernoex session cookie v1 a"), half("pernoex session cookie v1 b"))
    }

    /// Derives the tokens against cross-site request forgery.
    #[must_use]
    pub fn csrf_key(&self) -> SecretBytes {
        SecretBytes::new(self.secret.derive("pernoex csrf v1").open_bytes(|bytes| bytes.to_vec()))
    }

    /// Makes the key that signs audit logs: whoever has an earlier export can go on verifying with the same public half.
    pub(crate) fn audit_seed(&self) -> SecretBytes {
        SecretBytes::new(self.secret.derive("pernoex audit v1").open_bytes(|bytes| bytes.to_vec()))
    }

    /// Keys the pre-hash of passwords. Were it derived from the master key, a new one would lock everybody out.
    pub(crate) fn pepper(&self) -> SecretBytes {
        SecretBytes::new(self.secret.derive("pernoex password pepper v1").open_bytes(|bytes| bytes.to_vec()))
    }

    /// Proves that an address was made here.
    pub(crate) fn endpoint_key(&self) -> SecretBytes {
        SecretBytes::new(self.secret.derive("pernoex endpoint address v1").open_bytes(|bytes| bytes.to_vec()))
    }

    /// Keys the hashes of backup codes.
    pub(crate) fn backup_code_key(&self) -> SecretBytes {
        SecretBytes::new(self.secret.derive("pernoex backup codes v1").open_bytes(|bytes| bytes.to_vec()))
    }

    /// Seals what belongs to a person rather than to a tenant: an authenticator app's secret, a mail that waits, what a sign-in must
    /// remember. `owner` is the account, or nil before there is one.
    pub(crate) fn seal_personal(&self, owner: Uuid, place: Place, plain: &[u8]) -> Result<Vec<u8>, CannotOpen> {
        self.secret.derive(PERSONAL).seal(1, &bind(Uuid::nil(), owner, place), plain)
    }

    pub(crate) fn open_personal(&self, owner: Uuid, place: Place, sealed: &[u8]) -> Result<SecretBytes, CannotOpen> {
        let opened = self.secret.derive(PERSONAL).open(&bind(Uuid::nil(), owner, place), sealed)?;
        Ok(SecretBytes::new(opened.to_vec()))
    }

    /// Wraps `key` as a version of the tenant's. Its share is in the ring when this returns.
    pub(crate) async fn wrap_tenant_key(&self, tenant: TenantId, version: i32, key: &Key) -> Result<keys::NewTenantKey, KeyError> {
        let (share, opened) = self.ring.make().await?;
        let place = tenant_place(tenant, version);
        let wrapped = match self.masters.wrap(self.current(), Some(&opened), &place, key).await {
            Err(KeyError::NoMaster(..)) => {
                self.refresh().await?;
                self.masters.wrap(self.current(), Some(&opened), &place, key).await?
            }
            wrapped => wrapped?,
        };
        Ok(keys::NewTenantKey { version, wrapped, share })
    }

    pub(crate) async fn unwrap_tenant_key(&self, of: Of<'_>, stored: &keys::TenantKey) -> Result<Key, KeyError> {
        let share = self.share(of.db, stored.share).await?;
        let place = tenant_place(of.tenant, stored.version);
        self.masters.unwrap("a tenant's key", share.as_ref(), &place, &stored.wrapped).await
    }

    /// The same key, wrapped by another master key. Its share stays.
    pub(crate) async fn rewrap_tenant_key(&self, of: Of<'_>, stored: &keys::TenantKey, by: MasterId) -> Result<Vec<u8>, KeyError> {
        let share = self.share(of.db, stored.share).await?;
        let place = tenant_place(of.tenant, stored.version);
        let key = self
            .masters
            .unwrap("a tenant's key", share.as_ref(), &place, &stored.wrapped)
            .await?;
        self.masters.wrap(by, share.as_ref(), &place, &key).await
    }

    async fn share(&self, db: &TenantDb, id: Option<Uuid>) -> Result<Option<Key>, KeyError> {
        match id {
            Some(id) => self.ring.find(db, id).await.map(Some),
            None => Ok(None),
        }
    }

    /// Wraps `key` as a version of the project's, by the tenant's key `outer`.
    pub(crate) async fn wrap_project_key(
        &self,
        tenant: TenantId,
        (tenant_version, outer): (i32, &Key),
        (project, version, active_from): (ProjectId, i32, Millis),
        key: &Key,
    ) -> Result<keys::NewProjectKey, KeyError> {
        let (share, opened) = self.ring.make().await?;
        Ok(keys::NewProjectKey {
            project,
            version,
            wrapped: key.wrapped_by(&outer.mixed_with(&opened), &project_place(tenant, project, version))?,
            share,
            tenant_version,
            active_from,
        })
    }

    pub(crate) async fn unwrap_project_key(&self, of: Of<'_>, outer: &Key, stored: &keys::ProjectKey) -> Result<Key, KeyError> {
        let share = self.share(of.db, stored.share).await?;
        unwrap_project(of.tenant, outer, share.as_ref(), stored)
    }

    /// The same key, wrapped by another version of the tenant's. Its share stays.
    pub(crate) async fn rewrap_project_key(
        &self,
        of: Of<'_>,
        (old, new): (&Key, &Key),
        stored: &keys::ProjectKey,
    ) -> Result<Vec<u8>, KeyError> {
        let share = self.share(of.db, stored.share).await?;
        let key = unwrap_project(of.tenant, old, share.as_ref(), stored)?;
        let place = project_place(of.tenant, stored.project, stored.version);
        Ok(match &share {
            Some(share) => key.wrapped_by(&new.mixed_with(share), &place)?,
            None => key.wrapped_by(new, &place)?,
        })
    }
}

fn unwrap_project(tenant: TenantId, outer: &Key, share: Option<&Key>, stored: &keys::ProjectKey) -> Result<Key, KeyError> {
    let place = project_place(tenant, stored.project, stored.version);
    let opened = match share {
        Some(share) => Key::unwrap_with(&outer.mixed_with(share), &place, &stored.wrapped),
        None => Key::unwrap_with(outer, &place, &stored.wrapped),
    };
    opened.map_err(|_| KeyError::Damaged("a project's key"))
}
