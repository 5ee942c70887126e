//! What providers send.

use actix_web::{HttpResponse, web::Json};
use serde_json::Value;

use crate::{doors::VoicePass, error::Problem};

/// A call that is over. It is stored when this answers, and seen to after.
pub async fn voice_call(pass: VoicePass) -> Result<HttpResponse, Problem> {
    pass.accept().await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A question in the middle of a call.
pub async fn voice_question(pass: VoicePass) -> Result<Json<Value>, Problem> {
    pass.answer().await.map(Json)
}
