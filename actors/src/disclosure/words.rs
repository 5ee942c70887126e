//! What people wrote, as it is sealed, and as it is read again.

use entities::{
    Millis, PlatformTx,
    disclosure::{entries, files, reports::Report},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::Disclosure;
use crate::{fault::Fault, vault::Place};

/// A report's own words, and who says them if they say so.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Words {
    pub title: String,
    pub details: String,
    pub name: Option<String>,
    pub email: Option<String>,
    /// The name to be thanked by; without, nobody is named.
    pub credit: Option<String>,
}

/// Something that was said or done, for those who may see it.
pub struct Line {
    pub at: Millis,
    pub by_operator: bool,
    pub hidden: bool,
    pub state: Option<String>,
    pub text: Option<String>,
}

pub struct FileLine {
    pub id: Uuid,
    pub at: Millis,
    pub name: String,
    pub size: i32,
}

impl Disclosure {
    pub(super) fn seal(&self, report: Uuid, place: Place, plain: &[u8]) -> Result<Vec<u8>, Fault> {
        self.keeper.seal_personal(report, place, plain).map_err(|_| Fault::Sealed)
    }

    pub(super) fn open(&self, report: Uuid, place: Place, sealed: &[u8]) -> Result<Vec<u8>, Fault> {
        let opened = self.keeper.open_personal(report, place, sealed).map_err(|_| Fault::Sealed)?;
        Ok(opened.open(<[u8]>::to_vec))
    }

    fn open_text(&self, report: Uuid, place: Place, sealed: &[u8]) -> Result<String, Fault> {
        String::from_utf8(self.open(report, place, sealed)?).map_err(|_| Fault::Sealed)
    }

    pub(super) fn seal_words(&self, report: Uuid, words: &Words) -> Result<Vec<u8>, Fault> {
        let plain = serde_json::to_vec(words)
            .map(Zeroizing::new)
            .map_err(|_| Fault::Internal("a report"))?;
        self.seal(report, Place("report", "sealed", report), &plain)
    }

    pub(super) fn words(&self, report: &Report) -> Result<Words, Fault> {
        let plain = self.open(report.id, Place("report", "sealed", report.id), &report.sealed)?;
        serde_json::from_slice(&plain).map_err(|_| Fault::Sealed)
    }

    pub(super) async fn lines(&self, tx: &PlatformTx, report: Uuid, with_hidden: bool) -> Result<Vec<Line>, Fault> {
        let entries = entries::of(tx, report).await?.into_iter();
        let line = |entry: entries::Entry| {
            let place = Place("report_entry", "sealed", entry.id);
            let text = entry.sealed.map(|sealed| self.open_text(report, place, &sealed)).transpose()?;
            Ok(Line {
                at: entry.at,
                by_operator: entry.author == "operator",
                hidden: entry.hidden,
                state: entry.state,
                text,
            })
        };
        entries.filter(|entry| with_hidden || !entry.hidden).map(line).collect()
    }

    pub(super) async fn files(&self, tx: &PlatformTx, report: Uuid) -> Result<Vec<FileLine>, Fault> {
        let files = files::of(tx, report).await?.into_iter();
        let line = |file: files::About| {
            Ok(FileLine {
                id: file.id,
                at: file.at,
                name: self.open_text(report, Place("report_file", "name", file.id), &file.name)?,
                size: file.size,
            })
        };
        files.map(line).collect()
    }

    /// Adds what somebody said, or that the state changed, or both.
    pub(super) async fn add_line(&self, tx: &PlatformTx, report: Uuid, line: Line) -> Result<(), Fault> {
        let id = Uuid::now_v7();
        let seal = |text: String| self.seal(report, Place("report_entry", "sealed", id), text.as_bytes());
        let entry = entries::Entry {
            id,
            report,
            at: line.at,
            author: if line.by_operator { "operator" } else { "reporter" }.into(),
            hidden: line.hidden,
            state: line.state,
            sealed: line.text.map(seal).transpose()?,
        };
        Ok(entries::insert(tx, entry).await?)
    }

    /// Keeps a file whose name and size were checked.
    pub(super) async fn add_file(&self, tx: &PlatformTx, report: Uuid, name: &str, bytes: &[u8]) -> Result<FileLine, Fault> {
        let (id, at) = (Uuid::now_v7(), self.clock.now());
        let size = i32::try_from(bytes.len()).map_err(|_| Fault::Internal("a file's size"))?;
        let new = files::NewFile {
            about: files::About {
                id,
                at,
                size,
                name: self.seal(report, Place("report_file", "name", id), name.as_bytes())?,
            },
            report,
            sealed: self.seal(report, Place("report_file", "sealed", id), bytes)?,
        };
        files::insert(tx, new).await?;
        Ok(FileLine {
            id,
            at,
            name: name.to_owned(),
            size,
        })
    }
}
