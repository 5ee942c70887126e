//! A question on its way to an answer.

use entities::{ChunkId, ConversationId, CuratedId, DocumentId, MessageId, Millis, ProjectId, TenantTx, VisitorId, conversation};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tracing::{Instrument, debug_span};

use super::{
    ProjectActor,
    curated::CuratedLink,
    visitors::{Guest, Person},
};
use crate::{
    billing::has_answers_left,
    contain::Serve,
    fault::{Fault, Invalid},
    knowledge::answer::{Citation, Outcome},
    request,
};

pub mod measure;
mod model;
mod search;
pub(super) mod store;

/// A source of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cited {
    pub n: u32,
    /// `None` of a page that the team named.
    pub document: Option<DocumentId>,
    pub chunk: Option<ChunkId>,
    pub title: String,
    pub section: Vec<String>,
    pub excerpt: String,
    pub link: Option<String>,
}

impl From<Citation> for Cited {
    fn from(citation: Citation) -> Self {
        Self {
            n: citation.n,
            document: Some(citation.document.into()),
            chunk: Some(citation.chunk.into()),
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
    /// [`EXTRACT`], [`MODEL`] or [`CURATED`]; [`LIMIT`] for what is said in an answer's place.
    pub written_by: &'static str,
    /// The team's own answer that this is.
    pub curated: Option<CuratedId>,
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
    pub guest: Guest,
    pub origin: String,
    /// The page that they are on.
    pub page: Option<String>,
    /// Begins another conversation instead.
    pub new_conversation: bool,
    pub events: mpsc::Sender<AnswerEvent>,
}

request! {
    Ask => Answered, needs Member, patience = 120;
    VisitorAsk => Answered, needs Visitor, patience = 120;
}

/// Who wrote an answer: it is sentences of documents.
pub const EXTRACT: &str = "extract";
/// The operator's language model.
pub const MODEL: &str = "model";
/// The team.
pub const CURATED: &str = "curated";
/// Who wrote what is said in an answer's place, when the plan has room for no more this month.
pub const LIMIT: &str = "limit";
/// What visitors are told then: why is the team's business.
const NOT_NOW: &str = "Sorry, I can't answer questions at the moment. Please try again later, or ask the team directly.";
const MOST_CHARACTERS: usize = 2000;
/// Earlier turns that a question may lean on, and a language model sees.
const MEMORY: u64 = 6;

pub(super) struct Asker {
    pub channel: &'static str,
    pub visitor: Option<VisitorId>,
    pub origin: Option<String>,
    /// Who the visitor is, if their website said so.
    pub person: Option<Person>,
    /// When a visitor of the widget was let in.
    pub issued_at: Option<Millis>,
    /// The page that they are on.
    pub page: Option<String>,
    /// That it continues.
    pub conversation: Option<ConversationId>,
    /// The id of the one that it begins, where that is not for us to choose.
    pub begins: Option<ConversationId>,
    /// The ids of the question and its answer, where those are not for us to choose.
    pub turns: Option<(MessageId, MessageId)>,
}

impl Asker {
    /// Whether it is one of the team, who may know how the plan stands.
    fn is_member(&self) -> bool {
        self.channel == "dashboard"
    }
}

/// Who wrote an answer, by what is stored of it.
pub(super) fn writer(stored: Option<&str>) -> &'static str {
    match stored {
        Some(MODEL) => MODEL,
        Some(CURATED) => CURATED,
        Some(LIMIT) => LIMIT,
        _ => EXTRACT,
    }
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
    /// Whether the plan has room for another answer. Who tries a question out in the dashboard is told why not.
    async fn has_room(&self, asker: &Asker) -> Result<bool, Fault> {
        let Some(billing) = self.seed.engine.billing.as_deref() else {
            return Ok(true);
        };
        let now = self.now();
        match self.db().read(async |tx| has_answers_left(billing, tx, now).await).await {
            Err(Fault::PlanLimit { .. }) if !asker.is_member() => Ok(false),
            left => left.map(|()| true),
        }
    }

    pub(super) async fn answer(&self, question: &str, asker: Asker, events: mpsc::Sender<AnswerEvent>) -> Result<Answered, Fault> {
        // Before anything is stored, looked for, or sent to anyone.
        let question = self.masked(&parse_question(question)?).await?;
        let began = self.now();
        // Before anything is looked for: that takes the processor, and would be for nothing.
        let has_room = self.has_room(&asker).await?;
        // What the team wrote itself is given as it is, and nothing is looked for.
        let curated = match has_room {
            true => self.curated_for(&question).instrument(debug_span!("curated")).await?,
            false => None,
        };
        let looks = has_room && curated.is_none();
        // What it may lean on, and a language model is told.
        let earlier = match asker.conversation.filter(|_| looks) {
            Some(known) => self.last_turns(known, MEMORY).instrument(debug_span!("earlier")).await?,
            None => Vec::new(),
        };
        let found = match looks {
            true => Some(self.search(&question, &earlier).await?),
            false => None,
        };
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
        let message = asker.turns.map_or_else(MessageId::new, |(_, answer)| answer);
        let not_now = || Answered {
            conversation,
            message,
            answered: false,
            text: NOT_NOW.into(),
            citations: Vec::new(),
            closest: Vec::new(),
            written_by: LIMIT,
            curated: None,
        };
        let whole = async |text: &str| events.send(AnswerEvent::Delta(text.to_owned())).await;
        let mut usage = None;
        let answered = match (curated, found) {
            (Some((id, content)), _) => {
                let _ = whole(&content.text).await;
                Answered {
                    answered: true,
                    citations: pages(&content.links),
                    text: content.text,
                    written_by: CURATED,
                    curated: Some(id),
                    ..not_now()
                }
            }
            (None, None) => {
                let _ = whole(NOT_NOW).await;
                not_now()
            }
            (None, Some((extracted, hits))) => {
                let attempt = self.write(&question, &earlier, &extracted, &hits, &events).await;
                usage = attempt.usage;
                match attempt.answer {
                    Some((text, citations)) => Answered {
                        answered: true,
                        text,
                        citations,
                        written_by: MODEL,
                        ..not_now()
                    },
                    None => {
                        let _ = whole(&extracted.text).await;
                        Answered {
                            answered: extracted.outcome == Outcome::Answered,
                            text: extracted.text,
                            citations: extracted.citations.into_iter().map(Cited::from).collect(),
                            closest: extracted.closest.into_iter().map(Cited::from).collect(),
                            written_by: EXTRACT,
                            ..not_now()
                        }
                    }
                }
            }
        };
        let stored = self
            .store_answer(&question, &asker, answered, (self.now() - began, usage))
            .instrument(debug_span!("store_answer"))
            .await;
        match stored {
            // Another took the last one while this was being written.
            Err(Fault::PlanLimit { .. }) if !asker.is_member() => {
                let _ = events.send(AnswerEvent::Restart).await;
                let _ = events.send(AnswerEvent::Delta(NOT_NOW.into())).await;
                self.store_answer(&question, &asker, not_now(), (self.now() - began, usage)).await
            }
            stored => stored,
        }
    }
}

/// The pages that the team named, as sources.
fn pages(links: &[CuratedLink]) -> Vec<Cited> {
    let pages = links.iter().zip(1..).map(|(link, n)| Cited {
        n,
        document: None,
        chunk: None,
        title: link.title.clone(),
        section: Vec::new(),
        excerpt: String::new(),
        link: Some(link.url.clone()),
    });
    pages.collect()
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
            person: None,
            issued_at: None,
            page: None,
            conversation,
            begins: None,
            turns: None,
        };
        self.answer(&ask.question, asker, ask.events).await
    }
}

impl Serve<VisitorAsk> for ProjectActor {
    async fn serve(&self, ask: VisitorAsk) -> Result<Answered, Fault> {
        let visitor = ask.guest.visitor;
        let page = self.kept_page(ask.page, &ask.origin).await?;
        let latest = match ask.new_conversation {
            true => None,
            false => self.goes_on_with(visitor).await?,
        };
        let asker = Asker {
            channel: "widget",
            visitor: Some(visitor),
            origin: Some(ask.origin),
            person: ask.guest.person,
            issued_at: Some(ask.guest.issued_at),
            page,
            conversation: latest.map(|latest| latest.id),
            begins: None,
            turns: None,
        };
        self.answer(&ask.question, asker, ask.events).await
    }
}
