//! MDX: Markdown with JavaScript in it. What is text stays; imports, exports, expressions and the tags of components go, and what stands
//! between the tags stays.

/// Whether a line opens or closes code, and with which mark.
fn fence_of(line: &str) -> Option<(char, usize)> {
    let line = line.trim_start();
    let mark = line.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
    let length = line.chars().take_while(|character| *character == mark).count();
    (length >= 3).then_some((mark, length))
}

fn is_module_line(line: &str) -> bool {
    const EXPORTS: [&str; 8] = ["const ", "let ", "var ", "function", "default ", "class ", "{", "*"];
    // A sentence may begin with the word.
    let imports = line
        .strip_prefix("import")
        .filter(|rest| rest.starts_with([' ', '{', '*', '"', '\'']));
    let exports = line.strip_prefix("export").map(str::trim_start);
    imports.is_some_and(|rest| rest.contains(['"', '\'']) || rest.trim_end().ends_with(['{', ',']))
        || exports.is_some_and(|rest| EXPORTS.iter().any(|word| rest.starts_with(word)))
}

/// How many more brackets a line opens than it closes.
fn opens(line: &str) -> i64 {
    line.bytes().fold(0, |depth, byte| match byte {
        b'{' | b'(' | b'[' => depth + 1,
        b'}' | b')' | b']' => depth - 1,
        _ => depth,
    })
}

pub(super) fn to_markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = Inside::default();
    let (mut fence, mut module, mut before_blank) = (None::<(char, usize)>, None::<i64>, true);
    let mut front_matter = text.starts_with("---\n");
    for (number, line) in text.lines().enumerate() {
        if front_matter {
            front_matter = number == 0 || line.trim_end() != "---";
            out.push_str(line);
            out.push('\n');
            continue;
        }
        if let Some(depth) = module {
            module = Some(depth + opens(line)).filter(|depth| *depth > 0);
            continue;
        }
        match (fence, fence_of(line)) {
            (None, Some(begun)) if inside.is_out() => fence = Some(begun),
            (Some((mark, length)), Some((same, again))) if mark == same && again >= length => {
                fence = None;
                out.push_str(line);
                out.push('\n');
                continue;
            }
            _ => {}
        }
        if fence.is_some() {
            out.push_str(line);
            out.push('\n');
            continue;
        }
        if before_blank && inside.is_out() && is_module_line(line) {
            module = Some(opens(line)).filter(|depth| *depth > 0);
            continue;
        }
        before_blank = line.trim().is_empty();
        let kept = inside.keep(line);
        // A line that was only a tag would end the paragraph around it, which is what it did.
        out.push_str(match kept.trim().is_empty() {
            true => "",
            // Set in below a component it would be code.
            false if inside.tags > 0 || kept.len() < line.len() => kept.trim_start_matches([' ', '\t']),
            false => &kept,
        });
        out.push('\n');
    }
    out
}

/// What a line begins in the middle of.
#[derive(Default)]
struct Inside {
    /// Of a tag, between `<` and `>`.
    tag: Option<Tag>,
    /// Brackets of an expression, or of an attribute's.
    braces: usize,
    /// Components that are open.
    tags: usize,
}

#[derive(Clone, Copy, Default)]
struct Tag {
    /// The quote that is open in it.
    quote: Option<char>,
    /// Whether something is open behind it.
    opens: bool,
}

/// Elements that hold nothing, and are seldom closed.
const VOID: [&str; 6] = ["br", "hr", "img", "input", "source", "wbr"];

impl Inside {
    fn is_out(&self) -> bool {
        self.tag.is_none() && self.braces == 0
    }

