//! The tokens of a grant: opened for a call, renewed by one node at a time, and stored anew before they are used.

use std::time::Duration;

use entities::{
    CredentialId, GrantId, Millis, StoreError,
    account_identity::revocation,
    credential::{self, SealedCredential},
    source_grant::{self, Grant, Standing},
    source_route,
};

use super::{
    apps::with_provider,
    connect::Connections,
    connector::{Kind, Provider, ProviderError, Token, Tokens},
    revoke::{Burden, SOURCE},
};
use crate::{
    fault::Fault,
    integrations::IntegrationActor,
    vault::{
        SecretBytes,
        credentials::{OpenCredential, SealCredential},
    },
};

/// How long before its end a token is renewed.
const EARLY_MS: Millis = 5 * 60_000;
/// Longer than a provider takes to renew one.
const REFRESH_MS: Millis = 60_000;
/// Tries to store tokens: those before them may be over at the provider.
const TRIES: u32 = 5;
/// Who comes while somebody else renews it waits a few seconds.
const LOOKS: usize = 24;
const LOOK_AGAIN: Duration = Duration::from_millis(250);

fn kind_of(grant: &Grant) -> Result<Kind, Fault> {
    Kind::parse(&grant.kind).ok_or(Fault::Internal("grant kind"))
}

impl IntegrationActor {
    pub(crate) fn connections(&self) -> Result<&Connections, Fault> {
        self.engine().sources.as_deref().ok_or(Fault::Internal("no providers of sources"))
    }

    pub(super) async fn seal_tokens(&self, tokens: &Tokens) -> Result<SealedCredential, Fault> {
        let plain = serde_json::to_vec(tokens).map_err(|_| Fault::Internal("tokens"))?;
        self.vault().call(SealCredential(SecretBytes::new(plain))).await?
    }

    pub(super) async fn open_tokens(&self, credential: CredentialId) -> Result<Tokens, Fault> {
        let opened = self.vault().call(OpenCredential(credential)).await??;
        opened
            .open(|bytes| serde_json::from_slice(bytes))
            .map_err(|_| Fault::Internal("tokens"))
    }

    /// A token of a grant, for one call; renewed when it is about to end, or in any case if `anew`. `None` when it is a grant of another kind: one
    /// provider's token is not shown to another.
    ///
    /// # Errors
    /// `NotFound` when the grant was let go of; `GrantBroken` when somebody must connect anew; `SourceUnavailable` when it cannot be
    /// renewed now.
    pub(crate) async fn source_token(&self, grant: GrantId, kind: Kind, anew: bool) -> Result<Option<Token>, Fault> {
        let mut refused = None;
        for _ in 0..LOOKS {
            let found = self.db().read(async |tx| source_grant::find(tx, grant).await).await?;
            let found = found.ok_or(Fault::NotFound)?;
            if kind_of(&found)? != kind {
                return Ok(None);
            }
            match found.standing {
                Standing::Active => {}
                Standing::Broken => return Err(Fault::GrantBroken),
                Standing::Revoking | Standing::Ended => return Err(Fault::NotFound),
            }
            let credential = found.credential.ok_or(Fault::NotFound)?;
            let tokens = match self.open_tokens(credential).await {
                // Renewed between the two readings.
                Err(Fault::NotFound) => continue,
                opened => opened?,
            };
            let now = self.now();
            let ends = found.expires_at.is_some_and(|at| at - now < EARLY_MS);
            // What somebody else put in the place of the one that was refused is good.
            let again = anew && *refused.get_or_insert(credential) == credential;
            if !(ends || again) {
                return Ok(Some(tokens.access));
            }
            match self.renew_tokens(&found, credential, &tokens).await {
                Ok(Some(renewed)) => return Ok(Some(renewed)),
                // It is good for some minutes yet.
                Ok(None) | Err(Fault::SourceUnavailable) if !again && found.expires_at.is_some_and(|at| at > now) => {
                    return Ok(Some(tokens.access));
                }
                Ok(None) => tokio::time::sleep(LOOK_AGAIN).await,
                Err(fault) => return Err(fault),
            }
        }
        Err(Fault::SourceUnavailable)
    }

