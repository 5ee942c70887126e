//! Conversations of a project. The title and who asked are sealed, the counts are not.

use sea_orm::{
    Condition, ConnectionTrait, DbBackend, Order, QuerySelect, Set,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait, LockType},
};

use crate::{
    AccountId, ConversationId, Millis, ProjectId, StoreError, TenantTx, VisitorId, rollup,
    tenant_db::{SealedCells, TenantScoped},
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "conversation")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub project_id: Uuid,
    pub channel: String,
    pub visitor_id: Option<Uuid>,
    pub origin: Option<String>,
    pub title: Vec<u8>,
    pub started_at: i64,
    pub last_at: i64,
    pub questions: i32,
    pub unanswered: i32,
    pub helpful: i32,
    pub unhelpful: i32,
    pub state: String,
    pub page: Option<String>,
    pub person: Option<Vec<u8>>,
    pub assignee_id: Option<Uuid>,
    /// The last day that a turn was counted on, since the epoch, UTC.
    pub seen_day: Option<i32>,
    pub changed_at: i64,
    /// When a visitor last asked for a person.
    pub handed_over_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
    const SEALED: Option<SealedCells<Self>> = Some(SealedCells {
        project: Column::ProjectId,
        row: Column::Id,
        cells: &[Column::Title, Column::Person],
    });
}

#[derive(Clone, Debug)]
pub struct Conversation {
    pub id: ConversationId,
    /// `widget`, `dashboard`, `slack` or `voice`.
    pub channel: String,
    pub visitor: Option<VisitorId>,
    pub origin: Option<String>,
    /// Where the visitor asked, without query and fragment.
    pub page: Option<String>,
    pub title: Vec<u8>,
    /// Who the visitor is, sealed, if a website said so.
    pub person: Option<Vec<u8>>,
    pub started_at: Millis,
    pub last_at: Millis,
    pub questions: i32,
    pub unanswered: i32,
    pub helpful: i32,
    pub unhelpful: i32,
    /// [`OPEN`] or [`RESOLVED`].
    pub state: String,
    pub assignee: Option<AccountId>,
    /// When anything about it changed last.
    pub changed_at: Millis,
    /// When a visitor last asked for a person.
    pub handed_over_at: Option<Millis>,
}

pub const OPEN: &str = "open";
pub const RESOLVED: &str = "resolved";

impl Conversation {
    /// One that begins at `now`, with nothing asked yet and nobody known.
    #[must_use]
    pub fn begun(id: ConversationId, channel: &str, title: Vec<u8>, now: Millis) -> Self {
        Self {
            id,
            channel: channel.to_owned(),
            visitor: None,
            origin: None,
            page: None,
            title,
            person: None,
            started_at: now,
            last_at: now,
            questions: 0,
            unanswered: 0,
            helpful: 0,
            unhelpful: 0,
            state: OPEN.to_owned(),
            assignee: None,
            changed_at: now,
            handed_over_at: None,
        }
    }
}

impl From<Model> for Conversation {
    fn from(row: Model) -> Self {
        Self {
            id: row.id.into(),
            channel: row.channel,
            visitor: row.visitor_id.map(VisitorId::from),
            origin: row.origin,
            page: row.page,
            title: row.title,
            person: row.person,
            started_at: row.started_at,
            last_at: row.last_at,
            questions: row.questions,
            unanswered: row.unanswered,
            helpful: row.helpful,
            unhelpful: row.unhelpful,
            state: row.state,
            assignee: row.assignee_id.map(AccountId::from),
            changed_at: row.changed_at,
            handed_over_at: row.handed_over_at,
        }
    }
}

/// Which conversations to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub channel: Option<String>,
    /// [`OPEN`], [`RESOLVED`], or `attention`: open, and an answer is missing or did not help, or a person is asked for.
    pub state: Option<String>,
    /// `unanswered`: at least one such answer; `answered`: none.
    pub outcome: Option<String>,
    /// `helpful` or `unhelpful`: at least one answer is.
    pub rating: Option<String>,
    /// Whether the visitor asked for a person.
    pub handed_over: Option<bool>,
    pub visitor: Option<VisitorId>,
    pub assignee: Option<AccountId>,
    /// Something was said at this time or later.
    pub from: Option<Millis>,
    /// Nothing was said since this time.
    pub to: Option<Millis>,
    /// Those before this one, in the order of the list.
    pub before: Option<(Millis, ConversationId)>,
}

/// Open, and an answer is missing or did not help, or a person is asked for. In the words of the index on it.
const ATTENTION: &str = "state = 'open' and (unanswered > 0 or unhelpful > 0 or handed_over_at is not null)";

