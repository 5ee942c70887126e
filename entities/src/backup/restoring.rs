//! Putting rows into an installation that has none: all of them or, when anything goes wrong, none.

use std::collections::HashMap;

use sea_orm::{
    ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait, Value, prelude::Uuid,
};

use super::{Cell, Kind, Living, Table, is_kept};
use crate::{Location, Millis, ProjectId, StoreError, TenantId, TenantTx, connect_options, job, project, workspace};

/// Parameters of one statement, and about how many bytes it carries.
const MOST_VALUES: usize = 4_000;
const MOST_BYTES: usize = 4 << 20;

/// One transaction, in which PostgreSQL's walls are down for its own role and stand again when it ends.
pub struct Restoring {
    database: DatabaseConnection,
    tx: Option<DatabaseTransaction>,
    kinds: HashMap<String, HashMap<String, Kind>>,
    walled: Vec<String>,
    into: Option<Sink>,
}

/// Where the next rows go.
struct Sink {
    table: Table,
    kinds: Vec<Kind>,
    waiting: Vec<Value>,
    rows: usize,
    bytes: usize,
}

fn text(backend: DbBackend, embedded: &'static str, postgres: &'static str) -> Statement {
    let sql = if backend == DbBackend::Postgres { postgres } else { embedded };
    Statement::from_string(backend, sql)
}

async fn triples(tx: &impl ConnectionTrait, question: Statement) -> Result<Vec<(String, String, String)>, StoreError> {
    let rows = tx.query_all_raw(question).await?;
    let read = |row: &sea_orm::QueryResult| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?, row.try_get_by_index(2)?));
    rows.iter().map(read).collect()
}

