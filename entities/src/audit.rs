//! What was done in a tenant: who, what, to what, when, from where, with which outcome; never content. Rows are added and never changed:
//! each carries the hash of the one before it (see [`chain`]), the head of the chain is kept apart, and signed now and then.

mod act;
pub mod chain;
mod tables;

use sea_orm::{
    Condition, ConnectionTrait, DatabaseTransaction, DbBackend, Order, QueryOrder, QuerySelect, Set,
    entity::prelude::*,
    sea_query::{Expr, LockType, OnConflict},
};

pub use act::Act;
use chain::{Broken, Checkpoint, Entry, Hash, Head, Walk};
pub(crate) use tables::{checkpoint, head};

use crate::{
    AccountId, Millis, PlatformTx, StoreError, TenantId, TenantTx, account, store::set_local, tenant::directory, tenant_db::TenantScoped,
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub at: i64,
    pub actor: Option<Uuid>,
    pub email: String,
    pub address: String,
    pub act: String,
    pub target_kind: String,
    pub target_id: String,
    pub target_name: String,
    pub outcome: String,
    pub details: String,
    pub previous: Vec<u8>,
    pub hash: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
}

/// To what it was done: a kind such as `member`, an id, and a short name at that time. No content.
#[derive(Clone, Debug, Default)]
pub struct Target {
    pub kind: &'static str,
    pub id: String,
    pub name: String,
}

impl Target {
    pub fn of(kind: &'static str, id: impl ToString, name: impl Into<String>) -> Self {
        Self {
            kind,
            id: id.to_string(),
            name: name.into(),
        }
    }
}

/// What is about to be noted.
#[derive(Clone, Debug)]
pub struct Note {
    pub at: Millis,
    /// `None` for the server itself. Their e-mail address is looked up.
    pub actor: Option<AccountId>,
    /// The network address it came from; empty for the command line and the server itself.
    pub address: String,
    pub act: Act,
    pub target: Target,
    /// Whether it was done rather than refused.
    pub done: bool,
    /// A small JSON object without content or secrets; `Null` for nothing.
    pub details: serde_json::Value,
}

/// Longer than any name or address that is accepted elsewhere.
const LONGEST: usize = 1_000;

fn short(mut text: String) -> String {
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST));
    }
    text
}

/// Adds `note` to the tenant's log, in the transaction of the act. Returns its number.
///
/// Holds the head of the chain until the transaction ends, so that the tenant's other transactions wait here: let it be the last thing
/// that the transaction does. Who took other rows after it could wait for somebody who waits for the head.
///
/// # Errors
/// When the database does not answer.
pub async fn append(tx: &TenantTx, note: Note) -> Result<i64, StoreError> {
    append_to(tx.raw(), tx.tenant(), note).await
}

/// Adds `note` to the log of each workspace that `account` belongs to, in the transaction of the act: one who reads the log of a workspace
/// learns of what its members' accounts went through. As [`append`], the last thing that the transaction does; in the order of the
/// workspaces' ids, so that two such do not wait for each other.
///
/// # Errors
/// When the database does not answer.
pub async fn append_for_account(tx: &PlatformTx, account: AccountId, note: &Note) -> Result<(), StoreError> {
    let tx = tx.raw();
    let workspaces = directory::Entity::find()
        .filter(directory::Column::AccountId.eq(account.uuid()))
        .order_by_asc(directory::Column::WorkspaceId)
        .all(tx)
        .await?;
    for row in workspaces {
        let tenant: TenantId = row.workspace_id.into();
        set_local(tx, "app.tenant_id", tenant.to_string()).await?;
        append_to(tx, tenant, note.clone()).await?;
    }
    set_local(tx, "app.tenant_id", String::new()).await
}

async fn append_to(tx: &DatabaseTransaction, tenant: TenantId, note: Note) -> Result<i64, StoreError> {
    let email = match note.actor {
        Some(account) => account::Entity::find_by_id(account.uuid()).one(tx).await?.map(|row| row.email),
        None => None,
    };
    let last = hold_head(tx, tenant).await?;
    let target_name = match note.act {
        // By nobody yet, on an account: its address is looked up in the actor's place.
        Act::SignInFailed => address_of(tx, &note.target.id).await?,
        _ => note.target.name,
    };
    let mut entry = Entry {
        seq: last.seq + 1,
        at: note.at,
        actor: note.actor,
        email: email.unwrap_or_default(),
        address: short(note.address),
        act: note.act.as_str().into(),
        target_kind: note.target.kind.into(),
        target_id: short(note.target.id),
        target_name: short(target_name),
        outcome: if note.done { "done" } else { "refused" }.into(),
        details: match note.details {
            serde_json::Value::Null => "{}".into(),
            details => details.to_string(),
        },
        previous: last.hash,
        hash: [0; 32],
    };
    entry.hash = entry.computed_hash(tenant);
    let (seq, hash) = (entry.seq, entry.hash);
    Entity::insert(row(tenant, entry)).exec_without_returning(tx).await?;
    head::Entity::update_many()
        .col_expr(head::Column::Seq, Expr::value(seq))
        .col_expr(head::Column::Hash, Expr::value(hash.to_vec()))
        .filter(head::Column::TenantId.eq(tenant.uuid()))
        .exec(tx)
        .await?;
    Ok(seq)
}

