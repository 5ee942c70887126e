//! Versions of keys: what wrapped each, from when it seals, and the share without which it cannot be unwrapped.

use crate::table::{run, tenant_table};

crate::migration!("m0009_keys", manager => {
    // One row: the secret that cookies and passwords are keyed with, wrapped by the master key that is current.
    run(manager, "create table installation (id {int} primary key, master {bytes} not null, wrapped {bytes} not null, \
        created_at {big} not null)").await?;
    run(manager, "create table key_epoch (id {int} primary key, epoch {big} not null)").await?;
    run(manager, "insert into key_epoch (id, epoch) values (1, 0)").await?;
    run(manager, "alter table tenant_key add column share {uuid}").await?;
    run(manager, "alter table project_key add column share {uuid}").await?;
    run(manager, "alter table project_key add column tenant_version {int} not null default 1").await?;
    run(manager, "alter table project_key add column active_from {big} not null default 0").await?;
    run(manager, "alter table project_key add column closed {int} not null default 0").await?;
    // Used when the key ring is in the database. Left out of backups: see docs/keys.md.
    tenant_table(manager, "key_share", "id {uuid} not null, share {bytes} not null, primary key (tenant_id, id)").await
});
