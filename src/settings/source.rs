//! Where settings come from: the environment first, then the configuration file.

use std::{collections::BTreeMap, path::Path};

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

/// Everything that may be set: the name in the environment. In the file it is lower-case, without `PERNOEX_`.
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
    "PERNOEX_MAIL_FROM",
    "PERNOEX_BCRYPT_COST",
    "PERNOEX_LIMIT_FACTOR",
    "PERNOEX_LOG",
    "PERNOEX_LOG_FORMAT",
    "PERNOEX_IDLE_MINUTES",
    "PERNOEX_INVITATION_HOURS",
    "PERNOEX_DELETION_DAYS",
    "PERNOEX_SESSION_IDLE_MINUTES",
    "PERNOEX_SESSION_HOURS",
    "PERNOEX_METRICS_LISTEN",
    "PERNOEX_METRICS_EXPOSED",
    "PERNOEX_MAX_FILE_MIB",
    "PERNOEX_MAX_DOCUMENTS",
    "PERNOEX_MAX_PROJECT_MIB",
    "PERNOEX_MAX_PAGES",
    "DATABASE_URL",
    "DATABASE_CONNECTIONS",
    "MIGRATION_DATABASE_URL",
    "REDIS_URL",
    "OPENAI_BASE_URL",
    "OPENAI_API_KEY",
    "OPENAI_MODEL",
    "OPENAI_TIMEOUT_S",
    "GOOGLE_CLIENT_ID",
    "GOOGLE_CLIENT_SECRET",
    "GOOGLE_ISSUER",
    "APPLE_CLIENT_ID",
    "APPLE_TEAM_ID",
    "APPLE_KEY_ID",
    "APPLE_PRIVATE_KEY",
    "APPLE_PRIVATE_KEY_FILE",
    "APPLE_ISSUER",
];

/// Read by the command line itself.
const CONFIG: &str = "PERNOEX_CONFIG";

fn in_file(name: &str) -> String {
    name.strip_prefix("PERNOEX_").unwrap_or(name).to_lowercase()
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
                let known = NAMES.iter().find(|name| in_file(name) == key);
                let known = known.ok_or_else(|| SettingError::new(&key, format!("is no setting (in {name}): check the spelling")))?;
                let text = match value {
                    toml::Value::String(text) => text,
                    toml::Value::Integer(number) => number.to_string(),
                    _ => return Err(SettingError::new(&key, format!("must be text or a whole number (in {name})"))),
                };
                found.insert((*known).to_owned(), Zeroizing::new(text));
            }
        }
        for (name, value) in environment {
            if NAMES.contains(&name.as_str()) {
                found.insert(name, Zeroizing::new(value));
            } else if name.starts_with("PERNOEX_") && name != CONFIG && !name.starts_with("PERNOEX_TEST_") {
                return Err(SettingError::new(&name, "is no setting: check the spelling, or unset it"));
            }
        }
        found.retain(|_, value| !value.trim().is_empty());
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
