//! What settings and files show, whether the database answers or not.

use actors::claims::opens_without_key;

use super::super::{Given, Outcome, given::Link};

/// Asks the file itself, before anything else and with no key: one that lies in the clear does not open with a key.
pub(super) async fn file(given: &Given) -> Outcome {
    match &given.file {
        None => Outcome::Unproven(
            "whether the disks of the database server are encrypted, only who runs it can see; contents are sealed before they go there",
        ),
        Some(path) => match opens_without_key(path).await {
            Some(true) => Outcome::Broken("the database file opens without a key".into()),
            Some(false) => Outcome::Holds("the database file opens to nobody who has no key".into()),
            None => Outcome::NotTried("the database file could not be read, with a key or without: pernoex doctor says why"),
        },
    }
}

pub(super) fn links(given: &Given) -> Outcome {
    let are = |kind: Link| -> Vec<&str> {
        given
            .links
            .iter()
            .filter(|(_, link)| *link == kind)
            .map(|(name, _)| *name)
            .collect()
    };
    let (clear, unproven) = (are(Link::Clear), are(Link::Unproven));
    if !clear.is_empty() {
        return Outcome::Broken(format!("{} is reached over the network without TLS", clear.join(" and ")));
    }
    match unproven.is_empty() {
        false => Outcome::Unproven("something is reached by TLS that does not prove who answers: the operator said why that is enough"),
        true => Outcome::Holds("each stays on this machine, or goes by TLS to a server that proves who it is".into()),
    }
}

pub(super) fn key_files(given: &Given) -> Outcome {
    let found = given.keys.look();
    if let Some(first) = found.exposed.first() {
        let many = found.exposed.len();
        return Outcome::Broken(format!(
            "{many} files and folders of keys can be read by others, such as {}",
            first.display()
        ));
    }
    match (found.missing.is_empty() && found.ring.is_none(), found.looked_at) {
        (false, _) => Outcome::NotTried("files of keys are missing or cannot be read: pernoex doctor says which"),
        (true, 0) => Outcome::Unproven("no key is in a file: where they are, this program cannot see who reads them"),
        (true, many) => Outcome::Holds(format!("{many} files and folders of keys are their owner's alone")),
    }
}

pub(super) fn outward(given: &Given) -> Outcome {
    match given.asks_models {
        false => Outcome::Holds("no model elsewhere is set: questions and passages do not leave".into()),
        true => Outcome::Unproven(
            "a model elsewhere is set: what its operator does with questions and passages, their contract says, and no program can see",
        ),
    }
}
