//! Turns of conversations. Text is sealed; outcome, feedback and time are not, so that counting needs no key. What is counted of them is
//! counted in their transaction (see [`crate::rollup`]).

use std::collections::BTreeSet;

use sea_orm::{Condition, Order, QuerySelect, Set, entity::prelude::*, sea_query::Expr};

use crate::{
    ConversationId, DocumentId, MessageId, Millis, ProjectId, StoreError, TenantTx, VisitorId, conversation,
    rollup::{self, Counts, Spot},
    tenant_db::{SealedCells, TenantScoped},
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "message")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub project_id: Uuid,
    pub conversation_id: Uuid,
    pub role: String,
    pub sealed: Vec<u8>,
    pub outcome: Option<String>,
    pub helpful: Option<i32>,
    pub visitor_id: Option<Uuid>,
    /// Days since the epoch, UTC.
    pub day: i32,
    pub latency_ms: Option<i32>,
    pub created_at: i64,
    /// Whether the project's webhooks were told that it did not help.
    pub told: bool,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
    const SEALED: Option<SealedCells<Self>> = Some(SealedCells {
        project: Column::ProjectId,
        row: Column::Id,
        cells: &[Column::Sealed],
    });
}

pub(crate) mod citation {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "citation")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub message_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub document_id: Uuid,
        pub project_id: Uuid,
        pub day: i32,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

impl TenantScoped for citation::Entity {
    const TENANT: citation::Column = citation::Column::TenantId;
}

#[derive(Clone, Debug)]
pub struct Message {
    pub id: MessageId,
    pub conversation: ConversationId,
    /// `visitor` or `assistant`.
    pub role: String,
    pub sealed: Vec<u8>,
    /// Of an answer: `answered` or `unanswered`.
    pub outcome: Option<String>,
    /// Of an answer: what the visitor thought of it.
    pub helpful: Option<bool>,
    pub visitor: Option<VisitorId>,
    pub latency_ms: Option<i32>,
    pub created_at: Millis,
}

impl From<Model> for Message {
    fn from(row: Model) -> Self {
        Self {
            id: row.id.into(),
            conversation: row.conversation_id.into(),
            role: row.role,
            sealed: row.sealed,
            outcome: row.outcome,
            helpful: row.helpful.map(|value| value > 0),
            visitor: row.visitor_id.map(VisitorId::from),
            latency_ms: row.latency_ms,
            created_at: row.created_at,
        }
    }
}

pub const DAY_MS: Millis = 86_400_000;

/// Days since the epoch, UTC.
#[must_use]
pub fn day_of(at: Millis) -> i32 {
    i32::try_from(at.div_euclid(DAY_MS)).unwrap_or(i32::MAX)
}

/// Stores a turn and which documents it cites, and counts it.
///
/// # Errors
/// `Orphan` when there is no such conversation.
pub async fn insert(tx: &TenantTx, project: ProjectId, message: Message, cited: &[DocumentId]) -> Result<(), StoreError> {
    let day = day_of(message.created_at);
    let (id, tenant) = (message.id.uuid(), tx.tenant().uuid());
    let (conversation, visitor, latency_ms) = (message.conversation, message.visitor, message.latency_ms);
    let (asked, outcome) = (message.role == "visitor", message.outcome.clone());
    let outcome = |wanted: &str| i64::from(outcome.as_deref() == Some(wanted));
    let counts = Counts {
        questions: i64::from(asked),
        answered: outcome("answered"),
        unanswered: outcome("unanswered"),
        ..Counts::default()
    };
    tx.insert(ActiveModel {
        tenant_id: Set(tenant),
        id: Set(id),
        project_id: Set(project.uuid()),
        conversation_id: Set(message.conversation.uuid()),
        role: Set(message.role),
        sealed: Set(message.sealed),
        outcome: Set(message.outcome),
        helpful: Set(message.helpful.map(i32::from)),
        visitor_id: Set(message.visitor.map(VisitorId::uuid)),
        day: Set(day),
        latency_ms: Set(message.latency_ms),
        created_at: Set(message.created_at),
        told: Set(false),
    })
    .await?;
    let cited: BTreeSet<DocumentId> = cited.iter().copied().collect();
    let rows = cited.iter().map(|document| citation::ActiveModel {
        tenant_id: Set(tenant),
        message_id: Set(id),
        document_id: Set(document.uuid()),
        project_id: Set(project.uuid()),
        day: Set(day),
    });
    tx.insert_all(rows.collect()).await?;
    let Some(within) = conversation::seen(tx, project, conversation, day).await? else {
        return Err(StoreError::Orphan);
    };
    if let Some(visitor) = visitor {
        rollup::visitor_seen(tx, project, visitor, day).await?;
    }
    if counts != Counts::default() {
        rollup::add(tx, &spot(project, day, &within), counts, latency_ms).await?;
    }
    rollup::cite(tx, project, day, &cited).await
}

