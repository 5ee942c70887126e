//! Signed messages of a provider: how many are verified and durably queued, against a handler that does nothing and against the database's
//! own commits; how many forged ones are turned away; and how long a question in the middle of a call takes: `cargo bench --bench webhooks`.
//!
//! Server, bare handler, database and client share the machine, and what is queued is seen to meanwhile. The client signs as it goes.
//! `PERNOEX_BENCH_CHUNKS` (10000), `PERNOEX_BENCH_ROUNDS` (5) and `PERNOEX_BENCH_SECONDS` (2, of one round) make a run shorter or longer.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::{
    net::SocketAddr,
    sync::{
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use entities::{Location, connect_options};
use hmac::{Hmac, KeyInit, Mac};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection};
use serde_json::json;
use sha2::Sha256;
use support::{
    client::{Connection, request},
    corpus::{Dice, question},
    figures::{median, ms, quantile},
    people::Member,
    server::Server,
    setting,
};

const SECRET: &str = "key_0123456789abcdef";
const CONNECTIONS: usize = 8;

/// Of each message, so that none is known already.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// A handler that reads the body and does nothing, with as many workers as the server has.
fn bare_handler() -> SocketAddr {
    let (started, start) = mpsc::channel();
    std::thread::spawn(move || {
        use actix_web::{App, HttpResponse, HttpServer, web};
        actix_web::rt::System::new().block_on(async move {
            let app = || {
                App::new().route(
                    "/{any:.*}",
                    web::post().to(async |_: web::Bytes| HttpResponse::NoContent().finish()),
                )
            };
            let server = HttpServer::new(app)
                .workers(std::thread::available_parallelism().map_or(2, usize::from))
                .bind("127.0.0.1:0")
                .unwrap();
            started.send(server.addrs()[0]).unwrap();
            server.run().await.unwrap();
        });
    });
    start.recv().unwrap()
}

fn signed(path: &str, secret: &str, body: &str) -> Vec<u8> {
    let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis().to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    mac.update(at.as_bytes());
    let tag: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let signature = format!("v={at},d={tag}");
    let headers = [("content-type", "application/json"), ("x-retell-signature", signature.as_str())];
    request("POST", path, &headers, body.as_bytes())
}

/// A call of half a minute, about 2 kB.
fn call() -> String {
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let turns = (0..16).map(|turn| {
        let role = if turn % 2 == 0 { "agent" } else { "user" };
        json!({ "role": role, "content": format!("What was said in turn {turn} of the call {n}, a sentence of the usual length.") })
    });
    json!({ "event": "call_ended", "call": { "call_id": format!("call-{n}"), "duration_ms": 30_000,
        "transcript_object": turns.collect::<Vec<_>>() } })
    .to_string()
}

/// Whether a connection carries one message after the other. What is refused before its body was read ends its connection.
#[derive(Clone, Copy, PartialEq)]
enum Kept {
    Open,
    No,
}

/// Messages a second that are answered with `status`.
fn drive(address: SocketAddr, time: Duration, status: u16, kept: Kept, make: &(impl Fn() -> Vec<u8> + Sync)) -> f64 {
    let began = Instant::now();
    let counts = std::thread::scope(|scope| {
        let drive = || {
            let (mut connection, mut count) = (Connection::open(address), 0_u64);
            while began.elapsed() < time {
                if kept == Kept::No {
                    connection = Connection::open(address);
                }
                connection.ask(&make()).expect(status);
                count += 1;
            }
            count
        };
        let running: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(drive)).collect();
        running.into_iter().map(|one| one.join().unwrap()).sum::<u64>()
    });
    counts as f64 / began.elapsed().as_secs_f64()
}

/// A database beside the server's, set up as the server sets its own up.
async fn databases(folder: &std::path::Path) -> Vec<DatabaseConnection> {
    let location = match std::env::var("PERNOEX_TEST_POSTGRES") {
        Ok(url) => Location::Postgres { url, connections: 1 },
        Err(_) => {
            let (masters, _) = actors::MasterKeys::load_or_create(&folder.join("master.key"), None).unwrap();
            let path = folder.join("commits.db");
            let key = actors::database_key(&path, &masters).await.unwrap();
            Location::Embedded { path, key }
        }
    };
    // An embedded file has one writer.
    let writers = if matches!(location, Location::Postgres { .. }) {
        CONNECTIONS
    } else {
        1
    };
    let mut open = Vec::new();
    for _ in 0..writers {
        open.push(Database::connect(connect_options(&location, true)).await.unwrap());
    }
    let _ = open[0].execute_unprepared("drop table if exists commits").await;
    open[0]
        .execute_unprepared("create table commits (n integer, body text)")
        .await
        .unwrap();
    open
}

