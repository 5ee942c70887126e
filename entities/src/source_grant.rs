//! Grants: that somebody let this workspace read what they keep at a provider. The tokens are a credential, and the row names it.

use sea_orm::{Condition, Order, Set, entity::prelude::*, sea_query::Expr};

use crate::{
    AccountId, CredentialId, GrantId, Millis, StoreError, TenantTx,
    renewal::{self, Renewed},
    source_route,
    tenant_db::TenantScoped,
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "source_grant")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub kind: String,
    pub holder_id: String,
    pub holder_name: String,
    pub manage_url: Option<String>,
    pub credential_id: Option<Uuid>,
    pub state: String,
    /// When the access token ends, where it does.
    pub expires_at: Option<i64>,
    /// Until when some node has the right to renew the tokens.
    pub refreshing_until: i64,
    pub connected_by: Option<Uuid>,
    pub connected_at: i64,
    pub ended_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
}
impl Renewed for Entity {
    const ID: Column = Column::Id;
    const CREDENTIAL: Column = Column::CredentialId;
    const EXPIRES_AT: Column = Column::ExpiresAt;
    const REFRESHING_UNTIL: Column = Column::RefreshingUntil;
}

/// How a grant stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Active,
    /// The provider does not accept the tokens any more: somebody must connect anew.
    Broken,
    /// Let go of here; the provider has yet to confirm that it is over there.
    Revoking,
    Ended,
}

impl Standing {
    const ALL: [Self; 4] = [Self::Active, Self::Broken, Self::Revoking, Self::Ended];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Broken => "broken",
            Self::Revoking => "revoking",
            Self::Ended => "ended",
        }
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        let found = Self::ALL.into_iter().find(|one| one.as_str() == text);
        found.ok_or(StoreError::Damaged("source_grant.state"))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub id: GrantId,
    /// `github`, `notion`, `confluence`.
    pub kind: String,
    /// The provider's own id of the account, site or workspace.
    pub holder: String,
    pub name: String,
    /// Where its users see to what they gave access to.
    pub manage: Option<String>,
    /// The tokens, while there are some.
    pub credential: Option<CredentialId>,
    pub standing: Standing,
    pub expires_at: Option<Millis>,
    pub connected_by: Option<AccountId>,
    pub connected_at: Millis,
}

impl TryFrom<Model> for Grant {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.into(),
            standing: Standing::parse(&row.state)?,
            kind: row.kind,
            holder: row.holder_id,
            name: row.holder_name,
            manage: row.manage_url,
            credential: row.credential_id.map(CredentialId::from),
            expires_at: row.expires_at,
            connected_by: row.connected_by.map(AccountId::from),
            connected_at: row.connected_at,
        })
    }
}

/// # Errors
/// `Conflict` when the id is taken.
pub async fn insert(tx: &TenantTx, new: &Grant) -> Result<(), StoreError> {
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        id: Set(new.id.uuid()),
        kind: Set(new.kind.clone()),
        holder_id: Set(new.holder.clone()),
        holder_name: Set(new.name.clone()),
        manage_url: Set(new.manage.clone()),
        credential_id: Set(new.credential.map(CredentialId::uuid)),
        state: Set(new.standing.as_str().into()),
        expires_at: Set(new.expires_at),
        refreshing_until: Set(0),
        connected_by: Set(new.connected_by.map(AccountId::uuid)),
        connected_at: Set(new.connected_at),
        ended_at: Set(None),
    })
    .await
}

/// Gives a grant that is not over new tokens: its sources go on with them. `false` when it is over.
///
/// # Errors
/// When the database does not answer.
pub async fn reconnect(tx: &TenantTx, new: &Grant) -> Result<bool, StoreError> {
    let update = tx
        .update::<Entity>()
        .set(Column::HolderName, new.name.as_str())
        .set(Column::ManageUrl, Expr::value(new.manage.clone()))
        .set(Column::CredentialId, Expr::value(new.credential.map(CredentialId::uuid)))
        .set(Column::State, Standing::Active.as_str())
        .set(Column::ExpiresAt, Expr::value(new.expires_at))
        .set(Column::RefreshingUntil, 0_i64)
        .set(Column::ConnectedBy, Expr::value(new.connected_by.map(AccountId::uuid)))
        .set(Column::ConnectedAt, new.connected_at)
        .filter(Column::Id.eq(new.id.uuid()))
        .filter(living());
    Ok(update.run().await? == 1)
}

/// Those that a source may be of, or could again.
fn living() -> Condition {
    Condition::all().add(Column::State.is_in([Standing::Active.as_str(), Standing::Broken.as_str()]))
}

