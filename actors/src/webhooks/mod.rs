//! Signed messages from outside: what proves one, and how each sender signs. Knows neither HTTP nor the database: headers and bytes go in,
//! a verdict comes out. A sender is one small file that says which headers it sends, what it signs, and how it writes the signature.

mod bland;
mod elevenlabs;
mod github;
mod notion;
mod parts;
mod retell;
mod slack;
mod standard;
mod stripe;
#[cfg(test)]
mod tests;
mod vapi;
mod voice;

use entities::Millis;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

pub use bland::Bland;
pub use elevenlabs::ElevenLabs;
pub use github::GitHub;
pub use notion::Notion;
pub use retell::Retell;
pub use slack::Slack;
pub use standard::{Standard, new_secret, sign};
pub use stripe::Stripe;
pub use vapi::Vapi;
pub use voice::{Voice, VoiceProvider};

use crate::{text::hex, vault::SecretBytes};

/// The largest body that is looked at.
pub const MOST_BYTES: usize = 1 << 20;
/// How far a message's time may be from ours, either way. Exactly as far passes.
pub const WINDOW_MS: Millis = 300_000;

/// Why a message is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rejection {
    /// There is no secret to check with.
    NotConfigured,
    MissingHeader,
    DuplicateHeader,
    /// A header does not have the form that the sender gives it.
    MalformedHeader,
    TooOld,
    /// Its time is yet to come.
    TooNew,
    TooLarge,
    WrongSignature,
}

impl Rejection {
    /// Stable: metrics name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotConfigured => "not_configured",
            Self::MissingHeader => "missing_header",
            Self::DuplicateHeader => "duplicate_header",
            Self::MalformedHeader => "malformed_header",
            Self::TooOld => "too_old",
            Self::TooNew => "too_new",
            Self::TooLarge => "too_large",
            Self::WrongSignature => "wrong_signature",
        }
    }
}

/// A message's headers.
pub trait Headers {
    /// Each value of the header of this name, whose case does not matter.
    fn all(&self, name: &str) -> Vec<&[u8]>;
}

/// For those who have them as pairs.
impl Headers for [(&str, &str)] {
    fn all(&self, name: &str) -> Vec<&[u8]> {
        let same = self.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        same.map(|(_, value)| value.as_bytes()).collect()
    }
}

/// What a sender's headers claim of the body that they come with.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Claim {
    /// `None` where the sender signs no time.
    pub signed_at: Option<Millis>,
    /// What is signed besides the body: before it, and after it.
    pub before: Vec<u8>,
    pub after: Vec<u8>,
    /// Any of them may be right.
    pub signatures: Vec<[u8; 32]>,
    /// The sender's own id of the message, where a header says it.
    pub id: Option<String>,
}

/// How a sender signs: HMAC-SHA256 of the body and what its headers add.
pub trait Sender {
    /// Names it in metrics and in what is stored.
    fn source(&self) -> &'static str;

    /// # Errors
    /// What is wrong with the headers.
    fn claim(&self, headers: &(impl Headers + ?Sized)) -> Result<Claim, Rejection>;

    /// The key that a secret stands for; `None` for one that cannot be any.
    fn key(&self, secret: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        (!secret.is_empty()).then(|| Zeroizing::new(secret.to_vec()))
    }
}

/// What proves one sender's messages: a secret, and the one before it while that is still good. None at all proves nothing.
#[derive(Default)]
pub struct Keys {
    current: Option<SecretBytes>,
    previous: Option<SecretBytes>,
}

impl Keys {
    /// An empty secret is none.
    #[must_use]
    pub fn new(current: Option<SecretBytes>, previous: Option<SecretBytes>) -> Self {
        let some = |secret: SecretBytes| (!secret.open(<[u8]>::is_empty)).then_some(secret);
        Self {
            current: current.and_then(some),
            previous: previous.and_then(some),
        }
    }

    #[must_use]
    pub fn are_set(&self) -> bool {
        self.current.is_some()
    }
}

/// A message whose headers have the right form and a time within the window. Nothing is proved yet, and nothing was read of the body.
pub struct Claimed<S> {
    sender: S,
    claim: Claim,
}

