//! What goes in and out, as JSON. Shapes of the API; none of them is a row.

mod account;
mod analytics;
mod answer;
mod audit;
mod conversation;
mod document;
mod mailed;
mod operator;
mod project;
mod provider;
mod second_factor;
mod team;
mod widget;

use actors::Millis;
use chrono::{DateTime, NaiveDate, Utc};

pub(super) use account::session_name;
pub use account::{
    BelongingView, OtherWorkspace, OwnSessionView, SecondFactorStanding, SessionView, Sessions, SignIn, SignUp, UserView, WorkspaceEnd,
    WorkspaceView,
};
pub use analytics::{AnalyticsView, DayView, SourceView, TotalsView, UnansweredView};
pub use answer::{AnswerView, CitationView, Helpful, Question, Reader, VisitorQuestion};
pub use audit::{AuditEntryView, AuditKey, AuditLog, AuditTarget};
pub(super) use conversation::turns;
pub use conversation::{ConversationPage, ConversationView, Conversations, TurnView, Turns};
pub use document::{DocumentChange, DocumentPage, DocumentView, Documents, FailureView, LimitsView, ProgressView, SectionView, Uploaded};
pub use mailed::{EmailBody, EmailChange, LinkBody, PasswordChange, PasswordLength, PasswordReset, SignUpConfirmation};
pub use operator::{ActView, ActorFilter, ActorTotals, ActorView, ActorsPage, Acts, Done, SampleView, ServerView, state_name};
pub use project::{Confirmation, NameBody, ProjectView, Projects};
pub use provider::{
    AppleNotification, Identities, IdentityView, ProviderAnswer, ProviderAway, ProviderFinish, ProviderTicket, ProviderView, SignInOptions,
    Unfinished,
};
pub use second_factor::{
    BackupCodesView, ChallengeView, NewPasskey, PasskeyAdded, PasskeyOptions, PasskeySignIn, ProofBody, SecondFactor, SecondFactorNeeded,
    SecondFactorRequired, SecondFactorRule, SecondFactorView, TotpCode, TotpView,
};
pub use team::{
    Acceptance, Assignment, InvitationLink, InvitationPreview, InvitationView, Invitations, MemberView, Members, NewInvitation, NewOwner,
    PermissionView, Permissions, RoleChange, TokenBody,
};
pub use widget::{VisitBody, VisitView, WidgetChange, WidgetView};

/// UTC, RFC 3339.
pub(in crate::routes) fn time(at: Millis) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at).unwrap_or_default()
}

fn date(day: i32) -> NaiveDate {
    time(Millis::from(day) * 86_400_000).date_naive()
}
