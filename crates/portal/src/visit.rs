//! One request of a signed-in person: who it is, in which language, and the door to ask.

use api::{ApiError, Visitor, find_cookie};
use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use bytes::Bytes;
use hospital::pairs::{self, Pairs};
use hospital::{Caller, Role};
use http_body_util::{BodyExt, Limited};
use maud::Markup;
use serde_json::Value;

use crate::Portal;
use crate::page::{self, Frame};
use crate::trouble::{self, Refusal, Trouble};
use crate::words::Language;

/// Largest form.
const FORM_BYTES_MAX: usize = 64 << 10;
/// Largest answer of the door that a page is made of.
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// The header by which a delegate acts for a patient.
pub(crate) const ACTING_FOR: &str = "acting-for";
/// The cookie that says for whom; what it may is decided by the door at each request.
pub(crate) const FOR: &str = "salus_for";

/// A signed-in person's request.
pub(crate) struct Visit {
    pub(crate) portal: Portal,
    pub(crate) parts: Parts,
    pub(crate) visitor: Visitor,
    pub(crate) language: Language,
    /// The patient in whose place a delegate acts.
    pub(crate) acting_for: Option<String>,
}

/// A form of a page of ours, sent by a signed-in person.
pub(crate) struct Filled {
    pub(crate) visit: Visit,
    pub(crate) form: Pairs,
}

impl FromRequestParts<Portal> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, Response> {
        let language = Language::of(&parts.headers);
        let visitor = match portal.inside.visitor(&parts.headers).await {
            Ok(Some(visitor)) => visitor,
            Ok(None) => {
                // A form cannot be sent again after the sign-in: back to the page it was on.
                let back = if parts.method == Method::GET {
                    parts.uri.path_and_query().map_or("", |it| it.as_str())
                } else {
                    ""
                };
                return Err(Trouble::SignIn(own_path(back)).into_response());
            }
            Err(error) => return Err(broken(portal, parts, &error)),
        };
        let name = for_cookie(portal);
        let acting_for = find_cookie(&parts.headers, &name)
            .filter(|_| visitor.caller.role == Role::Patient)
            .filter(|id| hospital::request::is_id(id))
            .map(str::to_owned);
        Ok(Self {
            portal: portal.clone(),
            parts: parts.clone(),
            visitor,
            language,
            acting_for,
        })
    }
}

impl FromRequest<Portal> for Filled {
    type Rejection = Response;

    async fn from_request(request: Request, portal: &Portal) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let visit = Visit::from_request_parts(&mut parts, portal).await?;
        let form = read_form(body).await;
        let form = form.ok_or_else(|| {
            visit
                .refused(StatusCode::BAD_REQUEST, "form")
                .into_response()
        })?;
        let token = field(&form, "token");
        if !visit.portal.inside.is_form(&visit.visitor, token) {
            return Err(visit.refused(StatusCode::FORBIDDEN, "form").into_response());
        }
        Ok(Self { visit, form })
    }
}

impl Filled {
    /// A field; empty where there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        field(&self.form, name).trim()
    }

    /// All values of a field, as of several boxes that are ticked.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let named = self.form.iter().filter(|(found, _)| found == name);
        named.map(|(_, value)| value.trim()).collect()
    }
}

/// Reads a form within its bound.
pub(crate) async fn read_form(body: Body) -> Option<Pairs> {
    let bytes = Limited::new(body, FORM_BYTES_MAX).collect().await.ok()?;
    pairs::decode(std::str::from_utf8(&bytes.to_bytes()).ok()?)
}

/// A field of a form; empty where there is none.
pub(crate) fn field<'a>(form: &'a Pairs, name: &str) -> &'a str {
    let found = form.iter().find(|(found, _)| found == name);
    found.map_or("", |(_, value)| value.as_str())
}

/// The name of the cookie that says for whom a delegate acts, at this organisation.
pub(crate) fn for_cookie(portal: &Portal) -> String {
    format!("{FOR}_{}", portal.inside.hospital().organisation())
}

/// A path of ours to go back to; anything else is the home page. Nobody is sent elsewhere:
/// `//host`, `/\host` and whatever a browser would mend to it are no paths.
pub(crate) fn own_path(back: &str) -> String {
    let plain =
        |letter: char| letter.is_ascii_graphic() && !matches!(letter, '\\' | '"' | '<' | '>');
    let ours = back == "/portal" || back.starts_with("/portal/") || back.starts_with("/portal?");
    if ours && back.len() <= 2_048 && back.chars().all(plain) && !back.contains("//") {
        back.to_owned()
    } else {
        "/portal".to_owned()
    }
}

fn broken(portal: &Portal, parts: &Parts, error: &ApiError) -> Response {
    tracing::warn!(%error, "a session could not be looked at");
    let frame = Frame::outside(portal, parts);
    Trouble::Refused(Box::new(Refusal {
        status: StatusCode::SERVICE_UNAVAILABLE,
        code: String::new(),
        text: String::new(),
        wait_s: Some(2),
        frame,
    }))
    .into_response()
}

impl Visit {
    pub(crate) fn caller(&self) -> &Caller {
        &self.visitor.caller
    }

    pub(crate) fn role(&self) -> Role {
        self.visitor.caller.role
    }

