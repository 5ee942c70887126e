//! Which plan a tenant has at a moment, as its subscriptions say.

use entities::{Millis, billing::subscriptions::Subscription};

use super::plans::{Plan, Plans};

/// What follows from a tenant's subscriptions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whose limits hold.
    pub plan: Plan,
    /// The plan that is subscribed to, if the server knows it: other limits may hold while a payment is due.
    pub subscribed: Option<Plan>,
    /// The subscription that counts; `None` when there is none, or it is over.
    pub subscription: Option<Subscription>,
    /// Until when the plan holds although a payment is due.
    pub grace_until: Option<Millis>,
}

/// Stripe's words for a subscription that will not come back.
pub(super) fn is_over(status: &str) -> bool {
    matches!(status, "canceled" | "incomplete_expired")
}

fn rank(status: &str) -> u8 {
    match status {
        "active" | "trialing" => 3,
        "past_due" => 2,
        "unpaid" | "paused" => 1,
        _ => 0,
    }
}

fn plan_of<'a>(plans: &'a Plans, of: &Subscription) -> Option<&'a Plan> {
    plans.paid(of.price.as_deref()?)
}

/// Of several the one that is to a plan and gives most, and of such the one that began last: whatever order they were heard of in.
pub(super) fn leading<'a>(plans: &Plans, subscriptions: &'a [Subscription]) -> Option<&'a Subscription> {
    let living = subscriptions.iter().filter(|one| !is_over(&one.status));
    living.max_by_key(|one| (plan_of(plans, one).is_some(), rank(&one.status), one.begun_at, one.id.as_str()))
}

/// Those to plans that are paid for, or could yet be, beside the one that counts. A workspace has one plan: these give it nothing. While the one
/// that counts is not paid for itself it is nobody's place to say which shall go. What is to no plan is something else that was sold.
pub(super) fn rivals<'a>(plans: &Plans, subscriptions: &'a [Subscription]) -> Vec<&'a Subscription> {
    let Some(leading) = leading(plans, subscriptions).filter(|one| one.status == "active") else {
        return Vec::new();
    };
    let beside = |one: &&Subscription| one.id != leading.id && !is_over(&one.status) && plan_of(plans, one).is_some();
    subscriptions.iter().filter(beside).collect()
}

impl Standing {
    pub(super) fn of(plans: &Plans, grace_ms: Millis, subscriptions: &[Subscription], now: Millis) -> Self {
        let leading = leading(plans, subscriptions).cloned();
        let subscribed = leading.as_ref().and_then(|one| plan_of(plans, one)).cloned();
        let grace_until = leading
            .as_ref()
            .filter(|one| one.status == "past_due")
            // Never from now on: it would not end.
            .map(|one| one.past_due_since.unwrap_or(one.begun_at).saturating_add(grace_ms));
        let holds = match leading.as_ref().map(|one| one.status.as_str()) {
            Some("active" | "trialing") => true,
            Some("past_due") => grace_until.is_some_and(|until| now < until),
            _ => false,
        };
        let plan = subscribed.as_ref().filter(|_| holds).unwrap_or(plans.free()).clone();
        Self {
            plan,
            subscribed,
            subscription: leading,
            grace_until,
        }
    }

    /// Whether less holds than is subscribed to, because a payment is due.
    #[must_use]
    pub fn is_reduced(&self) -> bool {
        self.subscribed.as_ref().is_some_and(|subscribed| *subscribed != self.plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subscription(id: &str, status: &str, price: &str, begun_at: Millis) -> Subscription {
        Subscription {
            id: id.into(),
            item: None,
            price: Some(price.into()),
            status: status.into(),
            begun_at,
            period_end: None,
            trial_end: None,
            cancel_at: None,
            past_due_since: Some(1_000),
            ticket: 1,
        }
    }

    #[test]
    fn the_plan_is_what_the_subscription_that_counts_says() {
        let plans =
            Plans::parse(r#"{"free":{"name":"Free"},"paid":[{"name":"A","price":"a"},{"name":"B","price":"b","offered":false}]}"#).unwrap();
        let name = |list: &[Subscription], now| Standing::of(&plans, 100, list, now).plan.name;
        assert_eq!(name(&[], 0), "Free");
        for (status, plan) in [
            ("active", "A"),
            ("trialing", "A"),
            ("canceled", "Free"),
            ("incomplete", "Free"),
            ("unpaid", "Free"),
            ("paused", "Free"),
            ("something_new", "Free"),
        ] {
            assert_eq!(name(&[subscription("s", status, "a", 0)], 0), plan, "{status}");
        }
        let due = [subscription("s", "past_due", "a", 0)];
        assert_eq!((name(&due, 1_099), name(&due, 1_100)), ("A".into(), "Free".into()));
        assert!(Standing::of(&plans, 100, &due, 1_100).is_reduced());
        assert_eq!(
            name(&[subscription("s", "active", "b", 0)], 0),
            "B",
            "not offered any more, and still theirs"
        );
        assert_eq!(name(&[subscription("s", "active", "unknown", 0)], 0), "Free");
        let (old, new) = (subscription("s", "active", "a", 0), subscription("t", "active", "b", 5));
        assert_eq!(name(&[old.clone(), new.clone()], 0), "B");
        assert_eq!(name(&[new, old.clone()], 0), "B");
        let support = subscription("u", "active", "support", 9);
        assert_eq!(name(&[old, support], 0), "A", "what is to no plan takes none away");
    }

    #[test]
    fn of_several_that_are_paid_for_all_but_the_last_are_too_many() {
        let plans = Plans::parse(r#"{"free":{"name":"Free"},"paid":[{"name":"A","price":"a"},{"name":"B","price":"b"}]}"#).unwrap();
        let ids = |list: &[Subscription]| rivals(&plans, list).into_iter().map(|one| one.id.clone()).collect::<Vec<_>>();
        let (old, new) = (subscription("old", "active", "a", 0), subscription("new", "active", "b", 5));
        assert_eq!(ids(&[old.clone(), new.clone()]), ["old"]);
        assert_eq!(ids(&[new.clone(), old.clone()]), ["old"]);
        assert!(ids(std::slice::from_ref(&new)).is_empty());
        let of = |status: &str, price: &str| subscription("other", status, price, 9);
        for (status, price, too_many) in [
            ("canceled", "a", false),
            ("incomplete_expired", "a", false),
            ("active", "support", false),
            ("past_due", "a", true),
            ("unpaid", "a", true),
            ("incomplete", "a", true),
        ] {
            assert_eq!(!ids(&[new.clone(), of(status, price)]).is_empty(), too_many, "{status} {price}");
        }
        let trial = subscription("trial", "trialing", "b", 9);
        assert!(ids(&[old, trial]).is_empty(), "it is not paid for yet");
        let (due, unpaid) = (subscription("due", "past_due", "a", 0), subscription("unpaid", "unpaid", "a", 5));
        assert!(ids(&[due, unpaid]).is_empty(), "none of them is paid for");
    }
}
