//! Refusals of the token, introspection and revocation endpoints. RFC 6749 5.2.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use hospital::HospitalError;
use serde_json::json;

use crate::outcome::respond;

/// An error of RFC 6749 5.2.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: StatusCode,
    pub(crate) error: &'static str,
    pub(crate) text: String,
    pub(crate) wait_s: u64,
}

impl Refused {
    pub(crate) fn new(status: StatusCode, error: &'static str, text: impl Into<String>) -> Self {
        Self {
            status,
            error,
            text: text.into(),
            wait_s: 0,
        }
    }

    /// A request that cannot be used as it is.
    pub(crate) fn invalid(text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", text)
    }

    /// A client that is not the one it says.
    pub(crate) fn client(text: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_client", text)
    }

    /// The answer.
    pub(crate) fn response(&self) -> Response {
        let body = json!({ "error": self.error, "error_description": self.text });
        let mut response = respond(self.status, "application/json", body.to_string());
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            let realm = HeaderValue::from_static("Basic realm=\"salus\"");
            headers.insert(header::WWW_AUTHENTICATE, realm);
        }
        if self.wait_s > 0 {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(self.wait_s));
        }
        response
    }
}

impl From<HospitalError> for Refused {
    fn from(error: HospitalError) -> Self {
        match error {
            HospitalError::Refused {
                error,
                text,
                wait_s,
            } => {
                let status = match (wait_s, error) {
                    (1.., _) => StatusCode::TOO_MANY_REQUESTS,
                    (0, "invalid_client") => StatusCode::UNAUTHORIZED,
                    _ => StatusCode::BAD_REQUEST,
                };
                Self {
                    status,
                    error,
                    text,
                    wait_s,
                }
            }
            other => {
                tracing::warn!(error = %other, "the authorization server failed");
                Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "temporarily_unavailable",
                    "the request could not be checked: try again",
                )
            }
        }
    }
}

impl From<crate::error::ApiError> for Refused {
    fn from(error: crate::error::ApiError) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "server_error",
            error.to_string(),
        )
    }
}
