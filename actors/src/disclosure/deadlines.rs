//! By when what was promised is to be done. Days are UTC's, so no clock is ever put forward or back.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, NaiveDate, Weekday};
use entities::Millis;

pub const HOUR: Millis = 3_600_000;
pub const DAY: Millis = 24 * HOUR;

/// A report is acknowledged within this, whatever day it is.
pub const ACKNOWLEDGE: Millis = 48 * HOUR;
/// Business days from the confirmation until it is said by when it is mended.
pub const TIMELINE_DAYS: Millis = 5;

/// More than this are no holidays. Bounds every walk over days.
pub const MOST_HOLIDAYS: usize = 100;

/// Days on which nobody works besides Saturdays and Sundays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holidays {
    once: BTreeSet<NaiveDate>,
    /// Of every year, by month and day.
    yearly: BTreeSet<(u32, u32)>,
}

impl Holidays {
    /// Days such as `2027-04-02`, or `12-25` for every year, with commas between them.
    ///
    /// # Errors
    /// When one is no day, or there are too many.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let mut days = Self::default();
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            if let Ok(day) = NaiveDate::parse_from_str(word, "%Y-%m-%d") {
                days.once.insert(day);
                continue;
            }
            // Of a leap year: the 29th of February is a day too.
            let day = NaiveDate::parse_from_str(&format!("2000-{word}"), "%Y-%m-%d");
            let day = day.map_err(|_| "must be days such as 2027-04-02, or 12-25 for every year, with commas between them")?;
            days.yearly.insert((day.month(), day.day()));
        }
        match days.once.len() + days.yearly.len() > MOST_HOLIDAYS {
            true => Err("has more than 100 days"),
            false => Ok(days),
        }
    }

    fn has(&self, day: NaiveDate) -> bool {
        self.once.contains(&day) || self.yearly.contains(&(day.month(), day.day()))
    }

    #[must_use]
    pub fn is_business(&self, day: NaiveDate) -> bool {
        !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !self.has(day)
    }

    /// When `amount` of business time has passed since `from`. Business time stands still on weekends and holidays: from Monday at ten, a
    /// business day lasts until Tuesday at ten; from a Saturday, through the whole of Monday.
    #[must_use]
    pub fn after(&self, from: Millis, amount: Millis) -> Millis {
        let (mut at, mut left) = (from, amount);
        // Holidays are bounded, so that days to work come again.
        for _ in 0..amount / DAY * 7 + 7 + 3 * Millis::try_from(MOST_HOLIDAYS).unwrap_or(0) {
            let midnight = at - at.rem_euclid(DAY) + DAY;
            if self.is_business(day_of(at)) {
                if left <= midnight - at {
                    return at + left;
                }
                left -= midnight - at;
            }
            at = midnight;
        }
        at
    }
}

fn day_of(at: Millis) -> NaiveDate {
    DateTime::from_timestamp_millis(at).unwrap_or_default().date_naive()
}

/// A promise that time runs against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    Acknowledge,
    Timeline,
}

