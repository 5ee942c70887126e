//! Slack: where the app is installed, which channel asks which project, and what was answered in which thread.

use crate::table::{run, tenant_table};

crate::migration!("m0014_slack", manager => {
    // The bot's token is a credential: nothing of it is in here.
    tenant_table(manager, "slack_installation", "id {uuid} not null, team_id text not null, team_name text not null, app_id text not null, \
        bot_user text not null, credential_id {uuid}, state text not null, installed_at {big} not null, expires_at {big}, \
        refreshing_until {big} not null default 0, heard_at {big}, primary key (tenant_id, id), unique (tenant_id, team_id)").await?;
    // A channel without a project is one in which somebody asked. The channel `*` stands for all others, and for direct messages.
    tenant_table(manager, "slack_channel", "installation_id {uuid} not null, channel_id text not null, name text not null, project_id {uuid}, \
        seen_at {big} not null, primary key (tenant_id, installation_id, channel_id), \
        foreign key (tenant_id, installation_id) references slack_installation (tenant_id, id) on delete cascade, \
        foreign key (tenant_id, project_id) references project (tenant_id, id) on delete cascade").await?;
    run(manager, "create index slack_channel_project on slack_channel (tenant_id, project_id)").await?;
    // One an event that was answered. `posting_at` is written before Slack is called, and `ts` when it said yes.
    tenant_table(manager, "slack_answer", "event_id {uuid} not null, installation_id {uuid} not null, channel_id text not null, \
        thread_ts text not null, project_id {uuid} not null, conversation_id {uuid} not null, message_id {uuid} not null, \
        posting_at {big}, ts text, created_at {big} not null, primary key (tenant_id, event_id), unique (tenant_id, message_id), \
        foreign key (tenant_id, installation_id) references slack_installation (tenant_id, id) on delete cascade, \
        foreign key (tenant_id, conversation_id) references conversation (tenant_id, id) on delete cascade").await?;
    run(manager, "create index slack_answer_thread on slack_answer (tenant_id, installation_id, channel_id, thread_ts)").await?;
    run(manager, "create index slack_answer_conversation on slack_answer (tenant_id, conversation_id)").await?;
    run(manager, "create table slack_route (team_hash {bytes} primary key, \
        workspace_id {uuid} not null references tenant (id) on delete cascade, installation_id {uuid} not null)").await?;
    run(manager, "create index slack_route_workspace on slack_route (workspace_id)").await
});
