//! Sealed cells: which are looked at, and whether they are what they should be.

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Value};
use uuid::Uuid;

use super::{Evidence, ask};
use crate::{Store, StoreError, TenantId, sealed};

/// Cells of a column, of a tenant, that are looked at.
const SAMPLE: usize = 200;
/// Rows among which they are found: many have nothing in a column that may be empty, and not all of a table is to be walked for that.
const ROWS: usize = 2_000;

/// A column of sealed cells.
pub(super) struct Sealed {
    table: String,
    column: String,
    /// A column of ids by which rows are found without a walk.
    key: Option<String>,
    pub is_tenants: bool,
}

impl Sealed {
    pub fn name(&self) -> String {
        format!("{}.{}", self.table, self.column)
    }
}

/// Every column that is called `sealed`, so that a table of tomorrow is looked at as well, and those that have another name.
pub(super) async fn columns(store: &Store) -> Result<Vec<Sealed>, StoreError> {
    let has = |column: &str| match store.is_postgres() {
        true => format!(
            "exists (select from information_schema.columns as other where other.table_schema = 'public' \
             and other.table_name = found.table_name and other.column_name = '{column}')"
        ),
        // By its full name: the pragma's own rows have a `name` too.
        false => format!("exists (select 1 from pragma_table_info(sqlite_master.name) as other where other.name = '{column}')"),
    };
    let (tenants, id, account) = (has("tenant_id"), has("id"), has("account_id"));
    let question = match store.is_postgres() {
        true => format!(
            "select table_name::text, {tenants}, {id}, {account} from information_schema.columns as found \
             where table_schema = 'public' and column_name = 'sealed'"
        ),
        false => format!(
            "select name, {tenants}, {id}, {account} from sqlite_master where type = 'table' and {}",
            has("sealed")
        ),
    };
    let tx = store.begin_read().await?;
    let rows = ask(&tx, &question, vec![]).await;
    tx.rollback().await?;
    let (named, listed) = (|of: &sealed::Column| of.column == "sealed", sealed::columns());
    let mut columns = Vec::new();
    for row in rows? {
        let table: String = row.try_get_by_index(0)?;
        let known = listed.iter().find(|of| named(of) && of.table == table).map(|of| of.row);
        let id = row.try_get_by_index::<bool>(2)?.then_some("id");
        let account = row.try_get_by_index::<bool>(3)?.then_some("account_id");
        columns.push(Sealed {
            table,
            column: "sealed".into(),
            key: known.or(id).or(account).map(str::to_owned),
            is_tenants: row.try_get_by_index(1)?,
        });
    }
    columns.extend(listed.iter().filter(|of| !named(of)).map(|of| Sealed {
        table: of.table.into(),
        column: of.column.into(),
        key: Some(of.row.into()),
        is_tenants: true,
    }));
    columns.push(Sealed {
        table: "report_file".into(),
        column: "name".into(),
        key: Some("id".into()),
        is_tenants: false,
    });
    Ok(columns)
}

/// What is read of a cell: the head, and enough to see whether words follow.
const READ: usize = 64;

/// Looks at cells of a column: of the rows from an id of chance on, so that others are looked at each time and no table is sorted for it.
pub(super) async fn look(tx: &DatabaseTransaction, of: &Sealed, tenant: Option<TenantId>, found: &mut Evidence) -> Result<(), StoreError> {
    let Some(start) = start(tx, of, tenant).await? else {
        some(tx, of, tenant, None, SAMPLE, found).await?;
        return Ok(());
    };
    let seen = some(tx, of, tenant, Some((">=", start)), SAMPLE, found).await?;
    if seen < SAMPLE {
        // Round the end.
        some(tx, of, tenant, Some(("<", start)), SAMPLE - seen, found).await?;
    }
    // Of nobody yet: a pending sign-up, or a passkey that was asked for.
    keyless(tx, of, tenant, found).await
}

