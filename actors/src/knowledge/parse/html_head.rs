//! What a page says of itself to those who gather pages, and where it leads.

use scraper::Html;

use super::html::elements;

/// As written: nothing is resolved or looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PageHead {
    /// What links are relative to, where that is not the page itself.
    pub base: Option<String>,
    /// The address that the page calls its own.
    pub canonical: Option<String>,
    /// What robots are asked, each with the name of whom.
    pub robots: Vec<(String, String)>,
    pub links: Vec<String>,
}

/// Links of one page.
const MOST: usize = 2_000;

/// Whether a list of words, as in `rel`, has `word`.
fn says(words: Option<&str>, word: &str) -> bool {
    words.is_some_and(|words| words.split_whitespace().any(|one| one.eq_ignore_ascii_case(word)))
}

impl PageHead {
    pub(super) fn of(page: &Html) -> Self {
        let mut head = Self::default();
        for element in elements(page) {
            let tag = element.value();
            match tag.name() {
                "base" if head.base.is_none() => head.base = tag.attr("href").map(str::to_owned),
                "link" if head.canonical.is_none() && says(tag.attr("rel"), "canonical") => {
                    head.canonical = tag.attr("href").map(str::to_owned);
                }
                "meta" => {
                    if let (Some(name), Some(content)) = (tag.attr("name"), tag.attr("content")) {
                        let name = name.trim().to_ascii_lowercase();
                        if matches!(name.as_str(), "robots" | "pernoex") {
                            head.robots.push((name, content.to_ascii_lowercase()));
                        }
                    }
                }
                "a" | "area" if head.links.len() < MOST && !says(tag.attr("rel"), "nofollow") => {
                    head.links.extend(tag.attr("href").map(str::to_owned));
                }
                _ => {}
            }
        }
        head
    }

    /// Whether robots are asked for `word`, such as `noindex`; `none` asks for everything.
    pub(crate) fn asks(&self, word: &str) -> bool {
        let words = self.robots.iter().flat_map(|(_, words)| words.split(','));
        words.map(str::trim).any(|one| one == word || one == "none")
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Limits, Stop, parse_page};

    #[test]
    fn a_page_says_where_it_leads_and_what_it_asks() {
        let source = "<head><base href=/docs/><link rel='x CANONICAL' href='/docs/a'><meta name=Robots content='NoIndex, x'></head>\
            <body><nav><a href=b>b</a></nav><main><p>Text <a href='c' rel='external nofollow'>c</a> <a href='d?x=1&amp;y=2'>d</a></main><map><area href=e></map>";
        let (parsed, head) = parse_page("a", source.as_bytes(), &Limits::default(), &Stop::new()).unwrap();
        assert!(parsed.is_ok());
        assert_eq!((head.base.as_deref(), head.canonical.as_deref()), (Some("/docs/"), Some("/docs/a")));
        assert_eq!(head.links, ["b", "d?x=1&y=2", "e"]);
        assert!(head.asks("noindex") && !head.asks("nofollow"));
    }

    #[test]
    fn a_page_without_text_still_leads_on() {
        let (parsed, head) = parse_page("a", b"<nav><a href=b>b</a></nav>", &Limits::default(), &Stop::new()).unwrap();
        assert!(parsed.is_err());
        assert_eq!(head.links, ["b"]);
    }
}
