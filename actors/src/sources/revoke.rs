//! Ending grants at their provider, however long that is away. By then the vault has no token any more: what ends it waits, sealed, on the
//! list of grants that are to end, which outlives the tenant. What came of it is told to the tenant, whose receipt shows it.

use std::sync::Arc;

use entities::{
    GrantId, Millis, ReceiptId, TenantDb, TenantId,
    audit::{self, Act, Target},
    source_grant::{self, Grant},
    source_receipt::{self, GrantOutcome},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    apps::with_provider,
    connect::Connections,
    connector::{Kind, Provider, ProviderError, Revocation, Tokens},
};
use crate::{
    audit::server_did,
    contain::{Handle, Serve},
    fault::Fault,
    integrations::{IntegrationActor, slack::SlackApp},
    registry::Registry,
    request,
    vault::{Place, VaultActor, credentials::OpenCredential},
};

/// Whose they are, on the list of grants that are to end.
pub(crate) const SOURCE: &str = "sources";
/// Where they are sealed.
const PLACE: Place = Place("provider_revocation", SOURCE, Uuid::nil());

/// A grant that is to end, with all that it takes.
#[derive(Serialize, Deserialize)]
pub(super) struct Burden {
    tenant: TenantId,
    grant: Option<GrantId>,
    /// Where what came of it is shown.
    receipt: Option<ReceiptId>,
    left: Left,
}

#[derive(Serialize, Deserialize)]
enum Left {
    Tokens {
        kind: Kind,
        tokens: Tokens,
    },
    /// Never used: only they are to end, and not what else the same person gave.
    Unused {
        kind: Kind,
        tokens: Tokens,
    },
    /// Of a Slack team, sealed as those are.
    Slack(Vec<u8>),
    /// The provider has answered, and the tenant was not told yet.
    Telling(Revocation),
}

impl Burden {
    pub(super) fn of_grant(tenant: TenantId, receipt: Option<ReceiptId>, grant: &Grant, tokens: &Tokens) -> Result<Self, Fault> {
        Ok(Self {
            tenant,
            grant: Some(grant.id),
            receipt,
            left: Left::Tokens {
                kind: Kind::parse(&grant.kind).ok_or(Fault::Internal("grant kind"))?,
                tokens: copied(tokens),
            },
        })
    }

    pub(super) fn of_unused(tenant: TenantId, kind: Kind, tokens: &Tokens) -> Self {
        Self {
            tenant,
            grant: None,
            receipt: None,
            left: Left::Unused {
                kind,
                tokens: copied(tokens),
            },
        }
    }
}

fn copied(tokens: &Tokens) -> Tokens {
    Tokens {
        access: tokens.access.clone(),
        refresh: tokens.refresh.clone(),
        expires_at: tokens.expires_at,
    }
}

/// What came of ending a grant, for whose it was.
pub(crate) struct NoteEnd {
    grant: Option<GrantId>,
    receipt: Option<ReceiptId>,
    /// Why it is not over yet, in words that may be shown.
    outcome: Result<Revocation, String>,
}

request! { NoteEnd => (), needs System; }

/// What a provider's answer means for a receipt.
pub(super) fn settled(outcome: &Revocation) -> (GrantOutcome, Option<String>) {
    match outcome {
        Revocation::Revoked => (GrantOutcome::Revoked, None),
        Revocation::Gone => (GrantOutcome::Gone, None),
        Revocation::Unconfirmed(there) => (GrantOutcome::Unconfirmed, Some(there.clone())),
    }
}

impl Serve<NoteEnd> for IntegrationActor {
    async fn serve(&self, told: NoteEnd) -> Result<(), Fault> {
        let now = self.now();
        let noted = self.db().write(async |tx| {
            let receipt = match told.receipt {
                Some(receipt) => source_receipt::find(tx, receipt).await?,
                None => None,
            };
            let Some(mut receipt) = receipt else { return Ok(()) };
            match &told.outcome {
                Ok(outcome) => {
                    (receipt.outcome, receipt.finish_at) = settled(outcome);
                    (receipt.done_at, receipt.last_error) = (Some(now), None);
                    if let Some(grant) = told.grant {
                        source_grant::set_ended(tx, grant, now).await?;
                        let target = Target::of("grant", grant, receipt.name.as_str());
                        let details = json!({ "kind": receipt.kind, "outcome": receipt.outcome.as_str() });
                        audit::append(tx, server_did(Act::GrantDisconnected, target, now, details)).await?;
                    }
                }
                Err(reason) => receipt.last_error = Some(reason.clone()),
            }
            source_receipt::set(tx, &receipt).await?;
            Ok::<_, Fault>(())
        });
        noted.await
    }
}

/// Why a grant is not over yet: in words for its owner, and for the log.
fn reason(fault: &Fault) -> String {
    match fault {
        Fault::SourceUnavailable | Fault::SlackUnavailable => "The provider did not answer.".into(),
        Fault::ConnectRefused(reason) | Fault::SlackRefused(reason) => format!("The provider refused: {reason}."),
        Fault::SourceNotConfigured(provider) => format!("This server is not registered at {provider} any more."),
        Fault::SlackNotConfigured => "This server has no Slack app any more.".into(),
        _ => "It could not be tried.".into(),
    }
}

impl Connections {
    pub(super) fn seal_burden(&self, burden: &Burden) -> Result<Vec<u8>, Fault> {
        let plain = Zeroizing::new(serde_json::to_vec(burden).map_err(|_| Fault::Internal("tokens"))?);
        let sealed = self.keeper.seal_personal(Uuid::nil(), PLACE, &plain);
        sealed.map_err(|_| Fault::Sealed)
    }

