//! Where a project's events are sent to. Sending is the integrations' work; what is sent and where to is sealed with the project's key,
//! and opened here.

pub mod deliveries;
mod events;
mod tell;

pub use events::Event;

use entities::{
    CredentialId, Millis, TenantTx, WebhookId,
    audit::{self, Act, Target},
    credential,
    credential::SealedCredential,
    job, webhook_endpoint,
};
use serde_json::json;
use url::Url;
use zeroize::Zeroizing;

use super::ProjectActor;
use crate::{
    audit::By,
    contain::Serve,
    fault::{Fault, Invalid, Limit},
    request,
    text::parse_text,
    vault::{SecretBytes, credentials::sealed_for},
    webhooks::new_secret,
};

/// An endpoint, as those see it who manage it. Its secret was shown once and is not in here.
#[derive(Clone, Debug)]
pub struct Webhook {
    pub id: WebhookId,
    pub url: String,
    pub description: String,
    pub events: Vec<Event>,
    /// Why nothing is sent and since when: `by_hand`, `failing` or `gone`.
    pub paused: Option<(String, Millis)>,
    /// Since when every delivery fails.
    pub failing_since: Option<Millis>,
    /// Until when the secret before the present one signs too.
    pub previous_secret_until: Option<Millis>,
    pub created_at: Millis,
}

/// An endpoint with the secret that signs for it, which nobody is told a second time.
pub struct Revealed {
    pub webhook: Webhook,
    pub secret: SecretBytes,
}

pub struct ListWebhooks;
pub struct CreateWebhook {
    pub by: By,
    pub url: String,
    pub description: String,
    pub events: Vec<String>,
}
/// Each field is left as it is when `None`.
pub struct ChangeWebhook {
    pub by: By,
    pub webhook: WebhookId,
    pub url: Option<String>,
    pub description: Option<String>,
    pub events: Option<Vec<String>>,
    pub paused: Option<bool>,
}
pub struct DeleteWebhook {
    pub by: By,
    pub webhook: WebhookId,
}
/// A new secret. The one before it signs too for a day; an older one ends now.
pub struct RotateWebhookSecret {
    pub by: By,
    pub webhook: WebhookId,
}

request! {
    ListWebhooks => Vec<Webhook>, needs ManageProjects;
    CreateWebhook => Revealed, needs ManageProjects;
    ChangeWebhook => Webhook, needs ManageProjects;
    DeleteWebhook => (), needs ManageProjects, exclusive;
    RotateWebhookSecret => Revealed, needs ManageProjects, exclusive;
}

/// Each event is sent to all of them.
const MOST_WEBHOOKS: usize = 20;
/// How long a replaced secret signs too.
const BOTH_SIGN_MS: Millis = 24 * 3_600_000;
pub(crate) const PAUSED_BY_HAND: &str = "by_hand";

fn parse_events(names: &[String]) -> Result<Vec<String>, Fault> {
    let mut events = Vec::with_capacity(names.len());
    for name in names {
        let event = Event::parse(name).ok_or_else(|| Fault::invalid(Invalid::WebhookEvent, "events", "There is no such event."))?;
        if !events.iter().any(|known| known == event.as_str()) {
            events.push(event.as_str().to_owned());
        }
    }
    if events.is_empty() {
        return Err(Fault::invalid(Invalid::WebhookEvent, "events", "Choose at least one event."));
    }
    Ok(events)
}

/// What the log names an endpoint by: whatever follows the host may be what opens the receiver.
fn target(id: WebhookId, url: &Url) -> Target {
    Target::of("webhook", id, url.host_str().unwrap_or_default())
}

impl ProjectActor {
    /// The address as it is kept, if it may be.
    async fn parse_url(&self, text: &str) -> Result<Url, Fault> {
        let refuse = |reason: String| Fault::invalid(Invalid::WebhookUrl, "url", reason);
        let fetcher = &self.seed.engine.fetcher;
        let url = fetcher.check(text.trim()).await.map_err(|refusal| refuse(refusal.to_string()))?;
        // What visitors ask does not travel the internet in the clear.
        if url.scheme() != "https" && !fetcher.is_let_in(&url) {
            return Err(refuse("Use an address that begins with https://.".into()));
        }
        Ok(url)
    }

