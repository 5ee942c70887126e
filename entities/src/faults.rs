//! Faults on demand. Behind the feature `faults`, which only tests switch on: no build that serves has this module.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::TenantId;

/// Where a fault strikes. Actors are named by their kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Point {
    /// While an actor is built from storage.
    Build(&'static str),
    /// Before an actor serves a message.
    Serve(&'static str),
    /// After it served one, before anyone learns of it.
    Served(&'static str),
    /// In work off the actors' threads.
    Work,
    /// When a transaction begins.
    Begin,
    /// When a transaction that wrote is about to be committed.
    Commit,
}

/// What happens there. Transactions can only be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Panic,
    /// After the work has waited once.
    PanicLater,
    /// Never ends by itself, and is given `bound` instead of the usual time.
    Hang {
        bound: Duration,
    },
    /// Takes so long, then goes on.
    Slow(Duration),
    /// Fails as storage does that is not reachable.
    Refuse,
}

type Planned = HashMap<(TenantId, Point), (Effect, usize)>;

static PLANNED: Mutex<Option<Planned>> = Mutex::new(None);

fn with<T>(act: impl FnOnce(&mut Planned) -> T) -> T {
    act(PLANNED.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default())
}

/// Makes the next `times` passages of `tenant` through `point` fail.
pub fn inject(tenant: TenantId, point: Point, effect: Effect, times: usize) {
    with(|planned| planned.insert((tenant, point), (effect, times)));
}

/// Calls off what was planned for `tenant`.
pub fn clear(tenant: TenantId) {
    with(|planned| planned.retain(|(struck, _), _| *struck != tenant));
}

/// The fault that strikes now, if one is planned.
#[must_use]
pub fn take(tenant: TenantId, point: Point) -> Option<Effect> {
    with(|planned| {
        let (effect, times) = planned.get_mut(&(tenant, point))?;
        *times = times.checked_sub(1)?;
        Some(*effect)
    })
}
