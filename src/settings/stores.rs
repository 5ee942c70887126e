//! Where rows and counts are: the database and Redis.

use actors::RedisAddress;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::{
    Secret, SettingError, Source, authorities,
    proof::{Proof, of_postgres, of_redis, refuse_unverified},
    whole,
};

#[derive(Debug)]
pub enum DatabaseSettings {
    /// A SQLCipher file in the data folder.
    Embedded,
    Postgres {
        url: Secret,
        connections: u32,
        /// A role that owns the tables. Set on the node or command that migrates.
        migration_url: Option<Secret>,
        /// A role that may read all rows and change none. Set where backups are made.
        backup_url: Option<Secret>,
    },
}

/// The address that `name` holds, with the password that `password` holds where that is a setting of its own: then the address is no secret,
/// and the password is in one place with the server that asks for it.
fn address(source: &Source, name: &str, password: &str, schemes: [&str; 2]) -> Result<Option<Url>, SettingError> {
    let given = source.text(password);
    let Some(text) = source.text(name) else {
        return match given {
            Some(_) => Err(SettingError::new(
                password,
                format!("is set but {name} is not: set both or neither"),
            )),
            None => Ok(None),
        };
    };
    let mut url = Url::parse(text).map_err(|_| SettingError::new(name, "is not a valid address"))?;
    if !schemes.contains(&url.scheme()) {
        let [one, other] = schemes;
        return Err(SettingError::new(name, format!("must begin with {one}:// or {other}://")));
    }
    if let Some(given) = given {
        if url.password().is_some() {
            return Err(SettingError::new(
                password,
                format!("is set, but {name} holds a password too: take one of them away"),
            ));
        }
        // A password is no part of an address that somebody wrote: each `%` in it is one.
        let given = utf8_percent_encode(given, NON_ALPHANUMERIC).to_string();
        url.set_password(Some(&given))
            .map_err(|()| SettingError::new(name, "must name a host"))?;
    }
    Ok(Some(url))
}

fn postgres(source: &Source, name: &str, password: &str, ca: Option<&str>) -> Result<Option<Secret>, SettingError> {
    let Some(mut url) = address(source, name, password, ["postgres", "postgresql"])? else {
        return Ok(None);
    };
    if url.username().is_empty() {
        let expected = "must name the role: postgres://role:password@host/database";
        return Err(SettingError::new(name, expected));
    }
    match (of_postgres(&url), ca) {
        (Proof::Unverified, _) => refuse_unverified(source, name, "set sslmode=verify-full")?,
        (Proof::Nothing, Some(_)) => return Err(authorities::unused(CA, &format!("{name} does not say sslmode=verify-full"))),
        (Proof::Verified, Some(ca)) => {
            if url
                .query_pairs()
                .any(|(name, _)| matches!(&*name, "sslrootcert" | "ssl-root-cert" | "ssl-ca"))
            {
                let reason = format!("is set, but {name} names an authority too: take one of them away");
                return Err(SettingError::new(CA, reason));
            }
            url.query_pairs_mut().append_pair("sslrootcert", ca);
        }
        (Proof::Nothing | Proof::Verified, None) => {}
    }
    Ok(Some(Secret::of(url.as_str())))
}

const CA: &str = "DATABASE_CA_FILE";

pub(super) fn database(source: &Source) -> Result<DatabaseSettings, SettingError> {
    let migration = "MIGRATION_DATABASE_URL";
    let ca = authorities::file(source, CA)?;
    let migration_url = postgres(source, migration, "MIGRATION_DATABASE_PASSWORD", ca)?;
    let backup = "DATABASE_BACKUP_URL";
    let backup_url = postgres(source, backup, "DATABASE_BACKUP_PASSWORD", ca)?;
    let role = |url: &Secret| Url::parse(url.expose()).ok().map(|url| url.username().to_owned());
    match postgres(source, "DATABASE_URL", "DATABASE_PASSWORD", ca)? {
        None if migration_url.is_some() => Err(SettingError::new(
            migration,
            "is set but DATABASE_URL is not: set both for PostgreSQL, or neither",
        )),
        None if backup_url.is_some() => Err(SettingError::new(
            backup,
            "is set but DATABASE_URL is not: set both for PostgreSQL, or neither",
        )),
        None if ca.is_some() => Err(authorities::unused(CA, "DATABASE_URL is not")),
        None => Ok(DatabaseSettings::Embedded),
        Some(url) if backup_url.as_ref().is_some_and(|other| role(other) == role(&url)) => Err(SettingError::new(
            backup,
            "names the role of DATABASE_URL, which must see one workspace at a time: name another",
        )),
        Some(url) => Ok(DatabaseSettings::Postgres {
            url,
            connections: whole(source, "DATABASE_CONNECTIONS", 16, 2..=500)?,
            migration_url,
            backup_url,
        }),
    }
}

#[derive(Debug)]
pub struct RedisSetting {
    pub url: Secret,
    /// Whose certificates are taken instead of those that this machine trusts: PEM.
    pub ca: Option<String>,
}

impl RedisSetting {
    /// The form that the actors take.
    #[must_use]
    pub fn for_actors(&self) -> RedisAddress {
        RedisAddress {
            url: self.url.expose().to_owned(),
            ca: self.ca.clone(),
        }
    }
}

