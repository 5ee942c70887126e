//! The database's own wall, seen from both sides. Without PostgreSQL only the foreign keys have something to check.

use std::collections::BTreeSet;

use entities::{Location, TenantId, connect_options};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbErr, Statement, TransactionTrait};
use uuid::Uuid;

use super::store::World;

/// Tables without a `tenant_id`, and why no tenant wall stands before them. May only shrink: a new table has a `tenant_id`.
const PLATFORM: &[(&str, &str)] = &[
    ("account", "people exist before a tenant is known: sign-in looks here"),
    ("account_backup_code", "a person's, not a workspace's; hashes"),
    (
        "account_identity",
        "which Google or Apple account signs a person in, before a tenant is known",
    ),
    ("account_passkey", "a person's, not a workspace's; public keys"),
    (
        "account_token",
        "where the hash of a mailed link leads: the link is all that its holder brings",
    ),
    ("account_totp", "a person's, not a workspace's; sealed"),
    ("backup_run", "which backups were made: names, times and sizes"),
    ("backup_turn", "whose turn it is to make one: an id and a time"),
    ("ceremony", "what one sign-in must remember, before a tenant is known; sealed"),
    ("directory", "which workspaces open for an account; ids only"),
    ("installation", "the server's own secret, wrapped by the master key: no tenant's"),
    ("key_epoch", "counts changes of keys, so that every node looks again; a number"),
    (
        "invitation_route",
        "where the hash of an invitation's token leads: the token is all that a newcomer brings; ids only",
    ),
    ("mail", "mail that waits, some of it to people without an account; sealed"),
    ("operator_act", "what operators did, by whom: none of it is a tenant's content"),
    (
        "public_page",
        "what whoever runs the installation says in public of contact and privacy",
    ),
    (
        "provider_revocation",
        "grants at sign-in providers that are to end, after their account may be gone; sealed",
    ),
    (
        "report",
        "vulnerabilities that were reported to whoever runs the installation, by people without an account; sealed",
    ),
    ("report_entry", "what was said about a report; sealed"),
    ("report_file", "what was attached to a report; sealed"),
    ("report_mail", "which mails became reports; hashes"),
    ("report_thanks", "who is thanked in public for a report, by the name they agreed to"),
    ("seaql_migrations", "which migrations ran; the application may not read it"),
    (
        "slack_route",
        "whose the events of a Slack team are: the team's id is all that a verified event brings; a hash and ids",
    ),
    (
        "source_route",
        "whose what a provider of knowledge tells is: its id of an account is all that a verified event brings; a hash and ids",
    ),
    (
        "stripe_route",
        "which tenant a customer of Stripe's is: the customer's id is all of a verified event that is believed; a hash and ids",
    ),
    ("tenant", "which tenants exist; ids only"),
    (
        "widget_route",
        "where the hash of a public key leads: the key is all that a visitor brings; ids only",
    ),
];

#[tokio::test]
async fn every_table_is_walled_or_on_the_list() {
    let world = World::create().await;
    let (scoped, others) = world.by_tenant().await;
    let others: BTreeSet<&str> = others.iter().map(String::as_str).collect();
    let listed: BTreeSet<&str> = PLATFORM.iter().map(|(name, _)| *name).collect();
    assert_eq!(others, listed, "a table without tenant_id needs a reason");
    assert!(scoped.len() >= 12, "{scoped:?}");
    if !world.is_postgres() {
        return world.close().await;
    }
    let mine = "(tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)";
    let dispatcher = "(current_setting('app.dispatcher'::text, true) = 'on'::text)";
    for table in scoped {
        let sql = "select concat_ws(' ', relrowsecurity, relforcerowsecurity) from pg_class where oid = $1::regclass";
        let flags = world.texts(&sql.replace("$1", &format!("'public.{table}'")), []).await;
        assert_eq!(flags, ["t t"], "{table}: row-level security is enabled and forced");
        let sql = "select concat_ws(' | ', policyname, permissive, roles::text, cmd, qual, with_check) \
                   from pg_policies where schemaname = 'public' and tablename = $1 order by 1";
        let policies = world.texts(sql, [table.as_str().into()]).await;
        let wall = format!("tenant_wall | PERMISSIVE | {{public}} | ALL | {mine} | {mine}");
        let mut expected = vec![wall];
        if table == "job" {
            // The only other way to a row: leasing work before it is known whose it is.
            expected.insert(
                0,
                format!("dispatcher_leases | PERMISSIVE | {{public}} | UPDATE | {dispatcher} | {dispatcher}"),
            );
            expected.insert(1, format!("dispatcher_sees | PERMISSIVE | {{public}} | SELECT | {dispatcher}"));
        }
        assert_eq!(policies, expected, "{table}");
    }
    world.close().await;
}

