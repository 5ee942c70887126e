//! Plans and payments: a workspace subscribes, pays, does not pay, and cancels; limits hold and give way. Stripe stands at the network's edge.

mod checkouts;
mod delivery;
mod ends;
mod limits;
mod localstripe;
mod looks;
mod order;
mod payments;

use pernoex::Clock;
use serde_json::{Value, json};

use crate::support::{
    Person, TestApp,
    stripe::{BEGUN, Sender, Stripe},
};

/// A workspace on the free plan.
struct Scene {
    stripe: Stripe,
    clock: Clock,
    app: TestApp,
    ada: Person,
    sender: Sender,
}

impl Scene {
    async fn set() -> Self {
        Self::set_with(&[]).await
    }

    async fn set_with(settings: &[(&str, &str)]) -> Self {
        let stripe = Stripe::start().await;
        let clock = Clock::manual(BEGUN * 1000);
        let app = stripe.app(clock.clone(), settings).await;
        let ada = app.owner("ada").await;
        let sender = Sender::to(&app, &clock);
        Self {
            stripe,
            clock,
            app,
            ada,
            sender,
        }
    }

    /// Pays for a plan; the id of the subscription, once the workspace knows of it.
    async fn subscribe(&mut self, plan: &str) -> String {
        self.subscribe_as(plan, "active").await
    }

    async fn subscribe_as(&mut self, plan: &str, status: &str) -> String {
        let address = self.ada.checkout(plan).await;
        let id = self.stripe.pay(&address, status);
        self.deliver().await;
        id
    }

    /// Sends everything that happened at Stripe, and waits until it is seen to; what the owner sees then.
    async fn deliver(&mut self) -> Value {
        let before = self.ada.billing().await["deliveries"].as_array().unwrap().len();
        let events = self.stripe.events();
        for event in &events {
            self.sender.event(event).await;
        }
        self.ada.billed((before + events.len()).min(20)).await
    }
}

/// How much of something is used, and may be.
fn reading(seen: &Value, meter: &str) -> Value {
    let meters = seen["meters"].as_array().unwrap();
    let found = meters.iter().find(|one| one["meter"] == meter).unwrap();
    json!([found["used"], found["limit"], found["near"]])
}

/// What was done in the workspace in the way of billing, the latest first.
async fn noted(owner: &mut Person) -> Vec<String> {
    let (_, log) = owner.get("/audit").await;
    let acts = log["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["act"].as_str().unwrap().to_owned());
    acts.filter(|act| act.starts_with("billing.")).collect()
}
