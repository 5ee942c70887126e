//! A tenant's keys. The master key wraps tenant keys, a tenant key wraps project keys, a project key seals content.

mod cipher;
mod content;
mod master;

use std::sync::Arc;

use entities::{ProjectId, TenantDb, TenantId, projects, tenants};

use crate::{
    contain::{Behaviour, Serve},
    fault::Fault,
    request,
};

use cipher::bind;
pub(crate) use cipher::{CannotOpen, Key, Place};
pub(crate) use content::ContentKey;
pub use master::{MasterKey, MasterKeyError};

impl From<CannotOpen> for Fault {
    fn from(_: CannotOpen) -> Self {
        Self::Sealed
    }
}

/// Holds the tenant's opened keys, and is the only one that does.
pub(crate) struct VaultActor {
    seed: VaultSeed,
    /// Oldest first; the last one wraps.
    keys: Vec<(i32, Key)>,
}

#[derive(Clone)]
pub(crate) struct VaultSeed {
    pub tenant: TenantId,
    pub db: TenantDb,
    pub master: Arc<MasterKey>,
}

impl Behaviour for VaultActor {
    type Seed = VaultSeed;
    const NAME: &'static str = "vault";

    async fn init(seed: VaultSeed) -> Result<Self, Fault> {
        let stored = seed.db.read(async |tx| tenants::tenant_keys(tx).await).await?;
        let keys = stored
            .iter()
            .map(|key| Ok((key.version, seed.master.unwrap(seed.tenant, key.version, &key.wrapped)?)))
            .collect::<Result<Vec<_>, CannotOpen>>()?;
        if keys.is_empty() {
            return Err(Fault::NotFound);
        }
        Ok(Self { seed, keys })
    }
}

/// A new tenant's first key, wrapped.
pub(crate) fn first_tenant_key(master: &MasterKey, tenant: TenantId) -> Result<tenants::TenantKey, CannotOpen> {
    let version = 1;
    Ok(tenants::TenantKey {
        version,
        wrapped: master.wrap(tenant, version, &Key::generate())?,
    })
}

/// Makes a key for a project that is about to be stored, wrapped by the tenant's.
pub(crate) struct MintProjectKey(pub ProjectId);

/// Opens a project's key for its actor. `NotFound` once the key was destroyed.
pub(crate) struct OpenProjectKey(pub ProjectId);

request! {
    MintProjectKey => projects::ProjectKey, needs System;
    OpenProjectKey => ContentKey, needs System;
}

impl VaultActor {
    fn wrap_place(&self, project: ProjectId, version: i32) -> Vec<u8> {
        let mut aad = bind(
            self.seed.tenant.uuid(),
            project.uuid(),
            Place("project_key", "wrapped", project.uuid()),
        );
        aad.extend_from_slice(&version.to_be_bytes());
        aad
    }
}

impl Serve<MintProjectKey> for VaultActor {
    async fn serve(&self, MintProjectKey(project): MintProjectKey) -> Result<projects::ProjectKey, Fault> {
        let (_, outer) = self.keys.last().ok_or(Fault::Sealed)?;
        let version = 1;
        let wrapped = Key::generate().wrapped_by(outer, &self.wrap_place(project, version))?;
        Ok(projects::ProjectKey { project, version, wrapped })
    }
}

impl Serve<OpenProjectKey> for VaultActor {
    async fn serve(&self, OpenProjectKey(project): OpenProjectKey) -> Result<ContentKey, Fault> {
        let stored = self.seed.db.read(async |tx| projects::project_keys(tx, project).await).await?;
        let mut opened = Vec::with_capacity(stored.len());
        for key in &stored {
            let aad = self.wrap_place(project, key.version);
            // A rotated tenant key leaves project keys behind that an older version wrapped.
            let inner = self
                .keys
                .iter()
                .rev()
                .find_map(|(_, outer)| Key::unwrap_with(outer, &aad, &key.wrapped).ok());
            let version = u32::try_from(key.version).map_err(|_| Fault::Sealed)?;
            opened.push((version, inner.ok_or(Fault::Sealed)?));
        }
        if opened.is_empty() {
            return Err(Fault::NotFound);
        }
        Ok(ContentKey::new(self.seed.tenant, project, opened))
    }
}
