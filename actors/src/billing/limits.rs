//! Limits, held inside the transaction of what would exceed them.

use chrono::{DateTime, Datelike};
use entities::{Millis, StoreError, TenantTx, billing as rows, documents, invitations, members, projects, tenants};

use super::{
    Billing,
    plans::{Meter, Plan},
    standing::Standing,
};
use crate::fault::Fault;

/// The calendar month of a time, in UTC, as rows count it.
pub(super) fn month(at: Millis) -> i32 {
    let at = DateTime::from_timestamp_millis(at).unwrap_or_default();
    at.year() * 12 + i32::try_from(at.month0()).unwrap_or(0)
}

/// How much there is of something.
pub(super) async fn used(tx: &TenantTx, meter: Meter, now: Millis) -> Result<i64, StoreError> {
    let size = |rows: usize| i64::try_from(rows).unwrap_or(i64::MAX);
    Ok(match meter {
        Meter::Projects => size(projects::list(tx).await?.len()),
        Meter::Members => {
            let open = invitations::list(tx).await?;
            size(members::list(tx).await?.len() + open.iter().filter(|one| one.expires_at > now).count())
        }
        Meter::Documents => documents::count(tx).await?,
        Meter::Answers => rows::answers::given(tx, month(now)).await?,
    })
}

impl Billing {
    pub(super) async fn standing(&self, tx: &TenantTx, now: Millis) -> Result<Standing, StoreError> {
        let subscriptions = rows::subscriptions::list(tx).await?;
        Ok(Standing::of(&self.plans, self.grace_ms, &subscriptions, now))
    }
}

fn exceeded(plan: &Plan, meter: Meter, most: i64) -> Fault {
    Fault::PlanLimit {
        meter,
        most,
        plan: plan.name.clone(),
    }
}

/// Refuses the change that the transaction has just made, when there is more of something now than the tenant's plan has room for. Two
/// changes at a time wait for each other here, each having made its own: the second sees the first. To be asked before the audit log is
/// written to.
pub(crate) async fn require_room(billing: Option<&Billing>, tx: &TenantTx, meter: Meter, now: Millis) -> Result<(), Fault> {
    let Some(billing) = billing else { return Ok(()) };
    tenants::lock(tx).await?;
    let plan = billing.standing(tx, now).await?.plan;
    match plan.limits.of(meter) {
        Some(most) if used(tx, meter, now).await? > most => Err(exceeded(&plan, meter, most)),
        _ => Ok(()),
    }
}

/// As [`require_room`], for somebody who joins: their place was counted when they were invited, and there may be more open invitations than
/// a plan of now has places.
pub(crate) async fn require_seat(billing: Option<&Billing>, tx: &TenantTx, now: Millis) -> Result<(), Fault> {
    let Some(billing) = billing else { return Ok(()) };
    let plan = billing.standing(tx, now).await?.plan;
    let seated = i64::try_from(members::list(tx).await?.len()).unwrap_or(i64::MAX);
    match plan.limits.of(Meter::Members) {
        Some(most) if seated > most => Err(exceeded(&plan, Meter::Members, most)),
        _ => Ok(()),
    }
}

/// Whether another answer may be given this month. Asked before anybody looks for one, which costs the processor; what holds is
/// [`count_answer`].
pub(crate) async fn has_answers_left(billing: &Billing, tx: &TenantTx, now: Millis) -> Result<(), Fault> {
    let plan = billing.standing(tx, now).await?.plan;
    match plan.limits.of(Meter::Answers) {
        Some(most) if used(tx, Meter::Answers, now).await? >= most => Err(exceeded(&plan, Meter::Answers, most)),
        _ => Ok(()),
    }
}

/// Counts the answer that the transaction stores, and refuses it when it is one too many.
pub(crate) async fn count_answer(billing: Option<&Billing>, tx: &TenantTx, now: Millis) -> Result<(), Fault> {
    let Some(billing) = billing else { return Ok(()) };
    let plan = billing.standing(tx, now).await?.plan;
    let given = rows::answers::add(tx, month(now)).await?;
    match plan.limits.of(Meter::Answers) {
        Some(most) if given > most => Err(exceeded(&plan, Meter::Answers, most)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::month;

    #[test]
    fn months_follow_each_other_over_the_year() {
        let december = 1_767_225_599_999;
        assert_eq!(month(december) + 1, month(december + 1));
        assert_eq!(month(december + 1), 2026 * 12);
    }
}