/// Transactions a second of one row of the same size.
async fn commits(databases: &[DatabaseConnection], time: Duration) -> f64 {
    let began = Instant::now();
    let body = "x".repeat(2048);
    let insert = format!("insert into commits values (1, '{body}')");
    let one = async |database: &DatabaseConnection| {
        let mut count = 0_u64;
        while began.elapsed() < time {
            database.execute_unprepared(&insert).await.unwrap();
            count += 1;
        }
        count
    };
    let counts: Vec<u64> = futures_util::future::join_all(databases.iter().map(one)).await;
    counts.iter().sum::<u64>() as f64 / began.elapsed().as_secs_f64()
}

fn main() {
    let chunks = setting("PERNOEX_BENCH_CHUNKS", 10_000);
    let (rounds, time) = (
        setting("PERNOEX_BENCH_ROUNDS", 5),
        Duration::from_secs(setting("PERNOEX_BENCH_SECONDS", 2) as u64),
    );
    support::print_heading("webhooks");
    println!(
        "{CONNECTIONS} connections; medians of {rounds} rounds of {} s that take turns",
        time.as_secs()
    );
    let (mut server, seed, large) = Server::with_large_project(chunks);
    let path = connect(&seed, &large);
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let databases = runtime.block_on(databases(folder.path()));
    let bare = bare_handler();
    let genuine = || signed(&path, SECRET, &call());
    let forged = || signed(&path, "another secret", &call());
    let nowhere = || signed("/webhooks/voice/made-up", SECRET, &call());
    let alone = ask(&server, &path, chunks, time * 4);
    let mut measured: [Vec<f64>; 5] = Default::default();
    // The first round warms up.
    for round in 0..=rounds {
        let figures = [
            drive(bare, time, 204, Kept::Open, &genuine),
            runtime.block_on(commits(&databases, time)),
            drive(server.address, time, 204, Kept::Open, &genuine),
            drive(server.address, time, 401, Kept::Open, &forged),
            drive(server.address, time, 404, Kept::No, &nowhere),
        ];
        if round > 0 {
            for (all, figure) in measured.iter_mut().zip(figures) {
                all.push(figure);
            }
        }
    }
    let names = [
        "bare handler",
        "the database's commits",
        "verified and durably queued",
        "forged, refused",
        "made-up address, refused",
    ];
    println!("\n                                     a second   of bare   of commits");
    for (name, figures) in names.iter().zip(&measured) {
        let of = |other: &Vec<f64>| median(figures.iter().zip(other).map(|(this, other)| this / other));
        let rate = median(figures.iter().copied());
        println!("{name:<34}{rate:>11.0}{:>10.4}{:>13.3}", of(&measured[0]), of(&measured[1]));
    }
    let beside = ask(&server, &path, chunks, time * 4);
    println!("\na question in a call over {chunks} passages");
    for (when, took) in [("alone", alone), ("while what was queued is seen to", beside)] {
        let (p50, p99) = (ms(quantile(&took, 0.5)), ms(quantile(&took, 0.99)));
        println!("{when:<34}p50 {p50:.1} ms, p99 {p99:.1} ms, of {}", took.len());
    }
    let mut first: Vec<Duration> = (0..9).map(|_| ask_first(&mut server, &path, chunks)).collect();
    first.sort();
    println!(
        "{:<34}p50 {:.0} ms, worst {:.0} ms, of 9",
        "the first after a restart",
        ms(first[4]),
        ms(first[8])
    );
}

/// How long the first question in a call takes that finds nothing of its project in memory.
fn ask_first(server: &mut Server, path: &str, chunks: usize) -> Duration {
    server.restart(&[]);
    // The model is loaded by the start, in the background.
    std::thread::sleep(Duration::from_secs(1));
    ask(server, path, chunks, Duration::ZERO)[0]
}

/// The path of a new endpoint of the project.
fn connect(member: &Member, project: &str) -> String {
    let made = member
        .send("POST", &format!("{project}/voice"), &json!({ "provider": "retell" }))
        .expect(201)
        .json();
    let id = made["id"].as_str().unwrap();
    let secret = json!({ "secret": SECRET });
    member.send("POST", &format!("{project}/voice/{id}/secret"), &secret).expect(200);
    let (_, path) = made["url"].as_str().unwrap().split_once("/webhooks/").unwrap();
    format!("/webhooks/{path}")
}

/// How long a question in the middle of a call takes, one after the other.
fn ask(server: &Server, path: &str, chunks: usize, time: Duration) -> Vec<Duration> {
    let (mut dice, mut took) = (Dice::new(7), Vec::new());
    let mut connection = Connection::open(server.address);
    let began = Instant::now();
    while took.is_empty() || began.elapsed() < time {
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let body = json!({ "args": { "question": question(dice.below(chunks)) }, "call": { "call_id": format!("call-{n}") } });
        let asked = signed(&format!("{path}/question"), SECRET, &body.to_string());
        took.push(connection.ask(&asked).expect(200).took);
    }
    took
}
