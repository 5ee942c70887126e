//! A raw mail, taken apart: what it says, what is attached, and whether a person waits for an answer.

use mail_parser::{Message, MessageParser, MimeHeaders};
use sha2::{Digest, Sha256};

use super::{
    NewReport,
    file::{self, MOST_BYTES_OF_REPORT, MOST_FILES},
    intake::MOST_OF_DETAILS,
    mail::Filed,
};
use crate::identity::Email;

/// A person's message, taken apart.
pub(super) struct Letter {
    pub new: NewReport,
    pub files: Vec<(String, Vec<u8>)>,
    /// Whether its sender is written to.
    pub answers: bool,
    pub hash: [u8; 32],
}

fn header(message: &Message<'_>, name: &'static str) -> String {
    message.header_raw(name).unwrap_or_default().trim().to_lowercase()
}

/// Why a machine wrote it that waits for no answer of ours, if one did (RFC 3834).
fn machine(message: &Message<'_>, from: &str, own: &str) -> Option<&'static str> {
    let automatic = header(message, "Auto-Submitted");
    let kind = header(message, "Content-Type");
    if message.header_raw("Return-Path").is_some_and(|path| path.trim() == "<>") {
        return Some("it is a bounce");
    }
    if kind.starts_with("multipart/report") || from.starts_with("mailer-daemon@") {
        return Some("it is a mail server's report");
    }
    if automatic.starts_with("auto-replied") || message.header_raw("X-Autoreply").is_some() || header(message, "Precedence") == "auto_reply"
    {
        return Some("it is an automatic answer");
    }
    (from == own).then_some("this installation sent it")
}

/// Whether to write to who sent it: not to lists, nor to machines.
fn expects_answer(message: &Message<'_>, from: &str) -> bool {
    let automatic = header(message, "Auto-Submitted");
    let local = from.split('@').next().unwrap_or_default().replace(['-', '_', '.'], "");
    (automatic.is_empty() || automatic == "no")
        && !matches!(header(message, "Precedence").as_str(), "bulk" | "list" | "junk")
        && message.header_raw("List-Id").is_none()
        && message.header_raw("X-Auto-Response-Suppress").is_none()
        && !matches!(local.as_str(), "noreply" | "donotreply" | "postmaster")
}

/// Takes a raw message apart. `own` is where this installation's letters come from.
pub(super) fn read(raw: &[u8], own: &str) -> Result<Letter, Filed> {
    let message = MessageParser::default().parse(raw).ok_or(Filed::Machine("it is no mail"))?;
    let sender = message.from().and_then(|from| from.first());
    let from = sender.and_then(|from| from.address()).unwrap_or_default();
    let email = Email::parse(from).ok().map(|email| email.as_str().to_owned());
    let from = from.to_lowercase();
    if let Some(why) = machine(&message, &from, own) {
        return Err(Filed::Machine(why));
    }
    let (mut files, mut left_out, mut bytes) = (Vec::new(), Vec::new(), 0);
    for part in message.attachments() {
        let contents = part.contents();
        let named = part.attachment_name().unwrap_or_default();
        // What is encrypted comes without a name worth keeping.
        let name = match contents.starts_with(b"-----BEGIN PGP MESSAGE-----") {
            true => "encrypted.asc",
            false => named,
        };
        bytes += i64::try_from(contents.len()).unwrap_or(i64::MAX);
        match file::check(name, contents) {
            Ok(name) if files.len() < MOST_FILES && bytes <= MOST_BYTES_OF_REPORT => files.push((name, contents.to_vec())),
            Ok(name) => left_out.push(name),
            // The part that says how the other is encrypted.
            Err(_) if named.is_empty() && contents.starts_with(b"Version: 1") => {}
            Err(_) => left_out.push(file::safe_name(name)),
        }
    }
    let mut details: String = message
        .body_text(0)
        .unwrap_or_default()
        .chars()
        // As a form's text is read: what is left of it must be something.
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .take(MOST_OF_DETAILS - 2_000)
        .collect();
    if details.trim().is_empty() {
        details = "The mail has no text that can be read here. If it is encrypted, its files hold it.".into();
    }
    if !left_out.is_empty() {
        let names: String = left_out.join(", ").chars().take(1_500).collect();
        details = format!("{}\n\nNot taken, for their kind or size: {names}", details.trim_end());
    }
    let line = |text: &str, most: usize| -> String {
        let seen: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let seen: String = seen.chars().filter(|c| !crate::text::is_hidden(*c)).take(most).collect();
        seen.trim().to_owned()
    };
    let title = line(message.subject().unwrap_or_default(), 190);
    let name = sender.and_then(|from| from.name()).map(|name| line(name, 80));
    let id = message
        .message_id()
        .map_or_else(|| Sha256::digest(raw), |id| Sha256::digest(format!("{from} {id}")));
    Ok(Letter {
        answers: expects_answer(&message, &from),
        new: NewReport {
            title: if title.is_empty() { "(no subject)".into() } else { title },
            details,
            name,
            email,
            credit: None,
        },
        files,
        hash: id.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "no-reply@support.example.com";

    fn mail(headers: &str, body: &str) -> Vec<u8> {
        let from = if headers.contains("From:") {
            ""
        } else {
            "From: Eve <eve@example.com>\r\n"
        };
        let text =
            format!("{from}To: security@support.example.com\r\nSubject: A hole\r\nMessage-ID: <1@example.com>\r\n{headers}\r\n{body}");
        text.into_bytes()
    }

    #[test]
    fn a_person_s_mail_is_a_report() {
        let letter = read(&mail("", "I did this.\r\nThat happened.\r\n"), OWN).unwrap_or_else(|filed| panic!("{filed:?}"));
        assert_eq!((letter.new.title.as_str(), letter.new.name.as_deref()), ("A hole", Some("Eve")));
        assert_eq!(letter.new.email.as_deref(), Some("eve@example.com"));
        assert!(letter.new.details.contains("That happened.") && letter.answers && letter.files.is_empty());
    }

    #[test]
    fn machines_that_answer_are_not_answered_and_what_they_say_is_no_report() {
        for headers in [
            "Auto-Submitted: auto-replied\r\n",
            "Auto-Submitted: auto-replied (vacation)\r\n",
            "Return-Path: <>\r\n",
            "Precedence: auto_reply\r\n",
            "X-Autoreply: yes\r\n",
            "Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n",
            "From: MAILER-DAEMON@example.com\r\n",
            "From: Support <no-reply@support.example.com>\r\n",
        ] {
            let read = read(&mail(headers, "I am away."), OWN);
            assert!(matches!(read, Err(Filed::Machine(_))), "{headers}");
        }
        for headers in [
            "Auto-Submitted: auto-generated\r\n",
            "Precedence: bulk\r\n",
            "Precedence: list\r\n",
            "List-Id: <all.example.com>\r\n",
            "X-Auto-Response-Suppress: All\r\n",
            "From: Scanner <no-reply@scanner.example>\r\n",
        ] {
            let letter = read(&mail(headers, "A scanner found this."), OWN).unwrap_or_else(|filed| panic!("{filed:?} {headers}"));
            assert!(!letter.answers, "it is read, and nobody is written to: {headers}");
        }
        assert!(read(&mail("Auto-Submitted: no\r\n", "x"), OWN).is_ok_and(|letter| letter.answers));
    }

    #[test]
    fn a_mail_that_says_nothing_that_can_be_read_is_a_report_still() {
        for body in ["", " ", "\u{0}", "\t\u{1}\u{7f}"] {
            let letter = read(&mail("", body), OWN).unwrap_or_else(|filed| panic!("{filed:?} {body:?}"));
            assert!(letter.new.details.starts_with("The mail has no text"), "{body:?}");
            assert!(letter.new.check().is_ok(), "{body:?}");
        }
    }

    #[test]
    fn attachments_are_kept_by_their_last_name_and_only_if_they_are_harmless() {
        let part = |name: &str, body: &str| {
            format!(
                "--x\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\r\n{body}\r\n"
            )
        };
        let body = [
            "--x\r\nContent-Type: text/plain\r\n\r\nSee the files.\r\n".to_owned(),
            part("../../proof.txt", "proof"),
            part("page.html", "<script>alert(1)</script>"),
            part("picture.svg", "<svg onload=alert(1)>"),
            part("empty.txt", ""),
            part("42.zip", "PK"),
            "--x--\r\n".to_owned(),
        ];
        let headers = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n";
        let letter = read(&mail(headers, &body.concat()), OWN).unwrap_or_else(|filed| panic!("{filed:?}"));
        let names: Vec<&str> = letter.files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["proof.txt", "42.zip"]);
        assert!(letter.new.details.contains("See the files."), "{}", letter.new.details);
        assert!(
            letter
                .new
                .details
                .contains("Not taken, for their kind or size: page.html, picture.svg, empty.txt"),
            "{}",
            letter.new.details
        );
    }

    #[test]
    fn html_becomes_text_and_an_encrypted_mail_is_kept_as_it_is() {
        let html = mail(
            "MIME-Version: 1.0\r\nContent-Type: text/html\r\n",
            "<p>I did <b>this</b>.</p><script>alert(1)</script>",
        );
        let letter = read(&html, OWN).unwrap_or_else(|filed| panic!("{filed:?}"));
        assert!(
            letter.new.details.contains("I did") && !letter.new.details.contains("<p>"),
            "{}",
            letter.new.details
        );
        let parts = "--x\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--x\r\nContent-Type: application/octet-stream\r\n\r\n\
                     -----BEGIN PGP MESSAGE-----\r\n\r\nabc\r\n-----END PGP MESSAGE-----\r\n--x--\r\n";
        let headers = "MIME-Version: 1.0\r\nContent-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=x\r\n";
        let letter = read(&mail(headers, parts), OWN).unwrap_or_else(|filed| panic!("{filed:?}"));
        assert_eq!(
            letter.files.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
            ["encrypted.asc"]
        );
        assert!(
            letter.new.details.contains("encrypted") && !letter.new.details.contains("Not taken"),
            "{}",
            letter.new.details
        );
    }

    #[test]
    fn a_subject_and_a_name_stay_on_their_line_and_no_bytes_break_it() {
        let raw = b"From: =?utf-8?q?Eve=0D=0ABcc=3A_all=40example=2Ecom?= <eve@example.com>\r\nSubject: =?utf-8?q?A=0D=0ABcc=3A_b=40c=2Ed_=E2=80=AE?=\r\n\r\nx";
        let letter = read(raw, OWN).unwrap_or_else(|filed| panic!("{filed:?}"));
        assert!(!letter.new.title.contains(['\r', '\n', '\u{202e}']), "{:?}", letter.new.title);
        assert!(
            letter
                .new
                .check()
                .is_ok_and(|words| !words.name.unwrap_or_default().contains(['\r', '\n']))
        );
        for _ in 0..2_000 {
            let mut raw = mail(
                "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n",
                "--x\r\n\r\na\r\n--x--",
            );
            for _ in 0..rand::random_range(1..20) {
                let at = rand::random_range(0..raw.len());
                raw[at] = rand::random();
            }
            if let Ok(letter) = read(&raw, OWN) {
                // Refused at most for what it says, never broken off.
                let _ = letter.new.check();
            }
        }
    }
}
