//! What an operator may set. Everything has a default that is safe to start with; what contradicts itself does not start.

mod authorities;
mod backup;
mod disclosure;
mod embeddings;
mod language_model;
mod mail;
pub(crate) mod proof;
mod providers;
mod proxies;
mod secret;
mod slack;
mod source;
mod sources;
mod stores;
mod stripe;
mod tls;
mod traces;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use actors::{
    DocumentLimits,
    disclosure::DisclosureSettings,
    identity::{SignUp, totp::CodeLife},
    outward::AllowList,
    sessions::SessionLimits,
};
use url::Url;

use crate::doors::Proxies;

pub use backup::BackupSetting;
pub use embeddings::EmbeddingSetting;
pub use language_model::ModelSettings;
pub use mail::{MailSetting, SmtpSetting};
pub use providers::ProviderSettings;
pub use secret::Secret;
pub use slack::SlackSetting;
pub use source::{IN_FILE, NAMES, SettingError, Source};
pub use sources::SourcesSetting;
pub use stores::{DatabaseSettings, RedisSetting};
pub use stripe::StripeSetting;
pub use tls::{AcmeSetting, CertificateSetting, TlsSetting};
pub use traces::TracesSetting;

/// The whole tree. Printing it shows no secret.
#[derive(Debug)]
pub struct Settings {
    /// Where the server listens.
    pub listen: SocketAddr,
    /// How browsers reach it, when that is not the address itself.
    pub public_url: Option<Url>,
    /// When TLS ends in this server.
    pub tls: Option<TlsSetting>,
    /// In front of this server.
    pub trusted_proxies: Proxies,
    /// Where `/metrics` is served, if anywhere.
    pub metrics_listen: Option<SocketAddr>,
    /// The folder of the master key and the embedded database.
    pub data: PathBuf,
    /// Instead of the key file: 32 bytes in Base64; during a rotation two, with a comma between them, the newest last.
    pub master_key: Option<Secret>,
    /// A program, with arguments, that wraps keys in the master key's stead.
    pub kms_command: Option<Vec<String>>,
    /// The folder of the key ring.
    pub key_ring: Option<PathBuf>,
    /// How long the share of a replaced key is kept.
    pub key_retention: Duration,
    pub sign_up: SignUp,
    pub mail: MailSetting,
    pub bcrypt_cost: u32,
    /// Whether nobody reaches a workspace without one.
    pub second_factor_required: bool,
    /// How long a code of an authenticator app opens.
    pub code_life: CodeLife,
    /// Multiplies every rate limit.
    pub limit_factor: u32,
    /// Hosts and networks inside that users' addresses may lead to.
    pub allow_private: AllowList,
    pub idle: Duration,
    /// What the body of any request may take; a large one more.
    pub body: Duration,
    /// How long an invitation can be accepted.
    pub invitation: Duration,
    pub sessions: SessionLimits,
    /// How long a workspace that was deleted can be taken back.
    pub second_thoughts: Duration,
    pub database: DatabaseSettings,
    pub redis: Option<RedisSetting>,
    /// Why TLS to a store that proves nothing is enough.
    pub unverified_tls: Option<String>,
    pub language_model: Option<ModelSettings>,
    pub embeddings: EmbeddingSetting,
    pub documents: DocumentLimits,
    pub providers: Vec<ProviderSettings>,
    pub slack: Option<SlackSetting>,
    pub sources: SourcesSetting,
    pub stripe: Option<StripeSetting>,
    pub disclosure: DisclosureSettings,
    /// Whether everybody may see what came of the checks of claims.
    pub trust_page: bool,
    pub backup: BackupSetting,
    pub log: LogSettings,
    /// Where the parts of requests are sent, if anywhere.
    pub traces: Option<TracesSetting>,
}

#[derive(Clone, Debug)]
pub struct LogSettings {
    /// A `tracing` filter such as `info` or `pernoex=debug,info`.
    pub filter: String,
    pub json: bool,
}

