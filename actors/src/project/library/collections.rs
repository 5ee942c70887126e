//! Collections of documents.

use entities::{
    CollectionId, StoreError, TenantTx,
    collection::{self, Collection},
};

use super::super::ProjectActor;
use crate::{
    contain::Serve,
    fault::{Fault, Invalid, Limit},
    request,
    text::parse_name,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectionView {
    pub id: CollectionId,
    pub name: String,
    /// Its documents are to be looked at again so many days after they were.
    pub review_days: Option<i32>,
    pub documents: i64,
}

pub struct ListCollections;
pub struct CreateCollection {
    pub name: String,
    pub review_days: Option<i32>,
}
/// Its documents are due by what it says from then on.
pub struct ChangeCollection {
    pub collection: CollectionId,
    pub name: String,
    pub review_days: Option<i32>,
}
/// Its documents stay, and are in none.
pub struct DeleteCollection(pub CollectionId);

request! {
    ListCollections => Vec<CollectionView>, needs Member;
    CreateCollection => CollectionView, needs Member, exclusive;
    ChangeCollection => CollectionView, needs Member, exclusive;
    DeleteCollection => (), needs Member, exclusive;
}

const MOST: usize = 200;
/// Five years.
const MOST_DAYS: i32 = 1_830;

fn parse_days(days: i32) -> Result<i32, Fault> {
    match days {
        1..=MOST_DAYS => Ok(days),
        _ => {
            let reason = format!("Have documents looked at again after 1 to {MOST_DAYS} days.");
            Err(Fault::invalid(Invalid::ReviewDays, "review_days", reason))
        }
    }
}

fn taken(error: Fault) -> Fault {
    match error {
        Fault::Storage(StoreError::Conflict) => Fault::NameTaken("name"),
        other => other,
    }
}

impl ProjectActor {
    pub(super) async fn collections(&self, tx: &TenantTx) -> Result<Vec<CollectionView>, Fault> {
        let counts = collection::counts(tx, self.id()).await?;
        let views = collection::list(tx, self.id()).await?.into_iter().map(|one| CollectionView {
            documents: counts.iter().find(|(id, _)| *id == one.id).map_or(0, |(_, count)| *count),
            id: one.id,
            name: one.name,
            review_days: one.review_days,
        });
        Ok(views.collect())
    }

    /// The collection of that id with the days that it says.
    pub(in crate::project) async fn find_collection(&self, tx: &TenantTx, id: CollectionId) -> Result<(CollectionId, Option<i32>), Fault> {
        let all = collection::list(tx, self.id()).await?;
        let found = all.into_iter().find(|one| one.id == id);
        let unknown = || Fault::invalid(Invalid::Collection, "collection", "There is no such collection.");
        found.map(|one| (one.id, one.review_days)).ok_or_else(unknown)
    }

    async fn view_of_collection(&self, id: CollectionId) -> Result<CollectionView, Fault> {
        let all = self.db().read(async |tx| self.collections(tx).await).await?;
        all.into_iter().find(|one| one.id == id).ok_or(Fault::NotFound)
    }
}

impl Serve<ListCollections> for ProjectActor {
    async fn serve(&self, _: ListCollections) -> Result<Vec<CollectionView>, Fault> {
        self.db().read(async |tx| self.collections(tx).await).await
    }
}

impl Serve<CreateCollection> for ProjectActor {
    async fn serve(&self, create: CreateCollection) -> Result<CollectionView, Fault> {
        let new = Collection {
            id: CollectionId::new(),
            name: parse_name(&create.name, "name")?,
            review_days: create.review_days.map(parse_days).transpose()?,
        };
        let (project, now) = (self.id(), self.now());
        let stored = self.db().write(async |tx| {
            if collection::list(tx, project).await?.len() >= MOST {
                return Err(Fault::Limit {
                    code: Limit::TooManyCollections,
                    reason: format!("A project has at most {MOST} collections."),
                });
            }
            Ok(collection::insert(tx, project, &new, now).await?)
        });
        stored.await.map_err(taken)?;
        Ok(CollectionView {
            id: new.id,
            name: new.name,
            review_days: new.review_days,
            documents: 0,
        })
    }
}

impl Serve<ChangeCollection> for ProjectActor {
    async fn serve(&self, change: ChangeCollection) -> Result<CollectionView, Fault> {
        let changed = Collection {
            id: change.collection,
            name: parse_name(&change.name, "name")?,
            review_days: change.review_days.map(parse_days).transpose()?,
        };
        let project = self.id();
        let stored = self.db().write(async |tx| match collection::change(tx, project, &changed).await? {
            true => Ok(()),
            false => Err(Fault::NotFound),
        });
        stored.await.map_err(taken)?;
        self.view_of_collection(changed.id).await
    }
}

impl Serve<DeleteCollection> for ProjectActor {
    async fn serve(&self, DeleteCollection(id): DeleteCollection) -> Result<(), Fault> {
        let project = self.id();
        self.db()
            .write(async |tx| match collection::delete(tx, project, id).await? {
                true => Ok(()),
                false => Err(Fault::NotFound),
            })
            .await
    }
}
