//! Answers as text: with the marks of their nodes, or without any.

use super::{Block, Inline, lines::begins_block};

/// The text of an answer.
pub fn write(blocks: &[Block]) -> String {
    let mut out = String::new();
    for block in blocks {
        if !out.is_empty() {
            out.push_str("\n\n");
        }
        match block {
            Block::Paragraph(nodes) => write_line(nodes, &mut out),
            Block::List { first, items } => {
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push('\n');
                    }
                    match first {
                        Some(first) => out.push_str(&format!("{}. ", first.saturating_add(u32::try_from(at).unwrap_or(u32::MAX)))),
                        None => out.push_str("- "),
                    }
                    write_nodes(item, &mut out);
                }
            }
            Block::Code(code) => out.push_str(&format!("```\n{code}\n```")),
        }
    }
    out
}

/// What begins a line must not be taken for what begins a block.
fn write_line(nodes: &[Inline], out: &mut String) {
    let mut start = out.len();
    for node in nodes {
        write_node(node, out);
        if matches!(node, Inline::Break) {
            guard(start, out);
            start = out.len();
        }
    }
    guard(start, out);
}

fn guard(start: usize, out: &mut String) {
    let line = out[start..].trim_end_matches('\n');
    if begins_block(line) {
        if line.starts_with('•') {
            out.replace_range(start..start + '•'.len_utf8(), "·");
            return;
        }
        // "1." is no number of an item once its full stop is escaped.
        let digits = line.bytes().take_while(u8::is_ascii_digit).count();
        out.insert(start + digits, '\\');
    }
}

fn write_nodes(nodes: &[Inline], out: &mut String) {
    for node in nodes {
        write_node(node, out);
    }
}

fn write_node(node: &Inline, out: &mut String) {
    // "!" before a link would make a picture of it.
    if matches!(node, Inline::Link { .. } | Inline::Citation(_)) && out.ends_with('!') {
        out.insert(out.len() - 1, '\\');
    }
    match node {
        Inline::Text(text) => {
            // Behind a number it would be taken for an address.
            if text.starts_with('(') && out.ends_with(']') {
                out.push('\\');
            }
            escape(text, out);
        }
        Inline::Break => out.push('\n'),
        Inline::Code(code) => out.push_str(&format!("`{code}`")),
        Inline::Strong(inside) => write_marked("**", inside, out),
        Inline::Emphasis(inside) => write_marked("*", inside, out),
        Inline::Citation(n) => out.push_str(&format!("[{n}]")),
        Inline::Link { label, address } => {
            out.push('[');
            escape(label, out);
            out.push_str(&format!("]({address})"));
        }
    }
}

fn write_marked(mark: &str, inside: &[Inline], out: &mut String) {
    // Two marks side by side would be read as another one.
    if out.ends_with('*') && !out.ends_with("\\*") {
        out.push(' ');
    }
    out.push_str(mark);
    write_nodes(inside, out);
    out.push_str(mark);
}

fn escape(text: &str, out: &mut String) {
    for letter in text.chars() {
        if matches!(letter, '\\' | '`' | '*' | '[' | ']') {
            out.push('\\');
        }
        out.push(letter);
    }
}

/// Without marks, for those who hear it, or read it where nothing is drawn. `sources`: with the numbers of sources.
pub fn plain(blocks: &[Block], sources: bool) -> String {
    let mut parts = Vec::with_capacity(blocks.len());
    for block in blocks {
        parts.push(match block {
            Block::Paragraph(nodes) => plain_nodes(nodes, sources),
            Block::List { first, items } => {
                let lines = items.iter().enumerate().map(|(at, item)| match first {
                    Some(first) => format!(
                        "{}. {}",
                        first.saturating_add(u32::try_from(at).unwrap_or(u32::MAX)),
                        plain_nodes(item, sources)
                    ),
                    None => format!("- {}", plain_nodes(item, sources)),
                });
                lines.collect::<Vec<_>>().join("\n")
            }
            Block::Code(code) => code.clone(),
        });
    }
    parts.join("\n\n")
}

/// One line's worth of [`plain`].
pub(crate) fn plain_nodes(nodes: &[Inline], sources: bool) -> String {
    let mut out = String::new();
    for node in nodes {
        match node {
            Inline::Text(text) => out.push_str(text),
            Inline::Break => out.push('\n'),
            Inline::Code(code) => out.push_str(code),
            Inline::Strong(inside) | Inline::Emphasis(inside) => out.push_str(&plain_nodes(inside, sources)),
            Inline::Citation(n) if sources => out.push_str(&format!("[{n}]")),
            Inline::Citation(_) => out.truncate(out.trim_end_matches(' ').len()),
            Inline::Link { label, .. } => out.push_str(label),
        }
    }
    out.trim().to_owned()
}
