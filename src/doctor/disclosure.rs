//! Whether those who find a vulnerability learn whom to tell.

use actors::{
    Millis,
    disclosure::security_txt::{Standing, inspect, standing},
};

use super::Finding;
use crate::settings::Settings;

const SIGN: &str =
    "sign a new one: pernoex report security-txt | gpg --clearsign, put it where PERNOEX_SECURITY_TXT_FILE leads, and restart";

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
        return match disclosure.contact {
            Some(_) => Finding::ok(
                check,
                "security.txt is written anew whenever it is asked for; reports come by the form and by mail",
            ),
            None => Finding::ok(
                check,
                "security.txt is written anew whenever it is asked for; reports come by the form",
            ),
        };
    };
    match inspect(signed).map(|expires| standing(expires, now)) {
        Ok(Standing::Good(days)) => Finding::ok(check, format!("the signed security.txt holds for {days} days more")),
        Ok(Standing::EndsSoon(days)) => Finding::warning(check, format!("the signed security.txt expires in {days} days"), SIGN),
        Ok(Standing::TooLong) => Finding::warning(
            check,
            "the signed security.txt holds for more than a year, and is not believed",
            SIGN,
        ),
        Ok(Standing::Expired) => Finding::failure(
            check,
            "the signed security.txt has expired: one without a signature is served",
            SIGN,
        ),
        Err(problem) => Finding::failure(check, format!("the signed security.txt {problem}"), SIGN),
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
