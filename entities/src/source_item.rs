//! What a source has, as its provider lists it, and what is stored of each.

use std::collections::{HashMap, HashSet};

use sea_orm::{
    Condition, Order, QuerySelect, QueryTrait, Set,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait},
};
use sha2::{Digest, Sha256};

pub use crate::source_item_gone::{Which, gone, mark_gone};
use crate::{DocumentId, SourceId, StoreError, TenantTx, tenant_db::TenantScoped};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "source_item")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub source_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub item_hash: Vec<u8>,
    pub item: String,
    pub document_id: Option<Uuid>,
    pub version: Option<String>,
    pub listed: Option<String>,
    pub depth: i32,
    /// The last sync that found it.
    pub run: i32,
    pub state: String,
    pub tries: i32,
    pub skip_code: Option<String>,
    pub skip_detail: Option<String>,
    pub url: Option<String>,
    pub title: Option<String>,
    pub links: Option<Vec<u8>>,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
}

const WAITING: &str = "waiting";
const STORED: &str = "stored";
const SKIPPED: &str = "skipped";
/// It could not be fetched; what is stored of it stays until it can be.
const AGAIN: &str = "again";
/// Its provider says that it exists no longer.
pub(crate) const GONE: &str = "gone";

/// Rows of one statement: SQLite and PostgreSQL both bound its parameters.
pub(crate) const ROWS_A_STATEMENT: usize = 500;

/// Names an item within its source: its provider's name of it may be long.
pub type ItemHash = [u8; 16];

#[must_use]
pub fn hash_of(item: &str) -> ItemHash {
    let mut hash = ItemHash::default();
    hash.copy_from_slice(&Sha256::digest(item)[..16]);
    hash
}

fn hash(bytes: &[u8]) -> Result<ItemHash, StoreError> {
    bytes.try_into().map_err(|_| StoreError::Damaged("source_item.item_hash"))
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub hash: ItemHash,
    pub item: String,
    pub document: Option<DocumentId>,
    /// Of what is stored of it.
    pub version: Option<String>,
    /// As this sync's listing says.
    pub listed: Option<String>,
    pub depth: i32,
    /// Tries to fetch it that came to nothing, in this sync.
    pub tries: i32,
    /// Why it is not taken: a word for programs, and one for people.
    pub skip: Option<(String, String)>,
    pub url: Option<String>,
    pub title: Option<String>,
    /// What it leads to.
    pub links: Vec<ItemHash>,
}

impl TryFrom<Model> for Item {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            hash: hash(&row.item_hash)?,
            item: row.item,
            document: row.document_id.map(DocumentId::from),
            version: row.version,
            listed: row.listed,
            depth: row.depth,
            tries: row.tries,
            skip: row.skip_code.map(|code| (code, row.skip_detail.unwrap_or_default())),
            url: row.url,
            title: row.title,
            links: row.links.unwrap_or_default().chunks(16).map(hash).collect::<Result<_, _>>()?,
        })
    }
}

/// How an item is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    Stored,
    Skipped,
    /// It is to be fetched again in this sync.
    Waiting,
    /// It is to be fetched again in the next one.
    Again,
    /// It is to be removed.
    Gone,
}

impl Left {
    fn as_str(self) -> &'static str {
        match self {
            Self::Stored => STORED,
            Self::Skipped => SKIPPED,
            Self::Waiting => WAITING,
            Self::Again => AGAIN,
            Self::Gone => GONE,
        }
    }
}

/// Something that was listed, or that something else leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub item: String,
    pub version: Option<String>,
    pub depth: i32,
}

/// What came of a listing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Of all, those that were not listed before in this sync.
    pub found: i32,
    /// Of these, those that are as they are stored.
    pub unchanged: i32,
    /// Of these, those that are not taken, for the same reason as before.
    pub skipped: i32,
    /// Those for which there was no room. They are noted as not taken.
    pub over: i32,
}

/// How much a sync may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    pub items: usize,
    pub depth: i32,
}

/// Why an item is not taken for which there is no room.
const TOO_MANY: (&str, &str) = ("too_many_pages", "The source has as many pages as it may have.");
const TOO_DEEP: (&str, &str) = ("too_deep", "It is more links away from the start than are followed.");
/// As many are noted at a time for which there is no room; a site may have pages without end.
const MOST_OVER: i32 = 1_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub documents: i64,
    pub skipped: i64,
}

pub(crate) fn of(source: SourceId) -> Condition {
    Condition::all().add(Column::SourceId.eq(source.uuid()))
}

pub(crate) fn these(source: SourceId, hashes: &[ItemHash]) -> Condition {
    of(source).add(Column::ItemHash.is_in(hashes.iter().map(|hash| hash.to_vec())))
}

async fn rows_of(tx: &TenantTx, source: SourceId, hashes: &[ItemHash]) -> Result<Vec<Model>, StoreError> {
    let mut rows = Vec::new();
    for some in hashes.chunks(ROWS_A_STATEMENT) {
        rows.extend(tx.find::<Entity>().filter(these(source, some)).all().await?);
    }
    Ok(rows)
}

