//! Where sentences end, and how long a text is in word pieces.

/// Words that end with a full stop without ending a sentence.
const ABBREVIATIONS: [&str; 34] = [
    "e.g", "i.e", "etc", "vs", "cf", "mr", "mrs", "ms", "dr", "prof", "st", "no", "nr", "fig", "figs", "eq", "sec", "ch", "vol", "ed",
    "approx", "resp", "incl", "excl", "min", "max", "inc", "ltd", "co", "corp", "dept", "est", "al", "p.s",
];

/// The sentences of a text, trimmed, in order, nothing left out. A line break ends a sentence.
pub(crate) fn sentences(text: &str) -> Vec<&str> {
    text.lines().flat_map(sentences_of_line).collect()
}

fn sentences_of_line(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut in_code = false;
    let mut letters = line.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        if letter == '`' {
            in_code = !in_code;
        }
        let wide = matches!(letter, '。' | '！' | '？');
        if !wide && (in_code || !matches!(letter, '.' | '!' | '?' | '…')) {
            continue;
        }
        // Closing marks belong to the sentence that they close.
        let mut end = at + letter.len_utf8();
        while let Some((next_at, next)) = letters.peek().copied() {
            if !matches!(next, '.' | '!' | '?' | '"' | '\'' | ')' | ']' | '”' | '’' | '»') {
                break;
            }
            end = next_at + next.len_utf8();
            letters.next();
        }
        let (before, after) = (&line[start..at], &line[end..]);
        if after.is_empty() || wide || (after.starts_with(char::is_whitespace) && ends_sentence(letter, before, after.trim_start())) {
            found.push(line[start..end].trim());
            start = end;
        }
    }
    found.push(line[start..].trim());
    found.retain(|sentence| !sentence.is_empty());
    found
}

/// `before`: the sentence without its closing mark; `after`: what follows the blank.
fn ends_sentence(mark: char, before: &str, after: &str) -> bool {
    // Texts with a blank before the full stop have been taken apart by a machine, capitals included.
    if before.ends_with(' ') {
        return true;
    }
    let opens = after.chars().next().is_none_or(|next| !next.is_lowercase());
    if mark != '.' {
        return opens;
    }
    let word = before.rsplit(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default();
    let abbreviated = ABBREVIATIONS.contains(&word.to_lowercase().as_str())
        && (word.to_lowercase() != "no" || after.starts_with(|c: char| c.is_ascii_digit()));
    let initial = word.chars().count() == 1 && word.chars().all(char::is_uppercase);
    let item_number = !word.is_empty() && before.trim() == word && word.chars().all(|c| c.is_ascii_digit());
    opens && !abbreviated && !initial && !item_number
}

/// About how many word pieces the embedding model makes of a text. Meant to be a little high.
pub(crate) fn pieces(text: &str) -> usize {
    let mut count = 0;
    let mut run = 0usize;
    let close = |run: &mut usize, count: &mut usize| {
        if *run > 0 {
            *count += 1 + (*run - 1) / 8;
            *run = 0;
        }
    };
    for letter in text.chars() {
        if letter.is_ascii_alphabetic() || (letter.is_alphabetic() && !is_ideograph(letter)) {
            // Letters outside English fall apart sooner.
            run += if letter.is_ascii() { 1 } else { 3 };
        } else if letter.is_ascii_digit() {
            run += 2;
        } else {
            close(&mut run, &mut count);
            count += usize::from(!letter.is_whitespace());
        }
    }
    close(&mut run, &mut count);
    count
}

/// Scripts that are written without blanks.
pub(crate) fn is_ideograph(letter: char) -> bool {
    matches!(letter, '\u{2E80}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abbreviations_versions_and_code_do_not_end_a_sentence() {
        let text = "Use e.g. version 2.1 of Mr. Smith's tool. Run `cargo run. Now` twice! Then what? See no. 5.";
        assert_eq!(
            sentences(text),
            [
                "Use e.g. version 2.1 of Mr. Smith's tool.",
                "Run `cargo run. Now` twice!",
                "Then what?",
                "See no. 5."
            ]
        );
    }

    #[test]
    fn nothing_is_lost() {
        for text in [
            "",
            " . ",
            "a.b",
            "one . two . three",
            "He said \"No.\" Then left.",
            "你好。再见。",
            "1. First step. Second.",
            "…?!)",
        ] {
            let kept: String = sentences(text).concat().split_whitespace().collect();
            assert_eq!(kept, text.split_whitespace().collect::<String>(), "{text}");
        }
    }

    #[test]
    fn pieces_grow_with_the_text() {
        assert_eq!(pieces(""), 0);
        assert_eq!(pieces("reset the password."), 4);
        assert!(pieces(&"word ".repeat(100)) >= 100);
    }
}
