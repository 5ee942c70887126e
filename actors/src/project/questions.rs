//! A question on its way to an answer.

use entities::{ChunkId, ConversationId, DocumentId, MessageId, ProjectId, TenantTx, VisitorId, conversation, message};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tracing::{Instrument, debug_span};
use uuid::Uuid;

use super::{
    ProjectActor,
    conversations::{SealedTurn, Turn},
};
use crate::{
    contain::Serve,
    fault::{Fault, Invalid},
    knowledge::{
        answer::{self, Answer, Citation, Outcome},
        index::Hit,
    },
    language_model::{Exchange, Passage, Written},
    request,
};

/// A source of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cited {
    pub n: u32,
    pub document: DocumentId,
    pub chunk: ChunkId,
    pub title: String,
    pub section: Vec<String>,
    pub excerpt: String,
    pub link: Option<String>,
}

impl From<Citation> for Cited {
    fn from(citation: Citation) -> Self {
        Self {
            n: citation.n,
            document: citation.document.into(),
            chunk: citation.chunk.into(),
            title: citation.title,
            section: citation.section,
            excerpt: citation.excerpt,
            link: citation.link,
        }
    }
}

/// What is known of an answer before it is complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerEvent {
    Started {
        conversation: ConversationId,
        question: MessageId,
    },
    Delta(String),
    /// Forget the text so far: another answer takes its place.
    Restart,
}

/// A complete, stored answer.
#[derive(Clone, Debug)]
pub struct Answered {
    pub conversation: ConversationId,
    pub message: MessageId,
    pub answered: bool,
    pub text: String,
    pub citations: Vec<Cited>,
    pub closest: Vec<Cited>,
    /// `extract` or `model`.
    pub written_by: &'static str,
}

/// A member tries a question in the dashboard.
pub struct Ask {
    pub question: String,
    pub conversation: Option<ConversationId>,
    pub events: mpsc::Sender<AnswerEvent>,
}

/// A visitor asks at the widget. Continues their latest conversation.
pub struct VisitorAsk {
    pub question: String,
    pub visitor: VisitorId,
    pub origin: String,
    pub events: mpsc::Sender<AnswerEvent>,
}

/// Documents by how well they fit, best first: for measuring the ranking.
pub struct RankDocuments {
    pub question: String,
    pub limit: usize,
}

request! {
    Ask => Answered, needs Member, patience = 120;
    VisitorAsk => Answered, needs Visitor, patience = 120;
    RankDocuments => Vec<(DocumentId, f32)>, needs System;
}

const MOST_CHARACTERS: usize = 2000;
/// Passages that an answer is made of.
const HITS: usize = 12;
/// Earlier turns that a language model sees.
const MEMORY: u64 = 6;

struct Asker {
    channel: &'static str,
    visitor: Option<VisitorId>,
    origin: Option<String>,
    conversation: Option<ConversationId>,
}

fn parse_question(text: &str) -> Result<String, Fault> {
    let text: String = text
        .trim()
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect();
    if text.is_empty() {
        return Err(Fault::invalid(Invalid::QuestionEmpty, "question", "Ask a question."));
    }
    if text.chars().count() > MOST_CHARACTERS {
        let reason = format!("Use at most {MOST_CHARACTERS} characters.");
        return Err(Fault::invalid(Invalid::QuestionTooLong, "question", reason));
    }
    Ok(text)
}

impl ProjectActor {
    /// Embeds the question, finds passages and makes an answer of them. One place on the processor for all of it: each
    /// further one would be another wait.
    async fn search(&self, question: &str) -> Result<(Answer, Vec<Hit>), Fault> {
        let loaded = self.index().instrument(debug_span!("refresh")).await?;
        let (engine, question) = (self.seed.engine.clone(), question.to_owned());
        let search = move || {
            let has_vectors = loaded.read().map_err(|_| Fault::Internal("index lock"))?.index.vectors() > 0;
            let vector = match has_vectors {
                true => Some(debug_span!("embed").in_scope(|| engine.embed(&question))?),
                false => None,
            };
            let hits = {
                let _span = debug_span!("scan").entered();
                let loaded = loaded.read().map_err(|_| Fault::Internal("index lock"))?;
                loaded.index.search(&question, vector.as_ref(), HITS)
            };
            let extracted = debug_span!("extract").in_scope(|| answer::extract(&question, vector.as_ref(), &hits));
            Ok((extracted, hits))
        };
        let parent = tracing::Span::current();
        self.seed.lane.question(move || parent.in_scope(search)).await?
    }