impl Settings {
    /// # Errors
    /// The first setting that is wrong, missing or contradicts another.
    pub fn from_source(source: &Source) -> Result<Self, SettingError> {
        let listen: SocketAddr = source.parse(
            "PERNOEX_LISTEN",
            SocketAddr::from(([127, 0, 0, 1], 8080)),
            "an address and port such as 127.0.0.1:8080",
        )?;
        let database = stores::database(source)?;
        let public_url = public_url(source)?;
        Ok(Self {
            listen,
            tls: tls::read(source, public_url.as_ref(), listen)?,
            public_url,
            trusted_proxies: proxies::read(source)?,
            metrics_listen: metrics_listen(source)?,
            data: source.text("PERNOEX_DATA").unwrap_or("data").into(),
            master_key: source.text("PERNOEX_MASTER_KEY").map(Secret::of),
            kms_command: source.text("PERNOEX_KMS_COMMAND").map(command).transpose()?,
            key_ring: source.text("PERNOEX_KEY_RING").map(PathBuf::from),
            key_retention: Duration::from_secs(86_400 * u64::from(whole(source, "PERNOEX_KEY_RETENTION_DAYS", 30, 0..=3650)?)),
            sign_up: mail::sign_up(source)?,
            mail: mail::mail(source)?,
            bcrypt_cost: whole(source, "PERNOEX_BCRYPT_COST", 12, 4..=16)?,
            second_factor_required: match source.text("PERNOEX_SECOND_FACTOR") {
                None | Some("offered") => false,
                Some("required") => true,
                Some(_) => return Err(SettingError::new("PERNOEX_SECOND_FACTOR", "must be offered or required")),
            },
            code_life: match source.text("PERNOEX_CODE_SECONDS") {
                None | Some("90") => CodeLife::Neighbours,
                Some("30") => CodeLife::OwnStep,
                Some(_) => return Err(SettingError::new("PERNOEX_CODE_SECONDS", "must be 30 or 90")),
            },
            limit_factor: whole(source, "PERNOEX_LIMIT_FACTOR", 1, 1..=1_000_000)?,
            allow_private: allow_private(source)?,
            idle: Duration::from_secs(60 * u64::from(whole(source, "PERNOEX_IDLE_MINUTES", 15, 1..=1440)?)),
            body: Duration::from_secs(u64::from(whole(source, "PERNOEX_BODY_SECONDS", 30, 1..=3600)?)),
            invitation: Duration::from_secs(3600 * u64::from(whole(source, "PERNOEX_INVITATION_HOURS", 72, 1..=720)?)),
            second_thoughts: Duration::from_secs(86_400 * u64::from(whole(source, "PERNOEX_DELETION_DAYS", 7, 0..=90)?)),
            sessions: SessionLimits {
                idle: Duration::from_secs(60 * u64::from(whole(source, "PERNOEX_SESSION_IDLE_MINUTES", 720, 5..=43_200)?)),
                whole: Duration::from_secs(3600 * u64::from(whole(source, "PERNOEX_SESSION_HOURS", 168, 1..=2160)?)),
            },
            backup: backup::read(source, &database)?,
            database,
            redis: stores::redis(source)?,
            unverified_tls: proof::why_unverified(source)?,
            language_model: language_model::read(source)?,
            embeddings: embeddings::read(source)?,
            documents: documents(source)?,
            providers: providers::read(source, listen)?,
            slack: slack::read(source, listen)?,
            sources: sources::read(source, listen)?,
            stripe: stripe::read(source, listen)?,
            disclosure: disclosure::read(source)?,
            trust_page: match source.text("PERNOEX_TRUST_PAGE") {
                None | Some("yes") => true,
                Some("no") => false,
                Some(_) => return Err(SettingError::new("PERNOEX_TRUST_PAGE", "must be yes or no")),
            },
            log: LogSettings {
                filter: source
                    .text("PERNOEX_LOG")
                    .unwrap_or("info,sqlx=warn,sea_orm_migration=warn,actix_server=warn,actix_http::h1=off,actix_session=error")
                    .to_owned(),
                json: match source.text("PERNOEX_LOG_FORMAT") {
                    None | Some("pretty") => false,
                    Some("json") => true,
                    Some(_) => return Err(SettingError::new("PERNOEX_LOG_FORMAT", "must be pretty or json")),
                },
            },
            traces: traces::read(source)?,
        })
    }
}

