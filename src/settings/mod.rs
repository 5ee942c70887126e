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
#[cfg(test)]
mod tests;
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
pub(crate) use tls::GIVE_TLS;
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
    /// Between a signal to stop and the last new connection.
    pub drain: Duration,
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
            drain: Duration::from_secs(u64::from(whole(source, "PERNOEX_DRAIN_SECONDS", 0, 0..=60)?)),
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
        // It is shown and logged, and means nothing here.
        Some(url) if !url.username().is_empty() || url.password().is_some() => {
            Err(SettingError::new(name, "must name no user and no password"))
        }
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
