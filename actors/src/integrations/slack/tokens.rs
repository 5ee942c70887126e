//! The bot's token: opened for a call, renewed by one node at a time, ended at Slack.

use entities::{
    CredentialId, Millis, SlackInstallationId, StoreError, TenantDb, TenantTx,
    account_identity::revocation,
    audit::{self, Act, Target},
    credential::{self, SealedCredential},
    slack::installations::{self, Installation, Standing},
};
use serde_json::json;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    SOURCE, SlackApp,
    api::{Access, Token},
};
use crate::{
    audit::server_did,
    contain::Handle,
    fault::Fault,
    integrations::IntegrationActor,
    vault::{
        Keeper, Place, SecretBytes, VaultActor,
        credentials::{OpenCredential, SealCredential},
    },
};

/// How long before its end a token is renewed.
const EARLY_MS: Millis = 10 * 60_000;
/// Longer than Slack takes to renew one.
const REFRESH_MS: Millis = 30_000;
/// Tries to store a token: the one before it is over at Slack.
const TRIES: u32 = 5;
/// Where a token is sealed that is to end.
const GRANT: Place = Place("provider_revocation", "slack", Uuid::nil());

/// When the token of `access` ends.
pub(super) fn ends_at(access: &Access, now: Millis) -> Option<Millis> {
    access.expires_in.map(|seconds| now + seconds.saturating_mul(1000))
}

impl IntegrationActor {
    pub(crate) fn slack(&self) -> Result<&SlackApp, Fault> {
        self.seed.engine.slack.as_deref().ok_or(Fault::SlackNotConfigured)
    }

    pub(super) async fn seal_token(&self, token: &Token) -> Result<SealedCredential, Fault> {
        self.vault().call(SealCredential(token.plain()?)).await?
    }

    /// A token for the list of grants that are to end. Without an app to end it with it waits there for one.
    pub(super) async fn grant_of(&self, credential: CredentialId) -> Result<Vec<u8>, Fault> {
        let token = self.vault().call(OpenCredential(credential)).await??;
        seal_grant(&self.seed.keeper, &token)
    }

    async fn open_token(&self, credential: CredentialId) -> Result<Token, Fault> {
        let opened = self.vault().call(OpenCredential(credential)).await??;
        opened
            .open(|bytes| serde_json::from_slice(bytes))
            .map_err(|_| Fault::Internal("token"))
    }

    /// The bot's token, renewed when it is about to end, or in any case if `anew`.
    ///
    /// # Errors
    /// `NotFound` when the team is not connected any more; `SlackUnavailable` when it cannot be renewed now.
    pub(crate) async fn token(&self, id: SlackInstallationId, anew: bool) -> Result<Zeroizing<String>, Fault> {
        let mut tries = 0;
        let (found, credential, token) = loop {
            tries += 1;
            let found = self.db().read(async |tx| installations::find(tx, id).await).await?;
            let found = found.ok_or(Fault::NotFound)?;
            let credential = found.credential.ok_or(Fault::NotFound)?;
            match self.open_token(credential).await {
                // Renewed between the two readings.
                Err(Fault::NotFound) if tries < 3 => {}
                opened => break (found, credential, opened?),
            }
        };
        let now = self.now();
        let ends = found.expires_at.is_some_and(|at| at - now < EARLY_MS);
        if token.refresh_token.is_none() || !(ends || anew) {
            return Ok(token.access_token);
        }
        match self.renew(&found, credential, &token).await {
            Ok(renewed) => Ok(renewed),
            // It is good for some minutes yet.
            Err(Fault::SlackUnavailable) if !anew && found.expires_at.is_some_and(|at| at > now) => Ok(token.access_token),
            Err(fault) => Err(fault),
        }
    }

    /// One at a time in the whole installation: with the second use of a refresh token Slack ends them all.
    async fn renew(&self, old: &Installation, credential: CredentialId, token: &Token) -> Result<Zeroizing<String>, Fault> {
        let (now, id) = (self.now(), old.id);
        let refresh = token.refresh_token.as_ref().ok_or(Fault::NotFound)?;
        let mine = self
            .db()
            .write(async |tx| installations::claim_refresh(tx, id, now, now + REFRESH_MS).await);
        if !mine.await? {
            return Err(Fault::SlackUnavailable);
        }
        // Another node may have renewed it between the reading and the claim.
        let found = self.db().read(async |tx| installations::find(tx, id).await).await?;
        if found.is_none_or(|found| found.credential != Some(credential)) {
            return Err(Fault::SlackUnavailable);
        }
        let access = match self.slack()?.api.refresh(refresh).await {
            Ok(access) => access,
            Err(error) => {
                tracing::warn!(%error, "a Slack token could not be renewed");
                if error.ends_token() {
                    self.ended(id, Standing::Revoked).await?;
                    return Err(Fault::NotFound);
                }
                return Err(Fault::SlackUnavailable);
            }
        };
        let mut fresh = access.token();
        if fresh.refresh_token.is_none() {
            fresh.refresh_token.clone_from(&token.refresh_token);
        }
        let expires_at = ends_at(&access, self.now());
        let mut tries = 0;
        loop {
            tries += 1;
            let stored = self.replace_token(id, credential, &fresh, expires_at).await;
            match stored {
                Ok(()) => return Ok(fresh.access_token),
                // The old one is over: this one must not be lost to a moment's trouble.
                Err(Fault::Storage(StoreError::KeyRetired | StoreError::Unavailable(_))) if tries < TRIES => {
                    tokio::time::sleep(std::time::Duration::from_millis(200) * tries).await;
                }
                Err(fault) => return Err(fault),
            }
        }
    }

