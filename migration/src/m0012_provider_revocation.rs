//! Grants at sign-in providers that are to end, until the provider confirmed it. Platform table: it outlives the account.

use crate::table::run;

crate::migration!("m0012_provider_revocation", manager => {
    run(manager, "create table provider_revocation (id {uuid} primary key, provider text not null, owner {uuid} not null, \
        sealed {bytes} not null, created_at {big} not null, run_at {big} not null, attempts {int} not null default 0)").await?;
    run(manager, "create index provider_revocation_due on provider_revocation (run_at)").await
});
