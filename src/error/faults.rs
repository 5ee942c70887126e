//! What each fault of the actors is called outside, and its status.

use actix_web::http::StatusCode;
use actors::Fault;

use super::{
    Description,
    codes::{invalid, limit, plan_limit},
    refusals::{not_signed_in, role_too_low},
};

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
        Fault::LongerPasswordNeeded => Description::new(
            S::CONFLICT,
            "longer_password_needed",
            "Longer password needed",
            "This workspace asks for a password of at least 15 characters, or for a second factor. Change your password or add a second factor \
             first, and accept the invitation then.",
        ),
        Fault::LastSecondFactor => Description::new(
            S::CONFLICT,
            "last_second_factor",
            "Second factor needed",
            "One of your workspaces asks for a password of at least 15 characters where there is no second factor. Change your password, or add \
             another second factor, first.",
        ),
        Fault::NotAllowed => role_too_low(),
        Fault::LastOwner => Description::new(
            S::CONFLICT,
            "last_owner",
            "Last owner",
            "A workspace needs an owner. Make somebody else an owner first, or delete the workspace.",
        ),
        Fault::AlreadyOwner => Description::new(
            S::CONFLICT,
            "already_owner",
            "Already an owner",
            "You are an owner of this workspace. Choose somebody else to hand it over to.",
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
        Fault::InstallExpired => Description::new(
            S::BAD_REQUEST,
            "install_expired",
            "Begin again",
            "This was used already, took too long, or was begun in another browser or session. Begin again.",
        ),
        Fault::InstallCancelled => Description::new(
            S::BAD_REQUEST,
            "install_cancelled",
            "Cancelled",
            "You did not agree there, so nothing was connected.",
        ),
        Fault::SlackNotConfigured => Description::new(
            S::CONFLICT,
            "slack_not_configured",
            "No Slack app",
            "This server has no Slack app yet. Its operator sets one up first.",
        ),
        Fault::SlackUnavailable => Description::new(
            S::SERVICE_UNAVAILABLE,
            "slack_unavailable",
            "Slack not available",
            "Slack does not answer. Try again soon.",
        )
        .wait(10),
        Fault::SlackRefused(reason) => Description::new(
            S::BAD_REQUEST,
            "slack_refused",
            "Slack refused",
            format!("Slack refused this and gives the reason {reason}."),
        ),
        Fault::SlackTeamTaken => Description::new(
            S::CONFLICT,
            "slack_team_taken",
            "Connected elsewhere",
            "This Slack workspace is connected to another workspace of this server. Disconnect it there first.",
        ),
        Fault::ConnectExpired => Description::new(
            S::BAD_REQUEST,
            "connect_expired",
            "Begin again",
            "This was used already, took too long, or was begun in another browser or session. Begin again.",
        ),
        Fault::ConnectCancelled => Description::new(
            S::BAD_REQUEST,
            "connect_cancelled",
            "Cancelled",
            "You did not agree there, so nothing was connected.",
        ),
        Fault::ConnectRefused(reason) => Description::new(
            S::BAD_REQUEST,
            "connect_refused",
            "Refused",
            format!("The provider refused this and gives the reason: {reason}."),
        ),
        Fault::SourceNotConfigured(provider) => Description::new(
            S::CONFLICT,
            "source_not_configured",
            "Not set up",
            format!("This server is not registered at {provider} yet. Its operator does that first."),
        ),
        Fault::SourceUnavailable => Description::new(
            S::SERVICE_UNAVAILABLE,
            "source_unavailable",
            "Provider not available",
            "The provider does not answer. Try again soon.",
        )
        .wait(10),
        Fault::GrantBroken => Description::new(
            S::CONFLICT,
            "reconnect",
            "Connect again",
            "The provider does not accept this access any more. Connect it again.",
        ),
        Fault::AppNotInstalled => Description::new(
            S::BAD_REQUEST,
            "app_not_installed",
            "Not installed",
            "The GitHub App is not installed in an account that you see there. Install it, and connect again.",
        ),
        Fault::InstallRequested => Description::new(
            S::BAD_REQUEST,
            "install_requested",
            "Waiting for an owner",
            "An owner of the organisation has to approve the GitHub App there. Connect again when that is done.",
        ),
        Fault::HasPassword => Description::new(
            S::CONFLICT,
            "has_password",
            "There is a password",
            "Your account has a password already. Change it by the one that you have.",
        ),
        Fault::BillingNotConfigured => Description::new(
            S::NOT_FOUND,
            "billing_not_configured",
            "No plans here",
            "This server sells no plans: nothing is limited, and there is nothing to pay.",
        ),
        Fault::StripeUnavailable => Description::new(
            S::SERVICE_UNAVAILABLE,
            "stripe_unavailable",
            "Stripe not available",
            "Stripe does not answer. Try again soon.",
        )
        .wait(10),
        Fault::StripeRefused(reason) => Description::new(
            S::BAD_REQUEST,
            "stripe_refused",
            "Stripe refused",
            format!("Stripe refused this and gives the reason {reason}."),
        ),
        Fault::AlreadySubscribed => Description::new(
            S::CONFLICT,
            "already_subscribed",
            "Subscribed already",
            "There is a subscription already. Change its plan instead.",
        ),
        Fault::NotSubscribed => Description::new(
            S::CONFLICT,
            "not_subscribed",
            "Not subscribed",
            "There is no subscription yet. Choose a plan first.",
        ),
        Fault::SubscriptionUnsettled(status) => Description::new(
            S::CONFLICT,
            "subscription_unsettled",
            "Subscription not active",
            match status.as_str() {
                "past_due" | "unpaid" => "A payment is due. Make it at Stripe first, and change the plan then.".to_owned(),
                "incomplete" => "The first payment has not gone through yet. Finish it, or choose a plan anew.".to_owned(),
                status => format!("The subscription is {status} at Stripe. See to that there first."),
            },
        ),
        Fault::PaymentFailed(reason) => Description::new(
            S::PAYMENT_REQUIRED,
            "payment_failed",
            "Payment failed",
            format!("The payment did not go through ({reason}), and nothing was changed. See to the card at Stripe and try again."),
        ),
        // Payment is what would mend it: the role and the session are fine.
        Fault::PlanLimit { meter, most, plan } => {
            let (code, what) = plan_limit(*meter);
            let detail = format!("The plan {plan} has room for {most} {what}. An owner of the workspace can choose a larger one.");
            Description::new(S::PAYMENT_REQUIRED, code, "Plan limit reached", detail)
        }
        Fault::SignatureInvalid => Description::new(S::UNAUTHORIZED, "signature_invalid", "Not signed", "The signature is not valid."),
        Fault::AlreadyReceived => Description::new(
            S::CONFLICT,
            "already_received",
            "Received before",
            "This very message was received before. Sign a new one.",
        ),
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
        Fault::FromSource => Description::new(
            S::CONFLICT,
            "from_source",
            "Comes from a source",
            "This document comes from a source. Change it or remove it at its source; the next sync brings that here.",
        ),
        Fault::EditedMeanwhile => Description::new(
            S::CONFLICT,
            "edited_meanwhile",
            "Changed meanwhile",
            "Somebody else changed this since you opened it. Load it again, and make your change to what it says now.",
        ),
        Fault::WebhookPaused => Description::new(
            S::CONFLICT,
            "webhook_paused",
            "Webhook paused",
            "Nothing is sent to this webhook while it is paused. Resume it first.",
        ),
        Fault::DeliveryWaiting => Description::new(
            S::CONFLICT,
            "delivery_waiting",
            "Under way",
            "This delivery waits for its turn already.",
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
        Fault::UserTokenInvalid(reason) => Description::new(
            S::UNAUTHORIZED,
            "user_token_invalid",
            "User token not valid",
            format!("The user token is not accepted: {reason}."),
        ),
        Fault::IdentityNotSetUp => Description::new(
            S::CONFLICT,
            "identity_not_set_up",
            "No identity secret",
            "This project has no identity secret, so nobody can say who its visitors are. Create one on the Widget page.",
        ),
        Fault::HandOffOff => Description::new(
            S::CONFLICT,
            "hand_off_off",
            "Nobody to hand over to",
            "Talking to a person is not switched on for this project.",
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
        Fault::Storage(actors::StoreError::Unavailable(_)) | Fault::Cache(_) => Description::new(
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
        Fault::Storage(_)
        | Fault::Crashed
        | Fault::WorkPanicked
        | Fault::Sealed
        // Jobs alone meet it, and wait.
        | Fault::EmbeddingWaits { .. }
        | Fault::Internal(_) => Description::internal(),
    }
}
