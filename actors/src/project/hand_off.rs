//! A visitor asks for a person: the team is told, by mail and by webhook, with what was said so far.

use chrono::{DateTime, SecondsFormat};
use entities::{ConversationId, MessageId, TenantTx, conversation, message, projects, visitor};
use serde_json::{Value, json};

use super::{
    ProjectActor,
    conversations::{SealedTurn, Turn},
    questions::store::require_not_erased,
    visitors::Guest,
    webhooks::Event,
};
use crate::{
    contain::Serve,
    fault::{Fault, Invalid},
    identity::Email,
    mail::{self, Handed, Kind, Said},
    request,
    text::is_hidden,
};

pub struct HandOver {
    pub guest: Guest,
    pub origin: String,
    pub page: Option<String>,
    pub email: String,
    pub message: String,
    /// Of a conversation that is to begin with it, rather than go on with the latest.
    pub new_conversation: bool,
}

request! {
    HandOver => ConversationId, needs Visitor;
}

/// Of a turn: what a visitor wrote when they asked for a person, with their address below.
pub const HAND_OFF: &str = "hand_off";
const MOST_CHARACTERS: usize = 4000;
/// Of the transcript.
const MOST_TURNS: u64 = 50;

fn parse_message(text: &str) -> Result<String, Fault> {
    let text: String = text.trim().chars().filter(|c| *c == '\n' || !is_hidden(*c)).collect();
    if text.is_empty() {
        return Err(Fault::invalid(Invalid::QuestionEmpty, "message", "Write what you need."));
    }
    if text.chars().count() > MOST_CHARACTERS {
        let reason = format!("Use at most {MOST_CHARACTERS} characters.");
        return Err(Fault::invalid(Invalid::QuestionTooLong, "message", reason));
    }
    Ok(text)
}

/// A web address on `origin`, without what stands behind `?` or `#`.
///
/// # Errors
/// `Invalid` when it is none, is elsewhere, or has more than 2000 characters.
fn parse_page(page: &str, origin: &str) -> Result<String, Fault> {
    let refuse = || Fault::invalid(Invalid::Page, "page", "Send the address of the page that the widget stands on.");
    if page.len() > 2000 {
        return Err(refuse());
    }
    let mut url = url::Url::parse(page).map_err(|_| refuse())?;
    if url.origin().ascii_serialization() != origin {
        return Err(refuse());
    }
    url.set_query(None);
    url.set_fragment(None);
    let _ = (url.set_username(""), url.set_password(None));
    Ok(url.into())
}

impl ProjectActor {
    /// The page that a visitor is on, without what is private in its path.
    pub(super) async fn kept_page(&self, page: Option<String>, origin: &str) -> Result<Option<String>, Fault> {
        let Some(page) = page else { return Ok(None) };
        // An @ in a path may be written as %40.
        let page = parse_page(&page, origin)?.replace("%40", "@");
        Ok(Some(self.without_secrets(&page).await?))
    }

    /// What webhooks are told. `true` when somebody listens.
    async fn tell_handed_over(&self, tx: &TenantTx, id: ConversationId, over: &HandOver, turns: &[Turn]) -> Result<bool, Fault> {
        let listening = self.listening(tx, Event::ConversationHandedOver).await?;
        if listening.is_nobody() {
            return Ok(false);
        }
        let time = |at| {
            DateTime::from_timestamp_millis(at)
                .unwrap_or_default()
                .to_rfc3339_opts(SecondsFormat::Millis, true)
        };
        let said = |turn: &Turn| json!({ "role": turn.role, "text": turn.text, "at": time(turn.created_at) });
        let person = over.guest.person.as_ref();
        let data = json!({
            "project": self.id(),
            "conversation": id,
            "channel": "widget",
            "email": over.email,
            "message": over.message,
            "page": over.page,
            "user": person.map(|person| json!({ "id": person.id, "name": person.name, "email": person.mail })),
            "transcript": turns.iter().map(said).collect::<Vec<Value>>(),
        });
        self.announce(tx, Event::ConversationHandedOver, &listening, &data).await?;
        Ok(true)
    }