pub(super) fn redis(source: &Source) -> Result<Option<RedisSetting>, SettingError> {
    let ca = authorities::read(source, "REDIS_CA")?;
    let Some(url) = address(source, "REDIS_URL", "REDIS_PASSWORD", ["redis", "rediss"])? else {
        return match ca {
            Some(_) => Err(authorities::unused("REDIS_CA", "REDIS_URL is not")),
            None => Ok(None),
        };
    };
    match of_redis(&url) {
        Proof::Unverified => refuse_unverified(source, "REDIS_URL", "take away what is behind the #")?,
        Proof::Nothing if ca.is_some() => return Err(authorities::unused("REDIS_CA", "REDIS_URL does not begin with rediss://")),
        Proof::Nothing | Proof::Verified => {}
    }
    Ok(Some(RedisSetting {
        url: Secret::of(url.as_str()),
        ca,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(pairs: &[(&str, &str)]) -> Source {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Source::load(None, pairs).unwrap()
    }

    #[test]
    fn a_password_of_its_own_comes_into_the_address_as_it_is() {
        let found = database(&source(&[
            ("DATABASE_URL", "postgres://app@db/pernoex?sslmode=verify-full"),
            ("DATABASE_PASSWORD", "a/b@c:d?#%41%"),
            ("MIGRATION_DATABASE_URL", "postgres://owner:plain@db/pernoex"),
        ]));
        let DatabaseSettings::Postgres { url, migration_url, .. } = found.unwrap() else {
            panic!("not PostgreSQL")
        };
        let read = Url::parse(url.expose()).unwrap();
        let password = percent_encoding::percent_decode_str(read.password().unwrap())
            .decode_utf8()
            .unwrap();
        assert_eq!(
            (&*password, read.host_str(), read.query()),
            ("a/b@c:d?#%41%", Some("db"), Some("sslmode=verify-full"))
        );
        assert_eq!(migration_url.unwrap().expose(), "postgres://owner:plain@db/pernoex");
        let found = redis(&source(&[("REDIS_URL", "rediss://cache:6379"), ("REDIS_PASSWORD", "x")]));
        assert_eq!(found.unwrap().unwrap().url.expose(), "rediss://:x@cache:6379");
    }

    #[test]
    fn two_passwords_or_one_without_an_address_are_a_mistake() {
        for (pairs, named) in [
            (vec![("DATABASE_PASSWORD", "hunter2")], "DATABASE_PASSWORD"),
            (vec![("REDIS_PASSWORD", "hunter2")], "REDIS_PASSWORD"),
            (
                vec![("DATABASE_URL", "postgres://app:hunter2@db/p"), ("DATABASE_PASSWORD", "hunter2")],
                "DATABASE_PASSWORD",
            ),
            (vec![("DATABASE_URL", "postgres://db/hunter2")], "DATABASE_URL"),
        ] {
            let error = database(&source(&pairs)).map(|_| ()).and(redis(&source(&pairs)).map(|_| ()));
            let error = error.unwrap_err().to_string();
            assert!(error.starts_with(named) && !error.contains("hunter2"), "{error}");
        }
    }

    /// What the two readers say to `pairs`, the first complaint of them.
    fn complaint(pairs: &[(&str, &str)]) -> Option<String> {
        let source = source(pairs);
        let read = database(&source).map(|_| ());
        read.and(redis(&source).map(|_| ())).err().map(|error| error.to_string())
    }

    #[test]
    fn an_authority_of_ones_own_is_for_tls_that_proves_something() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem").display().to_string();
        let pem = rcgen::generate_simple_self_signed(["db".to_owned()]).unwrap().cert.pem();
        std::fs::write(&path, &pem).unwrap();
        let full = ("DATABASE_URL", "postgres://a@db/p?sslmode=verify-full");
        let found = database(&source(&[full, (CA, &path)])).unwrap();
        let DatabaseSettings::Postgres { url, .. } = found else {
            panic!("not PostgreSQL")
        };
        let url = Url::parse(url.expose()).unwrap();
        let (_, given) = url.query_pairs().find(|(name, _)| name == "sslrootcert").unwrap();
        assert_eq!(given, path);
        assert!(
            redis(&source(&[("REDIS_URL", "rediss://cache"), ("REDIS_CA", &pem)]))
                .unwrap()
                .unwrap()
                .ca
                .is_some()
        );
        for (pairs, named) in [
            (vec![(CA, path.as_str())], CA),
            (vec![(CA, &path), ("DATABASE_URL", "postgres://a@db/p")], CA),
            (
                vec![
                    (CA, &path),
                    ("DATABASE_URL", "postgres://a@db/p?sslmode=verify-full&sslrootcert=/ca.pem"),
                ],
                CA,
            ),
            (vec![full, (CA, "/etc/hunter2.pem")], CA),
            (vec![("REDIS_CA", &pem)], "REDIS_CA"),
            (vec![("REDIS_CA", &pem), ("REDIS_URL", "redis://cache")], "REDIS_CA"),
        ] {
            let error = complaint(&pairs).unwrap();
            assert!(error.starts_with(named) && !error.contains("hunter2"), "{error}");
        }
    }
}
