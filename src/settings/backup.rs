//! Where backups go, when they are made, and for how long they are kept.

use std::path::PathBuf;

use actors::{
    Location,
    backup::{BackupSettings, PlaceId, PlaceSettings, S3Settings},
};
use url::Url;
use zeroize::Zeroizing;

use super::{DatabaseSettings, Secret, SettingError, Settings, Source, providers::secure_address, whole};

const TO: &str = "PERNOEX_BACKUP_TO";
const EVERY: &str = "PERNOEX_BACKUP_EVERY_HOURS";
const ENDPOINT: &str = "PERNOEX_BACKUP_S3_ENDPOINT";
const REGION: &str = "PERNOEX_BACKUP_S3_REGION";
const ACCESS_KEY: &str = "PERNOEX_BACKUP_S3_ACCESS_KEY";
const SECRET_KEY: &str = "PERNOEX_BACKUP_S3_SECRET_KEY";
const SESSION_TOKEN: &str = "PERNOEX_BACKUP_S3_SESSION_TOKEN";
const PATH_STYLE: &str = "PERNOEX_BACKUP_S3_PATH_STYLE";

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;

#[derive(Debug)]
pub struct BackupSetting {
    /// Where they go unless the command line says otherwise.
    place: Option<PlaceSettings>,
    s3: S3Setting,
    pub keep_days: u32,
    /// None: servers make none by themselves.
    pub every_hours: Option<u32>,
}

/// How a bucket is reached, whichever it is.
#[derive(Debug)]
struct S3Setting {
    endpoint: Url,
    path_style: bool,
    region: String,
    keys: Option<(String, Secret)>,
    session_token: Option<Secret>,
}

pub(super) fn read(source: &Source, database: &DatabaseSettings) -> Result<BackupSetting, SettingError> {
    let s3 = s3(source)?;
    let place = source.text(TO).map(|text| s3.place(TO, text)).transpose()?;
    let every_hours = match source.text(EVERY) {
        None => None,
        Some(_) if place.is_none() => {
            return Err(SettingError::new(
                TO,
                format!("is missing, but {EVERY} is set: set both or neither"),
            ));
        }
        Some(_) => Some(whole(source, EVERY, 24, 1..=720)?),
    };
    if let (Some(_), DatabaseSettings::Postgres { backup_url: None, .. }) = (every_hours, database) {
        let reason =
            format!("is missing, but {EVERY} is set: the server's own role sees one workspace at a time, and backups need another");
        return Err(SettingError::new("DATABASE_BACKUP_URL", reason));
    }
    Ok(BackupSetting {
        place,
        s3,
        keep_days: whole(source, "PERNOEX_BACKUP_KEEP_DAYS", 30, 1..=3650)?,
        every_hours,
    })
}

fn s3(source: &Source) -> Result<S3Setting, SettingError> {
    let region = source.text(REGION).unwrap_or("us-east-1");
    let is_region = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if region.is_empty() || region.len() > 64 || !region.chars().all(is_region) {
        return Err(SettingError::new(REGION, "must be a region's name such as eu-central-1"));
    }
    let keys = match (source.text(ACCESS_KEY), source.text(SECRET_KEY)) {
        (Some(access), Some(secret)) => Some((access.to_owned(), Secret::of(secret))),
        (None, None) => None,
        (Some(_), None) => {
            return Err(SettingError::new(
                SECRET_KEY,
                format!("is missing, but {ACCESS_KEY} is set: set both or neither"),
            ));
        }
        (None, Some(_)) => {
            return Err(SettingError::new(
                ACCESS_KEY,
                format!("is missing, but {SECRET_KEY} is set: set both or neither"),
            ));
        }
    };
    Ok(S3Setting {
        endpoint: secure_address(source, ENDPOINT, &format!("https://s3.{region}.amazonaws.com"))?,
        // Other stores than Amazon's seldom have a name for each bucket.
        path_style: match source.text(PATH_STYLE) {
            None => source.text(ENDPOINT).is_some(),
            Some("yes") => true,
            Some("no") => false,
            Some(_) => return Err(SettingError::new(PATH_STYLE, "must be yes or no")),
        },
        region: region.to_owned(),
        keys,
        session_token: source.text(SESSION_TOKEN).map(Secret::of),
    })
}

