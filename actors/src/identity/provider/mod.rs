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

use entities::{AccountId, Ceremony, Millis, PlatformDb};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use tokio::sync::Notify;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    clock::Clock,
    fault::Fault,
    limits::{Limits, Rule},
    mail::Outbox,
    vault::{Keeper, Place},
};

pub use apple::AppleNotice;
pub use arrival::{Arrival, Arrived};
pub use http::is_loopback;
pub use link::Linked;
use oidc::{Client, Started, random};
pub(crate) use revoke::watch as watch_revocations;
pub use settings::{AppleKey, ClientSettings, Credential, Provider, ProvidersSettings};

/// From the first step to the last.
pub const LIFE_MS: Millis = 600_000;
const START: &str = "provider_start";
const DONE: &str = "provider_done";

/// The providers that are set up, and who came from them.
pub struct Providers {
    clients: Vec<Client>,
    platform: PlatformDb,
    keeper: Arc<Keeper>,
    limits: Arc<Limits>,
    outbox: Arc<Outbox>,
    clock: Clock,
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

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

fn place(purpose: &'static str) -> Place {
    Place("ceremony", purpose, Uuid::nil())
}

/// What everything in here works with.
pub(crate) struct Parts {
    pub platform: PlatformDb,
    pub keeper: Arc<Keeper>,
    pub limits: Arc<Limits>,
    pub outbox: Arc<Outbox>,
    pub clock: Clock,
}

impl Providers {
    pub(crate) fn new(settings: Option<ProvidersSettings>, parts: Parts) -> Result<Self, Fault> {
        let Parts {
            platform,
            keeper,
            limits,
            outbox,
            clock,
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
            platform,
            keeper,
            limits,
            outbox,
            clock,
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

    async fn lay_down(&self, ticket: &str, purpose: &'static str, content: &impl Serialize) -> Result<(), Fault> {
        let plain = Zeroizing::new(serde_json::to_vec(content).map_err(|_| Fault::Internal("ceremony"))?);
        let sealed = self.keeper.seal_personal(Uuid::nil(), place(purpose), &plain);
        let new = Ceremony {
            account: None,
            sealed: sealed.map_err(|_| Fault::Sealed)?,
            expires_at: self.clock.now() + LIFE_MS,
        };
        Ok(self.platform.begin_ceremony(&hash(ticket), purpose, new).await?)
    }

    /// A ticket may be looked at before it is used: to ask for what is still missing.
    async fn look<T: DeserializeOwned>(&self, ticket: &str, purpose: &'static str) -> Result<T, Fault> {
        let found = self.platform.look_at_ceremony(&hash(ticket), purpose, self.clock.now()).await?;
        self.open(&found.ok_or(Fault::SignInExpired)?.sealed, purpose)
    }

    async fn take<T: DeserializeOwned>(&self, ticket: &str, purpose: &'static str) -> Result<T, Fault> {
        let taken = self.platform.take_ceremony(&hash(ticket), purpose, self.clock.now()).await?;
        self.open(&taken.ok_or(Fault::SignInExpired)?.sealed, purpose)
    }

    fn open<T: DeserializeOwned>(&self, sealed: &[u8], purpose: &'static str) -> Result<T, Fault> {
        let opened = self.keeper.open_personal(Uuid::nil(), place(purpose), sealed);
        let opened = opened.map_err(|_| Fault::Sealed)?;
        opened
            .open(|bytes| serde_json::from_slice(bytes))
            .map_err(|_| Fault::Internal("ceremony"))
    }

    /// Begins a sign-in, or a link of somebody who is signed in.
    ///
    /// # Errors
    /// `NotFound` for a provider that is not set up; `ProviderUnavailable`; `TooMany`.
    pub async fn begin(&self, provider: Provider, link: Option<AccountId>, address: &str) -> Result<Begun, Fault> {
        let client = self.client(provider)?;
        self.limits.check(Rule::PROVIDER_START, address).await?;
        let (state, browser) = (random(), random());
        let Started { url, nonce, pkce } = client.start(&state).await?;
        let start = Start {
            provider: provider.name().to_owned(),
            nonce,
            pkce,
            browser: hash(&browser),
            link,
        };
        self.lay_down(&state, START, &start).await?;
        Ok(Begun { url, browser })
    }

    /// Takes somebody back who was at the provider. Answers whether they came for a link, and with the ticket that finishes it.
    ///
    /// # Errors
    /// `NotFound` for a provider that is not set up. Everything else is in the answer, for the page that follows.
    pub async fn returned(&self, provider: Provider, back: Return, browser: Option<&str>) -> Result<(bool, Result<String, Fault>), Fault> {
        let client = self.client(provider)?;
        // Used up whatever comes of it: a state is good for one return.
        let start: Start = match self.take(&back.state, START).await {
            Ok(start) => start,
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
                self.lay_down(
                    &ticket,
                    DONE,
                    &arrival::Done::new(client.provider(), person, start.browser, start.link),
                )
                .await?;
                Ok(ticket)
            }
        }
    }
}