/// `table (column, …) → table (column, …)` of every foreign key, tenant tables only.
async fn foreign_keys(world: &World, tables: &[String]) -> Vec<(String, Vec<(String, String)>, String)> {
    let mut found = Vec::new();
    for table in tables {
        let sql = if world.is_postgres() {
            "select concat_ws(' ', con.oid, con.confrelid::regclass, child.attname, parent.attname) from pg_constraint con \
             cross join lateral unnest(con.conkey, con.confkey) as pair (here, there) \
             join pg_attribute child on child.attrelid = con.conrelid and child.attnum = pair.here \
             join pg_attribute parent on parent.attrelid = con.confrelid and parent.attnum = pair.there \
             where con.contype = 'f' and con.conrelid = $1::regclass order by con.oid"
                .replace("$1", &format!("'public.{table}'"))
        } else {
            format!("select id || ' ' || \"table\" || ' ' || \"from\" || ' ' || \"to\" from pragma_foreign_key_list('{table}') order by id")
        };
        let mut last = String::new();
        for line in world.texts(&sql, []).await {
            let parts: Vec<&str> = line.split(' ').collect();
            if parts[0] != last {
                found.push((table.clone(), Vec::new(), parts[1].to_owned()));
                last = parts[0].to_owned();
            }
            found.last_mut().unwrap().1.push((parts[2].to_owned(), parts[3].to_owned()));
        }
    }
    found
}

#[tokio::test]
async fn every_foreign_key_between_tenants_tables_carries_the_tenant() {
    let world = World::create().await;
    let (scoped, _) = world.by_tenant().await;
    let keys = foreign_keys(&world, &scoped).await;
    let own = ("tenant_id".to_owned(), "tenant_id".to_owned());
    let (mut between, mut rooted) = (0, BTreeSet::new());
    for (child, columns, parent) in &keys {
        if scoped.contains(parent) {
            between += 1;
            assert!(
                columns.contains(&own),
                "{child} {columns:?} hangs below {parent} without its tenant"
            );
        } else if parent == "tenant" {
            assert_eq!(columns, &[("tenant_id".to_owned(), "id".to_owned())]);
            rooted.insert(child.clone());
        } else {
            assert_eq!(parent, "account", "{child} hangs below {parent}");
        }
    }
    assert!(between >= 7, "{keys:?}");
    assert_eq!(
        rooted,
        scoped.into_iter().collect(),
        "every tenant table belongs to a tenant that exists"
    );
    world.close().await;
}

async fn pool(world: &World, connections: u32) -> Option<DatabaseConnection> {
    let url = world.application.clone()?;
    let location = Location::Postgres { url, connections };
    Some(Database::connect(connect_options(&location, true)).await.unwrap())
}

/// Two tenants with one row in each tenant table that can have one without a parent.
async fn two_tenants(world: &World) -> [TenantId; 2] {
    let tenants = [Uuid::from_u128(1).into(), Uuid::from_u128(2).into()];
    for tenant in tenants {
        let id = TenantId::uuid(tenant);
        for sql in [
            "insert into tenant (id, created_at) values ($1, 0)",
            "insert into workspace (tenant_id, name, created_at) values ($1, 'w', 0)",
            "insert into tenant_key (tenant_id, version, wrapped, created_at) values ($1, 1, 'k', 0)",
            "insert into project (tenant_id, id, name, created_at, public_key, public_key_at, allowed_origins, look, knowledge) \
             values ($1, $1, 'p', 0, 'k', 0, '[]', '{}', 0)",
            "insert into job (tenant_id, id, kind, project_id, revision, priority, state, attempts, run_at, locked_until, created_at) \
             values ($1, $1, 'purge_project', $1, 0, 0, 'ready', 0, 0, 0, 0)",
        ] {
            world.execute(sql, [id.into()]).await.unwrap();
        }
    }
    tenants
}

