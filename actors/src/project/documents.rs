//! Documents: taking them in, showing them, letting go of them.

use entities::{
    ChunkId, DocumentId, Millis, ProjectId, StoreError, TenantTx,
    audit::{self, Act, Target},
    chunk, documents,
    documents::Change,
    job, projects,
};
use serde::Serialize;
use serde_json::json;

use super::ProjectActor;
use crate::{
    audit::By,
    contain::Serve,
    fault::{Fault, Invalid, Limit},
    knowledge::parse::MediaType,
    request,
    text::{is_hidden, parse_name},
};

#[derive(Clone, Debug, Serialize)]
pub struct DocumentView {
    pub id: DocumentId,
    pub name: String,
    pub media_type: String,
    pub size: i64,
    pub status: String,
    pub progress: Progress,
    pub failure: Option<Failure>,
    pub pages: Option<i32>,
    pub chunks: i32,
    pub source_url: Option<String>,
    pub revision: i32,
    pub created_at: Millis,
    pub updated_at: Millis,
}

/// Chunks that are embedded, of all.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Progress {
    pub done: i32,
    pub total: i32,
}

#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    pub code: String,
    pub detail: String,
}

impl From<documents::Document> for DocumentView {
    fn from(document: documents::Document) -> Self {
        Self {
            id: document.id,
            name: document.name,
            media_type: document.media_type,
            size: document.size,
            status: document.status,
            progress: Progress {
                done: document.embedded,
                total: document.chunks,
            },
            failure: document.failure.map(|(code, detail)| Failure { code, detail }),
            pages: document.pages,
            chunks: document.chunks,
            source_url: document.source_url,
            revision: document.revision,
            created_at: document.created_at,
            updated_at: document.updated_at,
        }
    }
}

/// Everything of a project's documents but their contents.
pub struct DocumentList {
    pub documents: Vec<DocumentView>,
    pub used_bytes: i64,
    pub most_file_bytes: u64,
    pub most_documents: i64,
    pub most_total_bytes: i64,
    pub most_pages: u32,
}

/// A chunk as it was read.
#[derive(Clone, Debug, Serialize)]
pub struct Section {
    pub id: ChunkId,
    pub heading: Vec<String>,
    pub text: String,
}

/// A file as it was uploaded.
pub struct Original {
    pub name: String,
    pub media_type: String,
    pub bytes: Vec<u8>,
}

pub struct ListDocuments;
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
}
/// Not answered from any more when this returns.
pub struct DeleteDocument {
    pub by: By,
    pub document: DocumentId,
}

request! {
    ListDocuments => DocumentList, needs Member;
    AddDocument => DocumentView, needs Member, exclusive, patience = 60;
    ShowDocument => (DocumentView, Vec<Section>), needs Member;
    OriginalOf => Original, needs Member;
    ReplaceDocument => DocumentView, needs Member, exclusive, patience = 60;
    ChangeDocument => DocumentView, needs Member, exclusive;
    DeleteDocument => (), needs Member, exclusive;
}

/// The last part of an uploaded path, as a name to show.
fn parse_file_name(name: &str) -> Result<String, Fault> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    if last.chars().count() > 200 {
        return Err(Fault::invalid(Invalid::Name, "file", "Use a file name of at most 200 characters."));
    }
    let (stem, extension) = last.rsplit_once('.').unwrap_or((last, ""));
    if extension.chars().any(is_hidden) {
        return Err(Fault::invalid(Invalid::Name, "file", "Use ordinary characters in the file's name."));
    }
    let stem: String = stem.chars().take(80).collect();
    let stem = parse_name(&stem, "file")?;
    Ok(if extension.is_empty() {
        stem
    } else {
        format!("{stem}.{extension}")
    })
}

fn parse_link(text: &str) -> Result<Option<String>, Fault> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let refuse = || {
        Fault::invalid(
            Invalid::SourceUrl,
            "source_url",
            "Enter a web address that starts with https:// or http://.",
        )
    };
    let link = url::Url::parse(text).map_err(|_| refuse())?;
    let web = matches!(link.scheme(), "http" | "https") && link.host().is_some();
    if web && link.username().is_empty() && link.password().is_none() && text.len() <= 2000 {
        Ok(Some(link.into()))
    } else {
        Err(refuse())
    }
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
    async fn check_room(&self, tx: &TenantTx, more: (i64, i64), freed: i64) -> Result<(), Fault> {
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

    async fn seal_body(&self, document: DocumentId, bytes: Vec<u8>) -> Result<Vec<u8>, Fault> {
        let (key, id) = (self.seed.key.clone(), document.uuid());
        let place = crate::vault::Place("document_body", "sealed", id);
        Ok(self.seed.lane.question(move || key.seal(place, &bytes)).await??)
    }

    async fn view(&self, id: DocumentId) -> Result<DocumentView, Fault> {
        let project = self.id();
        let found = self.db().read(async |tx| documents::find(tx, project, id).await).await?;
        Ok(found.ok_or(Fault::NotFound)?.into())
    }
}

