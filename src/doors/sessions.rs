//! Sessions on the server. The cookie holds an id that routes to the tenant; the state is behind that tenant's session actor.

use std::{cell::Cell, collections::HashMap, sync::Arc};

use actix_session::{
    Session, SessionMiddleware,
    config::{CookieContentSecurity, PersistentSession, TtlExtensionPolicy},
    storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError},
};
use actix_web::cookie::{Key, SameSite, time::Duration};
use actors::{
    AccountId, Fault, Registry, Role, SecretBytes, StoreError, TenantId,
    identity::SignedIn,
    sessions::{BeginSession, EndSession, LoadSession, Proof, SessionHash, SessionLimits, UpdateSession, Why},
};
use anyhow::anyhow;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::error::Problem;

const COOKIE: &str = "__Host-pernoex";

pub(super) const TENANT: &str = "tenant";
pub(super) const ACCOUNT: &str = "account";
/// What the CSRF token is derived from. Not the token.
pub(super) const NONCE: &str = "nonce";
/// The member's role and reach. Never stored: asked of the tenant at each request.
pub(super) const STANDING: &str = "standing";
/// Which session it is, by the hash of its id. Never stored: it is where the state was found.
pub(super) const HASH: &str = "hash";
/// How it came to be. Kept beside the state.
pub(super) const PROOF: &str = "proof";
/// The role that the person knows this session by.
const KNOWN_ROLE: &str = "role";
/// Never stored: seconds after which the tenant's sessions may be asked for again.
pub(super) const UNAVAILABLE: &str = "unavailable";

/// That somebody comes in by it, or has proved once more who they are. Never stored.
const ENTERS: &str = "enters";
const PROVES: &str = "proves";

type State = HashMap<String, String>;

/// The session middleware, with the cookie's every protection.
pub fn cookies(registry: Arc<Registry>, key: &SecretBytes, limits: SessionLimits) -> SessionMiddleware<TenantSessions> {
    SessionMiddleware::builder(TenantSessions(registry), key.open(Key::from))
        .cookie_name(COOKIE.into())
        .cookie_secure(true)
        .cookie_http_only(true)
        .cookie_same_site(SameSite::Lax)
        .cookie_path("/".into())
        .cookie_domain(None)
        .cookie_content_security(CookieContentSecurity::Signed)
        .session_lifecycle(
            PersistentSession::default()
                // The cookie lasts as long as a session can: when it ends is decided where it is kept.
                .session_ttl(limits.whole.try_into().unwrap_or(Duration::WEEK))
                .session_ttl_extension_policy(TtlExtensionPolicy::OnStateChanges),
        )
        .build()
}

/// Routes a session to its tenant's actor by the first half of its id.
pub struct TenantSessions(Arc<Registry>);

/// `tenant.secret`: 256 random bits after the tenant.
fn parse(key: &SessionKey) -> Option<(TenantId, SessionHash)> {
    let (tenant, secret) = key.as_ref().split_once('.')?;
    let secret = BASE64_URL_SAFE_NO_PAD.decode(secret).ok().filter(|secret| secret.len() == 32)?;
    Some((tenant.parse().ok()?, SessionHash::of(&secret)))
}

fn field<T: serde::de::DeserializeOwned>(state: &State, name: &str) -> Option<T> {
    serde_json::from_str(state.get(name)?).ok()
}

fn owner_of(state: &State) -> Option<(TenantId, AccountId)> {
    Some((field(state, TENANT)?, field(state, ACCOUNT)?))
}

fn stored(mut state: State) -> Result<String, anyhow::Error> {
    state.remove(STANDING);
    state.remove(ENTERS);
    state.remove(PROVES);
    state.remove(HASH);
    state.remove(PROOF);
    state.remove(UNAVAILABLE);
    Ok(serde_json::to_string(&state)?)
}

/// Stands for a session that cannot be looked at now: it has no owner, so that it opens nothing.
fn unavailable(retry_after_s: u64) -> State {
    State::from([(UNAVAILABLE.into(), retry_after_s.to_string())])
}

