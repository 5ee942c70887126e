//! What people send and see of second factors.

use actors::{
    identity::{
        Password,
        backup_codes::BackupCodes,
        passkeys::{Asked, Overview, PasskeyCard},
        second_factor::{Challenge, Code, Ticket},
        totp::Enrolment,
    },
    team::invitations::InvitationToken,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::time;

/// The answer to a first proof, in the place of a session.
#[derive(Serialize, ToSchema)]
pub struct SecondFactorNeeded {
    pub second_factor: ChallengeView,
}

#[derive(Serialize, ToSchema)]
pub struct ChallengeView {
    /// To send along with the second factor. Good for a few tries.
    pub ticket: String,
    /// Of `totp`, `passkey` and `backup_code`.
    #[schema(value_type = Vec<String>)]
    pub methods: Vec<actors::identity::second_factor::Method>,
    /// Seconds.
    pub expires_in: i64,
    /// For `navigator.credentials.get`, when a passkey is one of the methods.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub passkey: Option<serde_json::Value>,
}

impl From<Challenge> for ChallengeView {
    fn from(challenge: Challenge) -> Self {
        Self {
            ticket: challenge.ticket.expose().to_owned(),
            methods: challenge.methods,
            expires_in: challenge.expires_in,
            passkey: challenge.passkey,
        }
    }
}

/// One of `code`, `backup_code` and `passkey`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecondFactor {
    #[schema(value_type = String, format = Password)]
    pub ticket: Ticket,
    /// Six digits of an authenticator app.
    #[schema(value_type = Option<String>, format = Password)]
    pub code: Option<Code>,
    #[schema(value_type = Option<String>, format = Password)]
    pub backup_code: Option<Code>,
    /// What `navigator.credentials.get` returned.
    #[schema(value_type = Option<Object>)]
    pub passkey: Option<serde_json::Value>,
    /// As for the first step.
    pub workspace: Option<String>,
    #[schema(value_type = Option<String>, format = Password)]
    pub invitation: Option<InvitationToken>,
}

/// One of `password`, `code`, `backup_code` and `passkey`; with the last the ticket that its options came with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProofBody {
    #[schema(value_type = Option<String>, format = Password)]
    pub password: Option<Password>,
    #[schema(value_type = Option<String>, format = Password)]
    pub code: Option<Code>,
    #[schema(value_type = Option<String>, format = Password)]
    pub backup_code: Option<Code>,
    #[schema(value_type = Option<String>, format = Password)]
    pub ticket: Option<Ticket>,
    #[schema(value_type = Option<Object>)]
    pub passkey: Option<serde_json::Value>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeySignIn {
    #[schema(value_type = String, format = Password)]
    pub ticket: Ticket,
    /// What `navigator.credentials.get` returned.
    #[schema(value_type = Object)]
    pub passkey: serde_json::Value,
    pub workspace: Option<String>,
    #[schema(value_type = Option<String>, format = Password)]
    pub invitation: Option<InvitationToken>,
}

#[derive(Serialize, ToSchema)]
pub struct PasskeyOptions {
    pub ticket: String,
    /// For the browser's `navigator.credentials`.
    #[schema(value_type = Object)]
    pub options: serde_json::Value,
    /// Seconds.
    pub expires_in: i64,
}

impl From<Asked> for PasskeyOptions {
    fn from(asked: Asked) -> Self {
        Self {
            ticket: asked.ticket.expose().to_owned(),
            options: asked.options,
            expires_in: asked.expires_in,
        }
    }
}

/// What an authenticator app is set up with. Shown once.
#[derive(Serialize, ToSchema)]
pub struct TotpView {
    /// Base 32.
    pub secret: String,
    pub otpauth_uri: String,
    pub qr_svg: String,
}

impl From<Enrolment> for TotpView {
    fn from(enrolment: Enrolment) -> Self {
        Self {
            secret: enrolment.secret.to_string(),
            otpauth_uri: enrolment.uri.to_string(),
            qr_svg: enrolment.qr.to_string(),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TotpCode {
    #[schema(value_type = String, format = Password)]
    pub code: Code,
}

/// Shown once. `null` when there are some from before.
#[derive(Serialize, ToSchema)]
pub struct BackupCodesView {
    pub backup_codes: Option<Vec<String>>,
}

pub(super) fn codes(codes: &BackupCodes) -> Vec<String> {
    codes.expose().into_iter().map(str::to_owned).collect()
}

impl From<Option<BackupCodes>> for BackupCodesView {
    fn from(new: Option<BackupCodes>) -> Self {
        Self {
            backup_codes: new.as_ref().map(codes),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPasskey {
    #[schema(value_type = String, format = Password)]
    pub ticket: Ticket,
    pub name: String,
    /// What `navigator.credentials.create` returned.
    #[schema(value_type = Object)]
    pub credential: serde_json::Value,
}

#[derive(Serialize, ToSchema)]
pub struct PasskeyView {
    pub id: Uuid,
    pub name: String,
    pub created_at: DateTime<Utc>,
    pub used_at: Option<DateTime<Utc>>,
}

impl From<PasskeyCard> for PasskeyView {
    fn from(card: PasskeyCard) -> Self {
        Self {
            id: card.id,
            name: card.name,
            created_at: time(card.created_at),
            used_at: card.used_at.map(time),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct PasskeyAdded {
    pub passkey: PasskeyView,
    /// Shown once. `null` when there are some from before.
    pub backup_codes: Option<Vec<String>>,
}

impl From<(PasskeyCard, Option<BackupCodes>)> for PasskeyAdded {
    fn from((card, new): (PasskeyCard, Option<BackupCodes>)) -> Self {
        Self {
            passkey: card.into(),
            backup_codes: new.as_ref().map(codes),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct SecondFactorView {
    /// Whether an authenticator app is set up.
    pub totp: bool,
    /// Not used yet.
    pub backup_codes_left: u64,
    pub passkeys: Vec<PasskeyView>,
    /// Whether this server's address allows for passkeys.
    pub passkeys_available: bool,
}

impl From<Overview> for SecondFactorView {
    fn from(overview: Overview) -> Self {
        Self {
            totp: overview.totp,
            backup_codes_left: overview.backup_codes,
            passkeys: overview.passkeys.into_iter().map(PasskeyView::from).collect(),
            passkeys_available: overview.passkeys_available,
        }
    }
}

/// What a workspace asks of its members.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecondFactorRule {
    pub required: bool,
    /// Until it is in force. At most 90.
    #[serde(default)]
    pub grace_days: u32,
}

#[derive(Serialize, ToSchema)]
pub struct SecondFactorRequired {
    /// `null` when it is not.
    pub required_from: Option<DateTime<Utc>>,
}
