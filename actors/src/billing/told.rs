//! What Stripe tells, as far as it is read: times in seconds.

use entities::{Millis, billing::subscriptions::Subscription};
use serde::Deserialize;

use super::{plans::Plans, standing::is_over};

/// A thing by its id, or whole.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Named {
    Id(String),
    Whole { id: String },
}

impl Named {
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Id(id) | Self::Whole { id } => id,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Id {
    pub id: String,
}

/// Where a browser is to go.
#[derive(Deserialize)]
pub(super) struct Address {
    pub url: String,
}

/// A page of a list.
#[derive(Deserialize)]
pub(super) struct List<T> {
    pub data: Vec<T>,
    #[serde(default)]
    pub has_more: bool,
}

#[derive(Deserialize)]
pub(super) struct Checkout {
    id: String,
    status: Option<String>,
}

impl Checkout {
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn is_open(&self) -> bool {
        self.status.as_deref() == Some("open")
    }
}

#[derive(Deserialize)]
struct SubscribedItem {
    id: Option<String>,
    price: Option<Id>,
    plan: Option<Id>,
    current_period_start: Option<i64>,
    current_period_end: Option<i64>,
}

impl SubscribedItem {
    fn price(&self) -> Option<&str> {
        Some(self.price.as_ref().or(self.plan.as_ref())?.id.as_str())
    }
}

#[derive(Deserialize)]
pub(super) struct Told {
    id: String,
    pub customer: Named,
    status: String,
    created: Option<i64>,
    current_period_start: Option<i64>,
    current_period_end: Option<i64>,
    trial_end: Option<i64>,
    cancel_at: Option<i64>,
    #[serde(default)]
    cancel_at_period_end: bool,
    items: List<SubscribedItem>,
    /// As its invoices say, which are asked for apart.
    #[serde(skip)]
    pub owed_since: Option<i64>,
}

pub(super) fn millis(seconds: i64) -> Millis {
    seconds.saturating_mul(1000)
}

impl Told {
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn is_over(&self) -> bool {
        is_over(&self.status)
    }

    pub(super) fn is_past_due(&self) -> bool {
        self.status == "past_due"
    }

