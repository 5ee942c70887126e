//! Visitors at the widget: who they are for an hour, and what is theirs.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use entities::{
    ConversationId, Millis, VisitorId, conversation,
    projects::{Look, Project},
    visitor, visitor_bar,
};
use serde::{Deserialize, Serialize};

use super::{ProjectActor, widget::is_allowed};
use crate::{contain::Serve, fault::Fault, integrations::derived, request};

/// How long a token opens the widget's door.
const TOKEN_MS: Millis = 3_600_000;
/// How long after that it can still be exchanged for a new one of the same visitor, if nobody said who they are.
const RENEWABLE_MS: Millis = 24 * 3_600_000;
/// After this a token leads to nothing, whatever else is so.
pub(super) const LONGEST_TOKEN_MS: Millis = TOKEN_MS + RENEWABLE_MS;
const PURPOSE: &str = "pernoex visitor token v1";

/// Who a visitor is, as their website signed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// As the website knows them.
    pub id: String,
    pub name: Option<String>,
    pub mail: Option<String>,
}

/// Someone at the widget's door.
#[derive(Clone)]
pub struct Guest {
    pub visitor: VisitorId,
    /// `None` while nobody said who they are.
    pub person: Option<Person>,
    /// When they were let in, by which it is known whether they were erased since.
    pub issued_at: Millis,
}

/// Checks, for a preflight, that a widget may stand on `origin`.
pub struct CheckOrigin {
    pub origin: String,
}

/// Begins or continues a visit.
pub struct BeginVisit {
    pub origin: String,
    pub earlier: Option<String>,
    /// What the website signed of who the visitor is. What they asked before, as nobody in particular, becomes theirs.
    pub user: Option<String>,
}

pub struct Visit {
    pub token: String,
    pub expires_at: Millis,
    pub look: Look,
    pub conversation: Option<ConversationId>,
    /// Whether they can ask for a person.
    pub hand_off: bool,
    pub person: Option<Person>,
}

/// Says whose a token is; `None` unless it was made for this project and this origin and is still good.
pub struct AdmitVisitor {
    pub origin: String,
    pub token: String,
}

request! {
    CheckOrigin => (), needs Visitor;
    BeginVisit => Visit, needs Visitor;
    AdmitVisitor => Option<Guest>, needs Visitor;
}

const ID: usize = 16;
const HEAD: usize = ID + 8;
const TAG: usize = 32;

impl ProjectActor {
    /// `visitor ‖ end ‖ who they are, sealed`, then its signature, which covers the origin too.
    fn issue(&self, guest: &Guest, origin: &str, expires_at: Millis) -> Result<String, Fault> {
        let id = guest.visitor.uuid();
        let mut token = id.as_bytes().to_vec();
        token.extend_from_slice(&expires_at.to_be_bytes());
        if let Some(person) = &guest.person {
            token.extend_from_slice(&self.seal_json("visitor", "person", id, person)?);
        }
        let tag = self.seed.key.sign(PURPOSE, &[&token, origin.as_bytes()])?;
        token.extend_from_slice(&tag);
        Ok(BASE64_URL_SAFE_NO_PAD.encode(token))
    }

    fn read_token(&self, token: &str, origin: &str) -> Option<(Guest, Millis)> {
        let bytes = BASE64_URL_SAFE_NO_PAD
            .decode(token)
            .ok()
            .filter(|bytes| bytes.len() >= HEAD + TAG)?;
        let (body, tag) = bytes.split_at(bytes.len() - TAG);
        if !self.seed.key.verify(PURPOSE, &[body, origin.as_bytes()], tag) {
            return None;
        }
        let (head, sealed) = body.split_at(HEAD);
        let (id, expires_at) = head.split_at(ID);
        let id = uuid::Uuid::from_slice(id).ok()?;
        let person = match sealed {
            [] => None,
            sealed => Some(self.open_json("visitor", "person", id, sealed).ok()?),
        };
        let expires_at = Millis::from_be_bytes(expires_at.try_into().ok()?);
        let guest = Guest {
            visitor: id.into(),
            person,
            issued_at: expires_at.checked_sub(TOKEN_MS)?,
        };
        Some((guest, expires_at))
    }

