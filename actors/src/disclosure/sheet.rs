//! A report as operators see it: on the board, and whole.

use entities::{
    Millis, PlatformTx,
    disclosure::{reports, thanks},
};
use uuid::Uuid;

use super::{Disclosure, FileLine, Line, deadlines::Promise, state::State, words::Words};
use crate::fault::Fault;

/// A report on the board.
pub struct Card {
    pub id: Uuid,
    pub reference: String,
    pub title: String,
    pub state: String,
    pub via: String,
    pub standing: reports::Standing,
    pub due: Option<(Promise, Millis)>,
}

/// Who reports, as far as they said.
pub struct Subject {
    pub name: Option<String>,
    pub email: Option<String>,
    /// The name to be thanked by.
    pub credit: Option<String>,
}

/// All of it.
pub struct Sheet {
    pub card: Card,
    pub details: String,
    pub by: Subject,
    pub lines: Vec<Line>,
    pub files: Vec<FileLine>,
    pub thanked: bool,
    /// Where it may go from here.
    pub next: &'static [State],
}

impl Disclosure {
    pub(super) fn card(&self, report: reports::Report) -> Result<Card, Fault> {
        Ok(Card {
            title: self.words(&report)?.title,
            due: self.due(&report),
            id: report.id,
            reference: report.reference,
            state: report.state,
            via: report.via,
            standing: report.standing,
        })
    }

    pub(super) async fn sheet(&self, tx: &PlatformTx, report: reports::Report) -> Result<Sheet, Fault> {
        let Words {
            details,
            name,
            email,
            credit,
            ..
        } = self.words(&report)?;
        Ok(Sheet {
            details,
            by: Subject { name, email, credit },
            lines: self.lines(tx, report.id, true).await?,
            files: self.files(tx, report.id).await?,
            thanked: thanks::is_there(tx, report.id).await?,
            next: State::parse(&report.state).map_or(&[], State::next),
            card: self.card(report)?,
        })
    }
}
