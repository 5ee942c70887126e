//! What the team means to do, such as writing down what was asked for.

use entities::{AccountId, ConversationId, MessageId, Millis, TenantTx, TodoId, message, todo};

use super::{
    super::{ProjectActor, conversations::SealedTurn},
    Written, email_of, parse_written,
};
use crate::{
    audit::By,
    contain::Serve,
    fault::{Fault, Invalid, Limit},
    request,
    text::parse_text,
};

pub struct TodoCard {
    pub id: TodoId,
    /// Empty when the question says it all.
    pub text: String,
    pub question: Option<TodoQuestion>,
    pub author: AccountId,
    /// The author's address at that time.
    pub email: String,
    pub created_at: Millis,
    pub done_at: Option<Millis>,
}

/// The question that something is to be done about.
pub struct TodoQuestion {
    pub conversation: ConversationId,
    pub message: MessageId,
    /// `None` when it was deleted.
    pub text: Option<String>,
}

/// A page, the latest first.
pub struct ListTodos {
    pub done: bool,
    pub before: Option<TodoId>,
    pub limit: u64,
}
pub struct TodoPage {
    pub todos: Vec<TodoCard>,
    pub next: Option<TodoId>,
    /// How many are not done.
    pub undone: u64,
}
/// Notes what is to be done; with a question, about that.
pub struct AddTodo {
    pub text: String,
    pub question: Option<MessageId>,
    pub by: By,
}
/// Ticks something off, takes that back, or says it in other words.
pub struct ChangeTodo {
    pub id: TodoId,
    pub done: Option<bool>,
    pub text: Option<String>,
}
pub struct DeleteTodo(pub TodoId);

request! {
    ListTodos => TodoPage, needs Member;
    AddTodo => TodoCard, needs Member;
    ChangeTodo => TodoCard, needs Member;
    DeleteTodo => (), needs Member;
}

const MOST_A_PAGE: u64 = 200;
/// Of a project, done or not.
const MOST: u64 = 2_000;

impl ProjectActor {
    async fn todo(&self, tx: &TenantTx, row: todo::Todo) -> Result<TodoCard, Fault> {
        let Written { text, email } = self.open_json("todo", "sealed", row.id.uuid(), &row.sealed)?;
        let question = match row.question {
            Some((conversation, message)) => Some(TodoQuestion {
                conversation,
                message,
                text: self.asked(tx, message).await?.map(|(_, text)| text),
            }),
            None => None,
        };
        Ok(TodoCard {
            id: row.id,
            text,
            question,
            author: row.author,
            email,
            created_at: row.created_at,
            done_at: row.done_at,
        })
    }

    /// What a turn says, and where; `None` when there is no such turn.
    async fn asked(&self, tx: &TenantTx, id: MessageId) -> Result<Option<(ConversationId, String)>, Fault> {
        let Some(found) = message::find(tx, self.id(), id).await? else {
            return Ok(None);
        };
        let turn: SealedTurn = self.open_json("message", "sealed", id.uuid(), &found.sealed)?;
        Ok(Some((found.conversation, turn.text)))
    }
}

impl Serve<ListTodos> for ProjectActor {
    async fn serve(&self, list: ListTodos) -> Result<TodoPage, Fault> {
        let (project, limit) = (self.id(), list.limit.clamp(1, MOST_A_PAGE));
        let listed = self.db().read(async |tx| {
            let rows = todo::list(tx, project, list.done, list.before, limit).await?;
            let next = rows.last().filter(|_| rows.len() as u64 == limit).map(|last| last.id);
            let mut todos = Vec::with_capacity(rows.len());
            for row in rows {
                todos.push(self.todo(tx, row).await?);
            }
            let undone = todo::undone(tx, project).await?;
            Ok(TodoPage { todos, next, undone })
        });
        listed.await
    }
}

impl Serve<AddTodo> for ProjectActor {
    async fn serve(&self, add: AddTodo) -> Result<TodoCard, Fault> {
        let (project, now, id) = (self.id(), self.now(), TodoId::new());
        // A question speaks for itself.
        let text = match add.question {
            Some(_) => parse_text(&add.text, "text", super::LONGEST)?,
            None => parse_written(&add.text)?,
        };
        let added = self.db().write(async |tx| {
            let question = match add.question {
                Some(message) => {
                    let refuse = || Fault::invalid(Invalid::UnknownQuestion, "message", "There is no such question in this project.");
                    let (conversation, _) = self.asked(tx, message).await?.ok_or_else(refuse)?;
                    Some((conversation, message))
                }
                None => None,
            };
            if todo::count(tx, project).await? >= MOST {
                let reason = format!("A project takes at most {MOST} to-dos. Delete some that are done.");
                return Err(Fault::Limit {
                    code: Limit::TooManyTodos,
                    reason,
                });
            }
            let email = email_of(tx, add.by.account).await?;
            let row = todo::Todo {
                id,
                question,
                author: add.by.account,
                sealed: self.seal_json("todo", "sealed", id.uuid(), &Written { text, email })?,
                created_at: now,
                done_at: None,
            };
            todo::insert(tx, project, row.clone()).await?;
            self.todo(tx, row).await
        });
        added.await
    }
}

impl Serve<ChangeTodo> for ProjectActor {
    async fn serve(&self, change: ChangeTodo) -> Result<TodoCard, Fault> {
        let (project, now, id) = (self.id(), self.now(), change.id);
        let changed = self.db().write(async |tx| {
            let row = todo::find(tx, project, id).await?.ok_or(Fault::NotFound)?;
            if let Some(text) = &change.text {
                let text = match row.question {
                    Some(_) => parse_text(text, "text", super::LONGEST)?,
                    None => parse_written(text)?,
                };
                let Written { email, .. } = self.open_json("todo", "sealed", id.uuid(), &row.sealed)?;
                let sealed = self.seal_json("todo", "sealed", id.uuid(), &Written { text, email })?;
                todo::set_text(tx, project, id, sealed).await?;
            }
            if let Some(done) = change.done {
                todo::set_done(tx, project, id, done.then_some(row.done_at.unwrap_or(now))).await?;
            }
            let row = todo::find(tx, project, id).await?.ok_or(Fault::NotFound)?;
            self.todo(tx, row).await
        });
        changed.await
    }
}

impl Serve<DeleteTodo> for ProjectActor {
    async fn serve(&self, DeleteTodo(id): DeleteTodo) -> Result<(), Fault> {
        let project = self.id();
        match self.db().write(async |tx| todo::delete(tx, project, id).await).await? {
            true => Ok(()),
            false => Err(Fault::NotFound),
        }
    }
}
