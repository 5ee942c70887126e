//! Coming in from a sign-in provider. Three steps: this browser goes there with a state, comes back with a code, and finishes from this
//! site's own page with a ticket. A cookie ties the three together, so that nobody is signed in with what another browser began.

use actix_session::Session;
use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite, time::Duration},
};
use actors::{
    AccountId, Fault, Rule, TenantId,
    identity::{
        SignedIn,
        provider::{Arrival, LIFE_MS, Linked, Provider, Return},
    },
    role::OwnAccount,
    sessions::Proofs,
    team::invitations::{AcceptInvitation, InvitationToken, Joiner, PreviewInvitation},
    webhooks::Rejection,
};

use super::{
    Caller, Gate, Opening, Pass,
    entry::{Entered, admit, refuse_closed, settle},
    webhook::refuse,
};
use crate::error::Problem;

fn cookie_name(provider: Provider) -> &'static str {
    match provider {
        Provider::Google => "__Host-pernoex-google",
        Provider::Apple => "__Host-pernoex-apple",
    }
}

fn cookie(provider: Provider, value: String, life: Duration) -> Cookie<'static> {
    let same_site = match provider {
        Provider::Google => SameSite::Lax,
        // Apple's answer is a form that its page posts: a lax cookie would stay at home.
        Provider::Apple => SameSite::None,
    };
    Cookie::build(cookie_name(provider), value)
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(same_site)
        .max_age(life)
        .finish()
}

fn browser(request: &HttpRequest) -> impl Fn(Provider) -> Option<String> {
    |provider| request.cookie(cookie_name(provider)).map(|cookie| cookie.value().to_owned())
}

/// Where to send the browser, and the cookie that it comes back with.
pub struct Away {
    pub url: String,
    pub cookie: Cookie<'static>,
}

async fn away(gate: &Gate, provider: &str, link: Option<AccountId>, fresh: bool, address: &str) -> Result<Away, Problem> {
    let provider = Provider::parse(provider).ok_or(Problem::Fault(Fault::NotFound))?;
    let begun = gate.providers.begin(provider, link, fresh, address).await?;
    Ok(Away {
        url: begun.url,
        cookie: cookie(provider, begun.browser, Duration::milliseconds(LIFE_MS)),
    })
}

/// Begins a sign-in with `provider`; a `fresh` one asks for a new proof there.
///
/// # Errors
/// `NotFound` for one that is not set up; `ProviderUnavailable`, `TooMany`.
pub async fn go_to_provider(gate: &Gate, provider: &str, fresh: bool, address: &str) -> Result<Away, Problem> {
    away(gate, provider, None, fresh, address).await
}

/// Takes somebody back from a provider. Answers what the page that follows is told: behind the #, which no server sees.
///
/// # Errors
/// `NotFound` for a provider that is not set up; `TooMany`.
pub async fn back_from_provider(gate: &Gate, request: &HttpRequest, provider: Provider, back: Return) -> Result<String, Problem> {
    gate.limits.check(Rule::SIGN_IN_ADDRESS, &Caller::of(request).address).await?;
    let browser = browser(request)(provider);
    let (links, ticket) = gate.providers.returned(provider, back, browser.as_deref()).await?;
    Ok(match ticket {
        Ok(ticket) if links => format!("link={ticket}"),
        Ok(ticket) => format!("ticket={ticket}"),
        Err(fault) => format!("problem={}", Problem::Fault(fault).describe().code),
    })
}

/// What came of a ticket.
pub enum Finished {
    /// Let in, or asked for a second factor.
    Entered(Box<Entered>),
    /// Someone new, who has yet to name their workspace.
    NeedsWorkspace { provider: Provider, email: String },
    /// Their address has an account: they sign in to it, and then link.
    NeedsLink { provider: Provider, email: String },
}

/// What they want to open.
pub struct Wish<'a> {
    pub workspace: Option<&'a str>,
    pub invitation: Option<&'a InvitationToken>,
}

