//! Plans and payments.

use actors::billing::{BillingCard, Delivery, Invoice, Meter, Offer, Plan, Reading, Standing, Stop, Usage};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::time;

#[derive(Serialize, ToSchema)]
pub struct BillingView {
    #[serde(flatten)]
    pub usage: UsageView,
    /// The subscription that counts, if there is one.
    pub subscription: Option<SubscriptionView>,
    /// Plans that can be chosen, the free one first.
    pub plans: Vec<OfferView>,
    /// Whether there is something to see at Stripe.
    pub portal: bool,
    /// What Stripe sent, the latest first.
    pub deliveries: Vec<BillingDeliveryView>,
}

/// Whose limits hold, and how much of them is used.
#[derive(Serialize, ToSchema)]
pub struct UsageView {
    /// Of the plan whose limits hold.
    #[schema(example = "Free")]
    pub plan: String,
    /// Whether that is less than what is subscribed to, because a payment is due.
    pub reduced: bool,
    pub meters: Vec<MeterView>,
}

#[derive(Serialize, ToSchema)]
pub struct MeterView {
    /// `projects`, `members` (with open invitations), `documents`, or `answers` (in this calendar month, in UTC).
    #[schema(example = "answers")]
    pub meter: &'static str,
    pub used: i64,
    /// `null` for no limit.
    pub limit: Option<i64>,
    /// Whether 80 % of the limit are used.
    pub near: bool,
}

#[derive(Serialize, ToSchema)]
pub struct SubscriptionView {
    /// Stripe's word, such as `active`, `trialing` or `past_due`.
    #[schema(example = "active")]
    pub status: String,
    /// The plan's id; `null` for one that this server does not know.
    pub plan: Option<String>,
    pub plan_name: Option<String>,
    pub renews_at: Option<DateTime<Utc>>,
    pub trial_ends_at: Option<DateTime<Utc>>,
    /// When it ends, if that is settled.
    pub ends_at: Option<DateTime<Utc>>,
    pub past_due_since: Option<DateTime<Utc>>,
    /// Until when the plan holds although a payment is due.
    pub grace_until: Option<DateTime<Utc>>,
}

#[derive(Serialize, ToSchema)]
pub struct OfferView {
    /// `free`, or Stripe's id of the price.
    #[schema(example = "price_123")]
    pub id: String,
    pub name: String,
    pub limits: Vec<LimitView>,
    /// What there is more of than the plan has room for: it stays, and no more can be added.
    pub stops: Vec<StopView>,
}

#[derive(Serialize, ToSchema)]
pub struct LimitView {
    pub meter: &'static str,
    /// `null` for no limit.
    pub limit: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub struct StopView {
    pub meter: &'static str,
    pub used: i64,
    pub limit: i64,
}

#[derive(Serialize, ToSchema)]
pub struct BillingDeliveryView {
    /// `waiting`, `done`, `ignored` or `failed`.
    pub state: String,
    pub reason: Option<String>,
    pub received_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
pub struct Invoices {
    /// The latest first.
    pub invoices: Vec<InvoiceView>,
}

#[derive(Serialize, ToSchema)]
pub struct InvoiceView {
    pub id: String,
    pub number: Option<String>,
    /// Stripe's word, such as `paid` or `open`.
    #[schema(example = "paid")]
    pub status: String,
    /// In the currency's smallest unit.
    pub total: i64,
    #[schema(example = "eur")]
    pub currency: String,
    pub created_at: DateTime<Utc>,
    /// Its page, where Stripe says it is.
    pub page: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanChoice {
    /// The plan's id.
    #[schema(example = "price_123")]
    pub plan: String,
}

impl From<Reading> for MeterView {
    fn from(reading: Reading) -> Self {
        Self {
            meter: reading.meter.as_str(),
            used: reading.used,
            limit: reading.most,
            near: reading
                .most
                .is_some_and(|most| reading.used.saturating_mul(10) >= most.saturating_mul(8)),
        }
    }
}

impl From<Usage> for UsageView {
    fn from(usage: Usage) -> Self {
        Self {
            reduced: usage.standing.is_reduced(),
            plan: usage.standing.plan.name,
            meters: usage.readings.into_iter().map(MeterView::from).collect(),
        }
    }
}

impl SubscriptionView {
    fn of(standing: &Standing) -> Option<Self> {
        let subscription = standing.subscription.as_ref()?;
        let plan = |of: fn(&Plan) -> &String| standing.subscribed.as_ref().map(|plan| of(plan).clone());
        Some(Self {
            status: subscription.status.clone(),
            plan: plan(|plan| &plan.id),
            plan_name: plan(|plan| &plan.name),
            renews_at: subscription.period_end.filter(|_| subscription.cancel_at.is_none()).map(time),
            trial_ends_at: subscription.trial_end.map(time),
            ends_at: subscription.cancel_at.map(time),
            past_due_since: subscription.past_due_since.map(time),
            grace_until: standing.grace_until.map(time),
        })
    }
}

impl From<Offer> for OfferView {
    fn from(Offer { plan, stops }: Offer) -> Self {
        let limit = |meter: Meter| LimitView {
            meter: meter.as_str(),
            limit: plan.limits.of(meter),
        };
        let stop = |stop: Stop| StopView {
            meter: stop.meter.as_str(),
            used: stop.used,
            limit: stop.most,
        };
        Self {
            limits: Meter::ALL.into_iter().map(limit).collect(),
            stops: stops.into_iter().map(stop).collect(),
            id: plan.id,
            name: plan.name,
        }
    }
}

impl From<BillingCard> for BillingView {
    fn from(card: BillingCard) -> Self {
        let delivery = |delivery: Delivery| BillingDeliveryView {
            state: delivery.state,
            reason: delivery.reason,
            received_at: time(delivery.received_at),
        };
        Self {
            subscription: SubscriptionView::of(&card.usage.standing),
            usage: card.usage.into(),
            plans: card.offers.into_iter().map(OfferView::from).collect(),
            portal: card.has_customer,
            deliveries: card.deliveries.into_iter().map(delivery).collect(),
        }
    }
}

impl From<Invoice> for InvoiceView {
    fn from(invoice: Invoice) -> Self {
        Self {
            id: invoice.id,
            number: invoice.number,
            status: invoice.status,
            total: invoice.total,
            currency: invoice.currency,
            created_at: time(invoice.created_at),
            page: invoice.page,
        }
    }
}
