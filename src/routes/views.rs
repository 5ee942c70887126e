//! What goes in and out, as JSON. Shapes of the API; none of them is a row.

use actors::{
    ChunkId, ConversationId, DocumentId, Millis, ProjectId, Role,
    project::{
        analytics::{Report, Totals},
        conversations::{ConversationCard, Turn},
        documents as d,
        questions::{Answered, Cited},
        visitors::Visit,
        widget::WidgetSetup,
    },
    tenant::ProjectCard,
};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::error::Rejected;

/// UTC, RFC 3339.
pub(super) fn time(at: Millis) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at).unwrap_or_default()
}

fn date(day: i32) -> NaiveDate {
    time(Millis::from(day) * 86_400_000).date_naive()
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignUp {
    pub email: String,
    #[schema(value_type = String, format = Password)]
    pub password: actors::identity::Password,
    /// The name of the new workspace.
    pub workspace: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    pub email: String,
    #[schema(value_type = String, format = Password)]
    pub password: actors::identity::Password,
}

#[derive(Serialize, ToSchema)]
pub struct SessionView {
    pub user: UserView,
    pub workspace: WorkspaceView,
    #[schema(value_type = String, example = "owner")]
    pub role: Role,
    /// For the `X-CSRF-Token` header of every change.
    pub csrf_token: String,
}

#[derive(Serialize, ToSchema)]
pub struct UserView {
    pub id: Uuid,
    pub email: String,
}

#[derive(Serialize, ToSchema)]
pub struct WorkspaceView {
    pub id: Uuid,
    pub name: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NameBody {
    pub name: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// The exact name of what is to go.
    pub confirm: String,
}

#[derive(Serialize, ToSchema)]
pub struct Projects {
    pub projects: Vec<ProjectView>,
}

#[derive(Serialize, ToSchema)]
pub struct ProjectView {
    #[schema(value_type = Uuid)]
    pub id: ProjectId,
    pub name: String,
    pub created_at: DateTime<Utc>,
    pub documents: i64,
    pub documents_ready: i64,
    pub documents_failed: i64,
    pub questions_7d: i64,
}

impl From<ProjectCard> for ProjectView {
    fn from(card: ProjectCard) -> Self {
        Self {
            id: card.id,
            name: card.name,
            created_at: time(card.created_at),
            documents: card.documents,
            documents_ready: card.documents_ready,
            documents_failed: card.documents_failed,
            questions_7d: card.questions_7d,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct DocumentView {
    #[schema(value_type = Uuid)]
    pub id: DocumentId,
    pub name: String,
    pub media_type: String,
    /// Bytes.
    pub size: i64,
    /// `queued`, `embedding`, `ready` or `failed`. While `embedding`, it is found by its words already.
    pub status: String,
    pub progress: ProgressView,
    pub failure: Option<FailureView>,
    pub pages: Option<i32>,
    pub chunks: i32,
    pub source_url: Option<String>,
    /// Counts the times the contents were replaced, from 1.
    pub revision: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Chunks embedded, of all.
#[derive(Serialize, ToSchema)]
pub struct ProgressView {
    pub done: i32,
    pub total: i32,
}

#[derive(Serialize, ToSchema)]
pub struct FailureView {
    pub code: String,
    pub detail: String,
}

impl From<d::DocumentView> for DocumentView {
    fn from(document: d::DocumentView) -> Self {
        Self {
            id: document.id,
            name: document.name,
            media_type: document.media_type,
            size: document.size,
            status: document.status,
            progress: ProgressView {
                done: document.progress.done,
                total: document.progress.total,
            },
            failure: document.failure.map(|failure| FailureView {
                code: failure.code,
                detail: failure.detail,
            }),
            pages: document.pages,
            chunks: document.chunks,
            source_url: document.source_url,
            revision: document.revision,
            created_at: time(document.created_at),
            updated_at: time(document.updated_at),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct Documents {
    pub documents: Vec<DocumentView>,
    pub limits: LimitsView,
    pub used_bytes: i64,
}

#[derive(Serialize, ToSchema)]
pub struct LimitsView {
    pub file_bytes: u64,
    pub documents: i64,
    pub pages: u32,
    pub total_bytes: i64,
}

impl From<d::DocumentList> for Documents {
    fn from(list: d::DocumentList) -> Self {
        Self {
            limits: LimitsView {
                file_bytes: list.most_file_bytes,
                documents: list.most_documents,
                pages: list.most_pages,
                total_bytes: list.most_total_bytes,
            },
            used_bytes: list.used_bytes,
            documents: list.documents.into_iter().map(DocumentView::from).collect(),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct Uploaded {
    pub documents: Vec<DocumentView>,
    pub rejected: Vec<Rejected>,
}

#[derive(Serialize, ToSchema)]
pub struct DocumentPage {
    #[serde(flatten)]
    pub document: DocumentView,
    pub sections: Vec<SectionView>,
}

#[derive(Serialize, ToSchema)]
pub struct SectionView {
    #[schema(value_type = Uuid)]
    pub id: ChunkId,
    pub heading: Vec<String>,
    pub text: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentChange {
    pub name: Option<String>,
    /// An empty one clears it.
    pub source_url: Option<String>,
}

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

fn citations(cited: Vec<Cited>, reader: Reader) -> Vec<CitationView> {
    cited.into_iter().map(|cited| citation(cited, reader)).collect()
}

impl AnswerView {
    pub(super) fn of(answered: Answered, reader: Reader) -> Self {
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

#[derive(Serialize, ToSchema)]
pub struct Conversations {
    pub conversations: Vec<ConversationView>,
    /// For `before` of the next page.
    pub next: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct ConversationView {
    pub id: Uuid,
    /// `widget` or `dashboard`.
    pub channel: String,
    pub started_at: DateTime<Utc>,
    pub last_at: DateTime<Utc>,
    /// The first question.
    pub title: String,
    pub questions: i32,
    pub unanswered: i32,
    pub helpful: i32,
    pub unhelpful: i32,
    pub origin: Option<String>,
}

impl From<ConversationCard> for ConversationView {
    fn from(card: ConversationCard) -> Self {
        Self {
            id: card.id.uuid(),
            channel: card.channel,
            started_at: time(card.started_at),
            last_at: time(card.last_at),
            title: card.title,
            questions: card.questions,
            unanswered: card.unanswered,
            helpful: card.helpful,
            unhelpful: card.unhelpful,
            origin: card.origin,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct ConversationPage {
    #[serde(flatten)]
    pub conversation: ConversationView,
    pub turns: Vec<TurnView>,
}

#[derive(Serialize, ToSchema)]
pub struct Turns {
    pub turns: Vec<TurnView>,
}

#[derive(Serialize, ToSchema)]
pub struct TurnView {
    pub id: Uuid,
    /// `visitor` or `assistant`.
    pub role: String,
    pub text: String,
    pub created_at: DateTime<Utc>,
    pub outcome: Option<String>,
    pub written_by: Option<String>,
    pub helpful: Option<bool>,
    pub citations: Vec<CitationView>,
    pub closest: Vec<CitationView>,
}

pub(super) fn turns(turns: Vec<Turn>, reader: Reader) -> Vec<TurnView> {
    let view = |turn: Turn| TurnView {
        id: turn.id.uuid(),
        role: turn.role,
        text: turn.text,
        created_at: time(turn.created_at),
        outcome: turn.outcome,
        written_by: turn.written_by,
        helpful: turn.helpful,
        citations: citations(turn.citations, reader),
        closest: citations(turn.closest, reader),
    };
    turns.into_iter().map(view).collect()
}

#[derive(Serialize, ToSchema)]
pub struct AnalyticsView {
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub days: Vec<DayView>,
    pub totals: TotalsView,
    /// Of as many days before.
    pub previous: TotalsView,
    pub unanswered: Vec<UnansweredView>,
    pub sources: Vec<SourceView>,
}

#[derive(Serialize, ToSchema)]
pub struct DayView {
    pub date: NaiveDate,
    pub questions: i64,
    pub answered: i64,
    pub unanswered: i64,
    pub helpful: i64,
    pub unhelpful: i64,
    pub visitors: i64,
}

#[derive(Serialize, ToSchema)]
pub struct TotalsView {
    pub questions: i64,
    pub answered: i64,
    pub unanswered: i64,
    pub helpful: i64,
    pub unhelpful: i64,
    pub visitors: i64,
    pub conversations: i64,
}

#[derive(Serialize, ToSchema)]
pub struct UnansweredView {
    pub question: String,
    pub conversation: Uuid,
    pub asked_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
pub struct SourceView {
    pub document: Uuid,
    pub name: String,
    pub citations: i64,
}

fn totals(totals: Totals) -> TotalsView {
    let Totals { figures, conversations } = totals;
    TotalsView {
        questions: figures.questions,
        answered: figures.answered,
        unanswered: figures.unanswered,
        helpful: figures.helpful,
        unhelpful: figures.unhelpful,
        visitors: figures.visitors,
        conversations,
    }
}

impl From<Report> for AnalyticsView {
    fn from(report: Report) -> Self {
        let days = report.days.into_iter().map(|day| DayView {
            date: date(day.day),
            questions: day.questions,
            answered: day.answered,
            unanswered: day.unanswered,
            helpful: day.helpful,
            unhelpful: day.unhelpful,
            visitors: day.visitors,
        });
        let unanswered = report.unanswered.into_iter().map(|one| UnansweredView {
            question: one.question,
            conversation: one.conversation.uuid(),
            asked_at: time(one.asked_at),
        });
        let sources = report.sources.into_iter().map(|source| SourceView {
            document: source.document.uuid(),
            name: source.name,
            citations: source.citations,
        });
        Self {
            from: date(report.from),
            to: date(report.to),
            days: days.collect(),
            totals: totals(report.totals),
            previous: totals(report.previous),
            unanswered: unanswered.collect(),
            sources: sources.collect(),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct WidgetView {
    pub public_key: String,
    pub key_created_at: DateTime<Utc>,
    pub allowed_origins: Vec<String>,
    pub title: String,
    pub greeting: String,
    pub color: String,
    pub position: String,
    pub suggestions: Vec<String>,
    /// The line to put on a page.
    pub snippet: String,
}

impl WidgetView {
    pub(super) fn of(setup: WidgetSetup, origin: &str) -> Self {
        let key = &setup.public_key;
        Self {
            snippet: format!("<script src=\"{origin}/widget.js\" data-key=\"{key}\" async></script>"),
            key_created_at: time(setup.key_created_at),
            allowed_origins: setup.allowed_origins,
            title: setup.look.title,
            greeting: setup.look.greeting,
            color: setup.look.color,
            position: setup.look.position,
            suggestions: setup.look.suggestions,
            public_key: setup.public_key,
        }
    }
}

/// Each field is left as it is when it is absent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WidgetChange {
    /// `https://www.example.com`, or `https://*.example.com` for every subdomain. An empty list allows nobody.
    pub allowed_origins: Option<Vec<String>>,
    pub title: Option<String>,
    pub greeting: Option<String>,
    pub color: Option<String>,
    pub position: Option<String>,
    pub suggestions: Option<Vec<String>>,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VisitBody {
    /// Of an earlier visit, to go on as the same visitor.
    pub token: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct VisitView {
    pub token: String,
    pub expires_at: DateTime<Utc>,
    pub title: String,
    pub greeting: String,
    pub color: String,
    pub position: String,
    pub suggestions: Vec<String>,
    pub conversation: Option<Uuid>,
}

impl From<Visit> for VisitView {
    fn from(visit: Visit) -> Self {
        Self {
            token: visit.token,
            expires_at: time(visit.expires_at),
            title: visit.look.title,
            greeting: visit.look.greeting,
            color: visit.look.color,
            position: visit.look.position,
            suggestions: visit.look.suggestions,
            conversation: visit.conversation.map(ConversationId::uuid),
        }
    }
}
