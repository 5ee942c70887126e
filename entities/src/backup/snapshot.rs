//! Reading every row as of one moment, while others write.

use futures_util::TryStreamExt;
use sea_orm::{
    prelude::Uuid,
    sqlx::{
        self, AssertSqlSafe, ConnectOptions, Connection, Row,
        postgres::{PgConnectOptions, PgConnection, PgRow},
        sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow},
    },
};

use super::{Cell, Kind, POLICY, Table, in_order, is_kept, is_read};
use crate::{Location, ProjectId, StoreError, TenantId, job, store::embedded_pragmas};

enum Connected {
    Embedded(SqliteConnection),
    Postgres(PgConnection),
}

/// One connection in one transaction that only reads. What is committed after it began is not in it.
pub struct Snapshot {
    connected: Connected,
    tables: Vec<(Table, Vec<Kind>)>,
    schema: String,
}

/// A share of the key ring that is needed, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShareOf {
    pub tenant: TenantId,
    pub id: Uuid,
    /// When the database keeps it.
    pub kept: Option<Vec<u8>>,
}

/// What was not deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Living {
    pub tenants: Vec<TenantId>,
    pub projects: Vec<(TenantId, ProjectId)>,
    pub shares: Vec<ShareOf>,
    /// Grows with every change of keys.
    pub epoch: i64,
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        crate::error::sqlx_error(&error)
    }
}

/// Tables, then their columns in order, then foreign keys.
struct Catalogue {
    tables: &'static str,
    columns: &'static str,
    refers: &'static str,
}

const EMBEDDED: Catalogue = Catalogue {
    tables: "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'",
    columns: "select name, type from pragma_table_info($1) order by cid",
    refers: "select m.name, f.\"table\" from sqlite_master m, pragma_foreign_key_list(m.name) f where m.type = 'table'",
};
const POSTGRES: Catalogue = Catalogue {
    tables: "select relname::text from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace",
    columns: "select attname::text, format_type(atttypid, atttypmod) from pg_attribute \
        where attrelid = ('public.' || quote_ident($1))::regclass and attnum > 0 and not attisdropped order by attnum",
    refers: "select c.relname::text, p.relname::text from pg_constraint f join pg_class c on c.oid = f.conrelid \
        join pg_class p on p.oid = f.confrelid where f.contype = 'f'",
};

/// Tables of which this role would be shown a part and take it for the whole.
const HIDDEN: &str = "select relname::text from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and relrowsecurity \
    and not (select rolsuper or rolbypassrls from pg_roles where rolname = current_user) \
    and not exists (select from pg_policy where polrelid = pg_class.oid and polname = $1 \
        and exists (select from unnest(polroles) as able (role) where pg_has_role(current_user, role, 'member')))";

impl Snapshot {
    /// On PostgreSQL `location` is of a role that may read the rows of all tenants: not the server's own.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be reached, `Refused` when the role would see a part only.
    pub async fn open(location: &Location) -> Result<Self, StoreError> {
        let connected = match location {
            Location::Embedded { path, key } => {
                let options = embedded_pragmas(SqliteConnectOptions::new().filename(path).read_only(false), key);
                // A row may hold a whole document: few are read ahead.
                let options = options.pragma("query_only", "ON").row_buffer_size(2).disable_statement_logging();
                let mut connection = SqliteConnection::connect_with(&options).await?;
                sqlx::raw_sql("begin").execute(&mut connection).await?;
                // The moment is that of the first look.
                sqlx::raw_sql("select count(*) from sqlite_master").execute(&mut connection).await?;
                Connected::Embedded(connection)
            }
            Location::Postgres { url, .. } => {
                let options: PgConnectOptions = url.parse().map_err(|_| StoreError::Unavailable("its address"))?;
                let mut connection = PgConnection::connect_with(&options.disable_statement_logging()).await?;
                sqlx::raw_sql("begin isolation level repeatable read read only")
                    .execute(&mut connection)
                    .await?;
                Connected::Postgres(connection)
            }
        };
        let mut snapshot = Self {
            connected,
            tables: Vec::new(),
            schema: String::new(),
        };
        snapshot.look_around().await?;
        Ok(snapshot)
    }

