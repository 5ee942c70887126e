//! Whether what a language model wrote stands in the passages that it was given.
//!
//! Piece by piece, without asking any model: the words of a sentence, its figures and its code are looked for in the passages
//! that it names. Where words alone do not tell, the nearness in meaning does (the caller embeds). What no passage supports is
//! left out, what one may support is marked as not confirmed.

use std::collections::{BTreeSet, HashSet};

use super::safe::{Builder, Inline, Kind, Piece, Rules, cited, inline, pieces, plain_nodes, visible, write};
use crate::knowledge::{index::Analyser, sentence::sentences};

/// Share of a sentence's terms that a passage must hold to support it.
const SUPPORTS_FROM: f32 = 0.5;
/// With fewer of them, the nearness in meaning from which a passage supports a sentence; and from which it may.
const NEAR_FROM: f32 = 0.62;
const MAYBE_FROM: f32 = 0.42;
/// What stands behind a sentence that a passage may support.
pub(crate) const NOT_CONFIRMED: &str = "(not confirmed by the sources)";

/// A passage that may be told from.
struct Ground {
    n: u32,
    terms: HashSet<String>,
    figures: HashSet<String>,
    /// In lower case, with single blanks.
    text: String,
    sentences: Vec<String>,
}

/// What the passages say of a piece.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// It states nothing: an announcement of what follows.
    Nothing,
    /// By these passages.
    Supported(BTreeSet<u32>),
    NotConfirmed,
    Unsupported,
    /// Words do not tell: whether `said` is near to `stands`, which is of passage `n`.
    Near {
        said: String,
        stands: String,
        n: u32,
    },
}

impl Verdict {
    /// Of `Near`, once it is known how near: a cosine.
    pub(crate) fn of_nearness(n: u32, cosine: f32) -> Self {
        if cosine >= NEAR_FROM {
            Self::Supported(BTreeSet::from([n]))
        } else if cosine >= MAYBE_FROM {
            Self::NotConfirmed
        } else {
            Self::Unsupported
        }
    }
}

/// Follows an answer while it is written, and holds what may be told of it.
pub(crate) struct Telling {
    rules: Rules,
    grounds: Vec<Ground>,
    /// The terms of the question: whoever repeats it claims nothing.
    asked: HashSet<String>,
    question: String,
    analyser: Analyser,
    told: Builder,
    /// Announcements, until what they announce is told.
    waiting: Vec<(Piece, Vec<Inline>)>,
    judged: usize,
    /// What began a paragraph was left out: the next one begins it.
    reopen: bool,
    supported_by: BTreeSet<u32>,
    cited: BTreeSet<u32>,
}

