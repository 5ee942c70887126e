//! The calls of Stripe's API that are made: <https://docs.stripe.com/api>.

use entities::Millis;
use url::Url;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    client::{ApiError, Client, Form, PAGE},
    told::{Address, Checkout, Id, List, Told, ToldInvoice, millis, owed_since},
};
use crate::{fault::Fault, identity::provider::is_loopback, integrations::derived};

/// How many are shown.
const INVOICES: &str = "24";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoice {
    pub id: String,
    pub number: Option<String>,
    /// Stripe's word for it, such as `paid`.
    pub status: String,
    /// In the currency's smallest unit.
    pub total: i64,
    /// ISO 4217, in lower case.
    pub currency: String,
    pub created_at: Millis,
    /// Its page at Stripe.
    pub page: Option<String>,
}

/// A page that a browser may be sent to. Stripe itself names it, and it may have a domain that the operator set up there: what is asked is
/// that it is a page, and that nobody reads along.
fn sendable(api: &Url, address: String) -> Option<String> {
    let url = Url::parse(&address).ok()?;
    let by_https = url.scheme() == "https" && url.host_str().is_some() && url.username().is_empty() && url.password().is_none();
    let on_this_machine = is_loopback(api) && url.origin() == api.origin();
    (by_https || on_this_machine).then_some(address)
}

/// What becomes of what is paid for and not used up, when a subscription ends at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    Forfeited,
    /// To the customer's balance, from which the next invoice is paid.
    Credited,
}

pub(super) struct Api {
    client: Client,
    here: Url,
}

/// A key for an attempt that is made once, and once more if nobody knows how it went.
fn once() -> String {
    Uuid::new_v4().to_string()
}

impl Api {
    pub(super) fn new(key: Zeroizing<String>, url: Url, here: Url) -> Result<Self, Fault> {
        Ok(Self {
            client: Client::new(key, url)?,
            here,
        })
    }

    fn page(&self, told: &str) -> String {
        format!("{}/workspace/billing{told}", self.here.as_str().trim_end_matches('/'))
    }

    fn sendable(&self, made: Address) -> Result<String, Fault> {
        sendable(self.client.url(), made.url).ok_or(Fault::StripeRefused("foreign_address".into()))
    }

    /// Makes a customer. Who asks twice at a time, or again after a crash, makes one: the key follows from what is said, for Stripe refuses a
    /// key that it knows with other words.
    pub(super) async fn create_customer(&self, email: &str, tenant: &str) -> Result<String, ApiError> {
        let once = derived(&[b"customer", tenant.as_bytes(), email.as_bytes()]).to_string();
        let form = [("email", email), ("metadata[tenant_id]", tenant)];
        Ok(self.client.post::<Id>("/customers", &form, &once).await?.id)
    }

    /// Where the customer pays for a price.
    pub(super) async fn checkout(&self, customer: &str, price: &str, tenant: &str) -> Result<String, Fault> {
        let (done, left) = (self.page("?checkout=done"), self.page("?checkout=left"));
        let form = [
            ("mode", "subscription"),
            ("customer", customer),
            ("line_items[0][price]", price),
            ("line_items[0][quantity]", "1"),
            ("client_reference_id", tenant),
            ("success_url", &done),
            ("cancel_url", &left),
            ("subscription_data[metadata][tenant_id]", tenant),
        ];
        self.sendable(self.client.post("/checkout/sessions", &form, &once()).await?)
    }

    async fn open_checkouts(&self, customer: &str) -> Result<Vec<Checkout>, ApiError> {
        let query = [("customer", customer), ("status", "open")];
        let mut found = self.client.list("/checkout/sessions", &query, Checkout::id).await?;
        found.retain(Checkout::is_open);
        Ok(found)
    }

    /// Shuts what was opened for the customer to pay and is not paid yet: in another tab, or left behind.
    pub(super) async fn shut_checkouts(&self, customer: &str) -> Result<(), ApiError> {
        let open = self.open_checkouts(customer).await?;
        if open.is_empty() {
            return Ok(());
        }
        let mut refused = None;
        for checkout in open {
            let path = format!("/checkout/sessions/{}/expire", checkout.id());
            match self.client.post::<Id>(&path, &[], &once()).await {
                Ok(_) | Err(ApiError::Missing) => {}
                // Paid at this moment, or over by itself; or we may not. Which of them, the next look tells.
                Err(error @ ApiError::Refused(_)) => refused = Some(error),
                Err(error) => return Err(error),
            }
        }
        let Some(error) = refused else { return Ok(()) };
        match self.open_checkouts(customer).await?.is_empty() {
            true => Ok(()),
            false => Err(error),
        }
    }

    /// Where the customer sees to cards, addresses and receipts.
    pub(super) async fn portal(&self, customer: &str) -> Result<String, Fault> {
        let back = self.page("");
        let form = [("customer", customer), ("return_url", &back)];
        self.sendable(self.client.post("/billing_portal/sessions", &form, &once()).await?)
    }

