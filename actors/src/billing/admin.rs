//! What people see: the plan, how much of it is used, and what another plan would stop.

use entities::{Millis, TenantTx, inbound_event};

use super::{
    Billing, SOURCE,
    limits::used,
    plans::{Meter, Plan},
    standing::Standing,
};
use crate::{contain::Serve, fault::Fault, integrations::IntegrationActor, request};

/// How much of something there is, and may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    pub meter: Meter,
    pub used: i64,
    pub most: Option<i64>,
}

/// Something of which there is more than a plan has room for: no more of it can be added then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    pub meter: Meter,
    pub used: i64,
    pub most: i64,
}

/// A plan that can be chosen.
#[derive(Clone, Debug)]
pub struct Offer {
    pub plan: Plan,
    /// What it would stop, as things are.
    pub stops: Vec<Stop>,
}

/// Something that Stripe sent, and what became of it.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub state: String,
    pub reason: Option<String>,
    pub received_at: Millis,
}

pub struct Usage {
    pub standing: Standing,
    pub readings: Vec<Reading>,
}

pub struct BillingCard {
    pub usage: Usage,
    pub offers: Vec<Offer>,
    /// Whether Stripe knows the workspace.
    pub has_customer: bool,
    /// The latest first.
    pub deliveries: Vec<Delivery>,
}

pub struct ShowBilling;
/// For everybody who works here: why something cannot be added.
pub struct ShowUsage;

request! {
    ShowBilling => BillingCard, needs ManageBilling;
    ShowUsage => Usage, needs Member;
}

const DELIVERIES: u64 = 20;

async fn usage(billing: &Billing, tx: &TenantTx, now: Millis) -> Result<Usage, Fault> {
    let standing = billing.standing(tx, now).await?;
    let mut readings = Vec::new();
    for meter in Meter::ALL {
        readings.push(Reading {
            meter,
            used: used(tx, meter, now).await?,
            most: standing.plan.limits.of(meter),
        });
    }
    Ok(Usage { standing, readings })
}

/// What there is more of than `plan` has room for. Answers are counted anew each month, but this month's are given.
fn stops(plan: &Plan, readings: &[Reading]) -> Vec<Stop> {
    let stop = |reading: &Reading| {
        let most = plan.limits.of(reading.meter)?;
        (reading.used > most).then_some(Stop {
            meter: reading.meter,
            used: reading.used,
            most,
        })
    };
    readings.iter().filter_map(stop).collect()
}

impl Serve<ShowUsage> for IntegrationActor {
    async fn serve(&self, _: ShowUsage) -> Result<Usage, Fault> {
        let (billing, now) = (self.billing()?, self.now());
        self.db().read(async |tx| usage(&billing, tx, now).await).await
    }
}

impl Serve<ShowBilling> for IntegrationActor {
    async fn serve(&self, _: ShowBilling) -> Result<BillingCard, Fault> {
        let (billing, now) = (self.billing()?, self.now());
        let (events, usage, has_customer) = self
            .db()
            .read(async |tx| {
                Ok::<_, Fault>((
                    // First: what is said to be seen to is to show in the rest.
                    inbound_event::latest(tx, SOURCE, DELIVERIES).await?,
                    usage(&billing, tx, now).await?,
                    entities::billing::customers::find(tx).await?.is_some(),
                ))
            })
            .await?;
        let offer = |plan: &Plan| Offer {
            stops: stops(plan, &usage.readings),
            plan: plan.clone(),
        };
        let delivery = |event: inbound_event::Event| Delivery {
            state: event.state,
            reason: event.reason,
            received_at: event.received_at,
        };
        Ok(BillingCard {
            offers: billing.plans.offered().map(offer).collect(),
            has_customer,
            deliveries: events.into_iter().map(delivery).collect(),
            usage,
        })
    }
}
