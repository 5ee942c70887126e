//! What those who manage a workspace see of its grants, and do with them.

use std::{collections::BTreeMap, time::Duration};

use entities::{
    CredentialId, GrantId, Millis, ProjectId, ReceiptId, SourceId, StoreError, TenantTx,
    account_identity::revocation,
    audit::{self, Act, Target},
    credential, job, members,
    slack::installations,
    source::{self, Source},
    source_grant::{self, Grant, Standing},
    source_receipt::{self, Cause, GrantOutcome, Receipt},
    source_route,
};
use serde_json::json;

use super::{
    connect::Agreed,
    connector::{Holder, Kind, Tokens},
    leave::{kept_or_deleted, leave_in},
    revoke::{Asked, Burden, SOURCE},
};
use crate::{
    audit::{By, server_did, workspace},
    contain::Serve,
    fault::Fault,
    integrations::IntegrationActor,
    request,
};

/// An account elsewhere that may be read.
#[derive(Clone, Debug)]
pub struct GrantCard {
    pub id: GrantId,
    pub kind: Kind,
    pub name: String,
    pub manage: Option<String>,
    pub state: &'static str,
    pub used_by: Vec<GrantUse>,
    pub connected_at: Millis,
}

/// A source that is read with a grant.
#[derive(Clone, Debug)]
pub struct GrantUse {
    pub project: ProjectId,
    pub source: SourceId,
    pub name: String,
}

pub struct ConnectionsCard {
    /// The kinds of which there are grants, and whether this installation is registered there.
    pub providers: Vec<(Kind, bool)>,
    pub grants: Vec<GrantCard>,
    pub receipts: ReceiptPage,
    /// Slack's own id, and the name.
    pub teams: Vec<(String, String)>,
}

/// Receipts, the latest first.
pub struct ReceiptPage {
    pub receipts: Vec<Receipt>,
    /// Where the next page begins. `None`: this was the last.
    pub next: Option<ReceiptId>,
}

pub struct ListConnections;
/// The receipts from before `before` on.
pub struct ListReceipts {
    pub before: Option<ReceiptId>,
}
/// Stores what a provider agreed to.
pub struct ConnectGrants {
    pub by: By,
    pub agreed: Agreed,
}
/// Lets go of a grant and of every source that is read with it. Its tokens are ended at the provider, however long that takes.
pub struct DisconnectGrant {
    pub by: By,
    pub grant: GrantId,
    /// What came from its sources goes too.
    pub deletes: bool,
}
/// Lets go of every grant, every Slack team and every source of the workspace.
pub struct RevokeAll {
    pub by: By,
    pub deletes: bool,
}
/// As [`RevokeAll`], by whoever runs the installation.
pub(crate) struct RevokeAllHere {
    pub job: job::Claimed,
    pub deletes: bool,
}

request! {
    ListConnections => ConnectionsCard, needs ManageProjects;
    ListReceipts => ReceiptPage, needs ManageProjects;
    ConnectGrants => Vec<GrantCard>, needs ManageProjects, exclusive, patience = 60;
    DisconnectGrant => Receipt, needs ManageProjects, exclusive;
    RevokeAll => Vec<Receipt>, needs ManageProjects, exclusive, patience = 60;
    RevokeAllHere => (), needs System, exclusive, patience = 120;
}

/// Of one page.
const RECEIPTS: usize = 50;
const NAME: usize = 200;
/// Tries to store a grant: whoever agreed to it does not come back for a moment's trouble.
const KEEPS: u32 = 3;
/// Tries to let go of something that is renewed at this moment.
const TRIES: usize = 5;

fn target(grant: &Grant) -> Target {
    Target::of("grant", grant.id, grant.name.as_str())
}

fn short(name: &str) -> String {
    name.chars().filter(|character| !character.is_control()).take(NAME).collect()
}

impl From<Source> for GrantUse {
    fn from(source: Source) -> Self {
        Self {
            project: source.project,
            source: source.id,
            name: source.name,
        }
    }
}

fn card(grant: Grant, used_by: Vec<GrantUse>) -> Result<GrantCard, Fault> {
    Ok(GrantCard {
        id: grant.id,
        kind: Kind::parse(&grant.kind).ok_or(Fault::Internal("grant kind"))?,
        name: grant.name,
        manage: grant.manage,
        state: grant.standing.as_str(),
        used_by,
        connected_at: grant.connected_at,
    })
}

