//! What Notion tells: <https://developers.notion.com/reference/webhooks>. Only that something is there no longer, or elsewhere, matters; the rest
//! is for the next sync.

use entities::{
    source,
    source_item::{self, Which, hash_of},
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::api::plain_id;
use crate::{
    fault::Fault,
    integrations::{IntegrationActor, events::Pending},
    sources::{
        connector::{Fetched, Kind, Known, ProviderError},
        reach::{Denied, Lookup},
        told::Told,
    },
};

/// What it means here.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "news", rename_all = "snake_case")]
enum News {
    /// With what is in it.
    Deleted { page: String },
    /// It may be out of reach, or out of what was chosen.
    Moved { page: String },
    /// A table is gone, or elsewhere. Which rows were in it is not known here.
    Table,
}

#[derive(Deserialize)]
struct ToldEvent {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    workspace_id: Option<String>,
    #[serde(default)]
    accessible_by: Vec<Who>,
    #[serde(default)]
    entity: Option<Who>,
}

#[derive(Deserialize)]
struct Who {
    id: String,
    #[serde(default, rename = "type")]
    kind: String,
}

/// Longer than any id of Notion's.
const ID: usize = 100;

/// Reads what Notion sent. `None` when it is nothing of Notion's.
#[must_use]
pub fn read_told(body: &[u8]) -> Option<Told> {
    let event: ToldEvent = serde_json::from_slice(body).ok().filter(|event: &ToldEvent| event.id.len() <= ID)?;
    let entity = event.entity.as_ref().map(|entity| plain_id(&entity.id));
    let news = match (event.kind.as_str(), entity) {
        ("page.deleted", Some(page)) => News::Deleted { page },
        ("page.moved", Some(page)) => News::Moved { page },
        ("database.deleted" | "database.moved" | "data_source.deleted" | "data_source.moved", _) => News::Table,
        _ => return Some(Told::Nothing),
    };
    // Whom the connection is for is known by its bot; the workspace is known of those that were connected since Notion says it.
    let bots = event.accessible_by.into_iter().filter(|who| who.kind == "bot").map(|who| who.id);
    let holders: Vec<String> = event
        .workspace_id
        .into_iter()
        .chain(bots)
        .filter(|id| id.len() <= ID)
        .take(50)
        .collect();
    Some(Told::Event {
        kind: Kind::Notion,
        holders,
        id: Some(event.id),
        payload: serde_json::to_vec(&news).ok()?,
    })
}

#[derive(Deserialize)]
struct Handshake {
    verification_token: Zeroizing<String>,
}

/// The token with which whoever set up a subscription verifies it at Notion, and by which Notion signs from then on. What brings it is not
/// signed: it is believed when Notion takes it back.
#[must_use]
pub fn read_handshake(body: &[u8]) -> Option<Zeroizing<String>> {
    let Handshake { verification_token } = serde_json::from_slice(body).ok()?;
    let is_token =
        |token: &str| (16..=200).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_token(&verification_token).then_some(verification_token)
}

impl IntegrationActor {
    /// Sees to one thing that Notion told.
    pub(crate) async fn hear_notion(&self, pending: Pending, payload: &[u8]) -> Result<(), Fault> {
        let news: News = serde_json::from_slice(payload).map_err(|_| Fault::Internal("what Notion told"))?;
        let mut sources = self.db().read(async |tx| source::list(tx, None).await).await?;
        sources.retain(|source| source.kind == Kind::Notion.as_str() && !source.leaving);
        let (page, moved) = match news {
            News::Deleted { page } => (page, false),
            News::Moved { page } => (page, true),
            News::Table => {
                let again: Vec<_> = sources.iter().map(|source| source.id).collect();
                self.look_again(&again).await?;
                return self.told(pending, !again.is_empty()).await;
            }
        };
        let mut known = false;
        for source in &sources {
            if moved && !self.is_out_of_reach(source, &page).await? {
                continue;
            }
            let which = Which::Items {
                items: vec![page.clone()],
                below: true,
            };
            known |= self.let_go_at_once(source, which).await?;
        }
        self.told(pending, known).await
    }

    /// Whether a page that was moved is not within what a source reads any more: Notion is asked.
    async fn is_out_of_reach(&self, source: &source::Source, page: &str) -> Result<bool, Fault> {
        let (id, hash) = (source.id, hash_of(page));
        let known = self.db().read(async |tx| source_item::known(tx, id, &[hash]).await).await?;
        let Some(item) = known.into_iter().next() else { return Ok(false) };
        let asked = Known {
            id: page,
            version: item.version.as_deref(),
            listed: None,
            depth: 0,
        };
        match self.look(Kind::Notion, source, Lookup::Fetch(asked)).await {
            Ok(found) => Ok(match found.fetched()? {
                Fetched::Gone => true,
                // Of what was chosen itself.
                Fetched::Skip(skip) => skip.code == super::fetch::NOT_SHARED,
                _ => false,
            }),
            // What is known stays until somebody connects it again, as with a sync.
            Err(Denied::There(ProviderError::Unauthorized | ProviderError::Refused(_)) | Denied::Whole(_)) => Ok(false),
            Err(Denied::There(_)) => Err(Fault::SourceUnavailable),
            Err(Denied::Here(fault)) => Err(fault),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn event(kind: &str) -> Value {
        json!({
            "id": "367cba44-b6f3-4c92-81e7-6a2e9659efd4", "timestamp": "2026-01-01T00:00:00.000Z", "type": kind,
            "workspace_id": "13950b26-c203-4f3b-b97d-93ec06319565", "subscription_id": "29d75c0d-5546-4414-8459-7b7a92f1fc4b",
            "integration_id": "0ef2e755-4912-8096-91c1-00376a88a5ca", "attempt_number": 1, "authors": [{ "id": "u1", "type": "person" }],
            "accessible_by": [{ "id": "u1", "type": "person" }, { "id": "b0", "type": "bot" }],
            "entity": { "id": "153104CD-477e-809d-8dc4-ff2d96ae3090", "type": "page" }, "data": { "parent": { "id": "x", "type": "page" } },
        })
    }

    #[test]
    fn pages_that_are_gone_or_elsewhere_are_told_from_the_rest() {
        let page = || "153104cd477e809d8dc4ff2d96ae3090".to_owned();
        for (kind, expected) in [
            ("page.deleted", Some(News::Deleted { page: page() })),
            ("page.moved", Some(News::Moved { page: page() })),
            ("data_source.deleted", Some(News::Table)),
            ("database.moved", Some(News::Table)),
            ("page.content_updated", None),
            ("page.undeleted", None),
            ("comment.created", None),
        ] {
            match (read_told(event(kind).to_string().as_bytes()).unwrap(), expected) {
                (Told::Event { holders, id, payload, .. }, Some(expected)) => {
                    assert_eq!(holders, ["13950b26-c203-4f3b-b97d-93ec06319565", "b0"]);
                    assert_eq!(id.as_deref(), Some("367cba44-b6f3-4c92-81e7-6a2e9659efd4"));
                    assert_eq!(serde_json::from_slice::<News>(&payload).unwrap(), expected, "{kind}");
                }
                (Told::Nothing, None) => {}
                (told, expected) => panic!("{kind}: {told:?}, not {expected:?}"),
            }
        }
        assert_eq!(read_told(b"{}"), None);
        assert_eq!(read_told(b"\xff"), None);
    }

    #[test]
    fn only_a_token_is_a_handshake() {
        let token = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl";
        let read = |body: Value| read_handshake(body.to_string().as_bytes()).map(|token| token.to_string());
        assert_eq!(read(json!({ "verification_token": token })).as_deref(), Some(token));
        for odd in ["", "short", "secret_<script>aaaaaaaaaaaaaa", "secret_a\nb_aaaaaaaaaaaaaa"] {
            assert_eq!(read(json!({ "verification_token": odd })), None, "{odd}");
        }
        assert_eq!(read(json!({ "token": token })), None);
    }
}
