//! Making one: the rows as of one moment, the ring after them, and only then the name by which the backup is found.

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use entities::{
    Location, Millis, PlatformDb,
    backup::{Cell, PlaceId, Run, Snapshot, Table},
};
use uuid::Uuid;

use super::{
    BackupError, BackupSettings,
    format::{FileKey, Head},
    place::{Place, name_of, new_file, outdated},
    records::Recorder,
    ring_copy,
};
use crate::{clock::Clock, vault::Keeper};

/// A turn is lost when its holder is silent for so long.
const TURN_MS: Millis = 300_000;
const RENEW: Duration = Duration::from_secs(60);

pub(super) struct Maker {
    keeper: Arc<Keeper>,
    pub platform: PlatformDb,
    settings: Arc<BackupSettings>,
    pub clock: Clock,
    /// Set when the process is to end.
    pub stop: Arc<AtomicBool>,
    /// Names this process among those that may take the turn.
    holder: Uuid,
}

/// Keys for the two files, made beforehand: a key service may be slow, and a snapshot should not wait for it.
struct FileKeys {
    rows: FileKey,
    ring: FileKey,
}

/// What was written.
struct Written {
    size: u64,
    rows: u64,
    epoch: i64,
}

impl Maker {
    pub(super) fn new(keeper: Arc<Keeper>, platform: PlatformDb, settings: BackupSettings, clock: Clock) -> Self {
        Self {
            keeper,
            platform,
            settings: Arc::new(settings),
            clock,
            stop: Arc::new(AtomicBool::new(false)),
            holder: Uuid::new_v4(),
        }
    }

    /// Where they go.
    pub(super) fn place(&self) -> PlaceId {
        self.settings.place.id()
    }

    /// Takes the turn; `false` while it is another process's.
    pub(super) async fn take_turn(&self) -> Result<bool, BackupError> {
        let now = self.clock.now();
        Ok(self.platform.take_backup_turn(self.holder, now, now + TURN_MS).await?)
    }

    pub(super) async fn leave_turn(&self) {
        if let Err(error) = self.platform.leave_backup_turn(self.holder).await {
            tracing::warn!(%error, "the turn to make backups runs out by itself");
        }
    }

    async fn key(&self, kind: &str, id: Uuid, at: Millis) -> Result<FileKey, BackupError> {
        let (masters, by) = (&self.keeper.masters, self.keeper.current());
        Ok(FileKey::make(masters, by, Head::new(kind, id, at)).await?)
    }

    /// Makes one, and removes those whose time has come. The turn must be ours. What became of it is written down either way. Returns the
    /// count of key changes that the ring beside it has seen, too.
    pub(super) async fn make(&self, cause: &str) -> Result<(Run, i64), BackupError> {
        let (id, at) = (Uuid::now_v7(), self.clock.now());
        let mut run = Run {
            id,
            name: name_of(id, at),
            cause: cause.into(),
            started_at: at,
            finished_at: None,
            size: 0,
            rows: 0,
            reason: String::new(),
        };
        self.platform.begin_backup(&run, self.place()).await?;
        let made = self.write_all(&run).await;
        run.finished_at = Some(self.clock.now());
        match &made {
            Ok(written) => {
                run.size = i64::try_from(written.size).unwrap_or(i64::MAX);
                run.rows = i64::try_from(written.rows).unwrap_or(i64::MAX);
            }
            Err(error) => run.reason = error.to_string(),
        }
        self.platform.end_backup(&run).await?;
        made.map(|written| (run, written.epoch))
    }

    async fn write_all(&self, run: &Run) -> Result<Written, BackupError> {
        // Another process may have made another master key the current one.
        self.keeper.refresh().await?;
        let keys = FileKeys {
            rows: self.key("rows", run.id, run.started_at).await?,
            ring: self.key("keyring", Uuid::now_v7(), run.started_at).await?,
        };
        let (settings, keeper, clock, stop) = (self.settings.clone(), self.keeper.clone(), self.clock.clone(), self.stop.clone());
        let name = run.name.clone();
        self.apart(async move || {
            let place = Place::open(&settings.place)?;
            let written = write(&keeper, &settings, &place, (&name, keys), &clock, &stop).await?;
            // Only now that there is a newer one.
            let now = clock.now();
            for old in outdated(&place.list().await?, now, settings.keep) {
                place.remove(&old.name).await?;
            }
            Ok(written)
        })
        .await
    }

