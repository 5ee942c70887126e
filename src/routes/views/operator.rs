//! What operators see: ids, states and figures.

use std::{cmp::Reverse, collections::BTreeMap};

use actors::{
    JobCounts, Load, Millis, OperatorAct,
    backup::LastRuns,
    contain::{State, Status},
    operators::Busy,
    watch::{ActorName, Sample},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::time;

/// Which actors to show. Without anything, all of them.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct ActorFilter {
    pub state: Option<String>,
    pub kind: Option<String>,
    /// The beginning of a tenant's id.
    pub tenant: Option<String>,
    /// From 1.
    pub page: Option<usize>,
    /// Tenants on a page, up to 200.
    pub limit: Option<usize>,
}

#[derive(Serialize, ToSchema, Clone, PartialEq)]
pub struct ActorView {
    /// Names it in other requests.
    pub id: String,
    pub kind: &'static str,
    pub project: Option<Uuid>,
    /// `quarantined`, `backing_off`, `starting`, `running` or `idle`.
    #[schema(value_type = String, example = "idle")]
    pub state: State,
    /// Messages that wait or are being handled.
    pub depth: usize,
    /// The most there ever were.
    pub peak: usize,
    pub capacity: usize,
    pub handled: u64,
    /// Messages that the full mailbox turned away.
    pub refused: u64,
    pub failures: u64,
    pub restarts: u64,
    /// A category: `panic`, `hang`, `storage`, `build`, `work` or `internal`.
    #[schema(value_type = Option<String>)]
    pub last_failure: Option<actors::contain::Reason>,
    pub last_failure_at: Option<DateTime<Utc>>,
    /// Microseconds, rounded up to a power of two.
    pub p50_us: Option<u64>,
    pub p99_us: Option<u64>,
    pub started_at: DateTime<Utc>,
    pub idle_s: u64,
    pub arbiter: usize,
    pub retry_after_s: Option<u64>,
    /// About what its index takes in memory.
    pub memory_bytes: usize,
}

#[derive(Serialize, ToSchema)]
pub struct TenantActorsView {
    pub tenant: Uuid,
    /// The worst of its actors.
    #[schema(value_type = String, example = "idle")]
    pub state: State,
    pub handled: u64,
    pub failures: u64,
    pub memory_bytes: usize,
    pub actors: Vec<ActorView>,
}

#[derive(Serialize, ToSchema, Clone, PartialEq)]
pub struct ActorTotals {
    pub actors: usize,
    pub tenants: usize,
    /// Actors by state.
    pub by_state: BTreeMap<String, usize>,
    /// Actors by kind.
    pub by_kind: BTreeMap<String, usize>,
    pub depth: usize,
    pub handled: u64,
    pub failures: u64,
    pub restarts: u64,
    pub memory_bytes: usize,
}

#[derive(Serialize, ToSchema, Clone, Copy)]
pub struct LoadView {
    pub working: usize,
    pub waiting: usize,
}

#[derive(Serialize, ToSchema)]
pub struct SampleView {
    pub at: DateTime<Utc>,
    pub seconds: u64,
    pub handled: u64,
    pub failures: u64,
    pub restarts: u64,
    pub p99_us: Option<u64>,
}

#[derive(Serialize, ToSchema)]
pub struct ServerView {
    pub started_at: DateTime<Utc>,
    /// Of the process, where the system tells.
    pub memory_bytes: Option<u64>,
    pub questions: LoadView,
    pub batches: LoadView,
    pub sign_ins: LoadView,
    pub jobs_waiting: u64,
    pub jobs_running: u64,
    pub jobs_parked: u64,
    pub backups: BackupsView,
}

/// Of all nodes: whichever made them.
#[derive(Serialize, ToSchema)]
pub struct BackupsView {
    /// How far apart this server makes them, if it does.
    pub every_hours: Option<i64>,
    pub last_success_at: Option<DateTime<Utc>>,
    pub last_size_bytes: Option<i64>,
    pub last_took_ms: Option<i64>,
    /// How many failed since.
    pub failures: u64,
    /// Why the last of them did.
    pub failure: Option<String>,
}

