//! `pernoex doctor`: looks whether an installation is well, and says how to mend what is not. Changes nothing, and works beside running
//! servers and where none runs.

pub(crate) mod backups;
mod disclosure;
pub(crate) mod keys;
mod outside;
pub(crate) mod stores;
mod tls;

use std::io::Write;

use actors::clock::Clock;
use serde::Serialize;

use crate::settings::{SettingError, Settings};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    Ok,
    /// Could not be looked at, for a reason that is no fault.
    Skipped,
    Warning,
    Failure,
}

/// What one look found.
#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    /// What was looked at: a stable name.
    check: &'static str,
    verdict: Verdict,
    found: String,
    /// How to mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self::new(check, Verdict::Ok, found, None)
    }

    fn skipped(check: &'static str, found: impl Into<String>) -> Self {
        Self::new(check, Verdict::Skipped, found, None)
    }

    fn warning(check: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::new(check, Verdict::Warning, found, Some(mend.into()))
    }

    fn failure(check: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::new(check, Verdict::Failure, found, Some(mend.into()))
    }

    fn new(check: &'static str, verdict: Verdict, found: impl Into<String>, mend: Option<String>) -> Self {
        Self {
            check,
            verdict,
            found: found.into(),
            mend,
        }
    }
}

#[derive(Serialize)]
struct Report {
    version: &'static str,
    /// The worst of all.
    verdict: Verdict,
    findings: Vec<Finding>,
}

/// Looks at everything and prints it. The status to exit with: 0 unless something is a failure.
pub async fn run(settings: Result<Settings, SettingError>, json: bool) -> i32 {
    let findings = match settings {
        Ok(settings) => look(&settings).await,
        Err(error) => vec![Finding::failure("settings", error.to_string(), "set it as the README's table says")],
    };
    let verdict = findings.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Ok);
    let report = Report {
        version: env!("CARGO_PKG_VERSION"),
        verdict,
        findings,
    };
    // A reader that closes the pipe has seen enough.
    let _ = print(&mut std::io::stdout().lock(), &report, json);
    i32::from(verdict == Verdict::Failure)
}

async fn look(settings: &Settings) -> Vec<Finding> {
    let mut findings = vec![outside::set(settings)];
    findings.push(outside::proxies(settings));
    findings.extend(tls::certificate(settings, Clock::system().now()));
    findings.extend(keys::files(settings));
    findings.push(keys::disk(settings));
    match keys::location(settings).await {
        Ok(Some(location)) => {
            let database = stores::database(settings, &location, Clock::system().now()).await;
            let reads = database.iter().all(|one| one.verdict != Verdict::Failure);
            findings.extend(database);
            findings.push(match reads {
                true => keys::opened(settings, &location).await,
                // What stands in the way is told, and has nothing to do with keys.
                false => Finding::skipped("keys", "not tried before the database is well"),
            });
            findings.push(backups::last(settings, &location, Clock::system().now()).await);
        }
        Ok(None) => findings.push(Finding::failure(
            "database",
            format!("there is no installation in {}", settings.data.display()),
            "start the server once, or set PERNOEX_DATA",
        )),
        Err(error) => findings.push(Finding::failure(
            "keys",
            error.to_string(),
            "docs/keys.md says which files belong together",
        )),
    }
    findings.extend(stores::cache(settings, Clock::system().now()).await);
    findings.push(outside::mail(settings).await);
    findings.push(outside::traces(settings).await);
    findings.push(outside::public(settings).await);
    findings.push(disclosure::look(settings, Clock::system().now()));
    findings
}

fn print(out: &mut impl Write, report: &Report, json: bool) -> std::io::Result<()> {
    if json {
        let text = serde_json::to_string_pretty(report).unwrap_or_default();
        return writeln!(out, "{text}");
    }
    for finding in &report.findings {
        let verdict = match finding.verdict {
            Verdict::Ok => "ok",
            Verdict::Skipped => "-",
            Verdict::Warning => "WARNING",
            Verdict::Failure => "FAILURE",
        };
        writeln!(out, "{verdict:<8} {:<10} {}", finding.check, finding.found)?;
        if let Some(mend) = &finding.mend {
            writeln!(out, "{:<8} {:<10} mend: {mend}", "", "")?;
        }
    }
    let count = |verdict| report.findings.iter().filter(|finding| finding.verdict == verdict).count();
    writeln!(
        out,
        "Pernoex {}: {} failures, {} warnings",
        report.version,
        count(Verdict::Failure),
        count(Verdict::Warning)
    )
}
