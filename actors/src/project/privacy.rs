//! What the project keeps of what people write, for how long, and how one of them is shown or forgotten.

use std::collections::HashSet;

use entities::{
    ConversationId, MessageId, Millis, TenantTx, VisitorId,
    audit::{self, Act, Target},
    conversation::Conversation,
    forgetting::{self, Gone},
    job, message, privacy, projects, rollup, visitor_bar, webhook_delivery,
};
use serde_json::json;

use super::{
    ProjectActor,
    conversations::Turn,
    visitors::{LONGEST_TOKEN_MS, Person},
    webhooks::Event,
};
use crate::{
    audit::{By, server_did},
    contain::Serve,
    fault::{Fault, Invalid},
    privacy::{MaskSettings, mask},
    request,
};

/// What is kept, and how it went the last time that something was let go of.
#[derive(Clone, Debug)]
pub struct PrivacyView {
    pub masks: MaskSettings,
    /// Days that a conversation is kept after its last turn; for ever without.
    pub keep_days: Option<i32>,
    /// Conversations that the deletion under way has deleted so far.
    pub deleting: i32,
    /// Conversations that the last one deleted, and when it was over.
    pub deleted: Option<(i32, Millis)>,
    pub next_at: Option<Millis>,
    /// Conversations that would go at once, if they were kept for as long as was asked.
    pub would_delete: Option<i64>,
}

/// With a number of days, also counts what would be deleted if that were how long conversations are kept.
pub struct ShowPrivacy(pub Option<i32>);
/// What is older than `keep_days` is deleted soon after this returns.
pub struct SetPrivacy {
    pub by: By,
    pub masks: MaskSettings,
    pub keep_days: Option<i32>,
}
/// Deletes some of the conversations that are older than the project keeps them.
pub(crate) struct ForgetConversations(pub job::Claimed);

/// What there is of a visitor.
#[derive(Clone, Debug)]
pub struct VisitorTrace {
    pub conversations: Vec<ConversationId>,
    /// Theirs, and what they were told.
    pub messages: usize,
    pub channels: Vec<String>,
    pub first_at: Option<Millis>,
    pub last_at: Option<Millis>,
}

/// What a visitor said in a conversation and was told. What others said there is not theirs.
pub struct VisitorConversation {
    pub id: ConversationId,
    pub channel: String,
    pub origin: Option<String>,
    /// Where they asked, without query and fragment.
    pub page: Option<String>,
    /// Who they are, if a website said so.
    pub person: Option<Person>,
    pub started_at: Millis,
    pub turns: Vec<Turn>,
}

pub struct TraceVisitor(pub VisitorId);
/// Everything that is stored of a visitor, opened.
pub struct ExportVisitor {
    pub by: By,
    pub visitor: VisitorId,
}
/// Deletes everything that is stored of a visitor. Their token is dead when this returns. What it deleted.
pub struct EraseVisitor {
    pub by: By,
    pub visitor: VisitorId,
}

request! {
    ShowPrivacy => PrivacyView, needs Member;
    SetPrivacy => PrivacyView, needs ManageProjects, exclusive;
    ForgetConversations => (), needs System, patience = 120;
    TraceVisitor => VisitorTrace, needs ManageProjects;
    ExportVisitor => Vec<VisitorConversation>, needs ManageProjects, patience = 60;
    EraseVisitor => Gone, needs ManageProjects, exclusive, patience = 120;
}

/// Ten years.
const MOST_DAYS: i32 = 3_650;
/// Conversations that one step deletes.
const STEP: u64 = 200;
/// Stands for a first question that was somebody's who is forgotten.
const ERASED: &str = "[erased]";

fn parse_days(days: i32) -> Result<i32, Fault> {
    match days {
        1..=MOST_DAYS => Ok(days),
        _ => Err(Fault::invalid(
            Invalid::KeepDays,
            "keep_days",
            format!("Keep conversations for 1 to {MOST_DAYS} days, or for ever."),
        )),
    }
}

fn before(now: Millis, days: i32) -> Millis {
    now - Millis::from(days) * message::DAY_MS
}

/// What a visitor is taken out of, to be known again in what webhooks were told.
#[derive(Default)]
struct TakenOut {
    /// Those that are gone as a whole.
    whole: HashSet<ConversationId>,
    /// Those in which others' words stay.
    part: HashSet<ConversationId>,
    /// What they said and were told.
    turns: HashSet<MessageId>,
}

