//! Figures of a project, from rows that are kept by the day: see `entities::rollup`.

pub mod gaps;
pub mod table;

use std::collections::{BTreeMap, HashMap};

pub use entities::rollup::Counts;
use entities::{
    DocumentId, Millis, documents,
    message::{DAY_MS, day_of},
    rollup::{self, BUCKETS, LATENCY, LONGEST, Latency},
};

use super::ProjectActor;
use crate::{
    contain::Serve,
    fault::{Fault, Invalid},
    request,
};

/// Which days: since the epoch, UTC; both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// Today and the days before it.
    Last(u16),
    From(i32, i32),
}

impl Span {
    fn days(self, today: i32) -> Result<(i32, i32), Fault> {
        let refuse = |reason: String| Err(Fault::invalid(Invalid::Days, "from", reason));
        match self {
            Self::Last(days) => Ok((today - i32::from(days).clamp(1, LONGEST) + 1, today)),
            Self::From(from, to) if from > to => refuse("The first day comes after the last.".into()),
            Self::From(from, to) if to.saturating_sub(from) >= LONGEST => refuse(format!("Choose at most {LONGEST} days.")),
            Self::From(from, to) => Ok((from, to)),
        }
    }
}

/// Figures of some days, and of as many before.
pub struct Analytics {
    pub span: Span,
    /// A document that was not updated for so many days is stale.
    pub stale_days: u16,
}

pub struct Report {
    /// Days since the epoch, UTC; both included.
    pub from: i32,
    pub to: i32,
    /// One a day, days without questions included.
    pub days: Vec<DayFigures>,
    pub totals: Totals,
    pub previous: Totals,
    pub channels: Vec<Channel>,
    /// The first of those that visitors asked on.
    pub pages: Vec<rollup::Page>,
    /// The first of those that were cited.
    pub sources: Vec<Source>,
    /// Documents that no answer cited.
    pub unused: Sources,
    /// Documents that answers cited, and that nobody updated for long.
    pub stale: Sources,
    pub stale_days: u16,
}

#[derive(Default)]
pub struct DayFigures {
    pub day: i32,
    pub counts: Counts,
    pub visitors: i64,
    pub took: Took,
}

/// How long answers took, in milliseconds; `None` when there were none. Read out of buckets: right to within the width of one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Took {
    pub p50: Option<i64>,
    pub p95: Option<i64>,
}

#[derive(Default)]
pub struct Totals {
    pub counts: Counts,
    pub visitors: i64,
    pub conversations: i64,
    pub took: Took,
}

pub struct Channel {
    pub channel: String,
    pub counts: Counts,
    pub took: Took,
}

pub struct Source {
    pub document: DocumentId,
    pub name: String,
    /// Answers of these days that cite it.
    pub citations: i64,
    /// Days since the epoch; `None` if it never was.
    pub last_cited: Option<i32>,
    pub updated_at: Millis,
}

/// The first few, and how many there are.
#[derive(Default)]
pub struct Sources {
    pub first: Vec<Source>,
    pub all: usize,
}

request! { Analytics => Report, needs Member; }

const MOST_SOURCES: usize = 10;
const MOST_LISTED: usize = 20;
const MOST_PAGES: u64 = 20;

/// The time that a share of the answers did not exceed, between the bounds of its bucket by how far into it the share reaches.
fn quantile(latency: &Latency, percent: i64) -> Option<i64> {
    let all: i64 = latency.iter().sum();
    if all <= 0 {
        return None;
    }
    // Rounded up: half of three answers are two.
    let wanted = (all * percent + 99) / 100;
    let mut before = 0;
    for (n, count) in latency.iter().enumerate() {
        if before + count >= wanted {
            let from = n.checked_sub(1).map_or(0, |n| i64::from(LATENCY[n]));
            // Beyond the last bound nothing is known but that.
            let to = LATENCY.get(n).map_or(from, |to| i64::from(*to));
            return Some(from + (to - from) * (wanted - before) / count);
        }
        before += count;
    }
    None
}

fn took(latency: &Latency) -> Took {
    Took {
        p50: quantile(latency, 50),
        p95: quantile(latency, 95),
    }
}

#[derive(Default)]
struct Sum {
    counts: Counts,
    latency: Latency,
}

impl Sum {
    fn add(&mut self, day: &rollup::Day) {
        self.counts += day.counts;
        for (sum, count) in self.latency.iter_mut().zip(day.latency) {
            *sum += count;
        }
    }
}

const _: () = assert!(BUCKETS == LATENCY.len() + 1);

/// What the rows of the days say.
struct Read {
    days: Vec<rollup::Day>,
    visitors: Vec<(i32, i64)>,
    distinct: [rollup::Distinct; 2],
    pages: Vec<rollup::Page>,
    cited: Vec<(DocumentId, i64)>,
    last_cited: Vec<(DocumentId, i32)>,
    documents: Vec<documents::Document>,
}

impl ProjectActor {
    /// The first and the last day, and the two of as many days before.
    fn two_spans(&self, span: Span) -> Result<[(i32, i32); 2], Fault> {
        let (from, to) = span.days(day_of(self.now()))?;
        Ok([(from, to), (from - (to - from) - 1, from - 1)])
    }
}

