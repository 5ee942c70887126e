//! The checks from inside: rows as they lie in the database, files, settings, backups, promises.

mod rows;
mod settings;

use std::sync::atomic::AtomicBool;

use actors::{
    Millis, StoreError,
    backup::{LastRuns, PlaceSettings},
    claims::{Evidence, FollowedLogs, Part, Rows, Terms, look as look_at},
};

use super::{Check, Given, Outcome, Outcomes, build};
use crate::doctor::backups::{self, Freshness, Kept};

/// Runs them all; what could not be, says why. Breaks off when it is to `stop`. What it finds of audit logs is `known` to the next look.
pub async fn look(given: &Given, now: Millis, stop: &AtomicBool, known: &mut FollowedLogs) -> Outcomes {
    let mut found = Outcomes::new();
    build::look(&mut found);
    found.insert(Check::StoreFile, settings::file(given).await);
    found.insert(Check::StoreLinks, settings::links(given));
    found.insert(Check::KeyFiles, settings::key_files(given));
    found.insert(Check::Outward, settings::outward(given));
    let (inspection, rows) = match &given.location {
        Some(location) => {
            let terms = Terms {
                holidays: &given.holidays,
                audit_key: given.audit_key.as_deref(),
                backups_in: given.place.as_ref().map(PlaceSettings::id),
            };
            let seen = look_at(location, &terms, now, stop, known).await;
            (seen.inspection, seen.rows.map_err(|error| error.to_string()))
        }
        None => (None, Err("its key does not open".to_owned())),
    };
    match rows {
        Ok(rows) => {
            found.insert(Check::Walls, rows::walls(inspection.as_ref(), &rows.evidence));
            rows::all(given, &rows, &mut found);
            found.insert(Check::Backups, made(given, &rows, now).await);
            for (part, error) in &rows.evidence.troubles {
                tracing::warn!(?part, error, "some rows cannot be read for a claim");
                unread(of_part(*part), &mut found);
            }
        }
        Err(error) => {
            tracing::warn!(error, "claims cannot be checked");
            for check in ROWS {
                found.insert(*check, NO_ROWS);
            }
            // A role that is too powerful is refused by whoever opens the database, and seen before.
            if let Some(inspection) = inspection
                && let broken @ Outcome::Broken(_) = rows::walls(Some(&inspection), &Evidence::default())
            {
                found.insert(Check::Walls, broken);
            }
        }
    }
    found
}

const NO_ROWS: Outcome = Outcome::NotTried("the database could not be looked at: pernoex doctor says why");
const UNREAD: Outcome = Outcome::NotTried("something that this looks at could not be read from the database: the log says what");

/// The checks that a part of the evidence is for.
fn of_part(part: Part) -> &'static [Check] {
    match part {
        Part::Cells => &[Check::Sealed, Check::Credentials, Check::Connected],
        Part::Passwords => &[Check::Passwords],
        Part::Sessions => &[Check::Sessions],
        Part::Links => &[Check::Links],
        Part::Invitations => &[Check::Invitations],
        Part::Roles => &[Check::Members],
        Part::Tokens => &[Check::KeptTokens, Check::Connected],
        Part::Logs => &[Check::AuditChain],
        Part::Walls => &[Check::Walls],
    }
}

/// What was found broken is, whatever could not be read besides; nothing else is a finding then.
fn unread(checks: &[Check], found: &mut Outcomes) {
    for check in checks {
        if !matches!(found.get(check), Some(Outcome::Broken(_))) {
            found.insert(*check, UNREAD);
        }
    }
}

/// Those that need the database.
const ROWS: &[Check] = &[
    Check::Passwords,
    Check::Sessions,
    Check::Links,
    Check::Invitations,
    Check::Members,
    Check::Sealed,
    Check::Credentials,
    Check::Connected,
    Check::Walls,
    Check::AuditChain,
    Check::Backups,
    Check::KeptTokens,
    Check::Promises,
    Check::Timelines,
];

fn untold(error: &StoreError) -> Outcome {
    tracing::warn!(%error, "some rows cannot be read for a claim");
    UNREAD
}

async fn made(given: &Given, seen: &Rows, now: Millis) -> Outcome {
    let last = match &seen.backups {
        Ok(last) => last,
        Err(error) => return untold(error),
    };
    let kept = match (&given.place, &last.success) {
        (Some(place), Some(success)) => Some(backups::kept(&given.lookout, place, success).await),
        _ => None,
    };
    backups(given, last, kept, now)
}

fn backups(given: &Given, last: &LastRuns, kept: Option<Kept>, now: Millis) -> Outcome {
    match given.backups.freshness(last, now) {
        Freshness::NotSet => Outcome::Unproven("this program is not set to make backups here; whether something else does, it cannot see"),
        Freshness::NoneYet if last.failures == 0 => Outcome::Unproven("no backup was made yet in the place that is set"),
        Freshness::NoneYet => Outcome::Broken(format!(
            "no backup was made yet in the place that is set, and {} failed",
            last.failures
        )),
        Freshness::TooOld => Outcome::Broken("the last backup is older than it may be".into()),
        Freshness::Fresh => match (kept, &last.success) {
            (Some(Kept::Gone), Some(success)) => Outcome::Broken(format!("the last backup is not where it was put: {}", success.name)),
            (Some(Kept::OtherSize), Some(success)) => {
                Outcome::Broken(format!("the last backup has another size than was written: {}", success.name))
            }
            (Some(Kept::Whole), Some(success)) if given.backups.is_scheduled() || success.cause == "schedule" => Outcome::Holds(
                "the last one is as recent as it should be, and there as it was written; pernoex backup verify tries it out".into(),
            ),
            (Some(Kept::Whole), Some(_)) => {
                Outcome::Unproven("the last one was made by a command, and PERNOEX_BACKUP_EVERY_HOURS is not set: nobody's doing it is not")
            }
            _ => Outcome::NotTried("the place where backups go cannot be looked at: pernoex backup list says why"),
        },
    }
}
