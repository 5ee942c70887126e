//! Answers that the team writes, and what a language model takes.

use actors::project::{
    curated::{Content, CuratedAnswer, CuratedLink, CuratedRevision},
    model_use::ModelReport,
};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{date, time};

#[derive(Serialize, ToSchema)]
pub struct CuratedAnswers {
    pub answers: Vec<CuratedView>,
}

impl From<Vec<CuratedAnswer>> for CuratedAnswers {
    fn from(answers: Vec<CuratedAnswer>) -> Self {
        Self {
            answers: answers.into_iter().map(CuratedView::from).collect(),
        }
    }
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CuratedLinkView {
    /// Up to 120 characters; the host when it is empty.
    pub title: String,
    /// `http` or `https`.
    pub url: String,
}

impl From<CuratedLink> for CuratedLinkView {
    fn from(link: CuratedLink) -> Self {
        Self {
            title: link.title,
            url: link.url,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct CuratedView {
    pub id: Uuid,
    /// Wordings of the question.
    pub questions: Vec<String>,
    /// As the texts of answers are.
    pub text: String,
    /// Pages to read on, which the text may name as `[1]`.
    pub links: Vec<CuratedLinkView>,
    /// Whether it is given to those who ask.
    pub enabled: bool,
    pub revision: i32,
    /// How often it was given, and when last.
    pub used: i64,
    pub used_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl From<CuratedAnswer> for CuratedView {
    fn from(answer: CuratedAnswer) -> Self {
        let Content { questions, text, links } = answer.content;
        Self {
            id: answer.id.uuid(),
            questions,
            text,
            links: links.into_iter().map(CuratedLinkView::from).collect(),
            enabled: answer.enabled,
            revision: answer.revision,
            used: answer.used,
            used_at: answer.used_at.map(time),
            created_at: time(answer.created_at),
            updated_at: time(answer.updated_at),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct CuratedPage {
    #[serde(flatten)]
    pub answer: CuratedView,
    /// The latest first, the present one among them.
    pub revisions: Vec<CuratedRevisionView>,
}

#[derive(Serialize, ToSchema)]
pub struct CuratedRevisionView {
    pub revision: i32,
    pub questions: Vec<String>,
    pub text: String,
    pub links: Vec<CuratedLinkView>,
    /// `null` for who is no member any more.
    pub author: Option<String>,
    /// The earlier revision that it says again.
    pub restored_from: Option<i32>,
    pub created_at: DateTime<Utc>,
}

impl From<CuratedRevision> for CuratedRevisionView {
    fn from(revision: CuratedRevision) -> Self {
        let Content { questions, text, links } = revision.content;
        Self {
            revision: revision.revision,
            questions,
            text,
            links: links.into_iter().map(CuratedLinkView::from).collect(),
            author: revision.author,
            restored_from: revision.restored_from,
            created_at: time(revision.created_at),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CuratedBody {
    /// 1 to 20 wordings of the question, each up to 300 characters.
    pub questions: Vec<String>,
    /// Up to 4000 characters, as the texts of answers are; any other markup is left out.
    pub text: String,
    /// Up to 10.
    pub links: Option<Vec<CuratedLinkView>>,
    /// `true` by default.
    pub enabled: Option<bool>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CuratedDraft {
    pub text: String,
    /// How many links stand below it.
    pub links: Option<u32>,
}

#[derive(Serialize, ToSchema)]
pub struct CuratedPreview {
    /// As it would be stored.
    pub text: String,
}

/// Each field is left as it is when it is absent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CuratedPatch {
    pub questions: Option<Vec<String>>,
    pub text: Option<String>,
    pub links: Option<Vec<CuratedLinkView>>,
    pub enabled: Option<bool>,
    /// The revision that is changed: refused with `edited_meanwhile` when there is a later one.
    pub revision: Option<i32>,
}

#[derive(Serialize, ToSchema)]
pub struct ModelUseView {
    /// The language model that writes answers; `null` when none does.
    pub model: Option<String>,
    /// That the costs are in; `null` when the operator named no prices.
    pub currency: Option<String>,
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub totals: ModelTotalsView,
    /// Days without any are left out.
    pub days: Vec<ModelDayView>,
}

#[derive(Serialize, ToSchema)]
pub struct ModelTotalsView {
    /// How often the model was asked.
    pub answers: i64,
    /// Of those, how many the endpoint gave no count of tokens for: they were counted here.
    pub guessed: i64,
    pub tokens_in: i64,
    pub tokens_out: i64,
    /// In millionths of the currency.
    pub cost_micros: i64,
}

#[derive(Serialize, ToSchema)]
pub struct ModelDayView {
    pub date: NaiveDate,
    #[serde(flatten)]
    pub figures: ModelTotalsView,
}

impl From<ModelReport> for ModelUseView {
    fn from(report: ModelReport) -> Self {
        let figures = |spent: actors::project::model_use::Spent| ModelTotalsView {
            answers: spent.answers,
            guessed: spent.guessed,
            tokens_in: spent.tokens_in,
            tokens_out: spent.tokens_out,
            cost_micros: spent.cost_micros,
        };
        let days = report.days.iter().map(|spent| ModelDayView {
            date: date(spent.day),
            figures: figures(*spent),
        });
        Self {
            from: date(report.from),
            to: date(report.to),
            days: days.collect(),
            totals: figures(report.total),
            model: report.model,
            currency: report.currency,
        }
    }
}
