//! What an installation can see of itself, for who holds it to what is said of it: the database from behind the walls, backups, promises.

use std::sync::atomic::AtomicBool;

pub use entities::evidence::{Evidence, FollowedLogs, Part, Passwords, Roles, opens_without_key};
use entities::{
    Inspection, Location, Millis, Store, StoreError,
    evidence::{IsSigned, gather},
    inspect,
};

use crate::{
    audit::is_signed,
    backup::{LastRuns, PlaceId},
    disclosure::{Promises, deadlines::Holidays, promises},
};

/// What is needed to tell whether a row is as it should be.
pub struct Terms<'a> {
    pub holidays: &'a Holidays,
    /// By what signatures of audit logs are verified, where it is known.
    pub audit_key: Option<&'a str>,
    /// Where backups go, if that is set.
    pub backups_in: Option<PlaceId>,
}

pub struct Seen {
    /// Of PostgreSQL: what its role may do, and which tables have no wall. An embedded file, of which this would read every page, has neither.
    pub inspection: Option<Inspection>,
    /// `Err` when the database cannot be opened or does not answer, or it was told to stop: what was seen before is told all the same.
    pub rows: Result<Rows, StoreError>,
}

pub struct Rows {
    pub evidence: Evidence,
    /// Each is looked at by itself: trouble with one hides no other.
    pub backups: Result<LastRuns, StoreError>,
    pub promises: Result<Promises, StoreError>,
}

/// Whether there is a project of that id, whoever's.
///
/// # Errors
/// When the database does not answer.
pub async fn has_project(location: &Location, id: uuid::Uuid) -> Result<bool, StoreError> {
    let store = Store::open(location).await?;
    let found = entities::evidence::has_project(&store, id).await;
    store.close().await;
    found
}

/// Looks with connections of its own, beside servers or without, and changes nothing. Breaks off when it is to `stop`. What it finds of
/// audit logs is `known` to the next look.
pub async fn look(location: &Location, terms: &Terms<'_>, now: Millis, stop: &AtomicBool, known: &mut FollowedLogs) -> Seen {
    let alone = match location {
        // It asks one thing after the other.
        Location::Postgres { url, .. } => Location::Postgres {
            url: url.clone(),
            connections: 2,
        },
        Location::Embedded { .. } => return of_rows(location, None, terms, now, stop, known).await,
    };
    match inspect(location).await {
        Ok(inspection) => of_rows(&alone, Some(inspection), terms, now, stop, known).await,
        Err(error) => Seen {
            inspection: None,
            rows: Err(error),
        },
    }
}

async fn of_rows(
    location: &Location,
    inspection: Option<Inspection>,
    terms: &Terms<'_>,
    now: Millis,
    stop: &AtomicBool,
    known: &mut FollowedLogs,
) -> Seen {
    let looked = async {
        let store = Store::open(location).await?;
        let looked = async {
            let platform = store.platform();
            let is_signed = terms
                .audit_key
                .map(|key| move |message: &[u8], signature: &[u8]| is_signed(key, message, signature));
            let is_signed = is_signed.as_ref().map(|is_signed| is_signed as IsSigned<'_>);
            Ok(Rows {
                evidence: gather(&store, now, stop, known, is_signed).await?,
                backups: platform.last_backups(now, terms.backups_in).await,
                promises: promises(&platform, terms.holidays, now).await,
            })
        };
        let looked = looked.await;
        store.close().await;
        looked
    };
    Seen {
        inspection,
        rows: looked.await,
    }
}
