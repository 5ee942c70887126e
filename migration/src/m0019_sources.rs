//! Knowledge sources: what is connected, what each has, how its runs went, and what became of it when it was let go of.

use crate::table::{run, tenant_table};

crate::migration!("m0019_sources", manager => {
    let in_project = "foreign key (tenant_id, project_id) references project (tenant_id, id) on delete cascade";
    let in_source = "foreign key (tenant_id, source_id) references source (tenant_id, id) on delete cascade";
    // The tokens are a credential: nothing of them is in here.
    tenant_table(manager, "source_grant", "id {uuid} not null, kind text not null, holder_id text not null, holder_name text not null, \
        manage_url text, credential_id {uuid}, state text not null, expires_at {big}, refreshing_until {big} not null default 0, \
        connected_by {uuid}, connected_at {big} not null, ended_at {big}, primary key (tenant_id, id)").await?;
    run(manager, "create index source_grant_holder on source_grant (tenant_id, kind, holder_id)").await?;
    // `team` is a connected Slack team by Slack's own id. `edition` counts what was changed by hand: a step that began before it is not
    // stored.
    tenant_table(manager, "source", &format!("id {{uuid}} not null, project_id {{uuid}} not null, kind text not null, name text not null, \
        grant_id {{uuid}}, team text, config text not null, every_minutes {{int}} not null, state text not null, \
        edition {{int}} not null default 0, run {{int}} not null default 0, phase text not null, \
        next text, whole {{int}} not null default 0, again {{int}} not null default 0, total {{int}} not null default 0, \
        done {{int}} not null default 0, added {{int}} not null default 0, changed {{int}} not null default 0, \
        removed {{int}} not null default 0, skipped {{int}} not null default 0, unchanged {{int}} not null default 0, \
        started_at {{big}}, beat_at {{big}}, finished_at {{big}}, due_at {{big}}, wait_until {{big}}, problem_code text, \
        problem_detail text, attempts {{int}} not null default 0, created_at {{big}} not null, primary key (tenant_id, id), \
        foreign key (tenant_id, grant_id) references source_grant (tenant_id, id), {in_project}")).await?;
    run(manager, "create index source_project on source (tenant_id, project_id)").await?;
    run(manager, "create index source_of_grant on source (tenant_id, grant_id)").await?;
    // `item_hash` is the first half of the SHA-256 of `item`; `links` is the hashes of what it leads to, one after the other: an item that
    // did not change leads where it led. No key to the document: documents may stay when their source goes.
    tenant_table(manager, "source_item", &format!("source_id {{uuid}} not null, item_hash {{bytes}} not null, item text not null, \
        document_id {{uuid}}, version text, listed text, depth {{int}} not null, run {{int}} not null, state text not null, \
        tries {{int}} not null default 0, skip_code text, skip_detail text, url text, title text, links {{bytes}}, \
        primary key (tenant_id, source_id, item_hash), {in_source}")).await?;
    run(manager, "create index source_item_turn on source_item (tenant_id, source_id, run, state, depth)").await?;
    run(manager, "create index source_item_state on source_item (tenant_id, source_id, state)").await?;
    tenant_table(manager, "source_run", &format!("id {{uuid}} not null, source_id {{uuid}} not null, started_at {{big}} not null, \
        finished_at {{big}} not null, outcome text not null, added {{int}} not null, changed {{int}} not null, removed {{int}} not null, \
        skipped {{int}} not null, unchanged {{int}} not null, problem_code text, problem_detail text, primary key (tenant_id, id), \
        {in_source}")).await?;
    run(manager, "create index source_run_latest on source_run (tenant_id, source_id, id)").await?;
    // It outlives what it is of, and so refers to nothing.
    tenant_table(manager, "source_receipt", "id {uuid} not null, kind text not null, name text not null, project_id {uuid}, source_id {uuid}, \
        grant_id {uuid}, asked_at {big} not null, asked_by text, grant_outcome text not null, finish_at text, documents text not null, \
        documents_left {int} not null, documents_done {int} not null, done_at {big}, last_error text, primary key (tenant_id, id)").await?;
    run(manager, "create index source_receipt_source on source_receipt (tenant_id, source_id)").await?;
    run(manager, "alter table document add column source_id {uuid}").await?;
    run(manager, "create index document_source on document (tenant_id, source_id)").await
});