impl Filter {
    fn condition(&self, project: ProjectId) -> Condition {
        let before = self.before.map(|(at, id)| {
            Condition::any()
                .add(Column::LastAt.lt(at))
                .add(Condition::all().add(Column::LastAt.eq(at)).add(Column::Id.lt(id.uuid())))
        });
        let state = self.state.as_deref().map(|state| match state {
            "attention" => Expr::cust(ATTENTION),
            state => Column::State.eq(state),
        });
        let outcome = self.outcome.as_deref().and_then(|outcome| match outcome {
            "unanswered" => Some(Condition::all().add(Column::Unanswered.gt(0))),
            "answered" => Some(Condition::all().add(Column::Questions.gt(0)).add(Column::Unanswered.eq(0))),
            _ => None,
        });
        let rating = self.rating.as_deref().and_then(|rating| match rating {
            "helpful" => Some(Column::Helpful.gt(0)),
            "unhelpful" => Some(Column::Unhelpful.gt(0)),
            _ => None,
        });
        Condition::all()
            .add(Column::ProjectId.eq(project.uuid()))
            .add_option(self.channel.as_deref().map(|channel| Column::Channel.eq(channel)))
            .add_option(state)
            .add_option(outcome)
            .add_option(rating)
            .add_option(self.handed_over.map(|handed_over| match handed_over {
                true => Column::HandedOverAt.is_not_null(),
                false => Column::HandedOverAt.is_null(),
            }))
            .add_option(self.visitor.map(|visitor| Column::VisitorId.eq(visitor.uuid())))
            .add_option(self.assignee.map(|account| Column::AssigneeId.eq(account.uuid())))
            .add_option(self.from.map(|from| Column::LastAt.gte(from)))
            .add_option(self.to.map(|to| Column::LastAt.lt(to)))
            .add_option(before)
    }
}

/// # Errors
/// `Orphan` when there is no such project.
pub async fn insert(tx: &TenantTx, project: ProjectId, conversation: Conversation) -> Result<(), StoreError> {
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        id: Set(conversation.id.uuid()),
        project_id: Set(project.uuid()),
        channel: Set(conversation.channel),
        visitor_id: Set(conversation.visitor.map(VisitorId::uuid)),
        origin: Set(conversation.origin),
        page: Set(conversation.page),
        title: Set(conversation.title),
        person: Set(conversation.person),
        started_at: Set(conversation.started_at),
        last_at: Set(conversation.last_at),
        questions: Set(conversation.questions),
        unanswered: Set(conversation.unanswered),
        helpful: Set(conversation.helpful),
        unhelpful: Set(conversation.unhelpful),
        state: Set(conversation.state),
        assignee_id: Set(conversation.assignee.map(AccountId::uuid)),
        seen_day: Set(None),
        changed_at: Set(conversation.changed_at),
        handed_over_at: Set(conversation.handed_over_at),
    })
    .await
}

/// # Errors
/// When the database does not answer.
pub async fn find(tx: &TenantTx, project: ProjectId, id: ConversationId) -> Result<Option<Conversation>, StoreError> {
    let row = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::Id.eq(id.uuid()))
        .one()
        .await?;
    Ok(row.map(Conversation::from))
}

/// The latest conversation of a visitor.
///
/// # Errors
/// When the database does not answer.
pub async fn of_visitor(tx: &TenantTx, project: ProjectId, visitor: VisitorId) -> Result<Option<Conversation>, StoreError> {
    let row = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::VisitorId.eq(visitor.uuid()))
        .order(Column::LastAt, Order::Desc)
        .order(Column::Id, Order::Desc)
        .one()
        .await?;
    Ok(row.map(Conversation::from))
}

/// Up to `limit` conversations, the latest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &TenantTx, project: ProjectId, filter: &Filter, limit: u64) -> Result<Vec<Conversation>, StoreError> {
    let condition = filter.condition(project);
    let rows = tx
        .find::<Entity>()
        .filter(condition)
        .order(Column::LastAt, Order::Desc)
        .order(Column::Id, Order::Desc)
        .limit(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(Conversation::from).collect())
}

/// Adds to the counts of a conversation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Step {
    pub questions: i32,
    pub unanswered: i32,
    pub helpful: i32,
    pub unhelpful: i32,
}

/// Adds to the counts. A question opens the conversation again.
///
/// # Errors
/// When the database does not answer.
pub async fn count(tx: &TenantTx, id: ConversationId, step: Step, last_at: Option<Millis>) -> Result<(), StoreError> {
    let plus = |column: Column, by: i32| Expr::col(column).add(by);
    let mut update = tx
        .update::<Entity>()
        .filter(Column::Id.eq(id.uuid()))
        .set(Column::Questions, plus(Column::Questions, step.questions))
        .set(Column::Unanswered, plus(Column::Unanswered, step.unanswered))
        .set(Column::Helpful, plus(Column::Helpful, step.helpful))
        .set(Column::Unhelpful, plus(Column::Unhelpful, step.unhelpful));
    if let Some(at) = last_at {
        update = update.set(Column::LastAt, at).set(Column::ChangedAt, at);
    }
    if step.questions > 0 {
        update = update.set(Column::State, OPEN);
    }
    update.run().await?;
    Ok(())
}

