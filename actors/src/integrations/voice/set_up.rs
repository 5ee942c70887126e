//! Setting up where voice agents send their calls.

use entities::{
    EndpointId, EventId, Millis, ProjectId, TenantTx,
    audit::{self, Act, Target},
    credential::{self, SealedCredential},
    inbound_event, job, projects,
    voice_endpoint::{self, VoiceEndpoint},
};
use serde_json::json;

use super::{
    address::{self, Target as Address},
    source_of,
};
use crate::{
    audit::By,
    contain::Serve,
    fault::{Fault, Invalid, Limit},
    integrations::IntegrationActor,
    request,
    vault::{SecretBytes, credentials::sealed_for},
    webhooks::{Rejection, VoiceProvider, new_secret},
};

/// How long the secret before goes on to be good.
const OVERLAP_MS: Millis = 86_400_000;
const MOST_ENDPOINTS: usize = 20;
const DELIVERIES: u64 = 20;

pub struct ListVoice(pub ProjectId);

/// A place for a voice agent to send its calls to. Comes with a secret where the provider takes one of ours; the others make theirs when
/// they are told the address.
pub struct ConnectVoice {
    pub by: By,
    pub project: ProjectId,
    pub provider: String,
    pub header: Option<String>,
}

/// Puts another secret in place: the one given, or a new one of ours. The one before it is good for a day more.
pub struct ReplaceVoiceSecret {
    pub by: By,
    pub project: ProjectId,
    pub endpoint: EndpointId,
    pub secret: Option<SecretBytes>,
}

pub struct DisconnectVoice {
    pub by: By,
    pub project: ProjectId,
    pub endpoint: EndpointId,
}

request! {
    ListVoice => Vec<VoiceView>, needs ManageProjects;
    ConnectVoice => Connected, needs ManageProjects, exclusive;
    ReplaceVoiceSecret => Connected, needs ManageProjects, exclusive;
    DisconnectVoice => (), needs ManageProjects, exclusive;
}

/// An endpoint as it is shown.
pub struct VoiceView {
    pub id: EndpointId,
    pub provider: VoiceProvider,
    /// Its part of the address, which is no secret.
    pub address: String,
    pub header: Option<String>,
    pub has_secret: bool,
    /// Until when the secret before is good.
    pub previous_until: Option<Millis>,
    pub created_at: Millis,
    /// The latest first.
    pub deliveries: Vec<Delivery>,
    /// The last message that did not prove whose it is, since this process began.
    pub refused: Option<(Millis, Rejection)>,
}

/// Something that was sent, and what became of it.
pub struct Delivery {
    pub id: EventId,
    /// Asked in the middle of a call, and answered then.
    pub is_question: bool,
    pub received_at: Millis,
    pub done_at: Option<Millis>,
    pub state: String,
    pub reason: Option<String>,
    /// Whether it failed, and can be tried again.
    pub can_retry: bool,
}

/// An endpoint with the secret that was made for it: shown now, and never again.
pub struct Connected {
    pub endpoint: VoiceView,
    pub secret: Option<SecretBytes>,
}

