//! Questions, answers and their sources.

use actors::{
    ChunkId, ConversationId, CuratedId, DocumentId,
    project::questions::{Answered, CURATED, Cited, EXTRACT, LIMIT, MODEL},
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
    /// The address of the page that the widget stands on. What stands behind `?` or `#` is not kept.
    pub page: Option<String>,
    /// Begins another conversation, instead of going on with the latest.
    #[serde(default)]
    pub new_conversation: bool,
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
    /// Paragraphs, `- ` or `1. ` items, fences of three backticks; in a line `code`, `**strong**`, `*emphasis*`, sources as `[1]`, and
    /// `[label](address)`. Never HTML or images. These marks stand behind a backslash where they are none.
    pub text: String,
    pub citations: Vec<CitationView>,
    /// The nearest pages when there is no answer.
    pub closest: Vec<CitationView>,
    /// `extract`, `model` or `curated` (by the team); to members `limit`, when the plan had room for no more answers.
    pub written_by: &'static str,
    /// The team's own answer that this is. Not told to visitors.
    pub curated: Option<Uuid>,
}

#[derive(Serialize, ToSchema)]
pub struct CitationView {
    pub n: u32,
    /// Not told to visitors; `null` of a page that the team named.
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
        document: cited.document.filter(|_| member).map(DocumentId::uuid),
        section_id: cited.chunk.filter(|_| member).map(ChunkId::uuid),
        title: cited.title,
        section: cited.section,
        excerpt: cited.excerpt,
        link: cited.link,
    }
}

/// How the team stands with its plan is not told to visitors.
pub(super) fn told(written_by: &str, reader: Reader) -> &'static str {
    match (written_by, reader) {
        (MODEL, _) => MODEL,
        (CURATED, _) => CURATED,
        (LIMIT, Reader::Member) => LIMIT,
        _ => EXTRACT,
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
            written_by: told(answered.written_by, reader),
            curated: answered.curated.filter(|_| reader == Reader::Member).map(CuratedId::uuid),
        }
    }
}
