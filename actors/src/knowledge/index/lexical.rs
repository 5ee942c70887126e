//! Postings over three fields, scored by BM25 with weighted fields (BM25F).

use std::collections::HashMap;

use super::Tuning;

/// Passages without the term that are counted besides the real ones: in a project of three, a word that all three hold
/// would tell nothing, and an unknown word would outweigh everything.
const FURTHER: usize = 20;

/// One term in one passage: how often in each field.
#[derive(Clone, Copy)]
struct Posting {
    slot: u32,
    body: u16,
    title: u8,
    heading: u8,
}

/// Terms of one passage by field.
pub(super) struct Fields {
    pub title: Vec<String>,
    pub heading: Vec<String>,
    pub body: Vec<String>,
}

#[derive(Clone, Copy, Default)]
struct Lengths {
    title: u16,
    heading: u16,
    body: u16,
}

/// Which passages hold which terms. Passages are known by their slot.
#[derive(Default)]
pub(super) struct Lexical {
    postings: HashMap<Box<str>, Vec<Posting>>,
    lengths: Vec<Lengths>,
    passages: usize,
    sums: [u64; 3],
}

/// A term of a question.
pub(super) struct QueryTerm {
    pub stem: String,
    /// Its inverse document frequency: how much it tells.
    pub weight: f32,
    /// Terms of the index that stand for it; itself, or near spellings when it is unknown.
    pub stands: Vec<(Box<str>, f32)>,
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2²⁴, and rounding does not matter")]
fn number(count: usize) -> f32 {
    count as f32
}

impl Lexical {
    /// About how much memory it takes.
    pub(super) fn bytes(&self) -> usize {
        let postings = self.postings.iter();
        let terms: usize = postings
            .map(|(term, list)| term.len() + size_of::<(Box<str>, Vec<Posting>)>() + list.capacity() * size_of::<Posting>())
            .sum();
        terms + self.lengths.capacity() * size_of::<Lengths>()
    }

    pub(super) fn add(&mut self, slot: u32, fields: &Fields) {
        let at = slot as usize;
        if self.lengths.len() <= at {
            self.lengths.resize(at + 1, Lengths::default());
        }
        let short = |terms: &Vec<String>| u16::try_from(terms.len()).unwrap_or(u16::MAX);
        let lengths = Lengths {
            title: short(&fields.title),
            heading: short(&fields.heading),
            body: short(&fields.body),
        };
        self.lengths[at] = lengths;
        self.passages += 1;
        for (sum, length) in self.sums.iter_mut().zip([lengths.title, lengths.heading, lengths.body]) {
            *sum += u64::from(length);
        }
        let mut counts: HashMap<&str, Posting> = HashMap::new();
        let empty = Posting {
            slot,
            body: 0,
            title: 0,
            heading: 0,
        };
        for term in &fields.title {
            let posting = counts.entry(term).or_insert(empty);
            posting.title = posting.title.saturating_add(1);
        }
        for term in &fields.heading {
            let posting = counts.entry(term).or_insert(empty);
            posting.heading = posting.heading.saturating_add(1);
        }
        for term in &fields.body {
            let posting = counts.entry(term).or_insert(empty);
            posting.body = posting.body.saturating_add(1);
        }
        for (term, posting) in counts {
            match self.postings.get_mut(term) {
                Some(list) => list.push(posting),
                None => {
                    self.postings.insert(term.into(), vec![posting]);
                }
            }
        }
    }

    /// Takes out every posting of `slots`. `terms`: all terms that they may hold. Terms that nothing holds any more go too.
    pub(super) fn remove<'a>(&mut self, slots: &std::collections::HashSet<u32>, terms: impl Iterator<Item = &'a str>) {
        for term in terms {
            if let Some(list) = self.postings.get_mut(term) {
                list.retain(|posting| !slots.contains(&posting.slot));
                if list.is_empty() {
                    self.postings.remove(term);
                } else if list.capacity() > list.len() * 4 {
                    list.shrink_to_fit();
                }
            }
        }
        for slot in slots {
            if let Some(lengths) = self.lengths.get_mut(*slot as usize) {
                for (sum, length) in self.sums.iter_mut().zip([lengths.title, lengths.heading, lengths.body]) {
                    *sum = sum.saturating_sub(u64::from(length));
                }
                *lengths = Lengths::default();
                self.passages = self.passages.saturating_sub(1);
            }
        }
    }

