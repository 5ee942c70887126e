//! Projects: one product's knowledge each.

use sea_orm::{
    Condition, Order, QuerySelect, Set,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait},
};
use serde::{Deserialize, Serialize};

use crate::{
    Millis, ProjectId, StoreError, TenantTx, credential, document, inbound_event, keys, project_member, rollup, slack_channel, source,
    tenant_db::{SealedCells, TenantScoped},
    voice_endpoint, widget_route,
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "project")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Unique in the tenant; a deleted project gives its name back.
    pub name: String,
    pub created_at: i64,
    pub deleted_at: Option<i64>,
    pub public_key: String,
    pub public_key_at: i64,
    /// JSON array of origins.
    pub allowed_origins: String,
    /// JSON of [`Look`].
    pub look: String,
    /// JSON of [`HandOff`].
    pub hand_off: Option<String>,
    /// Counts the changes of what the project knows, so that an index elsewhere sees that it is old.
    pub knowledge: i64,
    /// Words that mean the same, sealed; nothing until some were set.
    pub synonyms: Option<Vec<u8>>,
    /// JSON of [`crate::embeddings::Embeddings`].
    pub embeddings: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
    const SEALED: Option<SealedCells<Self>> = Some(SealedCells {
        project: Column::Id,
        row: Column::Id,
        cells: &[Column::Synonyms],
    });
}

/// How the widget presents itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    pub title: String,
    pub greeting: String,
    /// `#rrggbb`.
    pub color: String,
    /// `left` or `right` at the foot of the page, `top-left` or `top-right` at its head.
    pub position: String,
    pub suggestions: Vec<String>,
    /// On light pages and on dark ones, where `color` alone does not say it.
    #[serde(default)]
    pub light: Colors,
    #[serde(default)]
    pub dark: Colors,
    /// `light` or `dark` on every page; `None` as the page is.
    #[serde(default)]
    pub scheme: Option<String>,
    /// Pixels from the page's edges, across and down; `None` for the usual.
    #[serde(default)]
    pub offset_x: Option<u16>,
    #[serde(default)]
    pub offset_y: Option<u16>,
    /// Beside the round button's picture; empty for the picture alone.
    #[serde(default)]
    pub launcher: String,
    /// Such as `pt`; `None` as the page and the browser say.
    #[serde(default)]
    pub language: Option<String>,
    /// Names the contents of the logo, if there is one.
    #[serde(default)]
    pub logo: Option<String>,
}

/// Each `#rrggbb`, or `None` for the usual.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Colors {
    pub accent: Option<String>,
    pub background: Option<String>,
    pub text: Option<String>,
}

/// That visitors can ask for a person, and where that is mailed to besides what webhooks are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOff {
    pub email: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Project {
    pub id: ProjectId,
    pub name: String,
    pub created_at: Millis,
    pub public_key: String,
    pub public_key_at: Millis,
    pub allowed_origins: Vec<String>,
    pub look: Look,
    /// `None` while visitors cannot ask for a person.
    pub hand_off: Option<HandOff>,
}

impl TryFrom<Model> for Project {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.into(),
            name: row.name,
            created_at: row.created_at,
            public_key: row.public_key,
            public_key_at: row.public_key_at,
            allowed_origins: serde_json::from_str(&row.allowed_origins).map_err(|_| StoreError::Damaged("project.allowed_origins"))?,
            look: serde_json::from_str(&row.look).map_err(|_| StoreError::Damaged("project.look"))?,
            hand_off: row
                .hand_off
                .map(|text| serde_json::from_str(&text).map_err(|_| StoreError::Damaged("project.hand_off")))
                .transpose()?,
        })
    }
}

/// What the list of projects shows of each.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    pub documents: i64,
    pub documents_ready: i64,
    pub documents_failed: i64,
    pub questions: i64,
}

fn json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::Damaged("value to store"))
}

/// Stores a new project and makes its public key lead to it.
///
/// # Errors
/// `Conflict` when the tenant has a project of that name.
pub async fn insert(tx: &TenantTx, project: &Project, public_key_hash: [u8; 32]) -> Result<(), StoreError> {
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        id: Set(project.id.uuid()),
        name: Set(project.name.clone()),
        created_at: Set(project.created_at),
        deleted_at: Set(None),
        public_key: Set(project.public_key.clone()),
        public_key_at: Set(project.public_key_at),
        allowed_origins: Set(json(&project.allowed_origins)?),
        look: Set(json(&project.look)?),
        hand_off: Set(project.hand_off.as_ref().map(json).transpose()?),
        knowledge: Set(0),
        synonyms: Set(None),
        embeddings: Set(None),
    })
    .await?;
    publish(tx, project.id, public_key_hash).await
}