/// A message that its sender signed. Only [`Claimed::prove`] makes one:
/// ```compile_fail,E0451
/// fn forge(sender: actors::webhooks::Slack) -> actors::webhooks::Verified<actors::webhooks::Slack> {
///     actors::webhooks::Verified { sender, id: None, signed_at: None, around: Default::default(), by_previous: false, body: b"{}".to_vec() }
/// }
/// ```
/// and what was proved stays as it was:
/// ```compile_fail,E0616
/// fn alter(message: &mut actors::webhooks::Verified<actors::webhooks::Slack>) {
///     message.body = b"{}".to_vec();
/// }
/// ```
/// ```compile_fail,E0599
/// fn pass_off(message: actors::webhooks::Claimed<actors::webhooks::Slack>) -> Vec<u8> {
///     message.into_body()
/// }
/// ```
pub struct Verified<S> {
    sender: S,
    id: Option<String>,
    signed_at: Option<Millis>,
    /// What was signed besides the body.
    around: [Vec<u8>; 2],
    by_previous: bool,
    body: Vec<u8>,
}

/// What was not proved, to be tried with other keys or let go of.
pub struct Unproved<S> {
    pub claimed: Claimed<S>,
    pub body: Vec<u8>,
    pub rejection: Rejection,
}

impl<S: Sender> Claimed<S> {
    /// Looks at the headers alone.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn read(sender: S, headers: &(impl Headers + ?Sized), now: Millis) -> Result<Self, Rejection> {
        let claim = sender.claim(headers)?;
        if claim.signatures.is_empty() {
            return Err(Rejection::MalformedHeader);
        }
        if let Some(at) = claim.signed_at {
            if now.saturating_sub(at) > WINDOW_MS {
                return Err(Rejection::TooOld);
            }
            if at.saturating_sub(now) > WINDOW_MS {
                return Err(Rejection::TooNew);
            }
        }
        Ok(Self { sender, claim })
    }

    /// Whether any of the signatures is that of `body` by any of the keys.
    ///
    /// # Errors
    /// The message again, with what speaks against it.
    pub fn prove(self, keys: &Keys, body: Vec<u8>) -> Result<Verified<S>, Box<Unproved<S>>> {
        let refuse = |claimed, body, rejection| Err(Box::new(Unproved { claimed, body, rejection }));
        if body.len() > MOST_BYTES {
            return refuse(self, body, Rejection::TooLarge);
        }
        if !keys.are_set() {
            return refuse(self, body, Rejection::NotConfigured);
        }
        let by = |secret: &Option<SecretBytes>| {
            let secret = secret.as_ref();
            secret.is_some_and(|secret| secret.open(|secret| self.is_signed_by(secret, &body)))
        };
        let by_previous = match (by(&keys.current), &keys.previous) {
            (true, _) => false,
            (false, previous) if by(previous) => true,
            (false, _) => return refuse(self, body, Rejection::WrongSignature),
        };
        Ok(Verified {
            by_previous,
            sender: self.sender,
            id: self.claim.id,
            signed_at: self.claim.signed_at,
            around: [self.claim.before, self.claim.after],
            body,
        })
    }

    fn is_signed_by(&self, secret: &[u8], body: &[u8]) -> bool {
        let Some(key) = self.sender.key(secret) else { return false };
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key) else {
            return false;
        };
        mac.update(&self.claim.before);
        mac.update(body);
        mac.update(&self.claim.after);
        // In constant time, and over all 32 bytes.
        self.claim
            .signatures
            .iter()
            .any(|signature| mac.clone().verify_slice(signature).is_ok())
    }
}

fn hashed(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    hex(&hash.finalize())
}

impl<S: Sender> Verified<S> {
    pub fn sender(&self) -> &S {
        &self.sender
    }

    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// When it was signed, where the sender says so.
    #[must_use]
    pub fn signed_at(&self) -> Option<Millis> {
        self.signed_at
    }

    /// Whether only the secret before the current one proved it.
    #[must_use]
    pub fn is_by_previous(&self) -> bool {
        self.by_previous
    }

    /// What it is known by when it is sent again: the sender's own id, or else a hash of what it says.
    #[must_use]
    pub fn id(&self) -> String {
        self.id.clone().unwrap_or_else(|| hashed(&[&self.body]))
    }

    /// What this very message is known by, its time included: only word for word the same has it too.
    #[must_use]
    pub fn imprint(&self) -> String {
        let [before, after] = &self.around;
        hashed(&[before, &self.body, after])
    }

    #[must_use]
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }
}
