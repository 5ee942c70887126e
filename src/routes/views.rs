//! What goes in and out, as JSON. Shapes of the API; none of them is a row.

mod account;
mod analytics;
mod answer;
mod audit;
mod billing;
mod connection;
mod conversation;
mod curated;
mod disclosure;
mod document;
mod embedding;
mod inbox;
mod library;
mod mailed;
mod operator;
mod privacy;
mod project;
mod provider;
mod report;
mod second_factor;
mod slack;
mod source;
mod synonyms;
mod team;
mod trust;
mod voice;
mod webhook;
mod widget;

use actors::Millis;
use chrono::{DateTime, NaiveDate, Utc};

pub(super) use account::session_name;
pub use account::{
    BelongingView, OtherWorkspace, OwnSessionView, SecondFactorStanding, SessionView, Sessions, SignIn, SignUp, UserView, WorkspaceEnd,
    WorkspaceView,
};
pub use analytics::{
    AnalyticsView, AskedView, ChannelView, CitedSources, CountsView, DayView, GapView, GapsView, PageView, SourceView, TookView, TotalsView,
};
pub use answer::{AnswerView, CitationView, Helpful, Question, Reader, VisitorQuestion};
pub use audit::{AuditEntryView, AuditKey, AuditLog, AuditTarget};
pub use billing::{BillingView, InvoiceView, Invoices, PlanChoice, UsageView};
pub use connection::{ConnectAnswer, ConnectedTeam, GrantTicket, GrantView, Grants, Integrations, ProviderOffer, Receipts};
pub(super) use conversation::turns;
pub use conversation::{AssigneeView, ConversationPage, ConversationView, Conversations, ExcerptView, PersonView, TurnView, Turns};
pub use curated::{
    CuratedAnswers, CuratedBody, CuratedDraft, CuratedLinkView, CuratedPage, CuratedPatch, CuratedPreview, CuratedRevisionView,
    CuratedView, ModelDayView, ModelTotalsView, ModelUseView,
};
pub use disclosure::{
    FollowedReport, NewReport, PageSection, PageText, PageTextBody, PublicPage, ReportDue, ReportFile, ReportLine, ReportLink,
    ReportMessage, ReportProgram, ReportReceipt, ThankedView, Thanks,
};
pub use document::{
    CollectionRefView, DocumentChange, DocumentPage, DocumentView, Documents, FailureView, LimitsView, ProgressView, SectionView,
    SourceRefView, TwinView, Uploaded,
};
pub use embedding::{EmbeddingView, TakesOverView};
pub use inbox::{
    ConversationExport, ConversationFilter, ConversationPatch, ConversationSearch, ExportFormat, InboxView, NewTodo, NoteBody, NoteView,
    OutcomeFilter, RatingFilter, StateChange, StateFilter, TodoPatch, TodoQuestionView, TodoView, Todos, Word,
};
pub(super) use library::named;
pub use library::{
    AnsweredView, BatchAction, BatchBody, BatchView, CollectionBody, CollectionView, Collections, DifferenceView, DocumentFilter,
    DocumentQuery, DocumentStatistics, Facets, LikenessView, Likenesses, LineView, RevisionText, RevisionView, Revisions, SourceCount,
    StatusCount, TagCount,
};
pub use mailed::{EmailBody, EmailChange, FirstPassword, LinkBody, PasswordChange, PasswordLength, PasswordReset, SignUpConfirmation};
pub use operator::{
    ActView, ActorFilter, ActorTotals, ActorView, ActorsPage, Acts, BackupsView, Done, SampleView, ServerView, TenantActorsView, state_name,
};
pub use privacy::{Erasure, LastDeletion, MaskView, PrivacyBody, PrivacyView, StoredVisitor, VisitorConversationData, VisitorData};
pub use project::{Confirmation, NameBody, ProjectView, Projects};
pub use provider::{
    AppleNotification, Identities, IdentityView, ProviderAnswer, ProviderAway, ProviderFinish, ProviderStart, ProviderTicket, ProviderView,
    SignInOptions, Unfinished,
};
pub use report::{ReportBoard, ReportCard, ReportMove, ReportNote, ReportSheet};
pub use second_factor::{
    BackupCodesView, ChallengeView, NewPasskey, PasskeyAdded, PasskeyOptions, PasskeySignIn, ProofBody, SecondFactor, SecondFactorNeeded,
    SecondFactorRequired, SecondFactorRule, SecondFactorView, TotpCode, TotpView,
};
pub use slack::{SlackAnswer, SlackChannelBody, SlackChannelView, SlackDeliveryView, SlackTeamView, SlackTicket, SlackView};
pub use source::{
    DocumentsFate, KnowledgeSource, Leaving, NewSource, ReceiptView, SkippedView, SourceChoiceView, SourceChoices, SourceCountsView,
    SourceGrantView, SourceKindView, SourcePageView, SourcePatch, SourceProblemView, SourceRunView, SourceTeamView, SourcesView, SyncView,
};
pub use synonyms::Synonyms;
pub use team::{
    Acceptance, Assignment, InvitationLink, InvitationPreview, InvitationView, Invitations, MemberView, Members, NewInvitation, NewOwner,
    PermissionView, Permissions, RoleChange, TokenBody,
};
pub use trust::{CheckView, ClaimView, TrustView};
pub use voice::{CallDetails, VoiceAgentView, VoiceAgents, VoiceConnected, VoiceConnection, VoiceSecret};
pub use webhook::{
    DeliveriesView, DeliveryPage, DeliveryView, NewWebhook, PauseView, WebhookPatch, WebhookSecretView, WebhookView, Webhooks,
};
pub use widget::{
    HandOffBody, HandOffSetting, HandedOver, IdentitySecretView, VisitBody, VisitView, VisitorView, WidgetChange, WidgetColors,
    WidgetIdentity, WidgetLook, WidgetView,
};

/// UTC, RFC 3339.
pub(in crate::routes) fn time(at: Millis) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at).unwrap_or_default()
}

/// Of a number of days since the epoch.
pub(in crate::routes) fn date(day: i32) -> NaiveDate {
    time(Millis::from(day) * 86_400_000).date_naive()
}

/// Days since the epoch.
pub(in crate::routes) fn day_of(date: NaiveDate) -> i32 {
    i32::try_from(date.signed_duration_since(NaiveDate::default()).num_days()).unwrap_or(i32::MAX)
}
