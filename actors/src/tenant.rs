//! One tenant's tree: the supervisor, its vault, its sessions, and a project actor for each project in use.

mod project_changes;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use entities::{AccountId, Millis, ProjectId, TenantDb, TenantId, job, message, projects, tenants, tenants::Reach};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use crate::{
    audit::{By, log::SignLog},
    contain::{Behaviour, Handle, Home, Request, RestartPolicy, Serve, Vitals},
    engine::Engine,
    fault::Fault,
    mail::Outbox,
    project::{ProjectActor, ProjectSeed, RefreshKey},
    request,
    sessions::{SessionActor, SessionSeed, SweepSessions},
    vault::{Keeper, OpenProjectKey, Ring, VaultActor, VaultSeed},
};

/// Everything a tenant's tree is made from.
#[derive(Clone)]
pub(crate) struct TenantSeed {
    pub tenant: TenantId,
    pub db: TenantDb,
    pub keeper: Arc<Keeper>,
    pub engine: Arc<Engine>,
    pub home: Home,
}

/// A living tenant. Dropping the last one stops its actors, after what they accepted.
///
/// Its mailboxes are its own, and a tree cannot be grown for a tenant of one's own choice:
/// ```compile_fail,E0616
/// fn mailbox(tenant: &actors::tenant::Tenant) {
///     let _ = &tenant.supervisor;
/// }
/// ```
/// ```compile_fail,E0624
/// fn adopt(seed: actors::tenant::SupervisorSeed) {
///     let _ = actors::tenant::Tenant::start(seed);
/// }
/// ```
/// ```compile_fail,E0451
/// fn seed(other: actors::tenant::SupervisorSeed) -> actors::tenant::SupervisorSeed {
///     actors::tenant::SupervisorSeed { ..other }
/// }
/// ```
pub struct Tenant {
    supervisor: Handle<TenantSupervisor>,
    sessions: Handle<SessionActor>,
    vault: Arc<Handle<VaultActor>>,
    children: Arc<Children>,
    team: Arc<watch::Sender<()>>,
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

/// The project actors that run. Outlives a crash of the supervisor.
#[derive(Default)]
pub(crate) struct Children(Mutex<HashMap<ProjectId, Arc<Handle<ProjectActor>>>>);

impl Children {
    fn lock(&self) -> MutexGuard<'_, HashMap<ProjectId, Arc<Handle<ProjectActor>>>> {
        // No code that can panic runs under the lock, and the map is whole between any two calls.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, project: ProjectId) -> Option<Arc<Handle<ProjectActor>>> {
        self.lock().get(&project).filter(|child| child.is_alive()).cloned()
    }
}

impl Tenant {
    pub(crate) fn start(seed: TenantSeed) -> Self {
        let policy = RestartPolicy::default();
        let vault = VaultSeed {
            tenant: seed.tenant,
            db: seed.db.clone(),
            keeper: seed.keeper.clone(),
            clock: seed.engine.clock.clone(),
        };
        let vault = Arc::new(Handle::start(&seed.home, vault, MAILBOX, policy));
        let sessions = SessionSeed {
            db: seed.db.clone(),
            clock: seed.engine.clock.clone(),
            limits: seed.engine.sessions,
        };
        let sessions = Handle::start(&seed.home, sessions, MAILBOX, policy);
        let children = Arc::<Children>::default();
        let team = Arc::new(watch::Sender::new(()));
        let home = seed.home.clone();
        let supervisor = SupervisorSeed {
            tree: seed,
            vault: vault.clone(),
            children: children.clone(),
            team: team.clone(),
        };
        Self {
            supervisor: Handle::start(&home, supervisor, MAILBOX, policy),
            sessions,
            vault,
            children,
            team,
        }
    }

    /// Every actor of the tree that runs.
    pub(crate) fn vitals(&self) -> Vec<Arc<Vitals>> {
        let mut all = vec![
            self.supervisor.vitals().clone(),
            self.vault.vitals().clone(),
            self.sessions.vitals().clone(),
        ];
        all.extend(self.children.lock().values().map(|child| child.vitals().clone()));
        all
    }

    /// Resets one actor of the tree, by its kind, or a project's.
    pub(crate) async fn reset(&self, kind: &str, project: Option<ProjectId>) -> Result<(), Fault> {
        let child = project
            .map(|project| self.children.get(project).ok_or(Fault::NotFound))
            .transpose()?;
        match (kind, child) {
            (TenantSupervisor::NAME, None) => self.supervisor.reset().await?,
            (VaultActor::NAME, None) => self.vault.reset().await?,
            (SessionActor::NAME, None) => self.sessions.reset().await?,
            (ProjectActor::NAME, Some(child)) => child.reset().await?,
            _ => return Err(Fault::NotFound),
        }
        Ok(())
    }

