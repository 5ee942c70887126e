//! `security.txt` as the server signs it, by keys that GnuPG made, before readers who have GnuPG.

use std::path::Path;

use pernoex::{
    Clock,
    settings::{Settings, Source},
};
use reqwest::StatusCode;
use serde_json::Value;

use super::{DAY, MONDAY, gpg::Gpg, pages::fetch};
use crate::support::TestApp;

const PATH: &str = "/.well-known/security.txt";
const ORIGIN: &str = "https://support.example.com";

/// Without what OpenPGP puts around it.
fn inside(signed: &str) -> String {
    let (_, text) = signed.split_once("\n\n").unwrap();
    text.split_once("-----BEGIN PGP SIGNATURE").unwrap().0.to_owned()
}

#[tokio::test]
async fn security_txt_is_signed_whenever_it_is_asked_for() {
    let (Some(mut operator), Some(mut reader)) = (Gpg::start(), Gpg::start()) else {
        return;
    };
    operator.now = MONDAY / 1000;
    // As docs/disclosure.md has it: what certifies stays at home, and what signs is on the server.
    let key = operator.key("security@example.com", "ed25519", "cert,sign");
    operator.subkey(&key, "cv25519", "encr", "never");
    let signer = operator.subkey(&key, "ed25519", "sign", "never");
    let secret = operator.text(&["--armor", "--export-secret-subkeys", &format!("{signer}!")], b"");
    let public = operator.text(&["--armor", "--export", &key], b"");

    let clock = Clock::manual(MONDAY);
    let mut app = TestApp::start_with(
        clock.clone(),
        &[
            ("PERNOEX_PUBLIC_URL", ORIGIN),
            ("PERNOEX_SECURITY_CONTACT", "security@example.com"),
            ("PERNOEX_SECURITY_PGP_KEY", &public),
        ],
    )
    .await;
    let plain = fetch(&app, PATH).await.2;
    let file = app.folder.path().join("signing.asc");
    std::fs::write(&file, &secret).unwrap();
    app.set("PERNOEX_SECURITY_SIGNING_KEY_FILE", file.to_str().unwrap()).await;
    let shown = fetch(&app, "/security/pgp-key.asc").await.2;
    reader.run(&["--import"], shown.as_bytes());
    let mut expired = 0;
    for day in [0, 1, 365, 3_650] {
        clock.advance(MONDAY + day * DAY - clock.now());
        reader.now = clock.now() / 1000;
        let (status, kind, signed) = fetch(&app, PATH).await;
        assert_eq!((status, kind.as_str()), (StatusCode::OK, "text/plain; charset=utf-8"));
        let (by, at) = reader.verified(&signed);
        // When the day began, and not before the key was there.
        let begin = clock.now().div_euclid(DAY) * DAY / 1000;
        assert_eq!((by, at), (signer.clone(), begin.max(MONDAY / 1000)));
        let text = inside(&signed);
        assert!(text.contains(&format!("\nCanonical: {ORIGIN}{PATH}\n")), "{text}");
        assert!(day > 0 || text == plain, "{text}");
        let expires = text.lines().find_map(|line| line.strip_prefix("Expires: ")).unwrap();
        let expires = chrono::DateTime::parse_from_rfc3339(expires).unwrap().timestamp_millis();
        assert!(expires > clock.now() + DAY && expires < clock.now() + 366 * DAY && expires > expired);
        expired = expires;
        // The same all day, for caches and for other nodes.
        clock.advance(DAY / 2);
        assert_eq!(fetch(&app, PATH).await.2, signed);
        let forged = signed.replace("security@example.com", "eve@example.com");
        let verified = reader.try_run(&["--verify"], forged.as_bytes());
        assert!(forged != signed && !verified.status.success());
    }
    doctor_tells(&mut app, &mut operator, &file, (&signer, &secret, &public));
    operator.now = MONDAY / 1000;
    // By hand goes before, while it holds; and what is to be signed by hand is printed without a signature.
    let (printed, text) = app.command(&["report", "security-txt"]);
    assert!(printed && text.starts_with("Contact: "), "{text}");
    let by_hand = operator.text(&["--local-user", &format!("{key}!"), "--clearsign"], plain.as_bytes());
    clock.advance(MONDAY - clock.now());
    app.set("PERNOEX_SECURITY_TXT", &by_hand).await;
    assert_eq!(fetch(&app, PATH).await.2.trim(), by_hand.trim());
    clock.advance(365 * DAY);
    reader.now = clock.now() / 1000;
    assert_eq!(reader.verified(&fetch(&app, PATH).await.2).0, signer);
}

