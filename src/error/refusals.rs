//! What a door refuses by itself.

use actix_web::http::StatusCode;
use actors::{Fault, webhooks::Rejection};

use super::{Description, Missing, faults::describe};

pub(super) fn not_signed_in() -> Description {
    Description::new(StatusCode::UNAUTHORIZED, "not_signed_in", "Not signed in", "Sign in to go on.")
}

pub(super) fn step_up_needed(missing: Missing) -> Description {
    let detail = match missing {
        Missing::Any => "This needs a proof of who you are that is not older than ten minutes.",
        Missing::First => "This changes how your account opens, and needs proofs of the last ten minutes: of what you sign in with first.",
        Missing::Second => "This changes how your account opens, and needs proofs of the last ten minutes: of your second factor.",
    };
    Description {
        proof: Some(missing),
        ..Description::new(StatusCode::FORBIDDEN, "step_up_needed", "Confirm that it is you", detail)
    }
}

pub(super) fn role_too_low() -> Description {
    Description::new(
        StatusCode::FORBIDDEN,
        "role_too_low",
        "Not allowed",
        "Your role in this workspace does not allow this.",
    )
}

pub(super) fn too_large() -> Description {
    Description::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too_large",
        "Too large",
        "The request's body is larger than this route takes.",
    )
}

/// Says no more than the sender needs to mend it.
pub(super) fn unverified(rejection: Rejection) -> Description {
    use StatusCode as S;
    match rejection {
        Rejection::NotConfigured => Description::new(
            S::SERVICE_UNAVAILABLE,
            "webhook_not_configured",
            "Not set up",
            "This address takes no messages yet: the secret to check them with is missing.",
        )
        .wait(300),
        Rejection::TooLarge => too_large(),
        Rejection::TooOld | Rejection::TooNew => Description::new(
            S::UNAUTHORIZED,
            "timestamp_outside_window",
            "Not of this moment",
            "The message's time is more than five minutes from this server's.",
        ),
        Rejection::MissingHeader | Rejection::DuplicateHeader | Rejection::MalformedHeader | Rejection::WrongSignature => {
            describe(&Fault::SignatureInvalid)
        }
    }
}
