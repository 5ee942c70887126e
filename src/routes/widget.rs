//! What visitors do.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS},
    web::{Json, Path},
};
use actors::{
    Fault,
    project::widget::{self, logo::Logo},
};

use super::{
    assets,
    views::{self, AnswerView, HandOffBody, HandedOver, Helpful, Reader, Turns, VisitBody, VisitView, VisitorQuestion},
};
use crate::{
    doors::{Asking, Handing, VisitPass, VisitorPass},
    error::Problem,
    stream,
};

pub async fn visit(pass: VisitPass, body: Json<VisitBody>) -> Result<HttpResponse, Problem> {
    let VisitBody { token, user, languages } = body.into_inner();
    let visit = pass.begin(token, user).await?;
    let language = widget::language(&visit.look, languages.iter().map(String::as_str));
    let texts = assets::widget_texts(language);
    Ok(HttpResponse::Created().json(VisitView::of(visit, language, texts)))
}

pub async fn ask(pass: VisitorPass, request: HttpRequest, body: Json<VisitorQuestion>) -> Result<HttpResponse, Problem> {
    let (events, seen) = stream::channel();
    let VisitorQuestion {
        question,
        page,
        new_conversation,
    } = body.into_inner();
    let asking = Asking {
        question,
        page,
        new_conversation,
    };
    let answer = async move { Ok(AnswerView::of(pass.ask(asking, events).await?, Reader::Visitor)) };
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

pub async fn hand_off(pass: VisitorPass, body: Json<HandOffBody>) -> Result<HttpResponse, Problem> {
    let HandOffBody {
        email,
        message,
        page,
        new_conversation,
    } = body.into_inner();
    let handing = Handing {
        email,
        message,
        page,
        new_conversation,
    };
    let conversation = pass.hand_over(handing).await?.uuid();
    Ok(HttpResponse::Created().json(HandedOver { conversation }))
}

pub async fn logo(pass: VisitorPass) -> Result<HttpResponse, Problem> {
    Ok(picture(&pass.logo().await?))
}

/// A picture as nothing else, whatever a browser would make of its bytes.
pub(super) fn picture(logo: &Logo) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(logo.media_type)
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CONTENT_DISPOSITION, "inline; filename=\"logo\""))
        .insert_header((CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
        .body(logo.bytes.to_vec())
}