/// # Errors
/// When the database does not answer.
pub async fn find(tx: &TenantTx, id: GrantId) -> Result<Option<Grant>, StoreError> {
    let row = tx.find::<Entity>().filter(Column::Id.eq(id.uuid())).one().await?;
    row.map(Grant::try_from).transpose()
}

/// The one of this holder's that is not over.
///
/// # Errors
/// When the database does not answer.
pub async fn find_by_holder(tx: &TenantTx, kind: &str, holder: &str) -> Result<Option<Grant>, StoreError> {
    let find = tx
        .find::<Entity>()
        .filter(Column::Kind.eq(kind))
        .filter(Column::HolderId.eq(holder))
        .filter(living());
    find.one().await?.map(Grant::try_from).transpose()
}

/// Those of any of these holders that are not over.
///
/// # Errors
/// When the database does not answer.
pub async fn of_holders(tx: &TenantTx, kind: &str, holders: &[String]) -> Result<Vec<Grant>, StoreError> {
    let find = tx
        .find::<Entity>()
        .filter(Column::Kind.eq(kind))
        .filter(Column::HolderId.is_in(holders))
        .filter(living());
    find.all().await?.into_iter().map(Grant::try_from).collect()
}

/// Those that are not over, the oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &TenantTx) -> Result<Vec<Grant>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .filter(living())
        .order(Column::ConnectedAt, Order::Asc)
        .order(Column::Id, Order::Asc)
        .all()
        .await?;
    rows.into_iter().map(Grant::try_from).collect()
}

/// Takes the right to renew the tokens until `until`; `false` while another node has it.
///
/// # Errors
/// When the database does not answer.
pub async fn claim_refresh(tx: &TenantTx, id: GrantId, now: Millis, until: Millis) -> Result<bool, StoreError> {
    renewal::claim::<Entity>(tx, id.uuid(), now, until).await
}

/// Gives that right back, before its time is over.
///
/// # Errors
/// When the database does not answer.
pub async fn release_refresh(tx: &TenantTx, id: GrantId) -> Result<bool, StoreError> {
    let update = tx
        .update::<Entity>()
        .set(Column::RefreshingUntil, 0_i64)
        .filter(Column::Id.eq(id.uuid()));
    Ok(update.run().await? == 1)
}

/// Puts renewed tokens in the place of `old`; `false` when those are not the grant's any more.
///
/// # Errors
/// When the database does not answer.
pub async fn set_tokens(
    tx: &TenantTx,
    id: GrantId,
    old: CredentialId,
    new: CredentialId,
    expires_at: Option<Millis>,
) -> Result<bool, StoreError> {
    renewal::replace::<Entity>(tx, id.uuid(), (old, new), expires_at).await
}

/// Notes that the provider accepts the tokens no longer. `false` when it was noted already, or the grant has others by now.
///
/// # Errors
/// When the database does not answer.
pub async fn set_broken(tx: &TenantTx, id: GrantId, tokens: CredentialId) -> Result<bool, StoreError> {
    let update = tx
        .update::<Entity>()
        .set(Column::State, Standing::Broken.as_str())
        .filter(Column::Id.eq(id.uuid()))
        .filter(Column::CredentialId.eq(tokens.uuid()))
        .filter(Column::State.eq(Standing::Active.as_str()));
    Ok(update.run().await? == 1)
}

/// Lets go of a grant: it has no tokens any more, and nobody can use it. `false` when that was done.
///
/// # Errors
/// When the database does not answer.
pub async fn set_revoking(tx: &TenantTx, id: GrantId) -> Result<bool, StoreError> {
    source_route::withdraw(tx, id).await?;
    let update = tx
        .update::<Entity>()
        .set(Column::State, Standing::Revoking.as_str())
        .set(Column::CredentialId, Expr::value(Option::<Uuid>::None))
        .set(Column::ExpiresAt, Expr::value(Option::<i64>::None))
        .filter(Column::Id.eq(id.uuid()))
        .filter(living());
    Ok(update.run().await? == 1)
}

/// Notes that the provider's side is seen to as well.
///
/// # Errors
/// When the database does not answer.
pub async fn set_ended(tx: &TenantTx, id: GrantId, now: Millis) -> Result<bool, StoreError> {
    let update = tx
        .update::<Entity>()
        .set(Column::State, Standing::Ended.as_str())
        .set(Column::EndedAt, Expr::value(now))
        .filter(Column::Id.eq(id.uuid()))
        .filter(Column::State.eq(Standing::Revoking.as_str()));
    Ok(update.run().await? == 1)
}
