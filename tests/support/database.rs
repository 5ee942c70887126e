//! PostgreSQL databases of the tests' own, when `PERNOEX_TEST_POSTGRES` names a server.

use std::{
    hash::{Hash, Hasher},
    path::Path,
};

use entities::{Location, connect_options};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};

/// An empty database, seen from both sides.
pub struct Own {
    /// As the owner of its tables, whom no wall holds.
    pub admin: String,
    /// As the server's own role, which all these databases share.
    pub application: String,
}

/// With all tables, and no rows. None on SQLite.
pub async fn own() -> Option<Own> {
    let server = server().await?;
    let template = template(&server).await;
    Some(server.create(Some(&template)).await)
}

/// Without any table. None on SQLite.
pub async fn empty() -> Option<Own> {
    Some(server().await?.create(None).await)
}

struct Server {
    /// Up to the name of a database.
    address: String,
    connection: DatabaseConnection,
}

/// A process that has ended, however it did, leaves its databases to the next caller's broom: a disk holds a few at a time, not those of a whole
/// run.
async fn server() -> Option<Server> {
    let url = std::env::var("PERNOEX_TEST_POSTGRES").ok()?;
    let connection = Database::connect(connect_options(&location(&url), true)).await.unwrap();
    sweep(&connection).await;
    let (address, _) = url.rsplit_once('/').unwrap();
    Some(Server {
        address: address.to_owned(),
        connection,
    })
}

fn location(url: &str) -> Location {
    Location::Postgres {
        url: url.to_owned(),
        connections: 1,
    }
}

impl Server {
    async fn create(self, template: Option<&str>) -> Own {
        let name = format!("pernoex_{}_{}", std::process::id(), uuid::Uuid::new_v4().simple());
        let from = template.map(|template| format!(" template {template}")).unwrap_or_default();
        self.tell(&format!("create database {name}{from}")).await;
        self.connection.close().await.unwrap();
        let host = self.address.rsplit_once('@').unwrap().1;
        Own {
            admin: format!("{}/{name}", self.address),
            application: format!("postgres://{APPLICATION}:{PASSWORD}@{host}/{name}"),
        }
    }

    async fn tell(&self, sql: &str) {
        self.connection.execute_unprepared(sql).await.unwrap();
    }

    async fn has(&self, name: &str) -> bool {
        let named = Statement::from_sql_and_values(DbBackend::Postgres, "select 1 from pg_database where datname = $1", [name.into()]);
        self.connection.query_one_raw(named).await.unwrap().is_some()
    }
}

const APPLICATION: &str = "pernoex_app";
const PASSWORD: &str = "app";

/// A database with all tables, which the others are copies of: migrating each from nothing took longer than most tests do. Whoever comes first
/// makes it; it is named for what made it, because a server may outlive a change of the tables.
async fn template(server: &Server) -> String {
    let mut made_by = std::collections::hash_map::DefaultHasher::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migration/src");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    for file in files {
        std::fs::read(file).unwrap().hash(&mut made_by);
    }
    let name = format!("template_{:016x}", made_by.finish());
    if server.has(&name).await {
        return name;
    }
    server.tell("select pg_advisory_lock(7366)").await;
    if !server.has(&name).await {
        let growing = format!("{name}_growing");
        server.tell(&format!("drop database if exists {growing}")).await;
        server.tell(&format!("create database {growing}")).await;
        let role = migration::ApplicationRole {
            name: APPLICATION.into(),
            password: PASSWORD.into(),
        };
        let admin = format!("{}/{growing}", server.address);
        migration::run(&location(&admin), Some(&role)).await.unwrap();
        server.tell(&format!("alter database {growing} rename to {name}")).await;
    }
    server.tell("select pg_advisory_unlock(7366)").await;
    name
}

async fn sweep(server: &DatabaseConnection) {
    let all = Statement::from_string(
        DbBackend::Postgres,
        r"select datname from pg_database where datname like 'pernoex\_%'",
    );
    for row in server.query_all_raw(all).await.unwrap() {
        let name: String = row.try_get_by_index(0).unwrap();
        let process = name.split('_').nth(1).unwrap();
        if !Path::new("/proc").join(process).exists() {
            // Another may sweep at the same moment.
            let _ = server
                .execute_unprepared(&format!("drop database if exists {name} with (force)"))
                .await;
        }
    }
}
