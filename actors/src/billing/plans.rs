//! Plans: what each has room for, as an operator says it.

use std::collections::HashSet;

use serde::Deserialize;

/// What a plan bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Meter {
    Projects,
    /// And open invitations.
    Members,
    Documents,
    /// In a calendar month, in UTC.
    Answers,
}

impl Meter {
    pub const ALL: [Self; 4] = [Self::Projects, Self::Members, Self::Documents, Self::Answers];

    /// Stable.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Projects => "projects",
            Self::Members => "members",
            Self::Documents => "documents",
            Self::Answers => "answers",
        }
    }
}

/// The most of each; `None` is as many as one likes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allowance {
    projects: Option<i64>,
    members: Option<i64>,
    documents: Option<i64>,
    answers: Option<i64>,
}

impl Allowance {
    #[must_use]
    pub fn of(&self, meter: Meter) -> Option<i64> {
        match meter {
            Meter::Projects => self.projects,
            Meter::Members => self.members,
            Meter::Documents => self.documents,
            Meter::Answers => self.answers,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Stripe's id of its price; `free` for the one that costs nothing.
    pub id: String,
    pub name: String,
    pub limits: Allowance,
    /// Whether it can be chosen. One that is not offered any more still holds for those who have it.
    pub offered: bool,
}

/// What there is to choose from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plans {
    free: Plan,
    paid: Vec<Plan>,
}

/// The id of the plan that costs nothing.
pub const FREE: &str = "free";
const MOST_PLANS: usize = 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    free: GivenPlan,
    paid: Vec<GivenPlan>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenPlan {
    name: String,
    price: Option<String>,
    projects: Option<i64>,
    members: Option<i64>,
    documents: Option<i64>,
    answers: Option<i64>,
    offered: Option<bool>,
}

impl GivenPlan {
    fn limits(&self) -> Allowance {
        Allowance {
            projects: self.projects,
            members: self.members,
            documents: self.documents,
            answers: self.answers,
        }
    }

    fn plan(self, which: &str) -> Result<Plan, String> {
        let limits = self.limits();
        let name = crate::text::parse_name(&self.name, "name").map_err(|_| format!("has no usable name for {which}"))?;
        if let Some(meter) = Meter::ALL.into_iter().find(|meter| limits.of(*meter).is_some_and(|most| most < 0)) {
            return Err(format!("has a negative number of {} for {which}", meter.as_str()));
        }
        if limits.of(Meter::Members) == Some(0) {
            return Err(format!("leaves no room for the owner in {which}: members must be 1 or more"));
        }
        let is_id =
            |price: &String| !price.is_empty() && price.len() <= 255 && price.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let id = match (which == FREE, self.price) {
            (true, None) => FREE.to_owned(),
            (true, Some(_)) => return Err("has a price for the free plan".into()),
            (false, Some(price)) if is_id(&price) && price != FREE => price,
            (false, _) => {
                return Err(format!(
                    "has no price for {which}: the id of a recurring price at Stripe, such as price_123"
                ));
            }
        };
        Ok(Plan {
            id,
            name,
            limits,
            offered: self.offered.unwrap_or(true),
        })
    }
}

impl Plans {
    /// Reads `{"free": {"name": …, "projects": …, "members": …, "documents": …, "answers": …}, "paid": [{"price": …, …}]}`. A number that is
    /// not there is no limit.
    ///
    /// # Errors
    /// What is wrong, or contradicts itself, without its values.
    pub fn parse(text: &str) -> Result<Self, String> {
        let given: Given = serde_json::from_str(text).map_err(|error| {
            format!(
                "is not of the shape that README.md shows (line {}, column {})",
                error.line(),
                error.column()
            )
        })?;
        if given.paid.is_empty() || given.paid.len() > MOST_PLANS {
            return Err(format!("must have 1 to {MOST_PLANS} paid plans"));
        }
        let free = given.free.plan(FREE)?;
        if !free.offered {
            return Err("does not offer the free plan, which is what is left when a subscription ends".into());
        }
        let (mut ids, mut names) = (HashSet::new(), HashSet::from([free.name.to_lowercase()]));
        let mut paid = Vec::new();
        for (n, plan) in given.paid.into_iter().enumerate() {
            let which = format!("paid plan {}", n + 1);
            let plan = plan.plan(&which)?;
            if !ids.insert(plan.id.clone()) {
                return Err(format!("names the price of {which} twice"));
            }
            if !names.insert(plan.name.to_lowercase()) {
                return Err(format!("names {which} like another plan"));
            }
            let less = |meter: &Meter| match (plan.limits.of(*meter), free.limits.of(*meter)) {
                (Some(paid), Some(free)) => paid < free,
                (Some(_), None) => true,
                (None, _) => false,
            };
            if let Some(meter) = Meter::ALL.into_iter().find(less) {
                return Err(format!(
                    "contradicts itself: {which} has room for fewer {} than the free plan",
                    meter.as_str()
                ));
            }
            paid.push(plan);
        }
        if !paid.iter().any(|plan| plan.offered) {
            return Err("offers no paid plan".into());
        }
        Ok(Self { free, paid })
    }

