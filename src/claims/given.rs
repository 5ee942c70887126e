//! What of the settings the looks inside need: no secret that is not needed to connect.

use std::path::PathBuf;

use actors::{
    Location,
    backup::{Lookout, PlaceSettings},
    disclosure::deadlines::Holidays,
};
use url::Url;

use crate::{
    doctor::{backups::Wanted, keys::Places, stores::is_here},
    installation::DATABASE_FILE,
    settings::{
        DatabaseSettings, Settings,
        proof::{Proof, of_postgres, of_redis},
    },
};

/// How a connection goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// It stays on this machine.
    Here,
    /// By TLS, to a server that proves who it is.
    Proven,
    /// By TLS, to whoever answers.
    Unproven,
    Clear,
}

#[derive(Clone)]
pub struct Given {
    /// `None` where the keys that open it do not open.
    pub(super) location: Option<Location>,
    /// Of an embedded database. To ask whether it opens without a key, no key is needed.
    pub(super) file: Option<PathBuf>,
    pub(super) holidays: Holidays,
    /// By what signatures of audit logs are verified; `None` where the keys that lead to it do not open.
    pub(super) audit_key: Option<String>,
    pub(super) bcrypt_cost: u32,
    /// Every connection that carries what customers gave, by what it leads to.
    pub(super) links: Vec<(&'static str, Link)>,
    pub(super) backups: Wanted,
    /// Where they go, with what it takes to look there.
    pub(super) place: Option<PlaceSettings>,
    /// Who looks there: the same one each time, so that looks that hang do not pile up.
    pub(super) lookout: Lookout,
    pub(super) keys: Places,
    /// Whether questions and passages may leave for models elsewhere.
    pub(super) asks_models: bool,
}

impl Given {
    /// Of an installation whose rows are at `location`, if its keys say so.
    #[must_use]
    pub fn of(settings: &Settings, location: Option<&Location>) -> Self {
        let embeds = settings.embeddings.for_actors();
        let is_embedded = matches!(settings.database, DatabaseSettings::Embedded);
        Self {
            location: location.cloned(),
            file: is_embedded.then(|| settings.data.join(DATABASE_FILE)),
            holidays: settings.disclosure.holidays.clone(),
            audit_key: None,
            bcrypt_cost: settings.bcrypt_cost,
            links: links(settings),
            backups: Wanted::of(settings),
            place: settings.backup.place(None).ok(),
            lookout: Lookout::default(),
            keys: Places::of(settings),
            // The one before is asked until the last passage has changed over.
            asks_models: settings.language_model.is_some() || embeds.current.is_some() || embeds.previous.is_some(),
        }
    }

