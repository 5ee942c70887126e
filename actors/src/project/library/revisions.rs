//! What documents were before: kept, shown, compared, brought back.

use std::time::Duration;

use entities::{
    DocumentId, Millis, RevisionId, TenantTx,
    audit::{self, Act, Target},
    document_revision::{self, Revision},
    documents, projects,
};
use serde_json::json;

pub use super::text::{Change, DiffLine, Difference};
use super::{
    super::{
        ProjectActor,
        documents::{DocumentView, by_hand, queue_reading},
    },
    text::{difference, lines},
};
use crate::{
    audit::By,
    contain::Serve,
    fault::Fault,
    knowledge::parse::{self, MediaType, Stop},
    request,
    vault::Place,
};

/// Earlier revisions that are kept of each document.
pub const MOST_REVISIONS: u64 = 10;

/// A revision without its contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevisionView {
    pub revision: i32,
    pub media_type: String,
    pub size: i64,
    /// When it came to be.
    pub since: Option<Millis>,
    /// When another took its place; `None` for the present one.
    pub replaced_at: Option<Millis>,
}

/// The present one and those that are kept, the latest first.
pub struct ListRevisions(pub DocumentId);
/// A revision as lines of text.
pub struct ShowRevision {
    pub document: DocumentId,
    pub revision: i32,
}
/// What differs between two revisions, of one document or of two; the present one without a number.
pub struct CompareRevisions {
    pub old: (DocumentId, Option<i32>),
    pub new: (DocumentId, Option<i32>),
}
/// Makes what a document was before its contents again, as a new revision.
pub struct RestoreRevision {
    pub by: By,
    pub document: DocumentId,
    pub revision: i32,
}

request! {
    ListRevisions => Vec<RevisionView>, needs Member;
    ShowRevision => Vec<String>, needs Member, patience = 60;
    CompareRevisions => Difference, needs Member, patience = 60;
    RestoreRevision => DocumentView, needs Member, exclusive, patience = 60;
}

impl ProjectActor {
    /// What a document is now, sealed to be kept when it is something else; `None` when it would be `new` again.
    pub(in crate::project) async fn to_keep(
        &self,
        document: &documents::Document,
        sealed_body: Vec<u8>,
        new: Option<Vec<u8>>,
        now: Millis,
    ) -> Result<Option<Revision>, Fault> {
        let (key, of, id) = (self.seed.key.clone(), document.id, RevisionId::new());
        let work = move || {
            let body = key.open(Place("document_body", "sealed", of.uuid()), &sealed_body)?;
            if new.is_some_and(|new| new == body.as_slice()) {
                return Ok(None);
            }
            Ok::<_, Fault>(Some(key.seal(Place("document_revision", "sealed", id.uuid()), &body)?))
        };
        let sealed = self.seed.lane.question(work).await??;
        Ok(sealed.map(|sealed| Revision {
            id,
            document: of,
            revision: document.revision,
            media_type: document.media_type.clone(),
            size: document.size,
            replaced_at: now,
            sealed,
        }))
    }

    /// Keeps an earlier revision, if there is room for it once the oldest of the project's are let go of.
    pub(in crate::project) async fn keep(&self, tx: &TenantTx, kept: Revision) -> Result<(), Fault> {
        let (project, size) = (self.id(), kept.size);
        document_revision::insert(tx, project, kept, MOST_REVISIONS).await?;
        self.let_go_of_revisions(tx, size).await
    }

    /// Earlier revisions take what room the documents leave.
    pub(in crate::project) async fn let_go_of_revisions(&self, tx: &TenantTx, more: i64) -> Result<(), Fault> {
        let project = self.id();
        let (most, all) = (self.seed.engine.limits.total_bytes, documents::totals(tx, project).await?.bytes);
        // Far from the limit, as nearly always, nothing is to be counted.
        if all.saturating_add(more) < most / 4 && document_revision::total(tx, project).await? < most / 4 {
            return Ok(());
        }
        let over = all + document_revision::total(tx, project).await? - most;
        if over > 0 {
            document_revision::let_go(tx, project, over).await?;
        }
        Ok(())
    }

    /// The bytes of a revision, and what they are.
    async fn contents(&self, document: DocumentId, revision: Option<i32>) -> Result<(MediaType, String, Vec<u8>), Fault> {
        let project = self.id();
        let (found, body, kept) = self
            .db()
            .read(async |tx| {
                let found = documents::find(tx, project, document).await?.ok_or(Fault::NotFound)?;
                match revision.filter(|revision| *revision != found.revision) {
                    None => {
                        let body = documents::load_body(tx, project, document).await?.ok_or(Fault::NotFound)?;
                        Ok::<_, Fault>((found, Some(body), None))
                    }
                    Some(revision) => {
                        let kept = document_revision::find(tx, project, document, revision).await?;
                        Ok((found, None, Some(kept.ok_or(Fault::NotFound)?)))
                    }
                }
            })
            .await?;
        let (media, bytes) = match (body, kept) {
            (_, Some(kept)) => (
                kept.media_type,
                self.open("document_revision", "sealed", kept.id.uuid(), &kept.sealed)?.to_vec(),
            ),
            (Some(body), None) => (
                found.media_type,
                self.open("document_body", "sealed", document.uuid(), &body)?.to_vec(),
            ),
            (None, None) => return Err(Fault::NotFound),
        };
        let media = MediaType::from_str(&media).ok_or(Fault::Internal("media type"))?;
        Ok((media, found.name, bytes))
    }

