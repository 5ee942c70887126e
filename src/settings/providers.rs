//! Sign-in with Google and with Apple.

use std::net::SocketAddr;

use actors::{
    SecretBytes,
    identity::provider::{AppleKey, ClientSettings, Credential, Provider, ProvidersSettings, is_loopback},
    webhooks::Keys,
};
use url::Url;

use super::{Secret, SettingError, Settings, Source, web_address};

/// How this installation is registered at one provider.
#[derive(Debug)]
pub struct ProviderSettings {
    pub provider: Provider,
    pub issuer: Url,
    pub client_id: String,
    credential: Registered,
}

#[derive(Debug)]
enum Registered {
    Secret(Secret),
    /// The key in PEM.
    Apple {
        team: String,
        key_id: String,
        key: Secret,
    },
}

const GOOGLE: [&str; 2] = ["GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"];
const APPLE: [&str; 3] = ["APPLE_CLIENT_ID", "APPLE_TEAM_ID", "APPLE_KEY_ID"];
const KEY: &str = "APPLE_PRIVATE_KEY";

/// All of `names`, or none: what is half set is a mistake that would show at somebody's sign-in only.
pub(super) fn together<'a, const N: usize>(
    source: &'a Source,
    names: [&str; N],
    also: &[&str],
) -> Result<Option<[&'a str; N]>, SettingError> {
    let found = names.map(|name| source.text(name));
    let set = names.iter().chain(also).find(|name| source.text(name).is_some());
    let Some(set) = set else { return Ok(None) };
    match names.iter().zip(found).find(|(_, value)| value.is_none()) {
        Some((missing, _)) => Err(SettingError::new(
            missing,
            format!("is missing, but {set} is set: set both or neither"),
        )),
        None => Ok(Some(found.map(Option::unwrap_or_default))),
    }
}

pub(super) fn secure_address(source: &Source, name: &str, default: &str) -> Result<Url, SettingError> {
    let refuse = || SettingError::new(name, "must be an https address without a query");
    let url = match web_address(source, name)? {
        Some(url) => url,
        None => Url::parse(default).map_err(|_| refuse())?,
    };
    let secure = url.scheme() == "https" || is_loopback(&url);
    if secure && url.query().is_none() { Ok(url) } else { Err(refuse()) }
}

fn apple_key(source: &Source) -> Result<Secret, SettingError> {
    let missing = "is missing, but APPLE_CLIENT_ID is set: set it, or APPLE_PRIVATE_KEY_FILE";
    let text = source.text(KEY).ok_or_else(|| SettingError::new(KEY, missing))?;
    if AppleKey::from_pem(text).is_none() {
        return Err(SettingError::new(KEY, "must hold the private key from Apple's .p8 file, in PEM"));
    }
    Ok(Secret::of(text))
}

/// Those that are set up.
pub(super) fn read(source: &Source, listen: SocketAddr) -> Result<Vec<ProviderSettings>, SettingError> {
    let mut found = Vec::new();
    if let Some([client_id, secret]) = together(source, GOOGLE, &["GOOGLE_ISSUER"])? {
        found.push(ProviderSettings {
            provider: Provider::Google,
            issuer: secure_address(source, "GOOGLE_ISSUER", "https://accounts.google.com")?,
            client_id: client_id.to_owned(),
            credential: Registered::Secret(Secret::of(secret)),
        });
    }
    if let Some([client_id, team, key_id]) = together(source, APPLE, &["APPLE_ISSUER", KEY])? {
        found.push(ProviderSettings {
            provider: Provider::Apple,
            issuer: secure_address(source, "APPLE_ISSUER", "https://appleid.apple.com")?,
            client_id: client_id.to_owned(),
            credential: Registered::Apple {
                team: team.to_owned(),
                key_id: key_id.to_owned(),
                key: apple_key(source)?,
            },
        });
    }
    if !found.is_empty() {
        reachable(source, listen, "a sign-in provider", "people back")?;
    }
    Ok(found)
}

/// Whether `who` can send `what` to this server: by TLS, but for one that only this machine reaches.
pub(super) fn reachable(source: &Source, listen: SocketAddr, who: &str, what: &str) -> Result<(), SettingError> {
    let name = "PERNOEX_PUBLIC_URL";
    match web_address(source, name)? {
        Some(url) if url.scheme() != "https" && !is_loopback(&url) => Err(SettingError::new(
            name,
            format!("must be an https address: {who} sends {what} there"),
        )),
        None if !listen.ip().is_loopback() => Err(SettingError::new(
            name,
            format!("is missing: {who} must know the address that it sends {what} to"),
        )),
        _ => Ok(()),
    }
}

/// By which a sender's messages are proved: its secret, and the one before it while it still signs with that.
pub(super) fn signing_keys(secret: &Secret, previous: Option<&Secret>) -> Keys {
    let bytes = |secret: &Secret| SecretBytes::new(secret.expose().as_bytes().to_vec());
    Keys::new(Some(bytes(secret)), previous.map(bytes))
}

/// Where browsers reach this server: as a setting says, or on this machine.
pub(super) fn own_base(settings: &Settings, address: SocketAddr) -> Result<Url, SettingError> {
    match &settings.public_url {
        Some(url) => Ok(url.clone()),
        None => Url::parse(&format!("http://localhost:{}", address.port()))
            .map_err(|_| SettingError::new("PERNOEX_LISTEN", "is not an address")),
    }
}

impl ProviderSettings {
    /// The form that the actors take; `address` is where the server listens.
    ///
    /// # Errors
    /// When a key that could be read at the start cannot be read any more.
    pub fn for_actors(settings: &Settings, address: SocketAddr) -> Result<Option<ProvidersSettings>, SettingError> {
        if settings.providers.is_empty() {
            return Ok(None);
        }
        let base = own_base(settings, address)?;
        let clients = settings.providers.iter().map(Self::client).collect::<Result<_, _>>()?;
        Ok(Some(ProvidersSettings { base, clients }))
    }

    fn client(&self) -> Result<ClientSettings, SettingError> {
        let credential = match &self.credential {
            Registered::Secret(secret) => Credential::Secret(secret.0.clone()),
            Registered::Apple { team, key_id, key } => Credential::Apple {
                team: team.clone(),
                key_id: key_id.clone(),
                key: AppleKey::from_pem(key.expose()).ok_or_else(|| SettingError::new(KEY, "cannot be read"))?,
            },
        };
        Ok(ClientSettings {
            provider: self.provider,
            issuer: self.issuer.clone(),
            client_id: self.client_id.clone(),
            credential,
        })
    }
}
