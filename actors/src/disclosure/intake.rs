//! How a report comes in: from whom, if they say so, and never from where.

use entities::{
    Millis, PlatformTx,
    disclosure::reports::{self, Report, Standing},
};
use serde::Deserialize;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{Disclosure, deadlines::ACKNOWLEDGE, state::State, words::Words};
use crate::{
    fault::{Fault, Invalid},
    identity::Email,
    limits::Rule,
    mail::{Kind, Message, ReportLetter},
    text::{is_hidden, parse_name, parse_text},
    token,
};

const MOST_OF_TITLE: usize = 200;
/// Characters. A whole body, with room for what JSON makes of them, is smaller than what a route takes.
pub(super) const MOST_OF_DETAILS: usize = 50_000;
pub(super) const MOST_OF_MESSAGE: usize = 20_000;

/// What the private link of a report ends in.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct ReportToken(Zeroizing<String>);

impl ReportToken {
    const PREFIX: &'static str = "rep_";

    fn generate() -> Self {
        Self(Zeroizing::new(format!("{}{}", Self::PREFIX, *token::random())))
    }

    /// As it was handed in.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    pub(super) fn hash(&self) -> [u8; 32] {
        token::hash(&self.0)
    }

    /// For whoever reported, and nobody else.
    #[must_use]
    pub fn into_text(self) -> Zeroizing<String> {
        self.0
    }
}

/// As somebody wrote it.
pub struct NewReport {
    pub title: String,
    pub details: String,
    pub name: Option<String>,
    pub email: Option<String>,
    pub credit: Option<String>,
}

impl NewReport {
    pub(super) fn check(self) -> Result<Words, Fault> {
        let title = self.title.split_whitespace().collect::<Vec<_>>().join(" ");
        let title: String = parse_text(&title, "title", MOST_OF_TITLE)?
            .chars()
            .filter(|c| !is_hidden(*c))
            .collect();
        let details = parse_text(&self.details, "details", MOST_OF_DETAILS)?;
        for (text, field, what) in [
            (&title, "title", "Say in a few words what it is."),
            (&details, "details", "Say what you did and what happened."),
        ] {
            if text.is_empty() {
                return Err(Fault::invalid(Invalid::TextEmpty, field, what));
            }
        }
        let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let email = given(self.email).map(|email| Email::parse(&email)).transpose()?;
        Ok(Words {
            title,
            details,
            name: given(self.name).map(|name| parse_name(&name, "name")).transpose()?,
            email: email.map(|email| email.as_str().to_owned()),
            credit: given(self.credit).map(|name| parse_name(&name, "credit")).transpose()?,
        })
    }
}

/// That it is here.
pub struct Receipt {
    pub id: Uuid,
    pub reference: String,
    pub token: ReportToken,
    pub acknowledge_by: Millis,
}

/// Without letters that are taken for one another.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Short enough to be read out. Not counted up: nobody is to read from it how many there were.
fn reference() -> String {
    let letter = || char::from(LETTERS[rand::random_range(0..LETTERS.len())]);
    format!("SEC-{}", (0..7).map(|_| letter()).collect::<String>())
}

impl Disclosure {
    /// Takes a report from the form. `address` is where it came from: counted for some time, and not kept.
    ///
    /// # Errors
    /// `Invalid`; `TooMany` from one address, or from everybody together.
    pub async fn report(&self, new: NewReport, address: &str) -> Result<Receipt, Fault> {
        let words = new.check()?;
        self.limits.check(Rule::REPORT, address).await?;
        self.limits.check(Rule::REPORT_ALL, &self.origin).await?;
        // Whoever types somebody else's address has little sent there; that it was too much tells nobody of others' reports.
        let answers = match &words.email {
            Some(email) => match self.limits.check(Rule::REPORT_TO, email).await {
                Err(Fault::TooMany { .. }) => false,
                checked => checked.map(|()| true)?,
            },
            None => true,
        };
        let may_tell = self.may_tell().await?;
        let filed = self
            .platform
            .write(async |tx| self.file_report(tx, &words, "form", (answers, may_tell)).await);
        let receipt = filed.await?;
        self.outbox.ring();
        Ok(receipt)
    }

