//! What became of a source or a grant that was disconnected, or of what its provider told of. It stays when they are gone.

use std::collections::HashMap;

use sea_orm::{Condition, FromQueryResult, Order, QuerySelect, Set, entity::prelude::*, sea_query::Expr};

use crate::{GrantId, Millis, ProjectId, ReceiptId, SourceId, StoreError, TenantTx, source::Source, tenant_db::TenantScoped};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "source_receipt")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub kind: String,
    pub name: String,
    pub project_id: Option<Uuid>,
    pub source_id: Option<Uuid>,
    pub grant_id: Option<Uuid>,
    pub asked_at: i64,
    pub asked_by: Option<String>,
    pub grant_outcome: String,
    pub finish_at: Option<String>,
    pub documents: String,
    pub documents_left: i32,
    pub documents_done: i32,
    pub done_at: Option<i64>,
    pub last_error: Option<String>,
    /// The receipt of the grant that a source was let go of with.
    pub part_of: Option<Uuid>,
    pub cause: String,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
}

/// Why something went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Somebody let go of it here.
    Disconnected,
    /// Its provider told that it is there no longer.
    Told,
}

impl Cause {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disconnected => "disconnected",
            Self::Told => "told",
        }
    }
}

/// What became of the access at the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantOutcome {
    /// There was none, or others still use it.
    None,
    /// It is asked for, and not confirmed yet.
    Pending,
    Revoked,
    /// It was over already.
    Gone,
    /// The provider cannot be asked for it: its users finish it there.
    Unconfirmed,
}

impl GrantOutcome {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Pending => "pending",
            Self::Revoked => "revoked",
            Self::Gone => "gone",
            Self::Unconfirmed => "unconfirmed",
        }
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        [Self::None, Self::Pending, Self::Revoked, Self::Gone, Self::Unconfirmed]
            .into_iter()
            .find(|one| one.as_str() == text)
            .ok_or(StoreError::Damaged("source_receipt.grant_outcome"))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub id: ReceiptId,
    pub kind: String,
    pub name: String,
    pub project: Option<ProjectId>,
    /// Of a source: its documents are what the counts are of.
    pub source: Option<SourceId>,
    /// Of a grant: its end is what the outcome is of. Beside a source: what that was read with.
    pub grant: Option<GrantId>,
    pub asked_at: Millis,
    /// The address of who asked; `None` when it was done from the command line.
    pub asked_by: Option<String>,
    pub outcome: GrantOutcome,
    /// Where its users finish it.
    pub finish_at: Option<String>,
    /// The documents are deleted, and not kept.
    pub deletes: bool,
    pub documents_left: i32,
    pub documents_done: i32,
    /// When nothing was left to do.
    pub done_at: Option<Millis>,
    pub last_error: Option<String>,
    /// The receipt of the grant that a source was let go of with: it says what became of both.
    pub part_of: Option<ReceiptId>,
    pub cause: Cause,
}

impl TryFrom<Model> for Receipt {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.into(),
            kind: row.kind,
            name: row.name,
            project: row.project_id.map(ProjectId::from),
            source: row.source_id.map(SourceId::from),
            grant: row.grant_id.map(GrantId::from),
            asked_at: row.asked_at,
            asked_by: row.asked_by,
            outcome: GrantOutcome::parse(&row.grant_outcome)?,
            finish_at: row.finish_at,
            deletes: row.documents == "delete",
            documents_left: row.documents_left,
            documents_done: row.documents_done,
            done_at: row.done_at,
            last_error: row.last_error,
            part_of: row.part_of.map(ReceiptId::from),
            cause: match row.cause.as_str() {
                "disconnected" => Cause::Disconnected,
                "told" => Cause::Told,
                _ => return Err(StoreError::Damaged("source_receipt.cause")),
            },
        })
    }
}

/// # Errors
/// When the database does not answer.
pub async fn insert(tx: &TenantTx, new: &Receipt) -> Result<(), StoreError> {
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        id: Set(new.id.uuid()),
        kind: Set(new.kind.clone()),
        name: Set(new.name.clone()),
        project_id: Set(new.project.map(ProjectId::uuid)),
        source_id: Set(new.source.map(SourceId::uuid)),
        grant_id: Set(new.grant.map(GrantId::uuid)),
        asked_at: Set(new.asked_at),
        asked_by: Set(new.asked_by.clone()),
        grant_outcome: Set(new.outcome.as_str().into()),
        finish_at: Set(new.finish_at.clone()),
        documents: Set(if new.deletes { "delete" } else { "keep" }.into()),
        documents_left: Set(new.documents_left),
        documents_done: Set(new.documents_done),
        done_at: Set(new.done_at),
        last_error: Set(new.last_error.clone()),
        part_of: Set(new.part_of.map(ReceiptId::uuid)),
        cause: Set(new.cause.as_str().into()),
    })
    .await
}

/// What one receipt of a source gathers of what its provider tells.
const TOLD_MS: Millis = 86_400_000;

