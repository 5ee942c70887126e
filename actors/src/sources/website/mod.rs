//! Websites: from page to page by their links, or as a sitemap lists them. Each address is one that somebody else wrote: all go out through
//! the fetcher, and none is asked that the site asks robots to leave alone.

mod config;
mod page;
mod robots;
mod sitemap;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use entities::Millis;
use reqwest::header::{ACCEPT, HeaderMap, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use serde::{Deserialize, Serialize};
use tracing::{Instrument, debug_span};
use url::{Position as Part, Url};

use self::{
    config::{Config, Mode, Scope},
    page::{Asked, Version, by_status, media, skip},
    robots::Robots,
    sitemap::Sitemap,
};
use super::connector::{Choices, Choosing, Connector, Fetched, Found, Known, Listing, Most, Position, ProviderError, Skip, Token};
use crate::{
    engine::{Engine, Lane},
    fault::{Fault, Invalid},
    integrations::IntegrationActor,
    outward::{Answer, Bounds, FetchError, Refusal},
};

/// Of one page.
const PAGE: Bounds = Bounds {
    whole: Duration::from_secs(20),
    bytes: 5 << 20,
    // A redirect is an answer: where it leads may not belong to the source.
    redirects: 0,
};
const ROBOTS: Bounds = Bounds {
    whole: Duration::from_secs(10),
    bytes: 512 << 10,
    redirects: 5,
};
const SITEMAP: Bounds = Bounds {
    whole: Duration::from_secs(30),
    bytes: 20 << 20,
    redirects: 3,
};
/// How long what a site asks of robots is kept in mind.
const ROBOTS_LIVE: Duration = Duration::from_secs(1_800);
/// Sites of one workspace whose wishes are kept in mind at a time.
const SITES: usize = 64;
/// Files that the sitemaps of one site may be in.
const SITEMAPS: usize = 1_000;
/// Marks the address of a sitemap that lists more files than that. No page's address has a part behind the #.
const CUT: &str = "not-read";
/// Of them, those that are read at a time.
const MAPS: usize = 10;
/// Pages of a sitemap that are taken at a time.
const LISTED: usize = 1_000;

/// What sites ask of robots, as last heard.
#[derive(Default)]
pub(crate) struct Wishes(Mutex<HashMap<String, (Instant, Arc<Robots>)>>);

impl Wishes {
    fn get(&self, origin: &str) -> Option<Arc<Robots>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .get(origin)
            .filter(|(at, _)| at.elapsed() < ROBOTS_LIVE)
            .map(|(_, robots)| robots.clone())
    }

    fn put(&self, origin: &str, robots: &Arc<Robots>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= SITES {
            known.clear();
        }
        known.insert(origin.to_owned(), (Instant::now(), robots.clone()));
    }
}

pub(super) struct Website {
    engine: Arc<Engine>,
    lane: Lane,
    wishes: Arc<Wishes>,
}

/// What is still to be listed.
#[derive(Default, Serialize, Deserialize)]
struct Rest {
    /// Sitemaps that are not read to their end.
    maps: Vec<String>,
    /// Pages of the first of them that were taken.
    taken: usize,
    /// Sitemaps that were heard of.
    known: usize,
    /// There are more of them than are read.
    #[serde(default)]
    cut: bool,
}

fn origin(url: &Url) -> String {
    url[..Part::BeforePath].to_owned()
}

/// Why a whole site cannot be asked, or this page at this moment.
fn why(error: FetchError) -> Result<Fetched, ProviderError> {
    let missed = |detail: &str| {
        Ok(Fetched::Missed(Skip {
            code: "unavailable",
            detail: detail.into(),
        }))
    };
    match error {
        // A name server that is down, or one that lies, says nothing of the page.
        FetchError::Refused(Refusal::Unresolved | Refusal::NotPublic) => Err(ProviderError::Unavailable),
        FetchError::Refused(refusal) => Ok(skip("forbidden", refusal.to_string())),
        FetchError::NoConnection => Err(ProviderError::Unavailable),
        FetchError::TimedOut => missed("The server does not answer in time."),
        FetchError::CutOff => missed("The answer is cut off."),
        FetchError::TooLarge => Ok(skip("too_large", format!("It is larger than {} MiB.", PAGE.bytes >> 20))),
        FetchError::Packed => Ok(skip("unreadable", "The answer is packed in a way that cannot be unpacked.")),
        FetchError::TooManyRedirects | FetchError::WrongRedirect => Ok(skip("redirected", "It leads on, and does not say where to.")),
    }
}

