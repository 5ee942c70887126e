//! Which providers there are, and how this installation is known to them.

use std::fmt;

use p256::{SecretKey, pkcs8::DecodePrivateKey};
use url::Url;
use zeroize::Zeroizing;

/// Whose accounts open ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Provider {
    Google,
    Apple,
}

impl Provider {
    pub const ALL: [Self; 2] = [Self::Google, Self::Apple];

    /// As in addresses and rows.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Google => "google",
            Self::Apple => "apple",
        }
    }

    /// For people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Google => "Google",
            Self::Apple => "Apple",
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.name() == name)
    }
}

/// The private key that Apple gave out, on P-256.
pub struct AppleKey(pub(super) SecretKey);

impl AppleKey {
    /// Reads PKCS #8 in PEM, as Apple's `.p8` files are. Line ends may be written as `\n`, for environments that hold one line.
    #[must_use]
    pub fn from_pem(text: &str) -> Option<Self> {
        let text = Zeroizing::new(text.replace("\\n", "\n"));
        SecretKey::from_pkcs8_pem(text.trim()).ok().map(Self)
    }
}

impl fmt::Debug for AppleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// By what this installation proves to a provider that it is the one that is registered there.
pub enum Credential {
    Secret(Zeroizing<String>),
    /// A token of a few minutes, signed each time.
    Apple {
        team: String,
        key_id: String,
        key: AppleKey,
    },
}

/// How this installation is known to one provider.
pub struct ClientSettings {
    pub provider: Provider,
    pub issuer: Url,
    pub client_id: String,
    pub credential: Credential,
}

/// Those that are set up, and the address that they send people back to.
pub struct ProvidersSettings {
    pub base: Url,
    pub clients: Vec<ClientSettings>,
}
