//! What is known of a call besides its turns: how long it was, and, sealed, how it ended and what the provider made of it.

use sea_orm::{Set, entity::prelude::*, sea_query::Expr};

use crate::{
    ConversationId, EndpointId, ProjectId, StoreError, TenantTx,
    tenant_db::{SealedCells, TenantScoped},
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "voice_call")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub conversation_id: Uuid,
    pub project_id: Uuid,
    pub endpoint_id: Uuid,
    pub duration_s: Option<i32>,
    pub sealed: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
    const SEALED: Option<SealedCells<Self>> = Some(SealedCells {
        project: Column::ProjectId,
        row: Column::ConversationId,
        cells: &[Column::Sealed],
    });
}

#[derive(Clone, Debug)]
pub struct VoiceCall {
    pub conversation: ConversationId,
    pub endpoint: EndpointId,
    pub duration_s: Option<i32>,
    pub sealed: Vec<u8>,
}

/// # Errors
/// When the database does not answer.
pub async fn find(tx: &TenantTx, project: ProjectId, conversation: ConversationId) -> Result<Option<VoiceCall>, StoreError> {
    let row = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::ConversationId.eq(conversation.uuid()))
        .one()
        .await?;
    Ok(row.map(|row| VoiceCall {
        conversation: row.conversation_id.into(),
        endpoint: row.endpoint_id.into(),
        duration_s: row.duration_s,
        sealed: row.sealed,
    }))
}

/// Stores what is known of a call, in place of what was known before.
///
/// # Errors
/// `Orphan` when there is no such conversation.
pub async fn store(tx: &TenantTx, project: ProjectId, call: VoiceCall) -> Result<(), StoreError> {
    let changed = tx
        .update::<Entity>()
        .set(Column::DurationS, Expr::value(call.duration_s))
        .seal(Column::Sealed, project, call.sealed.clone())
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::ConversationId.eq(call.conversation.uuid()))
        .run()
        .await?;
    if changed == 1 {
        return Ok(());
    }
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        conversation_id: Set(call.conversation.uuid()),
        project_id: Set(project.uuid()),
        endpoint_id: Set(call.endpoint.uuid()),
        duration_s: Set(call.duration_s),
        sealed: Set(call.sealed),
    })
    .await
}
