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
mod m0013_integrations;
mod m0014_slack;
mod m0015_outbound;
mod m0016_people;
mod m0017_voice;
mod m0018_billing;
mod m0019_sources;
mod m0020_told;
mod m0021_source_events;
mod m0022_synonyms;
mod m0023_curated;
mod m0024_widget;
mod m0025_inbox;
mod m0026_privacy;
mod m0027_documents;
mod m0028_embeddings;
mod m0030_backups;
mod m0031_disclosure;
mod m0032_proofs;
mod m0033_backup_places;
mod table;

pub use m0025_inbox::rollup_statements;

use entities::{Location, StoreError, backup, connect_options};
use sea_orm_migration::{
    MigrationTrait, MigratorTrait, async_trait,
    sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbErr, Statement, TransactionTrait},
};

/// The role as which the server itself connects to PostgreSQL.
pub struct ApplicationRole {
    pub name: String,
    pub password: String,
}

/// Why the tables could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    #[error("the database cannot be opened: {0}")]
    Unreachable(StoreError),
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
            Box::new(m0013_integrations::Migration),
            Box::new(m0014_slack::Migration),
            Box::new(m0015_outbound::Migration),
            Box::new(m0016_people::Migration),
            Box::new(m0017_voice::Migration),
            Box::new(m0018_billing::Migration),
            Box::new(m0019_sources::Migration),
            Box::new(m0020_told::Migration),
            Box::new(m0021_source_events::Migration),
            Box::new(m0022_synonyms::Migration),
            Box::new(m0023_curated::Migration),
            Box::new(m0024_widget::Migration),
            Box::new(m0025_inbox::Migration),
            Box::new(m0026_privacy::Migration),
            Box::new(m0027_documents::Migration),
            Box::new(m0028_embeddings::Migration),
            Box::new(m0030_backups::Migration),
            Box::new(m0031_disclosure::Migration),
            Box::new(m0032_proofs::Migration),
            Box::new(m0033_backup_places::Migration),
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
        .map_err(|error| MigrationError::Unreachable(error.into()))?;
    let outcome = bring_up_to_date(&database, role).await;
    let _ = database.close().await;
    outcome
}

/// Changes of the tables that this program knows and the database does not have yet, by name. Changes nothing. On PostgreSQL `location` is
/// the privileged connection.
///
/// # Errors
/// When the database cannot be opened, or is from a later version.
pub async fn pending(location: &Location) -> Result<Vec<String>, MigrationError> {
    let database = Database::connect(connect_options(location, false))
        .await
        .map_err(|error| MigrationError::Unreachable(error.into()))?;
    // Not by the migrator, which would make the table that it reads.
    let question = Statement::from_string(database.get_database_backend(), "select version from seaql_migrations");
    let applied = database.query_all_raw(question).await;
    let _ = database.close().await;
    let unreadable = |_| MigrationError::Failed("the list of changes that were made cannot be read".into());
    let mut missing: Vec<String> = Migrator::migrations().iter().map(|known| known.name().to_owned()).collect();
    for row in applied.map_err(unreadable)? {
        let applied: String = row.try_get_by_index(0).map_err(unreadable)?;
        let at = missing.iter().position(|name| *name == applied).ok_or(MigrationError::Newer)?;
        missing.remove(at);
    }
    Ok(missing)
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

/// What of a role has to be written into statements: identifiers and passwords cannot be bound, so the server quotes them.
struct Quoted {
    name: String,
    base: String,
}

/// Makes the role, unless it is there: one that logs in and has no power.
async fn admit(database: &DatabaseConnection, role: &ApplicationRole) -> Result<Quoted, DbErr> {
    let backend = database.get_database_backend();
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
    Ok(Quoted { name, base })
}

/// Rows, not tables: the role can neither alter a table nor lift a policy.
async fn grant(database: &DatabaseConnection, role: &ApplicationRole) -> Result<(), DbErr> {
    let Quoted { name, base } = admit(database, role).await?;
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

/// Lets `role` read what backups hold, of all tenants, and change nothing: a role of its own, so that the server's can still see one tenant
/// at a time only. `location` is the privileged connection to PostgreSQL, after [`run`].
///
/// # Errors
/// When the database cannot be opened, or refuses a statement.
pub async fn admit_backups(location: &Location, role: &ApplicationRole) -> Result<(), MigrationError> {
    let database = Database::connect(connect_options(location, true))
        .await
        .map_err(|error| MigrationError::Unreachable(error.into()))?;
    let outcome = grant_reading(&database, role).await;
    let _ = database.close().await;
    outcome.map_err(|_| MigrationError::Failed("the role of DATABASE_BACKUP_URL could not be granted its rights".into()))
}

async fn grant_reading(database: &DatabaseConnection, role: &ApplicationRole) -> Result<(), DbErr> {
    let Quoted { name, base } = admit(database, role).await?;
    let mut statements = vec![
        format!("grant connect on database {base} to {name}"),
        format!("grant usage on schema public to {name}"),
        format!("revoke all on all tables in schema public from {name}"),
    ];
    let unset = "select from pg_roles where rolname = $1 and not coalesce('default_transaction_read_only=on' = any(rolconfig), false)";
    let unset = Statement::from_sql_and_values(database.get_database_backend(), unset, [role.name.clone().into()]);
    if database.query_one_raw(unset).await?.is_some() {
        statements.push(format!("alter role {name} set default_transaction_read_only = on"));
    }
    let tables = "select relname::text as name, relrowsecurity as walled, exists (select from pg_policy where polrelid = pg_class.oid \
        and polname = $1 and polroles = array[(select oid from pg_roles where rolname = $2)]) as seen \
        from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace";
    let values = [backup::POLICY.into(), role.name.clone().into()];
    let tables = Statement::from_sql_and_values(database.get_database_backend(), tables, values);
    for row in database.query_all_raw(tables).await? {
        let table: String = row.try_get("", "name")?;
        if !backup::is_read(&table) {
            continue;
        }
        statements.push(format!("grant select on public.\"{table}\" to {name}"));
        if row.try_get("", "walled")? && !row.try_get::<bool>("", "seen")? {
            let policy = backup::POLICY;
            statements.push(format!("drop policy if exists {policy} on public.\"{table}\""));
            statements.push(format!(
                "create policy {policy} on public.\"{table}\" for select to {name} using (true)"
            ));
        }
    }
    // All or none: a wall with half a door in it would make a backup with half of its rows, were it not refused.
    let whole = database.begin().await?;
    for statement in statements {
        whole.execute_unprepared(&statement).await?;
    }
    whole.commit().await
}

/// The last change of the tables that this program knows.
#[must_use]
pub fn latest() -> String {
    Migrator::migrations().last().map(|last| last.name().to_owned()).unwrap_or_default()
}

/// Whether this program knows the change of the tables that is called `name`.
#[must_use]
pub fn knows(name: &str) -> bool {
    Migrator::migrations().iter().any(|known| known.name() == name)
}