/// An id between the first and the last: ids begin with the time they were made at, and lie close together among all that could be.
async fn start(tx: &DatabaseTransaction, of: &Sealed, tenant: Option<TenantId>) -> Result<Option<Uuid>, StoreError> {
    let Some(key) = &of.key else { return Ok(None) };
    let (table, whose) = (&of.table, tenant.map_or("", |_| "tenant_id = $1 and"));
    let end = async |order: &str| {
        let sql = format!("select {key} from {table} where {whose} {key} is not null order by {key} {order} limit 1");
        let values = tenant.map(|tenant| tenant.uuid().into()).into_iter().collect();
        let rows = ask(tx, &sql, values).await?;
        Ok::<_, StoreError>(rows.first().map(|row| row.try_get_by_index::<Uuid>(0)).transpose()?)
    };
    let (Some(first), Some(last)) = (end("asc").await?, end("desc").await?) else {
        return Ok(None);
    };
    Ok(Some(between(first, last, Uuid::new_v4())))
}

fn between(first: Uuid, last: Uuid, chance: Uuid) -> Uuid {
    let span = last.as_u128().saturating_sub(first.as_u128()).saturating_add(1);
    Uuid::from_u128(first.as_u128() + chance.as_u128() % span)
}

/// Where the key says whose a row is, it may be nobody's.
async fn keyless(tx: &DatabaseTransaction, of: &Sealed, tenant: Option<TenantId>, found: &mut Evidence) -> Result<(), StoreError> {
    let Some(key) = &of.key else { return Ok(()) };
    let all = Rows {
        of,
        key: None,
        only: Some(format!("{key} is null")),
    };
    read(tx, &all, tenant, None, SAMPLE, found).await?;
    Ok(())
}

/// Up to `most` cells of the rows whose id is so to another. How many there were.
async fn some(
    tx: &DatabaseTransaction,
    of: &Sealed,
    tenant: Option<TenantId>,
    from: Option<(&str, Uuid)>,
    most: usize,
    found: &mut Evidence,
) -> Result<usize, StoreError> {
    // Without an id to begin at, rows that have none are looked at as well.
    let key = from.and(of.key.as_deref());
    read(tx, &Rows { of, key, only: None }, tenant, from, most, found).await
}

/// Which rows of a column, and by what they are found.
struct Rows<'a> {
    of: &'a Sealed,
    key: Option<&'a str>,
    only: Option<String>,
}

async fn read(
    tx: &DatabaseTransaction,
    Rows { of, key, only }: &Rows<'_>,
    tenant: Option<TenantId>,
    from: Option<(&str, Uuid)>,
    most: usize,
    found: &mut Evidence,
) -> Result<usize, StoreError> {
    let Sealed { table, column, .. } = of;
    let (place, head) = match tx.get_database_backend() {
        DbBackend::Postgres => ("ctid", format!("encode(substr({column}, 1, {READ}), 'hex')")),
        _ => ("rowid", format!("lower(hex(substr({column}, 1, {READ})))")),
    };
    let place = key.unwrap_or(place);
    let mut values: Vec<Value> = Vec::new();
    let mut conditions = Vec::new();
    if let Some(tenant) = tenant {
        values.push(tenant.uuid().into());
        conditions.push("tenant_id = $1".to_owned());
    }
    let whose = conditions.first().map(|whose| format!("{whose} and ")).unwrap_or_default();
    conditions.extend(only.clone());
    let mut order = String::new();
    if let Some((is, id)) = from {
        values.push(id.into());
        conditions.push(format!("{place} {is} ${}", values.len()));
        order = format!("order by {place}");
    }
    let filter = match conditions.is_empty() {
        true => String::new(),
        false => format!("where {}", conditions.join(" and ")),
    };
    // In steps: what is not chosen is not read.
    let sql = format!(
        "select {head} as head, cast(length({column}) as bigint) as size from {table} where {whose}{column} is not null and {place} in \
         (select place from (select {place} as place, {column} is null as is_empty from {table} {filter} {order} limit {ROWS}) as near \
         where not is_empty limit {most})"
    );
    let cells = ask(tx, &sql, values).await?;
    for cell in &cells {
        found.cells += 1;
        found.credentials += usize::from(of.table == "credential");
        let size: i64 = cell.try_get("", "size")?;
        if !is_sealed(&unhex(&cell.try_get::<String>("", "head")?), size) {
            *found.readable.entry(of.name()).or_default() += 1;
        }
    }
    Ok(cells.len())
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
            .unwrap_or(0)
    };
    text.as_bytes()
        .chunks_exact(2)
        .map(|pair| digit(pair[0]) << 4 | digit(pair[1]))
        .collect()
}

