//! Requests over HTTP against a handler that does nothing: `cargo bench --bench http`.
//!
//! Server, bare handler and client share the machine; the handler runs in the client's process. `PERNOEX_BENCH_CHUNKS` (10000), `PERNOEX_BENCH_ROUNDS` (5) and
//! `PERNOEX_BENCH_SECONDS` (2, of one round) make a run shorter or longer.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::{net::SocketAddr, sync::mpsc, time::Duration};

use support::{
    client::{Round, closed_loop},
    corpus::{Dice, question},
    figures::{median, ms, quantile},
    people::{Member, Visitor},
    server::{Server, TIMED},
    setting,
};

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";

/// A handler that returns a constant, with as many workers as the server has.
fn bare_handler() -> SocketAddr {
    let (started, start) = mpsc::channel();
    std::thread::spawn(move || {
        use actix_web::{App, HttpResponse, HttpServer, web};
        actix_web::rt::System::new().block_on(async move {
            let app = || {
                App::new().route(
                    "/constant",
                    web::get().to(async || HttpResponse::Ok().content_type(JSON).body("{\"projects\":[]}")),
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

/// Something to ask, over any number of connections.
struct Target {
    name: &'static str,
    address: SocketAddr,
    /// Makes one connection's requests.
    script: Box<dyn Fn() -> Vec<Vec<u8>>>,
}

fn questions(address: SocketAddr, key: &str, chunks: usize, accept: &'static str) -> Box<dyn Fn() -> Vec<Vec<u8>>> {
    let key = key.to_owned();
    Box::new(move || {
        let visitor = Visitor::arrive(address, &key);
        let mut dice = Dice::new(7);
        (0..200).map(|_| visitor.question(&question(dice.below(chunks)), accept)).collect()
    })
}

fn targets(server: &Server, key: &str, chunks: usize) -> Vec<Target> {
    let address = server.address;
    let ada = std::rc::Rc::new(Member::sign_up(address, "ada"));
    let project = ada.project("Lantern");
    ada.project("Compass");
    let reading = ada.clone();
    vec![
        Target {
            name: "bare handler",
            address: bare_handler(),
            script: Box::new(|| vec![support::client::request("GET", "/constant", &[], b"")]),
        },
        Target {
            name: "GET /healthz",
            address,
            script: Box::new(|| vec![support::client::request("GET", "/healthz", &[], b"")]),
        },
        Target {
            name: "GET /projects",
            address,
            script: Box::new(move || vec![reading.get("/projects")]),
        },
        Target {
            name: "GET /projects/{id}",
            address,
            script: Box::new(move || vec![ada.get(&project)]),
        },
        Target {
            name: "question, JSON",
            address,
            script: questions(address, key, chunks, JSON),
        },
        Target {
            name: "question, events",
            address,
            script: questions(address, key, chunks, EVENTS),
        },
    ]
}

fn compare(targets: &[Target], connections: usize, rounds: usize, time: Duration) {
    let scripts: Vec<Vec<_>> = targets
        .iter()
        .map(|target| (0..connections).map(|_| (target.script)()).collect())
        .collect();
    for (target, scripts) in targets.iter().zip(&scripts) {
        closed_loop(target.address, time / 4, scripts);
    }
    let mut measured: Vec<Vec<Round>> = targets.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds {
        for ((target, scripts), rounds) in targets.iter().zip(&scripts).zip(&mut measured) {
            rounds.push(closed_loop(target.address, time, scripts));
        }
    }
    println!("\n{connections} connections         requests/s   of bare   p50 ms   p99 ms   first words p50");
    let bare = &measured[0];
    for (target, rounds) in targets.iter().zip(&measured) {
        let ratio = median(
            rounds
                .iter()
                .zip(bare)
                .map(|(this, bare)| this.requests_per_s / bare.requests_per_s),
        );
        let all: Vec<Duration> = rounds.iter().flat_map(|round| round.took.clone()).collect();
        let first: Vec<Duration> = rounds.iter().flat_map(|round| round.first_words.clone()).collect();
        let first = match first.len() {
            0 => "-".to_owned(),
            _ => format!("{:.2}", ms(quantile(&first, 0.5))),
        };
        println!(
            "{:<22}{:>12.0}{:>10.4}{:>9.2}{:>9.2}{:>18}",
            target.name,
            median(rounds.iter().map(|round| round.requests_per_s)),
            ratio,
            ms(quantile(&all, 0.5)),
            ms(quantile(&all, 0.99)),
            first,
        );
    }
}

/// The parts of a question, one at a time.
fn split(server: &mut Server, key: &str, chunks: usize, time: Duration) {
    server.restart(&TIMED);
    let script = [questions(server.address, key, chunks, JSON)()];
    closed_loop(server.address, time / 4, &script);
    server.take_times();
    let round = closed_loop(server.address, time, &script);
    let whole = ms(quantile(&round.took, 0.5));
    let parts = server.take_times();
    println!(
        "\nwhere a question's time goes, one connection: p50 {whole:.2} ms over {} questions",
        round.took.len()
    );
    let mut rest = whole;
    for (part, what) in [
        ("door", "door: key, origin, limits, token"),
        ("refresh", "is the index fresh"),
        ("embed", "embed the question"),
        ("scan", "words and vectors of every passage"),
        ("store_question", "seal and write the question"),
        ("extract", "choose sentences"),
        ("store_answer", "seal and write the answer"),
    ] {
        let took = parts.get(part).map_or(f64::NAN, |times| ms(quantile(times, 0.5)));
        rest -= took;
        println!("{what:<40}{took:>9.3} ms{:>7.1} %", took / whole * 100.0);
    }
    println!(
        "{:<40}{rest:>9.3} ms{:>7.1} %",
        "the rest: HTTP, hops, client",
        rest / whole * 100.0
    );
}

fn main() {
    let chunks = setting("PERNOEX_BENCH_CHUNKS", 10_000);
    let (rounds, time) = (
        setting("PERNOEX_BENCH_ROUNDS", 5),
        Duration::from_secs(setting("PERNOEX_BENCH_SECONDS", 2) as u64),
    );
    support::print_heading("http");
    println!(
        "a project of {chunks} passages; medians of {rounds} rounds of {} s that take turns",
        time.as_secs()
    );
    let (mut server, seed, large) = Server::with_large_project(chunks);
    let key = seed.public_key(&large);
    let targets = targets(&server, &key, chunks);
    for connections in [1, 8, 32] {
        compare(&targets, connections, rounds, time);
    }
    split(&mut server, &key, chunks, time * 5);
}
