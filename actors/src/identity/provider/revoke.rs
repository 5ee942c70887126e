//! Ends grants at their provider, however long that is away.

use std::{sync::Arc, time::Duration};

use entities::{Millis, account_identity::revocation};

use super::{Provider, Providers};
use crate::{billing, fault::Fault, integrations::slack, registry::Registry, sources};

const POLL: Duration = Duration::from_secs(1);
const MOST_WAIT_MS: Millis = 6 * 3_600_000;

/// Seconds that double with each try.
fn wait(attempts: i32) -> Millis {
    (30_000_i64 << attempts.clamp(0, 16)).min(MOST_WAIT_MS)
}

/// Looks each second, and at once when there is something to do.
pub(crate) async fn watch(providers: Arc<Providers>, registry: Arc<Registry>) {
    let mut sweep_at = 0;
    loop {
        tokio::select! {
            () = providers.work.notified() => {}
            () = tokio::time::sleep(POLL) => {}
        }
        while let Ok(true) = providers.revoke_next(&registry).await {}
        let now = providers.clock.now();
        if now >= sweep_at {
            sweep_at = now + 60_000;
            if let Err(error) = providers.platform.sweep_ceremonies(now).await {
                tracing::warn!(%error, "sign-ins that nobody finished could not be removed");
            }
        }
    }
}

impl Providers {
    /// Whether there was one that was due.
    async fn revoke_next(&self, registry: &Arc<Registry>) -> Result<bool, Fault> {
        let Some(next) = self.platform.take_revocation(self.clock.now(), wait).await? else {
            return Ok(false);
        };
        let ended = match (next.provider.as_str(), &self.slack, &self.billing) {
            (sources::SOURCE, slack, _) => match &self.sources {
                Some(sources) => sources.end_grant(&next.sealed, registry, slack.as_deref()).await,
                None => Err(Fault::Internal("no providers of sources")),
            },
            (slack::SOURCE, Some(slack), _) => slack.end_grant(&next.sealed).await,
            // Its settings were taken away: it waits for them.
            (slack::SOURCE, None, _) => Err(Fault::SlackNotConfigured),
            (billing::SOURCE, _, Some(billing)) => billing.end_grant(&next.sealed).await.map(|()| None),
            _ => self.revoke(&next).await.map(|()| None),
        };
        if let Ok(Some(renewed)) = ended {
            self.platform.replace_revocation(next.id, renewed).await?;
            return Ok(true);
        }
        if let Err(fault) = ended {
            tracing::warn!(%fault, provider = %next.provider, attempts = next.attempts, "a grant could not be ended and waits");
            return Ok(true);
        }
        self.platform.finish_revocation(next.id).await?;
        Ok(true)
    }

    async fn revoke(&self, next: &revocation::Revocation) -> Result<(), Fault> {
        let provider = Provider::parse(&next.provider).ok_or(Fault::Internal("provider"))?;
        let token = self.open_grant(next.owner, &next.sealed)?;
        self.client(provider)?.revoke(&token).await
    }
}
