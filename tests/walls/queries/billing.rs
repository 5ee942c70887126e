//! Who a tenant is at Stripe, what it has subscribed to, and how many answers it gave.

use entities::billing::{
    answers, customers,
    subscriptions::{self, Subscription},
};

use super::call::{ADA, Call, NOW, read, tenant, world, write};
use crate::walls::store::World;

pub(super) const OPERATIONS: &[&str] = &[
    "billing_customer::find",
    "billing_customer::insert",
    "billing_customer::next_ticket",
    "billing_subscription::list",
    "billing_subscription::put",
    "answer_count::add",
    "answer_count::given",
];

/// A customer is one tenant.
fn customer(call: &Call) -> String {
    format!("cus_{:x}{}", call.who, call.n[0] % 2)
}

fn subscription(call: &Call) -> Subscription {
    Subscription {
        id: format!("sub_{}", call.n[1] % 3),
        item: call.n[2].is_multiple_of(2).then(|| call.content()),
        price: Some(call.content()),
        status: "active".into(),
        begun_at: call.at,
        period_end: Some(call.at),
        trial_end: None,
        cancel_at: call.n[2].is_multiple_of(3).then_some(call.at),
        past_due_since: None,
        ticket: i64::try_from(call.n[3] % 5).unwrap(),
    }
}

pub(super) async fn perform(world: &World, call: &Call) -> String {
    let db = &world.store.tenant(tenant(call.who));
    let month = i32::try_from(call.n[0] % 3).unwrap();
    match call.operation {
        "billing_customer::find" => read(db, async |tx| customers::find(tx).await).await,
        "billing_customer::insert" => write(db, async |tx| customers::insert(tx, &customer(call), call.at).await).await,
        "billing_customer::next_ticket" => write(db, async |tx| customers::next_ticket(tx).await).await,
        "billing_subscription::list" => read(db, async |tx| subscriptions::list(tx).await).await,
        "billing_subscription::put" => write(db, async |tx| subscriptions::put(tx, &subscription(call)).await).await,
        "answer_count::add" => write(db, async |tx| answers::add(tx, month).await).await,
        "answer_count::given" => read(db, async |tx| answers::given(tx, month).await).await,
        unknown => panic!("{unknown} has no call here"),
    }
}

#[tokio::test]
async fn a_look_at_stripe_that_began_earlier_is_not_stored_over_a_later_one() {
    let world = world().await;
    let call = |ticket, at| Call {
        who: ADA,
        operation: "billing_subscription::put",
        n: [0, 0, 1, ticket],
        at,
    };
    let insert = Call {
        operation: "billing_customer::insert",
        ..call(0, NOW)
    };
    let ticket = Call {
        operation: "billing_customer::next_ticket",
        ..call(0, NOW)
    };
    assert_eq!(perform(&world, &insert).await, "Ok(())");
    assert_eq!(perform(&world, &ticket).await, "Ok(Some(1))");
    assert_eq!(perform(&world, &ticket).await, "Ok(Some(2))");
    assert_eq!(perform(&world, &call(2, NOW + 2)).await, "Ok(true)");
    let stored = world.rows_of(tenant(ADA)).await;
    for earlier in [1, 2] {
        assert_eq!(perform(&world, &call(earlier, NOW + 1)).await, "Ok(false)", "{earlier}");
    }
    assert_eq!(world.rows_of(tenant(ADA)).await, stored);
    assert_eq!(perform(&world, &call(3, NOW + 3)).await, "Ok(true)");
    world.close().await;
}
