//! Writing Markdown out of text that is none.

use super::call::web_address;

/// `text` so that it is read as it is written, wherever in a line it stands.
pub(super) fn inline_safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for character in text.chars() {
        if matches!(
            character,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '&' | '{' | '}' | '|' | '~' | '#'
        ) {
            out.push('\\');
        }
        out.push(if character == '\r' { '\n' } else { character });
    }
    out
}

/// Lines that follow one another as one paragraph. None begins anything else: a heading, a list, a quotation, a module.
pub(super) fn guard(paragraph: &str) -> String {
    let lines = paragraph.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(guarded).collect::<Vec<_>>().join("\n")
}

fn guarded(line: &str) -> String {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let rest = line.get(digits..).unwrap_or_default();
    if digits > 0 && rest.starts_with(['.', ')']) {
        return format!("{}\\{rest}", &line[..digits]);
    }
    if line.starts_with(['>', '+', '-', '=', ':']) {
        return format!("\\{line}");
    }
    // What begins like a module of MDX would be taken for one.
    match line.split_once(' ') {
        Some(("import", rest)) => format!("&#105;mport {rest}"),
        Some(("export", rest)) => format!("&#101;xport {rest}"),
        _ => line.to_owned(),
    }
}

/// Plain text as one line of Markdown, as for titles.
pub(super) fn title(text: &str) -> String {
    guard(&inline_safe(&text.split_whitespace().collect::<Vec<_>>().join(" ")))
}

/// A span of code, whatever is in it.
pub(super) fn code(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ");
    if text.trim().is_empty() {
        return text;
    }
    let fence = "`".repeat(longest_run(&text, '`') + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A block of code, whatever is in it.
pub(super) fn fenced(language: &str, text: &str) -> String {
    let fence = "`".repeat((longest_run(text, '`') + 1).max(3));
    let is_name = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '#');
    let language: String = language.chars().filter(is_name).take(20).collect();
    format!("{fence}{language}\n{}\n{fence}", text.replace("\r\n", "\n").trim_end_matches('\n'))
}

fn longest_run(text: &str, of: char) -> usize {
    let (mut longest, mut run) = (0, 0);
    for character in text.chars() {
        run = if character == of { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// A link, if its address is one of the web; the text alone otherwise. `text` is Markdown.
pub(super) fn link(text: &str, address: &str) -> String {
    match web_address(address) {
        // The parser of addresses leaves neither blanks nor angle brackets in one, but for its fragment.
        Some(address) if !text.trim().is_empty() => format!(
            "[{text}](<{}>)",
            address.replace('<', "%3C").replace('>', "%3E").replace('\\', "%5C")
        ),
        _ => text.to_owned(),
    }
}

/// Every line of `text` moved in by `prefix`, empty ones left empty.
pub(super) fn indented(text: &str, prefix: &str) -> String {
    let lines = text.lines().map(|line| match line.is_empty() {
        true => prefix.trim_end().to_owned(),
        false => format!("{prefix}{line}"),
    });
    lines.collect::<Vec<_>>().join("\n")
}
