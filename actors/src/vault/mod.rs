//! A tenant's keys. The master key wraps tenant keys, a tenant key wraps project keys, a project key seals content.

pub(crate) mod admin;
mod cipher;
mod content;
pub(crate) mod credentials;
mod database_key;
mod error;
pub(crate) mod keeper;
mod master;
pub(crate) mod prove;
mod ring;
pub(crate) mod rotate_master;
mod secret;

use std::sync::{Arc, Mutex, PoisonError};

use entities::{Millis, ProjectId, StoreError, TenantDb, TenantId, keys};

use crate::{
    clock::Clock,
    contain::{Behaviour, Serve},
    fault::Fault,
    request,
};

pub(crate) use cipher::{Key, Place, bind, version_of};
pub(crate) use content::ContentKey;
pub use database_key::open as database_key;
pub use error::KeyError;
pub use keeper::Keeper;
use keeper::Of;
pub(crate) use master::file::sync_folder;
pub use master::{KmsSettings, MasterId, MasterKeys};
pub(crate) use ring::Ring;
pub use ring::{RingPlace, RingSettings};
pub use secret::SecretBytes;

/// How long a new version of a project's key is known before it seals. Every node looks for changed keys each second, so by
/// then each can open what any of them seals.
pub(crate) const ANNOUNCED_MS: Millis = 5_000;

/// Opens the tenant's keys, and is the only one that does.
pub(crate) struct VaultActor {
    seed: VaultSeed,
    /// Opened tenant keys by what they are wrapped as. Rows are read each time: another process may have rotated.
    opened: Mutex<Vec<(Vec<u8>, Arc<Key>)>>,
}

#[derive(Clone)]
pub(crate) struct VaultSeed {
    pub tenant: TenantId,
    pub db: TenantDb,
    pub keeper: Arc<Keeper>,
    pub clock: Clock,
}

impl Behaviour for VaultActor {
    type Seed = VaultSeed;
    const NAME: &'static str = "vault";

    async fn init(seed: VaultSeed) -> Result<Self, Fault> {
        Ok(Self {
            seed,
            opened: Mutex::default(),
        })
    }
}

/// A new tenant's first key, wrapped.
pub(crate) async fn first_tenant_key(keeper: &Keeper, tenant: TenantId) -> Result<keys::NewTenantKey, KeyError> {
    keeper.wrap_tenant_key(tenant, 1, &Key::generate()).await
}

/// Makes a key for a project that is about to be stored, wrapped by the tenant's.
pub(crate) struct MintProjectKey(pub ProjectId);

/// Opens a project's key for its actor. `NotFound` once the key was destroyed.
pub(crate) struct OpenProjectKey(pub ProjectId);

request! {
    MintProjectKey => keys::NewProjectKey, needs System;
    OpenProjectKey => ContentKey, needs System;
}

impl VaultActor {
    fn of(&self) -> Of<'_> {
        Of {
            tenant: self.seed.tenant,
            db: &self.seed.db,
        }
    }

    /// The tenant's key in `version`, or the newest.
    async fn tenant_key(&self, version: Option<i32>) -> Result<(i32, Arc<Key>), Fault> {
        let stored = self.seed.db.read(async |tx| keys::tenant_keys(tx).await).await?;
        let mut opened = std::mem::take(&mut *self.opened.lock().unwrap_or_else(PoisonError::into_inner));
        opened.retain(|(wrapped, _)| stored.iter().any(|key| key.wrapped == *wrapped));
        let wanted = stored.iter().rev().find(|key| version.is_none_or(|version| key.version == version));
        let wanted = wanted.ok_or(Fault::NotFound)?;
        let known = opened
            .iter()
            .find(|(wrapped, _)| *wrapped == wanted.wrapped)
            .map(|(_, key)| key.clone());
        let key = match known {
            Some(key) => key,
            None => {
                let key = Arc::new(self.seed.keeper.unwrap_tenant_key(self.of(), wanted).await?);
                opened.push((wanted.wrapped.clone(), key.clone()));
                key
            }
        };
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).extend(opened);
        Ok((wanted.version, key))
    }
}

impl Serve<MintProjectKey> for VaultActor {
    async fn serve(&self, MintProjectKey(project): MintProjectKey) -> Result<keys::NewProjectKey, Fault> {
        let (version, outer) = self.tenant_key(None).await?;
        let (keeper, fresh) = (&self.seed.keeper, Key::generate());
        let new = keeper.wrap_project_key(self.seed.tenant, (version, &outer), (project, 1, 0), &fresh);
        Ok(new.await?)
    }
}

impl Serve<OpenProjectKey> for VaultActor {
    async fn serve(&self, OpenProjectKey(project): OpenProjectKey) -> Result<ContentKey, Fault> {
        match self.open_project_key(project).await {
            // A rotation came between the readings: now they agree.
            Err(Fault::Storage(StoreError::KeyRetired)) => self.open_project_key(project).await,
            opened => opened,
        }
    }
}

impl VaultActor {
    async fn open_project_key(&self, project: ProjectId) -> Result<ContentKey, Fault> {
        let stored = self.seed.db.read(async |tx| keys::project_keys(tx, project).await).await?;
        let mut versions = Vec::with_capacity(stored.len());
        for key in &stored {
            let outer = match self.tenant_key(Some(key.tenant_version)).await {
                Err(Fault::NotFound) => return Err(StoreError::KeyRetired.into()),
                outer => outer?.1,
            };
            versions.push(content::Version {
                number: u32::try_from(key.version).map_err(|_| Fault::Sealed)?,
                key: self.seed.keeper.unwrap_project_key(self.of(), &outer, key).await?,
                active_from: key.active_from,
            });
        }
        if versions.is_empty() {
            return Err(Fault::NotFound);
        }
        Ok(ContentKey::new(self.seed.tenant, project, self.seed.clock.clone(), versions))
    }
}
