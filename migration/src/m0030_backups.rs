//! Which backups were made, and whose turn it is to make one. No tenant's: names, times and sizes.

use crate::table::run;

crate::migration!("m0030_backups", manager => {
    run(manager, "create table backup_run (id {uuid} primary key, name text not null, cause text not null, state text not null, \
        started_at {big} not null, finished_at {big}, size {big} not null default 0, cells {big} not null default 0, \
        reason text not null default '')").await?;
    run(manager, "create index backup_run_age on backup_run (state, started_at)").await?;
    run(manager, "create table backup_turn (id {int} primary key, holder {uuid}, until {big} not null)").await?;
    run(manager, "insert into backup_turn (id, until) values (1, 0)").await
});
