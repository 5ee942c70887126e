//! Everything that can keep a message from its purpose. The server maps each variant to a problem document; a new one
//! does not compile until it has a stable id and a status there.

use entities::{StoreError, why_unreached};

use crate::billing::Meter;
use crate::contain::{CallError, Failure, Reason};

#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// There is no such thing, or it is not the asker's to know of.
    #[error("not found")]
    NotFound,
    #[error("{0} is taken")]
    NameTaken(&'static str),
    /// One named field of the input is not acceptable; `reason` is for the person who filled it in.
    #[error("{field}: {reason}")]
    Invalid { code: Invalid, field: String, reason: String },
    #[error("the typed name does not match")]
    ConfirmationMismatch,
    #[error("this e-mail address has an account")]
    EmailTaken,
    #[error("the address and the password do not go together")]
    WrongCredentials,
    /// A code, a backup code or a passkey is not right, was used, or is not known: nobody is told which.
    #[error("the second factor is not right")]
    WrongSecondFactor,
    /// Expired, used, tried too often, or never one.
    #[error("the ticket is not valid")]
    TicketInvalid,
    #[error("an authenticator app is in use")]
    TotpActive,
    /// Nothing was begun, or too long ago.
    #[error("the enrolment is over")]
    EnrolmentOver,
    #[error("the passkey does not fit what was asked for")]
    PasskeyRefused,
    /// The server is reached by an address without a name.
    #[error("this server has no passkeys")]
    PasskeysUnavailable,
    #[error("there is no second factor")]
    NoSecondFactor,
    /// The workspace asks for one, and the person has none.
    #[error("a second factor is required")]
    SecondFactorRequired,
    /// Somebody would join by a password that the workspace asks to be longer where it is the only factor.
    #[error("the password is too short to be the only factor here")]
    LongerPasswordNeeded,
    /// As above, of who would be left with it.
    #[error("without a second factor the password would be too short")]
    LastSecondFactor,
    /// The asker's role changed between the door and the act.
    #[error("the role does not allow this")]
    NotAllowed,
    #[error("the workspace would have no owner")]
    LastOwner,
    #[error("it is their own workspace already")]
    AlreadyOwner,
    #[error("this address belongs to a member")]
    AlreadyMember,
    #[error("this address is invited already")]
    AlreadyInvited,
    /// Expired, revoked, replaced, used, or never one: nobody is told which.
    #[error("the invitation is not valid")]
    InvitationInvalid,
    /// A mailed link: expired, used, replaced, or never one: nobody is told which.
    #[error("the link is not valid")]
    LinkInvalid,
    #[error("the invitation is for another address")]
    InvitationForAnother,
    #[error("admins and owners reach every project")]
    ReachesEveryProject,
    /// A sign-in elsewhere that nobody began, that was used, that took too long, or that another browser began.
    #[error("the sign-in is over")]
    SignInExpired,
    #[error("the person changed their mind at the provider")]
    SignInCancelled,
    #[error("the sign-in provider does not answer")]
    ProviderUnavailable,
    /// What came back from there does not prove who somebody is.
    #[error("the sign-in provider's answer is not valid")]
    ProviderRefused,
    #[error("the provider did not check the address")]
    EmailUnverified,
    #[error("the account elsewhere is linked to another, or another is linked to this")]
    IdentityTaken,
    #[error("nothing else would open the account")]
    LastWayIn,
    /// Nobody began it, it was used or took too long, or another browser, session or workspace began it.
    #[error("the installation is over")]
    InstallExpired,
    #[error("the person did not agree there")]
    InstallCancelled,
    #[error("this server has no Slack app")]
    SlackNotConfigured,
    #[error("Slack does not answer")]
    SlackUnavailable,
    /// With Slack's own word for why, which is one word.
    #[error("Slack refused: {0}")]
    SlackRefused(String),
    #[error("the Slack team is connected to another workspace")]
    SlackTeamTaken,
    /// Nobody began it, it was used or took too long, or another browser, session or workspace began it.
    #[error("the connection is over before it was made")]
    ConnectExpired,
    #[error("the person did not agree there")]
    ConnectCancelled,
    /// A provider of knowledge, with a word for why or a few.
    #[error("the provider refused: {0}")]
    ConnectRefused(String),
    /// By the name that people know it by.
    #[error("this server is not registered at {0}")]
    SourceNotConfigured(&'static str),
    #[error("the provider of knowledge does not answer")]
    SourceUnavailable,
    /// The provider takes its tokens no longer.
    #[error("the access is over: somebody must connect anew")]
    GrantBroken,
    #[error("the GitHub App is installed nowhere that this person sees")]
    AppNotInstalled,
    #[error("the installation of the GitHub App waits for an owner")]
    InstallRequested,
    /// Whoever sets a first one has one.
    #[error("the account has a password")]
    HasPassword,
    /// Plans are not sold here: everything is unlimited.
    #[error("this server has no plans")]
    BillingNotConfigured,
    #[error("Stripe does not answer")]
    StripeUnavailable,
    /// With Stripe's own word for why, which is one word.
    #[error("Stripe refused: {0}")]
    StripeRefused(String),
    #[error("there is a subscription already")]
    AlreadySubscribed,
    #[error("there is no subscription")]
    NotSubscribed,
    /// With Stripe's word for how it stands.
    #[error("the subscription is {0}")]
    SubscriptionUnsettled(String),
    /// Of an act that is paid for at once: nothing was changed. With Stripe's own word for why.
    #[error("the payment failed: {0}")]
    PaymentFailed(String),
    /// The tenant's plan has room for no more of it.
    #[error("the plan has room for {most} {}", meter.as_str())]
    PlanLimit { meter: Meter, most: i64, plan: String },
    /// Of a message from a provider's servers.
    #[error("the signature is not valid")]
    SignatureInvalid,
    /// Word for word, and signed: it was seen to then.
    #[error("this message was received before")]
    AlreadyReceived,
    #[error("the workspace is being deleted")]
    WorkspaceEnding,
    /// The person is who they say, and belongs to no workspace.
    #[error("the account belongs to no workspace")]
    NoWorkspace,
    /// It comes from a source, and is changed there.
    #[error("the document comes from a source")]
    FromSource,
    /// A change that was made to what is not the present state.
    #[error("somebody else changed it meanwhile")]
    EditedMeanwhile,
    #[error("the webhook is paused")]
    WebhookPaused,
    /// It is to be sent anyway.
    #[error("the delivery waits already")]
    DeliveryWaiting,
    #[error("too many attempts")]
    TooMany { retry_after_s: u64 },
    #[error("a limit is reached: {reason}")]
    Limit { code: Limit, reason: String },
    #[error("this origin is not on the project's list")]
    OriginNotAllowed,
    #[error("the visitor's token is not valid")]
    VisitorTokenInvalid,
    /// What a website signed of who its visitor is, with the reason why it is not taken.
    #[error("the user token is not valid: {0}")]
    UserTokenInvalid(&'static str),
    /// The project has no secret that could have signed who somebody is.
    #[error("visitors cannot be identified here")]
    IdentityNotSetUp,
    /// The team does not want to be asked for.
    #[error("conversations are not handed over here")]
    HandOffOff,
    #[error("the workspace cannot take more requests right now")]
    Overloaded,
    #[error("a part of the workspace is being restored")]
    Unavailable,
    /// A part of the workspace keeps failing and is left alone until then.
    #[error("a part of the workspace is quarantined")]
    Quarantined { retry_after_s: u64 },
    #[error("no reply in time")]
    TimedOut,
    #[error("a part of the workspace failed")]
    Crashed,
    /// Work off the actor's thread panicked: what it shared with the actor may be half done.
    #[error("work for the workspace failed")]
    WorkPanicked,
    #[error("storage: {0}")]
    Storage(StoreError),
    /// With the reason, where one was found.
    #[error("the cache does not answer{}", .0.map(|why| format!(" ({why})")).unwrap_or_default())]
    Cache(Option<&'static str>),
    /// Something sealed does not open: a wrong key, or a row that was tampered with.
    #[error("sealed data cannot be opened")]
    Sealed,
    /// A key cannot be had at the moment; the reason is for the log.
    #[error("keys: {0}")]
    KeyService(String),
    /// Of work that waits: it is done later, whatever that takes.
    #[error("the embedding endpoint does not do its part: {reason}")]
    EmbeddingWaits { reason: String, wait_ms: Option<entities::Millis> },
    #[error("internal: {0}")]
    Internal(&'static str),
}

/// Which rule an input broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invalid {
    Name,
    Email,
    WeakPassword,
    /// Of an authenticator app.
    Code,
    /// Days until a rule is in force.
    GraceDays,
    PasswordLength,
    Origin,
    Color,
    Position,
    Scheme,
    Language,
    /// The address that a widget stands on.
    Page,
    TextTooLong,
    TextEmpty,
    TooManySuggestions,
    TooManyOrigins,
    Synonyms,
    SourceUrl,
    QuestionEmpty,
    QuestionTooLong,
    Cursor,
    UnknownProject,
    UnknownQuestion,
    SlackChannel,
    WebhookUrl,
    WebhookEvent,
    Provider,
    Header,
    Secret,
    Plan,
    SourceKind,
    SourceConfig,
    /// The grant or the team that a source is read with.
    SourceAccess,
    SourceInterval,
    /// Words to look for.
    Search,
    /// Days of a report.
    Days,
    /// Days that conversations are kept.
    KeepDays,
    Tag,
    Collection,
    /// Days until documents are to be looked at again.
    ReviewDays,
    Day,
    /// Which documents something is done to.
    Chosen,
    CuratedQuestions,
    CuratedText,
    CuratedLink,
    /// Where a report is to go from where it is.
    ReportState,
}

/// Which limit is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    FileTooLarge,
    UnsupportedType,
    EmptyFile,
    /// Of one upload.
    TooManyFiles,
    TooManyDocuments,
    StorageFull,
    TooManyProjects,
    TooManyInvitations,
    TooManyWorkspaces,
    TooManyPasskeys,
    TooManyWebhooks,
    TooManyEndpoints,
    TooManySources,
    TooManyNotes,
    TooManyTodos,
    TooManyTags,
    TooManyCollections,
    TooManyCurated,
    /// About one report.
    TooManyMessages,
}

impl Fault {
    /// Redis did not do what it was asked.
    pub(crate) fn cache(error: impl std::error::Error + 'static) -> Self {
        Self::Cache(why_unreached(&error))
    }

    pub fn invalid(code: Invalid, field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Invalid {
            code,
            field: field.into(),
            reason: reason.into(),
        }
    }

    /// What this says of the actor that answers with it: nothing, if it is the asker's or another actor's.
    pub(crate) fn failure(&self) -> Option<Failure> {
        let (reason, breaks) = match self {
            // What the work shared with the actor may be half done: an index, a lock.
            Self::WorkPanicked => (Reason::Work, true),
            Self::Storage(StoreError::Conflict | StoreError::Orphan | StoreError::SessionOver) => return None,
            Self::Storage(_) | Self::Cache(_) => (Reason::Storage, false),
            Self::Sealed | Self::Internal(_) => (Reason::Internal, false),
            _ => return None,
        };
        Some(Failure { reason, breaks })
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Storage(error)
    }
}

impl From<CallError> for Fault {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Overloaded => Self::Overloaded,
            CallError::Down => Self::Unavailable,
            CallError::Quarantined { retry_after_s } => Self::Quarantined { retry_after_s },
            CallError::Crashed => Self::Crashed,
            CallError::TimedOut => Self::TimedOut,
        }
    }
}
