//! The widget's set-up, and what a visitor gets of it.

use actors::{
    ConversationId,
    project::{visitors::Visit, widget::WidgetSetup},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::time;

#[derive(Serialize, ToSchema)]
pub struct WidgetView {
    pub public_key: String,
    pub key_created_at: DateTime<Utc>,
    pub allowed_origins: Vec<String>,
    pub title: String,
    pub greeting: String,
    pub color: String,
    pub position: String,
    pub suggestions: Vec<String>,
    /// The line to put on a page.
    pub snippet: String,
}

impl WidgetView {
    pub(in crate::routes) fn of(setup: WidgetSetup, origin: &str) -> Self {
        let key = &setup.public_key;
        Self {
            snippet: format!("<script src=\"{origin}/widget.js\" data-key=\"{key}\" async></script>"),
            key_created_at: time(setup.key_created_at),
            allowed_origins: setup.allowed_origins,
            title: setup.look.title,
            greeting: setup.look.greeting,
            color: setup.look.color,
            position: setup.look.position,
            suggestions: setup.look.suggestions,
            public_key: setup.public_key,
        }
    }
}

/// Each field is left as it is when it is absent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WidgetChange {
    /// `https://www.example.com`, or `https://*.example.com` for every subdomain. An empty list allows nobody.
    pub allowed_origins: Option<Vec<String>>,
    pub title: Option<String>,
    pub greeting: Option<String>,
    pub color: Option<String>,
    pub position: Option<String>,
    pub suggestions: Option<Vec<String>>,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VisitBody {
    /// Of an earlier visit, to go on as the same visitor.
    pub token: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct VisitView {
    pub token: String,
    pub expires_at: DateTime<Utc>,
    pub title: String,
    pub greeting: String,
    pub color: String,
    pub position: String,
    pub suggestions: Vec<String>,
    pub conversation: Option<Uuid>,
}

impl From<Visit> for VisitView {
    fn from(visit: Visit) -> Self {
        Self {
            token: visit.token,
            expires_at: time(visit.expires_at),
            title: visit.look.title,
            greeting: visit.look.greeting,
            color: visit.look.color,
            position: visit.look.position,
            suggestions: visit.look.suggestions,
            conversation: visit.conversation.map(ConversationId::uuid),
        }
    }
}
