use super::*;
use crate::knowledge::parse::{Block, Limits, MediaType, Stop, parse};

fn blocks(storage: &str) -> Vec<Block> {
    let html = to_html(storage).unwrap();
    let read = parse(MediaType::Html, "a.html", html.as_bytes(), &Limits::default(), &Stop::default());
    read.unwrap_or_else(|error| panic!("{error}: {html}")).blocks
}

fn texts(storage: &str) -> Vec<String> {
    blocks(storage).iter().map(|block| block.text().to_owned()).collect()
}

#[test]
fn a_page_reads_as_it_looks() {
    let page = r#"<h1>Export&nbsp;&amp; import</h1><p>Open <strong>Settings</strong> &rarr; <em>Data</em>, then <a href="https://x.example">press</a> <code>go &lt;x&gt;</code>.</p>
            <ac:layout><ac:layout-section ac:type="two_equal"><ac:layout-cell><ol start="3"><li><p>Three</p><ul><li>nested</li></ul></li><li>Four</li></ol></ac:layout-cell>
            <ac:layout-cell><p>Beside<br />it</p></ac:layout-cell></ac:layout-section></ac:layout>
            <table class="wrapped"><colgroup><col /><col /></colgroup><tbody><tr><th><p>Plan</p></th><th>Price</th></tr><tr><td><p>Team</p></td><td>$20</td></tr></tbody></table>
            <blockquote><p>Quoted</p></blockquote><hr /><p><time datetime="2026-01-31" /></p>"#;
    let item = |marker: &str, depth, text: &str| Block::ListItem {
        marker: marker.into(),
        depth,
        text: text.into(),
    };
    let paragraph = |text: &str| Block::Paragraph(text.into());
    assert_eq!(
        blocks(page),
        [
            Block::Heading {
                level: 1,
                text: "Export & import".into()
            },
            paragraph("Open Settings → Data, then press `go <x>`."),
            item("3.", 0, "Three"),
            item("-", 1, "nested"),
            item("4.", 0, "Four"),
            paragraph("Beside it"),
            Block::TableRow("Plan: Team; Price: $20".into()),
            paragraph("Quoted"),
            paragraph("2026-01-31"),
        ]
    );
}

#[test]
fn macros_say_what_readers_see_of_them() {
    for (storage, seen) in [
        (
            r#"<ac:structured-macro ac:name="code" ac:schema-version="1" ac:macro-id="1"><ac:parameter ac:name="language">sql</ac:parameter><ac:parameter ac:name="title">Count</ac:parameter><ac:plain-text-body><![CDATA[select *
from "a" where b < 1 && c]]></ac:plain-text-body></ac:structured-macro>"#,
            vec!["Count", "select *\nfrom \"a\" where b < 1 && c"],
        ),
        (
            r#"<ac:structured-macro ac:name="info"><ac:rich-text-body><p>Mind the gap.</p></ac:rich-text-body></ac:structured-macro>"#,
            vec!["Info", "Mind the gap."],
        ),
        (
            r#"<ac:structured-macro ac:name="warning"><ac:parameter ac:name="title">Beware &lt;you&gt;</ac:parameter><ac:rich-text-body><p>It bites.</p></ac:rich-text-body></ac:structured-macro>"#,
            vec!["Warning: Beware <you>", "It bites."],
        ),
        (
            r#"<ac:structured-macro ac:name="expand"><ac:parameter ac:name="title">How?</ac:parameter><ac:rich-text-body><p>So.</p><ac:structured-macro ac:name="tip"><ac:rich-text-body>Try.</ac:rich-text-body></ac:structured-macro></ac:rich-text-body></ac:structured-macro>"#,
            vec!["How?", "So.", "Tip", "Try."],
        ),
        (
            r#"<p>State: <ac:structured-macro ac:name="status"><ac:parameter ac:name="colour">Green</ac:parameter><ac:parameter ac:name="title">DONE</ac:parameter></ac:structured-macro> since May</p>"#,
            vec!["State: DONE since May"],
        ),
        (
            r#"<p>See <ac:structured-macro ac:name="jira"><ac:parameter ac:name="server">Jira</ac:parameter><ac:parameter ac:name="key">AB-1</ac:parameter></ac:structured-macro>.</p>"#,
            vec!["See AB-1."],
        ),
        (
            r#"<p>Text</p><ac:structured-macro ac:name="toc"><ac:parameter ac:name="maxLevel">2</ac:parameter></ac:structured-macro><ac:structured-macro ac:name="html"><ac:plain-text-body><![CDATA[<b>no</b>]]></ac:plain-text-body></ac:structured-macro>"#,
            vec!["Text"],
        ),
        (
            r#"<p>Text</p><ac:structured-macro ac:name="excerpt"><ac:parameter ac:name="hidden">true</ac:parameter><ac:rich-text-body><p>secret</p></ac:rich-text-body></ac:structured-macro>"#,
            vec!["Text"],
        ),
        (
            r#"<ac:structured-macro ac:name="details"><ac:rich-text-body><p>Owner: Ada</p></ac:rich-text-body></ac:structured-macro>"#,
            vec!["Owner: Ada"],
        ),
        (
            r#"<ac:task-list><ac:task><ac:task-id>1</ac:task-id><ac:task-status>incomplete</ac:task-status><ac:task-body><span class="placeholder-inline-tasks">Paint</span></ac:task-body></ac:task></ac:task-list>"#,
            vec!["Paint"],
        ),
        (
            r#"<ac:adf-extension><ac:adf-node type="panel"><ac:adf-attribute key="panel-type">custom</ac:adf-attribute><ac:adf-content><p>Once</p></ac:adf-content></ac:adf-node><ac:adf-fallback><div class="panel"><p>Once</p></div></ac:adf-fallback></ac:adf-extension>"#,
            vec!["Once"],
        ),
        (
            r#"<ac:adf-extension><ac:adf-node type="new"><ac:adf-attribute key="k">v</ac:adf-attribute></ac:adf-node><ac:adf-fallback><p>Instead</p></ac:adf-fallback></ac:adf-extension>"#,
            vec!["Instead"],
        ),
        (
            r#"<p><ac:placeholder>Write here</ac:placeholder>Written <ac:emoticon ac:name="tick" ac:emoji-shortname=":check:" ac:emoji-fallback="✅" /><ac:emoticon ac:name="blue-star" ac:emoji-fallback=":shout:" /></p>"#,
            vec!["Written ✅"],
        ),
        (
            r#"<p><ac:inline-comment-marker ac:ref="1">Marked</ac:inline-comment-marker> <ac:image ac:alt="the panel"><ri:attachment ri:filename="a.png" /><ac:caption><p>Fig. 1</p></ac:caption></ac:image></p>"#,
            vec!["Marked the panel", "Fig. 1"],
        ),
    ] {
        assert_eq!(texts(storage), seen, "{storage}");
    }
}

