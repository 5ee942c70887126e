//! Rows as somebody sees them who has the database and nothing else: no wall, no view, no key but the file's own.

use std::time::Duration;

use actors::MasterKeys;
use entities::{Location, connect_options, sealed};
use pernoex::settings::DatabaseSettings;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement, Value, prelude::Uuid};

use super::{TestApp, until};

pub struct Rows(pub DatabaseConnection);

/// A sealed cell and where it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Cell {
    pub of: sealed::Column,
    pub tenant: Uuid,
    pub project: Uuid,
    pub row: Uuid,
    pub sealed: Vec<u8>,
}

impl TestApp {
    pub async fn rows(&self) -> Rows {
        let settings = self.settings();
        let location = match &settings.database {
            DatabaseSettings::Embedded => {
                let (masters, _) = MasterKeys::load_or_create(&self.data().join("master.key"), None).unwrap();
                let path = self.data().join("pernoex.db");
                let key = actors::database_key(&path, &masters).await.unwrap();
                Location::Embedded { path, key }
            }
            // The superuser: row-level security does not hold it.
            DatabaseSettings::Postgres { .. } => Location::Postgres {
                url: self.setting("MIGRATION_DATABASE_URL").unwrap(),
                connections: 2,
            },
        };
        Rows(Database::connect(connect_options(&location, true)).await.unwrap())
    }
}

impl Rows {
    fn is_postgres(&self) -> bool {
        self.0.get_database_backend() == DbBackend::Postgres
    }

    pub async fn ask(&self, sql: &str, values: Vec<Value>) -> Vec<sea_orm::QueryResult> {
        let statement = Statement::from_sql_and_values(self.0.get_database_backend(), sql, values);
        self.0.query_all_raw(statement).await.unwrap()
    }

    pub async fn run(&self, sql: &str, values: Vec<Value>) -> u64 {
        let statement = Statement::from_sql_and_values(self.0.get_database_backend(), sql, values);
        self.0.execute_raw(statement).await.unwrap().rows_affected()
    }

    /// Waits until none are left of a table, or of those of it that a condition names: what follows an answer may take a moment.
    pub async fn none_left(&self, of: &str) {
        self.none_left_while(of, || {}).await;
    }

    /// As [`Rows::none_left`], doing something between looks.
    pub async fn none_left_while(&self, of: &str, meanwhile: impl Fn()) {
        let sql = format!("select 1 as found from {of}");
        until(of, Duration::from_secs(12), async || {
            meanwhile();
            self.ask(&sql, vec![]).await.is_empty()
        })
        .await;
    }

    pub async fn close(self) {
        self.0.close().await.unwrap();
    }

    pub async fn tables(&self) -> Vec<String> {
        let sql = if self.is_postgres() {
            "select tablename::text as name from pg_tables where schemaname = 'public' order by 1"
        } else {
            "select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by 1"
        };
        let names = self.ask(sql, vec![]).await;
        names.iter().map(|row| row.try_get("", "name").unwrap()).collect()
    }

    pub async fn columns(&self, table: &str) -> Vec<String> {
        let sql = if self.is_postgres() {
            "select column_name::text as name from information_schema.columns where table_schema = 'public' and table_name = $1"
        } else {
            "select name from pragma_table_info($1)"
        };
        let names = self.ask(sql, vec![table.into()]).await;
        names.iter().map(|row| row.try_get("", "name").unwrap()).collect()
    }

    /// Every sealed cell, column by column.
    pub async fn cells(&self) -> Vec<Cell> {
        let mut cells = Vec::new();
        for of in sealed::columns() {
            let sealed::Column {
                table,
                column,
                row,
                project,
            } = of;
            let sql = format!(
                "select tenant_id, {project} as project, {row} as row_id, {column} as cell from {table} where {column} is not null order by {row}"
            );
            cells.extend(self.ask(&sql, vec![]).await.iter().map(|found| Cell {
                of,
                tenant: found.try_get("", "tenant_id").unwrap(),
                project: found.try_get("", "project").unwrap(),
                row: found.try_get("", "row_id").unwrap(),
                sealed: found.try_get("", "cell").unwrap(),
            }));
        }
        cells
    }

    /// Puts `sealed` where `at` is.
    pub async fn put(&self, at: &Cell, sealed: &[u8]) {
        let sealed::Column { table, column, row, .. } = at.of;
        let sql = format!("update {table} set {column} = $1 where tenant_id = $2 and {row} = $3");
        let changed = self.run(&sql, vec![sealed.to_vec().into(), at.tenant.into(), at.row.into()]).await;
        assert_eq!(changed, 1);
    }

    /// Every value of every table as text, binary ones in hex.
    pub async fn dump(&self) -> String {
        let mut dump = String::new();
        for table in self.tables().await {
            let sql = if self.is_postgres() {
                format!("select t::text as line from \"{table}\" t")
            } else {
                let columns: Vec<String> = self
                    .columns(&table)
                    .await
                    .iter()
                    .map(|column| format!("quote(\"{column}\")"))
                    .collect();
                format!("select {} as line from \"{table}\"", columns.join(" || ',' || "))
            };
            for row in self.ask(&sql, vec![]).await {
                dump.push_str(&row.try_get::<String>("", "line").unwrap());
                dump.push('\n');
            }
        }
        dump
    }
}
