//! Every way to say no, as RFC 9457 problem documents. The match below is exhaustive: a new fault needs a stable id and a status
//! before it compiles.

mod codes;
mod faults;
mod refusals;

use std::{borrow::Cow, fmt};

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use actors::{Fault, webhooks::Rejection};
use serde::Serialize;
use utoipa::ToSchema;

/// Why a request has no other answer.
#[derive(Debug)]
pub enum Problem {
    Fault(Fault),
    NotSignedIn,
    RoleTooLow,
    SignUpClosed,
    /// The session is not enough: the person is to prove who they are once more.
    StepUpNeeded(Missing),
    /// A provider let them in who proved themselves there before an Owner signed them out here.
    SignInTooOld,
    CsrfFailed,
    /// The body is not the JSON, or not the form, that the route takes.
    InvalidBody(String),
    TooLarge,
    /// A provider's message does not prove whose it is.
    Unverified(Rejection),
    /// The body did not come in time.
    BodyTooSlow,
    /// None of the files of an upload was accepted: the first's problem, and what was wrong with each.
    NothingAccepted(Box<Problem>, Vec<Rejected>),
}

/// Which of a person's proofs is too old.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// One of any of their factors is enough.
    Any,
    /// What opens the account by itself: a password, a provider, a passkey.
    #[serde(rename = "first_factor")]
    First,
    /// What is asked for besides: a code, a backup code, a passkey.
    #[serde(rename = "second_factor")]
    Second,
}

/// A file of an upload that was not accepted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Rejected {
    pub name: String,
    pub code: String,
    pub detail: String,
}

/// RFC 9457, with a stable `code` and the request's id.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument<'a> {
    pub r#type: String,
    pub code: &'a str,
    pub title: &'a str,
    pub status: u16,
    pub detail: &'a str,
    pub request_id: &'a str,
    /// The name of the input that is not acceptable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<&'a str>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// What to prove anew at `/session/proof`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<Missing>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<Rejected>,
}

/// A problem on its way out. Left in the response for the outermost layer, which knows the request's id.
#[derive(Clone)]
pub struct Description {
    pub status: StatusCode,
    pub code: &'static str,
    pub title: &'static str,
    pub detail: Cow<'static, str>,
    pub field: Option<String>,
    pub retry_after: Option<u64>,
    pub proof: Option<Missing>,
    pub rejected: Vec<Rejected>,
}

impl Description {
    fn new(status: StatusCode, code: &'static str, title: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            code,
            title,
            detail: detail.into(),
            field: None,
            retry_after: None,
            proof: None,
            rejected: Vec::new(),
        }
    }

    fn wait(self, seconds: u64) -> Self {
        Self {
            retry_after: Some(seconds),
            ..self
        }
    }

    /// What is left to say of a failure that is ours: that it happened. The log has the rest, under the same request id.
    pub fn internal() -> Self {
        let detail = "Something failed on our side. Give the request id to the operator: the log holds the reason.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "Internal error", detail)
    }

    /// For answers that come from the web framework itself.
    pub fn of_status(status: StatusCode) -> Self {
        let (code, title) = match status.as_u16() {
            400 => ("invalid_request", "Invalid request"),
            401 => ("not_signed_in", "Not signed in"),
            404 => ("not_found", "Not found"),
            405 => ("method_not_allowed", "Method not allowed"),
            408 => ("request_timed_out", "The request took too long"),
            413 => ("too_large", "Too large"),
            415 => ("unsupported_media_type", "Unsupported media type"),
            500.. => return Self::internal(),
            _ => ("refused", "Refused"),
        };
        Self::new(status, code, title, title)
    }

    pub fn document<'a>(&'a self, request_id: &'a str) -> ProblemDocument<'a> {
        ProblemDocument {
            r#type: format!("https://pernoex.dev/problems/{}", self.code),
            code: self.code,
            title: self.title,
            status: self.status.as_u16(),
            detail: &self.detail,
            request_id,
            field: self.field.as_deref(),
            retry_after: self.retry_after,
            proof: self.proof,
            rejected: self.rejected.clone(),
        }
    }
}

impl Problem {
    pub fn describe(&self) -> Description {
        use StatusCode as S;
        match self {
            Self::Fault(fault) => faults::describe(fault),
            Self::NotSignedIn => refusals::not_signed_in(),
            Self::RoleTooLow => refusals::role_too_low(),
            Self::StepUpNeeded(missing) => refusals::step_up_needed(*missing),
            Self::SignInTooOld => Description::new(
                S::FORBIDDEN,
                "sign_in_too_old",
                "Sign in there anew",
                "You were signed out of this workspace, and the provider let you in without asking who you are since. Sign in there anew.",
            ),
            Self::SignUpClosed => Description::new(
                S::FORBIDDEN,
                "sign_up_closed",
                "Sign-up is closed",
                "This installation takes no new accounts. Ask its operator.",
            ),
            Self::CsrfFailed => Description::new(
                S::FORBIDDEN,
                "csrf_failed",
                "Not from this site",
                "The request did not come from this site's own pages, or its token is old. Reload the page.",
            ),
            Self::InvalidBody(reason) => Description::new(S::BAD_REQUEST, "invalid_body", "Invalid body", reason.clone()),
            Self::TooLarge => refusals::too_large(),
            Self::Unverified(rejection) => refusals::unverified(*rejection),
            Self::BodyTooSlow => Description::new(
                S::REQUEST_TIMEOUT,
                "request_timed_out",
                "The request took too long",
                "The request's body did not come in time. Send it again.",
            ),
            Self::NothingAccepted(first, rejected) => Description {
                status: S::UNPROCESSABLE_ENTITY,
                rejected: rejected.clone(),
                ..first.describe()
            },
        }
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault) => fault.fmt(f),
            other => f.write_str(other.describe().code),
        }
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.describe().status
    }

    fn error_response(&self) -> HttpResponse {
        let description = self.describe();
        // Anyone may send any number of messages to a door that is not set up: it says so once, and where.
        if description.status.is_server_error() && !matches!(self, Self::Unverified(_)) {
            tracing::error!(problem = description.code, reason = %self, "a request failed");
        }
        let mut response = HttpResponse::new(description.status);
        response.extensions_mut().insert(description);
        response
    }
}
