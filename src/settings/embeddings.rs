//! Somebody else's model for the meaning of texts, and the one before it.

use std::time::Duration;

use actors::embeddings::{EmbeddingSettings, EndpointSettings};
use url::Url;

use super::{Secret, SettingError, Source, web_address, whole};

#[derive(Debug, Default)]
pub struct EmbeddingSetting {
    pub current: Option<EndpointSetting>,
    pub previous: Option<EndpointSetting>,
}

#[derive(Debug)]
pub struct EndpointSetting {
    pub base_url: Url,
    pub key: Option<Secret>,
    pub model: String,
    pub dimensions: u32,
    pub patience: Duration,
    pub batch: u32,
}

impl EmbeddingSetting {
    /// The form that the actors take.
    #[must_use]
    pub fn for_actors(&self) -> EmbeddingSettings {
        let endpoint = |setting: &EndpointSetting| EndpointSettings {
            base_url: setting.base_url.clone(),
            key: setting.key.as_ref().map(|key| key.0.clone()),
            model: setting.model.clone(),
            dimensions: usize::try_from(setting.dimensions).unwrap_or(usize::MAX),
            patience: setting.patience,
            batch: usize::try_from(setting.batch).unwrap_or(usize::MAX),
        };
        EmbeddingSettings {
            current: self.current.as_ref().map(endpoint),
            previous: self.previous.as_ref().map(endpoint),
        }
    }
}

pub(super) fn read(source: &Source) -> Result<EmbeddingSetting, SettingError> {
    let patience = Duration::from_secs(u64::from(whole(source, "EMBEDDING_TIMEOUT_S", 3, 1..=30)?));
    let batch = whole(source, "EMBEDDING_BATCH", 32, 1..=256)?;
    Ok(EmbeddingSetting {
        current: endpoint(source, "EMBEDDING_", (patience, batch))?,
        previous: endpoint(source, "EMBEDDING_PREVIOUS_", (patience, batch))?,
    })
}

fn endpoint(source: &Source, prefix: &str, (patience, batch): (Duration, u32)) -> Result<Option<EndpointSetting>, SettingError> {
    let name = |rest: &str| format!("{prefix}{rest}");
    let (address, sized) = (name("BASE_URL"), name("DIMENSIONS"));
    let Some(base_url) = web_address(source, &address)? else {
        for rest in ["API_KEY", "MODEL", "DIMENSIONS"] {
            if source.text(&name(rest)).is_some() {
                let reason = format!("is set but {address} is not: set it, for instance to https://api.openai.com/v1");
                return Err(SettingError::new(&name(rest), reason));
            }
        }
        return Ok(None);
    };
    let missing = |rest: &str, what: &str| SettingError::new(&name(rest), format!("is missing: {what}"));
    let model = source
        .text(&name("MODEL"))
        .ok_or_else(|| missing("MODEL", &format!("name the embedding model that {address} serves")))?;
    if source.text(&sized).is_none() {
        return Err(missing("DIMENSIONS", "say how many numbers its vectors have, such as 1536"));
    }
    Ok(Some(EndpointSetting {
        base_url,
        key: source.text(&name("API_KEY")).map(Secret::of),
        model: model.to_owned(),
        dimensions: whole(source, &sized, 0, 8..=4_096)?,
        patience,
        batch,
    }))
}
