//! The operator's language model as the writer of an answer.

use entities::model_use::Spent;
use tokio::sync::mpsc;

use super::{
    super::{ProjectActor, conversations::Turn},
    AnswerEvent, Cited,
};
use crate::{
    fault::Fault,
    knowledge::{
        answer::{
            self, Answer, Outcome,
            grounded::{Telling, Verdict},
            safe,
        },
        index::Hit,
    },
    language_model::{Exchange, LanguageModel, Passage, Usage, Written},
};

/// Sentences of one answer of which the nearness in meaning is looked at.
const MOST_NEAR: usize = 12;

/// What a language model made of the passages.
#[derive(Default)]
pub(super) struct Attempt {
    /// The answer and its sources, if the passages support one.
    pub answer: Option<(String, Vec<Cited>)>,
    pub usage: Option<Usage>,
}

/// An answer on its way to a reader, sentence by sentence as each is found in the passages.
struct Shown<'a> {
    telling: Telling,
    /// Bytes of what is told that were passed on.
    sent: usize,
    looked_at: usize,
    events: &'a mpsc::Sender<AnswerEvent>,
}

impl ProjectActor {
    /// The language model's answer from the passages, if one is configured and knows one. Nothing is sent to it when the
    /// passages do not hold an answer by our own measure; and nothing of what it writes is told that they do not support.
    pub(super) async fn write(
        &self,
        question: &str,
        earlier: &[Turn],
        extracted: &Answer,
        hits: &[Hit],
        events: &mpsc::Sender<AnswerEvent>,
    ) -> Attempt {
        let model = self.seed.engine.language_model.as_ref();
        let Some(model) = model.filter(|_| extracted.outcome == Outcome::Answered) else {
            return Attempt::default();
        };
        let mut sources: Vec<Cited> = answer::passages_for_model(hits).into_iter().map(Cited::from).collect();
        let exchange = exchange(question, earlier, &sources);
        let places: Vec<String> = exchange.passages.iter().map(|passage| passage.place.clone()).collect();
        let passages = sources
            .iter()
            .zip(&places)
            .map(|(source, place)| (source.n, place.as_str(), source.excerpt.as_str(), source.link.as_deref()));
        let mut shown = Shown {
            telling: Telling::new(question, passages),
            sent: 0,
            looked_at: 0,
            events,
        };
        let mut grown = async |written: &str| self.tell(&mut shown, written, false).await;
        let Written { text, usage } = model.write(&exchange, &mut grown).await;
        if let Some(text) = &text {
            self.tell(&mut shown, text, true).await;
        }
        let sent = shown.sent;
        let told = match text {
            Some(_) => shown.telling.end(),
            None => None,
        };
        let Some((text, cited)) = told else {
            if sent > 0 {
                let _ = events.send(AnswerEvent::Restart).await;
            }
            return Attempt { answer: None, usage };
        };
        if let Some(rest) = text.get(sent..).filter(|rest| !rest.is_empty()) {
            let _ = events.send(AnswerEvent::Delta(rest.to_owned())).await;
        }
        sources.retain(|source| cited.contains(&source.n));
        for source in &mut sources {
            source.excerpt = answer::excerpt(&source.excerpt);
        }
        Attempt {
            answer: Some((text, sources)),
            usage,
        }
    }

    /// Tells what is new and supported of all that is `written` so far.
    async fn tell(&self, shown: &mut Shown<'_>, written: &str, complete: bool) {
        for piece in shown.telling.next(written, complete) {
            let (nodes, mut verdict) = shown.telling.judge(&piece);
            if let Verdict::Near { said, stands, n } = verdict {
                shown.looked_at += 1;
                verdict = match shown.looked_at <= MOST_NEAR {
                    true => self.near(said, stands, n).await,
                    false => Verdict::Unsupported,
                };
            }
            shown.telling.take(piece, nodes, verdict);
        }
        let text = shown.telling.text();
        if let Some(more) = text.get(shown.sent..).filter(|more| !more.is_empty()) {
            let _ = shown.events.send(AnswerEvent::Delta(more.to_owned())).await;
            shown.sent = text.len();
        }
    }

    async fn near(&self, said: String, stands: String, n: u32) -> Verdict {
        let engine = self.seed.engine.clone();
        let compare = move || Ok::<_, Fault>(engine.embed(&said)?.dot(&engine.embed(&stands)?));
        match self.seed.lane.question(compare).await {
            Ok(Ok(cosine)) => Verdict::of_nearness(n, cosine),
            _ => Verdict::Unsupported,
        }
    }

    /// What a try took, for the day's account.
    pub(super) fn spent(&self, usage: Usage) -> Spent {
        let prices = self.seed.engine.language_model.as_ref().map(LanguageModel::prices);
        Spent {
            day: entities::message::day_of(self.now()),
            answers: 1,
            guessed: i64::from(usage.guessed),
            tokens_in: usage.tokens_in,
            tokens_out: usage.tokens_out,
            cost_micros: prices.map_or(0, |prices| prices.cost(usage)),
        }
    }
}

fn exchange(question: &str, earlier: &[Turn], sources: &[Cited]) -> Exchange {
    let passages = sources.iter().map(|source| Passage {
        n: source.n,
        place: std::iter::once(&source.title)
            .chain(&source.section)
            .map(|part| safe::visible(part))
            .collect::<Vec<_>>()
            .join(" › "),
        text: source.excerpt.clone(),
    });
    Exchange {
        question: question.to_owned(),
        earlier: earlier.iter().map(|turn| (turn.role == "visitor", turn.text.clone())).collect(),
        passages: passages.collect(),
    }
}