impl S3Setting {
    /// A folder, or `s3://bucket/prefix`. `name` is what the error names.
    fn place(&self, name: &str, text: &str) -> Result<PlaceSettings, SettingError> {
        let Some(rest) = text.strip_prefix("s3://") else {
            if text.contains("://") {
                return Err(SettingError::new(name, "must be a folder, or s3://bucket/prefix"));
            }
            return Ok(PlaceSettings::Folder(PathBuf::from(text)));
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let is_bucket = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
        if !(3..=63).contains(&bucket.len()) || !bucket.chars().all(is_bucket) {
            return Err(SettingError::new(name, "must name a bucket: s3://bucket/prefix"));
        }
        let prefix = prefix.trim_matches('/');
        let is_prefix = |c: char| c.is_ascii_alphanumeric() || "/-_.".contains(c);
        if prefix.len() > 200 || !prefix.chars().all(is_prefix) {
            return Err(SettingError::new(
                name,
                "may have letters, digits, slashes, points, - and _ behind its bucket",
            ));
        }
        let Some((access_key, secret_key)) = &self.keys else {
            return Err(SettingError::new(
                ACCESS_KEY,
                "is missing, but backups go to an S3 store: set it and PERNOEX_BACKUP_S3_SECRET_KEY",
            ));
        };
        let secret = |secret: &Secret| Zeroizing::new(secret.expose().to_owned());
        Ok(PlaceSettings::S3(Box::new(S3Settings {
            endpoint: self.endpoint.clone(),
            region: self.region.clone(),
            bucket: bucket.to_owned(),
            prefix: match prefix {
                "" => String::new(),
                prefix => format!("{prefix}/"),
            },
            path_style: self.path_style,
            access_key: access_key.clone(),
            secret_key: secret(secret_key),
            session_token: self.session_token.as_ref().map(secret),
        })))
    }
}

impl BackupSetting {
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.place.is_some()
    }

    /// Where backups are: as the command line says, or as it is set.
    ///
    /// # Errors
    /// When neither says so, or what it says is no place.
    pub fn place(&self, at: Option<&str>) -> Result<PlaceSettings, SettingError> {
        match (at, &self.place) {
            (Some(at), _) => self.s3.place("--at", at),
            (None, Some(place)) => Ok(place.clone()),
            (None, None) => Err(SettingError::new(
                TO,
                "is missing: set it to a folder or s3://bucket/prefix, or say --at",
            )),
        }
    }

    /// Which place is set, if one is.
    #[must_use]
    pub fn place_id(&self) -> Option<PlaceId> {
        self.place.as_ref().map(PlaceSettings::id)
    }

    /// The place that is set, where `named` is that: perhaps by another path.
    #[must_use]
    pub fn same_as(&self, named: &PlaceSettings) -> Option<PlaceSettings> {
        let set = self.place.as_ref()?;
        let is_same = set.id() == named.id()
            || match (set, named) {
                (PlaceSettings::Folder(set), PlaceSettings::Folder(named)) => {
                    matches!((set.canonicalize(), named.canonicalize()), (Ok(set), Ok(named)) if set == named)
                }
                _ => false,
            };
        is_same.then(|| set.clone())
    }

