//! Where voice agents send their calls, and what is known of a call besides its turns.

use crate::table::{run, tenant_table};

crate::migration!("m0017_voice", manager => {
    tenant_table(manager, "voice_endpoint", "id {uuid} not null, project_id {uuid} not null, provider text not null, header text, \
        credential_id {uuid}, previous_id {uuid}, previous_until {big}, created_at {big} not null, primary key (tenant_id, id), \
        foreign key (tenant_id, project_id) references project (tenant_id, id) on delete cascade").await?;
    run(manager, "create index voice_endpoint_project on voice_endpoint (tenant_id, project_id)").await?;
    tenant_table(manager, "voice_call", "conversation_id {uuid} not null, project_id {uuid} not null, endpoint_id {uuid} not null, \
        duration_s {int}, sealed {bytes} not null, primary key (tenant_id, conversation_id), \
        foreign key (tenant_id, conversation_id) references conversation (tenant_id, id) on delete cascade").await
});
