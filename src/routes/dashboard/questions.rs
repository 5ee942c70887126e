//! Trying a question.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Json, Path},
};
use actors::{
    Fault, Rule,
    project::{conversations::Feedback, questions::Ask},
    role::Member,
};

use crate::{
    doors::ProjectPass,
    error::Problem,
    routes::views::{AnswerView, Helpful, Question, Reader},
    stream,
};

pub async fn ask(pass: ProjectPass<Member>, request: HttpRequest, body: Json<Question>) -> Result<HttpResponse, Problem> {
    pass.workspace().count(Rule::DASHBOARD_QUESTION).await?;
    let Question { question, conversation } = body.into_inner();
    let (events, seen) = stream::channel();
    let until = pass.until_refused();
    let answer = async move {
        let answered = pass
            .send(Ask {
                question,
                conversation,
                events,
            })
            .await?;
        Ok(AnswerView::of(answered, Reader::Member))
    };
    stream::respond(&request, seen, answer, until).await
}

pub async fn feedback(pass: ProjectPass<Member>, path: Path<(String, String)>, body: Json<Helpful>) -> Result<HttpResponse, Problem> {
    let message = path.1.parse().map_err(|_| Problem::Fault(Fault::NotFound))?;
    pass.send(Feedback {
        message,
        helpful: body.helpful,
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}
