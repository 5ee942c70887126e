//! reStructuredText: <https://docutils.sourceforge.io/docs/ref/rst/restructuredtext.html>. Headings, lists, code, admonitions, tables and
//! links become Markdown's. What a directive would fetch or compute is left out.

mod inline;
mod tables;

use self::{inline::inline, tables::columns};
use super::markup::{indent, outdent, push_code};

/// Directives whose body is code.
const CODE: [&str; 6] = ["code", "code-block", "sourcecode", "literalinclude", "parsed-literal", "prompt"];
/// Directives whose body is text, with a word before it.
const NOTES: [&str; 10] = [
    "attention",
    "caution",
    "danger",
    "error",
    "hint",
    "important",
    "note",
    "tip",
    "warning",
    "seealso",
];
/// Directives that say something of a version, before their text.
const VERSIONS: [(&str, &str); 4] = [
    ("versionadded", "New in version"),
    ("versionchanged", "Changed in version"),
    ("deprecated", "Deprecated since version"),
    ("versionremoved", "Removed in version"),
];
/// Directives whose body is text and nothing more.
const TEXT: [&str; 12] = [
    "admonition",
    "container",
    "topic",
    "rubric",
    "sidebar",
    "tab",
    "tab-item",
    "tab-set",
    "dropdown",
    "epigraph",
    "glossary",
    "compound",
];
/// Bodies within bodies. Deeper ones are taken as they stand.
const DEEP: usize = 20;

pub(super) fn to_markdown(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut reader = Reader {
        out: String::with_capacity(text.len()),
        styles: Vec::new(),
    };
    reader.block(&lines, 0);
    reader.out
}

struct Reader {
    out: String,
    /// Marks of headings, in the order in which they first came: that is their level.
    styles: Vec<(char, bool)>,
}

/// The mark of a line that is one mark again and again.
fn ruler(line: &str) -> Option<char> {
    let line = line.trim_end();
    let mark = line.chars().next()?;
    (mark.is_ascii_punctuation() && line.len() >= 2 && line.chars().all(|other| other == mark)).then_some(mark)
}

/// `.. name:: argument`
fn directive(line: &str) -> Option<(&str, &str)> {
    let rest = line.strip_prefix(".. ")?;
    let (name, argument) = rest.split_once("::")?;
    let name = name.rsplit('|').next().unwrap_or(name).trim();
    let plain = |character: char| character.is_alphanumeric() || "-_:.+".contains(character);
    (!name.is_empty() && name.chars().all(plain)).then_some((name.rsplit(':').next().unwrap_or(name), argument.trim()))
}

/// Where what is set in below `from` ends.
fn body_end(lines: &[&str], from: usize) -> usize {
    let mut end = from;
    for (at, line) in lines.iter().enumerate().skip(from) {
        if line.trim().is_empty() {
            continue;
        }
        if indent(line) == 0 {
            break;
        }
        end = at + 1;
    }
    end
}

/// The lines of a body, set out.
fn set_out<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let least = lines.iter().filter(|line| !line.trim().is_empty()).map(|line| indent(line)).min();
    lines.iter().map(|line| outdent(line, least.unwrap_or(0))).collect()
}

impl Reader {
    fn block(&mut self, lines: &[&str], deep: usize) {
        let mut at = 0;
        while at < lines.len() {
            at = self.step(lines, at, deep);
        }
    }

