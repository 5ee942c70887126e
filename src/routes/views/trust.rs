//! What is claimed of security, and what came of its checks: for everybody, so that nothing in here names anything of the installation.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub struct TrustView {
    pub claims: Vec<ClaimView>,
}

#[derive(Serialize, ToSchema)]
pub struct ClaimView {
    #[schema(example = "auth.bcrypt")]
    pub id: &'static str,
    /// What the section is about.
    pub section: &'static str,
    /// Which sentences of the section of that number it stands for.
    pub section_number: usize,
    pub sentences: &'static [usize],
    pub words: &'static str,
    /// What makes it true.
    pub mechanism: &'static str,
    /// `holds`, `broken`, `unproven` or `not_tried`: the worst of its checks.
    #[schema(example = "holds")]
    pub status: &'static str,
    /// Which part of it cannot be proven, and why.
    pub limit: Option<&'static str>,
    pub checks: Vec<CheckView>,
    /// Names of tests that hold it with every change.
    pub tests: &'static [&'static str],
}

#[derive(Serialize, ToSchema)]
pub struct CheckView {
    #[schema(example = "rows.passwords")]
    pub id: &'static str,
    /// What is done.
    pub how: &'static str,
    /// From where: `outside`, `account`, `inside` or `build`.
    #[schema(value_type = String, example = "inside")]
    pub place: crate::claims::Place,
    #[schema(example = "holds")]
    pub status: &'static str,
    /// Why it shows nothing, where it does not.
    pub why: Option<&'static str>,
    /// When it was tried last.
    pub at: Option<DateTime<Utc>>,
}
