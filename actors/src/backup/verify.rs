//! Whether a backup would do: it is put into a scratch place, and looked at there.

use std::collections::BTreeMap;

use entities::{
    Location, Store, StoreError, TenantId, audit,
    backup::{Cell, Snapshot},
};

use super::{BackupError, Opened, records::Sum};
use crate::{
    clock::Clock,
    vault::{Keeper, KeyError, MasterKeys, RingPlace, RingSettings, prove::prove_cells},
};

/// What was found. It would do when nothing is amiss.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    pub tables: usize,
    pub rows: u64,
    pub tenants: usize,
    pub projects: usize,
    /// Workspaces that were deleted after the backup was made, and stay shut.
    pub gone: usize,
    /// Entries of audit logs, each in its chain.
    pub entries: i64,
    /// Sealed cells that were opened, of each column of each project some.
    pub cells: usize,
    pub amiss: Vec<String>,
}

/// Restores `backup` into the empty database at `scratch`, whose tables were made, and looks at it there: rows against the sums that were
/// written with them, every audit log's chain, and some sealed cells of each column.
///
/// # Errors
/// When it cannot be restored at all.
pub async fn verify(backup: &Opened, masters: MasterKeys, scratch: &Location) -> Result<Verified, BackupError> {
    let ring = || RingSettings {
        place: RingPlace::Database,
        retention: std::time::Duration::ZERO,
    };
    backup.restore(&masters, scratch, ring(), None).await?;
    let mut found = Verified::default();
    let alive = compare(backup, scratch, &mut found).await?;
    let store = Store::open(scratch).await?;
    let looked = look_inside((backup, &alive), masters, ring(), &store, &mut found).await;
    store.close().await;
    looked?;
    Ok(found)
}

/// Returns the workspaces that were alive when the backup was made: of one that was being deleted, only a part is left.
async fn compare(backup: &Opened, scratch: &Location, found: &mut Verified) -> Result<Vec<TenantId>, BackupError> {
    let mut snapshot = Snapshot::open(scratch).await?;
    let looked = async { Ok::<_, StoreError>((sums(&mut snapshot).await?, snapshot.living(0).await?.tenants)) };
    let looked = looked.await;
    snapshot.close().await;
    let (sums, alive) = looked?;
    for (table, sum) in &backup.sums {
        found.tables += 1;
        found.rows += sum.rows;
        match sums.get(table) {
            Some(there) if there == sum => {}
            Some(there) if there.rows != sum.rows => {
                found
                    .amiss
                    .push(format!("the table {table} has {} rows instead of {}", there.rows, sum.rows));
            }
            _ => found
                .amiss
                .push(format!("the rows of the table {table} are not those that were written")),
        }
    }
    Ok(alive)
}

async fn sums(snapshot: &mut Snapshot) -> Result<BTreeMap<String, Sum>, StoreError> {
    let names: Vec<String> = snapshot.tables().map(|table| table.name.clone()).collect();
    let (mut sums, mut buffer) = (BTreeMap::new(), Vec::new());
    for (at, name) in names.into_iter().enumerate() {
        let mut sum = Sum::default();
        let each = |cells: &[Cell]| {
            sum.add_cells(cells, &mut buffer);
            Ok::<_, StoreError>(())
        };
        snapshot.rows(at, each).await?;
        sums.insert(name, sum);
    }
    Ok(sums)
}

async fn look_inside(
    (backup, alive): (&Opened, &[TenantId]),
    masters: MasterKeys,
    ring: RingSettings,
    store: &Store,
    found: &mut Verified,
) -> Result<(), BackupError> {
    if store.platform().installation().await?.is_none() {
        found.amiss.push("the installation's own secret is missing".into());
        return Ok(());
    }
    let keeper = Keeper::open(masters, ring, store.platform(), Clock::system().now()).await?;
    for tenant in alive.iter().copied() {
        check_log(store, tenant, found).await?;
        if !backup.ring.has_tenant(tenant) {
            found.gone += 1;
            continue;
        }
        let is_gone = |project: entities::ProjectId| !backup.ring.projects.contains(&(tenant.uuid(), project.uuid()));
        match prove_cells(store, &keeper, tenant, is_gone).await {
            Ok((projects, cells)) => {
                found.tenants += 1;
                found.projects += projects;
                found.cells += cells;
            }
            Err(KeyError::Storage(error @ StoreError::Unavailable(_))) => return Err(error.into()),
            Err(error) => found.amiss.push(format!("workspace {tenant}: {error}")),
        }
    }
    Ok(())
}

async fn check_log(store: &Store, tenant: TenantId, found: &mut Verified) -> Result<(), BackupError> {
    match store.tenant(tenant).read(async |tx| audit::check(tx, None).await).await? {
        Ok(head) => found.entries += head.seq,
        Err(broken) => found
            .amiss
            .push(format!("workspace {tenant}: its audit log does not hold: {broken}")),
    }
    Ok(())
}
