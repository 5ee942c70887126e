//! What became of a document: how often answers cite it, whether they helped, and what they were asked.

use entities::{ConversationId, DocumentId, Millis, documents, message};

use super::super::ProjectActor;
use crate::{contain::Serve, fault::Fault, request};

/// A question whose answer cites the document.
#[derive(Clone, Debug)]
pub struct AskedOf {
    pub question: String,
    pub conversation: ConversationId,
    pub asked_at: Millis,
    pub helpful: Option<bool>,
}

#[derive(Clone, Debug)]
pub struct StatisticsView {
    /// Answers that cite it.
    pub citations: i64,
    /// Of those in the last 30 days.
    pub citations_30d: i64,
    pub last_at: Option<Millis>,
    pub helpful: i64,
    pub unhelpful: i64,
    pub chunks: i32,
    /// The latest.
    pub questions: Vec<AskedOf>,
}

pub struct ShowStatistics(pub DocumentId);

request! { ShowStatistics => StatisticsView, needs Member; }

const QUESTIONS: u64 = 10;

impl Serve<ShowStatistics> for ProjectActor {
    async fn serve(&self, ShowStatistics(id): ShowStatistics) -> Result<StatisticsView, Fault> {
        let (project, now) = (self.id(), self.now());
        let (document, figures, answers) = self
            .db()
            .read(async |tx| {
                let document = documents::find(tx, project, id).await?.ok_or(Fault::NotFound)?;
                let figures = message::citing(tx, project, id, now - 30 * message::DAY_MS).await?;
                let answers = message::latest_citing(tx, project, id, QUESTIONS).await?;
                let mut asked = Vec::with_capacity(answers.len());
                for answer in answers {
                    let question = message::asked_before(tx, project, &answer).await?;
                    asked.push((answer, question));
                }
                Ok::<_, Fault>((document, figures, asked))
            })
            .await?;
        let mut questions = Vec::with_capacity(answers.len());
        for (answer, question) in answers {
            let Some(question) = question else { continue };
            let turn = self.turn(question)?;
            questions.push(AskedOf {
                question: turn.text,
                conversation: answer.conversation,
                asked_at: turn.created_at,
                helpful: answer.helpful,
            });
        }
        Ok(StatisticsView {
            citations: figures.citations,
            citations_30d: figures.recent,
            last_at: figures.last_at,
            helpful: figures.helpful,
            unhelpful: figures.unhelpful,
            chunks: document.chunks,
            questions,
        })
    }
}