impl TakenOut {
    /// Whether an event may repeat their words. Of an answer that did not help it tells with the question before, which in a conversation of
    /// several may be anybody's.
    fn is_told_by(&self, event: Event, body: &[u8]) -> bool {
        let Ok(body) = serde_json::from_slice::<serde_json::Value>(body) else {
            return false;
        };
        let said = |name: &str| body.get("data")?.get(name)?.as_str();
        let conversation = said("conversation").and_then(|id| id.parse::<ConversationId>().ok());
        // When somebody asked for a person it is text, and no id.
        let turn = said("message").and_then(|id| id.parse::<MessageId>().ok());
        let within = |among: &HashSet<ConversationId>| conversation.is_some_and(|id| among.contains(&id));
        within(&self.whole) || turn.is_some_and(|id| self.turns.contains(&id)) || (event != Event::QuestionUnanswered && within(&self.part))
    }
}

impl ProjectActor {
    async fn masks(&self) -> Result<MaskSettings, Fault> {
        let project = self.id();
        let row = self.db().read(async |tx| privacy::find(tx, project).await).await?;
        match row {
            Some(row) => serde_json::from_str(&row.masks).map_err(|_| Fault::Internal("privacy.masks")),
            None => Ok(MaskSettings::default()),
        }
    }

    /// `text` without what the project masks. What people write goes through here before it is stored, searched with, or sent to anyone.
    pub(super) async fn masked(&self, text: &str) -> Result<String, Fault> {
        Ok(mask(text, &self.masks().await?))
    }

    /// As [`Self::masked`] of an address of a page, in which long numbers are names of articles.
    pub(super) async fn without_secrets(&self, page: &str) -> Result<String, Fault> {
        let masks = self.masks().await?;
        let masks = MaskSettings {
            phone: false,
            card: false,
            iban: false,
            ..masks
        };
        Ok(mask(page, &masks))
    }

    /// As [`Self::masked`], many at once and off this thread.
    pub(super) async fn all_masked(&self, texts: Vec<String>) -> Result<Vec<String>, Fault> {
        let masks = self.masks().await?;
        let work = move || texts.iter().map(|text| mask(text, &masks)).collect();
        self.seed.lane.question(work).await
    }

    async fn privacy(&self, asked: Option<i32>) -> Result<PrivacyView, Fault> {
        let (project, now) = (self.id(), self.now());
        let (row, next_at, would_delete) = self
            .db()
            .read(async |tx| {
                let would_delete = match asked {
                    Some(days) => Some(forgetting::count_old(tx, project, before(now, days)).await?),
                    None => None,
                };
                let row = privacy::find(tx, project).await?;
                Ok::<_, Fault>((row, job::next_forgetting(tx, project).await?, would_delete))
            })
            .await?;
        let masks = match &row {
            Some(row) => serde_json::from_str(&row.masks).map_err(|_| Fault::Internal("privacy.masks"))?,
            None => MaskSettings::default(),
        };
        let row = row.unwrap_or_default();
        Ok(PrivacyView {
            masks,
            keep_days: row.keep_days,
            deleting: row.sweeping,
            deleted: row.swept_at.map(|at| (row.swept, at)),
            next_at,
            would_delete,
        })
    }

    /// One step; `true` when nothing is left to delete for today.
    async fn forget_some(&self, tx: &TenantTx, job: &job::Claimed, now: Millis) -> Result<bool, Fault> {
        let project = self.id();
        let row = privacy::find(tx, project).await?.unwrap_or_default();
        let Some(days) = row.keep_days else {
            // Not wanted any more.
            job::finish(tx, job).await?;
            return Ok(true);
        };
        let until = before(now, days);
        let old = forgetting::old(tx, project, until, STEP).await?;
        let gone = forgetting::delete(tx, project, &old).await?;
        let deleted = row.sweeping.saturating_add(i32::try_from(gone.conversations).unwrap_or(i32::MAX));
        let over = (old.len() as u64) < STEP;
        privacy::set_swept(tx, project, deleted, over.then_some(now)).await?;
        if over {
            forgetting::delete_copies(tx, project, until).await?;
            rollup::forget_unseen(tx, project, message::day_of(until)).await?;
        }
        let held = match over {
            true => job::forgot(tx, job, now).await?,
            false => job::release(tx, job, now).await?,
        };
        if !held {
            return Err(Fault::Internal("lost lease"));
        }
        if over && deleted > 0 {
            let name = projects::find(tx, project).await?.map(|row| row.name).unwrap_or_default();
            let details = json!({ "conversations": deleted, "days": days });
            audit::append(
                tx,
                server_did(Act::ConversationsDeleted, Target::of("project", project, name), now, details),
            )
            .await?;
        }
        Ok(over)
    }