impl Website {
    async fn get(&self, url: &Url, headers: HeaderMap, bounds: Bounds) -> Result<Answer, FetchError> {
        self.engine.fetcher.get(url.as_str(), headers, bounds).await
    }

    /// What the site of `url` asks of robots. A site that cannot say is left alone for now (RFC 9309, 2.3.1.4).
    async fn robots(&self, url: &Url) -> Result<Arc<Robots>, ProviderError> {
        let origin = origin(url);
        if let Some(known) = self.wishes.get(&origin) {
            return Ok(known);
        }
        let place = Url::parse(&format!("{origin}/robots.txt")).map_err(|_| ProviderError::Unreadable)?;
        let robots = match self.get(&place, HeaderMap::new(), ROBOTS).await {
            Ok(answer) => match answer.status {
                200..=299 => Robots::parse(&String::from_utf8_lossy(&answer.body)),
                429 => return Err(ProviderError::Later(answer.retry_after_s().unwrap_or(60))),
                500..=599 => return Err(ProviderError::Unavailable),
                _ => Robots::default(),
            },
            Err(FetchError::Refused(refusal)) => return Err(ProviderError::Refused(refusal.to_string())),
            Err(FetchError::TooManyRedirects | FetchError::WrongRedirect) => Robots::default(),
            Err(FetchError::TooLarge | FetchError::Packed) => Robots::closed(),
            Err(FetchError::NoConnection | FetchError::TimedOut | FetchError::CutOff) => return Err(ProviderError::Unavailable),
        };
        let robots = Arc::new(robots);
        self.wishes.put(&origin, &robots);
        Ok(robots)
    }

    /// Milliseconds between two pages, as the site asked when it was last heard.
    pub(super) fn rest_ms(&self, config: &str) -> Result<Millis, Fault> {
        let config: Config = serde_json::from_str(config).map_err(|_| Fault::Internal("source config"))?;
        let start = Url::parse(&config.start).map_err(|_| Fault::Internal("source config"))?;
        Ok(self.wishes.get(&origin(&start)).map_or(0, |robots| robots.delay_ms))
    }

    async fn page(&self, asked: Asked) -> Result<Fetched, ProviderError> {
        let mut headers = HeaderMap::new();
        headers.insert(
            ACCEPT,
            HeaderValue::from_static("text/html, text/markdown, text/plain, application/pdf, */*;q=0.1"),
        );
        if let Some(known) = &asked.known {
            for (name, value) in [(IF_NONE_MATCH, &known.e), (IF_MODIFIED_SINCE, &known.m)] {
                if let Some(value) = value.as_deref().and_then(|value| HeaderValue::from_str(value).ok()) {
                    headers.insert(name, value);
                }
            }
        }
        let answer = match self.get(&asked.url, headers, PAGE).instrument(debug_span!("fetch_page")).await {
            Ok(answer) => answer,
            Err(error) => return why(error),
        };
        if let Some(fetched) = by_status(&asked, &answer)? {
            return Ok(fetched);
        }
        let Some(media) = media(&answer) else {
            return Ok(skip("unsupported", "It is neither HTML, Markdown, plain text nor PDF."));
        };
        let limits = self.engine.limits.inside;
        let work = move || debug_span!("read_page").in_scope(|| page::read(&asked, media, answer, &limits));
        let read = self.lane.batch(work).await;
        // A parser that panics is broken by the page, and will be again.
        Ok(read.unwrap_or_else(|_| skip("unreadable", "The page cannot be read.")))
    }

