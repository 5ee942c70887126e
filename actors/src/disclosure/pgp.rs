//! The outside of what OpenPGP wrote. Nothing is verified here: that takes a program which knows the whole of it.

use base64::{Engine, prelude::BASE64_STANDARD};
use zeroize::Zeroizing;

use super::packets::{Component, components, lives};

pub(super) const PUBLIC: &str = "PUBLIC KEY BLOCK";

/// Whether `text` is one public key in its armour, and nothing besides.
///
/// # Errors
/// What it is instead. Repeats nothing of it: it may be a secret key.
pub fn check_public_key(text: &str) -> Result<(), &'static str> {
    let refuse = "must be one OpenPGP public key in its armour, as gpg --export --armor writes it";
    if text.contains("PRIVATE KEY") {
        return Err("is a secret key: export the public one with gpg --export --armor");
    }
    let bytes = unarmoured(text, PUBLIC).ok_or(refuse)?;
    // The tag of the first packet, in its new and in its old form.
    match bytes.first() {
        Some(first) if first & 0xc0 == 0xc0 && first & 0x3f == 6 => Ok(()),
        Some(first) if first & 0xc0 == 0x80 && (first >> 2) & 0x0f == 6 => Ok(()),
        _ => Err(refuse),
    }
}

/// What is in one armour of this kind, with nothing around it. Its checksum is left alone, as RFC 9580 asks of those who read.
pub(super) fn unarmoured(text: &str, kind: &str) -> Option<Zeroizing<Vec<u8>>> {
    let inside = text
        .trim()
        .strip_prefix(&format!("-----BEGIN PGP {kind}-----"))
        .and_then(|rest| rest.strip_suffix(&format!("-----END PGP {kind}-----")))
        .filter(|inside| !inside.contains("-----"))?;
    // Headers, a blank line, the key, and on a line of its own a checksum.
    let lines = inside.lines().map(str::trim).skip(1).skip_while(|line| line.contains(':'));
    // Room for all of it: what grows leaves parts of a secret behind.
    let mut body = Zeroizing::new(String::with_capacity(inside.len()));
    lines.take_while(|line| !line.starts_with('=')).for_each(|line| body.push_str(line));
    let mut bytes = Zeroizing::new(vec![0; body.len()]);
    let length = BASE64_STANDARD.decode_slice(body.as_bytes(), &mut bytes).ok()?;
    bytes.truncate(length);
    Some(bytes)
}

/// As GnuPG writes it, with the checksum that older programs want.
pub(super) fn armoured(bytes: &[u8], kind: &str) -> String {
    let body = BASE64_STANDARD.encode(bytes);
    let mut text = format!("-----BEGIN PGP {kind}-----\n\n");
    for (at, letter) in body.chars().enumerate() {
        if at > 0 && at % 64 == 0 {
            text.push('\n');
        }
        text.push(letter);
    }
    let sum = BASE64_STANDARD.encode(&crc24(bytes).to_be_bytes()[1..]);
    text.push_str(&format!("\n={sum}\n-----END PGP {kind}-----\n"));
    text
}

fn crc24(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x00b7_04ce, |sum, byte| {
        (0..8).fold(sum ^ (u32::from(*byte) << 16), |sum, _| match sum & 0x0080_0000 {
            0 => sum << 1,
            _ => ((sum << 1) ^ 0x0186_4cfb) & 0x00ff_ffff,
        })
    })
}

/// How a public key speaks of the one that signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// So that readers can verify what it signed.
    Valid {
        /// In seconds.
        expires: Option<u64>,
    },
    /// Revoked, expired, or not for signing.
    Invalid,
    Absent,
}

/// Whether those who have `public` can verify what the key of this fingerprint signs, as of `now`.
#[must_use]
pub fn holds(public: &str, fingerprint: &str, now: entities::Millis) -> Held {
    let bytes = unarmoured(public, PUBLIC);
    let found = bytes.as_ref().and_then(|bytes| components(bytes)).unwrap_or_default();
    let is_it = |component: &&Component<'_>| component.fingerprint() == fingerprint;
    match found.iter().find(is_it) {
        None => Held::Absent,
        Some(component) if component.signs && !component.revoked && lives(component.expires, now) => Held::Valid {
            expires: component.expires,
        },
        Some(_) => Held::Invalid,
    }
}

/// What a clear signature is about, without its dashes; `None` when it is none.
#[must_use]
pub fn signed_text(text: &str) -> Option<String> {
    let rest = text.trim().strip_prefix("-----BEGIN PGP SIGNED MESSAGE-----")?;
    let rest = rest.replace("\r\n", "\n");
    let (_, rest) = rest.split_once("\n\n")?;
    let (inside, signature) = rest.split_once("\n-----BEGIN PGP SIGNATURE-----")?;
    let whole = signature.trim_end().ends_with("-----END PGP SIGNATURE-----");
    let lines = inside.lines().map(|line| line.strip_prefix("- ").unwrap_or(line));
    let said = lines.collect::<Vec<_>>().join("\n");
    (whole && !said.contains("-----BEGIN PGP")).then_some(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An Ed25519 key that was made for this test; its secret half is gone.
    const PUBLIC: &str = include_str!("pgp_test_key.asc");

    #[test]
    fn a_public_key_is_one_and_nothing_else_is() {
        assert_eq!(check_public_key(PUBLIC), Ok(()));
        assert_eq!(check_public_key(&format!("\n{}\n", PUBLIC.replace('\n', "\r\n"))), Ok(()));
        let secret = PUBLIC.replace("PUBLIC KEY", "PRIVATE KEY");
        assert!(check_public_key(&secret).unwrap_err().contains("secret key"));
        let twice = format!("{PUBLIC}{PUBLIC}");
        for wrong in [
            "",
            "key",
            "-----BEGIN PGP PUBLIC KEY BLOCK-----",
            twice.as_str(),
            &PUBLIC.replace("mDME", "0DME"),
            &PUBLIC[..200],
        ] {
            assert!(check_public_key(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_was_signed_is_read_as_it_was_before() {
        let signed = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nContact: mailto:a@b.c\n- -- \nExpires: x\n-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n";
        assert_eq!(signed_text(signed).unwrap(), "Contact: mailto:a@b.c\n-- \nExpires: x");
        assert_eq!(signed_text(&signed.replace('\n', "\r\n")), signed_text(signed));
        assert_eq!(signed_text("Contact: mailto:a@b.c"), None);
        assert_eq!(signed_text(&signed.replace("-----END", "END")), None);
    }
}
