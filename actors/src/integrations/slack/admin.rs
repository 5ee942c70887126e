//! What admins see and do: teams, channels, and what came in.

use entities::{
    EventId, Millis, ReceiptId, SlackInstallationId, StoreError,
    account_identity::revocation,
    audit::{self, Act, Target},
    credential::{self, SealedCredential},
    inbound_event, job,
    slack::{
        channels::{self, Channel},
        installations::{self, Installation, Standing},
    },
    source,
    source_receipt::{self, Cause, GrantOutcome, Receipt},
};
use serde_json::Value;

use super::{Agreed, SOURCE, tokens::ends_at};
use crate::{
    audit::{By, server_did},
    contain::Serve,
    fault::Fault,
    integrations::IntegrationActor,
    request, sources,
    vault::credentials::sealed_for,
};

/// A team, and what its channels ask.
#[derive(Clone, Debug)]
pub struct InstallationCard {
    pub id: SlackInstallationId,
    /// Slack's own id.
    pub team: String,
    pub name: String,
    pub standing: Standing,
    pub installed_at: Millis,
    pub heard_at: Option<Millis>,
    /// Those that are mapped, and those in which somebody asked; [`OTHERS`] for all the rest.
    pub channels: Vec<Channel>,
}

/// Something that Slack sent, and what became of it.
#[derive(Clone, Debug)]
pub struct SlackDelivery {
    pub id: EventId,
    /// `waiting`, `done`, `ignored` or `failed`.
    pub state: String,
    pub reason: Option<String>,
    pub received_at: Millis,
    /// Whether it failed, and can be tried again.
    pub can_retry: bool,
}

pub struct SlackCard {
    pub installations: Vec<InstallationCard>,
    /// The latest first.
    pub deliveries: Vec<SlackDelivery>,
}

pub struct ListSlack;
/// Connects the team that Slack agreed for, or connects it anew.
pub struct ConnectSlack {
    pub by: By,
    pub agreed: Agreed,
}
/// Lets go of a team. Its token is ended at Slack, however long that takes.
pub struct DisconnectSlack {
    pub by: By,
    pub installation: SlackInstallationId,
}
request! {
    ListSlack => SlackCard, needs ManageProjects;
    ConnectSlack => InstallationCard, needs ManageProjects, exclusive;
    DisconnectSlack => (), needs ManageProjects, exclusive;
}

/// How much of what came in is shown.
const DELIVERIES: u64 = 20;
const NAME: usize = 80;

pub(super) fn short(name: &str) -> String {
    name.chars().filter(|character| !character.is_control()).take(NAME).collect()
}

fn card(of: Installation, channels: &[Channel]) -> InstallationCard {
    InstallationCard {
        channels: channels.iter().filter(|channel| channel.installation == of.id).cloned().collect(),
        id: of.id,
        team: of.team,
        name: of.name,
        standing: of.standing,
        installed_at: of.installed_at,
        heard_at: of.heard_at,
    }
}

pub(super) fn target(of: &Installation) -> Target {
    Target::of("slack", of.id, of.name.as_str())
}

impl Serve<ListSlack> for IntegrationActor {
    async fn serve(&self, _: ListSlack) -> Result<SlackCard, Fault> {
        let (found, channels, events) = self
            .db()
            .read(async |tx| {
                Ok::<_, Fault>((
                    installations::list(tx).await?,
                    channels::list(tx).await?,
                    inbound_event::latest(tx, SOURCE, DELIVERIES).await?,
                ))
            })
            .await?;
        let delivery = |event: inbound_event::Event| SlackDelivery {
            id: event.id,
            can_retry: event.can_retry(),
            state: event.state,
            reason: event.reason,
            received_at: event.received_at,
        };
        Ok(SlackCard {
            installations: found.into_iter().map(|one| card(one, &channels)).collect(),
            deliveries: events.into_iter().map(delivery).collect(),
        })
    }
}

impl IntegrationActor {
    /// Stores a team whose token was given.
    async fn store_team(&self, by: &By, mut new: Installation, sealed: SealedCredential) -> Result<InstallationCard, Fault> {
        let now = self.now();
        self.db()
            .write(async |tx| {
                new.credential = Some(credential::insert(tx, sealed, None, now).await?);
                match installations::find_by_team(tx, &new.team).await? {
                    Some(known) => {
                        new.id = known.id;
                        installations::reconnect(tx, &new).await?;
                        // Slack gives the same token again, or has ended the old one: there is nothing to revoke.
                        if let Some(old) = known.credential {
                            credential::delete(tx, old).await?;
                        }
                        // What is read with it goes on at once.
                        for source in source::of_team(tx, &new.team).await?.into_iter().filter(|source| !source.leaving) {
                            job::enqueue_sync(tx, source.project, source.id, now, now).await?;
                        }
                    }
                    None => {
                        installations::insert(tx, &new).await?;
                        job::enqueue_sweep(tx, now).await?;
                    }
                }
                let channels = channels::list(tx).await?;
                audit::append(tx, by.did(Act::SlackConnected, target(&new), now)).await?;
                Ok::<_, Fault>(card(new, &channels))
            })
            .await
    }
}

