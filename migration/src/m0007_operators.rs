//! Who runs the installation, and what they did. Platform tables: operators see no tenant's content, and neither do these.

use crate::table::run;

crate::migration!("m0007_operators", manager => {
    run(manager, "alter table account add column operator_since {big}").await?;
    run(manager, "create table operator_act (id {uuid} primary key, at {big} not null, account_id {uuid} not null, email text not null, \
        act text not null, subject text not null, address text not null, outcome text not null)").await?;
    run(manager, "create index operator_act_at on operator_act (at)").await
});
