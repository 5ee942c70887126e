//! Figures.

use actors::project::analytics::{
    Counts, Report, Source, Sources, Took, Totals,
    gaps::{Asked, Gap, Gaps},
};
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
    /// By where it was asked, the most questions first.
    pub channels: Vec<ChannelView>,
    /// By the page that visitors asked on: the first 20.
    pub pages: Vec<PageView>,
    /// The documents cited most: the first 10.
    pub sources: Vec<SourceView>,
    /// Documents that no answer of these days cites.
    pub unused: CitedSources,
    /// Documents that answers of these days cite, and that nobody updated for `stale_days`.
    pub stale: CitedSources,
    pub stale_days: u16,
}

#[derive(Serialize, ToSchema)]
pub struct CountsView {
    pub questions: i64,
    pub answered: i64,
    pub unanswered: i64,
    pub helpful: i64,
    pub unhelpful: i64,
}

/// How long answers took, in milliseconds, to within a bucket of a histogram.
#[derive(Serialize, ToSchema)]
pub struct TookView {
    pub p50_ms: Option<i64>,
    pub p95_ms: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub struct DayView {
    pub date: NaiveDate,
    #[serde(flatten)]
    pub counts: CountsView,
    pub visitors: i64,
    #[serde(flatten)]
    pub took: TookView,
}

#[derive(Serialize, ToSchema)]
pub struct TotalsView {
    #[serde(flatten)]
    pub counts: CountsView,
    /// Different ones.
    pub visitors: i64,
    pub conversations: i64,
    #[serde(flatten)]
    pub took: TookView,
}

#[derive(Serialize, ToSchema)]
pub struct ChannelView {
    pub channel: String,
    #[serde(flatten)]
    pub counts: CountsView,
    #[serde(flatten)]
    pub took: TookView,
}

#[derive(Serialize, ToSchema)]
pub struct PageView {
    /// Without query and fragment; empty for those that were too many to be told apart.
    pub page: String,
    #[serde(flatten)]
    pub counts: CountsView,
}

#[derive(Serialize, ToSchema)]
pub struct SourceView {
    pub document: Uuid,
    pub name: String,
    pub citations: i64,
    /// None if it never was.
    pub last_cited: Option<NaiveDate>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
pub struct CitedSources {
    /// The first 20.
    pub first: Vec<SourceView>,
    pub count: usize,
}

#[derive(Serialize, ToSchema)]
pub struct GapsView {
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// Those that were asked most first: at most 50.
    pub gaps: Vec<GapView>,
    /// How many questions they are made of.
    pub questions: usize,
    /// How many more wait to be looked at: ask again for those.
    pub waiting: usize,
    /// Whether there are older ones that are not looked at.
    pub cut: bool,
}

#[derive(Serialize, ToSchema)]
pub struct GapView {
    /// The most central of its questions.
    pub question: String,
    pub count: usize,
    /// How many were asked in each of 8 equal parts of the days.
    pub trend: Vec<u32>,
    /// The latest: at most 5.
    pub latest: Vec<AskedView>,
}

#[derive(Serialize, ToSchema)]
pub struct AskedView {
    pub question: String,
    pub conversation: Uuid,
    pub message: Uuid,
    pub asked_at: DateTime<Utc>,
}

fn counts(counts: Counts) -> CountsView {
    CountsView {
        questions: counts.questions,
        answered: counts.answered,
        unanswered: counts.unanswered,
        helpful: counts.helpful,
        unhelpful: counts.unhelpful,
    }
}

fn took(took: Took) -> TookView {
    TookView {
        p50_ms: took.p50,
        p95_ms: took.p95,
    }
}

fn totals(totals: Totals) -> TotalsView {
    TotalsView {
        counts: counts(totals.counts),
        visitors: totals.visitors,
        conversations: totals.conversations,
        took: took(totals.took),
    }
}

fn source(source: Source) -> SourceView {
    SourceView {
        document: source.document.uuid(),
        name: source.name,
        citations: source.citations,
        last_cited: source.last_cited.map(date),
        updated_at: time(source.updated_at),
    }
}

fn sources(sources: Sources) -> CitedSources {
    CitedSources {
        first: sources.first.into_iter().map(source).collect(),
        count: sources.all,
    }
}

impl From<Report> for AnalyticsView {
    fn from(report: Report) -> Self {
        let days = report.days.into_iter().map(|day| DayView {
            date: date(day.day),
            counts: counts(day.counts),
            visitors: day.visitors,
            took: took(day.took),
        });
        let channels = report.channels.into_iter().map(|channel| ChannelView {
            channel: channel.channel,
            counts: counts(channel.counts),
            took: took(channel.took),
        });
        let pages = report.pages.into_iter().map(|page| PageView {
            page: page.page,
            counts: counts(page.counts),
        });
        Self {
            from: date(report.from),
            to: date(report.to),
            days: days.collect(),
            totals: totals(report.totals),
            previous: totals(report.previous),
            channels: channels.collect(),
            pages: pages.collect(),
            sources: report.sources.into_iter().map(source).collect(),
            unused: sources(report.unused),
            stale: sources(report.stale),
            stale_days: report.stale_days,
        }
    }
}

impl From<Gaps> for GapsView {
    fn from(gaps: Gaps) -> Self {
        let asked = |asked: Asked| AskedView {
            question: asked.question,
            conversation: asked.conversation.uuid(),
            message: asked.message.uuid(),
            asked_at: time(asked.asked_at),
        };
        let gap = |gap: Gap| GapView {
            question: gap.question,
            count: gap.count,
            trend: gap.trend.to_vec(),
            latest: gap.latest.into_iter().map(asked).collect(),
        };
        Self {
            from: date(gaps.from),
            to: date(gaps.to),
            gaps: gaps.gaps.into_iter().map(gap).collect(),
            questions: gaps.questions,
            waiting: gaps.waiting,
            cut: gaps.cut,
        }
    }
}
