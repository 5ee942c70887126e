//! Sending webhooks: one try a job's step. What came of it and what becomes of the job are one transaction: a process that dies between
//! the receiver's answer and that sends once more, under the same id.

use std::time::{Duration, Instant};

use entities::{
    CredentialId, DeliveryId, Millis, ProjectId, TenantTx, WebhookId,
    audit::{self, Act, Target},
    job, tenants, webhook_delivery,
    webhook_delivery::{Delivery, Try},
    webhook_endpoint,
    webhook_endpoint::Endpoint,
};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::json;

use super::IntegrationActor;
use crate::{
    audit::server_did,
    contain::Serve,
    fault::Fault,
    outward::{Answer, FetchError},
    project::webhooks::deliveries::{OpenDelivery, Parcel},
    request,
    vault::{SecretBytes, credentials::OpenCredential},
    webhooks::sign,
};

/// Tries to deliver.
pub(crate) struct Deliver {
    pub job: job::Claimed,
    pub delivery: DeliveryId,
}

request! { Deliver => (), needs System, patience = 60; }

/// How long a receiver may take to answer.
const WHOLE: Duration = Duration::from_secs(15);
/// From one try to the next: a day altogether.
const WAITS_S: &[i64] = &[5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800];
/// A receiver may ask for longer, but not for ever.
const LONGEST_WAIT_S: i64 = 28_800;
/// A receiver that nothing got through to for so long, while a delivery ran out of tries, is left alone.
const LONG_MS: Millis = 20 * 3_600_000;

/// What came of a try.
struct Outcome {
    /// `None` when it was delivered.
    reason: Option<&'static str>,
    status: Option<u16>,
    wait_s: i64,
}

impl Outcome {
    fn of(answered: Result<Answer, FetchError>) -> Self {
        let failed = |reason, status, wait_s| Self {
            reason: Some(reason),
            status,
            wait_s,
        };
        match answered {
            Ok(answer) => match answer.status {
                200..=299 => Self {
                    reason: None,
                    status: Some(answer.status),
                    wait_s: 0,
                },
                300..=399 => failed("redirected", Some(answer.status), 0),
                410 => failed("gone", Some(410), 0),
                status => {
                    let wait = answer.retry_after_s().and_then(|wait| i64::try_from(wait).ok()).unwrap_or(0);
                    failed("status", Some(status), wait.min(LONGEST_WAIT_S))
                }
            },
            Err(FetchError::Refused(_)) => failed("address_refused", None, 0),
            Err(FetchError::TimedOut) => failed("timed_out", None, 0),
            Err(FetchError::NoConnection) => failed("no_connection", None, 0),
            Err(_) => failed("cut_off", None, 0),
        }
    }
}

/// When to try again after `attempts` tries; `None` after the last one. A tenth is left to chance, so that what failed together is not
/// tried together.
fn next_try(attempts: i32, asked_s: i64, now: Millis) -> Option<Millis> {
    let wait = usize::try_from(attempts - 1).ok().and_then(|n| WAITS_S.get(n)).copied()?;
    let wait = 1000 * wait.max(asked_s);
    Some(now + wait + rand::random_range(0..=wait / 10))
}

