//! Opening the database. The connections stay in here.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, SqliteTransactionMode,
    Statement, TransactionOptions, TransactionTrait,
    sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::{
    PlatformDb, StoreError, TenantDb, TenantId,
    fair::{Fair, Place},
};

/// The 256-bit key of the embedded database file. Wiped when dropped; has no textual form outside this crate.
///
/// It can be made and moved:
/// ```
/// let key = entities::DatabaseKey::new([7; 32]);
/// let _location = entities::Location::Embedded { path: "pernoex.db".into(), key: key.into() };
/// ```
/// It can be neither printed, copied nor serialised:
/// ```compile_fail,E0277
/// let _ = format!("{:?}", entities::DatabaseKey::new([7; 32]));
/// ```
/// ```compile_fail,E0277
/// let _ = format!("{}", entities::DatabaseKey::new([7; 32]));
/// ```
/// ```compile_fail,E0599
/// let _ = entities::DatabaseKey::new([7; 32]).clone();
/// ```
/// ```compile_fail,E0277
/// let _ = serde_json::to_string(&entities::DatabaseKey::new([7; 32]));
/// ```
#[derive(ZeroizeOnDrop)]
pub struct DatabaseKey([u8; 32]);

impl DatabaseKey {
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// SQLCipher's raw-key literal: used as it is, without the slow derivation that a passphrase needs. What SQLCipher says on
    /// standard error of its own accord is switched off in the same breath, before anything is read: a wrong key is told by us.
    fn pragma(&self) -> Zeroizing<String> {
        let hex: Zeroizing<String> = Zeroizing::new(self.0.iter().map(|byte| format!("{byte:02x}")).collect());
        Zeroizing::new(format!("\"x'{}'\"; PRAGMA cipher_log_level = NONE", *hex))
    }
}

/// Where rows live.
#[derive(Clone)]
pub enum Location {
    /// One SQLCipher file.
    Embedded { path: PathBuf, key: Arc<DatabaseKey> },
    /// PostgreSQL, as a role that neither owns the tables nor bypasses row-level security.
    Postgres { url: String, connections: u32 },
}

impl Location {
    /// Whether an embedded database can be read with this key.
    pub async fn opens(&self) -> bool {
        let Ok(database) = Database::connect(connect_options(self, false)).await else {
            return false;
        };
        let read = database.execute_unprepared("select count(*) from sqlite_master").await.is_ok();
        let _ = database.close().await;
        read
    }
}

impl fmt::Debug for Location {
    /// Names the kind only: a PostgreSQL URL holds a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded { path, .. } => write!(f, "Embedded({})", path.display()),
            Self::Postgres { .. } => f.write_str("Postgres"),
        }
    }
}

/// How every connection to an embedded file is set up.
pub(crate) fn embedded_pragmas(options: SqliteConnectOptions, key: &DatabaseKey) -> SqliteConnectOptions {
    options
        .pragma("key", (*key.pragma()).clone())
        .journal_mode(SqliteJournalMode::Wal)
        // FULL: an acknowledged commit survives a power cut, not only a crash of the process.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(5))
        .foreign_keys(true)
        .pragma("temp_store", "MEMORY")
        .pragma("secure_delete", "ON")
}

/// How to connect to `location`; `writer` asks for the one connection that may write to an embedded file.
#[must_use]
pub fn connect_options(location: &Location, writer: bool) -> ConnectOptions {
    match location {
        Location::Embedded { path, key } => {
            let mut options = ConnectOptions::new(format!("sqlite://{}?mode=rwc", path.display()));
            // One writer: concurrent IMMEDIATE transactions on several connections only queue on the file's lock, more slowly.
            options.max_connections(if writer { 1 } else { 4 });
            // A file does not hang up.
            options.test_before_acquire(false);
            let key = key.clone();
            options.map_sqlx_sqlite_opts(move |sqlite| {
                let sqlite = embedded_pragmas(sqlite, &key);
                if writer { sqlite } else { sqlite.pragma("query_only", "ON") }
            });
            quiet(options)
        }
        Location::Postgres { url, connections } => {
            let mut options = ConnectOptions::new(url.clone());
            options.max_connections(*connections).test_before_acquire(true);
            quiet(options)
        }
    }
}

/// How long a transaction waits to begin.
const PATIENCE: Duration = Duration::from_secs(5);

/// The statement log would print `PRAGMA key` and every bound value.
fn quiet(mut options: ConnectOptions) -> ConnectOptions {
    options.sqlx_logging(false).acquire_timeout(PATIENCE);
    options
}

/// The open database. Hands out scoped views, never a connection.
///
/// ```
/// fn view(store: &entities::Store, tenant: entities::TenantId) -> entities::TenantDb {
///     store.tenant(tenant)
/// }
/// ```
/// ```compile_fail,E0616
/// fn connection(store: &entities::Store) -> &sea_orm::DatabaseConnection {
///     &store.writer
/// }
/// ```
/// ```compile_fail,E0624
/// async fn transaction(store: &entities::Store) {
///     let _ = store.begin_write().await;
/// }
/// ```
#[derive(Clone)]
pub struct Store {
    writer: DatabaseConnection,
    reader: DatabaseConnection,
    /// Who writes next. A tenant that writes without pause waits behind itself, not before everyone else.
    turns: Fair<TenantId>,
}

