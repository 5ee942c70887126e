//! Sign-in with accounts elsewhere.

use actix_session::Session;
use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::LOCATION},
    web::{Data, Form, Json, Path, Query},
};
use actors::{
    identity::provider::{Provider, Return},
    role::OwnAccount,
};

use super::{
    account::answer,
    trust::Shown,
    views::{
        AppleNotification, Identities, IdentityView, ProviderAnswer, ProviderAway, ProviderFinish, ProviderStart, ProviderTicket,
        ProviderView, SignInOptions, Unfinished, time,
    },
};
use crate::{
    doors::{self, Away, Finished, Gate, Pass, Wish, back_from_provider, finish_provider, go_to_provider, heed_apple},
    error::Problem,
};

pub async fn options(gate: Data<Gate>, shown: Data<Shown>) -> Json<SignInOptions> {
    Json(SignInOptions {
        providers: gate.sign_in_providers().into_iter().map(ProviderView::from).collect(),
        sign_up: gate.is_sign_up_open(),
        mail: gate.mail_leaves_by(),
        trust_page: shown.0.is_some(),
    })
}

fn leave(away: Away) -> HttpResponse {
    HttpResponse::Ok().cookie(away.cookie).json(ProviderAway { url: away.url })
}

pub async fn start(
    gate: Data<Gate>,
    request: HttpRequest,
    provider: Path<String>,
    how: Query<ProviderStart>,
) -> Result<HttpResponse, Problem> {
    let address = doors::Caller::of(&request).address;
    let away = go_to_provider(&gate, &provider, how.fresh.unwrap_or(false), &address).await?;
    Ok(leave(away))
}

/// On to the page that finishes. What it is told stands behind the #: in no server's log, and in no Referer.
async fn back(gate: &Gate, request: &HttpRequest, provider: Provider, answer: ProviderAnswer) -> Result<HttpResponse, Problem> {
    let back = Return {
        state: answer.state.unwrap_or_default(),
        code: answer.code,
        iss: answer.iss,
        error: answer.error,
    };
    let told = back_from_provider(gate, request, provider, back).await?;
    Ok(HttpResponse::SeeOther()
        .insert_header((LOCATION, format!("/sign-in/finish#{told}")))
        .finish())
}

pub async fn back_from_google(gate: Data<Gate>, request: HttpRequest, answer: Query<ProviderAnswer>) -> Result<HttpResponse, Problem> {
    back(&gate, &request, Provider::Google, answer.into_inner()).await
}

pub async fn back_from_apple(gate: Data<Gate>, request: HttpRequest, answer: Form<ProviderAnswer>) -> Result<HttpResponse, Problem> {
    back(&gate, &request, Provider::Apple, answer.into_inner()).await
}

pub async fn finish(gate: Data<Gate>, session: Session, request: HttpRequest, body: Json<ProviderFinish>) -> Result<HttpResponse, Problem> {
    let wish = Wish {
        workspace: body.workspace.as_deref(),
        invitation: body.invitation.as_ref(),
    };
    let (needs, provider, email) = match finish_provider(&gate, &session, &request, &body.ticket, wish).await? {
        Finished::Entered(entered) => return answer(&gate, &session, *entered, StatusCode::OK),
        Finished::NeedsWorkspace { provider, email } => ("workspace", provider, email),
        Finished::NeedsLink { provider, email } => ("link", provider, email),
    };
    Ok(HttpResponse::Accepted().json(Unfinished {
        needs,
        provider: provider.into(),
        email,
    }))
}

pub async fn list(pass: Pass<OwnAccount>, gate: Data<Gate>) -> Result<Json<Identities>, Problem> {
    let identities = pass.linked().await?.into_iter().map(|linked| IdentityView {
        provider: linked.provider.into(),
        email: linked.email,
        linked_at: time(linked.at),
    });
    Ok(Json(Identities {
        identities: identities.collect(),
        available: gate.sign_in_providers().into_iter().map(ProviderView::from).collect(),
    }))
}

pub async fn start_link(pass: Pass<OwnAccount>, request: HttpRequest, provider: Path<String>) -> Result<HttpResponse, Problem> {
    Ok(leave(pass.go_to_link(&provider, &request).await?))
}

pub async fn link(pass: Pass<OwnAccount>, request: HttpRequest, body: Json<ProviderTicket>) -> Result<HttpResponse, Problem> {
    pass.link(&body.ticket, &request).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn unlink(pass: Pass<OwnAccount>, provider: Path<String>) -> Result<HttpResponse, Problem> {
    pass.unlink(&provider).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn apple_notification(gate: Data<Gate>, request: HttpRequest, body: Json<AppleNotification>) -> Result<HttpResponse, Problem> {
    heed_apple(&gate, &request, &body.payload).await?;
    Ok(HttpResponse::NoContent().finish())
}
