//! Whether backups are made, and whether the last one is recent.

use actors::{
    Location, Millis,
    backup::{self, LastRuns, Lookout, PlaceSettings, Run},
};

use super::Finding;
use crate::settings::Settings;

const HOUR_MS: Millis = 3_600_000;
/// Where something else than the server makes them, nobody says how often: a day, and one that failed.
const SELDOM: Millis = 48 * HOUR_MS;

/// What is set of them.
#[derive(Clone, Copy)]
pub(crate) struct Wanted {
    is_set: bool,
    every_hours: Option<u32>,
}

/// How recent the last is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// This program makes none.
    NotSet,
    NoneYet,
    TooOld,
    Fresh,
}

/// Whether the file of a backup is where it was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    Whole,
    Gone,
    OtherSize,
    /// The place cannot be looked at, or does not answer.
    Unseen,
}

/// Looks at the place itself: that a backup was made is written in the database, and says nothing of what became of it.
pub(crate) async fn kept(lookout: &Lookout, place: &PlaceSettings, run: &Run) -> Kept {
    let all = match lookout.list(place).await {
        Ok(all) => all,
        Err(error) => {
            tracing::warn!(%error, "the place of backups cannot be looked at");
            return Kept::Unseen;
        }
    };
    match all.iter().find(|one| one.name == run.name) {
        None => Kept::Gone,
        Some(one) if i64::try_from(one.size) != Ok(run.size) => Kept::OtherSize,
        Some(_) => Kept::Whole,
    }
}

impl Wanted {
    /// Whether a server makes them by itself.
    pub(crate) fn is_scheduled(self) -> bool {
        self.every_hours.is_some()
    }

    pub(crate) fn of(settings: &Settings) -> Self {
        Self {
            is_set: settings.backup.is_set(),
            every_hours: settings.backup.every_hours,
        }
    }

    pub(crate) fn freshness(self, last: &LastRuns, now: Millis) -> Freshness {
        let most = self.every_hours.map_or(SELDOM, |hours| 2 * HOUR_MS * i64::from(hours) + HOUR_MS);
        match &last.success {
            _ if !self.is_set => Freshness::NotSet,
            None => Freshness::NoneYet,
            Some(success) if now - success.started_at > most => Freshness::TooOld,
            Some(_) => Freshness::Fresh,
        }
    }
}

pub async fn last(settings: &Settings, location: &Location, now: Millis) -> Finding {
    let check = "backups";
    let set = &settings.backup;
    if !set.is_set() {
        return Finding::warning(
            check,
            "PERNOEX_BACKUP_TO is not set: this program makes none",
            "set it and PERNOEX_BACKUP_EVERY_HOURS, or see that something else copies all that docs/operations.md names",
        );
    }
    let last = match backup::last_runs(location, now, set.place_id()).await {
        Ok(last) => last,
        Err(error) => return Finding::skipped(check, format!("what was made cannot be read ({error})")),
    };
    let because = match &last.failure {
        Some(failed) => format!("; {} failed since, the last because: {}", last.failures, failed.reason),
        None => String::new(),
    };
    let Some(success) = &last.success else {
        let found = format!("none was made yet in the place that is set{because}");
        let mend = "run pernoex backup; a server whose PERNOEX_BACKUP_EVERY_HOURS is set makes one when it starts";
        return match last.failures {
            0 => Finding::warning(check, found, mend),
            _ => Finding::failure(check, found, mend),
        };
    };
    let age = now - success.started_at;
    let found = format!(
        "the last was made {} hours ago: {}, {} rows{because}",
        age / HOUR_MS,
        success.name,
        success.rows
    );
    if Wanted::of(settings).freshness(&last, now) == Freshness::TooOld {
        return Finding::failure(check, found, "see the reason in the log, mend it, and run pernoex backup");
    }
    let lost = match set.place(None) {
        Ok(place) => match kept(&Lookout::default(), &place, success).await {
            Kept::Gone => Some("it is not there any more"),
            Kept::OtherSize => Some("its file has another size than was written"),
            Kept::Unseen => Some("the place cannot be looked at: see that it is mounted, or that the bucket answers"),
            Kept::Whole => None,
        },
        Err(_) => None,
    };
    if let Some(lost) = lost {
        let mend = "find out who removes or changes what is in PERNOEX_BACKUP_TO, and run pernoex backup";
        return Finding::failure(check, format!("{found}; but {lost}"), mend);
    }
    if last.failures > 0 {
        return Finding::warning(
            check,
            found,
            "mend what the reason says: the next is tried within a quarter of an hour",
        );
    }
    let kept_days = settings.key_retention.as_secs() / 86_400;
    if u64::from(set.keep_days) > kept_days {
        let found = format!(
            "{found}; kept for {} days, but shares of replaced keys for {kept_days} only: after a rotation the oldest do not open",
            set.keep_days
        );
        return Finding::warning(
            check,
            found,
            "set PERNOEX_BACKUP_KEEP_DAYS no higher than PERNOEX_KEY_RETENTION_DAYS, or raise that",
        );
    }
    Finding::ok(check, found)
}
