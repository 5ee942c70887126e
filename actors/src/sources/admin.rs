//! What those who manage a project see of its sources, and do with them.

use entities::{
    GrantId, Millis, ProjectId, SourceId, SourceRunId, StoreError, TenantTx,
    audit::{self, Act},
    job, slack,
    source::{self, Change, Phase, Source},
    source_grant::{self, Standing},
    source_item::{self, Counts},
    source_receipt::{self, Receipt},
    source_run::{self, Run},
};
use serde_json::{Value, json};

use super::{
    connector::{Choices, Kind},
    leave::target,
    run::next_due,
    told::look_again_in,
};
use crate::{
    audit::By,
    contain::Serve,
    fault::{Fault, Invalid, Limit},
    integrations::IntegrationActor,
    request,
    text::parse_name,
};

/// The access that a source is read with.
#[derive(Clone, Debug)]
pub struct GrantRef {
    pub id: GrantId,
    pub name: String,
    pub state: &'static str,
}

/// A word for programs, and one for people.
#[derive(Clone, Debug)]
pub struct Trouble {
    pub code: String,
    pub detail: String,
}

/// How a sync stands.
#[derive(Clone, Debug)]
pub struct SyncCard {
    pub phase: Phase,
    /// It is its turn and has not begun, or the provider asked to wait.
    pub waiting: bool,
    pub done: i32,
    pub total: i32,
    pub eta_s: Option<i64>,
    pub started_at: Option<Millis>,
    pub beat_at: Option<Millis>,
    pub finished_at: Option<Millis>,
    pub due_at: Option<Millis>,
    /// Until when the provider asked to wait.
    pub wait_until: Option<Millis>,
    pub problem: Option<Trouble>,
}

#[derive(Clone, Debug)]
pub struct SourceCard {
    pub id: SourceId,
    pub kind: Kind,
    pub name: String,
    pub grant: Option<GrantRef>,
    /// A connected Slack team, by Slack's own id.
    pub team: Option<String>,
    pub config: Value,
    pub every_hours: i32,
    /// `active`, `leaving`, or `reconnect` when its access is over.
    pub state: &'static str,
    pub sync: SyncCard,
    pub documents: i64,
    pub skipped: i64,
    pub created_at: Millis,
}

pub struct SourceList {
    pub sources: Vec<SourceCard>,
    /// The kinds that there are, and whether this installation is set up for each.
    pub kinds: Vec<(Kind, bool)>,
    /// The Slack teams that are connected: Slack's own id, and the name.
    pub teams: Vec<(String, String)>,
}

/// One sync that ended.
#[derive(Clone, Debug)]
pub struct RunCard {
    pub id: SourceRunId,
    pub started_at: Millis,
    pub finished_at: Millis,
    pub added: i32,
    pub changed: i32,
    pub removed: i32,
    pub skipped: i32,
    pub unchanged: i32,
    /// Why it failed.
    pub problem: Option<Trouble>,
}

/// Something of a source that is not taken, and why.
#[derive(Clone, Debug)]
pub struct SkippedItem {
    pub id: String,
    pub title: Option<String>,
    pub url: Option<String>,
    pub why: Trouble,
}

pub struct SourcePage {
    pub source: SourceCard,
    /// The latest first.
    pub runs: Vec<RunCard>,
    /// The first of them.
    pub skipped: Vec<SkippedItem>,
}

pub struct ListSources(pub ProjectId);
/// Connects a source. Its first sync begins at once.
pub struct CreateSource {
    pub by: By,
    pub project: ProjectId,
    pub kind: String,
    pub name: Option<String>,
    pub grant: Option<GrantId>,
    /// A connected Slack team, by Slack's own id.
    pub team: Option<String>,
    pub config: Value,
    pub every_hours: Option<i32>,
}
pub struct ShowSource {
    pub project: ProjectId,
    pub source: SourceId,
}
/// Each field is left as it is when `None`. With another config everything is read anew.
pub struct ChangeSource {
    pub by: By,
    pub project: ProjectId,
    pub source: SourceId,
    pub name: Option<String>,
    pub config: Option<Value>,
    pub every_hours: Option<i32>,
}
/// Begins a sync now, or another one when the present one has ended.
pub struct SyncNow {
    pub project: ProjectId,
    pub source: SourceId,
}
/// What there is to choose from when a source is set up.
pub struct ListChoices {
    pub kind: String,
    pub grant: Option<GrantId>,
    pub team: Option<String>,
    pub search: String,
    pub within: Option<String>,
    /// What the answer before ended with.
    pub after: Option<String>,
}

