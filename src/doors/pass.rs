//! The session door's passes.

use std::{future::Future, marker::PhantomData, pin::Pin, sync::Arc};

use actix_session::{Session, SessionExt};
use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use actors::{
    AccountId, Fault, ProjectId, Role, Rule, TenantId,
    contain::{Request, Serve},
    identity::SignedIn,
    project::ProjectActor,
    role::{Covers, Level},
    tenant::{ProjectRef, Tenant, TenantSupervisor},
};
use serde::de::DeserializeOwned;

use super::{
    Gate, Who,
    sessions::{ACCOUNT, ROLE, TENANT, UNAVAILABLE},
};
use crate::error::Problem;

/// A signed-in member of role `R` or above. Carries messages to their own workspace, and those only that `R` may send.
///
/// Only this module makes one:
/// ```compile_fail,E0451
/// fn forge(other: pernoex::doors::Pass<actors::role::Member>) -> pernoex::doors::Pass<actors::role::Owner> {
///     pernoex::doors::Pass { ..unimplemented!() }
/// }
/// ```
/// A message that needs a higher role cannot be sent:
/// ```compile_fail,E0277
/// async fn sneak(pass: pernoex::doors::Pass<actors::role::Member>) {
///     let _ = pass.send(actors::tenant::CreateProject { name: "mine".into() }).await;
/// }
/// ```
pub struct Pass<R: Level> {
    tenant: Arc<Tenant>,
    gate: Data<Gate>,
    signed_in: SignedIn,
    role: PhantomData<fn() -> R>,
}

/// A [`Pass`] together with the project that the path names, which is the workspace's own.
pub struct ProjectPass<R: Level> {
    pass: Pass<R>,
    project: ProjectRef,
    id: ProjectId,
}

fn state<T: DeserializeOwned>(session: &Session, name: &str) -> Option<T> {
    session.get(name).ok().flatten()
}

/// Why a session leads to no one: there is none, or its tenant cannot look it up now.
fn nobody(session: &Session) -> Problem {
    match state(session, UNAVAILABLE) {
        Some(retry_after_s) => Problem::Fault(Fault::Quarantined { retry_after_s }),
        None => Problem::NotSignedIn,
    }
}

impl<R: Level> Pass<R> {
    async fn admit(session: Session, gate: Data<Gate>) -> Result<Self, Problem> {
        let found = (
            state::<TenantId>(&session, TENANT),
            state::<AccountId>(&session, ACCOUNT),
            state::<Role>(&session, ROLE),
        );
        let (Some(tenant), Some(account), Some(role)) = found else {
            return Err(nobody(&session));
        };
        if role < R::LEAST {
            return Err(Problem::RoleTooLow);
        }
        let signed_in = SignedIn { account, tenant };
        Ok(Self {
            tenant: gate.registry.tenant(tenant).await?,
            gate,
            signed_in,
            role: PhantomData,
        })
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
        Ok(self.tenant.supervisor(message).await?)
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
        Ok(self.project.ask(message).await?)
    }

    /// Asks the workspace.
    pub fn workspace(&self) -> &Pass<R> {
        &self.pass
    }

    pub fn id(&self) -> ProjectId {
        self.id
    }
}

type Admission<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

fn gate(request: &HttpRequest) -> Result<Data<Gate>, Problem> {
    request
        .app_data::<Data<Gate>>()
        .cloned()
        .ok_or(Problem::Fault(Fault::Internal("no gate")))
}

impl<R: Level> FromRequest for Pass<R> {
    type Error = Problem;
    type Future = Admission<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let (session, gate) = (request.get_session(), gate(request));
        Box::pin(async move { Self::admit(session, gate?).await })
    }
}

impl<R: Level> FromRequest for ProjectPass<R> {
    type Error = Problem;
    type Future = Admission<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let (session, gate) = (request.get_session(), gate(request));
        let id = request.match_info().get("project").and_then(|id| id.parse::<ProjectId>().ok());
        Box::pin(async move {
            let pass = Pass::admit(session, gate?).await?;
            let id = id.ok_or(Problem::Fault(Fault::NotFound))?;
            let project = pass.tenant.project(id).await?;
            Ok(Self { pass, project, id })
        })
    }
}
