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
    /// No answer in the version or form of EPCIS that the client asks for.
    #[error("{0}")]
    Form(&'static str),
    /// An address past the bound.
    #[error("the address is longer than {0} bytes")]
    Address(usize),
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

/// The table: name, status, FHIR issue code, `Retry-After` in seconds (0: none), hint.
///
/// docs/reference/errors.md explains each line (`every_failure_is_documented`).
#[rustfmt::skip]
const TABLE: &[(&str, u16, &str, u64, &str)] = &[
    ("malformed", 400, "structure", 0, "the body must be one JSON object"),
    ("too-complex", 422, "too-costly", 0,
        "JSON may nest 64 deep; docs/reference/http.md names every bound"),
    ("too-large", 413, "too-long", 0, "send less at a time, as several bundles"),
    ("body", 400, "structure", 0, "send the request again"),
    ("media-type", 415, "not-supported", 0, "set the Content-Type header"),
    ("not-acceptable", 406, "not-supported", 0,
        "accept application/fhir+json, or leave `Accept` and `_format` out"),
    ("address", 414, "too-long", 0,
        "give the query a name: POST /epcis/queries, docs/reference/epcis.md"),
    ("method", 405, "not-supported", 0, "the Allow header lists the verbs of this path"),
    ("path", 404, "not-found", 0, "see /fhir/metadata for what is served"),
    ("operation", 404, "not-supported", 0,
        "the operations are $receipt on a version, and $validate on a type"),
    ("unknown-type", 404, "not-supported", 0,
        "rest.resource in /fhir/metadata lists every type of FHIR R4"),
    ("request", 400, "invalid", 0, "see docs/reference/http.md"),
    ("invalid", 422, "invalid", 0,
        "correct the elements that `expression` names; nothing was stored"),
    ("absent", 404, "not-found", 0, "look for it with a search"),
    ("gone", 410, "deleted", 0, "its history still has the earlier versions"),
    ("stale", 412, "conflict", 0,
        "read the current version, apply your change to it, and send its ETag"),
    ("several", 412, "multiple-matches", 0,
        "use a condition that fits one resource only, such as an identifier with its system"),
    ("contended", 409, "lock-error", 1, "try again"),
    ("damaged", 500, "incomplete", 0, "run `salus audit` and restore the record from a backup"),
    ("unauthorised", 401, "login", 0,
        "send `Authorization: Bearer <token>`; POST /auth/token issues one"),
    ("denied", 403, "forbidden", 0, "docs/reference/access.md lists what each role may do"),
    ("elsewhere", 502, "processing", 0,
        "the other organisation refused; its words say why"),
    ("out-of-scope", 403, "forbidden", 0,
        "ask for wider scopes at /auth/authorize: docs/reference/access.md"),
    ("refused", 400, "invalid", 0,
        "docs/reference/access.md says what the authorization server asks for"),
    ("sign-in", 401, "login", 0, "check the name and the password"),
    ("busy", 503, "throttled", 2, "nothing was stored; try again"),
    ("disk-full", 503, "no-store", 60,
        "nothing was stored; make room on the disk of the node: docs/guides/start.md"),
    ("slow", 503, "timeout", 5,
        "a write may have been stored whole: read it before sending it again"),
    ("internal", 500, "exception", 0, "look into the log of the node; report it if it stays"),
];

impl Described {
    /// The line of the table with this name; the last one for a name that is not in it.
    fn of(name: &'static str, text: String) -> Self {
        let line = TABLE.iter().find(|line| line.0 == name).or(TABLE.last());
        let (name, status, code, retry_s, hint) =
            line.copied()
                .unwrap_or(("internal", 500, "exception", 0, ""));
        let issue = Issue {
            severity: Severity::Error,
            code,
            expression: String::new(),
            text,
        };
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            name,
            issues: vec![issue],
            hint: hint.to_owned(),
            retry_after_s: (retry_s > 0).then_some(retry_s),
        }
    }
}

