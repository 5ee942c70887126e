//! Billing: plans and their limits, and the subscription at Stripe that says which plan a tenant has. Only where Stripe is set up: without
//! it everything is unlimited, and nothing here is asked.

mod admin;
mod api;
mod client;
mod events;
mod limits;
mod payments;
mod plans;
mod standing;
mod sync;
mod told;

use entities::{Millis, TenantTx};
use url::Url;
use uuid::Uuid;
use zeroize::Zeroizing;

pub use admin::{BillingCard, Delivery, Offer, Reading, ShowBilling, ShowUsage, Stop, Usage};
pub use api::Invoice;
pub use events::{Incoming, read_event};
pub(crate) use limits::{count_answer, has_answers_left, require_room, require_seat};
pub use payments::{BeginCheckout, CancelSubscription, ChangePlan, KeepSubscription, ListInvoices, OpenPortal};
pub use plans::{Allowance, Meter, Plan, Plans};
pub use standing::Standing;
pub(crate) use sync::{LookAtStripe, look_daily};

use self::api::{Api, Rest};
use crate::{fault::Fault, vault::Place};
use std::sync::Arc;

/// Who sends its events, as they are stored.
pub const SOURCE: &str = "stripe";

/// What an operator said of Stripe and of plans.
pub struct BillingSettings {
    pub secret_key: Zeroizing<String>,
    /// Where Stripe is: `https://api.stripe.com`.
    pub url: Url,
    /// Where this server is, as browsers reach it.
    pub here: Url,
    pub plans: Plans,
    /// How long a plan holds while a payment is due.
    pub grace_ms: Millis,
}

/// What is needed to sell plans here.
pub struct Billing {
    api: Api,
    plans: Plans,
    grace_ms: Millis,
    keeper: Arc<crate::vault::Keeper>,
}

/// What the id of a customer that is to end is sealed for, on the list of what is to be ended at providers.
const GRANT: Place = Place("provider_revocation", "stripe", Uuid::nil());

impl Billing {
    pub(crate) fn new(settings: BillingSettings, keeper: Arc<crate::vault::Keeper>) -> Result<Self, Fault> {
        Ok(Self {
            api: Api::new(settings.secret_key, settings.url, settings.here)?,
            plans: settings.plans,
            grace_ms: settings.grace_ms,
            keeper,
        })
    }

    /// Ends what a tenant that is gone has subscribed to, and could still.
    ///
    /// # Errors
    /// When Stripe did not confirm it.
    pub(crate) async fn end_grant(&self, sealed: &[u8]) -> Result<(), Fault> {
        let id = self.keeper.open_personal(Uuid::nil(), GRANT, sealed).map_err(|_| Fault::Sealed)?;
        let id = id
            .open(|bytes| String::from_utf8(bytes.to_vec()))
            .map_err(|_| Fault::Internal("subscription"))?;
        match id.starts_with("cus_") {
            true => Ok(self.api.end_customer(&id).await?),
            // A single subscription: what was listed before customers were.
            false => Ok(self.api.end(&id, Rest::Forfeited).await.map(|_| ())?),
        }
    }
}

/// The customer that a tenant which ends is at Stripe, for the list of what is to be ended: nobody pays for what is not there. Not its
/// subscriptions: one may be paid for at this very moment, and be known to nobody here.
pub(crate) async fn grant(billing: Option<&Billing>, tx: &TenantTx) -> Result<Option<Vec<u8>>, Fault> {
    let Some(billing) = billing else { return Ok(None) };
    let Some(customer) = entities::billing::customers::find(tx).await? else {
        return Ok(None);
    };
    let sealed = billing.keeper.seal_personal(Uuid::nil(), GRANT, customer.as_bytes());
    Ok(Some(sealed.map_err(|_| Fault::Sealed)?))
}
