//! What a website says of who its visitor is: a JSON Web Token (RFC 7519), signed with HMAC-SHA-256 by the project's identity secret, for
//! this project and for a day at most. Nothing here looks at anything but the token.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use entities::Millis;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;

use crate::{identity::Email, project::visitors::Person, text::is_hidden, vault::SecretBytes};

/// Why a token is not taken, in words for whoever makes them.
pub(super) type Refusal = &'static str;

const MOST_BYTES: usize = 4096;
const MOST_SUBJECT: usize = 255;
const MOST_NAME: usize = 100;
/// The longest that a token may still be good.
const LONGEST_S: i64 = 24 * 3600;
/// How far two clocks may differ.
const LEEWAY_S: i64 = 60;

#[derive(Deserialize)]
struct Header {
    alg: String,
    /// Extensions that must be understood: none is.
    crit: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

#[derive(Deserialize)]
struct Claims {
    sub: Option<String>,
    aud: Option<Audience>,
    exp: Option<f64>,
    nbf: Option<f64>,
    name: Option<String>,
    email: Option<String>,
}

fn part<T: serde::de::DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

fn is_signed(secret: &SecretBytes, signed: &str, tag: &[u8]) -> bool {
    let mac = secret.open(Hmac::<Sha256>::new_from_slice);
    mac.is_ok_and(|mut mac| {
        mac.update(signed.as_bytes());
        mac.verify_slice(tag).is_ok()
    })
}

/// Who `token` says the visitor is.
///
/// # Errors
/// Why it is not taken. What it claims is not looked at before its signature.
pub(super) fn verify(token: &str, secrets: &[SecretBytes], audience: &str, now: Millis) -> Result<Person, Refusal> {
    const SHAPE: Refusal = "it is not a JSON Web Token";
    if token.len() > MOST_BYTES {
        return Err("it is longer than 4096 bytes");
    }
    let (signed, tag) = token.rsplit_once('.').ok_or(SHAPE)?;
    let (header, claims) = signed.split_once('.').ok_or(SHAPE)?;
    let header_part: Header = part(header).ok_or(SHAPE)?;
    if header_part.alg != "HS256" || header_part.crit.is_some() {
        return Err("it must be signed with HS256");
    }
    let tag = BASE64_URL_SAFE_NO_PAD.decode(tag).map_err(|_| SHAPE)?;
    if !secrets.iter().any(|secret| is_signed(secret, signed, &tag)) {
        return Err("its signature is not by this project's identity secret");
    }
    let claims: Claims = part(claims).ok_or("its claims are not what they should be")?;
    person(claims, audience, now)
}

fn person(claims: Claims, audience: &str, now: Millis) -> Result<Person, Refusal> {
    // Whole seconds are all that counts; what is no such number is far outside.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a time that does not fit is refused like any other far away"
    )]
    let seconds = |time: f64| time as i64;
    let now = now / 1000;
    let is_meant = match &claims.aud {
        Some(Audience::One(one)) => one == audience,
        Some(Audience::Several(several)) => several.iter().any(|one| one == audience),
        None => false,
    };
    if !is_meant {
        return Err("its aud is not the public key of this project");
    }
    let exp = claims.exp.map(seconds).ok_or("it has no exp")?;
    if exp.saturating_add(LEEWAY_S) <= now {
        return Err("it has expired");
    }
    if exp > now + LONGEST_S + LEEWAY_S {
        return Err("its exp is more than 24 hours away");
    }
    if claims.nbf.map(seconds).is_some_and(|nbf| nbf > now + LEEWAY_S) {
        return Err("its nbf is not reached yet");
    }
    let id = claims.sub.ok_or("it has no sub")?;
    if id.is_empty() || id.len() > MOST_SUBJECT || id.chars().any(is_hidden) {
        return Err("its sub must have 1 to 255 ordinary characters");
    }
    let name = claims.name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    if name
        .as_ref()
        .is_some_and(|name| name.chars().count() > MOST_NAME || name.chars().any(is_hidden))
    {
        return Err("its name must have at most 100 ordinary characters");
    }
    let mail = claims.email.filter(|email| !email.trim().is_empty());
    let mail = mail.map(|email| Email::parse(&email)).transpose();
    let mail = mail.map_err(|_| "its email is no e-mail address")?;
    Ok(Person {
        id,
        name,
        mail: mail.map(|mail| mail.as_str().to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const KEY: &str = "pk_this";
    const NOW: Millis = 1_800_000_000_000;

    fn secret(text: &str) -> SecretBytes {
        SecretBytes::new(text.as_bytes().to_vec())
    }

    fn signed(header: &Value, claims: &Value, by: &str) -> String {
        let text = [header, claims]
            .map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string()))
            .join(".");
        let mut mac = Hmac::<Sha256>::new_from_slice(by.as_bytes()).unwrap();
        mac.update(text.as_bytes());
        format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    fn claims() -> Value {
        json!({ "sub": "user-7", "aud": KEY, "exp": NOW / 1000 + 600, "name": " Ada ", "email": "Ada@Example.com", "plan": "team" })
    }

    fn check(token: &str) -> Result<Person, Refusal> {
        verify(token, &[secret("now"), secret("before")], KEY, NOW)
    }

    /// `claims()` with `change` put in.
    fn with(change: Value) -> Result<Person, Refusal> {
        let mut claims = claims();
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        check(&signed(&json!({ "alg": "HS256" }), &claims, "now"))
    }

    #[test]
    fn a_token_by_the_secret_or_the_one_before_says_who_somebody_is() {
        for by in ["now", "before"] {
            let person = check(&signed(&json!({ "alg": "HS256", "typ": "JWT" }), &claims(), by)).unwrap();
            assert_eq!(
                (person.id.as_str(), person.name.as_deref(), person.mail.as_deref()),
                ("user-7", Some("Ada"), Some("ada@example.com"))
            );
        }
        let several = with(json!({ "aud": ["other", KEY], "name": null, "email": "" })).unwrap();
        assert!(several.name.is_none() && several.mail.is_none());
    }

    #[test]
    fn a_token_by_anything_else_is_refused() {
        for (header, by) in [
            (json!({ "alg": "HS256" }), "another"),
            (json!({ "alg": "HS256" }), ""),
            (json!({ "alg": "none" }), "now"),
            (json!({ "alg": "hs256" }), "now"),
            (json!({ "alg": "HS512" }), "now"),
            (json!({ "alg": "HS256", "crit": ["exp"] }), "now"),
        ] {
            assert!(check(&signed(&header, &claims(), by)).is_err(), "{header} by {by:?}");
        }
        let whole = signed(&json!({ "alg": "HS256" }), &claims(), "now");
        let (text, tag) = whole.rsplit_once('.').unwrap();
        for bad in [
            String::new(),
            "a.b".into(),
            "a.b.c.d".into(),
            format!("{text}."),
            format!("{text}.{}", &tag[..40]),
            format!("{whole}="),
            format!("{whole} "),
            "x".repeat(5000),
        ] {
            assert!(check(&bad).is_err(), "{bad}");
        }
        // Signed, but other claims under the same signature.
        let other = signed(&json!({ "alg": "HS256" }), &json!({ "sub": "root" }), "now");
        let forged = format!("{}.{tag}", other.rsplit_once('.').unwrap().0);
        assert!(check(&forged).is_err());
        assert!(verify(&whole, &[], KEY, NOW).is_err(), "nothing verifies without a secret");
    }

    #[test]
    fn what_it_claims_must_be_for_here_and_for_now() {
        let now = NOW / 1000;
        for (good, change) in [
            (true, json!({ "exp": now - 59 })),
            (false, json!({ "exp": now - 60 })),
            (true, json!({ "exp": now + 24 * 3600 })),
            (false, json!({ "exp": now + 24 * 3600 + 61 })),
            (false, json!({ "exp": 1e300 })),
            (false, json!({ "exp": -1e300 })),
            (false, json!({ "exp": null })),
            (false, json!({ "exp": "tomorrow" })),
            (true, json!({ "nbf": now + 60 })),
            (false, json!({ "nbf": now + 61 })),
            (false, json!({ "aud": "pk_other" })),
            (false, json!({ "aud": [] })),
            (false, json!({ "aud": null })),
            (false, json!({ "sub": "" })),
            (false, json!({ "sub": null })),
            (false, json!({ "sub": 7 })),
            (false, json!({ "sub": "x".repeat(256) })),
            (false, json!({ "name": "x".repeat(101) })),
            (false, json!({ "email": "nobody" })),
        ] {
            assert_eq!(with(change.clone()).is_ok(), good, "{change}");
        }
    }
}
