//! The tables, one file a change, and on PostgreSQL the policy of each tenant table beside it.

mod m0001_platform;
mod m0002_tenants;
mod m0003_projects;
mod m0004_conversations;
mod m0005_jobs;
mod m0006_team;
mod m0007_operators;
mod m0009_keys;
mod m0010_identity;
mod m0011_audit;
mod m0012_provider_revocation;
mod table;

use entities::{Location, connect_options};
use sea_orm_migration::{
    MigrationTrait, MigratorTrait, async_trait,
    sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbErr, Statement},
};

/// The role as which the server itself connects to PostgreSQL.
pub struct ApplicationRole {
    pub name: String,
    pub password: String,
}

/// Why the tables could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    #[error("the database cannot be opened: it is not reachable, or the key or password is wrong")]
    Unreachable,
    #[error("a migration failed: {0}")]
    Failed(String),
    #[error("the database was written by a newer version of pernoex: start that version or a later one")]
    Newer,
}

struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_platform::Migration),
            Box::new(m0002_tenants::Migration),
            Box::new(m0003_projects::Migration),
            Box::new(m0004_conversations::Migration),
            Box::new(m0005_jobs::Migration),
            Box::new(m0006_team::Migration),
            Box::new(m0007_operators::Migration),
            Box::new(m0009_keys::Migration),
            Box::new(m0010_identity::Migration),
            Box::new(m0011_audit::Migration),
            Box::new(m0012_provider_revocation::Migration),
        ]
    }
}

/// Brings the tables up to date. On PostgreSQL `location` is the privileged connection, and `role` is created when it is
/// missing and granted the rows but not the tables.
///
/// # Errors
/// When the database cannot be opened, a statement fails, or the database is from a later version.
pub async fn run(location: &Location, role: Option<&ApplicationRole>) -> Result<(), MigrationError> {
    let database = Database::connect(connect_options(location, true))
        .await
        .map_err(|_| MigrationError::Unreachable)?;
    let outcome = bring_up_to_date(&database, role).await;
    let _ = database.close().await;
    outcome
}

async fn bring_up_to_date(database: &DatabaseConnection, role: Option<&ApplicationRole>) -> Result<(), MigrationError> {
    let applied = Migrator::get_migration_models(database).await;
    if let Ok(applied) = applied {
        let known: Vec<String> = Migrator::migrations().iter().map(|m| m.name().to_owned()).collect();
        if applied.iter().any(|row| !known.contains(&row.version)) {
            return Err(MigrationError::Newer);
        }
    }
    Migrator::up(database, None)
        .await
        .map_err(|error| MigrationError::Failed(error.to_string()))?;
    if let Some(role) = role {
        grant(database, role)
            .await
            .map_err(|_| MigrationError::Failed("the application's role could not be granted its rights".into()))?;
    }
    Ok(())
}

/// Rows, not tables: the role can neither alter a table nor lift a policy.
async fn grant(database: &DatabaseConnection, role: &ApplicationRole) -> Result<(), DbErr> {
    let backend = database.get_database_backend();
    // Identifiers and role passwords cannot be bound: let the server quote them.
    let quoted = database
        .query_one_raw(Statement::from_sql_and_values(
            backend,
            "select quote_ident($1) as name, quote_literal($2) as password, \
             exists (select from pg_roles where rolname = $1) as known, quote_ident(current_database()) as base",
            [role.name.clone().into(), role.password.clone().into()],
        ))
        .await?
        .ok_or_else(|| DbErr::Custom("no answer".into()))?;
    let name: String = quoted.try_get("", "name")?;
    let password: String = quoted.try_get("", "password")?;
    let base: String = quoted.try_get("", "base")?;
    if !quoted.try_get::<bool>("", "known")? {
        // Two servers may start at once: the one that comes second finds the role there.
        let create = format!("create role {name} login nosuperuser nocreatedb nocreaterole nobypassrls password {password}");
        if let Err(error) = database.execute_unprepared(&create).await {
            let there = Statement::from_sql_and_values(backend, "select 1 from pg_roles where rolname = $1", [role.name.clone().into()]);
            if database.query_one_raw(there).await?.is_none() {
                return Err(error);
            }
        }
    }
    for statement in [
        format!("grant connect on database {base} to {name}"),
        // Before PostgreSQL 15 everyone may create tables in here.
        "revoke create on schema public from public".to_owned(),
        format!("grant usage on schema public to {name}"),
        format!("grant select, insert, update, delete on all tables in schema public to {name}"),
        format!("revoke all on seaql_migrations from {name}"),
        // A log that its writer can rewrite is none.
        format!("revoke update, delete on audit, audit_checkpoint from {name}"),
        format!("grant execute on function purge_audit(bigint) to {name}"),
    ] {
        database.execute_unprepared(&statement).await?;
    }
    Ok(())
}

/// Makes an empty database called `name` on the server that the privileged `url` leads to. For installations that start from nothing.
///
/// # Errors
/// When the server cannot be reached or refuses.
pub async fn create_database(url: &str, name: &str) -> Result<(), MigrationError> {
    if !name
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    {
        return Err(MigrationError::Failed(
            "a database's name is lower-case letters, digits and _".into(),
        ));
    }
    let location = Location::Postgres {
        url: url.to_owned(),
        connections: 1,
    };
    let server = Database::connect(connect_options(&location, true))
        .await
        .map_err(|_| MigrationError::Unreachable)?;
    let outcome = server.execute_unprepared(&format!("create database {name}")).await;
    let _ = server.close().await;
    outcome
        .map(|_| ())
        .map_err(|_| MigrationError::Failed("the database could not be created".into()))
}