impl BackupsView {
    pub fn new((every, last): (Option<Millis>, LastRuns)) -> Self {
        let success = last.success.as_ref();
        Self {
            every_hours: every.map(|every| every / 3_600_000),
            last_success_at: success.map(|run| time(run.started_at)),
            last_size_bytes: success.map(|run| run.size),
            last_took_ms: success.and_then(|run| Some(run.finished_at? - run.started_at)),
            failures: last.failures,
            failure: last.failure.map(|run| run.reason),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct ActorsPage {
    pub server: ServerView,
    /// Over all actors, whatever the filter.
    pub totals: ActorTotals,
    /// Those with something to look at first.
    pub tenants: Vec<TenantActorsView>,
    /// Tenants that the filter lets through.
    pub matching: usize,
    pub page: usize,
    pub pages: usize,
    pub history: Vec<SampleView>,
}

#[derive(Serialize, ToSchema)]
pub struct ActView {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub email: String,
    pub act: String,
    /// An actor's id.
    pub subject: String,
    pub address: String,
    pub outcome: String,
}

#[derive(Serialize, ToSchema)]
pub struct Acts {
    pub acts: Vec<ActView>,
}

#[derive(Serialize, ToSchema)]
pub struct Done {
    pub done: bool,
}

impl From<OperatorAct> for ActView {
    fn from(act: OperatorAct) -> Self {
        Self {
            id: act.id,
            at: time(act.at),
            email: act.email,
            act: act.act,
            subject: act.subject,
            address: act.address,
            outcome: act.outcome,
        }
    }
}

impl From<Sample> for SampleView {
    fn from(sample: Sample) -> Self {
        Self {
            at: time(sample.at),
            seconds: sample.seconds,
            handled: sample.handled,
            failures: sample.failures,
            restarts: sample.restarts,
            p99_us: sample.p99_us,
        }
    }
}

impl From<Load> for LoadView {
    fn from(load: Load) -> Self {
        Self {
            working: load.working,
            waiting: load.waiting,
        }
    }
}

impl From<&Status> for ActorView {
    fn from(status: &Status) -> Self {
        let name = ActorName {
            tenant: status.tenant,
            kind: status.kind.to_owned(),
            project: status.project,
        };
        Self {
            id: name.to_string(),
            kind: status.kind,
            project: status.project.map(|project| project.uuid()),
            state: status.state,
            depth: status.depth,
            peak: status.peak,
            capacity: status.capacity,
            handled: status.handled,
            refused: status.refused,
            failures: status.failures,
            restarts: status.restarts,
            last_failure: status.last_failure,
            last_failure_at: status.last_failure_at.map(time),
            p50_us: status.p50_us,
            p99_us: status.p99_us,
            started_at: time(status.started_at),
            idle_s: status.idle_s,
            arbiter: status.arbiter,
            retry_after_s: status.retry_after_s,
            memory_bytes: status.memory_bytes,
        }
    }
}

impl ServerView {
    pub fn new(started_at: Millis, memory_bytes: Option<u64>, busy: Busy, jobs: JobCounts, backups: BackupsView) -> Self {
        Self {
            started_at: time(started_at),
            memory_bytes,
            questions: busy.questions.into(),
            batches: busy.batches.into(),
            sign_ins: busy.sign_ins.into(),
            jobs_waiting: jobs.waiting,
            jobs_running: jobs.running,
            jobs_parked: jobs.parked,
            backups,
        }
    }
}

/// The name of a state as it is written in JSON.
pub fn state_name(state: State) -> &'static str {
    match state {
        State::Quarantined => "quarantined",
        State::BackingOff => "backing_off",
        State::Starting => "starting",
        State::Running => "running",
        State::Idle => "idle",
    }
}

impl ActorTotals {
    pub fn of(actors: &[Status]) -> Self {
        let mut totals = Self {
            actors: actors.len(),
            tenants: actors.iter().filter(|actor| actor.kind == "tenant").count(),
            by_state: BTreeMap::new(),
            by_kind: BTreeMap::new(),
            depth: 0,
            handled: 0,
            failures: 0,
            restarts: 0,
            memory_bytes: 0,
        };
        for actor in actors {
            *totals.by_state.entry(state_name(actor.state).into()).or_default() += 1;
            *totals.by_kind.entry(actor.kind.into()).or_default() += 1;
            totals.depth += actor.depth;
            totals.handled += actor.handled;
            totals.failures += actor.failures;
            totals.restarts += actor.restarts;
            totals.memory_bytes += actor.memory_bytes;
        }
        totals
    }
}

impl ActorFilter {
    fn admits(&self, actor: &Status) -> bool {
        let wanted = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted.is_empty() || wanted == is);
        let tenant = self.tenant.as_deref().unwrap_or_default().trim().to_lowercase();
        wanted(&self.state, state_name(actor.state))
            && wanted(&self.kind, actor.kind)
            && (tenant.is_empty() || actor.tenant.to_string().starts_with(&tenant))
    }

    /// Which page, from 1, and how many tenants are on one.
    pub fn paging(&self) -> (usize, usize) {
        (self.page.unwrap_or(1).max(1), self.limit.unwrap_or(50).clamp(1, 200))
    }

    /// The actors that pass, as trees: those with something to look at first, then by id.
    pub fn trees(&self, actors: &[Status]) -> Vec<TenantActorsView> {
        let mut trees: BTreeMap<Uuid, Vec<&Status>> = BTreeMap::new();
        for actor in actors.iter().filter(|actor| self.admits(actor)) {
            trees.entry(actor.tenant.uuid()).or_default().push(actor);
        }
        let mut trees: Vec<TenantActorsView> = trees.into_iter().map(|(tenant, actors)| tree(tenant, actors)).collect();
        trees.sort_by_key(|tree| (tree.state, Reverse(tree.failures), tree.tenant));
        trees
    }
}

fn tree(tenant: Uuid, mut actors: Vec<&Status>) -> TenantActorsView {
    let order = |kind: &str| match kind {
        "tenant" => 0,
        "project" => 2,
        _ => 1,
    };
    actors.sort_by_key(|actor| (order(actor.kind), actor.kind, actor.project));
    TenantActorsView {
        tenant,
        state: actors.iter().map(|actor| actor.state).min().unwrap_or(State::Idle),
        handled: actors.iter().map(|actor| actor.handled).sum(),
        failures: actors.iter().map(|actor| actor.failures).sum(),
        memory_bytes: actors.iter().map(|actor| actor.memory_bytes).sum(),
        actors: actors.into_iter().map(ActorView::from).collect(),
    }
}
