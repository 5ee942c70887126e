//! Placeholder until the measure is wired.
use crate::StartError;
use std::path::Path;
pub async fn run(_corpus: &Path) -> Result<(), StartError> {
    Ok(())
}
