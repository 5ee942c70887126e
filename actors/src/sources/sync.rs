//! One step of a sync: a page of the listing, some of the items, or some of what is gone.

use std::time::{Duration, Instant};

use entities::{
    Millis, SourceId, TenantTx, job, projects,
    source::{self, Phase, Source},
    source_item::{self, Item, Listed, hash_of},
    tenants,
};

use super::{
    connector::{Fetched, Found, Kind, Known, Listing, Most, Position, ProviderError, Skip},
    reach::{Denied, Lookup},
    run::{After, Problem, RECONNECT, go_on},
};
use crate::{
    contain::Serve,
    fault::Fault,
    integrations::IntegrationActor,
    project::{Came, Outcome, TakeFromSource},
    request,
};

/// Does the next step of a source's sync.
pub(crate) struct SyncSource {
    pub job: job::Claimed,
    pub source: SourceId,
}

request! { SyncSource => (), needs System, patience = 180; }

/// Items of one step.
const ITEMS: u64 = 10;
/// Time after which a step begins no further item.
const STEP: Duration = Duration::from_secs(10);
/// Bytes of content that one step gathers at most before it stores them.
const BYTES: usize = 8 << 20;
/// What is gone, of one step.
const REMOVED: u64 = 50;
/// A workspace that is being deleted may be taken back: its sources rest meanwhile.
const REST_MS: Millis = 3_600_000;
/// Bytes of an item's name.
const NAME: usize = 2_000;

fn listed(found: Vec<Found>) -> Vec<Listed> {
    let found = found.into_iter().filter(|one| one.id.len() <= NAME);
    let listed = found.map(|one| Listed {
        item: one.id,
        version: one.version,
        depth: i32::from(one.depth),
    });
    listed.collect()
}

/// What is in the way of a step.
fn hindered(error: &ProviderError, now: Millis) -> After {
    match error {
        ProviderError::Later(seconds) => {
            let wait = i64::try_from(*seconds).unwrap_or(i64::MAX).saturating_mul(1000);
            After::Wait(now.saturating_add(wait.max(1_000)))
        }
        ProviderError::Unauthorized | ProviderError::Refused(_) | ProviderError::Barred(_) => After::End(Some(error.into())),
        ProviderError::Unavailable | ProviderError::Unreadable | ProviderError::Restart => After::Miss {
            problem: error.into(),
            soon: false,
        },
    }
}

fn because(item: &mut Item, skip: Skip) {
    // A page's own words may be in it.
    item.skip = Some((skip.code.to_owned(), skip.detail.chars().take(400).collect()));
}

impl IntegrationActor {
    /// Ends the job of a source that is not there any more, or is being let go of: another job sees to that.
    async fn end_job(&self, job: &job::Claimed) -> Result<(), Fault> {
        self.db().write(async |tx| job::finish(tx, job).await).await?;
        Ok(())
    }

    /// Begins a sync.
    async fn begin(&self, job: &job::Claimed, source: &Source) -> Result<(), Fault> {
        let now = self.now();
        let begun = self.db().write(async |tx| {
            let Some(held) = source::hold(tx, source.id, Some(source.edition)).await? else {
                job::release(tx, job, now).await?;
                return Ok(());
            };
            let old = &held.sync;
            let sync = source::Sync {
                run: old.run + 1,
                phase: Phase::Listing,
                started_at: Some(now),
                finished_at: old.finished_at,
                // Told of until a sync ends well; whether the access is over shows at once.
                problem: old.problem.clone().filter(|(code, _)| code != RECONNECT),
                ..source::Sync::default()
            };
            let held = Source { again: false, ..held };
            go_on(tx, job, &held, sync, After::Next(0), now).await?;
            Ok::<_, Fault>(())
        });
        begun.await
    }

    /// Stores what came of a step; its project does that, and tells of a sync that failed.
    async fn store(&self, job: &job::Claimed, source: &Source, (outcomes, most): (Vec<Outcome>, Most), after: After) -> Result<(), Fault> {
        let step = TakeFromSource {
            job: *job,
            source: source.id,
            edition: source.edition,
            outcomes,
            most,
            after,
        };
        self.projects().get(source.project).await?.ask(step).await
    }

    async fn take_page(&self, tx: &TenantTx, job: &job::Claimed, source: &Source, page: &Listing, most: Most) -> Result<(), Fault> {
        let now = self.now();
        let Some(held) = source::hold(tx, source.id, Some(source.edition)).await? else {
            job::release(tx, job, now).await?;
            return Ok(());
        };
        let mut sync = held.sync.clone();
        let room = most.room(sync.total);
        let taken = source_item::take(tx, source.id, sync.run, &listed(page.found.clone()), room).await?;
        sync.total += taken.found;
        sync.done += taken.unchanged + taken.skipped;
        sync.unchanged += taken.unchanged;
        sync.skipped += taken.skipped + taken.over;
        sync.next.clone_from(&page.next);
        let after = if page.next.is_some() {
            After::Next(0)
        } else {
            sync.whole = page.whole;
            After::Enter(Phase::Fetching)
        };
        go_on(tx, job, &held, sync, after, now).await?;
        Ok(())
    }

