//! Looking for a secret in every form that it could have.

use std::collections::BTreeMap;

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};

pub(super) struct Secret {
    what: String,
    needles: Vec<Vec<u8>>,
}

impl Secret {
    /// `text` as it is, in hex, in Base64 wherever it stands, and as a part of an address.
    pub(super) fn new(what: &str, text: &str) -> Self {
        let mut needles = Vec::new();
        let mut raw = vec![text.as_bytes().to_vec()];
        // A secret that is Base64 itself stands for bytes.
        raw.extend(BASE64_STANDARD.decode(text).ok().filter(|bytes| bytes.len() >= 16));
        raw.extend(BASE64_URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() >= 16));
        for bytes in raw {
            assert!(bytes.len() >= 12, "{what} is too short to be looked for");
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            needles.push(hex.to_uppercase().into_bytes());
            needles.push(hex.into_bytes());
            let escaped: String = bytes.iter().map(|byte| format!("%{byte:02X}")).collect();
            needles.push(escaped.to_lowercase().into_bytes());
            needles.push(escaped.into_bytes());
            needles.push(url::form_urlencoded::byte_serialize(&bytes).collect::<String>().into_bytes());
            for before in 0..3 {
                let shifted = [vec![0; before], bytes.clone()].concat();
                let (begin, end) = ((before * 8).div_ceil(6), shifted.len() * 8 / 6);
                for text in [BASE64_STANDARD.encode(&shifted), BASE64_URL_SAFE_NO_PAD.encode(&shifted)] {
                    needles.push(text.as_bytes()[begin..end].to_vec());
                }
            }
            needles.push(bytes);
        }
        needles.sort_unstable();
        needles.dedup();
        Self {
            what: what.into(),
            needles,
        }
    }
}

/// Every form of every secret by its first two bytes: some tens of megabytes are gone through once.
pub(super) struct Search<'a>(Vec<Vec<(&'a str, &'a [u8])>>);

impl<'a> Search<'a> {
    pub(super) fn new(secrets: &'a [Secret]) -> Self {
        let mut table = vec![Vec::new(); 1 << 16];
        for secret in secrets {
            for needle in &secret.needles {
                table[usize::from(u16::from_be_bytes([needle[0], needle[1]]))].push((secret.what.as_str(), needle.as_slice()));
            }
        }
        Self(table)
    }

    /// What is in `hay`, and where first.
    pub(super) fn find(&self, hay: &[u8]) -> BTreeMap<&'a str, usize> {
        let mut found = BTreeMap::new();
        let mut before = 0;
        for (at, byte) in hay.iter().enumerate() {
            let key = (before << 8 | usize::from(*byte)) & 0xffff;
            before = usize::from(*byte);
            let candidates = &self.0[key];
            if at == 0 || candidates.is_empty() {
                continue;
            }
            for (what, _) in candidates.iter().filter(|(_, needle)| hay[at - 1..].starts_with(needle)) {
                found.entry(*what).or_insert(at - 1);
            }
        }
        found
    }
}

#[test]
fn a_secret_is_found_in_every_form_that_is_looked_for() {
    let secrets = [Secret::new("password", "hunter2 & friends/élan")];
    let search = Search::new(&secrets);
    let text = "hunter2 & friends/élan".as_bytes();
    let hex: String = text.iter().map(|byte| format!("{byte:02x}")).collect();
    let in_address: String = url::form_urlencoded::byte_serialize(text).collect();
    for form in [
        String::from_utf8_lossy(text).into_owned(),
        hex.clone(),
        hex.to_uppercase(),
        in_address,
        BASE64_STANDARD.encode([b"a".as_slice(), text, b"z"].concat()),
        BASE64_URL_SAFE_NO_PAD.encode([b"ab".as_slice(), text].concat()),
        BASE64_STANDARD.encode(text),
    ] {
        assert!(search.find(format!("before {form} after").as_bytes()).len() == 1, "{form}");
    }
    assert!(search.find(b"hunter2 and friends").is_empty());
}