    /// The organisation whose pages these are.
    pub(crate) fn organisation(&self) -> &str {
        self.portal.inside.hospital().organisation()
    }

    /// The patient whose record a patient's pages are about.
    pub(crate) fn patient(&self) -> Result<&str, Trouble> {
        let own = self.acting_for.as_ref().or(self.caller().patient.as_ref());
        match own {
            Some(id) if self.role() == Role::Patient => Ok(id),
            _ => Err(self.refused(StatusCode::FORBIDDEN, "denied")),
        }
    }

    /// A word or sentence in the visitor's language.
    pub(crate) fn say(&self, key: &str) -> String {
        self.language.say(key)
    }

    /// A sentence with something inserted.
    pub(crate) fn tell(&self, key: &str, inserted: &[(&str, &str)]) -> String {
        self.language.tell(key, inserted)
    }

    /// What a form of this page must bring back.
    pub(crate) fn token(&self) -> String {
        self.portal.inside.form_token(&self.visitor)
    }

    /// A parameter of the address; empty where there is none.
    pub(crate) fn query(&self, name: &str) -> String {
        let query = pairs::decode(self.parts.uri.query().unwrap_or("")).unwrap_or_default();
        field(&query, name).trim().to_owned()
    }

    /// A page.
    pub(crate) fn page(&self, title: &str, content: &Markup) -> Response {
        self.page_with(StatusCode::OK, title, content)
    }

    /// A page with another status than 200.
    pub(crate) fn page_with(&self, status: StatusCode, title: &str, content: &Markup) -> Response {
        page::response(status, &Frame::of(self), title, content)
    }

    /// On to another page, after a form did something. RFC 9110 15.4.4.
    pub(crate) fn go(path: &str) -> Response {
        Redirect::to(path).into_response()
    }

    /// Nothing is there, or nothing that this person may know of.
    pub(crate) fn absent(&self) -> Trouble {
        self.refused(StatusCode::NOT_FOUND, "absent")
    }

    /// A refusal of this page's own.
    pub(crate) fn refused(&self, status: StatusCode, code: &str) -> Trouble {
        Trouble::Refused(Box::new(Refusal {
            status,
            code: code.to_owned(),
            text: String::new(),
            wait_s: None,
            frame: Frame::of(self),
        }))
    }

    /// `GET` of the JSON door.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, Trouble> {
        let bytes = self.ask(Method::GET, path, None).await?.1;
        Ok(serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// The same, `None` where nothing is there.
    pub(crate) async fn find(&self, path: &str) -> Result<Option<Value>, Trouble> {
        match self.get(path).await {
            Ok(found) => Ok(Some(found)),
            Err(trouble) if trouble.has_status(404) || trouble.has_status(410) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// `POST` to the JSON door.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value, Trouble> {
        self.send(Method::POST, path, Some(body)).await
    }

    /// Any verb with a JSON body.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Trouble> {
        let bytes = self.ask(method, path, body).await?.1;
        Ok(serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// Asks the door and answers the bytes as they are, with the status.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(StatusCode, Bytes), Trouble> {
        let media = if path.starts_with("/fhir") {
            "application/fhir+json"
        } else {
            "application/json"
        };
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, media);
        if path.starts_with("/fhir") {
            request = request.header("prefer", "return=representation");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let built = request.body(body);
        let request = built.map_err(|_| self.refused(StatusCode::BAD_REQUEST, "form"))?;
        let response = self.forward(request).await;
        let status = response.status();
        let wait_s = response
            .headers()
            .get(header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let bytes = Limited::new(response.into_body(), ANSWER_BYTES_MAX)
            .collect()
            .await
            .map_err(|_| self.refused(StatusCode::BAD_GATEWAY, ""))?
            .to_bytes();
        if status.is_success() {
            return Ok((status, bytes));
        }
        if status == StatusCode::UNAUTHORIZED {
            return Err(Trouble::SignIn("/portal".into()));
        }
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        let (code, text) = trouble::told(&body);
        Err(Trouble::Refused(Box::new(Refusal {
            status,
            code,
            text,
            wait_s,
            frame: Frame::of(self),
        })))
    }

    /// Hands a request to the door for this person.
    pub(crate) async fn forward(&self, mut request: Request) -> Response {
        if let Some(patient) = &self.acting_for
            && !request.headers().contains_key(ACTING_FOR)
            && let Ok(patient) = patient.parse()
        {
            request.headers_mut().insert(ACTING_FOR, patient);
        }
        self.portal
            .inside
            .ask(&self.visitor, &self.parts, request)
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn nobody_is_sent_elsewhere() {
        for path in ["/portal", "/portal/record?page=2", "/portal?x=1"] {
            assert_eq!(own_path(path), path);
        }
        for path in [
            "",
            "/",
            "//evil.example",
            "///evil.example",
            "https://evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "/portal/../..//evil.example",
            "/portal\\..\\evil",
            "/portal@evil.example",
            "/portal.evil.example",
            "javascript:alert(1)",
            "/portal/\r\nSet-Cookie: a=b",
            "/portal/\u{2028}",
            " /portal",
            "/fhir/Patient",
        ] {
            assert_eq!(own_path(path), "/portal", "{path}");
        }
    }
}
