//! Where planned faults strike an actor. Without the feature `faults` all of this is nothing.

use std::time::Duration;

use super::Vitals;

#[cfg(feature = "faults")]
use entities::faults::{Effect, Point, take};

/// What is planned for one message.
#[derive(Clone, Copy)]
pub(super) struct Strike {
    #[cfg(feature = "faults")]
    before: Option<Effect>,
    #[cfg(feature = "faults")]
    after: Option<Effect>,
}

#[cfg(not(feature = "faults"))]
impl Strike {
    pub(super) fn plan(_: &Vitals) -> Self {
        Self {}
    }

    pub(super) fn bound(self, usual: Duration) -> Duration {
        usual
    }

    pub(super) async fn before(self) {}

    pub(super) async fn after(self) {}

    pub(super) async fn build(_: &Vitals) {}
}

#[cfg(feature = "faults")]
impl Strike {
    pub(super) fn plan(vitals: &Vitals) -> Self {
        Self {
            before: take(vitals.tenant(), Point::Serve(vitals.kind())),
            after: take(vitals.tenant(), Point::Served(vitals.kind())),
        }
    }

    pub(super) fn bound(self, usual: Duration) -> Duration {
        match self.before {
            Some(Effect::Hang { bound }) => bound,
            _ => usual,
        }
    }

    pub(super) async fn before(self) {
        Self::strike(self.before).await;
    }

    pub(super) async fn after(self) {
        Self::strike(self.after).await;
    }

    pub(super) async fn build(vitals: &Vitals) {
        Self::strike(take(vitals.tenant(), Point::Build(vitals.kind()))).await;
    }

    #[expect(clippy::panic, reason = "this is what the feature is for")]
    async fn strike(effect: Option<Effect>) {
        match effect {
            Some(Effect::Panic) => panic!("a planned fault"),
            Some(Effect::PanicLater) => {
                tokio::time::sleep(Duration::from_millis(1)).await;
                panic!("a planned fault")
            }
            Some(Effect::Hang { .. }) => std::future::pending().await,
            Some(Effect::Slow(time)) => tokio::time::sleep(time).await,
            Some(Effect::Refuse) | None => {}
        }
    }
}
