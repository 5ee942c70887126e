//! Postings over three fields, scored by BM25 with weighted fields (BM25F).

use foldhash::HashMap;

use super::Tuning;
use super::analyse::{Memory, Number};
use super::spelling::{self, Postings};
use super::synonyms::Word;

/// Passages without the term that are counted besides the real ones: in a project of three, a word that all three hold
/// would tell nothing, and an unknown word would outweigh everything.
const FURTHER: usize = 20;
/// Unknown words of one question that are compared with all known ones.
const SPELLED: usize = 8;

/// One term in one passage: how often in each field.
#[derive(Clone, Copy, Default)]
pub(super) struct Posting {
    slot: u32,
    body: u16,
    title: u8,
    heading: u8,
}

/// Terms of one passage by field, as their memory numbers them.
pub(super) struct Fields<'a> {
    pub title: &'a [Number],
    pub heading: Vec<Number>,
    pub body: Vec<Number>,
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
    postings: Postings,
    lengths: Vec<Lengths>,
    passages: usize,
    sums: [u64; 3],
}

/// A term of a question.
pub(super) struct QueryTerm {
    pub stem: String,
    /// Its inverse document frequency: how much it tells.
    pub weight: f32,
    /// Terms of the index that stand for it: itself, its synonyms, or near spellings when it is unknown.
    pub stands: Vec<Stand>,
}

/// A term of the index in another's place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stand {
    pub term: Box<str>,
    /// What an occurrence counts of one of the term itself.
    pub share: f32,
}

impl Stand {
    pub(super) fn new(term: impl Into<Box<str>>, share: f32) -> Self {
        Self { term: term.into(), share }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2²⁴, and rounding does not matter")]
fn number(count: usize) -> f32 {
    count as f32
}

impl Lexical {
    pub(super) fn add(&mut self, slot: u32, fields: &Fields, memory: &Memory) {
        let at = slot as usize;
        if self.lengths.len() <= at {
            self.lengths.resize(at + 1, Lengths::default());
        }
        let short = |terms: &[Number]| u16::try_from(terms.len()).unwrap_or(u16::MAX);
        let lengths = Lengths {
            title: short(fields.title),
            heading: short(&fields.heading),
            body: short(&fields.body),
        };
        self.lengths[at] = lengths;
        self.passages += 1;
        for (sum, length) in self.sums.iter_mut().zip([lengths.title, lengths.heading, lengths.body]) {
            *sum += u64::from(length);
        }
        let mut counts: HashMap<Number, Posting> = HashMap::default();
        let empty = Posting {
            slot,
            body: 0,
            title: 0,
            heading: 0,
        };
        for term in fields.title {
            let posting = counts.entry(*term).or_insert(empty);
            posting.title = posting.title.saturating_add(1);
        }
        for term in &fields.heading {
            let posting = counts.entry(*term).or_insert(empty);
            posting.heading = posting.heading.saturating_add(1);
        }
        for term in &fields.body {
            let posting = counts.entry(*term).or_insert(empty);
            posting.body = posting.body.saturating_add(1);
        }
        for (number, posting) in counts {
            let term = memory.term(number);
            match self.postings.get_mut(term) {
                Some(list) => list.push(posting),
                None => {
                    self.postings.insert(term.into(), vec![posting]);
                }
            }
        }
    }

    /// Takes over the postings of another, whose slots begin at `first` here.
    pub(super) fn merge(&mut self, other: Self, first: u32) {
        self.lengths.resize(first as usize, Lengths::default());
        self.lengths.extend(other.lengths);
        self.passages += other.passages;
        for (sum, more) in self.sums.iter_mut().zip(other.sums) {
            *sum += more;
        }
        for (term, mut postings) in other.postings {
            postings.iter_mut().for_each(|posting| posting.slot += first);
            match self.postings.get_mut(&term) {
                Some(known) => known.append(&mut postings),
                None => {
                    self.postings.insert(term, postings);
                }
            }
        }
    }

    pub(super) fn shrink(&mut self) {
        self.postings.shrink_to_fit();
        self.postings.values_mut().for_each(Vec::shrink_to_fit);
        self.lengths.shrink_to_fit();
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

    pub(super) fn knows(&self, term: &str) -> bool {
        self.postings.contains_key(term)
    }

    /// Terms with their weights, each once.
    pub(super) fn query(&self, words: Vec<Word>, tuning: &Tuning) -> Vec<QueryTerm> {
        let mut terms: Vec<QueryTerm> = Vec::new();
        let mut spelled = 0;
        for word in words {
            let Some(stem) = word.forms.first() else { continue };
            if terms.len() >= tuning.query_terms || terms.iter().any(|term| term.stem == *stem) {
                continue;
            }
            let known = |form: &&String| self.knows(form);
            let mut stands: Vec<Stand> = word.forms.iter().filter(known).map(|form| Stand::new(form.as_str(), 1.0)).collect();
            if stands.is_empty() && tuning.near_spellings && spelled < SPELLED {
                spelled += 1;
                stands = spelling::near(&self.postings, stem);
            }
            let own = stands.iter().map(|stand| self.holding(&stand.term)).max().unwrap_or(0);
            let found = own.max(word.synonyms.iter().map(|phrase| self.holding_all(phrase)).max().unwrap_or(0));
            for stand in word.synonyms.into_iter().flatten() {
                if !stands.iter().any(|known| known.term == stand.term) {
                    stands.push(stand);
                }
            }
            let weight = self.weight(found);
            terms.push(QueryTerm {
                stem: stem.clone(),
                weight,
                stands,
            });
        }
        terms
    }

    fn holding(&self, term: &str) -> usize {
        self.postings.get(term).map_or(0, Vec::len)
    }

    /// About how many passages hold a phrase: no more than its rarest word.
    fn holding_all(&self, phrase: &[Stand]) -> usize {
        phrase.iter().map(|stand| self.holding(&stand.term)).min().unwrap_or(0)
    }

    /// How much a term tells that this many passages hold.
    pub(super) fn weight(&self, holding: usize) -> f32 {
        let (all, with) = (number(self.passages + FURTHER), number(holding));
        (1.0 + (all - with + 0.5).max(0.0) / (with + 0.5)).ln()
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
        let often = |posting: &Posting, lengths: &Lengths| {
            part(f32::from(posting.body), lengths.body, body, tuning.b_body, 1.0)
                + part(f32::from(posting.heading), lengths.heading, heading, tuning.b_short, tuning.heading)
                + part(f32::from(posting.title), lengths.title, title, tuning.b_short, tuning.title)
        };
        let mut count = |slot: u32, often: f32, share: f32, weight: f32| {
            if let (Some(score), Some(held)) = (scores.get_mut(slot as usize), held.get_mut(slot as usize)) {
                *score += weight * often * (tuning.k1 + 1.0) / (tuning.k1 + often);
                *held += weight * share.min(1.0);
            }
        };
        let mut together: HashMap<u32, (f32, f32)> = HashMap::default();
        for term in query {
            for stand in &term.stands {
                for posting in self.postings.get(&stand.term).into_iter().flatten() {
                    let Some(lengths) = self.lengths.get(posting.slot as usize) else {
                        continue;
                    };
                    let often = often(posting, lengths);
                    // What stands for one term counts as one, however many of them a passage holds.
                    if term.stands.len() == 1 {
                        count(posting.slot, often * stand.share, stand.share, term.weight);
                    } else {
                        let (sum, share) = together.entry(posting.slot).or_default();
                        *sum += often * stand.share;
                        *share += stand.share;
                    }
                }
            }
            for (slot, (often, share)) in together.drain() {
                count(slot, often, share, term.weight);
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
