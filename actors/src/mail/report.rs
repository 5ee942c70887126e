//! Letters about reports of vulnerabilities. They hold nothing of what anybody wrote: mail is read by many, and anybody can have a receipt
//! sent to anybody.

use chrono::{DateTime, NaiveDate};
use entities::Millis;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::letter::{Draft, with};

#[derive(Serialize, Deserialize)]
pub enum ReportLetter {
    /// To whoever reported: the only letter with their link in it, of which nothing but a hash is kept here.
    Receipt {
        reference: String,
        token: Zeroizing<String>,
        acknowledge_by: Millis,
    },
    Moved {
        reference: String,
        state: String,
        fix_by: Option<NaiveDate>,
    },
    Answered {
        reference: String,
    },
    /// To operators, from here on.
    Arrived {
        reference: String,
        report: Uuid,
        acknowledge_by: Millis,
    },
    Wrote {
        reference: String,
        report: Uuid,
    },
    Reminders(Vec<Reminder>),
}

#[derive(Clone, Serialize, Deserialize)]
pub struct Reminder {
    pub reference: String,
    /// Otherwise it is the acknowledgement that is due.
    pub timeline: bool,
    pub due: Millis,
    pub broken: bool,
}

fn moment(at: Millis) -> String {
    let at = DateTime::from_timestamp_millis(at).unwrap_or_default();
    at.format("%A, %-d %B %Y, %H:%M UTC").to_string()
}

const LINK: &str = "Your private link, which you were given with the receipt, has the rest. Answer there and not to this mail.";

fn sentence(state: &str, fix_by: Option<NaiveDate>) -> String {
    match (state, fix_by) {
        ("acknowledged", _) => "We have read your report and are looking into it.".into(),
        ("confirmed", _) => "We could confirm it. Within five business days we say by when it is mended.".into(),
        ("timeline", Some(day)) => format!("It is to be mended by {}.", day.format("%A, %-d %B %Y")),
        ("timeline", None) => "It was said by when it is mended.".into(),
        ("resolved", _) => "It is resolved. Thank you for having reported it.".into(),
        ("declined", _) => "We do not take it for a vulnerability that we are to mend. Your private link says why.".into(),
        ("duplicate", _) => "Somebody else had reported the same before.".into(),
        _ => "It is in another state now.".into(),
    }
}

pub(super) fn draft(letter: &ReportLetter) -> Draft {
    let draft = |subject: String, before: Vec<String>, link: Option<(&'static str, String)>, after: &[&str]| Draft {
        subject,
        before,
        link,
        after: after.iter().map(|text| (*text).to_owned()).collect(),
    };
    let sheet = |report: &Uuid| Some(("Look at the report", format!("/operator/reports/{report}")));
    match letter {
        ReportLetter::Receipt {
            reference,
            token,
            acknowledge_by,
        } => draft(
            format!("We have your report {reference}"),
            vec![format!(
                "Thank you. Your report is here, as {reference}. We acknowledge it by {}.",
                moment(*acknowledge_by)
            )],
            Some(("Follow your report", with("/security/status", token))),
            &[
                "The link is private: whoever has it reads the report and writes in your name. Keep it; it is stored nowhere, and cannot be sent again.",
                "If you reported nothing, somebody else has typed your address. You need do nothing: no more comes of it than mails like this one.",
            ],
        ),
        ReportLetter::Moved { reference, state, fix_by } => draft(
            format!("Your report {reference}: {state}"),
            vec![sentence(state, *fix_by)],
            None,
            &[LINK],
        ),
        ReportLetter::Answered { reference } => draft(
            format!("There is an answer to your report {reference}"),
            vec!["Somebody wrote to you about your report.".into()],
            None,
            &[LINK],
        ),
        ReportLetter::Arrived {
            reference,
            report,
            acknowledge_by,
        } => draft(
            format!("{reference}: a vulnerability was reported"),
            vec![format!("Acknowledge it by {}.", moment(*acknowledge_by))],
            sheet(report),
            &["What it says is on the board and not in this mail."],
        ),
        ReportLetter::Wrote { reference, report } => draft(
            format!("{reference}: the reporter wrote"),
            vec!["Whoever reported it wrote a message.".into()],
            sheet(report),
            &[],
        ),
        ReportLetter::Reminders(reminders) => {
            let line = |reminder: &Reminder| {
                let what = if reminder.timeline { "its timeline" } else { "its acknowledgement" };
                let how = if reminder.broken { "was due" } else { "is due" };
                format!("{}: {what} {how} by {}.", reminder.reference, moment(reminder.due))
            };
            let broken = reminders.iter().filter(|reminder| reminder.broken).count();
            let subject = match (broken, reminders.as_slice()) {
                (0, [one]) => format!("{}: a promise is due soon", one.reference),
                (1, [one]) => format!("{}: a promise is broken", one.reference),
                (0, _) => "Promises to reporters are due soon".into(),
                _ => "Promises to reporters are broken".into(),
            };
            draft(
                subject,
                reminders.iter().map(line).collect(),
                Some(("Look at the reports", "/operator/reports".into())),
                &[
                    "Acknowledged within 48 hours, and a timeline within five business days of its confirmation: that is what reporters were promised.",
                ],
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_say_what_is_due_and_when() {
        let reminder = |timeline, broken| Reminder {
            reference: "SEC-7F3K9QX".into(),
            timeline,
            due: 1_795_687_200_000,
            broken,
        };
        let one = draft(&ReportLetter::Reminders(vec![reminder(false, true)]));
        assert_eq!(one.subject, "SEC-7F3K9QX: a promise is broken");
        assert_eq!(
            one.before,
            ["SEC-7F3K9QX: its acknowledgement was due by Thursday, 26 November 2026, 10:00 UTC."]
        );
        let many = draft(&ReportLetter::Reminders(vec![reminder(true, false), reminder(false, false)]));
        assert_eq!(many.subject, "Promises to reporters are due soon");
        assert!(many.before[0].contains("its timeline is due"));
    }
}
