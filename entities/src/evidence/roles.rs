//! Who is what in a workspace, as its rows say.

use super::{ask, count};
use crate::{StoreError, TenantId, TenantTx};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    pub members: i64,
    /// Members and invitations with a role that there is none of.
    pub unknown: i64,
    /// Workspaces that have no Owner.
    pub ownerless: Vec<TenantId>,
    /// Assignments of whom the workspace has no member, or to what it has no project.
    pub astray: i64,
}

const MEMBERS: &str = "select count(*), count(case when role = 'owner' then 1 end), \
    count(case when role not in ('owner', 'admin', 'member') then 1 end) from member where tenant_id = $1";
const INVITED: &str = "select count(*) from invitation where tenant_id = $1 and role not in ('owner', 'admin', 'member')";
/// A project that was just deleted has a row still.
const ASTRAY: &str = "select count(*) from project_member as assigned where tenant_id = $1 and (\
    not exists (select 1 from project where project.tenant_id = assigned.tenant_id and project.id = assigned.project_id) \
    or not exists (select 1 from member where member.tenant_id = assigned.tenant_id and member.account_id = assigned.account_id))";

pub(super) async fn look(tx: &TenantTx, found: &mut Roles) -> Result<(), StoreError> {
    let tenant = || vec![tx.tenant().uuid().into()];
    let rows = ask(tx.raw(), MEMBERS, tenant()).await?;
    let row = rows.first().ok_or(StoreError::Damaged("a count"))?;
    let (members, owners, unknown): (i64, i64, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?, row.try_get_by_index(2)?);
    found.members += members;
    if owners == 0 {
        found.ownerless.push(tx.tenant());
    }
    found.unknown += unknown + count(tx.raw(), INVITED, tenant()).await?;
    found.astray += count(tx.raw(), ASTRAY, tenant()).await?;
    Ok(())
}
