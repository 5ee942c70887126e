//! Which part of a passage answers the question.

use std::collections::HashSet;

use super::passage::{self, Kind, Unit, units};
use crate::knowledge::index::Hit;

/// Characters that a list or a piece of code may take beyond the room, so that steps are not cut.
const LIST: usize = 1_400;
/// Characters of context that are wanted around the sentence that fits best.
const WANTED: usize = 420;

/// What is told of a passage.
pub(super) struct Chosen {
    pub text: String,
    /// By which the same sentence in another passage is known.
    pub sentences: Vec<String>,
}

/// Whole units in their order, around the one that fits best. `None` when nothing can be told within `room`, or
/// everything has been `said`. `first`: the answer begins with this passage.
pub(super) fn choose(hit: &Hit, room: usize, first: bool, said: &HashSet<String>) -> Option<Chosen> {
    let mut units = units(&hit.text);
    let scores: Vec<f32> = units.iter().map(|unit| fit(hit, unit)).collect();
    // The section goes on in the next passage, and so may a list.
    let own = units.len();
    units.extend(hit.after.iter().flat_map(|after| passage::units(after)));
    let fresh: Vec<bool> = units.iter().map(|unit| !said.contains(&key(unit))).collect();
    let best = best_unit(&units[..own], &scores, &fresh)?;
    let (mut from, mut to) = whole_list(&units, best);
    let length = |from: usize, to: usize| units[from..to].iter().map(|unit| unit.text.chars().count() + 1).sum::<usize>();
    let listed = units[from..to].iter().any(|unit| matches!(unit.kind, Kind::Item | Kind::Code));
    let most = if first && listed { LIST } else { room };
    if length(from, to) > most {
        (from, to) = shorter(&units, best, from, to, most)?;
    }
    if !first && fresh[from..to].iter().all(|fresh| !fresh) {
        return None;
    }
    let wanted = if first { WANTED } else { WANTED / 2 }.min(room);
    // What leans on the sentence before it cannot begin an answer.
    while from > 0 && leans(&units[from].text) && units[from - 1].kind == Kind::Sentence && length(from - 1, to) <= most {
        from -= 1;
    }
    while to < units.len() && length(from, to) < wanted && units[to].kind != Kind::Heading {
        let (_, next) = whole_list(&units, to);
        if length(from, next) > most {
            break;
        }
        to = next;
    }
    while from > 0 && length(from, to) < wanted && units[from - 1].kind == Kind::Sentence && length(from - 1, to) <= most {
        from -= 1;
    }
    // "Screenshot:" with nothing to follow.
    while to > from + 1 && units[to - 1].kind == Kind::Sentence && units[to - 1].text.ends_with(':') {
        to -= 1;
    }
    let told = &units[from..to];
    Some(Chosen {
        text: tell(told),
        sentences: told.iter().map(key).collect(),
    })
}

fn key(unit: &Unit) -> String {
    unit.text.to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect()
}

/// The weight of the question's terms that the unit holds.
fn fit(hit: &Hit, unit: &Unit) -> f32 {
    let own = hit.terms_of(&unit.text);
    hit.terms.iter().filter(|term| term.is_in(&own)).map(|term| term.weight).sum()
}

/// The best new unit; a heading hands its score to what stands below it, and the first unit wins ties.
fn best_unit(units: &[Unit], scores: &[f32], fresh: &[bool]) -> Option<usize> {
    let mut best: Option<(usize, f32)> = None;
    let mut above = 0.0;
    for (at, unit) in units.iter().enumerate() {
        if unit.kind == Kind::Heading {
            above = scores[at];
            continue;
        }
        // The opening of a passage says what it is about.
        let score = scores[at] + above + if at == 0 { 0.1 } else { 0.0 };
        above *= 0.9;
        if fresh[at] && best.is_none_or(|(_, known)| score > known) {
            best = Some((at, score));
        }
    }
    best.map(|(at, _)| at)
}

