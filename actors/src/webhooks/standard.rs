//! Standard Webhooks (<https://www.standardwebhooks.com>): `webhook-id`, `webhook-timestamp` in seconds, and `webhook-signature`
//! `v1,{Base64} v1,{Base64}` over `{id}.{seconds}.{body}`. The key is the Base64 behind `whsec_`.

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{
    Claim, Headers, Rejection, Sender,
    parts::{only, seconds, signatures},
};
use crate::vault::SecretBytes;

const PREFIX: &str = "whsec_";
/// Bytes of a key.
const LEAST: usize = 24;
const MOST: usize = 64;
const LONGEST_ID: usize = 255;

#[derive(Clone, Copy, Debug, Default)]
pub struct Standard;

fn key_of(secret: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let text = secret.strip_prefix(PREFIX.as_bytes())?;
    let key = BASE64_STANDARD.decode(text).ok().map(Zeroizing::new)?;
    (LEAST..=MOST).contains(&key.len()).then_some(key)
}

impl Sender for Standard {
    fn source(&self) -> &'static str {
        "standard"
    }

    fn claim(&self, headers: &(impl Headers + ?Sized)) -> Result<Claim, Rejection> {
        let id = only(headers, "webhook-id")?;
        if id.is_empty() || id.len() > LONGEST_ID {
            return Err(Rejection::MalformedHeader);
        }
        let time = only(headers, "webhook-timestamp")?;
        let written = only(headers, "webhook-signature")?;
        if written.split(' ').any(str::is_empty) {
            return Err(Rejection::MalformedHeader);
        }
        let ours = written.split(' ').filter_map(|one| one.strip_prefix("v1,"));
        let decode = |text: &str| BASE64_STANDARD.decode(text).ok()?.try_into().ok();
        Ok(Claim {
            signed_at: Some(seconds(time)?),
            before: format!("{id}.{time}.").into_bytes(),
            signatures: signatures(ours, decode)?,
            id: Some(id.to_owned()),
            ..Claim::default()
        })
    }

    fn key(&self, secret: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        key_of(secret)
    }
}

/// A new secret in the form that is given to whoever is to have it: `whsec_` and 32 random bytes in Base64.
#[must_use]
pub fn new_secret() -> SecretBytes {
    let mut bytes = Zeroizing::new([0; 32]);
    rand::fill(&mut *bytes);
    let mut text = PREFIX.to_owned();
    BASE64_STANDARD.encode_string(*bytes, &mut text);
    SecretBytes::new(text.into_bytes())
}

/// Whether somebody else's secret can be used as one.
#[must_use]
pub fn is_secret(secret: &[u8]) -> bool {
    key_of(secret).is_some()
}

/// One `v1,…` of the header `webhook-signature`, for messages that we send; `None` when the secret is none.
#[must_use]
pub fn sign(secret: &SecretBytes, id: &str, seconds: i64, body: &[u8]) -> Option<String> {
    let key = secret.open(key_of)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(body);
    Some(format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes())))
}
