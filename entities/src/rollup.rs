//! Figures by the day, kept in the transaction of what they count: a report reads some hundred small rows, however many messages there
//! are. They hold no content, and stay when conversations go.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use uuid::Uuid;

use crate::{DocumentId, ProjectId, StoreError, TenantTx, VisitorId};

/// Upper bounds of the buckets of latencies, in milliseconds; one more bucket takes the rest. The columns are made by migration m0025.
pub const LATENCY: [i32; 14] = [25, 50, 100, 200, 300, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000, 10_000, 20_000];
pub const BUCKETS: usize = LATENCY.len() + 1;

/// Days that a report covers at most. Who was not seen for longer counts as new.
pub const LONGEST: i32 = 366;
/// Distinct pages that one day of a project keeps apart; the rest counts under the empty name.
const MOST_PAGES: i64 = 200;
/// Bytes of a page's address that are told apart: an index bounds them.
const LONGEST_PAGE: usize = 1_000;

const COUNTS: &str = "questions, answered, unanswered, helpful, unhelpful";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub questions: i64,
    pub answered: i64,
    pub unanswered: i64,
    pub helpful: i64,
    pub unhelpful: i64,
}

impl Counts {
    fn values(self) -> [Value; 5] {
        [self.questions, self.answered, self.unanswered, self.helpful, self.unhelpful].map(Value::from)
    }

    fn read(row: &QueryResult) -> Result<Self, StoreError> {
        let count = |name: &str| row.try_get::<i64>("", name);
        Ok(Self {
            questions: count("questions")?,
            answered: count("answered")?,
            unanswered: count("unanswered")?,
            helpful: count("helpful")?,
            unhelpful: count("unhelpful")?,
        })
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.questions += other.questions;
        self.answered += other.answered;
        self.unanswered += other.unanswered;
        self.helpful += other.helpful;
        self.unhelpful += other.unhelpful;
    }
}

/// How many answers took how long, by [`LATENCY`].
pub type Latency = [i64; BUCKETS];

#[must_use]
pub fn bucket_of(latency_ms: i32) -> usize {
    LATENCY.iter().position(|bound| latency_ms <= *bound).unwrap_or(LATENCY.len())
}

/// What one channel saw on one day.
#[derive(Clone, Debug)]
pub struct Day {
    /// Since the epoch, UTC.
    pub day: i32,
    pub channel: String,
    pub counts: Counts,
    pub latency: Latency,
}

/// What was asked on one page.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its address without query and fragment; empty for all that were too many to be told apart.
    pub page: String,
    pub counts: Counts,
}

/// How many different ones there were in a range of days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Distinct {
    pub visitors: i64,
    pub conversations: i64,
}

/// Of whom days are remembered.
#[derive(Clone, Copy)]
pub(crate) enum Returning {
    Visitor,
    Conversation,
}

impl Returning {
    fn as_str(self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::Conversation => "conversation",
        }
    }
}

/// Every statement begins with the tenant and the project as `$1` and `$2`.
fn statement(tx: &TenantTx, project: ProjectId, sql: String, values: impl IntoIterator<Item = Value>) -> Statement {
    let own = [Value::from(tx.tenant().uuid()), Value::from(project.uuid())];
    Statement::from_sql_and_values(tx.raw().get_database_backend(), sql, own.into_iter().chain(values))
}

async fn run(tx: &TenantTx, project: ProjectId, sql: String, values: impl IntoIterator<Item = Value>) -> Result<u64, StoreError> {
    let done = tx.raw().execute_raw(statement(tx, project, sql, values)).await?;
    Ok(done.rows_affected())
}

async fn ask(
    tx: &TenantTx,
    project: ProjectId,
    sql: String,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<QueryResult>, StoreError> {
    Ok(tx.raw().query_all_raw(statement(tx, project, sql, values)).await?)
}

const OWN: &str = "tenant_id = $1 and project_id = $2";

/// Adds up, by column, what is there and what comes.
fn sums(table: &str, columns: &str) -> String {
    let each = columns
        .split(", ")
        .map(|column| format!("{column} = {table}.{column} + excluded.{column}"));
    each.collect::<Vec<_>>().join(", ")
}

fn latency_columns() -> String {
    (0..BUCKETS).map(|n| format!("latency_{n}")).collect::<Vec<_>>().join(", ")
}

fn places(from: usize, count: usize) -> String {
    (from..from + count).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}

/// Where something is counted.
pub(crate) struct Spot<'a> {
    pub project: ProjectId,
    pub day: i32,
    pub channel: &'a str,
    pub page: Option<&'a str>,
}

