//! Slack's mrkdwn as Markdown: <https://docs.slack.dev/messaging/formatting-message-text>. Pure.

use std::collections::HashMap;

use crate::sources::markdown::{code, fenced, guard, indented, inline_safe, link};

/// What people are called, by their ids.
pub(super) type Names = HashMap<String, String>;

/// Who is named where nobody knows.
pub(super) const SOMEBODY: &str = "Somebody";

/// The people that a text mentions.
pub(super) fn mentioned(text: &str) -> impl Iterator<Item = &str> {
    let after = text.split("<@").skip(1);
    after.filter_map(|rest| rest.split(['>', '|']).next()).filter(|id| is_id(id))
}

pub(super) fn is_id(id: &str) -> bool {
    (2..=40).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// A part of a line: what somebody wrote, or what stands for something that Slack wrapped.
enum Part<'a> {
    Written(&'a str),
    /// What it is called, and where it leads.
    Named(String, Option<String>),
}

/// Parts a line at `<…>`, which nobody can write: Slack escapes it.
fn parts<'a>(line: &'a str, names: &Names) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('<') {
        parts.push(Part::Written(before));
        let Some((inside, behind)) = after.split_once('>') else {
            rest = after;
            continue;
        };
        rest = behind;
        let (target, label) = match inside.split_once('|') {
            Some((target, label)) => (target, Some(unescape(label)).filter(|label| !label.is_empty())),
            None => (inside, None),
        };
        parts.push(match target.split_at_checked(1) {
            Some(("@", user)) => {
                let name = label.or_else(|| names.get(user).cloned());
                Part::Named(format!("@{}", name.as_deref().unwrap_or(SOMEBODY)), None)
            }
            Some(("#", _)) => Part::Named(label.map(|label| format!("#{label}")).unwrap_or_default(), None),
            Some(("!", what)) => {
                let what = what.split('^').next().unwrap_or_default();
                Part::Named(label.unwrap_or_else(|| format!("@{what}")), None)
            }
            _ => {
                let address = unescape(target);
                let shown = label.unwrap_or_else(|| address.trim_start_matches("mailto:").to_owned());
                Part::Named(shown, Some(address))
            }
        });
    }
    parts.push(Part::Written(rest));
    parts
}

/// As it would be read aloud: for code, and for titles.
pub(super) fn plain(text: &str, names: &Names) -> String {
    let parts = parts(text, names).into_iter().map(|part| match part {
        Part::Written(text) => unescape(text),
        Part::Named(name, _) => name,
    });
    parts.collect()
}

