//! Authenticator apps (RFC 6238): SHA-1, six digits, 30 seconds, because that is what every app can. A code is good once: in its own
//! step and, where that is not said otherwise, the one on either side.

use entities::{AccountId, Millis, PlatformTx, audit::Act, second_factor as rows};
use qrcode::{EcLevel, QrCode, render::svg};
use totp_rs::{Builder, Secret, Totp};
use zeroize::Zeroizing;

use super::{Identity, backup_codes::BackupCodes, passkeys::Keep, second_factor::Code};
use crate::{
    audit::By,
    fault::{Fault, Invalid},
    mail::Notice,
    vault::{Place, SecretBytes},
};

const ISSUER: &str = "Pernoex";
/// In the audit log.
const APP: &str = "authenticator app";
/// How long somebody may take to set up their app.
const ENROLMENT: Millis = 15 * 60_000;

/// What an app is set up with. Shown once.
pub struct Enrolment {
    /// Base 32, to type in.
    pub secret: Zeroizing<String>,
    pub uri: Zeroizing<String>,
    /// The same as a picture.
    pub qr: Zeroizing<String>,
}

/// How long a code opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum CodeLife {
    /// In its own 30 seconds and in those on either side: for who types slowly, and for clocks that differ.
    #[default]
    Neighbours,
    /// In its own 30 seconds only, as OWASP ASVS 5.0 asks (V6.5.5).
    OwnStep,
}

impl CodeLife {
    fn steps_beside(self) -> u16 {
        match self {
            Self::Neighbours => 1,
            Self::OwnStep => 0,
        }
    }
}

fn place(account: AccountId) -> Place {
    Place("account_totp", "sealed", account.uuid())
}

fn app(secret: &[u8], email: &str, life: CodeLife) -> Result<Totp, Fault> {
    Builder::new()
        .with_skew(life.steps_beside())
        .with_secret(Secret::from(secret.to_vec()))
        // A colon would end the issuer's part of the label.
        .with_account_name(email.replace(':', " "))
        .with_issuer(Some(ISSUER))
        .build()
        .map_err(|_| Fault::Internal("authenticator app"))
}

/// The time step that a code is of, however it was grouped when typed.
fn step_of(secret: &SecretBytes, typed: &str, now: Millis, life: CodeLife) -> Option<i64> {
    let digits: Zeroizing<String> = Zeroizing::new(typed.chars().filter(|c| !c.is_whitespace()).take(12).collect());
    if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let app = secret.open(|bytes| app(bytes, "", life)).ok()?;
    let step = app.check(&digits, u64::try_from(now / 1000).ok()?)?;
    i64::try_from(step).ok()
}

fn draw(uri: &str) -> Result<Zeroizing<String>, Fault> {
    let code = QrCode::with_error_correction_level(uri, EcLevel::M).map_err(|_| Fault::Internal("QR code"))?;
    let drawn = code
        .render::<svg::Color<'_>>()
        .min_dimensions(220, 220)
        .dark_color(svg::Color("#000"))
        .light_color(svg::Color("#fff"))
        .build();
    Ok(Zeroizing::new(drawn))
}

impl Identity {
    fn open_totp(&self, account: AccountId, sealed: &[u8]) -> Result<SecretBytes, Fault> {
        self.keeper
            .open_personal(account.uuid(), place(account), sealed)
            .map_err(|_| Fault::Sealed)
    }

    /// Lays a secret ready for an app. It asks nobody for anything until a code of it was seen.
    ///
    /// # Errors
    /// `TotpActive` when an app is in use.
    pub async fn begin_totp(&self, account: AccountId) -> Result<Enrolment, Fault> {
        let email = self.email_of(account).await?;
        let mut secret = Zeroizing::new([0; 20]);
        rand::fill(secret.as_mut_slice());
        let sealed = self
            .keeper
            .seal_personal(account.uuid(), place(account), secret.as_slice())
            .map_err(|_| Fault::Sealed)?;
        let now = self.clock.now();
        let laid = self
            .platform
            .write(async |tx| rows::totp::prepare(tx, account, sealed, now).await)
            .await?;
        if !laid {
            return Err(Fault::TotpActive);
        }
        let app = app(secret.as_slice(), &email, self.code_life)?;
        let uri = Zeroizing::new(app.to_url().map_err(|_| Fault::Internal("authenticator app"))?);
        Ok(Enrolment {
            secret: Zeroizing::new(app.secret().to_base32()),
            qr: draw(&uri)?,
            uri,
        })
    }