    async fn look_around(&mut self) -> Result<(), StoreError> {
        let (catalogue, is_postgres) = match &self.connected {
            Connected::Embedded(_) => (EMBEDDED, false),
            Connected::Postgres(_) => (POSTGRES, true),
        };
        let hidden = if is_postgres {
            self.pairs(HIDDEN, Some(POLICY)).await?
        } else {
            Vec::new()
        };
        if let Some((table, _)) = hidden.iter().find(|(table, _)| is_read(table)) {
            return Err(StoreError::Refused(format!(
                "its role sees only a part of the table {table}: let pernoex migrate make the role of DATABASE_BACKUP_URL"
            )));
        }
        let names = self.pairs(catalogue.tables, None).await?.into_iter().map(|(name, _)| name);
        let names: Vec<String> = names.filter(|name| is_kept(name)).collect();
        let refers = self.pairs(catalogue.refers, None).await?;
        for name in in_order(names, &refers).ok_or(StoreError::Damaged("tables that refer to each other"))? {
            let (mut columns, mut kinds) = (Vec::new(), Vec::new());
            for (column, declared) in self.pairs(catalogue.columns, Some(&name)).await? {
                kinds.push(Kind::parse(&declared).ok_or(StoreError::Damaged("a column of a type that backups do not know"))?);
                columns.push(column);
            }
            self.tables.push((Table { name, columns }, kinds));
        }
        let applied = self.pairs("select version from seaql_migrations order by version", None).await?;
        self.schema = applied.into_iter().last().map(|(version, _)| version).unwrap_or_default();
        Ok(())
    }

    /// Rows of one or two texts.
    async fn pairs(&mut self, sql: &'static str, value: Option<&str>) -> Result<Vec<(String, String)>, StoreError> {
        macro_rules! ask {
            ($connection:expr) => {{
                let mut query = sqlx::query(sql);
                if let Some(value) = value {
                    query = query.bind(value.to_owned());
                }
                let rows = query.fetch_all($connection).await?;
                let texts = |row: &_| -> Result<(String, String), sqlx::Error> {
                    let second = if Row::columns(row).len() > 1 {
                        Row::try_get(row, 1)?
                    } else {
                        String::new()
                    };
                    Ok((Row::try_get(row, 0)?, second))
                };
                rows.iter().map(texts).collect::<Result<_, _>>()?
            }};
        }
        Ok(match &mut self.connected {
            Connected::Embedded(connection) => ask!(connection),
            Connected::Postgres(connection) => ask!(connection),
        })
    }

