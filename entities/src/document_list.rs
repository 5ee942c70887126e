//! Documents of a project, by what is looked for, in the order that is asked for, a page at a time.

use sea_orm::{
    Condition, Order, QuerySelect, QueryTrait,
    entity::prelude::*,
    sea_query::{Expr, LikeExpr},
};
use serde::{Deserialize, Serialize};

use crate::{
    CollectionId, DocumentId, Millis, ProjectId, SourceId, StoreError, TenantTx,
    document::{Column, Document, Entity},
    document_tag,
};

/// Which documents. Everything that is said must be so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// In name or title, each of these words; in lower case.
    pub words: Vec<String>,
    /// One of these.
    pub statuses: Vec<String>,
    pub collection: Option<In<CollectionId>>,
    pub tag: Option<String>,
    pub source: Option<In<SourceId>>,
    /// They were to be looked at before this.
    pub due_before: Option<Millis>,
    /// They say what another one says.
    pub twins: bool,
    pub ids: Option<Vec<DocumentId>>,
    /// They were there then.
    pub created_until: Option<Millis>,
}

/// In this one, or in none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum In<T> {
    This(T),
    None,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    Name,
    Size,
    #[default]
    Created,
    Updated,
    Status,
}

/// In which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sorted {
    pub by: Sort,
    pub descending: bool,
}

/// By what a document stands where it does: the value that is sorted by, and its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    Text(String, DocumentId),
    Number(i64, DocumentId),
}

impl Sort {
    fn column(self) -> Column {
        match self {
            Self::Name => Column::NameKey,
            Self::Size => Column::Size,
            Self::Created => Column::CreatedAt,
            Self::Updated => Column::UpdatedAt,
            Self::Status => Column::Status,
        }
    }

    /// Where `document`, as it was read, stands in this order.
    #[must_use]
    pub fn place(self, document: &Document) -> Place {
        match self {
            Self::Name => Place::Text(document.filed.name_key.clone(), document.id),
            Self::Status => Place::Text(document.status.clone(), document.id),
            Self::Size => Place::Number(document.size, document.id),
            Self::Created => Place::Number(document.created_at, document.id),
            Self::Updated => Place::Number(document.updated_at, document.id),
        }
    }
}

fn is_in<T: Copy>(column: Column, which: In<T>, id: impl Fn(T) -> Uuid) -> sea_orm::sea_query::SimpleExpr {
    match which {
        In::This(this) => column.eq(id(this)),
        In::None => column.is_null(),
    }
}

fn condition(tx: &TenantTx, project: ProjectId, wanted: &Wanted) -> Condition {
    let mut all = Condition::all().add(Column::ProjectId.eq(project.uuid()));
    for word in &wanted.words {
        let escaped = word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        let like = || LikeExpr::new(format!("%{escaped}%")).escape('\\');
        all = all.add(
            Condition::any()
                .add(Column::NameFolded.like(like()))
                .add(Column::TitleFolded.like(like())),
        );
    }
    if !wanted.statuses.is_empty() {
        all = all.add(Column::Status.is_in(wanted.statuses.iter().map(String::as_str)));
    }
    if let Some(tag) = &wanted.tag {
        let bear = tx
            .find::<document_tag::Entity>()
            .filter(document_tag::Column::ProjectId.eq(project.uuid()))
            .filter(document_tag::Column::Tag.eq(tag.as_str()))
            .shape(|select| select.select_only().column(document_tag::Column::DocumentId));
        all = all.add(Column::Id.in_subquery(bear.walled().into_query()));
    }
    if wanted.twins {
        all = all.add(Column::TwinId.is_not_null());
    }
    all.add_option(
        wanted
            .collection
            .map(|which| is_in(Column::CollectionId, which, CollectionId::uuid)),
    )
    .add_option(wanted.source.map(|which| is_in(Column::SourceId, which, SourceId::uuid)))
    .add_option(wanted.due_before.map(|before| Column::DueAt.lt(before)))
    .add_option(wanted.ids.as_ref().map(|ids| Column::Id.is_in(ids.iter().map(|id| id.uuid()))))
    .add_option(wanted.created_until.map(|until| Column::CreatedAt.lte(until)))
}

