//! Projects.

use actors::{ProjectId, tenant::ProjectCard};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::time;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NameBody {
    pub name: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// The exact name of what is to go.
    pub confirm: String,
}

#[derive(Serialize, ToSchema)]
pub struct Projects {
    pub projects: Vec<ProjectView>,
}

#[derive(Serialize, ToSchema)]
pub struct ProjectView {
    #[schema(value_type = Uuid)]
    pub id: ProjectId,
    pub name: String,
    pub created_at: DateTime<Utc>,
    pub documents: i64,
    pub documents_ready: i64,
    pub documents_failed: i64,
    pub questions_7d: i64,
}

impl From<ProjectCard> for ProjectView {
    fn from(card: ProjectCard) -> Self {
        Self {
            id: card.id,
            name: card.name,
            created_at: time(card.created_at),
            documents: card.documents,
            documents_ready: card.documents_ready,
            documents_failed: card.documents_failed,
            questions_7d: card.questions_7d,
        }
    }
}