    /// Whether operators are written to about what strangers do: not more often than somebody can read.
    pub(super) async fn may_tell(&self) -> Result<bool, Fault> {
        match self.limits.check(Rule::REPORT_LETTER, &self.origin).await {
            Ok(()) => Ok(true),
            Err(Fault::TooMany { .. }) => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    /// Stores it, with a receipt to whoever gave an address, if they are to have one, and a letter to the operators, if it may be told.
    pub(super) async fn file_report(
        &self,
        tx: &PlatformTx,
        words: &Words,
        via: &str,
        (answers, may_tell): (bool, bool),
    ) -> Result<Receipt, Fault> {
        let (id, token, now) = (Uuid::now_v7(), ReportToken::generate(), self.clock.now());
        let mut reference = reference();
        while reports::has_reference(tx, &reference).await? {
            reference = self::reference();
        }
        let mut standing = Standing {
            received_at: now,
            ..Standing::default()
        };
        standing.next_at = State::Received.next_reminder(&standing, &self.settings.holidays);
        let report = Report {
            id,
            reference: reference.clone(),
            state: State::Received.as_str().into(),
            via: via.into(),
            sealed: self.seal_words(id, words)?,
            standing,
        };
        reports::insert(tx, report, &token.hash()).await?;
        let acknowledge_by = now + ACKNOWLEDGE;
        if let Some(to) = words.email.clone().filter(|_| answers) {
            let letter = ReportLetter::Receipt {
                reference: reference.clone(),
                token: token.0.clone(),
                acknowledge_by,
            };
            self.write_to(tx, to, letter).await?;
        }
        if may_tell {
            let letter = || ReportLetter::Arrived {
                reference: reference.clone(),
                report: id,
                acknowledge_by,
            };
            self.tell_operators(tx, letter).await?;
        }
        Ok(Receipt {
            id,
            reference,
            token,
            acknowledge_by,
        })
    }

    pub(super) async fn write_to(&self, tx: &PlatformTx, to: String, letter: ReportLetter) -> Result<(), Fault> {
        let kind = Kind::Report(Box::new(letter));
        self.outbox.enqueue(tx, &Message::Letter { to, kind }).await
    }

    pub(super) async fn tell_operators(&self, tx: &PlatformTx, letter: impl Fn() -> ReportLetter) -> Result<(), Fault> {
        let told = match self.settings.notify.is_empty() {
            true => entities::operators::addresses(tx).await?,
            false => self.settings.notify.clone(),
        };
        for to in told {
            self.write_to(tx, to, letter()).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(title: &str, name: &str, email: &str) -> Result<Words, Fault> {
        let text = |text: &str| Some(text.to_owned());
        let new = NewReport {
            title: title.into(),
            details: "I did this.\u{0}\r\nThat happened.".into(),
            name: text(name),
            email: text(email),
            credit: text(""),
        };
        new.check()
    }

    #[test]
    fn what_names_hold_stays_on_one_line() {
        let words = report("Something\r\nBcc: all@example.com\u{202e}", "", "").unwrap();
        assert_eq!(words.title, "Something Bcc: all@example.com");
        assert_eq!((words.name, words.email, words.credit), (None, None, None));
        assert_eq!(words.details, "I did this.\nThat happened.");
        // A line break in a name is white space, and is folded; what is left is nobody's header.
        assert_eq!(
            report("x", "Eve\r\nBcc: a@b.c", "").unwrap().name.as_deref(),
            Some("Eve Bcc: a@b.c")
        );
        for (title, name, email) in [
            ("", "", ""),
            (" \u{200b} ", "", ""),
            ("x", "e\u{202e}ve", ""),
            ("x", "", "a@b.c\r\nBcc: d@e.f"),
        ] {
            assert!(report(title, name, email).is_err(), "{title:?} {name:?} {email:?}");
        }
    }

    #[test]
    fn a_reference_says_nothing_and_can_be_read_out() {
        let some: std::collections::BTreeSet<String> = (0..1_000).map(|_| reference()).collect();
        assert!(some.len() > 990 && some.iter().all(|one| one.len() == 11 && !one.contains(['I', 'L', 'O', 'U'])));
    }
}