pub(crate) async fn add(tx: &TenantTx, spot: &Spot<'_>, counts: Counts, latency_ms: Option<i32>) -> Result<(), StoreError> {
    let mut latency: Latency = [0; BUCKETS];
    if let Some(count) = latency_ms.and_then(|ms| latency.get_mut(bucket_of(ms))) {
        *count = 1;
    }
    let columns = format!("{COUNTS}, {}", latency_columns());
    let sql = format!(
        "insert into rollup_day (tenant_id, project_id, day, channel, {columns}) values ($1, $2, {}) \
         on conflict (tenant_id, project_id, day, channel) do update set {}",
        places(3, 2 + 5 + BUCKETS),
        sums("rollup_day", &columns)
    );
    let values = [Value::from(spot.day), Value::from(spot.channel)];
    let values = values.into_iter().chain(counts.values()).chain(latency.map(Value::from));
    run(tx, spot.project, sql, values).await?;
    let Some(page) = spot.page else { return Ok(()) };
    let page = own_page(tx, spot, &page[..page.floor_char_boundary(LONGEST_PAGE)]).await?;
    let sql = format!(
        "insert into rollup_page (tenant_id, project_id, day, page, {COUNTS}) values ($1, $2, {}) \
         on conflict (tenant_id, project_id, day, page) do update set {}",
        places(3, 2 + 5),
        sums("rollup_page", COUNTS)
    );
    let values = [Value::from(spot.day), Value::from(page)];
    run(tx, spot.project, sql, values.into_iter().chain(counts.values())).await?;
    Ok(())
}

/// The page itself, or the empty name when the day has too many already.
async fn own_page<'a>(tx: &TenantTx, spot: &Spot<'_>, page: &'a str) -> Result<&'a str, StoreError> {
    let known = format!("select 1 as found from rollup_page where {OWN} and day = $3 and page = $4");
    if !ask(tx, spot.project, known, [spot.day.into(), page.into()]).await?.is_empty() {
        return Ok(page);
    }
    let count = format!("select count(*) as found from rollup_page where {OWN} and day = $3");
    let found = ask(tx, spot.project, count, [spot.day.into()]).await?;
    let pages: i64 = found.first().map(|row| row.try_get("", "found")).transpose()?.unwrap_or(0);
    Ok(if pages < MOST_PAGES { page } else { "" })
}

pub(crate) async fn cite(tx: &TenantTx, project: ProjectId, day: i32, documents: &BTreeSet<DocumentId>) -> Result<(), StoreError> {
    // In the order of their ids, so that two answers that cite the same never wait for each other.
    for document in documents {
        let sql = "insert into rollup_source (tenant_id, project_id, day, document_id, citations) values ($1, $2, $3, $4, 1) \
             on conflict (tenant_id, project_id, day, document_id) do update set citations = rollup_source.citations + 1";
        run(tx, project, sql.into(), [day.into(), document.uuid().into()]).await?;
    }
    Ok(())
}

/// Counts somebody on a day, once.
pub(crate) async fn visitor_seen(tx: &TenantTx, project: ProjectId, visitor: VisitorId, day: i32) -> Result<(), StoreError> {
    let visitor: Value = visitor.uuid().into();
    let last = format!("select day from visitor_seen where {OWN} and visitor_id = $3");
    let found = ask(tx, project, last, [visitor.clone()]).await?;
    let last: Option<i32> = found.first().map(|row| row.try_get("", "day")).transpose()?;
    let first_today = match last {
        Some(last) if last >= day => false,
        // Of two at the same time, one finds it done.
        Some(last) => {
            let sql = format!("update visitor_seen set day = $4 where {OWN} and visitor_id = $3 and day = $5");
            run(tx, project, sql, [visitor, day.into(), last.into()]).await? == 1
        }
        None => {
            let sql = "insert into visitor_seen (tenant_id, project_id, visitor_id, day) values ($1, $2, $3, $4) on conflict do nothing";
            run(tx, project, sql.into(), [visitor, day.into()]).await? == 1
        }
    };
    if first_today {
        returned(tx, project, Returning::Visitor, day, last).await?;
    }
    Ok(())
}

