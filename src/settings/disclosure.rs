//! What is said to those who report vulnerabilities, and who hears of it.

use std::sync::Arc;

use actors::{
    disclosure::{DisclosureSettings, deadlines::Holidays, pgp::check_public_key, security_txt, signing::SigningKey},
    identity::Email,
};

use super::{SettingError, Source, web_address};

const CONTACT: &str = "PERNOEX_SECURITY_CONTACT";
const NOTIFY: &str = "PERNOEX_SECURITY_NOTIFY";
const KEY: &str = "PERNOEX_SECURITY_PGP_KEY";
const SIGNED: &str = "PERNOEX_SECURITY_TXT";
const SIGNING: &str = "PERNOEX_SECURITY_SIGNING_KEY";
const POLICY: &str = "PERNOEX_SECURITY_POLICY_URL";
const LANGUAGES: &str = "PERNOEX_SECURITY_LANGUAGES";
const HOLIDAYS: &str = "PERNOEX_SECURITY_HOLIDAYS";

fn address(name: &str, text: &str) -> Result<String, SettingError> {
    let parsed = Email::parse(text).map_err(|_| SettingError::new(name, "must be an e-mail address such as security@example.com"))?;
    Ok(parsed.as_str().to_owned())
}

pub(super) fn read(source: &Source) -> Result<DisclosureSettings, SettingError> {
    let key = source.text(KEY);
    if let Some(key) = key {
        check_public_key(key).map_err(|problem| SettingError::new(KEY, problem))?;
    }
    let signed = source.text(SIGNED);
    if let Some(signed) = signed {
        // One that has expired does not keep a server from starting: another is served in its place, and the doctor tells.
        security_txt::inspect(signed).map_err(|problem| SettingError::new(SIGNED, problem))?;
    }
    // Nor does one with which nothing more can be signed.
    let signing = source.text(SIGNING).map(SigningKey::read).transpose();
    let notify = source.text(NOTIFY).unwrap_or_default().split(',').map(str::trim);
    Ok(DisclosureSettings {
        contact: source.text(CONTACT).map(|text| address(CONTACT, text)).transpose()?,
        notify: notify
            .filter(|text| !text.is_empty())
            .map(|text| address(NOTIFY, text))
            .collect::<Result<_, _>>()?,
        key: key.map(|key| format!("{}\n", key.trim())),
        signed: signed.map(str::to_owned),
        signing: signing.map_err(|problem| SettingError::new(SIGNING, problem))?.map(Arc::new),
        policy: web_address(source, POLICY)?,
        languages: languages(source.text(LANGUAGES).unwrap_or("en"))?,
        holidays: Holidays::parse(source.text(HOLIDAYS).unwrap_or_default()).map_err(|problem| SettingError::new(HOLIDAYS, problem))?,
    })
}

/// Tags such as `en` or `pt-BR`, with commas between them.
fn languages(text: &str) -> Result<String, SettingError> {
    let tags: Vec<&str> = text.split(',').map(str::trim).collect();
    let is_tag = |tag: &str| {
        let mut parts = tag.split('-');
        let first = parts.next().unwrap_or_default();
        (2..=3).contains(&first.len())
            && first.bytes().all(|byte| byte.is_ascii_alphabetic())
            && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    };
    match tags.len() <= 20 && tags.iter().all(|tag| is_tag(tag)) {
        true => Ok(tags.join(", ")),
        false => Err(SettingError::new(LANGUAGES, "must be languages such as en, de")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Result<DisclosureSettings, String> {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Source::load(None, pairs)
            .and_then(|source| read(&source))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_needs_to_be_set_and_what_is_wrong_is_named() {
        let plain = settings(&[]).unwrap();
        assert_eq!((plain.languages.as_str(), plain.contact, plain.notify.len()), ("en", None, 0));
        for (name, value) in [
            (CONTACT, "hunter2"),
            (CONTACT, "a@example.com\r\nContact: mailto:eve@example.com"),
            (NOTIFY, "a@example.com, hunter2"),
            (KEY, "-----BEGIN PGP PRIVATE KEY BLOCK-----hunter2"),
            (SIGNED, "Contact: hunter2"),
            (SIGNING, "hunter2"),
            (SIGNING, "-----BEGIN PGP PUBLIC KEY BLOCK-----hunter2"),
            (
                SIGNING,
                "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nhunter2\n-----END PGP PRIVATE KEY BLOCK-----",
            ),
            (
                SIGNING,
                "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nhunter2=\n-----END PGP PRIVATE KEY BLOCK-----",
            ),
            (POLICY, "hunter2"),
            (LANGUAGES, "hunter2\nContact: x"),
            (HOLIDAYS, "hunter2"),
        ] {
            let error = settings(&[(name, value)]).unwrap_err();
            assert!(error.contains(name) && !error.contains("hunter2"), "{error}");
        }
        let set = settings(&[(NOTIFY, " Ada@example.com,grace@example.com, "), (LANGUAGES, "de,pt-BR")]).unwrap();
        assert_eq!(set.notify, ["ada@example.com", "grace@example.com"]);
        assert_eq!(set.languages, "de, pt-BR");
    }
}
