//! What an owner does: subscribes, changes, cancels, and sees to cards and invoices at Stripe.

use entities::{
    StoreError, TenantTx,
    audit::{self, Act, Note, Target},
    billing::{
        customers,
        subscriptions::{self, Subscription},
    },
    job, members, tenants,
};
use serde_json::{Value, json};

use super::{Billing, api::Invoice, plans::Plan, standing::leading, sync::target};
use crate::{
    audit::By,
    contain::Serve,
    fault::{Fault, Invalid},
    integrations::IntegrationActor,
    request,
    role::{Level, ManageBilling},
};

/// Leads to where a plan is paid for. By whom, and for which, is noted.
pub struct BeginCheckout {
    pub by: By,
    pub plan: String,
}
/// Leads to where cards, addresses and receipts are.
pub struct OpenPortal {
    pub by: By,
}
/// Another paid plan in the place of the one that is subscribed to. What it has no room for stays, and no more can be added.
pub struct ChangePlan {
    pub by: By,
    pub plan: String,
}
/// Ends the subscription when what is paid for is over.
pub struct CancelSubscription {
    pub by: By,
}
/// Takes that back.
pub struct KeepSubscription {
    pub by: By,
}
pub struct ListInvoices;

request! {
    BeginCheckout => String, needs ManageBilling, patience = 90;
    OpenPortal => String, needs ManageBilling, patience = 60;
    ChangePlan => (), needs ManageBilling, patience = 90;
    CancelSubscription => (), needs ManageBilling, patience = 90;
    KeepSubscription => (), needs ManageBilling, patience = 90;
    ListInvoices => Vec<Invoice>, needs ManageBilling, patience = 30;
}

fn unknown_plan() -> Fault {
    Fault::invalid(Invalid::Plan, "plan", "There is no such plan to choose.")
}

fn offered<'a>(billing: &'a Billing, id: &str) -> Result<&'a Plan, Fault> {
    let plan = billing.plans.paid(id).filter(|plan| plan.offered);
    plan.ok_or_else(unknown_plan)
}

/// Asks again whether `by` may: the door asked a moment ago, and meanwhile they may have been demoted.
async fn authorise(tx: &TenantTx, by: &By) -> Result<(), Fault> {
    match tenants::role_of(tx, by.account).await? {
        Some(role) if role >= ManageBilling::LEAST => Ok(()),
        Some(_) => Err(Fault::NotAllowed),
        None => Err(Fault::NotFound),
    }
}

impl IntegrationActor {
    /// The subscription that counts, by Stripe's latest word.
    async fn current(&self, billing: &Billing) -> Result<Option<Subscription>, Fault> {
        self.look_at_all(billing).await?;
        let found = self.db().read(async |tx| subscriptions::list(tx).await).await?;
        Ok(leading(&billing.plans, &found).cloned())
    }

    async fn still_may(&self, by: &By) -> Result<(), Fault> {
        self.db().read(async |tx| authorise(tx, by).await).await
    }

    /// Notes what somebody did, or tried to, when Stripe has said how it went. Returns that.
    async fn noted<T>(&self, by: &By, act: Act, target: Target, mut details: Value, went: Result<T, Fault>) -> Result<T, Fault> {
        if let (Err(fault), Value::Object(details)) = (&went, &mut details) {
            details.insert("reason".into(), fault.to_string().into());
        }
        let note = Note {
            done: went.is_ok(),
            ..by.did_with(act, target, self.now(), details)
        };
        match (self.db().write(async |tx| audit::append(tx, note).await).await, went) {
            (Ok(_), went) => went,
            (Err(error), Ok(_)) => Err(error.into()),
            (Err(error), Err(fault)) => {
                tracing::warn!(%error, "what Stripe refused is not in the audit log");
                Err(fault)
            }
        }
    }

    /// Who the tenant is at Stripe, made known there if it is not yet.
    async fn customer(&self, billing: &Billing, by: &By) -> Result<String, Fault> {
        let (known, email) = self
            .db()
            .read(async |tx| {
                authorise(tx, by).await?;
                Ok::<_, Fault>((customers::find(tx).await?, members::email_of(tx, by.account).await?))
            })
            .await?;
        if let Some(known) = known {
            return Ok(known);
        }
        let (tenant, email) = (self.tenant().to_string(), email.unwrap_or_default());
        let made = billing.api.create_customer(&email, &tenant).await?;
        let now = self.now();
        let stored = self.db().write(async |tx| {
            // Of a workspace that ended meanwhile nothing more is kept, for nothing would end it.
            authorise(tx, by).await?;
            customers::insert(tx, &made, now).await?;
            job::enqueue_sweep(tx, now).await?;
            Ok::<_, Fault>(())
        });
        match stored.await {
            Ok(()) => Ok(made),
            Err(Fault::Storage(StoreError::Conflict)) => {
                let known = self.db().read(async |tx| customers::find(tx).await).await?;
                known.ok_or(Fault::StripeRefused("customer_taken".into()))
            }
            Err(fault) => Err(fault),
        }
    }

