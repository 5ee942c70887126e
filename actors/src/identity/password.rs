//! Passwords as typed, and which are good enough.

use zeroize::Zeroizing;

use super::Email;
use crate::fault::{Fault, Invalid};

/// What someone typed as their password. Wiped when dropped; can be read in, and neither printed, copied nor written out:
/// ```
/// let typed: actors::identity::Password = serde_json::from_str("\"correct horse battery\"").unwrap();
/// # let _ = typed;
/// ```
/// ```compile_fail,E0277
/// fn log(typed: &actors::identity::Password) -> String {
///     format!("{typed:?}")
/// }
/// ```
/// ```compile_fail,E0277
/// fn log(typed: &actors::identity::Password) -> String {
///     format!("{typed}")
/// }
/// ```
/// ```compile_fail,E0599
/// fn keep(typed: actors::identity::Password) -> actors::identity::Password {
///     typed.clone()
/// }
/// ```
/// ```compile_fail,E0277
/// fn send(typed: &actors::identity::Password) -> String {
///     serde_json::to_string(typed).unwrap()
/// }
/// ```
#[derive(serde::Deserialize)]
#[serde(transparent)]
pub struct Password(pub(super) Zeroizing<String>);

impl Password {
    /// At least 12 characters, at most 256, and not the address itself.
    pub(super) fn check_strength(&self, email: &Email) -> Result<(), Fault> {
        let weak = |reason: &str| Err(Fault::invalid(Invalid::WeakPassword, "password", reason));
        let length = self.0.chars().count();
        if length < 12 {
            return weak("Use at least 12 characters. A few unrelated words are easy to remember.");
        }
        if length > 256 {
            return weak("Use at most 256 characters.");
        }
        let lower = self.0.to_lowercase();
        let first = lower.chars().next();
        let local = email.0.split('@').next().unwrap_or_default();
        if lower.chars().all(|c| Some(c) == first) || lower.contains(&email.0) || (local.len() > 5 && lower.contains(local)) {
            return weak("This password is too easy to guess. Do not use your address or one repeated character.");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_repeated_and_self_naming_passwords_are_weak() {
        let email = Email::parse("adalovelace@example.com").unwrap();
        let check = |text: &str| Password(Zeroizing::new(text.into())).check_strength(&email);
        assert!(check("correct horse battery").is_ok());
        assert!(check("ünïcødé påsswörd").is_ok());
        for weak in ["short", "aaaaaaaaaaaaaaaa", "adalovelace@example.com", "my-AdaLovelace-1815"] {
            assert!(check(weak).is_err(), "{weak}");
        }
    }
}
