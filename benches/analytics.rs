//! What a report costs over many messages: `cargo bench --bench analytics`.
//!
//! Messages are written into the database by SQL, `PERNOEX_BENCH_MESSAGES` of them (1 000 000) over a year, in one project; their figures are
//! worked out by the statements that an update of the server runs. Then reports of the server take turns with counting the messages.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::time::{Duration, Instant};

use entities::Location;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend};
use support::{
    client::Connection,
    figures::{ms, quantile},
    people::Member,
    server::Server,
    setting,
};

const ROUNDS: usize = 20;
/// Messages of a conversation, half of them questions.
const TURNS: usize = 10;
const DAYS: usize = 365;
const DOCUMENTS: usize = 500;
const DAY_MS: i64 = 86_400_000;

/// Words of one database's dialect.
struct Dialect {
    postgres: bool,
}

impl Dialect {
    /// A number as an id.
    fn id(&self, number: &str) -> String {
        match self.postgres {
            true => format!("lpad(to_hex({number}), 32, '0')::uuid"),
            false => format!("unhex(printf('%032x', {number}))"),
        }
    }

    fn known(&self, id: &str) -> String {
        match self.postgres {
            true => format!("'{id}'::uuid"),
            false => format!("x'{}'", id.replace('-', "")),
        }
    }

    fn bytes(&self, count: usize) -> String {
        match self.postgres {
            true => format!("decode(repeat('00', {count}), 'hex')"),
            false => format!("zeroblob({count})"),
        }
    }

    /// The numbers from `from` up to `to`, as `n`.
    fn numbers(&self, from: usize, to: usize) -> String {
        match self.postgres {
            true => format!("(select generate_series({from}::bigint, {to}::bigint - 1) as n) as numbers"),
            false => format!(
                "(with recursive numbers (n) as (select {from} union all select n + 1 from numbers where n + 1 < {to}) select n from numbers)"
            ),
        }
    }
}

async fn run(database: &DatabaseConnection, sql: &str) -> u64 {
    database.execute_unprepared(sql).await.unwrap().rows_affected()
}

/// Fills the tables as if so many messages had been written in the last year.
async fn fill(database: &DatabaseConnection, tenant: &str, project: &str, messages: usize) {
    let dialect = Dialect {
        postgres: database.get_database_backend() == DbBackend::Postgres,
    };
    let (tenant, project) = (dialect.known(tenant), dialect.known(project));
    let conversations = messages.div_ceil(TURNS);
    let today = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap() / DAY_MS;
    let first = today - i64::try_from(DAYS).unwrap() + 1;
    let day = |conversation: &str| format!("({first} + ({conversation}) * {DAYS} / {conversations})");
    // A visitor comes back now and then.
    let visitor = |conversation: &str| dialect.id(&format!("1000000000 + ({conversation}) * 7919 % {}", conversations / 2 + 1));
    let channel = |n: &str| format!("case ({n}) % 4 when 0 then 'slack' when 1 then 'dashboard' else 'widget' end");
    let step = 50_000;
    for from in (0..conversations).step_by(step) {
        let to = (from + step).min(conversations);
        let at = format!("({} * {DAY_MS})", day("n"));
        let sql = format!(
            "insert into conversation (tenant_id, id, project_id, channel, visitor_id, origin, title, started_at, last_at, questions, \
             unanswered, helpful, unhelpful) select {tenant}, {}, {project}, {}, {}, 'https://www.example.com/' || n % 40, {}, {at}, {at}, \
             5, 1, 0, 0 from {}",
            dialect.id("n"),
            channel("n"),
            visitor("n"),
            dialect.bytes(80),
            dialect.numbers(from, to)
        );
        run(database, &sql).await;
        let (of, answer) = (format!("(n / {TURNS})"), "n % 2 = 1");
        let sql = format!(
            "insert into message (tenant_id, id, project_id, conversation_id, role, sealed, outcome, helpful, visitor_id, day, latency_ms, \
             created_at, told) select {tenant}, {}, {project}, {}, case when {answer} then 'assistant' else 'visitor' end, {}, \
             case when {answer} then case when n % 10 = 9 then 'unanswered' else 'answered' end end, \
             case when {answer} and n % 7 = 0 then 1 end, {}, {}, case when {answer} then n * 37 % 3000 end, {} * {DAY_MS} + n % {DAY_MS}, \
             false from {}",
            dialect.id("n"),
            dialect.id(&of),
            dialect.bytes(400),
            visitor(&of),
            day(&of),
            day(&of),
            dialect.numbers(from * TURNS, (to * TURNS).min(messages))
        );
        run(database, &sql).await;
        let sql = format!(
            "insert into citation (tenant_id, message_id, document_id, project_id, day) select {tenant}, {}, {}, {project}, {} from {} \
             where {answer} and n % 10 <> 9",
            dialect.id("n"),
            dialect.id(&format!("2000000000 + n * 31 % {DOCUMENTS}")),
            day(&of),
            dialect.numbers(from * TURNS, (to * TURNS).min(messages))
        );
        run(database, &sql).await;
    }
}

