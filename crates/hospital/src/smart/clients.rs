//! Registered apps and systems. RFC 7591, by an administrator of the organisation only.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{ClientRow, Kept};

use super::SECOND_US;
use super::redirect;
use super::tickets::{client_mark, damaged, digest, secret, written};
use crate::admit::new_id;
use crate::credential::Presented;
use crate::error::HospitalError;
use crate::scopes::Scopes;
use crate::setup::Hospital;

/// Most clients of an organisation.
pub const CLIENTS_MAX: u32 = 1_000;
const REDIRECTS_MAX: usize = 20;
const KEYS_MAX: usize = 10;
const NAME_CHARS_MAX: usize = 100;

/// How a client shows that it is itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignIn {
    /// A public client: it cannot.
    None,
    /// By its secret, in HTTP Basic.
    ClientSecretBasic,
    /// By its secret, in the form.
    ClientSecretPost,
    /// By an assertion that its own key signed (RFC 7523).
    PrivateKeyJwt,
}

/// A registered client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Client {
    /// Its id.
    pub id: String,
    /// What users are shown.
    pub name: String,
    /// Where it may be sent back to, byte by byte.
    pub redirect_uris: Vec<String>,
    /// `authorization_code`, `refresh_token`, `client_credentials`.
    pub grant_types: Vec<String>,
    /// How it shows that it is itself.
    pub sign_in: SignIn,
    /// The most that it may be granted.
    pub scope: String,
    /// Its public keys (RFC 7517), for [`SignIn::PrivateKeyJwt`].
    pub jwks: Option<Value>,
    /// Where its public keys are, if they are not [`Client::jwks`].
    #[serde(default)]
    pub jwks_uri: Option<String>,
    /// SHA-256 of its secret.
    secret: Option<[u8; 32]>,
    /// When it was registered, in seconds.
    pub issued_s: i64,
}

impl Client {
    /// Whether this is its secret.
    pub fn is_secret(&self, given: &str) -> bool {
        self.secret
            .is_some_and(|kept| vault::keys::same(&kept, &digest(given)))
    }

    /// Whether it may use a grant.
    pub fn may_use(&self, grant: &str) -> bool {
        self.grant_types.iter().any(|one| one == grant)
    }

    /// The most that it may be granted.
    pub fn scopes(&self) -> Result<Scopes, HospitalError> {
        self.scope.parse().map_err(|_| damaged("a client"))
    }

    /// What RFC 7591 3.2.1 tells of it; the secret is told once, at the registration.
    pub fn told(&self) -> Value {
        let mut told = json!({
            "client_id": self.id,
            "client_id_issued_at": self.issued_s,
            "client_name": self.name,
            "redirect_uris": self.redirect_uris,
            "grant_types": self.grant_types,
            "response_types": if self.redirect_uris.is_empty() { vec![] } else { vec!["code"] },
            "token_endpoint_auth_method": self.sign_in,
            "scope": self.scope,
        });
        if let Some(jwks) = &self.jwks {
            told["jwks"] = jwks.clone();
        }
        if let Some(uri) = &self.jwks_uri {
            told["jwks_uri"] = uri.clone().into();
        }
        told
    }
}

/// What a registration asks for. RFC 7591 2: metadata that is not known is left out.
#[derive(Debug, Clone, Deserialize)]
pub struct NewClient {
    #[serde(default)]
    redirect_uris: Vec<String>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
    token_endpoint_auth_method: Option<String>,
    #[serde(default)]
    client_name: String,
    #[serde(default)]
    scope: String,
    jwks: Option<Value>,
    jwks_uri: Option<String>,
}

fn unfit(text: impl Into<String>) -> HospitalError {
    HospitalError::refused("invalid_client_metadata", text)
}

impl NewClient {
    /// Where its keys are. Whether requests may go there is not known here.
    pub fn jwks_uri(&self) -> Option<&str> {
        self.jwks_uri.as_deref()
    }

