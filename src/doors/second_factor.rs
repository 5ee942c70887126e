//! A person's own second factors, and the proofs that they make possible.

use actix_session::Session;
use actors::{
    identity::{
        backup_codes::BackupCodes,
        passkeys::{Asked, Keep, Overview, PasskeyCard},
        second_factor::{Challenge, Code, Given, Ticket},
        totp::Enrolment,
    },
    role::OwnAccount,
};
use uuid::Uuid;

use super::{Caller, Gate, Pass, Who};
use crate::error::Problem;

/// Options to sign in with a passkey alone.
///
/// # Errors
/// `PasskeysUnavailable`, `TooMany`.
pub async fn ask_for_passkey(gate: &Gate, from: &Caller) -> Result<Asked, Problem> {
    Ok(gate.identity.ask_to_sign_in(&from.address).await?)
}

impl Pass<OwnAccount> {
    /// The session that a change of what opens the account leaves alone: the one that makes it.
    pub(super) fn keep(&self) -> Keep {
        Some((self.signed_in().tenant, self.session()))
    }

    /// # Errors
    /// When the database does not answer.
    pub async fn second_factors(&self) -> Result<Overview, Problem> {
        Ok(self.gate().identity.second_factors(self.account()).await?)
    }

    /// What else than the password can prove who they are, with a ticket for the passkey.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ask_for_proof(&self) -> Result<Challenge, Problem> {
        Ok(self.gate().identity.ask_for_proof(self.account()).await?)
    }

    /// As `prove`, by a second factor.
    ///
    /// # Errors
    /// `WrongSecondFactor`, `TicketInvalid`, `TooMany`.
    pub async fn prove_by_factor(
        &self,
        session: &Session,
        ticket: Option<&Ticket>,
        given: Given<'_>,
        from: &Caller,
    ) -> Result<Who, Problem> {
        self.still(None).await?;
        let identity = &self.gate().identity;
        let proofs = given.adds_to(self.proof().proofs, identity.now());
        identity.prove_by_factor(&self.by(), ticket, given).await?;
        self.go_on_proved(session, proofs, from).await
    }

    /// # Errors
    /// `TotpActive`.
    pub async fn begin_totp(&self) -> Result<Enrolment, Problem> {
        self.still(None).await?;
        Ok(self.gate().identity.begin_totp(self.account()).await?)
    }

    /// # Errors
    /// `EnrolmentOver`, `Invalid`, `TooMany`.
    pub async fn confirm_totp(&self, code: &Code) -> Result<Option<BackupCodes>, Problem> {
        self.still(None).await?;
        Ok(self.gate().identity.confirm_totp(&self.by(), code, self.keep()).await?)
    }

    /// # Errors
    /// `NotFound`.
    pub async fn remove_totp(&self) -> Result<(), Problem> {
        self.still(None).await?;
        Ok(self.gate().identity.remove_totp(&self.by(), self.keep()).await?)
    }

    /// # Errors
    /// `NoSecondFactor`.
    pub async fn renew_backup_codes(&self) -> Result<BackupCodes, Problem> {
        self.still(None).await?;
        Ok(self.gate().identity.renew_backup_codes(&self.by()).await?)
    }

    /// # Errors
    /// `PasskeysUnavailable`, `Limit`.
    pub async fn begin_passkey(&self) -> Result<Asked, Problem> {
        self.still(None).await?;
        Ok(self.gate().identity.begin_passkey(self.account()).await?)
    }

    /// # Errors
    /// `EnrolmentOver`, `PasskeyRefused`, `Invalid`.
    pub async fn add_passkey(
        &self,
        ticket: &Ticket,
        name: &str,
        credential: &serde_json::Value,
    ) -> Result<(PasskeyCard, Option<BackupCodes>), Problem> {
        self.still(None).await?;
        let identity = &self.gate().identity;
        Ok(identity.add_passkey(&self.by(), ticket, name, credential, self.keep()).await?)
    }

    /// # Errors
    /// `NotFound`, `Invalid`.
    pub async fn rename_passkey(&self, id: Uuid, name: &str) -> Result<(), Problem> {
        self.still(None).await?;
        Ok(self.gate().identity.rename_passkey(self.account(), id, name).await?)
    }

    /// # Errors
    /// `NotFound`.
    pub async fn remove_passkey(&self, id: Uuid) -> Result<(), Problem> {
        self.still(None).await?;
        Ok(self.gate().identity.remove_passkey(&self.by(), id, self.keep()).await?)
    }
}
