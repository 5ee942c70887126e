//! Answers on their way to Slack: one an event, so that an event that is processed again is not answered again.

use sea_orm::{Set, entity::prelude::*, sea_query::Expr};

use crate::{ConversationId, EventId, MessageId, Millis, ProjectId, SlackInstallationId, StoreError, TenantTx, tenant_db::TenantScoped};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "slack_answer")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: Uuid,
    pub installation_id: Uuid,
    pub channel_id: String,
    pub thread_ts: String,
    pub project_id: Uuid,
    pub conversation_id: Uuid,
    pub message_id: Uuid,
    pub posting_at: Option<i64>,
    pub ts: Option<String>,
    pub created_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
}

/// A thread, as Slack names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    pub installation: SlackInstallationId,
    pub channel: String,
    /// The `ts` of the message that it hangs below.
    pub ts: String,
}

/// What was answered, and how far it got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub event: EventId,
    pub thread: Thread,
    pub project: ProjectId,
    pub conversation: ConversationId,
    pub message: MessageId,
    /// When Slack was last called with it. Without a `ts` nobody knows what came of that.
    pub posting_at: Option<Millis>,
    /// What Slack calls the message that it became.
    pub ts: Option<String>,
}

impl From<Model> for Answer {
    fn from(row: Model) -> Self {
        Self {
            event: row.event_id.into(),
            thread: Thread {
                installation: row.installation_id.into(),
                channel: row.channel_id,
                ts: row.thread_ts,
            },
            project: row.project_id.into(),
            conversation: row.conversation_id.into(),
            message: row.message_id.into(),
            posting_at: row.posting_at,
            ts: row.ts,
        }
    }
}

/// # Errors
/// `Conflict` when the event has an answer; `Orphan` when the installation or the conversation is gone.
pub async fn insert(tx: &TenantTx, answer: &Answer, now: Millis) -> Result<(), StoreError> {
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        event_id: Set(answer.event.uuid()),
        installation_id: Set(answer.thread.installation.uuid()),
        channel_id: Set(answer.thread.channel.clone()),
        thread_ts: Set(answer.thread.ts.clone()),
        project_id: Set(answer.project.uuid()),
        conversation_id: Set(answer.conversation.uuid()),
        message_id: Set(answer.message.uuid()),
        posting_at: Set(answer.posting_at),
        ts: Set(answer.ts.clone()),
        created_at: Set(now),
    })
    .await
}

/// # Errors
/// When the database does not answer.
pub async fn find(tx: &TenantTx, event: EventId) -> Result<Option<Answer>, StoreError> {
    let row = tx.find::<Entity>().filter(Column::EventId.eq(event.uuid())).one().await?;
    Ok(row.map(Answer::from))
}

/// Whether anything was answered in the thread.
///
/// # Errors
/// When the database does not answer.
pub async fn speaks_in(tx: &TenantTx, thread: &Thread) -> Result<bool, StoreError> {
    let found = tx
        .find::<Entity>()
        .filter(Column::InstallationId.eq(thread.installation.uuid()))
        .filter(Column::ChannelId.eq(thread.channel.as_str()))
        .filter(Column::ThreadTs.eq(thread.ts.as_str()));
    Ok(found.limit(1).one().await?.is_some())
}

/// The answer that `message` is, if it was given in that team.
///
/// # Errors
/// When the database does not answer.
pub async fn of_message(tx: &TenantTx, installation: SlackInstallationId, message: MessageId) -> Result<Option<Answer>, StoreError> {
    let row = tx
        .find::<Entity>()
        .filter(Column::InstallationId.eq(installation.uuid()))
        .filter(Column::MessageId.eq(message.uuid()))
        .one()
        .await?;
    Ok(row.map(Answer::from))
}

/// Notes that Slack is about to be called, or with `None` that it certainly did not take the answer. `false` when somebody else called it
/// before.
///
/// # Errors
/// When the database does not answer.
pub async fn set_posting(tx: &TenantTx, event: EventId, at: Option<Millis>) -> Result<bool, StoreError> {
    let mut update = tx
        .update::<Entity>()
        .set(Column::PostingAt, Expr::value(at))
        .filter(Column::EventId.eq(event.uuid()));
    if at.is_some() {
        update = update.filter(Column::PostingAt.is_null());
    }
    Ok(update.run().await? == 1)
}

/// Notes what Slack calls the message.
///
/// # Errors
/// When the database does not answer.
pub async fn set_posted(tx: &TenantTx, event: EventId, ts: &str) -> Result<bool, StoreError> {
    let update = tx.update::<Entity>().set(Column::Ts, Expr::value(ts));
    Ok(update.filter(Column::EventId.eq(event.uuid())).run().await? == 1)
}