    /// With what its invoices say of a payment that is due.
    async fn with_dues(&self, mut told: Told) -> Result<Told, ApiError> {
        if told.is_past_due() {
            let query = [("subscription", told.id()), ("limit", PAGE)];
            told.owed_since = owed_since(&self.client.get::<List<ToldInvoice>>("/invoices", &query).await?.data);
        }
        Ok(told)
    }

    pub(super) async fn subscription(&self, id: &str) -> Result<Told, ApiError> {
        let told = self.client.get(&format!("/subscriptions/{id}"), &[]).await?;
        self.with_dues(told).await
    }

    /// All that there are or were: of one that ended, its end may not have been heard.
    async fn listed(&self, customer: &str) -> Result<Vec<Told>, ApiError> {
        let query = [("customer", customer), ("status", "all")];
        self.client.list("/subscriptions", &query, Told::id).await
    }

    pub(super) async fn subscriptions(&self, customer: &str) -> Result<Vec<Told>, ApiError> {
        let mut found = Vec::new();
        for told in self.listed(customer).await? {
            found.push(self.with_dues(told).await?);
        }
        Ok(found)
    }

    pub(super) async fn change(&self, id: &str, form: Form<'_>) -> Result<(), ApiError> {
        let changed = self.client.post::<Id>(&format!("/subscriptions/{id}"), form, &once()).await;
        changed.map(|_| ())
    }

    /// Ends a subscription at once. `false` for one that is not there any more, or is over.
    pub(super) async fn end(&self, id: &str, rest: Rest) -> Result<bool, ApiError> {
        let query: Form<'_> = match rest {
            Rest::Forfeited => &[],
            Rest::Credited => &[("prorate", "true"), ("invoice_now", "true")],
        };
        match self.client.delete::<Id>(&format!("/subscriptions/{id}"), query).await {
            Ok(_) => Ok(true),
            Err(ApiError::Missing) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn living(&self, customer: &str) -> Result<Vec<Told>, ApiError> {
        let mut found = self.listed(customer).await?;
        found.retain(|told| !told.is_over());
        Ok(found)
    }

    /// Ends whatever the customer has subscribed to or could still pay for, and looks whether that is so.
    pub(super) async fn end_customer(&self, customer: &str) -> Result<(), ApiError> {
        match self.shut_checkouts(customer).await {
            Ok(()) => {}
            // Stripe does not know the customer any more, and has ended everything with it.
            Err(error) if is_unknown(&error) => return Ok(()),
            Err(error) => return Err(error),
        }
        // After the checkouts: what was paid at the last moment is among them.
        for told in self.living(customer).await? {
            self.end(told.id(), Rest::Forfeited).await?;
        }
        let is_over = self.open_checkouts(customer).await?.is_empty() && self.living(customer).await?.is_empty();
        match is_over {
            true => Ok(()),
            false => Err(ApiError::Unavailable),
        }
    }

    /// The latest first.
    pub(super) async fn invoices(&self, customer: &str) -> Result<Vec<Invoice>, ApiError> {
        let query = [("customer", customer), ("limit", INVOICES)];
        let list: List<ToldInvoice> = self.client.get("/invoices", &query).await?;
        let invoice = |told: ToldInvoice| Invoice {
            id: told.id,
            number: told.number,
            status: told.status.unwrap_or_default(),
            total: told.total,
            currency: told.currency,
            created_at: millis(told.created.unwrap_or(0)),
            page: told.hosted_invoice_url.and_then(|address| sendable(self.client.url(), address)),
        };
        Ok(list.data.into_iter().map(invoice).collect())
    }
}

/// Whether what was asked about is unknown: in a path that is 404, in a list's filter 400.
fn is_unknown(error: &ApiError) -> bool {
    match error {
        ApiError::Missing => true,
        ApiError::Refused(code) => code == "resource_missing",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_sent_to_pages_by_https_only() {
        let real = Url::parse("https://api.stripe.com").unwrap();
        for (address, fine) in [
            ("https://checkout.stripe.com/c/pay/1", true),
            ("https://invoice.stripe.com/i/1", true),
            ("https://pay.example.com/c/pay/1", true),
            ("http://invoice.stripe.com/i/1", false),
            ("https://checkout.stripe.com@example.com/c", false),
            ("javascript:alert(1)", false),
            ("data:text/html,hello", false),
            ("/c/pay/1", false),
            ("http://127.0.0.1:9/", false),
        ] {
            assert_eq!(sendable(&real, address.into()).is_some(), fine, "{address}");
        }
        let here = Url::parse("http://127.0.0.1:9").unwrap();
        assert!(sendable(&here, "http://127.0.0.1:9/pay".into()).is_some());
        assert!(sendable(&here, "http://127.0.0.1:8/pay".into()).is_none());
    }
}