    /// As it is stored, found by the look of this ticket. All of it follows from what Stripe answered, so that what is stored does not
    /// depend on what was heard before.
    pub(super) fn snapshot(&self, plans: &Plans, ticket: i64) -> Subscription {
        let items = &self.items.data;
        let sold = items
            .iter()
            .find(|item| item.price().is_some_and(|price| plans.paid(price).is_some()));
        // Beside a plan there may be more that is paid for.
        let item = sold.or(items.first());
        let period_end = self.current_period_end.or(item.and_then(|item| item.current_period_end));
        let period_start = self.current_period_start.or(item.and_then(|item| item.current_period_start));
        Subscription {
            id: self.id.clone(),
            item: item.and_then(|item| item.id.clone()),
            price: item.and_then(SubscribedItem::price).map(str::to_owned),
            status: self.status.clone(),
            begun_at: millis(self.created.or(period_start).unwrap_or(0)),
            period_end: period_end.map(millis),
            trial_end: self.trial_end.filter(|_| self.status == "trialing").map(millis),
            cancel_at: self.cancel_at.or(period_end.filter(|_| self.cancel_at_period_end)).map(millis),
            past_due_since: self.owed_since.or(period_start).filter(|_| self.is_past_due()).map(millis),
            ticket,
        }
    }
}

/// An invoice as Stripe tells it.
#[derive(Deserialize)]
pub(super) struct ToldInvoice {
    pub id: String,
    pub number: Option<String>,
    pub status: Option<String>,
    #[serde(default)]
    pub total: i64,
    #[serde(default)]
    pub currency: String,
    pub created: Option<i64>,
    /// Only where a customer is given time to pay.
    due_date: Option<i64>,
    pub hosted_invoice_url: Option<String>,
}

/// Since when something is owed, by all invoices of a subscription: since the oldest that is open. A newer one changes nothing, or each
/// month would begin the time of grace anew. One that Stripe has given up counts as long as none after it was paid.
pub(super) fn owed_since(invoices: &[ToldInvoice]) -> Option<i64> {
    let is = |one: &ToldInvoice, status: &str| one.status.as_deref() == Some(status);
    let paid = invoices.iter().filter(|one| is(one, "paid")).filter_map(|one| one.created).max();
    let owed = invoices
        .iter()
        .filter(|one| is(one, "open") || (is(one, "uncollectible") && one.created > paid));
    owed.filter_map(|one| one.due_date.or(one.created)).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plans() -> Plans {
        Plans::parse(r#"{"free":{"name":"Free"},"paid":[{"name":"A","price":"price_1"}]}"#).unwrap()
    }

    #[test]
    fn a_snapshot_is_read_from_old_and_new_shapes() {
        let old = r#"{"id":"sub_1","customer":"cus_1","status":"past_due","created":10,"current_period_start":20,"current_period_end":30,
            "cancel_at_period_end":true,"items":{"data":[{"id":"si_1","plan":{"id":"price_1"}}]},"latest_invoice":"in_1","more":{"a":1}}"#;
        let told: Told = serde_json::from_str(old).unwrap();
        let snapshot = told.snapshot(&plans(), 7);
        assert_eq!(
            (snapshot.begun_at, snapshot.period_end, snapshot.cancel_at),
            (10_000, Some(30_000), Some(30_000))
        );
        assert_eq!(
            (snapshot.past_due_since, snapshot.price.as_deref(), snapshot.ticket),
            (Some(20_000), Some("price_1"), 7)
        );
        let new = r#"{"id":"sub_1","customer":{"id":"cus_1"},"status":"past_due","created":10,"items":{"data":[{"id":"si_1","price":{"id":"price_1"},
            "current_period_start":20,"current_period_end":30}]},"latest_invoice":{"id":"in_1","created":25}}"#;
        let mut told: Told = serde_json::from_str(new).unwrap();
        told.owed_since = Some(15);
        assert_eq!(told.customer.id(), "cus_1");
        let snapshot = told.snapshot(&plans(), 8);
        assert_eq!(
            (snapshot.period_end, snapshot.past_due_since, snapshot.cancel_at),
            (Some(30_000), Some(15_000), None)
        );
    }

    #[test]
    fn of_several_items_the_one_that_is_a_plan_counts() {
        let text = r#"{"id":"sub_1","customer":"cus_1","status":"active","created":10,"items":{"data":[
            {"id":"si_1","price":{"id":"price_support"}},{"id":"si_2","price":{"id":"price_1"}}]}}"#;
        let told: Told = serde_json::from_str(text).unwrap();
        let snapshot = told.snapshot(&plans(), 1);
        assert_eq!(
            (snapshot.item.as_deref(), snapshot.price.as_deref()),
            (Some("si_2"), Some("price_1"))
        );
        let none = serde_json::from_str::<Told>(&text.replace("price_1", "price_2"))
            .unwrap()
            .snapshot(&plans(), 1);
        assert_eq!(none.price.as_deref(), Some("price_support"));
    }

    #[test]
    fn what_is_owed_is_owed_since_the_oldest_invoice_that_is_not_paid() {
        let invoice = |status: &str, created: i64, due: Option<i64>| ToldInvoice {
            id: "in_1".into(),
            number: None,
            status: Some(status.into()),
            total: 1,
            currency: "eur".into(),
            created: Some(created),
            due_date: due,
            hosted_invoice_url: None,
        };
        let (open, paid) = (|created| invoice("open", created, None), |created| invoice("paid", created, None));
        assert_eq!(owed_since(&[]), None);
        assert_eq!(owed_since(&[paid(1)]), None);
        assert_eq!(owed_since(&[open(5), open(3), paid(1)]), Some(3));
        assert_eq!(owed_since(&[paid(5), open(3)]), Some(3), "it is owed although a later one was paid");
        assert_eq!(owed_since(&[invoice("open", 3, Some(9))]), Some(9), "there was time to pay");
        let given_up = |created| invoice("uncollectible", created, None);
        assert_eq!(owed_since(&[open(5), given_up(3), paid(1)]), Some(3));
        assert_eq!(owed_since(&[open(5), paid(4), given_up(3)]), Some(5), "that was another time");
        assert_eq!(owed_since(&[invoice("void", 2, None), invoice("draft", 9, None)]), None);
    }
}