#[test]
fn links_show_their_words_or_what_they_lead_to() {
    for (storage, seen) in [
        (
            r#"<ac:link ac:anchor="a"><ri:page ri:space-key="DOC" ri:content-title="Home" /><ac:plain-text-link-body><![CDATA[the <home>]]></ac:plain-text-link-body></ac:link>"#,
            "See the <home>!",
        ),
        (
            r#"<ac:link><ri:page ri:content-title="Home" /><ac:link-body>the <strong>home</strong></ac:link-body></ac:link>"#,
            "See the home!",
        ),
        (r#"<ac:link><ri:page ri:content-title="Q&amp;A" /></ac:link>"#, "See Q&A!"),
        (r#"<ac:link><ri:attachment ri:filename="a.pdf" /></ac:link>"#, "See a.pdf!"),
        (r#"<ac:link><ri:user ri:account-id="5b1" /></ac:link>"#, "See !"),
    ] {
        assert_eq!(texts(&format!("<p>See {storage}!</p>")), [seen], "{storage}");
    }
}

#[test]
fn what_is_no_storage_format_is_said_to_be_none_or_read_as_far_as_it_goes() {
    for (storage, seen) in [
        ("plain words", Some("plain words")),
        ("<p>a & b</p>", Some("a & b")),
        ("<p>open <b>ends", Some("open ends")),
        ("<p>a</p></div></p>", Some("a")),
        ("<p>&unknown; &#8364;</p>", Some("&unknown; €")),
        ("<p>cut <a href=\"", None),
        ("<!DOCTYPE x [<!ENTITY a \"b\">]><p>&a;</p>", None),
        ("<p><![CDATA[never closed", None),
    ] {
        match seen {
            Some(seen) => assert_eq!(texts(storage), [seen], "{storage}"),
            None => assert_eq!(to_html(storage), Err(Unreadable), "{storage}"),
        }
    }
    assert_eq!(to_html(&"<div>".repeat(100_000)), Err(Unreadable));
}

#[test]
fn marks_are_no_words() {
    for (html, words) in [
        ("<p class=\"x\"> </p>", false),
        ("<p>&nbsp;</p>", false),
        ("<p>...</p>", false),
        ("<p>a</p>", true),
        ("<p>& b</p>", true),
        ("é", true),
    ] {
        assert_eq!(has_words(html), words, "{html}");
    }
}

/// Whatever macros are put into one another: each word is read once, and in its order.
#[test]
fn no_word_is_lost_or_said_twice() {
    const AROUND: [(&str, &str); 8] = [
        ("<div>", "</div>"),
        ("<ul><li>", "</li></ul>"),
        ("<table><tbody><tr><td>", "</td></tr></tbody></table>"),
        ("<blockquote>", "</blockquote>"),
        (
            r#"<ac:structured-macro ac:name="panel"><ac:rich-text-body>"#,
            "</ac:rich-text-body></ac:structured-macro>",
        ),
        (
            r#"<ac:structured-macro ac:name="of-tomorrow"><ac:parameter ac:name="x">no</ac:parameter><ac:rich-text-body>"#,
            "</ac:rich-text-body></ac:structured-macro>",
        ),
        (
            "<ac:layout><ac:layout-section><ac:layout-cell>",
            "</ac:layout-cell></ac:layout-section></ac:layout>",
        ),
        (
            "<ac:adf-extension><ac:adf-node><ac:adf-content>",
            "</ac:adf-content></ac:adf-node><ac:adf-fallback><p>wordless</p></ac:adf-fallback></ac:adf-extension>",
        ),
    ];
    let mut seed = 11_u64;
    let mut roll = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below
    };
    for _ in 0..200 {
        let (mut storage, mut ends, mut count) = (String::new(), Vec::new(), 0);
        for _ in 0..30 {
            if roll(3) == 0 && ends.len() < 6 {
                let (begin, end) = AROUND[roll(AROUND.len())];
                storage.push_str(begin);
                ends.push(end);
            }
            count += 1;
            storage.push_str(&format!("<p>no{count}x</p>"));
            if roll(3) == 0 {
                storage.push_str(ends.pop().unwrap_or_default());
            }
        }
        while let Some(end) = ends.pop() {
            storage.push_str(end);
        }
        let seen = texts(&storage).join(" ");
        let words: Vec<usize> = seen
            .split("no")
            .skip(1)
            .filter_map(|rest| rest.split('x').next()?.parse().ok())
            .collect();
        assert_eq!(words, (1..=count).collect::<Vec<_>>(), "{storage}");
        assert!(!seen.contains("wordless"), "{storage}");
    }
}
