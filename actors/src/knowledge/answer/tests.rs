#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::knowledge::chunk::{Chunk, chunk};
use crate::knowledge::index::Index;
use crate::knowledge::parse::{Limits, MediaType, Stop, parse};

/// An index of one Markdown document, without vectors.
fn index_of(markdown: &str) -> Index {
    let parsed = parse(MediaType::Markdown, "a.md", markdown.as_bytes(), &Limits::default(), &Stop::new()).unwrap();
    let chunks: Vec<Chunk> = chunk(&parsed, &Limits::default()).unwrap();
    let mut index = Index::new();
    let chunks = (1u128..)
        .map(Uuid::from_u128)
        .zip(chunks)
        .map(|(id, chunk)| (id, chunk, None))
        .collect();
    index.add(
        Uuid::from_u128(1 << 64),
        parsed.title.as_deref().unwrap_or_default(),
        Some("https://d.example/a"),
        chunks,
    );
    index
}

fn ask(index: &Index, question: &str) -> Answer {
    extract(question, None, &index.search(question, None, 8))
}

const GUIDE: &str = "# Guide\n\nAll about it.\n\n## Cancel\n\nYou can cancel at any time [7]. To cancel a plan:\n\n1. Open Settings.\n2. Click Cancel.\n\n\
    ## Webhooks\n\nSend events like this:\n\n```\ncurl -X POST\n```\n\nEvents are tried again three times.\n\n## Seats\n\nA seat belongs to one person. Seats can be moved.\n";

#[test]
fn steps_are_told_whole_and_with_their_source() {
    let answer = ask(&index_of(GUIDE), "How do I cancel my plan?");
    assert_eq!(answer.outcome, Outcome::Answered);
    assert_eq!(
        answer.text,
        "You can cancel at any time. To cancel a plan:\n\n1. Open Settings.\n2. Click Cancel. [1]"
    );
    let source = &answer.citations[0];
    assert_eq!(
        (source.n, source.title.as_str(), source.link.as_deref()),
        (
            1,
            "Guide",
            Some("https://d.example/a#:~:text=You%20can%20cancel%20at%20any%20time.")
        )
    );
    assert_eq!(source.section, ["Cancel"]);
}

#[test]
fn one_item_alone_is_told_as_a_sentence() {
    let index = index_of("# Limits\n\n- A project holds at most twenty members.\n\nMore can be bought.\n\n## Colours\n\nRed.\n");
    assert_eq!(
        ask(&index, "how many members can a project hold").text,
        "A project holds at most twenty members.\n\nMore can be bought. [1]"
    );
}

#[test]
fn code_stays_readable() {
    let answer = ask(&index_of(GUIDE), "send webhook events");
    assert!(
        answer.text.starts_with("Send events like this:\n\n`curl -X POST`\n\n"),
        "{}",
        answer.text
    );
}

#[test]
fn what_is_not_there_is_not_answered() {
    let index = index_of(GUIDE);
    for question in [
        "Who won the football world cup?",
        "kubernetes helm chart",
        "qwrtz asdfg",
        "Wie lautet die Adresse?",
        "你好吗",
    ] {
        let answer = ask(&index, question);
        assert_eq!(answer.outcome, Outcome::Unanswered, "{question}");
        assert!(
            answer.citations.is_empty() && answer.text.starts_with("I don't know"),
            "{question}: {}",
            answer.text
        );
    }
}

#[test]
fn small_talk_gets_a_friendly_word_and_no_source() {
    for (question, begins) in [
        ("Hello!", "Hello"),
        ("thanks a lot", "You're welcome"),
        (" ?! ", "Please ask"),
        ("", "Please ask"),
        ("what is it?", "Could you"),
    ] {
        let answer = ask(&index_of(GUIDE), question);
        assert!(
            answer.text.starts_with(begins) && answer.closest.is_empty(),
            "{question}: {}",
            answer.text
        );
    }
}

#[test]
fn an_answer_does_not_end_by_announcing_what_it_does_not_show() {
    let answer = ask(
        &index_of("# Play\n\nClick Play all beside the uploads. It makes a list of all videos. Screenshot:\n\n## Other\n\nNothing.\n"),
        "play all uploads",
    );
    assert_eq!(answer.text, "Click Play all beside the uploads. It makes a list of all videos. [1]");
}

#[test]
fn nothing_is_answered_from_nothing() {
    let answer = extract("How do I cancel?", None, &[]);
    assert_eq!((answer.outcome, answer.closest.len()), (Outcome::Unanswered, 0));
    assert!(passages_for_model(&[]).is_empty());
}

#[test]
fn marks_in_a_document_do_not_pass_for_sources() {
    let answer = ask(
        &index_of("Our refunds take five days [2][13]. See [the page]."),
        "how long do refunds take days",
    );
    assert!(
        answer.text.contains("five days") && !answer.text.contains("[2]") && !answer.text.contains("[13]"),
        "{}",
        answer.text
    );
}

#[test]
fn passages_for_a_model_are_numbered_bounded_and_not_repeated() {
    let long = "Word after word about seats. ".repeat(2_000);
    let hits = index_of(&format!("# T\n\n{long}\n\n## A\n\nSeats.\n")).search("seats", None, 50);
    let passages = passages_for_model(&hits);
    let words: usize = passages.iter().map(|passage| passage.excerpt.split_whitespace().count()).sum();
    assert!(words <= PROMPT_WORDS && !passages.is_empty() && passages.len() <= 3);
    assert!(passages.iter().zip(1..).all(|(passage, n)| passage.n == n));
}

#[test]
fn any_passage_gives_a_bounded_answer() {
    let texts = [
        "```",
        "```\n```",
        "# ",
        "- ",
        "1. a\n2. b",
        "a: \n\n- x",
        "\u{1F600}".repeat(900).as_str().to_owned().leak(),
        "[1",
        "[",
        "so. it.",
    ];
    for text in texts {
        let mut index = Index::new();
        let chunk = Chunk {
            heading: Vec::new(),
            text: format!("{text} seats"),
            page: Some(3),
        };
        index.add(Uuid::from_u128(1), "seats", None, vec![(Uuid::from_u128(2), chunk, None)]);
        let answer = ask(&index, "seats");
        assert!(answer.text.chars().count() < 1_600, "{text}");
    }
}

#[test]
fn steps_that_go_on_in_the_next_passage_are_told_whole() {
    let mut index = Index::new();
    let part = |n: u128, text: &str| {
        let chunk = Chunk {
            heading: vec!["Reset".into()],
            text: text.into(),
            page: None,
        };
        (Uuid::from_u128(n), chunk, None)
    };
    let chunks = vec![
        part(1, "To reset the gateway:\n\n1. Unplug it.\n2. Hold the button."),
        part(2, "3. Plug it in again.\n4. Wait for a minute."),
    ];
    index.add(Uuid::from_u128(9), "Gateway", None, chunks);
    let answer = ask(&index, "reset the gateway");
    assert!(answer.text.starts_with("To reset the gateway:"), "{}", answer.text);
    assert!(answer.text.contains("4. Wait for a minute."), "{}", answer.text);
    let passages = passages_for_model(&index.search("hold the button", None, 1));
    assert!(passages[0].excerpt.contains("Plug it in again"), "{}", passages[0].excerpt);
}
