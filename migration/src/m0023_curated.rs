//! Answers that the team writes, with every revision of each; and what a language model read and wrote, by day.

use crate::table::{run, tenant_table};

crate::migration!("m0023_curated", manager => {
    let in_project = "foreign key (tenant_id, project_id) references project (tenant_id, id) on delete cascade";
    // `sealed` is what is asked and answered, and the vectors of the former.
    tenant_table(manager, "curated_answer", &format!("id {{uuid}} not null, project_id {{uuid}} not null, sealed {{bytes}} not null, \
        enabled boolean not null, revision {{int}} not null, used {{big}} not null default 0, used_at {{big}}, \
        created_at {{big}} not null, updated_at {{big}} not null, primary key (tenant_id, id), {in_project}")).await?;
    run(manager, "create index curated_answer_project on curated_answer (tenant_id, project_id)").await?;
    tenant_table(manager, "curated_revision", "id {uuid} not null, project_id {uuid} not null, curated_id {uuid} not null, \
        revision {int} not null, sealed {bytes} not null, author_id {uuid}, restored_from {int}, created_at {big} not null, \
        primary key (tenant_id, id), \
        foreign key (tenant_id, curated_id) references curated_answer (tenant_id, id) on delete cascade").await?;
    run(manager, "create unique index curated_revision_number on curated_revision (tenant_id, curated_id, revision)").await?;
    // `guessed` are the answers of which the endpoint did not say how many tokens they took. The cost is that of the day's price.
    tenant_table(manager, "model_use", &format!("project_id {{uuid}} not null, day {{int}} not null, answers {{big}} not null, \
        guessed {{big}} not null, tokens_in {{big}} not null, tokens_out {{big}} not null, cost_micros {{big}} not null, \
        primary key (tenant_id, project_id, day), {in_project}")).await
});