    /// And by what signatures of its audit logs are verified.
    #[must_use]
    pub fn signed_by(self, audit_key: Option<String>) -> Self {
        Self { audit_key, ..self }
    }
}

/// At which ports the database, Redis and figures are, as far as settings name one.
#[must_use]
pub fn ports(settings: &Settings) -> Vec<u16> {
    let mut ports: Vec<u16> = settings.metrics_listen.iter().map(std::net::SocketAddr::port).collect();
    if let DatabaseSettings::Postgres { url, .. } = &settings.database {
        ports.extend(Url::parse(url.expose()).ok().and_then(|url| url.port()));
    }
    let redis = settings
        .redis
        .iter()
        .filter_map(|redis| Url::parse(redis.url.expose()).ok()?.port());
    ports.extend(redis);
    ports
}

fn links(settings: &Settings) -> Vec<(&'static str, Link)> {
    let mut links = Vec::new();
    if let DatabaseSettings::Postgres {
        url,
        migration_url,
        backup_url,
        ..
    } = &settings.database
    {
        links.push(("the database", of_store(url.expose(), of_database)));
        let others = [
            ("the database, by its owner,", migration_url),
            ("the database, for backups,", backup_url),
        ];
        links.extend(
            others
                .into_iter()
                .filter_map(|(name, url)| Some((name, of_store(url.as_ref()?.expose(), of_database)))),
        );
    }
    links.extend(settings.redis.iter().map(|redis| ("Redis", of_store(redis.url.expose(), of_redis))));
    let language = settings.language_model.iter().map(|model| ("the language model", &model.base_url));
    let embeds = &settings.embeddings;
    let current = embeds.current.iter().map(|model| ("the embedding model", &model.base_url));
    let previous = embeds.previous.iter().map(|model| ("the embedding model before", &model.base_url));
    links.extend(language.chain(current).chain(previous).map(|(name, url)| (name, of_model(url))));
    links
}

fn of_store(address: &str, proof: fn(&Url) -> Proof) -> Link {
    match Url::parse(address).map(|url| proof(&url)) {
        _ if is_here(address) => Link::Here,
        Ok(Proof::Verified) => Link::Proven,
        Ok(Proof::Unverified) => Link::Unproven,
        Ok(Proof::Nothing) | Err(_) => Link::Clear,
    }
}

fn of_database(url: &Url) -> Proof {
    let mode = url
        .query_pairs()
        .filter(|(name, _)| matches!(&**name, "sslmode" | "ssl-mode"))
        .last();
    match mode {
        // The driver does not ask for TLS then.
        Some((_, mode)) if mode.eq_ignore_ascii_case("allow") => Proof::Nothing,
        _ => of_postgres(url),
    }
}

fn of_model(url: &Url) -> Link {
    match url.scheme() {
        _ if is_here(url.as_str()) => Link::Here,
        "https" => Link::Proven,
        _ => Link::Clear,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Source;

    fn given(pairs: &[(&str, &str)]) -> Given {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings = Source::load(None, pairs).and_then(|source| Settings::from_source(&source)).unwrap();
        Given::of(&settings, None)
    }

    #[test]
    fn a_link_is_as_safe_as_its_address_says() {
        let why = ("PERNOEX_UNVERIFIED_TLS", "Both ends are on one host, behind its own firewall.");
        for (database, cache, expected, is_refused) in [
            ("postgres://a@127.0.0.1/p", "redis://localhost", Link::Here, false),
            ("postgres://a@db/p?sslmode=verify-full", "rediss://cache", Link::Proven, false),
            ("postgres://a@db/p?ssl-mode=verify-full", "rediss://cache", Link::Proven, false),
            ("postgres://a@db/p?sslmode=VERIFY-FULL", "rediss://cache", Link::Proven, false),
            (
                "postgres://a@db/p?sslmode=require",
                "rediss://cache/#insecure",
                Link::Unproven,
                true,
            ),
            ("postgres://a@db/p", "redis://cache", Link::Clear, false),
            ("postgres://a@db/p?sslmode=allow", "redis://cache", Link::Clear, true),
            // The last counts.
            (
                "postgres://a@db/p?sslmode=verify-full&sslmode=disable",
                "redis://cache",
                Link::Clear,
                false,
            ),
            // Somewhere else than it seems.
            (
                "postgres://a@127.0.0.1/p?host=db.corp",
                "redis://127.corp.example",
                Link::Clear,
                false,
            ),
        ] {
            let stores = [("DATABASE_URL", database), ("REDIS_URL", cache)];
            let pairs: Vec<_> = stores.into_iter().chain(is_refused.then_some(why)).collect();
            let links = given(&pairs).links;
            assert_eq!(links, [("the database", expected), ("Redis", expected)], "{database} {cache}");
        }
    }

    #[test]
    fn every_address_that_content_goes_to_is_looked_at() {
        let found = given(&[
            ("DATABASE_URL", "postgres://a@db/p?sslmode=verify-full"),
            ("MIGRATION_DATABASE_URL", "postgres://owner@db/p"),
            ("DATABASE_BACKUP_URL", "postgres://copier@db/p"),
            ("OPENAI_BASE_URL", "http://models.corp/v1"),
            ("OPENAI_MODEL", "small"),
            ("EMBEDDING_BASE_URL", "https://models.example.com/v1"),
            ("EMBEDDING_MODEL", "small"),
            ("EMBEDDING_DIMENSIONS", "8"),
            ("EMBEDDING_PREVIOUS_BASE_URL", "http://127.0.0.1:8080/v1"),
            ("EMBEDDING_PREVIOUS_MODEL", "smaller"),
            ("EMBEDDING_PREVIOUS_DIMENSIONS", "8"),
        ]);
        let kinds: Vec<Link> = found.links.iter().map(|(_, link)| *link).collect();
        let expected = [Link::Proven, Link::Clear, Link::Clear, Link::Clear, Link::Proven, Link::Here];
        assert_eq!(kinds, expected, "{:?}", found.links);
    }

    #[test]
    fn ports_that_settings_name_are_knocked_at_too() {
        let pairs = [
            ("DATABASE_URL", "postgres://a@127.0.0.1:25432/p"),
            ("REDIS_URL", "redis://localhost:26379"),
            ("PERNOEX_METRICS_LISTEN", "127.0.0.1:29464"),
        ];
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings = Source::load(None, pairs).and_then(|source| Settings::from_source(&source)).unwrap();
        assert_eq!(ports(&settings), [29464, 25432, 26379]);
    }

    #[test]
    fn questions_leave_for_the_model_before_too() {
        assert!(!given(&[]).asks_models);
        let previous = given(&[
            ("EMBEDDING_PREVIOUS_BASE_URL", "https://models.example.com/v1"),
            ("EMBEDDING_PREVIOUS_MODEL", "small"),
            ("EMBEDDING_PREVIOUS_DIMENSIONS", "8"),
        ]);
        assert!(previous.asks_models);
    }
}
