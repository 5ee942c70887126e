//! Documents of a project.

use actix_multipart::{Multipart, MultipartError};
use actix_web::{
    HttpResponse,
    http::header::{Charset, ContentDisposition, DispositionParam, DispositionType, ExtendedValue},
    web::{Json, Path, Query},
};
use actors::{
    DocumentId, Fault, Limit,
    project::{
        documents::{AddDocument, ChangeDocument, DeleteDocument, Filing, OriginalOf, ReplaceDocument, ShowDocument},
        library::list::FileLimit,
    },
    role::Member,
};
use futures_util::TryStreamExt;
use serde::Deserialize;

use crate::{
    doors::ProjectPass,
    error::{Problem, Rejected},
    routes::views::{DocumentChange, DocumentPage, DocumentQuery, DocumentView, Documents, SectionView, Uploaded},
};

#[derive(Deserialize)]
pub struct InPath {
    /// Already read by the door.
    #[serde(rename = "project")]
    _project: String,
    document: String,
}

impl InPath {
    /// What is no id names nothing here.
    fn document(&self) -> Result<DocumentId, Problem> {
        self.document.parse().map_err(|_| Problem::Fault(Fault::NotFound))
    }
}

/// A file of an upload, whole. The bytes are `None` when there are more of them than a file may have.
pub(in crate::routes) struct Upload {
    pub(in crate::routes) name: String,
    pub(in crate::routes) bytes: Option<Vec<u8>>,
}

/// Files of one request.
const MOST_FILES: usize = 100;

fn broken(error: &MultipartError) -> Problem {
    Problem::InvalidBody(format!("Send the files as multipart/form-data in parts named file ({error})."))
}

pub(in crate::routes) async fn next_file(form: &mut Multipart, most: u64) -> Result<Option<Upload>, Problem> {
    while let Some(mut field) = form.try_next().await.map_err(|error| broken(&error))? {
        let is_file = field.name() == Some("file");
        let name = field
            .content_disposition()
            .and_then(ContentDisposition::get_filename)
            .unwrap_or_default()
            .to_owned();
        let mut bytes = Some(Vec::new());
        while let Some(chunk) = field.try_next().await.map_err(|error| broken(&error))? {
            // Read to its end, so that the files after it are seen, but not kept.
            if let Some(kept) = &mut bytes {
                kept.extend_from_slice(&chunk);
                if kept.len() as u64 > most {
                    bytes = None;
                }
            }
        }
        if is_file {
            return Ok(Some(Upload { name, bytes }));
        }
    }
    Ok(None)
}

fn too_large(most: u64) -> Problem {
    Problem::Fault(Fault::Limit {
        code: Limit::FileTooLarge,
        reason: format!("The file is larger than {} MiB.", most >> 20),
    })
}

fn too_many() -> Problem {
    Problem::Fault(Fault::Limit {
        code: Limit::TooManyFiles,
        reason: format!("One upload takes at most {MOST_FILES} files. Send this one in the next."),
    })
}

pub async fn list(pass: ProjectPass<Member>, query: Query<DocumentQuery>) -> Result<Json<Documents>, Problem> {
    Ok(Json(pass.send(query.into_inner().list()?).await?.into()))
}

pub async fn add(pass: ProjectPass<Member>, mut form: Multipart) -> Result<HttpResponse, Problem> {
    let most = pass.send(FileLimit).await?;
    let (mut documents, mut rejected, mut first) = (Vec::new(), Vec::new(), None);
    while let Some(Upload { name, bytes }) = next_file(&mut form, most).await? {
        let added = match bytes {
            // What came before is stored, and is told: these are left over, and counted no further than it takes to say so.
            _ if documents.len() + rejected.len() >= 2 * MOST_FILES => break,
            _ if documents.len() + rejected.len() >= MOST_FILES => Err(too_many()),
            Some(bytes) => {
                let (by, name) = (pass.by(), name.clone());
                pass.send(AddDocument { by, name, bytes }).await
            }
            None => Err(too_large(most)),
        };
        match added {
            Ok(document) => documents.push(DocumentView::from(document)),
            Err(problem) => {
                let description = problem.describe();
                if description.status.is_server_error() {
                    return Err(problem);
                }
                rejected.push(Rejected {
                    name,
                    code: description.code.to_owned(),
                    detail: description.detail.into_owned(),
                });
                first.get_or_insert(problem);
            }
        }
    }
    match first {
        Some(problem) if documents.is_empty() => Err(Problem::NothingAccepted(Box::new(problem), rejected)),
        None if documents.is_empty() => Err(Problem::InvalidBody("Send at least one part named file.".into())),
        _ => Ok(HttpResponse::Created().json(Uploaded { documents, rejected })),
    }
}

pub async fn show(pass: ProjectPass<Member>, path: Path<InPath>) -> Result<Json<DocumentPage>, Problem> {
    let (document, sections) = pass.send(ShowDocument(path.document()?)).await?;
    let sections = sections.into_iter().map(|section| SectionView {
        id: section.id,
        heading: section.heading,
        text: section.text,
    });
    Ok(Json(DocumentPage {
        document: document.into(),
        sections: sections.collect(),
    }))
}

pub async fn original(pass: ProjectPass<Member>, path: Path<InPath>) -> Result<HttpResponse, Problem> {
    let original = pass.send(OriginalOf(path.document()?)).await?;
    let name = ExtendedValue {
        charset: Charset::Ext("UTF-8".into()),
        language_tag: None,
        value: original.name.into_bytes(),
    };
    // Never shown in place: an uploaded page must not run on this origin.
    let attachment = ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::FilenameExt(name)],
    };
    let mut response = HttpResponse::Ok();
    response
        .insert_header(attachment)
        .insert_header(("content-security-policy", "sandbox; default-src 'none'"));
    Ok(response.content_type(original.media_type).body(original.bytes))
}

pub async fn replace(pass: ProjectPass<Member>, path: Path<InPath>, mut form: Multipart) -> Result<Json<DocumentView>, Problem> {
    let document = path.document()?;
    let most = pass.send(FileLimit).await?;
    let upload = next_file(&mut form, most)
        .await?
        .ok_or_else(|| Problem::InvalidBody("Send one part named file.".into()))?;
    let bytes = upload.bytes.ok_or_else(|| too_large(most))?;
    Ok(Json(
        pass.send(ReplaceDocument {
            by: pass.by(),
            document,
            file_name: upload.name,
            bytes,
        })
        .await?
        .into(),
    ))
}

pub async fn change(pass: ProjectPass<Member>, path: Path<InPath>, body: Json<DocumentChange>) -> Result<Json<DocumentView>, Problem> {
    let DocumentChange {
        name,
        source_url,
        tags,
        collection,
        review_by,
        reviewed,
    } = body.into_inner();
    let filing = Filing {
        tags,
        collection,
        review_by,
        reviewed: reviewed.unwrap_or(false),
    };
    Ok(Json(
        pass.send(ChangeDocument {
            document: path.document()?,
            name,
            source_url,
            filing,
        })
        .await?
        .into(),
    ))
}

pub async fn delete(pass: ProjectPass<Member>, path: Path<InPath>) -> Result<HttpResponse, Problem> {
    let (by, document) = (pass.by(), path.document()?);
    pass.send(DeleteDocument { by, document }).await?;
    Ok(HttpResponse::NoContent().finish())
}
