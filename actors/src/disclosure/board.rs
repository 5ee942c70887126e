//! What operators do with reports. Whatever they change, and whatever file they take, is written down in the same transaction.

use chrono::{DateTime, NaiveDate};
use entities::{
    Millis, PlatformTx,
    disclosure::{files, reports, thanks},
    operators::note_act,
};
use uuid::Uuid;

use super::{
    Card, Disclosure, Line, Sheet,
    follow::{has_room, message},
    pages::{self, PageName},
    state::State,
};
use crate::{
    fault::{Fault, Invalid},
    mail::ReportLetter,
    operators::Operator,
    vault::Place,
};

/// Reports that the board shows.
const MOST: u64 = 500;

/// A change of state, and what the reporter is told with it.
pub struct Move {
    /// As whoever moves it saw it: if it is another by now, nothing is changed.
    pub from: String,
    pub to: String,
    pub text: Option<String>,
    /// By when it is to be mended.
    pub fix_by: Option<NaiveDate>,
    /// The report that says the same.
    pub same_as: Option<String>,
}

/// Something that is said without a change: to the reporter, or among operators.
pub struct Note {
    pub text: String,
    pub hidden: bool,
}

/// The board, in the hands of somebody who was proven to be an operator.
pub struct Board<'a> {
    disclosure: &'a Disclosure,
    who: &'a Operator,
}

impl Disclosure {
    #[must_use]
    pub fn board<'a>(&'a self, who: &'a Operator) -> Board<'a> {
        Board { disclosure: self, who }
    }
}

/// Days since the epoch.
fn day_number(day: NaiveDate) -> Option<i32> {
    i32::try_from(day.signed_duration_since(NaiveDate::default()).num_days()).ok()
}

