//! Between Slack's mrkdwn and plain text: <https://docs.slack.dev/messaging/formatting-message-text>.

use serde_json::{Value, json};

use super::events::Judgement;
use crate::{
    knowledge::answer::safe::{self, Block, Inline},
    project::questions::Cited,
};

/// Characters of a section, escapes included: Slack takes 3 000.
const SECTION: usize = 2_800;
/// Sections of one answer: Slack takes 50 blocks.
const SECTIONS: usize = 20;
/// Characters of a source's name, and of its address.
const NAME: usize = 120;
const ADDRESS: usize = 600;

/// `text` so that Slack shows it as it is: no link, no mention, no command in it.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            other => out.push(other),
        }
    }
    out
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// What somebody wrote, as plain text and without the mentions of `bot`.
pub(super) fn plain(text: &str, bot: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(&unescape(before));
        let Some((inside, behind)) = after.split_once('>') else {
            rest = after;
            continue;
        };
        rest = behind;
        let (target, label) = inside
            .split_once('|')
            .map_or((inside, None), |(target, label)| (target, Some(label)));
        match target.split_at_checked(1) {
            Some(("@", user)) if user == bot => {}
            Some(("@", _)) => out.push_str(label.unwrap_or("somebody")),
            Some(("#", _)) => out.push_str(&label.map(|label| format!("#{label}")).unwrap_or_default()),
            Some(("!", _)) => out.push_str(label.unwrap_or_default()),
            _ => out.push_str(&unescape(label.unwrap_or(target))),
        }
    }
    out.push_str(&unescape(rest));
    let lines: Vec<String> = out
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    lines.join("\n").trim().to_owned()
}

/// Whether `text` mentions `user`.
pub(super) fn mentions(text: &str, user: &str) -> bool {
    text.contains(&format!("<@{user}>")) || text.contains(&format!("<@{user}|"))
}

fn cut(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// `<address|name>`, if the address is one of the web; the name alone otherwise.
fn link(address: Option<&str>, name: &str) -> String {
    let name = escape(&cut(&name.replace(['\n', '\r', '|'], " "), NAME));
    let web = address.filter(|address| {
        let is_web = url::Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        is_web && address.len() <= ADDRESS && !address.contains(char::is_whitespace)
    });
    match web {
        Some(address) => format!("<{}|{name}>", escape(&address.replace('|', "%7C"))),
        None => name,
    }
}

fn source(cited: &Cited) -> String {
    let place: Vec<&str> = std::iter::once(cited.title.as_str())
        .chain(cited.section.iter().map(String::as_str))
        .collect();
    format!("[{}] {}", cited.n, link(cited.link.as_deref(), &place.join(" › ")))
}

/// `text` in parts of at most `most` characters, cut between paragraphs, lines or words where there are any.
fn parts(text: &str, most: usize) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text.trim();
    while let Some((end, _)) = rest.char_indices().nth(most) {
        let head = &rest[..end];
        let at = ["\n\n", "\n", " "]
            .iter()
            .find_map(|mark| head.rfind(mark).filter(|at| *at > end / 2));
        let (part, behind) = rest.split_at(at.unwrap_or(end));
        found.push(part);
        rest = behind.trim_start();
    }
    if !rest.is_empty() {
        found.push(rest);
    }
    found
}

/// An answer as it is posted.
pub(super) struct Told<'a> {
    pub message: entities::MessageId,
    pub text: &'a str,
    pub sources: &'a [Cited],
    /// Pages that come near, where there is no answer.
    pub closest: &'a [Cited],
}

/// An answer in Slack's own marks.
fn mrkdwn(blocks: &[Block]) -> String {
    let parts = blocks.iter().map(|block| match block {
        Block::Paragraph(nodes) => marked(nodes),
        Block::List { first, items } => {
            let lines = items.iter().zip(0u32..).map(|(item, at)| match first {
                Some(first) => format!("{}. {}", first.saturating_add(at), marked(item)),
                None => format!("• {}", marked(item)),
            });
            lines.collect::<Vec<_>>().join("\n")
        }
        Block::Code(code) => format!("```\n{}\n```", escape(code)),
    });
    parts.collect::<Vec<_>>().join("\n\n")
}

fn marked(nodes: &[Inline]) -> String {
    let parts = nodes.iter().map(|node| match node {
        Inline::Text(text) => escape(text),
        Inline::Break => "\n".to_owned(),
        Inline::Code(code) => format!("`{}`", escape(code)),
        Inline::Strong(inside) => format!("*{}*", marked(inside)),
        Inline::Emphasis(inside) => format!("_{}_", marked(inside)),
        Inline::Citation(n) => format!("[{n}]"),
        Inline::Link { label, address } => link(Some(address), label),
    });
    parts.collect()
}

fn section(text: &str) -> Value {
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text, "verbatim": true } })
}

fn thumb(label: &str, judgement: Judgement) -> Value {
    json!({
        "type": "button",
        "text": { "type": "plain_text", "text": label, "emoji": true },
        "action_id": judgement.action(),
        "value": judgement.message.to_string(),
    })
}

