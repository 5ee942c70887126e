#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::grounded::{NOT_CONFIRMED, Telling, Verdict};

const EXPORT: &str = "To export your data, open Settings and choose Export. The archive arrives by mail within ten minutes.";
const REFUNDS: &str = "Refunds take five business days and go to the card that paid. Run `lantern refund --now` to begin.";

fn telling() -> Telling {
    Telling::new(
        "How do I export my data?",
        [
            (1, "Guide › Export", EXPORT, Some("https://docs.example.com/a")),
            (2, "Guide › Refunds", REFUNDS, None),
        ]
        .into_iter(),
    )
}

/// What is told of what a model wrote, where nearness is never enough.
fn told(written: &str) -> Option<String> {
    told_with(written, 0.0)
}

fn told_with(written: &str, nearness: f32) -> Option<String> {
    let mut telling = telling();
    for piece in telling.next(written, true) {
        let (nodes, verdict) = telling.judge(&piece);
        let verdict = match verdict {
            Verdict::Near { n, .. } => Verdict::of_nearness(n, nearness),
            verdict => verdict,
        };
        telling.take(piece, nodes, verdict);
    }
    telling.end().map(|(text, _)| text)
}

#[test]
fn what_the_passages_say_is_told_with_their_numbers() {
    for supported in [
        "To export your data, open Settings and choose Export [1]. The archive arrives by mail within 10 minutes [1].",
        "Here is how:\n\n1. Open **Settings** [1].\n2. Choose Export [1].",
        "Begin with `lantern refund --now` [2].",
    ] {
        assert_eq!(told(supported).as_deref(), Some(supported));
    }
}

#[test]
fn what_no_passage_says_is_left_out() {
    for (written, told_of_it) in [
        (
            "Open Settings and choose Export [1]. Whales are mammals that sing [1].",
            "Open Settings and choose Export [1].",
        ),
        (
            "Whales are mammals that sing [1]. Open Settings and choose Export [1].",
            "Open Settings and choose Export [1].",
        ),
        // A figure and a command of its own making.
        (
            "The archive arrives by mail within 99 minutes [1]. Open Settings and choose Export [1].",
            "Open Settings and choose Export [1].",
        ),
        (
            "Refunds take five business days [2]. Run `lantern refund --force` to begin [2].",
            "Refunds take five business days [2].",
        ),
        (
            "Open Settings and choose Export [1].\n\nNotes on whales:\n\n- they sing loudly\n- they dive deep",
            "Open Settings and choose Export [1].",
        ),
        (
            "Open Settings and choose Export [1].\n```\nrm -rf /\n```",
            "Open Settings and choose Export [1].",
        ),
    ] {
        assert_eq!(told(written).as_deref(), Some(told_of_it), "{written}");
    }
    for nothing in [
        "Trust me, it just works.",
        "Whales sing [1].",
        "[1]",
        "Here is how:",
        "",
        "```\nls\n```",
    ] {
        assert_eq!(told(nothing), None, "{nothing}");
    }
}

#[test]
fn a_wrong_number_is_put_right_and_a_missing_one_added() {
    assert_eq!(
        told("Refunds take five business days [1].").as_deref(),
        Some("Refunds take five business days [2].")
    );
    assert_eq!(
        told("Open Settings and choose Export.").as_deref(),
        Some("Open Settings and choose Export. [1]")
    );
}

#[test]
fn what_may_be_so_is_marked() {
    let written = "Open Settings and choose Export [1]. You receive everything shortly afterwards [1].";
    assert_eq!(
        told_with(written, 0.5).unwrap(),
        format!("Open Settings and choose Export [1]. You receive everything shortly afterwards [1]. *{NOT_CONFIRMED}*")
    );
    assert_eq!(told_with(written, 0.7).as_deref(), Some(written));
}

#[test]
fn an_answer_grows_at_its_end_however_it_is_cut() {
    let whole = "Here is how:\n\n1. Open **Settings** [1].\n2. Choose Export [1].\n\nThe archive arrives by mail. [1] Whales sing. Refunds take five business days [2].\n```\nls\n```\n";
    let expected = told(whole).unwrap();
    let letters: Vec<char> = whole.chars().collect();
    let mut telling = telling();
    let mut before = String::new();
    for end in 1..=letters.len() {
        let written: String = letters[..end].iter().collect();
        for piece in telling.next(&written, end == letters.len()) {
            let (nodes, verdict) = telling.judge(&piece);
            let verdict = match verdict {
                Verdict::Near { .. } => Verdict::Unsupported,
                verdict => verdict,
            };
            telling.take(piece, nodes, verdict);
        }
        let text = telling.text();
        assert!(text.starts_with(&before), "{before:?} became {text:?}");
        before = text;
    }
    assert!(before.len() > 100, "most of it is told before its end: {before}");
    assert_eq!(telling.end().unwrap().0, expected);
}
