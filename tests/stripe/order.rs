//! Any order and any number of deliveries gives the same state.

use serde_json::{Value, json};

use crate::support::{
    Dice, is_full, seed,
    stripe::{BEGUN, MONTH, Sender, Stripe},
};

/// What a subscription goes through: a trial, a payment, one that fails, a larger plan, a cancellation that is taken back, an end.
fn life() -> Vec<Value> {
    let next = BEGUN + 2 * MONTH;
    vec![
        json!({ "status": "active", "trial_end": null }),
        json!({ "status": "past_due", "current_period_end": next, "latest_invoice": { "id": "in_2", "created": BEGUN + MONTH } }),
        json!({ "status": "active", "price": "price_large" }),
        json!({ "cancel_at_period_end": true }),
        json!({ "cancel_at_period_end": false, "price": "price_team" }),
        json!({ "status": "past_due", "latest_invoice": { "id": "in_3", "created": next }, "current_period_end": next + MONTH }),
        // Still not paid a month later, when there is another one to pay.
        json!({ "status": "past_due", "latest_invoice": { "id": "in_4", "created": next + MONTH }, "current_period_end": next + 2 * MONTH }),
        json!({ "status": "unpaid" }),
        json!({ "status": "active" }),
        json!({ "cancel_at_period_end": true, "price": "price_large" }),
        json!({ "status": "canceled" }),
    ]
}

#[tokio::test]
async fn any_order_and_any_number_of_deliveries_gives_the_same_state() {
    let stripe = Stripe::start().await;
    let clock = pernoex::Clock::manual(BEGUN * 1000);
    let app = stripe.app(clock.clone(), &[("PERNOEX_LIMIT_FACTOR", "100000")]).await;
    let sender = Sender::to(&app, &clock);
    let seed = seed();
    let mut dice = Dice::new(seed);
    println!("seed {seed}");
    let rounds = if is_full() { 200 } else { 30 };
    for round in 0..rounds {
        let mut ada = app.owner("ada").await;
        let address = ada.checkout("price_team").await;
        let id = stripe.pay(&address, "trialing");
        // Some lives end early: what is last differs, and so does what is to be known at last.
        let mut ahead: Vec<Value> = life();
        ahead.truncate(1 + dice.below(life().len()));
        ahead.reverse();
        let (mut waiting, mut sent) = (stripe.events(), Vec::new());
        while !(waiting.is_empty() && ahead.is_empty()) {
            match dice.below(4) {
                0 | 1 if !ahead.is_empty() => {
                    stripe.moves_on(&id, ahead.pop().unwrap());
                    waiting.extend(stripe.events());
                }
                2 if !sent.is_empty() => {
                    let again: &Value = &sent[dice.below(sent.len())];
                    sender.event(again).await;
                }
                _ if !waiting.is_empty() => {
                    let event = waiting.swap_remove(dice.below(waiting.len()));
                    sender.event(&event).await;
                    sent.push(event);
                }
                _ => {}
            }
        }
        let found = ada.billed(sent.len().min(20)).await["subscription"].clone();
        let subscription = stripe.subscription(&id);
        if subscription["status"] == "canceled" {
            assert_eq!(found, Value::Null, "seed {seed}, round {round}");
            continue;
        }
        let seconds = |value: &Value| {
            value
                .as_str()
                .map(|text| chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp())
        };
        let ends = subscription["cancel_at_period_end"] == true;
        let period_end = subscription["current_period_end"].as_i64();
        let latest = subscription["latest_invoice"]["created"].as_i64();
        let due = latest
            .filter(|_| subscription["status"] == "past_due")
            .map(|at| at.min(BEGUN + 2 * MONTH));
        assert_eq!(found["status"], subscription["status"], "seed {seed}, round {round}");
        assert_eq!(
            found["plan"], subscription["items"]["data"][0]["price"]["id"],
            "seed {seed}, round {round}"
        );
        assert_eq!(
            seconds(&found["ends_at"]),
            period_end.filter(|_| ends),
            "seed {seed}, round {round}"
        );
        assert_eq!(
            seconds(&found["renews_at"]),
            period_end.filter(|_| !ends),
            "seed {seed}, round {round}"
        );
        assert_eq!(seconds(&found["past_due_since"]), due, "seed {seed}, round {round}");
    }
}
