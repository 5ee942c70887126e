//! Pages that are there for everybody.

use chrono::{DateTime, Utc};
use reqwest::Method;

use super::{Target, UNREACHED};
use crate::claims::Outcome;

pub(super) async fn providers(target: &Target) -> Outcome {
    let Some((status, options)) = target.json(target.request(Method::GET, "/api/v1/sign-in-options")).await else {
        return UNREACHED;
    };
    let names: Vec<&str> = options["providers"]
        .as_array()
        .map(|list| list.iter().filter_map(|one| one["name"].as_str()).collect())
        .unwrap_or_default();
    match (status, ["google", "apple"].iter().all(|name| names.contains(name))) {
        (200, true) => Outcome::Holds("Google and Apple are offered".into()),
        (200, false) => Outcome::Unproven("not both of Google and Apple are set up here: the operator registers them"),
        (status, _) => Outcome::Broken(format!("the ways to sign in are answered with {status}")),
    }
}

/// The values of a field, whatever case its name is in. Behind a signature there is none of them.
fn field<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    let found = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.trim()).collect()
}

/// What is wrong with a `security.txt` (RFC 9116) at `url`, as of `now`.
fn problem(text: &str, url: &str, now: DateTime<Utc>) -> Option<String> {
    if field(text, "contact").is_empty() {
        return Some("it names no contact".into());
    }
    let expires = match field(text, "expires").as_slice() {
        [one] => DateTime::parse_from_rfc3339(one).ok(),
        _ => None,
    };
    let canonical = field(text, "canonical");
    match expires {
        None => Some("it does not say when it expires".into()),
        Some(expires) if expires <= now => Some("it has expired".into()),
        Some(_) if !canonical.is_empty() && !canonical.contains(&url) => Some(format!("it is another's: {}", canonical.join(", "))),
        Some(_) => None,
    }
}

pub(super) async fn security_txt(target: &Target) -> Outcome {
    let path = actors::disclosure::security_txt::PATH;
    let Some(answer) = target.get(path).await else { return UNREACHED };
    let (status, url) = (answer.status().as_u16(), answer.url().to_string());
    let Ok(text) = answer.text().await else { return UNREACHED };
    if status != 200 {
        return Outcome::Broken(format!("security.txt answers {status}"));
    }
    match problem(&text, &url, Utc::now()) {
        // What is asked on the machine itself has another name than the one that it says.
        Some(problem) if target.is_here() && problem.starts_with("it is another's") => {
            Outcome::Unproven("it names the public address, and was asked for on this machine: give --url that address")
        }
        Some(problem) => Outcome::Broken(format!("security.txt: {problem}")),
        None => Outcome::Holds("it names a contact, and has not expired".into()),
    }
}

pub(super) async fn security_address(target: &Target) -> Outcome {
    let Some(answer) = target.get(actors::disclosure::security_txt::PATH).await else {
        return UNREACHED;
    };
    let status = answer.status().as_u16();
    let Ok(text) = answer.text().await else { return UNREACHED };
    match status {
        200 if has_address(&text) => Outcome::Holds("security.txt names an e-mail address".into()),
        200 => Outcome::Unproven("security.txt names the form and no e-mail address: the operator has set none"),
        status => Outcome::Broken(format!("security.txt answers {status}")),
    }
}

fn has_address(text: &str) -> bool {
    let is_address = |contact: &&str| {
        contact
            .to_ascii_lowercase()
            .strip_prefix("mailto:")
            .is_some_and(|rest| rest.contains('@'))
    };
    field(text, "contact").iter().any(is_address)
}

pub(super) async fn report_form(target: &Target) -> Outcome {
    let Some((status, program)) = target.json(target.request(Method::GET, "/api/v1/disclosure")).await else {
        return UNREACHED;
    };
    if status != 200 {
        return Outcome::Broken(format!("the terms of the form are answered with {status}"));
    }
    if program["acknowledge_hours"] != 48 || program["timeline_business_days"] != 5 {
        return Outcome::Broken("the form promises something else than 48 hours and five business days".into());
    }
    match target.json(target.request(Method::GET, "/api/v1/disclosure/thanks")).await {
        Some((200, _)) => Outcome::Holds("the form promises 48 hours and five business days, and the page of thanks is there".into()),
        Some((status, _)) => Outcome::Broken(format!("the page of thanks is answered with {status}")),
        None => UNREACHED,
    }
}

pub(super) async fn pages(target: &Target) -> Outcome {
    for page in ["contact", "privacy"] {
        match target.json(target.request(Method::GET, &format!("/api/v1/pages/{page}"))).await {
            None => return UNREACHED,
            Some((200, body)) if body["sections"].as_array().is_some_and(|sections| !sections.is_empty()) => {}
            Some((200, _)) => return Outcome::Broken(format!("the page {page} is empty")),
            Some((status, _)) => return Outcome::Broken(format!("the page {page} is answered with {status}")),
        }
    }
    Outcome::Holds("both are there".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_alone_is_no_address() {
        let form = "Contact: https://a.example/security/report\n";
        assert!(!has_address(form));
        assert!(has_address(&format!("Contact: mailto:security@a.example\n{form}")));
    }

    #[test]
    fn a_security_txt_that_nobody_can_rely_on_is_seen() {
        let now = DateTime::parse_from_rfc3339("2026-11-26T12:00:00Z").unwrap().to_utc();
        let url = "https://a.example/.well-known/security.txt";
        let good = format!("Contact: mailto:a@example.com\nExpires: 2027-05-25T00:00:00Z\nCanonical: {url}\n");
        assert_eq!(problem(&good, url, now), None);
        let signed = format!(
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n{good}-----BEGIN PGP SIGNATURE-----\n\nabc=\n-----END PGP SIGNATURE-----\n"
        );
        assert_eq!(problem(&signed, url, now), None);
        for (wrong, said) in [
            (good.replace("Contact", "Kontakt"), "no contact"),
            (good.replace("2027", "2025"), "expired"),
            (good.replace("Expires", "Ends"), "when it expires"),
            (format!("{good}Expires: 2028-01-01T00:00:00Z\n"), "when it expires"),
            (good.replace("a.example", "b.example"), "another's"),
        ] {
            assert!(problem(&wrong, url, now).is_some_and(|problem| problem.contains(said)), "{wrong}");
        }
    }
}
