//! Questions without an answer, grouped by what they mean.
//!
//! Their meaning is worked out when somebody looks, beside what visitors wait for, and kept in memory: a number of questions at a time, so that
//! a look at a great many takes several requests, each of which says how many wait. Nothing of it is stored.

use std::{
    collections::{HashMap, HashSet},
    sync::Mutex,
    time::{Duration, Instant},
};

use entities::{
    ConversationId, MessageId, Millis,
    message::{self, DAY_MS},
};
use sha2::{Digest, Sha256};

use super::{
    super::{ProjectActor, questions::LIMIT},
    Span,
};
use crate::{
    contain::Serve,
    fault::Fault,
    knowledge::{cluster, embed::Vector},
    request,
};

/// The gaps of some days, the widest first.
pub struct ListGaps {
    pub span: Span,
}

pub struct Gaps {
    /// Days since the epoch, UTC; both included.
    pub from: i32,
    pub to: i32,
    pub gaps: Vec<Gap>,
    /// How many questions they are made of, and how many of the latest ones wait to be looked at: ask again for those.
    pub questions: usize,
    pub waiting: usize,
    /// Whether there are older ones that are not looked at.
    pub cut: bool,
}

pub struct Gap {
    /// The most central question.
    pub question: String,
    pub count: usize,
    /// How many were asked in each part of the days, the earliest first.
    pub trend: [u32; PARTS],
    /// The latest of them, the latest first.
    pub latest: Vec<Asked>,
}

#[derive(Clone)]
pub struct Asked {
    pub question: String,
    pub conversation: ConversationId,
    pub message: MessageId,
    pub asked_at: Millis,
}

request! { ListGaps => Gaps, needs Member, patience = 30; }

/// Parts that the days are cut into for the trend.
pub const PARTS: usize = 8;
/// Answers that were none that are looked at, the latest first; and how many different questions of them are compared.
const MOST_ANSWERS: u64 = 2_000;
const MOST_QUESTIONS: usize = 1_000;
/// Conversations whose turns are read at once.
const BATCH: usize = 200;
/// How long one request works on meanings.
const PATIENCE: Duration = Duration::from_secs(3);
const MOST_GAPS: usize = 50;
const MOST_LATEST: usize = 5;

type Words = [u8; 32];

/// What questions mean, by the hash of their words. Holds those of the last look alone.
#[derive(Default)]
pub(in crate::project) struct Meanings(Mutex<HashMap<Words, Vector>>);

impl Meanings {
    /// Lets go of what questions mean that may be there no longer.
    pub(in crate::project) fn forget(&self) {
        if let Ok(mut known) = self.0.lock() {
            known.clear();
        }
    }
}

/// The same question, whatever its case, spaces and last mark.
fn words(question: &str) -> Words {
    let folded = question.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    Sha256::digest(folded.trim_end_matches(['?', '.', '!', ' ']).as_bytes()).into()
}

/// One question in all its repetitions.
struct Question {
    words: Words,
    /// The latest first.
    asked: Vec<Asked>,
}

fn broken<T>(_: T) -> Fault {
    Fault::Internal("meanings")
}

impl ProjectActor {
    /// The questions behind the latest answers that were none, the latest first, and whether there are more.
    async fn unanswered(&self, (from, to): (i32, i32)) -> Result<(Vec<Asked>, bool), Fault> {
        let project = self.id();
        let span = (Millis::from(from) * DAY_MS, (Millis::from(to) + 1) * DAY_MS);
        let answers = self
            .db()
            .read(async |tx| message::unanswered(tx, project, span, MOST_ANSWERS).await)
            .await?;
        let cut = answers.len() as u64 == MOST_ANSWERS;
        let conversations: HashSet<ConversationId> = answers.iter().map(|answer| answer.conversation).collect();
        let wanted: HashSet<MessageId> = answers.iter().map(|answer| answer.id).collect();
        let conversations: Vec<ConversationId> = conversations.into_iter().collect();
        let mut found = Vec::with_capacity(answers.len());
        for some in conversations.chunks(BATCH) {
            let turns = self
                .db()
                .read(async |tx| message::of_conversations(tx, project, some).await)
                .await?;
            let mut question: Option<message::Message> = None;
            for turn in turns {
                if turn.role == "visitor" {
                    question = Some(turn);
                } else if wanted.contains(&turn.id)
                    && let Some(asked) = question.take_if(|asked| asked.conversation == turn.conversation)
                {
                    // What the plan had no room for is no gap in what is known.
                    if self.turn(turn)?.written_by.as_deref() == Some(LIMIT) {
                        continue;
                    }
                    let (conversation, message, asked_at) = (asked.conversation, asked.id, asked.created_at);
                    found.push(Asked {
                        question: self.turn(asked)?.text,
                        conversation,
                        message,
                        asked_at,
                    });
                }
            }
        }
        found.sort_by_key(|asked| std::cmp::Reverse((asked.asked_at, asked.message)));
        Ok((found, cut))
    }

