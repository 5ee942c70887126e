//! Stripe, and the plans that are sold here.

use std::net::SocketAddr;

use actors::{
    billing::{BillingSettings, Plans},
    webhooks::Keys,
};
use url::Url;

use super::{
    Secret, SettingError, Settings, Source,
    providers::{own_base, reachable, secure_address, signing_keys, together},
    whole,
};

#[derive(Debug)]
pub struct StripeSetting {
    secret_key: Secret,
    /// By which Stripe signs what it sends.
    webhook_secret: Secret,
    /// The one before it, while Stripe still signs with that.
    previous: Option<Secret>,
    plans: Plans,
    grace_days: u32,
    url: Url,
}

const ALL: [&str; 3] = ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", PLANS];
const PREVIOUS: &str = "STRIPE_WEBHOOK_SECRET_PREVIOUS";
const URL: &str = "STRIPE_URL";
pub(super) const PLANS: &str = "PERNOEX_PLANS";
const GRACE: &str = "PERNOEX_PAYMENT_GRACE_DAYS";

pub(super) fn read(source: &Source, listen: SocketAddr) -> Result<Option<StripeSetting>, SettingError> {
    let Some([secret_key, webhook_secret, plans]) = together(source, ALL, &[PREVIOUS, URL, GRACE])? else {
        return Ok(None);
    };
    reachable(source, listen, "Stripe", "people back")?;
    Ok(Some(StripeSetting {
        secret_key: Secret::of(secret_key),
        webhook_secret: Secret::of(webhook_secret),
        previous: source.text(PREVIOUS).map(Secret::of),
        plans: Plans::parse(plans).map_err(|reason| SettingError::new(PLANS, reason))?,
        grace_days: whole(source, GRACE, 7, 0..=90)?,
        url: secure_address(source, URL, "https://api.stripe.com")?,
    }))
}

impl StripeSetting {
    /// By which its messages are proved.
    #[must_use]
    pub fn keys(&self) -> Keys {
        signing_keys(&self.webhook_secret, self.previous.as_ref())
    }

    /// The form that the actors take; `address` is where the server listens.
    ///
    /// # Errors
    /// When that is no address.
    pub fn for_actors(settings: &Settings, address: SocketAddr) -> Result<Option<BillingSettings>, SettingError> {
        let Some(stripe) = &settings.stripe else { return Ok(None) };
        Ok(Some(BillingSettings {
            secret_key: stripe.secret_key.0.clone(),
            url: stripe.url.clone(),
            here: own_base(settings, address)?,
            plans: stripe.plans.clone(),
            grace_ms: i64::from(stripe.grace_days) * 86_400_000,
        }))
    }
}
