//! Figures.

use actors::project::analytics::{Report, Totals};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{date, time};

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
