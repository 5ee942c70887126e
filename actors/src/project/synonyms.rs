//! Words and phrases that mean the same in this project: "refund" and "money back", "SSO" and "single sign-on".

use entities::{
    audit::{self, Act, Target},
    projects,
};
use serde_json::json;

use super::ProjectActor;
use crate::{
    audit::By,
    contain::Serve,
    fault::{Fault, Invalid},
    request,
    text::is_hidden,
};

/// Groups of phrases that mean the same.
pub type Groups = Vec<Vec<String>>;

pub struct ShowSynonyms;

/// Replaces all groups.
pub struct SetSynonyms {
    pub by: By,
    pub groups: Groups,
}

request! {
    ShowSynonyms => Groups, needs Member;
    SetSynonyms => Groups, needs ManageProjects, exclusive;
}

const MOST_GROUPS: usize = 200;
const MOST_PHRASES: usize = 12;
const LONGEST: usize = 60;

fn parse(groups: &[Vec<String>]) -> Result<Groups, Fault> {
    let invalid = |field: String, reason: String| Fault::invalid(Invalid::Synonyms, field, reason);
    if groups.len() > MOST_GROUPS {
        return Err(invalid("groups".into(), format!("Write at most {MOST_GROUPS} groups.")));
    }
    let mut parsed = Groups::with_capacity(groups.len());
    for (n, group) in groups.iter().enumerate() {
        let mut phrases: Vec<String> = Vec::with_capacity(group.len());
        for phrase in group {
            let phrase = phrase.split_whitespace().collect::<Vec<_>>().join(" ");
            if phrase.chars().count() > LONGEST || phrase.chars().any(is_hidden) || !phrase.chars().any(char::is_alphanumeric) {
                let reason = format!("Write words or phrases of at most {LONGEST} ordinary characters.");
                return Err(invalid(format!("groups[{n}]"), reason));
            }
            if !phrases.iter().any(|known| known.to_lowercase() == phrase.to_lowercase()) {
                phrases.push(phrase);
            }
        }
        if !(2..=MOST_PHRASES).contains(&phrases.len()) {
            let reason = format!("Write 2 to {MOST_PHRASES} different words or phrases in a group.");
            return Err(invalid(format!("groups[{n}]"), reason));
        }
        parsed.push(phrases);
    }
    Ok(parsed)
}

impl ProjectActor {
    /// Opens what is in the project's row.
    pub(super) fn open_synonyms(&self, sealed: Option<&[u8]>) -> Result<Groups, Fault> {
        let id = self.id().uuid();
        sealed.map_or(Ok(Groups::new()), |sealed| self.open_json("project", "synonyms", id, sealed))
    }
}

impl Serve<ShowSynonyms> for ProjectActor {
    async fn serve(&self, _: ShowSynonyms) -> Result<Groups, Fault> {
        let id = self.id();
        let sealed = self.db().read(async |tx| projects::synonyms(tx, id).await).await?;
        self.open_synonyms(sealed.as_deref())
    }
}

impl Serve<SetSynonyms> for ProjectActor {
    async fn serve(&self, SetSynonyms { by, groups }: SetSynonyms) -> Result<Groups, Fault> {
        let (id, now, groups) = (self.id(), self.now(), parse(&groups)?);
        let sealed = self.seal_json("project", "synonyms", id.uuid(), &groups)?;
        let _changing = self.changing().await;
        let written = self.db().write(async |tx| {
            let project = projects::find(tx, id).await?.ok_or(Fault::NotFound)?;
            projects::set_synonyms(tx, id, sealed).await?;
            let target = Target::of("project", id, project.name);
            let details = json!({ "groups": groups.len() });
            audit::append(tx, by.did_with(Act::SynonymsChanged, target, now, details)).await?;
            Ok::<_, Fault>(projects::knowledge_changed(tx, id).await?)
        });
        let version = written.await?;
        let followed = groups.clone();
        self.follow(Some(version), move |index| index.set_synonyms(followed)).await?;
        Ok(groups)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(groups: &[&[&str]]) -> Groups {
        groups
            .iter()
            .map(|group| group.iter().map(|phrase| (*phrase).to_owned()).collect())
            .collect()
    }

    #[test]
    fn groups_are_trimmed_and_what_is_none_is_refused() {
        assert_eq!(
            parse(&groups(&[&["  Money   back ", "refund", "REFUND"]])).unwrap(),
            groups(&[&["Money back", "refund"]])
        );
        let long = "x".repeat(61);
        for bad in [
            &["alone"] as &[&str],
            &["same", "Same"],
            &["", "refund"],
            &["?!", "refund"],
            &["re\u{200b}fund", "refund"],
            &[&long, "refund"],
            &["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13"],
        ] {
            assert!(parse(&groups(&[bad])).is_err(), "{bad:?}");
        }
        assert!(parse(&vec![vec!["a".to_owned(), "b".to_owned()]; 201]).is_err());
    }
}