async fn publish(tx: &TenantTx, project: ProjectId, key_hash: [u8; 32]) -> Result<(), StoreError> {
    let route = widget_route::ActiveModel {
        key_hash: Set(key_hash.to_vec()),
        workspace_id: Set(tx.tenant().uuid()),
        project_id: Set(project.uuid()),
    };
    widget_route::Entity::insert(route).exec_without_returning(tx.raw()).await?;
    Ok(())
}

async fn withdraw(tx: &TenantTx, project: ProjectId) -> Result<(), StoreError> {
    widget_route::Entity::delete_many()
        .filter(widget_route::Column::ProjectId.eq(project.uuid()))
        .filter(widget_route::Column::WorkspaceId.eq(tx.tenant().uuid()))
        .exec(tx.raw())
        .await?;
    Ok(())
}

/// # Errors
/// When the database does not answer.
pub async fn find(tx: &TenantTx, id: ProjectId) -> Result<Option<Project>, StoreError> {
    let row = tx
        .find::<Entity>()
        .filter(Column::Id.eq(id.uuid()))
        .filter(Column::DeletedAt.is_null())
        .one()
        .await?;
    row.map(Project::try_from).transpose()
}

/// Every living project, by name.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &TenantTx) -> Result<Vec<Project>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .filter(Column::DeletedAt.is_null())
        .order(Column::Name, Order::Asc)
        .all()
        .await?;
    rows.into_iter().map(Project::try_from).collect()
}

/// Counts for the list, by project, of all or `only` one; questions since `since_day` (days since the epoch).
///
/// # Errors
/// When the database does not answer.
pub async fn summaries(tx: &TenantTx, only: Option<ProjectId>, since_day: i32) -> Result<Vec<(ProjectId, Summary)>, StoreError> {
    let mut found: std::collections::BTreeMap<ProjectId, Summary> = std::collections::BTreeMap::new();
    #[derive(sea_orm::FromQueryResult)]
    struct Count {
        project_id: Uuid,
        label: String,
        rows: i64,
    }
    let counted = tx
        .find::<document::Entity>()
        .filter(Condition::all().add_option(only.map(|id| document::Column::ProjectId.eq(id.uuid()))))
        .shape(|select| {
            select
                .select_only()
                .column(document::Column::ProjectId)
                .column_as(document::Column::Status, "label")
                .column_as(document::Column::Id.count(), "rows")
                .group_by(document::Column::ProjectId)
                .group_by(document::Column::Status)
        })
        .into::<Count>()
        .await?;
    for count in counted {
        let summary = found.entry(count.project_id.into()).or_default();
        summary.documents += count.rows;
        match count.label.as_str() {
            "ready" => summary.documents_ready += count.rows,
            "failed" => summary.documents_failed += count.rows,
            _ => {}
        }
    }
    for (project, questions) in rollup::questions_since(tx, only, since_day).await? {
        found.entry(project).or_default().questions += questions;
    }
    Ok(found.into_iter().collect())
}

async fn set(tx: &TenantTx, id: ProjectId, values: Vec<(Column, sea_orm::sea_query::SimpleExpr)>) -> Result<bool, StoreError> {
    let mut update = tx
        .update::<Entity>()
        .filter(Column::Id.eq(id.uuid()))
        .filter(Column::DeletedAt.is_null());
    for (column, value) in values {
        update = update.set(column, value);
    }
    Ok(update.run().await? == 1)
}

/// `false` when there is no such project; so for each of the changes below.
///
/// # Errors
/// `Conflict` when another project has that name.
pub async fn rename(tx: &TenantTx, id: ProjectId, name: &str) -> Result<bool, StoreError> {
    set(tx, id, vec![(Column::Name, Expr::value(name))]).await
}

/// # Errors
/// When the database does not answer.
pub async fn set_look(tx: &TenantTx, id: ProjectId, look: &Look) -> Result<bool, StoreError> {
    set(tx, id, vec![(Column::Look, Expr::value(json(look)?))]).await
}

