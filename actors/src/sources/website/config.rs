//! What somebody chose of a website: where to begin, and what belongs to it.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::outward::is_odd;

const WHOLE: &str = "Enter a complete web address such as https://docs.example.com/.";
const DEPTH: u16 = 5;
const MOST_DEPTH: u16 = 20;
const PAGES: usize = 2_000;
const MOST_PAGES: usize = 10_000;
const MOST_PREFIXES: usize = 50;
const LONGEST_PREFIX: usize = 200;
/// Parameters that say where a reader came from, and change nothing of the page; besides those that begin with `utm_`.
const TRACKING: &[&str] = &[
    "gclid", "fbclid", "msclkid", "dclid", "yclid", "mc_cid", "mc_eid", "_ga", "_gl", "igshid",
];
/// Files that are no text, by their extension.
const NO_TEXT: &[&str] = &[
    "png", "jpg", "jpeg", "gif", "webp", "avif", "svg", "ico", "bmp", "css", "js", "mjs", "map", "json", "xml", "rss", "atom", "zip", "gz",
    "tgz", "bz2", "xz", "7z", "rar", "tar", "dmg", "exe", "msi", "deb", "rpm", "apk", "iso", "jar", "whl", "woff", "woff2", "ttf", "otf",
    "eot", "mp3", "mp4", "m4a", "m4v", "ogg", "ogv", "wav", "webm", "mov", "avi", "mkv", "csv", "xls", "xlsx", "ppt", "pptx", "wasm",
    "bin",
];

/// How pages are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    #[default]
    Crawl,
    Sitemap,
}

fn depth() -> u16 {
    DEPTH
}

fn pages() -> usize {
    PAGES
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub start: String,
    #[serde(default)]
    pub mode: Mode,
    /// Beginnings of paths; none stands for the start's own folder.
    #[serde(default)]
    pub include: Vec<String>,
    #[serde(default)]
    pub exclude: Vec<String>,
    /// Links from the start.
    #[serde(default = "depth")]
    pub depth: u16,
    #[serde(default = "pages")]
    pub pages: usize,
}

impl Config {
    /// As it is to be stored.
    pub(super) fn checked(mut self) -> Result<Self, (&'static str, String)> {
        let refuse = |field, reason: String| Err((field, reason));
        let start = match Url::parse(self.start.trim()) {
            // What is shown of it would not be what is asked.
            Ok(_) if is_odd(self.start.trim()) => return refuse("start", WHOLE.into()),
            Ok(start) if matches!(start.scheme(), "http" | "https") && start.host().is_some() => start,
            Ok(_) => return refuse("start", "The address must begin with https:// or http://.".into()),
            Err(_) => return refuse("start", WHOLE.into()),
        };
        self.start = normal(start).into();
        if self.depth > MOST_DEPTH {
            return refuse("depth", format!("Choose at most {MOST_DEPTH} links."));
        }
        if !(1..=MOST_PAGES).contains(&self.pages) {
            return refuse("pages", format!("Choose 1 to {MOST_PAGES} pages."));
        }
        for (field, prefixes) in [("include", &self.include), ("exclude", &self.exclude)] {
            if prefixes.len() > MOST_PREFIXES {
                return refuse(field, format!("Name at most {MOST_PREFIXES} paths."));
            }
            if prefixes
                .iter()
                .any(|prefix| !prefix.starts_with('/') || prefix.len() > LONGEST_PREFIX)
            {
                return refuse(field, format!("Paths begin with / and have at most {LONGEST_PREFIX} characters."));
            }
        }
        Ok(self)
    }

    pub(super) fn scope(&self) -> Option<Scope> {
        let start = Url::parse(&self.start).ok()?;
        let folder = start.path().rsplit_once('/').map_or("/", |(before, _)| before);
        let include = match self.include.as_slice() {
            // A sitemap lists what belongs to a site, wherever the sitemap itself is.
            [] if self.mode == Mode::Sitemap => vec!["/".to_owned()],
            [] => vec![format!("{folder}/")],
            some => some.to_vec(),
        };
        Some(Scope {
            exclude: self.exclude.clone(),
            include,
            start,
        })
    }
}

/// What belongs to a website.
pub(super) struct Scope {
    pub(super) start: Url,
    include: Vec<String>,
    exclude: Vec<String>,
}

