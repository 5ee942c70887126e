//! Reports of vulnerabilities, as operators see and move them.

use actors::disclosure as d;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    date,
    disclosure::{ReportDue, ReportFile, ReportLine, due},
    time,
};

#[derive(Serialize, ToSchema)]
pub struct ReportCard {
    pub id: Uuid,
    pub reference: String,
    pub title: String,
    pub state: String,
    /// `form` or `mail`.
    pub via: String,
    pub received_at: DateTime<Utc>,
    pub acknowledged_at: Option<DateTime<Utc>>,
    pub confirmed_at: Option<DateTime<Utc>>,
    pub timeline_at: Option<DateTime<Utc>>,
    pub closed_at: Option<DateTime<Utc>>,
    pub fix_by: Option<NaiveDate>,
    pub same_as: Option<String>,
    pub due: Option<ReportDue>,
    /// Whether more than 48 hours passed until it was acknowledged, or since.
    pub acknowledged_late: bool,
    pub timeline_late: bool,
}

impl From<d::Card> for ReportCard {
    fn from(card: d::Card) -> Self {
        let standing = card.standing;
        Self {
            id: card.id,
            reference: card.reference,
            title: card.title,
            state: card.state,
            via: card.via,
            received_at: time(standing.received_at),
            acknowledged_at: standing.acknowledged_at.map(time),
            confirmed_at: standing.confirmed_at.map(time),
            timeline_at: standing.timeline_at.map(time),
            closed_at: standing.closed_at.map(time),
            fix_by: standing.fix_day.map(date),
            same_as: standing.same_as,
            due: due(card.due),
            acknowledged_late: standing.acknowledged_late,
            timeline_late: standing.timeline_late,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct ReportBoard {
    pub reports: Vec<ReportCard>,
}

#[derive(Serialize, ToSchema)]
pub struct ReportSheet {
    pub report: ReportCard,
    pub details: String,
    pub name: Option<String>,
    pub email: Option<String>,
    pub credit: Option<String>,
    pub lines: Vec<ReportLine>,
    pub files: Vec<ReportFile>,
    pub thanked: bool,
    /// States that it may go to.
    pub next: Vec<&'static str>,
}

impl From<d::Sheet> for ReportSheet {
    fn from(sheet: d::Sheet) -> Self {
        Self {
            report: sheet.card.into(),
            details: sheet.details,
            name: sheet.by.name,
            email: sheet.by.email,
            credit: sheet.by.credit,
            lines: sheet.lines.into_iter().map(Into::into).collect(),
            files: sheet.files.into_iter().map(Into::into).collect(),
            thanked: sheet.thanked,
            next: sheet.next.iter().map(|state| state.as_str()).collect(),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportMove {
    /// The state that it was seen in.
    pub from: String,
    pub to: String,
    /// What its reporter is told.
    pub text: Option<String>,
    /// Of a timeline: by when it is to be mended.
    pub fix_by: Option<NaiveDate>,
    /// Of a duplicate: the reference of the other.
    pub same_as: Option<String>,
}

impl From<ReportMove> for d::Move {
    fn from(body: ReportMove) -> Self {
        Self {
            from: body.from,
            to: body.to,
            text: body.text,
            fix_by: body.fix_by,
            same_as: body.same_as,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportNote {
    pub text: String,
    /// For operators alone.
    pub hidden: bool,
}

impl From<ReportNote> for d::Note {
    fn from(body: ReportNote) -> Self {
        Self {
            text: body.text,
            hidden: body.hidden,
        }
    }
}