fn parse_header(header: Option<&str>, provider: VoiceProvider) -> Result<Option<String>, Fault> {
    let Some(header) = header.map(str::trim).filter(|header| !header.is_empty()) else {
        return Ok(None);
    };
    let name = header.to_ascii_lowercase();
    let plain = (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    // What carries something else cannot carry a signature.
    let taken = ["x-timestamp", "host", "content-type", "content-length", "authorization", "cookie"].contains(&name.as_str());
    if provider != VoiceProvider::Vapi || !plain || taken {
        let reason = "Name the header in which Vapi sends its signature, such as x-signature; the other providers have their own.";
        return Err(Fault::invalid(Invalid::Header, "header", reason));
    }
    Ok(Some(name))
}

fn parse_secret(secret: &SecretBytes, provider: VoiceProvider) -> Result<(), Fault> {
    if secret.open(|secret| provider.is_secret(secret)) {
        return Ok(());
    }
    let reason = match provider {
        VoiceProvider::Standard => "Enter a secret as Standard Webhooks writes it: whsec_ and 24 to 64 bytes in Base64.",
        _ => "Enter the secret as the provider shows it: 8 to 512 characters without spaces.",
    };
    Err(Fault::invalid(Invalid::Secret, "secret", reason))
}

fn named(project: &projects::Project) -> Target {
    Target::of("project", project.id, project.name.as_str())
}

async fn living(tx: &TenantTx, project: ProjectId) -> Result<projects::Project, Fault> {
    projects::find(tx, project).await?.ok_or(Fault::NotFound)
}

pub(in crate::integrations) async fn own(tx: &TenantTx, project: ProjectId, endpoint: EndpointId) -> Result<VoiceEndpoint, Fault> {
    let found = voice_endpoint::find(tx, endpoint).await?;
    found.filter(|found| found.project == project).ok_or(Fault::NotFound)
}

impl IntegrationActor {
    async fn view(&self, row: VoiceEndpoint) -> Result<VoiceView, Fault> {
        let provider = VoiceProvider::parse(&row.provider).ok_or(Fault::Internal("a voice provider"))?;
        let target = Address {
            tenant: self.seed.tenant,
            endpoint: row.id,
            provider,
        };
        let address = address::write(&self.seed.keeper, target).ok_or(Fault::Internal("an endpoint's address"))?;
        let (source, now) = (source_of(row.id), self.now());
        let latest = self
            .db()
            .read(async |tx| inbound_event::latest(tx, &source, DELIVERIES).await)
            .await?;
        let deliveries = latest.into_iter().map(|event| Delivery {
            id: event.id,
            can_retry: event.can_retry(),
            is_question: event.external_id.starts_with("question "),
            received_at: event.received_at,
            done_at: event.done_at,
            state: event.state,
            reason: event.reason,
        });
        Ok(VoiceView {
            id: row.id,
            provider,
            address,
            header: row.header,
            has_secret: row.credential.is_some(),
            previous_until: row.previous.map(|(_, until)| until).filter(|until| now < *until),
            created_at: row.created_at,
            deliveries: deliveries.collect(),
            refused: self.voice.refused(row.id),
        })
    }

    /// Seals a secret and stores it with `work`.
    async fn with_secret(
        &self,
        secret: &SecretBytes,
        work: impl AsyncFn(&TenantTx, SealedCredential) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let store = async |sealed: SealedCredential| self.db().write(async |tx| work(tx, sealed).await).await;
        sealed_for(self.vault(), secret, store).await
    }
}

impl Serve<ListVoice> for IntegrationActor {
    async fn serve(&self, ListVoice(project): ListVoice) -> Result<Vec<VoiceView>, Fault> {
        let rows = self.db().read(async |tx| voice_endpoint::list(tx, project).await).await?;
        let mut views = Vec::with_capacity(rows.len());
        for row in rows {
            views.push(self.view(row).await?);
        }
        Ok(views)
    }
}

impl Serve<ConnectVoice> for IntegrationActor {
    async fn serve(&self, connect: ConnectVoice) -> Result<Connected, Fault> {
        let ConnectVoice { by, project, .. } = connect;
        let Some(provider) = VoiceProvider::parse(&connect.provider) else {
            let reason = "Choose one of elevenlabs, retell, vapi, bland and standard.";
            return Err(Fault::invalid(Invalid::Provider, "provider", reason));
        };
        let header = parse_header(connect.header.as_deref(), provider)?;
        let now = self.now();
        let row = VoiceEndpoint {
            id: EndpointId::new(),
            project,
            provider: provider.as_str().to_owned(),
            header,
            credential: None,
            previous: None,
            created_at: now,
        };
        let store = async |tx: &TenantTx, sealed: Option<SealedCredential>| {
            let found = living(tx, project).await?;
            if voice_endpoint::list(tx, project).await?.len() >= MOST_ENDPOINTS {
                let reason = format!("A project has at most {MOST_ENDPOINTS} voice agents.");
                return Err(Fault::Limit {
                    code: Limit::TooManyEndpoints,
                    reason,
                });
            }
            let mut row = row.clone();
            if let Some(sealed) = sealed {
                row.credential = Some(credential::insert(tx, sealed, Some(project), now).await?);
            }
            voice_endpoint::insert(tx, row).await?;
            job::enqueue_sweep(tx, now).await?;
            let details = json!({ "provider": provider.as_str() });
            audit::append(tx, by.did_with(Act::VoiceConnected, named(&found), now, details)).await?;
            Ok(())
        };
        let secret = provider.takes_secret().then(new_secret);
        match &secret {
            Some(secret) => self.with_secret(secret, async |tx, sealed| store(tx, Some(sealed)).await).await?,
            None => self.db().write(async |tx| store(tx, None).await).await?,
        }
        let id = row.id;
        let row = self.db().read(async |tx| own(tx, project, id).await).await?;
        Ok(Connected {
            endpoint: self.view(row).await?,
            secret,
        })
    }
}

impl Serve<ReplaceVoiceSecret> for IntegrationActor {
    async fn serve(&self, replace: ReplaceVoiceSecret) -> Result<Connected, Fault> {
        let ReplaceVoiceSecret {
            by,
            project,
            endpoint,
            secret: given,
        } = replace;
        let row = self.db().read(async |tx| own(tx, project, endpoint).await).await?;
        let provider = VoiceProvider::parse(&row.provider).ok_or(Fault::Internal("a voice provider"))?;
        let made = match &given {
            Some(given) => {
                parse_secret(given, provider)?;
                None
            }
            None if provider.takes_secret() => Some(new_secret()),
            None => {
                let reason = "This provider makes its secret itself: enter the one that it shows.";
                return Err(Fault::invalid(Invalid::Secret, "secret", reason));
            }
        };
        let secret = given.as_ref().or(made.as_ref()).ok_or(Fault::Internal("no secret"))?;
        let now = self.now();
        let store = async |tx: &TenantTx, sealed: SealedCredential| {
            let found = living(tx, project).await?;
            let row = own(tx, project, endpoint).await?;
            let new = credential::insert(tx, sealed, Some(project), now).await?;
            let previous = row.credential.map(|previous| (previous, now + OVERLAP_MS));
            if !voice_endpoint::set_credential(tx, project, endpoint, new, previous).await? {
                return Err(Fault::NotFound);
            }
            if let Some((older, _)) = row.previous {
                credential::delete(tx, older).await?;
            }
            let details = json!({ "provider": provider.as_str() });
            audit::append(tx, by.did_with(Act::VoiceSecretReplaced, named(&found), now, details)).await?;
            Ok(())
        };
        self.with_secret(secret, store).await?;
        self.voice.forget(endpoint);
        let row = self.db().read(async |tx| own(tx, project, endpoint).await).await?;
        Ok(Connected {
            endpoint: self.view(row).await?,
            secret: made,
        })
    }
}

impl Serve<DisconnectVoice> for IntegrationActor {
    async fn serve(&self, disconnect: DisconnectVoice) -> Result<(), Fault> {
        let DisconnectVoice { by, project, endpoint } = disconnect;
        let now = self.now();
        let gone = self.db().write(async |tx| {
            let found = living(tx, project).await?;
            let row = own(tx, project, endpoint).await?;
            voice_endpoint::delete(tx, project, endpoint).await?;
            for credential in row.credential.into_iter().chain(row.previous.map(|(previous, _)| previous)) {
                credential::delete(tx, credential).await?;
            }
            let details = json!({ "provider": row.provider });
            audit::append(tx, by.did_with(Act::VoiceDisconnected, named(&found), now, details)).await?;
            Ok::<_, Fault>(())
        });
        gone.await?;
        self.voice.forget(endpoint);
        Ok(())
    }
}
