//! What the tenant's key seals besides keys: credentials, and what providers sent until it is seen to.

use entities::{CredentialId, EventId, StoreError, TenantId, TenantTx, credential, credential::SealedCredential, inbound_event};
use uuid::Uuid;

use super::{
    VaultActor,
    cipher::{CannotOpen, Key, Place, bind, version_of},
    error::KeyError,
    secret::SecretBytes,
};
use crate::{
    contain::{Handle, Serve},
    fault::Fault,
    request,
};

/// Seals a credential under a new id. The caller stores it; sealed by a key that is replaced meanwhile it is refused with `KeyRetired`.
pub(crate) struct SealCredential(pub SecretBytes);
/// `NotFound` once it was deleted.
pub(crate) struct OpenCredential(pub CredentialId);
/// Seals the body of something that was sent.
pub(crate) struct SealEvent {
    pub event: EventId,
    pub body: Vec<u8>,
}
/// Opens the body of something that waits. `NotFound` once it was seen to.
pub(crate) struct OpenEvent(pub EventId);

request! {
    SealCredential => SealedCredential, needs System;
    OpenCredential => SecretBytes, needs System;
    SealEvent => Vec<u8>, needs System;
    OpenEvent => SecretBytes, needs System;
}

/// Seals `secret` and has `store` keep it; anew if the tenant's key was replaced between the two.
pub(crate) async fn sealed_for<T>(
    vault: &Handle<VaultActor>,
    secret: &SecretBytes,
    store: impl AsyncFn(SealedCredential) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let mut tries = 0;
    loop {
        tries += 1;
        let copy = secret.open(|secret| SecretBytes::new(secret.to_vec()));
        let sealed = vault.call(SealCredential(copy)).await??;
        match store(sealed).await {
            Err(Fault::Storage(StoreError::KeyRetired)) if tries < 3 => {}
            stored => return stored,
        }
    }
}

fn credential_place(tenant: TenantId, id: CredentialId) -> Vec<u8> {
    bind(tenant.uuid(), Uuid::nil(), Place("credential", "sealed", id.uuid()))
}

fn event_place(tenant: TenantId, id: EventId) -> Vec<u8> {
    bind(tenant.uuid(), Uuid::nil(), Place("inbound_event", "sealed", id.uuid()))
}

impl VaultActor {
    async fn seal_here(&self, place: &[u8], plain: &[u8]) -> Result<Vec<u8>, Fault> {
        let (version, key) = self.tenant_key(None).await?;
        let version = u32::try_from(version).map_err(|_| Fault::Sealed)?;
        Ok(key.seal(version, place, plain)?)
    }

    /// `KeyRetired` when a rotation came between reading the cell and reading the keys.
    async fn open_here(&self, place: &[u8], sealed: &[u8]) -> Result<SecretBytes, Fault> {
        let version = i32::try_from(version_of(sealed)?).map_err(|_| Fault::Sealed)?;
        let key = match self.tenant_key(Some(version)).await {
            Err(Fault::NotFound) => return Err(StoreError::KeyRetired.into()),
            found => found?.1,
        };
        Ok(SecretBytes::new(key.open(place, sealed)?.to_vec()))
    }

    async fn open_credential(&self, id: CredentialId) -> Result<SecretBytes, Fault> {
        let found = self.seed.db.read(async |tx| credential::find(tx, id).await).await?;
        let sealed = found.ok_or(Fault::NotFound)?;
        self.open_here(&credential_place(self.seed.tenant, id), &sealed.bytes).await
    }

    async fn open_event(&self, id: EventId) -> Result<SecretBytes, Fault> {
        let found = self.seed.db.read(async |tx| inbound_event::find(tx, id).await).await?;
        let sealed = found.and_then(|event| event.sealed).ok_or(Fault::NotFound)?;
        self.open_here(&event_place(self.seed.tenant, id), &sealed).await
    }
}

impl Serve<SealCredential> for VaultActor {
    async fn serve(&self, SealCredential(secret): SealCredential) -> Result<SealedCredential, Fault> {
        let (id, mut copy) = (CredentialId::new(), zeroize::Zeroizing::new(Vec::new()));
        secret.open(|bytes| copy.extend_from_slice(bytes));
        let bytes = self.seal_here(&credential_place(self.seed.tenant, id), &copy).await?;
        Ok(SealedCredential { id, bytes })
    }
}

