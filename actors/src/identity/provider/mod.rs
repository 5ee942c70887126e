//! Signing in with an account elsewhere: OpenID Connect, at Google and at Apple. An account there is known by its subject alone; an
//! address says which account here may be meant, and never that it is theirs.

mod apple;
mod arrival;
mod http;
mod link;
mod oidc;
mod revoke;
mod settings;

use std::sync::Arc;

use entities::{AccountId, Millis, PlatformDb};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::Ways;
use crate::{
    billing::Billing,
    ceremonies::Ceremonies,
    clock::Clock,
    fault::Fault,
    integrations::slack::SlackApp,
    limits::{Limits, Rule},
    mail::Outbox,
    sources::connect::Connections,
    token::{hash, random},
    vault::Keeper,
};

pub use apple::AppleNotice;
pub use arrival::{Arrival, Arrived};
pub use http::is_loopback;
pub(crate) use http::{Http, HttpError};
pub use link::Linked;
use oidc::{Client, Started};
pub(crate) use revoke::watch as watch_revocations;
pub use settings::{AppleKey, ClientSettings, Credential, Provider, ProvidersSettings};

/// From the first step to the last.
pub const LIFE_MS: Millis = 600_000;
const START: &str = "provider_start";
const DONE: &str = "provider_done";

/// The providers that are set up, and who came from them.
pub struct Providers {
    clients: Vec<Client>,
    ceremonies: Ceremonies,
    platform: PlatformDb,
    keeper: Arc<Keeper>,
    limits: Arc<Limits>,
    outbox: Arc<Outbox>,
    ways: Ways,
    clock: Clock,
    /// Whose grants end by the same list.
    slack: Option<Arc<SlackApp>>,
    sources: Option<Arc<Connections>>,
    billing: Option<Arc<Billing>>,
    /// A grant is to be ended.
    work: Notify,
}

/// What a browser needs to go to a provider and come back.
pub struct Begun {
    pub url: String,
    /// For a cookie: only the browser that began may finish.
    pub browser: String,
}

/// What a provider sends somebody back with.
#[derive(Default)]
pub struct Return {
    pub state: String,
    pub code: Option<String>,
    pub iss: Option<String>,
    pub error: Option<String>,
}

/// What is remembered while somebody is at the provider.
#[derive(Serialize, Deserialize)]
struct Start {
    provider: String,
    nonce: String,
    pkce: Option<String>,
    browser: [u8; 32],
    /// Who asked for the link; for a sign-in nobody.
    link: Option<AccountId>,
}

/// What everything in here works with.
pub(crate) struct Parts {
    pub platform: PlatformDb,
    pub keeper: Arc<Keeper>,
    pub limits: Arc<Limits>,
    pub outbox: Arc<Outbox>,
    pub ways: Ways,
    pub clock: Clock,
    pub slack: Option<Arc<SlackApp>>,
    pub sources: Option<Arc<Connections>>,
    pub billing: Option<Arc<Billing>>,
}

impl Providers {
    pub(crate) fn new(settings: Option<ProvidersSettings>, parts: Parts) -> Result<Self, Fault> {
        let Parts {
            platform,
            keeper,
            limits,
            outbox,
            ways,
            clock,
            slack,
            sources,
            billing,
        } = parts;
        let clients = settings.map_or_else(Vec::new, |settings| {
            let base = settings.base;
            settings
                .clients
                .into_iter()
                .map(|client| Client::new(client, &base, clock.clone()))
                .collect()
        });
        Ok(Self {
            clients: clients.into_iter().collect::<Result<_, _>>()?,
            ceremonies: Ceremonies::new(platform.clone(), keeper.clone(), clock.clone(), LIFE_MS),
            platform,
            keeper,
            limits,
            outbox,
            ways,
            clock,
            slack,
            sources,
            billing,
            work: Notify::new(),
        })
    }

    /// Those that are set up.
    pub fn available(&self) -> impl Iterator<Item = Provider> {
        self.clients.iter().map(Client::provider)
    }

    fn client(&self, provider: Provider) -> Result<&Client, Fault> {
        let client = self.clients.iter().find(|client| client.provider() == provider);
        client.ok_or(Fault::NotFound)
    }

    /// Begins a sign-in, or a link of somebody who is signed in; a `fresh` one is to be a new proof.
    ///
    /// # Errors
    /// `NotFound` for a provider that is not set up; `ProviderUnavailable`; `TooMany`.
    pub async fn begin(&self, provider: Provider, link: Option<AccountId>, fresh: bool, address: &str) -> Result<Begun, Fault> {
        let client = self.client(provider)?;
        self.limits.check(Rule::PROVIDER_START, address).await?;
        let (state, browser) = (random(), random());
        let Started { url, nonce, pkce } = client.start(&state, fresh).await?;
        let start = Start {
            provider: provider.name().to_owned(),
            nonce,
            pkce,
            browser: hash(&browser),
            link,
        };
        self.ceremonies.lay_down(&state, START, &start).await?;
        Ok(Begun {
            url,
            browser: browser.to_string(),
        })
    }

    /// Takes somebody back who was at the provider. Answers whether they came for a link, and with the ticket that finishes it.
    ///
    /// # Errors
    /// `NotFound` for a provider that is not set up. Everything else is in the answer, for the page that follows.
    pub async fn returned(&self, provider: Provider, back: Return, browser: Option<&str>) -> Result<(bool, Result<String, Fault>), Fault> {
        let client = self.client(provider)?;
        // Used up whatever comes of it: a state is good for one return.
        let start: Start = match self.ceremonies.take(&back.state, START).await {
            Ok(Some(start)) => start,
            Ok(None) => return Ok((false, Err(Fault::SignInExpired))),
            Err(fault) => return Ok((false, Err(fault))),
        };
        let links = start.link.is_some();
        // One provider's answer is not another's, and one browser's sign-in is not another's.
        let same_browser = browser.is_some_and(|browser| subtle::ConstantTimeEq::ct_eq(&hash(browser)[..], &start.browser[..]).into());
        if start.provider != provider.name() || !same_browser {
            return Ok((links, Err(Fault::SignInExpired)));
        }
        Ok((links, self.exchange(client, back, start).await))
    }

    async fn exchange(&self, client: &Client, back: Return, start: Start) -> Result<String, Fault> {
        if !client.sent(back.iss.as_deref()).await? {
            return Err(Fault::ProviderRefused);
        }
        match (back.error.as_deref(), back.code) {
            (Some("access_denied" | "user_cancelled_authorize"), _) => Err(Fault::SignInCancelled),
            (Some(_), _) | (None, None) => Err(Fault::ProviderRefused),
            (None, Some(code)) => {
                let person = client.exchange(code, start.nonce, start.pkce).await?;
                let ticket = random();
                let done = arrival::Done::new(client.provider(), person, start.browser, start.link);
                self.ceremonies.lay_down(&ticket, DONE, &done).await?;
                Ok(ticket.to_string())
            }
        }
    }
}
