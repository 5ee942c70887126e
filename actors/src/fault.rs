//! Everything that can keep a message from its purpose. The server maps each variant to a problem document; a new one
//! does not compile until it has a stable id and a status there.

use entities::StoreError;

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
    /// The asker's role changed between the door and the act.
    #[error("the role does not allow this")]
    NotAllowed,
    #[error("the workspace would have no owner")]
    LastOwner,
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
    /// Of a message from a provider's servers.
    #[error("the signature is not valid")]
    SignatureInvalid,
    #[error("the workspace is being deleted")]
    WorkspaceEnding,
    /// The person is who they say, and belongs to no workspace.
    #[error("the account belongs to no workspace")]
    NoWorkspace,
    #[error("too many attempts")]
    TooMany { retry_after_s: u64 },
    #[error("a limit is reached: {reason}")]
    Limit { code: Limit, reason: String },
    #[error("this origin is not on the project's list")]
    OriginNotAllowed,
    #[error("the visitor's token is not valid")]
    VisitorTokenInvalid,
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
    #[error("the cache does not answer")]
    Cache,
    /// Something sealed does not open: a wrong key, or a row that was tampered with.
    #[error("sealed data cannot be opened")]
    Sealed,
    /// A key cannot be had at the moment; the reason is for the log.
    #[error("keys: {0}")]
    KeyService(String),
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
    TextTooLong,
    TooManySuggestions,
    TooManyOrigins,
    SourceUrl,
    QuestionEmpty,
    QuestionTooLong,
    Cursor,
    UnknownProject,
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
}

impl Fault {
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
            Self::Storage(_) | Self::Cache => (Reason::Storage, false),
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
