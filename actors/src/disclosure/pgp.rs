//! The outside of what OpenPGP wrote. Nothing is verified here: that takes a program which knows the whole of it.

use base64::{Engine, prelude::BASE64_STANDARD};

const KEY: (&str, &str) = ("-----BEGIN PGP PUBLIC KEY BLOCK-----", "-----END PGP PUBLIC KEY BLOCK-----");

/// Whether `text` is one public key in its armour, and nothing besides.
///
/// # Errors
/// What it is instead. Repeats nothing of it: it may be a secret key.
pub fn check_public_key(text: &str) -> Result<(), &'static str> {
    let refuse = "must be one OpenPGP public key in its armour, as gpg --export --armor writes it";
    if text.contains("PRIVATE KEY") {
        return Err("is a secret key: export the public one with gpg --export --armor");
    }
    let inside = text
        .trim()
        .strip_prefix(KEY.0)
        .and_then(|rest| rest.strip_suffix(KEY.1))
        .filter(|inside| !inside.contains("-----"))
        .ok_or(refuse)?;
    // Headers, a blank line, the key, and on a line of its own a checksum.
    let lines = inside.lines().map(str::trim).skip(1).skip_while(|line| line.contains(": "));
    let body: String = lines.take_while(|line| !line.starts_with('=')).collect();
    let bytes = BASE64_STANDARD.decode(body).map_err(|_| refuse)?;
    // The tag of the first packet, in its new and in its old form.
    match bytes.first() {
        Some(first) if first & 0xc0 == 0xc0 && first & 0x3f == 6 => Ok(()),
        Some(first) if first & 0xc0 == 0x80 && (first >> 2) & 0x0f == 6 => Ok(()),
        _ => Err(refuse),
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
