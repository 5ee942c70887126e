//! Documents: taking them in, showing them, letting go of them.

mod parse;
mod view;

use entities::{
    DocumentId, Millis, ProjectId, StoreError, TenantTx,
    audit::{self, Act, Target},
    chunk, documents,
    documents::{Change, Filed, Review},
    job, projects,
};
use serde_json::json;

use self::parse::{parse_file_name, parse_link};
pub use self::view::{CollectionRef, DocumentList, DocumentView, Failure, Original, Progress, Section, SourceRef, TwinRef};
use super::{
    ProjectActor,
    library::{parse_day, parse_tags},
};
use crate::{
    audit::By,
    billing::{Meter, require_room},
    contain::Serve,
    fault::{Fault, Invalid, Limit},
    knowledge::parse::MediaType,
    request,
};

/// Takes a file in. It is stored when this returns; reading it is a job.
pub struct AddDocument {
    pub by: By,
    pub name: String,
    pub bytes: Vec<u8>,
}
pub struct ShowDocument(pub DocumentId);
pub struct OriginalOf(pub DocumentId);
/// New contents for a document. What the old ones said is not answered from any more when this returns.
pub struct ReplaceDocument {
    pub by: By,
    pub document: DocumentId,
    /// Of the new file: tells its type. The document keeps its own.
    pub file_name: String,
    pub bytes: Vec<u8>,
}
/// Each field is left as it is when `None`; an empty link clears it.
pub struct ChangeDocument {
    pub document: DocumentId,
    pub name: Option<String>,
    pub source_url: Option<String>,
    pub filing: Filing,
}

/// What a document is found by, and how fresh it is: also of one that comes from a source, since it is this project's own. Each field is
/// left as it is when `None`.
#[derive(Clone, Debug, Default)]
pub struct Filing {
    pub tags: Option<Vec<String>>,
    /// Of that id; an empty one takes it out of any.
    pub collection: Option<String>,
    /// A day such as `2027-01-31`; an empty one leaves it to its collection.
    pub review_by: Option<String>,
    /// Somebody looked at it now.
    pub reviewed: bool,
}

/// Not answered from any more when this returns.
pub struct DeleteDocument {
    pub by: By,
    pub document: DocumentId,
}

request! {
    AddDocument => DocumentView, needs Member, exclusive, patience = 60;
    ShowDocument => (DocumentView, Vec<Section>), needs Member;
    OriginalOf => Original, needs Member;
    ReplaceDocument => DocumentView, needs Member, exclusive, patience = 60;
    ChangeDocument => DocumentView, needs Member, exclusive;
    DeleteDocument => (), needs Member, exclusive;
}

impl ProjectActor {
    fn check_file(&self, name: &str, bytes: &[u8]) -> Result<MediaType, Fault> {
        let refuse = |code, reason: String| Err(Fault::Limit { code, reason });
        let most = self.seed.engine.limits.file_bytes;
        if bytes.is_empty() {
            return refuse(Limit::EmptyFile, "The file is empty.".into());
        }
        if bytes.len() as u64 > most {
            return refuse(Limit::FileTooLarge, format!("The file is larger than {} MiB.", most >> 20));
        }
        match MediaType::detect(name, bytes) {
            Some(media) => Ok(media),
            None => refuse(
                Limit::UnsupportedType,
                "Only Markdown, plain text, HTML, PDF and DOCX files can be read.".into(),
            ),
        }
    }

    /// Refuses what the project has no room for; `freed` is what the change gives back.
    pub(super) async fn check_room(&self, tx: &TenantTx, more: (i64, i64), freed: i64) -> Result<(), Fault> {
        let (limits, totals) = (&self.seed.engine.limits, documents::totals(tx, self.id()).await?);
        let (documents, bytes) = more;
        if totals.documents + documents > limits.documents {
            let reason = format!("A project has at most {} documents.", limits.documents);
            return Err(Fault::Limit {
                code: Limit::TooManyDocuments,
                reason,
            });
        }
        if totals.bytes - freed + bytes > limits.total_bytes {
            let reason = format!("A project holds at most {} MiB.", limits.total_bytes >> 20);
            return Err(Fault::Limit {
                code: Limit::StorageFull,
                reason,
            });
        }
        Ok(())
    }

    pub(super) async fn seal_body(&self, document: DocumentId, bytes: Vec<u8>) -> Result<Vec<u8>, Fault> {
        let (key, id) = (self.seed.key.clone(), document.uuid());
        let place = crate::vault::Place("document_body", "sealed", id);
        Ok(self.seed.lane.question(move || key.seal(place, &bytes)).await??)
    }