impl Telling {
    /// Of passages as `(number, title and headings, text, link)`.
    pub(crate) fn new<'a>(question: &str, passages: impl Iterator<Item = (u32, &'a str, &'a str, Option<&'a str>)> + Clone) -> Self {
        let analyser = Analyser::new();
        let rules = Rules::of_model(passages.clone().map(|(n, _, text, link)| (n, text, link)));
        let grounds = passages.map(|(n, place, text, _)| Ground {
            n,
            terms: analyser.terms(place).into_iter().chain(analyser.terms(text)).collect(),
            figures: figures(place).union(&figures(text)).cloned().collect(),
            text: squeezed(text),
            sentences: sentences(text).into_iter().map(str::to_owned).collect(),
        });
        Self {
            rules,
            grounds: grounds.collect(),
            asked: analyser.terms(question).into_iter().collect(),
            question: squeezed(question),
            analyser,
            told: Builder::default(),
            waiting: Vec::new(),
            judged: 0,
            reopen: false,
            supported_by: BTreeSet::new(),
            cited: BTreeSet::new(),
        }
    }

    /// What was not judged yet of all that is written so far. `complete`: nothing comes any more.
    pub(crate) fn next(&mut self, written: &str, complete: bool) -> Vec<Piece> {
        let all = pieces(&visible(written), true, complete);
        let new = all.get(self.judged..).unwrap_or_default().to_vec();
        self.judged += new.len();
        new
    }

    /// What the passages say of `piece`, and the nodes that it is told as.
    pub(crate) fn judge(&self, piece: &Piece) -> (Vec<Inline>, Verdict) {
        if piece.kind == Kind::Code {
            return (Vec::new(), self.judge_code(&piece.text));
        }
        let nodes = inline(&piece.text, &self.rules);
        let verdict = self.judge_sentence(&plain_nodes(&nodes, false), &cited(&nodes), &codes(&nodes));
        (nodes, verdict)
    }

    fn judge_code(&self, code: &str) -> Verdict {
        let lines: Vec<String> = code.lines().map(squeezed).filter(|line| !line.is_empty()).collect();
        let holds = |ground: &&Ground| {
            let found = lines.iter().filter(|line| ground.text.contains(line.as_str())).count();
            found * 5 >= lines.len() * 4
        };
        match self.grounds.iter().find(holds) {
            Some(ground) if !lines.is_empty() => Verdict::Supported(BTreeSet::from([ground.n])),
            _ => Verdict::Unsupported,
        }
    }

    fn judge_sentence(&self, said: &str, named: &BTreeSet<u32>, codes: &[String]) -> Verdict {
        let terms: HashSet<String> = self.analyser.terms(said).into_iter().collect();
        let known = |term: &&String| self.grounds.iter().any(|ground| ground.terms.contains(*term));
        // What the question says and no passage does is the question told again.
        let own: HashSet<&String> = terms.iter().filter(|term| !self.asked.contains(*term) || known(term)).collect();
        let announces = said.trim_end().ends_with(':');
        if own.is_empty() || (announces && own.len() <= 3) {
            return if codes.is_empty() {
                Verdict::Nothing
            } else {
                self.judge_codes(codes)
            };
        }
        let numbers = figures(said);
        let share = |grounds: &[&Ground]| {
            let found = own
                .iter()
                .filter(|term| grounds.iter().any(|ground| ground.terms.contains(**term)))
                .count();
            ratio(found, own.len())
        };
        let fits = |grounds: &[&Ground]| {
            let figure =
                |number: &String| grounds.iter().any(|ground| ground.figures.contains(number)) || figures(&self.question).contains(number);
            let code = |code: &String| grounds.iter().any(|ground| ground.text.contains(code)) || self.question.contains(code);
            numbers.iter().all(figure) && codes.iter().all(code)
        };
        let cited: Vec<&Ground> = self.grounds.iter().filter(|ground| named.contains(&ground.n)).collect();
        if !cited.is_empty() && fits(&cited) && share(&cited) >= SUPPORTS_FROM {
            return Verdict::Supported(named.clone());
        }
        // The wrong number stands behind what another passage says.
        let mut best: Option<(&Ground, f32)> = None;
        for ground in self.grounds.iter().filter(|ground| fits(&[*ground])) {
            let share = share(&[ground]);
            if best.is_none_or(|(_, known)| share > known) {
                best = Some((ground, share));
            }
        }
        match best {
            // A figure or a piece of code that no passage has is made up.
            None => Verdict::Unsupported,
            Some((ground, share)) if share >= SUPPORTS_FROM => Verdict::Supported(BTreeSet::from([ground.n])),
            Some((best, _)) => {
                let ground = cited.into_iter().find(|ground| fits(&[*ground])).unwrap_or(best);
                Verdict::Near {
                    said: said.to_owned(),
                    stands: self.nearest(ground, &terms),
                    n: ground.n,
                }
            }
        }
    }

    fn judge_codes(&self, codes: &[String]) -> Verdict {
        match self
            .grounds
            .iter()
            .find(|ground| codes.iter().all(|code| ground.text.contains(code)))
        {
            Some(ground) => Verdict::Supported(BTreeSet::from([ground.n])),
            None => Verdict::Unsupported,
        }
    }

    /// The sentences of a passage that share most with `terms`, in their order.
    fn nearest(&self, ground: &Ground, terms: &HashSet<String>) -> String {
        let mut by_share: Vec<(usize, usize)> = ground
            .sentences
            .iter()
            .enumerate()
            .map(|(at, sentence)| {
                (
                    self.analyser.terms(sentence).iter().filter(|term| terms.contains(*term)).count(),
                    at,
                )
            })
            .collect();
        by_share.sort_by_key(|(shared, at)| (std::cmp::Reverse(*shared), *at));
        let mut chosen: Vec<usize> = by_share.into_iter().take(2).map(|(_, at)| at).collect();
        chosen.sort_unstable();
        let chosen = chosen.into_iter().filter_map(|at| ground.sentences.get(at));
        chosen.cloned().collect::<Vec<_>>().join(" ")
    }

    /// Tells `piece` as `nodes`, or leaves it out. `Near` is not known to be near.
    pub(crate) fn take(&mut self, mut piece: Piece, mut nodes: Vec<Inline>, verdict: Verdict) {
        if std::mem::take(&mut self.reopen) {
            piece.opens = true;
        }
        match verdict {
            Verdict::Nothing => self.waiting.push((piece, nodes)),
            Verdict::Supported(by) => {
                let named = cited(&nodes);
                if !named.is_empty() && named != by {
                    // The number leads to the passage that says so.
                    nodes = renumbered(nodes, &mut by.clone());
                }
                self.cited.extend(cited(&nodes));
                self.supported_by.extend(by);
                self.tell(&piece, nodes);
            }
            Verdict::NotConfirmed => {
                nodes.push(Inline::Text(" ".into()));
                nodes.push(Inline::Emphasis(vec![Inline::Text(NOT_CONFIRMED.into())]));
                self.cited.extend(cited(&nodes));
                self.tell(&piece, nodes);
            }
            Verdict::Unsupported | Verdict::Near { .. } => self.reopen = piece.opens,
        }
    }

    fn tell(&mut self, piece: &Piece, nodes: Vec<Inline>) {
        for (announcement, nodes) in std::mem::take(&mut self.waiting) {
            self.told.push(&announcement, nodes);
        }
        self.told.push(piece, nodes);
    }

    /// What may be told by now. Grows at its end and changes nowhere else.
    pub(crate) fn text(&self) -> String {
        write(&self.told.blocks)
    }

    /// The whole answer and the numbers of its sources; `None` when no passage supports any of it.
    pub(crate) fn end(mut self) -> Option<(String, BTreeSet<u32>)> {
        if self.supported_by.is_empty() {
            return None;
        }
        if self.cited.is_empty() {
            let marks = self.supported_by.iter().map(|n| Inline::Citation(*n));
            self.told.append(std::iter::once(Inline::Text(" ".into())).chain(marks).collect());
            self.cited = self.supported_by.clone();
        }
        Some((self.text(), self.cited))
    }
}

