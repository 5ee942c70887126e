//! Figures of a project. Counted by the database over columns that hold no content.

use entities::{ConversationId, DocumentId, Millis, documents, message, message::Day};

use super::ProjectActor;
use crate::{contain::Serve, fault::Fault, request};

/// Figures of the last `days` days, today included, and of as many before.
pub struct Analytics {
    pub days: u16,
}

pub struct Report {
    /// Days since the epoch, UTC; both included.
    pub from: i32,
    pub to: i32,
    /// One a day, days without questions included.
    pub days: Vec<Day>,
    pub totals: Totals,
    pub previous: Totals,
    pub unanswered: Vec<Unanswered>,
    pub sources: Vec<Source>,
}

pub struct Totals {
    pub figures: Day,
    pub conversations: i64,
}

pub struct Unanswered {
    pub question: String,
    pub conversation: ConversationId,
    pub asked_at: Millis,
}

pub struct Source {
    pub document: DocumentId,
    pub name: String,
    pub citations: i64,
}

request! { Analytics => Report, needs Member; }

const MOST_UNANSWERED: u64 = 20;
const MOST_SOURCES: u64 = 10;

impl Serve<Analytics> for ProjectActor {
    async fn serve(&self, ask: Analytics) -> Result<Report, Fault> {
        let (project, to, span) = (self.id(), message::day_of(self.now()), i32::from(ask.days.clamp(1, 366)));
        let (now, before) = ((to - span + 1, to), (to - 2 * span + 1, to - span));
        let (found, totals, previous, unanswered, cited, documents) = self
            .db()
            .read(async |tx| {
                let found = message::per_day(tx, project, now).await?;
                let totals = Totals {
                    figures: message::in_all(tx, project, now).await?,
                    conversations: message::conversations(tx, project, now).await?,
                };
                let previous = Totals {
                    figures: message::in_all(tx, project, before).await?,
                    conversations: message::conversations(tx, project, before).await?,
                };
                let unanswered = message::unanswered(tx, project, now, MOST_UNANSWERED).await?;
                let cited = message::top_sources(tx, project, now, MOST_SOURCES).await?;
                Ok::<_, Fault>((found, totals, previous, unanswered, cited, documents::list(tx, project).await?))
            })
            .await?;
        let mut found = found.into_iter().peekable();
        let days = (now.0..=now.1).map(|day| found.next_if(|figures| figures.day == day).unwrap_or(Day { day, ..Day::default() }));
        let days = days.collect();
        let name = |id: DocumentId| {
            documents
                .iter()
                .find(|document| document.id == id)
                .map(|document| document.name.clone())
        };
        let sources = cited.into_iter().filter_map(|(document, citations)| {
            Some(Source {
                document,
                name: name(document)?,
                citations,
            })
        });
        let sources = sources.collect();
        let mut questions = Vec::with_capacity(unanswered.len());
        for answer in unanswered {
            questions.extend(self.question_of(&answer).await?);
        }
        Ok(Report {
            from: now.0,
            to: now.1,
            days,
            totals,
            previous,
            unanswered: questions,
            sources,
        })
    }
}

impl ProjectActor {
    /// The question that an answer answers: the turn before it.
    async fn question_of(&self, answer: &message::Message) -> Result<Option<Unanswered>, Fault> {
        let turns = self.turns(answer.conversation).await?;
        let place = turns.iter().position(|turn| turn.id == answer.id);
        let asked = place.and_then(|place| turns[..place].iter().rev().find(|turn| turn.role == "visitor"));
        Ok(asked.map(|asked| Unanswered {
            question: asked.text.clone(),
            conversation: answer.conversation,
            asked_at: asked.created_at,
        }))
    }
}