    /// What is in a backup, in the order in which it can be put back.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.tables.iter().map(|(table, _)| table)
    }

    /// The last change of the tables that was made.
    #[must_use]
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// Every row of the `at`-th table, one after the other.
    ///
    /// # Errors
    /// When the database does not answer, or what `each` returns.
    pub async fn rows<E: From<StoreError>>(&mut self, at: usize, mut each: impl FnMut(&[Cell]) -> Result<(), E>) -> Result<(), E> {
        let Some((table, kinds)) = self.tables.get(at) else { return Ok(()) };
        let mut cells = Vec::with_capacity(kinds.len());
        match &mut self.connected {
            Connected::Embedded(connection) => {
                let columns: Vec<String> = table.columns.iter().map(|name| format!("\"{name}\"")).collect();
                // Names come from the database's own catalogue.
                let sql = AssertSqlSafe(format!("select {} from \"{}\"", columns.join(", "), table.name));
                let mut rows = sqlx::query(sql).fetch(connection);
                while let Some(row) = rows.try_next().await.map_err(StoreError::from)? {
                    cells.clear();
                    for (index, kind) in kinds.iter().enumerate() {
                        cells.push(embedded_cell(&row, index, *kind).map_err(StoreError::from)?);
                    }
                    each(&cells)?;
                }
            }
            Connected::Postgres(connection) => {
                let columns: Vec<String> = table.columns.iter().zip(kinds).map(|(name, kind)| kind.plain(name)).collect();
                let sql = AssertSqlSafe(format!("select {} from public.\"{}\"", columns.join(", "), table.name));
                let mut rows = sqlx::query(sql).fetch(connection);
                while let Some(row) = rows.try_next().await.map_err(StoreError::from)? {
                    cells.clear();
                    for (index, kind) in kinds.iter().enumerate() {
                        cells.push(postgres_cell(&row, index, *kind).map_err(StoreError::from)?);
                    }
                    each(&cells)?;
                }
            }
        }
        Ok(())
    }

    /// What was not deleted, and the shares that its keys need, those of replaced keys that are still kept included. A share that is about
    /// to be destroyed is not among them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn living(&mut self, now: crate::Millis) -> Result<Living, StoreError> {
        let mut living = Living::default();
        let needed = format!(
            "select tenant_id, share from tenant_key where share is not null \
             union select tenant_id, share from project_key where share is not null \
             union select tenant_id, subject from job where kind = '{}' and subject is not null and run_at > {now}",
            job::DESTROY_SHARE
        );
        let shares = format!(
            "select needed.tenant_id, needed.share, kept.share from ({needed}) as needed \
             left join key_share kept on kept.tenant_id = needed.tenant_id and kept.id = needed.share"
        );
        for (tenant, id, kept) in self.ids(shares).await? {
            living.shares.push(ShareOf {
                tenant: tenant.into(),
                id,
                kept,
            });
        }
        // Of one that is being deleted no key is left.
        let tenants = "select id, id, null from tenant where deleted_at is null".to_owned();
        living.tenants = self.ids(tenants).await?.into_iter().map(|(id, _, _)| id.into()).collect();
        let projects = "select tenant_id, id, null from project where deleted_at is null".to_owned();
        let projects = self.ids(projects).await?.into_iter();
        living.projects = projects.map(|(tenant, id, _)| (tenant.into(), id.into())).collect();
        living.epoch = self.epoch().await?;
        Ok(living)
    }

    async fn epoch(&mut self) -> Result<i64, StoreError> {
        let sql = "select epoch from key_epoch where id = 1";
        Ok(match &mut self.connected {
            Connected::Embedded(connection) => sqlx::query_scalar(sql).fetch_one(connection).await?,
            Connected::Postgres(connection) => sqlx::query_scalar(sql).fetch_one(connection).await?,
        })
    }

    async fn ids(&mut self, sql: String) -> Result<Vec<(Uuid, Uuid, Option<Vec<u8>>)>, StoreError> {
        let sql = AssertSqlSafe(sql);
        Ok(match &mut self.connected {
            Connected::Embedded(connection) => {
                let rows = sqlx::query(sql).fetch_all(connection).await?;
                let read =
                    |row: &SqliteRow| -> Result<_, sqlx::Error> { Ok((row.try_get(0)?, row.try_get(1)?, row.try_get_unchecked(2)?)) };
                rows.iter().map(read).collect::<Result<_, _>>()?
            }
            Connected::Postgres(connection) => {
                let rows = sqlx::query(sql).fetch_all(connection).await?;
                let read = |row: &PgRow| -> Result<_, sqlx::Error> { Ok((row.try_get(0)?, row.try_get(1)?, row.try_get_unchecked(2)?)) };
                rows.iter().map(read).collect::<Result<_, _>>()?
            }
        })
    }

    /// Ends the transaction. What only reads has nothing to lose when this is forgotten.
    pub async fn close(self) {
        match self.connected {
            Connected::Embedded(connection) => drop(connection.close().await),
            Connected::Postgres(connection) => drop(connection.close().await),
        }
    }
}

// Unchecked: SQLite declares less than it stores, and what is asked for is of the column's own kind.
fn embedded_cell(row: &SqliteRow, index: usize, kind: Kind) -> Result<Cell, sqlx::Error> {
    Ok(match kind {
        Kind::Uuid | Kind::Bytes => row.try_get_unchecked::<Option<Vec<u8>>, _>(index)?.map_or(Cell::Null, Cell::Bytes),
        Kind::Int | Kind::Big | Kind::Bool => row.try_get_unchecked::<Option<i64>, _>(index)?.map_or(Cell::Null, Cell::Int),
        Kind::Text => row.try_get_unchecked::<Option<String>, _>(index)?.map_or(Cell::Null, Cell::Text),
    })
}

fn postgres_cell(row: &PgRow, index: usize, kind: Kind) -> Result<Cell, sqlx::Error> {
    Ok(match kind {
        Kind::Uuid | Kind::Bytes => row.try_get::<Option<Vec<u8>>, _>(index)?.map_or(Cell::Null, Cell::Bytes),
        Kind::Int | Kind::Big | Kind::Bool => row.try_get::<Option<i64>, _>(index)?.map_or(Cell::Null, Cell::Int),
        Kind::Text => row.try_get::<Option<String>, _>(index)?.map_or(Cell::Null, Cell::Text),
    })
}
