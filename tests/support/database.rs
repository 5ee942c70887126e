//! PostgreSQL databases of the tests' own, when `PERNOEX_TEST_POSTGRES` names a server.

use std::path::Path;

use entities::{Location, connect_options};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};

/// An empty database, seen from both sides.
pub struct Own {
    /// As the owner of its tables, whom no wall holds.
    pub admin: String,
    /// As the server's own role, which all these databases share.
    pub application: String,
}

/// None on SQLite. A process that has ended, however it did, leaves its databases to the next caller's broom: a disk holds a few at a time, not
/// those of a whole run.
pub async fn own() -> Option<Own> {
    let url = std::env::var("PERNOEX_TEST_POSTGRES").ok()?;
    let location = Location::Postgres {
        url: url.clone(),
        connections: 1,
    };
    let server = Database::connect(connect_options(&location, true)).await.unwrap();
    sweep(&server).await;
    let name = format!("pernoex_{}_{}", std::process::id(), uuid::Uuid::new_v4().simple());
    server.execute_unprepared(&format!("create database {name}")).await.unwrap();
    server.close().await.unwrap();
    let (server, _) = url.rsplit_once('/').unwrap();
    let host = server.rsplit_once('@').unwrap().1;
    Some(Own {
        admin: format!("{server}/{name}"),
        application: format!("postgres://pernoex_app:app@{host}/{name}"),
    })
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
