//! AsciiDoc: <https://docs.asciidoctor.org/asciidoc/latest/>. Headings, lists, code, admonitions, tables and links become Markdown's.
//! Included files are listed by themselves, and left out here.

use std::collections::BTreeMap;

use super::markup::{push_code, push_table};

const NOTES: [&str; 5] = ["NOTE", "TIP", "IMPORTANT", "WARNING", "CAUTION"];
/// A name that leads to itself is not followed for ever.
const MOST_ATTRIBUTE: usize = 100;

/// Four of a mark or more, which open and close a block; or `--`.
fn delimiter(line: &str) -> Option<char> {
    let line = line.trim_end();
    if line == "--" || line.starts_with("```") && line.bytes().skip(3).all(|byte| byte.is_ascii_alphanumeric()) {
        return line.chars().next();
    }
    let mark = line.chars().next().filter(|mark| "-.=*_/+".contains(*mark))?;
    (line.len() >= 4 && line.chars().all(|other| other == mark)).then_some(mark)
}

pub(super) fn to_markdown(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut reader = Reader::default();
    let mut at = 0;
    while at < lines.len() {
        at = reader.step(&lines, at);
    }
    reader.out
}

#[derive(Default)]
struct Reader {
    out: String,
    /// `:name: value`
    attributes: BTreeMap<String, String>,
    /// What a line in brackets said of the block that comes.
    ahead: Ahead,
}

#[derive(Default)]
struct Ahead {
    language: String,
    columns: Option<usize>,
    has_head: bool,
}

impl Reader {
    fn step(&mut self, lines: &[&str], at: usize) -> usize {
        let line = lines[at].trim_end();
        if line.starts_with("|===") || line.starts_with(",===") {
            return self.table(lines, at);
        }
        if let Some(mark) = delimiter(line) {
            // The others hold text, which goes on as text.
            let holds_code = matches!(mark, '-' | '.' | '+' | '`' | '/') && line != "--";
            if !holds_code {
                self.out.push('\n');
                return at + 1;
            }
            let close = match mark {
                '`' => "```",
                _ => line,
            };
            let end = lines[at + 1..].iter().position(|line| line.trim_end() == close);
            let end = end.map_or(lines.len(), |end| at + 1 + end);
            let body = &lines[at + 1..end];
            let ahead = std::mem::take(&mut self.ahead);
            let language = if mark == '`' { line[3..].to_owned() } else { ahead.language };
            // Comments.
            if mark != '/' {
                push_code(&mut self.out, &language, body);
            }
            return end + 1;
        }
        if line.starts_with("//") {
            return at + 1;
        }
        if let Some((name, value)) = attribute(line) {
            self.attributes
                .insert(name.to_owned(), value.chars().take(MOST_ATTRIBUTE).collect());
            return at + 1;
        }
        if let Some(inside) = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
            .filter(|inside| !inside.contains("]"))
        {
            self.block_attributes(inside);
            return at + 1;
        }
        if line.is_empty() {
            self.out.push('\n');
            return at + 1;
        }
        self.text(line);
        at + 1
    }

    fn block_attributes(&mut self, inside: &str) {
        if inside.starts_with('[') {
            // An anchor.
            return;
        }
        let mut parts = inside.split(',').map(str::trim);
        let style = parts.next().unwrap_or_default();
        if style.starts_with("source") || style.is_empty() {
            self.ahead.language = parts.next().unwrap_or_default().to_owned();
        }
        if let Some(word) = NOTES.iter().find(|word| **word == style) {
            self.out.push_str(&format!("\n{}:\n\n", capital(word)));
        }
        if let Some(columns) = value_of(inside, "cols") {
            let repeated = columns.split_once('*').and_then(|(count, _)| count.trim().parse().ok());
            self.ahead.columns = Some(repeated.unwrap_or_else(|| columns.split([',', ';']).count()));
        }
        self.ahead.has_head |= inside.contains("header");
    }

