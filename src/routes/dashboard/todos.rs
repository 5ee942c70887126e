//! What the team means to do.

use actix_web::{
    HttpResponse,
    web::{Json, Path, Query},
};
use actors::{
    Fault, TodoId,
    project::inbox::todos::{AddTodo, ChangeTodo, DeleteTodo, ListTodos},
    role::Member,
};
use serde::Deserialize;

use crate::{
    doors::ProjectPass,
    error::Problem,
    routes::views::{NewTodo, TodoPatch, TodoView, Todos},
};

#[derive(Deserialize)]
pub struct Which {
    done: Option<bool>,
    before: Option<TodoId>,
    limit: Option<u64>,
}

pub async fn list(pass: ProjectPass<Member>, which: Query<Which>) -> Result<Json<Todos>, Problem> {
    let page = pass
        .send(ListTodos {
            done: which.done.unwrap_or(false),
            before: which.before,
            limit: which.limit.unwrap_or(50),
        })
        .await?;
    Ok(Json(page.into()))
}

pub async fn add(pass: ProjectPass<Member>, body: Json<NewTodo>) -> Result<HttpResponse, Problem> {
    let NewTodo { text, question } = body.into_inner();
    let add = AddTodo {
        text: text.unwrap_or_default(),
        question,
        by: pass.by(),
    };
    Ok(HttpResponse::Created().json(TodoView::from(pass.send(add).await?)))
}

fn id(path: &(String, String)) -> Result<TodoId, Problem> {
    path.1.parse().map_err(|_| Problem::Fault(Fault::NotFound))
}

pub async fn change(pass: ProjectPass<Member>, path: Path<(String, String)>, body: Json<TodoPatch>) -> Result<Json<TodoView>, Problem> {
    let TodoPatch { done, text } = body.into_inner();
    let id = id(&path)?;
    Ok(Json(pass.send(ChangeTodo { id, done, text }).await?.into()))
}

pub async fn delete(pass: ProjectPass<Member>, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    pass.send(DeleteTodo(id(&path)?)).await?;
    Ok(HttpResponse::NoContent().finish())
}
