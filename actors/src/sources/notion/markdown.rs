//! Notion's blocks as Markdown: <https://developers.notion.com/reference/block>. Pure; what is in a block is in it here too.

use serde_json::Value;

use super::{
    blocks::Block,
    rich::{inline, line, plain},
};
use crate::sources::markdown::{fenced, indented, link, title};

/// What was written, and whether it is an item of a list: items stand close together.
struct Piece {
    text: String,
    item: bool,
}

pub(super) fn write(blocks: &[Block]) -> String {
    let mut out = String::new();
    let mut after_item = false;
    let mut number = 0;
    for block in blocks {
        number = match block.kind.as_str() {
            "numbered_list_item" if number > 0 => number + 1,
            "numbered_list_item" => block.body["list_start_index"].as_u64().unwrap_or(1),
            _ => 0,
        };
        for piece in pieces(block, number) {
            if piece.text.trim().is_empty() {
                // An empty paragraph ends a list.
                after_item &= piece.item;
                continue;
            }
            if !out.is_empty() {
                out.push_str(if after_item && piece.item { "\n" } else { "\n\n" });
            }
            out.push_str(&piece.text);
            after_item = piece.item;
        }
    }
    out
}

fn pieces(block: &Block, number: u64) -> Vec<Piece> {
    let (body, rich) = (&block.body, &block.body["rich_text"]);
    let own = |text: String| Piece { text, item: false };
    let below = || own(write(&block.children));
    match block.kind.as_str() {
        // The page's title is the first.
        "heading_1" => vec![own(heading(2, rich)), below()],
        "heading_2" => vec![own(heading(3, rich)), below()],
        "heading_3" => vec![own(heading(4, rich)), below()],
        "heading_4" => vec![own(heading(5, rich)), below()],
        "bulleted_list_item" | "toggle" => vec![item("- ", &inline(rich), &block.children)],
        "numbered_list_item" => vec![item(&format!("{number}. "), &inline(rich), &block.children)],
        "to_do" => {
            let marker = if body["checked"] == true { "- [x] " } else { "- [ ] " };
            vec![item(marker, &inline(rich), &block.children)]
        }
        "quote" | "callout" => vec![own(quoted(&inline(rich), &block.children))],
        "code" => vec![
            own(fenced(body["language"].as_str().unwrap_or_default(), &plain(rich))),
            own(inline(&body["caption"])),
        ],
        "equation" => vec![own(fenced("math", body["expression"].as_str().unwrap_or_default()))],
        "table" => vec![own(table(body, &block.children))],
        "bookmark" | "embed" | "link_preview" => vec![own(reference(body))],
        "image" | "video" | "audio" | "file" | "pdf" => vec![own(inline(&body["caption"]))],
        // A paragraph and whatever else says something; columns and synced blocks only hold others.
        _ => vec![own(inline(rich)), below()],
    }
}

fn heading(level: usize, rich: &Value) -> String {
    match line(rich) {
        text if text.is_empty() => text,
        text => format!("{} {text}", "#".repeat(level)),
    }
}

fn item(marker: &str, text: &str, children: &[Block]) -> Piece {
    // What is below a task's box stands below its text.
    let margin = " ".repeat(marker.find('[').unwrap_or(marker.len()));
    let inside = write(children);
    let text = match (text.is_empty(), inside.is_empty()) {
        (true, true) => String::new(),
        (true, false) => format!("{}\n{}", marker.trim_end(), indented(&inside, &margin)),
        (false, true) => format!("{marker}{}", indented(text, &margin).trim_start()),
        (false, false) => {
            // Only these may follow a line of text at once.
            let is_list = inside.starts_with("- ") || inside.starts_with("1. ");
            let between = if is_list { "\n" } else { "\n\n" };
            let text = indented(text, &margin);
            format!("{marker}{}{between}{}", text.trim_start(), indented(&inside, &margin))
        }
    };
    Piece { text, item: true }
}

fn quoted(text: &str, children: &[Block]) -> String {
    let inside = write(children);
    let parts = [text, &inside].into_iter().filter(|part| !part.is_empty());
    indented(&parts.collect::<Vec<_>>().join("\n\n"), "> ")
}

