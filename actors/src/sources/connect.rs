//! Connecting an account elsewhere: a member goes to the provider with a state, comes back with a code, and finishes from the dashboard with
//! a ticket. State and ticket are each good for one use, by the browser and the session that began, for the workspace and the provider that
//! it was begun for.

use std::sync::Arc;

use entities::{Millis, PlatformDb, TenantId, account_identity::revocation};
use oauth2::PkceCodeChallenge;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    apps::{Apps, SourceSettings, with_provider},
    connector::{Holder, Kind, Provider, ProviderError, Tokens},
    github::Installed,
    revoke::{Burden, SOURCE},
};
use crate::{
    ceremonies::Ceremonies,
    clock::Clock,
    fault::Fault,
    limits::{Limits, Rule},
    sessions::SessionHash,
    token::{hash, random},
    vault::Keeper,
};

/// From the first step to the last. A GitHub App may have to be installed on the way.
const LIFE_MS: Millis = 900_000;
const START: &str = "source_start";
const DONE: &str = "source_done";
/// A provider's code and state are far shorter.
const MOST_TEXT: usize = 4_000;

/// The providers, and who is on the way to one.
pub struct Connections {
    pub(crate) apps: Apps,
    ceremonies: Ceremonies,
    platform: PlatformDb,
    pub(super) keeper: Arc<Keeper>,
    limits: Arc<Limits>,
    clock: Clock,
}

/// What a browser needs to go to a provider and come back.
pub struct Begun {
    pub url: String,
    /// For a cookie: only the browser that began may finish.
    pub browser: String,
    /// How long both are good.
    pub life_ms: Millis,
}

/// What a provider sends somebody back with.
#[derive(Default)]
pub struct Return {
    pub state: String,
    pub code: Option<String>,
    pub error: Option<String>,
    /// Of a GitHub App: what happened to its installation, if that is where they come from.
    pub setup: Option<String>,
}

/// Where somebody who came back goes on.
pub enum Onward {
    /// To the dashboard, with the ticket that finishes it.
    Finish(String),
    /// To the provider once more.
    Away(String),
}

/// Who finishes: the cookie's value, the session, and the workspace that it is in.
pub struct Browser<'a> {
    pub cookie: Option<&'a str>,
    pub session: SessionHash,
    pub tenant: TenantId,
}

/// That a provider agreed, for the workspace that asked. Only [`Connections::claim`] makes one.
pub struct Agreed {
    kind: Kind,
    what: What,
}

/// The same way is gone on with when a provider is gone to more than once.
#[derive(Clone, Serialize, Deserialize)]
struct Start {
    browser: [u8; 32],
    session: [u8; 32],
    tenant: TenantId,
    kind: Kind,
    /// What the code's challenge was made of.
    verifier: Zeroizing<String>,
    leg: Leg,
}

/// Which part of the way it is. An account in which a GitHub App is not installed yet takes three.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Leg {
    First,
    Installing,
    Again,
}

/// What there is to be had for what they came back with.
#[derive(Serialize, Deserialize)]
enum What {
    Code {
        code: Zeroizing<String>,
        verifier: Zeroizing<String>,
    },
    Installed(Vec<Installed>),
}

#[derive(Serialize, Deserialize)]
struct Done {
    start: Start,
    what: What,
}

impl Start {
    fn is_by(&self, cookie: Option<&str>) -> bool {
        cookie.is_some_and(|cookie| hash(cookie)[..].ct_eq(&self.browser[..]).into())
    }

    fn is_of(&self, browser: &Browser<'_>) -> bool {
        self.is_by(browser.cookie) && self.session == *browser.session.as_bytes() && self.tenant == browser.tenant
    }
}

/// For who connects, what of a provider's answers matters to them.
pub(super) fn refused(error: ProviderError) -> Fault {
    match error {
        ProviderError::Unauthorized => Fault::ConnectExpired,
        ProviderError::Refused(reason) | ProviderError::Barred(reason) => Fault::ConnectRefused(reason),
        ProviderError::Later(_) | ProviderError::Unavailable | ProviderError::Unreadable | ProviderError::Restart => {
            Fault::SourceUnavailable
        }
    }
}

