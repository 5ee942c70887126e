//! The marks within a line.

use super::{Inline, Rules, trimmed};

/// Elements that a browser knows. Of other words in angle brackets ("<your-key>") nobody knows whether they are meant.
const ELEMENTS: [&str; 58] = [
    "a", "abbr", "applet", "area", "article", "aside", "audio", "b", "base", "body", "br", "button", "canvas", "center", "details", "div",
    "embed", "font", "form", "frame", "head", "header", "hr", "html", "i", "iframe", "img", "image", "input", "link", "marquee", "math",
    "meta", "nav", "noscript", "object", "ol", "p", "picture", "pre", "script", "section", "select", "source", "span", "strong", "style",
    "svg", "table", "td", "template", "textarea", "tr", "u", "ul", "video", "li", "footer",
];

/// Takes a line apart by `rules`.
pub(crate) fn inline(text: &str, rules: &Rules) -> Vec<Inline> {
    within(text, rules, 0)
}

fn within(text: &str, rules: &Rules, depth: u8) -> Vec<Inline> {
    let mut nodes = Vec::new();
    let mut said = String::new();
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        let rest = &text[at..];
        let found = match letter {
            '\\' if rules.markup => escaped(rest),
            '`' => code(rest),
            '!' if rest.starts_with("![") => picture(rest),
            '[' => bracket(rest, rules),
            '<' if rules.foreign => angle(rest, rules),
            '*' if rules.markup && depth == 0 => marked(text, at, rules),
            '_' if rules.foreign && depth == 0 => marked(text, at, rules),
            'h' if rules.foreign && (rest.starts_with("http://") || rest.starts_with("https://")) => address(rest, rules),
            _ => None,
        };
        match found {
            Some((length, Found::Text(more))) => {
                at += length;
                match more.is_empty() {
                    true => at += close_gap(&mut said, &text[at..]),
                    false => said.push_str(&more),
                }
            }
            Some((length, Found::Nodes(more))) if more.is_empty() => {
                at += length;
                at += close_gap(&mut said, &text[at..]);
            }
            Some((length, Found::Nodes(more))) => {
                if !said.is_empty() {
                    nodes.push(Inline::Text(std::mem::take(&mut said)));
                }
                nodes.extend(more);
                at += length;
            }
            None => {
                said.push(letter);
                at += letter.len_utf8();
            }
        }
    }
    nodes.push(Inline::Text(said));
    trimmed_inside(nodes, depth)
}

/// Where something was left out: no two blanks, and none before a full stop. How much of `behind` goes with it.
fn close_gap(said: &mut String, behind: &str) -> usize {
    if behind.starts_with(['.', ',', ';', ':', '!', '?']) {
        said.truncate(said.trim_end_matches(' ').len());
    }
    usize::from(behind.starts_with(' ') && (said.is_empty() || said.ends_with(' ')))
}

/// At the top the caller trims: a blank before a mark is what parts two words.
fn trimmed_inside(nodes: Vec<Inline>, depth: u8) -> Vec<Inline> {
    if depth > 0 {
        return trimmed(nodes);
    }
    nodes
        .into_iter()
        .filter(|node| !matches!(node, Inline::Text(text) if text.is_empty()))
        .collect()
}

enum Found {
    Text(String),
    Nodes(Vec<Inline>),
}

type Match = Option<(usize, Found)>;

fn nothing() -> Found {
    Found::Text(String::new())
}

fn escaped(rest: &str) -> Match {
    let next = rest[1..].chars().next().filter(char::is_ascii_punctuation)?;
    Some((2, Found::Text(next.into())))
}

fn code(rest: &str) -> Match {
    let ticks = rest.bytes().take_while(|byte| *byte == b'`').count();
    let mut from = ticks;
    loop {
        let at = from + rest[from..].find('`')?;
        let run = rest[at..].bytes().take_while(|byte| *byte == b'`').count();
        if run == ticks {
            let inside = &rest[ticks..at];
            let inside = if ticks > 1 { inside.trim() } else { inside };
            if inside.is_empty() {
                return None;
            }
            return Some((at + run, Found::Nodes(vec![Inline::Code(inside.replace('`', "'"))])));
        }
        from = at + run;
    }
}

/// The end of what stands in brackets at the beginning of `rest`, its closing bracket not counted.
fn closing(rest: &str) -> Option<usize> {
    let mut depth = 0usize;
    let mut escaped = false;
    for (at, letter) in rest.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => depth += 1,
            ']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
        // What has no end nearby is no bracket of ours.
        if at > 2_000 {
            return None;
        }
    }
    None
}

/// "(address)" or "(address "title")" at the beginning of `rest`: its length, and the address.
fn destination(rest: &str) -> Option<(usize, &str)> {
    let inside = rest.strip_prefix('(')?;
    let mut depth = 0usize;
    for (at, letter) in inside.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' if depth == 0 => {
                let address = inside[..at].trim();
                let address = address
                    .strip_prefix('<')
                    .and_then(|inner| inner.split_once('>'))
                    .map_or_else(|| address.split(char::is_whitespace).next().unwrap_or_default(), |(inner, _)| inner);
                return Some((at + 2, address));
            }
            ')' => depth -= 1,
            _ => {}
        }
    }
    // Never closed: all of it would have been the address.
    Some((rest.len(), inside.split(char::is_whitespace).next().unwrap_or_default())).filter(|_| inside.trim_start().starts_with("http"))
}

/// A picture says nothing, whatever is written beside it.
fn picture(rest: &str) -> Match {
    let label = 1 + closing(&rest[1..])? + 1;
    let behind = &rest[label..];
    if let Some((length, _)) = destination(behind) {
        return Some((label + length, nothing()));
    }
    if !behind.starts_with('[') {
        return None;
    }
    let reference = closing(behind)?;
    Some((label + reference + 1, nothing()))
}

