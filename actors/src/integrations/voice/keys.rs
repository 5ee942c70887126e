//! What proves an endpoint's messages, kept in memory for a moment: a flood of forged ones is checked without the database. Whatever is
//! taken is checked against the rows once more, in the transaction that stores it.
//!
//! For that moment the secrets are open, in a type that cannot be printed or copied and wipes itself. Sealed they would have to be opened
//! for each forged message by the tenant's vault, whose mailbox is bounded: whoever knows an address could then keep the whole tenant from
//! its keys. So the moment is short instead, and ends by itself.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use entities::{CredentialId, EndpointId, Millis, ProjectId, TenantTx, tenants, voice_endpoint};

use crate::{
    contain::Serve,
    fault::Fault,
    integrations::IntegrationActor,
    request,
    vault::credentials::OpenCredential,
    webhooks::{Keys, Rejection, Sender, Verified},
};

/// How long what was read is used without a look at the rows; then it is wiped, whether or not anything comes.
const FRESH_MS: Millis = 30_000;
const FRESH: Duration = Duration::from_secs(30);
/// How soon it is read anew when a message does not fit it: another node may have rotated.
const DOUBTED_MS: Millis = 2_000;
/// More endpoints than a tenant has in use at once; whoever comes beyond is read each time.
const MOST: usize = 1_000;

/// What proves the messages of one endpoint. Shared by all who check.
pub struct EndpointKeys {
    pub(crate) endpoint: EndpointId,
    pub(crate) project: ProjectId,
    pub(crate) header: Option<String>,
    /// Which credentials these are.
    credential: Option<CredentialId>,
    previous: Option<CredentialId>,
    pub(crate) keys: Keys,
    read_at: Millis,
    refused: Arc<Refused>,
}

/// The last message that was not taken, since this process began.
#[derive(Default)]
pub(crate) struct Refused(Mutex<Option<(Millis, Rejection)>>);

impl Refused {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(Millis, Rejection)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn last(&self) -> Option<(Millis, Rejection)> {
        *self.lock()
    }
}

impl EndpointKeys {
    /// In which header the signature comes, where the customer chose one.
    #[must_use]
    pub fn header(&self) -> Option<&str> {
        self.header.as_deref()
    }

    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Which credential proved a message.
    #[must_use]
    pub fn behind<S: Sender>(&self, message: &Verified<S>) -> Option<CredentialId> {
        if message.is_by_previous() { self.previous } else { self.credential }
    }

    /// Notes, for those who set it up, that a message was not taken.
    pub fn refuse(&self, rejection: Rejection, now: Millis) {
        *self.refused.lock() = Some((now, rejection));
    }
}

/// Reads what proves an endpoint's messages. With `doubted`, anew, unless that was done a moment ago. `NotFound` for an endpoint that is gone.
pub struct KeysOf {
    pub endpoint: EndpointId,
    pub doubted: bool,
}

request! { KeysOf => Arc<EndpointKeys>, needs System; }

/// What is known of an endpoint.
#[derive(Default)]
struct Known {
    keys: Option<Arc<EndpointKeys>>,
    refused: Arc<Refused>,
}

#[derive(Default)]
pub(crate) struct KnownKeys(Arc<Mutex<Endpoints>>);

type Endpoints = HashMap<EndpointId, Known>;

fn lock(known: &Mutex<Endpoints>) -> MutexGuard<'_, Endpoints> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets go of `keys`, unless others took their place. That a message was refused stays known.
fn let_go(known: &Mutex<Endpoints>, endpoint: EndpointId, keys: &Weak<EndpointKeys>) {
    if let Some(known) = lock(known).get_mut(&endpoint)
        && known.keys.as_ref().is_some_and(|held| Weak::ptr_eq(&Arc::downgrade(held), keys))
    {
        known.keys = None;
    }
}

impl KnownKeys {
    pub(crate) fn forget(&self, endpoint: EndpointId) {
        lock(&self.0).remove(&endpoint);
    }

    pub(crate) fn refused(&self, endpoint: EndpointId) -> Option<(Millis, Rejection)> {
        lock(&self.0).get(&endpoint).and_then(|known| known.refused.last())
    }

    fn find(&self, endpoint: EndpointId) -> Option<Arc<EndpointKeys>> {
        lock(&self.0).get(&endpoint).and_then(|known| known.keys.clone())
    }

    fn refusals_of(&self, endpoint: EndpointId) -> Arc<Refused> {
        lock(&self.0).get(&endpoint).map(|known| known.refused.clone()).unwrap_or_default()
    }