async fn address_of(tx: &DatabaseTransaction, account: &str) -> Result<String, StoreError> {
    let Ok(id) = account.parse::<Uuid>() else {
        return Ok(String::new());
    };
    Ok(account::Entity::find_by_id(id)
        .one(tx)
        .await?
        .map(|row| row.email)
        .unwrap_or_default())
}

/// The head, which no other transaction moves until this one ends. An embedded file has one writer anyway.
async fn hold_head(tx: &DatabaseTransaction, tenant: TenantId) -> Result<Head, StoreError> {
    let mut find = head::Entity::find_by_id(tenant.uuid());
    if tx.get_database_backend() == DbBackend::Postgres {
        find = find.lock(LockType::Update);
    }
    if let Some(row) = find.clone().one(tx).await? {
        return row.head();
    }
    let first = chain::origin(tenant);
    let row = head::ActiveModel {
        tenant_id: Set(tenant.uuid()),
        seq: Set(first.seq),
        hash: Set(first.hash.to_vec()),
    };
    // Of two that begin the log at once, one waits here for the other.
    let nothing = OnConflict::column(head::Column::TenantId).do_nothing().to_owned();
    head::Entity::insert(row).on_conflict(nothing).exec_without_returning(tx).await?;
    match find.one(tx).await? {
        Some(row) => row.head(),
        None => Err(StoreError::Damaged("audit_head")),
    }
}

fn row(tenant: TenantId, entry: Entry) -> ActiveModel {
    ActiveModel {
        tenant_id: Set(tenant.uuid()),
        seq: Set(entry.seq),
        at: Set(entry.at),
        actor: Set(entry.actor.map(AccountId::uuid)),
        email: Set(entry.email),
        address: Set(entry.address),
        act: Set(entry.act),
        target_kind: Set(entry.target_kind),
        target_id: Set(entry.target_id),
        target_name: Set(entry.target_name),
        outcome: Set(entry.outcome),
        details: Set(entry.details),
        previous: Set(entry.previous.to_vec()),
        hash: Set(entry.hash.to_vec()),
    }
}

pub(crate) fn hash(bytes: Vec<u8>) -> Result<Hash, StoreError> {
    bytes.try_into().map_err(|_| StoreError::Damaged("a hash of the audit log"))
}

impl TryFrom<Model> for Entry {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            seq: row.seq,
            at: row.at,
            actor: row.actor.map(Into::into),
            email: row.email,
            address: row.address,
            act: row.act,
            target_kind: row.target_kind,
            target_id: row.target_id,
            target_name: row.target_name,
            outcome: row.outcome,
            details: row.details,
            previous: hash(row.previous)?,
            hash: hash(row.hash)?,
        })
    }
}

/// Which entries.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// An act, or what the ids of several begin with: `member` is all of `member.…`.
    pub act: Option<String>,
    pub actor: Option<AccountId>,
    /// From this moment on.
    pub from: Option<Millis>,
    /// Before this moment.
    pub to: Option<Millis>,
    /// Older than the entry of this number.
    pub before: Option<i64>,
}

/// Up to `limit` entries, the latest first.
///
/// # Errors
/// When the database does not answer, or holds what is no entry.
pub async fn list(tx: &TenantTx, filter: &Filter, limit: u64) -> Result<Vec<Entry>, StoreError> {
    let mut condition = Condition::all();
    if let Some(act) = &filter.act {
        let below = format!("{act}.");
        // As a range, not as a pattern: what somebody typed has no wildcards.
        let end = format!("{act}/");
        let group = Condition::all().add(Column::Act.gte(below)).add(Column::Act.lt(end));
        condition = condition.add(Condition::any().add(Column::Act.eq(act.as_str())).add(group));
    }
    if let Some(actor) = filter.actor {
        condition = condition.add(Column::Actor.eq(actor.uuid()));
    }
    if let Some(from) = filter.from {
        condition = condition.add(Column::At.gte(from));
    }
    if let Some(to) = filter.to {
        condition = condition.add(Column::At.lt(to));
    }
    if let Some(before) = filter.before {
        condition = condition.add(Column::Seq.lt(before));
    }
    let found = tx.find::<Entity>().filter(condition).order(Column::Seq, Order::Desc);
    found.limit(limit).all().await?.into_iter().map(Entry::try_from).collect()
}

