//! How often an answer of the team is given where it belongs, and where it does not. `calibration.txt` holds answers, parted by
//! blank lines: "?" is a wording that the team gave, "+" asks for the same, "-" asks for something else, most of them by a hair.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::knowledge::embed::Embedder;

struct Curated {
    wordings: Vec<Wording>,
    same: Vec<&'static str>,
    other: Vec<&'static str>,
}

fn wording(embedder: Option<&Embedder>, question: &str) -> Wording {
    Wording::of(question, embedder.map(|embedder| embedder.embed(&[question]).unwrap().remove(0)))
}

fn answers(embedder: Option<&Embedder>) -> Vec<Curated> {
    let group = |text: &'static str| {
        let of = |mark: &'static str| text.lines().filter_map(move |line| line.strip_prefix(mark));
        Curated {
            wordings: of("? ").map(|question| wording(embedder, question)).collect(),
            same: of("+ ").collect(),
            other: of("- ").collect(),
        }
    };
    include_str!("calibration.txt").split("\n\n").map(group).collect()
}

#[test]
fn questions_like_it_get_the_answer_and_others_do_not() {
    let embedder = Embedder::load().unwrap();
    let all = answers(Some(&embedder));
    let given = |question: &str| winner(&wording(Some(&embedder), question), all.iter().map(|one| one.wordings.as_slice()));
    let (mut asked, mut missed, mut wrong) = (0, Vec::new(), Vec::new());
    let (mut others, mut stolen) = (0, Vec::new());
    for (at, one) in all.iter().enumerate() {
        for question in &one.same {
            asked += 1;
            match given(question) {
                Some(found) if found == at => {}
                Some(_) => wrong.push(*question),
                None => missed.push(*question),
            }
        }
        for question in &one.other {
            others += 1;
            if given(question).is_some() {
                stolen.push(*question);
            }
        }
    }
    assert!(asked > 40 && others > 60, "{asked} {others}");
    assert!(wrong.is_empty(), "another answer was given: {wrong:?}");
    assert!(missed.len() * 8 <= asked, "of {asked} missed: {missed:?}");
    assert!(stolen.len() * 50 <= others, "of {others} taken: {stolen:?}");
}

#[test]
fn without_any_vector_the_same_words_win_and_no_others() {
    let all = answers(None);
    let given = |question: &str| winner(&wording(None, question), all.iter().map(|one| one.wordings.as_slice()));
    assert_eq!(given("HOW do I export   my data"), Some(0));
    assert_eq!(given("how to cancel the subscription"), None);
    for one in &all {
        for question in &one.other {
            assert_eq!(given(question), None, "{question}");
        }
    }
}

#[test]
fn what_nobody_sees_does_not_tell_two_questions_apart() {
    assert_eq!(
        plain("How do I\u{200b} export\u{e0041} my data?!"),
        plain("how do i export my data")
    );
    assert_eq!(plain("…"), "");
}
