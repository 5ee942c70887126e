//! Changes of the team's own answers. Each counts as a change of what the project knows, so that every node gives what is said
//! now from its next question on.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use entities::{
    CuratedId, Millis, TenantTx,
    audit::{self, Act, Target},
    curated_answer, curated_revision, projects,
};
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use super::{ChangeCurated, Content, CreateCurated, CuratedAnswer, CuratedLink, DeleteCurated, RestoreCurated, SealedCurated};
use crate::{
    audit::By,
    contain::Serve,
    fault::{Fault, Invalid, Limit},
    knowledge::{
        answer::safe::{self, Rules},
        curated::plain,
    },
    project::ProjectActor,
};

/// All of them are compared with every question.
const MOST_ANSWERS: u64 = 500;
const MOST_QUESTIONS: usize = 20;
const LONGEST_QUESTION: usize = 300;
const LONGEST_TEXT: usize = 4_000;
const MOST_LINKS: usize = 10;
const LONGEST_TITLE: usize = 120;
const LONGEST_URL: usize = 2_000;

fn parse_questions(questions: &[String]) -> Result<Vec<String>, Fault> {
    let refuse = |reason: String| Fault::invalid(Invalid::CuratedQuestions, "questions", reason);
    let mut known: Vec<String> = Vec::with_capacity(questions.len());
    for question in questions {
        let question = safe::visible(question).split_whitespace().collect::<Vec<_>>().join(" ");
        if question.chars().count() > LONGEST_QUESTION {
            return Err(refuse(format!("Use at most {LONGEST_QUESTION} characters for a question.")));
        }
        let words = plain(&question);
        if !words.is_empty() && known.iter().all(|other| plain(other) != words) {
            known.push(question);
        }
    }
    match known.len() {
        0 => Err(refuse("Write at least one question.".into())),
        1..=MOST_QUESTIONS => Ok(known),
        _ => Err(refuse(format!("Use at most {MOST_QUESTIONS} wordings of a question."))),
    }
}

fn parse_links(links: &[CuratedLink]) -> Result<Vec<CuratedLink>, Fault> {
    let refuse = |reason: String| Fault::invalid(Invalid::CuratedLink, "links", reason);
    if links.len() > MOST_LINKS {
        return Err(refuse(format!("Use at most {MOST_LINKS} links.")));
    }
    let parse = |link: &CuratedLink| {
        let url = Url::parse(link.url.trim()).ok().filter(|url| {
            let web = matches!(url.scheme(), "http" | "https") && url.has_host();
            web && url.username().is_empty() && url.password().is_none() && url.as_str().len() <= LONGEST_URL
        });
        let url = url.ok_or_else(|| refuse("Enter web addresses that start with https:// or http://.".into()))?;
        let title = safe::visible(&link.title).split_whitespace().collect::<Vec<_>>().join(" ");
        if title.chars().count() > LONGEST_TITLE {
            return Err(refuse(format!("Use at most {LONGEST_TITLE} characters for the name of a link.")));
        }
        Ok(CuratedLink {
            title: if title.is_empty() {
                url.host_str().unwrap_or_default().to_owned()
            } else {
                title
            },
            url: url.into(),
        })
    };
    links.iter().map(parse).collect()
}

fn parse(content: &Content) -> Result<Content, Fault> {
    let refuse = |reason: String| Fault::invalid(Invalid::CuratedText, "text", reason);
    let (questions, links) = (parse_questions(&content.questions)?, parse_links(&content.links)?);
    if content.text.chars().count() > LONGEST_TEXT {
        return Err(refuse(format!("Use at most {LONGEST_TEXT} characters.")));
    }
    let text = safe::clean(&content.text, &Rules::of_team(u32::try_from(links.len()).unwrap_or(0)));
    if text.is_empty() {
        return Err(refuse("Write an answer.".into()));
    }
    Ok(Content { questions, text, links })
}

/// What would be stored of an answer with so many links.
#[must_use]
pub fn preview(text: &str, links: u32) -> String {
    let text: String = text.chars().take(LONGEST_TEXT).collect();
    safe::clean(&text, &Rules::of_team(links.min(u32::try_from(MOST_LINKS).unwrap_or(u32::MAX))))
}

