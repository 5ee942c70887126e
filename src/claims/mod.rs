//! What is said of security, sentence by sentence, each with what makes it true and with checks that run. `pernoex verify` runs them, a
//! server its own ones by itself, and `/trust` shows what came of it. `docs/claims.md` says what each status means.

mod build;
mod check;
mod given;
mod inside;
mod list;
pub mod outside;
mod watch;

use std::collections::BTreeMap;

pub use check::{Check, Outcome, Place, Status};
pub use given::{Given, ports};
pub use inside::look;
pub use list::{all, section_name};
pub use watch::{Latest, Watch};

/// What one or more sentences of the security page say, in our words.
pub struct Claim {
    /// Stable.
    pub id: &'static str,
    /// 0 is what stands before the first heading.
    pub section: usize,
    /// Which sentences of the section, counted from 1. A sentence that says two things is in two claims.
    pub sentences: &'static [usize],
    pub words: &'static str,
    /// What makes it true.
    pub mechanism: &'static str,
    pub checks: &'static [Check],
    /// Which part of it nothing here can prove, and why.
    pub limit: Option<&'static str>,
    /// Tests that hold it, by name: they run with every change.
    pub tests: &'static [&'static str],
}

/// What came of checks.
pub type Outcomes = BTreeMap<Check, Outcome>;

impl Claim {
    /// The worst of its checks; and never more than unproven where a part of it cannot be proven.
    #[must_use]
    pub fn status(&self, outcomes: &Outcomes) -> Status {
        let of = |check: &Check| outcomes.get(check).map_or(Status::NotTried, Outcome::status);
        let limit = self.limit.map(|_| Status::Unproven);
        self.checks.iter().map(of).chain(limit).max().unwrap_or(Status::Unproven)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLAIM: Claim = Claim {
        id: "a",
        section: 1,
        sentences: &[1],
        words: "",
        mechanism: "",
        checks: &[Check::Passwords, Check::Sessions],
        limit: None,
        tests: &[],
    };

    fn status(claim: &Claim, of: [Outcome; 2]) -> Status {
        claim.status(&[Check::Passwords, Check::Sessions].into_iter().zip(of).collect())
    }

    #[test]
    fn a_claim_is_as_good_as_its_worst_check_and_one_that_was_not_tried_proves_nothing() {
        let holds = || Outcome::Holds(String::new());
        assert_eq!(status(&CLAIM, [holds(), holds()]), Status::Holds);
        assert_eq!(status(&CLAIM, [holds(), Outcome::Unproven("")]), Status::Unproven);
        assert_eq!(status(&CLAIM, [Outcome::Unproven(""), Outcome::NotTried("")]), Status::NotTried);
        assert_eq!(
            status(&CLAIM, [Outcome::NotTried(""), Outcome::Broken(String::new())]),
            Status::Broken
        );
        assert_eq!(CLAIM.status(&Outcomes::new()), Status::NotTried);
        let limited = Claim {
            limit: Some("no"),
            ..CLAIM
        };
        assert_eq!(status(&limited, [holds(), holds()]), Status::Unproven);
        assert_eq!(status(&limited, [Outcome::Broken(String::new()), holds()]), Status::Broken);
    }
}
