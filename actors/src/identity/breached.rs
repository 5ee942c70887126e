//! Passwords that were in breaches, and so are tried first: 1.4 million of at least 12 characters. `actors/breached/make.py` makes the set
//! and says what is in the file.

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

static SET: &[u8] = include_bytes!("../../breached/passwords.bin");

/// How many ways a hash can begin, in two bytes.
const BUCKETS: usize = 1 << 16;
/// Bytes of each hash that are kept besides.
const REST: usize = 3;

/// Whether `password` is one of them, in whatever case. Another is taken for one once in about 800 000.
pub(super) fn is_known(password: &str) -> bool {
    let lower: Zeroizing<String> = Zeroizing::new(password.nfc().collect::<String>().to_lowercase());
    let hash: [u8; 32] = Sha256::digest(lower.as_bytes()).into();
    let [first, second, rest @ ..] = hash;
    let bucket = usize::from(u16::from_be_bytes([first, second]));
    let Some((counts, kept)) = SET.split_at_checked(BUCKETS) else {
        return false;
    };
    let before: usize = counts.iter().take(bucket).map(|count| usize::from(*count)).sum();
    let here = counts.get(bucket).map_or(0, |count| usize::from(*count));
    let here = kept.get(before * REST..(before + here) * REST).unwrap_or_default();
    here.chunks_exact(REST).any(|one| rest.starts_with(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_set_is_whole_and_holds_far_more_than_the_three_thousand_most_common() {
        let (counts, kept) = SET.split_at(BUCKETS);
        let all: usize = counts.iter().map(|count| usize::from(*count)).sum();
        assert_eq!(kept.len(), all * REST);
        assert!(all > 1_400_000, "{all}");
    }

    #[test]
    fn a_password_of_a_breach_is_known_in_any_case_and_others_are_not() {
        for known in [
            "tequieromucho",
            "TeQuieroMucho",
            "winniethepooh",
            "manchesterunited",
            "mychemicalromance",
            "correcthorsebatterystaple",
        ] {
            assert!(is_known(known), "{known}");
        }
        for other in ["violet teapot on gravel", "qmzk vents orbit", "a long enough password", ""] {
            assert!(!is_known(other), "{other}");
        }
    }
}