    async fn list_some(&self, job: &job::Claimed, source: &Source, kind: Kind) -> Result<(), Fault> {
        let at = Position {
            next: source.sync.next.as_deref(),
            now: self.now(),
        };
        let most = self.most(kind, source)?;
        match self.look(kind, source, Lookup::List(at)).await {
            Ok(found) => {
                let page = found.listing()?;
                self.db().write(async |tx| self.take_page(tx, job, source, &page, most).await).await
            }
            Err(Denied::There(error) | Denied::Whole(error)) => {
                let after = match error {
                    ProviderError::Restart => After::Restart,
                    error => hindered(&error, self.now()),
                };
                self.store(job, source, (Vec::new(), most), after).await
            }
            Err(Denied::Here(fault)) => Err(fault),
        }
    }

    /// Whether the source is still there as the step found it.
    async fn stands(&self, source: &Source) -> Result<bool, Fault> {
        let found = self.db().read(async |tx| source::find(tx, source.id).await).await?;
        Ok(found.is_some_and(|found| !found.leaving && found.edition == source.edition))
    }

    async fn fetch_some(&self, job: &job::Claimed, source: &Source, kind: Kind) -> Result<(), Fault> {
        let (most, crawls, rest) = (self.most(kind, source)?, self.crawls(kind, source)?, self.rest_ms(kind, source)?);
        let (id, run) = (source.id, source.sync.run);
        let items = self.db().read(async |tx| source_item::waiting(tx, id, run, ITEMS).await).await?;
        if items.is_empty() {
            return self.all_fetched(job, source, crawls).await;
        }
        let (began, mut bytes, mut outcomes) = (Instant::now(), 0, Vec::new());
        for item in items {
            // Nothing more is asked for with an access that is being given up meanwhile.
            if !outcomes.is_empty() && !self.stands(source).await? {
                break;
            }
            let known = Known {
                id: &item.item,
                version: item.version.as_deref(),
                listed: item.listed.as_deref(),
                depth: u16::try_from(item.depth).unwrap_or(u16::MAX),
            };
            let fetched = match self.look(kind, source, Lookup::Fetch(known)).await {
                Ok(found) => found.fetched()?,
                // Of this one item: the rest is there to be had.
                Err(Denied::There(ProviderError::Refused(why))) => {
                    let skip = Skip {
                        code: "forbidden",
                        detail: format!("The provider refused: {why}"),
                    };
                    let (mut refused, _) = outcome(item, Fetched::Skip(skip), crawls);
                    // Asked for again in the next sync: what is refused can be allowed without a change of the item.
                    refused.item.version = None;
                    outcomes.push(refused);
                    continue;
                }
                Err(Denied::Whole(error)) => {
                    return self.store(job, source, (outcomes, most), hindered(&error, self.now())).await;
                }
                Err(Denied::There(error)) => {
                    let after = hindered(&error, self.now());
                    if !matches!(after, After::End(_)) {
                        // Others come first the next time.
                        let Problem { code, detail } = Problem::from(&error);
                        outcomes.push(outcome(item, Fetched::Missed(Skip { code, detail }), crawls).0);
                    }
                    return self.store(job, source, (outcomes, most), after).await;
                }
                Err(Denied::Here(fault)) if outcomes.is_empty() => return Err(fault),
                // What was fetched before is stored first; the next step meets the fault again.
                Err(Denied::Here(_)) => break,
            };
            let missed = match &fetched {
                Fetched::Missed(skip) => Some(Problem::new(skip.code, skip.detail.clone())),
                _ => None,
            };
            let (came, size) = outcome(item, fetched, crawls);
            outcomes.push(came);
            if let Some(problem) = missed {
                return self.store(job, source, (outcomes, most), After::Miss { problem, soon: true }).await;
            }
            bytes += size;
            if rest > 0 || bytes >= BYTES || began.elapsed() >= STEP {
                break;
            }
        }
        self.store(job, source, (outcomes, most), After::Next(rest)).await
    }