    fn text(&mut self, line: &str) {
        // `include::` and other macros of a whole line.
        if let Some((name, rest)) = line.split_once("::")
            && !name.is_empty()
            && name.chars().all(|character| character.is_ascii_alphanumeric())
            && rest.trim_end().ends_with(']')
            && !rest.starts_with(' ')
        {
            let words = rest
                .rsplit_once('[')
                .map(|(_, words)| words.trim_end_matches(']'))
                .unwrap_or_default();
            if matches!(name, "image" | "video") && !words.is_empty() {
                self.line(words.split(',').next().unwrap_or_default().trim_matches('"'));
            }
            return;
        }
        let level = line.bytes().take_while(|byte| *byte == b'=').count();
        if (1..=6).contains(&level) && line[level..].starts_with(' ') {
            let title = self.inline(line[level..].trim());
            self.out.push_str(&format!("\n{} {title}\n\n", "#".repeat(level)));
            return;
        }
        if let Some((word, rest)) = line.split_once(": ").filter(|(word, _)| NOTES.contains(word)) {
            let text = format!("{}: {rest}", capital(word));
            self.line(&text);
            return;
        }
        let trimmed = line.trim_start();
        for (mark, sign) in [('*', "-"), ('-', "-"), ('.', "1.")] {
            let depth = trimmed.chars().take_while(|character| *character == mark).count();
            let rest = trimmed[depth..].strip_prefix(' ');
            if let Some(rest) = rest.filter(|_| (1..=6).contains(&depth)) {
                let text = self.inline(rest.trim_start());
                self.out.push_str(&format!("{}{sign} {text}\n", "    ".repeat(depth - 1)));
                return;
            }
        }
        // A block's title.
        if let Some(title) = line.strip_prefix('.').filter(|rest| rest.starts_with(char::is_alphanumeric)) {
            let title = self.inline(title);
            self.out.push_str(&format!("\n{title}\n\n"));
            return;
        }
        if let Some((term, rest)) = trimmed
            .split_once("::")
            .filter(|(_, rest)| rest.is_empty() || rest.starts_with(' '))
        {
            let text = format!("{term}: {}", rest.trim());
            self.out.push('\n');
            self.line(text.trim_end());
            return;
        }
        // Alone on a line it joins what is above and below in one item.
        if trimmed == "+" || trimmed == "'''" || trimmed == "<<<" {
            self.out.push('\n');
            return;
        }
        self.line(trimmed.strip_suffix(" +").unwrap_or(trimmed));
    }

    fn line(&mut self, text: &str) {
        let text = self.inline(text);
        self.out.push_str(&text);
        self.out.push('\n');
    }

    fn table(&mut self, lines: &[&str], at: usize) -> usize {
        let close = lines[at].trim_end();
        let end = lines[at + 1..].iter().position(|line| line.trim_end() == close);
        let end = end.map_or(lines.len(), |end| at + 1 + end);
        let ahead = std::mem::take(&mut self.ahead);
        let body = &lines[at + 1..end];
        let mut cells: Vec<String> = Vec::new();
        let mut columns = ahead.columns;
        for line in body {
            let line = line.trim();
            if line.starts_with("//") || line.is_empty() {
                continue;
            }
            if close.starts_with(',') {
                cells.extend(line.split(',').map(|cell| self.inline(cell.trim().trim_matches('"'))));
                columns = columns.or(Some(cells.len()));
                continue;
            }
            let mut parts = line.split('|');
            // Before the first bar: more of the cell above, or how the cell is to be set.
            let before = parts.next().unwrap_or_default().trim();
            let is_format =
                before.len() <= 4 && !before.contains(' ') && before.ends_with(['a', 'e', 'h', 'l', 'm', 's', '+', '*', '^', '<', '>']);
            let is_format = is_format && line.contains('|');
            if let Some(above) = cells.last_mut().filter(|_| !before.is_empty() && !is_format) {
                above.push(' ');
                above.push_str(before);
            }
            cells.extend(parts.map(|cell| self.inline(cell.trim())));
            columns = columns.or(Some(cells.len()).filter(|count| *count > 0));
        }
        let rows: Vec<Vec<String>> = cells.chunks(columns.unwrap_or(1).max(1)).map(<[String]>::to_vec).collect();
        push_table(&mut self.out, &rows);
        end + 1
    }

    /// Attributes, macros and marks inside of a line.
    fn inline(&self, text: &str) -> String {
        let text = self.filled(text);
        let mut out = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(at) = rest.find(['[', '<']) {
            if let Some(reference) = rest[at..].strip_prefix("<<") {
                let Some(end) = reference.find(">>") else { break };
                out.push_str(&rest[..at]);
                let (id, words) = reference[..end].split_once(',').unwrap_or((&reference[..end], ""));
                out.push_str(if words.trim().is_empty() {
                    id.trim_start_matches('#')
                } else {
                    words.trim()
                });
                rest = &reference[end + 2..];
                continue;
            }
            if rest[at..].starts_with('<') {
                out.push_str(&rest[..=at]);
                rest = &rest[at + 1..];
                continue;
            }
            let Some(end) = rest[at..].find(']').map(|end| at + end) else {
                break;
            };
            let start = rest[..at].rfind(|character: char| character.is_whitespace() || "(\"'`".contains(character));
            let (before, target) =
                rest[..at].split_at(start.map_or(0, |start| start + rest[start..].chars().next().map_or(1, char::len_utf8)));
            let words = rest[at + 1..end]
                .split(',')
                .next()
                .unwrap_or_default()
                .trim_matches(['"', '^', ' ']);
            match target.split_once(':') {
                Some(("http" | "https" | "mailto" | "link", _)) => {
                    let address = target.strip_prefix("link:").unwrap_or(target);
                    let words = if words.is_empty() { address } else { words };
                    out.push_str(&format!("{before}[{words}]({address})"));
                }
                Some(("xref", to)) => {
                    out.push_str(before);
                    out.push_str(if words.is_empty() { to } else { words });
                }
                Some(("kbd" | "btn" | "menu" | "footnote" | "pass", more)) => {
                    out.push_str(before);
                    let lead = more.trim_matches(':');
                    if !lead.is_empty() {
                        out.push_str(&format!("{lead} > "));
                    }
                    out.push_str(&rest[at + 1..end]);
                }
                Some(("image" | "icon" | "anchor" | "indexterm", _)) => out.push_str(before),
                _ => out.push_str(&rest[..=end]),
            }
            rest = &rest[end + 1..];
        }
        out.push_str(rest);
        out
    }