async fn receipts(tx: &TenantTx, before: Option<ReceiptId>) -> Result<ReceiptPage, StoreError> {
    // One more than is shown: whether there is a next page.
    let mut receipts = source_receipt::page(tx, before, RECEIPTS as u64 + 1).await?;
    let more = receipts.len() > RECEIPTS;
    receipts.truncate(RECEIPTS);
    let next = receipts.last().filter(|_| more).map(|last| last.id);
    Ok(ReceiptPage { receipts, next })
}

impl Serve<ListConnections> for IntegrationActor {
    async fn serve(&self, _: ListConnections) -> Result<ConnectionsCard, Fault> {
        let (grants, sources, page, teams) = self
            .db()
            .read(async |tx| {
                Ok::<_, Fault>((
                    source_grant::list(tx).await?,
                    source::list(tx, None).await?,
                    receipts(tx, None).await?,
                    installations::list(tx).await?,
                ))
            })
            .await?;
        let mut uses = BTreeMap::<GrantId, Vec<GrantUse>>::new();
        for source in sources.into_iter().filter(|source| !source.leaving) {
            if let Some(grant) = source.grant {
                uses.entry(grant).or_default().push(source.into());
            }
        }
        let cards = grants.into_iter().map(|grant| {
            let used_by = uses.remove(&grant.id).unwrap_or_default();
            card(grant, used_by)
        });
        let connected = teams.into_iter().filter(|team| team.standing == installations::Standing::Connected);
        let kinds = [Kind::GitHub, Kind::Notion, Kind::Confluence];
        Ok(ConnectionsCard {
            providers: kinds.into_iter().map(|kind| (kind, self.is_set_up(kind))).collect(),
            grants: cards.collect::<Result<_, _>>()?,
            receipts: page,
            teams: connected.map(|team| (team.team, team.name)).collect(),
        })
    }
}

impl Serve<ListReceipts> for IntegrationActor {
    async fn serve(&self, ListReceipts { before }: ListReceipts) -> Result<ReceiptPage, Fault> {
        Ok(self.db().read(async |tx| receipts(tx, before).await).await?)
    }
}

