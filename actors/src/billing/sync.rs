//! Looking at Stripe, and storing what was found. Nothing else says what a tenant has subscribed to.

use std::sync::Arc;

use entities::{
    Millis, StoreError, TenantTx,
    audit::{self, Act, Target},
    billing::{
        customers,
        subscriptions::{self, Subscription},
    },
    inbound_event::End,
    job, tenants,
};
use serde_json::json;

use super::{
    Billing,
    api::Rest,
    client::ApiError,
    events::Hint,
    standing::{is_over, rivals},
};
use crate::{
    audit::server_did,
    contain::Serve,
    fault::Fault,
    integrations::{IntegrationActor, events::Pending},
    request,
};

/// Looks at everything that the tenant has at Stripe, and sees to it that it has one plan there.
pub(crate) struct LookAtStripe(pub job::Claimed);

request! {
    LookAtStripe => (), needs System, patience = 180;
}

/// A subscription by the name of what is paid for, as far as it is known.
pub(super) fn target(billing: &Billing, of: &Subscription) -> Target {
    let plan = of.price.as_deref().and_then(|price| billing.plans.paid(price));
    Target::of("subscription", &of.id, plan.map_or("", |plan| plan.name.as_str()))
}

/// Has Stripe looked at if the tenant is known there, to be asked for once a day: a message may have been lost, and of an end there is one.
pub(crate) async fn look_daily(billing: Option<&Billing>, tx: &TenantTx, now: Millis) -> Result<(), StoreError> {
    if billing.is_some() && customers::find(tx).await?.is_some() {
        job::enqueue_look(tx, now).await?;
    }
    Ok(())
}

/// Stores what looks found, and notes what is news. Has it looked again when there is one subscription too many.
async fn keep(billing: &Billing, tx: &TenantTx, mut found: Vec<Subscription>, now: Millis) -> Result<(), Fault> {
    // One at a time: what was known before is then what the other stored. The log comes last, for all wait there.
    tenants::lock(tx).await?;
    let before = subscriptions::list(tx).await?;
    let says = |one: &Subscription| (one.status.clone(), one.price.clone(), one.cancel_at);
    found.sort_by(|one, other| (one.begun_at, &one.id).cmp(&(other.begun_at, &other.id)));
    let mut news = Vec::new();
    for one in found {
        if !subscriptions::put(tx, &one).await? {
            continue;
        }
        let known = before.iter().find(|known| known.id == one.id);
        if known.map(says) != Some(says(&one)) {
            news.push((known.map(|known| known.status.clone()), one));
        }
    }
    if !rivals(&billing.plans, &subscriptions::list(tx).await?).is_empty() {
        job::enqueue_look(tx, now).await?;
    }
    for (from, one) in news {
        let details = json!({ "from": from, "to": one.status, "ends_at": one.cancel_at });
        audit::append(tx, server_did(Act::SubscriptionChanged, target(billing, &one), now, details)).await?;
    }
    Ok(())
}

/// What is stored of one that Stripe does not know any more.
fn gone(known: Subscription, ticket: i64) -> Subscription {
    Subscription {
        status: "canceled".into(),
        ticket,
        ..known
    }
}

impl IntegrationActor {
    pub(super) fn billing(&self) -> Result<Arc<Billing>, Fault> {
        self.engine().billing.clone().ok_or(Fault::BillingNotConfigured)
    }

    /// Who the tenant is at Stripe, and the number of a look that is about to begin. Whoever looks later finds what is at least as new, and
    /// has a higher number: nobody need wait for another's look to end, on this node or on another one.
    async fn begin_look(&self) -> Result<Option<(String, i64)>, Fault> {
        let begun = self.db().write(async |tx| {
            let ticket = customers::next_ticket(tx).await?;
            Ok::<_, Fault>(customers::find(tx).await?.zip(ticket))
        });
        begun.await
    }

    /// Looks at every subscription of the tenant.
    pub(super) async fn look_at_all(&self, billing: &Billing) -> Result<(), Fault> {
        let Some((customer, ticket)) = self.begin_look().await? else {
            return Ok(());
        };
        let mut told = billing.api.subscriptions(&customer).await?;
        told.retain(|told| told.customer.id() == customer);
        let mut found: Vec<Subscription> = told.iter().map(|told| told.snapshot(&billing.plans, ticket)).collect();
        for known in self.db().read(async |tx| subscriptions::list(tx).await).await? {
            let is_listed = found.iter().any(|one| one.id == known.id);
            // Nothing is taken away because of a list that leaves it out: Stripe is asked for it by its id.
            if !is_over(&known.status) && !is_listed && billing.api.subscription(&known.id).await.err() == Some(ApiError::Missing) {
                found.push(gone(known, ticket));
            }
        }
        let now = self.now();
        self.db().write(async |tx| keep(billing, tx, found, now).await).await
    }

    /// Ends all subscriptions to plans but the one that counts: two that were paid for at once, say. What is left of them is credited.
    async fn end_rivals(&self, billing: &Billing) -> Result<(), Fault> {
        let known = self.db().read(async |tx| subscriptions::list(tx).await).await?;
        let rivals = rivals(&billing.plans, &known);
        for rival in &rivals {
            if billing.api.end(&rival.id, Rest::Credited).await? {
                let note = server_did(Act::SecondSubscriptionEnded, target(billing, rival), self.now(), json!({}));
                self.db().write(async |tx| audit::append(tx, note).await).await?;
            }
        }
        match rivals.is_empty() {
            true => Ok(()),
            false => self.look_at_all(billing).await,
        }
    }

    /// Sees to what Stripe sent: looks at the subscription that it is about.
    pub(crate) async fn hear_stripe(&self, pending: Pending, payload: &[u8]) -> Result<(), Fault> {
        let Some(billing) = self.engine().billing.clone() else {
            return self.end(pending, End::Ignored("Stripe is not set up here any more.")).await;
        };
        let Ok(Hint { subscription }) = serde_json::from_slice(payload) else {
            return self.end(pending, End::Failed("It could not be read.")).await;
        };
        let Some((customer, ticket)) = self.begin_look().await? else {
            return self.end(pending, End::Ignored("Nobody here has subscribed to anything.")).await;
        };
        let found = match billing.api.subscription(&subscription).await {
            Ok(told) if told.customer.id() == customer => Some(told.snapshot(&billing.plans, ticket)),
            Ok(_) => return self.end(pending, End::Ignored("The subscription is another customer's.")).await,
            Err(ApiError::Missing) => None,
            Err(error) => return Err(error.into()),
        };
        let now = self.now();
        self.db()
            .write(async |tx| {
                let found = match found {
                    Some(found) => Some(found),
                    None => {
                        let known = subscriptions::list(tx).await?.into_iter().find(|one| one.id == subscription);
                        known.map(|known| gone(known, ticket))
                    }
                };
                if pending.end(tx, End::Done, now).await? {
                    keep(&billing, tx, found.into_iter().collect(), now).await?;
                }
                Ok::<_, Fault>(())
            })
            .await?;
        self.engine().outward_work.notify_one();
        Ok(())
    }
}

impl Serve<LookAtStripe> for IntegrationActor {
    async fn serve(&self, LookAtStripe(job): LookAtStripe) -> Result<(), Fault> {
        if let Some(billing) = self.engine().billing.clone() {
            self.look_at_all(&billing).await?;
            self.end_rivals(&billing).await?;
        }
        self.db().write(async |tx| job::finish(tx, &job).await).await?;
        Ok(())
    }
}