    /// What of a line is text.
    fn keep(&mut self, line: &str) -> String {
        let mut kept = String::with_capacity(line.len());
        let mut characters = line.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            if self.braces > 0 {
                match character {
                    '{' => self.braces += 1,
                    '}' => self.braces -= 1,
                    _ => {}
                }
                continue;
            }
            if let Some(tag) = &mut self.tag {
                match (tag.quote, character) {
                    (Some(open), character) if open == character => tag.quote = None,
                    (Some(_), _) => {}
                    (None, '"' | '\'') => tag.quote = Some(character),
                    (None, '{') => self.braces = 1,
                    (None, '/') if characters.peek().is_some_and(|(_, next)| *next == '>') => tag.opens = false,
                    (None, '>') => {
                        self.tags += usize::from(tag.opens);
                        self.tag = None;
                    }
                    (None, _) => {}
                }
                continue;
            }
            let rest = &line[at..];
            match character {
                '\\' => {
                    kept.push(character);
                    kept.extend(characters.next().map(|(_, next)| next));
                }
                // Code between marks is taken as it is.
                '`' => {
                    let marks = rest.chars().take_while(|mark| *mark == '`').count();
                    let end = rest[marks..].find(&"`".repeat(marks)).map_or(marks, |end| marks + end + marks);
                    kept.push_str(&rest[..end]);
                    while characters.next_if(|(next, _)| *next < at + end).is_some() {}
                }
                '{' => self.braces = 1,
                '<' => match rest.chars().nth(1) {
                    Some('/') => {
                        self.tag = Some(Tag::default());
                        self.tags = self.tags.saturating_sub(1);
                    }
                    Some(next) if next.is_alphabetic() || next == '>' => {
                        let address = rest.split('>').next().unwrap_or_default();
                        if address.contains("://") && !address.contains([' ', '"', '\'']) {
                            kept.push(character);
                            continue;
                        }
                        let name = rest[1..].split(|character: char| !character.is_alphanumeric()).next();
                        self.tag = Some(Tag {
                            quote: None,
                            opens: !name.is_some_and(|name| VOID.contains(&name)),
                        });
                    }
                    _ => kept.push(character),
                },
                _ => kept.push(character),
            }
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        let lines: Vec<String> = to_markdown(text).lines().map(|line| line.trim_end().to_owned()).collect();
        let text = lines.join("\n");
        text.split("\n\n")
            .filter(|part| !part.trim().is_empty())
            .map(|part| part.trim_matches('\n'))
            .collect::<Vec<_>>()
            .join("\n\n")
    }

    #[test]
    fn text_between_components_stays_and_the_program_goes() {
        let text = "---\ntitle: Exports\n---\nimport { Tabs } from '@theme/Tabs';\nexport const plan = {\n  price: 20,\n};\n\n# Exports\n\n<Tabs groupId=\"os\" items={['a > b', \"c\"]}>\n  <Tab value=\"mac\">\n\n  Open **Settings**, then {plan.price}.\n\n  </Tab>\n</Tabs>\n\nPress <kbd>Ctrl</kbd>+<kbd>E</kbd>.<br />\n";
        assert_eq!(
            of(text),
            "---\ntitle: Exports\n---\n\n# Exports\n\nOpen **Settings**, then .\n\nPress Ctrl+E."
        );
    }

    #[test]
    fn code_is_left_as_it_is() {
        let text = "Use `<Tab>` and `{x}` or ``a ` b``.\n\n```jsx\nimport x from 'x'\n<Tab>{y}</Tab>\n```\n\nSee <https://example.com/a> and 3 < 4, \\{so\\}.";
        assert_eq!(of(text), text);
    }

    #[test]
    fn a_sentence_that_begins_with_import_is_a_sentence() {
        assert_eq!(
            of("Important: read this.\n\nexporting works."),
            "Important: read this.\n\nexporting works."
        );
    }

    #[test]
    fn what_is_never_closed_ends_with_the_file() {
        for text in ["<Tab", "{a {b", "<a b=\"", "`x", "<>", "</", "export {", "```\n<Tab"] {
            let _ = to_markdown(text);
        }
    }
}