    /// Stores the question, in a new conversation unless it continues one.
    async fn store_question(&self, question: &str, asker: &Asker) -> Result<(ConversationId, MessageId), Fault> {
        let (project, now, id) = (self.id(), self.now(), MessageId::new());
        let known = asker.conversation;
        let conversation = known.unwrap_or_default();
        let turn = SealedTurn {
            text: question.to_owned(),
            ..SealedTurn::default()
        };
        let message = message::Message {
            id,
            conversation,
            role: "visitor".into(),
            sealed: self.seal_json("message", "sealed", id.uuid(), &turn)?,
            outcome: None,
            helpful: None,
            visitor: asker.visitor,
            latency_ms: None,
            created_at: now,
        };
        let title: String = question.chars().take(200).collect();
        let title = self.seal("conversation", "title", conversation.uuid(), title.as_bytes())?;
        self.db()
            .write(async |tx| {
                if known.is_none() {
                    let begun = conversation::Conversation {
                        id: conversation,
                        channel: asker.channel.into(),
                        visitor: asker.visitor,
                        origin: asker.origin.clone(),
                        title,
                        started_at: now,
                        last_at: now,
                        questions: 0,
                        unanswered: 0,
                        helpful: 0,
                        unhelpful: 0,
                    };
                    conversation::insert(tx, project, begun).await?;
                }
                message::insert(tx, project, message, &[]).await?;
                let step = conversation::Step {
                    questions: 1,
                    ..Default::default()
                };
                Ok::<_, Fault>(conversation::count(tx, conversation, step, Some(now)).await?)
            })
            .await?;
        Ok((conversation, id))
    }

    async fn store_answer(
        &self,
        asker: &Asker,
        conversation: ConversationId,
        answered: Answered,
        latency_ms: i64,
    ) -> Result<Answered, Fault> {
        let (project, now) = (self.id(), self.now());
        let turn = SealedTurn {
            text: answered.text.clone(),
            citations: answered.citations.clone(),
            closest: answered.closest.clone(),
            written_by: Some(answered.written_by.into()),
        };
        let message = message::Message {
            id: answered.message,
            conversation,
            role: "assistant".into(),
            sealed: self.seal_json("message", "sealed", answered.message.uuid(), &turn)?,
            outcome: Some(if answered.answered { "answered" } else { "unanswered" }.into()),
            helpful: None,
            visitor: asker.visitor,
            latency_ms: i32::try_from(latency_ms).ok(),
            created_at: now,
        };
        let cited: Vec<DocumentId> = answered.citations.iter().map(|cited| cited.document).collect();
        let step = conversation::Step {
            unanswered: i32::from(!answered.answered),
            ..Default::default()
        };
        self.db()
            .write(async |tx: &TenantTx| {
                message::insert(tx, project, message, &cited).await?;
                Ok::<_, Fault>(conversation::count(tx, conversation, step, Some(now)).await?)
            })
            .await?;
        Ok(answered)
    }

    async fn answer(&self, question: &str, asker: Asker, events: mpsc::Sender<AnswerEvent>) -> Result<Answered, Fault> {
        let question = parse_question(question)?;
        let began = self.now();
        // Only a language model is told what was said before.
        let earlier = match asker.conversation.filter(|_| self.seed.engine.language_model.is_some()) {
            Some(known) => self.last_turns(known, MEMORY).instrument(debug_span!("earlier")).await?,
            None => Vec::new(),
        };
        let (extracted, hits) = self.search(&question).await?;
        let (conversation, asked) = self
            .store_question(&question, &asker)
            .instrument(debug_span!("store_question"))
            .await?;
        // A reader who left misses the events; the answer is stored all the same.
        let _ = events
            .send(AnswerEvent::Started {
                conversation,
                question: asked,
            })
            .await;
        let message = MessageId::new();
        let answered = match self.write(&question, &earlier, &extracted, &hits, &events).await {
            Some((text, citations)) => Answered {
                conversation,
                message,
                answered: true,
                text,
                citations,
                closest: Vec::new(),
                written_by: "model",
            },
            None => {
                let _ = events.send(AnswerEvent::Delta(extracted.text.clone())).await;
                Answered {
                    conversation,
                    message,
                    answered: extracted.outcome == Outcome::Answered,
                    text: extracted.text,
                    citations: extracted.citations.into_iter().map(Cited::from).collect(),
                    closest: extracted.closest.into_iter().map(Cited::from).collect(),
                    written_by: "extract",
                }
            }
        };
        self.store_answer(&asker, conversation, answered, self.now() - began)
            .instrument(debug_span!("store_answer"))
            .await
    }

