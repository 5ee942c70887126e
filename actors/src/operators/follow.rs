//! What an operator does to an actor is done in every node: a balancer decides which of them is asked, and the actor may live in others.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use entities::{Millis, OperatorAct, PlatformDb};
use uuid::Uuid;

use super::{Act, DONE};
use crate::{clock::Clock, fault::Fault, registry::Registry, watch::ActorName};

/// How often nodes look what was asked of others.
const EVERY: Duration = Duration::from_secs(1);
/// Within which another node has looked and done it.
pub(super) const IN_TIME: Duration = Duration::from_secs(4);
/// How often the node that was asked looks whether another has.
pub(super) const LOOK: Duration = Duration::from_millis(100);
/// How old an act may be that is still followed: the clocks of nodes may be as far apart.
const FRESH: Millis = 60_000;

/// Acts that this process need not do any more.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<HashMap<Uuid, Millis>>);

impl Known {
    /// `false` when it was known.
    pub(super) fn note(&self, act: Uuid, at: Millis) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(act, at).is_none()
    }

    fn forget_before(&self, at: Millis) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|_, known| *known >= at);
    }
}

impl Registry {
    pub(super) async fn act(&self, act: Act, on: &ActorName) -> Result<(), Fault> {
        match act {
            Act::Reset => self.reset(on).await,
            Act::Evict => self.dismiss(on),
        }
    }

    /// Does what another node was asked for, if the actor lives here too.
    async fn follow(&self, platform: &PlatformDb, asked: &OperatorAct) -> Result<(), Fault> {
        let (Some(act), Ok(name)) = (Act::parse(&asked.act), asked.subject.parse::<ActorName>()) else {
            return Ok(());
        };
        match self.act(act, &name).await {
            Ok(()) => Ok(platform.end_act(asked.id, DONE).await?),
            Err(Fault::NotFound) => Ok(()),
            Err(fault) => Err(fault),
        }
    }
}

/// Each second: does what operators asked other nodes for.
pub(crate) async fn follow(registry: Arc<Registry>, platform: PlatformDb, known: Arc<Known>, clock: Clock) {
    if !platform.is_shared() {
        return;
    }
    // What was asked for before this process began met no actor of it.
    let began = clock.now();
    let mut seconds = tokio::time::interval(EVERY);
    seconds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut first = true;
    loop {
        seconds.tick().await;
        let since = clock.now() - FRESH;
        let acts = match platform.acts_since(since).await {
            Ok(acts) => acts,
            Err(error) => {
                tracing::warn!(%error, "what operators asked other nodes for cannot be read");
                continue;
            }
        };
        known.forget_before(since);
        for act in acts {
            if !known.note(act.id, act.at) || (first && act.at < began) {
                continue;
            }
            if let Err(fault) = registry.follow(&platform, &act).await {
                tracing::warn!(%fault, act = %act.id, "what an operator asked another node for failed here");
            }
        }
        first = false;
    }
}