impl Connections {
    pub(crate) fn new(
        settings: SourceSettings,
        platform: PlatformDb,
        keeper: Arc<Keeper>,
        limits: Arc<Limits>,
        clock: Clock,
    ) -> Result<Self, Fault> {
        Ok(Self {
            apps: Apps::new(settings, &clock)?,
            ceremonies: Ceremonies::new(platform.clone(), keeper.clone(), clock.clone(), LIFE_MS),
            platform,
            keeper,
            limits,
            clock,
        })
    }

    /// Lays down another beginning of the same way, with a state and a code of its own; where that leads.
    async fn go(&self, start: Start) -> Result<String, Fault> {
        let (state, kind) = (random(), start.kind);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let start = Start {
            verifier: Zeroizing::new(verifier.secret().clone()),
            ..start
        };
        let url = match (kind, start.leg) {
            (Kind::GitHub, Leg::Installing) => self.apps.github()?.install(&state),
            _ => {
                let redirect = self.apps.redirect(kind);
                with_provider!(self.apps, kind, |provider| provider.authorize(
                    &redirect,
                    &state,
                    challenge.as_str()
                ))?
            }
        };
        let url = url.map_err(refused)?;
        self.ceremonies.lay_down(&state, START, &start).await?;
        Ok(url)
    }

    /// Begins to connect an account of a kind for a workspace.
    ///
    /// # Errors
    /// `NotFound` for a kind that needs none; `SourceNotConfigured`, `TooMany`.
    pub async fn begin(&self, kind: Kind, session: SessionHash, tenant: TenantId, address: &str) -> Result<Begun, Fault> {
        self.limits.check(Rule::PROVIDER_START, address).await?;
        let browser = random();
        let start = Start {
            browser: hash(&browser),
            session: *session.as_bytes(),
            tenant,
            kind,
            verifier: Zeroizing::default(),
            leg: Leg::First,
        };
        Ok(Begun {
            url: self.go(start).await?,
            browser: browser.to_string(),
            life_ms: LIFE_MS,
        })
    }

    /// Takes somebody back who was at a provider.
    ///
    /// # Errors
    /// `ConnectExpired`, `ConnectCancelled`, `ConnectRefused`, `SourceUnavailable`, `InstallRequested`, `AppNotInstalled`.
    pub async fn returned(&self, kind: Kind, back: Return, cookie: Option<&str>) -> Result<Onward, Fault> {
        // Used up whatever comes of it: a state is good for one return.
        let start: Option<Start> = self.ceremonies.take(&back.state, START).await?;
        let start = start.ok_or(Fault::ConnectExpired)?;
        // One provider's answer is not another's, and one browser's way is not another's.
        if start.kind != kind || !start.is_by(cookie) {
            return Err(Fault::ConnectExpired);
        }
        let code = back.code.filter(|code| !code.is_empty() && code.len() <= MOST_TEXT);
        match (back.error.as_deref(), code) {
            (Some("access_denied"), _) => Err(Fault::ConnectCancelled),
            (Some(_), _) => Err(Fault::ConnectRefused("no_code".into())),
            _ if back.setup.as_deref() == Some("request") => Err(Fault::InstallRequested),
            // A code that comes with an installation was not asked for with a challenge. One that was is asked for now: whoever agreed
            // is sent back at once.
            _ if start.leg == Leg::Installing => {
                let again = Start { leg: Leg::Again, ..start };
                self.go(again).await.map(Onward::Away)
            }
            (None, None) => Err(Fault::ConnectRefused("no_code".into())),
            (None, Some(code)) => self.answered(start, Zeroizing::new(code)).await,
        }
    }

    async fn answered(&self, start: Start, code: Zeroizing<String>) -> Result<Onward, Fault> {
        let verifier = start.verifier.clone();
        let what = match (start.kind, self.apps.github()) {
            // Asked now, and not when it is finished: where there is no installation yet, the way goes on there.
            (Kind::GitHub, Ok(github)) if github.is_app() => {
                let redirect = self.apps.redirect(start.kind);
                let found = github.installed(&redirect, &code, &verifier).await.map_err(refused)?;
                if found.is_empty() {
                    return self.install_first(start).await;
                }
                What::Installed(found)
            }
            _ => What::Code { code, verifier },
        };
        let ticket = random();
        self.ceremonies.lay_down(&ticket, DONE, &Done { start, what }).await?;
        Ok(Onward::Finish(ticket.to_string()))
    }