    /// The form that the actors take. `location` is where the server itself reads and writes.
    ///
    /// # Errors
    /// On PostgreSQL, when no role is set that sees all rows.
    pub fn for_actors(settings: &Settings, place: PlaceSettings, location: &Location) -> Result<BackupSettings, SettingError> {
        let reads = match (location, &settings.database) {
            (Location::Embedded { path, key }, _) => Location::Embedded {
                path: path.clone(),
                key: key.clone(),
            },
            (
                _,
                DatabaseSettings::Postgres { backup_url: Some(url), .. }
                | DatabaseSettings::Postgres {
                    migration_url: Some(url), ..
                },
            ) => Location::Postgres {
                url: url.expose().to_owned(),
                connections: 1,
            },
            _ => {
                return Err(SettingError::new(
                    "DATABASE_BACKUP_URL",
                    "is missing: name a role that may read all rows, which pernoex migrate makes",
                ));
            }
        };
        Ok(BackupSettings {
            reads,
            place,
            scratch: settings.data.clone(),
            keep: i64::from(settings.backup.keep_days) * DAY_MS,
            every: settings.backup.every_hours.map(|hours| i64::from(hours) * HOUR_MS),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Result<Settings, String> {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Source::load(None, pairs)
            .and_then(|source| Settings::from_source(&source))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_place_is_a_folder_or_a_bucket_and_what_is_missing_is_named() {
        let keys = [
            ("PERNOEX_BACKUP_S3_ACCESS_KEY", "hunter1"),
            ("PERNOEX_BACKUP_S3_SECRET_KEY", "hunter2"),
        ];
        let of =
            |to: &'static str, more: &[(&'static str, &'static str)]| settings(&[&[("PERNOEX_BACKUP_TO", to)], &keys[..], more].concat());
        let PlaceSettings::S3(amazon) = of("s3://my-bucket/a/b/", &[]).unwrap().backup.place(None).unwrap() else {
            panic!("no bucket")
        };
        assert_eq!(
            (amazon.endpoint.as_str(), amazon.prefix.as_str(), amazon.path_style),
            ("https://s3.us-east-1.amazonaws.com/", "a/b/", false)
        );
        let other = of("s3://my-bucket", &[("PERNOEX_BACKUP_S3_ENDPOINT", "http://127.0.0.1:9000")]).unwrap();
        assert!(!format!("{other:?}").contains("hunter2"));
        let PlaceSettings::S3(other) = other.backup.place(None).unwrap() else {
            panic!("no bucket")
        };
        assert_eq!((other.prefix.as_str(), other.path_style), ("", true));
        assert!(matches!(
            of("/var/backups", &[]).unwrap().backup.place(None).unwrap(),
            PlaceSettings::Folder(_)
        ));
        for (pairs, named) in [
            (vec![("PERNOEX_BACKUP_EVERY_HOURS", "24")], "PERNOEX_BACKUP_TO"),
            (vec![("PERNOEX_BACKUP_TO", "s3://my-bucket")], "PERNOEX_BACKUP_S3_ACCESS_KEY"),
            (vec![("PERNOEX_BACKUP_TO", "s3://B/hunter2")], "PERNOEX_BACKUP_TO"),
            (vec![("PERNOEX_BACKUP_TO", "ftp://hunter2")], "PERNOEX_BACKUP_TO"),
            (vec![("PERNOEX_BACKUP_S3_SECRET_KEY", "hunter2")], "PERNOEX_BACKUP_S3_ACCESS_KEY"),
            (
                vec![("PERNOEX_BACKUP_S3_ENDPOINT", "http://hunter2.example.com")],
                "PERNOEX_BACKUP_S3_ENDPOINT",
            ),
            (
                vec![
                    ("PERNOEX_BACKUP_TO", "/b"),
                    ("PERNOEX_BACKUP_EVERY_HOURS", "24"),
                    ("DATABASE_URL", "postgres://app:hunter2@db/p"),
                ],
                "DATABASE_BACKUP_URL",
            ),
            (
                vec![
                    ("DATABASE_URL", "postgres://app:hunter2@db/p"),
                    ("DATABASE_BACKUP_URL", "postgres://app:hunter2@db/p"),
                ],
                "DATABASE_BACKUP_URL",
            ),
            (vec![("DATABASE_BACKUP_URL", "postgres://app:hunter2@db/p")], "DATABASE_BACKUP_URL"),
        ] {
            let error = settings(&pairs).unwrap_err();
            assert!(error.starts_with(named) && !error.contains("hunter2"), "{error}");
        }
    }
}
