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
    channel: Option<Word>,
    outcome: Option<Word>,
}

/// The name of a kind, such as `widget`: what could be no name is refused before anything is looked up by it.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Word(String);

impl TryFrom<String> for Word {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let named = (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if named { Ok(Self(text)) } else { Err("no name") }
    }
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
            channel: channel.map(|word| word.0),
            outcome: outcome.map(|word| word.0),
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
