//! One thing that is done to many documents, a step at a time: what was chosen is written down when it is asked for, and a job goes through it
//! by the documents' ids, so that nothing is done twice, whatever changes meanwhile.

use std::collections::BTreeMap;

use entities::{
    BatchId, CollectionId, DocumentId, Millis, TenantTx,
    audit::{self, Act, Target},
    document_batch::{self, Batch},
    document_list::{self, Wanted},
    document_tag,
    documents::{self, Document, Review},
    job, message, projects,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    super::{ProjectActor, documents::queue_reading},
    list::as_of,
    parse_day, parse_tag,
};
use crate::{
    audit::By,
    contain::Serve,
    fault::{Fault, Invalid},
    request,
};

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Action {
    /// Those that come from a source stay: they follow it.
    Delete,
    Tag {
        tag: String,
    },
    Untag {
        tag: String,
    },
    /// Into a collection, or out of any.
    Move {
        collection: Option<CollectionId>,
    },
    /// Those that could not be read are read once more.
    Retry,
    /// Somebody looked at them.
    Reviewed,
    /// They are to be looked at again by that day; without one, when their collection says.
    ReviewBy {
        day: Option<String>,
    },
}

impl Action {
    /// Its name outside.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Tag { .. } => "tag",
            Self::Untag { .. } => "untag",
            Self::Move { .. } => "move",
            Self::Retry => "retry",
            Self::Reviewed => "reviewed",
            Self::ReviewBy { .. } => "review_by",
        }
    }
}

/// How far it is.
#[derive(Clone, Debug)]
pub struct BatchView {
    pub id: BatchId,
    pub action: String,
    pub total: i32,
    pub done: i32,
    pub skipped: i32,
    pub created_at: Millis,
    pub finished_at: Option<Millis>,
}

/// Begins; it goes on by itself.
pub struct ChangeMany {
    pub by: By,
    pub action: Action,
    pub wanted: Wanted,
}
pub struct ShowBatch(pub BatchId);
/// Does the next step.
pub(crate) struct ChangeSome {
    pub job: job::Claimed,
    pub batch: BatchId,
}

request! {
    ChangeMany => BatchView, needs Member;
    ShowBatch => BatchView, needs Member;
    ChangeSome => (), needs System, patience = 120;
}

/// Documents of one step.
const STEP: u64 = 100;
/// Documents that can be named one by one.
pub const MOST_NAMED: usize = 1_000;
/// How long it is known how something went.
const KEPT_MS: Millis = 7 * message::DAY_MS;

fn view(batch: &Batch) -> Result<BatchView, Fault> {
    let action: Action = serde_json::from_str(&batch.action).map_err(|_| Fault::Internal("document_batch.action"))?;
    Ok(BatchView {
        id: batch.id,
        action: action.as_str().into(),
        total: batch.total,
        done: batch.done,
        skipped: batch.skipped,
        created_at: batch.created_at,
        finished_at: batch.finished_at,
    })
}

/// What came of a step.
#[derive(Default)]
struct Step {
    /// Documents whose passages are gone.
    gone: Vec<DocumentId>,
    version: Option<i64>,
    queued: bool,
    over: bool,
}

impl ProjectActor {
    /// Brings what is asked for into one form, and refuses what cannot be done.
    async fn check_action(&self, tx: &TenantTx, action: &mut Action) -> Result<(), Fault> {
        match action {
            Action::Tag { tag } => {
                *tag = parse_tag(tag, "tag")?;
                self.require_room_for_tags(tx, std::slice::from_ref(tag)).await
            }
            Action::Untag { tag } => {
                *tag = parse_tag(tag, "tag")?;
                Ok(())
            }
            Action::Move { collection: Some(id) } => self.find_collection(tx, *id).await.map(|_| ()),
            Action::ReviewBy { day: Some(day) } => parse_day(day, "day").map(|_| ()),
            _ => Ok(()),
        }
    }

    /// Does it to some. Returns how many it was not done to.
    async fn apply(&self, tx: &TenantTx, action: &Action, some: &[Document], step: &mut Step, now: Millis) -> Result<usize, Fault> {
        let project = self.id();
        let ids: Vec<DocumentId> = some.iter().map(|document| document.id).collect();
        match action {
            Action::Delete => {
                for document in some.iter().filter(|document| document.source.is_none()) {
                    if documents::delete(tx, project, document.id).await? {
                        step.gone.push(document.id);
                    }
                }
                Ok(some.len() - step.gone.len())
            }
            Action::Tag { tag } => {
                let tags = document_tag::of(tx, project, &ids).await?;
                let full = |id: &DocumentId| tags.iter().filter(|(of, known)| of == id && known != tag).count() >= super::MOST_TAGS;
                let room: Vec<_> = ids.iter().copied().filter(|id| !full(id)).collect();
                document_tag::add(tx, project, &room, tag).await?;
                Ok(ids.len() - room.len())
            }
            Action::Untag { tag } => {
                document_tag::remove(tx, project, &ids, Some(tag)).await?;
                Ok(0)
            }
            Action::Move { collection } => {
                let into = match collection {
                    Some(id) => match self.find_collection(tx, *id).await {
                        Ok(found) => Some(found),
                        // It was deleted meanwhile: there is nothing left to move them to.
                        Err(Fault::Invalid { .. }) => return Ok(some.len()),
                        Err(fault) => return Err(fault),
                    },
                    None => None,
                };
                documents::file(tx, project, &ids, into).await?;
                Ok(0)
            }
            Action::Retry => {
                for document in some {
                    if documents::read_again(tx, document.id, document.revision, now).await? {
                        queue_reading(tx, project, document.id, document.revision, now).await?;
                        step.gone.push(document.id);
                        step.queued = true;
                    }
                }
                Ok(some.len() - step.gone.len())
            }
            Action::Reviewed => self.review_some(tx, some, Review::Done(now)).await.map(|()| 0),
            Action::ReviewBy { day } => {
                let at = day.as_deref().map(|day| parse_day(day, "day")).transpose()?;
                self.review_some(tx, some, Review::At(at)).await.map(|()| 0)
            }
        }
    }

