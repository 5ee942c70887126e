//! The addresses that people sign in with.

use crate::{
    fault::{Fault, Invalid},
    text::is_hidden,
};

/// An e-mail address in the one form that is stored: trimmed, lower-case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(pub(super) String);

impl Email {
    /// # Errors
    /// `Invalid` unless it looks like an address that mail can reach.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.trim().to_lowercase();
        let refuse = || Fault::invalid(Invalid::Email, "email", "Enter an e-mail address such as ada@example.com.");
        let (local, domain) = text.rsplit_once('@').ok_or_else(refuse)?;
        let allowed = |c: char| !c.is_whitespace() && !is_hidden(c) && !"<>(),;:\\\"[]@".contains(c);
        let dotted = domain.split('.').count() >= 2 && domain.split('.').all(|label| !label.is_empty());
        let fits = (1..=64).contains(&local.len()) && text.len() <= 254;
        if fits && dotted && local.chars().all(allowed) && domain.chars().all(allowed) {
            Ok(Self(text))
        } else {
            Err(refuse())
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_stored_in_one_form_and_odd_ones_refused() {
        assert_eq!(Email::parse("  Ada@Example.COM ").unwrap().as_str(), "ada@example.com");
        for bad in [
            "",
            "ada",
            "ada@",
            "@example.com",
            "ada@example",
            "a da@example.com",
            "ada@exa..mple.com",
            "a<b>@example.com",
            "a@b@c.de",
            "ada\u{200b}@example.com",
            "a\u{202e}da@example.com",
        ] {
            assert!(Email::parse(bad).is_err(), "{bad}");
        }
    }
}
