//! What only Apple does: a client secret that is signed each time, and notices from its servers.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use entities::Millis;
use openidconnect::{
    JsonWebKey, JsonWebKeySet, JsonWebKeyUse,
    core::{CoreJsonWebKey, CoreJsonWebKeyType, CoreJwsSigningAlgorithm},
};
use p256::ecdsa::{Signature, SigningKey, signature::Signer};
use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

use super::{oidc::has_begun, settings::AppleKey};

/// Minutes would do; clocks differ.
const SECRET_S: i64 = 600;

fn part(value: &serde_json::Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
}

/// The token that stands for a client secret (ES256).
pub(super) fn client_secret(team: &str, key_id: &str, key: &AppleKey, client_id: &str, audience: &str, now: Millis) -> Zeroizing<String> {
    let issued = now / 1000;
    let header = part(&json!({ "alg": "ES256", "kid": key_id, "typ": "JWT" }));
    let claims = part(&json!({ "iss": team, "iat": issued, "exp": issued + SECRET_S, "aud": audience, "sub": client_id }));
    let signed = format!("{header}.{claims}");
    let signature: Signature = SigningKey::from(&key.0).sign(signed.as_bytes());
    Zeroizing::new(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature.to_bytes())))
}

/// What happened to somebody's account at Apple. Only [`read`] makes one, after the signature.
pub struct AppleNotice {
    pub(super) subject: String,
    pub(super) kind: NoticeKind,
    pub(super) at: Millis,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoticeKind {
    /// The person withdrew what they allowed, or their account is gone.
    Ended,
    /// About the relayed address: nothing of ours hangs on it.
    Other,
}

/// Why a notice is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The key that it names is not among those that are known.
    UnknownKey,
    Invalid,
}

#[derive(Deserialize)]
struct Header {
    alg: CoreJwsSigningAlgorithm,
    kid: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    exp: Option<i64>,
    nbf: Option<f64>,
    /// JSON inside JSON, as Apple sends it.
    events: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
struct Event {
    r#type: String,
    sub: String,
    event_time: i64,
}

/// What the notice must agree with.
pub(super) struct Expected<'a> {
    pub keys: &'a JsonWebKeySet<CoreJsonWebKey>,
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub now: Millis,
}

fn parsed<T: serde::de::DeserializeOwned>(part: &str) -> Result<T, Refusal> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| Refusal::Invalid)?;
    serde_json::from_slice(&bytes).map_err(|_| Refusal::Invalid)
}

/// Verifies a notice and then reads it.
pub(super) fn read(payload: &str, expected: &Expected<'_>) -> Result<AppleNotice, Refusal> {
    let (signed, signature) = payload.rsplit_once('.').ok_or(Refusal::Invalid)?;
    let (header, claims) = signed.split_once('.').ok_or(Refusal::Invalid)?;
    let header: Header = parsed(header)?;
    let kind = match header.alg {
        CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256 => CoreJsonWebKeyType::RSA,
        CoreJwsSigningAlgorithm::EcdsaP256Sha256 => CoreJsonWebKeyType::EllipticCurve,
        _ => return Err(Refusal::Invalid),
    };
    let key = expected.keys.keys().iter().find(|key| {
        let signs = key.key_use().is_none_or(JsonWebKeyUse::allows_signature);
        key.key_id().is_some_and(|id| **id == header.kid) && *key.key_type() == kind && signs
    });
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).map_err(|_| Refusal::Invalid)?;
    key.ok_or(Refusal::UnknownKey)?
        .verify_signature(&header.alg, signed.as_bytes(), &signature)
        .map_err(|_| Refusal::Invalid)?;
    let claims: Claims = parsed(claims)?;
    let for_us = match &claims.aud {
        Audience::One(one) => one == expected.client_id,
        Audience::Many(many) => many.iter().any(|one| one == expected.client_id),
    };
    let expired = claims.exp.is_some_and(|exp| exp.saturating_mul(1000) <= expected.now);
    if claims.iss != expected.issuer || !for_us || expired || !has_begun(claims.nbf, expected.now) {
        return Err(Refusal::Invalid);
    }
    let event: Event = serde_json::from_str(&claims.events).map_err(|_| Refusal::Invalid)?;
    // Apple's own examples give seconds, its servers milliseconds.
    let at = if event.event_time < 100_000_000_000 {
        event.event_time.saturating_mul(1000)
    } else {
        event.event_time
    };
    Ok(AppleNotice {
        subject: event.sub,
        kind: match event.r#type.as_str() {
            "consent-revoked" | "account-delete" | "account-deleted" => NoticeKind::Ended,
            _ => NoticeKind::Other,
        },
        at,
    })
}