/// An answer by its id alone: what it says is content.
async fn note(tx: &TenantTx, by: &By, act: Act, id: CuratedId, now: Millis, details: Value) -> Result<(), Fault> {
    audit::append(tx, by.did_with(act, Target::of("curated_answer", id, ""), now, details)).await?;
    Ok(())
}

impl ProjectActor {
    async fn seal_curated(&self, id: CuratedId, content: &Content) -> Result<Vec<u8>, Fault> {
        let (engine, questions) = (self.seed.engine.clone(), content.questions.clone());
        let embed = move || {
            let vectors = questions
                .iter()
                .map(|question| engine.embed(question).map(|vector| vector.to_bytes()));
            vectors.collect::<Result<Vec<_>, Fault>>()
        };
        let vectors = self.seed.lane.question(embed).await??;
        let sealed = SealedCurated {
            content: content.clone(),
            vectors: vectors.iter().map(|vector| BASE64_STANDARD.encode(vector)).collect(),
        };
        self.seal_json("curated_answer", "sealed", id.uuid(), &sealed)
    }

    fn seal_revision(&self, content: &Content) -> Result<(Uuid, Vec<u8>), Fault> {
        let id = Uuid::now_v7();
        Ok((id, self.seal_json("curated_revision", "sealed", id, content)?))
    }

    /// Refuses a question that another answer has: which of both would be given?
    async fn require_own_questions(&self, content: &Content, but: Option<CuratedId>) -> Result<(), Fault> {
        let known = self.known_answers().await?;
        let taken = content.questions.iter().find(|question| known.has_question(question, but));
        match taken {
            Some(question) => {
                let reason = format!("Another curated answer has the question “{question}”.");
                Err(Fault::invalid(Invalid::CuratedQuestions, "questions", reason))
            }
            None => Ok(()),
        }
    }

    /// Stores what answer `id` says from now on, as the revision after `from`.
    async fn revise(
        &self,
        (by, act, id): (&By, Act, CuratedId),
        (from, restored_from): (i32, Option<i32>),
        (content, enabled): (&Content, bool),
    ) -> Result<CuratedAnswer, Fault> {
        let (project, now) = (self.id(), self.now());
        let sealed = self.seal_curated(id, content).await?;
        let (row, kept) = self.seal_revision(content)?;
        let _changing = self.changing().await;
        let details = json!({ "project": project, "revision": from + 1, "restored_from": restored_from });
        let revised = self.db().write(async |tx| {
            if !curated_answer::revise(tx, project, id, from, (sealed, enabled), now).await? {
                // Somebody else was faster, or deleted it.
                return match curated_answer::find(tx, project, id).await? {
                    Some(_) => Err(Fault::EditedMeanwhile),
                    None => Err(Fault::NotFound),
                };
            }
            let revision = curated_revision::Revision {
                id: row,
                curated: id,
                revision: from + 1,
                sealed: kept,
                author: Some(by.account),
                restored_from,
                created_at: now,
            };
            curated_revision::insert(tx, project, revision).await?;
            let version = projects::knowledge_changed(tx, project).await?;
            note(tx, by, act, id, now, details).await?;
            Ok((version, curated_answer::find(tx, project, id).await?.ok_or(Fault::NotFound)?))
        });
        let (version, row) = revised.await?;
        self.follow(Some(version), |_| {}).await?;
        self.curated_answer(&row)
    }

    async fn present(&self, id: CuratedId) -> Result<CuratedAnswer, Fault> {
        let project = self.id();
        let row = self.db().read(async |tx| curated_answer::find(tx, project, id).await).await?;
        self.curated_answer(&row.ok_or(Fault::NotFound)?)
    }
}