    fn letter(&self, id: ConversationId, project: &str, over: &HandOver, turns: &[Turn]) -> Kind {
        let said = |turn: &Turn| Said {
            by_visitor: turn.role == "visitor" || turn.role == HAND_OFF,
            text: turn.text.clone(),
        };
        Kind::HandedOver(Box::new(Handed {
            project: project.to_owned(),
            path: format!("/projects/{}/conversations/{id}", self.id()),
            email: over.email.clone(),
            name: over.guest.person.as_ref().and_then(|person| person.name.clone()),
            user: over.guest.person.as_ref().map(|person| person.id.clone()),
            message: over.message.clone(),
            page: over.page.clone(),
            transcript: turns.iter().map(said).collect(),
        }))
    }
}

impl Serve<HandOver> for ProjectActor {
    async fn serve(&self, mut over: HandOver) -> Result<ConversationId, Fault> {
        over.email = Email::parse(&over.email)?.as_str().to_owned();
        // The address beside it is what they are to be answered at: it stays.
        over.message = self.masked(&parse_message(&over.message)?).await?;
        over.page = self.kept_page(over.page, &over.origin).await?;
        let (project, now, asked) = (self.id(), self.now(), over.guest.visitor);
        let latest = match over.new_conversation {
            true => None,
            false => self.goes_on_with(asked).await?,
        };
        let turns = match &latest {
            Some(known) => self.last_turns(known.id, MOST_TURNS).await?,
            None => Vec::new(),
        };
        let (begins, id, turn) = (
            latest.is_none(),
            latest.map_or_else(ConversationId::new, |known| known.id),
            MessageId::new(),
        );
        let title: String = over.message.chars().take(200).collect();
        let title = self.seal("conversation", "title", id.uuid(), title.as_bytes())?;
        let person = self.sealed_person(id, over.guest.person.as_ref())?;
        let sealed = SealedTurn {
            text: format!("{}\n\n{}", over.message, over.email),
            ..SealedTurn::default()
        };
        let sealed = self.seal_json("message", "sealed", turn.uuid(), &sealed)?;
        let issued_at = over.guest.issued_at;
        let written = self.db().write(async |tx| {
            require_not_erased(tx, project, Some(asked), Some(issued_at)).await?;
            let row = projects::find(tx, project).await?.ok_or(Fault::NotFound)?;
            let to = row.hand_off.ok_or(Fault::HandOffOff)?.email;
            if begins {
                let begun = conversation::Conversation {
                    visitor: Some(asked),
                    origin: Some(over.origin.clone()),
                    page: over.page.clone(),
                    person,
                    ..conversation::Conversation::begun(id, "widget", title, now)
                };
                conversation::insert(tx, project, begun).await?;
            } else if let Some(person) = person {
                conversation::set_person(tx, project, id, person).await?;
            }
            let message = message::Message {
                id: turn,
                conversation: id,
                role: HAND_OFF.into(),
                sealed,
                outcome: None,
                helpful: None,
                visitor: Some(asked),
                latency_ms: None,
                created_at: now,
            };
            message::insert(tx, project, message, &[]).await?;
            visitor::hand_over(tx, project, id, now).await?;
            if let Some(to) = to {
                let kind = self.letter(id, &row.name, &over, &turns);
                let letter = mail::Message::Letter { to, kind };
                self.seed.engine.outbox.enqueue_beside(tx, &letter).await?;
            }
            self.tell_handed_over(tx, id, &over, &turns).await
        });
        if written.await? {
            self.ring_outward();
        }
        self.seed.engine.outbox.ring();
        Ok(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_kept_without_what_may_be_private_and_only_of_its_own_site() {
        let site = "https://www.example.com";
        for (sent, kept) in [
            ("https://www.example.com/a?token=x#y", "https://www.example.com/a"),
            ("https://www.example.com", "https://www.example.com/"),
            ("https://ada:pw@www.example.com/b", "https://www.example.com/b"),
        ] {
            assert_eq!(parse_page(sent, site).unwrap(), kept);
        }
        let long = format!("{site}/{}", "x".repeat(2000));
        for bad in ["", "/a", "https://evil.test/a", "javascript:alert(1)", "data:,x", &long] {
            assert!(parse_page(bad, site).is_err(), "{bad}");
        }
    }
}
