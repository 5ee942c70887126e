//! A question's way through the index by size of the project, the parts of it, and the index's way back into memory:
//! `cargo bench --bench questions`.
//!
//! Stages are timed by the spans that the server logs, in this process. Texts are those of the other benchmarks; the passages' vectors
//! are random, since the time of a scan does not depend on what they mean. `PERNOEX_BENCH_QUESTIONS` (100) for each size, up to
//! `PERNOEX_BENCH_LARGEST` (100000) passages; `PERNOEX_BENCH_CHUNKS` (10000) is the size of the project that a server loads again and is asked from many sides at once.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::{
    collections::BTreeMap,
    hint::black_box,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use actors::knowledge::{
    answer,
    chunk::Chunk,
    embed::{DIMENSIONS, Embedder, Vector},
    index::{Index, Memory},
};
use support::{
    client::{Connection, closed_loop},
    corpus::{Dice, question, section},
    figures::{mib, ms, quantile},
    people::Visitor,
    server::{Server, TIMED},
    setting,
};
use tracing::{Subscriber, debug_span, span};
use tracing_subscriber::{Layer, layer::Context, prelude::*, registry::LookupSpan};
use uuid::Uuid;

const HITS: usize = 12;
const SECTIONS: usize = 50;
const STAGES: [&str; 6] = ["embed", "words", "vectors", "fuse", "scan", "extract"];

type Times = Arc<Mutex<BTreeMap<&'static str, Vec<Duration>>>>;

/// Notes how long each span was entered.
struct Stopwatch(Times);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Stopwatch {
    fn on_enter(&self, id: &span::Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            span.extensions_mut().replace(Instant::now());
        }
    }

    fn on_exit(&self, id: &span::Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(began) = span.extensions_mut().remove::<Instant>()
        {
            self.0.lock().unwrap().entry(span.name()).or_default().push(began.elapsed());
        }
    }
}

fn random_vector(dice: &mut Dice) -> Vector {
    let exact: Vec<f32> = (0..DIMENSIONS).map(|_| (dice.share() * 2.0 - 1.0) as f32).collect();
    Vector::quantise(&exact)
}

fn fill(chunks: usize) -> Index {
    let (mut index, mut memory, mut dice) = (Index::new(), Memory::default(), Dice::new(chunks as u64));
    for first in (0..chunks).step_by(SECTIONS) {
        let passages = (first..chunks.min(first + SECTIONS)).map(|n| {
            let text = section(n, 5);
            let (heading, text) = text.trim_start_matches("## ").split_once("\n\n").unwrap();
            let chunk = Chunk {
                heading: vec![heading.to_owned()],
                text: text.trim_end().to_owned(),
                page: None,
            };
            (Uuid::now_v7(), chunk, Some(random_vector(&mut dice)))
        });
        let passages = passages.collect();
        index.add_with(&mut memory, Uuid::now_v7(), &format!("Lantern handbook {first}"), None, passages);
    }
    index.shrink();
    index
}

/// Bytes a second that one core reads from memory, in order: nothing that looks at every vector is faster.
fn bandwidth() -> f64 {
    let bytes = vec![1_u64; 32 << 20];
    let best = (0..5)
        .map(|_| {
            let began = Instant::now();
            black_box(bytes.iter().fold(0_u64, |sum, word| sum.wrapping_add(*word)));
            began.elapsed()
        })
        .min();
    (bytes.len() * 8) as f64 / best.unwrap().as_secs_f64()
}