    /// Lets go of a project's actor, used or not: what it accepted it finishes, the next message starts another.
    pub(crate) fn dismiss(&self, project: ProjectId) -> bool {
        self.children.lock().remove(&project).is_some()
    }

    /// Rings whenever this node changes who may do what in the tenant.
    #[must_use]
    pub fn team_changes(&self) -> watch::Receiver<()> {
        self.team.subscribe()
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.supervisor.is_alive() && self.sessions.is_alive()
    }

    pub(crate) fn idle(&self) -> Duration {
        self.supervisor.idle().min(self.sessions.idle())
    }

    /// Asks the tenant's supervisor.
    ///
    /// # Errors
    /// What the supervisor answers, or why it did not.
    pub async fn supervisor<M, T>(&self, message: M) -> Result<T, Fault>
    where
        M: Request<Reply = Result<T, Fault>>,
        TenantSupervisor: Serve<M>,
    {
        self.supervisor.call(message).await?
    }

    /// Asks the keeper of the tenant's sessions.
    ///
    /// # Errors
    /// What it answers, or why it did not.
    pub async fn sessions<M, T>(&self, message: M) -> Result<T, Fault>
    where
        M: Request<Reply = Result<T, Fault>>,
        SessionActor: Serve<M>,
    {
        self.sessions.call(message).await?
    }

    /// The actor of one of this tenant's projects, started if it does not run.
    ///
    /// # Errors
    /// `NotFound` when this tenant has no such project.
    pub async fn project(&self, project: ProjectId) -> Result<ProjectRef, Fault> {
        if let Some(running) = self.children.get(project) {
            return Ok(ProjectRef(running));
        }
        self.supervisor(OpenProject(project)).await
    }

    /// Stops project actors that nobody has asked for `idle`, and that nothing holds; their memory goes with them.
    pub(crate) fn evict_projects(&self, idle: Duration) -> usize {
        let mut children = self.children.lock();
        let before = children.len();
        children.retain(|_, child| Arc::strong_count(child) > 1 || child.idle() < idle);
        before - children.len()
    }

    /// Makes the projects in use look at their keys anew, and lets go of those whose key is gone. `false` when one could not.
    pub(crate) async fn refresh_keys(&self) -> bool {
        let running: Vec<_> = self.children.lock().iter().map(|(id, child)| (*id, child.clone())).collect();
        let mut all = true;
        for (id, child) in running {
            match child.call_unnoticed(RefreshKey).await {
                Ok(Ok(())) => {}
                Ok(Err(Fault::NotFound)) => drop(self.children.lock().remove(&id)),
                // It keeps its index and the keys it knows, and none that is closed can be stored with.
                _ => all = false,
            }
        }
        all
    }

    /// Removes the sessions that expired.
    pub(crate) async fn sweep_sessions(&self) -> Result<(), Fault> {
        self.sessions.call_unnoticed(SweepSessions).await?
    }

    /// Signs what is new in the audit log, when it is due or, before this tree is let go of, in any case.
    pub(crate) async fn sign_log(&self, leaving: bool) -> Result<(), Fault> {
        self.supervisor.call_unnoticed(SignLog { leaving }).await?
    }

    pub(crate) fn running_projects(&self) -> usize {
        self.children.lock().len()
    }
}

/// Leads to one project's actor.
#[derive(Clone)]
pub struct ProjectRef(Arc<Handle<ProjectActor>>);

impl ProjectRef {
    /// # Errors
    /// What the project answers, or why it did not.
    pub async fn ask<M, T>(&self, message: M) -> Result<T, Fault>
    where
        M: Request<Reply = Result<T, Fault>>,
        ProjectActor: Serve<M>,
    {
        self.0.call(message).await?
    }
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
            Ok::<_, Fault>((name.zip(role), tenants::rules(tx).await?))
        });
        let (Some((name, role)), rules) = found.await? else {
            return Err(Fault::NotFound);
        };
        Ok(Workspace { name, role, rules })
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
    let mut bytes = [0; 32];
    rand::fill(&mut bytes);
    format!("pk_{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

pub(crate) fn public_key_hash(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}
