//! What each fault of the actors is called outside, and its status.

use actix_web::http::StatusCode;
use actors::{Fault, Invalid, Limit};

use super::Description;

pub(super) fn not_signed_in() -> Description {
    Description::new(StatusCode::UNAUTHORIZED, "not_signed_in", "Not signed in", "Sign in to go on.")
}

pub(super) fn role_too_low() -> Description {
    Description::new(
        StatusCode::FORBIDDEN,
        "role_too_low",
        "Not allowed",
        "Your role in this workspace does not allow this.",
    )
}

pub(super) fn describe(fault: &Fault) -> Description {
    use StatusCode as S;
    match fault {
        Fault::NotFound => Description::new(S::NOT_FOUND, "not_found", "Not found", "There is no such thing here."),
        Fault::NameTaken(field) => Description {
            field: Some((*field).to_owned()),
            ..Description::new(S::CONFLICT, "name_taken", "Name taken", "Something here has this name already.")
        },
        Fault::Invalid { code, field, reason } => Description {
            field: Some(field.clone()),
            ..Description::new(S::UNPROCESSABLE_ENTITY, invalid(*code), "Not acceptable", reason.clone())
        },
        Fault::ConfirmationMismatch => Description {
            field: Some("confirm".into()),
            ..Description::new(
                S::UNPROCESSABLE_ENTITY,
                "confirmation_mismatch",
                "Not confirmed",
                "Type the exact name to confirm.",
            )
        },
        Fault::EmailTaken => Description {
            field: Some("email".into()),
            ..Description::new(
                S::CONFLICT,
                "email_taken",
                "Address taken",
                "This e-mail address has an account already. Sign in instead.",
            )
        },
        Fault::WrongCredentials => Description::new(
            S::UNAUTHORIZED,
            "wrong_credentials",
            "Wrong credentials",
            "The e-mail address and the password do not go together.",
        ),
        Fault::WrongSecondFactor => Description::new(
            S::UNAUTHORIZED,
            "wrong_second_factor",
            "Not right",
            "This code or passkey is not right, or it was used already. Use the next code, or another way.",
        ),
        Fault::TicketInvalid => Description::new(
            S::UNAUTHORIZED,
            "sign_in_expired",
            "Begin again",
            "This took too long, or too many codes were wrong. Begin again.",
        ),
        Fault::TotpActive => Description::new(
            S::CONFLICT,
            "totp_active",
            "App in use",
            "An authenticator app is set up already. Remove it before you set up another one.",
        ),
        Fault::EnrolmentOver => Description::new(
            S::CONFLICT,
            "enrolment_over",
            "Begin again",
            "This took too long, or was begun anew elsewhere. Begin again.",
        ),
        Fault::PasskeyRefused => Description::new(
            S::UNPROCESSABLE_ENTITY,
            "passkey_refused",
            "Passkey not accepted",
            "This passkey cannot be used here: it does not verify who holds it, or it is registered already.",
        ),
        Fault::PasskeysUnavailable => Description::new(
            S::CONFLICT,
            "passkeys_unavailable",
            "No passkeys here",
            "Passkeys need a server that is reached by a name, over HTTPS. Ask its operator.",
        ),
        Fault::NoSecondFactor => Description::new(
            S::CONFLICT,
            "no_second_factor",
            "No second factor",
            "Your account has no second factor. Set one up first.",
        ),
        Fault::SecondFactorRequired => Description::new(
            S::FORBIDDEN,
            "second_factor_required",
            "Second factor required",
            "This workspace requires two-factor authentication. Set it up for your account to go on.",
        ),
        Fault::NotAllowed => role_too_low(),
        Fault::LastOwner => Description::new(
            S::CONFLICT,
            "last_owner",
            "Last owner",
            "A workspace needs an owner. Make somebody else an owner first, or delete the workspace.",
        ),
        Fault::AlreadyMember => Description {
            field: Some("email".into()),
            ..Description::new(
                S::CONFLICT,
                "already_member",
                "Already a member",
                "This person belongs to the workspace already.",
            )
        },
        Fault::AlreadyInvited => Description {
            field: Some("email".into()),
            ..Description::new(
                S::CONFLICT,
                "already_invited",
                "Already invited",
                "This address has an open invitation. Make a new link for that one, or revoke it first.",
            )
        },
        Fault::InvitationInvalid => Description::new(
            S::NOT_FOUND,
            "invitation_invalid",
            "Invitation not valid",
            "This invitation has expired, was used, or was withdrawn. Ask for a new one.",
        ),
        Fault::LinkInvalid => Description::new(
            S::NOT_FOUND,
            "link_invalid",
            "Link not valid",
            "This link has expired or was used. Ask for a new one.",
        ),
        Fault::InvitationForAnother => Description::new(
            S::CONFLICT,
            "invitation_for_another",
            "Invitation for someone else",
            "This invitation is for another e-mail address. Sign in with that address to accept it.",
        ),
        Fault::ReachesEveryProject => Description::new(
            S::CONFLICT,
            "reaches_every_project",
            "Nothing to assign",
            "Admins and owners see every project. Only members are assigned to projects.",
        ),
        Fault::SignInExpired => Description::new(
            S::BAD_REQUEST,
            "sign_in_expired",
            "Begin again",
            "This sign-in was used already, took too long, or was begun in another browser. Begin again.",
        ),
        Fault::SignInCancelled => Description::new(S::BAD_REQUEST, "sign_in_cancelled", "Cancelled", "The sign-in was cancelled."),
        Fault::ProviderUnavailable => Description::new(
            S::SERVICE_UNAVAILABLE,
            "provider_unavailable",
            "Provider not available",
            "The sign-in provider does not answer. Try again soon, or sign in another way.",
        )
        .wait(10),
        Fault::ProviderRefused => Description::new(
            S::BAD_REQUEST,
            "provider_refused",
            "Not confirmed",
            "The sign-in provider did not confirm who you are. Begin again, or sign in another way.",
        ),
        Fault::EmailUnverified => Description::new(
            S::FORBIDDEN,
            "provider_email_unverified",
            "Address not checked",
            "The provider has not checked your e-mail address. Check it there, or sign up with a password.",
        ),
        Fault::IdentityTaken => Description::new(
            S::CONFLICT,
            "identity_taken",
            "Linked already",
            "That account opens another account here, or yours is linked to another one of the same provider.",
        ),
        Fault::LastWayIn => Description::new(
            S::CONFLICT,
            "last_way_in",
            "The last way to sign in",
            "Nothing else opens this account. Set a password, add a passkey, or link another provider first.",
        ),
        Fault::SignatureInvalid => Description::new(S::UNAUTHORIZED, "signature_invalid", "Not signed", "The signature is not valid."),
        Fault::WorkspaceEnding => Description::new(
            S::FORBIDDEN,
            "workspace_ending",
            "Workspace shut",
            "This workspace was deleted and is shut until it ends. An owner can still take it back.",
        ),
        Fault::NoWorkspace => Description::new(
            S::CONFLICT,
            "no_workspace",
            "No workspace",
            "Your account belongs to no workspace any more. Sign in with the name of a new one to create it.",
        ),
        Fault::TooMany { retry_after_s } => Description::new(
            S::TOO_MANY_REQUESTS,
            "too_many_requests",
            "Too many requests",
            "Wait a little before you try again.",
        )
        .wait(*retry_after_s),
        Fault::Limit { code, reason } => {
            let (status, code) = limit(*code);
            Description::new(status, code, "Limit reached", reason.clone())
        }
        Fault::OriginNotAllowed => Description::new(
            S::FORBIDDEN,
            "origin_not_allowed",
            "Origin not allowed",
            "This site is not on the project's list of allowed domains.",
        ),
        Fault::VisitorTokenInvalid => Description::new(
            S::UNAUTHORIZED,
            "visitor_token_invalid",
            "Visit over",
            "The visitor's token is missing, expired or not for this site. Begin a new visit.",
        ),
        Fault::Overloaded => Description::new(
            S::SERVICE_UNAVAILABLE,
            "overloaded",
            "Busy",
            "This workspace has more requests than it can take. Try again in a moment.",
        )
        .wait(1),
        Fault::Unavailable => Description::new(
            S::SERVICE_UNAVAILABLE,
            "unavailable",
            "Not available",
            "A part of this workspace is being restored. Try again soon.",
        )
        .wait(10),
        Fault::Quarantined { retry_after_s } => Description::new(
            S::SERVICE_UNAVAILABLE,
            "unavailable",
            "Not available",
            "A part of this workspace keeps failing and is left alone for a moment. Try again later.",
        )
        .wait(*retry_after_s),
        Fault::TimedOut => Description::new(
            S::GATEWAY_TIMEOUT,
            "timed_out",
            "No reply in time",
            "This took too long. It may still complete.",
        )
        .wait(5),
        Fault::Storage(actors::StoreError::SessionOver) => not_signed_in(),
        Fault::Storage(actors::StoreError::Unavailable(_)) | Fault::Cache => Description::new(
            S::SERVICE_UNAVAILABLE,
            "storage_unavailable",
            "Not available",
            "The database or the cache does not answer. Try again soon.",
        )
        .wait(5),
        // A newer key is in use: this node knows of it within a second.
        Fault::Storage(actors::StoreError::KeyRetired) => Description::new(
            S::SERVICE_UNAVAILABLE,
            "keys_changing",
            "Not available",
            "This workspace's keys are being renewed. Try again in a moment.",
        )
        .wait(1),
        Fault::KeyService(_) => Description::new(
            S::SERVICE_UNAVAILABLE,
            "keys_unavailable",
            "Not available",
            "The keys of this workspace cannot be reached. Try again soon.",
        )
        .wait(5),
        Fault::Storage(_) | Fault::Crashed | Fault::WorkPanicked | Fault::Sealed | Fault::Internal(_) => Description::internal(),
    }
}

