//! The JSON door as pages of the same process ask it: with the session of a browser in place of an
//! access token, and otherwise like any client. What a page shows went through the same table of
//! roles, the same decision, the same bounds and the same log. `docs/decisions/0021-pages.md`.

use axum::Router;
use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Request, header};
use axum::response::Response;
use hospital::pairs::Pairs;
use hospital::smart::{SESSION_LIFE_S, Session};
use hospital::{Caller, Hospital};
use tower_service::Service;

use crate::error::ApiError;
use crate::fhir::origin;
use crate::serve::Peer;
use crate::smart::{self, BROWSER, SESSION};
use crate::state::Door;

/// The door, from inside.
#[derive(Clone)]
pub struct Inside {
    door: Door,
    routes: Router,
}

/// A signed-in browser.
#[derive(Clone)]
pub struct Visitor {
    /// Who signed in, with what the user is now.
    pub caller: Caller,
    /// Since when.
    pub session: Session,
    secret: String,
    token: HeaderValue,
}

/// What a sign-in page needs for one browser.
pub struct Entrance {
    /// What the form must bring back as `token`.
    pub token: String,
    /// What to ask a passkey for, and on which origin; `None`: there are no passkeys here.
    pub passkey: Option<(String, String)>,
    /// The name of a provider where people may sign in too.
    pub provider: Option<String>,
    inner: smart::Entrance,
}

/// Why nobody was signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// The form is not from a page of this server in this browser.
    Form,
    /// The name and the password do not fit.
    Unfit,
    /// Too many tries failed: seconds to wait.
    Wait(u64),
    /// The passkey was not taken, for this reason.
    Passkey(String),
}

impl Inside {
    pub(crate) fn new(door: Door, routes: Router) -> Self {
        Self { door, routes }
    }

    /// The organisation, for what is no record.
    pub fn hospital(&self) -> &Hospital {
        self.door.hospital()
    }

    /// Where clients reach this server, without a slash at its end.
    pub fn base(&self) -> &str {
        &self.door.0.config.base
    }

    /// Largest body of any request.
    pub fn body_bytes_max(&self) -> usize {
        self.door.0.config.body_bytes_max
    }

    /// Who is signed in with this browser.
    pub async fn visitor(&self, headers: &HeaderMap) -> Result<Option<Visitor>, ApiError> {
        let Some(secret) = smart::cookie(&self.door, headers, SESSION) else {
            return Ok(None);
        };
        let hospital = self.hospital();
        let Some((caller, session)) = hospital.session(secret).await? else {
            return Ok(None);
        };
        let token = self.door.0.mint.issue_inside(&caller, hospital.now_us())?;
        let token = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| ApiError::Key)?;
        Ok(Some(Visitor {
            caller,
            session,
            secret: secret.to_owned(),
            token,
        }))
    }

    /// What each form of this browser's pages must bring back.
    pub fn form_token(&self, visitor: &Visitor) -> String {
        self.hospital().form_token(&visitor.secret)
    }

    /// Whether a form is from a page of this browser.
    pub fn is_form(&self, visitor: &Visitor, token: &str) -> bool {
        self.hospital().is_form_token(&visitor.secret, token)
    }

    /// Asks the door for a visitor. `from` is the request of the browser.
    pub async fn ask(
        &self,
        visitor: &Visitor,
        from: &Parts,
        mut request: Request<Body>,
    ) -> Response {
        let headers = request.headers_mut();
        headers.remove(header::COOKIE);
        headers.insert(header::AUTHORIZATION, visitor.token.clone());
        if let Some(peer) = from.extensions.get::<Peer>() {
            request.extensions_mut().insert(*peer);
        }
        // A router is always ready, and its error cannot be made.
        match self.routes.clone().call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    /// What a sign-in page needs for this browser.
    pub fn entrance(&self, headers: &HeaderMap) -> Result<Entrance, ApiError> {
        let inner = smart::entrance(&self.door, headers)?;
        let passkey = inner.passkey.as_ref();
        Ok(Entrance {
            token: inner.token.clone(),
            passkey: passkey.map(|ask| (ask.options.clone(), ask.origin.clone())),
            provider: self
                .door
                .0
                .config
                .provider
                .as_ref()
                .map(|it| it.name.clone()),
            inner,
        })
    }

    /// Gives a browser that sees a sign-in page the cookie that its form is bound to.
    pub fn welcome(&self, response: &mut Response, entrance: &Entrance) {
        smart::name_browser(&self.door, response, &entrance.inner);
    }

    /// Signs in by the form of a sign-in page: `act`, `token`, and `username` with `password` or
    /// `passkey`. `response` gets the cookie of the session.
    pub async fn sign_in(
        &self,
        from: &Parts,
        form: &Pairs,
        response: &mut Response,
    ) -> Result<Result<(), Wrong>, ApiError> {
        let get = |name: &str| {
            let found = form.iter().find(|(found, _)| found == name);
            found.map_or("", |(_, value)| value.as_str())
        };
        let browser = smart::cookie(&self.door, &from.headers, BROWSER);
        if !browser.is_some_and(|it| self.hospital().is_form_token(it, get("token"))) {
            return Ok(Err(Wrong::Form));
        }
        let secret = match smart::begin(&self.door, "", from, &get).await? {
            Ok(secret) => secret,
            Err(smart::Wrong::Unfit) => return Ok(Err(Wrong::Unfit)),
            Err(smart::Wrong::Wait(wait_s)) => return Ok(Err(Wrong::Wait(wait_s))),
            Err(smart::Wrong::Passkey(text)) => return Ok(Err(Wrong::Passkey(text))),
        };
        smart::set_cookie(&self.door, response, SESSION, &secret, SESSION_LIFE_S);
        Ok(Ok(()))
    }

    /// Ends the session, with an event.
    pub async fn sign_out(
        &self,
        visitor: &Visitor,
        from: &Parts,
        response: &mut Response,
    ) -> Result<(), ApiError> {
        let from = origin(from, "");
        self.hospital().sign_out(&visitor.secret, &from).await?;
        smart::set_cookie(&self.door, response, SESSION, "", 0);
        Ok(())
    }
}