/// Counts one more that is seen on a day for the first time, and was seen on `previous` before.
pub(crate) async fn returned(
    tx: &TenantTx,
    project: ProjectId,
    what: Returning,
    day: i32,
    previous: Option<i32>,
) -> Result<(), StoreError> {
    let previous = previous.filter(|previous| day - previous <= LONGEST).unwrap_or(-1);
    let sql = "insert into rollup_return (tenant_id, project_id, what, day, previous, found) values ($1, $2, $3, $4, $5, 1) \
         on conflict (tenant_id, project_id, what, day, previous) do update set found = rollup_return.found + 1";
    run(tx, project, sql.into(), [what.as_str().into(), day.into(), previous.into()]).await?;
    Ok(())
}

/// What each channel saw on each day, `from` and `to` included; days without anything are left out.
///
/// # Errors
/// When the database does not answer.
pub async fn days(tx: &TenantTx, project: ProjectId, (from, to): (i32, i32)) -> Result<Vec<Day>, StoreError> {
    let sql = format!(
        "select day, channel, {COUNTS}, {} from rollup_day where {OWN} and day between $3 and $4 order by day, channel",
        latency_columns()
    );
    let rows = ask(tx, project, sql, [from.into(), to.into()]).await?;
    let day = |row: &QueryResult| {
        let mut latency: Latency = [0; BUCKETS];
        for (n, count) in latency.iter_mut().enumerate() {
            *count = row.try_get("", &format!("latency_{n}"))?;
        }
        Ok(Day {
            day: row.try_get("", "day")?,
            channel: row.try_get("", "channel")?,
            counts: Counts::read(row)?,
            latency,
        })
    };
    rows.iter().map(day).collect()
}

/// How many different visitors and conversations there were in the days from `from` to `to`.
///
/// # Errors
/// When the database does not answer.
pub async fn distinct(tx: &TenantTx, project: ProjectId, (from, to): (i32, i32)) -> Result<Distinct, StoreError> {
    let sql = format!(
        "select what, cast(sum(found) as bigint) as found from rollup_return \
         where {OWN} and what in ('visitor', 'conversation') and day between $3 and $4 and previous < $3 group by what"
    );
    let mut distinct = Distinct::default();
    for row in ask(tx, project, sql, [from.into(), to.into()]).await? {
        let found = row.try_get("", "found")?;
        match row.try_get::<String>("", "what")?.as_str() {
            "visitor" => distinct.visitors = found,
            _ => distinct.conversations = found,
        }
    }
    Ok(distinct)
}

/// How many different visitors there were on each day; days without any are left out.
///
/// # Errors
/// When the database does not answer.
pub async fn visitors(tx: &TenantTx, project: ProjectId, (from, to): (i32, i32)) -> Result<Vec<(i32, i64)>, StoreError> {
    let sql = format!(
        "select day, cast(sum(found) as bigint) as found from rollup_return \
         where {OWN} and what = 'visitor' and day between $3 and $4 group by day order by day"
    );
    let rows = ask(tx, project, sql, [from.into(), to.into()]).await?;
    rows.iter()
        .map(|row| Ok((row.try_get("", "day")?, row.try_get("", "found")?)))
        .collect()
}

