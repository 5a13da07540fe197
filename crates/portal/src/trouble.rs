//! What a person sees when something does not go: what, why, and what to do.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;
use serde_json::Value;

use crate::page::{self, Frame};
use crate::words::Language;

/// A page that could not be shown.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// Somebody has to sign in first, and comes back to this path.
    SignIn(String),
    /// The door refused or failed.
    Refused(Box<Refusal>),
}

/// What the door said, and the frame in which to say it.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    /// The stable name of the failure (docs/reference/errors.md); empty: none.
    pub(crate) code: String,
    /// The door's own words.
    pub(crate) text: String,
    pub(crate) wait_s: Option<u64>,
    pub(crate) frame: Frame,
}

impl Trouble {
    /// Whether it is a refusal with this status.
    pub(crate) fn has_status(&self, status: u16) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.status.as_u16() == status)
    }

    /// Whether it is about who asks, not about what.
    pub(crate) fn is_about_who(&self) -> bool {
        matches!(self, Self::SignIn(_)) || self.has_status(403)
    }

    /// The words of a refusal that a person can mend in the same form.
    pub(crate) fn words(&self) -> Option<&str> {
        match self {
            Self::Refused(refusal)
                if matches!(refusal.status.as_u16(), 400 | 409 | 412 | 422 | 502) =>
            {
                Some(&refusal.text)
            }
            _ => None,
        }
    }
}

/// The stable name and the words of a failure: an OperationOutcome or a problem (RFC 9457).
pub(crate) fn told(body: &Value) -> (String, String) {
    let issue = &body["issue"][0];
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    if issue.is_object() {
        let code = text(&issue["details"]["coding"][0]["code"]);
        return (code, text(&issue["details"]["text"]));
    }
    let code = match text(&body["code"]) {
        code if code.is_empty() => text(&body["type"])
            .rsplit_once('#')
            .map_or_else(String::new, |(_, code)| code.to_owned()),
        code => code,
    };
    let words = match text(&body["detail"]) {
        // RFC 6749 5.2 and RFC 7591 3.2.2.
        words if words.is_empty() => text(&body["error_description"]),
        words => words,
    };
    (code, words)
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        match self {
            Self::SignIn(back) => {
                let query = hospital::pairs::encode(&[("back".to_owned(), back)]);
                Redirect::to(&format!("/portal/sign-in?{query}")).into_response()
            }
            Self::Refused(refusal) => refusal.page(),
        }
    }
}

impl Refusal {
    fn page(self) -> Response {
        let say = |key: &str| self.frame.language.say(key);
        let kind = kind(self.status);
        let title = say(&format!("trouble-{kind}"));
        let why = why(self.frame.language, &self.code);
        let content = html! {
            h1 { (title) }
            p { (say(&format!("trouble-{kind}-hint"))) }
            @if let Some(why) = why { p { (why) } }
            @else if !self.text.is_empty() && kind != "absent" && kind != "failed" {
                p { (say("trouble-said")) " " q lang="en" { (self.text) } }
            }
            @if let Some(wait_s) = self.wait_s {
                p { (self.frame.language.tell("trouble-wait",
                    &[("seconds", &wait_s.to_string())])) }
            }
            p { a href="/portal" { (say("trouble-home")) } }
        };
        let mut response = page::response(self.status, &self.frame, &title, &content);
        if let Some(wait_s) = self.wait_s {
            let value = HeaderValue::from(wait_s);
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        response
    }
}

fn kind(status: StatusCode) -> &'static str {
    match status.as_u16() {
        403 => "denied",
        404 | 410 => "absent",
        413 => "large",
        429 | 503 => "busy",
        400..=499 => "refused",
        _ => "failed",
    }
}

/// Our own words for a failure, where there are some.
fn why(language: Language, code: &str) -> Option<String> {
    let key = format!("error-{code}");
    (!code.is_empty() && language.has(&key)).then(|| language.say(&key))
}
