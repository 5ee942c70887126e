//! Every claim, in the order of the security page.

mod data;
mod edges;
mod people;
mod upkeep;

use super::Claim;

/// The sections of the security page, in order, and how many sentences each has. Headings, and what only leads over to a list, are none.
#[cfg(test)]
const SENTENCES: [usize; 12] = [6, 5, 4, 3, 7, 4, 3, 3, 3, 3, 8, 2];

const NAMES: [&str; 12] = [
    "In short",
    "Signing in",
    "Encryption",
    "Isolation",
    "Roles and sessions",
    "Webhooks and keys",
    "Infrastructure",
    "Allowed domains",
    "Connected services",
    "Dependencies",
    "Reports of vulnerabilities",
    "Contact",
];

/// What a section is about.
#[must_use]
pub fn section_name(section: usize) -> &'static str {
    NAMES.get(section).copied().unwrap_or_default()
}

/// Every claim, section by section.
#[must_use]
pub fn all() -> Vec<&'static Claim> {
    let mut all: Vec<&Claim> = [people::CLAIMS, data::CLAIMS, edges::CLAIMS, upkeep::CLAIMS]
        .into_iter()
        .flatten()
        .collect();
    all.sort_by_key(|claim| (claim.section, claim.sentences.first().copied()));
    all
}

#[cfg(test)]
mod ids;

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::claims::Check;

    #[test]
    fn each_sentence_has_a_claim_and_no_claim_is_of_no_sentence() {
        let mut seen: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for claim in all() {
            assert!(!claim.sentences.is_empty(), "{}", claim.id);
            for sentence in claim.sentences {
                *seen.entry((claim.section, *sentence)).or_default() += 1;
            }
        }
        let expected: BTreeSet<_> = (0..SENTENCES.len())
            .flat_map(|section| (1..=SENTENCES[section]).map(move |sentence| (section, sentence)))
            .collect();
        let found: BTreeSet<_> = seen.into_keys().collect();
        let missing: Vec<_> = expected.difference(&found).collect();
        let unknown: Vec<_> = found.difference(&expected).collect();
        assert!(
            missing.is_empty() && unknown.is_empty(),
            "without a claim: {missing:?}; no such sentence: {unknown:?}"
        );
    }

    /// A sentence that says two things keeps both of its claims.
    #[test]
    fn each_claim_that_was_made_is_still_made_of_its_sentence() {
        let found: Vec<_> = all().iter().map(|claim| (claim.id, claim.section, claim.sentences)).collect();
        for made in ids::IDS {
            assert!(found.contains(made), "{made:?} is gone");
        }
        for claim in &found {
            assert!(ids::IDS.contains(claim), "{claim:?} is to be listed");
        }
    }

    #[test]
    fn each_claim_has_a_check_or_says_why_there_is_none_and_what_there_is_instead() {
        let mut ids = BTreeSet::new();
        for claim in all() {
            let id = claim.id;
            assert!(ids.insert(id), "{id} is there twice");
            let is_id = |c: char| c.is_ascii_lowercase() || c == '.' || c == '-';
            assert!(id.contains('.') && id.chars().all(is_id), "{id}");
            for text in [claim.words, claim.mechanism] {
                assert!(text.ends_with('.') && text.len() > 20, "{id}: {text}");
            }
            match (claim.checks.is_empty(), claim.limit) {
                (true, None) => panic!("{id} has neither a check nor a reason why there is none"),
                (_, Some(limit)) => assert!(limit.len() > 30 && limit.ends_with('.'), "{id}: {limit}"),
                (false, None) => {}
            }
        }
    }

    #[test]
    fn each_check_is_of_some_claim() {
        let used: BTreeSet<Check> = all().iter().flat_map(|claim| claim.checks.iter().copied()).collect();
        let idle: Vec<_> = Check::ALL.iter().filter(|check| !used.contains(check)).collect();
        assert!(idle.is_empty(), "{idle:?}");
    }
}
