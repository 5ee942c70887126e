//! `pernoex backup` and `pernoex restore`.

use std::{fs, io, path::Path, path::PathBuf};

use actors::{
    DatabaseKey, Location, MasterKeys, Millis,
    backup::{self, BackupDesk, BackupError, Cause, Opened, Restored, Verified},
    clock::Clock,
    doctor::prove_keys,
};
use clap::Subcommand;

use crate::{
    StartError, data_folder,
    installation::{self, DATABASE_FILE},
    keys,
    settings::{BackupSetting, DatabaseSettings, Settings},
};

#[derive(Subcommand)]
pub enum Action {
    /// Show the backups that are there, oldest first.
    List,
    /// Put a backup into a scratch place and look whether it would do: rows, audit logs, and whether what is sealed opens. Changes nothing.
    Verify {
        /// As `list` shows it. [default: the latest]
        name: Option<String>,
    },
}

/// # Errors
/// When something stands in the way.
pub async fn run(settings: &Settings, at: Option<&str>, action: Option<Action>) -> Result<(), StartError> {
    match action {
        None => make(settings, at).await,
        Some(Action::List) => list(settings, at).await,
        Some(Action::Verify { name }) => verify(settings, at, name.as_deref()).await,
    }
}

async fn make(settings: &Settings, at: Option<&str>) -> Result<(), StartError> {
    let named = settings.backup.place(at)?;
    let (place, cause) = match settings.backup.same_as(&named) {
        Some(set) => (set, Cause::Command),
        None => (named, Cause::Elsewhere),
    };
    let (masters, location) = keys::installation(settings).await?;
    let wanted = BackupSetting::for_actors(settings, place, &location)?;
    installation::migrate(settings, &location).await?;
    let desk = BackupDesk::open(masters, installation::key_ring(settings)?, &location, wanted, Clock::system()).await?;
    let made = desk.make(cause).await;
    desk.close().await;
    let run = made?;
    let took = run.finished_at.unwrap_or(run.started_at) - run.started_at;
    println!(
        "{}: {} rows, {}, in {} ms.",
        run.name,
        run.rows,
        size(run.size.unsigned_abs()),
        took
    );
    println!("It opens with the master key alone: keep that elsewhere. Try it: pernoex backup verify");
    Ok(())
}

async fn list(settings: &Settings, at: Option<&str>) -> Result<(), StartError> {
    let all = backup::list(&settings.backup.place(at)?).await?;
    if all.is_empty() {
        println!("There are no backups.");
    }
    for one in all {
        println!("{}  {}  {}", one.name, time(one.at), size(one.size));
    }
    Ok(())
}

async fn open(settings: &Settings, masters: &MasterKeys, at: Option<&str>, name: Option<&str>) -> Result<Opened, StartError> {
    let place = settings.backup.place(at)?;
    let tables = migration::latest();
    Ok(backup::open(masters, &place, name, &settings.data, (&tables, migration::knows)).await?)
}

/// A folder for a while, for its owner alone.
struct Scratch(PathBuf);

impl Scratch {
    fn make(folder: PathBuf) -> Result<Self, StartError> {
        use std::os::unix::fs::DirBuilderExt;
        let unusable = |source| StartError::DataFolder {
            path: folder.display().to_string(),
            source,
        };
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(unusable(error)),
            _ => {}
        }
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder);
        made.map_err(unusable)?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn verify(settings: &Settings, at: Option<&str>, name: Option<&str>) -> Result<(), StartError> {
    let masters = installation::masters_that_are_there(settings)?;
    let opened = open(settings, &masters, at, name).await?;
    let scratch = Scratch::make(settings.data.join(format!("verifying-{}", std::process::id())))?;
    let mut key = [0; 32];
    rand::fill(&mut key);
    // Nobody keeps it: what is left of the scratch place after a power cut opens no more.
    let location = Location::Embedded {
        path: scratch.0.join(DATABASE_FILE),
        key: DatabaseKey::new(key).into(),
    };
    migration::run(&location, None).await?;
    let found = backup::verify(&opened, masters, &location).await?;
    told(&opened, &found);
    match found.amiss.len() {
        0 => Ok(()),
        many => Err(BackupError::Refused(format!("{} would not do: {many} things are amiss", opened.name)).into()),
    }
}

fn told(opened: &Opened, found: &Verified) {
    println!("{} of {}, {}", opened.name, time(opened.head.at), size(opened.size));
    println!("{} rows in {} tables, each as it was written", found.rows, found.tables);
    println!(
        "{} workspaces, {} projects: {} sealed cells opened; {} entries of audit logs, each in its chain",
        found.tenants, found.projects, found.cells, found.entries
    );
    if found.gone > 0 {
        println!("{} workspaces were deleted since, and stay shut", found.gone);
    }
    for amiss in &found.amiss {
        println!("AMISS: {amiss}");
    }
}

