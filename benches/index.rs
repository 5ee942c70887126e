//! A search over everything that a project knows, by size, beside a plain scan of f32 vectors: `cargo bench --bench index`.
//!
//! Texts are those of the other benchmarks; vectors are random, since the time of a scan does not depend on what they mean.
//! `PERNOEX_BENCH_ROUNDS` (21) is how often each search takes its turn.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use actors::knowledge::{
    chunk::Chunk,
    embed::{DIMENSIONS, Vector},
    index::Index,
};
use support::{
    corpus::{Dice, question, section},
    figures::{mib, ms, quantile, resident},
    setting,
};
use uuid::Uuid;

const SECTIONS: usize = 50;
const HITS: usize = 12;

fn random_vector(dice: &mut Dice) -> Vec<f32> {
    let mut vector: Vec<f32> = (0..DIMENSIONS).map(|_| (dice.share() * 2.0 - 1.0) as f32).collect();
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    vector.iter_mut().for_each(|value| *value /= length);
    vector
}

fn fill(chunks: usize, vectors: &[f32]) -> Index {
    let mut index = Index::new();
    for first in (0..chunks).step_by(SECTIONS) {
        let passages = (first..chunks.min(first + SECTIONS)).map(|n| {
            let text = section(n, 5);
            let (heading, text) = text.trim_start_matches("## ").split_once("\n\n").unwrap();
            let chunk = Chunk {
                heading: vec![heading.to_owned()],
                text: text.trim_end().to_owned(),
                page: None,
            };
            (
                Uuid::now_v7(),
                chunk,
                Some(Vector::quantise(&vectors[n * DIMENSIONS..][..DIMENSIONS])),
            )
        });
        index.add(Uuid::now_v7(), &format!("Lantern handbook {first}"), None, passages.collect());
    }
    index
}

/// The obvious way: a product with each vector, then the best.
fn plain_scan(vectors: &[f32], asked: &[f32]) -> Vec<(f32, usize)> {
    let mut best: Vec<(f32, usize)> = vectors
        .chunks_exact(DIMENSIONS)
        .map(|vector| vector.iter().zip(asked).map(|(a, b)| a * b).sum::<f32>())
        .zip(0..)
        .collect();
    best.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    best.truncate(HITS);
    best
}

fn timed<T>(times: &mut Vec<Duration>, work: impl FnOnce() -> T) {
    let began = Instant::now();
    black_box(work());
    times.push(began.elapsed());
}

fn main() {
    let rounds = setting("PERNOEX_BENCH_ROUNDS", 21);
    support::print_heading("index");
    println!("medians (and p99) of {rounds} searches that take turns; one thread");
    println!("\npassages   bytes each  of which text  f32 each   words and meaning ms   words ms   plain f32 scan ms   of plain");
    for chunks in [1_000, 10_000, 100_000] {
        let mut dice = Dice::new(chunks as u64);
        let before = resident();
        let vectors: Vec<f32> = (0..chunks).flat_map(|_| random_vector(&mut dice)).collect();
        let with_vectors = resident();
        let index = fill(chunks, &vectors);
        let grown = resident() - with_vectors;
        let text: usize = (0..chunks).map(|n| section(n, 5).len()).sum();
        let (mut both, mut words, mut plain) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            let asked = question(dice.below(chunks));
            let exact = random_vector(&mut dice);
            let vector = Vector::quantise(&exact);
            timed(&mut both, || index.search(&asked, Some(&vector), HITS));
            timed(&mut words, || index.search(&asked, None, HITS));
            timed(&mut plain, || plain_scan(&vectors, &exact));
        }
        let half = |times: &[Duration]| ms(quantile(times, 0.5));
        println!(
            "{chunks:>8}{:>13.0}{:>15.0}{:>10.0}{:>16.2} ({:>5.2}){:>11.2}{:>20.2}{:>11.2}",
            index.memory_bytes() as f64 / chunks as f64,
            text as f64 / chunks as f64,
            (with_vectors - before) / chunks as f64,
            half(&both),
            ms(quantile(&both, 0.99)),
            half(&words),
            half(&plain),
            half(&both) / half(&plain),
        );
        println!("          the process grew by {:.1} MiB with this index", mib(grown));
    }
}