/// The pages that were asked on most.
///
/// # Errors
/// When the database does not answer.
pub async fn pages(tx: &TenantTx, project: ProjectId, (from, to): (i32, i32), limit: u64) -> Result<Vec<Page>, StoreError> {
    let sums = COUNTS
        .split(", ")
        .map(|column| format!("cast(sum({column}) as bigint) as {column}"));
    let sql = format!(
        "select page, {} from rollup_page where {OWN} and day between $3 and $4 group by page order by sum(questions) desc, page limit $5",
        sums.collect::<Vec<_>>().join(", ")
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = ask(tx, project, sql, [from.into(), to.into(), limit.into()]).await?;
    let page = |row: &QueryResult| {
        Ok(Page {
            page: row.try_get("", "page")?,
            counts: Counts::read(row)?,
        })
    };
    rows.iter().map(page).collect()
}

/// How many answers cited each document; the others are left out. By document.
///
/// # Errors
/// When the database does not answer.
pub async fn sources(tx: &TenantTx, project: ProjectId, (from, to): (i32, i32)) -> Result<Vec<(DocumentId, i64)>, StoreError> {
    let sql = format!(
        "select document_id, cast(sum(citations) as bigint) as found from rollup_source \
         where {OWN} and day between $3 and $4 group by document_id order by document_id"
    );
    let rows = ask(tx, project, sql, [from.into(), to.into()]).await?;
    let source = |row: &QueryResult| Ok((row.try_get::<Uuid>("", "document_id")?.into(), row.try_get("", "found")?));
    rows.iter().map(source).collect()
}

/// The day on which each document was cited last; one that never was is left out. By document.
///
/// # Errors
/// When the database does not answer.
pub async fn last_cited(tx: &TenantTx, project: ProjectId) -> Result<Vec<(DocumentId, i32)>, StoreError> {
    let sql = format!("select document_id, max(day) as day from rollup_source where {OWN} group by document_id order by document_id");
    let rows = ask(tx, project, sql, []).await?;
    let source = |row: &QueryResult| Ok((row.try_get::<Uuid>("", "document_id")?.into(), row.try_get("", "day")?));
    rows.iter().map(source).collect()
}

/// How many questions there were since a day, the day included.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn questions_since(tx: &TenantTx, only: Option<ProjectId>, since: i32) -> Result<Vec<(ProjectId, i64)>, StoreError> {
    // Without `only` the project is any: a parameter that is not used would have no type on PostgreSQL.
    let which = if only.is_some() { "project_id = $2" } else { "$2 <> project_id" };
    let sql = format!(
        "select project_id, cast(sum(questions) as bigint) as found from rollup_day where tenant_id = $1 and {which} and day >= $3 group by project_id"
    );
    let rows = ask(tx, only.unwrap_or(Uuid::nil().into()), sql, [since.into()]).await?;
    let counted = |row: &QueryResult| Ok((row.try_get::<Uuid>("", "project_id")?.into(), row.try_get("", "found")?));
    rows.iter().map(counted).collect()
}

/// Forgets when a visitor was seen: nothing in the figures names them then.
///
/// # Errors
/// When the database does not answer.
pub async fn forget_visitor(tx: &TenantTx, project: ProjectId, visitor: VisitorId) -> Result<bool, StoreError> {
    let sql = format!("delete from visitor_seen where {OWN} and visitor_id = $3");
    Ok(run(tx, project, sql, [visitor.uuid().into()]).await? == 1)
}

/// Forgets who was not seen since `day`: if they come again, they are new. The figures stay. Returns how many.
///
/// # Errors
/// When the database does not answer.
pub async fn forget_unseen(tx: &TenantTx, project: ProjectId, day: i32) -> Result<u64, StoreError> {
    let sql = format!("delete from visitor_seen where {OWN} and day < $3");
    run(tx, project, sql, [day.into()]).await
}

/// Deletes up to `limit` rows of each table of a project that is being purged; returns how many.
///
/// # Errors
/// When the database does not answer.
pub async fn purge(tx: &TenantTx, project: ProjectId, limit: u64) -> Result<u64, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut removed = 0;
    for (table, key) in [
        ("visitor_seen", "visitor_id"),
        ("rollup_source", "day, document_id"),
        ("rollup_page", "day, page"),
        ("rollup_return", "what, day, previous"),
    ] {
        let sql = format!("delete from {table} where {OWN} and ({key}) in (select {key} from {table} where {OWN} limit $3)");
        removed += run(tx, project, sql, [limit.into()]).await?;
    }
    Ok(removed)
}
