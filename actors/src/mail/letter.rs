//! Every letter's words. Plain text, and the same as plain HTML.

use std::fmt::Write as _;

use super::{Handed, Kind, Notice, report};
use crate::text::escape_html;

/// Ready to be sent.
pub(super) struct Written {
    pub subject: String,
    pub text: String,
    pub html: String,
    /// Whom an answer goes to, when that is not the sender.
    pub reply_to: Option<String>,
}

/// What a letter is made of.
pub(super) struct Draft {
    pub subject: String,
    /// Paragraphs.
    pub before: Vec<String>,
    /// What the button says, and the path that it leads to, with its fragment.
    pub link: Option<(&'static str, String)>,
    pub after: Vec<String>,
}

const IGNORE: &str = "If this was not you, ignore this mail: nothing changes.";

/// In the fragment, which browsers keep to themselves: neither a log nor a `Referer` has it.
pub(super) fn with(path: &str, token: &str) -> String {
    format!("{path}#{token}")
}

fn draft(kind: &Kind) -> Draft {
    let draft = |subject: &str, before: String, link: Option<(&'static str, String)>, after: &[&str]| Draft {
        subject: subject.into(),
        before: vec![before],
        link,
        after: after.iter().map(|text| (*text).to_owned()).collect(),
    };
    match kind {
        Kind::Verify { token } => draft(
            "Confirm your e-mail address",
            "Please confirm that this address is yours.".into(),
            Some(("Confirm address", with("/verify", token))),
            &["The link works once, for 24 hours.", IGNORE],
        ),
        // Names nothing that whoever asked has typed: anybody can have this sent to anybody.
        Kind::SignUp { token } => draft(
            "Finish signing up for Pernoex",
            "Follow the link and enter the password that you chose, to create your account.".into(),
            Some(("Create account", with("/confirm-sign-up", token))),
            &["The link works once, for 24 hours.", IGNORE],
        ),
        Kind::HasAccount => draft(
            "You already have a Pernoex account",
            "Somebody, probably you, tried to use this address for an account. It has one already: sign in with it.".into(),
            Some(("Sign in", "/sign-in".into())),
            &[
                "If you do not remember the password, choose \"Forgot your password?\" there.",
                "If this was not you, ignore this mail: nothing changed, and nobody was told that you have an account.",
            ],
        ),
        Kind::Reset { token } => draft(
            "Choose a new password",
            "Somebody, probably you, asked for a new password for this address.".into(),
            Some(("Choose a new password", with("/reset-password", token))),
            &[
                "The link works once, for 30 minutes. All your sessions end when you use it.",
                "If this was not you, ignore this mail: your password stays as it is.",
            ],
        ),
        Kind::LeaveEmail { token, email } => draft(
            "Confirm your new e-mail address",
            format!("Your account is to have the address {email} from now on. Agree by following the link."),
            Some(("Agree to the change", with("/confirm-email", token))),
            &[
                "The link works once, for 24 hours. The new address must be confirmed too.",
                "If this was not you, do not follow the link, and change your password: somebody else is signed in.",
            ],
        ),
        Kind::TakeEmail { token } => draft(
            "Confirm your new e-mail address",
            "A Pernoex account is to have this address from now on. Confirm that it is yours.".into(),
            Some(("Confirm address", with("/confirm-email", token))),
            &[
                "The link works once, for 24 hours. The change must be confirmed from the old address too.",
                IGNORE,
            ],
        ),
        Kind::Invitation {
            token,
            workspace,
            invited_by,
            hours,
        } => {
            let who = invited_by.as_deref().unwrap_or("An owner");
            Draft {
                subject: format!("You are invited to {workspace}"),
                before: vec![format!("{who} invites you to the workspace \"{workspace}\" in Pernoex.")],
                link: Some(("Look at the invitation", with("/invitations/accept", token))),
                after: vec![
                    format!("The link works once, for {hours} hours, and for this address only."),
                    "If you do not know what this is about, ignore this mail.".into(),
                ],
            }
        }
        Kind::Notice(notice) => notice_draft(notice),
        Kind::HandedOver(handed) => handed_draft(handed),
        Kind::Report(letter) => report::draft(letter),
    }
}

fn handed_draft(handed: &Handed) -> Draft {
    let who = handed.name.as_deref().unwrap_or(&handed.email);
    let mut before = vec![
        format!("{who} asks for a person in the widget of {}.", handed.project),
        handed.message.clone(),
    ];
    let mut about = format!("Answer to: {}", handed.email);
    if let Some(user) = &handed.user {
        let _ = write!(about, "\nSigned in as: {user}");
    }
    if let Some(page) = &handed.page {
        let _ = write!(about, "\nPage: {page}");
    }
    before.push(about);
    let mut after = Vec::new();
    if !handed.transcript.is_empty() {
        after.push("What was said before:".to_owned());
        let said = handed.transcript.iter();
        after.extend(said.map(|said| format!("{}: {}", if said.by_visitor { "Visitor" } else { "Assistant" }, said.text)));
    }
    Draft {
        subject: format!("{who} asks for a person: {}", handed.project),
        before,
        link: Some(("Look at the conversation", handed.path.clone())),
        after,
    }
}

fn notice_draft(notice: &Notice) -> Draft {
    let (subject, what) = match notice {
        Notice::PasswordChanged => (
            "Your password was changed",
            "The password of your account was changed. All other sessions have ended.".to_owned(),
        ),
        Notice::PasswordSet => (
            "Your account has a password now",
            "A password was set, which opens your account from now on. All other sessions have ended.".into(),
        ),
        Notice::PasswordReset => (
            "Your password was reset",
            "The password of your account was set anew by a link that was mailed to you. All sessions have ended.".into(),
        ),
        Notice::EmailChanged(email) => (
            "Your e-mail address was changed",
            format!("Your account has the address {email} from now on. This one opens it no more."),
        ),
        Notice::SecondFactorAdded => (
            "Two-factor sign-in is on",
            "An authenticator app was added to your account. Signing in asks for its code from now on.".into(),
        ),
        Notice::SecondFactorRemoved => (
            "Your authenticator app was removed",
            "The authenticator app of your account was removed. If there is no passkey, your password alone opens it now.".into(),
        ),
        Notice::BackupCodesRenewed => (
            "You have new backup codes",
            "New backup codes were made for your account. The old ones work no more.".into(),
        ),
        Notice::BackupCodeUsed(left) => (
            "A backup code was used",
            format!("One of the backup codes of your account was used. {left} are left."),
        ),
        Notice::PasskeyAdded(name) => (
            "A passkey was added",
            format!("The passkey \"{name}\" opens your account from now on."),
        ),
        Notice::PasskeyRemoved(name) => (
            "A passkey was removed",
            format!("The passkey \"{name}\" opens your account no more."),
        ),
        Notice::ProviderLinked(name) => (
            "A way to sign in was added",
            format!("Your account can be opened with {name} from now on."),
        ),
        Notice::ProviderUnlinked(name) => (
            "A way to sign in was removed",
            format!("Your account cannot be opened with {name} any more."),
        ),
        Notice::SignedInAfterFailures(failed) => (
            "Your password was entered after many wrong ones",
            format!("Somebody entered the right password of your account after {failed} wrong ones, all from the same network address."),
        ),
        Notice::SecondFactorFailed => (
            "Somebody has your password, and no second factor",
            "Somebody entered the right password of your account, and then so many wrong codes that their attempt was ended. They are not in.".into(),
        ),
        Notice::SecondFactorsReset => (
            "Your second factors were removed",
            "Whoever runs the server removed the authenticator app, the passkeys and the backup codes of your account, and ended all its \
             sessions. What else you sign in with is enough from now on: set up a second factor again."
                .into(),
        ),
        Notice::SessionsEnded(None) => (
            "You were signed out everywhere",
            "Whoever runs the server ended all sessions of your account. Sign in again to go on.".into(),
        ),
        Notice::SessionsEnded(Some(workspace)) => (
            "You were signed out",
            format!("An owner of the workspace \"{workspace}\" ended your sessions in it. Sign in again to go on."),
        ),
    };
    let after = match notice {
        Notice::SecondFactorsReset => {
            "If you did not ask for this, tell them at once, and choose a new password by \"Forgot your password?\" on the sign-in page."
        }
        Notice::SessionsEnded(_) => {
            "They may have had reason to think that somebody else was in your account: if you can, choose a new password by \"Forgot your password?\" on the sign-in page."
        }
        // The address that this goes to opens nothing any more.
        Notice::EmailChanged(_) => {
            "If this was not you, somebody is in your account: tell whoever runs the server at once. They can end its sessions and help you back. \
             A link by \"Forgot your password?\" now goes to the new address only."
        }
        _ => "If this was not you, choose a new password at once by \"Forgot your password?\" on the sign-in page.",
    };
    Draft {
        subject: subject.into(),
        before: vec![what],
        link: Some(("Look at your account", "/account".into())),
        after: vec![after.into()],
    }
}

/// Writes the letter, with links that lead to `origin`.
pub(super) fn write(kind: &Kind, origin: &str) -> Written {
    let draft = draft(kind);
    let mut text = draft.before.join("\n\n");
    let paragraph = |html: &mut String, words: &str| {
        let _ = write!(html, "<p>{}</p>", escape_html(words).replace('\n', "<br>"));
    };
    let mut html = String::from("<!doctype html><html lang=\"en\"><body>");
    for words in &draft.before {
        paragraph(&mut html, words);
    }
    if let Some((label, path)) = &draft.link {
        let _ = write!(text, "\n\n{label}:\n{origin}{path}");
        let href = escape_html(&format!("{origin}{path}"));
        let _ = write!(html, "<p><a href=\"{href}\">{label}</a></p><p>{href}</p>");
    }
    for words in &draft.after {
        let _ = write!(text, "\n\n{words}");
        paragraph(&mut html, words);
    }
    text.push('\n');
    html.push_str("</body></html>\n");
    Written {
        // A header is one line, whatever somebody calls their workspace.
        subject: draft.subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect(),
        text,
        html,
        reply_to: match kind {
            Kind::HandedOver(handed) => Some(handed.email.clone()),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitor_s_words_are_text_and_the_answer_goes_to_them() {
        let said = |text: &str| super::super::Said {
            by_visitor: true,
            text: text.into(),
        };
        let kind = Kind::HandedOver(Box::new(Handed {
            project: "Lantern".into(),
            path: "/projects/1/conversations/2".into(),
            email: "eve@example.com".into(),
            name: Some("Eve\r\nBcc: all@example.com".into()),
            user: None,
            message: "<b>Help</b>\nplease".into(),
            page: Some("https://www.example.com/a".into()),
            transcript: vec![said("<script>")],
        }));
        let written = write(&kind, "https://support.example.com");
        assert!(!written.subject.contains(['\r', '\n']), "{}", written.subject);
        assert!(written.html.contains("&lt;b&gt;Help&lt;/b&gt;<br>please") && !written.html.contains("<script"));
        assert!(written.text.contains("https://support.example.com/projects/1/conversations/2"));
        assert_eq!(written.reply_to.as_deref(), Some("eve@example.com"));
    }

    #[test]
    fn a_name_brings_in_neither_a_header_nor_markup() {
        let kind = Kind::Invitation {
            token: "inv_x".to_owned().into(),
            workspace: "A\r\nBcc: eve@example.com <img src=x>".into(),
            invited_by: None,
            hours: 72,
        };
        let written = write(&kind, "https://support.example.com");
        assert!(!written.subject.contains(['\r', '\n']), "{}", written.subject);
        assert!(written.html.contains("&lt;img") && !written.html.contains("<img"));
        assert!(written.text.contains("https://support.example.com/invitations/accept#inv_x"));
    }
}
