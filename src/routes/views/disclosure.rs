//! Reports of vulnerabilities, as their reporters and as operators see them.

use actors::{
    Millis,
    disclosure::{self as d, ReportToken, deadlines::Promise, pages},
};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{date, time};

#[derive(Serialize, ToSchema)]
pub struct ReportProgram {
    /// An e-mail address.
    pub contact: Option<String>,
    /// An OpenPGP public key.
    pub key: Option<String>,
    /// The address of a policy elsewhere.
    pub policy: Option<String>,
    pub acknowledge_hours: i64,
    pub timeline_business_days: i64,
    /// Of a file.
    pub file_mib: u64,
    /// Of a report.
    pub files: usize,
    /// Endings of files that are taken.
    pub kinds: Vec<&'static str>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReport {
    pub title: String,
    /// What was done, what happened, and what it lets somebody do.
    pub details: String,
    /// Without a name and an address, it is anonymous.
    pub name: Option<String>,
    pub email: Option<String>,
    /// The name to be thanked by in public; without, nobody is named.
    pub credit: Option<String>,
}

impl From<NewReport> for d::NewReport {
    fn from(body: NewReport) -> Self {
        Self {
            title: body.title,
            details: body.details,
            name: body.name,
            email: body.email,
            credit: body.credit,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct ReportReceipt {
    pub reference: String,
    /// Opens the report to its reporter. Shown this once.
    pub token: String,
    pub acknowledge_by: DateTime<Utc>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportLink {
    #[schema(value_type = String)]
    pub token: ReportToken,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportMessage {
    #[schema(value_type = String)]
    pub token: ReportToken,
    pub text: String,
}

#[derive(Serialize, ToSchema)]
pub struct ReportFile {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub name: String,
    pub bytes: i32,
}

impl From<d::FileLine> for ReportFile {
    fn from(file: d::FileLine) -> Self {
        Self {
            id: file.id,
            at: time(file.at),
            name: file.name,
            bytes: file.size,
        }
    }
}

/// Something that was said, or a change of the state, or both.
#[derive(Serialize, ToSchema)]
pub struct ReportLine {
    pub at: DateTime<Utc>,
    /// `reporter` or `operator`.
    pub by: &'static str,
    /// For operators alone.
    pub hidden: bool,
    pub state: Option<String>,
    pub text: Option<String>,
}

impl From<d::Line> for ReportLine {
    fn from(line: d::Line) -> Self {
        Self {
            at: time(line.at),
            by: if line.by_operator { "operator" } else { "reporter" },
            hidden: line.hidden,
            state: line.state,
            text: line.text,
        }
    }
}

/// A promise that is open.
#[derive(Serialize, ToSchema)]
pub struct ReportDue {
    /// `acknowledge` or `timeline`.
    pub promise: &'static str,
    pub by: DateTime<Utc>,
}

pub(super) fn due(due: Option<(Promise, Millis)>) -> Option<ReportDue> {
    due.map(|(promise, by)| ReportDue {
        promise: promise.as_str(),
        by: time(by),
    })
}

#[derive(Serialize, ToSchema)]
pub struct FollowedReport {
    pub reference: String,
    pub title: String,
    pub details: String,
    /// `received`, `acknowledged`, `confirmed`, `timeline`, `resolved`, `declined` or `duplicate`.
    pub state: String,
    pub received_at: DateTime<Utc>,
    pub due: Option<ReportDue>,
    /// By when it is to be mended.
    pub fix_by: Option<NaiveDate>,
    /// Whether changes are mailed to an address.
    pub mailed: bool,
    pub lines: Vec<ReportLine>,
    pub files: Vec<ReportFile>,
}

impl From<d::Followed> for FollowedReport {
    fn from(report: d::Followed) -> Self {
        Self {
            reference: report.reference,
            title: report.title,
            details: report.details,
            state: report.state,
            received_at: time(report.standing.received_at),
            due: due(report.due),
            fix_by: report.standing.fix_day.map(date),
            mailed: report.mailed,
            lines: report.lines.into_iter().map(Into::into).collect(),
            files: report.files.into_iter().map(Into::into).collect(),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct ThankedView {
    /// None for who prefers not to be named.
    pub name: Option<String>,
    #[schema(example = "2026-11")]
    pub month: String,
}

#[derive(Serialize, ToSchema)]
pub struct Thanks {
    pub thanked: Vec<ThankedView>,
}

#[derive(Serialize, ToSchema)]
pub struct PageSection {
    pub heading: Option<String>,
    /// In the marks that answers are written with.
    pub text: String,
}

#[derive(Serialize, ToSchema)]
pub struct PublicPage {
    pub title: String,
    /// None for one that came with the software.
    pub written_at: Option<DateTime<Utc>>,
    pub sections: Vec<PageSection>,
}

impl From<pages::Page> for PublicPage {
    fn from(page: pages::Page) -> Self {
        let section = |section: pages::Section| PageSection {
            heading: section.heading,
            text: section.text,
        };
        Self {
            title: page.title,
            written_at: page.written_at.map(time),
            sections: page.sections.into_iter().map(section).collect(),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct PageText {
    pub text: String,
    pub written_at: Option<DateTime<Utc>>,
}

impl From<(String, Option<Millis>)> for PageText {
    fn from((text, at): (String, Option<Millis>)) -> Self {
        Self {
            text,
            written_at: at.map(time),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PageTextBody {
    pub text: String,
}
