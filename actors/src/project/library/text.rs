//! A document as lines of text, and what differs between two.

use std::time::{Duration, Instant};

use similar::{Algorithm, DiffTag, capture_diff_slices_deadline};

use crate::knowledge::{
    parse::{Block, Parsed},
    sentence::sentences,
};

/// A document's text in lines: a heading, an item, a row, or a sentence each. An empty one parts what stands apart.
pub(super) fn lines(parsed: &Parsed) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut in_list = false;
    for block in &parsed.blocks {
        let item = matches!(block, Block::ListItem { .. } | Block::TableRow(_));
        if !(lines.is_empty() || item && in_list || matches!(block, Block::PageBreak(_))) {
            lines.push(String::new());
        }
        in_list = item;
        match block {
            Block::Heading { level, text } => lines.push(format!("{} {text}", "#".repeat(usize::from(*level)))),
            Block::Paragraph(text) => lines.extend(sentences(text).into_iter().map(str::to_owned)),
            Block::ListItem { marker, depth, text } => lines.push(format!("{}{marker} {text}", "  ".repeat(usize::from(*depth)))),
            Block::Code(text) => lines.extend(text.lines().map(|line| format!("    {line}"))),
            Block::TableRow(text) => lines.push(text.clone()),
            Block::PageBreak(_) => {}
        }
    }
    lines
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Same,
    Added,
    Removed,
}

/// A line of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffLine {
    pub change: Change,
    pub text: String,
}

/// Two texts, compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// What differs with the lines around it; parts in between that are the same are left out.
    pub hunks: Vec<Vec<DiffLine>>,
    pub added: usize,
    pub removed: usize,
    /// There is more than is shown.
    pub cut: bool,
}

/// Lines that are the same, before and after each difference.
const AROUND: usize = 3;
/// Lines that are shown at most.
const MOST: usize = 4_000;
/// How long may be spent on finding the smallest difference; then a larger one will do.
const PATIENCE: Duration = Duration::from_millis(500);

pub(super) fn difference(old: &[String], new: &[String]) -> Difference {
    let found = capture_diff_slices_deadline(Algorithm::Myers, old, new, Some(Instant::now() + PATIENCE));
    let mut difference = Difference::default();
    let mut shown = 0;
    for group in similar::group_diff_ops(found, AROUND) {
        let mut hunk = Vec::new();
        for op in group {
            let (tag, before, after) = op.as_tag_tuple();
            let mut put = |change, lines: &[String]| {
                for text in lines {
                    if shown == MOST {
                        difference.cut = true;
                        return;
                    }
                    shown += 1;
                    hunk.push(DiffLine {
                        change,
                        text: text.clone(),
                    });
                }
            };
            if tag == DiffTag::Equal {
                put(Change::Same, &new[after]);
            } else {
                put(Change::Removed, &old[before.clone()]);
                put(Change::Added, &new[after.clone()]);
                difference.removed += before.len();
                difference.added += after.len();
            }
        }
        if !hunk.is_empty() {
            difference.hunks.push(hunk);
        }
    }
    difference
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn what_differs_is_shown_with_the_lines_around_it() {
        let old: Vec<String> = (0..40).map(|n| format!("line {n}")).collect();
        let mut new = old.clone();
        new[5] = "another line".into();
        new.remove(30);
        let found = difference(&old, &new);
        assert_eq!((found.hunks.len(), found.added, found.removed, found.cut), (2, 1, 2, false));
        let first: Vec<_> = found.hunks[0]
            .iter()
            .filter(|line| line.change != Change::Same)
            .map(|line| line.text.as_str())
            .collect();
        assert_eq!(first, ["line 5", "another line"]);
        assert_eq!(found.hunks[0].len(), 2 + 2 * AROUND);
        assert_eq!(difference(&old, &old), Difference::default());
    }

    #[test]
    fn two_long_texts_that_share_nothing_are_compared_in_time() {
        let text = |seed: u64| -> Vec<String> {
            (0..60_000_u64)
                .map(|n| format!("{seed}: {}", (n * 2_654_435_761 + seed) % 9_973))
                .collect()
        };
        let began = Instant::now();
        let found = difference(&text(1), &text(7));
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        assert!(found.cut && found.hunks.iter().map(Vec::len).sum::<usize>() <= MOST);
    }

    #[test]
    fn a_document_is_lines_of_what_it_is_made_of() {
        let parsed = Parsed {
            blocks: vec![
                Block::Heading {
                    level: 2,
                    text: "Export".into(),
                },
                Block::Paragraph("Open the settings. Choose Export.".into()),
                Block::ListItem {
                    marker: "-".into(),
                    depth: 0,
                    text: "one".into(),
                },
                Block::ListItem {
                    marker: "-".into(),
                    depth: 1,
                    text: "two".into(),
                },
                Block::Code("a\nb".into()),
            ],
            ..Parsed::default()
        };
        let wanted = "## Export\n\nOpen the settings.\nChoose Export.\n\n- one\n  - two\n\n    a\n    b";
        assert_eq!(lines(&parsed), of(wanted));
    }
}
