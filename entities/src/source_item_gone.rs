//! What a provider says of a source's items: that they exist no longer.

use std::collections::HashSet;

use sea_orm::{
    Condition, Order,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait, Func, LikeExpr},
};

use crate::{
    SourceId, StoreError, TenantTx,
    source_item::{Column, Entity, GONE, Item, ItemHash, ROWS_A_STATEMENT, hash_of, known, of, these},
};

/// Some of what a source has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    All,
    /// With these names, and, if so, what they lead to, and so on.
    Items {
        items: Vec<String>,
        below: bool,
    },
    /// Whose names begin so. Letters count as the same in either case: providers are not of one mind about that.
    Beginning(Vec<String>),
}

/// Longest ways from one item to another that are followed.
const DEEP: usize = 100;

/// Those among `hashes` and what they lead to.
async fn and_below(tx: &TenantTx, source: SourceId, hashes: Vec<ItemHash>) -> Result<Vec<ItemHash>, StoreError> {
    let (mut all, mut next): (HashSet<ItemHash>, Vec<ItemHash>) = (hashes.iter().copied().collect(), hashes);
    for _ in 0..DEEP {
        let items = known(tx, source, &next).await?;
        next = items
            .into_iter()
            .flat_map(|item| item.links)
            .filter(|link| all.insert(*link))
            .collect();
        if next.is_empty() {
            break;
        }
    }
    Ok(all.into_iter().collect())
}

/// Notes that they exist no longer. Returns of how many that is news.
///
/// # Errors
/// When the database does not answer.
pub async fn mark_gone(tx: &TenantTx, source: SourceId, which: &Which) -> Result<u64, StoreError> {
    let hashes = match which {
        Which::All => return mark(tx, of(source)).await,
        Which::Beginning(names) => {
            let mut marked = 0;
            for name in names {
                let column = Expr::expr(Func::lower(Expr::col(Column::Item)));
                let like = LikeExpr::new(format!("{}%", escaped(&name.to_lowercase()))).escape('\\');
                marked += mark(tx, of(source).add(column.like(like))).await?;
            }
            return Ok(marked);
        }
        Which::Items { items, below } => {
            let hashes = items.iter().map(|item| hash_of(item)).collect();
            match below {
                true => and_below(tx, source, hashes).await?,
                false => hashes,
            }
        }
    };
    let mut marked = 0;
    for some in hashes.chunks(ROWS_A_STATEMENT) {
        marked += mark(tx, these(source, some)).await?;
    }
    Ok(marked)
}

/// As it is, in a pattern.
fn escaped(text: &str) -> String {
    text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_")
}

async fn mark(tx: &TenantTx, which: Condition) -> Result<u64, StoreError> {
    let update = tx.update::<Entity>().set(Column::State, GONE);
    update.filter(which.add(Column::State.ne(GONE))).run().await
}

/// Up to `limit` of which it is noted that they exist no longer.
///
/// # Errors
/// When the database does not answer.
pub async fn gone(tx: &TenantTx, source: SourceId, limit: u64) -> Result<Vec<Item>, StoreError> {
    let find = tx.find::<Entity>().filter(of(source).add(Column::State.eq(GONE)));
    let rows = find.order(Column::ItemHash, Order::Asc).limit(limit).all().await?;
    rows.into_iter().map(Item::try_from).collect()
}