    /// Where the sitemaps of a site are: as somebody said, as its robots.txt says, or where they usually are.
    async fn sitemaps(&self, scope: &Scope) -> Result<Vec<String>, ProviderError> {
        let start = &scope.start;
        let path = start.path().to_ascii_lowercase();
        if [".xml", ".xml.gz", ".txt"].iter().any(|end| path.ends_with(end)) {
            return Ok(vec![start.as_str().to_owned()]);
        }
        let named = self.robots(start).await?.sitemaps.clone();
        let own: Vec<String> = named.iter().filter_map(|link| own_map(scope, start, link)).collect();
        Ok(match own.is_empty() {
            true => vec![format!("{}/sitemap.xml", origin(start))],
            false => own,
        })
    }

    async fn sitemap(&self, url: &Url, first: bool) -> Result<Option<Sitemap>, ProviderError> {
        if !self.robots(url).await?.allow(&url[Part::BeforePath..]) {
            return Err(ProviderError::Refused(format!("The site asks robots not to read {url}")));
        }
        let answer = match self.get(url, HeaderMap::new(), SITEMAP).await {
            Ok(answer) => answer,
            Err(FetchError::Refused(refusal)) => return Err(ProviderError::Refused(refusal.to_string())),
            Err(FetchError::TooLarge) => return Err(ProviderError::Refused(format!("The sitemap {url} is too large."))),
            Err(_) => return Err(ProviderError::Unavailable),
        };
        match answer.status {
            200 => {}
            429 => return Err(ProviderError::Later(answer.retry_after_s().unwrap_or(60))),
            500..=599 => return Err(ProviderError::Unavailable),
            // One of many that is gone is left out of the list soon.
            404 | 410 if !first => return Ok(None),
            status => return Err(ProviderError::Refused(format!("There is no sitemap at {url} (status {status})."))),
        }
        let read = self.lane.batch(move || sitemap::parse(&sitemap::unpacked(answer.body)?)).await;
        match read {
            Ok(Some(sitemap)) => Ok(Some(sitemap)),
            _ => Err(ProviderError::Refused(format!("What is at {url} is no sitemap."))),
        }
    }

    async fn list_maps(&self, scope: &Scope, next: Option<&str>) -> Result<Listing, ProviderError> {
        let mut rest: Rest = match next {
            Some(next) => serde_json::from_str(next).map_err(|_| ProviderError::Restart)?,
            None => {
                let maps = self.sitemaps(scope).await?;
                Rest {
                    known: maps.len(),
                    maps,
                    ..Rest::default()
                }
            }
        };
        let (mut listing, mut first) = (Listing::default(), next.is_none());
        for _ in 0..MAPS {
            let Some(map) = rest.maps.first().cloned() else { break };
            self.list_map(scope, &map, first, (&mut rest, &mut listing)).await?;
            first = false;
            if listing.found.len() >= LISTED {
                break;
            }
        }
        match rest.maps.is_empty() {
            // What is in the files that are not read is not gone for that.
            true => listing.whole = !rest.cut,
            false => listing.next = Some(serde_json::to_string(&rest).map_err(|_| ProviderError::Unreadable)?),
        }
        Ok(listing)
    }

    /// What the first of the sitemaps lists, or as much of it as is taken at a time.
    async fn list_map(
        &self,
        scope: &Scope,
        map: &str,
        first: bool,
        (rest, listing): (&mut Rest, &mut Listing),
    ) -> Result<(), ProviderError> {
        let url = Url::parse(map).map_err(|_| ProviderError::Unreadable)?;
        match self.sitemap(&url, first).await? {
            Some(Sitemap::Pages(pages)) => {
                let some = pages.iter().skip(rest.taken).take(LISTED);
                let found = some.filter_map(|link| scope.page(&url, link)).map(|to| Found {
                    id: to.into(),
                    version: None,
                    depth: 0,
                });
                listing.found.extend(found);
                rest.taken += LISTED;
                if rest.taken >= pages.len() {
                    rest.maps.remove(0);
                    rest.taken = 0;
                }
            }
            Some(Sitemap::Index(maps)) => {
                rest.maps.remove(0);
                let mut maps = maps.iter().filter_map(|link| own_map(scope, &url, link));
                let some: Vec<String> = maps.by_ref().take(SITEMAPS.saturating_sub(rest.known)).collect();
                rest.known += some.len();
                rest.maps.extend(some);
                if maps.next().is_some() {
                    rest.cut = true;
                    // Fetching it says why.
                    let mut id = url.clone();
                    id.set_fragment(Some(CUT));
                    listing.found.push(Found {
                        id: id.into(),
                        version: None,
                        depth: 0,
                    });
                }
            }
            None => drop(rest.maps.remove(0)),
        }
        Ok(())
    }
}

