//! A person's own sessions, in whichever of their workspaces they are, and the proof that some acts ask for anew.

use actix_session::{Session, SessionExt};
use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
};
use actors::{
    AccountId, Fault, Millis, Standing, TenantId,
    identity::Password,
    role::OwnAccount,
    sessions::{EndSessionOf, ListSessions, Proof, Proofs, SessionCard, SessionHash, TakeSession},
};

use super::{
    Caller, Gate, Pass, Who, end_session,
    sessions::{ACCOUNT, PROOF, STANDING, is_changed, prove, renew_if_changed},
};
use crate::error::{Missing, Problem};

/// How long a proof is fresh.
const FRESH_MS: Millis = 600_000;

/// What a route asks somebody to have proved within the last ten minutes, besides their session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Nothing,
    /// Any of their factors: for what is grave.
    Any,
    /// Their second factor, if they have one: the first is in what is sent.
    Second,
    /// Each of their factors: for what opens the account from then on.
    Each,
}

impl Asked {
    /// What is asked for next.
    fn missing(self, proofs: Proofs, has_second_factor: bool, now: Millis) -> Option<Missing> {
        let is_old = |at: Millis| now.saturating_sub(at) > FRESH_MS;
        let (first, second) = (is_old(proofs.first), has_second_factor && is_old(proofs.second));
        match self {
            Self::Any => is_old(proofs.last).then_some(Missing::Any),
            Self::Each if first => Some(Missing::First),
            Self::Each | Self::Second => second.then_some(Missing::Second),
            Self::Nothing => None,
        }
    }
}

/// For routes that a session alone is not enough for: whoever sits down at an unlocked screen, or got hold of a cookie, does not do
/// these. Mounted by the route table, so that no handler can forget it.
///
/// # Errors
/// `StepUpNeeded` unless what is `asked` was proved within ten minutes. Without a session the route itself refuses.
pub async fn freshly_proven(
    asked: Asked,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let gate = Gate::of(request.request())?;
    let session = request.get_session();
    let (proof, standing) = (
        session.get::<Proof>(PROOF).ok().flatten(),
        session.get::<Standing>(STANDING).ok().flatten(),
    );
    let missing = match (proof, standing) {
        (Some(proof), Some(standing)) => asked.missing(proof.proofs, standing.second_factor, gate.identity.now()),
        _ if session.get::<AccountId>(ACCOUNT).ok().flatten().is_some() => Some(Missing::Any),
        _ => None,
    };
    match missing {
        Some(missing) => Err(Problem::StepUpNeeded(missing).into()),
        None => next.call(request).await,
    }
}

/// One of them.
pub struct OwnSession {
    pub tenant: TenantId,
    pub card: SessionCard,
    /// The one that asks.
    pub is_this: bool,
}

impl Pass<OwnAccount> {
    /// Proves anew who they are: the session goes on under a new id.
    ///
    /// # Errors
    /// `WrongCredentials`, `TooMany`.
    pub async fn prove(&self, session: &Session, password: &Password, from: &Caller) -> Result<Who, Problem> {
        self.still(None).await?;
        self.gate().identity.prove(self.account(), password, &from.address).await?;
        let proofs = self.proof().proofs.and_first(self.gate().identity.now());
        self.go_on_proved(session, proofs, from).await
    }

    /// Goes on under a new id, of the session's epoch: one that passed meanwhile is not entered anew.
    pub(super) async fn go_on_proved(&self, session: &Session, proofs: Proofs, from: &Caller) -> Result<Who, Problem> {
        let proof = from.proof(self.signed_in(), proofs);
        self.give_up().await?;
        prove(session, &proof)?;
        self.who().await
    }

    /// Who they are, to show to themselves; under a new id when their role is another than last time.
    ///
    /// # Errors
    /// When the account or its membership is gone.
    pub async fn look(&self, session: &Session) -> Result<Who, Problem> {
        let who = self.who().await?;
        if is_changed(session, who.role) {
            self.give_up().await?;
        }
        renew_if_changed(session, who.role)?;
        Ok(who)
    }

    /// Ends this session, as another of the same person takes its place. Whoever was signed out meanwhile gets none.
    ///
    /// # Errors
    /// `NotSignedIn` when it is over.
    pub(super) async fn give_up(&self) -> Result<(), Problem> {
        let take = TakeSession {
            account: self.account(),
            hash: self.session(),
        };
        match self.tenant().sessions(take).await? {
            true => Ok(()),
            false => Err(Problem::NotSignedIn),
        }
    }

    /// All of theirs, this one first, then the last used.
    ///
    /// # Errors
    /// When one of their workspaces does not answer.
    pub async fn sessions(&self) -> Result<Vec<OwnSession>, Problem> {
        let gate = self.gate();
        let mut found = Vec::new();
        for tenant in gate.identity.workspaces_of(self.account()).await? {
            let cards = match gate.registry.tenant(tenant).await {
                Ok(there) => there.sessions(ListSessions(self.account())).await?,
                // Deleted since the directory was read.
                Err(Fault::NotFound) => continue,
                Err(fault) => return Err(fault.into()),
            };
            found.extend(cards.into_iter().map(|card| OwnSession {
                tenant,
                is_this: card.hash == self.session(),
                card,
            }));
        }
        found.sort_by_key(|own| (!own.is_this, std::cmp::Reverse(own.card.seen_at)));
        Ok(found)
    }

    /// Ends one of theirs, this one included.
    ///
    /// # Errors
    /// `NotFound` for one that is not theirs.
    pub async fn end_session(&self, session: &Session, tenant: TenantId, hash: SessionHash) -> Result<(), Problem> {
        self.still(None).await?;
        let (by, is_this) = (self.by(), hash == self.session());
        self.gate()
            .registry
            .tenant(tenant)
            .await?
            .sessions(EndSessionOf { by, hash, is_this })
            .await?;
        if is_this {
            end_session(session);
        }
        Ok(())
    }

    /// Ends this one.
    pub async fn sign_out(&self, session: &Session) {
        // A workspace in trouble must not keep anyone from signing out of it: the session's own store ends it then.
        if let Err(problem) = self.end_session(session, self.signed_in().tenant, self.session()).await {
            tracing::warn!(?problem, "a sign-out is not in the audit log");
            end_session(session);
        }
    }

    /// Ends all of theirs but this one, in one transaction.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end_other_sessions(&self) -> Result<(), Problem> {
        self.still(None).await?;
        let this = (self.signed_in().tenant, self.session());
        Ok(self.gate().identity.end_sessions(&self.by(), Some(this)).await?)
    }
}