/// # Errors
/// When the installation is not empty, or the backup is not whole; then nothing was put back.
pub async fn restore(settings: &Settings, at: Option<&str>, name: Option<&str>) -> Result<(), StartError> {
    let masters = installation::masters_that_are_there(settings)?;
    let _claim = data_folder::claim(settings)?;
    refuse_what_is_there(settings).await?;
    let opened = open(settings, &masters, at, name).await?;
    println!("{} of {} is whole.", opened.name, time(opened.head.at));
    let now = Clock::system().now();
    let restored = match &settings.database {
        DatabaseSettings::Embedded => into_file(settings, &masters, &opened, now).await?,
        DatabaseSettings::Postgres { .. } => into_postgres(settings, &masters, &opened, now).await?,
    };
    println!(
        "{} rows in {} tables are back. Everybody has to sign in anew.",
        restored.rows, restored.tables
    );
    let (workspaces, projects) = (restored.tenants_gone, restored.projects_gone);
    if workspaces + projects > 0 {
        println!("{workspaces} workspaces and {projects} projects were deleted after it was made: they stay deleted.");
    }
    shut(settings, masters).await?;
    println!("Now: pernoex doctor, then start the server.");
    Ok(())
}

async fn refuse_what_is_there(settings: &Settings) -> Result<(), StartError> {
    const THERE: &str = "there is an installation here already: restore into an empty place (another PERNOEX_DATA, or another database)";
    match &settings.database {
        DatabaseSettings::Embedded if settings.data.join(DATABASE_FILE).exists() => Err(StartError::Input(THERE)),
        DatabaseSettings::Embedded => Ok(()),
        DatabaseSettings::Postgres { .. } => {
            let owner = installation::privileged(settings).ok_or(StartError::Input(
                "MIGRATION_DATABASE_URL is not set: the role that owns the tables puts rows back",
            ))?;
            if backup::is_empty(&owner).await? {
                Ok(())
            } else {
                Err(StartError::Input(THERE))
            }
        }
    }
}

/// Beside where it belongs, and moved there when it is whole.
async fn into_file(settings: &Settings, masters: &MasterKeys, opened: &Opened, now: Millis) -> Result<Restored, StartError> {
    let scratch = Scratch::make(settings.data.join("restoring"))?;
    let path = scratch.0.join(DATABASE_FILE);
    let key = actors::database_key(&path, masters).await?;
    let location = Location::Embedded { path: path.clone(), key };
    migration::run(&location, None).await?;
    let ring = installation::key_ring(settings)?;
    let restored = opened.restore(masters, &location, ring, Some(now)).await?;
    let log = scratch.0.join(format!("{DATABASE_FILE}-wal"));
    if fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
        return Err(StartError::Input("the restored database was not closed: run this again"));
    }
    // The key first: a key without its database is replaced by the next attempt.
    for file in ["database.key", DATABASE_FILE] {
        let to = settings.data.join(file);
        moved(&scratch.0.join(file), &to).map_err(|source| StartError::DataFolder {
            path: to.display().to_string(),
            source,
        })?;
    }
    Ok(restored)
}

fn moved(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    match to.parent() {
        Some(folder) => fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

async fn into_postgres(settings: &Settings, masters: &MasterKeys, opened: &Opened, now: Millis) -> Result<Restored, StartError> {
    let location = installation::location(settings, masters).await?;
    installation::migrate(settings, &location).await?;
    let owner = installation::privileged(settings).unwrap_or(location);
    let ring = installation::key_ring(settings)?;
    Ok(opened.restore(masters, &owner, ring, Some(now)).await?)
}

/// Says of which workspaces the keys do not open.
async fn shut(settings: &Settings, masters: MasterKeys) -> Result<(), StartError> {
    let location = installation::location(settings, &masters).await?;
    let proof = prove_keys(masters, installation::key_ring(settings)?, &location).await?;
    for (tenant, error) in proof.map(|proof| proof.shut).unwrap_or_default() {
        println!(
            "WARNING: workspace {tenant} does not open ({error}): its keys were replaced after the backup, and the old ones destroyed since."
        );
    }
    Ok(())
}

fn time(at: Millis) -> String {
    let at = chrono::DateTime::from_timestamp_millis(at).unwrap_or_default();
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_048_576 => format!("{} KiB", bytes.div_ceil(1024)),
        _ => format!("{} MiB", bytes.div_ceil(1 << 20)),
    }
}
