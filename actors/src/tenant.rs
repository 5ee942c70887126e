//! One tenant's tree: the supervisor, its vault, its sessions, and a project actor for each project in use.

mod project_changes;
mod tree;

use std::{collections::HashMap, sync::Arc};

use entities::{
    AccountId, Millis, ProjectId, TenantDb, TenantId, inbound_event, job, members, message, projects, tenants, tenants::Reach,
    voice_endpoint, webhook_delivery,
};
use serde::Serialize;
use tokio::sync::watch;

use crate::{
    audit::By,
    billing::{Billing, look_daily},
    contain::{Behaviour, Handle, Home, RestartPolicy, Serve},
    engine::Engine,
    fault::Fault,
    integrations::{events::forgotten_before, slack, voice},
    mail::Outbox,
    project::ProjectSeed,
    request,
    sources::{self, stuck::TakeUpSyncs},
    token,
    vault::{Keeper, OpenProjectKey, Ring, VaultActor},
};

use tree::Children;
pub(crate) use tree::Projects;
pub use tree::{ProjectRef, Tenant};

/// Everything a tenant's tree is made from.
#[derive(Clone)]
pub(crate) struct TenantSeed {
    pub tenant: TenantId,
    pub db: TenantDb,
    pub keeper: Arc<Keeper>,
    pub engine: Arc<Engine>,
    pub home: Home,
}

/// How many messages each actor of a tenant admits.
const MAILBOX: usize = 256;

#[derive(Clone)]
pub struct SupervisorSeed {
    tree: TenantSeed,
    vault: Arc<Handle<VaultActor>>,
    children: Arc<Children>,
    /// Rings when who may do what has changed.
    team: Arc<watch::Sender<()>>,
}

pub struct TenantSupervisor {
    seed: SupervisorSeed,
}

impl Behaviour for TenantSupervisor {
    type Seed = SupervisorSeed;
    const NAME: &'static str = "tenant";

    async fn init(seed: SupervisorSeed) -> Result<Self, Fault> {
        Ok(Self { seed })
    }
}

/// What the dashboard shows of a project in a list.
#[derive(Clone, Debug, Serialize)]
pub struct ProjectCard {
    pub id: ProjectId,
    pub name: String,
    pub created_at: Millis,
    pub documents: i64,
    pub documents_ready: i64,
    pub documents_failed: i64,
    pub questions_7d: i64,
}

/// What the tenant is to one of its members. `NotFound` for anyone else.
pub struct ShowWorkspace(pub AccountId);
pub struct Workspace {
    pub name: String,
    pub role: tenants::Role,
    pub rules: tenants::Rules,
    /// A session of theirs lives here if its proof is not older.
    pub proofs_from: Millis,
}
/// The projects that someone reaches. Sent by the door, which knows how far that is.
pub struct ListProjects(pub Reach);
/// Sent by the door, for the project that it let someone in to.
pub struct ShowProject(pub ProjectId);
pub struct CreateProject {
    pub by: By,
    pub name: String,
}
pub struct RenameProject {
    pub by: By,
    pub project: ProjectId,
    pub name: String,
}
/// Ends a project. Its key is destroyed in the same transaction.
pub struct DeleteProject {
    pub by: By,
    pub project: ProjectId,
    /// Must be the project's name.
    pub confirm: String,
}
struct OpenProject(ProjectId);
/// Removes what providers sent, and was sent, long ago, and secrets that were replaced; has Stripe looked at.
pub(crate) struct SweepEvents(pub job::Claimed);
/// Removes some rows of a deleted project.
pub(crate) struct PurgeProject(pub job::Claimed);

request! {
    ShowWorkspace => Workspace, needs System;
    ListProjects => Vec<ProjectCard>, needs System;
    ShowProject => ProjectCard, needs System;
    CreateProject => ProjectCard, needs ManageProjects, exclusive;
    RenameProject => ProjectCard, needs ManageProjects, exclusive;
    DeleteProject => (), needs ManageProjects, exclusive;
    OpenProject => ProjectRef, needs System, exclusive;
    SweepEvents => (), needs System;
    PurgeProject => (), needs System;
}

/// Rows that one step of a purge removes.
pub(crate) const PURGE_STEP: u64 = 500;

impl TenantSupervisor {
    pub(crate) fn db(&self) -> &TenantDb {
        &self.seed.tree.db
    }

    pub(crate) fn now(&self) -> Millis {
        self.seed.tree.engine.clock.now()
    }

    /// How long it can be taken back after it was deleted.
    pub(crate) fn second_thoughts_ms(&self) -> Millis {
        self.seed.tree.engine.second_thoughts_ms
    }

    /// How long an invitation can be accepted.
    pub(crate) fn invitation_ms(&self) -> Millis {
        self.seed.tree.engine.invitation_ms
    }

    pub(crate) fn outbox(&self) -> &Outbox {
        &self.seed.tree.engine.outbox
    }

    /// What is to be ended at Slack when the tenant ends.
    pub(crate) async fn slack_grants(&self) -> Result<Vec<Vec<u8>>, Fault> {
        slack::grants(self.db(), &self.seed.vault, &self.seed.tree.keeper).await
    }

    /// What is to be ended at providers of knowledge when the tenant ends.
    pub(crate) async fn source_grants(&self) -> Result<Vec<Vec<u8>>, Fault> {
        let tree = &self.seed.tree;
        sources::grants_of(tree.tenant, self.db(), &self.seed.vault, tree.engine.sources.as_deref()).await
    }