    /// Takes what begins at a line; where the next begins.
    fn step(&mut self, lines: &[&str], at: usize, deep: usize) -> usize {
        let line = lines[at];
        let next = lines.get(at + 1).copied();
        if let Some(rows) = columns(line) {
            return self.simple_table(lines, at, &rows);
        }
        if line.starts_with("+-") && line.trim_end().ends_with('+') {
            return self.grid_table(lines, at);
        }
        // A heading between two rulers, or above one.
        if let (Some(mark), Some(title), Some(below)) = (ruler(line), next, lines.get(at + 2))
            && !title.trim().is_empty()
            && ruler(below) == Some(mark)
        {
            self.heading((mark, true), title);
            return at + 3;
        }
        if let Some(below) = next
            && let Some(mark) = ruler(below)
            && indent(line) == 0
            && !line.trim().is_empty()
            && ruler(line).is_none()
            && below.trim_end().chars().count() >= line.trim_end().chars().count().min(4)
        {
            self.heading((mark, false), line);
            return at + 2;
        }
        if let Some((name, argument)) = directive(line) {
            return self.directive((name, argument), lines, at, deep);
        }
        if line == ".." || line.starts_with(".. ") || line.starts_with("__ ") {
            // A target, a footnote's text, or a comment.
            let end = body_end(lines, at + 1);
            if let Some((_, text)) = line.strip_prefix(".. [").and_then(|note| note.split_once(']')) {
                self.line(text.trim());
                let body = set_out(&lines[at + 1..end]);
                match deep < DEEP {
                    true => self.block(&body, deep + 1),
                    false => body.iter().for_each(|line| self.line(line)),
                }
            }
            return end;
        }
        if line.trim().is_empty() {
            self.out.push('\n');
            return at + 1;
        }
        self.text(lines, at)
    }

    fn heading(&mut self, style: (char, bool), title: &str) {
        let known = self.styles.iter().position(|known| *known == style);
        let level = known.unwrap_or_else(|| {
            self.styles.push(style);
            self.styles.len() - 1
        });
        let title = inline(title.trim());
        self.out.push_str(&format!("\n{} {title}\n\n", "#".repeat((level + 1).min(6))));
    }

    fn line(&mut self, text: &str) {
        self.out.push_str(&inline(text));
        self.out.push('\n');
    }

    fn directive(&mut self, (name, argument): (&str, &str), lines: &[&str], at: usize, deep: usize) -> usize {
        let end = body_end(lines, at + 1);
        let body = set_out(&lines[at + 1..end]);
        let options = body
            .iter()
            .take_while(|line| line.starts_with(':') && line[1..].contains(':'))
            .count();
        let body = &body[options..];
        let first = body.iter().position(|line| !line.trim().is_empty()).unwrap_or(body.len());
        let body = &body[first..];
        if CODE.contains(&name) {
            if !body.is_empty() {
                push_code(&mut self.out, argument, body);
            }
            return end;
        }
        let lead = match VERSIONS.iter().find(|(known, _)| *known == name) {
            Some((_, words)) => format!("{words} {argument}"),
            None if NOTES.contains(&name) => {
                let word = if name == "seealso" { "see also" } else { name };
                let word = word[..1].to_uppercase() + &word[1..];
                match argument {
                    "" => format!("{word}:"),
                    argument => format!("{word}: {argument}"),
                }
            }
            None if TEXT.contains(&name) => argument.to_owned(),
            None if matches!(name, "csv-table" | "list-table" | "table") && deep < DEEP => {
                return self.table_directive((name, argument), body, end, deep);
            }
            // Of an image only what it says is left.
            None if matches!(name, "image" | "figure") && deep < DEEP => {
                self.out.push('\n');
                self.block(body, deep + 1);
                return end;
            }
            // What it would fetch or make is not here: `toctree`, `include`, `automodule`, …
            None => return end,
        };
        self.out.push('\n');
        if !lead.is_empty() {
            self.line(&lead);
        }
        match deep < DEEP {
            true => self.block(body, deep + 1),
            false => body.iter().for_each(|line| self.line(line)),
        }
        self.out.push('\n');
        end
    }

