//! The operators' door: a session of an account with the flag, which is asked of the database each time. For everyone else there is
//! nothing here: 404, whatever they send.

use std::{future::Future, pin::Pin};

use actix_session::SessionExt;
use actix_web::{
    Error, FromRequest, HttpRequest,
    body::MessageBody,
    dev::{Payload, ServiceRequest, ServiceResponse},
    middleware::Next,
    web::Data,
};
use actors::{
    AccountId, Fault, Standing, TenantId,
    contain::Status,
    disclosure::Board,
    operators::{Act, Busy, Operator},
    sessions::{Live, LoadSession, SessionHash},
    watch::{ActorName, Sample},
};

use super::{
    Gate,
    proxies::address_of,
    sessions::{ACCOUNT, HASH, STANDING, TENANT},
};
use crate::error::Problem;

/// An operator. May see how actors are and reset or evict them: there is no method for anything of a tenant's.
///
/// ```compile_fail,E0599
/// async fn peek(pass: pernoex::doors::OperatorPass) {
///     let _ = pass.send(actors::tenant::ListProjects).await;
/// }
/// ```
pub struct OperatorPass {
    gate: Data<Gate>,
    who: Operator,
    session: (TenantId, SessionHash),
}

impl OperatorPass {
    async fn admit(request: &HttpRequest) -> Result<Self, Problem> {
        let nothing = || Problem::Fault(Fault::NotFound);
        let gate = request.app_data::<Data<Gate>>().cloned().ok_or_else(nothing)?;
        let session = request.get_session();
        let account: AccountId = session.get(ACCOUNT).ok().flatten().ok_or_else(nothing)?;
        let tenant = session.get(TENANT).ok().flatten().ok_or_else(nothing)?;
        let hash = session.get(HASH).ok().flatten().ok_or_else(nothing)?;
        let address = address_of(request);
        let who = gate.operations.admit(account, &address).await?;
        let standing: Standing = session.get(STANDING).ok().flatten().ok_or_else(nothing)?;
        // What their own workspace asks of them is no matter of the installation's.
        if gate.lacks_demanded_factor(&standing) {
            return Err(Fault::SecondFactorRequired.into());
        }
        Ok(Self {
            gate,
            who,
            session: (tenant, hash),
        })
    }

    /// Whether the flag and the session are still there: for answers that last.
    pub async fn holds(&self) -> bool {
        let (tenant, hash) = self.session;
        let session = async { self.gate.registry.tenant(tenant).await?.sessions(LoadSession(hash)).await };
        let admitted = |live: &Live| !self.gate.lacks_demanded_factor(&live.standing);
        self.gate.operations.still(&self.who).await && session.await.is_ok_and(|live| live.as_ref().is_some_and(admitted))
    }

    /// Every actor of this process, in no order.
    pub fn actors(&self) -> Vec<Status> {
        self.gate.operations.registry().actors()
    }

    /// The last quarter of an hour, the oldest first.
    pub fn history(&self) -> Vec<Sample> {
        self.gate.operations.history().samples()
    }

    pub fn busy(&self) -> Busy {
        self.gate.operations.busy()
    }

    pub fn started_at(&self) -> actors::Millis {
        self.gate.operations.started_at()
    }

    /// # Errors
    /// When the database does not answer.
    pub async fn backups(&self) -> Result<(Option<actors::Millis>, actors::backup::LastRuns), Problem> {
        Ok(self.gate.operations.backups().await?)
    }

    /// # Errors
    /// When the database does not answer.
    pub async fn jobs(&self) -> Result<actors::JobCounts, Problem> {
        Ok(self.gate.operations.jobs().await?)
    }

    /// Reports of vulnerabilities.
    pub fn board(&self) -> Board<'_> {
        self.gate.disclosure.board(&self.who)
    }

    /// Does `act` and writes it down.
    ///
    /// # Errors
    /// `NotFound` when no such actor lives in any node.
    pub async fn act(&self, act: Act, on: &ActorName) -> Result<(), Problem> {
        Ok(self.gate.operations.act(&self.who, act, on).await?)
    }

    /// # Errors
    /// When the database does not answer.
    pub async fn acts(&self, limit: u64) -> Result<Vec<actors::OperatorAct>, Problem> {
        Ok(self.gate.operations.acts(limit).await?)
    }
}

impl FromRequest for OperatorPass {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Self::admit(&request).await })
    }
}

/// Outermost on every route of the operators, so that what comes after it, the token's check included, says nothing to others.
///
/// # Errors
/// `NotFound` for everyone but an operator.
pub async fn operators_only(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    {
        // Not held while the request goes on: the router needs it to itself.
        let seen = request.request().clone();
        OperatorPass::admit(&seen).await?;
    }
    next.call(request).await
}
