//! Accounts elsewhere that knowledge is read from: connecting them, and letting go of them.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::LOCATION,
    web::{Data, Json, Path, Query},
};
use actors::{
    Fault, GrantId, Invalid, ReceiptId,
    role::ManageProjects,
    sources::{
        Kind,
        connect::Return,
        grants::{DisconnectGrant, ListConnections, ListReceipts, RevokeAll},
    },
};

use serde::Deserialize;

use crate::{
    doors::{Gate, Pass, back_from_source},
    error::Problem,
    routes::views::{
        ConnectAnswer, DocumentsFate, GrantTicket, GrantView, Grants, Integrations, Leaving, ProviderAway, ReceiptView, Receipts,
    },
};

/// What is none names nothing here.
fn kind(name: &str) -> Result<Kind, Problem> {
    Kind::parse(name).ok_or(Problem::Fault(Fault::NotFound))
}

pub async fn list(pass: Pass<ManageProjects>) -> Result<Json<Integrations>, Problem> {
    Ok(Json(pass.integrate(ListConnections).await?.into()))
}

#[derive(Deserialize)]
pub struct Older {
    before: Option<String>,
}

pub async fn receipts(pass: Pass<ManageProjects>, older: Query<Older>) -> Result<Json<Receipts>, Problem> {
    let before: Option<ReceiptId> = match &older.before {
        Some(before) => Some(
            before
                .parse()
                .map_err(|_| Fault::invalid(Invalid::Cursor, "before", "There is no such receipt."))?,
        ),
        None => None,
    };
    Ok(Json(pass.integrate(ListReceipts { before }).await?.into()))
}

pub async fn begin(pass: Pass<ManageProjects>, path: Path<String>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let away = pass.go_to_source(kind(&path)?, &request).await?;
    Ok(HttpResponse::Ok().cookie(away.cookie).json(ProviderAway { url: away.url }))
}

/// On to the page that finishes, or to the provider once more. What the page is told stands behind the #: in no server's log, and in no
/// Referer.
pub async fn back(
    gate: Data<Gate>,
    request: HttpRequest,
    path: Path<String>,
    answer: Query<ConnectAnswer>,
) -> Result<HttpResponse, Problem> {
    let answer = answer.into_inner();
    let back = Return {
        state: answer.state.unwrap_or_default(),
        code: answer.code,
        error: answer.error,
        setup: answer.setup_action,
    };
    let on = back_from_source(&gate, &request, kind(&path)?, back).await?;
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, on)).finish())
}

pub async fn connect(pass: Pass<ManageProjects>, request: HttpRequest, body: Json<GrantTicket>) -> Result<HttpResponse, Problem> {
    let grants = pass.connect_source(&body.ticket, &request).await?;
    let grants = grants.into_iter().map(GrantView::from).collect();
    Ok(HttpResponse::Created().json(Grants { grants }))
}

pub async fn disconnect(pass: Pass<ManageProjects>, path: Path<String>, body: Json<Leaving>) -> Result<HttpResponse, Problem> {
    let grant: GrantId = path.parse().map_err(|_| Problem::Fault(Fault::NotFound))?;
    let disconnect = DisconnectGrant {
        by: pass.by(),
        grant,
        deletes: body.documents == DocumentsFate::Delete,
    };
    let receipt = pass.integrate(disconnect).await?;
    Ok(HttpResponse::Accepted().json(ReceiptView::from(receipt)))
}

pub async fn revoke_all(pass: Pass<ManageProjects>, body: Json<Leaving>) -> Result<HttpResponse, Problem> {
    let revoke = RevokeAll {
        by: pass.by(),
        deletes: body.documents == DocumentsFate::Delete,
    };
    let receipts = pass.integrate(revoke).await?;
    let receipts = receipts.into_iter().map(ReceiptView::from).collect();
    Ok(HttpResponse::Accepted().json(Receipts { receipts, next: None }))
}