    /// Lines of text, and the code that they announce with `::`.
    fn text(&mut self, lines: &[&str], at: usize) -> usize {
        let line = lines[at].trim_end();
        let depth = indent(line);
        let text = line.trim_start();
        let announces = text.ends_with("::");
        let shown = match text.strip_suffix("::") {
            Some("") => String::new(),
            Some(before) if before.ends_with(' ') => before.trim_end().to_owned(),
            Some(before) => format!("{before}:"),
            None => text.to_owned(),
        };
        if let Some(rest) = shown.strip_prefix("#. ") {
            self.line(&format!("{}1. {rest}", " ".repeat(depth)));
        } else if let Some(rest) = shown.strip_prefix("| ") {
            self.line(rest);
        } else if !shown.is_empty() {
            // Set in by four it would be code, which in this language it is not.
            let is_item = shown.starts_with(['*', '-', '+']) || shown.starts_with(|first: char| first.is_ascii_digit());
            self.line(&format!("{}{shown}", " ".repeat(if is_item { depth } else { depth.min(3) })));
        }
        let blank = lines.get(at + 1).is_none_or(|next| next.trim().is_empty());
        if !(announces && blank) {
            return at + 1;
        }
        let mut end = at + 1;
        for (here, line) in lines.iter().enumerate().skip(at + 1) {
            if line.trim().is_empty() {
                continue;
            }
            if indent(line) <= depth {
                break;
            }
            end = here + 1;
        }
        let body = set_out(&lines[at + 1..end]);
        let first = body.iter().position(|line| !line.trim().is_empty()).unwrap_or(body.len());
        if first < body.len() {
            push_code(&mut self.out, "", &body[first..]);
        }
        end.max(at + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::markup::paragraphs, *};

    fn of(text: &str) -> String {
        paragraphs(&to_markdown(text))
    }

    #[test]
    fn headings_have_the_level_of_their_mark() {
        let text = "=======\nLantern\n=======\n\nExports\n=======\n\nNightly\n-------\n\nPlans\n=====\n";
        assert_eq!(of(text), "# Lantern\n\n## Exports\n\n### Nightly\n\n## Plans");
    }

    #[test]
    fn code_is_kept_and_what_a_directive_would_fetch_is_not() {
        let text = "Run::\n\n    lantern export\n      --all\n\nor\n\n.. code-block:: bash\n   :linenos:\n\n   export A=1\n\n.. toctree::\n   :maxdepth: 2\n\n   intro\n\n.. _target:\n\n.. a comment\n   of two lines\n\nEnd.";
        assert_eq!(
            of(text),
            "Run:\n\n```\nlantern export\n  --all\n```\n\nor\n\n```bash\nexport A=1\n```\n\nEnd."
        );
    }

    #[test]
    fn notes_are_text_with_a_word_before_it() {
        let text = ".. note::\n\n   Exports take *minutes*.\n\n.. versionadded:: 2.1\n   The button.\n";
        assert_eq!(of(text), "Note:\nExports take *minutes*.\n\nNew in version 2.1\nThe button.");
    }

    #[test]
    fn links_and_roles_are_words() {
        assert_eq!(
            inline("See `the guide <https://example.com/g>`_, :ref:`plans <plans-label>`, :doc:`/intro` and ``a `b` c``."),
            "See [the guide](https://example.com/g), plans, /intro and `a `b` c`."
        );
        assert_eq!(inline(":func:`~lantern.run` and `Reference`_"), "`lantern.run` and Reference");
        assert_eq!(inline("an `open one"), "an `open one");
    }

    #[test]
    fn tables_keep_their_cells() {
        let simple = "=====  ======\nPlan   Price\n=====  ======\nTeam   $20\nLarge  $80 a\n       month\n=====  ======\n\nEnd.";
        assert_eq!(
            of(simple),
            "| Plan | Price |\n| --- | --- |\n| Team | $20 |\n| Large | $80 a month |\n\nEnd."
        );
        let grid = "+------+-------+\n| Plan | Price |\n+======+=======+\n| Team | $20   |\n|      | each  |\n+------+-------+\n";
        assert_eq!(of(grid), "| Plan | Price |\n| --- | --- |\n| Team | $20 each |");
        let list = ".. list-table:: Plans\n   :header-rows: 1\n\n   * - Plan\n     - Price\n   * - Team\n     - $20\n       each\n";
        assert_eq!(of(list), "Plans\n\n| Plan | Price |\n| --- | --- |\n| Team | $20 each |");
    }

    #[test]
    fn odd_text_is_read_to_its_end() {
        for text in [
            "",
            "::",
            "..",
            ".. ::",
            "==",
            "====\n",
            "=  =",
            "+-+",
            "`",
            "``",
            ":a:`",
            ".. note::",
            "x\n-",
            "| ",
            "#. ",
            ":x:`<>`_",
        ] {
            let _ = to_markdown(text);
        }
        let deep: String = (0..200).map(|n| format!("{}.. note::\n\n", "   ".repeat(n))).collect();
        let _ = to_markdown(&deep);
    }
}
