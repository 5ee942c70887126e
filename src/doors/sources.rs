//! Connecting accounts that knowledge is read from: from the dashboard to the provider and back.

use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite, time::Duration},
};
use actors::{
    Fault, Rule,
    role::ManageProjects,
    sources::{
        Kind,
        connect::{Browser, Connections, Onward, Return},
        grants::{ConnectGrants, GrantCard},
    },
};

use super::{Away, Caller, Gate, Pass};
use crate::error::Problem;

/// One for all providers: whoever goes to another meanwhile begins anew.
const COOKIE: &str = "__Host-pernoex-source";
/// The page that finishes.
const PAGE: &str = "/workspace/integrations";

fn connections(gate: &Gate) -> Result<&Connections, Problem> {
    gate.sources.as_deref().ok_or(Problem::Fault(Fault::NotFound))
}

fn browser(request: &HttpRequest) -> Option<String> {
    request.cookie(COOKIE).map(|cookie| cookie.value().to_owned())
}

impl Pass<ManageProjects> {
    /// Begins to connect an account for this workspace.
    ///
    /// # Errors
    /// `NotFound` for a kind that needs no account; `SourceNotConfigured`, `TooMany`.
    pub async fn go_to_source(&self, kind: Kind, request: &HttpRequest) -> Result<Away, Problem> {
        self.still(None).await?;
        let tenant = self.signed_in().tenant;
        let begun = connections(self.gate())?
            .begin(kind, self.session(), tenant, &Caller::of(request).address)
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

    /// Connects what a provider agreed to.
    ///
    /// # Errors
    /// `ConnectExpired`, `ConnectRefused`, `SourceUnavailable`.
    pub async fn connect_source(&self, ticket: &str, request: &HttpRequest) -> Result<Vec<GrantCard>, Problem> {
        self.still(None).await?;
        let cookie = browser(request);
        let who = Browser {
            cookie: cookie.as_deref(),
            session: self.session(),
            tenant: self.signed_in().tenant,
        };
        let agreed = connections(self.gate())?.claim(ticket, &who).await?;
        self.integrate(ConnectGrants { by: self.by(), agreed }).await
    }
}

/// Takes somebody back from a provider. Answers where they go on. What a page is told stands behind the #, which no server sees.
///
/// # Errors
/// `TooMany`.
pub async fn back_from_source(gate: &Gate, request: &HttpRequest, kind: Kind, back: Return) -> Result<String, Problem> {
    let connections = connections(gate)?;
    gate.limits.check(Rule::SIGN_IN_ADDRESS, &Caller::of(request).address).await?;
    Ok(match connections.returned(kind, back, browser(request).as_deref()).await {
        Ok(Onward::Away(url)) => url,
        Ok(Onward::Finish(ticket)) => format!("{PAGE}#ticket={ticket}"),
        Err(fault) => format!("{PAGE}#problem={}", Problem::Fault(fault).describe().code),
    })
}