/// Notes what sync number `run` found, of what it had not found before, up to `room`. What may have changed since it was stored waits to be
/// fetched; what there is no room for is noted as not taken, if nothing is stored of it.
///
/// # Errors
/// `Orphan` when there is no such source.
pub async fn take(tx: &TenantTx, source: SourceId, run: i32, listed: &[Listed], room: Room) -> Result<Taken, StoreError> {
    let hashes: Vec<ItemHash> = listed.iter().map(|one| hash_of(&one.item)).collect();
    let known: HashMap<Vec<u8>, Model> = rows_of(tx, source, &hashes)
        .await?
        .into_iter()
        .map(|row| (row.item_hash.clone(), row))
        .collect();
    let (mut taken, mut fresh) = (Taken::default(), HashMap::<ItemHash, ActiveModel>::new());
    let mut same: HashMap<(Option<String>, i32), Vec<ItemHash>> = HashMap::new();
    let (mut seen, mut over) = (HashSet::new(), Vec::new());
    for (one, hash) in listed.iter().zip(hashes) {
        let row = known.get(hash.as_slice());
        if row.is_some_and(|row| row.run == run) || !seen.insert(hash) {
            continue;
        }
        let refused = match usize::try_from(taken.found) {
            _ if one.depth > room.depth => Some(TOO_DEEP),
            Ok(found) if found < room.items => None,
            _ => Some(TOO_MANY),
        };
        if let Some((code, detail)) = refused {
            match row {
                None if taken.over < MOST_OVER => {
                    let noted = ActiveModel {
                        state: Set(SKIPPED.into()),
                        skip_code: Set(Some(code.into())),
                        skip_detail: Set(Some(detail.into())),
                        ..new(tx, source, run, one, hash)
                    };
                    fresh.insert(hash, noted);
                    taken.over += 1;
                }
                Some(row) if row.skip_code.as_deref() == Some(code) => {
                    over.push(hash);
                    taken.over += 1;
                }
                // It was not found, as far as this sync goes.
                _ => {}
            }
            continue;
        }
        taken.found += 1;
        let Some(row) = row else {
            fresh.insert(hash, new(tx, source, run, one, hash));
            continue;
        };
        let settled = row.state == STORED || row.state == SKIPPED;
        if settled && one.version.is_some() && row.version == one.version {
            match row.state.as_str() {
                STORED => taken.unchanged += 1,
                _ => taken.skipped += 1,
            }
            same.entry((one.version.clone(), one.depth)).or_default().push(hash);
            continue;
        }
        let update = tx
            .update::<Entity>()
            .set(Column::Run, run)
            .set(Column::Listed, Expr::value(one.version.clone()))
            .set(Column::Depth, one.depth)
            .set(Column::State, WAITING)
            .set(Column::Tries, 0);
        update.filter(these(source, &[hash])).run().await?;
    }
    for ((version, depth), hashes) in same {
        for some in hashes.chunks(ROWS_A_STATEMENT) {
            let update = tx
                .update::<Entity>()
                .set(Column::Run, run)
                .set(Column::Listed, Expr::value(version.clone()))
                .set(Column::Depth, depth);
            update.filter(these(source, some)).run().await?;
        }
    }
    for some in over.chunks(ROWS_A_STATEMENT) {
        tx.update::<Entity>()
            .set(Column::Run, run)
            .filter(these(source, some))
            .run()
            .await?;
    }
    let mut fresh: Vec<ActiveModel> = fresh.into_values().collect();
    while !fresh.is_empty() {
        let rest = fresh.split_off(fresh.len().min(ROWS_A_STATEMENT));
        tx.insert_all(fresh).await?;
        fresh = rest;
    }
    Ok(taken)
}

fn new(tx: &TenantTx, source: SourceId, run: i32, listed: &Listed, hash: ItemHash) -> ActiveModel {
    ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        source_id: Set(source.uuid()),
        item_hash: Set(hash.to_vec()),
        item: Set(listed.item.clone()),
        document_id: Set(None),
        version: Set(None),
        listed: Set(listed.version.clone()),
        depth: Set(listed.depth),
        run: Set(run),
        state: Set(WAITING.into()),
        tries: Set(0),
        skip_code: Set(None),
        skip_detail: Set(None),
        url: Set(None),
        title: Set(None),
        links: Set(None),
    }
}

/// Those of `hashes` that are known.
///
/// # Errors
/// When the database does not answer.
pub async fn known(tx: &TenantTx, source: SourceId, hashes: &[ItemHash]) -> Result<Vec<Item>, StoreError> {
    rows_of(tx, source, hashes).await?.into_iter().map(Item::try_from).collect()
}

/// The next that sync number `run` is to fetch: the nearest to where its listing began, and last what could not be fetched before.
///
/// # Errors
/// When the database does not answer.
pub async fn waiting(tx: &TenantTx, source: SourceId, run: i32, limit: u64) -> Result<Vec<Item>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .filter(of(source).add(Column::Run.eq(run)).add(Column::State.eq(WAITING)))
        .order(Column::Tries, Order::Asc)
        .order(Column::Depth, Order::Asc)
        .order(Column::ItemHash, Order::Asc)
        .limit(limit)
        .all()
        .await?;
    rows.into_iter().map(Item::try_from).collect()
}

