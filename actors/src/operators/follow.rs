//! What an operator does to an actor is done in every node: a balancer decides which of them is asked, and the actor may live in others.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use entities::{ActOutcome, Millis, OperatorAct, PlatformDb};
use tokio::{task::JoinSet, time::Instant};
use uuid::Uuid;

use super::{Act, outcome_of};
use crate::{clock::Clock, fault::Fault, registry::Registry, watch::ActorName};

/// How often nodes look what was asked of others.
const EVERY: Duration = Duration::from_secs(1);
/// Within which a node in which the actor lives has begun.
const BEGINS: Duration = Duration::from_secs(4);
/// Longer than a reset takes, and the database to be told of it.
const ENDS: Duration = Duration::from_secs(20);
/// How often the node that was asked looks whether another has begun or ended.
const LOOK: Duration = Duration::from_millis(250);
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

/// Waits for the nodes in which the actor of an act lives.
pub(super) async fn done_elsewhere(platform: &PlatformDb, act: Uuid) -> Result<(), Fault> {
    let asked = Instant::now();
    loop {
        tokio::time::sleep(LOOK).await;
        match platform.act_outcome(act).await? {
            Some(ActOutcome::Done) => return Ok(()),
            Some(ActOutcome::Failed) => return Err(Fault::Unavailable),
            Some(ActOutcome::Begun) if asked.elapsed() < ENDS => {}
            Some(ActOutcome::Begun) => return Err(Fault::TimedOut),
            Some(ActOutcome::Asked) if asked.elapsed() < BEGINS => {}
            // Unless a node has just begun: then it is looked at again.
            Some(ActOutcome::Asked) if !platform.note_outcome(act, ActOutcome::NotThere).await? => {}
            _ => return Err(Fault::NotFound),
        }
    }
}

impl Registry {
    pub(super) async fn act(&self, act: Act, on: &ActorName) -> Result<(), Fault> {
        match act {
            Act::Reset => self.reset(on).await,
            Act::Evict => self.dismiss(on),
        }
    }

    /// Does what another node was asked for, if the actor lives here too, and notes what came of it.
    async fn follow(&self, platform: &PlatformDb, asked: &OperatorAct) -> Result<(), Fault> {
        let (Some(act), Ok(name)) = (Act::parse(&asked.act), asked.subject.parse::<ActorName>()) else {
            return Ok(());
        };
        if !self.has(&name) {
            return Ok(());
        }
        platform.note_outcome(asked.id, ActOutcome::Begun).await?;
        let done = self.act(act, &name).await;
        // One that left meanwhile, by itself, is as good as reset.
        let outcome = outcome_of(&done).max(ActOutcome::Done);
        platform.note_outcome(asked.id, outcome).await?;
        done
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
    // One that hangs keeps no other waiting.
    let mut under_way = JoinSet::new();
    let mut first = true;
    loop {
        seconds.tick().await;
        while under_way.try_join_next().is_some() {}
        let now = clock.now();
        let acts = match platform.acts_between(now - FRESH, now + FRESH).await {
            Ok(acts) => acts,
            Err(error) => {
                tracing::warn!(%error, "what operators asked other nodes for cannot be read");
                continue;
            }
        };
        // Not at the edge: a clock that is set back a little must not bring them again.
        known.forget_before(now - 2 * FRESH);
        for act in acts {
            if !known.note(act.id, act.at) || (first && act.at < began) {
                continue;
            }
            let (registry, platform) = (registry.clone(), platform.clone());
            under_way.spawn(async move {
                if let Err(fault) = registry.follow(&platform, &act).await {
                    tracing::warn!(%fault, act = %act.id, "what an operator asked another node for failed here");
                }
            });
        }
        first = false;
    }
}
