use sea_orm::{DbErr, RuntimeErr, SqlErr};

use crate::unreached::why_unreached;

/// What storage can answer besides rows. Carries no row content: PostgreSQL puts values into its messages, so only codes are kept.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique constraint refused the row.
    #[error("the row exists already")]
    Conflict,
    /// A foreign key names a row that is not there.
    #[error("a row it belongs to is gone")]
    Orphan,
    /// The key that sealed or wrapped it has a newer version by now: ask for that one and try again.
    #[error("a newer version of the key is in use")]
    KeyRetired,
    /// The session that asks ended meanwhile.
    #[error("the session is over")]
    SessionOver,
    /// No connection could be had, or it broke. Trying again may help.
    #[error("the database is not reachable ({0})")]
    Unavailable(&'static str),
    #[error("the database refused the statement ({0})")]
    Refused(String),
    /// A row holds something that no version of this program wrote.
    #[error("a stored row cannot be read ({0})")]
    Damaged(&'static str),
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => return Self::Conflict,
            Some(SqlErr::ForeignKeyConstraintViolation(_)) => return Self::Orphan,
            _ => {}
        }
        match error {
            DbErr::ConnectionAcquire(_) => Self::Unavailable("no free connection in time"),
            DbErr::Conn(RuntimeErr::SqlxError(e)) => not_connected(&e),
            DbErr::Conn(_) => Self::Unavailable("connection"),
            DbErr::Exec(RuntimeErr::SqlxError(e)) | DbErr::Query(RuntimeErr::SqlxError(e)) => sqlx_error(&e),
            DbErr::Type(_) | DbErr::Json(_) | DbErr::TryIntoErr { .. } => Self::Damaged("column type"),
            DbErr::RecordNotFound(_) | DbErr::RecordNotUpdated => Self::Refused("no such row".into()),
            _ => Self::Refused("unexpected".into()),
        }
    }
}

/// As [`sqlx_error`], of a connection that was never there: a server says why by a code, everything else by the errors below.
fn not_connected(error: &sea_orm::SqlxError) -> StoreError {
    if let Some(code) = error.as_database_error().and_then(|e| e.code()) {
        return match &*code {
            "28P01" | "28000" => StoreError::Unavailable("the role or its password is refused"),
            "3D000" => StoreError::Unavailable("there is no such database"),
            "53300" => StoreError::Unavailable("all its connections are in use"),
            _ => sqlx_error(error),
        };
    }
    let no_tls = matches!(error, sea_orm::SqlxError::Tls(_)).then_some("TLS cannot be agreed with it");
    StoreError::Unavailable(why_unreached(error).or(no_tls).unwrap_or("connection"))
}

pub(crate) fn sqlx_error(error: &sea_orm::SqlxError) -> StoreError {
    match error.as_database_error() {
        // Class 08 is a broken connection, 57P an administrator's shutdown.
        Some(e) => match e.code() {
            Some(code) if code.starts_with("08") || code.starts_with("57P") => StoreError::Unavailable("closed by the server"),
            Some(code) => StoreError::Refused(format!("code {code}")),
            None => StoreError::Refused("no code".into()),
        },
        None => StoreError::Unavailable("input or output"),
    }
}
