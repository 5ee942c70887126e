//! How a log looks outside: JSON lines, which can be verified, and CSV, which opens in a spreadsheet.

use std::io::BufRead;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::DateTime;
use entities::{
    AccountId, Millis, TenantId,
    audit::{
        Act,
        chain::{self, Checkpoint, Entry, Hash, Walk},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::is_signed;
use crate::text::{csv_row, hex, rfc3339};

/// What the first line says the rest is.
const FORMAT: &str = "pernoex-audit-1";

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    Header {
        format: String,
        workspace: TenantId,
        name: String,
        /// Ed25519, in base64url.
        public_key: String,
        exported_at: String,
    },
    Entry {
        seq: i64,
        at: String,
        actor: Option<AccountId>,
        email: String,
        address: String,
        act: String,
        target: Target,
        outcome: String,
        details: Value,
        previous: String,
        hash: String,
    },
    Checkpoint {
        seq: i64,
        hash: String,
        at: String,
        signature: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Target {
    kind: String,
    id: String,
    name: String,
}

fn line(line: &Line) -> String {
    let mut text = serde_json::to_string(line).unwrap_or_default();
    text.push('\n');
    text
}

/// The first line of JSON lines.
#[must_use]
pub fn json_header(workspace: TenantId, export: &super::log::Export) -> String {
    line(&Line::Header {
        format: FORMAT.into(),
        workspace,
        name: export.name.clone(),
        public_key: export.public_key.clone(),
        exported_at: rfc3339(export.at),
    })
}

/// Entries and checkpoints as JSON lines, each checkpoint behind its entry.
#[must_use]
pub fn json_lines(entries: &[Entry], checkpoints: &[Checkpoint]) -> String {
    let mut text = String::new();
    for entry in entries {
        text.push_str(&line(&Line::Entry {
            seq: entry.seq,
            at: rfc3339(entry.at),
            actor: entry.actor,
            email: entry.email.clone(),
            address: entry.address.clone(),
            act: entry.act.clone(),
            target: Target {
                kind: entry.target_kind.clone(),
                id: entry.target_id.clone(),
                name: entry.target_name.clone(),
            },
            outcome: entry.outcome.clone(),
            details: serde_json::from_str(&entry.details).unwrap_or(Value::Null),
            previous: hex(&entry.previous),
            hash: hex(&entry.hash),
        }));
        for signed in checkpoints.iter().filter(|signed| signed.seq == entry.seq) {
            text.push_str(&line(&Line::Checkpoint {
                seq: signed.seq,
                hash: hex(&signed.hash),
                at: rfc3339(signed.at),
                signature: BASE64_URL_SAFE_NO_PAD.encode(&signed.signature),
            }));
        }
    }
    text
}

pub const CSV_HEADER: &str = "number,time,actor,email,address,act,target kind,target id,target name,outcome,details,hash,signature\r\n";

/// As [`json_lines`], for spreadsheets; a checkpoint is a row of its own.
#[must_use]
pub fn csv_rows(entries: &[Entry], checkpoints: &[Checkpoint]) -> String {
    let mut text = String::new();
    for entry in entries {
        let (seq, at, hash) = (entry.seq.to_string(), rfc3339(entry.at), hex(&entry.hash));
        let actor = entry.actor.map(|actor| actor.to_string()).unwrap_or_default();
        text.push_str(&csv_row(&[
            &seq,
            &at,
            &actor,
            &entry.email,
            &entry.address,
            &entry.act,
            &entry.target_kind,
            &entry.target_id,
            &entry.target_name,
            &entry.outcome,
            &entry.details,
            &hash,
            "",
        ]));
        for signed in checkpoints.iter().filter(|signed| signed.seq == entry.seq) {
            let signature = BASE64_URL_SAFE_NO_PAD.encode(&signed.signature);
            let (at, hash) = (rfc3339(signed.at), hex(&signed.hash));
            text.push_str(&csv_row(&[
                &seq,
                &at,
                "",
                "",
                "",
                "checkpoint",
                "",
                "",
                "",
                "",
                "",
                &hash,
                &signature,
            ]));
        }
    }
    text
}

/// What a file that holds was found to be.
#[derive(Debug)]
pub struct Verified {
    pub workspace: TenantId,
    pub name: String,
    pub entries: i64,
    pub checkpoints: usize,
    /// Of the last signature, UTC.
    pub until: String,
    /// The key that the signatures are of.
    pub public_key: String,
}

/// The first thing in a file that does not hold.
#[derive(Debug, PartialEq, Eq)]
pub struct BrokenAt {
    /// From 1.
    pub line: usize,
    /// Of the entry, where it is one.
    pub seq: Option<i64>,
    pub reason: String,
}

impl std::fmt::Display for BrokenAt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(seq) = self.seq {
            write!(f, ", entry {seq}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

fn hash_of(text: &str) -> Option<Hash> {
    let digit = |at: usize| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes: Option<Vec<u8>> = (0..text.len()).step_by(2).map(digit).collect();
    bytes?.try_into().ok()
}

fn millis_of(text: &str) -> Option<Millis> {
    let at = DateTime::parse_from_rfc3339(text).ok()?.timestamp_millis();
    (rfc3339(at) == text).then_some(at)
}

/// Longer than any entry.
const LONGEST_LINE: u64 = 1 << 20;

struct Reader {
    walk: Walk,
    tenant: TenantId,
    public_key: String,
    checkpoints: usize,
    /// The number of the last entry that a signature covers, and when it was made.
    signed: (i64, String),
    last_act: String,
}

impl Reader {
    fn take(&mut self, line: Line) -> Result<(), (Option<i64>, String)> {
        match line {
            Line::Header { .. } => Err((None, "a second header".into())),
            Line::Entry {
                seq,
                at,
                actor,
                email,
                address,
                act,
                target,
                outcome,
                details,
                previous,
                hash,
            } => {
                let unread = |what: &str| (Some(seq), format!("{what} cannot be read"));
                let entry = Entry {
                    seq,
                    at: millis_of(&at).ok_or_else(|| unread("the time"))?,
                    actor,
                    email,
                    address,
                    act,
                    target_kind: target.kind,
                    target_id: target.id,
                    target_name: target.name,
                    outcome,
                    details: details.to_string(),
                    previous: hash_of(&previous).ok_or_else(|| unread("the previous hash"))?,
                    hash: hash_of(&hash).ok_or_else(|| unread("the hash"))?,
                };
                self.walk.step(&entry).map_err(|broken| (Some(broken.seq()), broken.to_string()))?;
                self.last_act = entry.act;
                Ok(())
            }
            Line::Checkpoint { seq, hash, at, signature } => {
                let refuse = |reason: &str| (Some(seq), reason.to_owned());
                let head = self.walk.head;
                if seq != head.seq || hash_of(&hash) != Some(head.hash) {
                    return Err(refuse("the checkpoint is of another log"));
                }
                let signed_at = millis_of(&at).ok_or_else(|| refuse("the checkpoint's time cannot be read"))?;
                let message = Checkpoint::message(self.tenant, head, signed_at);
                let signature = BASE64_URL_SAFE_NO_PAD.decode(&signature).unwrap_or_default();
                if !is_signed(&self.public_key, &message, &signature) {
                    return Err(refuse("the checkpoint's signature does not hold"));
                }
                self.checkpoints += 1;
                self.signed = (seq, at);
                Ok(())
            }
        }
    }
}

/// Checks an export in JSON lines, by `key` or, without one, by the key that the file names. Needs nothing but the file.
///
/// # Errors
/// The first thing that does not hold.
pub fn verify(mut file: impl BufRead, key: Option<&str>) -> Result<Verified, BrokenAt> {
    let mut number = 0;
    let mut next = |file: &mut dyn BufRead| -> Result<Option<(usize, Line)>, BrokenAt> {
        number += 1;
        let broken = |reason: &str| BrokenAt {
            line: number,
            seq: None,
            reason: reason.into(),
        };
        let mut text = String::new();
        let read = std::io::Read::take(file, LONGEST_LINE).read_line(&mut text);
        if read.map_err(|_| broken("it cannot be read as text"))? == 0 {
            return Ok(None);
        }
        let line = serde_json::from_str(&text).map_err(|_| broken("it is no line of an audit log"))?;
        Ok(Some((number, line)))
    };
    let at = |line: usize, reason: &str| BrokenAt {
        line,
        seq: None,
        reason: reason.into(),
    };
    let Some((
        _,
        Line::Header {
            format,
            workspace,
            name,
            public_key,
            ..
        },
    )) = next(&mut file)?
    else {
        return Err(at(1, "the file does not begin with the header of an export"));
    };
    if format != FORMAT {
        return Err(at(1, "the format is not one that this version knows"));
    }
    let mut reader = Reader {
        walk: Walk::behind(workspace, chain::origin(workspace)),
        tenant: workspace,
        public_key: key.map_or(public_key, str::to_owned),
        checkpoints: 0,
        signed: (0, String::new()),
        last_act: String::new(),
    };
    let mut last = 1;
    while let Some((line, content)) = next(&mut file)? {
        last = line;
        reader.take(content).map_err(|(seq, reason)| BrokenAt { line, seq, reason })?;
    }
    let entries = reader.walk.head.seq;
    if reader.signed.0 != entries || entries == 0 || reader.last_act != Act::LogExported.as_str() {
        return Err(BrokenAt {
            line: last + 1,
            seq: Some(entries + 1),
            reason: "the export was cut off here: its last entry and checkpoint are missing".into(),
        });
    }
    Ok(Verified {
        workspace,
        name,
        entries,
        checkpoints: reader.checkpoints,
        until: reader.signed.1,
        public_key: reader.public_key,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_export_is_refused_by_its_line() {
        let at = |text: &str| verify(text.as_bytes(), None).unwrap_err().line;
        assert_eq!(at(""), 1);
        assert_eq!(at("{}"), 1);
        let header = "{\"type\":\"header\",\"format\":\"pernoex-audit-1\",\"workspace\":\"0198c0de-0000-7000-8000-000000000000\",\"name\":\"x\",\
            \"public_key\":\"\",\"exported_at\":\"\"}\n";
        assert_eq!(at(header), 2);
        assert_eq!(at(&format!("{header}nonsense\n")), 2);
        assert_eq!(at(&header.replace("audit-1", "audit-9")), 1);
    }
}
