//! `/trust`: what is claimed, how it is checked, and what came of it. For everybody: of what a check found, only whether it holds.

use std::{collections::BTreeMap, fmt::Write, sync::Arc};

use actix_web::{
    HttpResponse,
    http::header::CONTENT_SECURITY_POLICY,
    web::{Data, Json},
};
use actors::{Fault, Millis, clock::Clock, escape_html};
use chrono::{DateTime, Utc};

use super::{
    assets::DASHBOARD_POLICY,
    views::{CheckView, ClaimView, TrustView, time},
};
use crate::{
    claims::{self, Check, Claim, Latest, Outcome, Place, Status},
    error::Problem,
};

/// Where the page gets what it shows; nothing where it is switched off.
pub struct Shown(pub Option<(Arc<Latest>, Clock)>);

type Found = BTreeMap<Check, (Outcome, Millis)>;

impl Shown {
    fn found(&self) -> Result<Found, Problem> {
        let (latest, clock) = self.0.as_ref().ok_or(Problem::Fault(Fault::NotFound))?;
        Ok(latest.as_of(clock.now()))
    }
}

fn views(found: &Found) -> Vec<ClaimView> {
    let outcomes = found.iter().map(|(check, (outcome, _))| (*check, outcome.clone())).collect();
    let view = |claim: &'static Claim| ClaimView {
        id: claim.id,
        section: claims::section_name(claim.section),
        section_number: claim.section,
        sentences: claim.sentences,
        words: claim.words,
        mechanism: claim.mechanism,
        status: claim.status(&outcomes).as_str(),
        limit: claim.limit,
        checks: claim.checks.iter().map(|check| check_view(*check, found.get(check))).collect(),
        tests: claim.tests,
    };
    claims::all().into_iter().map(view).collect()
}

fn check_view(check: Check, found: Option<&(Outcome, Millis)>) -> CheckView {
    let outcome = found.map(|(outcome, _)| outcome);
    let status = outcome.map_or(Status::NotTried, Outcome::status);
    CheckView {
        id: check.id(),
        how: check.how(),
        place: check.place(),
        status: status.as_str(),
        why: match outcome {
            Some(outcome) => outcome.public_words(),
            None => Some("not looked at since this server started"),
        },
        at: found.filter(|_| status != Status::NotTried).map(|(_, at)| time(*at)),
    }
}

pub async fn list(shown: Data<Shown>) -> Result<Json<TrustView>, Problem> {
    let claims = views(&shown.found()?);
    Ok(Json(TrustView { claims }))
}

/// The same as a page that needs no script.
pub async fn page(shown: Data<Shown>) -> Result<HttpResponse, Problem> {
    let claims = views(&shown.found()?);
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, DASHBOARD_POLICY))
        .body(html(&claims)))
}

/// For people, and the badge's colour.
fn said(status: &str) -> (&'static str, &'static str) {
    match status {
        "holds" => ("Holds", "good"),
        "broken" => ("Broken", "danger"),
        "unproven" => ("Cannot be proven here", "neutral"),
        _ => ("Not checked", "warning"),
    }
}

fn badge(status: &str) -> String {
    let (words, colour) = said(status);
    format!("<span class=\"badge badge-{colour} trust-badge\">{words}</span>")
}

fn place(place: Place) -> &'static str {
    match place {
        Place::Outside => "From outside",
        Place::Account => "Signed in",
        Place::Inside => "Inside",
        Place::Build => "In the program",
    }
}

fn when(at: DateTime<Utc>) -> String {
    format!(
        "<time datetime=\"{}\">{} UTC</time>",
        at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        at.format("%-d %B %Y, %H:%M")
    )
}

fn check_line(check: &CheckView) -> String {
    let (words, _) = said(check.status);
    let mut came = match check.at {
        Some(at) => format!("{words}, {}", when(at)),
        None => words.to_owned(),
    };
    if let Some(why) = check.why {
        let _ = write!(came, ": {}", escape_html(why));
    }
    format!(
        "<li class=\"trust-{}\"><p>{}: {}</p><p class=\"hint\">{came}.</p></li>",
        check.status,
        place(check.place),
        escape_html(check.how)
    )
}