fn table(body: &Value, rows: &[Block]) -> String {
    let rows = rows.iter().filter(|row| row.kind == "table_row").map(|row| {
        let cells = row.body["cells"].as_array().map(Vec::as_slice).unwrap_or_default();
        cells.iter().map(line).collect::<Vec<_>>()
    });
    let mut rows: Vec<Vec<String>> = rows.collect();
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    if width == 0 {
        return String::new();
    }
    // Markdown knows no table without a row of headings: one that has none gets an empty one.
    if body["has_column_header"] != true {
        rows.insert(0, Vec::new());
    }
    let mut lines = Vec::with_capacity(rows.len() + 1);
    for (at, mut row) in rows.into_iter().enumerate() {
        row.resize(width, String::new());
        lines.push(format!("| {} |", row.join(" | ")));
        if at == 0 {
            lines.push(format!("|{}", " --- |".repeat(width)));
        }
    }
    lines.join("\n")
}

fn reference(body: &Value) -> String {
    let address = body["url"].as_str().unwrap_or_default();
    let caption = inline(&body["caption"]);
    match caption.is_empty() {
        true => link(&title(address), address),
        false => link(&caption, address),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::knowledge::parse::{self, Limits, MediaType, Stop, parse};

    fn text(text: &str) -> Value {
        json!([{ "type": "text", "plain_text": text, "annotations": {} }])
    }

    fn block(kind: &str, words: &str, children: Vec<Block>) -> Block {
        Block {
            kind: kind.into(),
            body: json!({ "rich_text": text(words) }),
            children,
        }
    }

    fn other(kind: &str, body: Value, children: Vec<Block>) -> Block {
        Block {
            kind: kind.into(),
            body,
            children,
        }
    }

    fn read(markdown: &str) -> Vec<parse::Block> {
        let read = parse(
            MediaType::Markdown,
            "a.md",
            markdown.as_bytes(),
            &Limits::default(),
            &Stop::default(),
        );
        read.unwrap().blocks
    }

    fn row(cells: &[&str]) -> Block {
        let cells: Vec<Value> = cells.iter().map(|cell| text(cell)).collect();
        other("table_row", json!({ "cells": cells }), Vec::new())
    }

    #[test]
    fn a_page_reads_as_it_looks() {
        let blocks = [
            block("heading_1", "Setting up", vec![]),
            block("paragraph", "Do this first:", vec![block("paragraph", "moved in", vec![])]),
            block(
                "numbered_list_item",
                "Open it",
                vec![block("bulleted_list_item", "twice", vec![block("paragraph", "slowly", vec![])])],
            ),
            block("numbered_list_item", "Close it\nagain", vec![]),
            block("paragraph", "", vec![]),
            block("to_do", "Paint it", vec![]),
            other("to_do", json!({ "rich_text": text("Sell it"), "checked": true }), vec![]),
            block("toggle", "What if it breaks?", vec![block("paragraph", "Call us.", vec![])]),
            block("quote", "Be quick", vec![block("paragraph", "or be dead", vec![])]),
            other(
                "code",
                json!({ "rich_text": text("let a = `1`;\n# not a heading"), "language": "rust", "caption": text("How") }),
                vec![],
            ),
            other("divider", json!({}), vec![]),
            other(
                "column_list",
                json!({}),
                vec![
                    other("column", json!({ "width_ratio": 0.5 }), vec![block("paragraph", "left", vec![])]),
                    other("column", json!({}), vec![block("paragraph", "right", vec![])]),
                ],
            ),
            other(
                "table",
                json!({ "table_width": 2, "has_column_header": true }),
                vec![row(&["Plan", "Price"]), row(&["Team", "a|b"])],
            ),
            other("table", json!({ "has_column_header": false }), vec![row(&["x", "y"]), row(&["z"])]),
            other("bookmark", json!({ "url": "https://docs.example.com/a_b", "caption": [] }), vec![]),
            other("image", json!({ "type": "external", "caption": text("The panel") }), vec![]),
            other("equation", json!({ "expression": "e=mc^2" }), vec![]),
            other("a_kind_of_tomorrow", json!({ "rich_text": text("still read") }), vec![]),
            other("unsupported", json!({}), vec![]),
        ];
        let markdown = write(&blocks);
        let expected = [
            "## Setting up",
            "",
            "Do this first:",
            "",
            "moved in",
            "",
            "1. Open it",
            "   - twice",
            "",
            "     slowly",
            "2. Close it",
            "   again",
            "",
            "- [ ] Paint it",
            "- [x] Sell it",
            "- What if it breaks?",
            "",
            "  Call us.",
            "",
            "> Be quick",
            ">",
            "> or be dead",
            "",
            "```rust",
            "let a = `1`;",
            "# not a heading",
            "```",
            "",
            "How",
            "",
            "left",
            "",
            "right",
            "",
            "| Plan | Price |",
            "| --- | --- |",
            "| Team | a\\|b |",
            "",
            "|  |  |",
            "| --- | --- |",
            "| x | y |",
            "| z |  |",
            "",
            "[https://docs.example.com/a\\_b](<https://docs.example.com/a_b>)",
            "",
            "The panel",
            "",
            "```math",
            "e=mc^2",
            "```",
            "",
            "still read",
        ];
        assert_eq!(markdown, expected.join("\n"));
        use parse::Block as B;
        let item = |marker: &str, depth, text: &str| B::ListItem {
            marker: marker.into(),
            depth,
            text: text.into(),
        };
        let paragraph = |text: &str| B::Paragraph(text.into());
        assert_eq!(
            read(&markdown),
            [
                B::Heading {
                    level: 2,
                    text: "Setting up".into()
                },
                paragraph("Do this first:"),
                paragraph("moved in"),
                item("1.", 0, "Open it"),
                item("-", 1, "twice"),
                paragraph("slowly"),
                item("2.", 0, "Close it again"),
                item("-", 0, "Paint it"),
                item("-", 0, "Sell it"),
                item("-", 0, "What if it breaks?"),
                paragraph("Call us."),
                paragraph("Be quick"),
                paragraph("or be dead"),
                B::Code("let a = `1`;\n# not a heading".into()),
                paragraph("How"),
                paragraph("left"),
                paragraph("right"),
                B::TableRow("Plan: Team; Price: a|b".into()),
                B::TableRow("x; y".into()),
                B::TableRow("z".into()),
                paragraph("https://docs.example.com/a_b"),
                paragraph("The panel"),
                B::Code("e=mc^2".into()),
                paragraph("still read"),
            ]
        );
    }

    /// Whatever is said, all of it is read again, and in its order.
    #[test]
    fn no_word_is_lost_however_blocks_are_nested() {
        let kinds = [
            "paragraph",
            "bulleted_list_item",
            "numbered_list_item",
            "to_do",
            "toggle",
            "quote",
            "callout",
            "heading_1",
            "heading_3",
            "column",
            "synced_block",
        ];
        let odd = [
            "", "# ", "- ", "1. ", "> ", "    ", "| ", "**", "<p>", "`", "\\", "~~~", "---", "[x] ", "import ",
        ];
        let mut seed = 7_u64;
        let mut roll = |below: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(seed >> 33).unwrap() % below
        };
        fn grow(depth: usize, count: &mut usize, roll: &mut impl FnMut(usize) -> usize, kinds: &[&str], odd: &[&str]) -> Vec<Block> {
            let many = 1 + roll(3);
            let blocks = (0..many).map(|_| {
                *count += 1;
                let words = format!("{}word{count}x", odd[roll(odd.len())]);
                let kind = kinds[roll(kinds.len())];
                let children = if depth < 4 && roll(2) == 0 {
                    grow(depth + 1, count, roll, kinds, odd)
                } else {
                    Vec::new()
                };
                block(kind, &words, children)
            });
            blocks.collect()
        }
        for _ in 0..300 {
            let mut count = 0;
            let markdown = write(&grow(0, &mut count, &mut roll, &kinds, &odd));
            let seen = read(&markdown)
                .iter()
                .map(|block| block.text().to_owned())
                .collect::<Vec<_>>()
                .join(" ");
            let words: Vec<usize> = seen
                .split("word")
                .skip(1)
                .filter_map(|rest| rest.split('x').next()?.parse().ok())
                .collect();
            assert_eq!(words, (1..=count).collect::<Vec<_>>(), "{markdown}");
            // As text: none of it made it into a block of code.
            assert!(
                !read(&markdown).iter().any(|block| matches!(block, parse::Block::Code(_))),
                "{markdown}"
            );
        }
    }
}
