//! What people send to change their password or address, and what mailed links bring.

use actors::identity::{LinkToken, Password};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailBody {
    pub email: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkBody {
    /// What is behind the `#` of the link.
    #[schema(value_type = String, format = Password)]
    pub token: LinkToken,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignUpConfirmation {
    #[schema(value_type = String, format = Password)]
    pub token: LinkToken,
    /// As it was chosen.
    #[schema(value_type = String, format = Password)]
    pub password: Password,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordReset {
    #[schema(value_type = String, format = Password)]
    pub token: LinkToken,
    #[schema(value_type = String, format = Password)]
    pub password: Password,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    #[schema(value_type = String, format = Password)]
    pub current: Password,
    #[schema(value_type = String, format = Password)]
    pub new: Password,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FirstPassword {
    #[schema(value_type = String, format = Password)]
    pub new: Password,
}

#[derive(Serialize, ToSchema)]
pub struct EmailChange {
    /// Whether the address has changed. If not, the link that went to the other address is still to be followed.
    pub changed: bool,
}

/// What a workspace asks of passwords.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordLength {
    /// Of those that are all that somebody signs in with: 12 or 15.
    #[schema(minimum = 12, maximum = 15)]
    pub characters: i32,
}
