//! What a database says of itself, for who looks whether an installation is well. Nothing of what is stored.

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};

use crate::{Location, Millis, StoreError, connect_options};

/// What was found. Lists are empty where all is well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspection {
    /// Such as `PostgreSQL 15.6` or `SQLite 3.51.1, SQLCipher 4.12.0 community`.
    pub version: String,
    /// By the database's clock. `None` of an embedded one, whose clock is ours.
    pub now: Option<Millis>,
    /// Whether there are tables.
    pub is_migrated: bool,
    /// A standby, which takes no writes.
    pub is_read_only: bool,
    /// Whether the connection is encrypted. `None` of an embedded database.
    pub is_encrypted: Option<bool>,
    /// Connections in use on the whole server, and how many there can be.
    pub connections: Option<(i64, i64)>,
    /// What our role may do that it should not: attributes of the role, tables that it owns, logs that it could rewrite.
    pub powers: Vec<String>,
    /// Tables that our role cannot read or write.
    pub barred: Vec<String>,
    /// Tables with a `tenant_id` whose row-level security is not enabled, forced, and given a policy.
    pub unwalled: Vec<String>,
    /// What is broken in an embedded file.
    pub damage: Vec<String>,
}

/// Looks, with one connection of its own, and changes nothing.
///
/// # Errors
/// `Unavailable` when the database cannot be reached, `Refused` when it cannot be opened with this key or password.
pub async fn inspect(location: &Location) -> Result<Inspection, StoreError> {
    let alone;
    let location = match location {
        Location::Postgres { url, .. } => {
            alone = Location::Postgres {
                url: url.clone(),
                connections: 1,
            };
            &alone
        }
        embedded @ Location::Embedded { .. } => embedded,
    };
    let database = Database::connect(connect_options(location, false)).await?;
    let found = match database.get_database_backend() {
        DbBackend::Postgres => postgres(&database).await,
        _ => embedded(&database).await,
    };
    let _ = database.close().await;
    found
}

async fn texts(database: &DatabaseConnection, question: &str) -> Result<Vec<String>, StoreError> {
    let rows = database
        .query_all_raw(Statement::from_string(database.get_database_backend(), question))
        .await?;
    rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
}

const ONE: &str = "select current_setting('server_version') as version, (extract(epoch from clock_timestamp()) * 1000)::bigint as now, \
    to_regclass('public.tenant') is not null as migrated, pg_is_in_recovery() as standby, \
    coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false) as encrypted, \
    (select count(*) from pg_stat_activity where backend_type = 'client backend') as used, \
    current_setting('max_connections')::bigint as most";

/// Of the role itself, then of what it owns.
const POWERS: &str = "select word from pg_roles, lateral (values ('superuser', rolsuper), ('bypassrls', rolbypassrls), \
    ('createrole', rolcreaterole), ('createdb', rolcreatedb), ('replication', rolreplication)) as power (word, has) \
    where rolname = current_user and has \
    union all select 'owner of ' || relname from pg_class \
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and pg_has_role(current_user, relowner, 'member') \
    union all select distinct 'member of ' || pg_get_userbyid(role) || ', which makes backups' from pg_policy, unnest(polroles) as able (role) \
    where polname = 'backup_reads' and role <> 0 and pg_has_role(current_user, role, 'member') \
    union all select 'may rewrite ' || relname from pg_class \
    where relnamespace = 'public'::regnamespace and relname in ('audit', 'audit_checkpoint') \
    and (has_table_privilege(oid, 'update') or has_table_privilege(oid, 'delete'))";

const BARRED: &str = "select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') \
    and relname <> 'seaql_migrations' and not (has_table_privilege(oid, 'select') and has_table_privilege(oid, 'insert')) order by 1";

const UNWALLED: &str = "select relname::text from pg_class join pg_attribute on attrelid = pg_class.oid and attname = 'tenant_id' \
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not attisdropped \
    and not (relrowsecurity and relforcerowsecurity and exists (select from pg_policy where polrelid = pg_class.oid)) order by 1";

async fn postgres(database: &DatabaseConnection) -> Result<Inspection, StoreError> {
    let row = database
        .query_one_raw(Statement::from_string(DbBackend::Postgres, ONE))
        .await?
        .ok_or(StoreError::Damaged("settings"))?;
    Ok(Inspection {
        version: format!("PostgreSQL {}", row.try_get::<String>("", "version")?),
        now: Some(row.try_get("", "now")?),
        is_migrated: row.try_get("", "migrated")?,
        is_read_only: row.try_get("", "standby")?,
        is_encrypted: Some(row.try_get("", "encrypted")?),
        connections: Some((row.try_get("", "used")?, row.try_get("", "most")?)),
        powers: texts(database, POWERS).await?,
        barred: texts(database, BARRED).await?,
        unwalled: texts(database, UNWALLED).await?,
        damage: Vec::new(),
    })
}

async fn embedded(database: &DatabaseConnection) -> Result<Inspection, StoreError> {
    let version = texts(database, "select sqlite_version()").await?;
    let cipher = texts(database, "pragma cipher_version").await?;
    let tables = texts(database, "select name from sqlite_master where type = 'table' and name = 'tenant'").await?;
    let damage = texts(database, "pragma quick_check(5)").await?;
    Ok(Inspection {
        version: format!("SQLite {}, SQLCipher {}", version.concat(), cipher.concat()),
        is_migrated: !tables.is_empty(),
        damage: damage.into_iter().filter(|line| line != "ok").collect(),
        ..Inspection::default()
    })
}