    /// The language model's answer from the passages, if one is configured, knows one, and cites what it says. Nothing is sent
    /// when the passages do not hold an answer by our own measure.
    async fn write(
        &self,
        question: &str,
        earlier: &[Turn],
        extracted: &Answer,
        hits: &[Hit],
        events: &mpsc::Sender<AnswerEvent>,
    ) -> Option<(String, Vec<Cited>)> {
        let model = self
            .seed
            .engine
            .language_model
            .as_ref()
            .filter(|_| extracted.outcome == Outcome::Answered)?;
        let sources: Vec<Cited> = answer::passages_for_model(hits).into_iter().map(Cited::from).collect();
        let passages = sources.iter().map(|source| Passage {
            n: source.n,
            place: std::iter::once(&source.title)
                .chain(&source.section)
                .cloned()
                .collect::<Vec<_>>()
                .join(" › "),
            text: source.excerpt.clone(),
        });
        let exchange = Exchange {
            question: question.to_owned(),
            earlier: earlier.iter().map(|turn| (turn.role == "visitor", turn.text.clone())).collect(),
            passages: passages.collect(),
        };
        match model.write(&exchange, events).await {
            Written::Answer { text, cited } => {
                let mut citations: Vec<Cited> = sources.into_iter().filter(|source| cited.contains(&source.n)).collect();
                for citation in &mut citations {
                    citation.excerpt = shorten(&citation.excerpt);
                }
                Some((text, citations))
            }
            Written::Nothing { shown } => {
                if shown {
                    let _ = events.send(AnswerEvent::Restart).await;
                }
                None
            }
        }
    }
}

/// The beginning of a passage, to show as its excerpt.
fn shorten(text: &str) -> String {
    const MOST: usize = 300;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    let cut: String = text.chars().take(MOST).collect();
    format!("{}…", cut.rsplit_once(char::is_whitespace).map_or(cut.as_str(), |(whole, _)| whole))
}

async fn own(tx: &TenantTx, project: ProjectId, id: ConversationId) -> Result<ConversationId, Fault> {
    let found = conversation::find(tx, project, id).await?.ok_or(Fault::NotFound)?;
    // The dashboard continues its own trials, not what a visitor said.
    if found.channel == "dashboard" {
        Ok(id)
    } else {
        Err(Fault::NotFound)
    }
}

impl Serve<Ask> for ProjectActor {
    async fn serve(&self, ask: Ask) -> Result<Answered, Fault> {
        let project = self.id();
        let conversation = match ask.conversation {
            Some(id) => Some(self.db().read(async |tx| own(tx, project, id).await).await?),
            None => None,
        };
        let asker = Asker {
            channel: "dashboard",
            visitor: None,
            origin: None,
            conversation,
        };
        self.answer(&ask.question, asker, ask.events).await
    }
}

impl Serve<VisitorAsk> for ProjectActor {
    async fn serve(&self, ask: VisitorAsk) -> Result<Answered, Fault> {
        let (project, visitor) = (self.id(), ask.visitor);
        let latest = self
            .db()
            .read(async |tx| conversation::of_visitor(tx, project, visitor).await)
            .await?;
        let asker = Asker {
            channel: "widget",
            visitor: Some(visitor),
            origin: Some(ask.origin),
            conversation: latest.map(|latest| latest.id),
        };
        self.answer(&ask.question, asker, ask.events).await
    }
}

impl Serve<RankDocuments> for ProjectActor {
    async fn serve(&self, rank: RankDocuments) -> Result<Vec<(DocumentId, f32)>, Fault> {
        let (loaded, engine) = (self.index().await?, self.seed.engine.clone());
        let search = move || {
            let vector = engine.embed(&rank.question)?;
            let loaded = loaded.read().map_err(|_| Fault::Internal("index lock"))?;
            Ok::<Vec<(Uuid, f32)>, Fault>(loaded.index.search_documents(&rank.question, Some(&vector), rank.limit))
        };
        let ranked = self.seed.lane.question(search).await??;
        Ok(ranked.into_iter().map(|(document, score)| (document.into(), score)).collect())
    }
}