    /// Works out what questions mean, as many as there is time for.
    async fn understand(&self, questions: &[Question]) -> Result<(), Fault> {
        let began = Instant::now();
        for question in questions {
            if self.meanings.0.lock().map_err(broken)?.contains_key(&question.words) {
                continue;
            }
            if began.elapsed() > PATIENCE {
                break;
            }
            let Some(text) = question.asked.first().map(|asked| asked.question.clone()) else {
                continue;
            };
            let engine = self.seed.engine.clone();
            let vector = self.seed.lane.batch(move || engine.embed(&text)).await??;
            self.meanings.0.lock().map_err(broken)?.insert(question.words, vector);
        }
        let wanted: HashSet<Words> = questions.iter().map(|question| question.words).collect();
        self.meanings.0.lock().map_err(broken)?.retain(|words, _| wanted.contains(words));
        Ok(())
    }
}

/// Repetitions together, the latest first.
fn distinct(asked: Vec<Asked>) -> Vec<Question> {
    let mut place: HashMap<Words, usize> = HashMap::new();
    let mut questions: Vec<Question> = Vec::new();
    for one in asked {
        let words = words(&one.question);
        let at = *place.entry(words).or_insert_with(|| {
            questions.push(Question { words, asked: Vec::new() });
            questions.len() - 1
        });
        questions[at].asked.push(one);
    }
    questions
}

fn trend((from, to): (i32, i32), asked: &[Asked]) -> [u32; PARTS] {
    let (begin, end) = (Millis::from(from) * DAY_MS, (Millis::from(to) + 1) * DAY_MS);
    let mut parts = [0; PARTS];
    for one in asked {
        let at = (one.asked_at - begin).clamp(0, end - begin - 1) * PARTS as Millis / (end - begin);
        if let Some(part) = usize::try_from(at).ok().and_then(|at| parts.get_mut(at)) {
            *part += 1;
        }
    }
    parts
}

impl Serve<ListGaps> for ProjectActor {
    async fn serve(&self, list: ListGaps) -> Result<Gaps, Fault> {
        let [span, _] = self.two_spans(list.span)?;
        let (asked, mut cut) = self.unanswered(span).await?;
        let mut questions = distinct(asked);
        cut |= questions.len() > MOST_QUESTIONS;
        questions.truncate(MOST_QUESTIONS);
        self.understand(&questions).await?;
        let (mut known, mut points, mut waiting) = (Vec::new(), Vec::new(), 0);
        for question in questions {
            let vector = self.meanings.0.lock().map_err(broken)?.get(&question.words).cloned();
            match vector {
                Some(vector) => {
                    points.push((vector, question.asked.len() as u64));
                    known.push(question);
                }
                None => waiting += question.asked.len(),
            }
        }
        let count = known.iter().map(|question| question.asked.len()).sum();
        let groups = self.seed.lane.question(move || cluster::group(&points)).await?;
        let gaps = groups.into_iter().take(MOST_GAPS).filter_map(|group| {
            let mut latest: Vec<Asked> = group.members.iter().flat_map(|at| known[*at].asked.iter().cloned()).collect();
            latest.sort_by_key(|asked| std::cmp::Reverse((asked.asked_at, asked.message)));
            Some(Gap {
                question: known[group.centre].asked.first()?.question.clone(),
                count: latest.len(),
                trend: trend(span, &latest),
                latest: latest.into_iter().take(MOST_LATEST).collect(),
            })
        });
        let mut gaps: Vec<Gap> = gaps.collect();
        // Of those that are asked equally often, the latest first.
        gaps.sort_by_key(|gap| std::cmp::Reverse((gap.count, gap.latest.first().map(|asked| asked.asked_at))));
        Ok(Gaps {
            from: span.0,
            to: span.1,
            gaps,
            questions: count,
            waiting,
            cut,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(question: &str, asked_at: Millis) -> Asked {
        Asked {
            question: question.into(),
            conversation: ConversationId::new(),
            message: MessageId::new(),
            asked_at,
        }
    }

    #[test]
    fn the_same_question_in_other_letters_is_one() {
        let questions = distinct(vec![
            asked("Is there  a free plan?", 3),
            asked("How much is it?", 2),
            asked("is there a FREE plan", 1),
        ]);
        let counts: Vec<usize> = questions.iter().map(|question| question.asked.len()).collect();
        assert_eq!(counts, [2, 1]);
        assert_eq!(questions[0].asked[0].asked_at, 3);
    }

    #[test]
    fn a_trend_says_when_within_the_days_it_was_asked() {
        let day = |day: Millis| asked("x", day * DAY_MS);
        assert_eq!(
            trend((0, 7), &[day(0), day(0), day(3), day(7), asked("x", 8 * DAY_MS + 1)]),
            [2, 0, 0, 1, 0, 0, 0, 2]
        );
    }
}
