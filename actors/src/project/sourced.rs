//! Taking in what a source has. What came of a step — documents, what is known of each item, the sync's counts, its job — is one transaction.

use std::collections::HashMap;

use entities::{
    DocumentId, Millis, ProjectId, SourceId, StoreError, TenantTx,
    document_revision::Revision,
    documents::{self, Filed},
    job, projects,
    source::{self, Phase, Source, Sync},
    source_item::{self, Item, Left, Listed},
};
use serde_json::json;
use tracing::{Instrument, debug_span};

use super::{ProjectActor, documents::queue_reading, webhooks::Event};
use crate::{
    billing::{Meter, require_room},
    contain::Serve,
    fault::Fault,
    knowledge::parse::MediaType,
    request,
    sources::{
        connector::Most,
        run::{After, Problem, go_on},
    },
    text::{hex, is_hidden},
};

/// What came of an item.
pub(crate) enum Came {
    Content {
        title: String,
        url: Option<String>,
        media: MediaType,
        bytes: Vec<u8>,
    },
    /// It is as it is stored.
    Unchanged,
    /// It is not there any more. It is forgotten, unless a dead link is worth telling of.
    Gone { forget: bool },
    /// It is not taken, for the reason that the item bears.
    Skipped,
    /// It could not be had; it bears the reason.
    Missed,
}

/// An item as it is to be stored, and what else is to be done.
pub(crate) struct Outcome {
    pub item: Item,
    pub came: Came,
    /// What it leads to.
    pub links: Vec<Listed>,
}

/// Stores what a step of a sync came to.
pub(crate) struct TakeFromSource {
    pub job: job::Claimed,
    pub source: SourceId,
    /// As the step found the source: what was changed by hand since makes the step void.
    pub edition: i32,
    pub outcomes: Vec<Outcome>,
    pub most: Most,
    pub after: After,
}

request! { TakeFromSource => (), needs System, patience = 120; }

/// Tries to fetch an item in one sync.
const TRIES: i32 = 3;
/// Characters of a document's name.
const NAME: usize = 120;

/// Content, ready to be stored.
struct Body {
    id: DocumentId,
    sealed: Vec<u8>,
    size: i64,
    /// What is stored of it now, to be kept.
    earlier: Option<Revision>,
}

/// What has happened in a transaction.
#[derive(Default)]
struct Happened {
    /// Documents whose chunks are gone.
    gone: Vec<DocumentId>,
    /// Documents that wait to be read.
    queued: bool,
    version: Option<i64>,
    failed: Option<Problem>,
    told: bool,
}

/// A title as a document's name: one line, nothing that nobody sees.
fn name_of(title: &str) -> String {
    let shown: String = title.chars().map(|c| if is_hidden(c) { ' ' } else { c }).collect();
    let name: String = shown.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(NAME).collect();
    let name = name.trim_end();
    if name.is_empty() { "Untitled".into() } else { name.to_owned() }
}

/// The name that nothing else in the project has: the title, or the title and a mark that the item always has.
async fn unique_name(tx: &TenantTx, project: ProjectId, title: &str, item: &Item) -> Result<String, StoreError> {
    let name = name_of(title);
    if !documents::has_name(tx, project, &name).await? {
        return Ok(name);
    }
    let mark = hex(&item.hash[..4]);
    let marked = format!("{name} ({mark})");
    if !documents::has_name(tx, project, &marked).await? {
        return Ok(marked);
    }
    // Another source of the project has the same item.
    Ok(format!("{name} ({})", DocumentId::new()))
}

/// Why a document is not taken that there is no room for, if that is why.
fn no_room(fault: Fault) -> Result<(String, String), Fault> {
    match fault {
        Fault::Limit { reason, .. } => Ok(("project_full".into(), reason)),
        Fault::PlanLimit { most, plan, .. } => {
            let detail = format!("The plan {plan} has room for {most} documents.");
            Ok(("plan_limit".into(), detail))
        }
        other => Err(other),
    }
}

impl ProjectActor {
    /// Seals what was fetched; what is stored word for word already comes out as unchanged, and what cannot be stored as not taken.
    async fn prepare(&self, outcome: &mut Outcome) -> Result<Option<Body>, Fault> {
        let Came::Content { bytes, .. } = &mut outcome.came else {
            return Ok(None);
        };
        let most = self.seed.engine.limits.file_bytes;
        let refused = match bytes.len() as u64 {
            0 => Some(("empty", "There is nothing in it.".to_owned())),
            size if size > most => Some(("too_large", format!("It is larger than {} MiB.", most >> 20))),
            _ => None,
        };
        if let Some((code, detail)) = refused {
            outcome.item.skip = Some((code.into(), detail));
            outcome.came = Came::Skipped;
            return Ok(None);
        }
        let bytes = std::mem::take(bytes);
        let mut earlier = None;
        if let Some(id) = outcome.item.document {
            let (project, now) = (self.id(), self.now());
            let stored = self.db().read(async |tx| {
                let document = documents::find(tx, project, id).await?;
                Ok::<_, Fault>(document.zip(documents::load_body(tx, project, id).await?))
            });
            if let Some((document, sealed)) = stored.await? {
                earlier = self.to_keep(&document, sealed, Some(bytes.clone()), now).await?;
                if earlier.is_none() {
                    outcome.came = Came::Unchanged;
                    return Ok(None);
                }
            }
        }
        let id = outcome.item.document.unwrap_or_default();
        let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        let sealed = self.seal_body(id, bytes).await?;
        Ok(Some(Body { id, sealed, size, earlier }))
    }