async fn queue_reading(tx: &TenantTx, project: ProjectId, document: DocumentId, revision: i32, now: Millis) -> Result<(), Fault> {
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

impl Serve<ListDocuments> for ProjectActor {
    async fn serve(&self, _: ListDocuments) -> Result<DocumentList, Fault> {
        let (project, limits) = (self.id(), &self.seed.engine.limits);
        let listed = self.db().read(async |tx| documents::list(tx, project).await).await?;
        Ok(DocumentList {
            used_bytes: listed.iter().map(|document| document.size).sum(),
            documents: listed.into_iter().map(DocumentView::from).collect(),
            most_file_bytes: limits.file_bytes,
            most_documents: limits.documents,
            most_total_bytes: limits.total_bytes,
            most_pages: limits.inside.pages,
        })
    }
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
        };
        let sealed = self.seal_body(document.id, add.bytes).await?;
        let stored = self.db().write(async |tx| {
            self.check_room(tx, (1, size), 0).await?;
            documents::insert(tx, project, &document).await?;
            documents::store_body(tx, project, document.id, sealed).await?;
            queue_reading(tx, project, document.id, document.revision, now).await?;
            note(tx, &add.by, Act::DocumentUploaded, (project, document.id), now).await
        });
        stored.await.map_err(|error| taken(error, "file"))?;
        self.seed.engine.work.notify_one();
        Ok(document.into())
    }
}

impl Serve<ShowDocument> for ProjectActor {
    async fn serve(&self, ShowDocument(id): ShowDocument) -> Result<(DocumentView, Vec<Section>), Fault> {
        let project = self.id();
        let (document, chunks) = self
            .db()
            .read(async |tx| {
                let document = documents::find(tx, project, id).await?.ok_or(Fault::NotFound)?;
                Ok::<_, Fault>((document, chunk::of_document(tx, project, id).await?))
            })
            .await?;
        let sections = chunks.iter().map(|row| {
            let (chunk, _) = self.open_chunk(row)?;
            Ok(Section {
                id: row.id,
                heading: chunk.heading,
                text: chunk.text,
            })
        });
        Ok((document.into(), sections.collect::<Result<_, Fault>>()?))
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
        let sealed = self.seal_body(id, replace.bytes).await?;
        let _changing = self.changing().await;
        let replaced = self.db().write_alone(async |tx| {
            let old = documents::find(tx, project, id).await?.ok_or(Fault::NotFound)?;
            self.check_room(tx, (0, size), old.size).await?;
            let revision = documents::replace(tx, project, id, (media.as_str(), size), now)
                .await?
                .ok_or(Fault::NotFound)?;
            documents::store_body(tx, project, id, sealed).await?;
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
        let link = source_url.clone();
        let changed = self.db().write(async |tx| {
            if !documents::update(tx, project, id, Change { name, source_url: link }, now).await? {
                return Err(Fault::NotFound);
            }
            Ok(projects::knowledge_changed(tx, project).await?)
        });
        let version = changed.await.map_err(|error| taken(error, "name"))?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_the_last_part_of_a_path_without_surprises() {
        assert_eq!(parse_file_name("../../etc/guide.md").unwrap(), "guide.md");
        assert_eq!(parse_file_name("C:\\docs\\My  Guide.pdf").unwrap(), "My Guide.pdf");
        assert!(parse_file_name("").is_err());
        assert!(parse_file_name("a\u{202e}fdp.exe").is_err());
        assert!(parse_file_name("guide.m\0d").is_err());
        assert!(parse_file_name("guide.\u{202e}fdp").is_err());
    }

    #[test]
    fn a_link_is_a_web_address_without_credentials() {
        assert_eq!(
            parse_link(" https://docs.example.com/a ").unwrap().as_deref(),
            Some("https://docs.example.com/a")
        );
        assert_eq!(parse_link("").unwrap(), None);
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "https://a:b@example.com/",
            "docs",
            "ftp://example.com",
        ] {
            assert!(parse_link(bad).is_err(), "{bad}");
        }
    }
}
