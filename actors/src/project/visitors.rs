//! Visitors at the widget: who they are for an hour, and what is theirs.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use entities::{ConversationId, Millis, VisitorId, conversation, projects::Look};

use super::{ProjectActor, widget::is_allowed};
use crate::{contain::Serve, fault::Fault, request};

/// How long a token opens the widget's door.
const TOKEN_MS: Millis = 3_600_000;
/// How long after that it can still be exchanged for a new one of the same visitor.
const RENEWABLE_MS: Millis = 24 * 3_600_000;
const PURPOSE: &str = "pernoex visitor token v1";

/// Checks, for a preflight, that a widget may stand on `origin`.
pub struct CheckOrigin {
    pub origin: String,
}

/// Begins or continues a visit.
pub struct BeginVisit {
    pub origin: String,
    pub earlier: Option<String>,
}

pub struct Visit {
    pub token: String,
    pub expires_at: Millis,
    pub look: Look,
    pub conversation: Option<ConversationId>,
}

/// Says whose a token is; `None` unless it was made for this project and this origin and is still good.
pub struct AdmitVisitor {
    pub origin: String,
    pub token: String,
}

request! {
    CheckOrigin => (), needs Visitor;
    BeginVisit => Visit, needs Visitor;
    AdmitVisitor => Option<VisitorId>, needs Visitor;
}

impl ProjectActor {
    /// `visitor ‖ end`, then its signature, which covers the origin too.
    fn issue(&self, visitor: VisitorId, origin: &str, expires_at: Millis) -> Result<String, Fault> {
        let mut token = visitor.uuid().as_bytes().to_vec();
        token.extend_from_slice(&expires_at.to_be_bytes());
        let tag = self.seed.key.sign(PURPOSE, &[&token, origin.as_bytes()])?;
        token.extend_from_slice(&tag);
        Ok(BASE64_URL_SAFE_NO_PAD.encode(token))
    }

    fn read_token(&self, token: &str, origin: &str) -> Option<(VisitorId, Millis)> {
        let bytes = BASE64_URL_SAFE_NO_PAD
            .decode(token)
            .ok()
            .filter(|bytes| bytes.len() == 16 + 8 + 32)?;
        let (body, tag) = bytes.split_at(24);
        if !self.seed.key.verify(PURPOSE, &[body, origin.as_bytes()], tag) {
            return None;
        }
        let (visitor, expires_at) = body.split_at(16);
        let visitor = uuid::Uuid::from_slice(visitor).ok()?;
        Some((visitor.into(), Millis::from_be_bytes(expires_at.try_into().ok()?)))
    }

    async fn require_origin(&self, origin: &str) -> Result<Look, Fault> {
        let row = self.row().await?;
        if is_allowed(&row.allowed_origins, origin) {
            Ok(row.look)
        } else {
            Err(Fault::OriginNotAllowed)
        }
    }
}

impl Serve<CheckOrigin> for ProjectActor {
    async fn serve(&self, check: CheckOrigin) -> Result<(), Fault> {
        self.require_origin(&check.origin).await.map(|_| ())
    }
}

impl Serve<BeginVisit> for ProjectActor {
    async fn serve(&self, begin: BeginVisit) -> Result<Visit, Fault> {
        let look = self.require_origin(&begin.origin).await?;
        let now = self.now();
        let known = begin
            .earlier
            .and_then(|token| self.read_token(&token, &begin.origin))
            .filter(|(_, expires_at)| now < expires_at + RENEWABLE_MS)
            .map(|(visitor, _)| visitor);
        let (project, visitor) = (self.id(), known.unwrap_or_default());
        let conversation = match known {
            Some(visitor) => {
                self.db()
                    .read(async |tx| conversation::of_visitor(tx, project, visitor).await)
                    .await?
            }
            None => None,
        };
        let expires_at = now + TOKEN_MS;
        let token = self.issue(visitor, &begin.origin, expires_at)?;
        Ok(Visit {
            token,
            expires_at,
            look,
            conversation: conversation.map(|found| found.id),
        })
    }
}

impl Serve<AdmitVisitor> for ProjectActor {
    async fn serve(&self, admit: AdmitVisitor) -> Result<Option<VisitorId>, Fault> {
        self.require_origin(&admit.origin).await?;
        let known = self.read_token(&admit.token, &admit.origin);
        Ok(known.filter(|(_, expires_at)| self.now() < *expires_at).map(|(visitor, _)| visitor))
    }
}
