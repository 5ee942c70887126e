//! What is marked inside of a line.

/// Roles, links and code inside of a line.
pub(super) fn inline(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('`') {
        let (before, from) = rest.split_at(at);
        if let Some(code) = from.strip_prefix("``") {
            let Some(end) = code.find("``") else { break };
            out.push_str(before);
            out.push_str(&format!("`{}`", &code[..end]));
            rest = &code[end + 2..];
            continue;
        }
        let Some(end) = from[1..].find('`') else { break };
        let (inside, after) = (&from[1..=end], &from[end + 2..]);
        // `:role:` before it, and `_` after it.
        let role = before
            .strip_suffix(':')
            .and_then(|before| before.rfind(':').map(|at| (&before[..at], &before[at + 1..])));
        let role = role.filter(|(_, name)| {
            !name.is_empty()
                && name
                    .chars()
                    .all(|character| character.is_alphanumeric() || "-_.+".contains(character))
        });
        let (words, target) = match inside.strip_suffix('>').and_then(|inside| inside.rsplit_once('<')) {
            Some((words, target)) => (words.trim(), Some(target.trim())),
            None => (inside, None),
        };
        match (role, target) {
            (Some((before, name)), _) => {
                // `:py:func:` is one role with a prefix.
                let prefix = before.rfind(':').filter(|at| {
                    let prefix = &before[at + 1..];
                    !prefix.is_empty() && prefix.chars().all(char::is_alphanumeric)
                });
                let before = prefix.map_or(before, |at| &before[..at]);
                out.push_str(before);
                let words = words.trim_start_matches(['~', '!', '.']);
                match name {
                    "code" | "file" | "command" | "option" | "envvar" | "func" | "class" | "meth" | "mod" | "attr" | "data" | "exc"
                    | "kbd" | "samp" | "program" | "literal" => out.push_str(&format!("`{words}`")),
                    "doc" | "ref" if words.is_empty() => out.push_str(target.unwrap_or_default()),
                    _ => out.push_str(words),
                }
            }
            (None, Some(target)) if target.contains("://") || target.starts_with("mailto:") => {
                out.push_str(before);
                let words = if words.is_empty() { target } else { words };
                out.push_str(&format!("[{words}]({target})"));
            }
            (None, _) => {
                out.push_str(before);
                out.push_str(words);
            }
        }
        rest = after.strip_prefix("__").or_else(|| after.strip_prefix('_')).unwrap_or(after);
    }
    out.push_str(rest);
    out
}