    #[must_use]
    pub fn free(&self) -> &Plan {
        &self.free
    }

    /// The paid plan of this price.
    #[must_use]
    pub fn paid(&self, price: &str) -> Option<&Plan> {
        self.paid.iter().find(|plan| plan.id == price)
    }

    /// Those that can be chosen, the free one first.
    pub fn offered(&self) -> impl Iterator<Item = &Plan> {
        std::iter::once(&self.free).chain(&self.paid).filter(|plan| plan.offered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_unlimited() {
        let plans = Plans::parse(
            r#"{"free":{"name":"Free","projects":1,"members":2,"documents":10,"answers":100},"paid":[{"name":"Team","price":"price_1","projects":5}]}"#,
        )
        .unwrap();
        assert_eq!(plans.free().limits.of(Meter::Answers), Some(100));
        let team = plans.paid("price_1").unwrap();
        assert_eq!((team.limits.of(Meter::Projects), team.limits.of(Meter::Answers)), (Some(5), None));
        assert!(plans.paid("price_2").is_none());
    }

    #[test]
    fn plans_that_contradict_themselves_are_refused() {
        for (text, reason) in [
            ("hunter2", "shape"),
            (r#"{"free":{"name":"Free"},"paid":[]}"#, "1 to 20"),
            (
                r#"{"free":{"name":"Free","price":"p"},"paid":[{"name":"A","price":"p"}]}"#,
                "price for the free",
            ),
            (r#"{"free":{"name":"Free"},"paid":[{"name":"A"}]}"#, "no price for paid plan 1"),
            (
                r#"{"free":{"name":"Free"},"paid":[{"name":"A","price":"hunter2 "}]}"#,
                "no price for paid plan 1",
            ),
            (
                r#"{"free":{"name":"Free"},"paid":[{"name":"A","price":"p","answers":-1}]}"#,
                "negative",
            ),
            (r#"{"free":{"name":"Free","members":0},"paid":[{"name":"A","price":"p"}]}"#, "owner"),
            (
                r#"{"free":{"name":"Free","projects":5},"paid":[{"name":"A","price":"p","projects":4}]}"#,
                "fewer projects",
            ),
            (
                r#"{"free":{"name":"Free"},"paid":[{"name":"A","price":"p","documents":4}]}"#,
                "fewer documents",
            ),
            (
                r#"{"free":{"name":"Free"},"paid":[{"name":"A","price":"p"},{"name":"B","price":"p"}]}"#,
                "twice",
            ),
            (r#"{"free":{"name":"Free"},"paid":[{"name":"free","price":"p"}]}"#, "like another"),
            (r#"{"free":{"name":"Free"},"paid":[{"name":"A","price":"p","hunter2":1}]}"#, "shape"),
            (
                r#"{"free":{"name":"Free"},"paid":[{"name":"A","price":"p","offered":false}]}"#,
                "offers no paid",
            ),
        ] {
            let refused = Plans::parse(text).unwrap_err();
            assert!(refused.contains(reason), "{text}: {refused}");
            assert!(!refused.contains("hunter2"), "{refused}");
        }
    }
}
