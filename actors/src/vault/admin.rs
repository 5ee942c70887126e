//! What an operator does with keys, from the command line, beside running servers: everything here is transactions on the
//! database, files that are replaced whole, and jobs that the servers carry out. Key material is neither shown nor returned.

use std::{path::PathBuf, sync::Arc};

use entities::{
    Location, Millis, ProjectId, Store, StoreError, TenantDb, TenantId, TenantTx,
    audit::{self, Act, Target},
    job, keys, sealed,
};
use serde_json::json;
use uuid::Uuid;

use super::{
    ANNOUNCED_MS,
    cipher::Key,
    credentials::reseal,
    database_key::path_beside,
    error::KeyError,
    keeper::{Keeper, Of},
    master::{MasterId, MasterKeys, wrapper_of},
    ring::{Ring, RingSettings},
    rotate_master::MasterRotation,
    secret::SecretBytes,
};
use crate::{audit::server_did, clock::Clock};

/// The keys of an installation, to be rotated, imported, listed or destroyed.
pub struct KeyAdmin {
    store: Store,
    keeper: Arc<Keeper>,
    clock: Clock,
    /// Of an embedded database.
    database_key: Option<PathBuf>,
}

/// Every key, by version, without any of it.
pub struct KeyReport {
    pub current_master: MasterId,
    pub masters: Vec<MasterId>,
    pub tenants: Vec<TenantKeys>,
}

pub struct TenantKeys {
    pub tenant: TenantId,
    pub versions: Vec<TenantKeyVersion>,
    /// When the share of each replaced version is to be destroyed, the soonest first; those of projects' keys included.
    pub waiting_shares: Vec<Millis>,
    pub projects: Vec<ProjectKeys>,
}

pub struct TenantKeyVersion {
    pub version: i32,
    pub created_at: Millis,
    /// `None`: wrapped before master keys had names.
    pub master: Option<MasterId>,
}

pub struct ProjectKeys {
    pub project: ProjectId,
    pub versions: Vec<ProjectKeyVersion>,
}

pub struct ProjectKeyVersion {
    pub version: i32,
    pub created_at: Millis,
    pub tenant_version: i32,
    /// `announced`, `sealing` or `closed`.
    pub state: &'static str,
    /// Cells that this version sealed.
    pub cells: i64,
}

/// Queues the destruction of shares that a transaction made worthless. A job and not a mere call: it survives a crash.
pub(crate) async fn queue_destruction(
    tx: &TenantTx,
    ring: &Ring,
    project: ProjectId,
    shares: &[Uuid],
    now: Millis,
) -> Result<(), StoreError> {
    if ring.is_apart() {
        for share in shares {
            job::enqueue(tx, project, job::Work::DestroyShare { share: *share }, now).await?;
        }
    }
    Ok(())
}

/// As [`queue_destruction`], for keys that were replaced: their shares are kept for a while, so that an older copy of the
/// database still opens. Returns those that are to be destroyed right after the transaction.
pub(crate) async fn queue_retired(
    tx: &TenantTx,
    ring: &Ring,
    project: ProjectId,
    shares: Vec<Uuid>,
    now: Millis,
) -> Result<Vec<Uuid>, StoreError> {
    let kept_for = ring.retention();
    if kept_for == 0 {
        keys::drop_shares(tx, &shares).await?;
        queue_destruction(tx, ring, project, &shares, now).await?;
        return Ok(shares);
    }
    for share in shares {
        let work = job::Work::DestroyShare { share };
        job::enqueue_for(tx, project, work, now + kept_for, now).await?;
    }
    Ok(Vec::new())
}

/// Destroys shares whose keys are gone. What fails is left to its job.
pub(crate) async fn destroy_now(ring: &Ring, shares: &[Uuid]) {
    for share in shares {
        if let Err(error) = ring.destroy(*share).await {
            tracing::warn!(%error, "an entry of the key ring is left to its job");
        }
    }
}

/// Lets go of a share whose key was refused. Where the outcome is not known, a share without a key is the lesser evil.
pub(crate) async fn abandon(ring: &Ring, share: Uuid, error: &StoreError) {
    if matches!(error, StoreError::Conflict | StoreError::Orphan | StoreError::KeyRetired) {
        destroy_now(ring, &[share]).await;
    }
}

/// For what belongs to no project.
fn no_project() -> ProjectId {
    Uuid::nil().into()
}

impl KeyAdmin {
    /// Opens the database, which was migrated before, beside any server that uses it.
    ///
    /// # Errors
    /// When the database or its keys cannot be opened.
    pub async fn open(masters: MasterKeys, ring: RingSettings, location: &Location, clock: Clock) -> Result<Self, KeyError> {
        let (store, keeper) = Keeper::open_beside(masters, ring, location, clock.now()).await?;
        let database_key = match location {
            Location::Embedded { path, .. } => Some(path_beside(path)),
            Location::Postgres { .. } => None,
        };
        Ok(Self {
            store,
            keeper,
            clock,
            database_key,
        })
    }

    pub async fn close(self) {
        self.store.close().await;
    }

