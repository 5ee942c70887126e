//! `security.txt` (RFC 9116): written anew whenever it is asked for, so that it never expires, and signed where there is a key for it; or as
//! somebody signed it, until it does.

use std::fmt::Write;

use chrono::{DateTime, SecondsFormat};
use entities::Millis;

use super::{DisclosureSettings, deadlines::DAY, pgp::signed_text};

pub const PATH: &str = "/.well-known/security.txt";
pub const KEY_PATH: &str = "/security/pgp-key.asc";
/// How long what is written today can be relied on; less than the year that the RFC advises to stay below.
const LIFE: Millis = 180 * DAY;
const YEAR: Millis = 365 * DAY;

/// Where the operator's key, this installation's pages and its reports are, as of `now`.
#[must_use]
pub fn unsigned(settings: &DisclosureSettings, origin: &str, now: Millis) -> String {
    // The same all day: who fetches it again sees that nothing changed.
    let expires = DateTime::from_timestamp_millis(now - now.rem_euclid(DAY) + LIFE).unwrap_or_default();
    let mut text = String::new();
    if let Some(contact) = &settings.contact {
        let _ = writeln!(text, "Contact: mailto:{contact}");
    }
    let _ = writeln!(text, "Contact: {origin}/security/report");
    let _ = writeln!(text, "Expires: {}", expires.to_rfc3339_opts(SecondsFormat::Secs, true));
    if settings.key.is_some() {
        let _ = writeln!(text, "Encryption: {origin}{KEY_PATH}");
    }
    let _ = writeln!(text, "Acknowledgments: {origin}/security/thanks");
    let _ = writeln!(text, "Preferred-Languages: {}", settings.languages);
    let _ = writeln!(text, "Canonical: {origin}{PATH}");
    match &settings.policy {
        Some(policy) => writeln!(text, "Policy: {policy}"),
        None => writeln!(text, "Policy: {origin}/security/report"),
    }
    .unwrap_or_default();
    text
}

/// What somebody signed, while it holds; otherwise one that the server writes, and signs with a key that holds.
#[must_use]
pub fn current(settings: &DisclosureSettings, origin: &str, now: Millis) -> String {
    if let Some(signed) = &settings.signed
        && inspect(signed).is_ok_and(|expires| expires > now)
    {
        return format!("{}\n", signed.trim());
    }
    let text = unsigned(settings, origin, now);
    let signed = settings
        .signing
        .as_ref()
        .and_then(|key| key.clear_sign(&text, settings.key.as_deref(), now));
    signed.unwrap_or(text)
}

/// When a signed one expires. Whether the signature is right, `gpg --verify` says.
///
/// # Errors
/// What keeps it from being one.
pub fn inspect(signed: &str) -> Result<Millis, &'static str> {
    let text = signed_text(signed).ok_or("must be clear-signed: gpg --clearsign writes it so")?;
    let field = |name: &str| {
        let lines = text.lines().filter_map(|line| line.split_once(':'));
        let found: Vec<String> = lines
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().to_owned())
            .collect();
        found
    };
    if field("contact").is_empty() {
        return Err("must have a line Contact");
    }
    let expires = "must have one line Expires with a time such as 2027-01-31T00:00:00Z";
    match field("expires").as_slice() {
        [at] => DateTime::parse_from_rfc3339(at)
            .map(|at| at.timestamp_millis())
            .map_err(|_| expires),
        _ => Err(expires),
    }
}

/// How a signed one stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// For so many days.
    Good(i64),
    /// In so many days, which are few.
    EndsSoon(i64),
    TooLong,
    Expired,
}

#[must_use]
pub fn standing(expires: Millis, now: Millis) -> Standing {
    match expires - now {
        left if left <= 0 => Standing::Expired,
        left if left < 30 * DAY => Standing::EndsSoon(left / DAY),
        left if left > YEAR => Standing::TooLong,
        left => Standing::Good(left / DAY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Millis {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis()
    }

    fn signed(expires: &str) -> String {
        format!(
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nContact: mailto:a@example.com\nExpires: {expires}\n\
             -----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----"
        )
    }

    #[test]
    fn whenever_it_is_asked_for_it_expires_later_and_within_a_year() {
        let settings = DisclosureSettings {
            contact: Some("security@example.com".into()),
            key: Some("key".into()),
            languages: "en, de".into(),
            ..DisclosureSettings::default()
        };
        for _ in 0..500 {
            let now = rand::random_range(0..at("2200-01-01T00:00:00Z"));
            let text = unsigned(&settings, "https://support.example.com", now);
            let expires = text.lines().find_map(|line| line.strip_prefix("Expires: ")).unwrap();
            assert!((now + DAY..now + YEAR).contains(&at(expires)), "{expires} from {now}");
        }
        let text = unsigned(&settings, "https://support.example.com", at("2026-11-26T12:00:00Z"));
        assert_eq!(
            text,
            "Contact: mailto:security@example.com\nContact: https://support.example.com/security/report\n\
             Expires: 2027-05-25T00:00:00Z\nEncryption: https://support.example.com/security/pgp-key.asc\n\
             Acknowledgments: https://support.example.com/security/thanks\nPreferred-Languages: en, de\n\
             Canonical: https://support.example.com/.well-known/security.txt\nPolicy: https://support.example.com/security/report\n"
        );
    }

    #[test]
    fn a_signed_one_is_served_until_it_expires_and_never_after() {
        let settings = DisclosureSettings {
            signed: Some(signed("2027-01-01T00:00:00Z")),
            ..DisclosureSettings::default()
        };
        let serve = |now: &str| current(&settings, "https://a.example", at(now));
        assert!(serve("2026-12-31T23:59:59Z").contains("PGP SIGNATURE"));
        for late in ["2027-01-01T00:00:00Z", "2030-01-01T00:00:00Z"] {
            assert!(!serve(late).contains("PGP SIGNATURE") && serve(late).contains("Expires: 20"));
        }
        assert_eq!(
            inspect(&signed("soon")),
            Err("must have one line Expires with a time such as 2027-01-31T00:00:00Z")
        );
        assert!(inspect(&signed("2027-01-01T00:00:00Z\nExpires: 2028-01-01T00:00:00Z")).is_err());
        assert!(inspect(&signed("2027-01-01T00:00:00Z").replace("Contact", "Kontakt")).is_err());
        assert!(inspect("Contact: mailto:a@example.com\nExpires: 2027-01-01T00:00:00Z").is_err());
    }

    #[test]
    fn the_operator_hears_in_time() {
        for (left, found) in [
            (0, Standing::Expired),
            (-DAY, Standing::Expired),
            (29 * DAY, Standing::EndsSoon(29)),
            (30 * DAY, Standing::Good(30)),
            (366 * DAY, Standing::TooLong),
        ] {
            assert_eq!(standing(at("2027-01-01T00:00:00Z") + left, at("2027-01-01T00:00:00Z")), found);
        }
    }
}