request! {
    ListSources => SourceList, needs ManageProjects;
    CreateSource => SourceCard, needs ManageProjects;
    ShowSource => SourcePage, needs ManageProjects;
    ChangeSource => SourceCard, needs ManageProjects;
    SyncNow => (), needs ManageProjects;
    ListChoices => Choices, needs ManageProjects, patience = 60;
}

/// More than a product has places where it is described; bounds what one project can make the server ask for.
const MOST_SOURCES: usize = 50;
const RUNS: u64 = 20;
const SKIPPED: u64 = 200;
const DAY_H: i32 = 24;
/// Hours from one sync to the next.
const HOURS: std::ops::RangeInclusive<i32> = 1..=24 * 30;
/// Bytes of a config as it is stored.
const CONFIG: usize = 64 * 1024;

fn trouble((code, detail): (String, String)) -> Trouble {
    Trouble { code, detail }
}

impl From<Run> for RunCard {
    fn from(run: Run) -> Self {
        Self {
            id: run.id,
            started_at: run.started_at,
            finished_at: run.finished_at,
            added: run.added,
            changed: run.changed,
            removed: run.removed,
            skipped: run.skipped,
            unchanged: run.unchanged,
            problem: run.problem.map(trouble),
        }
    }
}

fn sync_card(source: &Source, now: Millis) -> SyncCard {
    let sync = &source.sync;
    let asked_to_wait = sync.wait_until.is_some_and(|until| until > now);
    let due = sync.phase == Phase::Idle && (source.again || sync.due_at.is_some_and(|at| at <= now));
    let elapsed = sync.started_at.map_or(0, |since| (now - since).max(0)) / 1000;
    let eta = (sync.phase == Phase::Fetching && sync.done > 0 && !asked_to_wait)
        .then(|| elapsed * i64::from((sync.total - sync.done).max(0)) / i64::from(sync.done));
    SyncCard {
        phase: sync.phase,
        waiting: !source.leaving && (asked_to_wait || due),
        done: sync.done,
        total: sync.total,
        eta_s: eta,
        started_at: sync.started_at,
        beat_at: sync.beat_at,
        finished_at: sync.finished_at,
        due_at: sync.due_at,
        wait_until: sync.wait_until.filter(|_| asked_to_wait && !source.leaving),
        problem: sync.problem.clone().map(trouble),
    }
}

fn card(source: Source, grant: Option<source_grant::Grant>, counts: Counts, now: Millis) -> Result<SourceCard, Fault> {
    let kind = Kind::parse(&source.kind).ok_or(Fault::Internal("source kind"))?;
    let over = match &grant {
        Some(grant) => grant.standing != Standing::Active,
        None => source.grant.is_some(),
    };
    let asks = source.sync.problem.as_ref().is_some_and(|(code, _)| code == super::run::RECONNECT);
    Ok(SourceCard {
        id: source.id,
        kind,
        state: match source.leaving {
            true => "leaving",
            false if over || asks => "reconnect",
            false => "active",
        },
        sync: sync_card(&source, now),
        config: serde_json::from_str(&source.config).map_err(|_| Fault::Internal("source config"))?,
        every_hours: source.every_minutes / 60,
        name: source.name,
        grant: grant.map(|grant| GrantRef {
            id: grant.id,
            name: grant.name,
            state: grant.standing.as_str(),
        }),
        team: source.team,
        documents: counts.documents,
        skipped: counts.skipped,
        created_at: source.created_at,
    })
}

async fn card_of(tx: &TenantTx, source: Source, now: Millis) -> Result<SourceCard, Fault> {
    let grant = match source.grant {
        Some(grant) => source_grant::find(tx, grant).await?,
        None => None,
    };
    let counts = source_item::counts(tx, source.id).await?;
    card(source, grant, counts, now)
}

async fn own(tx: &TenantTx, project: ProjectId, id: SourceId) -> Result<Source, Fault> {
    let found = source::find(tx, id).await?;
    found.filter(|found| found.project == project).ok_or(Fault::NotFound)
}

pub(super) async fn receipt_of(tx: &TenantTx, source: SourceId) -> Result<Receipt, Fault> {
    source_receipt::of_source(tx, source).await?.ok_or(Fault::NotFound)
}

