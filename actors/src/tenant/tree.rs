//! What holds a tenant's actors, and the ways to them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use entities::ProjectId;
use tokio::sync::watch;

use super::{MAILBOX, OpenProject, SupervisorSeed, TenantSeed, TenantSupervisor};
use crate::{
    audit::log::SignLog,
    contain::{Behaviour, Handle, Home, Request, RestartPolicy, Serve, Vitals},
    fault::Fault,
    integrations::{IntegrationActor, IntegrationSeed, IntegrationsRef},
    project::{ProjectActor, RefreshKey},
    sessions::{SessionActor, SessionSeed, SweepSessions},
    sources::stuck::TakeUpSyncs,
    vault::{VaultActor, VaultSeed},
};

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
    supervisor: Arc<Handle<TenantSupervisor>>,
    sessions: Handle<SessionActor>,
    vault: Arc<Handle<VaultActor>>,
    children: Arc<Children>,
    integrations: Mutex<Option<Arc<Handle<IntegrationActor>>>>,
    seed: IntegrationSeed,
    home: Home,
    team: Arc<watch::Sender<()>>,
}

/// The project actors that run. Outlives a crash of the supervisor.
#[derive(Default)]
pub(super) struct Children(Mutex<HashMap<ProjectId, Arc<Handle<ProjectActor>>>>);

impl Children {
    pub(super) fn lock(&self) -> MutexGuard<'_, HashMap<ProjectId, Arc<Handle<ProjectActor>>>> {
        // No code that can panic runs under the lock, and the map is whole between any two calls.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self, project: ProjectId) -> Option<Arc<Handle<ProjectActor>>> {
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
        let (home, tenant, db) = (seed.home.clone(), seed.tenant, seed.db.clone());
        let (keeper, engine) = (seed.keeper.clone(), seed.engine.clone());
        let supervisor = SupervisorSeed {
            tree: seed,
            vault: vault.clone(),
            children: children.clone(),
            team: team.clone(),
        };
        let supervisor = Arc::new(Handle::start(&home, supervisor, MAILBOX, policy));
        let projects = Projects {
            supervisor: supervisor.clone(),
            children: children.clone(),
        };
        Self {
            seed: IntegrationSeed {
                tenant,
                keeper,
                db,
                vault: vault.clone(),
                engine,
                projects,
            },
            supervisor,
            sessions,
            vault,
            children,
            integrations: Mutex::default(),
            home,
            team,
        }
    }

    fn integrations_slot(&self) -> MutexGuard<'_, Option<Arc<Handle<IntegrationActor>>>> {
        self.integrations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every actor of the tree that runs.
    pub(crate) fn vitals(&self) -> Vec<Arc<Vitals>> {
        let mut all = vec![
            self.supervisor.vitals().clone(),
            self.vault.vitals().clone(),
            self.sessions.vitals().clone(),
        ];
        all.extend(self.integrations_slot().iter().map(|running| running.vitals().clone()));
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
            (IntegrationActor::NAME, None) => {
                let running = self.integrations_slot().clone();
                running.ok_or(Fault::NotFound)?.reset().await?;
            }
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
        let idle = self.supervisor.idle().min(self.sessions.idle());
        self.integrations_slot().as_ref().map_or(idle, |running| running.idle().min(idle))
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
        self.seed.projects.get(project).await
    }

    /// What has to do with providers, started if it does not run.
    ///
    /// # Errors
    /// None yet; a tenant may come to have a reason.
    pub async fn integrations(&self) -> Result<IntegrationsRef, Fault> {
        let mut slot = self.integrations_slot();
        if let Some(running) = slot.as_ref().filter(|running| running.is_alive()) {
            return Ok(IntegrationsRef(running.clone()));
        }
        let started = Handle::start(&self.home, self.seed.clone(), MAILBOX, RestartPolicy::default());
        Ok(IntegrationsRef(slot.insert(Arc::new(started)).clone()))
    }

    /// Stops project actors that nobody has asked for `idle`, and that nothing holds; their memory goes with them. Integrations likewise.
    pub(crate) fn evict_projects(&self, idle: Duration) -> usize {
        let unused = |running: &mut Arc<Handle<IntegrationActor>>| Arc::strong_count(running) == 1 && running.idle() >= idle;
        drop(self.integrations_slot().take_if(unused));
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

    /// Takes up syncs that stand still.
    pub(crate) async fn take_up_syncs(&self) -> Result<(), Fault> {
        self.supervisor.call_unnoticed(TakeUpSyncs).await?
    }

    /// Signs what is new in the audit log, when it is due or, before this tree is let go of, in any case.
    pub(crate) async fn sign_log(&self, leaving: bool) -> Result<(), Fault> {
        self.supervisor.call_unnoticed(SignLog { leaving }).await?
    }

    pub(crate) fn running_projects(&self) -> usize {
        self.children.lock().len()
    }
}

/// Leads to each of a tenant's projects, without keeping any.
#[derive(Clone)]
pub(crate) struct Projects {
    supervisor: Arc<Handle<TenantSupervisor>>,
    children: Arc<Children>,
}

impl Projects {
    /// The actor of one of the tenant's projects, started if it does not run.
    ///
    /// # Errors
    /// `NotFound` when there is no such project.
    pub(crate) async fn get(&self, project: ProjectId) -> Result<ProjectRef, Fault> {
        match self.children.get(project) {
            Some(running) => Ok(ProjectRef(running)),
            None => self.supervisor.call(OpenProject(project)).await?,
        }
    }
}

/// Leads to one project's actor.
#[derive(Clone)]
pub struct ProjectRef(pub(super) Arc<Handle<ProjectActor>>);

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