impl Serve<Analytics> for ProjectActor {
    async fn serve(&self, ask: Analytics) -> Result<Report, Fault> {
        let [now, before] = self.two_spans(ask.span)?;
        let project = self.id();
        let read = self.db().read(async |tx| {
            Ok::<_, Fault>(Read {
                days: rollup::days(tx, project, (before.0, now.1)).await?,
                visitors: rollup::visitors(tx, project, now).await?,
                distinct: [
                    rollup::distinct(tx, project, now).await?,
                    rollup::distinct(tx, project, before).await?,
                ],
                pages: rollup::pages(tx, project, now, MOST_PAGES).await?,
                cited: rollup::sources(tx, project, now).await?,
                last_cited: rollup::last_cited(tx, project).await?,
                documents: documents::list(tx, project).await?,
            })
        });
        let stale_before = self.now() - Millis::from(ask.stale_days) * DAY_MS;
        Ok(report(now, read.await?, ask.stale_days, stale_before))
    }
}

fn report((from, to): (i32, i32), read: Read, stale_days: u16, stale_before: Millis) -> Report {
    let mut days: BTreeMap<i32, Sum> = BTreeMap::new();
    let mut channels: BTreeMap<&str, Sum> = BTreeMap::new();
    let mut sums = [Sum::default(), Sum::default()];
    for day in &read.days {
        if day.day < from {
            sums[1].add(day);
            continue;
        }
        sums[0].add(day);
        days.entry(day.day).or_default().add(day);
        channels.entry(&day.channel).or_default().add(day);
    }
    let visitors: HashMap<i32, i64> = read.visitors.into_iter().collect();
    let each = (from..=to).map(|day| {
        let sum = days.remove(&day).unwrap_or_default();
        DayFigures {
            day,
            counts: sum.counts,
            visitors: visitors.get(&day).copied().unwrap_or(0),
            took: took(&sum.latency),
        }
    });
    let each = each.collect();
    let mut channels: Vec<Channel> = channels
        .into_iter()
        .map(|(channel, sum)| Channel {
            channel: channel.to_owned(),
            counts: sum.counts,
            took: took(&sum.latency),
        })
        .collect();
    channels.sort_by_key(|channel| std::cmp::Reverse(channel.counts.questions));
    let [totals, previous] = [0, 1].map(|n| Totals {
        counts: sums[n].counts,
        visitors: read.distinct[n].visitors,
        conversations: read.distinct[n].conversations,
        took: took(&sums[n].latency),
    });
    let (sources, unused, stale) = sources(&read.documents, &read.cited, &read.last_cited, stale_before);
    Report {
        from,
        to,
        days: each,
        totals,
        previous,
        channels,
        pages: read.pages,
        sources,
        unused,
        stale,
        stale_days,
    }
}

fn sources(
    documents: &[documents::Document],
    cited: &[(DocumentId, i64)],
    last_cited: &[(DocumentId, i32)],
    stale_before: Millis,
) -> (Vec<Source>, Sources, Sources) {
    let cited: HashMap<DocumentId, i64> = cited.iter().copied().collect();
    let last: HashMap<DocumentId, i32> = last_cited.iter().copied().collect();
    let source = |document: &documents::Document| Source {
        document: document.id,
        name: document.name.clone(),
        citations: cited.get(&document.id).copied().unwrap_or(0),
        last_cited: last.get(&document.id).copied(),
        updated_at: document.updated_at,
    };
    // What cannot be cited yet is not to blame.
    let ready = documents.iter().filter(|document| document.status == "ready").map(source);
    let (mut used, mut unused): (Vec<Source>, Vec<Source>) = ready.partition(|source| source.citations > 0);
    used.sort_by(|a, b| b.citations.cmp(&a.citations).then_with(|| a.name.cmp(&b.name)));
    // Those that were never cited first, and of those the eldest.
    unused.sort_by_key(|source| (source.last_cited, source.updated_at));
    let stale: Vec<Source> = documents
        .iter()
        .map(source)
        .filter(|source| source.citations > 0 && source.updated_at <= stale_before)
        .collect();
    let first = |mut all: Vec<Source>| {
        let count = all.len();
        all.truncate(MOST_LISTED);
        Sources { first: all, all: count }
    };
    let mut stale = stale;
    stale.sort_by(|a, b| b.citations.cmp(&a.citations).then_with(|| a.name.cmp(&b.name)));
    let (unused, stale) = (first(unused), first(stale));
    used.truncate(MOST_SOURCES);
    (used, unused, stale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_lies_between_the_bounds_of_its_bucket() {
        let mut latency: Latency = [0; BUCKETS];
        assert_eq!(quantile(&latency, 50), None);
        for ms in [10, 20, 30, 40, 60] {
            latency[rollup::bucket_of(ms)] += 1;
        }
        // Two up to 25 ms, two up to 50, one up to 100.
        assert_eq!(quantile(&latency, 50), Some(37));
        assert_eq!(quantile(&latency, 95), Some(100));
        let mut late: Latency = [0; BUCKETS];
        late[rollup::bucket_of(60_000)] = 3;
        assert_eq!(quantile(&late, 50), Some(20_000), "all that is known is that it was longer");
    }

    #[test]
    fn a_report_covers_a_year_at_most_and_no_day_before_its_first() {
        assert_eq!(Span::Last(7).days(100).unwrap(), (94, 100));
        assert_eq!(Span::Last(0).days(100).unwrap(), (100, 100));
        assert_eq!(Span::Last(9999).days(1000).unwrap(), (1000 - LONGEST + 1, 1000));
        assert!(Span::From(5, 4).days(100).is_err());
        assert!(Span::From(0, LONGEST).days(100).is_err());
        assert!(Span::From(i32::MIN, i32::MAX).days(100).is_err());
        assert_eq!(Span::From(0, LONGEST - 1).days(100).unwrap(), (0, LONGEST - 1));
    }
}
