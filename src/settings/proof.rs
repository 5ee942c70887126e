//! Whether whoever answers at a store's address has to prove who they are, and what is said where they have not.

use url::Url;

use super::{SettingError, Source};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// No TLS is asked for.
    Nothing,
    /// TLS, with whoever answers.
    Unverified,
    Verified,
}

pub(crate) fn of_postgres(url: &Url) -> Proof {
    // The last of them is what counts.
    let mode = url
        .query_pairs()
        .filter(|(name, _)| matches!(&**name, "sslmode" | "ssl-mode"))
        .last();
    match mode.map(|(_, mode)| mode.to_ascii_lowercase()).as_deref() {
        None | Some("disable") => Proof::Nothing,
        Some("verify-full") => Proof::Verified,
        Some(_) => Proof::Unverified,
    }
}

pub(crate) fn of_redis(url: &Url) -> Proof {
    match (url.scheme(), url.fragment()) {
        ("rediss", None) => Proof::Verified,
        ("rediss", Some(_)) => Proof::Unverified,
        _ => Proof::Nothing,
    }
}

const UNVERIFIED: &str = "PERNOEX_UNVERIFIED_TLS";

/// How an address of each setting is read.
type Reader = fn(&Url) -> Proof;

const ADDRESSES: [(&str, Reader); 4] = [
    ("DATABASE_URL", of_postgres),
    ("MIGRATION_DATABASE_URL", of_postgres),
    ("DATABASE_BACKUP_URL", of_postgres),
    ("REDIS_URL", of_redis),
];

/// Why TLS that proves nothing is enough here, in the words of whoever decided it.
pub(super) fn why_unverified(source: &Source) -> Result<Option<String>, SettingError> {
    let Some(text) = source.text(UNVERIFIED) else { return Ok(None) };
    if text.chars().count() < 20 || !text.contains(' ') || text.chars().any(char::is_control) {
        return Err(SettingError::new(UNVERIFIED, "must say in a sentence why that is safe here"));
    }
    let is_needed = ADDRESSES.iter().any(|(name, proof)| {
        let url = source.text(name).and_then(|text| Url::parse(text).ok());
        url.is_some_and(|url| proof(&url) == Proof::Unverified)
    });
    if is_needed {
        return Ok(Some(text.to_owned()));
    }
    let reason = "is set, but nothing asks for TLS without proof: take it away";
    Err(SettingError::new(UNVERIFIED, reason))
}

/// Of an address that asks for TLS with whoever answers.
pub(super) fn refuse_unverified(source: &Source, name: &str, mend: &str) -> Result<(), SettingError> {
    if source.text(UNVERIFIED).is_some() {
        return Ok(());
    }
    let reason = format!("asks for TLS with whoever answers: {mend}, or say in {UNVERIFIED} why that is safe here");
    Err(SettingError::new(name, reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::stores;

    /// What the readers say to `pairs`, the first complaint of them.
    fn complaint(pairs: &[(&str, &str)]) -> Option<String> {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let source = Source::load(None, pairs).unwrap();
        let read = stores::database(&source).map(|_| ());
        let read = read.and(stores::redis(&source).map(|_| ()));
        read.and(why_unverified(&source).map(|_| ())).err().map(|error| error.to_string())
    }

    #[test]
    fn tls_with_whoever_answers_is_refused_until_somebody_says_why() {
        let why = (UNVERIFIED, "Both ends are on one host, behind its own firewall.");
        for (name, url) in [
            ("DATABASE_URL", "postgres://a@db/p?sslmode=require"),
            ("DATABASE_URL", "postgres://a@db/p?sslmode=prefer"),
            ("DATABASE_URL", "postgres://a@db/p?ssl-mode=VERIFY-CA"),
            ("DATABASE_URL", "postgres://a@db/p?sslmode=verify-full&sslmode=require"),
            ("REDIS_URL", "rediss://cache/#insecure"),
        ] {
            let error = complaint(&[(name, url)]).unwrap();
            assert!(error.starts_with(name) && error.contains(UNVERIFIED), "{error}");
            assert_eq!(complaint(&[(name, url), why]), None, "{url}");
            assert!(complaint(&[(name, url), (UNVERIFIED, "yes")]).unwrap().starts_with(UNVERIFIED));
        }
        for (name, url) in [
            ("DATABASE_URL", "postgres://a@db/p?sslmode=verify-full"),
            ("DATABASE_URL", "postgres://a@127.0.0.1/p"),
            ("REDIS_URL", "rediss://cache"),
            ("REDIS_URL", "redis://127.0.0.1"),
        ] {
            assert_eq!(complaint(&[(name, url)]), None, "{url}");
            assert!(complaint(&[(name, url), why]).unwrap().starts_with(UNVERIFIED), "{url}");
        }
    }
}
