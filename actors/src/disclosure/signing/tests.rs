//! With keys that are built here from seeds: no secret key stands in the repository. `tests/disclosure/signing.rs` has those of GnuPG.

mod keys;

use base64::{Engine, prelude::BASE64_STANDARD};
use rand::RngExt;
use ring::signature::{ED25519 as RING, KeyPair, UnparsedPublicKey};

use self::keys::*;
use super::*;
use crate::disclosure::pgp::{Held, check_public_key, holds};

/// The 26th of November 2026, at noon.
const NOW: Millis = 1_795_694_400_000;

fn why(text: &str) -> &'static str {
    SigningKey::read(text).err().unwrap_or("it signs")
}

/// What a clear signature says, and whether it is `seed`'s: taken to pieces by another hand than the one that put it together.
fn verify(signed: &str, seed: &[u8; 32]) -> (String, u32) {
    let (head, rest) = signed.split_once("\n\n").unwrap();
    assert_eq!(head, "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512");
    let (text, signature) = rest.split_once("\n-----BEGIN PGP SIGNATURE-----\n\n").unwrap();
    let text: Vec<&str> = text.split('\n').map(|line| line.strip_prefix("- ").unwrap_or(line)).collect();
    let (body, _) = signature.split_once("\n=").unwrap();
    let packet = BASE64_STANDARD.decode(body.replace('\n', "")).unwrap();
    assert_eq!((packet[0], usize::from(packet[1])), (0x88, packet.len() - 2));
    let body = &packet[2..];
    let end = 6 + usize::from(u16::from_be_bytes([body[4], body[5]]));
    let trailer = [&body[..end], &[4, 0xff], &(end as u32).to_be_bytes()].concat();
    let hash = digest(&SHA512, &[text.join("\r\n").as_bytes(), &trailer].concat());
    let rest = &body[end + 12..];
    assert_eq!(&rest[..2], &hash.as_ref()[..2]);
    let mut numbers = &rest[2..];
    let mut number = || {
        if body[2] == ED25519 {
            let (number, rest) = numbers.split_at(32);
            numbers = rest;
            return number.to_vec();
        }
        let length = usize::from(u16::from_be_bytes([numbers[0], numbers[1]])).div_ceil(8);
        let (number, rest) = numbers[2..].split_at(length);
        numbers = rest;
        [vec![0; 32 - length], number.to_vec()].concat()
    };
    let signature = [number(), number()].concat();
    let public = pair(seed).public_key().as_ref().to_vec();
    UnparsedPublicKey::new(&RING, public).verify(hash.as_ref(), &signature).unwrap();
    (text.join("\n"), u32::from_be_bytes(body[end - 4..end].try_into().unwrap()))
}

#[test]
fn what_is_signed_verifies_in_both_forms_of_the_algorithm() {
    for algorithm in [EDDSA_LEGACY, ED25519] {
        let bound = says(0x18, THEN, &[SIGN]);
        let key = SigningKey::read(&with(&[secret(7, &SUBKEY, algorithm, THEN), bound])).unwrap();
        // Often enough that some of the numbers begin with zeros.
        for round in 0..600 {
            let text = format!("- one {round}  \t\r\n-----two\n\nthree\t");
            let (said, at) = verify(&key.clear_sign(&text, None, NOW).unwrap(), &SUBKEY);
            assert_eq!((said, at), (format!("- one {round}\n-----two\n\nthree"), 1_795_651_200));
        }
        let day = |now| key.clear_sign("a\n", None, now);
        assert!(day(NOW) == day(NOW + DAY / 2 - 1) && day(NOW) != day(NOW + DAY / 2));
        assert_eq!(verify(&day(0).unwrap(), &SUBKEY).1, THEN);
        assert_eq!(format!("{key:?}"), "(secret)");
    }
}

/// A key that GnuPG made for this test and that signs nothing else, and what GnuPG 2.2 made with it.
#[test]
fn it_is_what_gnupg_writes_to_the_letter() {
    let seed = *b"\x05\xc0\x4f\x65\x7d\xbd\xfd\x6c\xa2\x09\x37\x73\x58\x41\x62\xa2\xfc\xf7\x84\x35\x18\x67\x5e\x5d\x86\x96\x17\x43\x51\x97\x5d\x51";
    let issued = components(&packet(6, &public(&seed, EDDSA_LEGACY, THEN), false)).unwrap()[0]
        .digest()
        .unwrap();
    let hashed = [&[22, 33, 4][..], &issued, &[5, 2, 0, 0, 0, 0], SIGN].concat();
    let bound = [&[4, 0x13, 22, 10, 0, hashed.len() as u8][..], &hashed, &[0, 0, 0, 0]].concat();
    let parts = [secret(5, &seed, EDDSA_LEGACY, THEN), name(), packet(2, &bound, false)];
    let key = SigningKey::read(&armoured(&parts.concat(), SECRET)).unwrap();
    assert_eq!(
        key.current(None, NOW).unwrap().fingerprint,
        "835B06E34F81F04A2C93A31E29A0DFBE4E8D25C2"
    );
    let text =
        "Contact: https://support.example.com/security/report\n- a dash, and blanks behind:  \n-----BEGIN\nExpires: 2027-05-25T00:00:00Z\n";
    assert_eq!(
        key.clear_sign(text, None, NOW).unwrap(),
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nContact: https://support.example.com/security/report\n\
         - - a dash, and blanks behind:\n- -----BEGIN\nExpires: 2027-05-25T00:00:00Z\n-----BEGIN PGP SIGNATURE-----\n\n\
         iHUEARYKAB0WIQSDWwbjT4HwSiyTox4poN++To0lwgUCawd2gAAKCRApoN++To0l\n\
         wkDUAQDIKPOlQQNhijXZycDKQgqjBFqtC7DDX4Ih4qBT11pf7gEA2IvJo8fuC7Jq\n\
         B7KyyHC5jiIFPuPWKmYe78e885MkXwQ=\n=Wmty\n-----END PGP SIGNATURE-----\n"
    );
}

