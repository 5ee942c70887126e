//! The rows of people: their accounts and sessions, the ways in, the workspace and its team.

use super::{Door, Route, delete, get, patch, post, put};
use crate::{
    doors::Asked,
    routes::{
        account,
        dashboard::{invitations, team, workspace},
        mailed, providers, second_factor, views as v,
    },
};

pub(in crate::routes) fn rows() -> Vec<Route> {
    use Door::{Callback, Open, Session};
    vec![
        post("/account", account::sign_up, Open, "Create an account and its workspace")
            .takes::<v::SignUp>()
            .gives::<v::SessionView>(201)
            .or_later("How to go on is in a mail, for an address that has an account already too"),
        post("/session", account::sign_in, Open, "Sign in")
            .takes::<v::SignIn>()
            .gives::<v::SessionView>(200)
            .or::<v::SecondFactorNeeded>(202),
        post("/account/confirm", mailed::confirm_sign_up, Open, "Finish a sign-up by its link")
            .takes::<v::SignUpConfirmation>()
            .gives::<v::SessionView>(201),
        post(
            "/account/password/forgotten",
            mailed::forgotten,
            Open,
            "Mail a link to set a new password, if the address has an account",
        )
        .takes::<v::EmailBody>()
        .accepted(),
        post("/account/password/reset", mailed::reset, Open, "Set a new password by a link")
            .takes::<v::PasswordReset>()
            .empty(),
        put(
            "/account/password",
            mailed::change,
            Session,
            "Change one's password; every other session ends",
        )
        .takes::<v::PasswordChange>()
        .asking(Asked::Second)
        .gives::<v::SessionView>(200),
        post(
            "/account/password",
            mailed::set,
            Session,
            "Give an account that other ways open a password; every other session ends",
        )
        .takes::<v::FirstPassword>()
        .asking(Asked::Each)
        .gives::<v::SessionView>(200),
        post(
            "/account/verification",
            mailed::ask_verification,
            Session,
            "Mail a link that proves one's address",
        )
        .accepted(),
        post("/account/verified", mailed::verify, Session, "Prove one's address by a link")
            .takes::<v::LinkBody>()
            .empty(),
        post(
            "/account/email",
            mailed::ask_email,
            Session,
            "Mail links to one's address and to the one that it is to become",
        )
        .takes::<v::EmailBody>()
        .accepted()
        .asking(Asked::Each),
        post(
            "/account/email/confirmed",
            mailed::confirm_email,
            Open,
            "Agree to a change of address by a link",
        )
        .takes::<v::LinkBody>()
        .gives::<v::EmailChange>(200),
        get("/session", account::show, Session, "Who is signed in").gives::<v::SessionView>(200),
        delete("/session", account::sign_out, Session, "Sign out").empty(),
        post("/session/proof", second_factor::prove, Session, "Prove anew who one is")
            .takes::<v::ProofBody>()
            .gives::<v::SessionView>(200),
        post(
            "/session/proof/options",
            second_factor::proof_options,
            Session,
            "What one can prove oneself with, and options for a passkey",
        )
        .gives::<v::ChallengeView>(200),
        post("/session/second-factor", second_factor::finish, Open, "Sign in, the second step")
            .takes::<v::SecondFactor>()
            .gives::<v::SessionView>(200),
        post(
            "/session/passkey/options",
            second_factor::passkey_options,
            Open,
            "Options to sign in with a passkey",
        )
        .gives::<v::PasskeyOptions>(200),
        post(
            "/session/passkey",
            second_factor::sign_in_by_passkey,
            Open,
            "Sign in with a passkey",
        )
        .takes::<v::PasskeySignIn>()
        .gives::<v::SessionView>(200),
        get("/account/second-factor", second_factor::show, Session, "One's own second factors").gives::<v::SecondFactorView>(200),
        post(
            "/account/totp",
            second_factor::begin_totp,
            Session,
            "Begin to set up an authenticator app",
        )
        .asking(Asked::Each)
        .gives::<v::TotpView>(200),
        post(
            "/account/totp/confirmed",
            second_factor::confirm_totp,
            Session,
            "Use the authenticator app from now on",
        )
        .takes::<v::TotpCode>()
        .gives::<v::BackupCodesView>(200),
        delete("/account/totp", second_factor::remove_totp, Session, "Remove the authenticator app")
            .asking(Asked::Each)
            .empty(),
        post(
            "/account/backup-codes",
            second_factor::renew_backup_codes,
            Session,
            "New backup codes in the place of all others",
        )
        .asking(Asked::Each)
        .gives::<v::BackupCodesView>(200),
        post(
            "/account/passkeys/options",
            second_factor::begin_passkey,
            Session,
            "Options to make a passkey with",
        )
        .asking(Asked::Each)
        .gives::<v::PasskeyOptions>(200),
        post("/account/passkeys", second_factor::add_passkey, Session, "Add a passkey")
            .takes::<v::NewPasskey>()
            .gives::<v::PasskeyAdded>(201),
        patch(
            "/account/passkeys/{passkey}",
            second_factor::rename_passkey,
            Session,
            "Rename a passkey",
        )
        .takes::<v::NameBody>()
        .empty(),
        delete(
            "/account/passkeys/{passkey}",
            second_factor::remove_passkey,
            Session,
            "Remove a passkey",
        )
        .asking(Asked::Each)
        .empty(),
        get("/account/sessions", account::sessions, Session, "One's own sessions").gives::<v::Sessions>(200),
        delete(
            "/account/sessions",
            account::end_others,
            Session,
            "End all of one's sessions but this one",
        )
        .fresh()
        .empty(),
        delete(
            "/account/sessions/{session}",
            account::end_one,
            Session,
            "End one of one's sessions",
        )
        .fresh()
        .empty(),
        post(
            "/session/workspace",
            account::switch,
            Session,
            "Go on in another workspace of yours",
        )
        .takes::<v::OtherWorkspace>()
        .gives::<v::SessionView>(200),
        post(
            "/session/invitation",
            account::join,
            Session,
            "Accept an invitation and open its workspace",
        )
        .takes::<v::TokenBody>()
        .gives::<v::SessionView>(200),
        get("/sign-in-options", providers::options, Open, "Which ways to sign in there are").gives::<v::SignInOptions>(200),
        post("/session/providers/{provider}", providers::start, Open, "Go to a sign-in provider")
            .asks(&["fresh"])
            .gives::<v::ProviderAway>(200),
        get("/sign-in/google", providers::back_from_google, Callback, "Come back from Google")
            .asks(&["state", "code", "iss", "error"])
            .leads_on(),
        post("/sign-in/apple", providers::back_from_apple, Callback, "Come back from Apple")
            .takes_form::<v::ProviderAnswer>()
            .leads_on(),
        post(
            "/session/provider",
            providers::finish,
            Open,
            "Sign in with what a provider confirmed, or learn what is missing",
        )
        .takes::<v::ProviderFinish>()
        .gives::<v::SessionView>(200)
        .or::<v::Unfinished>(202),
        get(
            "/account/identities",
            providers::list,
            Session,
            "The accounts elsewhere that open this one",
        )
        .gives::<v::Identities>(200),
        post(
            "/account/identities/{provider}/link",
            providers::start_link,
            Session,
            "Go to a provider to link an account there",
        )
        .asking(Asked::Each)
        .gives::<v::ProviderAway>(200),
        post("/account/identities", providers::link, Session, "Link what a provider confirmed")
            .asking(Asked::Each)
            .takes::<v::ProviderTicket>()
            .empty(),
        delete(
            "/account/identities/{provider}",
            providers::unlink,
            Session,
            "Take a link away; every other session ends",
        )
        .asking(Asked::Each)
        .empty(),
        post("/invitations/preview", account::preview, Open, "What an invitation is for")
            .takes::<v::TokenBody>()
            .gives::<v::InvitationPreview>(200),
        post(
            "/invitations/accept",
            account::accept,
            Open,
            "Accept an invitation with a new account",
        )
        .takes::<v::Acceptance>()
        .gives::<v::SessionView>(201),
        post("/workspaces", account::found, Session, "Create another workspace and open it")
            .takes::<v::NameBody>()
            .gives::<v::SessionView>(201),
        patch("/workspace", workspace::rename, Session, "Rename the workspace")
            .takes::<v::NameBody>()
            .empty(),
        get(
            "/workspace/password-length",
            workspace::password_length,
            Session,
            "How long members' passwords must be",
        )
        .gives::<v::PasswordLength>(200),
        put(
            "/workspace/password-length",
            workspace::set_password_length,
            Session,
            "Say how long members' passwords must be",
        )
        .takes::<v::PasswordLength>()
        .fresh()
        .empty(),
        delete("/workspace", workspace::delete, Session, "Delete the workspace and destroy its key")
            .takes::<v::Confirmation>()
            .fresh()
            .gives::<v::WorkspaceEnd>(200),
        post(
            "/workspace/keep",
            workspace::keep,
            Session,
            "Take back a workspace that was deleted",
        )
        .empty(),
        put(
            "/workspace/second-factor",
            workspace::require_second_factor,
            Session,
            "Require a second factor of all members",
        )
        .takes::<v::SecondFactorRule>()
        .fresh()
        .gives::<v::SecondFactorRequired>(200),
        delete("/workspace/membership", workspace::leave, Session, "Leave the workspace").empty(),
        get("/team/permissions", team::permissions, Session, "What each role may do").gives::<v::Permissions>(200),
        get("/team/members", team::list, Session, "The workspace's members").gives::<v::Members>(200),
        patch("/team/members/{member}", team::change, Session, "Change a member's role")
            .takes::<v::RoleChange>()
            .fresh()
            .gives::<v::MemberView>(200),
        delete("/team/members/{member}", team::remove, Session, "Remove a member")
            .fresh()
            .empty(),
        delete(
            "/team/members/{member}/sessions",
            team::end_sessions,
            Session,
            "End a member's sessions in this workspace",
        )
        .fresh()
        .empty(),
        put(
            "/team/members/{member}/projects",
            team::assign,
            Session,
            "Assign a member to projects",
        )
        .takes::<v::Assignment>()
        .gives::<v::MemberView>(200),
        post("/team/owner", team::hand_over, Session, "Hand over ownership")
            .takes::<v::NewOwner>()
            .fresh()
            .empty(),
        get("/team/invitations", invitations::list, Session, "Open invitations").gives::<v::Invitations>(200),
        post("/team/invitations", invitations::create, Session, "Invite somebody")
            .takes::<v::NewInvitation>()
            .fresh()
            .gives::<v::InvitationLink>(201),
        post(
            "/team/invitations/{invitation}/link",
            invitations::renew,
            Session,
            "Make a new link for an invitation; the old one ends",
        )
        .fresh()
        .gives::<v::InvitationLink>(200),
        delete(
            "/team/invitations/{invitation}",
            invitations::revoke,
            Session,
            "Revoke an invitation",
        )
        .empty(),
    ]
}