    async fn install_first(&self, start: Start) -> Result<Onward, Fault> {
        // Once: whoever comes back from there without one is told so.
        if start.leg == Leg::Again {
            return Err(Fault::AppNotInstalled);
        }
        let installing = Start {
            leg: Leg::Installing,
            ..start
        };
        self.go(installing).await.map(Onward::Away)
    }

    /// What a ticket stands for, to whom it belongs.
    ///
    /// # Errors
    /// `ConnectExpired`, also when another browser, session or workspace began.
    pub async fn claim(&self, ticket: &str, browser: &Browser<'_>) -> Result<Agreed, Fault> {
        let done: Option<Done> = self.ceremonies.take(ticket, DONE).await?;
        let done = done.ok_or(Fault::ConnectExpired)?;
        match done.start.is_of(browser) {
            true => Ok(Agreed {
                kind: done.start.kind,
                what: done.what,
            }),
            false => Err(Fault::ConnectExpired),
        }
    }

    /// The tokens, and whose they are. Those of which that cannot be found out are ended, in the name of `tenant`.
    pub(super) async fn settle(&self, tenant: TenantId, agreed: Agreed) -> Result<(Kind, Vec<(Holder, Tokens)>), Fault> {
        let Agreed { kind, what } = agreed;
        let (code, verifier) = match what {
            What::Installed(found) => {
                let found = found.iter().map(|one| Ok((one.holder(), one.tokens()?)));
                return Ok((kind, found.collect::<Result<_, _>>().map_err(refused)?));
            }
            What::Code { code, verifier } => (code, verifier),
        };
        let (redirect, now) = (self.apps.redirect(kind), self.clock.now());
        let given = with_provider!(self.apps, kind, |provider| provider
            .exchange(&redirect, &code, &verifier, now)
            .await)?;
        let tokens = given.map_err(refused)?;
        let found = match with_provider!(self.apps, kind, |provider| provider.holders(&tokens).await)? {
            Ok(holders) => joined(holders).ok_or(ProviderError::Unreadable),
            Err(error) => Err(error),
        };
        match found {
            Ok(holder) => Ok((kind, vec![(holder, tokens)])),
            Err(error) => {
                self.discard(tenant, kind, tokens).await;
                Err(refused(error))
            }
        }
    }

    /// Has tokens ended at their provider that nothing here is to use: for as long as that takes or, where not even that can be written down, by
    /// one try now.
    pub(super) async fn discard(&self, tenant: TenantId, kind: Kind, tokens: Tokens) {
        // Where a token is minted for each use there is none yet.
        if tokens.access.is_empty() {
            return;
        }
        let now = self.clock.now();
        let burden = Burden::of_unused(tenant, kind, &tokens);
        let put = async {
            let sealed = self.seal_burden(&burden)?;
            let written = self
                .platform
                .write(async |tx| revocation::enqueue(tx, SOURCE, Uuid::nil(), sealed, now).await);
            Ok::<_, Fault>(written.await?)
        };
        let Err(fault) = put.await else { return };
        tracing::warn!(%fault, "tokens that nothing here uses are not on the list of those that are to end");
        let ended = with_provider!(self.apps, kind, |provider| provider.discard(&tokens).await);
        if !matches!(ended, Ok(Ok(_) | Err(ProviderError::Unauthorized))) {
            tracing::error!(
                kind = kind.as_str(),
                "tokens that nothing here uses are not ended at their provider"
            );
        }
    }
}

/// Several sites that one token reaches are held as one: what renews it is one as well.
fn joined(mut holders: Vec<Holder>) -> Option<Holder> {
    holders.sort_by(|one, other| one.id.cmp(&other.id));
    let all = |part: fn(&Holder) -> &str, between: &str| holders.iter().map(part).collect::<Vec<_>>().join(between);
    let (id, name) = (all(|one| &one.id, ","), all(|one| &one.name, ", "));
    let first = holders.into_iter().next()?;
    Some(Holder { id, name, ..first })
}