#[test]
fn the_newest_that_may_sign_does() {
    let signs = |text: &str, now| {
        SigningKey::read(text)
            .unwrap()
            .clear_sign("a", None, now)
            .map(|signed| verify(&signed, &SUBKEY).1)
    };
    let life = |seconds: u32| [&[5, 9][..], &seconds.to_be_bytes()].concat();
    assert_eq!(signs(&with(&[subkey(THEN, &[SIGN])]), NOW), Some(1_795_651_200));
    // Others, older or for something else, come before and behind it.
    let other = |seed: u8, created, flags| [secret(7, &[seed; 32], EDDSA_LEGACY, created), says(0x18, created, &[flags])].concat();
    let many = [
        other(3, THEN - 9, SIGN),
        subkey(THEN, &[SIGN]),
        other(4, THEN + 9, &[2, 27, 0x20]),
        other(5, THEN + 9, &[2, 27, 12]),
    ];
    assert_eq!(signs(&with(&many), NOW), Some(1_795_651_200));
    let revoked = [many.as_slice(), &[other(6, THEN + 9, SIGN), says(0x28, THEN + 10, &[])]].concat();
    assert_eq!(signs(&with(&revoked), NOW), Some(1_795_651_200));
    let locked = [public(&[7; 32], EDDSA_LEGACY, THEN + 9), vec![254, 7, 3, 8, 1, 2]].concat();
    let locked = [many.as_slice(), &[packet(7, &locked, false), says(0x18, THEN + 9, &[SIGN])]].concat();
    assert_eq!(signs(&with(&locked), NOW), Some(1_795_651_200));
    // It stops at the second in which it expires, or the key above it; the last word of it counts, wherever it stands.
    let ends = (NOW / 1000) as u32 - THEN;
    let short = with(&[subkey(THEN, &[SIGN, &life(ends)])]);
    assert!(signs(&short, NOW - 1).is_some() && signs(&short, NOW).is_none());
    assert_eq!(SigningKey::read(&short).unwrap().current(None, NOW - 1).unwrap().expires, Some(NOW));
    let above = with(&[says(0x13, THEN + 1, &[CERTIFY, &life(ends)]), subkey(THEN, &[SIGN])]);
    assert!(signs(&above, NOW - 1).is_some() && signs(&above, NOW).is_none());
    let longer = with(&[
        subkey(THEN, &[SIGN, &life(9)]),
        says(0x18, THEN + 5, &[SIGN]),
        says(0x18, THEN + 1, &[SIGN, &life(9)]),
    ]);
    assert_eq!((signs(&longer, NOW), signs(&longer, 0)), (Some(1_795_651_200), Some(THEN + 5)));
    // An older key signs on where the newest has expired.
    let both = with(&[
        subkey(THEN, &[SIGN]),
        other(6, THEN + 9, SIGN),
        says(0x18, THEN + 9, &[SIGN, &life(1)]),
    ]);
    assert!(signs(&both, NOW).is_some());
}

