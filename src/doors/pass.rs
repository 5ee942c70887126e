//! The session door's passes.

use std::{
    future::Future,
    marker::PhantomData,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use actix_session::{Session, SessionExt};
use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use actors::{
    AccountId, Fault, Millis, ProjectId, Role, Rule, Standing, TenantId,
    audit::By,
    contain::{Request, Serve},
    identity::SignedIn,
    integrations::IntegrationActor,
    project::ProjectActor,
    role::{Covers, Level},
    sessions::{LoadSession, Proof, SessionHash},
    team::{
        members::Leave,
        workspace::{DeleteWorkspace, KeepWorkspace},
    },
    tenant::{ListProjects, ProjectCard, ProjectRef, ShowProject, Tenant, TenantSupervisor},
};
use serde::de::DeserializeOwned;

use super::{
    Gate, Who, end_session,
    proxies::address_of,
    sessions::{ACCOUNT, HASH, PROOF, STANDING, TENANT, UNAVAILABLE},
};
use crate::error::Problem;

/// A signed-in member of role `R` or above. Carries messages to their own workspace, and those only that `R` may send.
///
/// Only this module makes one, and it leads to no other tenant:
/// ```compile_fail,E0451
/// fn forge() -> pernoex::doors::Pass<actors::role::Owner> {
///     pernoex::doors::Pass { ..unimplemented!() }
/// }
/// ```
/// ```compile_fail,E0624
/// async fn enter(session: actix_session::Session, gate: actix_web::web::Data<pernoex::doors::Gate>) {
///     let _ = pernoex::doors::Pass::<actors::role::Owner>::enter(session, gate, String::new()).await;
/// }
/// ```
/// ```compile_fail,E0616
/// fn supervisor(pass: pernoex::doors::Pass<actors::role::Owner>) -> std::sync::Arc<actors::tenant::Tenant> {
///     pass.tenant
/// }
/// ```
/// No door speaks for the server itself:
/// ```compile_fail,E0277
/// fn system(_: pernoex::doors::Pass<actors::role::System>) {}
/// ```
/// A message that the role covers is carried, and one that needs a higher role is not:
/// ```
/// async fn create(pass: pernoex::doors::Pass<actors::role::Admin>) {
///     let _ = pass.send(actors::tenant::CreateProject { by: pass.by(), name: "mine".into() }).await;
/// }
/// ```
/// ```compile_fail,E0277
/// async fn create(pass: pernoex::doors::Pass<actors::role::Member>) {
///     let _ = pass.send(actors::tenant::CreateProject { by: pass.by(), name: "mine".into() }).await;
/// }
/// ```
/// ```compile_fail,E0277
/// async fn begin_session_of_another(pass: pernoex::doors::Pass<actors::role::Owner>, hash: actors::sessions::SessionHash) {
///     let _ = pass.send(actors::sessions::EndSession(hash)).await;
/// }
/// ```
pub struct Pass<R: Level> {
    tenant: Arc<Tenant>,
    gate: Data<Gate>,
    signed_in: SignedIn,
    session: SessionHash,
    proof: Proof,
    standing: Standing,
    /// The network address.
    address: String,
    made: Instant,
    role: PhantomData<fn() -> R>,
}

/// A [`Pass`] together with the project that the path names, which is the workspace's own and, for a Member, assigned to them.
///
/// ```
/// async fn look(pass: pernoex::doors::ProjectPass<actors::role::Member>) {
///     let _ = pass.send(actors::project::widget::ShowWidget).await;
/// }
/// ```
/// ```compile_fail,E0277
/// async fn rotate(pass: pernoex::doors::ProjectPass<actors::role::Member>) {
///     let _ = pass.send(actors::project::widget::RotatePublicKey { by: pass.by() }).await;
/// }
/// ```
/// ```compile_fail,E0451
/// fn turn(pass: pernoex::doors::ProjectPass<actors::role::Owner>, id: actors::ProjectId) -> pernoex::doors::ProjectPass<actors::role::Owner> {
///     pernoex::doors::ProjectPass { id, ..pass }
/// }
/// ```
pub struct ProjectPass<R: Level> {
    pass: Pass<R>,
    project: ProjectRef,
    id: ProjectId,
}

fn state<T: DeserializeOwned>(session: &Session, name: &str) -> Option<T> {
    session.get(name).ok().flatten()
}

/// How often a stream looks whether its reader still may, besides when this node changes the team: another node may have.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Why a session leads to no one: there is none, or its tenant cannot look it up now.
fn nobody(session: &Session) -> Problem {
    match state(session, UNAVAILABLE) {
        Some(retry_after_s) => Problem::Fault(Fault::Quarantined { retry_after_s }),
        None => Problem::NotSignedIn,
    }
}

impl<R: Level> Pass<R> {
    /// Whoever the session is of, whatever their role.
    async fn enter(session: Session, gate: Data<Gate>, address: String) -> Result<Self, Problem> {
        let found = (
            state::<TenantId>(&session, TENANT),
            state::<AccountId>(&session, ACCOUNT),
            state::<Standing>(&session, STANDING),
            state::<SessionHash>(&session, HASH),
            state::<Proof>(&session, PROOF),
        );
        let (Some(tenant), Some(account), Some(standing), Some(hash), Some(proof)) = found else {
            return Err(nobody(&session));
        };
        let signed_in = SignedIn {
            account,
            tenant,
            epoch: proof.epoch,
        };
        Ok(Self {
            tenant: gate.registry.tenant(tenant).await?,
            gate,
            signed_in,
            session: hash,
            proof,
            standing,
            address,
            made: Instant::now(),
            role: PhantomData,
        })
    }

    fn check(self) -> Result<Self, Problem> {
        match Wanted::of::<R>(None).missing(&self.standing, &self.gate) {
            Some(problem) => Err(problem),
            None => Ok(self),
        }
    }

    pub(super) fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    pub(super) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Who asks.
    pub fn account(&self) -> AccountId {
        self.signed_in.account
    }

    pub(super) fn signed_in(&self) -> SignedIn {
        self.signed_in
    }

    pub(super) fn proof(&self) -> &Proof {
        &self.proof
    }

    pub(super) fn session(&self) -> SessionHash {
        self.session
    }

    /// Who asks, and from where.
    pub fn by(&self) -> By {
        By {
            account: self.signed_in.account,
            address: self.address.clone(),
        }
    }

    /// The projects that they reach.
    ///
    /// # Errors
    /// When the workspace does not answer.
    pub async fn projects(&self) -> Result<Vec<ProjectCard>, Problem> {
        Ok(self.tenant.supervisor(ListProjects(self.standing.reach.clone())).await?)
    }

    /// Leaves the workspace, and ends the session.
    ///
    /// # Errors
    /// `LastOwner`.
    pub async fn leave(&self, session: &Session) -> Result<(), Problem> {
        self.tenant.supervisor(Leave(self.by())).await?;
        end_session(session);
        Ok(())
    }

    /// Asks the workspace.
    ///
    /// # Errors
    /// What it answers.
    pub async fn send<M, T>(&self, message: M) -> Result<T, Problem>
    where
        M: Request<Reply = Result<T, Fault>>,
        R: Covers<M::Needs>,
        TenantSupervisor: Serve<M>,
    {
        self.still(None).await?;
        Ok(self.tenant.supervisor(message).await?)
    }

    /// Asks what the workspace has to do with providers.
    ///
    /// # Errors
    /// What it answers.
    pub async fn integrate<M, T>(&self, message: M) -> Result<T, Problem>
    where
        M: Request<Reply = Result<T, Fault>>,
        R: Covers<M::Needs>,
        IntegrationActor: Serve<M>,
    {
        self.still(None).await?;
        Ok(self.tenant.integrations().await?.ask(message).await?)
    }

    /// The door looked before the body was read, and a client may take its time over that: whoever was removed, demoted
    /// or signed out meanwhile is refused.
    pub(super) async fn still(&self, project: Option<ProjectId>) -> Result<(), Problem> {
        if self.made.elapsed() < LOOK_AGAIN {
            return Ok(());
        }
        match refused(&self.gate, &self.tenant, self.session, Wanted::of::<R>(project)).await {
            Some(problem) => Err(problem),
            None => Ok(()),
        }
    }

    /// # Errors
    /// When the account or its membership is gone.
    pub async fn who(&self) -> Result<Who, Problem> {
        Who::find(&self.gate, &self.tenant, self.signed_in).await
    }

    /// Counts one more of what this account does under `rule`.
    ///
    /// # Errors
    /// `TooMany`.
    pub async fn count(&self, rule: Rule) -> Result<(), Problem> {
        Ok(self.gate.limits.check(rule, &self.signed_in.account.to_string()).await?)
    }

    /// Counts one more of what this workspace does under `rule`; with `whom`, of what it does to them.
    ///
    /// # Errors
    /// `TooMany`.
    pub async fn count_here(&self, rule: Rule, whom: &str) -> Result<(), Problem> {
        let who = format!("{} {whom}", self.signed_in.tenant);
        Ok(self.gate.limits.check(rule, &who).await?)
    }

    /// Comes to an end when this pass would not be given any more, with what would be said instead. For streams, which outlive the
    /// moment in which the door looked.
    pub fn until_refused(&self) -> impl Future<Output = Problem> + use<R> {
        until_refused(self.gate.clone(), self.tenant.clone(), self.session, Wanted::of::<R>(None))
    }
}

impl Pass<actors::role::ManageTeam> {
    /// Deletes the workspace, and answers when it ends; when that is now, lets go of everything that this node remembers of it.
    ///
    /// # Errors
    /// `ConfirmationMismatch` unless `confirm` is the workspace's name.
    pub async fn delete_workspace(&self, session: &Session, confirm: String) -> Result<Option<Millis>, Problem> {
        let by = self.by();
        let ends_at = self.send(DeleteWorkspace { by, confirm }).await?;
        if ends_at.is_none() {
            self.gate.registry.forget(self.signed_in.tenant);
            end_session(session);
        }
        Ok(ends_at)
    }
}

impl Pass<actors::role::OwnAccount> {
    /// Takes a workspace back that was deleted. No other pass leads into it.
    ///
    /// # Errors
    /// `NotAllowed` for who is no Owner; `SecondFactorRequired`.
    pub async fn keep_workspace(&self) -> Result<(), Problem> {
        self.still(None).await?;
        if self.gate.bars(&self.standing) {
            return Err(Fault::SecondFactorRequired.into());
        }
        Ok(self.tenant.supervisor(KeepWorkspace(self.by())).await?)
    }
}

/// What a pass asks of who gets it.
#[derive(Clone, Copy)]
struct Wanted {
    least: Role,
    opens_workspace: bool,
    project: Option<ProjectId>,
}

impl Wanted {
    fn of<R: Level>(project: Option<ProjectId>) -> Self {
        Self {
            least: R::LEAST,
            opens_workspace: R::OPENS_WORKSPACE,
            project,
        }
    }

    /// What is not there. The project before the role, and that before what is asked of members: each says something of
    /// what comes before it only.
    fn missing(self, standing: &Standing, gate: &Gate) -> Option<Problem> {
        if self.project.is_some_and(|project| !standing.reach.covers(project)) {
            return Some(Fault::NotFound.into());
        }
        if standing.role < self.least {
            return Some(Problem::RoleTooLow);
        }
        if self.opens_workspace && standing.ends_at.is_some() {
            return Some(Fault::WorkspaceEnding.into());
        }
        let barred = self.opens_workspace && gate.bars(standing);
        barred.then(|| Fault::SecondFactorRequired.into())
    }
}

async fn until_refused(gate: Data<Gate>, tenant: Arc<Tenant>, session: SessionHash, wanted: Wanted) -> Problem {
    let mut changes = tenant.team_changes();
    loop {
        tokio::select! {
            Ok(()) = changes.changed() => {}
            () = tokio::time::sleep(LOOK_AGAIN) => {}
        }
        if let Some(problem) = refused(&gate, &tenant, session, wanted).await {
            return problem;
        }
    }
}

/// Why whoever began `session` may not, at this moment.
async fn refused(gate: &Gate, tenant: &Tenant, session: SessionHash, wanted: Wanted) -> Option<Problem> {
    match tenant.sessions(LoadSession(session)).await {
        Ok(None) => Some(Problem::NotSignedIn),
        Ok(Some(live)) => wanted.missing(&live.standing, gate),
        Err(fault) => Some(fault.into()),
    }
}

impl<R: Level> ProjectPass<R> {
    /// Asks the project.
    ///
    /// # Errors
    /// What it answers.
    pub async fn send<M, T>(&self, message: M) -> Result<T, Problem>
    where
        M: Request<Reply = Result<T, Fault>>,
        R: Covers<M::Needs>,
        ProjectActor: Serve<M>,
    {
        self.pass.still(Some(self.id)).await?;
        Ok(self.project.ask(message).await?)
    }

    /// Asks the workspace.
    pub fn workspace(&self) -> &Pass<R> {
        &self.pass
    }

    pub fn id(&self) -> ProjectId {
        self.id
    }

    /// As [`Pass::integrate`]. The message says of which project it speaks: of this one.
    ///
    /// # Errors
    /// What is answered.
    pub async fn integrate<M, T>(&self, message: impl FnOnce(ProjectId) -> M) -> Result<T, Problem>
    where
        M: Request<Reply = Result<T, Fault>>,
        R: Covers<M::Needs>,
        IntegrationActor: Serve<M>,
    {
        self.pass.still(Some(self.id)).await?;
        Ok(self.pass.tenant.integrations().await?.ask(message(self.id)).await?)
    }

    /// Who asks, and from where.
    pub fn by(&self) -> By {
        self.pass.by()
    }

    /// The project itself.
    ///
    /// # Errors
    /// When the workspace does not answer.
    pub async fn card(&self) -> Result<ProjectCard, Problem> {
        Ok(self.pass.tenant.supervisor(ShowProject(self.id)).await?)
    }

    /// As [`Pass::until_refused`], for this project.
    pub fn until_refused(&self) -> impl Future<Output = Problem> + use<R> {
        let pass = &self.pass;
        until_refused(pass.gate.clone(), pass.tenant.clone(), pass.session, Wanted::of::<R>(Some(self.id)))
    }
}

type Admission<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

impl<R: Level> FromRequest for Pass<R> {
    type Error = Problem;
    type Future = Admission<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let (session, gate, address) = (request.get_session(), Gate::of(request), address_of(request));
        Box::pin(async move { Self::enter(session, gate?, address).await?.check() })
    }
}

impl<R: Level> FromRequest for ProjectPass<R> {
    type Error = Problem;
    type Future = Admission<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let (session, gate, address) = (request.get_session(), Gate::of(request), address_of(request));
        let id = request.match_info().get("project").and_then(|id| id.parse::<ProjectId>().ok());
        Box::pin(async move {
            let pass = Pass::enter(session, gate?, address).await?;
            // Before the role: whoever does not see a project does not learn what it would take to change it either.
            let id = id
                .filter(|id| pass.standing.reach.covers(*id))
                .ok_or(Problem::Fault(Fault::NotFound))?;
            let pass = pass.check()?;
            let project = pass.tenant.project(id).await?;
            Ok(Self { pass, project, id })
        })
    }
}
