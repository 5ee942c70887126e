//! Every path, on one page. A route is mounted, described in the OpenAPI document and covered by the authorization test because it
//! is in this table; the door it is behind is a property of its row.

pub mod account;
pub mod assets;
pub mod dashboard;
pub mod mailed;
pub mod operator;
pub mod providers;
pub mod second_factor;
mod table;
pub mod views;
pub mod widget;

pub(crate) use table::{Body, Described};
pub use table::{Door, Route, mount};
use table::{delete, get, patch, post, put};

use dashboard::{analytics, audit, conversations, documents, invitations, projects, questions, set_up, team, workspace};

/// The API: below `/operator/api` what is behind the operators' door, below `/api/v1` the rest.
#[must_use]
pub fn api() -> Vec<Route> {
    use Door::{Callback, Open, Operator, Session, Widget};
    use views as v;
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
        .fresh(),
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
        .fresh()
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
            .fresh()
            .empty(),
        post(
            "/account/backup-codes",
            second_factor::renew_backup_codes,
            Session,
            "New backup codes in the place of all others",
        )
        .fresh()
        .gives::<v::BackupCodesView>(200),
        post(
            "/account/passkeys/options",
            second_factor::begin_passkey,
            Session,
            "Options to make a passkey with",
        )
        .fresh()
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
        .fresh()
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
        post("/session/providers/{provider}", providers::start, Open, "Go to a sign-in provider").gives::<v::ProviderAway>(200),
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
        .fresh()
        .gives::<v::ProviderAway>(200),
        post("/account/identities", providers::link, Session, "Link what a provider confirmed")
            .fresh()
            .takes::<v::ProviderTicket>()
            .empty(),
        delete("/account/identities/{provider}", providers::unlink, Session, "Take a link away")
            .fresh()
            .empty(),
        post(
            "/webhooks/apple/sign-in",
            providers::apple_notification,
            Callback,
            "What Apple says of somebody's account there",
        )
        .takes::<v::AppleNotification>()
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
        get("/audit", audit::list, Session, "What was done in the workspace, the latest first")
            .asks(&["act", "actor", "from", "to", "before", "limit"])
            .gives::<v::AuditLog>(200),
        get("/audit/key", audit::key, Session, "By what exports of the audit log are verified").gives::<v::AuditKey>(200),
        get("/audit/export", audit::export, Session, "The whole audit log, signed")
            .asks(&["format"])
            .fresh()
            .exports(&["application/jsonl", "text/csv"]),
        get("/projects", projects::list, Session, "The workspace's projects").gives::<v::Projects>(200),
        post("/projects", projects::create, Session, "Create a project")
            .takes::<v::NameBody>()
            .gives::<v::ProjectView>(201),
        get("/projects/{project}", projects::show, Session, "A project").gives::<v::ProjectView>(200),
        patch("/projects/{project}", projects::rename, Session, "Rename a project")
            .takes::<v::NameBody>()
            .gives::<v::ProjectView>(200),
        delete(
            "/projects/{project}",
            projects::delete,
            Session,
            "Delete a project and destroy its key",
        )
        .takes::<v::Confirmation>()
        .fresh()
        .empty(),
        get("/projects/{project}/documents", documents::list, Session, "The project's documents").gives::<v::Documents>(200),
        post("/projects/{project}/documents", documents::add, Session, "Upload documents")
            .takes_files()
            .gives::<v::Uploaded>(201),
        get(
            "/projects/{project}/documents/{document}",
            documents::show,
            Session,
            "A document as it was read",
        )
        .gives::<v::DocumentPage>(200),
        get(
            "/projects/{project}/documents/{document}/original",
            documents::original,
            Session,
            "A document as it was uploaded",
        )
        .gives_file(),
        put(
            "/projects/{project}/documents/{document}",
            documents::replace,
            Session,
            "Replace a document's contents",
        )
        .takes_files()
        .gives::<v::DocumentView>(200),
        patch(
            "/projects/{project}/documents/{document}",
            documents::change,
            Session,
            "Rename a document or set its link",
        )
        .takes::<v::DocumentChange>()
        .gives::<v::DocumentView>(200),
        delete(
            "/projects/{project}/documents/{document}",
            documents::delete,
            Session,
            "Delete a document",
        )
        .empty(),
        post("/projects/{project}/questions", questions::ask, Session, "Try a question")
            .takes::<v::Question>()
            .gives::<v::AnswerView>(200)
            .streams(),
        post(
            "/projects/{project}/messages/{message}/feedback",
            questions::feedback,
            Session,
            "Say whether an answer helped",
        )
        .takes::<v::Helpful>()
        .empty(),
        get(
            "/projects/{project}/conversations",
            conversations::list,
            Session,
            "Conversations, the latest first",
        )
        .asks(&["limit", "before", "channel", "outcome"])
        .gives::<v::Conversations>(200),
        get(
            "/projects/{project}/conversations/{conversation}",
            conversations::show,
            Session,
            "A conversation with its turns",
        )
        .gives::<v::ConversationPage>(200),
        get("/projects/{project}/analytics", analytics::show, Session, "Figures by day")
            .asks(&["days"])
            .gives::<v::AnalyticsView>(200),
        get("/projects/{project}/widget", set_up::show, Session, "The widget's set-up").gives::<v::WidgetView>(200),
        patch("/projects/{project}/widget", set_up::change, Session, "Change the widget's set-up")
            .takes::<v::WidgetChange>()
            .gives::<v::WidgetView>(200),
        post("/projects/{project}/widget/key", set_up::rotate, Session, "Replace the public key")
            .fresh()
            .gives::<v::WidgetView>(200),
        post("/widget/{key}/visits", widget::visit, Widget, "Begin or continue a visit")
            .takes::<v::VisitBody>()
            .gives::<v::VisitView>(201)
            .begins(),
        post("/widget/{key}/questions", widget::ask, Widget, "Ask")
            .takes::<v::VisitorQuestion>()
            .gives::<v::AnswerView>(200)
            .streams(),
        get(
            "/widget/{key}/conversation",
            widget::conversation,
            Widget,
            "The visitor's own conversation",
        )
        .gives::<v::Turns>(200),
        post(
            "/widget/{key}/messages/{message}/feedback",
            widget::feedback,
            Widget,
            "Say whether an answer helped",
        )
        .takes::<v::Helpful>()
        .empty(),
        get("/actors", operator::actors, Operator, "How the actors of this process are")
            .asks(&["state", "kind", "tenant", "page", "limit"])
            .gives::<v::ActorsPage>(200),
        get(
            "/actors/stream",
            operator::stream,
            Operator,
            "Changes of the actors, as they happen",
        )
        .asks(&["state", "kind", "tenant"])
        .streams(),
        post("/actors/{actor}/reset", operator::reset, Operator, "Rebuild an actor from storage").gives::<v::Done>(200),
        post(
            "/actors/{actor}/evict",
            operator::evict,
            Operator,
            "Let go of a project's actor, or of a tenant's whole tree",
        )
        .gives::<v::Done>(200),
        get("/acts", operator::acts, Operator, "What operators did").gives::<v::Acts>(200),
    ]
}