impl Serve<ConnectSlack> for IntegrationActor {
    async fn serve(&self, ConnectSlack { by, agreed }: ConnectSlack) -> Result<InstallationCard, Fault> {
        let (slack, now, access) = (self.slack()?, self.now(), &agreed.0);
        let team = access.team.as_ref().ok_or(Fault::Internal("a grant without a team"))?;
        let new = Installation {
            id: SlackInstallationId::new(),
            team: team.id.clone(),
            name: short(&team.name),
            app: access.app_id.clone(),
            bot_user: access.bot_user_id.clone(),
            credential: None,
            standing: Standing::Connected,
            installed_at: now,
            expires_at: ends_at(access, now),
            heard_at: None,
        };
        let token = access.token().plain()?;
        let store = async |sealed: SealedCredential| self.store_team(&by, new.clone(), sealed).await;
        match sealed_for(self.vault(), &token, store).await {
            // It may be stored for all that, and is then the connection's own.
            Err(fault @ Fault::Storage(StoreError::Unavailable(_))) => Err(fault),
            Err(fault) => {
                slack.give_back(&agreed).await;
                match fault {
                    Fault::Storage(StoreError::Conflict) => Err(Fault::SlackTeamTaken),
                    fault => Err(fault),
                }
            }
            stored => {
                self.ring_outward();
                stored
            }
        }
    }
}

impl Serve<DisconnectSlack> for IntegrationActor {
    async fn serve(&self, DisconnectSlack { by, installation }: DisconnectSlack) -> Result<(), Fault> {
        self.let_go_of_team(Some(&by), installation, false).await.map(|_| ())
    }
}

impl IntegrationActor {
    /// Lets go of a team, and has its token ended at Slack. With a receipt, that shows what came of it.
    pub(crate) async fn let_go_of_team(
        &self,
        by: Option<&By>,
        installation: SlackInstallationId,
        with_receipt: bool,
    ) -> Result<Option<Receipt>, Fault> {
        let mut tries = 0;
        loop {
            tries += 1;
            let known = self.db().read(async |tx| installations::find(tx, installation).await).await?;
            let credential = known.ok_or(Fault::NotFound)?.credential;
            let grant = match credential {
                Some(credential) => match self.grant_of(credential).await {
                    // Renewed at this moment: ask again.
                    Err(Fault::NotFound) if tries < 3 => continue,
                    // What cannot be opened any more cannot be ended either, and keeps nobody from letting go of it.
                    Err(fault @ (Fault::NotFound | Fault::Sealed)) => {
                        tracing::warn!(%fault, "a Slack token is deleted without being ended there");
                        None
                    }
                    grant => Some(grant?),
                },
                None => None,
            };
            let receipt = with_receipt.then(ReceiptId::new);
            // On the list of what is to end at its provider, for as long as that takes.
            let ending = match (grant, receipt) {
                (None, _) => None,
                (Some(grant), None) => Some((SOURCE, grant)),
                (Some(grant), Some(receipt)) => Some((sources::SOURCE, self.connections()?.slack_burden(self.tenant(), receipt, grant)?)),
            };
            let now = self.now();
            let gone = self.db().write(async |tx| {
                let found = installations::find(tx, installation).await?.ok_or(Fault::NotFound)?;
                if found.credential != credential {
                    return Ok(None);
                }
                installations::delete(tx, installation).await?;
                if let Some(credential) = credential {
                    credential::delete(tx, credential).await?;
                }
                let ends = ending.is_some();
                if let Some((whose, grant)) = ending {
                    revocation::enqueue_beside(tx, whose, grant, now).await?;
                }
                let note = match by {
                    Some(by) => by.did(Act::SlackDisconnected, target(&found), now),
                    None => server_did(Act::SlackDisconnected, target(&found), now, Value::Null),
                };
                audit::append(tx, note).await?;
                let Some(id) = receipt else { return Ok(Some(None)) };
                // A team whose token was over before has nothing left to end.
                let over = credential.is_none();
                let receipt = Receipt {
                    id,
                    kind: SOURCE.into(),
                    name: found.name,
                    project: None,
                    source: None,
                    grant: None,
                    asked_at: now,
                    asked_by: sources::asker(tx, by).await?,
                    outcome: match (ends, over) {
                        (true, _) => GrantOutcome::Pending,
                        (false, true) => GrantOutcome::Gone,
                        (false, false) => GrantOutcome::Unconfirmed,
                    },
                    finish_at: None,
                    deletes: false,
                    documents_left: 0,
                    documents_done: 0,
                    done_at: (!ends).then_some(now),
                    last_error: None,
                    part_of: None,
                    cause: Cause::Disconnected,
                };
                source_receipt::insert(tx, &receipt).await?;
                Ok::<_, Fault>(Some(Some(receipt)))
            });
            if let Some(receipt) = gone.await? {
                return Ok(receipt);
            }
            if tries == 3 {
                return Err(Fault::Unavailable);
            }
        }
    }
}