    /// What there are of plans; `None` where everything is unlimited.
    pub(crate) fn billing(&self) -> Option<&Billing> {
        self.seed.tree.engine.billing.as_deref()
    }

    /// Tells whoever streams to a member to look again whether they may.
    pub(crate) fn team_changed(&self) {
        self.seed.team.send_replace(());
    }

    pub(crate) fn keeper(&self) -> &Keeper {
        &self.seed.tree.keeper
    }

    pub(crate) fn forget_projects(&self) {
        self.seed.children.lock().clear();
    }

    /// Tells the worker that a job waits.
    pub(crate) fn key_ring(&self) -> &Ring {
        &self.seed.tree.keeper.ring
    }

    pub(crate) fn ring(&self) {
        self.seed.tree.engine.work.notify_one();
    }

    async fn cards(&self, only: Option<ProjectId>) -> Result<Vec<ProjectCard>, Fault> {
        let week = message::day_of(self.now()) - 6;
        let (projects, counts) = self
            .db()
            .read(async |tx| {
                let projects = match only {
                    Some(id) => projects::find(tx, id).await?.into_iter().collect(),
                    None => projects::list(tx).await?,
                };
                Ok::<_, Fault>((projects, projects::summaries(tx, only, week).await?))
            })
            .await?;
        let mut counts: HashMap<_, _> = counts.into_iter().collect();
        let card = |project: projects::Project| {
            let count = counts.remove(&project.id).unwrap_or_default();
            ProjectCard {
                id: project.id,
                name: project.name,
                created_at: project.created_at,
                documents: count.documents,
                documents_ready: count.documents_ready,
                documents_failed: count.documents_failed,
                questions_7d: count.questions,
            }
        };
        Ok(projects.into_iter().map(card).collect())
    }

    async fn card(&self, id: ProjectId) -> Result<ProjectCard, Fault> {
        self.cards(Some(id)).await?.pop().ok_or(Fault::NotFound)
    }
}

impl Serve<ShowWorkspace> for TenantSupervisor {
    async fn serve(&self, ShowWorkspace(account): ShowWorkspace) -> Result<Workspace, Fault> {
        let found = self.db().read(async |tx| {
            let (name, role) = (tenants::name(tx).await?, tenants::role_of(tx, account).await?);
            let proofs_from = members::sessions_from(tx, account).await?.unwrap_or_default();
            Ok::<_, Fault>((name.zip(role), tenants::rules(tx).await?, proofs_from))
        });
        let (Some((name, role)), rules, proofs_from) = found.await? else {
            return Err(Fault::NotFound);
        };
        Ok(Workspace {
            name,
            role,
            rules,
            proofs_from,
        })
    }
}

impl Serve<ListProjects> for TenantSupervisor {
    async fn serve(&self, ListProjects(reach): ListProjects) -> Result<Vec<ProjectCard>, Fault> {
        let mut cards = self.cards(None).await?;
        cards.retain(|card| reach.covers(card.id));
        Ok(cards)
    }
}

impl Serve<ShowProject> for TenantSupervisor {
    async fn serve(&self, ShowProject(id): ShowProject) -> Result<ProjectCard, Fault> {
        self.card(id).await
    }
}

impl Serve<SweepEvents> for TenantSupervisor {
    async fn serve(&self, SweepEvents(job): SweepEvents) -> Result<(), Fault> {
        let now = self.now();
        let before = forgotten_before(now);
        self.serve(TakeUpSyncs).await?;
        let swept = self.db().write(async |tx| {
            voice_endpoint::expire(tx, now).await?;
            let timeless = voice::timeless(tx).await?;
            inbound_event::sweep(tx, before, &timeless).await?;
            if webhook_delivery::sweep(tx, before, PURGE_STEP).await? == PURGE_STEP {
                return job::release(tx, &job, now).await;
            }
            look_daily(self.billing(), tx, now).await?;
            job::swept(tx, &job, now).await
        });
        swept.await?;
        Ok(())
    }
}

impl Serve<OpenProject> for TenantSupervisor {
    async fn serve(&self, OpenProject(id): OpenProject) -> Result<ProjectRef, Fault> {
        if let Some(running) = self.seed.children.get(id) {
            return Ok(ProjectRef(running));
        }
        self.db()
            .read(async |tx| projects::find(tx, id).await)
            .await?
            .ok_or(Fault::NotFound)?;
        let key = self.seed.vault.call(OpenProjectKey(id)).await??;
        let seed = ProjectSeed {
            project: id,
            db: self.db().clone(),
            key: Arc::new(key),
            vault: self.seed.vault.clone(),
            keeper: self.seed.tree.keeper.clone(),
            engine: self.seed.tree.engine.clone(),
            lane: self.seed.tree.engine.lane(self.seed.tree.tenant),
            memory: Arc::default(),
        };
        let home = Home {
            project: Some(id),
            ..self.seed.tree.home.clone()
        };
        let memory = seed.memory.clone();
        let child = Arc::new(Handle::start_weighed(&home, seed, MAILBOX, RestartPolicy::default(), memory));
        self.seed.children.lock().insert(id, child.clone());
        Ok(ProjectRef(child))
    }
}

/// 256 random bits: nothing about it can be guessed from another key.
pub(crate) fn new_public_key() -> String {
    format!("pk_{}", token::random().as_str())
}

pub(crate) fn public_key_hash(key: &str) -> [u8; 32] {
    token::hash(key)
}