    fn checked(self, id: String, issued_s: i64) -> Result<Client, HospitalError> {
        let sign_in = match self.token_endpoint_auth_method.as_deref() {
            Some("none") => SignIn::None,
            // RFC 7591 2: the default.
            None | Some("client_secret_basic") => SignIn::ClientSecretBasic,
            Some("client_secret_post") => SignIn::ClientSecretPost,
            Some("private_key_jwt") => SignIn::PrivateKeyJwt,
            Some(_) => {
                return Err(unfit(
                    "token_endpoint_auth_method is not one of this server",
                ));
            }
        };
        let default = || vec!["authorization_code".to_owned()];
        let grant_types = self.grant_types.clone().unwrap_or_else(default);
        self.check_grants(&grant_types, sign_in)?;
        self.check_redirects(grant_types.iter().any(|it| it == "authorization_code"))?;
        // RFC 7591 2: not both.
        match (&self.jwks, &self.jwks_uri, sign_in) {
            (Some(jwks), None, SignIn::PrivateKeyJwt) => check_keys(jwks)?,
            (None, Some(_), SignIn::PrivateKeyJwt) => {}
            (_, _, SignIn::PrivateKeyJwt) => {
                return Err(unfit("private_key_jwt needs jwks_uri or jwks, one of them"));
            }
            (None, None, _) => {}
            _ => return Err(unfit("jwks_uri and jwks are for private_key_jwt")),
        }
        let name: String = self.client_name.trim().to_owned();
        if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
            return Err(unfit("client_name has 1 to 100 characters"));
        }
        let scopes: Scopes = self
            .scope
            .parse()
            .map_err(|error: crate::scopes::ScopeError| unfit(error.to_string()))?;
        if scopes.is_empty() {
            return Err(unfit("scope lists the most that the client may be granted"));
        }
        Ok(Client {
            id,
            name,
            redirect_uris: self.redirect_uris,
            grant_types,
            sign_in,
            scope: scopes.to_string(),
            jwks: self.jwks,
            jwks_uri: self.jwks_uri,
            secret: None,
            issued_s,
        })
    }

    fn check_grants(&self, grants: &[String], sign_in: SignIn) -> Result<(), HospitalError> {
        const KNOWN: [&str; 3] = ["authorization_code", "refresh_token", "client_credentials"];
        if grants.is_empty() || grants.iter().any(|it| !KNOWN.contains(&it.as_str())) {
            return Err(unfit(
                "grant_types are authorization_code, refresh_token and client_credentials",
            ));
        }
        let has = |name: &str| grants.iter().any(|it| it == name);
        if has("client_credentials") && sign_in == SignIn::None {
            return Err(unfit("a public client has no client_credentials"));
        }
        if has("refresh_token") && !has("authorization_code") {
            return Err(unfit("refresh_token goes with authorization_code"));
        }
        match self.response_types.as_deref() {
            Some(types) if types.iter().any(|it| it != "code") => {
                Err(unfit("the only response type is code"))
            }
            _ => Ok(()),
        }
    }

    fn check_redirects(&self, needed: bool) -> Result<(), HospitalError> {
        let wrong = |text: String| HospitalError::refused("invalid_redirect_uri", text);
        if needed == self.redirect_uris.is_empty() {
            let text = "redirect_uris go with authorization_code, and only with it";
            return Err(wrong(text.to_owned()));
        }
        if self.redirect_uris.len() > REDIRECTS_MAX {
            return Err(wrong(format!("there are more than {REDIRECTS_MAX}")));
        }
        for uri in &self.redirect_uris {
            if let Some(why) = redirect::unfit(uri) {
                let shown: String = uri
                    .chars()
                    .filter(char::is_ascii_graphic)
                    .take(80)
                    .collect();
                return Err(wrong(format!("{shown}: {why}")));
            }
        }
        Ok(())
    }
}

/// SMART App Launch 2.2, asymmetric authentication: RS384 or ES384, each key with its `kid`.
fn check_keys(jwks: &Value) -> Result<(), HospitalError> {
    let keys = jwks["keys"].as_array().map_or(&[][..], Vec::as_slice);
    if keys.is_empty() || keys.len() > KEYS_MAX {
        return Err(unfit("jwks.keys has 1 to 10 keys"));
    }
    for (at, key) in keys.iter().enumerate() {
        if key.get("d").is_some() || key.get("k").is_some() {
            return Err(unfit(
                "a private key was sent: make another, and keep it to yourself",
            ));
        }
        let kid = key["kid"].as_str().unwrap_or("");
        let twice = keys[..at].iter().any(|other| other["kid"] == key["kid"]);
        if kid.is_empty() || kid.len() > 200 || twice {
            return Err(unfit("each key needs a kid of its own"));
        }
        if !is_usable_key(key) {
            return Err(unfit(
                "a key is RSA of 2048 to 8192 bits (RS384) or EC P-384 (ES384)",
            ));
        }
    }
    Ok(())
}