    /// A Slack team's token, sealed as those are, with where what comes of it is shown.
    pub(crate) fn slack_burden(&self, tenant: TenantId, receipt: ReceiptId, sealed: Vec<u8>) -> Result<Vec<u8>, Fault> {
        self.seal_burden(&Burden {
            tenant,
            grant: None,
            receipt: Some(receipt),
            left: Left::Slack(sealed),
        })
    }

    fn open_burden(&self, sealed: &[u8]) -> Result<Burden, Fault> {
        let opened = self.keeper.open_personal(Uuid::nil(), PLACE, sealed).map_err(|_| Fault::Sealed)?;
        opened
            .open(|bytes| serde_json::from_slice(bytes))
            .map_err(|_| Fault::Internal("tokens"))
    }

    async fn end_there(&self, left: &Left, slack: Option<&SlackApp>) -> Result<Ended, Fault> {
        match left {
            Left::Telling(outcome) => Ok(Ended::Told(outcome.clone())),
            Left::Slack(sealed) => match slack.ok_or(Fault::SlackNotConfigured)?.end_grant(sealed).await? {
                Some(renewed) => Ok(Ended::Renewed(Left::Slack(renewed))),
                None => Ok(Ended::Told(Revocation::Revoked)),
            },
            Left::Tokens { kind, tokens } => over(with_provider!(self.apps, *kind, |provider| provider.revoke(tokens).await)?),
            Left::Unused { kind, tokens } => over(with_provider!(self.apps, *kind, |provider| provider.discard(tokens).await)?),
        }
    }

    /// Ends a grant, and tells whose it was. Answers with what is still to be done, when that is less than before.
    ///
    /// # Errors
    /// When the provider did not confirm it.
    pub(crate) async fn end_grant(
        &self,
        sealed: &[u8],
        registry: &Arc<Registry>,
        slack: Option<&SlackApp>,
    ) -> Result<Option<Vec<u8>>, Fault> {
        let burden = self.open_burden(sealed)?;
        let (tenant, grant, receipt) = (burden.tenant, burden.grant, burden.receipt);
        let again = |left: Left| {
            self.seal_burden(&Burden {
                tenant,
                grant,
                receipt,
                left,
            })
            .map(Some)
        };
        let note = |outcome| NoteEnd { grant, receipt, outcome };
        match self.end_there(&burden.left, slack).await {
            Ok(Ended::Renewed(left)) => again(left),
            Ok(Ended::Told(outcome)) => match tell(registry, tenant, note(Ok(outcome.clone()))).await {
                Ok(()) => Ok(None),
                // It is over there, and is not asked for again: another time it would look as if it had been over before.
                Err(fault) => {
                    tracing::warn!(%fault, "a grant is over at its provider, and its receipt does not say so yet");
                    again(Left::Telling(outcome))
                }
            },
            Err(fault) => {
                if let Err(fault) = tell(registry, tenant, note(Err(reason(&fault)))).await {
                    tracing::warn!(%fault, "a receipt does not say why a grant is not over yet");
                }
                Err(fault)
            }
        }
    }
}

fn over(ended: Result<Revocation, ProviderError>) -> Result<Ended, Fault> {
    match ended {
        Ok(outcome) => Ok(Ended::Told(outcome)),
        // What was to be ended is not accepted: there is nothing left of it.
        Err(ProviderError::Unauthorized) => Ok(Ended::Told(Revocation::Gone)),
        Err(ProviderError::Refused(reason)) => Err(Fault::ConnectRefused(reason)),
        Err(_) => Err(Fault::SourceUnavailable),
    }
}

enum Ended {
    Told(Revocation),
    /// It had to be renewed to be ended, and that did not come of it.
    Renewed(Left),
}

async fn tell(registry: &Arc<Registry>, tenant: TenantId, note: NoteEnd) -> Result<(), Fault> {
    if note.receipt.is_none() {
        return Ok(());
    }
    match registry.tenant(tenant).await {
        Ok(tenant) => tenant.integrations().await?.ask(note).await,
        // Deleted meanwhile, and its receipts with it.
        Err(Fault::NotFound) => Ok(()),
        Err(fault) => Err(fault),
    }
}

/// The grants of a tenant that ends, sealed for the list of those that are to end at their provider: the tenant's own key goes with it. One
/// that cannot be opened does not keep the tenant.
pub(crate) async fn grants(
    tenant: TenantId,
    db: &TenantDb,
    vault: &Handle<VaultActor>,
    connections: Option<&Connections>,
) -> Result<Vec<Vec<u8>>, Fault> {
    let Some(connections) = connections else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for grant in db.read(async |tx| source_grant::list(tx).await).await? {
        let Some(credential) = grant.credential else { continue };
        let opened = vault.call(OpenCredential(credential)).await.map_err(Fault::from).flatten();
        let tokens = opened.and_then(|opened| {
            let tokens: Result<Tokens, _> = opened.open(|bytes| serde_json::from_slice(bytes));
            tokens.map_err(|_| Fault::Sealed)
        });
        match tokens {
            Ok(tokens) => found.push(connections.seal_burden(&Burden::of_grant(tenant, None, &grant, &tokens)?)?),
            Err(fault) => tracing::warn!(%fault, "the tokens of a grant cannot be opened any more, and are not ended at the provider"),
        }
    }
    Ok(found)
}

/// When it was asked for, and by whose address.
pub(super) type Asked = (Option<String>, Millis);
