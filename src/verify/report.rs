//! What came of it, in words and for programs.

use std::io::Write;

use serde::Serialize;

use crate::claims::{self, Outcomes, Place, Status};

#[derive(Serialize)]
pub(super) struct Report {
    version: &'static str,
    /// When it was looked at: seconds, in UTC.
    at: String,
    url: Option<String>,
    /// The worst that counts: `broken`, `not_tried`, or `holds`.
    pub(super) status: Status,
    claims: Vec<Line>,
    checks: Vec<Found>,
}

#[derive(Serialize)]
struct Line {
    id: &'static str,
    section: usize,
    sentences: &'static [usize],
    words: &'static str,
    mechanism: &'static str,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<&'static str>,
    checks: Vec<&'static str>,
    tests: &'static [&'static str],
}

#[derive(Serialize)]
struct Found {
    id: &'static str,
    place: Place,
    status: Status,
    how: &'static str,
    found: String,
}

pub(super) fn of(outcomes: &Outcomes, url: Option<String>) -> Report {
    let claims: Vec<Line> = claims::all()
        .into_iter()
        .map(|claim| Line {
            id: claim.id,
            section: claim.section,
            sentences: claim.sentences,
            words: claim.words,
            mechanism: claim.mechanism,
            status: claim.status(outcomes),
            limit: claim.limit,
            checks: claim.checks.iter().map(|check| check.id()).collect(),
            tests: claim.tests,
        })
        .collect();
    let checks = outcomes.iter().map(|(check, outcome)| Found {
        id: check.id(),
        place: check.place(),
        status: outcome.status(),
        how: check.how(),
        found: outcome.words().to_owned(),
    });
    let has = |status| claims.iter().any(|claim| claim.status == status);
    let status = [Status::Broken, Status::NotTried].into_iter().find(|status| has(*status));
    Report {
        version: env!("CARGO_PKG_VERSION"),
        at: chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        url,
        status: status.unwrap_or(Status::Holds),
        checks: checks.collect(),
        claims,
    }
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Holds => "holds",
        Status::Unproven => "unproven",
        Status::NotTried => "not tried",
        Status::Broken => "BROKEN",
    }
}

pub(super) fn print(out: &mut impl Write, report: &Report, json: bool) -> std::io::Result<()> {
    if json {
        let text = serde_json::to_string_pretty(report).unwrap_or_default();
        return writeln!(out, "{text}");
    }
    for section in report.claims.chunk_by(|a, b| a.section == b.section) {
        let Some(first) = section.first() else { continue };
        writeln!(out, "{}", claims::section_name(first.section))?;
        for claim in section {
            writeln!(out, "  {:<9} {:<30} {}", word(claim.status), claim.id, claim.words)?;
            if let Some(limit) = claim.limit {
                writeln!(out, "  {:<9} {:<30} cannot be proven: {limit}", "", "")?;
            }
        }
    }
    writeln!(out, "\nChecks")?;
    for check in &report.checks {
        writeln!(out, "  {:<9} {:<30} {}", word(check.status), check.id, check.found)?;
    }
    let count = |status| report.claims.iter().filter(|claim| claim.status == status).count();
    writeln!(
        out,
        "\nPernoex {}: {} claims hold, {} broken, {} cannot be proven here, {} not tried",
        report.version,
        count(Status::Holds),
        count(Status::Broken),
        count(Status::Unproven),
        count(Status::NotTried)
    )
}
