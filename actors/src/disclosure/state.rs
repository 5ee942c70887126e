//! What becomes of a report: which state leads to which, and which promise's clock runs meanwhile.

use entities::{Millis, disclosure::reports::Standing};

use super::deadlines::{Holidays, Promise};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Received,
    /// Somebody has read it and said so.
    Acknowledged,
    /// It is a vulnerability.
    Confirmed,
    /// It was said by when it is mended.
    Timeline,
    Resolved,
    /// It is none, or none that is to be mended.
    Declined,
    Duplicate,
}

impl State {
    pub const ALL: [Self; 7] = [
        Self::Received,
        Self::Acknowledged,
        Self::Confirmed,
        Self::Timeline,
        Self::Resolved,
        Self::Declined,
        Self::Duplicate,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Acknowledged => "acknowledged",
            Self::Confirmed => "confirmed",
            Self::Timeline => "timeline",
            Self::Resolved => "resolved",
            Self::Declined => "declined",
            Self::Duplicate => "duplicate",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    #[must_use]
    pub fn is_closed(self) -> bool {
        matches!(self, Self::Resolved | Self::Declined | Self::Duplicate)
    }

    /// Where it may go from here. What was closed is opened by acknowledging it anew; a timeline may be given again.
    #[must_use]
    pub fn next(self) -> &'static [Self] {
        use State::{Acknowledged, Confirmed, Declined, Duplicate, Resolved, Timeline};
        match self {
            Self::Received => &[Acknowledged, Declined, Duplicate],
            Acknowledged => &[Confirmed, Declined, Duplicate],
            Confirmed => &[Timeline, Resolved, Declined, Duplicate],
            Timeline => &[Timeline, Resolved, Declined, Duplicate],
            Resolved | Declined | Duplicate => &[Acknowledged],
        }
    }

    /// The promise whose clock runs in this state, and since when.
    #[must_use]
    pub fn runs(self, standing: &Standing) -> Option<(Promise, Millis)> {
        match self {
            Self::Received => Some((Promise::Acknowledge, standing.received_at)),
            Self::Confirmed => standing.confirmed_at.map(|at| (Promise::Timeline, at)),
            _ => None,
        }
    }

    /// As [`Standing`] is after going from here to `to` at `now`.
    #[must_use]
    pub fn go(self, to: Self, before: &Standing, now: Millis, holidays: &Holidays) -> Standing {
        let mut after = Standing {
            told: 0,
            closed_at: to.is_closed().then_some(now),
            ..before.clone()
        };
        if let Some((promise, from)) = self.runs(before)
            && now > promise.due(from, holidays)
        {
            mark_late(&mut after, promise);
        }
        // Whatever is said of it first says that it was read.
        after.acknowledged_at = before.acknowledged_at.or(Some(now));
        match to {
            Self::Confirmed => after.confirmed_at = Some(now),
            Self::Timeline => after.timeline_at = Some(now),
            Self::Acknowledged => (after.confirmed_at, after.timeline_at, after.fix_day) = (None, None, None),
            _ => {}
        }
        if to != Self::Duplicate {
            after.same_as = None;
        }
        after.next_at = to.next_reminder(&after, holidays);
        after
    }

    /// When operators are to be told next.
    #[must_use]
    pub fn next_reminder(self, standing: &Standing, holidays: &Holidays) -> Option<Millis> {
        let (promise, from) = self.runs(standing)?;
        let reminders = promise.reminders(from, holidays);
        reminders.get(usize::try_from(standing.told).unwrap_or(usize::MAX)).copied()
    }

    /// What there is to tell of by `now`: the promise, and how far it has come, 3 for broken. With how it stands once that was told.
    #[must_use]
    pub fn remind(self, before: &Standing, now: Millis, holidays: &Holidays) -> (Option<(Promise, i32)>, Standing) {
        let mut after = before.clone();
        let reached = self.runs(before).and_then(|(promise, from)| {
            let passed = promise.reminders(from, holidays).iter().filter(|at| **at <= now).count();
            let passed = i32::try_from(passed).unwrap_or(3);
            (passed > before.told).then_some((promise, passed))
        });
        if let Some((promise, passed)) = reached {
            after.told = passed;
            if passed == 3 {
                mark_late(&mut after, promise);
            }
        }
        after.next_at = self.next_reminder(&after, holidays);
        (reached, after)
    }
}

fn mark_late(standing: &mut Standing, promise: Promise) {
    match promise {
        Promise::Acknowledge => standing.acknowledged_late = true,
        Promise::Timeline => standing.timeline_late = true,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::deadlines::HOUR, *};

    #[test]
    fn however_a_report_goes_its_standing_says_so() {
        let holidays = Holidays::parse("12-25").unwrap();
        for _ in 0..2_000 {
            let mut now = 1_790_000_000_000;
            let mut standing = Standing {
                received_at: now,
                ..Standing::default()
            };
            let mut state = State::Received;
            for _ in 0..12 {
                now += rand::random_range(0..200 * HOUR);
                let next = state.next();
                let to = next[rand::random_range(0..next.len())];
                let running = state.runs(&standing);
                let after = state.go(to, &standing, now, &holidays);
                assert!(after.acknowledged_at.is_some(), "whatever was said, it was read");
                assert_eq!(after.closed_at.is_some(), to.is_closed());
                let broken = running.is_some_and(|(promise, from)| now > promise.due(from, &holidays));
                let late = after.acknowledged_late as u8 + after.timeline_late as u8;
                assert!(!broken || late > 0, "a promise that was broken stays so");
                assert!(after.acknowledged_late >= standing.acknowledged_late && after.timeline_late >= standing.timeline_late);
                assert_eq!(
                    after.next_at.is_some(),
                    to == State::Confirmed,
                    "a clock runs where a promise is open"
                );
                (state, standing) = (to, after);
            }
        }
    }

    #[test]
    fn each_reminder_comes_once_and_a_server_that_slept_tells_of_the_worst_alone() {
        let holidays = Holidays::default();
        let fresh = Standing {
            received_at: 0,
            ..Standing::default()
        };
        let mut standing = fresh.clone();
        let mut told = Vec::new();
        for hour in 0..60 {
            let (reached, after) = State::Received.remind(&standing, hour * HOUR, &holidays);
            told.extend(reached.map(|(_, stage)| (hour, stage)));
            standing = after;
        }
        assert_eq!(told, [(24, 1), (44, 2), (48, 3)]);
        assert!(standing.acknowledged_late && standing.next_at.is_none());
        let (reached, after) = State::Received.remind(&fresh, 100 * HOUR, &holidays);
        assert_eq!(reached, Some((Promise::Acknowledge, 3)));
        assert!(after.acknowledged_late && after.next_at.is_none());
    }

    #[test]
    fn nothing_returns_to_having_just_been_received() {
        for state in State::ALL {
            assert!(!state.next().contains(&State::Received));
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
        assert_eq!(State::parse("open"), None);
    }
}
