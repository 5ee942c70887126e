//! Tokens that are renewed by one node at a time: the same for every table whose rows have some.

use sea_orm::{entity::prelude::*, sea_query::Expr};

use crate::{CredentialId, Millis, StoreError, TenantTx, tenant_db::TenantScoped};

/// A table whose rows name the credential that their tokens are.
pub(crate) trait Renewed: TenantScoped {
    const ID: Self::Column;
    const CREDENTIAL: Self::Column;
    /// When the access token ends, where it does.
    const EXPIRES_AT: Self::Column;
    /// Until when some node has the right to renew them.
    const REFRESHING_UNTIL: Self::Column;
}

/// Takes the right to renew the tokens until `until`; `false` while another node has it.
pub(crate) async fn claim<E: Renewed>(tx: &TenantTx, id: Uuid, now: Millis, until: Millis) -> Result<bool, StoreError> {
    let update = tx
        .update::<E>()
        .set(E::REFRESHING_UNTIL, until)
        .filter(E::ID.eq(id))
        .filter(E::REFRESHING_UNTIL.lte(now));
    Ok(update.run().await? == 1)
}

/// Puts renewed tokens in the place of `old`, and gives the right back; `false` when those are not the row's any more.
pub(crate) async fn replace<E: Renewed>(
    tx: &TenantTx,
    id: Uuid,
    (old, new): (CredentialId, CredentialId),
    expires_at: Option<Millis>,
) -> Result<bool, StoreError> {
    let update = tx
        .update::<E>()
        .set(E::CREDENTIAL, Expr::value(new.uuid()))
        .set(E::EXPIRES_AT, Expr::value(expires_at))
        .set(E::REFRESHING_UNTIL, 0_i64)
        .filter(E::ID.eq(id))
        .filter(E::CREDENTIAL.eq(old.uuid()));
    Ok(update.run().await? == 1)
}
