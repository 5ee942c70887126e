//! Where settings come from: the environment first, then the configuration file.

use std::{collections::BTreeMap, io::Read, path::Path};

use zeroize::Zeroizing;

/// One line that names a setting, what is wrong with it, and how to mend it.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {problem}")]
pub struct SettingError {
    name: String,
    problem: String,
}

impl SettingError {
    pub(crate) fn new(name: &str, problem: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            problem: problem.into(),
        }
    }
}

/// Everything that may be set: the name in the environment. In the file it is lower-case, without `PERNOEX_`. With `_FILE` behind it, each
/// names a file that holds the value instead: as containers and services are handed their secrets.
pub const NAMES: &[&str] = &[
    "PERNOEX_LISTEN",
    "PERNOEX_PUBLIC_URL",
    "PERNOEX_DATA",
    "PERNOEX_MASTER_KEY",
    "PERNOEX_KMS_COMMAND",
    "PERNOEX_KEY_RING",
    "PERNOEX_KEY_RETENTION_DAYS",
    "PERNOEX_SIGN_UP",
    "PERNOEX_SMTP_URL",
    "PERNOEX_SMTP_CA",
    "PERNOEX_MAIL_FROM",
    "PERNOEX_SECURITY_CONTACT",
    "PERNOEX_SECURITY_NOTIFY",
    "PERNOEX_SECURITY_PGP_KEY",
    "PERNOEX_SECURITY_TXT",
    "PERNOEX_SECURITY_SIGNING_KEY",
    "PERNOEX_SECURITY_POLICY_URL",
    "PERNOEX_SECURITY_LANGUAGES",
    "PERNOEX_SECURITY_HOLIDAYS",
    "PERNOEX_TRUST_PAGE",
    "PERNOEX_BCRYPT_COST",
    "PERNOEX_SECOND_FACTOR",
    "PERNOEX_CODE_SECONDS",
    "PERNOEX_LIMIT_FACTOR",
    "PERNOEX_ALLOW_PRIVATE",
    "PERNOEX_LOG",
    "PERNOEX_LOG_FORMAT",
    "PERNOEX_IDLE_MINUTES",
    "PERNOEX_INVITATION_HOURS",
    "PERNOEX_DELETION_DAYS",
    "PERNOEX_SESSION_IDLE_MINUTES",
    "PERNOEX_SESSION_HOURS",
    "PERNOEX_BODY_SECONDS",
    "PERNOEX_DRAIN_SECONDS",
    "PERNOEX_METRICS_LISTEN",
    "PERNOEX_METRICS_EXPOSED",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_SERVICE_NAME",
    "OTEL_TRACES_SAMPLER_ARG",
    "PERNOEX_TRUSTED_PROXIES",
    "PERNOEX_FORWARDED_HEADER",
    "PERNOEX_BACKUP_TO",
    "PERNOEX_BACKUP_EVERY_HOURS",
    "PERNOEX_BACKUP_KEEP_DAYS",
    "PERNOEX_BACKUP_S3_ENDPOINT",
    "PERNOEX_BACKUP_S3_REGION",
    "PERNOEX_BACKUP_S3_ACCESS_KEY",
    "PERNOEX_BACKUP_S3_SECRET_KEY",
    "PERNOEX_BACKUP_S3_SESSION_TOKEN",
    "PERNOEX_BACKUP_S3_PATH_STYLE",
    // Files that are read again when they change, and so never the text itself.
    "PERNOEX_TLS_CERTIFICATE_FILE",
    "PERNOEX_TLS_KEY_FILE",
    "PERNOEX_REDIRECT_LISTEN",
    "PERNOEX_ACME_DIRECTORY",
    "PERNOEX_ACME_TERMS",
    "PERNOEX_ACME_CONTACT",
    "PERNOEX_ACME_CA",
    "PERNOEX_MAX_FILE_MIB",
    "PERNOEX_MAX_DOCUMENTS",
    "PERNOEX_MAX_PROJECT_MIB",
    "PERNOEX_MAX_PAGES",
    "DATABASE_URL",
    "DATABASE_PASSWORD",
    "DATABASE_CONNECTIONS",
    "DATABASE_CA_FILE",
    "MIGRATION_DATABASE_URL",
    "MIGRATION_DATABASE_PASSWORD",
    "DATABASE_BACKUP_URL",
    "DATABASE_BACKUP_PASSWORD",
    "REDIS_URL",
    "REDIS_PASSWORD",
    "REDIS_CA",
    "PERNOEX_UNVERIFIED_TLS",
    "OPENAI_BASE_URL",
    "OPENAI_API_KEY",
    "OPENAI_MODEL",
    "OPENAI_TIMEOUT_S",
    "OPENAI_PRICE_INPUT",
    "OPENAI_PRICE_OUTPUT",
    "OPENAI_CURRENCY",
    "EMBEDDING_BASE_URL",
    "EMBEDDING_API_KEY",
    "EMBEDDING_MODEL",
    "EMBEDDING_DIMENSIONS",
    "EMBEDDING_TIMEOUT_S",
    "EMBEDDING_BATCH",
    "EMBEDDING_PREVIOUS_BASE_URL",
    "EMBEDDING_PREVIOUS_API_KEY",
    "EMBEDDING_PREVIOUS_MODEL",
    "EMBEDDING_PREVIOUS_DIMENSIONS",
    "GOOGLE_CLIENT_ID",
    "GOOGLE_CLIENT_SECRET",
    "GOOGLE_ISSUER",
    "APPLE_CLIENT_ID",
    "APPLE_TEAM_ID",
    "APPLE_KEY_ID",
    "APPLE_PRIVATE_KEY",
    "APPLE_ISSUER",
    "SLACK_CLIENT_ID",
    "SLACK_CLIENT_SECRET",
    "SLACK_SIGNING_SECRET",
    "SLACK_SIGNING_SECRET_PREVIOUS",
    "SLACK_THREAD_REPLIES",
    "SLACK_SOURCES",
    "SLACK_URL",
    "GITHUB_APP_CLIENT_ID",
    "GITHUB_APP_CLIENT_SECRET",
    "GITHUB_APP_SLUG",
    "GITHUB_APP_PRIVATE_KEY",
    "GITHUB_WEBHOOK_SECRET",
    "GITHUB_WEBHOOK_SECRET_PREVIOUS",
    "GITHUB_CLIENT_ID",
    "GITHUB_CLIENT_SECRET",
    "GITHUB_PRIVATE_REPOSITORIES",
    "GITHUB_URL",
    "GITHUB_API_URL",
    "NOTION_CLIENT_ID",
    "NOTION_CLIENT_SECRET",
    "NOTION_URL",
    "NOTION_WEBHOOK_TOKEN",
    "NOTION_WEBHOOK_TOKEN_PREVIOUS",
    "ATLASSIAN_CLIENT_ID",
    "ATLASSIAN_CLIENT_SECRET",
    "ATLASSIAN_URL",
    "ATLASSIAN_API_URL",
    "STRIPE_SECRET_KEY",
    "STRIPE_WEBHOOK_SECRET",
    "STRIPE_WEBHOOK_SECRET_PREVIOUS",
    "STRIPE_URL",
    "PERNOEX_PLANS",
    "PERNOEX_PAYMENT_GRACE_DAYS",
];