    async fn db(&self, tenant: TenantId) -> Result<TenantDb, KeyError> {
        if self.keeper.platform.tenant_exists(tenant).await? {
            Ok(self.store.tenant(tenant))
        } else {
            Err(KeyError::Refused(format!("there is no tenant {tenant}")))
        }
    }

    /// A new version of the tenant's key. The keys of its projects are wrapped anew by it, and the old version is removed, all
    /// in one transaction; its share is destroyed when its time has come. Returns the new version.
    ///
    /// # Errors
    /// When the tenant or its key is not there, or another rotation came between.
    pub async fn rotate_tenant(&self, tenant: TenantId) -> Result<i32, KeyError> {
        self.replace_tenant_key(tenant, Key::generate()).await
    }

    /// As [`KeyAdmin::rotate_tenant`], with a key that the customer made.
    ///
    /// # Errors
    /// As there; `Malformed` unless `text` is 32 bytes in Base64; `Refused` for a key that is no random one.
    pub async fn import_tenant(&self, tenant: TenantId, text: &SecretBytes) -> Result<i32, KeyError> {
        use base64::{Engine, prelude::BASE64_STANDARD};
        let decoded = text.open(|text| BASE64_STANDARD.decode(text.trim_ascii()).map(zeroize::Zeroizing::new));
        let bytes = decoded.map_err(|_| KeyError::Refused("the key must be 32 bytes in Base64".into()))?;
        let key = Key::from_slice(&bytes).map_err(|_| KeyError::Refused("the key must be 32 bytes in Base64".into()))?;
        // Of 32 random bytes about 30 differ; fewer than 16 do not happen.
        let different = bytes.iter().collect::<std::collections::BTreeSet<_>>().len();
        if different < 16 {
            return Err(KeyError::Refused(
                "the key is not random: make one with openssl rand -base64 32".into(),
            ));
        }
        self.replace_tenant_key(tenant, key).await
    }

    async fn replace_tenant_key(&self, tenant: TenantId, key: Key) -> Result<i32, KeyError> {
        let (db, now) = (self.db(tenant).await?, self.clock.now());
        let of = Of { tenant, db: &db };
        let (stored, project_keys) = db
            .read(async |tx| Ok::<_, KeyError>((keys::tenant_keys(tx).await?, keys::all_project_keys(tx).await?)))
            .await?;
        let newest = stored
            .last()
            .ok_or_else(|| KeyError::Refused("the tenant's key was destroyed".into()))?;
        let mut old = Vec::new();
        for key in &stored {
            old.push((key.version, self.keeper.unwrap_tenant_key(of, key).await?));
        }
        let version = newest.version + 1;
        let new = self.keeper.wrap_tenant_key(tenant, version, &key).await?;
        // Opened and wrapped before the transaction: shares and an external command may be slow, and a lock must not be.
        let mut rewrapped = Vec::with_capacity(project_keys.len());
        for stored in &project_keys {
            let (_, outer) = old
                .iter()
                .find(|(version, _)| *version == stored.tenant_version)
                .ok_or(KeyError::Damaged("a project's key"))?;
            rewrapped.push(self.keeper.rewrap_project_key(of, (outer, &key), stored).await?);
        }
        let made = new.share.id;
        let replaced = db.write_alone(async |tx| {
            let locked = keys::lock_tenant_keys(tx).await?;
            let unchanged = locked.iter().map(|key| key.version).eq(stored.iter().map(|key| key.version));
            let current = keys::all_project_keys(tx).await?;
            let same = current.len() == project_keys.len()
                && current
                    .iter()
                    .zip(&project_keys)
                    .all(|(a, b)| a.project == b.project && a.version == b.version && a.wrapped == b.wrapped);
            if !unchanged || !same {
                return Err(StoreError::KeyRetired);
            }
            keys::store_tenant_key(tx, new, now).await?;
            for (stored, wrapped) in project_keys.iter().zip(rewrapped) {
                keys::rewrap_project_key(tx, stored, wrapped, version).await?;
            }
            reseal(tx, tenant, &old, (version, &key)).await?;
            let shares = keys::retire_tenant_keys(tx, version).await?;
            let shares = queue_retired(tx, &self.keeper.ring, no_project(), shares, now).await?;
            keys::changed(tx).await?;
            let target = Target::of("workspace", "", "");
            audit::append(tx, server_did(Act::KeysRotated, target, now, json!({ "version": version }))).await?;
            Ok(shares)
        });
        match replaced.await {
            Ok(shares) => {
                destroy_now(&self.keeper.ring, &shares).await;
                Ok(version)
            }
            Err(error) => {
                abandon(&self.keeper.ring, made, &error).await;
                Err(match error {
                    StoreError::KeyRetired | StoreError::Conflict => {
                        KeyError::Refused("another process changed this tenant's keys at the same moment: run this again".into())
                    }
                    error => error.into(),
                })
            }
        }
    }

