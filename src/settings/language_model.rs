//! Somebody else's model that writes answers.

use std::time::Duration;

use actors::{LanguageModelSettings, Prices};
use url::Url;

use super::{Secret, SettingError, Source, web_address, whole};

#[derive(Debug)]
pub struct ModelSettings {
    pub base_url: Url,
    pub key: Option<Secret>,
    pub model: String,
    pub timeout: Duration,
    pub prices: Prices,
}

impl ModelSettings {
    /// The form that the actors take.
    #[must_use]
    pub fn for_actors(&self) -> LanguageModelSettings {
        LanguageModelSettings {
            base_url: self.base_url.clone(),
            key: self.key.as_ref().map(|key| key.0.clone()),
            model: self.model.clone(),
            first_word: (self.timeout / 3).max(Duration::from_secs(1)),
            whole: self.timeout,
            prices: self.prices.clone(),
        }
    }
}

pub(super) fn read(source: &Source) -> Result<Option<ModelSettings>, SettingError> {
    let (key, model) = (source.text("OPENAI_API_KEY"), source.text("OPENAI_MODEL"));
    let Some(base_url) = web_address(source, "OPENAI_BASE_URL")? else {
        return match (key, model) {
            (None, None) => Ok(None),
            (Some(_), _) => Err(SettingError::new(
                "OPENAI_API_KEY",
                "is set but OPENAI_BASE_URL is not: set it, for instance to https://api.openai.com/v1",
            )),
            _ => Err(SettingError::new(
                "OPENAI_MODEL",
                "is set but OPENAI_BASE_URL is not: set both or neither",
            )),
        };
    };
    let model = model.ok_or_else(|| SettingError::new("OPENAI_MODEL", "is missing: name the model that OPENAI_BASE_URL serves"))?;
    Ok(Some(ModelSettings {
        base_url,
        key: key.map(Secret::of),
        model: model.to_owned(),
        timeout: Duration::from_secs(u64::from(whole(source, "OPENAI_TIMEOUT_S", 45, 1..=110)?)),
        prices: Prices {
            input: price(source, "OPENAI_PRICE_INPUT")?,
            output: price(source, "OPENAI_PRICE_OUTPUT")?,
            currency: currency(source)?,
        },
    }))
}

/// Of a million tokens, such as `0.15`; in millionths.
fn price(source: &Source, name: &'static str) -> Result<Option<i64>, SettingError> {
    let Some(text) = source.text(name) else { return Ok(None) };
    let refuse = || SettingError::new(name, "is no price of a million tokens: set it to a number such as 0.15");
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str, most: usize| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole, 6) || !digits(part, 6) {
        return Err(refuse());
    }
    let (whole, part): (i64, i64) = (
        whole.parse().map_err(|_| refuse())?,
        format!("{part:0<6}").parse().map_err(|_| refuse())?,
    );
    Ok(Some(whole * 1_000_000 + part))
}

fn currency(source: &Source) -> Result<String, SettingError> {
    let text = source.text("OPENAI_CURRENCY").unwrap_or("USD");
    if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(text.to_owned());
    }
    Err(SettingError::new(
        "OPENAI_CURRENCY",
        "is no currency: set it to three letters such as EUR",
    ))
}