/// # Errors
/// When the database does not answer.
pub async fn set_hand_off(tx: &TenantTx, id: ProjectId, hand_off: Option<&HandOff>) -> Result<bool, StoreError> {
    let text = hand_off.map(json).transpose()?;
    set(tx, id, vec![(Column::HandOff, Expr::value(text))]).await
}

/// # Errors
/// When the database does not answer.
pub async fn set_origins(tx: &TenantTx, id: ProjectId, origins: &[String]) -> Result<bool, StoreError> {
    set(tx, id, vec![(Column::AllowedOrigins, Expr::value(json(&origins)?))]).await
}

/// Replaces the public key; the old one leads nowhere from the same commit on.
///
/// # Errors
/// When the database does not answer.
pub async fn set_public_key(tx: &TenantTx, id: ProjectId, key: &str, hash: [u8; 32], now: Millis) -> Result<bool, StoreError> {
    if !set(
        tx,
        id,
        vec![(Column::PublicKey, Expr::value(key)), (Column::PublicKeyAt, Expr::value(now))],
    )
    .await?
    {
        return Ok(false);
    }
    withdraw(tx, id).await?;
    publish(tx, id, hash).await?;
    Ok(true)
}

/// Ends a project at once: no name, no route, no key. Its rows are noise from now on and are purged by a job. Returns the
/// shares of its keys, which the key ring is to destroy; `None` when there is no such project.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &TenantTx, id: ProjectId, now: Millis) -> Result<Option<Vec<Uuid>>, StoreError> {
    let gone = vec![
        (Column::DeletedAt, Expr::value(now)),
        (Column::Name, Expr::value(format!("deleted {id}"))),
    ];
    if !set(tx, id, gone).await? {
        return Ok(None);
    }
    withdraw(tx, id).await?;
    let shares = keys::destroy_project_keys(tx, id).await?;
    project_member::forget_project(tx, id).await?;
    credential::forget_project(tx, id).await?;
    inbound_event::forget_project(tx, id).await?;
    slack_channel::forget_project(tx, id).await?;
    voice_endpoint::forget_project(tx, id).await?;
    source::forget_project(tx, id, now).await?;
    Ok(Some(shares))
}

/// Removes what is left of a deleted project, once its chunks and conversations are gone: its documents go with it.
///
/// # Errors
/// When the database does not answer.
pub async fn purge(tx: &TenantTx, id: ProjectId) -> Result<(), StoreError> {
    let dead = sea_orm::Condition::all()
        .add(Column::Id.eq(id.uuid()))
        .add(Column::DeletedAt.is_not_null());
    tx.delete::<Entity>(dead).await?;
    Ok(())
}

/// How often the project's knowledge changed; `None` when there is no such project.
///
/// # Errors
/// When the database does not answer.
pub async fn knowledge(tx: &TenantTx, id: ProjectId) -> Result<Option<i64>, StoreError> {
    let row = tx
        .find::<Entity>()
        .filter(Column::Id.eq(id.uuid()))
        .filter(Column::DeletedAt.is_null())
        .one()
        .await?;
    Ok(row.map(|row| row.knowledge))
}

/// The sealed synonyms; `None` when none were ever set.
///
/// # Errors
/// `Orphan` when there is no such project.
pub async fn synonyms(tx: &TenantTx, id: ProjectId) -> Result<Option<Vec<u8>>, StoreError> {
    let row = tx
        .find::<Entity>()
        .filter(Column::Id.eq(id.uuid()))
        .filter(Column::DeletedAt.is_null())
        .one()
        .await?;
    Ok(row.ok_or(StoreError::Orphan)?.synonyms)
}

/// # Errors
/// `Orphan` when there is no such project.
pub async fn set_synonyms(tx: &TenantTx, id: ProjectId, sealed: Vec<u8>) -> Result<(), StoreError> {
    let update = tx
        .update::<Entity>()
        .seal(Column::Synonyms, id, sealed)
        .filter(Column::Id.eq(id.uuid()))
        .filter(Column::DeletedAt.is_null());
    if update.run().await? == 1 {
        Ok(())
    } else {
        Err(StoreError::Orphan)
    }
}

/// Notes, in the transaction of a change, that the knowledge changed; returns the new count.
///
/// # Errors
/// When the database does not answer.
pub async fn knowledge_changed(tx: &TenantTx, id: ProjectId) -> Result<i64, StoreError> {
    set(tx, id, vec![(Column::Knowledge, Expr::col(Column::Knowledge).add(1))]).await?;
    knowledge(tx, id).await?.ok_or(StoreError::Orphan)
}