    /// Changes what a document is found by, and how fresh it is.
    async fn file(&self, tx: &TenantTx, id: DocumentId, filing: &Filing, now: Millis) -> Result<(), Fault> {
        let project = self.id();
        if let Some(tags) = &filing.tags {
            self.set_tags(tx, id, &parse_tags(tags)?).await?;
        }
        if let Some(collection) = &filing.collection {
            let into = match collection.as_str() {
                "" => None,
                collection => {
                    let id = collection.parse();
                    let unknown = |_| Fault::invalid(Invalid::Collection, "collection", "There is no such collection.");
                    Some(self.find_collection(tx, id.map_err(unknown)?).await?)
                }
            };
            documents::file(tx, project, &[id], into).await?;
        }
        let found = documents::find(tx, project, id).await?.ok_or(Fault::NotFound)?;
        if filing.reviewed {
            self.review_some(tx, std::slice::from_ref(&found), Review::Done(now)).await?;
        }
        if let Some(day) = &filing.review_by {
            let at = match day.as_str() {
                "" => None,
                day => Some(parse_day(day, "review_by")?),
            };
            self.review_some(tx, std::slice::from_ref(&found), Review::At(at)).await?;
        }
        Ok(())
    }
}

/// A document that may be changed by hand: what comes from a source is changed there, and would be as before after the next sync.
pub(super) async fn by_hand(tx: &TenantTx, project: ProjectId, id: DocumentId) -> Result<documents::Document, Fault> {
    let found = documents::find(tx, project, id).await?.ok_or(Fault::NotFound)?;
    if found.source.is_some() {
        Err(Fault::FromSource)
    } else {
        Ok(found)
    }
}

pub(super) async fn queue_reading(
    tx: &TenantTx,
    project: ProjectId,
    document: DocumentId,
    revision: i32,
    now: Millis,
) -> Result<(), Fault> {
    job::enqueue(tx, project, job::Work::ReadDocument { document, revision }, now).await?;
    Ok(())
}

fn taken(error: Fault, field: &'static str) -> Fault {
    match error {
        Fault::Storage(StoreError::Conflict) => Fault::NameTaken(field),
        other => other,
    }
}

/// A document by its id alone: its name is content.
async fn note(tx: &TenantTx, by: &By, act: Act, (project, id): (ProjectId, DocumentId), now: Millis) -> Result<(), Fault> {
    let details = json!({ "project": project });
    audit::append(tx, by.did_with(act, Target::of("document", id, ""), now, details)).await?;
    Ok(())
}

impl Serve<AddDocument> for ProjectActor {
    async fn serve(&self, add: AddDocument) -> Result<DocumentView, Fault> {
        let name = parse_file_name(&add.name)?;
        let media = self.check_file(&name, &add.bytes)?;
        let (project, now) = (self.id(), self.now());
        let size = i64::try_from(add.bytes.len()).unwrap_or(i64::MAX);
        let document = documents::Document {
            id: DocumentId::new(),
            title: name.clone(),
            name,
            media_type: media.as_str().into(),
            size,
            revision: 1,
            status: "queued".into(),
            failure: None,
            pages: None,
            chunks: 0,
            embedded: 0,
            source_url: None,
            created_at: now,
            updated_at: now,
            source: None,
            filed: Filed::at(now),
        };
        let sealed = self.seal_body(document.id, add.bytes).await?;
        let stored = self.db().write(async |tx| {
            self.check_room(tx, (1, size), 0).await?;
            documents::insert(tx, project, &document).await?;
            // Before the log: whoever changes the team holds the workspace, and then waits for the log.
            require_room(self.seed.engine.billing.as_deref(), tx, Meter::Documents, now).await?;
            documents::store_body(tx, project, document.id, sealed).await?;
            self.let_go_of_revisions(tx, 0).await?;
            queue_reading(tx, project, document.id, document.revision, now).await?;
            note(tx, &add.by, Act::DocumentUploaded, (project, document.id), now).await
        });
        stored.await.map_err(|error| taken(error, "file"))?;
        self.seed.engine.work.notify_one();
        Ok(DocumentView::of(document, &view::Around::default()))
    }
}

impl Serve<ShowDocument> for ProjectActor {
    async fn serve(&self, ShowDocument(id): ShowDocument) -> Result<(DocumentView, Vec<Section>), Fault> {
        let project = self.id();
        let (document, chunks, around) = self
            .db()
            .read(async |tx| {
                let document = documents::find(tx, project, id).await?.ok_or(Fault::NotFound)?;
                let around = self.around(tx, std::slice::from_ref(&document)).await?;
                Ok::<_, Fault>((document, chunk::of_document(tx, project, id).await?, around))
            })
            .await?;
        let sections = chunks.iter().map(|row| {
            self.check_vectors(row)?;
            let chunk = self.open_chunk(row)?;
            Ok(Section {
                id: row.id,
                heading: chunk.heading,
                text: chunk.text,
            })
        });
        Ok((DocumentView::of(document, &around), sections.collect::<Result<_, Fault>>()?))
    }
}

