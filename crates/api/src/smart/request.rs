//! An authorization request. RFC 6749 4.1.1, RFC 7636 4.3, SMART App Launch 2.2.

use hospital::pairs::{self, Pairs};
use hospital::scopes::{Scope, ScopeError, Scopes};
use hospital::smart::Client;

use crate::state::Door;

/// Longest query.
const QUERY_BYTES_MAX: usize = 8 << 10;
const STATE_BYTES_MAX: usize = 1 << 10;

/// A request that may be shown to the user.
pub(super) struct Asked {
    pub(super) client: Client,
    pub(super) redirect: String,
    pub(super) state: String,
    pub(super) scopes: Scopes,
    pub(super) challenge: String,
    pub(super) launch: Option<String>,
    pub(super) nonce: Option<String>,
    pub(super) silent: bool,
    /// The request itself, encoded anew: what a form brings back.
    pub(super) query: String,
}

/// Why there is nothing to show.
pub(super) enum Fault {
    /// The user is told; nobody is sent anywhere: the address is not known to be the client's.
    Told(String),
    /// The client is told, at its registered address.
    Sent(Box<Sent>),
}

/// An error of RFC 6749 4.1.2.1.
pub(super) struct Sent {
    pub(super) redirect: String,
    pub(super) state: String,
    pub(super) error: &'static str,
    pub(super) text: String,
}

impl From<hospital::HospitalError> for Fault {
    fn from(error: hospital::HospitalError) -> Self {
        tracing::warn!(%error, "an authorization failed");
        Self::Told("The request could not be checked. Try again in a moment.".into())
    }
}

fn one<'a>(pairs: &'a Pairs, name: &str) -> Result<&'a str, String> {
    let mut found = pairs.iter().filter(|(found, _)| found == name);
    let value = found.next().map_or("", |(_, value)| value.as_str());
    match found.next() {
        None => Ok(value),
        Some(_) => Err(format!("{name} is there twice")),
    }
}

/// Reads a request. First who asks and where the answer goes; only then may an error be sent.
pub(super) async fn read(door: &Door, query: &str) -> Result<Asked, Fault> {
    let told = |text: &str| Fault::Told(text.to_owned());
    if query.len() > QUERY_BYTES_MAX {
        return Err(told("The request is too long."));
    }
    let pairs = pairs::decode(query).ok_or_else(|| told("The request cannot be read."))?;
    let id = one(&pairs, "client_id").map_err(Fault::Told)?;
    let client = door.hospital().client(id).await?;
    let client = client.ok_or_else(|| told("There is no app of this client_id here."))?;
    let redirect = one(&pairs, "redirect_uri").map_err(Fault::Told)?;
    // RFC 9700 2.1: the address is compared byte by byte.
    if !client.redirect_uris.iter().any(|known| known == redirect) {
        return Err(told(
            "The redirect_uri is not one that the app is registered for.",
        ));
    }
    let redirect = redirect.to_owned();
    let state = one(&pairs, "state").unwrap_or("").to_owned();
    let sent = |(error, text): (&'static str, String)| {
        Fault::Sent(Box::new(Sent {
            redirect: redirect.clone(),
            state: state.clone(),
            error,
            text,
        }))
    };
    let checked = check(door, &client, &pairs).map_err(&sent)?;
    let optional = |name: &str| {
        let value = one(&pairs, name).map_err(|text| sent(("invalid_request", text)))?;
        Ok::<_, Fault>(Some(value.to_owned()).filter(|value| !value.is_empty()))
    };
    let (launch, nonce, prompt) = (optional("launch")?, optional("nonce")?, optional("prompt")?);
    if launch.is_some() != checked.has(&Scope::Launch) {
        let text = "an EHR launch needs the parameter launch and the scope launch, both";
        return Err(sent(("invalid_request", text.into())));
    }
    Ok(Asked {
        scopes: checked,
        challenge: one(&pairs, "code_challenge").unwrap_or("").to_owned(),
        launch,
        nonce,
        silent: prompt.as_deref() == Some("none"),
        query: pairs::encode(&pairs),
        client,
        redirect,
        state,
    })
}

/// Everything but the client and the address.
fn check(door: &Door, client: &Client, pairs: &Pairs) -> Result<Scopes, (&'static str, String)> {
    let invalid = |text: &str| ("invalid_request", text.to_owned());
    let get = |name: &str| one(pairs, name).map_err(|text| ("invalid_request", text));
    let state = get("state")?;
    if state.is_empty() || state.len() > STATE_BYTES_MAX {
        return Err(invalid("state is missing or too long"));
    }
    match get("response_type")? {
        "code" => {}
        "" => return Err(invalid("response_type is missing")),
        _ => {
            let text = "the only response_type is code".to_owned();
            return Err(("unsupported_response_type", text));
        }
    }
    if !matches!(get("response_mode")?, "" | "query") {
        return Err(invalid("the only response_mode is query"));
    }
    if !client.may_use("authorization_code") {
        let text = "the client is not registered for authorization_code".to_owned();
        return Err(("unauthorized_client", text));
    }
    // SMART App Launch 2.2: PKCE with S256 is required, plain forbidden.
    if get("code_challenge_method")? != "S256" {
        return Err(invalid("code_challenge_method must be S256"));
    }
    let challenge = get("code_challenge")?;
    let base64url = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if challenge.len() != 43 || !challenge.bytes().all(base64url) {
        return Err(invalid("code_challenge is not a SHA-256 in base64url"));
    }
    let asked: Scopes = get("scope")?
        .parse()
        .map_err(|error: ScopeError| ("invalid_scope", error.to_string()))?;
    // SMART App Launch 2.2: against a counterfeit server that passes our tokens on. Who asks for no
    // records gets a token for none, and need not know that there are some (OpenID Connect).
    let aud = get("aud")?;
    let needs_aud = asked.resources().next().is_some() || !aud.is_empty();
    if needs_aud && aud.trim_end_matches('/') != door.0.config.fhir_base() {
        return Err(invalid("aud is not the FHIR base of this server"));
    }
    let within = client
        .scopes()
        .map_err(|error| ("server_error", error.to_string()))?;
    let scopes = asked.meet(&within);
    if scopes.is_empty() {
        let text = "the client is registered for none of these scopes".to_owned();
        return Err(("invalid_scope", text));
    }
    Ok(scopes)
}
