//! How fast a website becomes answers, and what takes the time: `cargo bench --bench sync`.
//!
//! The site is on this machine, and shares its cores with the server. The parts are timed by the spans in the server's log.
//! `PERNOEX_BENCH_PAGES` (500), `PERNOEX_BENCH_SECTIONS` (1, passages of some eighty words on each page) and `PERNOEX_BENCH_ROUNDS` (3).
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::{
    collections::BTreeMap,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use support::{
    figures::median,
    people::Member,
    server::{Server, TIMED, settle},
    setting, site,
};

/// Waits until so many syncs have ended; returns the latest.
fn synced(member: &Member, source: &str, runs: usize) -> Value {
    loop {
        let page = member.read(source);
        let ended = page["runs"].as_array().unwrap();
        if ended.len() >= runs && page["source"]["sync"]["phase"] == "idle" {
            assert_eq!(ended[0]["outcome"], "done", "{page}");
            return ended[0].clone();
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn main() {
    let (pages, sections, rounds) = (
        setting("PERNOEX_BENCH_PAGES", 500),
        setting("PERNOEX_BENCH_SECTIONS", 1),
        setting("PERNOEX_BENCH_ROUNDS", 3),
    );
    support::print_heading("sync");
    let mut settings = TIMED.to_vec();
    settings.push(("PERNOEX_ALLOW_PRIVATE", "127.0.0.1"));
    let server = Server::start(&settings);
    let member = Member::sign_up(server.address, "ada");
    let start = site::serve(pages, sections);
    let config = json!({ "start": start, "pages": 10_000 });
    let (mut fetched, mut answering, mut again) = (Vec::new(), Vec::new(), Vec::new());
    let mut parts = BTreeMap::<String, Vec<f64>>::new();
    server.take_times();
    for round in 0..rounds {
        let project = member.project(&format!("Lantern {round}"));
        let began = Instant::now();
        let body = json!({ "kind": "website", "config": config });
        let made = member.send("POST", &format!("{project}/sources"), &body).expect(201).json();
        let source = format!("{project}/sources/{}", made["id"].as_str().unwrap());
        let run = synced(&member, &source, 1);
        let by_sync = began.elapsed();
        assert_eq!(run["added"], pages, "{run}");
        settle(&member, &project);
        let whole = began.elapsed();
        for (part, times) in server.take_times() {
            let each = times.iter().sum::<Duration>().as_secs_f64() * 1e3 / pages as f64;
            parts.entry(part).or_default().push(each);
        }
        let began = Instant::now();
        member.send("POST", &format!("{source}/sync"), &Value::Null).expect(202);
        let run = synced(&member, &source, 2);
        assert_eq!(run["unchanged"], pages, "{run}");
        let unchanged = began.elapsed();
        server.take_times();
        println!(
            "round {}: {pages} pages taken after {by_sync:.2?}, all found by meaning after {whole:.2?}; nothing changed, seen in {unchanged:.2?}",
            round + 1
        );
        for (times, time) in [(&mut fetched, by_sync), (&mut answering, whole), (&mut again, unchanged)] {
            times.push(pages as f64 / time.as_secs_f64());
        }
    }
    println!(
        "\n{:.1} pages a second taken, {:.1} until the last is found by its meaning; {:.1} when nothing changed",
        median(fetched),
        median(answering),
        median(again)
    );
    println!("\na page takes (parts of different pages may run beside each other):");
    for (part, what) in [
        ("fetch_page", "fetch"),
        ("read_page", "read links and text"),
        ("write_pages", "write page and progress"),
        ("parse", "parse"),
        ("chunk", "cut into passages"),
        ("seal_text", "seal text"),
        ("write_text", "write text"),
        ("embedding", "embed"),
        ("seal_vectors", "seal vectors"),
        ("write_vectors", "write vectors and progress"),
    ] {
        let took = median(parts.remove(part).unwrap_or_default());
        println!("{what:<30}{took:>10.3} ms");
    }
}
