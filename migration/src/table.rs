//! One description of a table for both databases.

use sea_orm_migration::{
    SchemaManager,
    sea_orm::{ConnectionTrait, DbBackend, DbErr},
};

/// Runs `sql` after putting this database's type names in place of `{uuid}`, `{bytes}`, `{int}`, `{big}`.
pub(crate) async fn run(manager: &SchemaManager<'_>, sql: &str) -> Result<(), DbErr> {
    let types = match manager.get_database_backend() {
        DbBackend::Postgres => [("{uuid}", "uuid"), ("{bytes}", "bytea"), ("{int}", "integer"), ("{big}", "bigint")],
        _ => [("{uuid}", "blob"), ("{bytes}", "blob"), ("{int}", "integer"), ("{big}", "integer")],
    };
    let sql = types.iter().fold(sql.to_owned(), |sql, (name, r#type)| sql.replace(name, r#type));
    manager.get_connection().execute_unprepared(&sql).await?;
    Ok(())
}

/// Creates a table whose rows belong to tenants, and on PostgreSQL the wall around it: without a tenant set for the
/// transaction no row is seen, and a row of another tenant can be neither read nor written, not even by the table's owner.
pub(crate) async fn tenant_table(manager: &SchemaManager<'_>, name: &str, columns: &str) -> Result<(), DbErr> {
    run(
        manager,
        &format!("create table {name} (tenant_id {{uuid}} not null references tenant (id), {columns})"),
    )
    .await?;
    if manager.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    // NULLIF: a pooled connection that once carried a tenant has '' there afterwards, not NULL.
    let mine = "tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid";
    run(manager, &format!("alter table {name} enable row level security")).await?;
    run(manager, &format!("alter table {name} force row level security")).await?;
    run(
        manager,
        &format!("create policy tenant_wall on {name} using ({mine}) with check ({mine})"),
    )
    .await
}

/// A migration whose name is its file's.
#[macro_export]
macro_rules! migration {
    ($name:literal, $manager:ident => $up:block) => {
        pub(crate) struct Migration;

        impl sea_orm_migration::MigrationName for Migration {
            fn name(&self) -> &str {
                $name
            }
        }

        #[sea_orm_migration::async_trait::async_trait]
        impl sea_orm_migration::MigrationTrait for Migration {
            async fn up(
                &self,
                $manager: &sea_orm_migration::SchemaManager,
            ) -> Result<(), sea_orm_migration::sea_orm::DbErr> $up
        }
    };
}

/// Runs what concerns the rows of every tenant. PostgreSQL's wall hides them from whoever alters the tables too, unless that role passes all
/// walls anyway; it stands again afterwards. One transaction: it never falls for anyone else.
pub(crate) async fn without_wall(manager: &SchemaManager<'_>, tables: &[&str], statements: &[String]) -> Result<(), DbErr> {
    lift_wall(manager, tables).await?;
    for sql in statements {
        run(manager, sql).await?;
    }
    restore_wall(manager, tables).await
}

/// For what [`without_wall`] cannot say in SQL alone. To be followed by [`restore_wall`] in the same transaction.
pub(crate) async fn lift_wall(manager: &SchemaManager<'_>, tables: &[&str]) -> Result<(), DbErr> {
    force(manager, tables, "no force").await
}

pub(crate) async fn restore_wall(manager: &SchemaManager<'_>, tables: &[&str]) -> Result<(), DbErr> {
    force(manager, tables, "force").await
}

async fn force(manager: &SchemaManager<'_>, tables: &[&str], word: &str) -> Result<(), DbErr> {
    if manager.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    for table in tables {
        run(manager, &format!("alter table {table} {word} row level security")).await?;
    }
    Ok(())
}
