//! How often questions of our own are answered that should be, and refused that should be.
//!
//! `calibration/` holds eight small products, written for this: documents between "=== name" lines, then questions. "+" can
//! be answered, by a passage with the words behind "=>"; "-" cannot, most of them by a hair.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::knowledge::chunk::{Chunk, chunk};
use crate::knowledge::embed::{Embedder, passage_text};
use crate::knowledge::index::Index;
use crate::knowledge::parse::{Limits, MediaType, Stop, parse};

const PRODUCTS: [&str; 8] = [
    include_str!("calibration/api.txt"),
    include_str!("calibration/gym.txt"),
    include_str!("calibration/hosting.txt"),
    include_str!("calibration/invoices.txt"),
    include_str!("calibration/lamp.txt"),
    include_str!("calibration/notes.txt"),
    include_str!("calibration/photos.txt"),
    include_str!("calibration/refunds.txt"),
];

struct Product {
    index: Index,
    answerable: Vec<(&'static str, &'static str)>,
    unanswerable: Vec<&'static str>,
}

fn product(source: &'static str, embedder: Option<&Embedder>) -> Product {
    let mut product = Product {
        index: Index::new(),
        answerable: Vec::new(),
        unanswerable: Vec::new(),
    };
    let mut ids = (1u128..).map(Uuid::from_u128);
    for part in source.split("=== ").skip(1) {
        let (name, text) = part.split_once('\n').unwrap();
        if name == "questions" {
            for line in text.lines() {
                match line.strip_prefix("+ ").and_then(|line| line.split_once(" => ")) {
                    Some(pair) => product.answerable.push(pair),
                    None => product.unanswerable.push(line.strip_prefix("- ").unwrap()),
                }
            }
            continue;
        }
        let media = MediaType::detect(name, text.as_bytes()).unwrap();
        let parsed = parse(media, name, text.as_bytes(), &Limits::default(), &Stop::new()).unwrap();
        let title = parsed.title.clone().unwrap();
        let vector = |chunk: &Chunk| embedder.map(|embedder| embedder.embed(&[passage_text(&title, chunk).as_str()]).unwrap().remove(0));
        let chunks = chunk(&parsed, &Limits::default()).unwrap();
        let chunks = chunks.into_iter().map(|chunk| (ids.next().unwrap(), vector(&chunk), chunk));
        let chunks = chunks.map(|(id, vector, chunk)| (id, chunk, vector)).collect();
        product.index.add(ids.next().unwrap(), &title, None, chunks);
    }
    product
}

/// Of answerable questions the refused and the wrongly answered, of unanswerable ones the answered, and how many of each.
fn counts(embedder: Option<&Embedder>) -> ([usize; 3], [usize; 2]) {
    let ([mut refused, mut wrong, mut claimed], mut asked) = ([0; 3], [0; 2]);
    for source in PRODUCTS {
        let product = product(source, embedder);
        let ask = |question: &str| {
            let vector = embedder.map(|embedder| embedder.embed(&[question]).unwrap().remove(0));
            extract(question, vector.as_ref(), &product.index.search(question, vector.as_ref(), 12))
        };
        for (question, words) in &product.answerable {
            let answer = ask(question);
            refused += usize::from(answer.outcome == Outcome::Unanswered);
            wrong += usize::from(answer.outcome == Outcome::Answered && !answer.text.contains(words));
        }
        claimed += product
            .unanswerable
            .iter()
            .filter(|question| ask(question).outcome == Outcome::Answered)
            .count();
        asked[0] += product.answerable.len();
        asked[1] += product.unanswerable.len();
    }
    ([refused, wrong, claimed], asked)
}

#[test]
fn small_projects_answer_what_they_know_and_seldom_what_they_do_not() {
    let embedder = Embedder::load().unwrap();
    let ([refused, wrong, claimed], asked) = counts(Some(&embedder));
    assert!(asked[0] > 100 && asked[1] > 100, "{asked:?}");
    // Measured: 15, 1 and 7. A model of int8 differs a little from one processor to the next.
    assert!(refused <= 18, "{refused} of {} were refused", asked[0]);
    assert!(wrong <= 3, "{wrong} were answered beside the point");
    assert!(claimed <= 9, "{claimed} of {} were answered without grounds", asked[1]);
}

#[test]
fn by_words_alone_less_is_answered_and_no_more_is_made_up() {
    let ([refused, wrong, claimed], _) = counts(None);
    assert!(refused <= 48 && wrong <= 3 && claimed <= 7, "{refused} {wrong} {claimed}");
}

#[test]
fn a_single_line_answers_a_question_of_two_words() {
    let embedder = Embedder::load().unwrap();
    let product = product(include_str!("calibration/refunds.txt"), Some(&embedder));
    let vector = embedder.embed(&["refund time?"]).unwrap().remove(0);
    let answer = extract(
        "refund time?",
        Some(&vector),
        &product.index.search("refund time?", Some(&vector), 12),
    );
    assert_eq!(answer.text, "Refunds take five business days. [1]");
}

#[test]
fn more_nearness_and_more_words_never_lower_the_confidence() {
    let index = product(include_str!("calibration/lamp.txt"), None).index;
    let hit = index.search("red blink battery", None, 1).remove(0);
    for passages in [1, 10, 1_000, 100_000] {
        for coverage in 0..=10u8 {
            let mut before = 0.0;
            for cosine in 0..=20u8 {
                let at = |coverage: u8| Hit {
                    coverage: f32::from(coverage) / 10.0,
                    cosine: Some(f32::from(cosine) / 20.0),
                    passages,
                    ..hit.clone()
                };
                let sure = confidence(true, &[at(coverage)]);
                assert!(sure >= before && confidence(true, &[at(coverage + 1)]) >= sure);
                before = sure;
            }
        }
    }
}