impl Serve<OpenCredential> for VaultActor {
    async fn serve(&self, OpenCredential(id): OpenCredential) -> Result<SecretBytes, Fault> {
        match self.open_credential(id).await {
            // A rotation came between the readings: now they agree.
            Err(Fault::Storage(StoreError::KeyRetired)) => self.open_credential(id).await,
            opened => opened,
        }
    }
}

impl Serve<SealEvent> for VaultActor {
    async fn serve(&self, SealEvent { event, body }: SealEvent) -> Result<Vec<u8>, Fault> {
        self.seal_here(&event_place(self.seed.tenant, event), &body).await
    }
}

impl Serve<OpenEvent> for VaultActor {
    async fn serve(&self, OpenEvent(id): OpenEvent) -> Result<SecretBytes, Fault> {
        match self.open_event(id).await {
            Err(Fault::Storage(StoreError::KeyRetired)) => self.open_event(id).await,
            opened => opened,
        }
    }
}

/// How much a rotation holds in memory at a time. Of bodies, each of which may be a MiB, a few: any number of them may wait.
const CREDENTIALS_AT_ONCE: u64 = 200;
const BODIES_AT_ONCE: u64 = 16;

/// Opens some of each kind, to see that they open. Returns how many.
pub(super) async fn open_some(tx: &TenantTx, tenant: TenantId, keys: &[(i32, Key)]) -> Result<usize, KeyError> {
    let open = |place: Vec<u8>, sealed: &[u8]| {
        let by = version_of(sealed)?;
        let (_, by) = keys
            .iter()
            .find(|(version, _)| u32::try_from(*version) == Ok(by))
            .ok_or(CannotOpen)?;
        by.open(&place, sealed)
    };
    let some = credential::page(tx, None, CREDENTIALS_AT_ONCE).await?;
    for SealedCredential { id, bytes } in &some {
        open(credential_place(tenant, *id), bytes).map_err(|_| KeyError::Damaged("a credential"))?;
    }
    let bodies = inbound_event::bodies(tx, None, BODIES_AT_ONCE).await?;
    for (id, bytes) in &bodies {
        open(event_place(tenant, *id), bytes).map_err(|_| KeyError::Damaged("what a provider sent"))?;
    }
    Ok(some.len() + bodies.len())
}

/// In the transaction of a rotation, which keeps others from sealing with what it replaces: everything that the older versions sealed is
/// sealed by `new`. All in this one transaction, because the older versions are gone when it ends, and page by page.
pub(super) async fn reseal(tx: &TenantTx, tenant: TenantId, old: &[(i32, Key)], (version, new): (i32, &Key)) -> Result<(), StoreError> {
    let version = u32::try_from(version).map_err(|_| StoreError::Damaged("a key's version"))?;
    let anew = |place: Vec<u8>, sealed: &[u8]| {
        let by = version_of(sealed)?;
        let by = old.iter().find(|(version, _)| u32::try_from(*version) == Ok(by));
        let (_, by) = by.ok_or(CannotOpen)?;
        new.seal(version, &place, &by.open(&place, sealed)?)
    };
    let mut after = None;
    loop {
        let page = credential::page(tx, after, CREDENTIALS_AT_ONCE).await?;
        let Some(last) = page.last().map(|last| last.id) else { break };
        for SealedCredential { id, bytes } in page {
            let bytes = anew(credential_place(tenant, id), &bytes).map_err(|_| StoreError::Damaged("a sealed credential"))?;
            credential::reseal(tx, SealedCredential { id, bytes }).await?;
        }
        after = Some(last);
    }
    let mut after = None;
    loop {
        let page = inbound_event::bodies(tx, after, BODIES_AT_ONCE).await?;
        let Some(last) = page.last().map(|(id, _)| *id) else { break };
        for (id, bytes) in page {
            let bytes = anew(event_place(tenant, id), &bytes).map_err(|_| StoreError::Damaged("a sealed event"))?;
            inbound_event::reseal(tx, id, bytes).await?;
        }
        after = Some(last);
    }
    Ok(())
}