impl Serve<OriginalOf> for ProjectActor {
    async fn serve(&self, OriginalOf(id): OriginalOf) -> Result<Original, Fault> {
        let project = self.id();
        let (document, sealed) = self
            .db()
            .read(async |tx| {
                let document = documents::find(tx, project, id).await?.ok_or(Fault::NotFound)?;
                Ok::<_, Fault>((document, documents::load_body(tx, project, id).await?.ok_or(Fault::NotFound)?))
            })
            .await?;
        let bytes = self.open("document_body", "sealed", id.uuid(), &sealed)?.to_vec();
        Ok(Original {
            name: document.name,
            media_type: document.media_type,
            bytes,
        })
    }
}

impl Serve<ReplaceDocument> for ProjectActor {
    async fn serve(&self, replace: ReplaceDocument) -> Result<DocumentView, Fault> {
        let media = self.check_file(&replace.file_name, &replace.bytes)?;
        let (project, now, id) = (self.id(), self.now(), replace.document);
        let size = i64::try_from(replace.bytes.len()).unwrap_or(i64::MAX);
        let (present, body) = self
            .db()
            .read(async |tx| {
                let present = by_hand(tx, project, id).await?;
                let body = documents::load_body(tx, project, id).await?.ok_or(Fault::NotFound)?;
                Ok::<_, Fault>((present, body))
            })
            .await?;
        let earlier = self.to_keep(&present, body, Some(replace.bytes.clone()), now).await?;
        let sealed = self.seal_body(id, replace.bytes).await?;
        let _changing = self.changing().await;
        let replaced = self.db().write_alone(async |tx| {
            let old = by_hand(tx, project, id).await?;
            if old.revision != present.revision {
                // Somebody else replaced it in this moment: what they gave it is not to be lost.
                return Err(Fault::Overloaded);
            }
            self.check_room(tx, (0, size), old.size).await?;
            let revision = documents::replace(tx, project, id, (media.as_str(), size), now)
                .await?
                .ok_or(Fault::NotFound)?;
            documents::store_body(tx, project, id, sealed).await?;
            if let Some(earlier) = earlier {
                self.keep(tx, earlier).await?;
            }
            self.renew_review(tx, &old).await?;
            queue_reading(tx, project, id, revision, now).await?;
            let version = projects::knowledge_changed(tx, project).await?;
            note(tx, &replace.by, Act::DocumentReplaced, (project, id), now).await?;
            Ok::<_, Fault>(version)
        });
        let version = replaced.await?;
        self.follow(Some(version), move |index| index.remove(id.uuid())).await?;
        self.seed.engine.work.notify_one();
        self.view(id).await
    }
}

impl Serve<ChangeDocument> for ProjectActor {
    async fn serve(&self, change: ChangeDocument) -> Result<DocumentView, Fault> {
        let (project, now, id) = (self.id(), self.now(), change.document);
        let name = change.name.as_deref().map(parse_file_name).transpose()?;
        let source_url = change.source_url.as_deref().map(parse_link).transpose()?;
        let _changing = self.changing().await;
        let (link, filing) = (source_url.clone(), change.filing);
        let changed = self.db().write(async |tx| {
            // What comes from a source has its name and its link from there, and its place among the others from here.
            if name.is_some() || link.is_some() {
                by_hand(tx, project, id).await?;
                if !documents::update(
                    tx,
                    project,
                    id,
                    Change {
                        name,
                        source_url: link.clone(),
                    },
                    now,
                )
                .await?
                {
                    return Err(Fault::NotFound);
                }
            }
            self.file(tx, id, &filing, now).await?;
            match link {
                Some(_) => Ok(Some(projects::knowledge_changed(tx, project).await?)),
                None => Ok(None),
            }
        });
        let Some(version) = changed.await.map_err(|error| taken(error, "name"))? else {
            return self.view(id).await;
        };
        self.follow(Some(version), move |index| {
            if let Some(link) = source_url {
                index.set_source_url(id.uuid(), link.as_deref());
            }
        })
        .await?;
        self.view(id).await
    }
}

impl Serve<DeleteDocument> for ProjectActor {
    async fn serve(&self, DeleteDocument { by, document: id }: DeleteDocument) -> Result<(), Fault> {
        let (project, now) = (self.id(), self.now());
        let _changing = self.changing().await;
        let deleted = self.db().write_alone(async |tx| {
            by_hand(tx, project, id).await?;
            if !documents::delete(tx, project, id).await? {
                return Err(Fault::NotFound);
            }
            let version = projects::knowledge_changed(tx, project).await?;
            note(tx, &by, Act::DocumentDeleted, (project, id), now).await?;
            Ok(version)
        });
        let version = deleted.await?;
        self.follow(Some(version), move |index| index.remove(id.uuid())).await
    }
}