/// A visitor's page, or at least their website.
fn spot(project: ProjectId, day: i32, within: &conversation::Model) -> Spot<'_> {
    Spot {
        project,
        day,
        channel: &within.channel,
        page: within.page.as_deref().or(within.origin.as_deref()),
    }
}

/// # Errors
/// When the database does not answer.
pub async fn find(tx: &TenantTx, project: ProjectId, id: MessageId) -> Result<Option<Message>, StoreError> {
    let row = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::Id.eq(id.uuid()))
        .one()
        .await?;
    Ok(row.map(Message::from))
}

/// The turns of a conversation in their order.
///
/// # Errors
/// When the database does not answer.
pub async fn of_conversation(tx: &TenantTx, project: ProjectId, conversation: ConversationId) -> Result<Vec<Message>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::ConversationId.eq(conversation.uuid()))
        .order(Column::CreatedAt, Order::Asc)
        .order(Column::Id, Order::Asc)
        .all()
        .await?;
    Ok(rows.into_iter().map(Message::from).collect())
}

/// The last `most` turns of a conversation, in their order.
///
/// # Errors
/// When the database does not answer.
pub async fn last_of_conversation(
    tx: &TenantTx,
    project: ProjectId,
    conversation: ConversationId,
    most: u64,
) -> Result<Vec<Message>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::ConversationId.eq(conversation.uuid()))
        .order(Column::CreatedAt, Order::Desc)
        .order(Column::Id, Order::Desc)
        .limit(most)
        .all()
        .await?;
    Ok(rows.into_iter().rev().map(Message::from).collect())
}

/// An answer that somebody said something of: in which conversation, and what was thought of it before.
#[derive(Clone, Copy, Debug)]
pub struct Judged {
    pub conversation: ConversationId,
    pub before: Option<bool>,
}

/// Notes that an answer is being told of. `false` when it was before, or there is none.
///
/// # Errors
/// When the database does not answer.
pub async fn tell_once(tx: &TenantTx, project: ProjectId, id: MessageId) -> Result<bool, StoreError> {
    let update = tx.update::<Entity>().set(Column::Told, true);
    let untold = Condition::all()
        .add(Column::ProjectId.eq(project.uuid()))
        .add(Column::Id.eq(id.uuid()))
        .add(Column::Told.eq(false));
    Ok(update.filter(untold).run().await? == 1)
}

/// Records what someone thought of an answer, and moves the counts along: the conversation's, and those of the answer's day. `only` bounds it to one
/// visitor's own messages. `None` when there is no such answer.
///
/// # Errors
/// When the database does not answer.
pub async fn set_helpful(
    tx: &TenantTx,
    project: ProjectId,
    id: MessageId,
    helpful: Option<bool>,
    only: Option<VisitorId>,
    at: Millis,
) -> Result<Option<Judged>, StoreError> {
    let mut own = Condition::all()
        .add(Column::ProjectId.eq(project.uuid()))
        .add(Column::Id.eq(id.uuid()))
        .add(Column::Role.eq("assistant"));
    if let Some(visitor) = only {
        own = own.add(Column::VisitorId.eq(visitor.uuid()));
    }
    let Some(row) = tx.find::<Entity>().filter(own.clone()).one().await? else {
        return Ok(None);
    };
    let before = row.helpful.map(|value| value > 0);
    let one = |value: Option<bool>, wanted: bool| i32::from(value == Some(wanted));
    let step = conversation::Step {
        helpful: one(helpful, true) - one(before, true),
        unhelpful: one(helpful, false) - one(before, false),
        ..Default::default()
    };
    tx.update::<Entity>()
        .set(Column::Helpful, Expr::value(helpful.map(i32::from)))
        .filter(own)
        .run()
        .await?;
    let conversation = row.conversation_id.into();
    conversation::count(tx, conversation, step, None).await?;
    conversation::touch(tx, project, conversation, at).await?;
    let counts = Counts {
        helpful: step.helpful.into(),
        unhelpful: step.unhelpful.into(),
        ..Counts::default()
    };
    if counts != Counts::default()
        && let Some(within) = conversation::seen(tx, project, conversation, row.day).await?
    {
        rollup::add(tx, &spot(project, row.day, &within), counts, None).await?;
    }
    Ok(Some(Judged { conversation, before }))
}

