//! Everything that can keep a message from its purpose. The server maps each variant to a problem document; a new one
//! does not compile until it has a stable id and a status there.

use entities::StoreError;

use crate::contain::CallError;

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
    #[error("internal: {0}")]
    Internal(&'static str),
}

/// Which rule an input broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invalid {
    Name,
    Email,
    WeakPassword,
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
}

/// Which limit is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    FileTooLarge,
    UnsupportedType,
    EmptyFile,
    TooManyDocuments,
    StorageFull,
    TooManyProjects,
}

impl Fault {
    pub fn invalid(code: Invalid, field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Invalid {
            code,
            field: field.into(),
            reason: reason.into(),
        }
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
            CallError::Crashed => Self::Crashed,
            CallError::TimedOut => Self::TimedOut,
        }
    }
}
