//! Billing: who a tenant is at Stripe, what it has subscribed to as Stripe last said it, and how many answers it gave each month.

use crate::table::{run, tenant_table};

crate::migration!("m0018_billing", manager => {
    // Each look at Stripe takes the next ticket before it begins: an answer is not stored over that of a later look.
    tenant_table(manager, "billing_customer", "customer text not null, ticket {big} not null default 0, created_at {big} not null, \
        primary key (tenant_id)").await?;
    tenant_table(manager, "billing_subscription", "id text not null, item text, price text, status text not null, begun_at {big} not null, \
        period_end {big}, trial_end {big}, cancel_at {big}, past_due_since {big}, ticket {big} not null, primary key (tenant_id, id)").await?;
    // A month is the number of months since the year 0.
    tenant_table(manager, "answer_count", "month {int} not null, answers {big} not null, primary key (tenant_id, month)").await?;
    run(manager, "create table stripe_route (customer_hash {bytes} primary key, \
        workspace_id {uuid} not null references tenant (id) on delete cascade)").await?;
    run(manager, "create index stripe_route_workspace on stripe_route (workspace_id)").await
});
