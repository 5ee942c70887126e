//! Installing the app: a member goes to Slack with a state, comes back with a code, and finishes from the dashboard with a ticket. State and
//! ticket are each good for one use, by the browser and the session that began, for the workspace that it was begun for.

use std::sync::Arc;

use entities::{Millis, PlatformDb, TenantId, account_identity::revocation};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    SOURCE,
    api::{Access, Api},
    settings::{SlackSettings, manifest},
    tokens::seal_grant,
};
use crate::{
    ceremonies::Ceremonies,
    clock::Clock,
    fault::Fault,
    limits::{Limits, Rule},
    sessions::SessionHash,
    sources::slack::SlackChannels,
    token::{hash, random},
    vault::Keeper,
};

/// From the first step to the last.
const LIFE_MS: Millis = 600_000;
const START: &str = "slack_start";
const DONE: &str = "slack_done";

/// This installation, as Slack knows it.
pub struct SlackApp {
    pub(super) api: Api,
    channels: SlackChannels,
    ceremonies: Ceremonies,
    platform: PlatformDb,
    pub(super) keeper: Arc<Keeper>,
    pub(super) limits: Arc<Limits>,
    clock: Clock,
}

/// What a browser needs to go to Slack and come back.
pub struct Begun {
    pub url: String,
    /// For a cookie: only the browser that began may finish.
    pub browser: String,
    /// How long both are good.
    pub life_ms: Millis,
}

/// What Slack sends somebody back with.
#[derive(Default)]
pub struct Return {
    pub state: String,
    pub code: Option<String>,
    pub error: Option<String>,
}

/// Who finishes: the cookie's value, the session, and the workspace that it is in.
pub struct Browser<'a> {
    pub cookie: Option<&'a str>,
    pub session: SessionHash,
    pub tenant: TenantId,
}

/// That Slack agreed, for the workspace that asked. Only [`SlackApp::claim`] makes one.
pub struct Grant {
    code: Zeroizing<String>,
}

/// What Slack gave for a grant: a team's bot. Only [`SlackApp::redeem`] makes one.
pub struct Agreed(pub(super) Access);

#[derive(Serialize, Deserialize)]
struct Start {
    browser: [u8; 32],
    session: [u8; 32],
    tenant: TenantId,
}

#[derive(Serialize, Deserialize)]
struct Done {
    start: Start,
    code: Zeroizing<String>,
}

impl Start {
    fn is_by(&self, cookie: Option<&str>) -> bool {
        cookie.is_some_and(|cookie| hash(cookie)[..].ct_eq(&self.browser[..]).into())
    }

    fn is_of(&self, browser: &Browser<'_>) -> bool {
        self.is_by(browser.cookie) && self.session == *browser.session.as_bytes() && self.tenant == browser.tenant
    }
}

impl SlackApp {
    pub(crate) fn new(
        settings: SlackSettings,
        platform: PlatformDb,
        keeper: Arc<Keeper>,
        limits: Arc<Limits>,
        clock: Clock,
    ) -> Result<Self, Fault> {
        Ok(Self {
            channels: SlackChannels::new(&settings.url)?,
            ceremonies: Ceremonies::new(platform.clone(), keeper.clone(), clock.clone(), LIFE_MS),
            api: Api::new(settings)?,
            platform,
            keeper,
            limits,
            clock,
        })
    }

    /// The app's manifest for Slack, for a server that is reached at `here`.
    #[must_use]
    pub fn manifest(&self, here: &str) -> serde_json::Value {
        let settings = self.api.settings();
        manifest(here, settings.thread_replies, settings.sources)
    }

    /// Whether its channels can be knowledge.
    pub(crate) fn reads_channels(&self) -> bool {
        self.api.settings().sources
    }

    pub(crate) fn channels(&self) -> &SlackChannels {
        &self.channels
    }

    /// Begins to install the app for a workspace.
    ///
    /// # Errors
    /// `TooMany`; when the database does not answer.
    pub async fn begin(&self, session: SessionHash, tenant: TenantId, address: &str) -> Result<Begun, Fault> {
        self.limits.check(Rule::PROVIDER_START, address).await?;
        let (state, browser) = (random(), random());
        let start = Start {
            browser: hash(&browser),
            session: *session.as_bytes(),
            tenant,
        };
        let url = self.api.authorize(&state)?;
        self.ceremonies.lay_down(&state, START, &start).await?;
        Ok(Begun {
            url,
            browser: browser.to_string(),
            life_ms: LIFE_MS,
        })
    }

    /// Takes somebody back who was at Slack; the ticket that finishes it.
    ///
    /// # Errors
    /// `InstallExpired`, `InstallCancelled`, `SlackRefused`.
    pub async fn returned(&self, back: Return, cookie: Option<&str>) -> Result<String, Fault> {
        // Used up whatever comes of it: a state is good for one return.
        let start: Option<Start> = self.ceremonies.take(&back.state, START).await?;
        let start = start.ok_or(Fault::InstallExpired)?;
        if !start.is_by(cookie) {
            return Err(Fault::InstallExpired);
        }
        match (back.error.as_deref(), back.code) {
            (Some("access_denied"), _) => Err(Fault::InstallCancelled),
            (Some(_), _) | (None, None) => Err(Fault::SlackRefused("no_code".into())),
            (None, Some(code)) => {
                let ticket = random();
                let code = Zeroizing::new(code);
                self.ceremonies.lay_down(&ticket, DONE, &Done { start, code }).await?;
                Ok(ticket.to_string())
            }
        }
    }

    /// What a ticket stands for, to whom it belongs.
    ///
    /// # Errors
    /// `InstallExpired`, also when another browser, session or workspace began.
    pub async fn claim(&self, ticket: &str, browser: &Browser<'_>) -> Result<Grant, Fault> {
        let done: Option<Done> = self.ceremonies.take(ticket, DONE).await?;
        let done = done.ok_or(Fault::InstallExpired)?;
        match done.start.is_of(browser) {
            true => Ok(Grant { code: done.code }),
            false => Err(Fault::InstallExpired),
        }
    }

    /// Exchanges a grant for the bot's token. One that is of no use here is ended at Slack.
    ///
    /// # Errors
    /// `SlackRefused`, `SlackUnavailable`.
    pub async fn redeem(&self, grant: Grant) -> Result<Agreed, Fault> {
        let access = self.api.exchange(&grant.code).await?;
        let useless = match &access.team {
            None => Some("org_installs_are_not_supported"),
            Some(team) if team.id.is_empty() || access.bot_user_id.is_empty() => Some("no_bot"),
            Some(_) => None,
        };
        let Some(reason) = useless else { return Ok(Agreed(access)) };
        self.end_at_slack(&access).await;
        Err(Fault::SlackRefused(reason.into()))
    }

    /// Lets go of a token that nothing here is to use. Only one that rotates is ended at Slack: without rotation Slack gives every
    /// installation in a team the same token, and another workspace may be speaking with it.
    pub async fn give_back(&self, Agreed(access): &Agreed) {
        if access.rotates() {
            self.end_at_slack(access).await;
        }
    }

    /// Puts a token on the list of what is to end, for as long as that takes.
    async fn end_at_slack(&self, access: &Access) {
        let now = self.clock.now();
        let put = async {
            let grant = seal_grant(&self.keeper, &access.token().plain()?)?;
            let written = self
                .platform
                .write(async |tx| revocation::enqueue(tx, SOURCE, Uuid::nil(), grant, now).await);
            Ok::<_, Fault>(written.await?)
        };
        if let Err(fault) = put.await {
            tracing::warn!(%fault, "a Slack token that nothing here uses is not ended there");
        }
    }
}