/// With these sources in place of the first one that is named, and without the others. Takes them out of `by`.
fn renumbered(nodes: Vec<Inline>, by: &mut BTreeSet<u32>) -> Vec<Inline> {
    let nodes = nodes.into_iter().flat_map(|node| match node {
        Inline::Citation(_) => std::mem::take(by).into_iter().map(Inline::Citation).collect(),
        Inline::Strong(inside) => vec![Inline::Strong(renumbered(inside, by))],
        Inline::Emphasis(inside) => vec![Inline::Emphasis(renumbered(inside, by))],
        other => vec![other],
    });
    nodes.collect()
}

fn codes(nodes: &[Inline]) -> Vec<String> {
    let found = nodes.iter().flat_map(|node| match node {
        Inline::Code(code) => vec![squeezed(code)],
        Inline::Strong(inside) | Inline::Emphasis(inside) => codes(inside),
        _ => Vec::new(),
    });
    found.filter(|code| !code.is_empty()).collect()
}

/// In lower case, with single blanks.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// The numbers of a text, words for numbers among them: "ten" is "10".
fn figures(text: &str) -> HashSet<String> {
    const WORDS: [(&str, &str); 22] = [
        ("two", "2"),
        ("three", "3"),
        ("four", "4"),
        ("five", "5"),
        ("six", "6"),
        ("seven", "7"),
        ("eight", "8"),
        ("nine", "9"),
        ("ten", "10"),
        ("eleven", "11"),
        ("twelve", "12"),
        ("fifteen", "15"),
        ("twenty", "20"),
        ("thirty", "30"),
        ("forty", "40"),
        ("fifty", "50"),
        ("sixty", "60"),
        ("seventy", "70"),
        ("eighty", "80"),
        ("ninety", "90"),
        ("hundred", "100"),
        ("thousand", "1000"),
    ];
    let words = text.split(|letter: char| !(letter.is_alphanumeric() || matches!(letter, '.' | ',')));
    let figure = |word: &str| {
        let word = word.trim_matches(['.', ',']).to_lowercase();
        if word.bytes().any(|byte| byte.is_ascii_digit()) {
            return Some(word.replace(',', ""));
        }
        WORDS.iter().find(|(name, _)| *name == word).map(|(_, number)| (*number).to_owned())
    };
    words.filter_map(figure).collect()
}

#[expect(clippy::cast_precision_loss, reason = "terms of a sentence: a few")]
fn ratio(part: usize, whole: usize) -> f32 {
    part as f32 / whole.max(1) as f32
}