/// Stores what came of fetching an item.
///
/// # Errors
/// When the database does not answer.
pub async fn set(tx: &TenantTx, source: SourceId, item: &Item, left: Left) -> Result<bool, StoreError> {
    let (code, detail) = item.skip.clone().unzip();
    let links = (!item.links.is_empty()).then(|| item.links.concat());
    let update = tx
        .update::<Entity>()
        .set(Column::DocumentId, Expr::value(item.document.map(DocumentId::uuid)))
        .set(Column::Version, Expr::value(item.version.clone()))
        .set(Column::State, left.as_str())
        .set(Column::Tries, item.tries)
        .set(Column::SkipCode, Expr::value(code))
        .set(Column::SkipDetail, Expr::value(detail))
        .set(Column::Url, Expr::value(item.url.clone()))
        .set(Column::Title, Expr::value(item.title.clone()))
        .set(Column::Links, Expr::value(links));
    Ok(update.filter(these(source, &[item.hash])).run().await? == 1)
}

/// Those that sync number `run` has not found, and of which something is stored, join it: each is looked at itself before it is taken for gone.
/// Returns how many.
///
/// # Errors
/// When the database does not answer.
pub async fn join(tx: &TenantTx, source: SourceId, run: i32) -> Result<u64, StoreError> {
    let which = Column::DocumentId.is_not_null().and(Column::State.ne(GONE));
    let update = tx
        .update::<Entity>()
        .set(Column::Run, run)
        .set(Column::State, WAITING)
        .set(Column::Tries, 0)
        .set(Column::Listed, Expr::value(Option::<String>::None));
    update.filter(of(source).add(Column::Run.lt(run)).add(which)).run().await
}

/// How many of sync number `run` could not be fetched.
///
/// # Errors
/// When the database does not answer.
pub async fn missed(tx: &TenantTx, source: SourceId, run: i32) -> Result<u64, StoreError> {
    let missed = of(source).add(Column::Run.eq(run)).add(Column::State.eq(AGAIN));
    tx.find::<Entity>().filter(missed).count().await
}

/// The next that are to be removed: those that are gone, and those that sync number `run` did not find.
///
/// # Errors
/// When the database does not answer.
pub async fn stale(tx: &TenantTx, source: SourceId, run: i32, limit: u64) -> Result<Vec<Item>, StoreError> {
    let which = Condition::any().add(Column::State.eq(GONE)).add(Column::Run.lt(run));
    let rows = tx.find::<Entity>().filter(of(source).add(which)).limit(limit).all().await?;
    rows.into_iter().map(Item::try_from).collect()
}

/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &TenantTx, source: SourceId, hashes: &[ItemHash]) -> Result<u64, StoreError> {
    let mut deleted = 0;
    for some in hashes.chunks(ROWS_A_STATEMENT) {
        deleted += tx.delete::<Entity>(these(source, some)).await?;
    }
    Ok(deleted)
}

/// Everything is fetched by the next sync, changed or not.
pub(crate) async fn forget_versions(tx: &TenantTx, source: SourceId) -> Result<(), StoreError> {
    let update = tx.update::<Entity>().set(Column::Version, Expr::value(Option::<String>::None));
    update.filter(of(source)).run().await?;
    Ok(())
}

/// How many have a document, and how many are not taken.
///
/// # Errors
/// When the database does not answer.
pub async fn counts(tx: &TenantTx, source: SourceId) -> Result<Counts, StoreError> {
    let documents = tx.find::<Entity>().filter(of(source).add(Column::DocumentId.is_not_null()));
    let skipped = tx.find::<Entity>().filter(of(source).add(Column::SkipCode.is_not_null()));
    Ok(Counts {
        documents: i64::try_from(documents.count().await?).unwrap_or(i64::MAX),
        skipped: i64::try_from(skipped.count().await?).unwrap_or(i64::MAX),
    })
}

/// Those that are not taken, with the reason.
///
/// # Errors
/// When the database does not answer.
pub async fn skipped(tx: &TenantTx, source: SourceId, limit: u64) -> Result<Vec<Item>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .filter(of(source).add(Column::SkipCode.is_not_null()))
        .order(Column::ItemHash, Order::Asc)
        .limit(limit)
        .all()
        .await?;
    rows.into_iter().map(Item::try_from).collect()
}

/// Removes up to `limit` items of a source that goes; returns how many.
///
/// # Errors
/// When the database does not answer.
pub async fn purge(tx: &TenantTx, source: SourceId, limit: u64) -> Result<u64, StoreError> {
    let some = tx
        .find::<Entity>()
        .filter(of(source))
        .limit(limit)
        .shape(|select| select.select_only().column(Column::ItemHash));
    let condition = of(source).add(Column::ItemHash.in_subquery(some.walled().into_query()));
    tx.delete::<Entity>(condition).await
}
