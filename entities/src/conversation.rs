//! Conversations of a project. The title is sealed, the counts are not.

use sea_orm::{
    Condition, Order, Set,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait},
};

use crate::{
    ConversationId, Millis, ProjectId, StoreError, TenantTx, VisitorId,
    tenant_db::{SealedCells, TenantScoped},
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "conversation")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub project_id: Uuid,
    pub channel: String,
    pub visitor_id: Option<Uuid>,
    pub origin: Option<String>,
    pub title: Vec<u8>,
    pub started_at: i64,
    pub last_at: i64,
    pub questions: i32,
    pub unanswered: i32,
    pub helpful: i32,
    pub unhelpful: i32,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
    const SEALED: Option<SealedCells<Self>> = Some(SealedCells {
        project: Column::ProjectId,
        row: Column::Id,
        cells: &[Column::Title],
    });
}

#[derive(Clone, Debug)]
pub struct Conversation {
    pub id: ConversationId,
    /// `widget` or `dashboard`.
    pub channel: String,
    pub visitor: Option<VisitorId>,
    pub origin: Option<String>,
    pub title: Vec<u8>,
    pub started_at: Millis,
    pub last_at: Millis,
    pub questions: i32,
    pub unanswered: i32,
    pub helpful: i32,
    pub unhelpful: i32,
}

impl From<Model> for Conversation {
    fn from(row: Model) -> Self {
        Self {
            id: row.id.into(),
            channel: row.channel,
            visitor: row.visitor_id.map(VisitorId::from),
            origin: row.origin,
            title: row.title,
            started_at: row.started_at,
            last_at: row.last_at,
            questions: row.questions,
            unanswered: row.unanswered,
            helpful: row.helpful,
            unhelpful: row.unhelpful,
        }
    }
}

/// Which conversations to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub channel: Option<String>,
    /// `unanswered`, `helpful` or `unhelpful`: at least one such answer.
    pub outcome: Option<String>,
    /// Those before this one, in the order of the list.
    pub before: Option<(Millis, ConversationId)>,
}

/// # Errors
/// `Orphan` when there is no such project.
pub async fn insert(tx: &TenantTx, project: ProjectId, conversation: Conversation) -> Result<(), StoreError> {
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        id: Set(conversation.id.uuid()),
        project_id: Set(project.uuid()),
        channel: Set(conversation.channel),
        visitor_id: Set(conversation.visitor.map(VisitorId::uuid)),
        origin: Set(conversation.origin),
        title: Set(conversation.title),
        started_at: Set(conversation.started_at),
        last_at: Set(conversation.last_at),
        questions: Set(conversation.questions),
        unanswered: Set(conversation.unanswered),
        helpful: Set(conversation.helpful),
        unhelpful: Set(conversation.unhelpful),
    })
    .await
}

/// # Errors
/// When the database does not answer.
pub async fn find(tx: &TenantTx, project: ProjectId, id: ConversationId) -> Result<Option<Conversation>, StoreError> {
    let row = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::Id.eq(id.uuid()))
        .one()
        .await?;
    Ok(row.map(Conversation::from))
}

/// The latest conversation of a visitor.
///
/// # Errors
/// When the database does not answer.
pub async fn of_visitor(tx: &TenantTx, project: ProjectId, visitor: VisitorId) -> Result<Option<Conversation>, StoreError> {
    let row = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::VisitorId.eq(visitor.uuid()))
        .order(Column::LastAt, Order::Desc)
        .one()
        .await?;
    Ok(row.map(Conversation::from))
}

/// Up to `limit` conversations, the latest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &TenantTx, project: ProjectId, filter: &Filter, limit: u64) -> Result<Vec<Conversation>, StoreError> {
    let mut condition = Condition::all().add(Column::ProjectId.eq(project.uuid()));
    if let Some(channel) = &filter.channel {
        condition = condition.add(Column::Channel.eq(channel.as_str()));
    }
    match filter.outcome.as_deref() {
        Some("unanswered") => condition = condition.add(Column::Unanswered.gt(0)),
        Some("helpful") => condition = condition.add(Column::Helpful.gt(0)),
        Some("unhelpful") => condition = condition.add(Column::Unhelpful.gt(0)),
        _ => {}
    }
    if let Some((at, id)) = filter.before {
        let earlier = Condition::any()
            .add(Column::LastAt.lt(at))
            .add(Condition::all().add(Column::LastAt.eq(at)).add(Column::Id.lt(id.uuid())));
        condition = condition.add(earlier);
    }
    let rows = tx
        .find::<Entity>()
        .filter(condition)
        .order(Column::LastAt, Order::Desc)
        .order(Column::Id, Order::Desc)
        .limit(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(Conversation::from).collect())
}

/// Adds to the counts of a conversation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Step {
    pub questions: i32,
    pub unanswered: i32,
    pub helpful: i32,
    pub unhelpful: i32,
}

/// # Errors
/// When the database does not answer.
pub async fn count(tx: &TenantTx, id: ConversationId, step: Step, last_at: Option<Millis>) -> Result<(), StoreError> {
    let plus = |column: Column, by: i32| Expr::col(column).add(by);
    let mut update = tx
        .update::<Entity>()
        .filter(Column::Id.eq(id.uuid()))
        .set(Column::Questions, plus(Column::Questions, step.questions))
        .set(Column::Unanswered, plus(Column::Unanswered, step.unanswered))
        .set(Column::Helpful, plus(Column::Helpful, step.helpful))
        .set(Column::Unhelpful, plus(Column::Unhelpful, step.unhelpful));
    if let Some(at) = last_at {
        update = update.set(Column::LastAt, at);
    }
    update.run().await?;
    Ok(())
}

/// Deletes up to `limit` conversations of a project that is being purged, with their turns; returns how many.
///
/// # Errors
/// When the database does not answer.
pub async fn purge(tx: &TenantTx, project: ProjectId, limit: u64) -> Result<u64, StoreError> {
    let some = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .limit(limit)
        .shape(|select| sea_orm::QuerySelect::column(sea_orm::QuerySelect::select_only(select), Column::Id));
    let condition = Column::Id.in_subquery(sea_orm::QueryTrait::into_query(some.walled()));
    tx.delete::<Entity>(condition).await
}
