//! Words that mean the same in a project.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Synonyms {
    /// Words and phrases that mean the same: 2 to 12 a group, of at most 60 characters each.
    pub groups: Vec<Vec<String>>,
}
