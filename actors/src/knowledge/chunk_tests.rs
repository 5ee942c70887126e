#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::knowledge::parse::{MediaType, Stop, parse};

fn chunks(markdown: &str) -> Vec<Chunk> {
    chunk(
        &parse(MediaType::Markdown, "a.md", markdown.as_bytes(), &Limits::default(), &Stop::new()).unwrap(),
        &Limits::default(),
    )
    .unwrap()
}

#[test]
fn sections_are_passages_under_their_headings() {
    let found = chunks(
        "# T\n\nIntro.\n\n## A\n\nText of A, which is long enough to stand alone, with one sentence and then some more words to be sure of it.\n\n### B\n\nOf B.\n",
    );
    let paths: Vec<_> = found.iter().map(|chunk| chunk.heading.join(" > ")).collect();
    assert_eq!(paths, ["", "A", "A > B"]);
}

#[test]
fn stubs_are_joined_but_questions_stay_alone() {
    let found = chunks("# T\n\n## G\n\n### A\n\nOne.\n\n### B\n\nTwo.\n\n### Why?\n\nSo.\n");
    assert_eq!(found.len(), 2);
    assert_eq!(
        (found[0].heading.as_slice(), found[0].text.as_str()),
        (&["G".to_owned()][..], "# A\n\nOne.\n\n# B\n\nTwo.")
    );
    assert_eq!(found[1].heading, ["G", "Why?"]);
}

#[test]
fn long_text_is_cut_between_sentences_and_evenly() {
    let text: String = (0..120).map(|at| format!("This is the sentence with the number {at}. ")).collect();
    let found = chunks(&text);
    assert!(found.len() > 3);
    assert!(
        found
            .iter()
            .all(|chunk| chunk.text.ends_with('.') && chunk.text.starts_with("This") && pieces(&chunk.text) <= LARGEST)
    );
    assert!(found.iter().all(|chunk| pieces(&chunk.text) > LARGEST / 2));
    assert_eq!(found.iter().map(|chunk| chunk.text.matches("sentence").count()).sum::<usize>(), 120);
}

#[test]
fn a_list_stays_with_the_line_that_announces_it() {
    let filler = "Some words that fill the passage up to its end. ".repeat(18);
    let found = chunks(&format!(
        "{filler}\n\nDo this:\n\n1. One thing to do first\n2. Another thing to do\n"
    ));
    let last = found.last().unwrap();
    assert_eq!(last.text, "Do this:\n\n1. One thing to do first\n2. Another thing to do");
}

#[test]
fn nothing_is_lost_whatever_the_text() {
    for text in [
        "# Only a title",
        "# A\n\n## B\n\n## C",
        "x".repeat(5_000).as_str(),
        "字".repeat(3_000).as_str(),
        "## A\n## B\ntext",
        &"- a b c\n".repeat(900),
    ] {
        let found = chunks(text);
        let wanted: usize = text.chars().filter(|letter| letter.is_alphanumeric()).count();
        let kept: usize = found
            .iter()
            .map(|chunk| chunk.text.chars().filter(|letter| letter.is_alphanumeric()).count())
            .sum();
        let headings: usize = found
            .iter()
            .flat_map(|chunk| &chunk.heading)
            .map(|heading| heading.chars().filter(|letter| letter.is_alphanumeric()).count())
            .sum();
        assert!(
            kept + headings + 1 >= wanted,
            "{kept} of {wanted} in {}",
            &text[..12.min(text.len())]
        );
        assert!(found.iter().all(|chunk| pieces(&chunk.text) <= LARGEST + 8));
    }
}

#[test]
fn too_many_passages_are_refused() {
    let limits = Limits {
        chunks: 3,
        ..Limits::default()
    };
    let parsed = parse(
        MediaType::PlainText,
        "a.txt",
        "Many words here. ".repeat(2_000).as_bytes(),
        &Limits::default(),
        &Stop::new(),
    )
    .unwrap();
    assert_eq!(chunk(&parsed, &limits).unwrap_err().code(), "too_many_chunks");
}
