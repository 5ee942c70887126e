//! Letting go of what came from a source, a batch at a time: deleted, or kept as if somebody had uploaded it.

use entities::{DocumentId, Millis, SourceId, TenantTx, documents, job, projects, source, source_item, source_receipt};

use super::ProjectActor;
use crate::{contain::Serve, fault::Fault, request};

/// Lets go of some of what came from a source.
pub(crate) struct LetGo {
    pub job: job::Claimed,
    pub source: SourceId,
}

request! { LetGo => (), needs System, patience = 120; }

/// Documents that one step deletes.
const DOCUMENTS: u64 = 50;
/// Items that one step forgets.
const ITEMS: u64 = 2_000;

/// The job no longer holds: another worker has it. Rolls the transaction back.
fn lost() -> Fault {
    Fault::Internal("lost lease")
}

/// What one step did.
enum Went {
    /// To these documents, with the new count of the knowledge; more is left.
    Deleted(Vec<DocumentId>, i64),
    Some,
    All,
}

impl ProjectActor {
    async fn let_go_in(&self, tx: &TenantTx, step: &LetGo, now: Millis) -> Result<Went, Fault> {
        let (project, source) = (self.id(), step.source);
        let Some(mut receipt) = source_receipt::of_source(tx, source).await? else {
            return Err(Fault::NotFound);
        };
        let mut went = Vec::new();
        if receipt.deletes {
            for document in documents::of_source(tx, project, source, DOCUMENTS).await? {
                documents::delete(tx, project, document).await?;
                went.push(document);
            }
        } else {
            let kept = documents::keep_of_source(tx, project, source).await?;
            receipt.documents_done += i32::try_from(kept).unwrap_or(i32::MAX);
            receipt.documents_left = 0;
        }
        if !went.is_empty() {
            receipt.documents_done += i32::try_from(went.len()).unwrap_or(i32::MAX);
            let left = documents::count_of_source(tx, project, source).await?;
            receipt.documents_left = i32::try_from(left).unwrap_or(i32::MAX);
            source_receipt::set(tx, &receipt).await?;
            let version = projects::knowledge_changed(tx, project).await?;
            return match job::release(tx, &step.job, now).await? {
                true => Ok(Went::Deleted(went, version)),
                false => Err(lost()),
            };
        }
        if source_item::purge(tx, source, ITEMS).await? == ITEMS {
            source_receipt::set(tx, &receipt).await?;
            return if job::release(tx, &step.job, now).await? {
                Ok(Went::Some)
            } else {
                Err(lost())
            };
        }
        source::delete(tx, source).await?;
        receipt.documents_left = 0;
        receipt.done_at = Some(now);
        source_receipt::set(tx, &receipt).await?;
        if job::finish(tx, &step.job).await? {
            Ok(Went::All)
        } else {
            Err(lost())
        }
    }
}

impl Serve<LetGo> for ProjectActor {
    async fn serve(&self, step: LetGo) -> Result<(), Fault> {
        let now = self.now();
        let _changing = self.changing().await;
        let went = self.db().write_alone(async |tx| self.let_go_in(tx, &step, now).await).await;
        let went = match went {
            // Without a receipt there is nothing to let go of.
            Err(Fault::NotFound) => return self.drop_job(&step.job).await,
            went => went?,
        };
        self.seed.engine.work.notify_one();
        match went {
            Went::Deleted(documents, version) => {
                self.follow(Some(version), move |index| {
                    for document in documents {
                        index.remove(document.uuid());
                    }
                })
                .await
            }
            Went::Some | Went::All => Ok(()),
        }
    }
}