/// Seconds until it is worth another try, of a fault that passes.
fn passes_in_s(fault: &Fault) -> Option<u64> {
    match fault {
        Fault::Quarantined { retry_after_s } => Some(*retry_after_s),
        Fault::Overloaded => Some(1),
        Fault::Unavailable | Fault::TimedOut | Fault::Cache(_) | Fault::Storage(StoreError::Unavailable(_)) => Some(5),
        _ => None,
    }
}

tokio::task_local! {
    /// Why the session of the request at hand was not written.
    static UNWRITTEN: Cell<Option<Problem>>;
}

/// `request`, and why its session was not written, if it was not: the middleware makes a 500 of whatever a store says.
pub async fn noting_unwritten<T>(request: impl Future<Output = T>) -> (T, Option<Problem>) {
    let noting = async { (request.await, UNWRITTEN.with(Cell::take)) };
    UNWRITTEN.scope(Cell::new(None), noting).await
}

fn unwritten(fault: Fault) -> anyhow::Error {
    let reason = anyhow!("a session: {fault}");
    // What passes, or is over. Anything else is ours, and an internal error as before.
    if passes_in_s(&fault).is_some() || matches!(fault, Fault::Storage(StoreError::SessionOver | StoreError::KeyRetired)) {
        // Outside of a request there is nobody to tell.
        let _ = UNWRITTEN.try_with(|told| told.set(Some(Problem::Fault(fault))));
    }
    reason
}

impl SessionStore for TenantSessions {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        let Some((tenant, hash)) = parse(key) else { return Ok(None) };
        let live = async { self.0.tenant(tenant).await?.sessions(LoadSession(hash)).await };
        let live = match live.await {
            Ok(Some(live)) => live,
            Ok(None) | Err(Fault::NotFound) => return Ok(None),
            // An error here would end as 500. The pass tells it as what it is.
            Err(fault) => {
                return match passes_in_s(&fault) {
                    Some(seconds) => Ok(Some(unavailable(seconds))),
                    None => Err(LoadError::Other(fault.into())),
                };
            }
        };
        let mut state: State = serde_json::from_str(&live.state).map_err(|error| LoadError::Deserialization(error.into()))?;
        // Belt and braces: the state must agree with the way it was found.
        if owner_of(&state) != Some((tenant, live.account)) {
            return Ok(None);
        }
        let standing = serde_json::to_string(&live.standing).map_err(|error| LoadError::Deserialization(error.into()))?;
        state.insert(STANDING.into(), standing);
        let hash = serde_json::to_string(&hash).map_err(|error| LoadError::Deserialization(error.into()))?;
        state.insert(HASH.into(), hash);
        let proof = serde_json::to_string(&live.proof).map_err(|error| LoadError::Deserialization(error.into()))?;
        state.insert(PROOF.into(), proof);
        Ok(Some(state))
    }

    async fn save(&self, state: State, _: &Duration) -> Result<SessionKey, SaveError> {
        let (tenant, account) = owner_of(&state).ok_or_else(|| SaveError::Other(anyhow!("a session without an owner")))?;
        let proof: Proof = field(&state, PROOF).ok_or_else(|| SaveError::Other(anyhow!("a session without a proof")))?;
        let mut secret = [0; 32];
        rand::fill(&mut secret);
        let begin = BeginSession {
            hash: SessionHash::of(&secret),
            account,
            why: match (state.contains_key(ENTERS), state.contains_key(PROVES)) {
                (true, _) => Why::Entered,
                (false, true) => Why::Proved,
                (false, false) => Why::GoesOn,
            },
            state: stored(state).map_err(SaveError::Serialization)?,
            proof,
        };
        let begun = async { self.0.tenant(tenant).await?.sessions(begin).await };
        begun.await.map_err(|fault| SaveError::Other(unwritten(fault)))?;
        let key = format!("{tenant}.{}", BASE64_URL_SAFE_NO_PAD.encode(secret));
        key.try_into().map_err(|_| SaveError::Other(anyhow!("session key")))
    }

    async fn update(&self, key: SessionKey, state: State, _: &Duration) -> Result<SessionKey, UpdateError> {
        let other = |reason: &'static str| UpdateError::Other(anyhow!(reason));
        let (tenant, hash) = parse(&key).ok_or_else(|| other("session key"))?;
        let (owner, account) = owner_of(&state).ok_or_else(|| other("a session without an owner"))?;
        if owner != tenant {
            return Err(other("a session cannot change its tenant: it must be renewed"));
        }
        let update = UpdateSession {
            hash,
            account,
            state: stored(state).map_err(UpdateError::Serialization)?,
        };
        let updated = async { self.0.tenant(tenant).await?.sessions(update).await };
        // `false`: it ended meanwhile, and stays ended.
        updated.await.map(|_| key).map_err(|fault| UpdateError::Other(unwritten(fault)))
    }

    /// How long it goes on is decided where it is kept, with each use.
    async fn update_ttl(&self, _: &SessionKey, _: &Duration) -> Result<(), anyhow::Error> {
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), anyhow::Error> {
        let Some((tenant, hash)) = parse(key) else { return Ok(()) };
        let ended = async { self.0.tenant(tenant).await?.sessions(EndSession(hash)).await };
        match ended.await {
            // Not found: the workspace was deleted, and its sessions with it.
            Ok(()) | Err(Fault::NotFound) => Ok(()),
            // A workspace in trouble must not keep anyone from signing out of it, or in elsewhere.
            Err(_) => self.0.end_session(tenant, hash).await.map_err(unwritten),
        }
    }
}

