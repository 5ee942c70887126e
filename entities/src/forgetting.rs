//! Conversations that are not kept any longer: those that are old, and those of a visitor who is to be forgotten.

use sea_orm::{Condition, Order, QuerySelect, entity::prelude::*, sea_query::Expr};

use crate::{
    ConversationId, MessageId, Millis, ProjectId, StoreError, TenantTx, VisitorId, conversation, inbound_event, message, slack_answer,
    webhook_delivery,
};

/// What was deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gone {
    pub conversations: u64,
    pub messages: u64,
}

impl std::ops::AddAssign for Gone {
    fn add_assign(&mut self, more: Self) {
        self.conversations += more.conversations;
        self.messages += more.messages;
    }
}

fn before(project: ProjectId, at: Millis) -> Condition {
    Condition::all()
        .add(conversation::Column::ProjectId.eq(project.uuid()))
        .add(conversation::Column::LastAt.lt(at))
}

/// How many conversations have had no turn since `at`.
///
/// # Errors
/// When the database does not answer.
pub async fn count_old(tx: &TenantTx, project: ProjectId, at: Millis) -> Result<i64, StoreError> {
    let rows = tx.find::<conversation::Entity>().filter(before(project, at)).count().await?;
    Ok(i64::try_from(rows).unwrap_or(i64::MAX))
}

/// Up to `limit` conversations that have had no turn since `at`, the oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn old(tx: &TenantTx, project: ProjectId, at: Millis, limit: u64) -> Result<Vec<ConversationId>, StoreError> {
    let rows = tx
        .find::<conversation::Entity>()
        .filter(before(project, at))
        .order(conversation::Column::LastAt, Order::Asc)
        .order(conversation::Column::Id, Order::Asc)
        .limit(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(|row| row.id.into()).collect())
}

fn among(column: impl ColumnTrait, ids: &[ConversationId]) -> sea_orm::sea_query::SimpleExpr {
    column.is_in(ids.iter().map(|id| id.uuid()))
}

/// Deletes conversations with everything that hangs on them: turns, citations, what is known of a call, and where Slack's threads lead.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &TenantTx, project: ProjectId, ids: &[ConversationId]) -> Result<Gone, StoreError> {
    let turns = tx.find::<message::Entity>().filter(among(message::Column::ConversationId, ids));
    let messages = turns.count().await?;
    let own = Condition::all()
        .add(conversation::Column::ProjectId.eq(project.uuid()))
        .add(among(conversation::Column::Id, ids));
    let conversations = tx.delete::<conversation::Entity>(own).await?;
    Ok(Gone { conversations, messages })
}

/// Deletes what repeats the words of conversations from before `at`: what webhooks told, and what providers sent that could not be seen to.
///
/// # Errors
/// When the database does not answer.
pub async fn delete_copies(tx: &TenantTx, project: ProjectId, at: Millis) -> Result<(), StoreError> {
    let told = Condition::all()
        .add(webhook_delivery::Column::ProjectId.eq(project.uuid()))
        .add(webhook_delivery::Column::CreatedAt.lt(at));
    tx.delete::<webhook_delivery::Entity>(told).await?;
    let sent = Condition::all()
        .add(inbound_event::Column::ProjectId.eq(project.uuid()))
        .add(inbound_event::Column::ReceivedAt.lt(at))
        .add(inbound_event::Column::State.ne("waiting"))
        .add(inbound_event::Column::Sealed.is_not_null());
    tx.update::<inbound_event::Entity>()
        .set(inbound_event::Column::Sealed, Expr::value(Option::<Vec<u8>>::None))
        .filter(sent)
        .run()
        .await?;
    Ok(())
}