    /// Puts the app to use once it shows a code of the secret that was laid ready. Ends every session of the account but `keep`.
    /// With a first factor come backup codes.
    ///
    /// # Errors
    /// `EnrolmentOver` when nothing was laid ready, or too long ago; `Invalid` for a wrong code; `TooMany`.
    pub async fn confirm_totp(&self, by: &By, code: &Code, keep: Keep) -> Result<Option<BackupCodes>, Fault> {
        let account = by.account;
        self.count_try(account).await?;
        let now = self.clock.now();
        let noted = (Act::SecondFactorAdded, APP, Notice::SecondFactorAdded);
        let confirmed = self.change_factors(by, keep, noted, async |tx| {
            let found = rows::totp::find(tx, account).await?;
            let found = found.filter(|totp| totp.confirmed_at.is_none() && totp.created_at > now - ENROLMENT);
            let found = found.ok_or(Fault::EnrolmentOver)?;
            let secret = self.open_totp(account, &found.sealed)?;
            let step = step_of(&secret, &code.0, now, self.code_life).ok_or_else(|| {
                let reason = "This code is not right. Check the time on your phone, and type the code that the app shows now.";
                Fault::invalid(Invalid::Code, "code", reason)
            })?;
            if !rows::totp::confirm(tx, account, &found.sealed, step, now).await? {
                return Err(Fault::EnrolmentOver);
            }
            self.first_backup_codes(tx, account).await
        });
        confirmed.await
    }

    /// Takes the app away. Ends every session of the account but `keep`.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub async fn remove_totp(&self, by: &By, keep: Keep) -> Result<(), Fault> {
        let noted = (Act::SecondFactorRemoved, APP, Notice::SecondFactorRemoved);
        let removed = self.change_factors(by, keep, noted, async |tx| {
            if rows::totp::remove(tx, by.account).await? {
                Ok(())
            } else {
                Err(Fault::NotFound)
            }
        });
        removed.await
    }

    pub(super) async fn take_totp(&self, tx: &PlatformTx, account: AccountId, typed: &Code) -> Result<(), Fault> {
        let found = rows::totp::find(tx, account).await?.filter(|totp| totp.confirmed_at.is_some());
        let found = found.ok_or(Fault::WrongSecondFactor)?;
        let secret = self.open_totp(account, &found.sealed)?;
        let step = step_of(&secret, &typed.0, self.clock.now(), self.code_life).ok_or(Fault::WrongSecondFactor)?;
        if rows::totp::take_step(tx, account, step).await? {
            Ok(())
        } else {
            Err(Fault::WrongSecondFactor)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, SHA-1, cut to six digits.
    #[test]
    fn the_codes_are_those_of_the_rfc() {
        let secret = SecretBytes::new(b"12345678901234567890".to_vec());
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let step = second / 30;
            let near = CodeLife::Neighbours;
            for life in [near, CodeLife::OwnStep] {
                assert_eq!(step_of(&secret, code, second * 1000, life), Some(step), "{second}");
            }
            assert_eq!(
                step_of(&secret, &format!(" {} {} ", &code[..3], &code[3..]), second * 1000, near),
                Some(step)
            );
            for beside in [second - 30, second + 30] {
                assert_eq!(step_of(&secret, code, beside * 1000, near), Some(step), "{beside}");
                assert_eq!(step_of(&secret, code, beside * 1000, CodeLife::OwnStep), None, "{beside}");
            }
            for far in [second - 90, second + 90] {
                assert_eq!(step_of(&secret, code, far.max(0) * 1000, near).filter(|_| far > 0), None, "{far}");
            }
        }
        for none in ["", "28708", "2870822", "28708a", "２８７０８２", "287 08"] {
            assert_eq!(step_of(&secret, none, 59_000, CodeLife::Neighbours), None, "{none}");
        }
    }

    #[test]
    fn an_app_reads_who_and_what_from_the_address() {
        let totp = app(b"12345678901234567890", "ada:x@example.com", CodeLife::Neighbours).unwrap();
        let url = totp.to_url().unwrap();
        assert!(url.starts_with("otpauth://totp/Pernoex:ada%20x%40example.com?"), "{url}");
        assert!(
            url.contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ") && url.contains("issuer=Pernoex"),
            "{url}"
        );
        let drawn = draw(&url).unwrap();
        assert!(drawn.contains("<svg") && !drawn.contains("style="), "{}", drawn.as_str());
    }
}
