//! Notion's rich text as Markdown: <https://developers.notion.com/reference/rich-text>.

use serde::Deserialize;
use serde_json::Value;

use crate::sources::markdown::{code, guard, inline_safe, link};

/// A run of text in one style.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Rich {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    plain_text: String,
    #[serde(default)]
    href: Option<String>,
    #[serde(default)]
    annotations: Annotations,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Annotations {
    bold: bool,
    italic: bool,
    code: bool,
}

/// The runs of a list of them. What is none is left out.
pub(super) fn runs(value: &Value) -> Vec<Rich> {
    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(|run| Rich::deserialize(run).ok()).collect()
}

pub(super) fn plain(value: &Value) -> String {
    runs(value).into_iter().map(|run| run.plain_text).collect()
}

/// As one paragraph of Markdown: lines are kept, and none of them is anything but text.
pub(super) fn inline(value: &Value) -> String {
    let runs = merged(runs(value));
    let mut out = String::new();
    for (at, run) in runs.iter().enumerate() {
        let after = runs.get(at + 1).and_then(|next| next.plain_text.chars().next());
        push(&mut out, run, after);
    }
    guard(&out)
}

/// On one line, as for headings and cells.
pub(super) fn line(value: &Value) -> String {
    inline(value).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Neighbours of one style are one run: marks between them would only be in each other's way.
fn merged(runs: Vec<Rich>) -> Vec<Rich> {
    let mut merged: Vec<Rich> = Vec::with_capacity(runs.len());
    for run in runs.into_iter().filter(|run| !run.plain_text.is_empty()) {
        match merged.last_mut() {
            Some(last) if last.annotations == run.annotations && last.href == run.href && last.kind == run.kind => {
                last.plain_text.push_str(&run.plain_text);
            }
            _ => merged.push(run),
        }
    }
    merged
}

fn push(out: &mut String, run: &Rich, after: Option<char>) {
    if run.annotations.code || run.kind == "equation" {
        out.push_str(&code(&run.plain_text));
        return;
    }
    let text = inline_safe(&run.plain_text);
    if let Some(href) = run.href.as_deref() {
        out.push_str(&link(&text, href));
        return;
    }
    let mark = match run.annotations {
        Annotations { bold: true, .. } => "**",
        Annotations { italic: true, .. } => "*",
        _ => "",
    };
    let inner = text.trim();
    if mark.is_empty() || inner.is_empty() || inner.contains('\n') || !marks_fit(out, &text, after) {
        out.push_str(&text);
        return;
    }
    let (before, behind) = text.split_once(inner).unwrap_or_default();
    for part in [before, mark, inner, mark, behind] {
        out.push_str(part);
    }
}

/// Whether marks around `text` are read as such (CommonMark's flanking rules), and do not run into other marks.
fn marks_fit(out: &str, text: &str, after: Option<char>) -> bool {
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let is_edge = |c: Option<char>| c.is_none_or(|c| c.is_whitespace() || c.is_ascii_punctuation());
    let (first, last) = (text.trim().chars().next(), text.trim().chars().next_back());
    let before = match text.starts_with(char::is_whitespace) {
        true => None,
        false => out.chars().next_back(),
    };
    let after = match text.ends_with(char::is_whitespace) {
        true => None,
        false => after,
    };
    let opens = is_letter(first) || is_edge(before);
    let closes = is_letter(last) || is_edge(after);
    opens && closes && before != Some('*') && after != Some('*')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::knowledge::parse::{Limits, MediaType, Stop, parse};

    fn run(text: &str, style: &str) -> Value {
        json!({
            "type": "text", "plain_text": text, "href": null, "text": { "content": text, "link": null },
            "annotations": { "bold": style.contains('b'), "italic": style.contains('i'), "code": style.contains('c'),
                "strikethrough": false, "underline": false, "color": "default" },
        })
    }

    /// What a reader of the Markdown sees.
    fn read(markdown: &str) -> Vec<String> {
        let read = parse(
            MediaType::Markdown,
            "a.md",
            markdown.as_bytes(),
            &Limits::default(),
            &Stop::default(),
        );
        read.unwrap().blocks.iter().map(|block| block.text().to_owned()).collect()
    }

    #[test]
    fn styles_are_marked_where_the_marks_are_read_as_such() {
        for (runs, expected) in [
            (json!([run("Press ", ""), run("Save", "b"), run(".", "")]), "Press **Save**."),
            (json!([run("a", "b"), run("b", "")]), "**a**b"),
            (json!([run("Note: ", "b"), run("x", "")]), "**Note:** x"),
            (json!([run("Note:", "b"), run("x", "")]), "Note:x"),
            (json!([run("a", "b"), run("b", "i")]), "**a**b"),
            (json!([run("one", "b"), run(" two", "b")]), "**one two**"),
            (json!([run("x", "c"), run("y", "")]), "`x`y"),
            (json!([run("a ` b", "c")]), "``a ` b``"),
            (json!([run("  ", "b")]), ""),
        ] {
            assert_eq!(inline(&runs), expected);
            let seen: String = runs
                .as_array()
                .unwrap()
                .iter()
                .map(|run| run["plain_text"].as_str().unwrap())
                .collect();
            let seen = seen.split_whitespace().collect::<Vec<_>>().join(" ");
            if !seen.is_empty() {
                assert_eq!(read(&inline(&runs)).join("|").replace('`', ""), seen.replace('`', ""), "{runs}");
            }
        }
    }

    #[test]
    fn links_keep_their_text_and_lead_to_the_web_only() {
        let to = |href: &str| json!([{ "type": "text", "plain_text": "the [guide]", "href": href }]);
        assert_eq!(
            inline(&to("https://docs.example.com/a b")),
            "[the \\[guide\\]](<https://docs.example.com/a%20b>)"
        );
        for href in ["/2b9f0a", "javascript:alert(1)", "not one"] {
            assert_eq!(inline(&to(href)), "the \\[guide\\]", "{href}");
        }
    }

    #[test]
    fn no_text_is_taken_for_markup() {
        for text in [
            "# not a heading",
            "- not an item",
            "+ not an item",
            "* not an item",
            "1. not an item",
            "23) not an item",
            "> not a quote",
            "--- not a line",
            "<b>not bold</b> & &amp; not an entity",
            "[not](a link) ![nor](a picture) [^1]: nor a note",
            "*not* _bold_ **at** __all__ ~~nor struck~~",
            "| not | a table |",
            "back\\slash \\* and {#id}",
            "import x from 'y'",
            "export const a = 1",
            "```not code",
            "title: not front matter",
        ] {
            let seen = read(&inline(&json!([run(text, "")])));
            assert_eq!(seen, [text], "{}", inline(&json!([run(text, "")])));
        }
    }

    #[test]
    fn lines_stay_lines_of_one_paragraph() {
        let seen = read(&inline(&json!([run("one\n===\n- two\n    three\n", "")])));
        assert_eq!(seen, ["one === - two three"]);
    }
}