    /// Terms with their weights, each once.
    pub(super) fn query(&self, stems: Vec<String>, tuning: &Tuning) -> Vec<QueryTerm> {
        let mut terms: Vec<QueryTerm> = Vec::new();
        for stem in stems {
            if terms.len() >= tuning.query_terms || terms.iter().any(|term| term.stem == stem) {
                continue;
            }
            let mut stands = Vec::new();
            let mut found = 0;
            if let Some((own, list)) = self.postings.get_key_value(stem.as_str()) {
                found = list.len();
                stands.push((own.clone(), 1.0));
            } else if tuning.near_spellings {
                stands = self.near(&stem);
                found = stands
                    .iter()
                    .filter_map(|(near, _)| self.postings.get(near))
                    .map(Vec::len)
                    .max()
                    .unwrap_or(0);
            }
            let weight = self.weight(found);
            terms.push(QueryTerm { stem, weight, stands });
        }
        terms
    }

    /// How much a term tells that this many passages hold.
    pub(super) fn weight(&self, holding: usize) -> f32 {
        let (all, with) = (number(self.passages + FURTHER), number(holding));
        (1.0 + (all - with + 0.5).max(0.0) / (with + 0.5)).ln()
    }

    /// Up to two known terms one slip of the finger away from an unknown word, the most frequent first.
    fn near(&self, stem: &str) -> Vec<(Box<str>, f32)> {
        if stem.len() < 5 || !stem.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return Vec::new();
        }
        let mut near: Vec<(&str, usize)> = self
            .postings
            .iter()
            .filter(|(term, _)| term.len().abs_diff(stem.len()) <= 1 && one_slip(stem.as_bytes(), term.as_bytes()))
            .map(|(term, list)| (&**term, list.len()))
            .collect();
        near.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        near.into_iter().take(2).map(|(term, _)| (term.into(), 0.7)).collect()
    }

    /// Adds each passage's score to `scores`, and the weight of the terms that it holds to `held`. Both have one place a slot.
    pub(super) fn score(&self, query: &[QueryTerm], tuning: &Tuning, scores: &mut [f32], held: &mut [f32]) {
        let passages = number(self.passages.max(1));
        #[expect(clippy::cast_precision_loss, reason = "a mean needs no more digits")]
        let [title, heading, body] = self.sums.map(|sum| (sum as f32 / passages).max(1.0));
        let part = |count: f32, length: u16, mean: f32, b: f32, weight: f32| {
            if count == 0.0 {
                0.0
            } else {
                weight * count / (1.0 - b + b * f32::from(length) / mean)
            }
        };
        for term in query {
            for (stand, share) in &term.stands {
                for posting in self.postings.get(stand).into_iter().flatten() {
                    let at = posting.slot as usize;
                    let (Some(lengths), Some(score), Some(held)) = (self.lengths.get(at), scores.get_mut(at), held.get_mut(at)) else {
                        continue;
                    };
                    let often = part(f32::from(posting.body), lengths.body, body, tuning.b_body, 1.0)
                        + part(f32::from(posting.heading), lengths.heading, heading, tuning.b_short, tuning.heading)
                        + part(f32::from(posting.title), lengths.title, title, tuning.b_short, tuning.title);
                    *score += share * term.weight * often * (tuning.k1 + 1.0) / (tuning.k1 + often);
                    *held += share * term.weight;
                }
            }
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        // A map's place: the key's pointer and length, the list's three words, and one byte of the table.
        let places = self.postings.capacity() * (16 + 24 + 1);
        let lists: usize = self
            .postings
            .iter()
            .map(|(term, list)| term.len() + list.capacity() * size_of::<Posting>())
            .sum();
        places + lists + self.lengths.capacity() * size_of::<Lengths>()
    }
}

/// Whether one letter was left out, added or changed, or two neighbours swapped; the first letter is never wrong.
fn one_slip(a: &[u8], b: &[u8]) -> bool {
    if a.first() != b.first() {
        return false;
    }
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[same..], &b[same..]);
    match a.len().cmp(&b.len()) {
        std::cmp::Ordering::Less => b.get(1..) == Some(a),
        std::cmp::Ordering::Greater => a.get(1..) == Some(b),
        std::cmp::Ordering::Equal => {
            let swapped = a.len() > 1 && a[0] == b[1] && a[1] == b[0] && a[2..] == b[2..];
            a.get(1..) == b.get(1..) || swapped
        }
    }
}