fn minutes(hours: i32) -> Result<i32, Fault> {
    if HOURS.contains(&hours) {
        Ok(hours * 60)
    } else {
        let reason = format!("Choose {} to {} hours.", HOURS.start(), HOURS.end());
        Err(Fault::invalid(Invalid::SourceInterval, "every_hours", reason))
    }
}

impl IntegrationActor {
    /// The config as it is stored, if it may be.
    async fn parse_config(&self, kind: Kind, config: Value) -> Result<String, Fault> {
        let text = self.checked_config(kind, config).await?;
        if text.len() > CONFIG {
            return Err(Fault::invalid(Invalid::SourceConfig, "config", "Choose less at a time."));
        }
        Ok(text)
    }

    /// The grant or team of a new source, and what the source is called unless somebody said.
    async fn parse_access(&self, tx: &TenantTx, new: &CreateSource, kind: Kind) -> Result<Option<String>, Fault> {
        let refuse = |field, reason: &str| Err(Fault::invalid(Invalid::SourceAccess, field, reason));
        match (kind, new.grant, &new.team) {
            (Kind::Website, None, None) => Ok(None),
            (Kind::Slack, None, Some(team)) => {
                let found = slack::installations::find_by_team(tx, team).await?;
                match found.filter(|found| found.standing == slack::installations::Standing::Connected) {
                    Some(found) => Ok(Some(found.name)),
                    None => refuse("team", "Connect this Slack workspace first."),
                }
            }
            (Kind::GitHub | Kind::Notion | Kind::Confluence, Some(grant), None) => {
                let found = source_grant::find(tx, grant).await?;
                match found.filter(|found| found.kind == kind.as_str() && found.standing == Standing::Active) {
                    Some(found) => Ok(Some(found.name)),
                    None => refuse("grant", "Connect it first."),
                }
            }
            (Kind::Slack, ..) => refuse("team", "Choose a Slack workspace."),
            (Kind::Website, ..) => refuse("grant", "A website needs no access."),
            _ => refuse("grant", "Choose what to read with."),
        }
    }
}

impl Serve<ListSources> for IntegrationActor {
    async fn serve(&self, ListSources(project): ListSources) -> Result<SourceList, Fault> {
        let now = self.now();
        let (cards, teams) = self
            .db()
            .read(async |tx| {
                let mut cards = Vec::new();
                for source in source::list(tx, Some(project)).await? {
                    cards.push(card_of(tx, source, now).await?);
                }
                Ok::<_, Fault>((cards, slack::installations::list(tx).await?))
            })
            .await?;
        let connected = teams
            .into_iter()
            .filter(|team| team.standing == slack::installations::Standing::Connected);
        Ok(SourceList {
            sources: cards,
            kinds: Kind::ALL.into_iter().map(|kind| (kind, self.is_set_up(kind))).collect(),
            teams: connected.map(|team| (team.team, team.name)).collect(),
        })
    }
}

impl Serve<CreateSource> for IntegrationActor {
    async fn serve(&self, mut new: CreateSource) -> Result<SourceCard, Fault> {
        let unknown = || Fault::invalid(Invalid::SourceKind, "kind", "There is no such kind of source.");
        let kind = Kind::parse(&new.kind).ok_or_else(unknown)?;
        let config = self.parse_config(kind, std::mem::take(&mut new.config)).await?;
        let every_minutes = minutes(new.every_hours.unwrap_or(DAY_H))?;
        let name = new.name.as_deref().map(|name| parse_name(name, "name")).transpose()?;
        let (project, now) = (new.project, self.now());
        let created = self.db().write(async |tx| {
            let known = source::list(tx, None).await?;
            if known.iter().filter(|known| known.project == project).count() >= MOST_SOURCES {
                return Err(Fault::Limit {
                    code: Limit::TooManySources,
                    reason: format!("A project has at most {MOST_SOURCES} sources."),
                });
            }
            let access = self.parse_access(tx, &new, kind).await?;
            let source = Source {
                id: SourceId::new(),
                project,
                kind: kind.as_str().into(),
                name: name
                    .or_else(|| self.usual_name(kind, &config))
                    .or(access)
                    .unwrap_or_else(|| kind.title().into()),
                grant: new.grant,
                team: new.team.clone(),
                config,
                every_minutes,
                leaving: false,
                edition: 0,
                again: false,
                sync: source::Sync {
                    due_at: Some(now),
                    ..source::Sync::default()
                },
                created_at: now,
            };
            source::insert(tx, &source).await?;
            job::enqueue_sync(tx, project, source.id, now, now).await?;
            if known.is_empty() {
                job::enqueue_sweep(tx, now).await?;
            }
            let details = json!({ "project": project, "kind": source.kind });
            audit::append(tx, new.by.did_with(Act::SourceConnected, target(&source), now, details)).await?;
            card_of(tx, source, now).await
        });
        let created = created.await.map_err(gone)?;
        self.ring_outward();
        Ok(created)
    }
}