#[test]
fn what_does_not_sign_is_told_with_what_to_do() {
    let locked = |usage: &[u8]| {
        let key = [public(&SUBKEY, EDDSA_LEGACY, THEN), usage.to_vec()].concat();
        with(&[packet(7, &key, false), says(0x18, THEN, &[SIGN])])
    };
    let good = with(&[subkey(THEN, &[SIGN])]);
    let other_issuer = [secret(5, &[9; 32], EDDSA_LEGACY, THEN), name(), says(0x13, THEN, &[SIGN])].concat();
    let rsa = [&[4, 0, 0, 0, 9, 1][..], &mpi(&[0x80; 256]), &mpi(&[1, 0, 1]), &[0; 99]].concat();
    for (text, said) in [
        (String::new(), "must be one"),
        ("hunter2".into(), "must be one"),
        (format!("{good}{good}"), "must be one"),
        (good.replace("PRIVATE", "PUBLIC"), "public key"),
        (good.replace("-----END PGP PRIVATE KEY BLOCK-----", ""), "must be one"),
        (armoured(&[], SECRET), "may sign"),
        (armoured(&name(), SECRET), "damaged"),
        (with(&[]), "may sign"),
        (with(&[subkey(THEN, &[])]), "may sign"),
        (with(&[subkey(THEN, &[&[2, 27, 0x20]])]), "may sign"),
        (armoured(&other_issuer, SECRET), "may sign"),
        (with(&[packet(7, &rsa, false), says(0x18, THEN, &[SIGN])]), "on Ed25519"),
        (with(&[subkey(THEN, &[SIGN]), says(0x28, THEN, &[])]), "revoked"),
        (with(&[says(0x20, THEN, &[]), subkey(THEN, &[SIGN])]), "revoked"),
        (locked(&[254, 7, 3, 8, 1, 2, 3]), "passphrase"),
        (locked(&[255, 7, 3, 8, 1, 2, 3]), "passphrase"),
        (locked(&[253, 9, 2, 4, 1, 2, 3]), "passphrase"),
        (locked(&[7, 1, 2, 3]), "passphrase"),
        (locked(&[255, 0, 101, 0, b'G', b'N', b'U', 1]), "stub"),
        (locked(&[254, 0, 101, 2, b'G', b'N', b'U', 2, 1, 9]), "stub"),
        (locked(&[]), "damaged"),
        // Of another point; with a wrong sum; with something behind it.
        (locked(&plain(&PRIMARY, EDDSA_LEGACY)), "damaged"),
        (locked(&[&plain(&SUBKEY, EDDSA_LEGACY)[..35], &[0, 0]].concat()), "damaged"),
        (locked(&[plain(&SUBKEY, EDDSA_LEGACY), vec![0]].concat()), "damaged"),
    ] {
        let found = why(&text);
        assert!(found.contains(said) && !found.contains("hunter2"), "{said}: {found}");
    }
    assert!(SigningKey::read(&good.replace('\n', "\r\n").replacen("\r\n", "\r\nComment: of a test\r\n", 1)).is_ok());
}

/// The public halves of [`with`], as readers have them.
#[test]
fn readers_have_the_key_or_are_told_of_as_lacking_it() {
    let signing = SigningKey::read(&with(&[subkey(THEN, &[SIGN])])).unwrap();
    let name_of_it = signing.current(None, NOW).unwrap().fingerprint.to_owned();
    let certificate = |rest: &[Vec<u8>]| {
        let head = [
            packet(6, &public(&PRIMARY, EDDSA_LEGACY, THEN), true),
            name(),
            says(0x13, THEN, &[CERTIFY]),
        ];
        armoured(&[head.concat(), rest.concat()].concat(), PUBLIC)
    };
    let part = packet(14, &public(&SUBKEY, EDDSA_LEGACY, THEN), true);
    let bound = says(0x18, THEN, &[SIGN]);
    for (certified, found) in [
        (certificate(&[part.clone(), bound.clone()]), Held::Valid { expires: None }),
        (
            certificate(&[part.clone(), says(0x18, THEN, &[SIGN, &[5, 9, 0, 0, 0, 9]])]),
            Held::Invalid,
        ),
        (certificate(&[part, bound, says(0x28, THEN, &[])]), Held::Invalid),
        (certificate(&[]), Held::Absent),
    ] {
        let held = holds(&certified, &name_of_it, NOW);
        assert_eq!((check_public_key(&certified), held), (Ok(()), found));
        // What readers know to be over, they are shown no signature of.
        assert_eq!(
            signing.clear_sign("a", Some(&certified), NOW).is_none(),
            found == Held::Invalid,
            "{found:?}"
        );
    }
    assert_eq!(holds("", &name_of_it, NOW), Held::Absent);
}

#[test]
fn whatever_is_in_the_file_is_read_or_refused() {
    let life: &[u8] = &[5, 9, 0, 0, 0, 9];
    let subkeys = [
        subkey(THEN, &[SIGN]),
        secret(7, &SUBKEY, ED25519, THEN),
        says(0x18, THEN, &[SIGN, life]),
    ];
    let whole = unarmoured(&with(&subkeys), SECRET).unwrap();
    for end in 0..whole.len() {
        let _ = SigningKey::read(&armoured(&whole[..end], SECRET));
    }
    for _ in 0..20_000 {
        let mut bytes = whole.to_vec();
        for _ in 0..rand::random_range(1..6) {
            let at = rand::random_range(0..bytes.len());
            match rand::random_range(0..4) {
                0 => bytes[at] = [0, 1, 191, 192, 223, 224, 254, 255][rand::random_range(0..8)],
                1 => bytes[at] = rand::random(),
                2 => drop(bytes.remove(at)),
                _ => bytes.insert(at, rand::random()),
            }
        }
        if let Ok(key) = SigningKey::read(&armoured(&bytes, SECRET)) {
            let _ = key.clear_sign("a", None, rand::rng().random_range(-NOW..=Millis::MAX / 2));
        }
    }
    let text = with(&subkeys);
    for _ in 0..2_000 {
        let mut letters: Vec<char> = text.chars().collect();
        let at = rand::random_range(0..letters.len());
        letters[at] = ['=', '-', ':', '\n', 'ä', '\0'][rand::random_range(0..6)];
        let _ = SigningKey::read(&letters.into_iter().collect::<String>());
    }
}
