//! Passwords as typed, and which are good enough.

use entities::accounts::LONG;
use unicode_normalization::{UnicodeNormalization, is_nfc};
use zeroize::Zeroizing;
use zxcvbn::{Score, feedback::Warning};

use super::{Email, breached};
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

/// Characters that any password has at least, and at most.
pub const SHORTEST: usize = 12;
const LONGEST: usize = 256;

/// What is asked of a password besides that it is hard to guess.
pub struct Demands {
    /// Characters.
    length: usize,
    /// What the one who guesses tries first: the address, then the workspaces' names.
    context: Vec<String>,
}

impl Demands {
    pub(crate) fn new(length: i32, email: &Email, names: impl IntoIterator<Item = String>) -> Self {
        let mut context = vec![email.as_str().to_owned()];
        context.extend(names);
        Self {
            length: usize::try_from(length).unwrap_or(0).max(SHORTEST),
            context,
        }
    }
}

impl Password {
    /// One form for what looks the same: the way to type an accent differs from keyboard to keyboard.
    pub(super) fn normal(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.nfc().collect())
    }

    /// Whether it may be the only factor where a workspace asks for more than [`SHORTEST`].
    pub(super) fn is_long(&self) -> bool {
        i32::try_from(self.normal().chars().count()).unwrap_or(i32::MAX) >= LONG
    }

    /// Whether there is another form of it that hashes from before may be of.
    pub(super) fn is_normal(&self) -> bool {
        is_nfc(&self.0)
    }
}

/// Takes the processor for a moment. `password` is in its normal form.
///
/// # Errors
/// `WeakPassword` unless it is long enough and hard to guess. Of which characters it is made plays no part.
pub(super) fn check_strength(password: &str, demands: &Demands) -> Result<(), Fault> {
    let weak = |reason: String| Err(Fault::invalid(Invalid::WeakPassword, "password", reason));
    let length = password.chars().count();
    if length < demands.length {
        return weak(format!(
            "Use at least {} characters. A few unrelated words are easy to remember.",
            demands.length
        ));
    }
    if length > LONGEST {
        return weak(format!("Use at most {LONGEST} characters."));
    }
    if breached::is_known(password) {
        return weak(
            "This password was in a breach elsewhere, and is one of those that are tried first. Use a few unrelated words instead.".into(),
        );
    }
    match advice(password, &demands.context) {
        None => Ok(()),
        Some(advice) => weak(advice.into()),
    }
}

/// Whole, in words, and run together: a name of two words is guessed by either and by both.
fn words(context: &[String]) -> Vec<String> {
    let mut words = vec!["pernoex".to_owned(), "password".to_owned()];
    for text in context {
        words.push(text.clone());
        words.extend(
            text.split(|c: char| !c.is_alphanumeric())
                .filter(|word| word.chars().count() > 2)
                .map(str::to_owned),
        );
        words.push(text.chars().filter(|c| c.is_alphanumeric()).collect());
    }
    words
}

/// Whether little is left of `password` without `words`: what the estimate takes for several words is few guesses to who knows them.
fn is_made_of(password: &str, words: &[String]) -> bool {
    let mut words: Vec<String> = words
        .iter()
        .map(|word| word.to_lowercase())
        .filter(|word| word.chars().count() > 3)
        .collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let rest = words.iter().fold(password.to_owned(), |rest, word| rest.replace(word, ""));
    rest != password && rest.chars().filter(|c| c.is_alphanumeric()).count() < 6
}

