//! What whoever reported sees and says afterwards. Their private link is all that they bring.

use entities::{
    Millis, PlatformTx,
    disclosure::{entries, files, reports},
};

use super::{
    Disclosure, FileLine, Line, ReportToken,
    deadlines::Promise,
    file::{self, MOST_BYTES_OF_ALL, MOST_BYTES_OF_REPORT, MOST_FILES},
    intake::MOST_OF_MESSAGE,
    words::Words,
};
use crate::{
    fault::{Fault, Invalid, Limit},
    limits::Rule,
    mail::ReportLetter,
    text::parse_text,
};

/// Messages and changes of one report.
const MOST_LINES: u64 = 500;

/// A report, as its reporter sees it.
pub struct Followed {
    pub reference: String,
    pub title: String,
    pub details: String,
    pub state: String,
    pub standing: reports::Standing,
    /// The promise that is open, and until when.
    pub due: Option<(Promise, Millis)>,
    pub mailed: bool,
    pub lines: Vec<Line>,
    pub files: Vec<FileLine>,
}

pub(super) fn message(text: &str) -> Result<String, Fault> {
    let text = parse_text(text, "text", MOST_OF_MESSAGE)?;
    match text.is_empty() {
        true => Err(Fault::invalid(Invalid::TextEmpty, "text", "Write something.")),
        false => Ok(text),
    }
}

pub(super) async fn has_room(tx: &PlatformTx, report: &reports::Report) -> Result<(), Fault> {
    match entries::count(tx, report.id).await? >= MOST_LINES {
        true => Err(Fault::Limit {
            code: Limit::TooManyMessages,
            reason: "Nothing more can be said about this report here.".into(),
        }),
        false => Ok(()),
    }
}

impl Disclosure {
    async fn by_token(&self, tx: &PlatformTx, token: &ReportToken) -> Result<reports::Report, Fault> {
        reports::by_token(tx, &token.hash()).await?.ok_or(Fault::LinkInvalid)
    }

    async fn followed(&self, tx: &PlatformTx, report: reports::Report) -> Result<Followed, Fault> {
        let Words { title, details, email, .. } = self.words(&report)?;
        Ok(Followed {
            title,
            details,
            due: self.due(&report),
            mailed: email.is_some(),
            lines: self.lines(tx, report.id, false).await?,
            files: self.files(tx, report.id).await?,
            reference: report.reference,
            state: report.state,
            standing: report.standing,
        })
    }

    /// # Errors
    /// `LinkInvalid` unless it is the token of a report; `TooMany` tries from one address.
    pub async fn follow(&self, token: &ReportToken, address: &str) -> Result<Followed, Fault> {
        self.limits.check(Rule::REPORT_STATUS, address).await?;
        self.platform
            .read(async |tx| {
                let report = self.by_token(tx, token).await?;
                self.followed(tx, report).await
            })
            .await
    }

    /// Adds a message of the reporter's, and tells the operators.
    ///
    /// # Errors
    /// As [`Self::follow`]; `Invalid`; `Limit` when there is no end of them.
    pub async fn say(&self, token: &ReportToken, text: &str, address: &str) -> Result<Followed, Fault> {
        self.limits.check(Rule::REPORT_STATUS, address).await?;
        let text = message(text)?;
        let id = self.platform.read(async |tx| self.by_token(tx, token).await).await?.id;
        self.limits.check(Rule::REPORT_WRITE, &id.to_string()).await?;
        let may_tell = self.may_tell().await?;
        let said = self.platform.write(async |tx| {
            let report = self.by_token(tx, token).await?;
            has_room(tx, &report).await?;
            let line = Line {
                at: self.clock.now(),
                by_operator: false,
                hidden: false,
                state: None,
                text: Some(text),
            };
            self.add_line(tx, report.id, line).await?;
            if may_tell {
                let letter = || ReportLetter::Wrote {
                    reference: report.reference.clone(),
                    report: report.id,
                };
                self.tell_operators(tx, letter).await?;
            }
            self.followed(tx, report).await
        });
        let followed = said.await?;
        self.outbox.ring();
        Ok(followed)
    }

    /// Whether a file may be sent at all: asked before it is read.
    ///
    /// # Errors
    /// As [`Self::follow`].
    pub async fn may_attach(&self, token: &ReportToken, address: &str) -> Result<(), Fault> {
        self.limits.check(Rule::REPORT_STATUS, address).await?;
        let id = self.platform.read(async |tx| self.by_token(tx, token).await).await?.id;
        self.limits.check(Rule::REPORT_WRITE, &id.to_string()).await
    }

    /// Keeps a file with the report.
    ///
    /// # Errors
    /// `LinkInvalid`; `Limit` when it is of a kind or a size that is not taken, or there are too many.
    pub async fn attach(&self, token: &ReportToken, name: &str, bytes: &[u8]) -> Result<FileLine, Fault> {
        let name = file::check(name, bytes)?;
        self.platform
            .write(async |tx| {
                let report = self.by_token(tx, token).await?;
                self.has_room_for(tx, &report, bytes.len()).await?;
                self.add_file(tx, report.id, &name, bytes).await
            })
            .await
    }

    pub(super) async fn has_room_for(&self, tx: &PlatformTx, report: &reports::Report, bytes: usize) -> Result<(), Fault> {
        let known = files::of(tx, report.id).await?;
        let refuse = |code, reason: &str| {
            Err(Fault::Limit {
                code,
                reason: reason.into(),
            })
        };
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        if known.len() >= MOST_FILES {
            return refuse(Limit::TooManyFiles, "A report takes at most 10 files.");
        }
        if known.iter().map(|file| i64::from(file.size)).sum::<i64>().saturating_add(bytes) > MOST_BYTES_OF_REPORT {
            return refuse(Limit::FileTooLarge, "The files of a report may have 30 MiB together.");
        }
        if files::total(tx).await?.saturating_add(bytes) > MOST_BYTES_OF_ALL {
            return refuse(
                Limit::StorageFull,
                "There is no room for more files at the moment. Describe them, and say that you have them.",
            );
        }
        Ok(())
    }
}