/// The unit with the list or code that it belongs to and the line that announces it.
fn whole_list(units: &[Unit], at: usize) -> (usize, usize) {
    let (mut from, mut to) = (at, at + 1);
    let announces = |unit: &Unit| unit.kind == Kind::Sentence && unit.text.ends_with(':');
    if units[at].kind == Kind::Item {
        while from > 0 && units[from - 1].kind == Kind::Item {
            from -= 1;
        }
    }
    if matches!(units[at].kind, Kind::Item | Kind::Code)
        && from > 0
        && units[from - 1].kind == Kind::Sentence
        && (announces(&units[from - 1]) || units[at].kind == Kind::Code)
    {
        from -= 1;
    }
    if announces(&units[at]) || units[at].kind == Kind::Item {
        if announces(&units[at]) && units.get(to).is_some_and(|unit| unit.kind == Kind::Code) {
            to += 1;
        }
        while units.get(to).is_some_and(|unit| unit.kind == Kind::Item) {
            to += 1;
        }
    }
    (from, to)
}

/// As much of a list that is too long as fits, around its best unit.
fn shorter(units: &[Unit], best: usize, from: usize, to: usize, most: usize) -> Option<(usize, usize)> {
    let size = |at: usize| units[at].text.chars().count() + 1;
    if size(best) > most {
        return None;
    }
    let (mut start, mut end, mut total) = (best, best + 1, size(best));
    while start > from && total + size(start - 1) <= most {
        start -= 1;
        total += size(start);
    }
    while end < to && total + size(end) <= most {
        total += size(end);
        end += 1;
    }
    Some((start, end))
}

/// Begins with a word that points back.
fn leans(text: &str) -> bool {
    const BACK: [&str; 24] = [
        "it",
        "its",
        "this",
        "that",
        "these",
        "those",
        "they",
        "them",
        "he",
        "she",
        "however",
        "otherwise",
        "then",
        "therefore",
        "also",
        "instead",
        "but",
        "and",
        "or",
        "so",
        "such",
        "both",
        "either",
        "afterwards",
    ];
    let first: String = text.chars().take_while(|letter| letter.is_alphabetic()).collect();
    BACK.contains(&first.to_lowercase().as_str())
}

fn without_marker(item: &str) -> &str {
    let item = item.trim_start();
    let number = item.bytes().take_while(u8::is_ascii_digit).count();
    item.strip_prefix("- ")
        .unwrap_or_else(|| item[number..].strip_prefix(". ").unwrap_or(item))
}

/// Units as text. Headings inside are left out: the source names the section.
fn tell(units: &[Unit]) -> String {
    let mut text = String::new();
    let mut before = None;
    let told: Vec<&Unit> = units.iter().filter(|unit| unit.kind != Kind::Heading).collect();
    for (at, unit) in told.iter().enumerate() {
        let is_item = |other: Option<&&Unit>| other.is_some_and(|other| other.kind == Kind::Item);
        // One item alone is no list, unless it was announced as one.
        let alone = !is_item(told.get(at + 1))
            && !at
                .checked_sub(1)
                .is_some_and(|before| is_item(told.get(before)) || told[before].text.ends_with(':'));
        text.push_str(match (before, unit.kind) {
            (None, _) => "",
            (Some(Kind::Item), Kind::Item) => "\n",
            (Some(Kind::Sentence), Kind::Sentence) if !unit.opens => " ",
            _ => "\n\n",
        });
        match unit.kind {
            Kind::Code if !unit.text.contains(['\n', '`']) => text.push_str(&format!("`{}`", unit.text.trim())),
            Kind::Code => text.push_str(&format!("```\n{}\n```", unit.text)),
            Kind::Item if alone => text.push_str(without_marker(&unit.text)),
            _ => text.push_str(&unit.text),
        }
        before = Some(unit.kind);
    }
    text
}