/// Notes that so many documents of a source went because its provider told so. What it tells within a day is on one receipt; `new` is its id if
/// there is none yet.
///
/// # Errors
/// When the database does not answer.
pub async fn note_told(tx: &TenantTx, new: ReceiptId, source: &Source, documents: usize, now: Millis) -> Result<(), StoreError> {
    let documents = i32::try_from(documents).unwrap_or(i32::MAX);
    let lately = Condition::all()
        .add(Column::SourceId.eq(source.id.uuid()))
        .add(Column::Cause.eq(Cause::Told.as_str()))
        .add(Column::AskedAt.gt(now - TOLD_MS));
    let row = tx
        .find::<Entity>()
        .filter(lately)
        .order(Column::Id, Order::Desc)
        .limit(1)
        .one()
        .await?;
    if let Some(row) = row {
        let mut receipt = Receipt::try_from(row)?;
        receipt.documents_done = receipt.documents_done.saturating_add(documents);
        receipt.done_at = Some(now);
        set(tx, &receipt).await?;
        return Ok(());
    }
    let receipt = Receipt {
        id: new,
        kind: source.kind.clone(),
        name: source.name.clone(),
        project: Some(source.project),
        source: Some(source.id),
        grant: source.grant,
        asked_at: now,
        asked_by: None,
        outcome: GrantOutcome::None,
        finish_at: None,
        deletes: true,
        documents_left: 0,
        documents_done: documents,
        done_at: Some(now),
        last_error: None,
        part_of: None,
        cause: Cause::Told,
    };
    insert(tx, &receipt).await
}

/// # Errors
/// When the database does not answer.
pub async fn find(tx: &TenantTx, id: ReceiptId) -> Result<Option<Receipt>, StoreError> {
    let row = tx.find::<Entity>().filter(Column::Id.eq(id.uuid())).one().await?;
    row.map(Receipt::try_from).transpose()
}

/// The receipt of a source that is being let go of.
///
/// # Errors
/// When the database does not answer.
pub async fn of_source(tx: &TenantTx, source: SourceId) -> Result<Option<Receipt>, StoreError> {
    let own = Condition::all()
        .add(Column::SourceId.eq(source.uuid()))
        .add(Column::Cause.eq(Cause::Disconnected.as_str()));
    let row = tx.find::<Entity>().filter(own).one().await?;
    row.map(Receipt::try_from).transpose()
}

/// What a grant's sources had.
#[derive(FromQueryResult)]
struct Parts {
    part_of: Option<Uuid>,
    documents_left: i64,
    documents_done: i64,
}

/// With what became of the documents of the sources that were let go of with each.
async fn whole(tx: &TenantTx, mut receipts: Vec<Receipt>) -> Result<Vec<Receipt>, StoreError> {
    let grants = receipts.iter().filter(|one| one.grant.is_some() && one.source.is_none());
    let ids: Vec<Uuid> = grants.map(|one| one.id.uuid()).collect();
    if ids.is_empty() {
        return Ok(receipts);
    }
    let sums = tx.find::<Entity>().filter(Column::PartOf.is_in(ids)).shape(|select| {
        select
            .select_only()
            .column(Column::PartOf)
            .column_as(Expr::cust("cast(sum(documents_left) as bigint)"), "documents_left")
            .column_as(Expr::cust("cast(sum(documents_done) as bigint)"), "documents_done")
            .group_by(Column::PartOf)
    });
    let sums: HashMap<Option<Uuid>, Parts> = sums.into::<Parts>().await?.into_iter().map(|sum| (sum.part_of, sum)).collect();
    for receipt in &mut receipts {
        if let Some(sum) = sums.get(&Some(receipt.id.uuid())) {
            receipt.documents_left = i32::try_from(sum.documents_left).unwrap_or(i32::MAX);
            receipt.documents_done = i32::try_from(sum.documents_done).unwrap_or(i32::MAX);
            receipt.done_at = receipt.done_at.filter(|_| receipt.documents_left == 0);
        }
    }
    Ok(receipts)
}

/// One receipt, as it is shown.
///
/// # Errors
/// When the database does not answer.
pub async fn shown(tx: &TenantTx, id: ReceiptId) -> Result<Option<Receipt>, StoreError> {
    let found = find(tx, id).await?;
    Ok(whole(tx, found.into_iter().collect()).await?.pop())
}

/// Up to `limit` that are shown, from before `before` on; the latest first. A source that was let go of with its grant is on the grant's.
///
/// # Errors
/// When the database does not answer.
pub async fn page(tx: &TenantTx, before: Option<ReceiptId>, limit: u64) -> Result<Vec<Receipt>, StoreError> {
    let which = Condition::all()
        .add(Column::PartOf.is_null())
        .add_option(before.map(|before| Column::Id.lt(before.uuid())));
    let rows = tx
        .find::<Entity>()
        .filter(which)
        .order(Column::Id, Order::Desc)
        .limit(limit)
        .all()
        .await?;
    whole(tx, rows.into_iter().map(Receipt::try_from).collect::<Result<_, _>>()?).await
}

/// Notes how it stands: what became of the grant and the documents, whether all is done, and what last went wrong.
///
/// # Errors
/// When the database does not answer.
pub async fn set(tx: &TenantTx, receipt: &Receipt) -> Result<bool, StoreError> {
    let update = tx
        .update::<Entity>()
        .set(Column::GrantOutcome, receipt.outcome.as_str())
        .set(Column::FinishAt, Expr::value(receipt.finish_at.clone()))
        .set(Column::DocumentsLeft, receipt.documents_left)
        .set(Column::DocumentsDone, receipt.documents_done)
        .set(Column::DoneAt, Expr::value(receipt.done_at))
        .set(Column::LastError, Expr::value(receipt.last_error.clone()));
    Ok(update.filter(Column::Id.eq(receipt.id.uuid())).run().await? == 1)
}

/// The documents of a deleted project are gone at once: their key is.
pub(crate) async fn project_gone(tx: &TenantTx, project: ProjectId, now: Millis) -> Result<(), StoreError> {
    let open = Condition::all()
        .add(Column::ProjectId.eq(project.uuid()))
        .add(Column::SourceId.is_not_null())
        .add(Column::DoneAt.is_null());
    let update = tx
        .update::<Entity>()
        .set(Column::DocumentsLeft, 0)
        .set(Column::DoneAt, now)
        .filter(open);
    update.run().await?;
    Ok(())
}