/// Begins a session of `who`, and ends the one that was there.
pub(super) fn begin(session: &Session, who: SignedIn, proof: &Proof) -> Result<(), Problem> {
    let failed = |_| Problem::Fault(Fault::Internal("session state"));
    // A new id: one that somebody planted before the sign-in opens nothing after it.
    session.clear();
    session.renew();
    session.insert(TENANT, who.tenant).map_err(failed)?;
    session.insert(ACCOUNT, who.account).map_err(failed)?;
    session.insert(PROOF, proof).map_err(failed)?;
    session.insert(ENTERS, true).map_err(failed)?;
    let mut nonce = [0; 32];
    rand::fill(&mut nonce);
    session.insert(NONCE, BASE64_URL_SAFE_NO_PAD.encode(nonce)).map_err(failed)
}

/// Gives the session a new id, as whoever it is of has proved anew that it is theirs. Other pages of theirs go on with their token.
pub(super) fn prove(session: &Session, proof: &Proof) -> Result<(), Problem> {
    let failed = |_| Problem::Fault(Fault::Internal("session state"));
    session.renew();
    session.insert(PROOF, proof).map_err(failed)?;
    session.insert(PROVES, true).map_err(failed)
}

/// Whether its member has another role than when somebody last looked.
pub(super) fn is_changed(session: &Session, role: Role) -> bool {
    let known: Option<Role> = session.get(KNOWN_ROLE).ok().flatten();
    known.is_some_and(|known| known != role)
}

/// Gives the session a new id once its member has another role than when somebody last looked: whoever learnt the id of a Member's
/// session holds no Admin's. Called where the dashboard begins, before other requests are on their way under the old id.
pub(super) fn renew_if_changed(session: &Session, role: Role) -> Result<(), Problem> {
    let known: Option<Role> = session.get(KNOWN_ROLE).ok().flatten();
    if known == Some(role) {
        return Ok(());
    }
    if known.is_some() {
        session.renew();
    }
    session
        .insert(KNOWN_ROLE, role)
        .map_err(|_| Problem::Fault(Fault::Internal("session state")))
}

/// Ends the session, in the store first: the cookie is worth nothing when the answer is out.
pub fn end_session(session: &Session) {
    session.purge();
}
