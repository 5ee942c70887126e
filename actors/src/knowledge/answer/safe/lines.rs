//! An answer's text as the pieces that are judged and told one by one.

use crate::knowledge::sentence::sentences;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Of a paragraph, when it is not taken apart any further.
    Line,
    Sentence,
    /// With its number, where it has one.
    Item(Option<u32>),
    Heading,
    /// The lines between two fences.
    Code,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub kind: Kind,
    pub text: String,
    /// Begins a paragraph.
    pub opens: bool,
}

/// The pieces of `text` in their order; lines of paragraphs as `sentences`, or whole. Unless the text is `complete`, what may
/// still grow is left out: the last line, or its last sentence.
pub(crate) fn pieces(text: &str, sentences: bool, complete: bool) -> Vec<Piece> {
    let mut found: Vec<Piece> = Vec::new();
    let mut code: Option<String> = None;
    let mut opens = true;
    let mut rest = text;
    while !rest.is_empty() {
        let (line, ended, behind) = match rest.split_once('\n') {
            Some((line, behind)) => (line, true, behind),
            None => (rest, complete, ""),
        };
        rest = behind;
        let bare = line.trim();
        if let Some(lines) = &mut code {
            if bare.starts_with("```") || bare.starts_with("~~~") {
                if ended {
                    found.extend(code.take().map(fenced));
                }
                opens = true;
            } else if ended {
                if !lines.is_empty() {
                    lines.push('\n');
                }
                // A fence inside would end it for the reader.
                lines.push_str(&line.trim_end().replace("```", "'''"));
            }
            continue;
        }
        if bare.starts_with("```") || bare.starts_with("~~~") {
            code = Some(String::new());
            continue;
        }
        if bare.is_empty() || is_rule(bare) {
            opens = true;
            continue;
        }
        let bare = unquoted(bare);
        if let Some((kind, text)) = begins(bare) {
            if ended {
                found.push(Piece {
                    kind,
                    text: text.trim().to_owned(),
                    opens: true,
                });
            }
            opens = true;
            continue;
        }
        // What goes on below an item, without a blank line between, belongs to it.
        if !opens_paragraph(line)
            && let Some(Piece {
                kind: Kind::Item(_), text, ..
            }) = found.last_mut()
        {
            if ended {
                text.push(' ');
                text.push_str(bare);
            }
            continue;
        }
        if sentences {
            let mut told = whole_sentences(bare);
            // The last one grows, and what may become the number of a source belongs to the one before it.
            if !ended && told.pop().is_some_and(|last| last.starts_with('[')) {
                told.pop();
            }
            for sentence in told {
                found.push(Piece {
                    kind: Kind::Sentence,
                    text: sentence,
                    opens,
                });
                opens = false;
            }
        } else if ended {
            found.push(Piece {
                kind: Kind::Line,
                text: bare.to_owned(),
                opens,
            });
            opens = false;
        }
    }
    if complete {
        found.extend(code.map(fenced));
    } else if matches!(found.last(), Some(Piece { kind: Kind::Item(_), .. })) {
        // It may go on in the next line.
        found.pop();
    }
    found
}

/// Whether a line of a paragraph would be taken for something else.
pub(super) fn begins_block(line: &str) -> bool {
    begins(line).is_some() || line.starts_with('>') || is_rule(line) || line.starts_with("~~~")
}

fn fenced(text: String) -> Piece {
    Piece {
        kind: Kind::Code,
        text,
        opens: true,
    }
}

/// Only an indented line goes on below an item: models begin paragraphs right below lists.
fn opens_paragraph(line: &str) -> bool {
    !line.starts_with([' ', '\t'])
}

/// "---" and the like, and what says where a reference leads.
fn is_rule(line: &str) -> bool {
    let only = |mark: char| line.len() >= 3 && line.chars().all(|letter| letter == mark);
    // "[1]: https://…" begins with the number of a source.
    let reference = line.starts_with('[')
        && line.find("]:").is_some_and(|at| {
            let is_number = line[1..at].bytes().all(|byte| byte.is_ascii_digit());
            !is_number && line[at + 2..].trim_start().starts_with("http")
        });
    only('-') || only('*') || only('_') || only('=') || reference
}

fn unquoted(line: &str) -> &str {
    let mut line = line;
    while let Some(rest) = line
        .strip_prefix('>')
        .filter(|rest| rest.is_empty() || rest.starts_with([' ', '>']))
    {
        line = rest.trim_start();
    }
    line
}

/// What a line begins, and the rest of it.
fn begins(line: &str) -> Option<(Kind, &str)> {
    for bullet in ["- ", "* ", "+ ", "• "] {
        if let Some(text) = line.strip_prefix(bullet) {
            return Some((Kind::Item(None), text));
        }
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    if (1..=4).contains(&digits) && (line[digits..].starts_with(". ") || line[digits..].starts_with(") ")) {
        return Some((Kind::Item(Some(line[..digits].parse().unwrap_or(1))), &line[digits + 2..]));
    }
    let depth = line.bytes().take_while(|byte| *byte == b'#').count();
    if (1..=6).contains(&depth) && line[depth..].starts_with(' ') {
        return Some((Kind::Heading, line[depth..].trim_end_matches('#')));
    }
    None
}

/// The sentences of a line. None ends within something that is marked, and the numbers of sources behind a full stop belong to
/// the sentence that it ends.
fn whole_sentences(line: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut open = false;
    for part in sentences(line) {
        let (marks, rest) = leading_marks(part);
        if let Some(last) = found.last_mut() {
            if open {
                last.push(' ');
                last.push_str(part);
                open = is_open(last);
                continue;
            }
            if !marks.is_empty() {
                last.push(' ');
                last.push_str(marks);
                if rest.is_empty() {
                    continue;
                }
                found.push(rest.to_owned());
                open = is_open(rest);
                continue;
            }
        }
        open = is_open(part);
        found.push(part.to_owned());
    }
    found
}

/// "[1][2] And so on": the marks, and what comes after.
fn leading_marks(part: &str) -> (&str, &str) {
    let mut end = 0;
    loop {
        let rest = part[end..].trim_start();
        let Some(inside) = rest.strip_prefix('[') else { break };
        let Some((numbers, behind)) = inside.split_once(']') else { break };
        let is_mark = !numbers.is_empty() && numbers.bytes().all(|byte| byte.is_ascii_digit() || byte == b',' || byte == b' ');
        if !is_mark || behind.starts_with('(') {
            break;
        }
        end = part.len() - behind.len();
    }
    // The full stop may stand behind the marks.
    if part[end..].starts_with(['.', '!', '?']) && end > 0 {
        end += 1;
    }
    (part[..end].trim(), part[end..].trim_start())
}

fn is_open(text: &str) -> bool {
    let count = |mark: char| text.chars().filter(|letter| *letter == mark).count();
    text.matches("**").count() % 2 == 1 || count('`') % 2 == 1 || count('[') > count(']') || count('(') > count(')')
}
