//! Installing the Slack app, from the dashboard to Slack and back, and taking in what Slack sends.

use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite, time::Duration},
};
use actors::{
    Fault, Rule,
    integrations::slack::{Browser, ConnectSlack, Incoming, InstallationCard, Return, SOURCE, SlackApp, manifest},
    role::ManageProjects,
};

use super::{Away, Caller, Gate, Pass, webhook::store};
use crate::error::Problem;

const COOKIE: &str = "__Host-pernoex-slack";

fn app(gate: &Gate) -> Result<&SlackApp, Problem> {
    gate.slack.as_deref().ok_or(Problem::Fault(Fault::SlackNotConfigured))
}

fn browser(request: &HttpRequest) -> Option<String> {
    request.cookie(COOKIE).map(|cookie| cookie.value().to_owned())
}

/// Whether there is an app, and its manifest for a server that the browser of this request reaches.
#[must_use]
pub fn slack_manifest(gate: &Gate, request: &HttpRequest) -> (bool, serde_json::Value) {
    let here = gate.origin_for(request);
    match &gate.slack {
        Some(app) => (true, app.manifest(&here)),
        None => (false, manifest(&here, false, false)),
    }
}

impl Pass<ManageProjects> {
    /// Begins to install the app for this workspace.
    ///
    /// # Errors
    /// `SlackNotConfigured`, `TooMany`.
    pub async fn go_to_slack(&self, request: &HttpRequest) -> Result<Away, Problem> {
        self.still(None).await?;
        let tenant = self.signed_in().tenant;
        let begun = app(self.gate())?
            .begin(self.session(), tenant, &Caller::of(request).address)
            .await?;
        let cookie = Cookie::build(COOKIE, begun.browser)
            .path("/")
            .secure(true)
            .http_only(true)
            .same_site(SameSite::Lax)
            .max_age(Duration::milliseconds(begun.life_ms))
            .finish();
        Ok(Away { url: begun.url, cookie })
    }

    /// Connects the team that Slack agreed for.
    ///
    /// # Errors
    /// `InstallExpired`, `SlackRefused`, `SlackTeamTaken`, `SlackUnavailable`.
    pub async fn connect_slack(&self, ticket: &str, request: &HttpRequest) -> Result<InstallationCard, Problem> {
        self.still(None).await?;
        let cookie = browser(request);
        let who = Browser {
            cookie: cookie.as_deref(),
            session: self.session(),
            tenant: self.signed_in().tenant,
        };
        let app = app(self.gate())?;
        // Slack may take its time: nobody else of the workspace waits for that.
        let agreed = app.redeem(app.claim(ticket, &who).await?).await?;
        if let Err(problem) = self.still(None).await {
            app.give_back(&agreed).await;
            return Err(problem);
        }
        self.integrate(ConnectSlack { by: self.by(), agreed }).await
    }
}

/// Takes somebody back from Slack. Answers what the page that follows is told: behind the #, which no server sees.
///
/// # Errors
/// `SlackNotConfigured`, `TooMany`.
pub async fn back_from_slack(gate: &Gate, request: &HttpRequest, back: Return) -> Result<String, Problem> {
    let app = app(gate)?;
    gate.limits.check(Rule::SIGN_IN_ADDRESS, &Caller::of(request).address).await?;
    Ok(match app.returned(back, browser(request).as_deref()).await {
        Ok(ticket) => format!("ticket={ticket}"),
        Err(fault) => format!("problem={}", Problem::Fault(fault).describe().code),
    })
}

/// Stores what Slack sent for whoever its team is connected to. What is for nobody here is acknowledged and forgotten: a team that
/// disconnected sends for a while yet.
///
/// # Errors
/// When it cannot be stored, so that Slack sends it again.
pub async fn hear_slack(gate: &Gate, incoming: Incoming) -> Result<(), Problem> {
    let Incoming::Event {
        team,
        external_id,
        payload,
    } = incoming
    else {
        return Ok(());
    };
    store(gate.registry.by_slack_team(&team).await, SOURCE, external_id, payload).await
}