    /// Every conversation of a visitor, some at a time.
    async fn each_of_visitor(
        &self,
        visitor: VisitorId,
        mut each: impl AsyncFnMut(&TenantTx, Conversation) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let (project, mut after) = (self.id(), None);
        loop {
            let last = self
                .db()
                .read(async |tx| {
                    let found = forgetting::of_visitor(tx, project, visitor, after, STEP).await?;
                    let last = found.last().map(|last| last.id);
                    for conversation in found {
                        each(tx, conversation).await?;
                    }
                    Ok::<_, Fault>(last)
                })
                .await?;
            match last {
                Some(last) => after = Some(last),
                None => return Ok(()),
            }
        }
    }

    /// Deletes what webhooks were told of what was taken out, sent or not.
    async fn forget_told(&self, tx: &TenantTx, taken: &TakenOut) -> Result<(), Fault> {
        let (project, mut after) = (self.id(), None);
        loop {
            let page = webhook_delivery::of_project(tx, project, after, STEP).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.id);
            let mut told = Vec::new();
            for delivery in &page {
                let event = match Event::parse(&delivery.event) {
                    Some(event @ (Event::ConversationHandedOver | Event::QuestionUnanswered | Event::FeedbackNegative)) => event,
                    _ => continue,
                };
                let body = self.open("webhook_delivery", "sealed", delivery.id.uuid(), &delivery.sealed)?;
                if taken.is_told_by(event, &body) {
                    told.push(delivery.id);
                }
            }
            if !told.is_empty() {
                webhook_delivery::delete(tx, project, &told).await?;
            }
        }
    }

    /// Takes a visitor out of some conversations. `true` when there were none left.
    async fn erase_some(&self, tx: &TenantTx, visitor: VisitorId) -> Result<(Gone, bool), Fault> {
        let (project, mut gone, mut taken) = (self.id(), Gone::default(), TakenOut::default());
        rollup::forget_visitor(tx, project, visitor).await?;
        let found = forgetting::of_visitor(tx, project, visitor, None, STEP).await?;
        for conversation in &found {
            let turns = forgetting::turns_of(tx, conversation.id, visitor).await?;
            taken.turns.extend(turns.into_iter().map(|turn| turn.id));
            let title = self.seal("conversation", "title", conversation.id.uuid(), ERASED.as_bytes())?;
            let step = forgetting::take_out(tx, project, conversation, visitor, title).await?;
            match step.conversations {
                0 => taken.part.insert(conversation.id),
                _ => taken.whole.insert(conversation.id),
            };
            gone += step;
        }
        if !found.is_empty() {
            self.forget_told(tx, &taken).await?;
        }
        Ok((gone, found.is_empty()))
    }

    async fn note_of_visitor(
        &self,
        tx: &TenantTx,
        (by, act, visitor): (&By, Act, VisitorId),
        gone: serde_json::Value,
    ) -> Result<(), Fault> {
        let mut details = json!({ "project": self.id() });
        if let (Some(details), serde_json::Value::Object(more)) = (details.as_object_mut(), gone) {
            details.extend(more);
        }
        audit::append(tx, by.did_with(act, Target::of("visitor", visitor, ""), self.now(), details)).await?;
        Ok(())
    }
}

impl Serve<ShowPrivacy> for ProjectActor {
    async fn serve(&self, ShowPrivacy(asked): ShowPrivacy) -> Result<PrivacyView, Fault> {
        self.privacy(asked.map(parse_days).transpose()?).await
    }
}

impl Serve<SetPrivacy> for ProjectActor {
    async fn serve(&self, set: SetPrivacy) -> Result<PrivacyView, Fault> {
        let keep_days = set.keep_days.map(parse_days).transpose()?;
        let (project, now) = (self.id(), self.now());
        let masks = serde_json::to_string(&set.masks).map_err(|_| Fault::Internal("privacy.masks"))?;
        self.db()
            .write(async |tx| {
                let name = projects::find(tx, project).await?.ok_or(Fault::NotFound)?.name;
                let earlier = privacy::find(tx, project).await?.unwrap_or_default();
                privacy::set(tx, project, &masks, keep_days).await?;
                if keep_days != earlier.keep_days {
                    job::enqueue_forgetting(tx, project, keep_days.is_some(), now).await?;
                }
                let details = json!({ "days": { "from": earlier.keep_days, "to": keep_days }, "masks": set.masks });
                let target = Target::of("project", project, name);
                audit::append(tx, set.by.did_with(Act::PrivacyChanged, target, now, details)).await?;
                Ok::<_, Fault>(())
            })
            .await?;
        self.seed.engine.work.notify_one();
        self.privacy(None).await
    }
}