impl Promise {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::Timeline => "timeline",
        }
    }

    /// When it is broken, of one that runs since `from`.
    #[must_use]
    pub fn due(self, from: Millis, holidays: &Holidays) -> Millis {
        match self {
            Self::Acknowledge => from + ACKNOWLEDGE,
            Self::Timeline => holidays.after(from, TIMELINE_DAYS * DAY),
        }
    }

    /// When operators are told: a (business) day before, four hours before, and when it is broken.
    #[must_use]
    pub fn reminders(self, from: Millis, holidays: &Holidays) -> [Millis; 3] {
        let due = self.due(from, holidays);
        let early = match self {
            Self::Acknowledge => from + ACKNOWLEDGE / 2,
            Self::Timeline => holidays.after(from, (TIMELINE_DAYS - 1) * DAY),
        };
        [early, (due - 4 * HOUR).max(early), due]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Millis {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis()
    }

    fn due(from: &str, holidays: &str) -> String {
        let due = Promise::Timeline.due(at(from), &Holidays::parse(holidays).unwrap());
        DateTime::from_timestamp_millis(due)
            .unwrap()
            .format("%a %Y-%m-%dT%H:%M")
            .to_string()
    }

    #[test]
    fn five_business_days_step_over_weekends_and_holidays() {
        for (from, holidays, until) in [
            // Monday to Monday.
            ("2026-11-23T10:00:00Z", "", "Mon 2026-11-30T10:00"),
            ("2026-11-27T23:59:00Z", "", "Fri 2026-12-04T23:59"),
            // On a weekend nothing runs yet: the whole of Monday to Friday.
            ("2026-11-28T12:00:00Z", "", "Sat 2026-12-05T00:00"),
            ("2026-11-29T23:59:59Z", "", "Sat 2026-12-05T00:00"),
            ("2026-11-30T00:00:00Z", "", "Sat 2026-12-05T00:00"),
            // Christmas, every year, and one more day.
            ("2026-12-21T09:00:00Z", "12-25, 2026-12-24", "Wed 2026-12-30T09:00"),
            // A holiday on a Saturday takes no day away.
            ("2026-12-21T09:00:00Z", "2026-12-26", "Mon 2026-12-28T09:00"),
            // Confirmed on a holiday.
            ("2026-12-25T15:00:00Z", "12-25", "Sat 2027-01-02T00:00"),
            // Over the end of a year, and the 29th of February.
            ("2026-12-30T08:00:00Z", "01-01", "Thu 2027-01-07T08:00"),
            ("2028-02-28T08:00:00Z", "02-29", "Tue 2028-03-07T08:00"),
            // Where Europe and America change their clocks, UTC does not.
            ("2027-03-26T01:30:00Z", "", "Fri 2027-04-02T01:30"),
            ("2026-10-30T05:30:00Z", "", "Fri 2026-11-06T05:30"),
        ] {
            assert_eq!(due(from, holidays), until, "from {from} with {holidays}");
        }
    }

    #[test]
    fn an_acknowledgement_takes_48_hours_whatever_day_it_is() {
        let christmas = Holidays::parse("12-25, 12-26").unwrap();
        for from in ["2026-12-25T00:00:00Z", "2026-11-28T12:00:00Z", "2027-03-27T12:00:00Z"] {
            assert_eq!(Promise::Acknowledge.due(at(from), &christmas), at(from) + 48 * HOUR);
        }
    }

    #[test]
    fn whatever_the_days_a_deadline_is_five_days_of_business_time_away() {
        // Milliseconds of business time, counted the slow way.
        let business = |from: Millis, until: Millis, holidays: &Holidays| {
            let (mut at, mut sum) = (from, 0);
            while at < until {
                let end = (at - at.rem_euclid(DAY) + DAY).min(until);
                if holidays.is_business(day_of(at)) {
                    sum += end - at;
                }
                at = end;
            }
            sum
        };
        for _ in 0..3_000 {
            let mut holidays = Holidays::default();
            let from = rand::random_range(at("2024-01-01T00:00:00Z")..at("2040-01-01T00:00:00Z"));
            for _ in 0..rand::random_range(0..30) {
                holidays.once.insert(day_of(from + DAY * rand::random_range(-3..40)));
            }
            let [early, late, due] = Promise::Timeline.reminders(from, &holidays);
            assert_eq!(business(from, due, &holidays), TIMELINE_DAYS * DAY);
            assert_eq!(business(from, early, &holidays), (TIMELINE_DAYS - 1) * DAY);
            assert!(from < early && early <= late && late < due && due - from >= TIMELINE_DAYS * DAY);
            // Later confirmed is never sooner due.
            let later = from + rand::random_range(0..3 * DAY);
            assert!(Promise::Timeline.due(later, &holidays) >= due);
        }
    }

    #[test]
    fn a_year_of_holidays_ends_too() {
        let all: Vec<String> = (0..100).map(|n| day_of(at("2026-11-23T10:00:00Z") + n * DAY).to_string()).collect();
        assert!(due("2026-11-23T10:00:00Z", &all.join(",")).contains("2027-03"));
        assert!(Holidays::parse(&format!("{}, 2030-01-01", all.join(","))).is_err());
        for wrong in ["Christmas", "2026-02-30", "13-01", "2026-12-24 2026-12-25"] {
            assert!(Holidays::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Holidays::parse(" , ").unwrap(), Holidays::default());
    }
}