/// Bytes.
const MOST_ADDRESS: usize = 2_000;

/// A sitemap of the same server: what another one lists says nothing of this site.
fn own_map(scope: &Scope, from: &Url, link: &str) -> Option<String> {
    let to = scope.follow(from, link)?;
    (scope.is_host(&to) && to.as_str().len() <= MOST_ADDRESS).then(|| to.into())
}

fn scope(config: &Config) -> Result<Scope, ProviderError> {
    config.scope().ok_or(ProviderError::Unreadable)
}

impl Connector for Website {
    type Config = Config;

    fn check(config: Config) -> Result<Config, (&'static str, String)> {
        config.checked()
    }

    fn most(config: &Config) -> Most {
        Most {
            items: config.pages,
            depth: config.depth,
        }
    }

    fn crawls(config: &Config) -> bool {
        config.mode == Mode::Crawl
    }

    async fn list(&self, _: Option<&Token>, config: &Config, at: Position<'_>) -> Result<Listing, ProviderError> {
        let scope = scope(config)?;
        if config.mode == Mode::Sitemap {
            return self.list_maps(&scope, at.next).await;
        }
        // Heard before the first page, so that its wishes hold from there on.
        self.robots(&scope.start).await?;
        Ok(Listing {
            found: vec![Found {
                id: scope.start.into(),
                version: None,
                depth: 0,
            }],
            whole: true,
            ..Listing::default()
        })
    }

    async fn fetch(&self, _: Option<&Token>, config: &Config, item: Known<'_>) -> Result<Fetched, ProviderError> {
        let scope = scope(config)?;
        let url = Url::parse(item.id).map_err(|_| ProviderError::Unreadable)?;
        if url.fragment() == Some(CUT) {
            let detail =
                format!("It lists more sitemaps than are read of one site ({SITEMAPS}). Pages that only the others list are not found.");
            return Ok(skip("too_many_sitemaps", detail));
        }
        if !self.robots(&url).await?.allow(&url[Part::BeforePath..]) {
            return Ok(skip("robots", "The site's robots.txt asks robots to leave it alone."));
        }
        let asked = Asked {
            scope,
            url,
            depth: item.depth,
            known: item.version.and_then(Version::parse),
            follows: Self::crawls(config),
        };
        self.page(asked).await
    }

    /// There is nothing to choose from: an address says it all.
    async fn choices(&self, _: Option<&Token>, _: Choosing<'_>) -> Result<Choices, ProviderError> {
        Ok(Choices::default())
    }
}

/// The name of a website, unless somebody gives it one.
pub(super) fn host_of(config: &str) -> Option<String> {
    let config: Config = serde_json::from_str(config).ok()?;
    Url::parse(&config.start)
        .ok()?
        .host_str()
        .map(|host| host.chars().take(80).collect())
}

impl IntegrationActor {
    pub(super) fn website(&self) -> Website {
        Website {
            engine: self.shared_engine(),
            lane: self.lane(),
            wishes: self.wishes(),
        }
    }

    /// Refuses a website that cannot be asked. It is looked at again whenever it is.
    pub(super) async fn check_website(&self, config: &str) -> Result<(), Fault> {
        let config: Config = serde_json::from_str(config).map_err(|_| Fault::Internal("source config"))?;
        let checked = self.fetcher().check(&config.start).await;
        let refuse = |reason: String| Fault::invalid(Invalid::SourceConfig, "config.start", reason);
        checked.map(|_| ()).map_err(|refusal| refuse(refusal.to_string()))
    }
}