    /// With the attributes that the file itself set.
    fn filled(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            let after = &rest[at + 1..];
            let value = after.find('}').and_then(|end| Some((end, self.attributes.get(&after[..end])?)));
            match value {
                Some((end, value)) => {
                    out.push_str(&rest[..at]);
                    out.push_str(value);
                    rest = &after[end + 1..];
                }
                None => {
                    out.push_str(&rest[..=at]);
                    rest = after;
                }
            }
        }
        out.push_str(rest);
        out
    }
}

fn capital(word: &str) -> String {
    word[..1].to_owned() + &word[1..].to_lowercase()
}

/// `:name: value`
fn attribute(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.strip_prefix(':')?.split_once(':')?;
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_!".contains(character);
    (!name.is_empty() && name.chars().all(plain) && (value.is_empty() || value.starts_with(' '))).then_some((name, value.trim()))
}

/// `name="value"` in a line of attributes.
fn value_of<'a>(inside: &'a str, name: &str) -> Option<&'a str> {
    let rest = inside[inside.find(name)? + name.len()..].strip_prefix('=')?;
    match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => rest.split(',').next(),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::markup::paragraphs, *};

    fn of(text: &str) -> String {
        paragraphs(&to_markdown(text))
    }

    #[test]
    fn headings_lists_and_code_are_markdown() {
        let text = "= Lantern\n:product: Lantern\n// nobody reads this\n\n== Exports of {product}\n\n* One\n** Two\n. First\n\n[source,bash]\n----\nlantern * export\n----\n\n....\nas it is\n....\n";
        assert_eq!(
            of(text),
            "# Lantern\n\n## Exports of Lantern\n\n- One\n    - Two\n1. First\n\n```bash\nlantern * export\n```\n\n```\nas it is\n```"
        );
    }

    #[test]
    fn notes_and_terms_are_text() {
        let text = "NOTE: Exports take minutes.\n\n[WARNING]\n====\nNot while it rains.\n====\n\nPlan:: What you pay for.\n\n.A title\nText +\nmore.\n\ninclude::other.adoc[]\nimage::a.png[The button]\n";
        assert_eq!(
            of(text),
            "Note: Exports take minutes.\n\nWarning:\n\nNot while it rains.\n\nPlan: What you pay for.\n\nA title\n\nText\nmore.\n\nThe button"
        );
    }

    #[test]
    fn links_are_links_and_references_their_words() {
        let reader = Reader::default();
        assert_eq!(
            reader.inline("See https://example.com/g[the guide^], xref:plans.adoc[plans], <<intro,the start>>, <<end>> and a[0] < b."),
            "See [the guide](https://example.com/g), plans, the start, end and a[0] < b."
        );
        assert_eq!(
            reader.inline("Press kbd:[Ctrl+E] or menu:File[Save]; link:a.zip[here]."),
            "Press Ctrl+E or File > Save; [here](a.zip)."
        );
    }

    #[test]
    fn tables_keep_their_cells() {
        let rows = "|===\n|Plan |Price\n\n|Team |$20\n|Large\n|$80 a\nmonth\n|===\n";
        assert_eq!(of(rows), "| Plan | Price |\n| --- | --- |\n| Team | $20 |\n| Large | $80 a month |");
        let columns = "[cols=\"1,2\",options=\"header\"]\n|===\n|Plan\n|Price\n|Team\n|$20\n|===\n";
        assert_eq!(of(columns), "| Plan | Price |\n| --- | --- |\n| Team | $20 |");
    }

    #[test]
    fn odd_text_is_read_to_its_end() {
        for text in [
            "", "|===", "----", "[", "[]", "[[", "<<", "a[", "=", "= ", "::", ":a", "{", "{a", "////", "[cols=", "|===\n|", "`é[x]", "**",
            "é::[]",
        ] {
            let _ = to_markdown(text);
        }
    }
}