fn bracket(rest: &str, rules: &Rules) -> Match {
    let end = closing(rest)?;
    let (inside, behind) = (&rest[1..end], &rest[end + 1..]);
    // "[1](see below)" is no link.
    let destination = destination(behind).filter(|(_, to)| to.contains([':', '/', '#']));
    if let Some(numbers) = numbers(inside) {
        let length = end + 1 + destination.map_or(0, |(length, _)| length);
        let known: Vec<Inline> = numbers.into_iter().filter(|n| rules.cites(*n)).map(Inline::Citation).collect();
        if known.is_empty() && !rules.markup {
            return Some((end + 1, Found::Text(rest[..=end].to_owned())));
        }
        return Some((length, Found::Nodes(known)));
    }
    if !rules.markup {
        return None;
    }
    let (length, to) = destination?;
    let label = super::plain_nodes(&within(inside, &label_rules(rules), 0), false);
    let length = end + 1 + length;
    if label.is_empty() {
        return Some((length, nothing()));
    }
    Some(match rules.link(to) {
        Some(address) => (length, Found::Nodes(vec![Inline::Link { label, address }])),
        None => (length, Found::Text(label)),
    })
}

/// A label has no links and no sources of its own; an address that it spells out must be one that may be.
fn label_rules(rules: &Rules) -> Rules {
    Rules {
        links: super::Links::Nowhere,
        ..rules.clone()
    }
}

/// "1", "2, 3".
fn numbers(inside: &str) -> Option<Vec<u32>> {
    let numbers = inside.split(',').map(|number| {
        let number = number.trim();
        let digits = (1..=3).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        if digits { number.parse().ok() } else { None }
    });
    numbers.collect()
}

/// Comments and elements are left out, addresses are looked at like others.
fn angle(rest: &str, rules: &Rules) -> Match {
    if rest.starts_with("<!") || rest.starts_with("<?") {
        let end = match rest.starts_with("<!--") {
            true => rest.find("-->").map(|at| at + 3),
            false => rest.find('>').map(|at| at + 1),
        };
        return Some((end.unwrap_or(rest.len()), nothing()));
    }
    if rest.starts_with("<http://") || rest.starts_with("<https://") {
        let (end, found) = address(&rest[1..], rules)?;
        let close = usize::from(rest[1 + end..].starts_with('>'));
        return Some((1 + end + close, found));
    }
    let name = rest[1..].trim_start_matches('/');
    let name: String = name.chars().take_while(char::is_ascii_alphanumeric).collect();
    if !ELEMENTS.contains(&name.to_ascii_lowercase().as_str()) {
        return None;
    }
    Some((rest.find('>').map_or(rest.len(), |at| at + 1), nothing()))
}

fn address(rest: &str, rules: &Rules) -> Match {
    let end = rest
        .find(|letter: char| letter.is_whitespace() || matches!(letter, '<' | '>' | '"' | '`' | '[' | ']' | '*' | '\\' | '|'))
        .unwrap_or(rest.len());
    let spelt = rest[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '\'', '(', '…']);
    if spelt.len() <= "https://".len() {
        return None;
    }
    let found = match rules.link(spelt) {
        Some(address) => Found::Nodes(vec![Inline::Link {
            label: spelt.to_owned(),
            address,
        }]),
        None if rules.spells(spelt) => Found::Text(spelt.to_owned()),
        None => nothing(),
    };
    Some((spelt.len(), found))
}

/// "**strong**", "__strong__", "*emphasis*" and "_emphasis_". In neither is there more of either.
fn marked(text: &str, at: usize, rules: &Rules) -> Match {
    let rest = &text[at..];
    let mark = rest.chars().next()?;
    let strong = rest[1..].starts_with(mark);
    let width = if strong { 2 } else { 1 };
    let before = text[..at].chars().next_back();
    let inside = &rest[width..];
    // "2 * 3" and "snake_case" are no emphasis.
    if inside.starts_with(char::is_whitespace) || inside.is_empty() || (mark == '_' && before.is_some_and(char::is_alphanumeric)) {
        return None;
    }
    let end = end_of_mark(inside, mark, strong)?;
    let behind = inside[end + width..].chars().next();
    if end == 0 || (mark == '_' && behind.is_some_and(char::is_alphanumeric)) {
        return None;
    }
    let nodes = within(&inside[..end], rules, 1);
    if nodes.is_empty() {
        return Some((width + end + width, nothing()));
    }
    let node = match strong {
        true => Inline::Strong(nodes),
        false => Inline::Emphasis(nodes),
    };
    Some((width + end + width, Found::Nodes(vec![node])))
}

/// Where the mark closes that `inside` stands behind: not in code, not behind a blank, not escaped.
fn end_of_mark(inside: &str, mark: char, strong: bool) -> Option<usize> {
    let mut before = None;
    let mut skip_to = 0;
    let mut escaped = false;
    for (at, letter) in inside.char_indices() {
        if at < skip_to {
            continue;
        }
        if escaped {
            escaped = false;
        } else if letter == '\\' {
            escaped = true;
        } else if letter == '`' {
            if let Some((length, _)) = code(&inside[at..]) {
                skip_to = at + length;
            }
        } else if letter == mark && before.is_some_and(|before: char| !before.is_whitespace()) {
            let run = inside[at..].chars().take_while(|next| *next == mark).count();
            if strong && run >= 2 {
                return Some(at);
            }
            if !strong && run == 1 {
                return Some(at);
            }
            // A run of the other kind closes nothing here.
            skip_to = at + run * mark.len_utf8();
        }
        before = Some(letter);
    }
    None
}