/// Conversations in which `visitor` said something or that they began: up to `limit` after `after`, by id.
///
/// # Errors
/// When the database does not answer.
pub async fn of_visitor(
    tx: &TenantTx,
    project: ProjectId,
    visitor: VisitorId,
    after: Option<ConversationId>,
    limit: u64,
) -> Result<Vec<conversation::Conversation>, StoreError> {
    let spoke = tx
        .find::<message::Entity>()
        .filter(message::Column::ProjectId.eq(project.uuid()))
        .filter(message::Column::VisitorId.eq(visitor.uuid()))
        .shape(|select| select.select_only().column(message::Column::ConversationId));
    let theirs = Condition::any()
        .add(conversation::Column::VisitorId.eq(visitor.uuid()))
        .add(conversation::Column::Id.in_subquery(sea_orm::QueryTrait::into_query(spoke.walled())));
    let mut find = tx
        .find::<conversation::Entity>()
        .filter(conversation::Column::ProjectId.eq(project.uuid()))
        .filter(theirs)
        .order(conversation::Column::Id, Order::Asc)
        .limit(limit);
    if let Some(after) = after {
        find = find.filter(conversation::Column::Id.gt(after.uuid()));
    }
    Ok(find.all().await?.into_iter().map(Into::into).collect())
}

fn said(conversation: ConversationId, visitor: VisitorId) -> Condition {
    Condition::all()
        .add(message::Column::ConversationId.eq(conversation.uuid()))
        .add(message::Column::VisitorId.eq(visitor.uuid()))
}

/// What `visitor` said in a conversation and was told, in its order.
///
/// # Errors
/// When the database does not answer.
pub async fn turns_of(tx: &TenantTx, conversation: ConversationId, visitor: VisitorId) -> Result<Vec<message::Message>, StoreError> {
    let rows = tx
        .find::<message::Entity>()
        .filter(said(conversation, visitor))
        .order(message::Column::CreatedAt, Order::Asc)
        .order(message::Column::Id, Order::Asc)
        .all()
        .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Takes `visitor` out of a conversation: what they said and were told goes, and the whole of it when nobody else spoke in it or it is theirs
/// in the widget, where nobody else speaks: what is another's there was written while two visitors became one. `title` stands in place of one
/// that was their words.
///
/// # Errors
/// When the database does not answer.
pub async fn take_out(
    tx: &TenantTx,
    project: ProjectId,
    conversation: &conversation::Conversation,
    visitor: VisitorId,
    title: Vec<u8>,
) -> Result<Gone, StoreError> {
    let id = conversation.id;
    if conversation.channel == "widget" && conversation.visitor == Some(visitor) {
        return delete(tx, project, &[id]).await;
    }
    let theirs: Vec<MessageId> = turns_of(tx, id, visitor).await?.into_iter().map(|turn| turn.id).collect();
    let messages = theirs.len() as u64;
    tx.delete::<slack_answer::Entity>(slack_answer::Column::MessageId.is_in(theirs.iter().map(|id| id.uuid())))
        .await?;
    tx.delete::<message::Entity>(said(id, visitor)).await?;
    let left = tx
        .find::<message::Entity>()
        .filter(message::Column::ConversationId.eq(id.uuid()))
        .all()
        .await?;
    if left.is_empty() {
        let gone = delete(tx, project, &[id]).await?;
        return Ok(Gone {
            conversations: gone.conversations,
            messages,
        });
    }
    let count = |is: &dyn Fn(&message::Model) -> bool| i32::try_from(left.iter().filter(|row| is(row)).count()).unwrap_or(i32::MAX);
    let mut update = tx
        .update::<conversation::Entity>()
        .set(conversation::Column::Questions, count(&|row| row.role == "visitor"))
        .set(
            conversation::Column::Unanswered,
            count(&|row| row.outcome.as_deref() == Some("unanswered")),
        )
        .set(conversation::Column::Helpful, count(&|row| row.helpful == Some(1)))
        .set(conversation::Column::Unhelpful, count(&|row| row.helpful == Some(0)));
    if conversation.visitor == Some(visitor) {
        update = update
            .set(conversation::Column::VisitorId, Expr::value(Option::<Uuid>::None))
            .clear(conversation::Column::Person)
            .seal(conversation::Column::Title, project, title);
    }
    update.filter(conversation::Column::Id.eq(id.uuid())).run().await?;
    Ok(Gone {
        conversations: 0,
        messages,
    })
}