/// `format (1) ‖ key version (4) ‖ nonce (12) ‖ ciphertext`, and then a tag of 16 bytes.
const HEADER: usize = 1 + 4 + 12;
const SHORTEST: i64 = 17 + 16;

/// Whether a cell of `size` bytes that begins so has the envelope of a sealed one, and no words in it. That it opens, its key alone can show.
fn is_sealed(head: &[u8], size: i64) -> bool {
    size >= SHORTEST && sealed::version_of(head).is_some() && !is_text(&head[HEADER.min(head.len())..])
}

/// Of random bytes, three in eight are such that somebody could have typed them; of words in any script, nearly all are.
fn is_text(bytes: &[u8]) -> bool {
    let typed = bytes
        .iter()
        .filter(|byte| byte.is_ascii_graphic() || matches!(byte, b' ' | b'\n' | b'\r' | b'\t'))
        .count();
    // Below these, chance could look like words: and more often like UTF-8 than like what is typed.
    (bytes.len() >= 24 && typed * 10 >= bytes.len() * 9) || (bytes.len() >= 32 && std::str::from_utf8(bytes).is_ok())
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn what_was_sealed_is_told_from_what_was_written_in_the_clear() {
        let mut sealed = Vec::new();
        for n in 0..10_000_u32 {
            sealed = vec![1, 0, 0, 0, 7];
            sealed.extend(Sha256::digest(n.to_be_bytes()));
            sealed.extend(Sha256::digest(n.to_le_bytes()));
            sealed.truncate(READ);
            assert!(is_sealed(&sealed, 200), "{n}");
        }
        for clear in [
            "To export your data, open Settings and choose Export.",
            r#"{"access_token":"xoxb-1234567890","scope":"chat:write"}"#,
            "",
            "short",
        ] {
            assert!(!is_sealed(clear.as_bytes(), clear.len() as i64), "{clear}");
            // Somebody who writes the head of an envelope before words.
            let mut dressed = sealed[..HEADER].to_vec();
            dressed.extend(clear.as_bytes());
            assert!(!is_sealed(&dressed, dressed.len() as i64), "{clear}");
        }
        assert!(!is_sealed(&[2; 64], 64), "another format");
    }

    #[test]
    fn a_start_of_chance_is_between_the_ends() {
        let (first, last) = (Uuid::now_v7(), Uuid::now_v7());
        let starts: std::collections::BTreeSet<Uuid> = (0..100).map(|_| between(first, last, Uuid::new_v4())).collect();
        assert!(starts.iter().all(|start| (first..=last).contains(start)));
        assert!(starts.len() > 90, "another each time");
        assert_eq!(between(first, first, Uuid::max()), first);
    }

    #[test]
    fn a_short_run_of_bytes_that_happens_to_be_utf_8_is_no_text() {
        let bytes: Vec<u8> = "é\u{1}ß\u{2}".bytes().cycle().take(30).collect();
        assert!(std::str::from_utf8(&bytes).is_ok());
        assert!(!is_text(&bytes));
        assert!(is_text("Ärger mit Öl".repeat(3).as_bytes()), "words in another script than ours");
    }
}