fn whole(source: &Source, name: &str, default: u32, range: std::ops::RangeInclusive<u32>) -> Result<u32, SettingError> {
    let expected = format!("a whole number from {} to {}", range.start(), range.end());
    let value = source.parse(name, default, &expected)?;
    if range.contains(&value) {
        Ok(value)
    } else {
        Err(SettingError::new(name, format!("must be {expected}")))
    }
}

fn web_address(source: &Source, name: &str) -> Result<Option<Url>, SettingError> {
    let Some(text) = source.text(name) else { return Ok(None) };
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some());
    url.map(Some)
        .ok_or_else(|| SettingError::new(name, "must be a web address such as https://support.example.com"))
}

/// A JSON array of the program and its arguments, or the same with blanks between them. No shell reads it.
fn command(text: &str) -> Result<Vec<String>, SettingError> {
    let refuse = || {
        SettingError::new(
            "PERNOEX_KMS_COMMAND",
            "must be a program and its arguments, or a JSON array of them",
        )
    };
    let parts: Vec<String> = if text.starts_with('[') {
        serde_json::from_str(text).map_err(|_| refuse())?
    } else {
        text.split_whitespace().map(str::to_owned).collect()
    };
    if parts.first().is_none_or(String::is_empty) {
        Err(refuse())
    } else {
        Ok(parts)
    }
}

/// Figures say nothing of tenants, but much of the installation: other machines get them only when that is said aloud.
fn metrics_listen(source: &Source) -> Result<Option<SocketAddr>, SettingError> {
    let (name, exposed) = ("PERNOEX_METRICS_LISTEN", "PERNOEX_METRICS_EXPOSED");
    let is_exposed = match source.text(exposed) {
        None | Some("no") => false,
        Some("yes") => true,
        Some(_) => return Err(SettingError::new(exposed, "must be yes or no")),
    };
    let Some(text) = source.text(name) else {
        return match is_exposed {
            true => Err(SettingError::new(
                exposed,
                "is set but PERNOEX_METRICS_LISTEN is not: set both or neither",
            )),
            false => Ok(None),
        };
    };
    let address: SocketAddr = text
        .parse()
        .map_err(|_| SettingError::new(name, "must be an address and port such as 127.0.0.1:9464"))?;
    if !address.ip().is_loopback() && !is_exposed {
        let reason = "is not a loopback address: set PERNOEX_METRICS_EXPOSED=yes if other machines may read the figures";
        return Err(SettingError::new(name, reason));
    }
    Ok(Some(address))
}

fn public_url(source: &Source) -> Result<Option<Url>, SettingError> {
    let name = "PERNOEX_PUBLIC_URL";
    match web_address(source, name)? {
        Some(url) if url.path() != "/" || url.query().is_some() => Err(SettingError::new(name, "must have no path")),
        found => Ok(found),
    }
}

fn allow_private(source: &Source) -> Result<AllowList, SettingError> {
    let name = "PERNOEX_ALLOW_PRIVATE";
    let refuse = |_| {
        let expected = "must be host names, addresses and networks with commas between them, such as wiki.corp.example, 10.1.0.0/16";
        SettingError::new(name, expected)
    };
    AllowList::parse(source.text(name).unwrap_or_default()).map_err(refuse)
}