fn by_stage(times: &Times, embedder: &Embedder, (questions, largest): (usize, usize), bandwidth: f64) {
    println!(
        "\none thread: p50 (and p99) in ms of {questions} questions by stage; scan = words + vectors + fuse + what is made of the hits"
    );
    println!(
        "passages   {}  floor of vectors  vectors of floor  MiB each 10 000",
        STAGES.map(|stage| format!("{stage:>16}")).concat()
    );
    for chunks in [1_000, 10_000, 100_000].into_iter().filter(|chunks| *chunks <= largest) {
        let index = fill(chunks);
        let mut dice = Dice::new(7);
        // Once unmeasured.
        index.search("warm", Some(&random_vector(&mut dice)), HITS);
        times.lock().unwrap().clear();
        for _ in 0..questions {
            let asked = question(dice.below(chunks));
            let vector = debug_span!("embed").in_scope(|| embedder.embed(&[asked.as_str()]).unwrap().remove(0));
            let hits = debug_span!("scan").in_scope(|| index.search(&asked, Some(&vector), HITS));
            black_box(debug_span!("extract").in_scope(|| answer::extract(&asked, Some(&vector), &hits)));
        }
        let times = times.lock().unwrap();
        let figures = STAGES.map(|stage| {
            let took = &times[stage];
            format!("{:>8.2} ({:>5.2})", ms(quantile(took, 0.5)), ms(quantile(took, 0.99)))
        });
        let floor = (chunks * (DIMENSIONS + 4)) as f64 / bandwidth * 1e3;
        let memory = mib(index.memory_bytes() as f64) / chunks as f64 * 1e4;
        let of_floor = ms(quantile(&times["vectors"], 0.5)) / floor;
        println!("{chunks:>8}   {}{floor:>15.2} ms{of_floor:>18.2}{memory:>17.1}", figures.concat());
    }
}

/// The first question after the project left memory, and where its time goes.
fn load(server: &mut Server, key: &str, chunks: usize) {
    println!("\na project of {chunks} passages comes back into memory");
    let (mut first, mut second, mut parts) = (Vec::new(), Vec::new(), BTreeMap::<String, Vec<f64>>::new());
    for round in 0..5 {
        server.restart(&TIMED);
        let visitor = Visitor::arrive(server.address, key);
        // The model is loaded by the start, in the background.
        std::thread::sleep(Duration::from_secs(1));
        server.take_times();
        let mut connection = Connection::open(server.address);
        for took in [&mut first, &mut second] {
            let asked = visitor.question(&question(round * 31), "application/json");
            took.push(connection.ask(&asked).expect(200).took);
        }
        for (part, times) in server.take_times() {
            parts.entry(part).or_default().push(ms(times.iter().sum()));
        }
    }
    println!(
        "the first question p50 {:.0} ms, the next {:.1} ms",
        ms(quantile(&first, 0.5)),
        ms(quantile(&second, 0.5))
    );
    for (part, what) in [
        ("load", "all of it"),
        ("load_rows", "read rows, all parts together"),
        ("load_open", "open and parse, all parts together"),
        ("load_analyse", "make terms and postings, all parts together"),
    ] {
        let took = parts.remove(part).unwrap_or_default();
        println!("{what:<46}{:>8.0} ms", support::figures::median(took));
    }
}

fn at_once(server: &Server, key: &str, chunks: usize) {
    println!("\nasked from many sides at once");
    for connections in [1, 2, 8, 32] {
        let scripts: Vec<Vec<Vec<u8>>> = (0..connections)
            .map(|n| {
                let visitor = Visitor::arrive(server.address, key);
                let mut dice = Dice::new(n);
                (0..100)
                    .map(|_| visitor.question(&question(dice.below(chunks)), "application/json"))
                    .collect()
            })
            .collect();
        closed_loop(server.address, Duration::from_secs(1), &scripts);
        let round = closed_loop(server.address, Duration::from_secs(5), &scripts);
        println!(
            "{connections:>4} connections: {:>6.0} questions/s, p50 {:.1} ms, p99 {:.1} ms",
            round.requests_per_s,
            ms(quantile(&round.took, 0.5)),
            ms(quantile(&round.took, 0.99))
        );
    }
}

fn main() {
    let (questions, chunks) = (setting("PERNOEX_BENCH_QUESTIONS", 100), setting("PERNOEX_BENCH_CHUNKS", 10_000));
    let largest = setting("PERNOEX_BENCH_LARGEST", 100_000);
    support::print_heading("questions");
    let times = Times::default();
    let bandwidth = bandwidth();
    println!("one core reads {:.1} GB/s", bandwidth / 1e9);
    let subscriber = tracing_subscriber::registry().with(Stopwatch(times.clone()));
    tracing::subscriber::with_default(subscriber, || {
        by_stage(&times, &Embedder::load().unwrap(), (questions, largest), bandwidth);
    });
    let (mut server, seed, large) = Server::with_large_project(chunks);
    let key = seed.public_key(&large);
    load(&mut server, &key, chunks);
    server.restart(&[]);
    at_once(&server, &key, chunks);
}
