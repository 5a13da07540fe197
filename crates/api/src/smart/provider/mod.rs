//! People sign in at a provider elsewhere: this server is the client of another one. OpenID Connect
//! Core 1.0, Discovery 1.0, RFC 7636, RFC 9207, RFC 9700 2.1 and 4.4.

mod admin;
mod discovery;
mod id_token;

pub(crate) use admin::{link, links, unlink};
pub(crate) use discovery::Discovered;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hospital::HospitalError;
use hospital::access_log::AccessAgent;
use hospital::pairs::{self, Pairs};
use hospital::smart::{CHALLENGE_LIFE_S, LoginAsk, SESSION_LIFE_S};
use serde::Deserialize;

use super::authorize::{failed, moved};
use super::browser::{BROWSER, SESSION, cookie, long_cookie, set_cookie};
use super::request::Fault;
use crate::fhir::origin;
use crate::outgoing::Ask;
use crate::state::Door;

/// The cookie of where a sign-in elsewhere returns to.
const RETURN: &str = "salus_return";
/// Longest request of an app that can wait in the cookie: browsers keep 4,096 bytes.
const RETURN_BYTES_MAX: usize = 2_700;
const PATH: &str = "/auth/elsewhere/callback";

/// A provider, as the operator configures it.
#[derive(Clone)]
pub struct Provider {
    /// What the button says.
    pub name: String,
    /// Its issuer, byte by byte as it names itself.
    pub issuer: String,
    /// This server, as it is registered there.
    pub client_id: String,
    /// Its secret there.
    pub client_secret: String,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// Why nobody is signed in: a code for the log, and what the user is told.
struct Failed(&'static str, &'static str);

fn none() -> Fault {
    Fault::Told("Nobody signs in elsewhere here.".into())
}

/// `GET /auth/elsewhere?request=<the request of an app>`: on to the provider.
pub(crate) async fn begin(State(door): State<Door>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let begun = begun(&door, &parts).await;
    begun.unwrap_or_else(|fault| failed(&door, fault))
}

async fn begun(door: &Door, parts: &Parts) -> Result<Response, Fault> {
    let provider = door.0.config.provider.as_ref().ok_or_else(none)?;
    let query = pairs::decode(parts.uri.query().unwrap_or("")).unwrap_or_default();
    let to = one(&query, "request").unwrap_or("");
    if to.len() > RETURN_BYTES_MAX {
        let text = "The request of the app is too long to sign in elsewhere: use the password.";
        return Err(Fault::Told(text.into()));
    }
    let hospital = door.hospital();
    let found = door.0.discovered.get(door, provider).await;
    let found = found.map_err(|why| {
        tracing::warn!(why, "the provider of sign-ins is not there");
        Fault::Told("The provider cannot be reached. Try again in a moment.".into())
    })?;
    let known = cookie(door, &parts.headers, BROWSER).filter(|it| it.len() == 43);
    let browser = match known {
        Some(browser) => browser.to_owned(),
        None => hospital.new_browser()?,
    };
    let ask = hospital.begin_login(&browser, to)?;
    let challenge = URL_SAFE_NO_PAD.encode(proof::sha256(ask.verifier.as_bytes()).0);
    let redirect = format!("{}{PATH}", door.0.config.base);
    let pairs = [
        ("response_type", "code"),
        ("client_id", &provider.client_id),
        ("redirect_uri", &redirect),
        ("scope", "openid"),
        ("state", &ask.state),
        ("nonce", &ask.nonce),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    let sign = if found.authorization.contains('?') {
        '&'
    } else {
        '?'
    };
    let mut response = moved(&format!("{}{sign}{}", found.authorization, form(&pairs)));
    // A cookie without a value is none.
    let kept = format!("-{}", URL_SAFE_NO_PAD.encode(to));
    set_cookie(door, &mut response, RETURN, &kept, CHALLENGE_LIFE_S);
    if known.is_none() {
        set_cookie(door, &mut response, BROWSER, &browser, SESSION_LIFE_S);
    }
    Ok(response)
}

/// `GET /auth/elsewhere/callback`: back from the provider.
pub(crate) async fn back(State(door): State<Door>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let from = origin(&parts, "");
    let returned = async {
        match returned(&door, &parts, &from).await? {
            Ok(response) => Ok(response),
            Err(Failed(code, text)) => {
                door.hospital().refuse_login(code, &from).await?;
                Err(Fault::Told(format!("{text} ({code})")))
            }
        }
    };
    returned.await.unwrap_or_else(|fault| failed(&door, fault))
}

async fn returned(
    door: &Door,
    parts: &Parts,
    from: &AccessAgent,
) -> Result<Result<Response, Failed>, Fault> {
    let provider = door.0.config.provider.as_ref().ok_or_else(none)?;
    let query = pairs::decode(parts.uri.query().unwrap_or("")).unwrap_or_default();
    let to = long_cookie(door, &parts.headers, RETURN)
        .and_then(|kept| URL_SAFE_NO_PAD.decode(kept.strip_prefix('-')?).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let browser = cookie(door, &parts.headers, BROWSER).unwrap_or("");
    let again = "The answer is not one to a question of this browser. Begin again in the app.";
    let (Some(to), Some(state)) = (to, one(&query, "state")) else {
        return Ok(Err(Failed("login-state", again)));
    };
    // First the state: nothing of an answer that was not asked for is looked at.
    let Some(ask) = door.hospital().resume_login(state, browser, &to) else {
        return Ok(Err(Failed("login-state", again)));
    };
    let subject = match subject(door, provider, &query, &ask).await {
        Ok(subject) => subject,
        Err(refused) => return Ok(Err(refused)),
    };
    let hospital = door.hospital();
    let begun = hospital.start_session_by_login(&provider.issuer, &subject, &ask, from);
    let secret = match begun.await {
        Ok((secret, _)) => secret,
        Err(HospitalError::Refused {
            error: "invalid_request",
            text,
            ..
        }) => {
            return Err(Fault::Told(format!("{text} (login-state)")));
        }
        Err(HospitalError::Refused { .. }) => {
            let text = format!(
                "No user here is linked to your account at {}. An administrator links it: it is \
                 called {subject} there. (login-unknown)",
                provider.name
            );
            return Err(Fault::Told(text));
        }
        Err(error) => return Err(error.into()),
    };
    if let Some(old) = cookie(door, &parts.headers, SESSION) {
        hospital.end_session(old).await?;
    }
    let mut response = if to.is_empty() {
        moved("/auth/account")
    } else {
        moved(&format!("/auth/authorize?{to}"))
    };
    set_cookie(door, &mut response, SESSION, &secret, SESSION_LIFE_S);
    set_cookie(door, &mut response, RETURN, "", 0);
    Ok(Ok(response))
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

/// Who signed in, by the provider's answer. RFC 6749 4.1.2 and 4.1.3, RFC 9207 2.4.
async fn subject(
    door: &Door,
    provider: &Provider,
    query: &Pairs,
    ask: &LoginAsk,
) -> Result<String, Failed> {
    let unreached = |why: String| {
        tracing::warn!(why, "the provider of sign-ins does not answer");
        Failed(
            "login-provider",
            "The provider does not answer as it should. Try again later.",
        )
    };
    let found = door.0.discovered.get(door, provider).await;
    let found = found.map_err(unreached)?;
    let mixed = Failed("login-issuer", "The answer is that of another provider.");
    match one(query, "iss") {
        Some(issuer) if issuer == provider.issuer => {}
        None if !found.names_itself => {}
        _ => return Err(mixed),
    }
    if one(query, "error").is_some() {
        return Err(Failed("login-refused", "The provider signed nobody in."));
    }
    let none = Failed("login-code", "The answer of the provider has no code.");
    let code = one(query, "code").ok_or(none)?;
    let redirect = format!("{}{PATH}", door.0.config.base);
    let body = form(&[
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", &redirect),
        ("code_verifier", &ask.verifier),
    ]);
    let answer = door
        .0
        .outgoing
        .ask(&found.token, Ask::Form(body, Some(basic(provider))));
    let answer = answer.await.map_err(unreached)?;
    if answer.status != 200 {
        return Err(unreached(format!(
            "its token endpoint answers {}",
            answer.status
        )));
    }
    let tokens: Tokens = serde_json::from_slice(&answer.bytes)
        .map_err(|_| unreached("its token endpoint answers no id token".into()))?;
    let id_token = tokens.id_token;
    id_token::subject(door, provider, &found, &id_token, &ask.nonce).await
}

/// RFC 6749 2.3.1: id and secret, each form-encoded, in HTTP Basic.
fn basic(provider: &Provider) -> String {
    let encoded = |text: &str| form(&[(text, "")]).trim_end_matches('=').to_owned();
    let pair = format!(
        "{}:{}",
        encoded(&provider.client_id),
        encoded(&provider.client_secret)
    );
    format!("Basic {}", STANDARD.encode(pair))
}

/// A parameter that is there once and says something.
fn one<'a>(query: &'a Pairs, name: &str) -> Option<&'a str> {
    let mut found = query.iter().filter(|(found, _)| found == name);
    let value = found.next().map(|(_, value)| value.as_str());
    value.filter(|value| found.next().is_none() && !value.is_empty())
}

fn form(fields: &[(&str, &str)]) -> String {
    let owned: Pairs = fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    pairs::encode(&owned)
}
