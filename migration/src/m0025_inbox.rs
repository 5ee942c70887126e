//! What the team does about conversations, and figures that are kept by the day so that a report need not count messages.

use entities::rollup::LATENCY;
use sea_orm_migration::{SchemaManager, sea_orm::DbErr};

use crate::table::{run, tenant_table, without_wall};

crate::migration!("m0025_inbox", manager => {
    for column in [
        "state text not null default 'open'",
        // Where the visitor asked, without query and fragment.
        "page text",
        // Who the visitor is, if a website said so; sealed.
        "person {bytes}",
        "assignee_id {uuid}",
        // The last day that a turn was counted on.
        "seen_day {int}",
        "changed_at {big} not null default 0",
    ] {
        run(manager, &format!("alter table conversation add column {column}")).await?;
    }
    run(manager, "create index conversation_changed on conversation (tenant_id, project_id, changed_at)").await?;
    run(manager, "create index conversation_attention on conversation (tenant_id, project_id, last_at) \
        where state = 'open' and (unanswered > 0 or unhelpful > 0 or handed_over_at is not null)").await?;
    // The list of gaps reads these alone, however many answers there are.
    run(manager, "create index message_unanswered on message (tenant_id, project_id, created_at) where outcome = 'unanswered'").await?;
    let in_project = "foreign key (tenant_id, project_id) references project (tenant_id, id) on delete cascade";
    tenant_table(manager, "conversation_note", "id {uuid} not null, project_id {uuid} not null, conversation_id {uuid} not null, \
        author_id {uuid} not null, sealed {bytes} not null, created_at {big} not null, primary key (tenant_id, id), \
        foreign key (tenant_id, conversation_id) references conversation (tenant_id, id) on delete cascade").await?;
    run(manager, "create index conversation_note_of on conversation_note (tenant_id, conversation_id, created_at)").await?;
    // No foreign key to the question: what the team means to do stays when the visitor's words go.
    tenant_table(manager, "todo", &format!("id {{uuid}} not null, project_id {{uuid}} not null, conversation_id {{uuid}}, \
        message_id {{uuid}}, author_id {{uuid}} not null, sealed {{bytes}} not null, created_at {{big}} not null, done_at {{big}}, \
        primary key (tenant_id, id), {in_project}")).await?;
    run(manager, "create index todo_latest on todo (tenant_id, project_id, id)").await?;

    let counts = "questions {big} not null, answered {big} not null, unanswered {big} not null, helpful {big} not null, \
        unhelpful {big} not null";
    // How many answers took how long: each counts in the first bucket whose bound it does not exceed.
    let latency: String = (0..=LATENCY.len()).map(|n| format!("latency_{n} {{big}} not null, ")).collect();
    tenant_table(manager, "rollup_day", &format!("project_id {{uuid}} not null, day {{int}} not null, channel text not null, {counts}, \
        {latency}primary key (tenant_id, project_id, day, channel), {in_project}")).await?;
    tenant_table(manager, "rollup_page", &format!("project_id {{uuid}} not null, day {{int}} not null, page text not null, {counts}, \
        primary key (tenant_id, project_id, day, page), {in_project}")).await?;
    tenant_table(manager, "rollup_source", &format!("project_id {{uuid}} not null, day {{int}} not null, document_id {{uuid}} not null, \
        citations {{big}} not null, primary key (tenant_id, project_id, day, document_id), {in_project}")).await?;
    run(manager, "create index rollup_source_document on rollup_source (tenant_id, project_id, document_id, day)").await?;
    // How many visitors, or conversations, of a day were last seen on which day before. Whoever was seen within a range of days is counted
    // by the one row that says that they were not seen in it before: distinct numbers of any range, exactly, from a few small rows.
    tenant_table(manager, "rollup_return", &format!("project_id {{uuid}} not null, what text not null, day {{int}} not null, \
        previous {{int}} not null, found {{big}} not null, primary key (tenant_id, project_id, what, day, previous), {in_project}")).await?;
    tenant_table(manager, "visitor_seen", &format!("project_id {{uuid}} not null, visitor_id {{uuid}} not null, day {{int}} not null, \
        primary key (tenant_id, project_id, visitor_id), {in_project}")).await?;
    fill(manager).await
});

/// Works the figures out for what was said before they were kept.
async fn fill(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    const TABLES: &[&str] = &[
        "message",
        "conversation",
        "citation",
        "rollup_day",
        "rollup_page",
        "rollup_source",
        "rollup_return",
        "visitor_seen",
    ];
    let statements = rollup_statements();
    without_wall(manager, TABLES, &statements).await
}

/// What fills the tables of figures from conversations, messages and citations.
#[must_use]
pub fn rollup_statements() -> Vec<String> {
    let counts = "count(case when m.role = 'visitor' then 1 end), count(case when m.outcome = 'answered' then 1 end), \
        count(case when m.outcome = 'unanswered' then 1 end), count(case when m.helpful = 1 then 1 end), \
        count(case when m.helpful = 0 then 1 end)";
    let names = "questions, answered, unanswered, helpful, unhelpful";
    let columns: Vec<String> = (0..=LATENCY.len()).map(|n| format!("latency_{n}")).collect();
    let mut below = "m.latency_ms is not null".to_owned();
    let mut buckets = Vec::new();
    for bound in LATENCY {
        buckets.push(format!("count(case when {below} and m.latency_ms <= {bound} then 1 end)"));
        below = format!("m.latency_ms > {bound}");
    }
    buckets.push(format!("count(case when {below} then 1 end)"));
    let with = "from message m join conversation c on c.tenant_id = m.tenant_id and c.id = m.conversation_id";
    let returns = |what: &str, of: &str| {
        format!(
            "insert into rollup_return (tenant_id, project_id, what, day, previous, found) \
             select tenant_id, project_id, '{what}', day, coalesce(case when day - previous <= 366 then previous end, -1), count(*) from \
             (select tenant_id, project_id, day, lag(day) over (partition by tenant_id, project_id, {of} order by day) as previous from \
             (select distinct tenant_id, project_id, {of}, day from message where {of} is not null) as days) as seen group by 1, 2, 4, 5"
        )
    };
    vec![
        format!(
            "insert into rollup_day (tenant_id, project_id, day, channel, {names}, {}) \
             select m.tenant_id, m.project_id, m.day, c.channel, {counts}, {} {with} group by 1, 2, 3, 4",
            columns.join(", "),
            buckets.join(", ")
        ),
        format!(
            "insert into rollup_page (tenant_id, project_id, day, page, {names}) \
             select m.tenant_id, m.project_id, m.day, c.origin, {counts} {with} where c.origin is not null group by 1, 2, 3, 4"
        ),
        "insert into rollup_source (tenant_id, project_id, day, document_id, citations) \
         select tenant_id, project_id, day, document_id, count(*) from citation group by 1, 2, 3, 4"
            .into(),
        returns("visitor", "visitor_id"),
        returns("conversation", "conversation_id"),
        "insert into visitor_seen (tenant_id, project_id, visitor_id, day) \
         select tenant_id, project_id, visitor_id, max(day) from message where visitor_id is not null group by 1, 2, 3"
            .into(),
        "update conversation set changed_at = last_at, seen_day = (select max(m.day) from message m \
         where m.tenant_id = conversation.tenant_id and m.conversation_id = conversation.id)"
            .into(),
    ]
}