impl Store {
    /// Opens the database and proves that it can be read and, on PostgreSQL, that the role is held by row-level security.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be reached; `Refused` when the key is wrong or the role has too many rights.
    pub async fn open(location: &Location) -> Result<Self, StoreError> {
        let writer = Database::connect(connect_options(location, true)).await?;
        let reader = match location {
            Location::Embedded { .. } => Database::connect(connect_options(location, false)).await?,
            Location::Postgres { .. } => writer.clone(),
        };
        let turns = match location {
            Location::Embedded { .. } => Fair::new(1, 1),
            // The rest of the connections is for those who read.
            Location::Postgres { connections, .. } => {
                let writers = usize::try_from(*connections).unwrap_or(2) / 2 + 1;
                Fair::new(writers, writers / 2)
            }
        };
        let store = Self { writer, reader, turns };
        store.ping().await?;
        store.refuse_powerful_role().await?;
        Ok(store)
    }

    #[cfg(test)]
    pub(crate) fn of(writer: DatabaseConnection, reader: DatabaseConnection) -> Self {
        Self {
            writer,
            reader,
            turns: Fair::new(2, 2),
        }
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.writer.get_database_backend() == DbBackend::Postgres
    }

    /// A role that owns the tables, is a superuser or bypasses policies would make the second wall a decoration.
    async fn refuse_powerful_role(&self) -> Result<(), StoreError> {
        if !self.is_postgres() {
            return Ok(());
        }
        let question = "select (select rolsuper or rolbypassrls from pg_roles where rolname = current_user) \
             or exists (select from pg_class where relname = 'document' and pg_has_role(current_user, relowner, 'member')) \
             or exists (select from pg_policy, unnest(polroles) as able (role) \
                 where polname = 'backup_reads' and role <> 0 and pg_has_role(current_user, role, 'member')) as powerful";
        let row = self
            .reader
            .query_one_raw(Statement::from_string(DbBackend::Postgres, question))
            .await?;
        let powerful = row.and_then(|row| row.try_get::<bool>("", "powerful").ok()).unwrap_or(true);
        if powerful {
            return Err(StoreError::Refused(
                "the role of DATABASE_URL owns the tables or bypasses row-level security".into(),
            ));
        }
        Ok(())
    }

    /// Asks the database for nothing, to see that it answers.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.reader.execute_unprepared("select count(*) from tenant where 1 = 0").await?;
        Ok(())
    }

    /// The view of one tenant. Only that tenant's supervisor calls this.
    #[must_use]
    pub fn tenant(&self, tenant: TenantId) -> TenantDb {
        TenantDb::new(self.clone(), tenant)
    }

    #[must_use]
    pub fn platform(&self) -> PlatformDb {
        PlatformDb::new(self.clone())
    }

    /// Waits for the turn of `tenant` to write. Keep it until the transaction has ended.
    pub(crate) async fn turn_to_write(&self, tenant: TenantId) -> Result<Place<TenantId>, StoreError> {
        tokio::time::timeout(PATIENCE, self.turns.enter(tenant))
            .await
            .map_err(|_| StoreError::Unavailable("no turn to write in time"))
    }

    pub(crate) async fn begin_write(&self) -> Result<DatabaseTransaction, StoreError> {
        // A deferred transaction that upgrades itself fails at once under contention: take the lock first.
        let mode = (!self.is_postgres()).then_some(SqliteTransactionMode::Immediate);
        let options = TransactionOptions {
            sqlite_transaction_mode: mode,
            ..Default::default()
        };
        Ok(self.writer.begin_with_options(options).await?)
    }

    pub(crate) async fn begin_read(&self) -> Result<DatabaseTransaction, StoreError> {
        let access = self.is_postgres().then_some(AccessMode::ReadOnly);
        let options = TransactionOptions {
            access_mode: access,
            ..Default::default()
        };
        Ok(self.reader.begin_with_options(options).await?)
    }

    /// The one that writes, and the one that reads when it is another.
    pub(crate) fn connections(&self) -> (&DatabaseConnection, Option<&DatabaseConnection>) {
        (&self.writer, (!self.is_postgres()).then_some(&self.reader))
    }

    /// Closes every connection; an embedded file folds its write-ahead log back.
    pub async fn close(&self) {
        let _ = self.reader.clone().close().await;
        let _ = self.writer.clone().close().await;
    }
}

/// Sets what PostgreSQL's policies read, for this transaction alone: a pooled connection keeps nothing of it.
pub(crate) async fn set_local(tx: &DatabaseTransaction, name: &str, value: String) -> Result<(), StoreError> {
    if tx.get_database_backend() == DbBackend::Postgres {
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, "select set_config($1, $2, true)", [name.into(), value.into()]);
        tx.execute_raw(statement).await?;
    }
    Ok(())
}