    /// Changes the subscription that counts, and stores what Stripe makes of it.
    async fn change(
        &self,
        billing: &Billing,
        by: &By,
        act: Act,
        with: impl FnOnce(&Subscription) -> Result<Change, Fault>,
    ) -> Result<(), Fault> {
        let _turn = self.billing_turn().await;
        self.still_may(by).await?;
        let current = self.current(billing).await?.ok_or(Fault::NotSubscribed)?;
        let Change { form, details } = with(&current)?;
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let went = billing.api.change(&current.id, &form).await.map_err(Fault::from);
        self.noted(by, act, target(billing, &current), details, went).await?;
        let Err(fault) = self.look_at_all(billing).await else {
            return Ok(());
        };
        // It is done, and whoever is told otherwise would do it again.
        tracing::warn!(%fault, "what became of a change at Stripe is looked at later");
        let now = self.now();
        self.db().write(async |tx| job::enqueue_look(tx, now).await).await?;
        Ok(())
    }
}

struct Change {
    form: Vec<(&'static str, String)>,
    details: Value,
}

fn ending(ends: bool) -> Change {
    Change {
        form: vec![("cancel_at_period_end", ends.to_string())],
        details: json!({}),
    }
}

impl Serve<BeginCheckout> for IntegrationActor {
    async fn serve(&self, BeginCheckout { by, plan }: BeginCheckout) -> Result<String, Fault> {
        let billing = self.billing()?;
        let plan = offered(&billing, &plan)?;
        let _turn = self.billing_turn().await;
        let customer = self.customer(&billing, &by).await?;
        // First, so that what was paid at the last moment shows: of two that are open, both could be paid.
        billing.api.shut_checkouts(&customer).await?;
        if self.current(&billing).await?.is_some_and(|current| current.status != "incomplete") {
            return Err(Fault::AlreadySubscribed);
        }
        let target = Target::of("plan", &plan.id, plan.name.as_str());
        let went = billing.api.checkout(&customer, &plan.id, &self.tenant().to_string()).await;
        // Once it is there: if the workspace ends from now on, it is found and shut. If it ended before, nobody is told where it is.
        self.still_may(&by).await?;
        self.noted(&by, Act::CheckoutBegun, target, json!({}), went).await
    }
}

impl Serve<OpenPortal> for IntegrationActor {
    async fn serve(&self, OpenPortal { by }: OpenPortal) -> Result<String, Fault> {
        let billing = self.billing()?;
        let known = self.db().read(async |tx| customers::find(tx).await).await?;
        let customer = known.ok_or(Fault::NotSubscribed)?;
        self.still_may(&by).await?;
        let went = billing.api.portal(&customer).await;
        let target = Target::of("billing", "", "");
        self.noted(&by, Act::PortalOpened, target, json!({}), went).await
    }
}

impl Serve<ChangePlan> for IntegrationActor {
    async fn serve(&self, ChangePlan { by, plan }: ChangePlan) -> Result<(), Fault> {
        let billing = self.billing()?;
        let plan = offered(&billing, &plan)?;
        let change = |current: &Subscription| {
            if !matches!(current.status.as_str(), "active" | "trialing") {
                return Err(Fault::SubscriptionUnsettled(current.status.clone()));
            }
            if current.price.as_deref() == Some(plan.id.as_str()) {
                return Err(Fault::AlreadySubscribed);
            }
            let item = current.item.clone().ok_or(Fault::NotSubscribed)?;
            let details = json!({ "to": plan.name });
            Ok(Change {
                form: vec![
                    ("items[0][id]", item),
                    ("items[0][price]", plan.id.clone()),
                    // What is more is paid for at once, and what is less is credited.
                    ("proration_behavior", "always_invoice".into()),
                    // If that payment fails, nothing changes. The other way to have that, `pending_if_incomplete`, cannot take a cancellation
                    // back in the same call, and leaves a change that waits for hours.
                    ("payment_behavior", "error_if_incomplete".into()),
                    ("cancel_at_period_end", "false".into()),
                ],
                details,
            })
        };
        self.change(&billing, &by, Act::PlanChanged, change).await
    }
}

impl Serve<CancelSubscription> for IntegrationActor {
    async fn serve(&self, CancelSubscription { by }: CancelSubscription) -> Result<(), Fault> {
        let billing = self.billing()?;
        self.change(&billing, &by, Act::SubscriptionCancelled, |_| Ok(ending(true))).await
    }
}

impl Serve<KeepSubscription> for IntegrationActor {
    async fn serve(&self, KeepSubscription { by }: KeepSubscription) -> Result<(), Fault> {
        let billing = self.billing()?;
        self.change(&billing, &by, Act::SubscriptionKept, |_| Ok(ending(false))).await
    }
}

impl Serve<ListInvoices> for IntegrationActor {
    async fn serve(&self, _: ListInvoices) -> Result<Vec<Invoice>, Fault> {
        let billing = self.billing()?;
        match self.db().read(async |tx| customers::find(tx).await).await? {
            Some(customer) => Ok(billing.api.invoices(&customer).await?),
            None => Ok(Vec::new()),
        }
    }
}
