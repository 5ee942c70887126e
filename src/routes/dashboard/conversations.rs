//! Reading what was asked.

use actix_web::web::{Json, Path, Query};
use actors::{
    Fault,
    project::conversations::{ListConversations, ShowConversation},
    role::Member,
};
use serde::Deserialize;

use crate::{
    doors::ProjectPass,
    error::Problem,
    routes::views::{self, ConversationPage, ConversationView, Conversations, Reader},
};

#[derive(Deserialize)]
pub struct Which {
    limit: Option<u64>,
    before: Option<String>,
    channel: Option<String>,
    outcome: Option<String>,
}

pub async fn list(pass: ProjectPass<Member>, which: Query<Which>) -> Result<Json<Conversations>, Problem> {
    let Which {
        limit,
        before,
        channel,
        outcome,
    } = which.into_inner();
    let page = pass
        .send(ListConversations {
            limit: limit.unwrap_or(50),
            before,
            channel,
            outcome,
        })
        .await?;
    Ok(Json(Conversations {
        conversations: page.conversations.into_iter().map(ConversationView::from).collect(),
        next: page.next,
    }))
}

pub async fn show(pass: ProjectPass<Member>, path: Path<(String, String)>) -> Result<Json<ConversationPage>, Problem> {
    let id = path.1.parse().map_err(|_| Problem::Fault(Fault::NotFound))?;
    let (conversation, turns) = pass.send(ShowConversation(id)).await?;
    Ok(Json(ConversationPage {
        conversation: conversation.into(),
        turns: views::turns(turns, Reader::Member),
    }))
}