/// The project or the grant was deleted meanwhile.
fn gone(fault: Fault) -> Fault {
    match fault {
        Fault::Storage(StoreError::Orphan) => Fault::NotFound,
        other => other,
    }
}

impl Serve<ShowSource> for IntegrationActor {
    async fn serve(&self, ShowSource { project, source: id }: ShowSource) -> Result<SourcePage, Fault> {
        let now = self.now();
        self.db()
            .read(async |tx| {
                let found = own(tx, project, id).await?;
                let runs = source_run::latest(tx, id, RUNS).await?;
                let skipped = source_item::skipped(tx, id, SKIPPED).await?.into_iter();
                let skipped = skipped.filter_map(|item| {
                    Some(SkippedItem {
                        why: trouble(item.skip?),
                        id: item.item,
                        title: item.title,
                        url: item.url,
                    })
                });
                Ok(SourcePage {
                    runs: runs.into_iter().map(RunCard::from).collect(),
                    skipped: skipped.collect(),
                    source: card_of(tx, found, now).await?,
                })
            })
            .await
    }
}

impl Serve<ChangeSource> for IntegrationActor {
    async fn serve(&self, change: ChangeSource) -> Result<SourceCard, Fault> {
        let (project, id, now) = (change.project, change.source, self.now());
        let known = self.db().read(async |tx| own(tx, project, id).await).await?;
        let kind = Kind::parse(&known.kind).ok_or(Fault::Internal("source kind"))?;
        let name = change.name.as_deref().map(|name| parse_name(name, "name")).transpose()?;
        let every_minutes = change.every_hours.map(minutes).transpose()?;
        let config = match change.config {
            Some(config) => Some(self.parse_config(kind, config).await?).filter(|config| *config != known.config),
            None => None,
        };
        let anew = config.is_some();
        let changed = self.db().write(async |tx| {
            let mut found = source::hold(tx, id, None)
                .await?
                .filter(|found| found.project == project)
                .ok_or(Fault::NotFound)?;
            let put = Change {
                name,
                config,
                every_minutes,
            };
            if !source::change(tx, project, id, put).await? {
                return Err(Fault::NotFound);
            }
            let idle = found.sync.phase == Phase::Idle;
            found = own(tx, project, id).await?;
            if anew || (idle && every_minutes.is_some()) {
                let due = if anew { now } else { next_due(found.every_minutes, now) };
                found.sync.due_at = Some(due);
                source::set_sync(tx, id, &found.sync, found.again).await?;
                // What the provider asked for holds for the next config too.
                let run_at = found.sync.wait_until.map_or(due, |until| due.max(until));
                job::enqueue_sync(tx, project, id, run_at, now).await?;
            }
            let details = json!({ "project": project, "kind": found.kind });
            audit::append(tx, change.by.did_with(Act::SourceChanged, target(&found), now, details)).await?;
            card_of(tx, found, now).await
        });
        let changed = changed.await?;
        self.ring_outward();
        Ok(changed)
    }
}

impl Serve<SyncNow> for IntegrationActor {
    async fn serve(&self, SyncNow { project, source: id }: SyncNow) -> Result<(), Fault> {
        let now = self.now();
        let asked = self.db().write(async |tx| {
            let found = own(tx, project, id).await?;
            if found.leaving {
                return Err(Fault::NotFound);
            }
            look_again_in(tx, id, now).await
        });
        asked.await?;
        self.ring_outward();
        Ok(())
    }
}

impl Serve<ListChoices> for IntegrationActor {
    async fn serve(&self, asked: ListChoices) -> Result<Choices, Fault> {
        let unknown = || Fault::invalid(Invalid::SourceKind, "kind", "There is no such kind of source.");
        let kind = Kind::parse(&asked.kind).ok_or_else(unknown)?;
        self.choose(kind, &asked).await
    }
}