    /// Whose a token is, unless they were erased since it was issued.
    async fn unless_barred(&self, token: Option<(Guest, Millis)>) -> Result<Option<Guest>, Fault> {
        let Some((guest, _)) = token else { return Ok(None) };
        let (project, visitor) = (self.id(), guest.visitor);
        let since = self.db().read(async |tx| visitor_bar::since(tx, project, visitor).await).await?;
        Ok(since.is_none_or(|since| since < guest.issued_at).then_some(guest))
    }

    async fn require_origin(&self, origin: &str) -> Result<Project, Fault> {
        let row = self.row().await?;
        if is_allowed(&row.allowed_origins, origin) {
            Ok(row)
        } else {
            Err(Fault::OriginNotAllowed)
        }
    }

    async fn latest(&self, visitor: VisitorId) -> Result<Option<ConversationId>, Fault> {
        let project = self.id();
        let latest = self
            .db()
            .read(async |tx| conversation::of_visitor(tx, project, visitor).await)
            .await?;
        Ok(latest.map(|latest| latest.id))
    }

    /// As a conversation holds it.
    pub(super) fn sealed_person(&self, conversation: ConversationId, person: Option<&Person>) -> Result<Option<Vec<u8>>, Fault> {
        let seal = |person| self.seal_json("conversation", "person", conversation.uuid(), person);
        person.map(seal).transpose()
    }

    /// The visitor that a person is, in whatever browser.
    fn visitor_of(&self, person: &Person) -> VisitorId {
        derived(&[b"pernoex person v1", self.id().uuid().as_bytes(), person.id.as_bytes()]).into()
    }
}

impl Serve<CheckOrigin> for ProjectActor {
    async fn serve(&self, check: CheckOrigin) -> Result<(), Fault> {
        self.require_origin(&check.origin).await.map(|_| ())
    }
}

impl Serve<BeginVisit> for ProjectActor {
    async fn serve(&self, begin: BeginVisit) -> Result<Visit, Fault> {
        let row = self.require_origin(&begin.origin).await?;
        let (project, now) = (self.id(), self.now());
        let nobody = begin
            .earlier
            .and_then(|token| self.read_token(&token, &begin.origin))
            // Who somebody is must be said anew by who knows it.
            .filter(|(guest, expires_at)| guest.person.is_none() && now < expires_at + RENEWABLE_MS);
        let nobody = self.unless_barred(nobody).await?.map(|guest| guest.visitor);
        let person = match &begin.user {
            Some(token) => Some(self.identify(token, &row.public_key).await?),
            None => None,
        };
        let (visitor, conversation) = match (&person, nobody) {
            (Some(person), nobody) => {
                let visitor = self.visitor_of(person);
                if let Some(before) = nobody
                    && self.latest(before).await?.is_some()
                {
                    self.db()
                        .write(async |tx| visitor::become_one(tx, project, before, visitor).await)
                        .await?;
                }
                (visitor, self.latest(visitor).await?)
            }
            (None, Some(known)) => (known, self.latest(known).await?),
            (None, None) => (VisitorId::default(), None),
        };
        let expires_at = now + TOKEN_MS;
        let guest = Guest {
            visitor,
            person,
            issued_at: now,
        };
        Ok(Visit {
            token: self.issue(&guest, &begin.origin, expires_at)?,
            expires_at,
            look: row.look,
            conversation,
            hand_off: row.hand_off.is_some(),
            person: guest.person,
        })
    }
}

impl Serve<AdmitVisitor> for ProjectActor {
    async fn serve(&self, admit: AdmitVisitor) -> Result<Option<Guest>, Fault> {
        self.require_origin(&admit.origin).await?;
        let known = self.read_token(&admit.token, &admit.origin);
        self.unless_barred(known.filter(|(_, expires_at)| self.now() < *expires_at)).await
    }
}
