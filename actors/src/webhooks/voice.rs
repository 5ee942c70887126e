//! The voice agents, behind one door.

use zeroize::Zeroizing;

use super::{Bland, Claim, ElevenLabs, Headers, Rejection, Retell, Sender, Standard, Vapi, standard::is_secret, vapi::SIGNATURE_HEADER};

/// Whose voice agent it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoiceProvider {
    ElevenLabs,
    Retell,
    Vapi,
    Bland,
    /// Anyone who signs as Standard Webhooks says.
    Standard,
}

/// Every one, with the number and the name that it is stored by.
const ALL: [(VoiceProvider, u8, &str); 5] = [
    (VoiceProvider::ElevenLabs, 1, "elevenlabs"),
    (VoiceProvider::Retell, 2, "retell"),
    (VoiceProvider::Vapi, 3, "vapi"),
    (VoiceProvider::Bland, 4, "bland"),
    (VoiceProvider::Standard, 5, "standard"),
];

impl VoiceProvider {
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        ALL.iter().map(|(provider, ..)| *provider)
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        ALL.iter().find(|(_, _, known)| *known == name).map(|(provider, ..)| *provider)
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        ALL.iter().find(|(provider, ..)| *provider == self).map_or("", |(_, _, name)| name)
    }

    pub(crate) fn number(self) -> u8 {
        ALL.iter()
            .find(|(provider, ..)| *provider == self)
            .map_or(0, |(_, number, _)| *number)
    }

    pub(crate) fn of_number(number: u8) -> Option<Self> {
        ALL.iter().find(|(_, known, _)| *known == number).map(|(provider, ..)| *provider)
    }

    /// Whether it takes a secret that we make. The others make theirs.
    #[must_use]
    pub fn takes_secret(self) -> bool {
        matches!(self, Self::Vapi | Self::Standard)
    }

    /// Whether it signs a time, so that a message in the middle of a call cannot be played again later.
    #[must_use]
    pub fn signs_time(self) -> bool {
        self != Self::Bland
    }

    /// Whether a secret that somebody typed can be one.
    pub(crate) fn is_secret(self, secret: &[u8]) -> bool {
        match self {
            Self::Standard => is_secret(secret),
            _ => (8..=512).contains(&secret.len()) && secret.iter().all(u8::is_ascii_graphic),
        }
    }
}

/// A voice agent's way to sign.
#[derive(Clone, Debug)]
pub enum Voice {
    ElevenLabs(ElevenLabs),
    Retell(Retell),
    Vapi(Vapi),
    Bland(Bland),
    Standard(Standard),
}

impl Voice {
    /// With the `header` that the customer chose, where there is a choice.
    #[must_use]
    pub fn of(provider: VoiceProvider, header: Option<String>) -> Self {
        match provider {
            VoiceProvider::ElevenLabs => Self::ElevenLabs(ElevenLabs),
            VoiceProvider::Retell => Self::Retell(Retell),
            VoiceProvider::Vapi => Self::Vapi(Vapi {
                header: header.unwrap_or_else(|| SIGNATURE_HEADER.to_owned()),
            }),
            VoiceProvider::Bland => Self::Bland(Bland),
            VoiceProvider::Standard => Self::Standard(Standard),
        }
    }

    #[must_use]
    pub fn provider(&self) -> VoiceProvider {
        match self {
            Self::ElevenLabs(_) => VoiceProvider::ElevenLabs,
            Self::Retell(_) => VoiceProvider::Retell,
            Self::Vapi(_) => VoiceProvider::Vapi,
            Self::Bland(_) => VoiceProvider::Bland,
            Self::Standard(_) => VoiceProvider::Standard,
        }
    }
}

impl Sender for Voice {
    fn source(&self) -> &'static str {
        self.provider().as_str()
    }

    fn claim(&self, headers: &(impl Headers + ?Sized)) -> Result<Claim, Rejection> {
        match self {
            Self::ElevenLabs(sender) => sender.claim(headers),
            Self::Retell(sender) => sender.claim(headers),
            Self::Vapi(sender) => sender.claim(headers),
            Self::Bland(sender) => sender.claim(headers),
            Self::Standard(sender) => sender.claim(headers),
        }
    }

    fn key(&self, secret: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        match self {
            Self::Standard(sender) => sender.key(secret),
            Self::ElevenLabs(sender) => sender.key(secret),
            Self::Retell(sender) => sender.key(secret),
            Self::Vapi(sender) => sender.key(secret),
            Self::Bland(sender) => sender.key(secret),
        }
    }
}
