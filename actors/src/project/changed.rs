//! What a provider says by itself of something that came from it: not what is so now, but that it is not as it was.

use std::time::{Duration, Instant};

use entities::{
    DocumentId, ReceiptId, SourceId, TenantTx, documents, projects, source,
    source_item::{self, Left, Which, hash_of},
    source_receipt,
};

use super::ProjectActor;
use crate::{contain::Serve, fault::Fault, request, sources::told::look_again_in};

/// Notes that an item was deleted or changed. What was deleted goes at once, with all that was stored together with it; a sync that begins now
/// takes what is left of it. What changed is read by the next sync. `false` when the source has no such item.
pub(crate) struct ChangedAtSource {
    pub source: SourceId,
    /// The provider's own name of it.
    pub item: String,
    pub deleted: bool,
}

/// Notes that some of what a source has exists no longer. It goes at once, with a receipt, and a sync begins that takes what is there after all.
/// `false` when the source has none of it.
pub(crate) struct GoneAtSource {
    pub source: SourceId,
    pub which: Which,
}

request! {
    ChangedAtSource => bool, needs System, patience = 60;
    GoneAtSource => bool, needs System, patience = 120;
}

/// Documents that one transaction deletes.
const DOCUMENTS: u64 = 50;
/// Time after which the rest is left to the sync, which removes it as well.
const AT_ONCE: Duration = Duration::from_secs(60);

/// What came of it.
enum Noted {
    Nothing,
    Kept,
    /// Its document is deleted, with the new count of the knowledge.
    Gone(DocumentId, i64),
}

impl ProjectActor {
    async fn note_change(&self, tx: &TenantTx, told: &ChangedAtSource) -> Result<Noted, Fault> {
        let now = self.now();
        let hash = hash_of(&told.item);
        let known = source_item::known(tx, told.source, &[hash]).await?;
        let Some(mut item) = known.into_iter().next() else {
            return Ok(Noted::Nothing);
        };
        // A step that read it before it changed must not store it after.
        let Some(held) = source::interrupt(tx, told.source).await? else {
            return Ok(Noted::Nothing);
        };
        (item.version, item.tries) = (None, 0);
        let document = match told.deleted {
            true => item.document.take(),
            false => None,
        };
        // A sync that is under way, and has listed it, reads it anew; any other lists it first.
        source_item::set(tx, held.id, &item, Left::Waiting).await?;
        if told.deleted {
            look_again_in(tx, held.id, now).await?;
        }
        let Some(document) = document else { return Ok(Noted::Kept) };
        documents::delete(tx, self.id(), document).await?;
        source_receipt::note_told(tx, ReceiptId::new(), &held, 1, now).await?;
        Ok(Noted::Gone(document, projects::knowledge_changed(tx, self.id()).await?))
    }
}

impl ProjectActor {
    /// Whether there is something to let go of.
    async fn note_gone(&self, tx: &TenantTx, told: &GoneAtSource) -> Result<bool, Fault> {
        let (now, id) = (self.now(), told.source);
        if source_item::mark_gone(tx, id, &told.which).await? == 0 {
            // Noted before, by one who did not come to an end.
            return Ok(!source_item::gone(tx, id, 1).await?.is_empty());
        }
        // A step that read it before must not store it after.
        if source::interrupt(tx, id).await?.is_none() {
            return Ok(false);
        }
        look_again_in(tx, id, now).await?;
        Ok(true)
    }

    /// Deletes some of what is gone, with what is stored of it. Which documents, the new count of the knowledge, and whether more is left.
    async fn delete_gone(&self, tx: &TenantTx, id: SourceId) -> Result<(Vec<DocumentId>, Option<i64>, bool), Fault> {
        let source = source::find(tx, id)
            .await?
            .filter(|found| !found.leaving && found.project == self.id());
        // What is being let go of goes by itself.
        let Some(source) = source else {
            return Ok((Vec::new(), None, false));
        };
        let items = source_item::gone(tx, id, DOCUMENTS).await?;
        let mut deleted = Vec::new();
        for document in items.iter().filter_map(|item| item.document) {
            documents::delete(tx, self.id(), document).await?;
            deleted.push(document);
        }
        let hashes: Vec<_> = items.iter().map(|item| item.hash).collect();
        source_item::delete(tx, id, &hashes).await?;
        let more = items.len() as u64 == DOCUMENTS;
        if deleted.is_empty() {
            return Ok((deleted, None, more));
        }
        source_receipt::note_told(tx, ReceiptId::new(), &source, deleted.len(), self.now()).await?;
        let version = projects::knowledge_changed(tx, self.id()).await?;
        Ok((deleted, Some(version), more))
    }
}

impl Serve<GoneAtSource> for ProjectActor {
    async fn serve(&self, told: GoneAtSource) -> Result<bool, Fault> {
        let began = Instant::now();
        {
            let _changing = self.changing().await;
            if !self.db().write_alone(async |tx| self.note_gone(tx, &told).await).await? {
                return Ok(false);
            }
        }
        let mut more = true;
        while more && began.elapsed() < AT_ONCE {
            let _changing = self.changing().await;
            let (deleted, version, left) = self.db().write_alone(async |tx| self.delete_gone(tx, told.source).await).await?;
            more = left;
            if let Some(version) = version {
                self.follow(Some(version), move |index| {
                    for document in deleted {
                        index.remove(document.uuid());
                    }
                })
                .await?;
            }
        }
        Ok(true)
    }
}

impl Serve<ChangedAtSource> for ProjectActor {
    async fn serve(&self, told: ChangedAtSource) -> Result<bool, Fault> {
        let _changing = self.changing().await;
        match self.db().write_alone(async |tx| self.note_change(tx, &told).await).await? {
            Noted::Nothing => Ok(false),
            Noted::Kept => Ok(true),
            Noted::Gone(document, version) => {
                self.follow(Some(version), move |index| index.remove(document.uuid())).await?;
                Ok(true)
            }
        }
    }
}
