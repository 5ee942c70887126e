//! By what passages are found.

use actors::project::embedding::EmbeddingReport;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub struct EmbeddingView {
    /// The model that questions and passages are compared by.
    pub model: String,
    /// Whether passages and questions are sent to somebody else's server for that, or are about to be.
    pub elsewhere: bool,
    /// `null` unless another one is to take over.
    pub takes_over: Option<TakesOverView>,
}

#[derive(Serialize, ToSchema)]
pub struct TakesOverView {
    pub model: String,
    pub passages: u64,
    /// Of those, how many it has embedded. When it has all, it takes over.
    pub done: u64,
    /// Why it waits for another try; `null` while it goes on.
    pub waits: Option<String>,
}

impl From<EmbeddingReport> for EmbeddingView {
    fn from(report: EmbeddingReport) -> Self {
        Self {
            model: report.model,
            elsewhere: report.elsewhere,
            takes_over: report.takes_over.map(|over| TakesOverView {
                model: over.model,
                passages: over.passages,
                done: over.done,
                waits: over.waits,
            }),
        }
    }
}
