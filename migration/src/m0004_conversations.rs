//! What visitors asked and were told.

use crate::table::{run, tenant_table};

crate::migration!("m0004_conversations", manager => {
    tenant_table(manager, "conversation", "id {uuid} not null, project_id {uuid} not null, channel text not null, \
        visitor_id {uuid}, origin text, title {bytes} not null, started_at {big} not null, last_at {big} not null, \
        questions {int} not null, unanswered {int} not null, helpful {int} not null, unhelpful {int} not null, \
        primary key (tenant_id, id), \
        foreign key (tenant_id, project_id) references project (tenant_id, id) on delete cascade").await?;
    run(manager, "create index conversation_latest on conversation (tenant_id, project_id, last_at, id)").await?;
    run(manager, "create index conversation_visitor on conversation (tenant_id, visitor_id)").await?;
    tenant_table(manager, "message", "id {uuid} not null, project_id {uuid} not null, conversation_id {uuid} not null, \
        role text not null, sealed {bytes} not null, outcome text, helpful {int}, visitor_id {uuid}, day {int} not null, \
        latency_ms {int}, created_at {big} not null, primary key (tenant_id, id), \
        foreign key (tenant_id, conversation_id) references conversation (tenant_id, id) on delete cascade").await?;
    run(manager, "create index message_conversation on message (tenant_id, conversation_id, created_at)").await?;
    run(manager, "create index message_day on message (tenant_id, project_id, day)").await?;
    // No foreign key to the document: an answer stays counted when its source is deleted.
    tenant_table(manager, "citation", "message_id {uuid} not null, document_id {uuid} not null, project_id {uuid} not null, \
        day {int} not null, primary key (tenant_id, message_id, document_id), \
        foreign key (tenant_id, message_id) references message (tenant_id, id) on delete cascade").await?;
    run(manager, "create index citation_day on citation (tenant_id, project_id, day)").await
});