impl Serve<CreateCurated> for ProjectActor {
    async fn serve(&self, create: CreateCurated) -> Result<CuratedAnswer, Fault> {
        let content = parse(&create.content)?;
        self.require_own_questions(&content, None).await?;
        let (project, now, id) = (self.id(), self.now(), CuratedId::new());
        let answer = curated_answer::Curated {
            id,
            sealed: self.seal_curated(id, &content).await?,
            enabled: create.enabled,
            revision: 1,
            used: 0,
            used_at: None,
            created_at: now,
            updated_at: now,
        };
        let (row, sealed) = self.seal_revision(&content)?;
        let revision = curated_revision::Revision {
            id: row,
            curated: id,
            revision: 1,
            sealed,
            author: Some(create.by.account),
            restored_from: None,
            created_at: now,
        };
        let _changing = self.changing().await;
        let created = self.db().write(async |tx| {
            if curated_answer::count(tx, project).await? >= MOST_ANSWERS {
                let reason = format!("A project has at most {MOST_ANSWERS} curated answers.");
                return Err(Fault::Limit {
                    code: Limit::TooManyCurated,
                    reason,
                });
            }
            curated_answer::insert(tx, project, &answer).await?;
            curated_revision::insert(tx, project, revision).await?;
            let version = projects::knowledge_changed(tx, project).await?;
            note(tx, &create.by, Act::CuratedCreated, id, now, json!({ "project": project })).await?;
            Ok(version)
        });
        let version = created.await?;
        self.follow(Some(version), |_| {}).await?;
        self.curated_answer(&answer)
    }
}

impl Serve<ChangeCurated> for ProjectActor {
    async fn serve(&self, change: ChangeCurated) -> Result<CuratedAnswer, Fault> {
        let id = change.curated;
        let before = self.present(id).await?;
        if change.from.is_some_and(|from| from != before.revision) {
            return Err(Fault::EditedMeanwhile);
        }
        let enabled = change.enabled.unwrap_or(before.enabled);
        let content = parse(&Content {
            questions: change.questions.unwrap_or_else(|| before.content.questions.clone()),
            text: change.text.unwrap_or_else(|| before.content.text.clone()),
            links: change.links.unwrap_or_else(|| before.content.links.clone()),
        })?;
        if content != before.content {
            self.require_own_questions(&content, Some(id)).await?;
            let act = (&change.by, Act::CuratedChanged, id);
            return self.revise(act, (before.revision, None), (&content, enabled)).await;
        }
        if enabled == before.enabled {
            return Ok(before);
        }
        let (project, now) = (self.id(), self.now());
        let _changing = self.changing().await;
        let changed = self.db().write(async |tx| {
            if !curated_answer::enable(tx, project, id, enabled, now).await? {
                return Err(Fault::NotFound);
            }
            let version = projects::knowledge_changed(tx, project).await?;
            let details = json!({ "project": project, "enabled": enabled });
            note(tx, &change.by, Act::CuratedChanged, id, now, details).await?;
            Ok(version)
        });
        let version = changed.await?;
        self.follow(Some(version), |_| {}).await?;
        self.present(id).await
    }
}

impl Serve<RestoreCurated> for ProjectActor {
    async fn serve(&self, restore: RestoreCurated) -> Result<CuratedAnswer, Fault> {
        let (project, id) = (self.id(), restore.curated);
        let before = self.present(id).await?;
        let old = self
            .db()
            .read(async |tx| curated_revision::find(tx, project, id, restore.revision).await)
            .await?
            .ok_or(Fault::NotFound)?;
        let content = self.curated_content(&old)?;
        if content == before.content {
            return Ok(before);
        }
        self.require_own_questions(&content, Some(id)).await?;
        let act = (&restore.by, Act::CuratedRestored, id);
        self.revise(act, (before.revision, Some(restore.revision)), (&content, before.enabled))
            .await
    }
}

impl Serve<DeleteCurated> for ProjectActor {
    async fn serve(&self, delete: DeleteCurated) -> Result<(), Fault> {
        let (project, now, id) = (self.id(), self.now(), delete.curated);
        let _changing = self.changing().await;
        let deleted = self.db().write_alone(async |tx| {
            if !curated_answer::delete(tx, project, id).await? {
                return Err(Fault::NotFound);
            }
            let version = projects::knowledge_changed(tx, project).await?;
            note(tx, &delete.by, Act::CuratedDeleted, id, now, json!({ "project": project })).await?;
            Ok(version)
        });
        let version = deleted.await?;
        self.follow(Some(version), |_| {}).await
    }
}