/// The body of `chat.postMessage`. Nothing is unfurled: an address that somebody smuggled into a document would be fetched.
pub(super) fn posted(channel: &str, thread: &str, told: &Told<'_>) -> Value {
    let escaped = mrkdwn(&safe::read(told.text));
    let mut blocks: Vec<Value> = parts(&escaped, SECTION).into_iter().take(SECTIONS).map(section).collect();
    let (title, list) = match told.sources.is_empty() {
        false => ("Sources", told.sources),
        true => ("Closest pages", told.closest),
    };
    let lines: Vec<String> = list.iter().map(source).collect();
    let listed = match lines.is_empty() {
        true => String::new(),
        false => format!("{title}\n{}", lines.join("\n")),
    };
    blocks.extend(parts_of_lines(&listed).into_iter().map(|text| section(&text)));
    let message = told.message;
    blocks.push(json!({
        "type": "actions",
        "elements": [
            thumb("👍 Helpful", Judgement { message, helpful: true }),
            thumb("👎 Not helpful", Judgement { message, helpful: false }),
        ],
    }));
    let text = [escaped.as_str(), &listed]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>();
    let mut message = said(channel, thread, &cut(&text.join("\n\n"), 4_000));
    message["blocks"] = Value::Array(blocks);
    message
}

/// Whole lines together, as many as a section takes: a link must not be cut.
fn parts_of_lines(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in text.lines() {
        match found.last_mut() {
            Some(last) if last.chars().count() + line.chars().count() < SECTION => {
                last.push('\n');
                last.push_str(line);
            }
            _ => found.push(line.to_owned()),
        }
    }
    found
}

/// A message of mrkdwn alone.
pub(super) fn said(channel: &str, thread: &str, text: &str) -> Value {
    json!({
        "channel": channel,
        "thread_ts": thread,
        "text": text,
        "parse": "none",
        "link_names": false,
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

#[cfg(test)]
mod tests {
    use entities::{ChunkId, DocumentId, MessageId};

    use super::*;

    fn cited(n: u32, title: &str, address: Option<&str>) -> Cited {
        Cited {
            n,
            document: Some(DocumentId::new()),
            chunk: Some(ChunkId::new()),
            title: title.into(),
            section: vec!["Export".into()],
            excerpt: String::new(),
            link: address.map(str::to_owned),
        }
    }

    #[test]
    fn a_question_is_read_without_what_slack_wraps_it_in() {
        for (written, read) in [
            ("<@UBOT> How do I export?", "How do I export?"),
            (
                "Hey <@UBOT>,  what  is <https://a.example/x?a=1&amp;b=2|this>",
                "Hey , what is this",
            ),
            ("<@UBOT|pernoex> a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"),
            ("<@U2> and <#C1|general> <!here>", "somebody and #general"),
            ("one\n<@UBOT> two", "one\ntwo"),
            ("<https://a.example>", "https://a.example"),
            ("<@UBOT>", ""),
            ("2 < 3", "2 3"),
        ] {
            assert_eq!(plain(written, "UBOT"), read, "{written}");
        }
        assert!(mentions("a <@UBOT> b", "UBOT") && !mentions("a <@UBOT2> b", "UBOT"));
    }

    #[test]
    fn nothing_in_an_answer_is_a_command_to_slack() {
        let message = MessageId::new();
        let sources = [cited(
            1,
            "Guide <!channel> | & more",
            Some("https://docs.example.com/a|b?x=1&y=<2>"),
        )];
        let told = Told {
            message,
            text: "Press <!here> & <https://evil.example|ok> [1]",
            sources: &sources,
            closest: &[],
        };
        let body = posted("C1", "1.2", &told);
        let text = body["text"].as_str().unwrap();
        assert!(
            text.starts_with("Press &lt;!here&gt; &amp; &lt;https://evil.example|ok&gt; [1]"),
            "{text}"
        );
        assert!(
            text.ends_with("[1] <https://docs.example.com/a%7Cb?x=1&amp;y=&lt;2&gt;|Guide &lt;!channel&gt;   &amp; more › Export>"),
            "{text}"
        );
        assert_eq!(
            (body["unfurl_links"].as_bool(), body["unfurl_media"].as_bool()),
            (Some(false), Some(false))
        );
        assert_eq!(body["thread_ts"], "1.2");
        let blocks = body["blocks"].as_array().unwrap();
        assert_eq!(blocks.last().unwrap()["elements"][0]["value"], message.to_string());
    }

    #[test]
    fn only_addresses_of_the_web_are_linked() {
        for address in ["javascript:alert(1)", "slack://x", "https://a b", "not one"] {
            assert_eq!(link(Some(address), "Guide"), "Guide", "{address}");
        }
        assert_eq!(link(Some("https://a.example/"), "Guide"), "<https://a.example/|Guide>");
    }

    #[test]
    fn a_long_answer_is_cut_between_words_and_loses_none() {
        let text = (0..3_000).map(|n| format!("word{n}")).collect::<Vec<_>>().join(" ");
        let found = parts(&text, SECTION);
        assert!(found.len() > 5 && found.iter().all(|part| part.chars().count() <= SECTION));
        assert_eq!(found.join(" "), text);
        assert_eq!(parts(&"é".repeat(6_000), SECTION).len(), 3);
        assert!(parts("  ", SECTION).is_empty());
    }
}