    async fn lines_of(&self, document: DocumentId, revision: Option<i32>) -> Result<Vec<String>, Fault> {
        let (media, name, bytes) = self.contents(document, revision).await?;
        let (limits, stop) = (self.seed.engine.limits.inside, Stop::new());
        let stopped = stop.clone();
        // What could not be read has no lines.
        let work = move || parse::parse(media, &name, &bytes, &limits, &stop).map_or_else(|_| Vec::new(), |parsed| lines(&parsed));
        match tokio::time::timeout(Duration::from_secs(20), self.seed.lane.batch(work)).await {
            Ok(lines) => lines,
            Err(_) => {
                stopped.raise();
                Err(Fault::TimedOut)
            }
        }
    }
}

impl Serve<ListRevisions> for ProjectActor {
    async fn serve(&self, ListRevisions(id): ListRevisions) -> Result<Vec<RevisionView>, Fault> {
        let project = self.id();
        let (document, kept) = self
            .db()
            .read(async |tx| {
                let document = documents::find(tx, project, id).await?.ok_or(Fault::NotFound)?;
                Ok::<_, Fault>((document, document_revision::list(tx, project, id).await?))
            })
            .await?;
        let ended = |revision: i32| match revision {
            1 => Some(document.created_at),
            _ => kept.iter().find(|one| one.revision == revision - 1).map(|one| one.replaced_at),
        };
        let mut views = vec![RevisionView {
            since: ended(document.revision),
            revision: document.revision,
            media_type: document.media_type.clone(),
            size: document.size,
            replaced_at: None,
        }];
        views.extend(kept.iter().map(|one| RevisionView {
            revision: one.revision,
            media_type: one.media_type.clone(),
            size: one.size,
            since: ended(one.revision),
            replaced_at: Some(one.replaced_at),
        }));
        Ok(views)
    }
}

impl Serve<ShowRevision> for ProjectActor {
    async fn serve(&self, show: ShowRevision) -> Result<Vec<String>, Fault> {
        self.lines_of(show.document, Some(show.revision)).await
    }
}

impl Serve<CompareRevisions> for ProjectActor {
    async fn serve(&self, compare: CompareRevisions) -> Result<Difference, Fault> {
        let old = self.lines_of(compare.old.0, compare.old.1).await?;
        let new = self.lines_of(compare.new.0, compare.new.1).await?;
        self.seed.lane.question(move || difference(&old, &new)).await
    }
}

impl Serve<RestoreRevision> for ProjectActor {
    async fn serve(&self, restore: RestoreRevision) -> Result<DocumentView, Fault> {
        let (project, now, id) = (self.id(), self.now(), restore.document);
        let (kept, present, body) = self
            .db()
            .read(async |tx| {
                let present = by_hand(tx, project, id).await?;
                let kept = document_revision::find(tx, project, id, restore.revision)
                    .await?
                    .ok_or(Fault::NotFound)?;
                let body = documents::load_body(tx, project, id).await?.ok_or(Fault::NotFound)?;
                Ok::<_, Fault>((kept, present, body))
            })
            .await?;
        let bytes = self.open("document_revision", "sealed", kept.id.uuid(), &kept.sealed)?.to_vec();
        let earlier = self.to_keep(&present, body, Some(bytes.clone()), now).await?;
        let sealed = self.seal_body(id, bytes).await?;
        let _changing = self.changing().await;
        let restored = self.db().write_alone(async |tx| {
            let old = by_hand(tx, project, id).await?;
            if old.revision != present.revision {
                // Somebody replaced it in this moment: what they gave it is not to be lost.
                return Err(Fault::Overloaded);
            }
            self.check_room(tx, (0, kept.size), old.size).await?;
            let put = (kept.media_type.as_str(), kept.size);
            let revision = documents::replace(tx, project, id, put, now).await?.ok_or(Fault::NotFound)?;
            documents::store_body(tx, project, id, sealed).await?;
            if let Some(earlier) = earlier {
                self.keep(tx, earlier).await?;
            }
            self.renew_review(tx, &old).await?;
            queue_reading(tx, project, id, revision, now).await?;
            let version = projects::knowledge_changed(tx, project).await?;
            let details = json!({ "project": project, "revision": restore.revision });
            let note = restore
                .by
                .did_with(Act::DocumentRestored, Target::of("document", id, ""), now, details);
            audit::append(tx, note).await?;
            Ok(version)
        });
        let version = restored.await?;
        self.follow(Some(version), move |index| index.remove(id.uuid())).await?;
        self.seed.engine.work.notify_one();
        self.view(id).await
    }
}