    /// Nothing of this sync waits any more. Where the listing did not name everything, or what could not be fetched may have led to what was
    /// not found, that is looked at itself before it is taken for gone.
    async fn all_fetched(&self, job: &job::Claimed, source: &Source, crawls: bool) -> Result<(), Fault> {
        let (now, sync) = (self.now(), &source.sync);
        let (id, run) = (source.id, sync.run);
        let missed = self.db().read(async |tx| source_item::missed(tx, id, run).await).await?;
        // A start page that turns everybody away says nothing of the pages that it led to, nor does a sitemap without any.
        let no_pages = sync.total == 0 && source.kind == Kind::Website.as_str();
        let turned_away = no_pages || crawls && sync.skipped > 0;
        if (missed > 0 || turned_away) && sync.added + sync.changed + sync.unchanged == 0 {
            let problem = Problem::new(
                "unavailable",
                "Nothing of it could be read: it does not answer, or answers with an error. What was read before is kept.",
            );
            return self
                .store(job, source, (Vec::new(), Most::default()), After::End(Some(problem)))
                .await;
        }
        let entered = self.db().write(async |tx| {
            let Some(held) = source::hold(tx, source.id, Some(source.edition)).await? else {
                job::release(tx, job, now).await?;
                return Ok(());
            };
            let mut sync = held.sync.clone();
            let mut joined = 0;
            if !sync.whole || (crawls && missed > 0) {
                joined = source_item::join(tx, source.id, sync.run).await?;
            }
            sync.total += i32::try_from(joined).unwrap_or(i32::MAX);
            let after = if joined > 0 {
                After::Next(0)
            } else {
                After::Enter(Phase::Removing)
            };
            go_on(tx, job, &held, sync, after, now).await?;
            Ok::<_, Fault>(())
        });
        entered.await
    }

    async fn remove_some(&self, job: &job::Claimed, source: &Source, kind: Kind) -> Result<(), Fault> {
        let (id, run, most) = (source.id, source.sync.run, self.most(kind, source)?);
        let gone = self.db().read(async |tx| source_item::stale(tx, id, run, REMOVED).await).await?;
        let after = match gone.len() as u64 {
            REMOVED => After::Next(0),
            _ => After::End(None),
        };
        let gone = gone.into_iter().map(|item| Outcome {
            item,
            came: Came::Gone { forget: true },
            links: Vec::new(),
        });
        self.store(job, source, (gone.collect(), most), after).await
    }
}

/// An item that was looked at, with what came of it, and its size in bytes.
fn outcome(item: Item, fetched: Fetched, crawls: bool) -> (Outcome, usize) {
    let mut outcome = Outcome {
        item,
        came: Came::Unchanged,
        links: Vec::new(),
    };
    let item = &mut outcome.item;
    let mut size = 0;
    match fetched {
        Fetched::Content(content) => {
            size = content.bytes.len();
            item.version = content.version.or(item.listed.take());
            item.links = content.links.iter().map(|link| hash_of(&link.id)).collect();
            outcome.links = listed(content.links);
            outcome.came = Came::Content {
                title: content.title,
                url: content.url,
                media: content.media,
                bytes: content.bytes,
            };
        }
        Fetched::Unchanged { version, links } => {
            item.version = version.or(item.listed.take()).or(item.version.take());
            if !links.is_empty() {
                item.links = links.iter().map(|link| hash_of(&link.id)).collect();
            }
            outcome.links = listed(links);
        }
        Fetched::Gone => {
            item.links.clear();
            outcome.came = Came::Gone { forget: !crawls };
        }
        Fetched::Skip(skip) => {
            because(item, skip);
            item.links.clear();
            item.version = item.listed.take();
            outcome.came = Came::Skipped;
        }
        Fetched::Aside { skip, links } => {
            because(item, skip);
            item.version = item.listed.take();
            item.links = links.iter().map(|link| hash_of(&link.id)).collect();
            outcome.links = listed(links);
            outcome.came = Came::Skipped;
        }
        Fetched::Missed(skip) => {
            because(item, skip);
            outcome.came = Came::Missed;
        }
    }
    (outcome, size)
}

impl Serve<SyncSource> for IntegrationActor {
    async fn serve(&self, SyncSource { job, source: id }: SyncSource) -> Result<(), Fault> {
        let (now, project) = (self.now(), job.project);
        let (found, shut) = self
            .db()
            .read(async |tx| {
                let found = match projects::find(tx, project).await? {
                    Some(_) => source::find(tx, id).await?,
                    None => None,
                };
                Ok::<_, Fault>((found, tenants::rules(tx).await?.ends_at.is_some()))
            })
            .await?;
        let Some(source) = found.filter(|found| !found.leaving) else {
            return self.end_job(&job).await;
        };
        if shut {
            self.db()
                .write(async |tx| job::advance(tx, &job, job.work, now + REST_MS).await)
                .await?;
            return Ok(());
        }
        let kind = Kind::parse(&source.kind).ok_or(Fault::Internal("source kind"))?;
        match source.sync.phase {
            Phase::Idle => self.begin(&job, &source).await,
            Phase::Listing => self.list_some(&job, &source, kind).await,
            Phase::Fetching => self.fetch_some(&job, &source, kind).await,
            Phase::Removing => self.remove_some(&job, &source, kind).await,
        }
    }
}
