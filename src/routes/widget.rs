//! What visitors do.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Json, Path},
};
use actors::Fault;

use super::views::{self, AnswerView, Helpful, Reader, Turns, VisitBody, VisitView, VisitorQuestion};
use crate::{
    doors::{VisitPass, VisitorPass},
    error::Problem,
    stream,
};

pub async fn visit(pass: VisitPass, body: Json<VisitBody>) -> Result<HttpResponse, Problem> {
    let visit = pass.begin(body.into_inner().token).await?;
    Ok(HttpResponse::Created().json(VisitView::from(visit)))
}

pub async fn ask(pass: VisitorPass, request: HttpRequest, body: Json<VisitorQuestion>) -> Result<HttpResponse, Problem> {
    let (events, seen) = stream::channel();
    let question = body.into_inner().question;
    let answer = async move { Ok(AnswerView::of(pass.ask(question, events).await?, Reader::Visitor)) };
    stream::respond(&request, seen, answer, std::future::pending()).await
}

pub async fn conversation(pass: VisitorPass) -> Result<Json<Turns>, Problem> {
    Ok(Json(Turns {
        turns: views::turns(pass.conversation().await?, Reader::Visitor),
    }))
}

pub async fn feedback(pass: VisitorPass, path: Path<(String, String)>, body: Json<Helpful>) -> Result<HttpResponse, Problem> {
    let message = path.1.parse().map_err(|_| Problem::Fault(Fault::NotFound))?;
    pass.feedback(message, body.helpful).await?;
    Ok(HttpResponse::NoContent().finish())
}
