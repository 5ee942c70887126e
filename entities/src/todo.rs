//! What the team of a project means to do, sealed. One that came of a question names it, and copies nothing of it.

use sea_orm::{Condition, Order, Set, entity::prelude::*, sea_query::Expr};

use crate::{
    AccountId, ConversationId, MessageId, Millis, ProjectId, StoreError, TenantTx, TodoId,
    tenant_db::{SealedCells, TenantScoped},
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "todo")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub project_id: Uuid,
    pub conversation_id: Option<Uuid>,
    pub message_id: Option<Uuid>,
    pub author_id: Uuid,
    pub sealed: Vec<u8>,
    pub created_at: i64,
    pub done_at: Option<i64>,
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
pub struct Todo {
    pub id: TodoId,
    /// The question that it came of. Both may be gone.
    pub question: Option<(ConversationId, MessageId)>,
    pub author: AccountId,
    pub sealed: Vec<u8>,
    pub created_at: Millis,
    pub done_at: Option<Millis>,
}

impl From<Model> for Todo {
    fn from(row: Model) -> Self {
        Self {
            id: row.id.into(),
            question: row
                .conversation_id
                .zip(row.message_id)
                .map(|(conversation, message)| (conversation.into(), message.into())),
            author: row.author_id.into(),
            sealed: row.sealed,
            created_at: row.created_at,
            done_at: row.done_at,
        }
    }
}

/// # Errors
/// `Orphan` when there is no such project.
pub async fn insert(tx: &TenantTx, project: ProjectId, todo: Todo) -> Result<(), StoreError> {
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        id: Set(todo.id.uuid()),
        project_id: Set(project.uuid()),
        conversation_id: Set(todo.question.map(|(conversation, _)| conversation.uuid())),
        message_id: Set(todo.question.map(|(_, message)| message.uuid())),
        author_id: Set(todo.author.uuid()),
        sealed: Set(todo.sealed),
        created_at: Set(todo.created_at),
        done_at: Set(todo.done_at),
    })
    .await
}

fn of(project: ProjectId) -> Condition {
    Condition::all().add(Column::ProjectId.eq(project.uuid()))
}

fn standing(done: bool) -> Condition {
    let condition = if done {
        Column::DoneAt.is_not_null()
    } else {
        Column::DoneAt.is_null()
    };
    Condition::all().add(condition)
}

/// Up to `limit` of a project, the latest first: those that are done or those that are not, made before `before`.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &TenantTx, project: ProjectId, done: bool, before: Option<TodoId>, limit: u64) -> Result<Vec<Todo>, StoreError> {
    let which = of(project)
        .add(standing(done))
        .add_option(before.map(|before| Column::Id.lt(before.uuid())));
    let find = tx.find::<Entity>().filter(which).order(Column::Id, Order::Desc);
    Ok(find.limit(limit).all().await?.into_iter().map(Todo::from).collect())
}

/// # Errors
/// When the database does not answer.
pub async fn find(tx: &TenantTx, project: ProjectId, id: TodoId) -> Result<Option<Todo>, StoreError> {
    let row = tx.find::<Entity>().filter(of(project).add(Column::Id.eq(id.uuid()))).one().await?;
    Ok(row.map(Todo::from))
}

/// How many are not done.
///
/// # Errors
/// When the database does not answer.
pub async fn undone(tx: &TenantTx, project: ProjectId) -> Result<u64, StoreError> {
    tx.find::<Entity>().filter(of(project).add(standing(false))).count().await
}

/// # Errors
/// When the database does not answer.
pub async fn count(tx: &TenantTx, project: ProjectId) -> Result<u64, StoreError> {
    tx.find::<Entity>().filter(of(project)).count().await
}

/// `false` when there is no such.
///
/// # Errors
/// When the database does not answer.
pub async fn set_done(tx: &TenantTx, project: ProjectId, id: TodoId, done_at: Option<Millis>) -> Result<bool, StoreError> {
    let update = tx.update::<Entity>().set(Column::DoneAt, Expr::value(done_at));
    Ok(update.filter(of(project).add(Column::Id.eq(id.uuid()))).run().await? == 1)
}

/// `false` when there is no such.
///
/// # Errors
/// When the database does not answer.
pub async fn set_text(tx: &TenantTx, project: ProjectId, id: TodoId, sealed: Vec<u8>) -> Result<bool, StoreError> {
    let update = tx.update::<Entity>().seal(Column::Sealed, project, sealed);
    Ok(update.filter(of(project).add(Column::Id.eq(id.uuid()))).run().await? == 1)
}

/// `false` when there was no such.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &TenantTx, project: ProjectId, id: TodoId) -> Result<bool, StoreError> {
    Ok(tx.delete::<Entity>(of(project).add(Column::Id.eq(id.uuid()))).await? == 1)
}
