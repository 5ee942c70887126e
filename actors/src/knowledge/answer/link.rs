//! Addresses that open a page at the passage: <https://wicg.github.io/scroll-to-text-fragment/>.

use super::passage::{Kind, units};

/// Words that a browser looks for, at most and at least: fewer are found in the wrong place.
const WORDS: usize = 8;
const FEWEST: usize = 3;

/// `url` at what is told of it: at the page of a PDF, else at the words that `told` begins with. A browser that finds neither
/// opens the page at its top.
pub(super) fn at_passage(url: &str, page: Option<u32>, told: &str) -> String {
    if let Some(page) = page {
        return match url.contains('#') {
            true => url.to_owned(),
            false => format!("{url}#page={page}"),
        };
    }
    // Code is drawn in pieces, by which a browser does not find it.
    let words = units(told)
        .into_iter()
        .filter(|unit| matches!(unit.kind, Kind::Sentence | Kind::Item))
        .find_map(|unit| beginning(&unit.text));
    match words {
        Some(words) if url.contains('#') => format!("{url}:~:text={}", encoded(&words)),
        Some(words) => format!("{url}#:~:text={}", encoded(&words)),
        None => url.to_owned(),
    }
}

/// The first words of a sentence or an item, as they stand on the page.
fn beginning(text: &str) -> Option<String> {
    let text = text.trim_start();
    // A page draws the marks of its lists itself.
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let text = match text.strip_prefix("- ") {
        Some(item) => item,
        None if digits > 0 && text[digits..].starts_with(". ") => &text[digits + 2..],
        None => text,
    };
    let words: Vec<&str> = text.split_whitespace().take_while(|word| !word.contains('`')).take(WORDS).collect();
    (words.len() >= FEWEST).then(|| words.join(" "))
}

fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_opens_at_the_words_that_are_told() {
        let told = "To export your data, open Settings and choose Export. It comes by mail.";
        assert_eq!(
            at_passage("https://d.example/a", None, told),
            "https://d.example/a#:~:text=To%20export%20your%20data%2C%20open%20Settings%20and%20choose"
        );
        assert_eq!(
            at_passage("https://d.example/a#export", None, "Click the red-blue button."),
            "https://d.example/a#export:~:text=Click%20the%20red%2Dblue%20button."
        );
        assert_eq!(
            at_passage("https://d.example/a.pdf", Some(3), told),
            "https://d.example/a.pdf#page=3"
        );
        assert_eq!(
            at_passage("https://d.example/a", None, "1. Open the settings first.\n2. Done."),
            "https://d.example/a#:~:text=Open%20the%20settings%20first."
        );
        for short in ["", "Yes.", "```\ncurl -X POST https://a.example\n```", "`lantern export --all`"] {
            assert_eq!(at_passage("https://d.example/a", None, short), "https://d.example/a", "{short}");
        }
    }
}
