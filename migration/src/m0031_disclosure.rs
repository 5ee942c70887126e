//! Reports of vulnerabilities, what came of them, and the pages that the operator writes. Platform tables: whoever reports has no account,
//! and whoever reads them runs the installation. None holds a tenant's content, and what reporters wrote is sealed.

use crate::table::run;

crate::migration!("m0031_disclosure", manager => {
    // `told`: how far the reminders of the clock that runs have come, and `next_at` when the next is due.
    run(manager, "create table report (id {uuid} primary key, reference text not null unique, token_hash {bytes} not null unique, \
        state text not null, via text not null, sealed {bytes} not null, received_at {big} not null, acknowledged_at {big}, \
        confirmed_at {big}, timeline_at {big}, closed_at {big}, fix_day {int}, same_as text, acknowledged_late {int} not null default 0, \
        timeline_late {int} not null default 0, told {int} not null default 0, next_at {big})").await?;
    run(manager, "create index report_next on report (next_at)").await?;
    run(manager, "create index report_received on report (received_at)").await?;
    run(manager, "create table report_entry (id {uuid} primary key, report_id {uuid} not null references report (id) on delete cascade, \
        at {big} not null, author text not null, hidden {int} not null default 0, state text, sealed {bytes})").await?;
    run(manager, "create index report_entry_of on report_entry (report_id, at)").await?;
    run(manager, "create table report_file (id {uuid} primary key, report_id {uuid} not null references report (id) on delete cascade, \
        at {big} not null, size {int} not null, name {bytes} not null, sealed {bytes} not null)").await?;
    run(manager, "create index report_file_of on report_file (report_id, at)").await?;
    // Which mails became reports, by the hash of their id: one that comes twice is known.
    run(manager, "create table report_mail (hash {bytes} primary key, at {big} not null)").await?;
    // Outlives the report.
    run(manager, "create table report_thanks (report_id {uuid} primary key, at {big} not null, name text)").await?;
    run(manager, "create table public_page (name text primary key, text text not null, at {big} not null)").await
});