    /// Keeps `keys` for a moment.
    fn keep(&self, keys: &Arc<EndpointKeys>) {
        let endpoint = keys.endpoint;
        let mut known = lock(&self.0);
        if known.len() >= MOST && !known.contains_key(&endpoint) {
            return;
        }
        let kept = Known {
            keys: Some(keys.clone()),
            refused: keys.refused.clone(),
        };
        known.insert(endpoint, kept);
        drop(known);
        let (known, keys) = (Arc::downgrade(&self.0), Arc::downgrade(keys));
        tokio::spawn(async move {
            tokio::time::sleep(FRESH).await;
            if let Some(known) = known.upgrade() {
                let_go(&known, endpoint, &keys);
            }
        });
    }
}

/// Refuses, in the transaction that takes a message, what no longer proves it: the endpoint is gone, or the secret was replaced too long
/// ago.
pub(crate) async fn still(tx: &TenantTx, endpoint: EndpointId, proof: Option<CredentialId>, now: Millis) -> Result<(), Fault> {
    let row = voice_endpoint::find(tx, endpoint).await?.ok_or(Fault::NotFound)?;
    // A workspace that was deleted, and could still be taken back, is shut to its callers as well.
    if tenants::rules(tx).await?.ends_at.is_some() {
        return Err(Fault::NotFound);
    }
    let previous = row.previous.filter(|(_, until)| now < *until).map(|(previous, _)| previous);
    let mut good = [row.credential, previous].into_iter().flatten();
    if good.any(|good| proof == Some(good)) {
        Ok(())
    } else {
        Err(Fault::SignatureInvalid)
    }
}

impl IntegrationActor {
    async fn read_keys(&self, endpoint: EndpointId) -> Result<EndpointKeys, Fault> {
        let row = self.db().read(async |tx| voice_endpoint::find(tx, endpoint).await).await?;
        let (row, now) = (row.ok_or(Fault::NotFound)?, self.now());
        let open = async |credential: Option<CredentialId>| match credential {
            Some(id) => match self.vault().call(OpenCredential(id)).await? {
                Err(Fault::NotFound) => Ok(None),
                opened => opened.map(Some),
            },
            None => Ok::<_, Fault>(None),
        };
        let previous = row.previous.filter(|(_, until)| now < *until).map(|(id, _)| id);
        let (current, before) = (open(row.credential).await?, open(previous).await?);
        Ok(EndpointKeys {
            endpoint,
            project: row.project,
            header: row.header,
            credential: row.credential,
            previous,
            keys: Keys::new(current, before),
            read_at: now,
            refused: self.voice.refusals_of(endpoint),
        })
    }
}

impl Serve<KeysOf> for IntegrationActor {
    async fn serve(&self, KeysOf { endpoint, doubted }: KeysOf) -> Result<Arc<EndpointKeys>, Fault> {
        let bound = if doubted { DOUBTED_MS } else { FRESH_MS };
        let known = self.voice.find(endpoint);
        if let Some(known) = known.filter(|known| self.now() - known.read_at < bound) {
            return Ok(known);
        }
        let read = self.read_keys(endpoint).await.inspect_err(|_| self.voice.forget(endpoint))?;
        let read = Arc::new(read);
        self.voice.keep(&read);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::SecretBytes;

    fn keys(of: EndpointId, known: &KnownKeys) -> Arc<EndpointKeys> {
        Arc::new(EndpointKeys {
            endpoint: of,
            project: ProjectId::new(),
            header: None,
            credential: None,
            previous: None,
            keys: Keys::new(Some(SecretBytes::new(vec![7; 32])), None),
            read_at: 0,
            refused: known.refusals_of(of),
        })
    }

    #[tokio::test]
    async fn what_was_opened_is_let_go_of_and_what_was_refused_stays_known() {
        let (known, endpoint) = (KnownKeys::default(), EndpointId::new());
        let first = keys(endpoint, &known);
        known.keep(&first);
        first.refuse(Rejection::WrongSignature, 1);
        let second = keys(endpoint, &known);
        known.keep(&second);
        let gone = Arc::downgrade(&first);
        drop(first);
        assert!(gone.upgrade().is_none(), "wiped as others took its place");
        let_go(&known.0, endpoint, &gone);
        assert!(known.find(endpoint).is_some(), "the first ones' time is not the second ones'");
        let gone = Arc::downgrade(&second);
        drop(second);
        let_go(&known.0, endpoint, &gone);
        assert!(known.find(endpoint).is_none() && gone.upgrade().is_none());
        assert_eq!(known.refused(endpoint), Some((1, Rejection::WrongSignature)));
    }
}