    pub(super) fn open_url(&self, endpoint: &webhook_endpoint::Endpoint) -> Result<Zeroizing<String>, Fault> {
        let plain = self.open("webhook_endpoint", "sealed", endpoint.id.uuid(), &endpoint.sealed)?;
        let text = std::str::from_utf8(&plain).map_err(|_| Fault::Internal("webhook address"))?;
        Ok(Zeroizing::new(text.to_owned()))
    }

    fn webhook(&self, endpoint: webhook_endpoint::Endpoint) -> Result<Webhook, Fault> {
        Ok(Webhook {
            id: endpoint.id,
            url: self.open_url(&endpoint)?.to_string(),
            events: endpoint.events.iter().filter_map(|name| Event::parse(name)).collect(),
            description: endpoint.description,
            paused: endpoint.paused,
            failing_since: endpoint.failing_since,
            previous_secret_until: endpoint.previous.map(|(_, until)| until).filter(|until| *until > self.now()),
            created_at: endpoint.created_at,
        })
    }

    /// Refuses an address to which another of the project's webhooks leads: each event would come there twice, under two ids.
    async fn require_free(&self, tx: &TenantTx, url: &Url, but: Option<WebhookId>) -> Result<(), Fault> {
        for other in webhook_endpoint::list(tx, self.id()).await? {
            if Some(other.id) != but && self.open_url(&other)?.as_str() == url.as_str() {
                let reason = "Another webhook of this project leads there. Change the events of that one.";
                return Err(Fault::invalid(Invalid::WebhookUrl, "url", reason));
            }
        }
        Ok(())
    }

    pub(super) async fn endpoint(&self, id: WebhookId) -> Result<webhook_endpoint::Endpoint, Fault> {
        let project = self.id();
        let found = self.db().read(async |tx| webhook_endpoint::find(tx, project, id).await).await?;
        found.ok_or(Fault::NotFound)
    }
}

impl Serve<ListWebhooks> for ProjectActor {
    async fn serve(&self, _: ListWebhooks) -> Result<Vec<Webhook>, Fault> {
        let project = self.id();
        let rows = self.db().read(async |tx| webhook_endpoint::list(tx, project).await).await?;
        rows.into_iter().map(|row| self.webhook(row)).collect()
    }
}

impl Serve<CreateWebhook> for ProjectActor {
    async fn serve(&self, create: CreateWebhook) -> Result<Revealed, Fault> {
        let url = self.parse_url(&create.url).await?;
        let description = parse_text(&create.description, "description", 120)?;
        let events = parse_events(&create.events)?;
        let (project, now, id, secret) = (self.id(), self.now(), WebhookId::new(), new_secret());
        let store = async |sealed: SealedCredential| {
            let endpoint = webhook_endpoint::Endpoint {
                id,
                sealed: self.seal("webhook_endpoint", "sealed", id.uuid(), url.as_str().as_bytes())?,
                description: description.clone(),
                events: events.clone(),
                secret: sealed.id,
                previous: None,
                paused: None,
                failing_since: None,
                created_at: now,
            };
            // Alone: of two who add the same address at once one is told.
            let written = self.db().write_alone(async |tx| {
                if webhook_endpoint::list(tx, project).await?.len() >= MOST_WEBHOOKS {
                    let reason = format!("A project has at most {MOST_WEBHOOKS} webhooks.");
                    return Err(Fault::Limit {
                        code: Limit::TooManyWebhooks,
                        reason,
                    });
                }
                self.require_free(tx, &url, None).await?;
                credential::insert(tx, sealed, Some(project), now).await?;
                webhook_endpoint::insert(tx, project, &endpoint).await?;
                job::enqueue_sweep(tx, now).await?;
                let details = json!({ "project": project, "events": endpoint.events });
                let note = create.by.did_with(Act::WebhookCreated, target(id, &url), now, details);
                audit::append(tx, note).await?;
                Ok(())
            });
            written.await
        };
        sealed_for(&self.seed.vault, &secret, store).await?;
        Ok(Revealed {
            webhook: self.webhook(self.endpoint(id).await?)?,
            secret,
        })
    }
}