/// Finishes a sign-in and begins the session.
///
/// # Errors
/// `SignInExpired`, `EmailUnverified`, `SignUpClosed`; what is wrong with the invitation or the workspace's name.
pub async fn finish_provider(
    gate: &Gate,
    session: &Session,
    request: &HttpRequest,
    ticket: &str,
    wish: Wish<'_>,
) -> Result<Finished, Problem> {
    let from = Caller::of(request);
    gate.limits.check(Rule::SIGN_IN_ADDRESS, &from.address).await?;
    let (signed_in, at) = match (gate.providers.arrive(ticket, browser(request)).await?, wish) {
        (Arrival::Unlinked { provider, email }, _) => return Ok(Finished::NeedsLink { provider, email }),
        (Arrival::Known(proven), wish) => {
            let opening = match wish {
                Wish {
                    invitation: Some(token), ..
                } => Opening::Join(token),
                Wish { workspace: Some(name), .. } => Opening::Found(name),
                Wish { .. } => Opening::Usual,
            };
            let entered = admit(gate, session, proven, opening, &from).await?;
            return Ok(Finished::Entered(Box::new(entered)));
        }
        (
            Arrival::Newcomer { email, at, .. },
            Wish {
                invitation: Some(token), ..
            },
        ) => (join_anew(gate, ticket, token, &email, &from.address).await?, at),
        (Arrival::Newcomer { provider, email, at }, Wish { workspace, .. }) => {
            refuse_closed(gate)?;
            let Some(name) = workspace else {
                return Ok(Finished::NeedsWorkspace { provider, email });
            };
            let signed_in = gate.identity.sign_up_by(&gate.providers, ticket, name, &from.address).await?;
            (signed_in, at)
        }
    };
    let who = settle(gate, session, signed_in, &from.proof(signed_in, Proofs::of_first(at))).await?;
    Ok(Finished::Entered(Box::new(Entered::In(who))))
}

/// Accepts an invitation with an account that the provider opens. Works while sign-up is closed, as with a password.
async fn join_anew(gate: &Gate, ticket: &str, token: &InvitationToken, email: &str, address: &str) -> Result<SignedIn, Problem> {
    let (tenant_id, tenant, invitation): (TenantId, _, _) = gate.registry.by_invitation(token).await?;
    // Asked before the ticket is used up.
    if tenant.supervisor(PreviewInvitation(invitation)).await?.email != email {
        return Err(Problem::Fault(Fault::InvitationForAnother));
    }
    let new = gate.providers.take_newcomer(ticket).await?.into_new_account(gate.identity.now());
    let account = new.account;
    let accept = AcceptInvitation {
        invitation,
        token: token.hash(),
        joiner: Joiner::New(new),
        address: address.to_owned(),
    };
    tenant.supervisor(accept).await?;
    Ok(SignedIn {
        account,
        tenant: tenant_id,
        epoch: 0,
    })
}

/// Hears what Apple's servers say of somebody's account there.
///
/// # Errors
/// `NotFound` when Apple is not set up; `SignatureInvalid`; `ProviderUnavailable`.
pub async fn heed_apple(gate: &Gate, request: &HttpRequest, payload: &str) -> Result<(), Problem> {
    let notice = match gate.providers.apple_notice(payload).await {
        Err(Fault::SignatureInvalid) => return Err(refuse(request, "apple", Rejection::WrongSignature)),
        notice => notice?,
    };
    Ok(gate.providers.heed(notice).await?)
}

impl Pass<OwnAccount> {
    /// Begins to link an account at `provider`.
    ///
    /// # Errors
    /// `NotFound` for a provider that is not set up; `ProviderUnavailable`, `TooMany`.
    pub async fn go_to_link(&self, provider: &str, request: &HttpRequest) -> Result<Away, Problem> {
        self.still(None).await?;
        away(self.gate(), provider, Some(self.account()), false, &Caller::of(request).address).await
    }

    /// Links what a ticket stands for.
    ///
    /// # Errors
    /// `SignInExpired`, `IdentityTaken`.
    pub async fn link(&self, ticket: &str, request: &HttpRequest) -> Result<(), Problem> {
        self.still(None).await?;
        Ok(self
            .gate()
            .providers
            .link(ticket, self.account(), browser(request), &Caller::of(request).address)
            .await?)
    }

    /// # Errors
    /// When the database does not answer.
    pub async fn linked(&self) -> Result<Vec<Linked>, Problem> {
        Ok(self.gate().providers.linked(self.account()).await?)
    }

    /// # Errors
    /// `NotFound`, `LastWayIn`.
    pub async fn unlink(&self, provider: &str) -> Result<(), Problem> {
        self.still(None).await?;
        let provider = Provider::parse(provider).ok_or(Problem::Fault(Fault::NotFound))?;
        Ok(self.gate().providers.unlink(&self.by(), provider, self.keep()).await?)
    }
}