impl IntegrationActor {
    async fn opened(&self, id: CredentialId) -> Result<Option<SecretBytes>, Fault> {
        match self.vault().call(OpenCredential(id)).await? {
            Ok(secret) => Ok(Some(secret)),
            Err(Fault::NotFound) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// The three headers of Standard Webhooks: signed by the secret, and by the one before it while that is valid.
    async fn headers(&self, delivery: DeliveryId, endpoint: &Endpoint, body: &[u8]) -> Result<HeaderMap, Fault> {
        let now = self.now();
        let (id, seconds) = (message_id(delivery), now.div_euclid(1000));
        let before = endpoint.previous.filter(|(_, until)| *until > now).map(|(id, _)| id);
        let mut signatures = Vec::with_capacity(2);
        for secret in [Some(endpoint.secret), before].into_iter().flatten() {
            if let Some(secret) = self.opened(secret).await? {
                let signed = sign(&secret, &id, seconds, body);
                signatures.push(signed.ok_or(Fault::Internal("webhook secret"))?);
            }
        }
        // Replaced twice since it was read: the next try reads it anew.
        if signatures.is_empty() {
            return Err(Fault::Unavailable);
        }
        let value = |text: &str| HeaderValue::from_str(text).map_err(|_| Fault::Internal("webhook header"));
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(HeaderName::from_static("webhook-id"), value(&id)?);
        headers.insert(HeaderName::from_static("webhook-timestamp"), value(&seconds.to_string())?);
        headers.insert(HeaderName::from_static("webhook-signature"), value(&signatures.join(" "))?);
        Ok(headers)
    }

    /// Ends a job that has nothing to send any more.
    async fn let_go(&self, job: &job::Claimed) -> Result<(), Fault> {
        self.db().write(async |tx| job::finish(tx, job).await).await?;
        Ok(())
    }

    /// Ends a delivery without a try.
    async fn withhold(&self, job: &job::Claimed, delivery: &Delivery, reason: &'static str) -> Result<(), Fault> {
        let ended = Try {
            state: "failed",
            attempts: delivery.attempts,
            reason: Some(reason),
            tried_at: delivery.tried_at,
            ..Try::default()
        };
        let written = self.db().write(async |tx| {
            if job::finish(tx, job).await? {
                webhook_delivery::note(tx, job.project, delivery.id, &ended).await?;
            }
            Ok::<_, Fault>(())
        });
        written.await
    }

    async fn sent(&self, job: &job::Claimed, delivery: &Delivery, endpoint: WebhookId, tried: (Outcome, Instant)) -> Result<(), Fault> {
        let (now, project, (outcome, began)) = (self.now(), job.project, tried);
        let attempts = delivery.attempts + 1;
        let gone = outcome.reason == Some("gone");
        let next_at = match outcome.reason {
            Some(_) if !gone => next_try(attempts, outcome.wait_s, now),
            _ => None,
        };
        let note = Try {
            state: match (outcome.reason, next_at) {
                (None, _) => "delivered",
                (Some(_), Some(_)) => "waiting",
                (Some(_), None) => "failed",
            },
            attempts,
            reason: outcome.reason,
            status: outcome.status.map(i32::from),
            took_ms: i32::try_from(began.elapsed().as_millis()).ok(),
            tried_at: Some(now),
            next_at,
        };
        let written = self.db().write(async |tx| {
            // Another worker came first: what it found is what is noted.
            let held = match next_at {
                Some(at) => job::advance(tx, job, job.work, at).await?,
                None => job::finish(tx, job).await?,
            };
            if !held || !webhook_delivery::note(tx, project, delivery.id, &note).await? {
                return Ok(());
            }
            // As it is now: others were delivered, or failed, while this one was on its way.
            let Some(endpoint) = webhook_endpoint::find(tx, project, endpoint).await? else {
                return Ok(());
            };
            let failing_since = outcome.reason.map(|_| endpoint.failing_since.unwrap_or(now));
            if endpoint.failing_since != failing_since {
                webhook_endpoint::set_failing(tx, project, endpoint.id, failing_since).await?;
            }
            let long = failing_since.is_some_and(|since| now - since >= LONG_MS);
            match next_at {
                _ if endpoint.paused.is_some() => Ok(()),
                _ if gone => pause_endpoint(tx, project, &endpoint, "gone", now).await,
                None if long => pause_endpoint(tx, project, &endpoint, "failing", now).await,
                _ => Ok(()),
            }
        });
        written.await
    }

    /// Removes a secret that signs no more.
    async fn forget_previous(&self, project: ProjectId, endpoint: &Endpoint) -> Result<(), Fault> {
        let Some((previous, until)) = endpoint.previous.filter(|(_, until)| *until <= self.now()) else {
            return Ok(());
        };
        let forgotten = self.db().write(async |tx| {
            let found = webhook_endpoint::find(tx, project, endpoint.id).await?;
            // Unless it was rotated again meanwhile.
            let Some(found) = found.filter(|found| found.previous == Some((previous, until))) else {
                return Ok(());
            };
            webhook_endpoint::set_secrets(tx, project, found.id, found.secret, None).await?;
            entities::credential::delete(tx, previous).await?;
            Ok::<_, Fault>(())
        });
        forgotten.await
    }
}

/// The same with every try, so that a receiver knows what it has seen.
#[must_use]
pub fn message_id(delivery: DeliveryId) -> String {
    format!("msg_{}", delivery.uuid().simple())
}

async fn pause_endpoint(tx: &TenantTx, project: ProjectId, endpoint: &Endpoint, why: &'static str, now: Millis) -> Result<(), Fault> {
    webhook_endpoint::pause(tx, project, endpoint.id, Some(why), now).await?;
    let target = Target::of("webhook", endpoint.id, endpoint.description.as_str());
    let details = json!({ "project": project, "reason": why });
    audit::append(tx, server_did(Act::WebhookPaused, target, now, details)).await?;
    Ok(())
}

impl Serve<Deliver> for IntegrationActor {
    async fn serve(&self, Deliver { job, delivery: id }: Deliver) -> Result<(), Fault> {
        let (project, mut shut) = (job.project, false);
        let found = self
            .db()
            .read(async |tx| {
                let Some(delivery) = webhook_delivery::find(tx, project, id).await? else {
                    return Ok(None);
                };
                shut = tenants::rules(tx).await?.ends_at.is_some();
                let endpoint = webhook_endpoint::find(tx, project, delivery.endpoint).await?;
                Ok::<_, Fault>(endpoint.map(|endpoint| (delivery, endpoint)))
            })
            .await?;
        let Some((delivery, endpoint)) = found.filter(|(delivery, _)| delivery.state == "waiting") else {
            return self.let_go(&job).await;
        };
        if shut {
            // The workspace was deleted, and may be taken back.
            let later = self.now() + 3_600_000;
            self.db().write(async |tx| job::advance(tx, &job, job.work, later).await).await?;
            return Ok(());
        }
        if endpoint.paused.is_some() {
            return self.withhold(&job, &delivery, "paused").await;
        }
        let opened = match self.projects().get(project).await {
            Ok(project) => project.ask(OpenDelivery(id)).await,
            Err(fault) => Err(fault),
        };
        let Parcel { url, body } = match opened {
            Ok(parcel) => parcel,
            // Deleted meanwhile.
            Err(Fault::NotFound) => return self.let_go(&job).await,
            // Altered in the database: it will not open the next time either.
            Err(Fault::Sealed) => return self.withhold(&job, &delivery, "unreadable").await,
            Err(fault) => return Err(fault),
        };
        let headers = match self.headers(id, &endpoint, &body).await {
            Err(Fault::Sealed) => return self.withhold(&job, &delivery, "unreadable").await,
            headers => headers?,
        };
        let began = Instant::now();
        let answered = self.fetcher().post(&url, headers, body.to_vec(), WHOLE).await;
        self.sent(&job, &delivery, endpoint.id, (Outcome::of(answered), began)).await?;
        self.forget_previous(project, &endpoint).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_are_spread_over_a_day_and_then_end() {
        let (mut now, mut tries) = (0, 1);
        while let Some(next) = next_try(tries, 0, now) {
            assert!(next > now);
            (now, tries) = (next, tries + 1);
        }
        assert_eq!(tries, 11);
        assert!((23 * 3_600_000..=27 * 3_600_000).contains(&now), "{now}");
        let asked = next_try(1, 600, 0).unwrap();
        assert!((600_000..=660_000).contains(&asked), "a receiver may ask for longer: {asked}");
    }
}
