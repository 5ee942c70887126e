//! Reading what was asked.

use actix_web::web::{Json, Path, Query};
use actors::{
    Fault,
    project::{
        calls::ShowCall,
        channels::Channel,
        conversations::{ListConversations, ShowConversation},
    },
    role::Member,
};

use crate::{
    doors::ProjectPass,
    error::Problem,
    routes::views::{
        self, CallDetails, ConversationFilter, ConversationPage, ConversationSearch, ConversationView, Conversations, NoteView, Reader,
    },
};

async fn page(pass: &ProjectPass<Member>, filter: ConversationFilter, search: Option<String>) -> Result<Json<Conversations>, Problem> {
    let (limit, before) = (filter.limit.unwrap_or(50), filter.before.clone());
    let page = pass
        .send(ListConversations {
            limit,
            before,
            filter: filter.into_filter(pass.by().account),
            search,
        })
        .await?;
    Ok(Json(page.into()))
}

pub async fn list(pass: ProjectPass<Member>, filter: Query<ConversationFilter>) -> Result<Json<Conversations>, Problem> {
    page(&pass, filter.into_inner(), None).await
}

/// The words are in the body: an address is logged on its way, and remembered by browsers.
pub async fn search(pass: ProjectPass<Member>, body: Json<ConversationSearch>) -> Result<Json<Conversations>, Problem> {
    let ConversationSearch { q, filter } = body.into_inner();
    page(&pass, filter.unwrap_or_default(), Some(q)).await
}

pub async fn show(pass: ProjectPass<Member>, path: Path<(String, String)>) -> Result<Json<ConversationPage>, Problem> {
    let id = path.1.parse().map_err(|_| Problem::Fault(Fault::NotFound))?;
    let (conversation, turns, notes) = pass.send(ShowConversation(id)).await?;
    let call = match conversation.channel == Channel::Voice.as_str() {
        true => pass.send(ShowCall(id)).await?.map(CallDetails::from),
        false => None,
    };
    let me = pass.by().account;
    Ok(Json(ConversationPage {
        conversation: ConversationView::of(conversation, None),
        call,
        turns: views::turns(turns, Reader::Member),
        notes: notes.into_iter().map(|note| NoteView::of(note, me)).collect(),
    }))
}
