//! A session together with all that decides what it may. One question, because every request asks it.

use sea_orm::{
    FromQueryResult, JoinType, QuerySelect, RelationDef,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait},
};

use crate::{
    Millis, StoreError, TenantTx, account,
    member::{self, Role, Standing},
    project_member::{self, Reach},
    session::{self, Column, Entity, Session},
    workspace,
};

#[derive(FromQueryResult)]
struct Row {
    #[sea_orm(nested)]
    session: session::Model,
    role: String,
    since: i64,
    second_factor_at: Option<i64>,
    second_factor_from: Option<i64>,
    workspace_ends_at: Option<i64>,
}

fn joins() -> [RelationDef; 3] {
    let of_tenant = |column| (Column::TenantId, column);
    [
        Entity::belongs_to(member::Entity)
            .from(of_tenant(Column::AccountId))
            .to((member::Column::TenantId, member::Column::AccountId))
            .into(),
        Entity::belongs_to(workspace::Entity)
            .from(Column::TenantId)
            .to(workspace::Column::TenantId)
            .into(),
        Entity::belongs_to(account::Entity)
            .from(Column::AccountId)
            .to(account::Column::Id)
            .into(),
    ]
}

/// The session and what its member may, as of one moment. `None` when it is unknown or over, by itself or with its account's epoch, and
/// when its member left since it began: who comes back does not get the sessions of the earlier time back. Nor does one live whose proof is
/// from before an Owner ended its member's sessions.
///
/// # Errors
/// When the database does not answer, or holds no known role.
pub async fn living(tx: &TenantTx, id_hash: &[u8; 32], now: Millis) -> Result<Option<(Session, Standing)>, StoreError> {
    let find = tx
        .find::<Entity>()
        .filter(Column::IdHash.eq(id_hash.as_slice()))
        .filter(Column::ExpiresAt.gt(now))
        .filter(Column::EndsAt.gt(now))
        .filter(Expr::col((Entity, Column::Epoch)).eq(Expr::col((account::Entity, account::Column::Epoch))))
        .filter(Expr::col((Entity, Column::ProvedAt)).gte(Expr::col((member::Entity, member::Column::SessionsFrom))))
        .filter(Expr::col((Entity, Column::CreatedAt)).gte(Expr::col((member::Entity, member::Column::CreatedAt))));
    let find = find.shape(|select| {
        joins()
            .into_iter()
            .fold(select, |select, join| select.join(JoinType::InnerJoin, join))
            .column_as(member::Column::Role, "role")
            .column_as(member::Column::CreatedAt, "since")
            .column_as(account::Column::SecondFactorAt, "second_factor_at")
            .column_as(workspace::Column::SecondFactorFrom, "second_factor_from")
            .column_as(workspace::Column::EndsAt, "workspace_ends_at")
    });
    let Some(row) = find.into::<Row>().await?.pop() else {
        return Ok(None);
    };
    let session = Session::try_from(row.session)?;
    let account = session.account;
    let role = Role::parse(&row.role)?;
    let reach = match role {
        Role::Member => Reach::Only(project_member::assigned(tx, account).await?),
        Role::Admin | Role::Owner => Reach::Every,
    };
    let standing = Standing {
        role,
        reach,
        since: row.since,
        second_factor: row.second_factor_at.is_some(),
        barred_from: row.second_factor_from.filter(|_| row.second_factor_at.is_none()),
        ends_at: row.workspace_ends_at,
    };
    Ok(Some((session, standing)))
}
