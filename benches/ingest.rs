//! How fast documents become answers, and what takes the time: `cargo bench --bench ingest`.
//!
//! Documents are uploaded over HTTP; the parts are timed by the spans in the server's log. `PERNOEX_BENCH_DOCUMENTS` (4, of 50
//! passages of some eighty words each) and `PERNOEX_BENCH_ROUNDS` (3).
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::{
    collections::BTreeMap,
    thread,
    time::{Duration, Instant},
};

use support::{
    client::Connection,
    corpus,
    figures::median,
    people::Member,
    server::{Server, TIMED, documents},
    setting,
};

const SECTIONS: usize = 50;

/// Uploads documents and waits until they answer by their words, then by their meaning.
fn ingest(server: &Server, member: &Member, project: &str, first: usize, count: usize) -> (Duration, Duration) {
    let began = Instant::now();
    let files: Vec<_> = (first..first + count)
        .map(|n| (format!("handbook-{n}.md"), corpus::document(n * SECTIONS, SECTIONS, 5)))
        .collect();
    Connection::open(server.address).ask(&member.upload(project, &files)).expect(201);
    let mut by_words = None;
    loop {
        let listed = documents(member, project);
        assert!(listed.iter().all(|one| one["status"] != "failed"));
        if by_words.is_none() && listed.iter().all(|one| one["status"] != "queued") {
            by_words = Some(began.elapsed());
        }
        if listed.iter().all(|one| one["status"] == "ready") {
            return (by_words.unwrap_or_default(), began.elapsed());
        }
        thread::sleep(Duration::from_millis(50));
    }
}

fn main() {
    let (rounds, count) = (setting("PERNOEX_BENCH_ROUNDS", 3), setting("PERNOEX_BENCH_DOCUMENTS", 4));
    support::print_heading("ingest");
    let server = Server::start(&TIMED);
    let member = Member::sign_up(server.address, "ada");
    let project = member.project("Lantern");
    let passages = (count * SECTIONS) as f64;
    let (mut words, mut rates, mut parts) = (Vec::new(), Vec::new(), BTreeMap::<String, Vec<f64>>::new());
    server.take_times();
    for round in 0..rounds {
        let (by_words, whole) = ingest(&server, &member, &project, round * count, count);
        println!(
            "round {}: {passages} passages, found by words after {by_words:.2?}, by meaning after {whole:.2?}",
            round + 1
        );
        words.push(by_words.as_secs_f64());
        rates.push(passages / whole.as_secs_f64());
        for (part, times) in server.take_times() {
            let each = times.iter().sum::<Duration>().as_secs_f64() * 1e3 / passages;
            parts.entry(part).or_default().push(each);
        }
    }
    let whole = 1e3 / median(rates.iter().copied());
    println!(
        "\n{:.1} passages a second; all found by their words after {:.2} s",
        median(rates),
        median(words)
    );
    println!("\na passage takes {whole:.2} ms, of which (parts of different documents may run beside each other):");
    for (part, what) in [
        ("parse", "parse"),
        ("chunk", "cut into passages"),
        ("seal_text", "seal text"),
        ("write_text", "write text"),
        ("open_text", "open text to embed it"),
        ("embedding", "embed"),
        ("seal_vectors", "seal vectors"),
        ("write_vectors", "write vectors and progress"),
    ] {
        let took = median(parts.remove(part).unwrap_or_default());
        println!("{what:<30}{took:>10.4} ms{:>7.1} %", took / whole * 100.0);
    }
}