impl IntegrationActor {
    /// As [`Self::store_grant`], however often a moment's trouble is in the way: a second time it finds what the first one stored.
    async fn keep_grant(&self, by: &By, kind: Kind, holder: &Holder, tokens: &Tokens) -> Result<GrantCard, Fault> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.store_grant(by, kind, holder, tokens).await {
                Err(Fault::Storage(StoreError::KeyRetired | StoreError::Unavailable(_))) if tries < KEEPS => {
                    tokio::time::sleep(Duration::from_millis(200) * tries).await;
                }
                stored => return stored,
            }
        }
    }

    /// Stores the tokens of a grant; a new one, or in the place of those that it had. Its sources go on at once.
    async fn store_grant(&self, by: &By, kind: Kind, holder: &Holder, tokens: &Tokens) -> Result<GrantCard, Fault> {
        let (sealed, now) = (self.seal_tokens(tokens).await?, self.now());
        // Alone: two nodes that connect the same account at once would make two grants of it.
        let stored = self.db().write_alone(async |tx| {
            let credential = credential::insert(tx, sealed, None, now).await?;
            let known = source_grant::find_by_holder(tx, kind.as_str(), &holder.id).await?;
            let grant = Grant {
                id: known.as_ref().map_or_else(GrantId::new, |known| known.id),
                kind: kind.as_str().into(),
                holder: holder.id.clone(),
                name: short(&holder.name),
                manage: holder.manage.clone(),
                credential: Some(credential),
                standing: Standing::Active,
                expires_at: tokens.expires_at,
                connected_by: Some(by.account),
                connected_at: now,
            };
            let mut used_by = Vec::new();
            if let Some(known) = known {
                source_grant::reconnect(tx, &grant).await?;
                // Left to the provider, who ends them with the grant: to end them by themselves would end the new ones at some.
                if let Some(old) = known.credential {
                    credential::delete(tx, old).await?;
                }
                for source in source::of_grant(tx, grant.id).await?.into_iter().filter(|source| !source.leaving) {
                    job::enqueue_sync(tx, source.project, source.id, now, now).await?;
                    used_by.push(source.into());
                }
            } else {
                source_grant::insert(tx, &grant).await?;
                // What its provider will tell is let go of some time.
                job::enqueue_sweep(tx, now).await?;
            }
            let holders = [Some(holder.id.as_str()), holder.realm.as_deref()];
            let holders: Vec<&str> = holders.into_iter().flatten().collect();
            source_route::publish(tx, kind.as_str(), &holders, grant.id).await?;
            let details = json!({ "kind": grant.kind });
            audit::append(tx, by.did_with(Act::GrantConnected, target(&grant), now, details)).await?;
            card(grant, used_by)
        });
        stored.await
    }

    /// The tokens of a grant, for the list of grants that are to end; `None` when they cannot be opened any more.
    async fn burden_of(&self, grant: &Grant, credential: CredentialId, receipt: ReceiptId) -> Result<Option<Vec<u8>>, Fault> {
        match self.open_tokens(credential).await {
            Ok(tokens) => {
                let burden = Burden::of_grant(self.tenant(), Some(receipt), grant, &tokens)?;
                self.connections()?.seal_burden(&burden).map(Some)
            }
            Err(fault @ (Fault::Sealed | Fault::Internal(_))) => {
                tracing::warn!(%fault, "the tokens of a grant are deleted without being ended at the provider");
                Ok(None)
            }
            Err(fault) => Err(fault),
        }
    }

    async fn let_go_of_grant(&self, by: Option<&By>, id: GrantId, deletes: bool) -> Result<Receipt, Fault> {
        for _ in 0..TRIES {
            let receipt = ReceiptId::new();
            let known = self.db().read(async |tx| source_grant::find(tx, id).await).await?;
            let known = known.filter(|known| matches!(known.standing, Standing::Active | Standing::Broken));
            let known = known.ok_or(Fault::NotFound)?;
            let burden = match known.credential {
                Some(credential) => match self.burden_of(&known, credential, receipt).await {
                    // Renewed at this moment: ask again.
                    Err(Fault::NotFound) => continue,
                    burden => burden?,
                },
                None => None,
            };
            let now = self.now();
            let gone = self.db().write(async |tx| {
                let found = source_grant::find(tx, id).await?.ok_or(Fault::NotFound)?;
                if found.credential != known.credential {
                    return Ok(None);
                }
                let asked = (asker(tx, by).await?, now);
                let receipt = end_in(tx, &found, (receipt, burden), deletes, &asked).await?;
                for source in source::of_grant(tx, id).await? {
                    leave_in(tx, &source, (deletes, Some(receipt.id)), asked.clone()).await?;
                }
                let details = json!({ "kind": found.kind, "documents": kept_or_deleted(deletes) });
                let note = match by {
                    Some(by) => by.did_with(Act::GrantDisconnected, target(&found), now, details),
                    None => server_did(Act::GrantDisconnected, target(&found), now, details),
                };
                audit::append(tx, note).await?;
                Ok::<_, Fault>(Some(receipt))
            });
            if let Some(receipt) = gone.await? {
                self.ring();
                return Ok(receipt);
            }
        }
        Err(Fault::Unavailable)
    }

    async fn let_go_of_sources(&self, by: Option<&By>, deletes: bool) -> Result<Vec<Receipt>, Fault> {
        let now = self.now();
        let left = self.db().write(async |tx| {
            let asked = (asker(tx, by).await?, now);
            let mut receipts = Vec::new();
            for source in source::list(tx, None).await? {
                receipts.extend(leave_in(tx, &source, (deletes, None), asked.clone()).await?);
            }
            Ok::<_, Fault>(receipts)
        });
        let left = left.await?;
        self.ring();
        Ok(left)
    }

    /// Tokens first: what is deleted here can wait.
    async fn let_go_of_all(&self, by: Option<&By>, deletes: bool) -> Result<Vec<Receipt>, Fault> {
        let (grants, teams) = self
            .db()
            .read(async |tx| Ok::<_, Fault>((source_grant::list(tx).await?, installations::list(tx).await?)))
            .await?;
        let (mut receipts, mut failed) = (Vec::new(), None);
        // One that fails keeps no other from ending.
        for grant in grants {
            match self.let_go_of_grant(by, grant.id, deletes).await {
                Ok(receipt) => receipts.push(receipt),
                Err(Fault::NotFound) => {}
                Err(fault) => failed = Some(fault),
            }
        }
        for team in teams {
            match self.let_go_of_team(by, team.id, true).await {
                Ok(receipt) => receipts.extend(receipt),
                Err(Fault::NotFound) => {}
                Err(fault) => failed = Some(fault),
            }
        }
        receipts.extend(self.let_go_of_sources(by, deletes).await?);
        failed.map_or(Ok(receipts), Err)
    }
}

