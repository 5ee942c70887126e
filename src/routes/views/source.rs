//! Knowledge sources.

use actors::{
    GrantId, ReceiptId, SourceId, SourceRunId,
    sources::{self, Choice, Choices, admin as a},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::time;

#[derive(Serialize, ToSchema)]
pub struct SourcesView {
    pub sources: Vec<KnowledgeSource>,
    pub kinds: Vec<SourceKindView>,
    /// The Slack teams that are connected.
    pub slack_teams: Vec<SourceTeamView>,
}

/// A kind of source, and whether this installation is set up for it.
#[derive(Serialize, ToSchema)]
pub struct SourceKindView {
    #[schema(example = "website")]
    pub kind: &'static str,
    pub configured: bool,
}

impl From<(sources::Kind, bool)> for SourceKindView {
    fn from((kind, configured): (sources::Kind, bool)) -> Self {
        Self {
            kind: kind.as_str(),
            configured,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct SourceTeamView {
    /// As Slack names it.
    #[schema(example = "T0123ABC")]
    pub id: String,
    pub name: String,
}

impl From<a::SourceList> for SourcesView {
    fn from(list: a::SourceList) -> Self {
        Self {
            sources: list.sources.into_iter().map(KnowledgeSource::from).collect(),
            kinds: list.kinds.into_iter().map(SourceKindView::from).collect(),
            slack_teams: list.teams.into_iter().map(|(id, name)| SourceTeamView { id, name }).collect(),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct KnowledgeSource {
    #[schema(value_type = Uuid)]
    pub id: SourceId,
    /// `website`, `github`, `notion`, `confluence` or `slack`.
    pub kind: &'static str,
    pub name: String,
    /// The access that it is read with.
    pub grant: Option<SourceGrantView>,
    /// The Slack team that it is read from, as Slack names it.
    pub team: Option<String>,
    /// What was chosen; it depends on the kind.
    #[schema(value_type = Object)]
    pub config: Value,
    pub every_hours: i32,
    /// `active`, `leaving`, or `reconnect` when its access is over.
    pub state: &'static str,
    pub sync: SyncView,
    pub counts: SourceCountsView,
    pub created_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
pub struct SourceGrantView {
    #[schema(value_type = Uuid)]
    pub id: GrantId,
    pub name: String,
    /// `active`, `broken`, `revoking` or `ended`.
    pub state: &'static str,
}

#[derive(Serialize, ToSchema)]
pub struct SourceCountsView {
    pub documents: i64,
    pub skipped: i64,
}

/// The sync that is under way, or the last one.
#[derive(Serialize, ToSchema)]
pub struct SyncView {
    /// `idle`, `listing`, `fetching` or `removing`.
    pub phase: &'static str,
    /// It is its turn and has not begun, or the provider asked to wait.
    pub waiting: bool,
    pub done: i32,
    pub total: i32,
    /// Seconds that are left, if it goes on as it went.
    pub eta_s: Option<i64>,
    pub started_at: Option<DateTime<Utc>>,
    /// When it last got on.
    pub beat_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    /// When the next one begins.
    pub due_at: Option<DateTime<Utc>>,
    /// Until when the provider asked to wait.
    pub wait_until: Option<DateTime<Utc>>,
    /// Why the last one failed.
    pub problem: Option<SourceProblemView>,
}

#[derive(Serialize, ToSchema)]
pub struct SourceProblemView {
    /// For programs.
    #[schema(example = "unavailable")]
    pub code: String,
    /// For people.
    pub detail: String,
}

impl From<a::Trouble> for SourceProblemView {
    fn from(trouble: a::Trouble) -> Self {
        Self {
            code: trouble.code,
            detail: trouble.detail,
        }
    }
}

impl From<a::SyncCard> for SyncView {
    fn from(sync: a::SyncCard) -> Self {
        Self {
            phase: sync.phase.as_str(),
            waiting: sync.waiting,
            done: sync.done,
            total: sync.total,
            eta_s: sync.eta_s,
            started_at: sync.started_at.map(time),
            beat_at: sync.beat_at.map(time),
            finished_at: sync.finished_at.map(time),
            due_at: sync.due_at.map(time),
            wait_until: sync.wait_until.map(time),
            problem: sync.problem.map(SourceProblemView::from),
        }
    }
}

impl From<a::SourceCard> for KnowledgeSource {
    fn from(card: a::SourceCard) -> Self {
        Self {
            id: card.id,
            kind: card.kind.as_str(),
            name: card.name,
            grant: card.grant.map(|grant| SourceGrantView {
                id: grant.id,
                name: grant.name,
                state: grant.state,
            }),
            team: card.team,
            config: card.config,
            every_hours: card.every_hours,
            state: card.state,
            sync: card.sync.into(),
            counts: SourceCountsView {
                documents: card.documents,
                skipped: card.skipped,
            },
            created_at: time(card.created_at),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct SourcePageView {
    pub source: KnowledgeSource,
    /// Syncs that ended, the latest first.
    pub runs: Vec<SourceRunView>,
    /// What is not taken, and why: the first of it.
    pub skipped: Vec<SkippedView>,
    pub skipped_total: i64,
}

#[derive(Serialize, ToSchema)]
pub struct SourceRunView {
    #[schema(value_type = Uuid)]
    pub id: SourceRunId,
    pub started_at: DateTime<Utc>,
    pub finished_at: DateTime<Utc>,
    /// `done` or `failed`.
    pub outcome: &'static str,
    pub added: i32,
    pub changed: i32,
    pub removed: i32,
    pub skipped: i32,
    pub unchanged: i32,
    pub problem: Option<SourceProblemView>,
}

#[derive(Serialize, ToSchema)]
pub struct SkippedView {
    /// The provider's own name of it: an address, a path.
    pub id: String,
    pub title: Option<String>,
    pub url: Option<String>,
    #[schema(example = "robots")]
    pub code: String,
    pub detail: String,
}

impl From<a::RunCard> for SourceRunView {
    fn from(run: a::RunCard) -> Self {
        Self {
            id: run.id,
            started_at: time(run.started_at),
            finished_at: time(run.finished_at),
            outcome: if run.problem.is_some() { "failed" } else { "done" },
            added: run.added,
            changed: run.changed,
            removed: run.removed,
            skipped: run.skipped,
            unchanged: run.unchanged,
            problem: run.problem.map(SourceProblemView::from),
        }
    }
}

impl From<a::SourcePage> for SourcePageView {
    fn from(page: a::SourcePage) -> Self {
        let skipped = page.skipped.into_iter().map(|item| SkippedView {
            id: item.id,
            title: item.title,
            url: item.url,
            code: item.why.code,
            detail: item.why.detail,
        });
        Self {
            skipped: skipped.collect(),
            skipped_total: page.source.skipped,
            runs: page.runs.into_iter().map(SourceRunView::from).collect(),
            source: page.source.into(),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSource {
    #[schema(example = "website")]
    pub kind: String,
    pub name: Option<String>,
    /// The access to read with, where the kind needs one.
    #[schema(value_type = Option<Uuid>)]
    pub grant: Option<GrantId>,
    /// The Slack team to read from, as Slack names it.
    pub team: Option<String>,
    #[schema(value_type = Object)]
    pub config: Value,
    /// Hours from one sync to the next.
    pub every_hours: Option<i32>,
}

/// What is not named stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourcePatch {
    pub name: Option<String>,
    #[schema(value_type = Option<Object>)]
    pub config: Option<Value>,
    pub every_hours: Option<i32>,
}

/// What becomes of the documents.
#[derive(Clone, Copy, Deserialize, ToSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum DocumentsFate {
    Keep,
    Delete,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Leaving {
    pub documents: DocumentsFate,
}

#[derive(Serialize, ToSchema)]
pub struct SourceChoices {
    pub choices: Vec<SourceChoiceView>,
    /// Asks for more, as `after`; there may be some though this found none.
    pub next: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct SourceChoiceView {
    pub id: String,
    pub name: String,
    /// `repository`, `branch`, `space`, `page`, `database` or `channel`.
    pub kind: &'static str,
    pub url: Option<String>,
}

impl From<Choices> for SourceChoices {
    fn from(found: Choices) -> Self {
        let choice = |choice: Choice| SourceChoiceView {
            id: choice.id,
            name: choice.name,
            kind: choice.kind,
            url: choice.url,
        };
        Self {
            choices: found.choices.into_iter().map(choice).collect(),
            next: found.next,
        }
    }
}

/// What became of something that was disconnected, or that its provider told is there no longer.
#[derive(Serialize, ToSchema)]
pub struct ReceiptView {
    #[schema(value_type = Uuid)]
    pub id: ReceiptId,
    pub kind: String,
    pub name: String,
    /// `disconnected`, or `told` when documents went because their provider told that they are there no longer.
    #[schema(example = "disconnected")]
    pub cause: &'static str,
    pub asked_at: DateTime<Utc>,
    /// When nothing was left to do.
    pub done_at: Option<DateTime<Utc>>,
    /// What became of the access: `none` when there was none to end, `pending`, `revoked`, `gone` when it was over already, or `unconfirmed`
    /// when the provider cannot be asked for it.
    pub grant: &'static str,
    /// Where its users finish that themselves.
    pub finish_at: Option<String>,
    /// `keep` or `delete`.
    pub documents: &'static str,
    pub documents_done: i32,
    pub documents_left: i32,
    pub last_error: Option<String>,
}

impl From<sources::Receipt> for ReceiptView {
    fn from(receipt: sources::Receipt) -> Self {
        Self {
            id: receipt.id,
            kind: receipt.kind,
            name: receipt.name,
            cause: receipt.cause.as_str(),
            asked_at: time(receipt.asked_at),
            done_at: receipt.done_at.map(time),
            grant: receipt.outcome.as_str(),
            finish_at: receipt.finish_at,
            documents: if receipt.deletes { "delete" } else { "keep" },
            documents_done: receipt.documents_done,
            documents_left: receipt.documents_left,
            last_error: receipt.last_error,
        }
    }
}