    async fn replace_token(
        &self,
        id: SlackInstallationId,
        old: CredentialId,
        fresh: &Token,
        expires_at: Option<Millis>,
    ) -> Result<(), Fault> {
        let (sealed, now) = (self.seal_token(fresh).await?, self.now());
        let grant = seal_grant(&self.seed.keeper, &fresh.plain()?)?;
        self.db()
            .write(async |tx| {
                let new = credential::insert(tx, sealed, None, now).await?;
                if installations::set_token(tx, id, old, new, expires_at).await? {
                    credential::delete(tx, old).await?;
                } else {
                    // Disconnected meanwhile: what was renewed ends like what it was renewed from.
                    credential::delete(tx, new).await?;
                    revocation::enqueue_beside(tx, SOURCE, grant, now).await?;
                }
                Ok::<_, Fault>(())
            })
            .await
    }

    /// Notes that a team's connection is over at Slack.
    pub(super) async fn ended(&self, id: SlackInstallationId, how: Standing) -> Result<(), Fault> {
        let now = self.now();
        self.db().write(async |tx| end_in(tx, id, how, now).await).await
    }
}

/// Ends a connection in a transaction of something else's.
pub(super) async fn end_in(tx: &TenantTx, id: SlackInstallationId, how: Standing, now: Millis) -> Result<(), Fault> {
    let Some(found) = installations::find(tx, id).await? else {
        return Ok(());
    };
    if !installations::end(tx, id, how).await? {
        return Ok(());
    }
    if let Some(token) = found.credential {
        credential::delete(tx, token).await?;
    }
    let target = Target::of("slack", id, found.name);
    audit::append(tx, server_did(Act::SlackDisconnected, target, now, json!({ "how": how.as_str() }))).await?;
    Ok(())
}

/// The tokens of a tenant that ends, sealed for the list of grants that are to end at their provider: the tenant's own key goes with it. One
/// that cannot be opened does not keep the tenant.
pub(crate) async fn grants(db: &TenantDb, vault: &Handle<VaultActor>, keeper: &Keeper) -> Result<Vec<Vec<u8>>, Fault> {
    let mut found = Vec::new();
    for installation in db.read(async |tx| installations::list(tx).await).await? {
        let Some(credential) = installation.credential else { continue };
        match vault.call(OpenCredential(credential)).await.map_err(Fault::from).flatten() {
            Ok(token) => found.push(seal_grant(keeper, &token)?),
            Err(fault) => tracing::warn!(%fault, "a Slack token cannot be opened any more, and is not ended there"),
        }
    }
    Ok(found)
}

/// Seals a token for the list of grants that are to end.
pub(super) fn seal_grant(keeper: &Keeper, token: &SecretBytes) -> Result<Vec<u8>, Fault> {
    let sealed = token.open(|bytes| keeper.seal_personal(Uuid::nil(), GRANT, bytes));
    sealed.map_err(|_| Fault::Sealed)
}

impl SlackApp {
    /// Ends a grant at Slack. Answers with what is still to be ended, when it had to be renewed for that and the end did not come of it.
    ///
    /// # Errors
    /// When Slack did not confirm it.
    pub(crate) async fn end_grant(&self, sealed: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let opened = self.keeper.open_personal(Uuid::nil(), GRANT, sealed).map_err(|_| Fault::Sealed)?;
        let token: Token = opened
            .open(|bytes| serde_json::from_slice(bytes))
            .map_err(|_| Fault::Internal("token"))?;
        let refused = match self.api.revoke(&token.access_token).await {
            Ok(()) => return Ok(None),
            Err(error) if error.ends_token() => return Ok(None),
            Err(error) => error,
        };
        if !refused.is("token_expired") {
            return Err(refused.into());
        }
        // A token that is over says nothing of the one that renews it.
        let Some(refresh) = &token.refresh_token else { return Ok(None) };
        let renewed = match self.api.refresh(refresh).await {
            Ok(access) => access.token(),
            Err(error) if error.ends_token() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        match self.api.revoke(&renewed.access_token).await {
            Ok(()) => Ok(None),
            Err(error) if error.ends_token() => Ok(None),
            Err(_) => seal_grant(&self.keeper, &renewed.plain()?).map(Some),
        }
    }
}
