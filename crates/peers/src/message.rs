//! What travels on a link: a call and its reply, each in one stream of HTTP/2 (RFC 9113).

use std::fmt;
use std::pin::Pin;

use bytes::Bytes;
use hyper::StatusCode;

/// A call of another organisation.
#[derive(Clone, PartialEq, Eq)]
pub struct Call {
    /// What is asked for: begins with a slash.
    pub path: String,
    /// Its bytes.
    pub body: Bytes,
}

/// What it is answered.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// As in HTTP, 200 to 599.
    pub status: u16,
    /// Its bytes.
    pub body: Bytes,
}

/// Names the length only: bodies are patients' data.
impl fmt::Debug for Call {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Call({}, {} bytes)", self.path, self.body.len())
    }
}

/// Names the length only: bodies are patients' data.
impl fmt::Debug for Reply {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Reply({}, {} bytes)", self.status, self.body.len())
    }
}

/// The future of a reply.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Reply> + Send + 'a>>;

/// Answers calls of other organisations: `Box::pin(async move { ... })`.
pub trait Handler: Send + Sync + 'static {
    /// Answers one call. `from` is the organisation that the key of the link is pinned to.
    ///
    /// The future is dropped where it waits when the caller goes away or time runs out: what must
    /// be done whole belongs into a task of its own.
    fn handle(&self, from: String, call: Call) -> Answer<'_>;
}

/// The field by which the link itself refuses; a handler's reply never has it.
pub(crate) const REFUSAL: &str = "salus-link";

/// Why a call did not come as far as the handler, or its reply not back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    NotPinned,
    Malformed,
    CallTooLarge,
    ReplyTooLarge,
    Busy,
    TimedOut,
}

impl Refusal {
    const ALL: [Self; 6] = [
        Self::NotPinned,
        Self::Malformed,
        Self::CallTooLarge,
        Self::ReplyTooLarge,
        Self::Busy,
        Self::TimedOut,
    ];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::NotPinned => "not-pinned",
            Self::Malformed => "malformed",
            Self::CallTooLarge => "call-too-large",
            Self::ReplyTooLarge => "reply-too-large",
            Self::Busy => "busy",
            Self::TimedOut => "timed-out",
        }
    }

    pub(crate) fn of(word: &[u8]) -> Option<Self> {
        let known = Self::ALL.into_iter();
        known.into_iter().find(|it| it.word().as_bytes() == word)
    }

    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::NotPinned => StatusCode::FORBIDDEN,
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::CallTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::ReplyTooLarge => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::TimedOut => StatusCode::GATEWAY_TIMEOUT,
        }
    }
}

/// First byte that a server says once it has accepted the caller's key.
pub(crate) const OPEN: u8 = 1;
/// First byte instead: the caller has as many links as it may have.
pub(crate) const FULL: u8 = 2;