/// The address of who asks.
pub(crate) async fn asker(tx: &TenantTx, by: Option<&By>) -> Result<Option<String>, StoreError> {
    match by {
        Some(by) => members::email_of(tx, by.account).await,
        None => Ok(None),
    }
}

/// Deletes the tokens of a grant, and puts them on the list of what is to end at its provider.
async fn end_in(
    tx: &TenantTx,
    grant: &Grant,
    (id, burden): (ReceiptId, Option<Vec<u8>>),
    deletes: bool,
    (asked_by, now): &Asked,
) -> Result<Receipt, Fault> {
    if !source_grant::set_revoking(tx, grant.id).await? {
        return Err(Fault::NotFound);
    }
    if let Some(tokens) = grant.credential {
        credential::delete(tx, tokens).await?;
    }
    let ends = burden.is_some();
    if let Some(burden) = burden {
        revocation::enqueue_beside(tx, SOURCE, burden, *now).await?;
    } else {
        source_grant::set_ended(tx, grant.id, *now).await?;
    }
    let receipt = Receipt {
        id,
        kind: grant.kind.clone(),
        name: grant.name.clone(),
        project: None,
        source: None,
        grant: Some(grant.id),
        asked_at: *now,
        asked_by: asked_by.clone(),
        outcome: if ends { GrantOutcome::Pending } else { GrantOutcome::Unconfirmed },
        // Without its tokens nobody but its users can end it.
        finish_at: grant.manage.clone().filter(|_| !ends),
        deletes,
        documents_left: 0,
        documents_done: 0,
        done_at: (!ends).then_some(*now),
        last_error: None,
        part_of: None,
        cause: Cause::Disconnected,
    };
    source_receipt::insert(tx, &receipt).await?;
    Ok(receipt)
}

impl Serve<ConnectGrants> for IntegrationActor {
    async fn serve(&self, ConnectGrants { by, agreed }: ConnectGrants) -> Result<Vec<GrantCard>, Fault> {
        let connections = self.connections()?;
        let (kind, found) = connections.settle(self.tenant(), agreed).await?;
        let (mut cards, mut failed) = (Vec::new(), None);
        // One that cannot be stored keeps no other from it.
        for (holder, tokens) in found {
            match self.keep_grant(&by, kind, &holder, &tokens).await {
                Ok(card) => cards.push(card),
                Err(fault) => {
                    connections.discard(self.tenant(), kind, tokens).await;
                    failed = Some(fault);
                }
            }
        }
        self.ring_outward();
        failed.map_or(Ok(cards), Err)
    }
}

impl Serve<DisconnectGrant> for IntegrationActor {
    async fn serve(&self, asked: DisconnectGrant) -> Result<Receipt, Fault> {
        let receipt = self.let_go_of_grant(Some(&asked.by), asked.grant, asked.deletes).await?;
        let shown = self.db().read(async |tx| source_receipt::shown(tx, receipt.id).await).await?;
        Ok(shown.unwrap_or(receipt))
    }
}

impl Serve<RevokeAll> for IntegrationActor {
    async fn serve(&self, RevokeAll { by, deletes }: RevokeAll) -> Result<Vec<Receipt>, Fault> {
        let now = self.now();
        let receipts = self.let_go_of_all(Some(&by), deletes).await?;
        let noted = self.db().write(async |tx| {
            let name = entities::tenants::name(tx).await?.unwrap_or_default();
            let details = json!({ "documents": kept_or_deleted(deletes) });
            audit::append(tx, by.did_with(Act::IntegrationsRevoked, workspace(name), now, details)).await
        });
        noted.await?;
        Ok(receipts)
    }
}

impl Serve<RevokeAllHere> for IntegrationActor {
    async fn serve(&self, RevokeAllHere { job, deletes }: RevokeAllHere) -> Result<(), Fault> {
        let now = self.now();
        self.let_go_of_all(None, deletes).await?;
        let done = self.db().write(async |tx| {
            let name = entities::tenants::name(tx).await?.unwrap_or_default();
            let details = json!({ "documents": kept_or_deleted(deletes) });
            audit::append(tx, server_did(Act::IntegrationsRevoked, workspace(name), now, details)).await?;
            job::finish(tx, &job).await
        });
        done.await?;
        Ok(())
    }
}