    /// Writes the ring alone. The turn must be ours.
    pub(super) async fn copy_ring(&self) -> Result<i64, BackupError> {
        self.keeper.refresh().await?;
        let now = self.clock.now();
        let key = self.key("keyring", Uuid::now_v7(), now).await?;
        let (settings, keeper) = (self.settings.clone(), self.keeper.clone());
        self.apart(async move || {
            let place = Place::open(&settings.place)?;
            ring_copy::write(&keeper, &settings, &place, key, now).await
        })
        .await
    }

    /// Runs `work` on a thread of its own, since it packs and seals for as long as it takes, and keeps the turn meanwhile.
    async fn apart<T, W, F>(&self, work: W) -> Result<T, BackupError>
    where
        T: Send + 'static,
        W: FnOnce() -> F + Send + 'static,
        F: Future<Output = Result<T, BackupError>>,
    {
        let (done, mut outcome) = tokio::sync::oneshot::channel();
        let thread = std::thread::Builder::new().name("backup".into()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let result = match runtime {
                Ok(runtime) => runtime.block_on(work()),
                Err(source) => Err(source.into()),
            };
            let _ = done.send(result);
        });
        let thread = thread?;
        let mut renew = tokio::time::interval(RENEW);
        renew.tick().await;
        let result = loop {
            tokio::select! {
                result = &mut outcome => break result,
                _ = renew.tick() => {
                    if !matches!(self.take_turn().await, Ok(true)) {
                        tracing::warn!("the turn to make backups could not be kept");
                    }
                }
            }
        };
        // It has nothing left to do but to end: a process that ends while SQLCipher is at work would crash.
        let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        result.unwrap_or_else(|_| Err(BackupError::Place("it broke off: the log says why".into())))
    }
}

async fn write(
    keeper: &Keeper,
    settings: &BackupSettings,
    place: &Place,
    (name, keys): (&str, FileKeys),
    clock: &Clock,
    stop: &AtomicBool,
) -> Result<Written, BackupError> {
    let path = place.unfinished(name, &settings.scratch)?;
    let written = async {
        let rows = write_rows(settings, keys.rows, &path, stop).await?;
        let size = fs::metadata(&path).map_err(BackupError::file(&path))?.len();
        // Newer than the rows, so that it has all that they need, and there before them: rows without their shares would look deleted.
        let mut ring = keys.ring;
        ring.head.at = clock.now();
        let at = ring.head.at;
        let epoch = ring_copy::write(keeper, settings, place, ring, at).await?;
        place.put(name, &path).await?;
        Ok(Written { size, rows, epoch })
    };
    let written = written.await;
    if written.is_err() {
        let _ = fs::remove_file(&path);
    }
    written
}

async fn write_rows(settings: &BackupSettings, mut file: FileKey, path: &Path, stop: &AtomicBool) -> Result<u64, BackupError> {
    let mut snapshot = Snapshot::open(&settings.reads).await?;
    file.head.schema = snapshot.schema().to_owned();
    file.head.store = match settings.reads {
        Location::Embedded { .. } => "sqlite",
        Location::Postgres { .. } => "postgres",
    }
    .into();
    let recorded = record(&mut snapshot, file, path, stop).await;
    snapshot.close().await;
    recorded
}

async fn record(snapshot: &mut Snapshot, file: FileKey, path: &Path, stop: &AtomicBool) -> Result<u64, BackupError> {
    let out = new_file(path).map_err(BackupError::file(path))?;
    let mut recorder = Recorder::begin(out, file)?;
    let tables: Vec<Table> = snapshot.tables().cloned().collect();
    for (at, table) in tables.iter().enumerate() {
        recorder.table(&table.name, &table.columns)?;
        let each = |cells: &[Cell]| {
            if stop.load(Ordering::Relaxed) {
                return Err(BackupError::Stopped);
            }
            recorder.row(cells).map_err(BackupError::file(path))
        };
        snapshot.rows(at, each).await?;
        recorder.end_table()?;
    }
    let (out, rows) = recorder.finish()?;
    out.sync_all().map_err(BackupError::file(path))?;
    Ok(rows)
}