/// On one line, as for titles.
pub(super) fn spoken(line: &str, names: &Names) -> String {
    let words = unmarked(&plain(line, names)).replace('`', "");
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A line of Markdown.
fn inline(line: &str, names: &Names) -> String {
    // Marks of code come in pairs; a single one is none.
    let pieces: Vec<&str> = line.split('`').collect();
    let paired = pieces.len() % 2 == 1;
    let written = pieces.iter().enumerate().map(|(at, piece)| match at % 2 == 1 && paired {
        true => code(&plain(piece, names)),
        false => styled(piece, names),
    });
    written.collect::<Vec<_>>().join(if paired { "" } else { "\\`" })
}

fn styled(text: &str, names: &Names) -> String {
    let parts = parts(text, names).into_iter().map(|part| match part {
        Part::Written(text) => inline_safe(&unmarked(&unescape(text))),
        Part::Named(name, address) => {
            let name = inline_safe(&name);
            address.map_or(name.clone(), |address| link(&name, &address))
        }
    });
    parts.collect()
}

/// Without the marks of bold, italic and struck text.
fn unmarked(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut dropped = vec![false; characters.len()];
    let at = |at: Option<usize>| at.and_then(|at| characters.get(at)).copied();
    for mark in ['*', '_', '~'] {
        let mut open = None;
        for (here, _) in characters.iter().enumerate().filter(|(_, character)| **character == mark) {
            let (before, after) = (at(here.checked_sub(1)), at(Some(here + 1)));
            let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            let is_blank = |c: Option<char>| c.is_none_or(char::is_whitespace);
            match open {
                Some(from) if !is_blank(before) && !is_word(after) && here > from + 1 => {
                    (dropped[from], dropped[here], open) = (true, true, None);
                }
                _ if !is_word(before) && !is_blank(after) => open = Some(here),
                _ => {}
            }
        }
    }
    let kept = characters.into_iter().zip(dropped).filter(|(_, dropped)| !dropped);
    kept.map(|(character, _)| character).collect()
}

const BULLETS: [&str; 5] = ["• ", "◦ ", "▪ ", "- ", "* "];

enum Line<'a> {
    Text(&'a str),
    Quote(&'a str),
    Item(&'a str),
    Blank,
}

fn line(line: &str) -> Line<'_> {
    let text = line.trim();
    if text.is_empty() {
        return Line::Blank;
    }
    if let Some(quoted) = text.strip_prefix("&gt;") {
        return Line::Quote(quoted.trim_start_matches("&gt;").trim());
    }
    let item = BULLETS.iter().find_map(|bullet| text.strip_prefix(bullet));
    item.map_or(Line::Text(text), |item| Line::Item(item.trim()))
}

/// A message as Markdown.
pub(super) fn markdown(text: &str, names: &Names) -> String {
    let mut blocks: Vec<String> = Vec::new();
    let mut rest = text;
    // Marks of blocks of code come in pairs; a single one is none.
    while let Some((before, (inside, behind))) = rest
        .split_once("```")
        .and_then(|(before, after)| Some((before, after.split_once("```")?)))
    {
        prose(before, names, &mut blocks);
        if !inside.trim().is_empty() {
            blocks.push(fenced("", plain(inside, names).trim_matches('\n')));
        }
        rest = behind;
    }
    prose(rest, names, &mut blocks);
    blocks.join("\n\n")
}

fn prose(text: &str, names: &Names, blocks: &mut Vec<String>) {
    let mut open: Vec<String> = Vec::new();
    // What kind of line the open block is of.
    let mut kind = ' ';
    let mut close = |open: &mut Vec<String>, kind: char| {
        let lines = std::mem::take(open);
        match kind {
            _ if lines.is_empty() => {}
            '-' => blocks.push(lines.into_iter().map(|line| format!("- {line}")).collect::<Vec<_>>().join("\n")),
            '>' => blocks.push(indented(&lines.join("\n"), "> ")),
            _ => blocks.push(lines.join("\n")),
        }
    };
    for each in text.lines() {
        let (next, words) = match line(each) {
            Line::Text(words) => ('p', words),
            Line::Quote(words) => ('>', words),
            Line::Item(words) => ('-', words),
            Line::Blank => (' ', ""),
        };
        if next != kind {
            close(&mut open, kind);
            kind = next;
        }
        let words = guard(&inline(words, names));
        if !words.is_empty() {
            open.push(words);
        }
    }
    close(&mut open, kind);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::parse::{Limits, MediaType, Stop, parse};

    fn names() -> Names {
        [("U1".to_owned(), "Ada L.".to_owned())].into()
    }

    fn read(text: &str) -> Vec<String> {
        let markdown = markdown(text, &names());
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
    fn a_message_is_read_without_what_slack_wraps_it_in() {
        for (written, seen) in [
            ("Hi <@U1>, ask <@U2> or <@U3|bob>", vec!["Hi @Ada L., ask @Somebody or @bob"]),
            (
                "see <#C1|general> and <!here>, <!subteam^S1|@ops>",
                vec!["see #general and @here, @ops"],
            ),
            (
                "<https://a.example/x_y?a=1&amp;b=2|the _guide_> is at <https://a.example>",
                vec!["the _guide_ is at https://a.example"],
            ),
            ("<mailto:a@b.example|a@b.example>", vec!["a@b.example"]),
            ("<!date^1700000000^{date}|yesterday>", vec!["yesterday"]),
            ("a &lt;b&gt; &amp;amp; c", vec!["a <b> &amp; c"]),
            (
                "*bold* and _it_ and ~old~, not 2 * 3 * 4 or snake_case_name",
                vec!["bold and it and old, not 2 * 3 * 4 or snake_case_name"],
            ),
            (
                "*Steps:*\n• one\n• two `x_1 &lt; y`\nthen",
                vec!["Steps:", "one", "two `x_1 < y`", "then"],
            ),
            ("1. one\n2. two", vec!["1. one 2. two"]),
            ("&gt; quoted\n&gt; on\nreply", vec!["quoted on", "reply"]),
            (
                "run ```let a = *b*;\n&lt;x&gt; <https://a.example>``` now",
                vec!["run", "let a = *b*;\n<x> https://a.example", "now"],
            ),
            ("one ` tick and # no heading", vec!["one ` tick and # no heading"]),
            ("# no heading\n\n---\n| no | table |", vec!["# no heading", "--- | no | table |"]),
            ("never ``` closed", vec!["never ``` closed"]),
            ("2 < 3 <unclosed", vec!["2 3 unclosed"]),
        ] {
            assert_eq!(read(written), seen, "{written}: {}", markdown(written, &names()));
        }
    }

    #[test]
    fn those_who_are_mentioned_are_found() {
        let found: Vec<_> = mentioned("<@U1> and <@U2|bob>, <@nobody> <#C1|x> <@").collect();
        assert_eq!(found, ["U1", "U2"]);
    }

    /// Whatever is written, none of its words is lost.
    #[test]
    fn no_word_is_lost() {
        let odd = [
            "*",
            "_",
            "~",
            "`",
            "```",
            "\n",
            "&gt; ",
            "• ",
            "<@U1>",
            "<",
            ">",
            "# ",
            "- ",
            " ",
            "<https://a.example|",
            "&amp;",
            "[",
            "|",
        ];
        let mut seed = 5_u64;
        let mut roll = |below: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(seed >> 33).unwrap() % below
        };
        for _ in 0..2_000 {
            let mut text = String::new();
            for word in 0..8 {
                for _ in 0..roll(3) {
                    text.push_str(odd[roll(odd.len())]);
                }
                text.push_str(&format!("w{word}w"));
            }
            let seen = read(&text).join(" ");
            // What Slack never sends may swallow what it wraps; what people can write swallows nothing.
            if !text.contains("<https") && !text.contains('<') {
                let words: Vec<usize> = seen.split('w').filter_map(|part| part.parse().ok()).collect();
                assert_eq!(words, (0..8).collect::<Vec<_>>(), "{text:?}: {seen:?}");
            }
        }
    }
}
