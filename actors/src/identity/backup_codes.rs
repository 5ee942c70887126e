//! Codes for the day when the phone is gone: 125 random bits each, of one use, stored as keyed hashes.

use entities::{
    AccountId, PlatformTx, accounts,
    audit::{self, Act, Target},
    second_factor as rows,
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Identity, second_factor::Code};
use crate::{audit::By, fault::Fault, mail::Notice};

const HOW_MANY: usize = 10;
/// Letters of a code: more bits than a fast keyed hash needs, so that none of it could be guessed from a stolen table and key.
const LENGTH: usize = 25;
/// RFC 4648's base 32 in small letters: nothing in it looks like something else in it.
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Shown once.
pub struct BackupCodes(Vec<Zeroizing<String>>);

impl BackupCodes {
    fn generate() -> Self {
        Self((0..HOW_MANY).map(|_| one()).collect())
    }

    /// For the one time that they are shown.
    #[must_use]
    pub fn expose(&self) -> Vec<&str> {
        self.0.iter().map(|code| code.as_str()).collect()
    }
}

/// Five groups of five letters.
fn one() -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0_u8; LENGTH]);
    rand::fill(bytes.as_mut_slice());
    let mut code = Zeroizing::new(String::with_capacity(LENGTH + 4));
    for (n, byte) in bytes.iter().enumerate() {
        if n > 0 && n % 5 == 0 {
            code.push('-');
        }
        code.push(char::from(LETTERS[usize::from(byte % 32)]));
    }
    code
}

/// The letters of a code however somebody typed it; `None` for what cannot be one.
fn normal(typed: &str) -> Option<Zeroizing<String>> {
    if typed.len() > 100 {
        return None;
    }
    let mut letters = Zeroizing::new(String::with_capacity(LENGTH + 1));
    for c in typed.chars().filter(|c| !c.is_whitespace() && *c != '-') {
        letters.push(match c.to_ascii_lowercase() {
            '0' => 'o',
            '1' => 'l',
            '8' => 'b',
            c if c.is_ascii_alphanumeric() => c,
            _ => return None,
        });
        if letters.len() > LENGTH {
            return None;
        }
    }
    (letters.len() == LENGTH).then_some(letters)
}

impl Identity {
    fn backup_code_hash(&self, account: AccountId, letters: &str) -> Result<[u8; 32], Fault> {
        let key = self.keeper.backup_code_key();
        let mut mac = key
            .open(Hmac::<Sha256>::new_from_slice)
            .map_err(|_| Fault::Internal("backup code key"))?;
        mac.update(account.uuid().as_bytes());
        mac.update(letters.as_bytes());
        Ok(mac.finalize().into_bytes().into())
    }

    pub(super) async fn take_backup_code(&self, tx: &PlatformTx, account: AccountId, typed: &Code) -> Result<(), Fault> {
        let letters = normal(&typed.0).ok_or(Fault::WrongSecondFactor)?;
        let hash = self.backup_code_hash(account, &letters)?;
        if rows::backup_code::take(tx, account, hash, self.clock.now()).await? {
            Ok(())
        } else {
            Err(Fault::WrongSecondFactor)
        }
    }

    /// Makes new codes in the place of all that there were.
    pub(super) async fn replace_backup_codes(&self, tx: &PlatformTx, account: AccountId) -> Result<BackupCodes, Fault> {
        let codes = BackupCodes::generate();
        let hashes = codes
            .0
            .iter()
            .filter_map(|code| normal(code))
            .map(|letters| self.backup_code_hash(account, &letters));
        let hashes: Vec<[u8; 32]> = hashes.collect::<Result<_, _>>()?;
        rows::backup_code::replace(tx, account, hashes).await?;
        Ok(codes)
    }

    /// As [`Self::replace_backup_codes`], but only when none is left: with a first factor come the codes for its loss.
    pub(super) async fn first_backup_codes(&self, tx: &PlatformTx, account: AccountId) -> Result<Option<BackupCodes>, Fault> {
        if rows::backup_code::left(tx, account).await? > 0 {
            return Ok(None);
        }
        self.replace_backup_codes(tx, account).await.map(Some)
    }

    /// Ten new backup codes. Those from before open nothing any more.
    ///
    /// # Errors
    /// `NoSecondFactor` when there is nothing that they would stand in for.
    pub async fn renew_backup_codes(&self, by: &By) -> Result<BackupCodes, Fault> {
        let account = by.account;
        let renewed = self.platform.write(async |tx| {
            accounts::lock(tx, account).await?;
            let factors = rows::of(tx, account).await?.ok_or(Fault::NotFound)?;
            if factors.since.is_none() {
                return Err(Fault::NoSecondFactor);
            }
            let codes = self.replace_backup_codes(tx, account).await?;
            self.tell(tx, account, Notice::BackupCodesRenewed).await?;
            let note = by.did(Act::BackupCodesRenewed, Target::of("account", account, ""), self.clock.now());
            audit::append_for_account(tx, account, &note).await?;
            Ok::<_, Fault>(codes)
        });
        let codes = renewed.await?;
        self.outbox.ring();
        Ok(codes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        for code in &BackupCodes::generate().0 {
            let letters = normal(code).unwrap();
            assert_eq!(letters.len(), LENGTH);
            for typed in [
                code.to_uppercase(),
                code.replace('-', ""),
                code.replace('-', " "),
                format!("  {}\n", code.as_str()),
                code.replace('o', "0").replace('l', "1").replace('b', "8"),
            ] {
                assert_eq!(normal(&typed).unwrap(), letters, "{typed}");
            }
        }
        for none in [
            "",
            "abcde",
            "abcde-abcde-abcde-abcde-abcde-a",
            "äbcde-abcde-abcde-abcde-abcde",
            &"a".repeat(10_000),
        ] {
            assert!(normal(none).is_none(), "{none}");
        }
    }

    #[test]
    fn no_two_codes_are_alike() {
        let all: std::collections::HashSet<String> = (0..20)
            .flat_map(|_| BackupCodes::generate().0)
            .map(|code| code.to_string())
            .collect();
        assert_eq!(all.len(), 200);
    }
}
