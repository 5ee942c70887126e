//! A database of its own, seen twice: as the program sees it, and from behind the walls.

use entities::{DatabaseKey, Location, Store, connect_options};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement, Value};

use crate::support::database;

pub struct World {
    pub store: Store,
    /// Sees every row: no tenant wall stands before it.
    pub raw: DatabaseConnection,
    /// The application's own connection, on PostgreSQL.
    pub application: Option<String>,
    _folder: tempfile::TempDir,
}

impl World {
    pub async fn create() -> Self {
        // In memory where that can be: nothing here is to outlive a power cut, and thousands of commits wait for a disk.
        let memory = std::path::Path::new("/dev/shm");
        let folder = if memory.is_dir() {
            tempfile::tempdir_in(memory)
        } else {
            tempfile::tempdir()
        }
        .unwrap();
        let Some(own) = database::own().await else {
            let location = || Location::Embedded {
                path: folder.path().join("rows.db"),
                key: DatabaseKey::new([7; 32]).into(),
            };
            migration::run(&location(), None).await.unwrap();
            return Self {
                store: Store::open(&location()).await.unwrap(),
                raw: Database::connect(connect_options(&location(), true)).await.unwrap(),
                application: None,
                _folder: folder,
            };
        };
        let postgres = |url: String, connections| Location::Postgres { url, connections };
        let owner = postgres(own.admin, 2);
        let role = migration::ApplicationRole {
            name: "pernoex_app".into(),
            password: "app".into(),
        };
        migration::run(&owner, Some(&role)).await.unwrap();
        Self {
            store: Store::open(&postgres(own.application.clone(), 4)).await.unwrap(),
            raw: Database::connect(connect_options(&owner, true)).await.unwrap(),
            application: Some(own.application),
            _folder: folder,
        }
    }

    /// Ends every connection: a process that exits while SQLCipher still works on one crashes in its clean-up.
    pub async fn close(self) {
        self.store.close().await;
        let _ = self.raw.close().await;
    }

    pub fn is_postgres(&self) -> bool {
        self.raw.get_database_backend() == DbBackend::Postgres
    }

    /// Parameters are written `$1`, `$2`, in order.
    pub async fn execute(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<u64, sea_orm::DbErr> {
        let statement = self.statement(sql, values);
        Ok(self.raw.execute_raw(statement).await?.rows_affected())
    }

    fn statement(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
        let sql = if self.is_postgres() {
            sql.to_owned()
        } else {
            sql.replace('$', "?")
        };
        Statement::from_sql_and_values(self.raw.get_database_backend(), sql, values)
    }

    /// The first column, as text.
    pub async fn texts(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Vec<String> {
        let rows = self.raw.query_all_raw(self.statement(sql, values)).await.unwrap();
        rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
    }

    pub async fn tables(&self) -> Vec<String> {
        let sql = if self.is_postgres() {
            "select tablename::text from pg_tables where schemaname not in ('pg_catalog', 'information_schema') order by 1"
        } else {
            "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' order by 1"
        };
        self.texts(sql, []).await
    }

    pub async fn columns(&self, table: &str) -> Vec<String> {
        let sql = if self.is_postgres() {
            "select column_name::text from information_schema.columns where table_name = $1 and table_schema = 'public'"
        } else {
            "select name from pragma_table_info($1)"
        };
        self.texts(sql, [table.into()]).await
    }

    /// Tables whose rows belong to tenants, and the others.
    pub async fn by_tenant(&self) -> (Vec<String>, Vec<String>) {
        let (mut scoped, mut others) = (Vec::new(), Vec::new());
        for table in self.tables().await {
            let is_scoped = self.columns(&table).await.iter().any(|column| column == "tenant_id");
            if is_scoped { &mut scoped } else { &mut others }.push(table);
        }
        (scoped, others)
    }

    /// Every row of a tenant, in every table, as text; those that lead to it included.
    pub async fn rows_of(&self, tenant: entities::TenantId) -> Vec<String> {
        let mut found = Vec::new();
        for table in self.tables().await {
            let columns = self.columns(&table).await;
            let owner = columns.iter().find(|name| ["tenant_id", "workspace_id"].contains(&name.as_str()));
            let Some(owner) = owner else { continue };
            let row = if self.is_postgres() {
                format!("{table}::text")
            } else {
                columns
                    .iter()
                    .map(|name| format!("quote({name})"))
                    .collect::<Vec<_>>()
                    .join(" || ',' || ")
            };
            let sql = format!("select {row} from {table} where {owner} = $1 order by 1");
            let rows = self.texts(&sql, [tenant.uuid().into()]).await;
            found.extend(rows.into_iter().map(|row| format!("{table} {row}")));
        }
        found
    }
}
