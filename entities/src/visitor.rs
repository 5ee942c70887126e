//! Whose conversations are whose. Visitors have no rows of their own.

use sea_orm::{entity::prelude::*, sea_query::Expr};

use crate::{ConversationId, Millis, ProjectId, StoreError, TenantTx, VisitorId, conversation, message, rollup};

/// Makes what `from` said in this project what `to` said, as when somebody signs in who has asked before.
///
/// # Errors
/// When the database does not answer.
pub async fn become_one(tx: &TenantTx, project: ProjectId, from: VisitorId, to: VisitorId) -> Result<(), StoreError> {
    tx.update::<conversation::Entity>()
        .filter(conversation::Column::ProjectId.eq(project.uuid()))
        .filter(conversation::Column::VisitorId.eq(from.uuid()))
        .set(conversation::Column::VisitorId, Expr::value(to.uuid()))
        .run()
        .await?;
    tx.update::<message::Entity>()
        .filter(message::Column::ProjectId.eq(project.uuid()))
        .filter(message::Column::VisitorId.eq(from.uuid()))
        .set(message::Column::VisitorId, Expr::value(to.uuid()))
        .run()
        .await?;
    rollup::forget_visitor(tx, project, from).await?;
    Ok(())
}

/// Notes that a visitor asked for a person, which opens the conversation again.
///
/// # Errors
/// When the database does not answer.
pub async fn hand_over(tx: &TenantTx, project: ProjectId, id: ConversationId, now: Millis) -> Result<(), StoreError> {
    tx.update::<conversation::Entity>()
        .filter(conversation::Column::ProjectId.eq(project.uuid()))
        .filter(conversation::Column::Id.eq(id.uuid()))
        .set(conversation::Column::HandedOverAt, Expr::value(now))
        .set(conversation::Column::LastAt, Expr::value(now))
        .set(conversation::Column::ChangedAt, Expr::value(now))
        .set(conversation::Column::State, conversation::OPEN)
        .run()
        .await?;
    Ok(())
}