    /// One at a time in the whole installation: with the second use of a refresh token a provider may end them all. `None` while somebody
    /// else is at it.
    async fn renew_tokens(&self, old: &Grant, credential: CredentialId, tokens: &Tokens) -> Result<Option<Token>, Fault> {
        let (now, id, kind) = (self.now(), old.id, kind_of(old)?);
        if tokens.refresh.is_none() {
            // There is nothing to renew it with: that the provider takes it no longer is the end.
            self.broken(id, credential).await?;
            return Err(Fault::GrantBroken);
        }
        let mine = self
            .db()
            .write(async |tx| source_grant::claim_refresh(tx, id, now, now + REFRESH_MS).await);
        if !mine.await? {
            return Ok(None);
        }
        // Another node may have renewed it between the reading and the claim.
        let found = self.db().read(async |tx| source_grant::find(tx, id).await).await?;
        if found.is_none_or(|found| found.credential != Some(credential)) {
            self.let_refresh_go(id).await?;
            return Ok(None);
        }
        let apps = &self.connections()?.apps;
        let renewed = with_provider!(apps, kind, |provider| provider.refresh(tokens, now).await);
        let mut fresh = match renewed {
            Ok(Ok(fresh)) => fresh,
            Ok(Err(error)) => {
                tracing::warn!(%error, kind = kind.as_str(), "the tokens of a grant could not be renewed");
                return Err(self.not_renewed(id, credential, error).await?);
            }
            Err(fault) => {
                self.let_refresh_go(id).await?;
                return Err(fault);
            }
        };
        if fresh.refresh.is_none() {
            fresh.refresh.clone_from(&tokens.refresh);
        }
        let mut tries = 0;
        loop {
            tries += 1;
            match self.replace_tokens(old, credential, &fresh).await {
                Ok(()) => return Ok(Some(fresh.access)),
                // The old ones are over: these must not be lost to a moment's trouble.
                Err(Fault::Storage(StoreError::KeyRetired | StoreError::Unavailable(_))) if tries < TRIES => {
                    tokio::time::sleep(Duration::from_millis(200) * tries).await;
                }
                Err(fault) => return Err(fault),
            }
        }
    }

    /// What it means that a provider did not renew tokens.
    async fn not_renewed(&self, id: GrantId, credential: CredentialId, error: ProviderError) -> Result<Fault, Fault> {
        match error {
            ProviderError::Unauthorized => {
                self.broken(id, credential).await?;
                Ok(Fault::GrantBroken)
            }
            ProviderError::Refused(reason) | ProviderError::Barred(reason) => {
                self.let_refresh_go(id).await?;
                Ok(Fault::ConnectRefused(reason))
            }
            // Asked or not, nobody asks again before the claim ends: a token that was used, though its answer was lost, is not
            // used a second time at once.
            ProviderError::Later(_) | ProviderError::Unavailable | ProviderError::Unreadable | ProviderError::Restart => {
                Ok(Fault::SourceUnavailable)
            }
        }
    }

    async fn let_refresh_go(&self, id: GrantId) -> Result<(), Fault> {
        self.db().write(async |tx| source_grant::release_refresh(tx, id).await).await?;
        Ok(())
    }

    /// Notes that somebody must connect anew: the provider does not take these tokens any more.
    async fn broken(&self, id: GrantId, credential: CredentialId) -> Result<(), Fault> {
        self.db()
            .write(async |tx| source_grant::set_broken(tx, id, credential).await)
            .await?;
        Ok(())
    }

    /// Notes that a provider does not take a grant's token, though it was renewed just now.
    pub(crate) async fn source_refused(&self, grant: GrantId) -> Result<(), Fault> {
        let found = self.db().read(async |tx| source_grant::find(tx, grant).await).await?;
        match found.and_then(|found| found.credential) {
            Some(credential) => self.broken(grant, credential).await,
            None => Ok(()),
        }
    }

    async fn replace_tokens(&self, grant: &Grant, old: CredentialId, fresh: &Tokens) -> Result<(), Fault> {
        let (sealed, now) = (self.seal_tokens(fresh).await?, self.now());
        let burden = Burden::of_grant(self.tenant(), None, grant, fresh)?;
        let burden = self.connections()?.seal_burden(&burden)?;
        let (id, ends) = (grant.id, fresh.expires_at);
        self.db()
            .write(async |tx| {
                let new = credential::insert(tx, sealed, None, now).await?;
                if source_grant::set_tokens(tx, id, old, new, ends).await? {
                    credential::delete(tx, old).await?;
                    // Those that were connected before it was written down are, too.
                    source_route::publish(tx, &grant.kind, &[&grant.holder], id).await?;
                } else {
                    credential::delete(tx, new).await?;
                    let found = source_grant::find(tx, id).await?;
                    let lives = found.is_some_and(|found| matches!(found.standing, Standing::Active | Standing::Broken));
                    // Let go of meanwhile: what was renewed ends like what it was renewed from. Connected anew meanwhile: ending this
                    // could end that at the provider too.
                    if !lives {
                        revocation::enqueue_beside(tx, SOURCE, burden, now).await?;
                    }
                }
                Ok::<_, Fault>(())
            })
            .await
    }
}
