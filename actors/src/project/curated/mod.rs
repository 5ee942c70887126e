//! Answers that the team writes, or corrects: given before anything is looked for, to questions like theirs.

mod known;
mod write;

pub(super) use known::KnownAnswers;
pub use write::preview;

use entities::{AccountId, CuratedId, Millis, TenantTx, curated_answer, curated_revision, members};
use serde::{Deserialize, Serialize};

use super::ProjectActor;
use crate::{audit::By, contain::Serve, fault::Fault, request};

/// What is asked and what is answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Wordings of the question, at least one.
    pub questions: Vec<String>,
    /// As answers are written.
    pub text: String,
    /// Pages to read on. The text may name them by their numbers.
    pub links: Vec<CuratedLink>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CuratedLink {
    pub title: String,
    pub url: String,
}

/// An answer of the team, as it is now.
#[derive(Clone, Debug)]
pub struct CuratedAnswer {
    pub id: CuratedId,
    pub content: Content,
    /// Whether it is given.
    pub enabled: bool,
    pub revision: i32,
    /// How often it was given, and when last.
    pub used: i64,
    pub used_at: Option<Millis>,
    pub created_at: Millis,
    pub updated_at: Millis,
}

/// What an answer once said.
#[derive(Clone, Debug)]
pub struct CuratedRevision {
    pub revision: i32,
    pub content: Content,
    /// The address of who wrote it, while they have an account.
    pub author: Option<String>,
    /// The earlier revision that it says again.
    pub restored_from: Option<i32>,
    pub created_at: Millis,
}

/// The project's own answers, the latest change first.
pub struct ListCurated;
/// One of them with its revisions, the latest first.
pub struct ShowCurated(pub CuratedId);
pub struct CreateCurated {
    pub by: By,
    pub content: Content,
    pub enabled: bool,
}
/// Each field is left as it is when `None`.
pub struct ChangeCurated {
    pub by: By,
    pub curated: CuratedId,
    pub questions: Option<Vec<String>>,
    pub text: Option<String>,
    pub links: Option<Vec<CuratedLink>>,
    pub enabled: Option<bool>,
    /// The revision that the change was made to: refused when there is another one by now.
    pub from: Option<i32>,
}
/// Has it say again what an earlier revision said, as its next revision.
pub struct RestoreCurated {
    pub by: By,
    pub curated: CuratedId,
    pub revision: i32,
}
/// Not given any more when this returns.
pub struct DeleteCurated {
    pub by: By,
    pub curated: CuratedId,
}

request! {
    ListCurated => Vec<CuratedAnswer>, needs Member;
    ShowCurated => (CuratedAnswer, Vec<CuratedRevision>), needs Member;
    CreateCurated => CuratedAnswer, needs Member, exclusive;
    ChangeCurated => CuratedAnswer, needs Member, exclusive;
    RestoreCurated => CuratedAnswer, needs Member, exclusive;
    DeleteCurated => (), needs Member, exclusive;
}

/// What is sealed of an answer: its content, and the vector of each of its questions in Base64.
#[derive(Serialize, Deserialize)]
struct SealedCurated {
    #[serde(flatten)]
    content: Content,
    vectors: Vec<String>,
}

/// Revisions that are shown of one answer. Older ones are kept.
const MOST_SHOWN: u64 = 200;

async fn author(tx: &TenantTx, account: Option<AccountId>) -> Result<Option<String>, Fault> {
    match account {
        Some(account) => Ok(members::email_of(tx, account).await?),
        None => Ok(None),
    }
}

impl ProjectActor {
    fn curated_answer(&self, row: &curated_answer::Curated) -> Result<CuratedAnswer, Fault> {
        let sealed: SealedCurated = self.open_json("curated_answer", "sealed", row.id.uuid(), &row.sealed)?;
        Ok(CuratedAnswer {
            id: row.id,
            content: sealed.content,
            enabled: row.enabled,
            revision: row.revision,
            used: row.used,
            used_at: row.used_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }

    fn curated_content(&self, row: &curated_revision::Revision) -> Result<Content, Fault> {
        self.open_json("curated_revision", "sealed", row.id, &row.sealed)
    }
}

impl Serve<ListCurated> for ProjectActor {
    async fn serve(&self, _: ListCurated) -> Result<Vec<CuratedAnswer>, Fault> {
        let project = self.id();
        let rows = self.db().read(async |tx| curated_answer::list(tx, project).await).await?;
        rows.iter().map(|row| self.curated_answer(row)).collect()
    }
}

impl Serve<ShowCurated> for ProjectActor {
    async fn serve(&self, ShowCurated(id): ShowCurated) -> Result<(CuratedAnswer, Vec<CuratedRevision>), Fault> {
        let project = self.id();
        let (row, revisions) = self
            .db()
            .read(async |tx| {
                let row = curated_answer::find(tx, project, id).await?.ok_or(Fault::NotFound)?;
                let mut revisions = Vec::new();
                for revision in curated_revision::list(tx, project, id, MOST_SHOWN).await? {
                    let author = author(tx, revision.author).await?;
                    revisions.push((revision, author));
                }
                Ok::<_, Fault>((row, revisions))
            })
            .await?;
        let revisions = revisions.into_iter().map(|(revision, author)| {
            Ok(CuratedRevision {
                revision: revision.revision,
                content: self.curated_content(&revision)?,
                author,
                restored_from: revision.restored_from,
                created_at: revision.created_at,
            })
        });
        Ok((self.curated_answer(&row)?, revisions.collect::<Result<_, Fault>>()?))
    }
}
