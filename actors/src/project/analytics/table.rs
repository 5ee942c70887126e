//! A report as comma-separated values: its tables one below the other, each with a heading of its own.

use chrono::{DateTime, Utc};
use entities::{Millis, message::DAY_MS, rollup::Counts};

use super::{Report, Source, Took};
use crate::text::{csv_row, rfc3339};

fn date(day: i32) -> String {
    let at = DateTime::<Utc>::from_timestamp_millis(Millis::from(day) * DAY_MS);
    at.unwrap_or_default().format("%Y-%m-%d").to_string()
}

const COUNTS: [&str; 5] = ["questions", "answered", "unanswered", "helpful", "not helpful"];

fn counts(counts: &Counts) -> [String; 5] {
    [
        counts.questions,
        counts.answered,
        counts.unanswered,
        counts.helpful,
        counts.unhelpful,
    ]
    .map(|count| count.to_string())
}

fn times(took: Took) -> [String; 2] {
    [took.p50, took.p95].map(|time| time.map(|time| time.to_string()).unwrap_or_default())
}

#[derive(Default)]
struct Table(String);

impl Table {
    fn begin<'a>(&mut self, title: &str, columns: impl IntoIterator<Item = &'a str>) {
        if !self.0.is_empty() {
            self.0.push_str("\r\n");
        }
        self.0.push_str(&csv_row(&[title]));
        self.row(columns.into_iter().map(str::to_owned));
    }

    fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let cells: Vec<String> = cells.into_iter().collect();
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        self.0.push_str(&csv_row(&cells));
    }

    fn sources(&mut self, title: &str, sources: &[Source]) {
        self.begin(title, ["document", "citations", "last cited", "updated"]);
        for source in sources {
            let last = source.last_cited.map(date).unwrap_or_default();
            self.row([source.name.clone(), source.citations.to_string(), last, rfc3339(source.updated_at)]);
        }
    }
}

const TIMES: [&str; 2] = ["p50 ms", "p95 ms"];

/// All tables of a report.
#[must_use]
pub fn csv(report: &Report) -> String {
    let mut table = Table::default();
    table.begin("days", std::iter::once("date").chain(COUNTS).chain(["visitors"]).chain(TIMES));
    for day in &report.days {
        let own = std::iter::once(date(day.day))
            .chain(counts(&day.counts))
            .chain([day.visitors.to_string()]);
        table.row(own.chain(times(day.took)));
    }
    table.begin(
        "totals",
        std::iter::once("period")
            .chain(COUNTS)
            .chain(["visitors", "conversations"])
            .chain(TIMES),
    );
    for (name, totals) in [("these days", &report.totals), ("as many before", &report.previous)] {
        let own = std::iter::once(name.to_owned()).chain(counts(&totals.counts));
        let own = own.chain([totals.visitors.to_string(), totals.conversations.to_string()]);
        table.row(own.chain(times(totals.took)));
    }
    table.begin("channels", std::iter::once("channel").chain(COUNTS).chain(TIMES));
    for channel in &report.channels {
        let own = std::iter::once(channel.channel.clone()).chain(counts(&channel.counts));
        table.row(own.chain(times(channel.took)));
    }
    table.begin("pages", std::iter::once("page").chain(COUNTS));
    for page in &report.pages {
        table.row(std::iter::once(page.page.clone()).chain(counts(&page.counts)));
    }
    table.sources("sources cited most", &report.sources);
    table.sources("sources not cited", &report.unused.first);
    table.sources(
        &format!("sources cited and not updated for {} days", report.stale_days),
        &report.stale.first,
    );
    table.0
}