/// Whether a key is one that an assertion may be signed by.
pub fn is_usable_key(key: &Value) -> bool {
    let has = |name: &str| key[name].as_str().is_some_and(|value| !value.is_empty());
    match key["kty"].as_str() {
        // 2048 bits are 342 characters of base64url.
        Some("RSA") => {
            let length = key["n"].as_str().map_or(0, str::len);
            has("e") && (342..=1_366).contains(&length)
        }
        Some("EC") => key["crv"] == "P-384" && has("x") && has("y"),
        _ => false,
    }
}

impl Hospital {
    /// Registers a client; the secret, where it has one, is told this once.
    pub async fn register_client(
        &self,
        new: NewClient,
    ) -> Result<(Client, Option<String>), HospitalError> {
        let issued_s = self.now_us().div_euclid(SECOND_US);
        let mut client = new.checked(new_id()?, issued_s)?;
        let mut told = None;
        if matches!(
            client.sign_in,
            SignIn::ClientSecretBasic | SignIn::ClientSecretPost
        ) {
            let made = secret()?;
            client.secret = Some(digest(&made));
            told = Some(made);
        }
        let mut row = ClientRow {
            id: client.id.clone(),
            body: written(&client)?,
            integrity: Vec::new(),
        };
        row.integrity = client_mark(self.0.keyring.root(), &row).to_vec();
        match self.0.store.put_client(row, CLIENTS_MAX).await? {
            Kept::Full => Err(unfit(format!(
                "there are {CLIENTS_MAX} clients already: delete one"
            ))),
            Kept::Stored | Kept::Known => Ok((client, told)),
        }
    }

    /// A client by id.
    pub async fn client(&self, id: &str) -> Result<Option<Client>, HospitalError> {
        let row = self.0.store.client(id).await?;
        row.map(|row| self.client_of(&row)).transpose()
    }

    /// All clients, by id.
    pub async fn clients(&self) -> Result<Vec<Client>, HospitalError> {
        let rows = self.0.store.clients().await?;
        rows.iter().map(|row| self.client_of(row)).collect()
    }

    /// Deletes a client and ends all that was issued to it; whether there was one.
    pub async fn delete_client(&self, id: &str) -> Result<bool, HospitalError> {
        let known = self.0.store.drop_client(id).await?;
        if known {
            self.revoke_client(id).await?;
        }
        Ok(known)
    }

    fn client_of(&self, row: &ClientRow) -> Result<Client, HospitalError> {
        if !vault::keys::same(&client_mark(self.0.keyring.root(), row), &row.integrity) {
            return Err(damaged(&format!("client {}", row.id)));
        }
        serde_json::from_slice(&row.body).map_err(|_| damaged(&format!("client {}", row.id)))
    }

    /// Remembers the id of an assertion until it expires; `false`: it was used before.
    pub async fn first_use_of_assertion(
        &self,
        client: &str,
        id: &str,
        expires_s: i64,
    ) -> Result<bool, HospitalError> {
        let until_us = expires_s.saturating_add(60).saturating_mul(SECOND_US);
        let name = format!("{client} {id}");
        self.keep(store::TicketKind::Assertion, &name, "", until_us, &())
            .await
    }

    /// The same for a practitioner's credential that another organisation presents.
    pub(crate) async fn first_presentation(
        &self,
        presented: &Presented,
    ) -> Result<bool, HospitalError> {
        // To the end of the last second at which it could be accepted.
        let until_us = presented
            .until_s
            .saturating_add(1)
            .saturating_mul(SECOND_US);
        // No client has a name with a slash.
        let name = format!("credential/ {}", presented.once);
        self.keep(store::TicketKind::Assertion, &name, "", until_us, &())
            .await
    }
}