fn times(connection: &mut Connection, request: &[u8]) -> Duration {
    connection.ask(request).expect(200).took
}

fn main() {
    support::print_heading("analytics");
    let messages = setting("PERNOEX_BENCH_MESSAGES", 1_000_000);
    let server = Server::start(&[]);
    let owner = Member::sign_up(server.address, "owner");
    let project = owner.project("Bench");
    let session = owner.read("/session");
    let tenant = session["workspace"]["id"].as_str().unwrap().to_owned();
    let id = project.rsplit('/').next().unwrap().to_owned();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let location: Location = runtime.block_on(server.location());
    let database = runtime
        .block_on(Database::connect(entities::connect_options(&location, true)))
        .unwrap();
    let began = Instant::now();
    runtime.block_on(fill(&database, &tenant, &id, messages));
    println!("{messages} messages written in {:.0?}", began.elapsed());
    let began = Instant::now();
    for sql in migration::rollup_statements() {
        runtime.block_on(run(&database, &sql));
    }
    println!("their figures worked out in {:.1?}, as an update does once", began.elapsed());
    if database.get_database_backend() == DbBackend::Postgres {
        runtime.block_on(run(&database, "analyze"));
    }

    let mut connection = Connection::open(server.address);
    let spans = [7, 30, 90, 365].map(|days| (days, owner.get(&format!("{project}/analytics?days={days}"))));
    let known = Dialect {
        postgres: database.get_database_backend() == DbBackend::Postgres,
    };
    let own = format!("tenant_id = {} and project_id = {}", known.known(&tenant), known.known(&id));
    let count = format!("select count(*) from message where {own}");
    let mut reports = vec![Vec::new(); spans.len()];
    let mut counting = Vec::new();
    for _ in 0..ROUNDS {
        for ((_, request), times_of) in spans.iter().zip(&mut reports) {
            times_of.push(times(&mut connection, request));
        }
        let began = Instant::now();
        runtime
            .block_on(database.query_all_raw(sea_orm::Statement::from_string(database.get_database_backend(), count.clone())))
            .unwrap();
        counting.push(began.elapsed());
    }
    let plain = ms(quantile(&counting, 0.5));
    println!("\n{:<34}{:>10}{:>10}{:>12}", "", "p50 ms", "p99 ms", "of counting");
    for ((days, _), times) in spans.iter().zip(&reports) {
        let p50 = ms(quantile(times, 0.5));
        println!(
            "{:<34}{p50:>10.2}{:>10.2}{:>12.4}",
            format!("report of {days} days, over HTTP"),
            ms(quantile(times, 0.99)),
            p50 / plain
        );
    }
    println!(
        "{:<34}{plain:>10.2}{:>10.2}{:>12}",
        "count(*) of the messages",
        ms(quantile(&counting, 0.99)),
        "1"
    );
    let report = owner.read(&format!("{project}/analytics?days=365"));
    println!(
        "\nquestions in the last year: {}, visitors: {}",
        report["totals"]["questions"], report["totals"]["visitors"]
    );
    runtime.block_on(database.close()).unwrap();
}
