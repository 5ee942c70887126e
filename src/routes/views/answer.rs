//! Questions, answers and their sources.

use actors::{
    ConversationId,
    project::questions::{Answered, Cited},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// 1 to 2000 characters.
    pub question: String,
    /// To go on with an earlier one.
    #[schema(value_type = Option<Uuid>)]
    pub conversation: Option<ConversationId>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VisitorQuestion {
    /// 1 to 2000 characters.
    pub question: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Helpful {
    /// `null` takes it back.
    pub helpful: Option<bool>,
}

#[derive(Serialize, ToSchema)]
pub struct AnswerView {
    pub conversation: Uuid,
    pub message: Uuid,
    /// `answered` or `unanswered`.
    pub outcome: &'static str,
    /// Plain text: paragraphs, `- ` or `1. ` items, code in backticks, sources as `[1]`.
    pub text: String,
    pub citations: Vec<CitationView>,
    /// The nearest pages when there is no answer.
    pub closest: Vec<CitationView>,
    /// `extract` or `model`.
    pub written_by: &'static str,
}

#[derive(Serialize, ToSchema)]
pub struct CitationView {
    pub n: u32,
    /// Not told to visitors.
    pub document: Option<Uuid>,
    /// The section of the document's page. Not told to visitors.
    pub section_id: Option<Uuid>,
    pub title: String,
    pub section: Vec<String>,
    pub excerpt: String,
    pub link: Option<String>,
}

/// For whom something is presented.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    Member,
    Visitor,
}

fn citation(cited: Cited, reader: Reader) -> CitationView {
    let member = reader == Reader::Member;
    CitationView {
        n: cited.n,
        document: member.then(|| cited.document.uuid()),
        section_id: member.then(|| cited.chunk.uuid()),
        title: cited.title,
        section: cited.section,
        excerpt: cited.excerpt,
        link: cited.link,
    }
}

pub(super) fn citations(cited: Vec<Cited>, reader: Reader) -> Vec<CitationView> {
    cited.into_iter().map(|cited| citation(cited, reader)).collect()
}

impl AnswerView {
    pub(in crate::routes) fn of(answered: Answered, reader: Reader) -> Self {
        Self {
            conversation: answered.conversation.uuid(),
            message: answered.message.uuid(),
            outcome: if answered.answered { "answered" } else { "unanswered" },
            text: answered.text,
            citations: citations(answered.citations, reader),
            closest: citations(answered.closest, reader),
            written_by: answered.written_by,
        }
    }
}