    /// Stores one item's content. A fault of there being no room leaves nothing behind.
    async fn store_content(
        &self,
        tx: &TenantTx,
        source: SourceId,
        (item, title, url, media): (&Item, &str, &Option<String>, MediaType),
        body: &Body,
        now: Millis,
    ) -> Result<Stored, Fault> {
        let (project, id) = (self.id(), body.id);
        let known = match item.document {
            Some(id) => documents::find(tx, project, id).await?,
            None => None,
        };
        let (revision, stored) = if let Some(old) = known {
            self.check_room(tx, (0, body.size), old.size).await?;
            let put = (media.as_str(), body.size);
            let revision = documents::replace(tx, project, id, put, now).await?.ok_or(Fault::NotFound)?;
            let renamed = item.title.as_deref() != Some(title);
            let change = documents::Change {
                name: match renamed {
                    true => Some(unique_name(tx, project, title, item).await?),
                    false => None,
                },
                source_url: Some(url.clone()),
            };
            documents::update(tx, project, id, change, now).await?;
            if let Some(earlier) = body.earlier.clone().filter(|earlier| earlier.revision == old.revision) {
                self.keep(tx, earlier).await?;
            }
            self.renew_review(tx, &old).await?;
            (revision, Stored::Changed)
        } else {
            self.check_room(tx, (1, body.size), 0).await?;
            let name = unique_name(tx, project, title, item).await?;
            let document = documents::Document {
                id,
                title: name.clone(),
                name,
                media_type: media.as_str().into(),
                size: body.size,
                revision: 1,
                status: "queued".into(),
                failure: None,
                pages: None,
                chunks: 0,
                embedded: 0,
                source_url: url.clone(),
                created_at: now,
                updated_at: now,
                source: Some(source),
                filed: Filed::at(now),
            };
            documents::insert(tx, project, &document).await?;
            if let Err(fault) = require_room(self.seed.engine.billing.as_deref(), tx, Meter::Documents, now).await {
                documents::delete(tx, project, id).await?;
                return Err(fault);
            }
            (1, Stored::Added)
        };
        documents::store_body(tx, project, id, body.sealed.clone()).await?;
        if matches!(stored, Stored::Added) {
            self.let_go_of_revisions(tx, 0).await?;
        }
        queue_reading(tx, project, id, revision, now).await?;
        Ok(stored)
    }

    /// Deletes what is stored of an item; `true` when there was something.
    async fn let_go_of(&self, tx: &TenantTx, item: &mut Item, happened: &mut Happened) -> Result<bool, Fault> {
        let Some(document) = item.document.take() else { return Ok(false) };
        item.version = None;
        happened.gone.push(document);
        Ok(documents::delete(tx, self.id(), document).await?)
    }

    async fn store_outcome(
        &self,
        tx: &TenantTx,
        (source, sync): (&Source, &mut Sync),
        (outcome, body): (&mut Outcome, Option<&Body>),
        happened: &mut Happened,
    ) -> Result<(), Fault> {
        let now = self.now();
        let Outcome { item, came, .. } = outcome;
        let left = match came {
            Came::Content { title, url, media, .. } => {
                let body = body.ok_or(Fault::Internal("content without a body"))?;
                match self
                    .store_content(tx, source.id, (&*item, title.as_str(), &*url, *media), body, now)
                    .await
                {
                    Ok(stored) => {
                        (item.document, item.skip) = (Some(body.id), None);
                        (item.title, item.url) = (Some(title.clone()), url.clone());
                        match stored {
                            Stored::Added => sync.added += 1,
                            Stored::Changed => {
                                sync.changed += 1;
                                happened.gone.push(body.id);
                            }
                        }
                        happened.queued = true;
                        Left::Stored
                    }
                    Err(fault) => {
                        item.skip = Some(no_room(fault)?);
                        // A new version that there is no room for: the old one says what is not so any more.
                        sync.removed += i32::from(self.let_go_of(tx, item, happened).await?);
                        item.version = None;
                        sync.skipped += 1;
                        Left::Skipped
                    }
                }
            }
            Came::Unchanged => {
                item.skip = None;
                sync.unchanged += 1;
                Left::Stored
            }
            Came::Gone { forget } => {
                sync.removed += i32::from(self.let_go_of(tx, item, happened).await?);
                if *forget {
                    sync.done += i32::from(sync.phase == Phase::Fetching);
                    source_item::delete(tx, source.id, &[item.hash]).await?;
                    return Ok(());
                }
                item.skip = Some(("not_found".into(), "A page links to it, and it is not there.".into()));
                sync.skipped += 1;
                Left::Skipped
            }
            Came::Skipped => {
                let version = item.version.clone();
                sync.removed += i32::from(self.let_go_of(tx, item, happened).await?);
                item.version = version;
                sync.skipped += 1;
                Left::Skipped
            }
            Came::Missed if item.tries + 1 < TRIES => {
                item.tries += 1;
                source_item::set(tx, source.id, item, Left::Waiting).await?;
                return Ok(());
            }
            Came::Missed => {
                item.tries += 1;
                sync.skipped += 1;
                Left::Again
            }
        };
        sync.done += 1;
        source_item::set(tx, source.id, item, left).await?;
        Ok(())
    }

