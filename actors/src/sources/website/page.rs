//! What a server's answer says of a page.

use reqwest::header::{CONTENT_TYPE, ETAG, HeaderMap, LAST_MODIFIED, LOCATION};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::Url;

use super::config::{Scope, same_page};
use crate::{
    knowledge::parse::{self, MediaType, PageHead, ParseError, Parsed, Stop, parse_page},
    outward::Answer,
    sources::connector::{Content, Fetched, Found, ProviderError, Skip},
    text::hex,
};

/// What is known of a page as it is stored: what it says, and what its server calls that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Version {
    /// Of what is read, so that what changes with every answer and is not does not count.
    h: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) e: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) m: Option<String>,
}

impl Version {
    pub(super) fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    fn of(answer: &Answer, read: &[u8]) -> Self {
        let header = |name| {
            let value: Option<&str> = answer.headers.get(name).and_then(|value| value.to_str().ok());
            value.filter(|value| value.len() <= 200).map(str::to_owned)
        };
        let hash = Sha256::digest(read);
        Self {
            h: hex(&hash[..16]),
            e: header(ETAG),
            m: header(LAST_MODIFIED),
        }
    }
}

/// How long to leave a server alone that does not say.
const USUAL_WAIT_S: u64 = 30;

pub(super) fn skip(code: &'static str, detail: impl Into<String>) -> Fetched {
    Fetched::Skip(Skip {
        code,
        detail: detail.into(),
    })
}

/// A page that was asked for, with what was known of it.
pub(super) struct Asked {
    pub scope: Scope,
    pub url: Url,
    pub depth: u16,
    pub known: Option<Version>,
    /// Links are of interest.
    pub follows: bool,
}

/// What an answer means without a look at its body; `None` when the page is in there.
pub(super) fn by_status(asked: &Asked, answer: &Answer) -> Result<Option<Fetched>, ProviderError> {
    let status = answer.status;
    Ok(Some(match status {
        200 => return Ok(None),
        304 => Fetched::Unchanged {
            version: None,
            links: Vec::new(),
        },
        301..=303 | 307 | 308 => redirected(asked, &answer.headers),
        401 | 402 | 403 | 407 | 451 => skip("forbidden", format!("The server answers with status {status}.")),
        404 | 410 => Fetched::Gone,
        429 => return Err(ProviderError::Later(answer.retry_after_s().unwrap_or(USUAL_WAIT_S))),
        503 if answer.retry_after_s().is_some() => {
            return Err(ProviderError::Later(answer.retry_after_s().unwrap_or(USUAL_WAIT_S)));
        }
        408 | 425 | 500..=599 => Fetched::Missed(Skip {
            code: "unavailable",
            detail: format!("The server answers with status {status}."),
        }),
        _ => skip("status", format!("The server answers with status {status}.")),
    }))
}

fn redirected(asked: &Asked, headers: &HeaderMap) -> Fetched {
    let to = headers.get(LOCATION).and_then(|to| to.to_str().ok());
    let Some(to) = to.and_then(|to| asked.scope.follow(&asked.url, to)) else {
        return skip("redirected", "It leads on, and does not say where to.");
    };
    // What a page of this source leads to is one of its own, whatever the paths say that are followed, or it is not taken.
    if !asked.scope.has(&to) || to == asked.url {
        return skip("redirected", format!("It leads on to {to}"));
    }
    Fetched::Aside {
        skip: Skip {
            code: "canonical",
            detail: format!("It leads on to {to}"),
        },
        links: vec![found(&to, asked.depth)],
    }
}

fn found(url: &Url, depth: u16) -> Found {
    Found {
        id: url.as_str().to_owned(),
        version: None,
        depth,
    }
}