/// The turns of some conversations, by conversation and in their order, in which something was asked or said.
///
/// # Errors
/// When the database does not answer.
pub async fn of_conversations(tx: &TenantTx, project: ProjectId, conversations: &[ConversationId]) -> Result<Vec<Message>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::ConversationId.is_in(conversations.iter().map(|id| id.uuid())))
        .order(Column::ConversationId, Order::Asc)
        .order(Column::CreatedAt, Order::Asc)
        .order(Column::Id, Order::Asc)
        .all()
        .await?;
    Ok(rows.into_iter().map(Message::from).collect())
}

/// The latest answers that were none, given from `from` on and before `to`.
///
/// # Errors
/// When the database does not answer.
pub async fn unanswered(tx: &TenantTx, project: ProjectId, (from, to): (Millis, Millis), limit: u64) -> Result<Vec<Message>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::CreatedAt.gte(from))
        .filter(Column::CreatedAt.lt(to))
        // In the words of the index on it.
        .filter(Expr::cust("outcome = 'unanswered'"))
        .order(Column::CreatedAt, Order::Desc)
        .order(Column::Id, Order::Desc)
        .limit(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(Message::from).collect())
}

/// What became of the answers that cite a document.
#[derive(Clone, Debug, Default, PartialEq, Eq, sea_orm::FromQueryResult)]
pub struct Citing {
    pub citations: i64,
    /// Since the time that was asked for.
    pub recent: i64,
    pub last_at: Option<Millis>,
    pub helpful: i64,
    pub unhelpful: i64,
}

fn cite(tx: &TenantTx, project: ProjectId, document: DocumentId) -> Condition {
    let cited = tx
        .find::<citation::Entity>()
        .filter(citation::Column::DocumentId.eq(document.uuid()))
        .shape(|select| select.select_only().column(citation::Column::MessageId));
    Condition::all()
        .add(Column::ProjectId.eq(project.uuid()))
        .add(Column::Id.in_subquery(sea_orm::QueryTrait::into_query(cited.walled())))
}

/// How often answers cite a document, and what was thought of them; `since` is what counts as recent.
///
/// # Errors
/// When the database does not answer.
pub async fn citing(tx: &TenantTx, project: ProjectId, document: DocumentId, since: Millis) -> Result<Citing, StoreError> {
    let count = |when: String| Expr::cust(format!("count(case when {when} then 1 end)"));
    let sums = tx
        .find::<Entity>()
        .filter(cite(tx, project, document))
        .shape(|select| {
            select
                .select_only()
                .column_as(Expr::cust("count(*)"), "citations")
                .column_as(count(format!("created_at >= {since}")), "recent")
                .column_as(Expr::cust("max(created_at)"), "last_at")
                .column_as(count("helpful = 1".into()), "helpful")
                .column_as(count("helpful = 0".into()), "unhelpful")
        })
        .into::<Citing>()
        .await?;
    Ok(sums.into_iter().next().unwrap_or_default())
}

/// The latest answers that cite a document.
///
/// # Errors
/// When the database does not answer.
pub async fn latest_citing(tx: &TenantTx, project: ProjectId, document: DocumentId, limit: u64) -> Result<Vec<Message>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .filter(cite(tx, project, document))
        .order(Column::CreatedAt, Order::Desc)
        .order(Column::Id, Order::Desc)
        .limit(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(Message::from).collect())
}

/// What was asked before `answer`, in its conversation.
///
/// # Errors
/// When the database does not answer.
pub async fn asked_before(tx: &TenantTx, project: ProjectId, answer: &Message) -> Result<Option<Message>, StoreError> {
    let row = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::ConversationId.eq(answer.conversation.uuid()))
        .filter(Column::Role.eq("visitor"))
        .filter(Column::CreatedAt.lte(answer.created_at))
        .order(Column::CreatedAt, Order::Desc)
        .order(Column::Id, Order::Desc)
        .limit(1)
        .one()
        .await?;
    Ok(row.map(Message::from))
}
