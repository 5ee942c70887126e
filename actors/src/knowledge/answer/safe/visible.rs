//! Text as it is seen: what nobody sees, or what turns the order of the rest, is left out.

use crate::knowledge::sentence::is_ideograph;

/// Without control and format characters, tags, and selectors that could carry a hidden text. The joiners that Persian, the
/// scripts of India, and pictures of several parts are written with stay where they join two such.
pub(crate) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\r' => {
                if letters.peek() != Some(&'\n') {
                    out.push('\n');
                }
            }
            '\n' | '\t' => out.push(letter),
            '\u{200c}' | '\u{200d}' => {
                let joins = out.chars().last().is_some_and(is_joined) && letters.peek().copied().is_some_and(is_joined);
                if joins {
                    out.push(letter);
                }
            }
            // How a picture is drawn; of itself it is nothing.
            '\u{fe0e}' | '\u{fe0f}' => {
                if out
                    .chars()
                    .last()
                    .is_some_and(|before| !before.is_ascii_alphabetic() && !before.is_whitespace() && !is_hidden(before))
                {
                    out.push(letter);
                }
            }
            // Other blanks than the usual ones.
            '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' => out.push(' '),
            '\u{2028}' | '\u{2029}' | '\u{85}' => out.push('\n'),
            letter if is_hidden(letter) => {}
            letter => out.push(letter),
        }
    }
    out
}

fn is_joined(letter: char) -> bool {
    letter > '\u{590}' && !letter.is_whitespace() && !is_hidden(letter) && !is_ideograph(letter)
}

fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'
                | '\u{1160}'
                | '\u{17b4}'
                | '\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}
