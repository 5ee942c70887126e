//! Turns of conversations, and what is counted of them. Text is sealed; outcome, feedback and time are not, so that counting needs no key.

use sea_orm::{Condition, Order, QuerySelect, Set, entity::prelude::*, sea_query::Expr};

use crate::{
    ConversationId, DocumentId, MessageId, Millis, ProjectId, StoreError, TenantTx, VisitorId, conversation,
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

/// Stores a turn, and which documents it cites.
///
/// # Errors
/// `Orphan` when there is no such conversation.
pub async fn insert(tx: &TenantTx, project: ProjectId, message: Message, cited: &[DocumentId]) -> Result<(), StoreError> {
    let day = day_of(message.created_at);
    let (id, tenant) = (message.id.uuid(), tx.tenant().uuid());
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
    })
    .await?;
    let cited: std::collections::BTreeSet<DocumentId> = cited.iter().copied().collect();
    let rows = cited.into_iter().map(|document| citation::ActiveModel {
        tenant_id: Set(tenant),
        message_id: Set(id),
        document_id: Set(document.uuid()),
        project_id: Set(project.uuid()),
        day: Set(day),
    });
    tx.insert_all(rows.collect()).await
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

/// Records what someone thought of an answer, and moves the conversation's counts along. `only` bounds it to one
/// visitor's own messages. `false` when there is no such answer.
///
/// # Errors
/// When the database does not answer.
pub async fn set_helpful(
    tx: &TenantTx,
    project: ProjectId,
    id: MessageId,
    helpful: Option<bool>,
    only: Option<VisitorId>,
) -> Result<bool, StoreError> {
    let mut own = Condition::all()
        .add(Column::ProjectId.eq(project.uuid()))
        .add(Column::Id.eq(id.uuid()))
        .add(Column::Role.eq("assistant"));
    if let Some(visitor) = only {
        own = own.add(Column::VisitorId.eq(visitor.uuid()));
    }
    let Some(row) = tx.find::<Entity>().filter(own.clone()).one().await? else {
        return Ok(false);
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
    conversation::count(tx, row.conversation_id.into(), step, None).await?;
    Ok(true)
}

/// What happened on one day.
#[derive(Clone, Debug, Default, sea_orm::FromQueryResult)]
pub struct Day {
    pub day: i32,
    pub questions: i64,
    pub answered: i64,
    pub unanswered: i64,
    pub helpful: i64,
    pub unhelpful: i64,
    pub visitors: i64,
}

fn in_days((from, to): (i32, i32), project: ProjectId) -> Condition {
    Condition::all()
        .add(Column::ProjectId.eq(project.uuid()))
        .add(Column::Day.between(from, to))
}

/// Figures a day, `from` and `to` included; days without any are left out.
///
/// # Errors
/// When the database does not answer.
pub async fn per_day(tx: &TenantTx, project: ProjectId, days: (i32, i32)) -> Result<Vec<Day>, StoreError> {
    let found = tx.find::<Entity>().filter(in_days(days, project)).order(Column::Day, Order::Asc);
    found
        .shape(|select| figures(select.select_only().column(Column::Day).group_by(Column::Day)))
        .into()
        .await
}

/// Figures of all the days together.
///
/// # Errors
/// When the database does not answer.
pub async fn in_all(tx: &TenantTx, project: ProjectId, days: (i32, i32)) -> Result<Day, StoreError> {
    let found = tx.find::<Entity>().filter(in_days(days, project));
    let sums = found
        .shape(|select| figures(select.select_only().column_as(Expr::cust("cast(0 as integer)"), "day")))
        .into::<Day>()
        .await?;
    Ok(sums.into_iter().next().unwrap_or_default())
}

fn figures(select: sea_orm::Select<Entity>) -> sea_orm::Select<Entity> {
    let count = |when: &'static str| Expr::cust(format!("count(case when {when} then 1 end)"));
    select
        .column_as(count("role = 'visitor'"), "questions")
        .column_as(count("outcome = 'answered'"), "answered")
        .column_as(count("outcome = 'unanswered'"), "unanswered")
        .column_as(count("helpful = 1"), "helpful")
        .column_as(count("helpful = 0"), "unhelpful")
        .column_as(Expr::cust("count(distinct visitor_id)"), "visitors")
}

/// How many conversations had a turn on those days.
///
/// # Errors
/// When the database does not answer.
pub async fn conversations(tx: &TenantTx, project: ProjectId, days: (i32, i32)) -> Result<i64, StoreError> {
    #[derive(sea_orm::FromQueryResult)]
    struct Count {
        found: i64,
    }
    let counted = tx
        .find::<Entity>()
        .filter(in_days(days, project))
        .shape(|select| {
            select
                .select_only()
                .column_as(Expr::cust("count(distinct conversation_id)"), "found")
        })
        .into::<Count>()
        .await?;
    Ok(counted.first().map_or(0, |count| count.found))
}

/// The latest answers that were none.
///
/// # Errors
/// When the database does not answer.
pub async fn unanswered(tx: &TenantTx, project: ProjectId, days: (i32, i32), limit: u64) -> Result<Vec<Message>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .filter(in_days(days, project))
        .filter(Column::Outcome.eq("unanswered"))
        .order(Column::CreatedAt, Order::Desc)
        .limit(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(Message::from).collect())
}

/// The documents cited most, with how many answers cite each.
///
/// # Errors
/// When the database does not answer.
pub async fn top_sources(
    tx: &TenantTx,
    project: ProjectId,
    (from, to): (i32, i32),
    limit: u64,
) -> Result<Vec<(DocumentId, i64)>, StoreError> {
    #[derive(sea_orm::FromQueryResult)]
    struct Count {
        document_id: Uuid,
        found: i64,
    }
    let counted = tx
        .find::<citation::Entity>()
        .filter(citation::Column::ProjectId.eq(project.uuid()))
        .filter(citation::Column::Day.between(from, to))
        .shape(|select| {
            sea_orm::QueryOrder::order_by_desc(
                select
                    .select_only()
                    .column(citation::Column::DocumentId)
                    .column_as(citation::Column::MessageId.count(), "found")
                    .group_by(citation::Column::DocumentId),
                citation::Column::MessageId.count(),
            )
        })
        .limit(limit)
        .into::<Count>()
        .await?;
    Ok(counted.into_iter().map(|count| (count.document_id.into(), count.found)).collect())
}