async fn set(tx: &DatabaseTransaction, name: &str, value: &str) {
    tx.execute_raw(statement("select set_config($1, $2, true)", [name.into(), value.into()]))
        .await
        .unwrap();
}

fn statement(sql: &str, values: impl IntoIterator<Item = sea_orm::Value>) -> Statement {
    Statement::from_sql_and_values(sea_orm::DbBackend::Postgres, sql, values)
}

async fn number(connection: &impl ConnectionTrait, sql: &str) -> i64 {
    let row = connection.query_one_raw(statement(sql, [])).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

/// SQLSTATE of a refusal.
fn code(error: &DbErr) -> String {
    let (DbErr::Exec(sea_orm::RuntimeErr::SqlxError(error)) | DbErr::Query(sea_orm::RuntimeErr::SqlxError(error))) = error else {
        return format!("{error:?}");
    };
    let code = error.as_database_error().and_then(|error| error.code());
    code.map_or_else(|| format!("{error:?}"), |code| code.into_owned())
}

const NOT_ALLOWED: &str = "42501";

/// Tables to which the application may add rows, and in which it may change none.
const APPEND_ONLY: &[&str] = &["audit", "audit_checkpoint"];

#[tokio::test]
async fn the_applications_role_owns_nothing_and_can_change_no_table() {
    let world = World::create().await;
    let Some(app) = pool(&world, 1).await else {
        return world.close().await;
    };
    let powers = "select count(*) from pg_roles where rolname = current_user \
                  and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)";
    assert_eq!(number(&app, powers).await, 0);
    assert_eq!(
        number(
            &app,
            "select count(*) from pg_class where pg_has_role(current_user, relowner, 'member')"
        )
        .await,
        0
    );
    assert_eq!(
        number(&app, "select count(*) from pg_auth_members where member = current_user::regrole").await,
        0
    );
    let tables = world.tables().await;
    for table in tables.iter().filter(|name| *name != "seaql_migrations") {
        for sql in [
            format!("truncate {table}"),
            format!("drop table {table}"),
            format!("alter table {table} disable row level security"),
            format!("alter table {table} no force row level security"),
            format!("alter table {table} add column more text"),
            format!("create policy open on {table} using (true)"),
            format!("create index more on {table} ((1))"),
            format!("create trigger t before insert on {table} for each row execute function suppress_redundant_updates_trigger()"),
        ] {
            assert_eq!(code(&app.execute_unprepared(&sql).await.unwrap_err()), NOT_ALLOWED, "{sql}");
        }
    }
    for sql in [
        "create table more (id int)",
        "create function f() returns int language sql as 'select 1'",
        "create schema more",
        "create role more",
        "select * from seaql_migrations",
        "set role app_admin",
        "alter role pernoex_app bypassrls",
        "drop policy tenant_wall on document",
    ] {
        assert_eq!(code(&app.execute_unprepared(sql).await.unwrap_err()), NOT_ALLOWED, "{sql}");
    }
    // Who sets this gets an error where there are policies, not their absence.
    app.execute_unprepared("set row_security = off").await.unwrap();
    assert_eq!(
        code(&app.execute_unprepared("select * from document").await.unwrap_err()),
        NOT_ALLOWED
    );
    world.close().await;
}

#[tokio::test]
async fn a_question_without_a_filter_sees_one_tenant_and_without_a_tenant_nothing() {
    let world = World::create().await;
    let tenants = two_tenants(&world).await;
    let Some(app) = pool(&world, 1).await else {
        return world.close().await;
    };
    let (scoped, _) = world.by_tenant().await;
    for table in &scoped {
        let all = format!("select count(*) from {table}");
        assert_eq!(number(&app, &all).await, 0, "{table} without a tenant");
        for value in ["", "on"] {
            let tx = app.begin().await.unwrap();
            set(&tx, "app.tenant_id", "").await;
            set(&tx, "app.dispatcher", value).await;
            let seen = if table == "job" && value == "on" { 2 } else { 0 };
            assert_eq!(number(&tx, &all).await, seen, "{table} with dispatcher '{value}'");
            tx.rollback().await.unwrap();
        }
        let expected = if ["workspace", "tenant_key", "project", "job"].contains(&table.as_str()) {
            1
        } else {
            0
        };
        for tenant in tenants {
            let tx = app.begin().await.unwrap();
            set(&tx, "app.tenant_id", &tenant.to_string()).await;
            assert_eq!(number(&tx, &all).await, expected, "{table}");
            assert_eq!(
                number(&tx, &format!("{all} where tenant_id = '{tenant}' or true")).await,
                expected,
                "{table}"
            );
            tx.rollback().await.unwrap();
        }
    }
    world.close().await;
}

#[tokio::test]
async fn a_row_of_another_tenant_is_neither_made_nor_changed_nor_moved_nor_deleted() {
    let world = World::create().await;
    let [mine, theirs] = two_tenants(&world).await;
    let Some(app) = pool(&world, 1).await else {
        return world.close().await;
    };
    let attempt = async |sql: &str| {
        let tx = app.begin().await.unwrap();
        set(&tx, "app.tenant_id", &mine.to_string()).await;
        let done = tx.execute_raw(statement(&sql.replace("$theirs", &format!("'{theirs}'")), [])).await;
        tx.rollback().await.unwrap();
        done.map(|done| done.rows_affected()).map_err(|error| code(&error))
    };
    let refused = Err(NOT_ALLOWED.to_owned());
    for sql in [
        "insert into workspace (tenant_id, name, created_at) values ($theirs, 'w', 0)",
        "insert into tenant_key (tenant_id, version, wrapped, created_at) values ($theirs, 2, 'k', 0)",
        "insert into job (tenant_id, id, kind, project_id, revision, priority, state, attempts, run_at, locked_until, created_at) \
         values ($theirs, $theirs, 'purge_project', $theirs, 0, 0, 'ready', 0, 0, 0, 0)",
        "update project set tenant_id = $theirs",
        "update job set tenant_id = $theirs",
        "update tenant_key set tenant_id = $theirs, version = 9",
    ] {
        assert_eq!(attempt(sql).await, refused, "{sql}");
    }
    for table in world.by_tenant().await.0 {
        // Of the audit log not even one's own rows.
        let nothing = if APPEND_ONLY.contains(&table.as_str()) {
            refused.clone()
        } else {
            Ok(0)
        };
        for sql in [
            format!("delete from {table} where tenant_id = $theirs"),
            format!("update {table} set tenant_id = tenant_id where tenant_id = $theirs"),
        ] {
            assert_eq!(attempt(&sql).await, nothing, "{sql}");
        }
    }
    assert_eq!(attempt("update project set name = 'all of them'").await, Ok(1), "its own");
    assert_eq!(attempt("delete from project").await, Ok(1), "its own");
    // A child below a parent of the other tenant: the foreign key carries the tenant.
    let child = "insert into project_key (tenant_id, project_id, version, wrapped, created_at) values ('$mine', $theirs, 1, 'k', 0)";
    assert_eq!(attempt(&child.replace("$mine", &mine.to_string())).await, Err("23503".into()));
    world.close().await;
}

#[tokio::test]
async fn the_dispatcher_sees_and_leases_jobs_and_does_nothing_else() {
    let world = World::create().await;
    two_tenants(&world).await;
    let Some(app) = pool(&world, 1).await else {
        return world.close().await;
    };
    for (sql, expected) in [
        ("update job set lease = id", Ok(2)),
        ("delete from job", Ok(0)),
        ("update project set name = 'x'", Ok(0)),
        ("delete from workspace", Ok(0)),
        ("update tenant_key set wrapped = ''", Ok(0)),
        (
            "insert into job select tenant_id, gen_random_uuid(), kind, project_id, subject, revision, priority, state, attempts, run_at, \
             locked_until, lease, last_error, created_at from job",
            Err(NOT_ALLOWED.to_owned()),
        ),
    ] {
        let tx = app.begin().await.unwrap();
        set(&tx, "app.dispatcher", "on").await;
        let done = tx.execute_unprepared(sql).await;
        tx.rollback().await.unwrap();
        assert_eq!(
            done.map(|done| done.rows_affected()).map_err(|error| code(&error)),
            expected,
            "{sql}"
        );
    }
    // A job holds ids, times and a reason, and no content: what the dispatcher sees of it is all there is to see.
    let columns: BTreeSet<String> = world.columns("job").await.into_iter().collect();
    let known = "tenant_id id kind project_id subject revision priority state attempts run_at locked_until lease last_error created_at";
    assert_eq!(columns, known.split(' ').map(str::to_owned).collect());
    world.close().await;
}
