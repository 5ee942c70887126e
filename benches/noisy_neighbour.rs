//! What one tenant's flood costs another: `cargo bench --bench noisy_neighbour`.
//!
//! A quiet tenant reads its dashboard every 20 ms and has a visitor who asks every 250 ms (`PERNOEX_BENCH_PACE_MS`: longer than an
//! answer takes, or the visitor waits for themselves), alone and beside a tenant that floods: visitors who ask as fast as answers come, and members who upload as fast as the server takes files. Rounds of both take
//! turns; between them the flood's project is deleted, so that nothing of it is left to do. `PERNOEX_BENCH_ROUNDS` (5),
//! `PERNOEX_BENCH_SECONDS` (10), `PERNOEX_BENCH_ASKERS` (16), `PERNOEX_BENCH_UPLOADERS` (2).
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use serde_json::json;
use support::{
    client::Connection,
    corpus::{self, question},
    figures::{median, ms, quantile},
    people::{Member, Visitor},
    server::{Server, settle},
    setting,
};

const JSON: &str = "application/json";
const SECTIONS: usize = 200;

/// Asks at a steady pace; a late answer does not delay the next question's due time, and counts from when it was due.
fn paced(address: SocketAddr, every: Duration, time: Duration, script: &[Vec<u8>]) -> Vec<Duration> {
    let mut connection = Connection::open(address);
    let began = Instant::now();
    let mut took = Vec::new();
    for n in 0.. {
        let due = began + every * n;
        if due >= began + time {
            return took;
        }
        thread::sleep(due.saturating_duration_since(Instant::now()));
        connection.ask(&script[n as usize % script.len()]).expect(200);
        took.push(due.elapsed());
    }
    took
}

struct Quiet {
    address: SocketAddr,
    pace: Duration,
    read: Vec<Vec<u8>>,
    ask: Vec<Vec<u8>>,
}

/// Times of reads and of questions.
type Seen = (Vec<Duration>, Vec<Duration>);

impl Quiet {
    fn observe(&self, time: Duration) -> Seen {
        thread::scope(|scope| {
            let reads = scope.spawn(|| paced(self.address, Duration::from_millis(20), time, &self.read));
            let asks = paced(self.address, self.pace, time, &self.ask);
            (reads.join().unwrap(), asks)
        })
    }
}

#[derive(Default)]
struct Flood {
    stop: AtomicBool,
    asked: AtomicUsize,
    uploaded: AtomicUsize,
    refused: AtomicUsize,
}

impl Flood {
    /// Sends what `next` makes until told to stop. Refusals are a fair answer to a flood.
    fn run(&self, address: SocketAddr, done: &AtomicUsize, mut next: impl FnMut() -> Vec<u8>) {
        let mut connection = Connection::open(address);
        while !self.stop.load(Ordering::Relaxed) {
            let reply = connection.ask(&next());
            let counted = match reply.status {
                200 | 201 => done,
                429 | 503 => &self.refused,
                _ => panic!("{}", reply.head),
            };
            counted.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn beside<T>(&self, address: SocketAddr, member: &Member, project: &str, work: impl FnOnce() -> T) -> T {
        let key = member.public_key(project);
        thread::scope(|scope| {
            for asker in 0..setting("PERNOEX_BENCH_ASKERS", 16) {
                let key = &key;
                scope.spawn(move || {
                    let visitor = Visitor::arrive(address, key);
                    let mut n = asker * 1000;
                    self.run(address, &self.asked, || {
                        n += 1;
                        visitor.question(&question(n % SECTIONS), JSON)
                    });
                });
            }
            for uploader in 0..setting("PERNOEX_BENCH_UPLOADERS", 2) {
                scope.spawn(move || {
                    let mut n = 0;
                    self.run(address, &self.uploaded, || {
                        n += 1;
                        let text = corpus::document((uploader * 1000 + n) * 10, 10, 5);
                        member.upload(project, &[(format!("flood-{uploader}-{n}.md"), text)])
                    });
                });
            }
            thread::sleep(Duration::from_secs(1));
            let result = work();
            self.stop.store(true, Ordering::Relaxed);
            result
        })
    }
}

fn knows(member: &Member, address: SocketAddr, name: &str) -> String {
    let project = member.project(name);
    let file = ("handbook.md".to_owned(), corpus::document(0, SECTIONS, 2));
    Connection::open(address).ask(&member.upload(&project, &[file])).expect(201);
    settle(member, &project);
    project
}

fn row(what: &str, alone: &[Vec<Duration>], beside: &[Vec<Duration>]) {
    let all = |rounds: &[Vec<Duration>]| rounds.concat();
    let ratio = |q: f64| median(alone.iter().zip(beside).map(|(a, b)| ms(quantile(b, q)) / ms(quantile(a, q))));
    let (a, b) = (all(alone), all(beside));
    println!(
        "{what:<18}{:>10.2}{:>10.2}{:>8.2}{:>14.2}{:>10.2}{:>8.2}{:>16.2}",
        ms(quantile(&a, 0.5)),
        ms(quantile(&b, 0.5)),
        ratio(0.5),
        ms(quantile(&a, 0.99)),
        ms(quantile(&b, 0.99)),
        ms(quantile(&b, 0.99)) / ms(quantile(&a, 0.99)),
        ratio(0.99),
    );
}

fn main() {
    let (rounds, time) = (
        setting("PERNOEX_BENCH_ROUNDS", 5),
        Duration::from_secs(setting("PERNOEX_BENCH_SECONDS", 10) as u64),
    );
    support::print_heading("noisy_neighbour");
    let server = Server::start(&[]);
    let address = server.address;
    let (ada, mallory) = (Member::sign_up(address, "ada"), Member::sign_up(address, "mallory"));
    let project = knows(&ada, address, "Lantern");
    let visitor = Visitor::arrive(address, &ada.public_key(&project));
    let quiet = Quiet {
        address,
        pace: Duration::from_millis(setting("PERNOEX_BENCH_PACE_MS", 250) as u64),
        read: vec![ada.get(&project)],
        ask: (0..SECTIONS).map(|n| visitor.question(&question(n), JSON)).collect(),
    };
    let (mut alone, mut beside): (Vec<Seen>, Vec<Seen>) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        alone.push(quiet.observe(time));
        let name = format!("Flood {round}");
        let theirs = knows(&mallory, address, &name);
        let flood = Flood::default();
        beside.push(flood.beside(address, &mallory, &theirs, || quiet.observe(time)));
        println!(
            "round {}: the flood asked {} questions and uploaded {} files; {} refused",
            round + 1,
            flood.asked.into_inner(),
            flood.uploaded.into_inner(),
            flood.refused.into_inner()
        );
        mallory.send("DELETE", &theirs, &json!({ "confirm": name })).expect(204);
        thread::sleep(Duration::from_secs(2));
    }
    println!("\n                  p50 alone    beside   ratio     p99 alone    beside   ratio   median by round");
    let (alone_reads, alone_asks): (Vec<_>, Vec<_>) = alone.into_iter().unzip();
    let (beside_reads, beside_asks): (Vec<_>, Vec<_>) = beside.into_iter().unzip();
    row("dashboard read", &alone_reads, &beside_reads);
    row("widget question", &alone_asks, &beside_asks);
}
