//! Documents by the thousand: found, put in order, changed together, compared, and kept as they were before.

pub mod batches;
pub mod collections;
pub mod list;
pub mod prints;
pub mod revisions;
pub mod statistics;
mod text;

use entities::{DocumentId, Millis, TenantTx, collection, document_tag, documents};

use super::ProjectActor;
use crate::{
    fault::{Fault, Invalid, Limit},
    text::is_hidden,
};

/// Tags of one document.
const MOST_TAGS: usize = 20;
/// Different tags of one project: more are of no help to anyone.
const MOST_TAGS_OF_ALL: usize = 1_000;
/// Characters of a tag.
const TAG: usize = 40;

/// A word or a few, in lower case: `Getting  Started` and `getting started` are one tag.
pub(super) fn parse_tag(text: &str, field: &str) -> Result<String, Fault> {
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    if folded.is_empty() || folded.chars().count() > TAG || folded.chars().any(|c| is_hidden(c) || c == ',') {
        let reason = format!("Use 1 to {TAG} ordinary characters, without a comma.");
        return Err(Fault::invalid(Invalid::Tag, field, reason));
    }
    Ok(folded)
}

pub(super) fn parse_tags(tags: &[String]) -> Result<Vec<String>, Fault> {
    let mut parsed = Vec::with_capacity(tags.len());
    for (n, tag) in tags.iter().enumerate() {
        let tag = parse_tag(tag, &format!("tags[{n}]"))?;
        if !parsed.contains(&tag) {
            parsed.push(tag);
        }
    }
    if parsed.len() > MOST_TAGS {
        return Err(too_many_tags(format!("A document has at most {MOST_TAGS} tags.")));
    }
    Ok(parsed)
}

fn too_many_tags(reason: String) -> Fault {
    Fault::Limit {
        code: Limit::TooManyTags,
        reason,
    }
}

impl ProjectActor {
    /// Refuses a tag that would be one too many in the project.
    pub(super) async fn require_room_for_tags(&self, tx: &TenantTx, tags: &[String]) -> Result<(), Fault> {
        let known = document_tag::counts(tx, self.id()).await?;
        let new = tags.iter().filter(|tag| !known.iter().any(|(known, _)| known == *tag)).count();
        match known.len() + new > MOST_TAGS_OF_ALL && new > 0 {
            true => Err(too_many_tags(format!("A project has at most {MOST_TAGS_OF_ALL} different tags."))),
            false => Ok(()),
        }
    }

    /// When a document is due by what its collection says.
    pub(super) async fn review_days(&self, tx: &TenantTx, document: &documents::Document) -> Result<Option<i32>, Fault> {
        let Some(id) = document.filed.collection else { return Ok(None) };
        let all = collection::list(tx, self.id()).await?;
        Ok(all.into_iter().find(|one| one.id == id).and_then(|one| one.review_days))
    }

    /// A document that was given new contents is as fresh as they are.
    pub(super) async fn renew_review(&self, tx: &TenantTx, document: &documents::Document) -> Result<(), Fault> {
        let days = self.review_days(tx, document).await?;
        documents::review(tx, self.id(), &[document.id], documents::Review::Anew, days).await?;
        Ok(())
    }

    /// Gives a document these tags and no others.
    pub(super) async fn set_tags(&self, tx: &TenantTx, document: DocumentId, tags: &[String]) -> Result<(), Fault> {
        self.require_room_for_tags(tx, tags).await?;
        document_tag::remove(tx, self.id(), &[document], None).await?;
        for tag in tags {
            document_tag::add(tx, self.id(), &[document], tag).await?;
        }
        Ok(())
    }
}

/// The end of a day, UTC, as `2027-01-31`: what is to be looked at by then is due after it.
pub(super) fn parse_day(text: &str, field: &str) -> Result<Millis, Fault> {
    let refuse = || Fault::invalid(Invalid::Day, field, "Enter a day such as 2027-01-31.");
    let day: chrono::NaiveDate = text.parse().map_err(|_| refuse())?;
    let end = day.checked_add_days(chrono::Days::new(1)).ok_or_else(refuse)?;
    let at = end.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis();
    // Four digits of a year: others are typing mistakes.
    match (946_684_800_000..=253_402_300_800_000).contains(&at) {
        true => Ok(at),
        false => Err(refuse()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_a_few_ordinary_characters() {
        assert_eq!(parse_tag("  Getting   Started ", "tag").unwrap(), "getting started");
        for bad in ["", "  ", "a,b", "a\u{202e}b", &"x".repeat(41)] {
            assert!(parse_tag(bad, "tag").is_err(), "{bad}");
        }
        assert_eq!(parse_tags(&["B".into(), "b".into(), "a".into()]).unwrap(), ["b", "a"]);
    }

    #[test]
    fn a_day_is_a_day_of_these_centuries() {
        assert_eq!(parse_day("1999-12-31", "day").unwrap(), 946_684_800_000);
        for bad in ["", "31.1.2027", "2027-02-30", "1899-01-01", "12345-01-01"] {
            assert!(parse_day(bad, "day").is_err(), "{bad}");
        }
    }
}
