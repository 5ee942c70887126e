//! Sealed cells, whatever table they are in: what rotation of a project's key, its report and its tests go through.

use sea_orm::{ConnectionTrait, IdenStatic, Statement, Value, prelude::Uuid};

use crate::{
    ProjectId, StoreError, TenantTx, chunk, conversation, conversation_note, curated_answer, curated_revision, document_body,
    document_print, document_revision, message, project, tenant_db::TenantScoped, todo, voice_call, webhook_delivery, webhook_endpoint,
    widget_logo,
};

/// A column of sealed cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    pub table: &'static str,
    pub column: &'static str,
    /// Holds the row's id, which the cell is bound to.
    pub row: &'static str,
    pub project: &'static str,
}

/// A sealed cell and the id of its row.
pub struct Cell {
    pub row: Uuid,
    pub sealed: Vec<u8>,
}

/// Every column of sealed cells. A table that is missing here takes no sealed row.
#[must_use]
pub fn columns() -> Vec<Column> {
    let mut columns = Vec::new();
    of::<document_body::Entity>(&mut columns);
    of::<chunk::Entity>(&mut columns);
    of::<conversation::Entity>(&mut columns);
    of::<message::Entity>(&mut columns);
    of::<webhook_endpoint::Entity>(&mut columns);
    of::<webhook_delivery::Entity>(&mut columns);
    of::<voice_call::Entity>(&mut columns);
    of::<conversation_note::Entity>(&mut columns);
    of::<todo::Entity>(&mut columns);
    of::<widget_logo::Entity>(&mut columns);
    of::<document_revision::Entity>(&mut columns);
    of::<document_print::secret::Entity>(&mut columns);
    of::<project::Entity>(&mut columns);
    of::<curated_answer::Entity>(&mut columns);
    of::<curated_revision::Entity>(&mut columns);
    columns
}

fn of<E: TenantScoped>(columns: &mut Vec<Column>) {
    let Some(sealed) = E::SEALED else { return };
    columns.extend(sealed.cells.iter().map(|cell| Column {
        table: E::default().table_name(),
        column: cell.as_str(),
        row: sealed.row.as_str(),
        project: sealed.project.as_str(),
    }));
}

pub(crate) fn is_listed(table: &str) -> bool {
    columns().iter().any(|column| column.table == table)
}

/// The key version in the head of a sealed cell: `format (1) ‖ version (4, big-endian) ‖ …`.
#[must_use]
pub fn version_of(cell: &[u8]) -> Option<i32> {
    match cell {
        [1, a, b, c, d, ..] => i32::try_from(u32::from_be_bytes([*a, *b, *c, *d])).ok(),
        _ => None,
    }
}

/// How many bytes of cells one step takes into memory, besides a first one that is larger.
const STEP_BYTES: i64 = 4 << 20;
const STEP_CELLS: i64 = 200;

/// Names come from the list above, values are bound. The tenant stands last, as everywhere.
async fn ask(tx: &TenantTx, sql: String, mut values: Vec<Value>) -> Result<Vec<sea_orm::QueryResult>, StoreError> {
    let backend = tx.raw().get_database_backend();
    values.push(tx.tenant().uuid().into());
    let sql = sql.replace("{tenant}", &format!("tenant_id = ${}", values.len()));
    Ok(tx.raw().query_all_raw(Statement::from_sql_and_values(backend, sql, values)).await?)
}

fn head(version: i32) -> Vec<u8> {
    version.to_be_bytes().to_vec()
}

/// The next cells of a project, by row, that a version older than `version` sealed: a few, bounded in number and size.
///
/// # Errors
/// When the database does not answer.
pub async fn stale(tx: &TenantTx, of: Column, project: ProjectId, version: i32, after: Option<Uuid>) -> Result<Vec<Cell>, StoreError> {
    let Column {
        table,
        column,
        row,
        project: in_project,
    } = of;
    let after = after.unwrap_or_default();
    let old = format!("{in_project} = $1 and {row} > $2 and substr({column}, 2, 4) < $3");
    let values = || vec![project.uuid().into(), after.into(), head(version).into()];
    let sizes = format!(
        "select {row} as id, cast(length({column}) as bigint) as size from {table} \
         where {old} and {{tenant}} order by {row} limit {STEP_CELLS}"
    );
    let mut last = None;
    let mut bytes = 0;
    for found in ask(tx, sizes, values()).await? {
        bytes += found.try_get::<i64>("", "size")?;
        if bytes > STEP_BYTES && last.is_some() {
            break;
        }
        last = Some(found.try_get::<Uuid>("", "id")?);
    }
    let Some(last) = last else { return Ok(Vec::new()) };
    let mut values = values();
    values.push(last.into());
    let cells = format!("select {row} as id, {column} as cell from {table} where {old} and {row} <= $4 and {{tenant}} order by {row}");
    ask(tx, cells, values)
        .await?
        .iter()
        .map(|found| {
            Ok(Cell {
                row: found.try_get("", "id")?,
                sealed: found.try_get("", "cell")?,
            })
        })
        .collect()
}

/// Puts `new` in place of `old`, unless the cell changed since it was read: then it is of a newer version already.
///
/// # Errors
/// `KeyRetired` when the version of `new` is closed.
pub async fn replace(tx: &TenantTx, of: Column, project: ProjectId, old: &Cell, new: Vec<u8>) -> Result<(), StoreError> {
    let Column {
        table,
        column,
        row,
        project: in_project,
    } = of;
    tx.hold_key(project, &new).await?;
    // Version and nonce tell two ciphertexts apart as well as the whole of them.
    let seen = old.sealed.get(..17).ok_or(StoreError::Damaged("a sealed cell"))?.to_vec();
    let sql = format!(
        "update {table} set {column} = $1 where {in_project} = $2 and {row} = $3 and substr({column}, 1, 17) = $4 and {{tenant}} returning 1 as done"
    );
    ask(tx, sql, vec![new.into(), project.uuid().into(), old.row.into(), seen.into()]).await?;
    Ok(())
}

/// Cells of a project by the key version that sealed them, over all columns, the oldest version first.
///
/// # Errors
/// When the database does not answer.
pub async fn counts(tx: &TenantTx, project: ProjectId) -> Result<Vec<(i32, i64)>, StoreError> {
    let mut counted = std::collections::BTreeMap::new();
    for Column {
        table,
        column,
        project: in_project,
        ..
    } in columns()
    {
        let sql = format!(
            "select substr({column}, 1, 5) as head, count(*) as cells from {table} \
             where {in_project} = $1 and {column} is not null and {{tenant}} group by 1"
        );
        for found in ask(tx, sql, vec![project.uuid().into()]).await? {
            let version = version_of(&found.try_get::<Vec<u8>>("", "head")?).ok_or(StoreError::Damaged("a sealed cell"))?;
            *counted.entry(version).or_default() += found.try_get::<i64>("", "cells")?;
        }
    }
    Ok(counted.into_iter().collect())
}
