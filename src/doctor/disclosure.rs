//! Whether those who find a vulnerability learn whom to tell.

use actors::{
    Millis,
    disclosure::{
        DisclosureSettings,
        pgp::Held,
        security_txt::{Standing, inspect, standing},
        signing::SigningKey,
    },
};

use super::{Finding, Verdict};
use crate::settings::Settings;

const SIGN: &str =
    "sign a new one: pernoex report security-txt | gpg --clearsign, put it where PERNOEX_SECURITY_TXT_FILE leads, and restart";
const KEY: &str = "make a new one: gpg --quick-add-key FINGERPRINT ed25519 sign; export it as docs/disclosure.md says, to where PERNOEX_SECURITY_SIGNING_KEY_FILE leads; export the public key anew, to where PERNOEX_SECURITY_PGP_KEY_FILE leads; and restart";

pub fn look(settings: &Settings, now: Millis) -> Finding {
    let check = "disclosure";
    let disclosure = &settings.disclosure;
    let https = settings.public_url.as_ref().is_some_and(|url| url.scheme() == "https");
    if !https {
        let found = "security.txt names addresses without TLS, which programs that read it do not take";
        return match settings.public_url {
            None => Finding::skipped(
                check,
                "PERNOEX_PUBLIC_URL is not set: nobody outside this machine looks for security.txt",
            ),
            Some(_) => Finding::warning(check, found, "put an https address into PERNOEX_PUBLIC_URL"),
        };
    }
    let Some(signed) = &disclosure.signed else {
        return match &disclosure.signing {
            Some(key) => signs(check, key, disclosure, now),
            None => Finding::ok(
                check,
                format!("security.txt is written anew whenever it is asked for; {}", ways(disclosure)),
            ),
        };
    };
    match inspect(signed).map(|expires| standing(expires, now)) {
        Ok(Standing::Good(days)) => match disclosure.signing.as_ref().map(|key| signs(check, key, disclosure, now)) {
            // What takes its place is to be well in time.
            Some(next) if next.verdict != Verdict::Ok => next,
            _ => Finding::ok(check, format!("the signed security.txt holds for {days} days more")),
        },
        Ok(Standing::EndsSoon(days)) => Finding::warning(check, format!("the signed security.txt expires in {days} days"), SIGN),
        Ok(Standing::TooLong) => Finding::warning(
            check,
            "the signed security.txt holds for more than a year, and is not believed",
            SIGN,
        ),
        Ok(Standing::Expired)
            if disclosure
                .signing
                .as_ref()
                .is_some_and(|key| key.current(disclosure.key.as_deref(), now).is_some()) =>
        {
            Finding::warning(
                check,
                "the signed security.txt has expired: one that the server signs is served",
                "unset PERNOEX_SECURITY_TXT, and restart",
            )
        }
        Ok(Standing::Expired) => Finding::failure(
            check,
            "the signed security.txt has expired: one without a signature is served",
            SIGN,
        ),
        Err(problem) => Finding::failure(check, format!("the signed security.txt {problem}"), SIGN),
    }
}

fn ways(disclosure: &DisclosureSettings) -> &'static str {
    match disclosure.contact {
        Some(_) => "reports come by the form and by mail",
        None => "reports come by the form",
    }
}

/// What the server signs itself is worth as much as its readers can verify.
fn signs(check: &'static str, key: &SigningKey, disclosure: &DisclosureSettings, now: Millis) -> Finding {
    let Some(current) = key.current(disclosure.key.as_deref(), now) else {
        let found = "the key that signs security.txt has expired, or PERNOEX_SECURITY_PGP_KEY says that it is over: one without a signature is served";
        return Finding::failure(check, found, KEY);
    };
    let name = current.fingerprint;
    let export = format!(
        "export it anew: gpg --export --armor {name} where the whole key is, put it where PERNOEX_SECURITY_PGP_KEY_FILE leads, and restart"
    );
    match current.held {
        None => Finding::warning(
            check,
            format!(
                "security.txt is signed by the key {name}, and readers get no public key to verify it: PERNOEX_SECURITY_PGP_KEY is not set"
            ),
            export,
        ),
        // One that is over signs nothing.
        Some(Held::Absent | Held::Invalid) => Finding::warning(
            check,
            format!("security.txt is signed by the key {name}, which PERNOEX_SECURITY_PGP_KEY does not hold: readers cannot verify it"),
            export,
        ),
        Some(Held::Valid { .. }) => match current.expires.map(|expires| standing(expires, now)) {
            Some(Standing::EndsSoon(days)) => Finding::warning(
                check,
                format!("the key {name}, which signs security.txt, expires in {days} days"),
                KEY,
            ),
            _ => Finding::ok(
                check,
                format!(
                    "security.txt is written and signed by the key {name} whenever it is asked for; {}",
                    ways(disclosure)
                ),
            ),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{doctor::Verdict, settings::Source};

    fn verdict(pairs: &[(&str, &str)]) -> Verdict {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings = Source::load(None, pairs).and_then(|source| Settings::from_source(&source));
        // The 26th of November 2026.
        look(&settings.unwrap(), 1_795_651_200_000).verdict
    }

    #[test]
    fn a_signed_one_is_told_of_before_it_expires() {
        let url = ("PERNOEX_PUBLIC_URL", "https://support.example.com");
        assert_eq!(verdict(&[]), Verdict::Skipped);
        assert_eq!(verdict(&[("PERNOEX_PUBLIC_URL", "http://support.example.com")]), Verdict::Warning);
        assert_eq!(verdict(&[url]), Verdict::Ok);
        for (expires, found) in [
            ("2027-03-01T00:00:00Z", Verdict::Ok),
            ("2026-12-01T00:00:00Z", Verdict::Warning),
            ("2030-01-01T00:00:00Z", Verdict::Warning),
            ("2026-11-25T00:00:00Z", Verdict::Failure),
        ] {
            let signed = format!(
                "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nContact: mailto:a@example.com\nExpires: {expires}\n\
                 -----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----"
            );
            assert_eq!(verdict(&[url, ("PERNOEX_SECURITY_TXT", &signed)]), found, "{expires}");
        }
    }
}
