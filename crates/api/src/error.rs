//! Every failure of this door, and the one table that maps it to a status, a code and a hint.

use axum::http::StatusCode;
use fhir::validate::{Issue, Severity};
use hospital::HospitalError;

/// Why a request was not served, or the door not opened.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ApiError {
    /// The token key could not be made.
    #[error("the key for access tokens cannot be used")]
    Key,
    /// An act of the hospital failed.
    #[error(transparent)]
    Hospital(#[from] HospitalError),
    /// No token, or one that is not good.
    #[error("{0}")]
    Unauthorised(&'static str),
    /// The caller may not do this.
    #[error("{0}")]
    Denied(String),
    /// The verb does not fit the path.
    #[error("this path does not take {verb}")]
    Method {
        /// The verb that was used.
        verb: String,
        /// The verbs that fit, as the `Allow` header has them.
        allow: &'static str,
    },
    /// No such path.
    #[error("there is nothing at this path")]
    Path,
    /// No such operation.
    #[error("there is no operation of this name here")]
    Operation,
    /// No answer in the form that the client accepts.
    #[error("this server answers application/fhir+json only")]
    NotAcceptable,
    /// A body of a form that is not read here.
    #[error("the body must be {0}")]
    MediaType(&'static str),
    /// A body past the bound.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// The body broke off.
    #[error("the body could not be read to its end")]
    Body,
    /// Too many requests at the same time.
    #[error("{0}")]
    Crowded(&'static str),
    /// It took too long.
    #[error("the request took longer than {0} seconds")]
    Slow(u64),
}

/// A failure as clients see it: the same under `/fhir` and elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Described {
    /// The HTTP status.
    pub(crate) status: StatusCode,
    /// Stable name of the failure; the anchor in docs/reference/errors.md.
    pub(crate) name: &'static str,
    /// OperationOutcome issues.
    pub(crate) issues: Vec<Issue>,
    /// What to do.
    pub(crate) hint: String,
    /// `Retry-After`, in seconds.
    pub(crate) retry_after_s: Option<u64>,
}

impl Described {
    fn new(
        status: StatusCode,
        name: &'static str,
        code: &'static str,
        text: String,
        hint: &str,
    ) -> Self {
        let issue = Issue {
            severity: Severity::Error,
            code,
            expression: String::new(),
            text,
        };
        let hint = hint.to_owned();
        Self {
            status,
            name,
            issues: vec![issue],
            hint,
            retry_after_s: None,
        }
    }

    fn retry(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }
}

impl ApiError {
    /// The table. docs/reference/errors.md explains each line (`every_failure_is_documented`).
    pub(crate) fn describe(&self) -> Described {
        use StatusCode as S;
        let text = self.to_string();
        let line =
            |status, name, code, hint: &str| Described::new(status, name, code, text.clone(), hint);
        match self {
            Self::Hospital(error) => describe_act(error),
            Self::Key => line(S::INTERNAL_SERVER_ERROR, "internal", "exception", REPORT),
            Self::Unauthorised(_) => line(
                S::UNAUTHORIZED,
                "unauthorised",
                "login",
                "send `Authorization: Bearer <token>`; POST /auth/token issues one",
            ),
            Self::Denied(_) => line(
                S::FORBIDDEN,
                "denied",
                "forbidden",
                "docs/reference/access.md lists what each role may do",
            ),
            Self::Method { allow, .. } => line(
                S::METHOD_NOT_ALLOWED,
                "method",
                "not-supported",
                &format!("use one of: {allow}"),
            ),
            Self::Path => line(
                S::NOT_FOUND,
                "path",
                "not-found",
                "see /fhir/metadata for the types, interactions and operations served",
            ),
            Self::Operation => line(
                S::NOT_FOUND,
                "operation",
                "not-supported",
                "the operations are $receipt on a version, and $validate on a type",
            ),
            Self::NotAcceptable => line(
                S::NOT_ACCEPTABLE,
                "not-acceptable",
                "not-supported",
                "accept application/fhir+json, or leave `Accept` and `_format` out",
            ),
            Self::MediaType(_) => line(
                S::UNSUPPORTED_MEDIA_TYPE,
                "media-type",
                "not-supported",
                "set the Content-Type header",
            ),
            Self::TooLarge(_) => line(
                S::PAYLOAD_TOO_LARGE,
                "too-large",
                "too-long",
                "send less at a time, as several bundles",
            ),
            Self::Body => line(
                S::BAD_REQUEST,
                "body",
                "structure",
                "send the request again",
            ),
            Self::Crowded(_) => {
                line(S::SERVICE_UNAVAILABLE, "busy", "throttled", "try again").retry(1)
            }
            Self::Slow(_) => line(
                S::SERVICE_UNAVAILABLE,
                "slow",
                "timeout",
                "a write may have been stored whole: read it before sending it again",
            )
            .retry(5),
        }
    }
}

const REPORT: &str = "look into the log of the node; report it if it stays";

/// The hospital's half of the table.
fn describe_act(error: &HospitalError) -> Described {
    use HospitalError as H;
    use StatusCode as S;
    let text = error.to_string();
    let line =
        |status, name, code, hint: &str| Described::new(status, name, code, text.clone(), hint);
    match error {
        H::Malformed {
            too_large: true, ..
        } => line(
            S::UNPROCESSABLE_ENTITY,
            "too-complex",
            "too-costly",
            "JSON may nest 64 deep; docs/reference/http.md names every bound",
        ),
        H::Malformed { .. } => line(
            S::BAD_REQUEST,
            "malformed",
            "structure",
            "the body must be one JSON object",
        ),
        H::Invalid(issues) => Described {
            issues: issues.clone(),
            ..line(
                S::UNPROCESSABLE_ENTITY,
                "invalid",
                "invalid",
                "correct the elements that `expression` names; nothing was stored",
            )
        },
        H::Request { code, hint, .. } => line(request_status(code), "request", code, hint),
        H::UnknownType(_) => line(
            S::NOT_FOUND,
            "unknown-type",
            "not-supported",
            "rest.resource in /fhir/metadata lists every type of FHIR R4",
        ),
        H::Absent(_) => line(
            S::NOT_FOUND,
            "absent",
            "not-found",
            "look for it with a search",
        ),
        H::Gone { .. } => line(
            S::GONE,
            "gone",
            "deleted",
            "its history still has the earlier versions",
        ),
        H::Stale { .. } => line(
            S::PRECONDITION_FAILED,
            "stale",
            "conflict",
            "read the current version, apply your change to it, and send its ETag",
        ),
        H::Several(_) => line(
            S::PRECONDITION_FAILED,
            "several",
            "multiple-matches",
            "use a condition that fits one resource only, such as an identifier with its system",
        ),
        H::Contended(_) => line(S::CONFLICT, "contended", "lock-error", "try again").retry(1),
        H::Entry { index, cause } => describe_entry(*index, cause),
        H::Damaged { .. } => line(
            S::INTERNAL_SERVER_ERROR,
            "damaged",
            "incomplete",
            "run `salus audit` and restore the record from a backup",
        ),
        H::Busy(_) => line(
            S::SERVICE_UNAVAILABLE,
            "busy",
            "throttled",
            "nothing was stored; try again, and look at the disk if it stays",
        )
        .retry(2),
        H::SignIn { wait_s } => describe_sign_in(&text, *wait_s),
        H::Internal(_) => line(S::INTERNAL_SERVER_ERROR, "internal", "exception", REPORT),
    }
}

fn request_status(code: &str) -> StatusCode {
    match code {
        "too-costly" | "duplicate" | "business-rule" => StatusCode::UNPROCESSABLE_ENTITY,
        "conflict" => StatusCode::CONFLICT,
        "precondition" => StatusCode::PRECONDITION_FAILED,
        _ => StatusCode::BAD_REQUEST,
    }
}

fn describe_sign_in(text: &str, wait_s: u64) -> Described {
    let (status, hint) = if wait_s == 0 {
        (StatusCode::UNAUTHORIZED, "check the name and the password")
    } else {
        (
            StatusCode::TOO_MANY_REQUESTS,
            "too many tries failed: wait before the next one",
        )
    };
    let line = Described::new(status, "sign-in", "login", text.to_owned(), hint);
    if wait_s == 0 {
        line
    } else {
        line.retry(wait_s)
    }
}

/// The same failure, with the place in the bundle before every expression.
fn describe_entry(index: usize, cause: &HospitalError) -> Described {
    let mut inner = describe_act(cause);
    for issue in &mut inner.issues {
        let place = format!("Bundle.entry[{index}]");
        issue.expression = if issue.expression.is_empty() {
            place
        } else if issue.expression.starts_with("Bundle.entry[") {
            std::mem::take(&mut issue.expression)
        } else {
            // `Patient.name[0]` of an entry is `Bundle.entry[i].resource.name[0]`.
            let rest = issue
                .expression
                .find(['.', '['])
                .map_or("", |at| &issue.expression[at..]);
            format!("{place}.resource{rest}")
        };
    }
    // FHIR R4 3.1.0.11.2: a transaction fails as a whole, with a status of the client's making.
    if inner.status == StatusCode::NOT_FOUND {
        inner.status = StatusCode::UNPROCESSABLE_ENTITY;
    }
    inner
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_s_failure_names_its_place() {
        let issue = Issue {
            severity: Severity::Error,
            code: "value",
            expression: "Patient.name[0].family".into(),
            text: "a string is needed".into(),
        };
        let error = HospitalError::Invalid(vec![issue]).at_entry(399);
        let described = ApiError::from(error).describe();
        assert_eq!(
            described.issues[0].expression,
            "Bundle.entry[399].resource.name[0].family"
        );
        assert_eq!(described.status, StatusCode::UNPROCESSABLE_ENTITY);
    }

    #[test]
    fn every_failure_is_documented() {
        let page = include_str!("../../../docs/reference/errors.md");
        let source = include_str!("error.rs");
        for name in [
            "internal",
            "unauthorised",
            "denied",
            "method",
            "path",
            "not-acceptable",
            "media-type",
            "too-large",
            "operation",
            "body",
            "busy",
            "slow",
            "too-complex",
            "malformed",
            "invalid",
            "request",
            "unknown-type",
            "absent",
            "gone",
            "stale",
            "several",
            "contended",
            "damaged",
            "sign-in",
        ] {
            assert!(
                source.contains(&format!("\"{name}\"")),
                "{name} is not in the table"
            );
            assert!(
                page.contains(&format!("### {name}\n")),
                "{name} is not documented"
            );
        }
    }
}