fn invalid(code: Invalid) -> &'static str {
    match code {
        Invalid::Name => "invalid_name",
        Invalid::Email => "invalid_email",
        Invalid::WeakPassword => "weak_password",
        Invalid::Code => "wrong_code",
        Invalid::GraceDays => "invalid_grace_days",
        Invalid::PasswordLength => "invalid_password_length",
        Invalid::Origin => "invalid_origin",
        Invalid::Color => "invalid_color",
        Invalid::Position => "invalid_position",
        Invalid::TextTooLong => "text_too_long",
        Invalid::TooManySuggestions => "too_many_suggestions",
        Invalid::TooManyOrigins => "too_many_origins",
        Invalid::SourceUrl => "invalid_source_url",
        Invalid::QuestionEmpty => "question_empty",
        Invalid::QuestionTooLong => "question_too_long",
        Invalid::Cursor => "invalid_cursor",
        Invalid::UnknownProject => "unknown_project",
    }
}

fn limit(code: Limit) -> (StatusCode, &'static str) {
    use StatusCode as S;
    match code {
        Limit::FileTooLarge => (S::PAYLOAD_TOO_LARGE, "file_too_large"),
        Limit::UnsupportedType => (S::UNSUPPORTED_MEDIA_TYPE, "unsupported_type"),
        Limit::EmptyFile => (S::UNPROCESSABLE_ENTITY, "empty_file"),
        Limit::TooManyFiles => (S::UNPROCESSABLE_ENTITY, "too_many_files"),
        Limit::TooManyDocuments => (S::CONFLICT, "too_many_documents"),
        Limit::StorageFull => (S::CONFLICT, "storage_full"),
        Limit::TooManyProjects => (S::CONFLICT, "too_many_projects"),
        Limit::TooManyInvitations => (S::CONFLICT, "too_many_invitations"),
        Limit::TooManyWorkspaces => (S::CONFLICT, "too_many_workspaces"),
        Limit::TooManyPasskeys => (S::CONFLICT, "too_many_passkeys"),
    }
}