/// Read by the command line itself.
const CONFIG: &str = "PERNOEX_CONFIG";
/// What `pernoex verify` alone reads.
const VERIFY: &str = "PERNOEX_VERIFY_";

fn in_file(name: &str) -> String {
    name.strip_prefix("PERNOEX_").unwrap_or(name).to_lowercase()
}

/// What makes of a setting's name that of a file which holds it.
pub const IN_FILE: &str = "_FILE";

/// Larger than any setting: a key, or the plans.
const MOST_OF_FILE: u64 = 64 * 1024;

/// A setting's name, and whether it is given as a file.
fn known(name: &str) -> Option<(&'static str, bool)> {
    let find = |name: &str| NAMES.iter().find(|known| **known == name).copied();
    match find(name) {
        Some(known) => Some((known, false)),
        None => find(name.strip_suffix(IN_FILE)?).map(|known| (known, true)),
    }
}

/// The names under which `name` may come.
fn forms(name: &str) -> [String; 2] {
    [name.to_owned(), format!("{name}{IN_FILE}")]
}

fn contents(name: &str, path: &str) -> Result<Zeroizing<String>, SettingError> {
    let refuse = |error: std::io::Error| SettingError::new(name, format!("names no file that can be read ({error})"));
    let file = std::fs::File::open(path).map_err(refuse)?;
    let most = usize::try_from(MOST_OF_FILE).unwrap_or(usize::MAX);
    // Room for all of it: a buffer that grows leaves parts of a secret behind.
    let mut text = Zeroizing::new(String::with_capacity(most + 1));
    let read = file.take(MOST_OF_FILE + 1).read_to_string(&mut text).map_err(refuse)?;
    if read > most {
        return Err(SettingError::new(name, "names a file that is larger than any setting"));
    }
    if text.trim().is_empty() {
        return Err(SettingError::new(name, "names a file that is empty"));
    }
    Ok(text)
}

/// Settings as text, by their name in the environment.
pub struct Source(BTreeMap<String, Zeroizing<String>>);