    /// A new version of a project's key. Servers seal with it in a moment and reseal what older versions sealed, in the
    /// background; then the older versions are destroyed. Returns the tenant and the new version.
    ///
    /// # Errors
    /// When there is no such project.
    pub async fn rotate_project(&self, project: ProjectId) -> Result<(TenantId, i32), KeyError> {
        let gone = || KeyError::Refused(format!("there is no project {project}"));
        let tenant = self.keeper.platform.tenant_of(project).await?.ok_or_else(gone)?;
        let (db, now) = (self.db(tenant).await?, self.clock.now());
        let (tenant_keys, stored) = db
            .read(async |tx| Ok::<_, KeyError>((keys::tenant_keys(tx).await?, keys::project_keys(tx, project).await?)))
            .await?;
        let version = stored.last().ok_or_else(gone)?.version + 1;
        let outer = tenant_keys.last().ok_or_else(gone)?;
        let opened = self.keeper.unwrap_tenant_key(Of { tenant, db: &db }, outer).await?;
        let active_from = now + ANNOUNCED_MS;
        let fresh = Key::generate();
        let new = self
            .keeper
            .wrap_project_key(tenant, (outer.version, &opened), (project, version, active_from), &fresh);
        let new = new.await?;
        let made = new.share.id;
        let stored = db.write(async |tx| {
            keys::store_project_key(tx, new, now).await?;
            let work = job::Work::Reseal { column: 0, row: None };
            job::enqueue_for(tx, project, work, active_from, now).await?;
            keys::changed(tx).await?;
            let target = Target::of("project", project, "");
            audit::append(tx, server_did(Act::KeysRotated, target, now, json!({ "version": version }))).await
        });
        match stored.await {
            Ok(_) => Ok((tenant, version)),
            Err(error) => {
                abandon(&self.keeper.ring, made, &error).await;
                Err(match error {
                    StoreError::KeyRetired | StoreError::Conflict | StoreError::Orphan => {
                        KeyError::Refused("another process changed this project's keys at the same moment: run this again".into())
                    }
                    error => error.into(),
                })
            }
        }
    }

    /// The living projects of a tenant that have a key.
    ///
    /// # Errors
    /// When there is no such tenant.
    pub async fn projects_of(&self, tenant: TenantId) -> Result<Vec<ProjectId>, KeyError> {
        let db = self.db(tenant).await?;
        let mut projects: Vec<ProjectId> = db
            .read(async |tx| keys::all_project_keys(tx).await)
            .await?
            .iter()
            .map(|key| key.project)
            .collect();
        projects.dedup();
        Ok(projects)
    }

    /// A new master key: see [`MasterRotation`].
    ///
    /// # Errors
    /// `Refused` when another process rotates, or when there is no new key to rotate to.
    pub fn rotate_master(&self) -> Result<MasterRotation, KeyError> {
        MasterRotation::begin(self.store.clone(), self.keeper.clone(), self.database_key.clone())
    }

    /// # Errors
    /// When the database does not answer.
    pub async fn list(&self, only: Option<TenantId>) -> Result<KeyReport, KeyError> {
        let tenants = match only {
            Some(tenant) => vec![tenant],
            None => self.keeper.platform.tenants().await?,
        };
        let mut report = KeyReport {
            current_master: self.keeper.current(),
            masters: self.keeper.masters.ids(),
            tenants: Vec::with_capacity(tenants.len()),
        };
        for tenant in tenants {
            report.tenants.push(self.keys_of(tenant).await?);
        }
        Ok(report)
    }

    async fn keys_of(&self, tenant: TenantId) -> Result<TenantKeys, KeyError> {
        let (db, now) = (self.db(tenant).await?, self.clock.now());
        let found = db.read(async |tx| {
            let (versions, project_keys) = (keys::tenant_keys(tx).await?, keys::all_project_keys(tx).await?);
            Ok::<_, KeyError>((versions, project_keys, job::waiting_shares(tx).await?))
        });
        let (versions, project_keys, waiting_shares) = found.await?;
        let versions = versions.iter().map(|key| TenantKeyVersion {
            version: key.version,
            created_at: key.created_at,
            master: wrapper_of(&key.wrapped),
        });
        let mut projects: Vec<ProjectKeys> = Vec::new();
        for key in &project_keys {
            if projects.last().is_none_or(|last| last.project != key.project) {
                projects.push(ProjectKeys {
                    project: key.project,
                    versions: Vec::new(),
                });
            }
            let state = match (key.closed, key.active_from <= now) {
                (true, _) => "closed",
                (false, true) => "sealing",
                (false, false) => "announced",
            };
            if let Some(of) = projects.last_mut() {
                of.versions.push(ProjectKeyVersion {
                    version: key.version,
                    created_at: key.created_at,
                    tenant_version: key.tenant_version,
                    state,
                    cells: 0,
                });
            }
        }
        for of in &mut projects {
            let counted = db.read(async |tx| sealed::counts(tx, of.project).await).await?;
            for version in &mut of.versions {
                let cells = counted.iter().find(|(number, _)| *number == version.version);
                version.cells = cells.map_or(0, |(_, cells)| *cells);
            }
        }
        Ok(TenantKeys {
            tenant,
            versions: versions.collect(),
            waiting_shares,
            projects,
        })
    }
}