/// Whether a path is `prefix` or below it.
fn below(path: &str, prefix: &str) -> bool {
    let folder = prefix.trim_end_matches('/');
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Scope {
    /// The same server as the start.
    pub(super) fn is_host(&self, url: &Url) -> bool {
        url.scheme() == self.start.scheme()
            && url.host() == self.start.host()
            && url.port_or_known_default() == self.start.port_or_known_default()
    }

    pub(super) fn has(&self, url: &Url) -> bool {
        let path = url.path();
        let is_start = path == self.start.path() && url.query() == self.start.query();
        let included = is_start || self.include.iter().any(|prefix| below(path, prefix));
        self.is_host(url) && included && !self.exclude.iter().any(|prefix| below(path, prefix))
    }

    /// Where `link` on the page `from` leads, in the one form that an address has here; `None` when that is no page of the web.
    pub(super) fn follow(&self, from: &Url, link: &str) -> Option<Url> {
        let mut to = normal(from.join(link.trim()).ok()?);
        // Left over from before a site had a certificate.
        if to.scheme() == "http" && self.start.scheme() == "https" && to.host() == self.start.host() && to.port().is_none() {
            to.set_scheme("https").ok()?;
        }
        matches!(to.scheme(), "http" | "https").then_some(to)
    }

    /// As [`Self::follow`], when it belongs here and may hold text.
    pub(super) fn page(&self, from: &Url, link: &str) -> Option<Url> {
        let to = self.follow(from, link)?;
        let name = to.path().rsplit('/').next().unwrap_or_default();
        let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
        let text = extension.is_none_or(|extension| !NO_TEXT.contains(&extension.as_str()));
        (text && self.has(&to) && to.as_str().len() <= 2_000).then_some(to)
    }
}

/// One form for addresses of the same page: without a fragment, and without what only says where a reader came from.
pub(super) fn normal(mut url: Url) -> Url {
    url.set_fragment(None);
    if let Some(query) = url.query() {
        let is_tracking = |pair: &&str| {
            let name = pair.split('=').next().unwrap_or_default().to_ascii_lowercase();
            name.is_empty() || name.starts_with("utm_") || TRACKING.contains(&name.as_str())
        };
        let kept: Vec<&str> = query.split('&').filter(|pair| !is_tracking(pair)).collect();
        let kept = kept.join("&");
        url.set_query((!kept.is_empty()).then_some(kept.as_str()));
    }
    url
}

/// Whether two addresses are one but for what servers make no difference of.
pub(super) fn same_page(one: &Url, other: &Url) -> bool {
    let path = |url: &Url| {
        let path = url.path().trim_end_matches("index.html").trim_end_matches('/');
        path.to_owned()
    };
    one.host() == other.host() && path(one) == path(other) && one.query() == other.query()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(start: &str, include: &[&str], exclude: &[&str]) -> Scope {
        let own = |some: &[&str]| some.iter().map(|one| (*one).to_owned()).collect();
        let config = Config {
            start: start.into(),
            mode: Mode::Crawl,
            include: own(include),
            exclude: own(exclude),
            depth: 5,
            pages: 10,
        };
        config.checked().unwrap().scope().unwrap()
    }

    fn pages(scope: &Scope, links: &[&str]) -> Vec<String> {
        let from = scope.start.clone();
        links
            .iter()
            .filter_map(|link| scope.page(&from, link))
            .map(|url| url[url::Position::BeforePath..].to_owned())
            .collect()
    }

    #[test]
    fn a_page_is_beside_or_below_the_start() {
        let docs = scope("https://example.com/docs/intro", &[], &[]);
        let links = [
            "setup",
            "/docs/a/b#c",
            "/docs",
            "/blog",
            "https://other.example/docs/x",
            "//example.com/docs/y",
            "../docs/z?a=1",
            "/docsx",
        ];
        assert_eq!(
            pages(&docs, &links),
            ["/docs/setup", "/docs/a/b", "/docs", "/docs/y", "/docs/z?a=1"]
        );
        assert_eq!(
            pages(&scope("https://example.com/docs", &[], &[]), &["/docs", "/blog"]),
            ["/docs", "/blog"]
        );
    }

    #[test]
    fn paths_that_are_named_take_the_place_of_the_folder() {
        let some = scope("https://example.com/", &["/help", "/docs/"], &["/docs/archive"]);
        let links = ["/help", "/help/a", "/helper", "/docs/a", "/docs/archive/b", "/docs/archived", "/"];
        assert_eq!(pages(&some, &links), ["/help", "/help/a", "/docs/a", "/docs/archived", "/"]);
    }

    #[test]
    fn an_address_has_one_form() {
        let all = scope("https://example.com/", &[], &[]);
        let links = [
            "http://example.com/a?utm_source=x&b=1&gclid=2#top",
            "HTTPS://EXAMPLE.com:443/a?b=1",
            "/x.PNG",
            "mailto:a@example.com",
            "javascript:1",
            "/a/../c",
        ];
        assert_eq!(pages(&all, &links), ["/a?b=1", "/a?b=1", "/c"]);
        let url = |text: &str| Url::parse(text).unwrap();
        assert!(same_page(&url("https://e.com/a/"), &url("https://e.com/a/index.html")));
        assert!(!same_page(&url("https://e.com/a?x=1"), &url("https://e.com/a")));
    }

    #[test]
    fn what_cannot_be_right_is_refused() {
        let config = |start: &str| Config {
            start: start.into(),
            mode: Mode::Crawl,
            include: Vec::new(),
            exclude: Vec::new(),
            depth: 5,
            pages: 10,
        };
        assert!(config("docs").checked().is_err());
        assert!(config("http://example.com\\@127.0.0.1/").checked().is_err() && config("http://exa\tmple.com/").checked().is_err());
        assert!(config("ftp://example.com/").checked().is_err());
        assert!(
            Config {
                depth: 21,
                ..config("https://e.com")
            }
            .checked()
            .is_err()
        );
        assert!(
            Config {
                pages: 0,
                ..config("https://e.com")
            }
            .checked()
            .is_err()
        );
        assert!(
            Config {
                include: vec!["docs".into()],
                ..config("https://e.com")
            }
            .checked()
            .is_err()
        );
        assert_eq!(config(" https://e.com#a ").checked().unwrap().start, "https://e.com/");
    }
}