fn article(claim: &ClaimView) -> String {
    let mut text = format!(
        "<article class=\"card panel trust-claim\" id=\"{id}\" aria-labelledby=\"{id}-words\"><div class=\"trust-head\"><h3 id=\"{id}-words\">{}</h3>{}</div><p class=\"trust-mechanism\">{}</p>",
        escape_html(claim.words),
        badge(claim.status),
        escape_html(claim.mechanism),
        id = claim.id,
    );
    if let Some(limit) = claim.limit {
        let _ = write!(
            text,
            "<p class=\"trust-limit\"><strong>What cannot be proven:</strong> {}</p>",
            escape_html(limit)
        );
    }
    if !claim.checks.is_empty() {
        let lines: String = claim.checks.iter().map(check_line).collect();
        let _ = write!(text, "<ul class=\"trust-checks\">{lines}</ul>");
    }
    match claim.tests.len() {
        0 => {}
        1 => text.push_str("<p class=\"hint\">Held by a test besides, with every change of the software.</p>"),
        many => {
            let _ = write!(
                text,
                "<p class=\"hint\">Held by {many} tests besides, with every change of the software.</p>"
            );
        }
    }
    text.push_str("</article>");
    text
}

const HEAD: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
    <meta name=\"color-scheme\" content=\"light dark\"><title>What is promised, and whether it holds · Pernoex</title>\
    <link rel=\"stylesheet\" href=\"/assets/dashboard/css/tokens.css\"><link rel=\"stylesheet\" href=\"/assets/dashboard/css/base.css\">\
    <link rel=\"stylesheet\" href=\"/assets/dashboard/css/parts.css\"><link rel=\"stylesheet\" href=\"/assets/dashboard/css/disclosure.css\">\
    <link rel=\"stylesheet\" href=\"/assets/dashboard/css/trust.css\"><link rel=\"icon\" href=\"/assets/dashboard/icon.svg\" type=\"image/svg+xml\"></head>\
    <body class=\"trust\"><a class=\"skip\" href=\"#main\">Skip to content</a><main id=\"main\" class=\"public-page\" tabindex=\"-1\">\
    <h1>What is promised, and whether it holds</h1><p class=\"lead\">Each sentence that is said of security here, what makes it true, and what came of checking it. \
    This server checks itself every hour, and forgets what it found when it restarts. Anybody can check it from outside, with <code>pernoex verify --url</code> and this address.</p>";

const FOOT: &str = "<nav class=\"public-foot\" aria-label=\"About this installation\">\
    <a href=\"/security/report\">Report a vulnerability</a><a href=\"/security/thanks\">Thanks</a><a href=\"/contact\">Contact</a>\
    <a href=\"/privacy\">Privacy</a><a href=\"/trust\" aria-current=\"page\">What is promised</a></nav></main></body></html>";

fn html(claims: &[ClaimView]) -> String {
    let mut page = String::from(HEAD);
    page.push_str("<dl class=\"trust-sum\">");
    for status in ["holds", "broken", "unproven", "not_tried"] {
        let many = claims.iter().filter(|claim| claim.status == status).count();
        // Red, when there is something to be red about.
        let class = if many == 0 { "none" } else { status };
        let _ = write!(
            page,
            "<div class=\"trust-{class}\"><dt>{}</dt><dd>{many}</dd></div>",
            said(status).0
        );
    }
    page.push_str("</dl>");
    for section in claims.chunk_by(|a, b| a.section_number == b.section_number) {
        let (Some(first), n) = (section.first(), section.len()) else {
            continue;
        };
        let articles: String = section.iter().map(article).collect();
        let _ = write!(
            page,
            "<section class=\"trust-section\" aria-labelledby=\"section-{number}\"><h2 id=\"section-{number}\">{} <span class=\"hint\">{n}</span></h2>{articles}</section>",
            escape_html(first.section),
            number = first.section_number,
        );
    }
    page.push_str(FOOT);
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_was_found_only_whether_it_holds_is_told() {
        let secret = "db-3.internal.example /srv/pernoex/master.key";
        let mut found = Found::new();
        for check in Check::ALL {
            let outcome = match check.id().len() % 2 {
                0 => Outcome::Holds(secret.into()),
                _ => Outcome::Broken(secret.into()),
            };
            found.insert(*check, (outcome, 1_795_651_200_000));
        }
        let claims = views(&found);
        for text in [html(&claims), serde_json::to_string(&claims).unwrap()] {
            assert!(!text.contains("internal.example") && !text.contains("master.key"));
            assert!(text.contains("2026"), "the time of the check");
        }
    }

    #[test]
    fn the_page_is_one_that_the_policy_allows() {
        let page = html(&views(&Found::new()));
        assert!(!page.contains("<script") && !page.contains("style="), "the policy allows neither");
    }
}