/// What kind of document an answer is.
pub(super) fn media(answer: &Answer) -> Option<MediaType> {
    let named = answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let named = named.map(|named| named.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    match named.as_deref() {
        Some("text/html" | "application/xhtml+xml") => Some(MediaType::Html),
        Some("text/markdown" | "text/x-markdown") => Some(MediaType::Markdown),
        Some("text/plain") => Some(MediaType::PlainText),
        Some("application/pdf") => answer.body.starts_with(b"%PDF-").then_some(MediaType::Pdf),
        None | Some("") => answer.body.trim_ascii_start().starts_with(b"<").then_some(MediaType::Html),
        Some(_) => None,
    }
}

/// What the headers ask of robots: `X-Robots-Tag`, for everybody or for us.
fn header_asks(headers: &HeaderMap, word: &str) -> bool {
    let values = headers.get_all("x-robots-tag").iter().filter_map(|value| value.to_str().ok());
    values.map(str::to_ascii_lowercase).any(|value| {
        let words = match value.split_once(':') {
            Some((whom, words)) if whom.trim() == "pernoex" => words,
            // `unavailable_after` has a colon too, and asks for nothing that is heeded here.
            Some(_) => return false,
            None => value.as_str(),
        };
        words.split(',').map(str::trim).any(|one| one == word || one == "none")
    })
}

/// Reads a page that came. Takes the processor for some milliseconds.
pub(super) fn read(asked: &Asked, media: MediaType, answer: Answer, limits: &parse::Limits) -> Fetched {
    let name = asked
        .url
        .path()
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_owned();
    if header_asks(&answer.headers, "noindex") {
        return skip("noindex", "The server asks robots not to take it.");
    }
    match media {
        MediaType::Html => match parse_page(&name, &answer.body, limits, &Stop::new()) {
            Ok((parsed, head)) => page(asked, answer, parsed, &head),
            Err(error) => unread(&error),
        },
        MediaType::Pdf => {
            // Read once, by the job that takes it in: its bytes are what tells whether it changed.
            let version = Version::of(&answer, &answer.body);
            let title = name.trim_end_matches(".pdf").replace(['-', '_'], " ");
            settle(asked, answer, media, title, version, Vec::new())
        }
        _ => match parse::parse(media, &name, &answer.body, limits, &Stop::new()) {
            Ok(parsed) => {
                let version = Version::of(&answer, text_of(&parsed).as_bytes());
                settle(asked, answer, media, parsed.title.unwrap_or(name), version, Vec::new())
            }
            Err(error) => unread(&error),
        },
    }
}

fn unread(error: &ParseError) -> Fetched {
    let code = match error {
        ParseError::NoText => "no_text",
        ParseError::Unreadable(_) => "unreadable",
        other => other.code(),
    };
    let detail = match error {
        ParseError::NoText => "There is no text on the page itself.".to_owned(),
        other => other.to_string(),
    };
    skip(code, detail)
}

/// Everything that is read of it.
fn text_of(parsed: &Parsed) -> String {
    let mut text = parsed.title.clone().unwrap_or_default();
    for block in &parsed.blocks {
        text.push('\n');
        text.push_str(block.text());
    }
    text
}

fn page(asked: &Asked, answer: Answer, parsed: Result<Parsed, ParseError>, head: &PageHead) -> Fetched {
    let scope = &asked.scope;
    let base = head
        .base
        .as_deref()
        .and_then(|base| asked.url.join(base).ok())
        .unwrap_or_else(|| asked.url.clone());
    let follows = asked.follows && !head.asks("nofollow") && !header_asks(&answer.headers, "nofollow");
    let mut links = Vec::new();
    if follows {
        let mut seen = std::collections::HashSet::new();
        let pages = head.links.iter().filter_map(|link| scope.page(&base, link));
        links.extend(
            pages
                .filter(|to| *to != asked.url && seen.insert(to.clone()))
                .map(|to| found(&to, asked.depth.saturating_add(1))),
        );
    }
    let aside = |code: &'static str, detail: String, links| Fetched::Aside {
        skip: Skip { code, detail },
        links,
    };
    if head.asks("noindex") {
        return aside("noindex", "The page asks robots not to take it.".into(), links);
    }
    let original = head.canonical.as_deref().and_then(|link| scope.follow(&base, link));
    if let Some(original) = original.filter(|original| scope.has(original) && !same_page(original, &asked.url)) {
        links.insert(0, found(&original, asked.depth));
        return aside("canonical", format!("It names {original} as its original."), links);
    }
    match parsed {
        Ok(parsed) => {
            let version = Version::of(&answer, text_of(&parsed).as_bytes());
            let title = parsed.title.unwrap_or_else(|| asked.url.path().to_owned());
            settle(asked, answer, MediaType::Html, title, version, links)
        }
        Err(error) => match unread(&error) {
            Fetched::Skip(skip) => Fetched::Aside { skip, links },
            other => other,
        },
    }
}

