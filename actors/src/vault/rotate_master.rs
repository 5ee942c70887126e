//! A new master key, while servers run.
//!
//! Each step is one file replaced whole or one transaction, and the next step is found by looking at what is there: a rotation
//! that was cut off at any point is gone on with by running it again. Until its last step the old key stays at hand, so that
//! everything opens at every moment; from its second step on the database refuses whatever the old key wraps, so that nothing
//! new hangs on it.

use std::{collections::HashSet, path::PathBuf, sync::Arc};

use entities::{Installation, Store, StoreError, TenantId, keys};

use super::{
    database_key::DatabaseKeyFile,
    error::KeyError,
    keeper::{Keeper, Of, SECRET, installation_place},
    master::{Lock, MasterId, wrapper_of},
};

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MasterStep {
    /// The key file holds a new key beside the old one.
    KeyAdded,
    /// The new key wraps the installation's secret, and all that is wrapped from now on.
    Adopted,
    /// It wraps the key of the embedded database.
    DatabaseKey,
    /// It wraps the keys of this tenant.
    Tenant(TenantId),
    /// The key file holds the new key only.
    OldKeyDropped,
    /// Nothing is left to do.
    Done,
}

/// A rotation under way, held by this process.
pub struct MasterRotation {
    store: Store,
    keeper: Arc<Keeper>,
    database_key: Option<DatabaseKeyFile>,
    seen: HashSet<TenantId>,
    /// There is one key only: the first step makes another.
    add: bool,
    /// Wrap everything anew even where the same key did: an external service has versions of its own.
    again: bool,
    /// With `again`: what was wrapped anew already.
    installation_done: bool,
    file_done: bool,
    _lock: Option<Lock>,
}

impl MasterRotation {
    pub(super) fn begin(store: Store, keeper: Arc<Keeper>, database_key: Option<PathBuf>) -> Result<Self, KeyError> {
        let lock = keeper.masters.file().map(Lock::take).transpose()?;
        keeper.masters.reload()?;
        let only = keeper.masters.ids().len() == 1;
        let again = keeper.masters.has_kms() && keeper.masters.newest()? == keeper.current();
        let add = only && !keeper.masters.has_kms();
        if add && keeper.masters.file().is_none() {
            let reason = "PERNOEX_MASTER_KEY holds one key: add the new one behind it, after a comma, on every node, restart them, and run this again";
            return Err(KeyError::Refused(reason.into()));
        }
        Ok(Self {
            store,
            keeper,
            database_key: database_key.map(DatabaseKeyFile),
            seen: HashSet::new(),
            add,
            again,
            installation_done: false,
            file_done: false,
            _lock: lock,
        })
    }

    /// Does the next step.
    ///
    /// # Errors
    /// When it cannot be done; what was done before stays done.
    pub async fn step(&mut self) -> Result<MasterStep, KeyError> {
        let keeper = self.keeper.clone();
        let masters = &keeper.masters;
        if self.add {
            masters.add_to_file()?;
            self.add = false;
            return Ok(MasterStep::KeyAdded);
        }
        let newest = masters.newest()?;
        if self.adopt(newest).await? {
            return Ok(MasterStep::Adopted);
        }
        if let Some(file) = &self.database_key
            && (file.wrapper()? != Some(newest) || (self.again && !self.file_done))
        {
            file.rewrap(masters, newest).await?;
            self.file_done = true;
            return Ok(MasterStep::DatabaseKey);
        }
        // Tenants that are founded from here on are the new key's: the list is complete.
        for tenant in self.keeper.platform.tenants().await? {
            if self.seen.contains(&tenant) {
                continue;
            }
            let any = self.rewrap(tenant, newest).await?;
            // Only now: where it failed, it is tried again before the old key goes.
            self.seen.insert(tenant);
            if any {
                return Ok(MasterStep::Tenant(tenant));
            }
        }
        self.require_all_by(newest).await?;
        if masters.drop_older_from_file()? {
            return Ok(MasterStep::OldKeyDropped);
        }
        Ok(MasterStep::Done)
    }

    async fn adopt(&mut self, newest: MasterId) -> Result<bool, KeyError> {
        let keeper = self.keeper.clone();
        let (masters, platform) = (&keeper.masters, &keeper.platform);
        let found = platform.installation().await?.ok_or(KeyError::Damaged(SECRET))?;
        if found.master == newest.as_bytes() && (self.installation_done || !self.again) {
            self.keeper.refresh().await?;
            return Ok(false);
        }
        let secret = masters.unwrap(SECRET, None, &installation_place(), &found.wrapped).await?;
        let new = Installation {
            master: newest.as_bytes().to_vec(),
            wrapped: masters.wrap(newest, None, &installation_place(), &secret).await?,
        };
        platform.adopt_master(&found, new).await?;
        self.keeper.refresh().await?;
        self.installation_done = true;
        Ok(true)
    }

    /// Looks at everything once more: what the old key still wraps would be lost with it.
    async fn require_all_by(&self, newest: MasterId) -> Result<(), KeyError> {
        let refuse = |what: String| {
            let reason = format!("an older master key still wraps {what}: it stays at hand; run this again");
            Err(KeyError::Refused(reason))
        };
        let found = self.keeper.platform.installation().await?.ok_or(KeyError::Damaged(SECRET))?;
        if found.master != newest.as_bytes() || wrapper_of(&found.wrapped) != Some(newest) {
            return refuse(SECRET.into());
        }
        if let Some(file) = &self.database_key
            && file.wrapper()? != Some(newest)
        {
            return refuse("the database's key".into());
        }
        for tenant in self.keeper.platform.tenants().await? {
            let db = self.store.tenant(tenant);
            let stored = db.read(async |tx| keys::tenant_keys(tx).await).await?;
            if stored.iter().any(|key| wrapper_of(&key.wrapped) != Some(newest)) {
                return refuse(format!("the key of tenant {tenant}"));
            }
        }
        Ok(())
    }

    /// `false` when there was nothing to wrap.
    async fn rewrap(&self, tenant: TenantId, newest: MasterId) -> Result<bool, KeyError> {
        let db = self.store.tenant(tenant);
        let mut any = false;
        // Again when another process rotated the tenant's key meanwhile: what it stored is the new master key's.
        loop {
            let stored = db.read(async |tx| keys::tenant_keys(tx).await).await?;
            let old = stored.iter().find(|key| wrapper_of(&key.wrapped) != Some(newest));
            let Some(old) = old else { break };
            let wrapped = self.keeper.rewrap_tenant_key(Of { tenant, db: &db }, old, newest).await?;
            db.write(async |tx| {
                keys::rewrap_tenant_key(tx, old, wrapped).await?;
                keys::changed(tx).await
            })
            .await?;
            any = true;
        }
        if self.again {
            let stored = db.read(async |tx| keys::tenant_keys(tx).await).await?;
            for old in &stored {
                let wrapped = self.keeper.rewrap_tenant_key(Of { tenant, db: &db }, old, newest).await?;
                db.write(async |tx| {
                    keys::rewrap_tenant_key(tx, old, wrapped).await?;
                    Ok::<_, StoreError>(())
                })
                .await?;
                any = true;
            }
        }
        Ok(any)
    }
}