impl Serve<ForgetConversations> for ProjectActor {
    async fn serve(&self, ForgetConversations(job): ForgetConversations) -> Result<(), Fault> {
        let now = self.now();
        // From the parent down: nobody else of the tenant may be writing turns meanwhile.
        let over = self.db().write_alone(async |tx| self.forget_some(tx, &job, now).await).await?;
        self.meanings.forget();
        if !over {
            self.seed.engine.work.notify_one();
        }
        Ok(())
    }
}

impl Serve<TraceVisitor> for ProjectActor {
    async fn serve(&self, TraceVisitor(visitor): TraceVisitor) -> Result<VisitorTrace, Fault> {
        let mut trace = VisitorTrace {
            conversations: Vec::new(),
            messages: 0,
            channels: Vec::new(),
            first_at: None,
            last_at: None,
        };
        let seen = async |tx: &TenantTx, conversation: Conversation| {
            let turns = forgetting::turns_of(tx, conversation.id, visitor).await?;
            trace.messages += turns.len();
            trace.conversations.push(conversation.id);
            if !trace.channels.contains(&conversation.channel) {
                trace.channels.push(conversation.channel);
            }
            let first = turns.first().map_or(conversation.started_at, |turn| turn.created_at);
            let last = turns.last().map_or(conversation.last_at, |turn| turn.created_at);
            trace.first_at = Some(trace.first_at.map_or(first, |known| known.min(first)));
            trace.last_at = Some(trace.last_at.map_or(last, |known| known.max(last)));
            Ok(())
        };
        self.each_of_visitor(visitor, seen).await?;
        match trace.conversations.is_empty() {
            true => Err(Fault::NotFound),
            false => Ok(trace),
        }
    }
}

impl Serve<ExportVisitor> for ProjectActor {
    async fn serve(&self, ExportVisitor { by, visitor }: ExportVisitor) -> Result<Vec<VisitorConversation>, Fault> {
        let mut found = Vec::new();
        let take = async |tx: &TenantTx, conversation: Conversation| {
            let turns = forgetting::turns_of(tx, conversation.id, visitor).await?;
            let theirs = conversation.visitor == Some(visitor);
            let person = conversation.person.as_ref().filter(|_| theirs);
            let person = person.map(|sealed| self.open_json("conversation", "person", conversation.id.uuid(), sealed));
            found.push(VisitorConversation {
                id: conversation.id,
                channel: conversation.channel,
                origin: conversation.origin,
                page: conversation.page.filter(|_| theirs),
                person: person.transpose()?,
                started_at: conversation.started_at,
                turns: turns.into_iter().map(|turn| self.turn(turn)).collect::<Result<_, _>>()?,
            });
            Ok(())
        };
        self.each_of_visitor(visitor, take).await?;
        if found.is_empty() {
            return Err(Fault::NotFound);
        }
        let details = json!({ "conversations": found.len() });
        self.db()
            .write(async |tx| self.note_of_visitor(tx, (&by, Act::VisitorExported, visitor), details).await)
            .await?;
        Ok(found)
    }
}

impl Serve<EraseVisitor> for ProjectActor {
    async fn serve(&self, EraseVisitor { by, visitor }: EraseVisitor) -> Result<Gone, Fault> {
        let (project, now) = (self.id(), self.now());
        // First: nothing of theirs is stored from here on by what they were given before.
        self.db()
            .write(async |tx| {
                let seen = rollup::forget_visitor(tx, project, visitor).await?;
                if !seen && forgetting::of_visitor(tx, project, visitor, None, 1).await?.is_empty() {
                    return Err(Fault::NotFound);
                }
                visitor_bar::put(tx, project, visitor, now, now - LONGEST_TOKEN_MS).await?;
                Ok::<_, Fault>(())
            })
            .await?;
        let mut gone = Gone::default();
        loop {
            let (step, over) = self.db().write_alone(async |tx| self.erase_some(tx, visitor).await).await?;
            gone += step;
            if over {
                break;
            }
        }
        self.meanings.forget();
        let details = json!({ "conversations": gone.conversations, "messages": gone.messages });
        self.db()
            .write(async |tx| self.note_of_visitor(tx, (&by, Act::VisitorErased, visitor), details).await)
            .await?;
        Ok(gone)
    }
}