/// Up to `limit` entries that come after number `seq`, in order.
///
/// # Errors
/// When the database does not answer, or holds what is no entry.
pub async fn after(tx: &TenantTx, seq: i64, limit: u64) -> Result<Vec<Entry>, StoreError> {
    let found = tx.find::<Entity>().filter(Column::Seq.gt(seq)).order(Column::Seq, Order::Asc);
    found.limit(limit).all().await?.into_iter().map(Entry::try_from).collect()
}

/// The last entry; `None` before there is one.
///
/// # Errors
/// When the database does not answer.
pub async fn head(tx: &TenantTx) -> Result<Option<Head>, StoreError> {
    tx.find::<head::Entity>().one().await?.map(|row| row.head()).transpose()
}

/// The signed heads after number `seq`, in order.
///
/// # Errors
/// When the database does not answer.
pub async fn checkpoints(tx: &TenantTx, seq: i64, limit: u64) -> Result<Vec<Checkpoint>, StoreError> {
    let found = tx.find::<checkpoint::Entity>().filter(checkpoint::Column::Seq.gt(seq));
    let found = found.order(checkpoint::Column::Seq, Order::Asc).limit(limit).all().await?;
    found.into_iter().map(Checkpoint::try_from).collect()
}

/// The last signed head.
///
/// # Errors
/// When the database does not answer.
pub async fn last_checkpoint(tx: &TenantTx) -> Result<Option<Checkpoint>, StoreError> {
    let found = tx.find::<checkpoint::Entity>().order(checkpoint::Column::Seq, Order::Desc);
    found.limit(1).one().await?.map(Checkpoint::try_from).transpose()
}

/// Signs the head, if anything was added since the last time: `sign` is given the message. What was added is checked first, for a signature
/// would make whatever is there look right. Returns the last signed head, new or not; `None` while there is no entry.
///
/// # Errors
/// When the database does not answer; the second, when the log does not hold.
pub async fn sign(
    tx: &TenantTx,
    at: Millis,
    sign: impl FnOnce(&[u8]) -> Vec<u8>,
) -> Result<Result<Option<Checkpoint>, Broken>, StoreError> {
    // Held, so that of two nodes the second sees what the first one signed.
    let head = hold_head(tx.raw(), tx.tenant()).await?;
    let last = last_checkpoint(tx).await?;
    let from = last.as_ref().map(|last| Head {
        seq: last.seq,
        hash: last.hash,
    });
    if from == Some(head) || head.seq == 0 {
        return Ok(Ok(last));
    }
    if let Err(broken) = check(tx, from).await? {
        return Ok(Err(broken));
    }
    let new = Checkpoint {
        seq: head.seq,
        hash: head.hash,
        at,
        signature: sign(&Checkpoint::message(tx.tenant(), head, at)),
    };
    tx.insert(checkpoint::ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        seq: Set(new.seq),
        hash: Set(new.hash.to_vec()),
        at: Set(new.at),
        signature: Set(new.signature.clone()),
    })
    .await?;
    Ok(Ok(Some(new)))
}

/// How many entries a step of a walk reads.
const STRIDE: u64 = 500;

/// Follows the chain from the entry after `from`, or from the first, to its head. The head where it holds up to; or where it breaks.
///
/// # Errors
/// When the database does not answer.
pub async fn check(tx: &TenantTx, from: Option<Head>) -> Result<Result<Head, Broken>, StoreError> {
    let mut walk = Walk::behind(tx.tenant(), from.unwrap_or_else(|| chain::origin(tx.tenant())));
    loop {
        let entries = after(tx, walk.head.seq, STRIDE).await?;
        if entries.is_empty() {
            break;
        }
        for entry in &entries {
            if let Err(broken) = walk.step(entry) {
                return Ok(Err(broken));
            }
        }
    }
    let kept = head(tx).await?.unwrap_or_else(|| chain::origin(tx.tenant()));
    let reached = from.map_or(0, |from| from.seq);
    Ok(if kept == walk.head {
        Ok(kept)
    } else if kept.seq < reached {
        Err(Broken::Short {
            expected: reached,
            found: kept.seq,
        })
    } else if kept.seq > walk.head.seq {
        Err(Broken::Short {
            expected: kept.seq,
            found: walk.head.seq,
        })
    } else {
        Err(Broken::Link(kept.seq + 1))
    })
}
