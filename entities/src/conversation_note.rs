//! What the team notes at conversations, sealed. Goes with its conversation.

use sea_orm::{Condition, Order, Set, entity::prelude::*};

use crate::{
    AccountId, ConversationId, Millis, NoteId, ProjectId, StoreError, TenantTx,
    tenant_db::{SealedCells, TenantScoped},
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "conversation_note")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub project_id: Uuid,
    pub conversation_id: Uuid,
    pub author_id: Uuid,
    pub sealed: Vec<u8>,
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

#[derive(Clone, Debug)]
pub struct Note {
    pub id: NoteId,
    pub conversation: ConversationId,
    pub author: AccountId,
    pub sealed: Vec<u8>,
    pub created_at: Millis,
}

impl From<Model> for Note {
    fn from(row: Model) -> Self {
        Self {
            id: row.id.into(),
            conversation: row.conversation_id.into(),
            author: row.author_id.into(),
            sealed: row.sealed,
            created_at: row.created_at,
        }
    }
}

/// # Errors
/// `Orphan` when there is no such conversation.
pub async fn insert(tx: &TenantTx, project: ProjectId, note: Note) -> Result<(), StoreError> {
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        id: Set(note.id.uuid()),
        project_id: Set(project.uuid()),
        conversation_id: Set(note.conversation.uuid()),
        author_id: Set(note.author.uuid()),
        sealed: Set(note.sealed),
        created_at: Set(note.created_at),
    })
    .await
}

/// Up to `limit` notes at some conversations, by conversation and in their order.
///
/// # Errors
/// When the database does not answer.
pub async fn of_conversations(
    tx: &TenantTx,
    project: ProjectId,
    conversations: &[ConversationId],
    limit: u64,
) -> Result<Vec<Note>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::ConversationId.is_in(conversations.iter().map(|id| id.uuid())))
        .order(Column::ConversationId, Order::Asc)
        .order(Column::CreatedAt, Order::Asc)
        .order(Column::Id, Order::Asc)
        .limit(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(Note::from).collect())
}

/// Deletes a note that `author` wrote. `false` when there is none.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(
    tx: &TenantTx,
    project: ProjectId,
    conversation: ConversationId,
    id: NoteId,
    author: AccountId,
) -> Result<bool, StoreError> {
    let own = Condition::all()
        .add(Column::ProjectId.eq(project.uuid()))
        .add(Column::ConversationId.eq(conversation.uuid()))
        .add(Column::Id.eq(id.uuid()))
        .add(Column::AuthorId.eq(author.uuid()));
    Ok(tx.delete::<Entity>(own).await? == 1)
}
