//! Terms of the index that an unknown word of a question may stand for: a slip of the finger, or two words written as one.

use foldhash::HashMap;

use super::lexical::{Posting, Stand};
use crate::knowledge::sentence::is_ideograph;

/// Shortest words that one slip, and two, are forgiven in.
const ONE_FROM: usize = 5;
const TWO_FROM: usize = 8;
/// Shortest part of a word that is taken apart.
const PART: usize = 4;
/// Terms that may stand for one word.
const STANDS: usize = 2;

pub(super) type Postings = HashMap<Box<str>, Vec<Posting>>;

/// The nearest known terms, the most frequent first; none when nothing is near.
pub(super) fn near(postings: &Postings, unknown: &str) -> Vec<Stand> {
    let mut letters = unknown.chars();
    if let (Some(alone), None) = (letters.next(), letters.next())
        && is_ideograph(alone)
    {
        return pairs_with(postings, alone);
    }
    if unknown.len() < ONE_FROM || !unknown.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return Vec::new();
    }
    for (slips, from, share) in [(1, ONE_FROM, 0.7), (2, TWO_FROM, 0.5)] {
        if unknown.len() < from {
            break;
        }
        let found = within(postings, unknown, slips);
        if !found.is_empty() {
            return found.into_iter().map(|term| Stand::new(term, share)).collect();
        }
    }
    in_two(postings, unknown)
}

fn within(postings: &Postings, unknown: &str, slips: usize) -> Vec<Box<str>> {
    let mut near: Vec<(&str, usize)> = postings
        .iter()
        .filter(|(term, _)| term.len().abs_diff(unknown.len()) <= slips && is_within(unknown.as_bytes(), term.as_bytes(), slips))
        .map(|(term, list)| (&**term, list.len()))
        .collect();
    near.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    near.into_iter().take(STANDS).map(|(term, _)| term.into()).collect()
}

/// "passwortänderung" where "passwort" and "änderung" are known. The letters between them that German and Dutch put there count
/// to neither.
fn in_two(postings: &Postings, unknown: &str) -> Vec<Stand> {
    if unknown.len() < 2 * PART {
        return Vec::new();
    }
    let rarest = |at: usize| -> Option<(usize, &str, &str)> {
        let (first, rest) = unknown.split_at_checked(at)?;
        let known = |term: &str| postings.get(term).map(Vec::len);
        let linked = ["", "s", "es", "n", "en"].into_iter().filter_map(|link| rest.strip_prefix(link));
        let second = linked.filter(|rest| rest.len() >= PART).find(|rest| known(rest).is_some())?;
        Some((known(first)?.min(known(second)?), first, second))
    };
    let best = (PART..=unknown.len() - PART).filter_map(rarest).max_by_key(|(found, ..)| *found);
    let halves = |(_, first, second): (usize, &str, &str)| vec![Stand::new(first, 0.4), Stand::new(second, 0.4)];
    best.map(halves).unwrap_or_default()
}

/// A single letter of a script without blanks is in the index only as part of pairs.
fn pairs_with(postings: &Postings, letter: char) -> Vec<Stand> {
    let mut pairs: Vec<(&str, usize)> = postings
        .iter()
        .filter(|(term, _)| term.len() <= 8 && term.contains(letter))
        .map(|(term, list)| (&**term, list.len()))
        .collect();
    pairs.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    pairs.into_iter().take(8).map(|(term, _)| Stand::new(term, 0.6)).collect()
}

/// Whether `a` becomes `b` by at most so many letters left out, added, changed or swapped with their neighbour. The first letter
/// is wrong only where it was swapped with the second.
fn is_within(a: &[u8], b: &[u8], slips: usize) -> bool {
    let swapped = a.len() > 1 && b.len() > 1 && a[0] == b[1] && a[1] == b[0];
    if a.first() != b.first() && !swapped {
        return false;
    }
    // Distances of optimal string alignment, three rows at a time.
    let width = b.len() + 1;
    let mut rows = [vec![0; width], (0..width).collect::<Vec<usize>>(), vec![0; width]];
    for (i, letter) in a.iter().enumerate() {
        let [before, above, row] = &mut rows;
        row[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let mut least = (above[j] + usize::from(letter != other)).min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i - 1] == *other && *letter == b[j - 1] {
                least = least.min(before[j - 1] + 1);
            }
            row[j + 1] = least;
        }
        if row.iter().all(|distance| *distance > slips) {
            return false;
        }
        rows.rotate_left(1);
    }
    rows[1][b.len()] <= slips
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(terms: &[&str]) -> Postings {
        terms.iter().map(|term| ((*term).into(), vec![Posting::default()])).collect()
    }

    fn near_to(known: &[&str], unknown: &str) -> Vec<String> {
        near(&index(known), unknown)
            .into_iter()
            .map(|stand| stand.term.to_string())
            .collect()
    }

    #[test]
    fn slips_are_forgiven_by_the_length_of_the_word() {
        let known = ["refund", "password", "subscript", "authent", "east"];
        for (slip, meant) in [
            ("refnud", "refund"),
            ("refun", "refund"),
            ("apssword", "password"),
            ("pasword", "password"),
            ("subscirpt", "subscript"),
            ("autehntt", "authent"),
        ] {
            assert_eq!(near_to(&known, slip), [meant], "{slip}");
        }
        for other in ["esat", "defund", "refined", "keyword", "pas", "größe"] {
            assert!(near_to(&known, other).is_empty(), "{other}");
        }
    }

    #[test]
    fn what_was_written_as_one_word_is_taken_apart() {
        assert_eq!(
            near_to(&["passwort", "anderung", "pass"], "passwortanderung"),
            ["passwort", "anderung"]
        );
        assert_eq!(near_to(&["zahlung", "method"], "zahlungsmethod"), ["zahlung", "method"]);
        assert!(near_to(&["zahlung"], "zahlungsmethod").is_empty());
    }

    #[test]
    fn a_single_ideograph_finds_the_pairs_that_it_is_part_of() {
        assert_eq!(near_to(&["東京", "大阪"], "京"), ["東京"]);
    }
}