impl Restoring {
    /// Begins, in tables that were made before. On PostgreSQL `location` is of the role that owns them.
    ///
    /// # Errors
    /// `Conflict` when there are rows already.
    pub async fn begin(location: &Location) -> Result<Self, StoreError> {
        let database = Database::connect(connect_options(location, true)).await?;
        let backend = database.get_database_backend();
        let options = TransactionOptions {
            sqlite_transaction_mode: (backend != DbBackend::Postgres).then_some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        let tx = database.begin_with_options(options).await?;
        let mut restoring = Self {
            database,
            tx: Some(tx),
            kinds: HashMap::new(),
            walled: Vec::new(),
            into: None,
        };
        match restoring.prepare().await {
            Ok(()) => Ok(restoring),
            Err(error) => {
                restoring.abandon().await;
                Err(error)
            }
        }
    }

    async fn prepare(&mut self) -> Result<(), StoreError> {
        let backend = self.database.get_database_backend();
        let columns = text(
            backend,
            "select m.name, c.name, c.type from sqlite_master m, pragma_table_info(m.name) c where m.type = 'table'",
            "select c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod) from pg_class c \
             join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped \
             where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace",
        );
        for (table, column, declared) in triples(self.tx()?, columns).await? {
            if let Some(kind) = Kind::parse(&declared) {
                self.kinds.entry(table).or_default().insert(column, kind);
            }
        }
        // Without a lock that anybody would feel who uses what is there: no wall stands before these.
        self.refuse_rows(&["installation", "tenant", "account"]).await?;
        if backend == DbBackend::Postgres {
            self.lift_walls().await?;
        }
        let all: Vec<String> = self.kinds.keys().filter(|name| is_kept(name)).cloned().collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        self.refuse_rows(&all).await
    }

    fn tx(&self) -> Result<&DatabaseTransaction, StoreError> {
        self.tx.as_ref().ok_or(StoreError::Unavailable("the transaction has ended"))
    }

    /// The owner of the tables is held by their walls too. Nobody else sees them fall: the tables are locked until the transaction ends.
    async fn lift_walls(&mut self) -> Result<(), StoreError> {
        let question = "select relname::text, '', '' from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and relforcerowsecurity";
        let walled = triples(self.tx()?, Statement::from_string(DbBackend::Postgres, question)).await?;
        self.walled = walled.into_iter().map(|(name, _, _)| name).collect();
        self.force("no force").await
    }

    async fn force(&self, word: &str) -> Result<(), StoreError> {
        for table in &self.walled {
            let sql = format!("alter table public.\"{table}\" {word} row level security");
            self.tx()?.execute_unprepared(&sql).await?;
        }
        Ok(())
    }

    async fn refuse_rows(&self, tables: &[&str]) -> Result<(), StoreError> {
        for table in tables.iter().filter(|name| self.kinds.contains_key(**name)) {
            let sql = format!("select 1 from \"{table}\" limit 1");
            let found = self
                .tx()?
                .query_one_raw(Statement::from_string(self.database.get_database_backend(), sql));
            if found.await?.is_some() {
                return Err(StoreError::Conflict);
            }
        }
        Ok(())
    }

    /// The rows that follow are of `table`.
    ///
    /// # Errors
    /// `Damaged` when there is no such table or column here.
    pub async fn table(&mut self, table: Table) -> Result<(), StoreError> {
        self.flush().await?;
        let known = self.kinds.get(&table.name).ok_or(StoreError::Damaged("a table that is not here"))?;
        let kinds = table
            .columns
            .iter()
            .map(|column| known.get(column).copied())
            .collect::<Option<Vec<_>>>();
        let kinds = kinds.filter(|kinds| kinds.len() == known.len());
        self.into = Some(Sink {
            kinds: kinds.ok_or(StoreError::Damaged("a column that is not here"))?,
            table,
            waiting: Vec::new(),
            rows: 0,
            bytes: 0,
        });
        Ok(())
    }

    /// # Errors
    /// When the database refuses it.
    pub async fn row(&mut self, cells: Vec<Cell>) -> Result<(), StoreError> {
        let into = self.into.as_mut().ok_or(StoreError::Damaged("a row of no table"))?;
        if cells.len() != into.kinds.len() {
            return Err(StoreError::Damaged("a row of another table"));
        }
        for (cell, kind) in cells.into_iter().zip(&into.kinds) {
            into.bytes += match &cell {
                Cell::Text(text) => text.len(),
                Cell::Bytes(bytes) => bytes.len(),
                Cell::Null | Cell::Int(_) => 8,
            };
            into.waiting.push(kind.value(cell)?);
        }
        into.rows += 1;
        if into.bytes >= MOST_BYTES || into.waiting.len() + into.kinds.len() > MOST_VALUES {
            self.flush().await?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), StoreError> {
        let backend = self.database.get_database_backend();
        let (tx, Some(into)) = (self.tx.as_ref(), self.into.as_mut()) else {
            return Ok(());
        };
        let tx = tx.ok_or(StoreError::Unavailable("the transaction has ended"))?;
        if into.rows == 0 {
            return Ok(());
        }
        let columns: Vec<String> = into.table.columns.iter().map(|name| format!("\"{name}\"")).collect();
        let width = columns.len();
        let row = |row: usize| {
            let marks: Vec<String> = (1..=width).map(|column| format!("${}", row * width + column)).collect();
            format!("({})", marks.join(", "))
        };
        let rows: Vec<String> = (0..into.rows).map(row).collect();
        // Names are those of this database's own catalogue.
        let sql = format!(
            "insert into \"{}\" ({}) values {}",
            into.table.name,
            columns.join(", "),
            rows.join(", ")
        );
        let values = std::mem::take(&mut into.waiting);
        (into.rows, into.bytes) = (0, 0);
        tx.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
        Ok(())
    }

    /// Keeps a share in the database.
    ///
    /// # Errors
    /// When the database refuses it.
    pub async fn keep_share(&mut self, tenant: TenantId, id: Uuid, share: Vec<u8>) -> Result<(), StoreError> {
        self.flush().await?;
        let sql = "insert into key_share (tenant_id, id, share) values ($1, $2, $3)";
        let values = [tenant.uuid().into(), id.into(), share.into()];
        let backend = self.database.get_database_backend();
        self.tx()?.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
        Ok(())
    }

    /// The shares that the keys which were put back need, and what they think is alive.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn restored(&mut self) -> Result<Living, StoreError> {
        self.flush().await?;
        let backend = self.database.get_database_backend();
        let ask = async |sql: &str| -> Result<Vec<(Uuid, Uuid)>, StoreError> {
            let rows = self.tx()?.query_all_raw(Statement::from_string(backend, sql)).await?;
            rows.iter()
                .map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?)))
                .collect()
        };
        let shares = "select tenant_id, share from tenant_key where share is not null \
            union select tenant_id, share from project_key where share is not null";
        let of = |(tenant, id): (Uuid, Uuid)| super::ShareOf {
            tenant: tenant.into(),
            id,
            kept: None,
        };
        Ok(Living {
            shares: ask(shares).await?.into_iter().map(of).collect(),
            tenants: ask("select id, id from tenant where deleted_at is null")
                .await?
                .into_iter()
                .map(|(id, _)| id.into())
                .collect(),
            projects: ask("select tenant_id, id from project where deleted_at is null")
                .await?
                .into_iter()
                .map(|(tenant, id)| (tenant.into(), id.into()))
                .collect(),
            epoch: 0,
        })
    }

    /// Deletes a workspace, or one project of it, that was deleted after the backup was made: as it was deleted then.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn delete_again(&mut self, tenant: TenantId, project: Option<ProjectId>, now: Millis) -> Result<(), StoreError> {
        self.flush().await?;
        let tx = self.tx.take().ok_or(StoreError::Unavailable("the transaction has ended"))?;
        let tx = TenantTx::enter(tx, tenant).await?;
        // Their shares were never put back: there is none to destroy.
        let deleted = match project {
            None => workspace::delete(&tx, now).await.map(|_| ()),
            Some(project) => delete_project(&tx, project, now).await,
        };
        self.tx = Some(tx.into_transaction());
        deleted
    }

    /// Makes all of it count.
    ///
    /// # Errors
    /// When the database does not keep it: then nothing was put back.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        self.flush().await?;
        if self.database.get_database_backend() == DbBackend::Postgres {
            self.force("force").await?;
        }
        if let Some(tx) = self.tx.take() {
            tx.commit().await?;
        }
        self.database.close().await?;
        Ok(())
    }

    /// Leaves everything as it was.
    pub async fn abandon(mut self) {
        if let Some(tx) = self.tx.take() {
            let _ = tx.rollback().await;
        }
        let _ = self.database.close().await;
    }
}

async fn delete_project(tx: &TenantTx, project: ProjectId, now: Millis) -> Result<(), StoreError> {
    project::delete(tx, project, now).await?;
    job::enqueue(tx, project, job::Work::PurgeProject, now).await?;
    Ok(())
}