impl ApiError {
    /// The failure as clients see it.
    pub(crate) fn describe(&self) -> Described {
        let name = match self {
            Self::Hospital(error) => return describe_act(error),
            Self::Key => "internal",
            Self::Unauthorised(_) => "unauthorised",
            Self::Denied(_) => "denied",
            Self::Method { .. } => "method",
            Self::Path => "path",
            Self::Operation => "operation",
            Self::NotAcceptable | Self::Form(_) => "not-acceptable",
            Self::Address(_) => "address",
            Self::MediaType(_) => "media-type",
            Self::TooLarge(_) => "too-large",
            Self::Body => "body",
            Self::Crowded(_) => "busy",
            Self::Slow(_) => "slow",
        };
        Described::of(name, self.to_string())
    }
}

fn describe_act(error: &HospitalError) -> Described {
    use HospitalError as H;
    let name = match error {
        H::Malformed { too_large, .. } => {
            if *too_large {
                "too-complex"
            } else {
                "malformed"
            }
        }
        H::Invalid(_) => "invalid",
        H::Request { .. } => "request",
        H::UnknownType(_) => "unknown-type",
        H::Absent(_) => "absent",
        H::Gone { .. } => "gone",
        H::Forbidden(_) => "denied",
        H::Elsewhere { .. } => "elsewhere",
        H::Stale { .. } => "stale",
        H::Several(_) => "several",
        H::Contended(_) => "contended",
        H::Entry { index, cause } => return describe_entry(*index, cause),
        H::Damaged { .. } => "damaged",
        H::Busy(_) => "busy",
        H::DiskFull => "disk-full",
        H::SignIn { .. } => "sign-in",
        H::OutOfScope(_) => "out-of-scope",
        H::Refused { .. } => "refused",
        H::Internal(_) => "internal",
    };
    let mut described = Described::of(name, error.to_string());
    match error {
        H::Invalid(issues) => described.issues.clone_from(issues),
        H::Request { code, hint, .. } => {
            described.status = request_status(code);
            (*hint).clone_into(&mut described.hint);
            described.issues[0].code = code;
        }
        H::SignIn { wait_s } if *wait_s > 0 => {
            described.status = StatusCode::TOO_MANY_REQUESTS;
            described.retry_after_s = Some(*wait_s);
            "too many tries failed: wait before the next one".clone_into(&mut described.hint);
        }
        _ => {}
    }
    described
}

fn request_status(code: &str) -> StatusCode {
    match code {
        "too-costly" | "duplicate" | "business-rule" => StatusCode::UNPROCESSABLE_ENTITY,
        "conflict" => StatusCode::CONFLICT,
        "forbidden" => StatusCode::FORBIDDEN,
        _ => StatusCode::BAD_REQUEST,
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
        for (name, ..) in TABLE {
            assert!(
                page.contains(&format!("### {name}\n")),
                "{name} is not documented"
            );
        }
        let documented = page.lines().filter(|line| line.starts_with("### ")).count();
        assert_eq!(documented, TABLE.len());
    }

    #[test]
    fn every_failure_has_its_line() {
        for error in [
            ApiError::Key,
            ApiError::Unauthorised(""),
            ApiError::Path,
            ApiError::Operation,
            ApiError::NotAcceptable,
            ApiError::Form(""),
            ApiError::Address(1),
            ApiError::MediaType(""),
            ApiError::TooLarge(1),
            ApiError::Body,
            ApiError::Crowded(""),
            ApiError::Slow(1),
            HospitalError::Absent(String::new()).into(),
            HospitalError::Several(String::new()).into(),
            HospitalError::Contended(String::new()).into(),
            HospitalError::Busy(String::new()).into(),
            HospitalError::DiskFull.into(),
        ] {
            let described = error.describe();
            let internal = described.name == "internal";
            assert_eq!(internal, matches!(error, ApiError::Key), "{error:?}");
        }
    }
}