/// What to do better; nothing for a password that is hard to guess: from 10⁸ guesses on, which at one hash in a quarter of a second,
/// and with the pepper, is out of reach. Knows the common passwords, names and words, keyboards, dates and repetitions.
fn advice(password: &str, context: &[String]) -> Option<&'static str> {
    let lower = password.to_lowercase();
    // By heart: who knows the person tries it, whatever stands around it.
    let local = context.first().and_then(|email| email.split('@').next()).unwrap_or_default();
    if local.chars().count() > 5 && lower.contains(local) {
        return Some("This contains your e-mail address, which is easy to guess. Use a few unrelated words instead.");
    }
    let words = words(context);
    if is_made_of(&lower, &words) {
        return Some("This is little more than your address, the workspace's or the product's name. Use a few unrelated words instead.");
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let estimate = zxcvbn::zxcvbn(password, &words);
    if estimate.score() >= Score::Three {
        return None;
    }
    let warning = estimate.feedback().and_then(zxcvbn::feedback::Feedback::warning);
    Some(match warning {
        Some(Warning::StraightRowsOfKeysAreEasyToGuess | Warning::ShortKeyboardPatternsAreEasyToGuess) => {
            "Neighbouring keys are easy to guess. Use a few unrelated words instead."
        }
        Some(Warning::RepeatsLikeAaaAreEasyToGuess | Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess) => {
            "Repetitions are easy to guess. Use a few unrelated words instead."
        }
        Some(Warning::SequencesLikeAbcAreEasyToGuess) => {
            "Sequences such as abc or 6543 are easy to guess. Use a few unrelated words instead."
        }
        Some(Warning::RecentYearsAreEasyToGuess | Warning::DatesAreOftenEasyToGuess) => {
            "Years and dates are easy to guess. Use a few unrelated words instead."
        }
        Some(
            Warning::ThisIsATop10Password
            | Warning::ThisIsATop100Password
            | Warning::ThisIsACommonPassword
            | Warning::ThisIsSimilarToACommonlyUsedPassword,
        ) => "This is, or is close to, one of the passwords that are tried first. Use a few unrelated words instead.",
        Some(
            Warning::AWordByItselfIsEasyToGuess
            | Warning::NamesAndSurnamesByThemselvesAreEasyToGuess
            | Warning::CommonNamesAndSurnamesAreEasyToGuess,
        ) => "A name, or a word by itself, is easy to guess. Add a few unrelated words.",
        None => "This is easy to guess. Add one or two unrelated words.",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, length: i32) -> Result<(), Fault> {
        let email = Email::parse("adalovelace@example.com").unwrap();
        check_strength(text, &Demands::new(length, &email, ["Halvern Instruments".to_owned()]))
    }

    #[test]
    fn what_is_short_common_or_about_oneself_is_weak() {
        for good in [
            "correct horse battery",
            "ünïcødé påsswörd",
            "a long enough password",
            "qmzk vents orbit",
        ] {
            assert!(check(good, 12).is_ok(), "{good}");
        }
        for weak in [
            "short",
            "aaaaaaaaaaaaaaaa",
            "abcabcabcabcabc",
            "qwertyuiop1234",
            "password123456",
            "P@ssw0rd123456",
            "iloveyou123456",
            "1234567890123",
            "adalovelace@example.com",
            "my-AdaLovelace-1815",
            "halvern instruments",
            "HalvernInstruments1",
            "pernoexpernoex",
            "pernoex password",
            "tequieromucho",
            "MyChemicalRomance",
            "correcthorsebatterystaple",
        ] {
            assert!(check(weak, 12).is_err(), "{weak}");
        }
        assert!(check(&"long words ".repeat(24), 12).is_err());
    }

    #[test]
    fn a_workspace_may_ask_for_longer_ones() {
        assert!(check("qmzk vents orb", 12).is_ok());
        assert!(check("qmzk vents orb", 15).is_err());
        assert!(check("qmzk vents orbit", 15).is_ok());
    }

    #[test]
    fn two_ways_to_type_an_accent_are_one_password() {
        let of = |text: &str| Password(Zeroizing::new(text.into()));
        assert_eq!(*of("e\u{301}lan").normal(), *of("\u{e9}lan").normal());
        assert!(of("\u{e9}lan").is_normal() && !of("e\u{301}lan").is_normal());
    }
}
