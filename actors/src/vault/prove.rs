//! Whether the keys of an installation can be opened with what is at hand. Opens them, and lets go of them.

use entities::{Location, ProjectId, Store, TenantId, keys, sealed};

use super::{
    Place,
    content::{ContentKey, Version},
    credentials,
    error::KeyError,
    keeper::{Keeper, Of},
    master::MasterKeys,
    ring::RingSettings,
};
use crate::clock::Clock;

/// Tenants whose keys are tried: enough to see that a key or the ring is missing, in a bearable time with a slow key service.
const MOST_TENANTS: usize = 500;

/// What could be opened.
#[derive(Debug, Default)]
pub struct KeyProof {
    pub tenants: usize,
    pub projects: usize,
    /// Of which workspaces the keys do not open, and why.
    pub shut: Vec<(TenantId, KeyError)>,
    /// There are more tenants than were tried.
    pub is_part: bool,
}

/// Opens the keys of each tenant and project, beside any server. `None` when no server was ever started on this database.
///
/// # Errors
/// When the database cannot be opened, or no master key at hand is the installation's.
pub async fn prove_keys(masters: MasterKeys, ring: RingSettings, location: &Location) -> Result<Option<KeyProof>, KeyError> {
    let store = Store::open(location).await?;
    let outcome = prove(&store, masters, ring).await;
    store.close().await;
    outcome
}

async fn prove(store: &Store, masters: MasterKeys, ring: RingSettings) -> Result<Option<KeyProof>, KeyError> {
    let Some(keeper) = Keeper::of_started(masters, ring, store.platform()).await? else {
        return Ok(None);
    };
    let tenants = keeper.platform.tenants().await?;
    let mut proof = KeyProof {
        is_part: tenants.len() > MOST_TENANTS,
        ..KeyProof::default()
    };
    for tenant in tenants.into_iter().take(MOST_TENANTS) {
        match open_all(store, &keeper, tenant).await {
            Ok(projects) => {
                proof.tenants += 1;
                proof.projects += projects;
            }
            Err(KeyError::Storage(error)) => return Err(error.into()),
            Err(error) => proof.shut.push((tenant, error)),
        }
    }
    Ok(Some(proof))
}

/// How many keys of projects were opened.
async fn open_all(store: &Store, keeper: &Keeper, tenant: TenantId) -> Result<usize, KeyError> {
    let db = store.tenant(tenant);
    let of = Of { tenant, db: &db };
    let (tenant_keys, project_keys) = db
        .read(async |tx| Ok::<_, KeyError>((keys::tenant_keys(tx).await?, keys::all_project_keys(tx).await?)))
        .await?;
    let mut outer = Vec::with_capacity(tenant_keys.len());
    for stored in &tenant_keys {
        outer.push((stored.version, keeper.unwrap_tenant_key(of, stored).await?));
    }
    for stored in &project_keys {
        let by = outer.iter().find(|(version, _)| *version == stored.tenant_version);
        let (_, by) = by.ok_or(KeyError::Damaged("a project's key"))?;
        keeper.unwrap_project_key(of, by, stored).await?;
    }
    Ok(project_keys.len())
}

/// What a program with the keys can say of cells that lie in their columns.
#[derive(Debug, Default)]
pub struct SealedProof {
    pub cells: usize,
    /// Of which workspaces something does not open: in which table.
    pub shut: Vec<(TenantId, &'static str)>,
}

/// Opens some cells of every sealed column of each project, and some credentials, beside any server.
///
/// # Errors
/// When the database cannot be opened, or a key.
pub async fn prove_sealed(masters: MasterKeys, ring: RingSettings, location: &Location) -> Result<SealedProof, KeyError> {
    let (store, keeper) = Keeper::open_beside(masters, ring, location, Clock::system().now()).await?;
    let outcome = prove_all_cells(&store, &keeper).await;
    store.close().await;
    outcome
}

async fn prove_all_cells(store: &Store, keeper: &Keeper) -> Result<SealedProof, KeyError> {
    let mut proof = SealedProof::default();
    for tenant in keeper.platform.living_tenants().await?.into_iter().take(MOST_TENANTS) {
        let mut looked = prove_cells(store, keeper, tenant, |_| false).await;
        if looked.is_err() {
            // A key that was replaced meanwhile is not among those that were read.
            looked = prove_cells(store, keeper, tenant, |_| false).await;
        }
        match looked {
            Ok((_, cells)) => proof.cells += cells,
            Err(KeyError::Storage(error)) => return Err(error.into()),
            // Deleted meanwhile: its keys went first.
            Err(_) if !keeper.platform.living_tenants().await?.contains(&tenant) => {}
            Err(KeyError::Damaged(table)) => proof.shut.push((tenant, table)),
            Err(_) => proof.shut.push((tenant, "a key")),
        }
    }
    Ok(proof)
}

/// Opens some cells of every sealed column of every project, and some of what the tenant's own key seals; but none of a project that `is_gone`.
/// Returns how many projects there are and how many cells were opened.
///
/// # Errors
/// The first that does not open.
pub(crate) async fn prove_cells(
    store: &Store,
    keeper: &Keeper,
    tenant: TenantId,
    is_gone: impl Fn(ProjectId) -> bool,
) -> Result<(usize, usize), KeyError> {
    let db = store.tenant(tenant);
    let of = Of { tenant, db: &db };
    let (tenant_keys, project_keys) = db
        .read(async |tx| Ok::<_, KeyError>((keys::tenant_keys(tx).await?, keys::all_project_keys(tx).await?)))
        .await?;
    let mut outer = Vec::with_capacity(tenant_keys.len());
    for stored in &tenant_keys {
        outer.push((stored.version, keeper.unwrap_tenant_key(of, stored).await?));
    }
    let mut opened = db.read(async |tx| credentials::open_some(tx, tenant, &outer).await).await?;
    let mut projects = 0;
    for keys in project_keys.chunk_by(|a, b| a.project == b.project) {
        let Some(project) = keys.first().map(|key| key.project).filter(|project| !is_gone(*project)) else {
            continue;
        };
        let mut versions = Vec::with_capacity(keys.len());
        for stored in keys {
            let by = outer.iter().find(|(version, _)| *version == stored.tenant_version);
            let (_, by) = by.ok_or(KeyError::Damaged("a project's key"))?;
            versions.push(Version {
                number: u32::try_from(stored.version).map_err(|_| KeyError::Damaged("a project's key"))?,
                key: keeper.unwrap_project_key(of, by, stored).await?,
                active_from: stored.active_from,
            });
        }
        let key = ContentKey::new(tenant, project, Clock::system(), versions);
        for column in sealed::columns() {
            // Older than any: the first page of all there are.
            let some = db.read(async |tx| sealed::stale(tx, column, project, i32::MAX, None).await).await?;
            for cell in &some {
                let place = Place(column.table, column.column, cell.row);
                key.open(place, &cell.sealed).map_err(|_| KeyError::Damaged(column.table))?;
            }
            opened += some.len();
        }
        projects += 1;
    }
    Ok((projects, opened))
}