impl Board<'_> {
    async fn find(&self, tx: &PlatformTx, id: Uuid) -> Result<reports::Report, Fault> {
        reports::find(tx, id).await?.ok_or(Fault::NotFound)
    }

    async fn write_down(&self, tx: &PlatformTx, act: &str, subject: &str) -> Result<(), Fault> {
        Ok(note_act(tx, self.who.did(act, subject, self.disclosure.clock.now())).await?)
    }

    /// Those that are open, and the latest of the others.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn cards(&self) -> Result<Vec<Card>, Fault> {
        let (platform, disclosure) = (&self.disclosure.platform, self.disclosure);
        let found = platform.read(async |tx| reports::list(tx, MOST).await).await?;
        found.into_iter().map(|report| disclosure.card(report)).collect()
    }

    /// # Errors
    /// `NotFound`.
    pub async fn show(&self, id: Uuid) -> Result<Sheet, Fault> {
        let disclosure = self.disclosure;
        disclosure
            .platform
            .read(async |tx| {
                let report = self.find(tx, id).await?;
                disclosure.sheet(tx, report).await
            })
            .await
    }

    /// Moves it on, and tells whoever reported it.
    ///
    /// # Errors
    /// `EditedMeanwhile` when it is in another state by now; `Invalid` when none leads there, or what the new one needs is missing.
    pub async fn go(&self, id: Uuid, wanted: Move) -> Result<Sheet, Fault> {
        let disclosure = self.disclosure;
        let to = State::parse(&wanted.to).ok_or_else(no_way)?;
        let text = wanted
            .text
            .filter(|text| !text.trim().is_empty())
            .map(|text| message(&text))
            .transpose()?;
        let now = disclosure.clock.now();
        let fix_day = match (to, wanted.fix_by) {
            (State::Timeline, Some(day)) if day >= DateTime::from_timestamp_millis(now).unwrap_or_default().date_naive() => day_number(day),
            (State::Timeline, _) => {
                let reason = "Say by which day it is mended: today or later.";
                return Err(Fault::invalid(Invalid::Day, "fix_by", reason));
            }
            _ => None,
        };
        let same_as = wanted
            .same_as
            .map(|text| text.trim().to_uppercase())
            .filter(|text| !text.is_empty() && to == State::Duplicate);
        let moved = disclosure.platform.write(async |tx| {
            let report = self.find(tx, id).await?;
            let from = State::parse(&report.state).ok_or(Fault::Internal("a report's state"))?;
            if report.state != wanted.from {
                return Err(Fault::EditedMeanwhile);
            }
            if !from.next().contains(&to) {
                return Err(no_way());
            }
            if let Some(other) = &same_as
                && (*other == report.reference || !reports::has_reference(tx, other).await?)
            {
                let reason = "There is no other report of this number.";
                return Err(Fault::invalid(Invalid::ReportState, "same_as", reason));
            }
            has_room(tx, &report).await?;
            let mut standing = from.go(to, &report.standing, now, &disclosure.settings.holidays);
            standing.fix_day = fix_day.or(standing.fix_day);
            standing.same_as = same_as;
            if !reports::change(tx, id, from.as_str(), to.as_str(), &standing).await? {
                return Err(Fault::EditedMeanwhile);
            }
            let line = Line {
                at: now,
                by_operator: true,
                hidden: false,
                state: Some(to.as_str().into()),
                text,
            };
            disclosure.add_line(tx, id, line).await?;
            self.write_down(tx, &format!("report {}", to.as_str()), &report.reference).await?;
            if let Some(email) = disclosure.words(&report)?.email {
                let letter = ReportLetter::Moved {
                    reference: report.reference.clone(),
                    state: to.as_str().into(),
                    fix_by: wanted.fix_by.filter(|_| to == State::Timeline),
                };
                disclosure.write_to(tx, email, letter).await?;
            }
            let report = self.find(tx, id).await?;
            disclosure.sheet(tx, report).await
        });
        let sheet = moved.await?;
        disclosure.outbox.ring();
        Ok(sheet)
    }

    /// Says something to whoever reported it, or notes it for operators alone.
    ///
    /// # Errors
    /// `NotFound`; `Invalid`.
    pub async fn note(&self, id: Uuid, note: Note) -> Result<Sheet, Fault> {
        let disclosure = self.disclosure;
        let text = message(&note.text)?;
        let noted = disclosure.platform.write(async |tx| {
            let report = self.find(tx, id).await?;
            has_room(tx, &report).await?;
            let line = Line {
                at: disclosure.clock.now(),
                by_operator: true,
                hidden: note.hidden,
                state: None,
                text: Some(text),
            };
            disclosure.add_line(tx, id, line).await?;
            let act = if note.hidden { "report noted" } else { "report answered" };
            self.write_down(tx, act, &report.reference).await?;
            if let Some(email) = disclosure.words(&report)?.email.filter(|_| !note.hidden) {
                let letter = ReportLetter::Answered {
                    reference: report.reference.clone(),
                };
                disclosure.write_to(tx, email, letter).await?;
            }
            disclosure.sheet(tx, report).await
        });
        let sheet = noted.await?;
        disclosure.outbox.ring();
        Ok(sheet)
    }

    /// A file's name and its bytes, as they were sent.
    ///
    /// # Errors
    /// `NotFound` unless it belongs to this report.
    pub async fn file(&self, id: Uuid, file: Uuid) -> Result<(String, Vec<u8>), Fault> {
        let disclosure = self.disclosure;
        disclosure
            .platform
            .write(async |tx| {
                let report = self.find(tx, id).await?;
                let (name, sealed) = files::find(tx, id, file).await?.ok_or(Fault::NotFound)?;
                self.write_down(tx, "report file taken", &report.reference).await?;
                let name = disclosure.open(id, Place("report_file", "name", file), &name)?;
                let bytes = disclosure.open(id, Place("report_file", "sealed", file), &sealed)?;
                Ok((String::from_utf8(name).map_err(|_| Fault::Sealed)?, bytes))
            })
            .await
    }

    /// Thanks whoever reported it in public, by the name that they chose for it and by no other.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` unless it was resolved.
    pub async fn thank(&self, id: Uuid, thanked: bool) -> Result<Sheet, Fault> {
        let disclosure = self.disclosure;
        disclosure
            .platform
            .write(async |tx| {
                let report = self.find(tx, id).await?;
                if thanked && report.state != State::Resolved.as_str() {
                    let reason = "Thanks are for what was resolved.";
                    return Err(Fault::invalid(Invalid::ReportState, "report", reason));
                }
                match thanked {
                    true => thanks::put(tx, id, disclosure.words(&report)?.credit, disclosure.clock.now()).await?,
                    false => thanks::remove(tx, id).await?,
                }
                let act = if thanked { "report thanked" } else { "report no longer thanked" };
                self.write_down(tx, act, &report.reference).await?;
                disclosure.sheet(tx, report).await
            })
            .await
    }

    /// Removes a report that is closed, with all that belongs to it. Whom it was thanked for stays thanked.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` while it is open.
    pub async fn remove(&self, id: Uuid) -> Result<(), Fault> {
        self.disclosure
            .platform
            .write(async |tx| {
                let report = self.find(tx, id).await?;
                if report.standing.closed_at.is_none() {
                    let reason = "Resolve or decline it first: whoever reported it is told then.";
                    return Err(Fault::invalid(Invalid::ReportState, "report", reason));
                }
                reports::delete(tx, id).await?;
                self.write_down(tx, "report deleted", &report.reference).await
            })
            .await
    }

    /// A page's text, to be written anew.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn text(&self, page: PageName) -> Result<(String, Option<Millis>), Fault> {
        self.disclosure.page_text(page).await
    }

    /// Writes a page anew; without a text, as it came with the software.
    ///
    /// # Errors
    /// `Invalid`.
    pub async fn write_page(&self, page: PageName, text: Option<&str>) -> Result<(String, Option<Millis>), Fault> {
        let text = text.map(pages::check).transpose()?;
        let (disclosure, name) = (self.disclosure, page.as_str());
        let written = disclosure.platform.write(async |tx| {
            let act = match text {
                Some(text) => {
                    entities::disclosure::pages::put(tx, name, text, disclosure.clock.now()).await?;
                    "page written"
                }
                None => {
                    entities::disclosure::pages::remove(tx, name).await?;
                    "page set back"
                }
            };
            self.write_down(tx, act, name).await
        });
        written.await?;
        self.text(page).await
    }
}

fn no_way() -> Fault {
    Fault::invalid(
        Invalid::ReportState,
        "to",
        "A report does not go there from the state that it is in.",
    )
}