fn one(project: ProjectId, id: ConversationId) -> Condition {
    Condition::all()
        .add(Column::ProjectId.eq(project.uuid()))
        .add(Column::Id.eq(id.uuid()))
}

/// Notes that something about it changed, for those who look on.
///
/// # Errors
/// When the database does not answer.
pub async fn touch(tx: &TenantTx, project: ProjectId, id: ConversationId, at: Millis) -> Result<bool, StoreError> {
    let update = tx.update::<Entity>().set(Column::ChangedAt, at);
    Ok(update.filter(one(project, id)).run().await? == 1)
}

/// Keeps who its visitor is, sealed for it.
///
/// # Errors
/// When the database does not answer.
pub async fn set_person(tx: &TenantTx, project: ProjectId, id: ConversationId, person: Vec<u8>) -> Result<bool, StoreError> {
    let update = tx.update::<Entity>().seal(Column::Person, project, person);
    Ok(update.filter(one(project, id)).run().await? == 1)
}

/// What the team makes of it. `None` leaves a thing as it is.
#[derive(Clone, Debug, Default)]
pub struct Handling {
    /// [`OPEN`] or [`RESOLVED`].
    pub state: Option<&'static str>,
    /// Who sees to it, or nobody.
    pub assignee: Option<Option<AccountId>>,
}

/// `false` when there is no such conversation.
///
/// # Errors
/// When the database does not answer.
pub async fn handle(tx: &TenantTx, project: ProjectId, id: ConversationId, handling: &Handling, at: Millis) -> Result<bool, StoreError> {
    let mut update = tx.update::<Entity>().set(Column::ChangedAt, at);
    if let Some(state) = handling.state {
        update = update.set(Column::State, state);
    }
    if let Some(assignee) = handling.assignee {
        update = update.set(Column::AssigneeId, Expr::value(assignee.map(AccountId::uuid)));
    }
    Ok(update.filter(one(project, id)).run().await? == 1)
}

/// Up to `limit` conversations that changed at `since` or later, the earliest change first.
///
/// # Errors
/// When the database does not answer.
pub async fn changed(tx: &TenantTx, project: ProjectId, since: Millis, limit: u64) -> Result<Vec<Conversation>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::ChangedAt.gte(since))
        .order(Column::ChangedAt, Order::Asc)
        .order(Column::Id, Order::Asc)
        .limit(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(Conversation::from).collect())
}

/// How many are open and want somebody's attention.
///
/// # Errors
/// When the database does not answer.
pub async fn attention(tx: &TenantTx, project: ProjectId) -> Result<u64, StoreError> {
    let wanting = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Expr::cust(ATTENTION));
    wanting.count().await
}

/// Counts the conversation on the day of a turn, once. Returns the row: where it was, and what it is about, is counted with the turn.
///
/// Holds it until the transaction ends. Whoever counts holds the conversation first and its figures after, and so nobody waits in a circle.
pub(crate) async fn seen(tx: &TenantTx, project: ProjectId, id: ConversationId, day: i32) -> Result<Option<Model>, StoreError> {
    let mut find = tx.find::<Entity>().filter(Column::Id.eq(id.uuid()));
    if tx.raw().get_database_backend() == DbBackend::Postgres {
        find = find.shape(|select| select.lock(LockType::NoKeyUpdate));
    }
    let Some(row) = find.one().await? else { return Ok(None) };
    if row.seen_day.is_none_or(|seen| seen < day) {
        let update = tx.update::<Entity>().set(Column::SeenDay, day);
        update.filter(Column::Id.eq(id.uuid())).run().await?;
        rollup::returned(tx, project, rollup::Returning::Conversation, day, row.seen_day).await?;
    }
    Ok(Some(row))
}

/// Deletes up to `limit` conversations of a project that is being purged, with their turns; returns how many.
///
/// # Errors
/// When the database does not answer.
pub async fn purge(tx: &TenantTx, project: ProjectId, limit: u64) -> Result<u64, StoreError> {
    let some = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .limit(limit)
        .shape(|select| sea_orm::QuerySelect::column(sea_orm::QuerySelect::select_only(select), Column::Id));
    let condition = Column::Id.in_subquery(sea_orm::QueryTrait::into_query(some.walled()));
    tx.delete::<Entity>(condition).await
}