/// Whether readers can verify it, and how long. By the machine's clock, as an operator asks.
fn doctor_tells(app: &mut TestApp, operator: &mut Gpg, file: &Path, (signer, secret, public): (&str, &str, &str)) {
    let mut told = |secret: &str, public: &str| {
        std::fs::write(file, secret).unwrap();
        app.configure("PERNOEX_SECURITY_PGP_KEY", public);
        let report: Value = serde_json::from_str(&app.command(&["doctor", "--json"]).1).unwrap();
        let findings = report["findings"].as_array().unwrap();
        findings.iter().find(|one| one["check"] == "disclosure").unwrap().clone()
    };
    let halves = |operator: &Gpg, life: &str| {
        let key = operator.made(&["--passphrase", "", "--quick-generate-key", life, "ed25519", "sign", life]);
        let export = |what: &str| operator.text(&["--armor", what, &key], b"");
        (export("--export-secret-keys"), export("--export"))
    };
    let expired = halves(operator, "1d");
    operator.now = 0;
    let ending = halves(operator, "20d");
    for (secret, public, verdict, said) in [
        (&*ending.0, &*ending.1, "warning", "expires in 1"),
        (&*expired.0, &*expired.1, "failure", "has expired"),
        (secret, "", "warning", "is not set"),
        (secret, &*ending.1, "warning", "does not hold"),
        (secret, public, "ok", "by mail"),
    ] {
        let found = told(secret, public);
        let words = found["found"].as_str().unwrap();
        assert!(found["verdict"] == verdict && words.contains(said), "{found}");
        assert!(verdict != "ok" || words.contains(signer), "{found}");
        assert_eq!(found["mend"].as_str().is_some_and(|mend| mend.contains("gpg --")), verdict != "ok");
    }
}

/// What it says of the key, and the key, where it can be used.
fn set(secret: &str) -> Result<Settings, String> {
    let pairs = [("PERNOEX_SECURITY_SIGNING_KEY".to_owned(), secret.to_owned())];
    let settings = Source::load(None, pairs.into_iter()).and_then(|source| Settings::from_source(&source));
    settings.map_err(|error| error.to_string())
}

/// The key that signs a text for which GnuPG vouches.
fn signs(gpg: &Gpg, secret: &str) -> String {
    let settings = set(secret).unwrap();
    let shown = format!("{settings:?}");
    assert!(secret.lines().filter(|line| line.len() > 40).all(|line| !shown.contains(line)));
    let key = settings.disclosure.signing.unwrap();
    let now = Clock::system().now();
    let text = "Contact: mailto:a@example.com\n- dashed \t\n-----BEGIN PGP SIGNATURE-----\nFrom here\n\n  äöü  \n";
    let signed = key.clear_sign(text, None, now).unwrap();
    let (by, _) = gpg.verified(&signed);
    assert_eq!(key.current(None, now).unwrap().fingerprint, by);
    by
}

#[test]
fn keys_of_every_shape_sign_or_are_refused_with_words() {
    let Some(gpg) = Gpg::start() else { return };
    let whole = |key: &str| gpg.text(&["--armor", "--passphrase", "", "--export-secret-keys", key], b"");
    let refused = |secret: &str, said: &str| {
        let refusal = set(secret).unwrap_err();
        assert!(
            refusal.starts_with("PERNOEX_SECURITY_SIGNING_KEY") && refusal.contains(said),
            "{refusal}"
        );
        assert!(secret.lines().all(|line| line.len() < 9 || !refusal.contains(line)), "{refusal}");
    };
    let first = gpg.key("first@example.com", "ed25519", "cert,sign");
    gpg.subkey(&first, "cv25519", "encr", "never");
    assert_eq!(signs(&gpg, &whole(&first)), first);
    refused(&gpg.text(&["--armor", "--export", &first], b""), "public key");
    // Without what certifies, there is nothing left that signs.
    let subkeys = |key: &str| gpg.text(&["--armor", "--export-secret-subkeys", key], b"");
    refused(&subkeys(&first), "elsewhere");
    gpg.subkey(&first, "ed25519", "auth", "never");
    refused(&subkeys(&first), "elsewhere");
    let signer = gpg.subkey(&first, "ed25519", "sign", "never");
    for secret in [whole(&first), subkeys(&first), subkeys(&format!("{signer}!"))] {
        assert_eq!(signs(&gpg, &secret), signer);
    }

    let rsa = gpg.key("rsa@example.com", "rsa2048", "cert,sign");
    refused(&whole(&rsa), "Ed25519");
    let below = gpg.subkey(&rsa, "ed25519", "sign", "1y");
    assert_eq!(signs(&gpg, &whole(&rsa)), below);
    let certifies = gpg.key("certifies@example.com", "ed25519", "cert");
    refused(&whole(&certifies), "may sign");

    // Several in one file: subkeys before keys, and those of the first are as old as those of the last.
    let all = whole("example.com");
    assert!([&signer, &below].contains(&&signs(&gpg, &all)));
    // As it expires, the other one is used, and then none.
    gpg.run(&["--passphrase", "", "--quick-set-expire", &first, "seconds=1", &signer], b"");
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert_eq!(signs(&gpg, &whole(&first)), first);
    let gone = set(&subkeys(&format!("{signer}!"))).unwrap().disclosure.signing.unwrap();
    assert!(gone.current(None, Clock::system().now()).is_none());

    let locked = [
        "--passphrase",
        "hunter2",
        "--quick-generate-key",
        "locked@example.com",
        "ed25519",
        "sign",
        "never",
    ];
    let locked = gpg.made(&locked);
    let export = ["--armor", "--passphrase", "hunter2", "--export-secret-keys", &locked];
    refused(&gpg.text(&export, b""), "passphrase");
    gpg.revoke(&rsa);
    refused(&whole(&rsa), "revoked");
}