impl Source {
    /// # Errors
    /// When the file cannot be read, or anything names a setting that does not exist.
    pub fn load(file: Option<&Path>, environment: impl Iterator<Item = (String, String)>) -> Result<Self, SettingError> {
        let mut found = BTreeMap::new();
        if let Some(path) = file {
            let name = path.display().to_string();
            let text = std::fs::read_to_string(path).map_err(|error| SettingError::new(&name, format!("cannot be read ({error})")))?;
            let text = Zeroizing::new(text);
            let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
                // The parser's own words quote the line, and a line may hold a secret.
                let line = error
                    .span()
                    .map_or(1, |span| text[..span.start.min(text.len())].lines().count().max(1));
                SettingError::new(&name, format!("is not valid TOML near line {line}"))
            })?;
            for (key, value) in table {
                let known = NAMES.iter().flat_map(|name| forms(name)).find(|name| in_file(name) == key);
                let known = known.ok_or_else(|| SettingError::new(&key, format!("is no setting (in {name}): check the spelling")))?;
                let text = match value {
                    toml::Value::String(text) => text,
                    toml::Value::Integer(number) => number.to_string(),
                    // The one setting that is more than a line.
                    toml::Value::Table(table) if known == super::stripe::PLANS => {
                        serde_json::to_string(&table).map_err(|_| SettingError::new(&key, format!("cannot be read (in {name})")))?
                    }
                    _ => return Err(SettingError::new(&key, format!("must be text or a whole number (in {name})"))),
                };
                found.insert(known, Zeroizing::new(text));
            }
        }
        let mut given = BTreeMap::new();
        for (name, value) in environment {
            if known(&name).is_some() {
                given.insert(name, Zeroizing::new(value));
            } else if name.starts_with("PERNOEX_") && name != CONFIG && !name.starts_with(VERIFY) && !name.starts_with("PERNOEX_TEST_") {
                return Err(SettingError::new(&name, "is no setting: check the spelling, or unset it"));
            }
        }
        for place in [&mut found, &mut given] {
            place.retain(|_, value| !value.trim().is_empty());
            for [plain, as_file] in NAMES.iter().map(|name| forms(name)) {
                if place.contains_key(&plain) && place.contains_key(&as_file) {
                    return Err(SettingError::new(&as_file, format!("is set beside {plain}: set one of them")));
                }
            }
        }
        // In whichever form the environment gives a setting, the file's is not asked.
        for (name, value) in given {
            let (plain, _) = known(&name).unwrap_or(("", false));
            found.retain(|other, _| known(other).is_none_or(|(known, _)| known != plain));
            found.insert(name, value);
        }
        let files: Vec<String> = found
            .keys()
            .filter(|name| known(name).is_some_and(|(_, is_file)| is_file))
            .cloned()
            .collect();
        for name in files {
            if let (Some(path), Some((plain, _))) = (found.remove(&name), known(&name)) {
                found.insert(plain.to_owned(), contents(&name, path.trim())?);
            }
        }
        Ok(Self(found))
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim())
    }

    pub(super) fn parse<T: std::str::FromStr>(&self, name: &str, default: T, expected: &str) -> Result<T, SettingError> {
        match self.text(name) {
            // The value is not repeated: any of them may be a secret put in the wrong place.
            Some(text) => text.parse().map_err(|_| SettingError::new(name, format!("must be {expected}"))),
            None => Ok(default),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(file: Option<&Path>, pairs: &[(&str, &str)]) -> Result<Source, String> {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Source::load(file, pairs).map_err(|error| error.to_string())
    }

    #[test]
    fn any_setting_can_be_handed_over_as_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        std::fs::write(folder.path().join("key"), "from a file\n").unwrap();
        std::fs::write(folder.path().join("settings"), format!("master_key_file = {:?}", path("key"))).unwrap();
        let settings = folder.path().join("settings");
        for source in [
            load(None, &[("PERNOEX_MASTER_KEY_FILE", &path("key"))]),
            load(Some(&settings), &[]),
            load(Some(&settings), &[("PERNOEX_MASTER_KEY", ""), ("PERNOEX_MASTER_KEY_FILE", "")]),
        ] {
            assert_eq!(source.unwrap().text("PERNOEX_MASTER_KEY"), Some("from a file"));
        }
        // The environment overrides the file in whichever form it speaks.
        let source = load(Some(&settings), &[("PERNOEX_MASTER_KEY", "said")]).unwrap();
        assert_eq!(source.text("PERNOEX_MASTER_KEY"), Some("said"));
    }

    #[test]
    fn a_file_that_cannot_be_a_setting_is_named_by_its_setting() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        std::fs::write(folder.path().join("empty"), "\n").unwrap();
        std::fs::write(folder.path().join("binary"), [0xff, 0xfe]).unwrap();
        std::fs::write(folder.path().join("large"), "x".repeat(70_000)).unwrap();
        for name in ["none", "empty", "binary", "large", ""] {
            let error = load(None, &[("REDIS_URL_FILE", &path(name))]).err().unwrap();
            assert!(error.starts_with("REDIS_URL_FILE: names"), "{error}");
        }
        let both = [("REDIS_URL", "redis://hunter2"), ("REDIS_URL_FILE", "/run/hunter2")];
        let error = load(None, &both).err().unwrap();
        assert!(error.contains("REDIS_URL") && !error.contains("hunter2"), "{error}");
        assert!(load(None, &[("PERNOEX_LISTN_FILE", "x")]).is_err());
    }
}