fn documents(source: &Source) -> Result<DocumentLimits, SettingError> {
    let defaults = DocumentLimits::default();
    let limits = DocumentLimits {
        file_bytes: u64::from(whole(source, "PERNOEX_MAX_FILE_MIB", 20, 1..=200)?) << 20,
        documents: i64::from(whole(source, "PERNOEX_MAX_DOCUMENTS", 5_000, 1..=1_000_000)?),
        total_bytes: i64::from(whole(source, "PERNOEX_MAX_PROJECT_MIB", 2_048, 1..=1_000_000)?) << 20,
        inside: actors::knowledge::parse::Limits {
            pages: whole(source, "PERNOEX_MAX_PAGES", defaults.inside.pages, 1..=100_000)?,
            ..defaults.inside
        },
        ..defaults
    };
    if limits.file_bytes > limits.total_bytes.unsigned_abs() {
        return Err(SettingError::new(
            "PERNOEX_MAX_FILE_MIB",
            "is larger than PERNOEX_MAX_PROJECT_MIB: raise that one or lower this",
        ));
    }
    Ok(limits)
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
    fn prices_are_of_a_million_tokens() {
        let priced = settings(&[
            ("OPENAI_BASE_URL", "https://api.example.com/v1"),
            ("OPENAI_MODEL", "small"),
            ("OPENAI_PRICE_INPUT", "0.15"),
            ("OPENAI_PRICE_OUTPUT", "12"),
        ]);
        let prices = priced.unwrap().language_model.unwrap().prices;
        assert_eq!(
            (prices.input, prices.output, prices.currency.as_str()),
            (Some(150_000), Some(12_000_000), "USD")
        );
    }

    #[test]
    fn nothing_needs_to_be_set() {
        let settings = settings(&[]).unwrap();
        assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
        assert!(matches!(settings.database, DatabaseSettings::Embedded));
    }

    #[test]
    fn what_is_wrong_is_named_and_its_value_is_not_repeated() {
        for (pairs, names) in [
            (vec![("PERNOEX_LISTEN", "hunter2")], "PERNOEX_LISTEN"),
            (vec![("PERNOEX_LISTN", "hunter2")], "PERNOEX_LISTN"),
            (vec![("PERNOEX_BCRYPT_COST", "99")], "PERNOEX_BCRYPT_COST"),
            (vec![("PERNOEX_KEY_RETENTION_DAYS", "hunter2")], "PERNOEX_KEY_RETENTION_DAYS"),
            (vec![("PERNOEX_KEY_RETENTION_DAYS", "3651")], "PERNOEX_KEY_RETENTION_DAYS"),
            (vec![("DATABASE_URL", "mysql://hunter2")], "DATABASE_URL"),
            (vec![("DATABASE_URL", "postgres://host/db")], "DATABASE_URL"),
            (vec![("MIGRATION_DATABASE_URL", "postgres://a:hunter2@h/d")], "DATABASE_URL is not"),
            (vec![("REDIS_URL", "hunter2")], "REDIS_URL"),
            (vec![("PERNOEX_KMS_COMMAND", "[\"hunter2\"")], "PERNOEX_KMS_COMMAND"),
            (vec![("PERNOEX_KMS_COMMAND", "[]")], "PERNOEX_KMS_COMMAND"),
            (vec![("OPENAI_API_KEY", "hunter2")], "OPENAI_BASE_URL"),
            (vec![("OPENAI_BASE_URL", "https://api.example.com/v1")], "OPENAI_MODEL"),
            (
                vec![
                    ("OPENAI_BASE_URL", "https://api.example.com/v1"),
                    ("OPENAI_MODEL", "small"),
                    ("OPENAI_PRICE_INPUT", "0,15"),
                ],
                "OPENAI_PRICE_INPUT",
            ),
            (
                vec![
                    ("OPENAI_BASE_URL", "https://api.example.com/v1"),
                    ("OPENAI_MODEL", "small"),
                    ("OPENAI_CURRENCY", "dollars"),
                ],
                "OPENAI_CURRENCY",
            ),
            (vec![("EMBEDDING_API_KEY", "hunter2")], "EMBEDDING_BASE_URL"),
            (vec![("EMBEDDING_PREVIOUS_API_KEY", "hunter2")], "EMBEDDING_PREVIOUS_BASE_URL"),
            (vec![("EMBEDDING_BASE_URL", "https://api.example.com/v1")], "EMBEDDING_MODEL"),
            (
                vec![("EMBEDDING_BASE_URL", "https://api.example.com/v1"), ("EMBEDDING_MODEL", "small")],
                "EMBEDDING_DIMENSIONS",
            ),
            (
                vec![("PERNOEX_MAX_FILE_MIB", "20"), ("PERNOEX_MAX_PROJECT_MIB", "10")],
                "PERNOEX_MAX_PROJECT_MIB",
            ),
            (vec![("PERNOEX_PUBLIC_URL", "https://a.example.com/path")], "PERNOEX_PUBLIC_URL"),
            (vec![("PERNOEX_SMTP_URL", "hunter2")], "PERNOEX_SMTP_URL"),
            (
                vec![("PERNOEX_SMTP_URL", "smtps://a:hunter2@mail.example.com")],
                "PERNOEX_MAIL_FROM",
            ),
            (
                vec![
                    ("PERNOEX_SMTP_URL", "smtps://a:hunter2@mail.example.com"),
                    ("PERNOEX_MAIL_FROM", "a@example.com"),
                ],
                "PERNOEX_PUBLIC_URL",
            ),
            (vec![("PERNOEX_SMTP_CA", "hunter2")], "PERNOEX_SMTP_CA"),
            (vec![("PERNOEX_MAIL_FROM", "hunter2")], "PERNOEX_MAIL_FROM"),
            (vec![("PERNOEX_SIGN_UP", "hunter2")], "PERNOEX_SIGN_UP"),
            (vec![("PERNOEX_SECOND_FACTOR", "hunter2")], "PERNOEX_SECOND_FACTOR"),
            (vec![("PERNOEX_CODE_SECONDS", "hunter2")], "PERNOEX_CODE_SECONDS"),
            (vec![("SLACK_CLIENT_SECRET", "hunter2")], "SLACK_CLIENT_ID"),
            (vec![("SLACK_SIGNING_SECRET_PREVIOUS", "hunter2")], "SLACK_CLIENT_ID"),
            (
                vec![
                    ("SLACK_CLIENT_ID", "1.2"),
                    ("SLACK_CLIENT_SECRET", "hunter2"),
                    ("SLACK_SIGNING_SECRET", "hunter2"),
                    ("SLACK_URL", "http://slack.example.com"),
                ],
                "SLACK_URL",
            ),
            (vec![("GITHUB_CLIENT_SECRET", "hunter2")], "GITHUB_CLIENT_ID"),
            (vec![("GITHUB_API_URL", "https://hunter2.example.com")], "GITHUB_CLIENT_ID"),
            (vec![("GITHUB_APP_PRIVATE_KEY", "hunter2")], "GITHUB_APP_CLIENT_ID"),
            (
                vec![
                    ("GITHUB_APP_CLIENT_ID", "Iv1"),
                    ("GITHUB_APP_CLIENT_SECRET", "hunter2"),
                    ("GITHUB_APP_SLUG", "pernoex"),
                ],
                "GITHUB_APP_PRIVATE_KEY_FILE",
            ),
            (
                vec![
                    ("GITHUB_APP_CLIENT_ID", "Iv1"),
                    ("GITHUB_APP_CLIENT_SECRET", "hunter2"),
                    ("GITHUB_APP_SLUG", "pernoex"),
                    ("GITHUB_APP_PRIVATE_KEY", "hunter2"),
                ],
                "GITHUB_APP_PRIVATE_KEY",
            ),
            (
                vec![
                    ("GITHUB_CLIENT_ID", "Ov1"),
                    ("GITHUB_CLIENT_SECRET", "hunter2"),
                    ("GITHUB_URL", "http://github.example.com"),
                ],
                "GITHUB_URL",
            ),
            (vec![("NOTION_CLIENT_SECRET", "hunter2")], "NOTION_CLIENT_ID"),
            (vec![("NOTION_WEBHOOK_TOKEN", "hunter2")], "NOTION_CLIENT_ID"),
            (vec![("GITHUB_WEBHOOK_SECRET", "hunter2")], "GITHUB_APP_CLIENT_ID"),
            (vec![("GITHUB_WEBHOOK_SECRET_PREVIOUS", "hunter2")], "GITHUB_WEBHOOK_SECRET"),
            (vec![("ATLASSIAN_CLIENT_ID", "hunter2")], "ATLASSIAN_CLIENT_SECRET"),
            (vec![("STRIPE_SECRET_KEY", "hunter2")], "STRIPE_WEBHOOK_SECRET"),
            (vec![("PERNOEX_PLANS", "hunter2")], "STRIPE_SECRET_KEY"),
            (vec![("PERNOEX_PAYMENT_GRACE_DAYS", "7")], "STRIPE_SECRET_KEY"),
            (
                vec![
                    ("STRIPE_SECRET_KEY", "hunter2"),
                    ("STRIPE_WEBHOOK_SECRET", "hunter2"),
                    ("PERNOEX_PLANS", "hunter2"),
                ],
                "PERNOEX_PLANS",
            ),
            (vec![("OTEL_EXPORTER_OTLP_ENDPOINT", "hunter2")], "OTEL_EXPORTER_OTLP_ENDPOINT"),
            (
                vec![
                    ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"),
                    ("OTEL_EXPORTER_OTLP_HEADERS", "hunter2"),
                ],
                "OTEL_EXPORTER_OTLP_HEADERS",
            ),
            (
                vec![
                    ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"),
                    ("OTEL_TRACES_SAMPLER_ARG", "2"),
                ],
                "OTEL_TRACES_SAMPLER_ARG",
            ),
            (vec![("PERNOEX_METRICS_LISTEN", "hunter2")], "PERNOEX_METRICS_LISTEN"),
            (vec![("PERNOEX_METRICS_LISTEN", "0.0.0.0:9464")], "PERNOEX_METRICS_EXPOSED=yes"),
            (vec![("PERNOEX_METRICS_EXPOSED", "yes")], "PERNOEX_METRICS_LISTEN is not"),
            (vec![("PERNOEX_ALLOW_PRIVATE", "http://hunter2")], "PERNOEX_ALLOW_PRIVATE"),
            (vec![("PERNOEX_ALLOW_PRIVATE", "0.0.0.0/0")], "PERNOEX_ALLOW_PRIVATE"),
        ] {
            let error = settings(&pairs).unwrap_err();
            assert!(error.contains(names), "{error}");
            assert!(!error.contains("hunter2") && !error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn a_command_is_a_list_or_words_and_no_shell_sees_it() {
        let command = |text| settings(&[("PERNOEX_KMS_COMMAND", text)]).unwrap().kms_command.unwrap();
        assert_eq!(command("/bin/kms --key a$HOME"), ["/bin/kms", "--key", "a$HOME"]);
        assert_eq!(command(r#"["/opt/key service/kms", "a b"]"#), ["/opt/key service/kms", "a b"]);
    }

    #[test]
    fn metrics_leave_the_machine_only_when_that_is_said() {
        let listen = |pairs: &[(&str, &str)]| settings(pairs).unwrap().metrics_listen.map(|address| address.to_string());
        assert_eq!(listen(&[]), None);
        assert_eq!(listen(&[("PERNOEX_METRICS_LISTEN", "[::1]:9464")]).as_deref(), Some("[::1]:9464"));
        let exposed = [("PERNOEX_METRICS_LISTEN", "0.0.0.0:9464"), ("PERNOEX_METRICS_EXPOSED", "yes")];
        assert_eq!(listen(&exposed).as_deref(), Some("0.0.0.0:9464"));
    }

    #[test]
    fn printing_the_settings_shows_no_secret() {
        let settings = settings(&[
            ("DATABASE_URL", "postgres://app:hunter2@db/pernoex"),
            ("REDIS_URL", "redis://:hunter2@cache"),
            ("OPENAI_BASE_URL", "https://api.example.com/v1"),
            ("OPENAI_API_KEY", "hunter2"),
            ("OPENAI_MODEL", "small"),
            ("EMBEDDING_BASE_URL", "https://api.example.com/v1"),
            ("EMBEDDING_API_KEY", "hunter2"),
            ("EMBEDDING_MODEL", "small"),
            ("EMBEDDING_DIMENSIONS", "1024"),
            ("PERNOEX_MASTER_KEY", "hunter2"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector:4318"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20hunter2"),
        ]);
        assert!(!format!("{:?}", settings.unwrap()).contains("hunter2"));
    }
}