    pub(in crate::project) async fn review_some(&self, tx: &TenantTx, some: &[Document], review: Review) -> Result<(), Fault> {
        // Those of a collection are due by what it says.
        let mut by_days: BTreeMap<Option<i32>, Vec<DocumentId>> = BTreeMap::new();
        for document in some {
            let days = self.review_days(tx, document).await?;
            by_days.entry(days).or_default().push(document.id);
        }
        for (days, ids) in by_days {
            documents::review(tx, self.id(), &ids, review, days).await?;
        }
        Ok(())
    }

    async fn change_some(&self, tx: &TenantTx, change: &ChangeSome, now: Millis) -> Result<Step, Fault> {
        let (project, mut step) = (self.id(), Step::default());
        let Some(mut batch) = document_batch::find(tx, project, change.batch)
            .await?
            .filter(|batch| batch.finished_at.is_none())
        else {
            job::finish(tx, &change.job).await?;
            return Ok(step);
        };
        let action: Action = serde_json::from_str(&batch.action).map_err(|_| Fault::Internal("document_batch.action"))?;
        let wanted: Wanted = serde_json::from_str(&batch.chosen).map_err(|_| Fault::Internal("document_batch.chosen"))?;
        let some = document_list::next(tx, project, &wanted, batch.last, STEP).await?;
        let skipped = match some.is_empty() {
            true => 0,
            false => self.apply(tx, &action, &some, &mut step, now).await?,
        };
        if !step.gone.is_empty() {
            step.version = Some(projects::knowledge_changed(tx, project).await?);
        }
        step.over = (some.len() as u64) < STEP;
        batch.last = some.last().map(|document| document.id).or(batch.last);
        batch.done = batch.done.saturating_add(i32::try_from(some.len()).unwrap_or(i32::MAX));
        batch.skipped = batch.skipped.saturating_add(i32::try_from(skipped).unwrap_or(i32::MAX));
        batch.finished_at = step.over.then_some(now);
        document_batch::set(tx, &batch).await?;
        let held = match step.over {
            true => job::finish(tx, &change.job).await?,
            false => job::release(tx, &change.job, now).await?,
        };
        if held { Ok(step) } else { Err(Fault::Internal("lost lease")) }
    }
}

impl Serve<ChangeMany> for ProjectActor {
    async fn serve(&self, change: ChangeMany) -> Result<BatchView, Fault> {
        let (project, now, id) = (self.id(), self.now(), BatchId::new());
        let ChangeMany { by, mut action, wanted } = change;
        let mut wanted = as_of(wanted, now);
        if wanted.ids.as_ref().is_some_and(|ids| ids.is_empty() || ids.len() > MOST_NAMED) {
            let reason = format!("Name 1 to {MOST_NAMED} documents, or choose them by a filter.");
            return Err(Fault::invalid(Invalid::Chosen, "documents", reason));
        }
        // What comes later was not chosen.
        wanted.created_until = Some(now);
        let stored = self.db().write(async |tx| {
            self.check_action(tx, &mut action).await?;
            let total = document_list::count(tx, project, &wanted).await?;
            let batch = Batch {
                id,
                action: serde_json::to_string(&action).map_err(|_| Fault::Internal("an action"))?,
                chosen: serde_json::to_string(&wanted).map_err(|_| Fault::Internal("what is chosen"))?,
                total: i32::try_from(total).unwrap_or(i32::MAX),
                done: 0,
                skipped: 0,
                last: None,
                created_at: now,
                finished_at: None,
            };
            document_batch::insert(tx, project, &batch, now - KEPT_MS).await?;
            job::enqueue(tx, project, job::Work::ChangeDocuments { batch: id }, now).await?;
            let details = json!({ "project": project, "action": action.as_str(), "documents": total });
            audit::append(
                tx,
                by.did_with(Act::DocumentsChanged, Target::of("documents", id, ""), now, details),
            )
            .await?;
            Ok::<_, Fault>(batch)
        });
        let batch = stored.await?;
        self.seed.engine.work.notify_one();
        view(&batch)
    }
}

impl Serve<ShowBatch> for ProjectActor {
    async fn serve(&self, ShowBatch(id): ShowBatch) -> Result<BatchView, Fault> {
        let project = self.id();
        let found = self.db().read(async |tx| document_batch::find(tx, project, id).await).await?;
        view(&found.ok_or(Fault::NotFound)?)
    }
}

impl Serve<ChangeSome> for ProjectActor {
    async fn serve(&self, change: ChangeSome) -> Result<(), Fault> {
        let now = self.now();
        let _changing = self.changing().await;
        let step = self.db().write_alone(async |tx| self.change_some(tx, &change, now).await).await?;
        if !step.over || step.queued {
            self.seed.engine.work.notify_one();
        }
        let Some(version) = step.version else { return Ok(()) };
        self.follow(Some(version), move |index| {
            for document in step.gone {
                index.remove(document.uuid());
            }
        })
        .await
    }
}