    /// What an item leads to that was not read this time: what it led to before.
    async fn led_to(&self, tx: &TenantTx, source: SourceId, of: &Outcome) -> Result<Vec<Listed>, Fault> {
        let depth = of.item.depth + 1;
        let unread = matches!(of.came, Came::Unchanged | Came::Missed) && of.links.is_empty();
        if !unread || of.item.links.is_empty() {
            return Ok(Vec::new());
        }
        let known = source_item::known(tx, source, &of.item.links).await?.into_iter();
        let listed = known.map(|item| Listed {
            item: item.item,
            version: None,
            depth,
        });
        Ok(listed.collect())
    }

    /// `None` when something was changed by hand since the step began.
    async fn store_step(&self, tx: &TenantTx, step: &mut TakeFromSource, bodies: &HashMap<usize, Body>) -> Result<Option<Happened>, Fault> {
        let (now, mut happened) = (self.now(), Happened::default());
        let Some(source) = source::hold(tx, step.source, Some(step.edition)).await? else {
            return Ok(None);
        };
        let mut sync = source.sync.clone();
        for (at, outcome) in step.outcomes.iter_mut().enumerate() {
            if !matches!(outcome.came, Came::Missed) {
                sync.attempts = 0;
            }
            self.store_outcome(tx, (&source, &mut sync), (outcome, bodies.get(&at)), &mut happened)
                .await?;
            let again = self.led_to(tx, source.id, outcome).await?;
            let room = step.most.room(sync.total);
            let links = if again.is_empty() { &outcome.links } else { &again };
            let taken = source_item::take(tx, source.id, sync.run, links, room).await?;
            sync.total += taken.found;
            sync.done += taken.unchanged + taken.skipped;
            sync.unchanged += taken.unchanged;
            sync.skipped += taken.skipped + taken.over;
        }
        if !happened.gone.is_empty() {
            happened.version = Some(projects::knowledge_changed(tx, self.id()).await?);
        }
        happened.failed = go_on(tx, &step.job, &source, sync, step.after.clone(), now).await?;
        if let Some(problem) = &happened.failed {
            happened.told = self.tell_sync_failed(tx, &source, problem).await?;
        }
        Ok(Some(happened))
    }

    async fn tell_sync_failed(&self, tx: &TenantTx, source: &Source, problem: &Problem) -> Result<bool, Fault> {
        let listening = self.listening(tx, Event::SyncFailed).await?;
        if listening.is_nobody() {
            return Ok(false);
        }
        let data = json!({
            "project": self.id(),
            "source": { "id": source.id, "kind": source.kind, "name": source.name },
            "failure": { "code": problem.code, "detail": problem.detail },
        });
        self.announce(tx, Event::SyncFailed, &listening, &data).await?;
        Ok(true)
    }
}

/// What became of content.
enum Stored {
    Added,
    Changed,
}

impl Serve<TakeFromSource> for ProjectActor {
    async fn serve(&self, mut step: TakeFromSource) -> Result<(), Fault> {
        let mut bodies = HashMap::new();
        for (at, outcome) in step.outcomes.iter_mut().enumerate() {
            if let Some(body) = self.prepare(outcome).await? {
                bodies.insert(at, body);
            }
        }
        let _changing = self.changing().await;
        let stored = self.db().write_alone(async |tx| self.store_step(tx, &mut step, &bodies).await);
        let Some(happened) = stored.instrument(debug_span!("write_pages")).await? else {
            // It begins again with what is so now. When the source is being let go of, the job is not this one's any more.
            let now = self.now();
            self.db().write(async |tx| job::release(tx, &step.job, now).await).await?;
            return Ok(());
        };
        if happened.queued {
            self.seed.engine.work.notify_one();
        }
        if happened.told {
            self.ring_outward();
        }
        let Some(version) = happened.version else { return Ok(()) };
        self.follow(Some(version), move |index| {
            for document in happened.gone {
                index.remove(document.uuid());
            }
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_a_name_of_one_line_that_hides_nothing() {
        assert_eq!(name_of("  Getting\n started\u{200b} "), "Getting started");
        assert_eq!(name_of("\u{202e}\u{feff}"), "Untitled");
        assert_eq!(name_of(&"é".repeat(500)).chars().count(), NAME);
    }
}
