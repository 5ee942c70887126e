//! One order from two: words and meaning.

/// The weights of a search. The defaults were fitted; see `retrieval.md`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tuning {
    pub k1: f32,
    pub b_body: f32,
    pub b_short: f32,
    /// Weights of title and headings against the body's 1.
    pub title: f32,
    pub heading: f32,
    /// Share of the words' score, 0 to 1; the rest is the meaning's.
    pub words: f32,
    /// How a words' score becomes 0 to 1: 0 = by the best passage, 1 = by the best that any passage could have.
    pub absolute: f32,
    /// Cosine at and below which a passage counts 0.
    pub cosine_floor: f32,
    /// Cosine at and above which a passage counts 1; `None`: the highest found.
    pub cosine_full: Option<f32>,
    /// Terms of a question beyond these are ignored.
    pub query_terms: usize,
    pub near_spellings: bool,
    /// Share of common words from which a passage repeats a better one.
    pub repeats: f32,
}

/// A way to rank, for measuring what each part gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// BM25F alone.
    Words,
    /// Cosine alone.
    Meaning,
    /// Half of each, both brought to 0 to 1 by the lowest and the highest found.
    Halves,
    /// What is shipped.
    Shipped,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            k1: 1.6,
            b_body: 0.75,
            b_short: 0.6,
            title: 2.0,
            heading: 1.5,
            words: 0.55,
            absolute: 1.0,
            cosine_floor: 0.0,
            cosine_full: Some(0.85),
            query_terms: 64,
            near_spellings: true,
            repeats: 0.9,
        }
    }
}

/// As [`fuse`], in another way than the shipped one. Slots without a passage or a vector get 0 of what they lack.
pub(super) fn fuse_plainly(method: Method, lexical: &[f32], cosines: &[f32]) -> Vec<f32> {
    let (words, meaning) = match method {
        Method::Words => (1.0, 0.0),
        Method::Meaning => (0.0, 1.0),
        Method::Halves | Method::Shipped => (0.5, 0.5),
    };
    let scaled = |values: &[f32]| -> Vec<f32> {
        let known = values.iter().copied().filter(|value| !value.is_nan());
        let (lowest, highest) = known.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        let width = (highest - lowest).max(f32::MIN_POSITIVE);
        values
            .iter()
            .map(|value| if value.is_nan() { 0.0 } else { (value - lowest) / width })
            .collect()
    };
    let (lexical, mut cosines) = (scaled(lexical), scaled(cosines));
    cosines.resize(lexical.len(), 0.0);
    lexical
        .iter()
        .zip(cosines)
        .map(|(score, cosine)| words * score + meaning * cosine)
        .collect()
}

/// Scores 0 to 1, one a slot, from words' scores and cosines. `possible`: the words' score that nothing can exceed.
/// `cosines` is empty when the question has no vector, and NaN where a passage has none.
pub(super) fn fuse(tuning: &Tuning, lexical: &[f32], possible: f32, cosines: &[f32]) -> Vec<f32> {
    let best = lexical.iter().copied().fold(0.0f32, f32::max);
    let full = (best * (1.0 - tuning.absolute) + possible * tuning.absolute).max(f32::MIN_POSITIVE);
    let highest = cosines
        .iter()
        .copied()
        .filter(|cosine| !cosine.is_nan())
        .fold(f32::NEG_INFINITY, f32::max);
    let (floor, width) = (
        tuning.cosine_floor,
        (tuning.cosine_full.unwrap_or(highest) - tuning.cosine_floor).max(1e-3),
    );
    lexical
        .iter()
        .enumerate()
        .map(|(at, score)| {
            let words = (score / full).clamp(0.0, 1.0);
            match cosines.get(at).copied().filter(|cosine| !cosine.is_nan()) {
                Some(cosine) => tuning.words * words + (1.0 - tuning.words) * ((cosine - floor) / width).clamp(0.0, 1.0),
                // Not embedded yet: its words speak for it, and a little less than both together would.
                None => words * if highest.is_finite() { 0.8 } else { 1.0 },
            }
        })
        .collect()
}