impl Serve<ChangeWebhook> for ProjectActor {
    async fn serve(&self, change: ChangeWebhook) -> Result<Webhook, Fault> {
        let before = self.endpoint(change.webhook).await?;
        let (project, now, id) = (self.id(), self.now(), change.webhook);
        let url = match &change.url {
            Some(text) => Some(self.parse_url(text).await?),
            None => None,
        };
        let sealed = url
            .as_ref()
            .map(|url| self.seal("webhook_endpoint", "sealed", id.uuid(), url.as_str().as_bytes()));
        let row = webhook_endpoint::Change {
            sealed: sealed.transpose()?,
            description: change
                .description
                .as_deref()
                .map(|text| parse_text(text, "description", 120))
                .transpose()?,
            events: change.events.as_deref().map(parse_events).transpose()?,
        };
        let shown = match &url {
            Some(url) => url.clone(),
            None => Url::parse(&self.open_url(&before)?).map_err(|_| Fault::Internal("webhook address"))?,
        };
        let pauses = change.paused.filter(|paused| *paused != before.paused.is_some());
        let details = json!({ "project": project, "address_changed": url.is_some(), "events": row.events, "paused": pauses });
        let written = self.db().write_alone(async |tx| {
            if let Some(url) = &url {
                self.require_free(tx, url, Some(id)).await?;
            }
            if !webhook_endpoint::change(tx, project, id, row).await? {
                return Err(Fault::NotFound);
            }
            if let Some(paused) = pauses {
                webhook_endpoint::pause(tx, project, id, paused.then_some(PAUSED_BY_HAND), now).await?;
            }
            let note = change.by.did_with(Act::WebhookChanged, target(id, &shown), now, details);
            audit::append(tx, note).await?;
            Ok(())
        });
        written.await?;
        self.webhook(self.endpoint(id).await?)
    }
}

impl Serve<DeleteWebhook> for ProjectActor {
    async fn serve(&self, delete: DeleteWebhook) -> Result<(), Fault> {
        let (project, now, id) = (self.id(), self.now(), delete.webhook);
        let url = Url::parse(&self.open_url(&self.endpoint(id).await?)?).map_err(|_| Fault::Internal("webhook address"))?;
        // Alone: an event that is being written meanwhile would hang below nothing, and fail with what it tells of.
        let deleted = self.db().write_alone(async |tx| {
            let endpoint = webhook_endpoint::find(tx, project, id).await?.ok_or(Fault::NotFound)?;
            webhook_endpoint::delete(tx, project, id).await?;
            for secret in [Some(endpoint.secret), endpoint.previous.map(|(id, _)| id)].into_iter().flatten() {
                credential::delete(tx, secret).await?;
            }
            let note = delete
                .by
                .did_with(Act::WebhookDeleted, target(id, &url), now, json!({ "project": project }));
            audit::append(tx, note).await?;
            Ok(())
        });
        deleted.await
    }
}

impl Serve<RotateWebhookSecret> for ProjectActor {
    async fn serve(&self, rotate: RotateWebhookSecret) -> Result<Revealed, Fault> {
        let (project, now, id, secret) = (self.id(), self.now(), rotate.webhook, new_secret());
        let url = Url::parse(&self.open_url(&self.endpoint(id).await?)?).map_err(|_| Fault::Internal("webhook address"))?;
        let store = async |sealed: SealedCredential| {
            let new: CredentialId = sealed.id;
            let written = self.db().write(async |tx| {
                let before = webhook_endpoint::find(tx, project, id).await?.ok_or(Fault::NotFound)?;
                credential::insert(tx, sealed, Some(project), now).await?;
                if let Some((oldest, _)) = before.previous {
                    credential::delete(tx, oldest).await?;
                }
                let previous = Some((before.secret, now + BOTH_SIGN_MS));
                webhook_endpoint::set_secrets(tx, project, id, new, previous).await?;
                let note = rotate
                    .by
                    .did_with(Act::WebhookSecretRotated, target(id, &url), now, json!({ "project": project }));
                audit::append(tx, note).await?;
                Ok(())
            });
            written.await
        };
        sealed_for(&self.seed.vault, &secret, store).await?;
        Ok(Revealed {
            webhook: self.webhook(self.endpoint(id).await?)?,
            secret,
        })
    }
}