/// What comes after `place`. Said twice, so that an index is entered at that place and not walked up to it.
fn beyond(sorted: Sorted, place: &Place) -> Condition {
    let column = sorted.by.column();
    let (value, id): (sea_orm::Value, Uuid) = match place {
        Place::Text(text, id) => (text.clone().into(), id.uuid()),
        Place::Number(number, id) => ((*number).into(), id.uuid()),
    };
    let (from, past, next) = match sorted.descending {
        true => (column.lte(value.clone()), column.lt(value), Column::Id.lt(id)),
        false => (column.gte(value.clone()), column.gt(value), Column::Id.gt(id)),
    };
    Condition::all().add(from).add(Condition::any().add(past).add(next))
}

/// Up to `limit` of what is wanted, after `place`.
///
/// # Errors
/// When the database does not answer.
pub async fn page(
    tx: &TenantTx,
    project: ProjectId,
    wanted: &Wanted,
    sorted: Sorted,
    place: Option<&Place>,
    limit: u64,
) -> Result<Vec<Document>, StoreError> {
    let order = if sorted.descending { Order::Desc } else { Order::Asc };
    let find = tx
        .find::<Entity>()
        .filter(condition(tx, project, wanted).add_option(place.map(|place| beyond(sorted, place))))
        .order(sorted.by.column(), order.clone())
        .order(Column::Id, order)
        .limit(limit);
    Ok(find.all().await?.into_iter().map(Document::from).collect())
}

/// Up to `limit` of what is wanted, by id, after `last`.
///
/// # Errors
/// When the database does not answer.
pub async fn next(
    tx: &TenantTx,
    project: ProjectId,
    wanted: &Wanted,
    last: Option<DocumentId>,
    limit: u64,
) -> Result<Vec<Document>, StoreError> {
    let mut find = tx
        .find::<Entity>()
        .filter(condition(tx, project, wanted))
        .order(Column::Id, Order::Asc)
        .limit(limit);
    if let Some(last) = last {
        find = find.filter(Column::Id.gt(last.uuid()));
    }
    Ok(find.all().await?.into_iter().map(Document::from).collect())
}

/// How many are wanted.
///
/// # Errors
/// When the database does not answer.
pub async fn count(tx: &TenantTx, project: ProjectId, wanted: &Wanted) -> Result<i64, StoreError> {
    let rows = tx.find::<Entity>().filter(condition(tx, project, wanted)).count().await?;
    Ok(i64::try_from(rows).unwrap_or(i64::MAX))
}

/// How many documents there are by what they can be narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facets {
    pub statuses: Vec<(String, i64)>,
    /// That come from each source.
    pub sources: Vec<(SourceId, i64)>,
    pub due: i64,
    pub twins: i64,
}

/// # Errors
/// When the database does not answer.
pub async fn facets(tx: &TenantTx, project: ProjectId, now: Millis) -> Result<Facets, StoreError> {
    #[derive(sea_orm::FromQueryResult)]
    struct ByStatus {
        status: String,
        found: i64,
    }
    #[derive(sea_orm::FromQueryResult)]
    struct BySource {
        source_id: Uuid,
        found: i64,
    }
    let own = || tx.find::<Entity>().filter(Column::ProjectId.eq(project.uuid()));
    let statuses = own().order(Column::Status, Order::Asc).shape(|select| {
        select
            .select_only()
            .column(Column::Status)
            .column_as(Expr::cust("count(*)"), "found")
            .group_by(Column::Status)
    });
    let statuses = statuses.into::<ByStatus>().await?;
    let sources = own()
        .filter(Column::SourceId.is_not_null())
        .order(Column::SourceId, Order::Asc)
        .shape(|select| {
            select
                .select_only()
                .column(Column::SourceId)
                .column_as(Expr::cust("count(*)"), "found")
                .group_by(Column::SourceId)
        });
    let sources = sources.into::<BySource>().await?;
    let due = Wanted {
        due_before: Some(now),
        ..Wanted::default()
    };
    let twins = Wanted {
        twins: true,
        ..Wanted::default()
    };
    Ok(Facets {
        statuses: statuses.into_iter().map(|row| (row.status, row.found)).collect(),
        sources: sources.into_iter().map(|row| (row.source_id.into(), row.found)).collect(),
        due: count(tx, project, &due).await?,
        twins: count(tx, project, &twins).await?,
    })
}