fn settle(asked: &Asked, answer: Answer, media: MediaType, title: String, version: Version, links: Vec<Found>) -> Fetched {
    let text = serde_json::to_string(&version).ok();
    if asked.known.as_ref().is_some_and(|known| known.h == version.h) {
        return Fetched::Unchanged { version: text, links };
    }
    Fetched::Content(Content {
        title,
        url: Some(asked.url.as_str().to_owned()),
        media,
        bytes: answer.body,
        version: text,
        links,
    })
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::{
        super::config::{Config, Mode},
        *,
    };

    fn scope() -> Scope {
        let config = Config {
            start: "https://e.com/docs/".into(),
            mode: Mode::Crawl,
            include: Vec::new(),
            exclude: Vec::new(),
            depth: 5,
            pages: 10,
        };
        config.scope().unwrap()
    }

    fn asked() -> Asked {
        Asked {
            scope: scope(),
            url: Url::parse("https://e.com/docs/a").unwrap(),
            depth: 2,
            known: None,
            follows: true,
        }
    }

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap()));
        Answer {
            status,
            url: Url::parse("https://e.com/docs/a").unwrap(),
            headers: headers.collect(),
            body: body.as_bytes().to_vec(),
        }
    }

    fn code(fetched: &Fetched) -> &str {
        match fetched {
            Fetched::Content(_) => "content",
            Fetched::Unchanged { .. } => "unchanged",
            Fetched::Gone => "gone",
            Fetched::Skip(skip) | Fetched::Aside { skip, .. } => skip.code,
            Fetched::Missed(_) => "missed",
        }
    }

    #[test]
    fn each_status_means_what_it_should() {
        for (status, headers, expected) in [
            (304, vec![], "unchanged"),
            (301, vec![("location", "/docs/b")], "canonical"),
            (302, vec![("location", "https://login.example/")], "redirected"),
            (302, vec![("location", "/docs/a#top")], "redirected"),
            (308, vec![], "redirected"),
            (401, vec![], "forbidden"),
            (410, vec![], "gone"),
            (500, vec![], "missed"),
            (503, vec![], "missed"),
            (418, vec![], "status"),
        ] {
            let came = by_status(&asked(), &answer(status, &headers, "")).unwrap().unwrap();
            assert_eq!(code(&came), expected, "{status} {headers:?}");
        }
        let later = |status, wait| by_status(&asked(), &answer(status, &[("retry-after", wait)], "")).unwrap_err();
        assert_eq!(later(429, "x"), ProviderError::Later(USUAL_WAIT_S));
        assert_eq!(later(503, "7"), ProviderError::Later(7));
        assert!(by_status(&asked(), &answer(200, &[], "")).unwrap().is_none());
    }

    #[test]
    fn what_is_not_read_does_not_make_a_page_another() {
        let limits = parse::Limits::default();
        let body = |nonce: &str| {
            format!("<title>A</title><meta name=csrf content={nonce}><nav><a href=b>B {nonce}</a></nav><main><p>Words of the page.</main>")
        };
        let Fetched::Content(first) = read(&asked(), MediaType::Html, answer(200, &[("etag", "\"1\"")], &body("x")), &limits) else {
            panic!("it is content")
        };
        assert_eq!(
            (first.title.as_str(), first.links[0].id.as_str(), first.links[0].depth),
            ("A", "https://e.com/docs/b", 3)
        );
        let known = first.version.as_deref().and_then(Version::parse);
        assert_eq!(known.as_ref().unwrap().e.as_deref(), Some("\"1\""));
        let again = Asked { known, ..asked() };
        assert_eq!(
            code(&read(&again, MediaType::Html, answer(200, &[], &body("y")), &limits)),
            "unchanged"
        );
        assert_eq!(
            code(&read(&again, MediaType::Html, answer(200, &[], "<p>Other words"), &limits)),
            "content"
        );
    }

    #[test]
    fn a_page_is_heeded_in_what_it_asks() {
        let limits = parse::Limits::default();
        for (headers, body, expected, links) in [
            (vec![], "<meta name=robots content=noindex><p>x <a href=b>b</a>", "noindex", 1),
            (vec![], "<meta name=robots content=nofollow><p>x <a href=b>b</a>", "content", 0),
            (vec![("x-robots-tag", "otherbot: noindex")], "<p>x", "content", 0),
            (vec![("x-robots-tag", "nofollow, NOINDEX")], "<p>x", "noindex", 0),
            (vec![], "<link rel=canonical href=/docs/b><p>x", "canonical", 1),
            (vec![], "<link rel=canonical href=https://elsewhere.example/b><p>x", "content", 0),
            (vec![], "<link rel=canonical href=/docs/a/><p>x", "content", 0),
            (vec![], "<nav><a href=b>b</a></nav>", "no_text", 1),
        ] {
            let came = read(&asked(), MediaType::Html, answer(200, &headers, body), &limits);
            let led = match &came {
                Fetched::Content(content) => content.links.len(),
                Fetched::Aside { links, .. } => links.len(),
                _ => 0,
            };
            assert_eq!((code(&came), led), (expected, links), "{headers:?} {body}");
        }
    }
}
