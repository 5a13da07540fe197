//! Passkeys: people sign in by a key that their device or security key keeps. WebAuthn 2.
//!
//! Each user has up to [`PASSKEYS_MAX`]; each checks who is there (user verification) and needs no
//! name (discoverable). Why the check is our own: docs/decisions/0017-passkeys-and-providers.md.

mod ceremony;
mod key;
mod party;
mod said;
mod sign_in;

pub use party::RelyingParty;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{Kept, PasskeyRow};

use super::challenge::{CHALLENGE_LIFE_S, Purpose};
use super::tickets::{damaged, written};
use crate::access_log::{AccessAgent, AccessDeed};
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::setup::Hospital;
use said::Unfit;

/// Most passkeys of a user.
pub const PASSKEYS_MAX: u32 = 10;
const NAME_CHARS_MAX: usize = 60;
const HINT: &str = "docs/reference/access.md says what a passkey must be";

/// A passkey of a user, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passkey {
    /// The credential id, in base64url.
    pub id: String,
    /// What its user calls it.
    pub name: String,
    /// When it was registered, in seconds.
    pub added_s: i64,
    /// When it signed in last, in seconds.
    pub used_s: Option<i64>,
    /// Its maker copies it to other devices of the user.
    pub synchronised: bool,
    /// Its counter went back, which a copy does: it is not taken any more.
    pub copied: bool,
    /// The COSE key.
    key: Vec<u8>,
    count: u32,
}

impl Passkey {
    /// What its user is told.
    pub fn told(&self) -> Value {
        json!({
            "id": self.id, "name": self.name, "added": self.added_s, "used": self.used_s,
            "synchronised": self.synchronised, "copied": self.copied,
        })
    }
}

/// The mark of a passkey.
pub(crate) fn passkey_mark(root: &vault::RootKey, row: &PasskeyRow) -> [u8; 32] {
    let parts: [&[u8]; 3] = [&row.credential, row.username.as_bytes(), &row.body];
    root.mark("passkeys", &parts)
}

fn refused(unfit: Unfit) -> HospitalError {
    let text = format!("the passkey is not taken: {}", unfit.code());
    HospitalError::request("security", text, HINT)
}

impl Hospital {
    /// What a page hands to `navigator.credentials.create`, for a signed-in user. WebAuthn 2 5.4.
    pub async fn new_passkey(
        &self,
        party: &RelyingParty,
        caller: &Caller,
    ) -> Result<Value, HospitalError> {
        let known = self.passkeys(&caller.username).await?;
        let known: Vec<Value> = known
            .iter()
            .map(|passkey| json!({ "type": "public-key", "id": passkey.id }))
            .collect();
        let algorithms: Vec<Value> = key::ALGORITHMS
            .iter()
            .map(|alg| json!({ "type": "public-key", "alg": alg }))
            .collect();
        Ok(json!({
            "rp": { "id": party.id, "name": self.0.organisation },
            "user": {
                "id": URL_SAFE_NO_PAD.encode(self.handle(&caller.username)),
                "name": caller.username, "displayName": caller.username,
            },
            "challenge": self.challenge(Purpose::AddPasskey, &[&caller.username])?,
            "pubKeyCredParams": algorithms,
            "timeout": CHALLENGE_LIFE_S * 1_000,
            "excludeCredentials": known,
            "authenticatorSelection": {
                "residentKey": "required", "requireResidentKey": true,
                "userVerification": "required",
            },
            "attestation": "none",
        }))
    }

    /// Registers what `navigator.credentials.create` answered, as JSON. WebAuthn 2 7.1.
    pub async fn add_passkey(
        &self,
        party: &RelyingParty,
        caller: &Caller,
        name: &str,
        answer: &str,
        from: &AccessAgent,
    ) -> Result<Passkey, HospitalError> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
            let text = format!("the name of a passkey has 1 to {NAME_CHARS_MAX} characters");
            return Err(HospitalError::request("value", text, HINT));
        }
        if caller.role == Role::System {
            let text = "a system has no passkeys: it signs in by its key or secret";
            return Err(HospitalError::request("forbidden", text, HINT));
        }
        let made = ceremony::made(answer, party).map_err(refused)?;
        let bound = [caller.username.as_str()];
        let ours = self.is_challenge(&made.challenge, Purpose::AddPasskey, &bound);
        if !ours || !self.use_challenge(&made.challenge).await? {
            return Err(refused(Unfit::Challenge));
        }
        let passkey = Passkey {
            id: URL_SAFE_NO_PAD.encode(&made.credential),
            name: name.to_owned(),
            added_s: self.now_us().div_euclid(super::SECOND_US),
            used_s: None,
            synchronised: made.synchronised,
            copied: false,
            key: made.key,
            count: made.count,
        };
        let row = self.passkey_row(&caller.username, made.credential, &passkey)?;
        match self.0.store.put_passkey(row, PASSKEYS_MAX).await? {
            Kept::Stored => {}
            Kept::Known => {
                let text = "this passkey is registered already";
                return Err(HospitalError::request("duplicate", text, HINT));
            }
            Kept::Full => {
                let text = format!("a user has at most {PASSKEYS_MAX} passkeys: remove one");
                return Err(HospitalError::request("business-rule", text, HINT));
            }
        }
        let deed = AccessDeed::Attribute("passkey-added");
        self.log_admitted(deed, caller, from).await?;
        Ok(passkey)
    }

    /// The passkeys of a user.
    pub async fn passkeys(&self, username: &str) -> Result<Vec<Passkey>, HospitalError> {
        let rows = self.0.store.passkeys(Some(username)).await?;
        rows.iter().map(|row| self.passkey_of(row)).collect()
    }

    /// Removes a passkey of the caller; whether there was one.
    pub async fn remove_passkey(
        &self,
        caller: &Caller,
        id: &str,
        from: &AccessAgent,
    ) -> Result<bool, HospitalError> {
        let Ok(credential) = URL_SAFE_NO_PAD.decode(id) else {
            return Ok(false);
        };
        let store = &self.0.store;
        let gone = store.drop_passkey(&caller.username, credential).await?;
        if gone {
            let deed = AccessDeed::Attribute("passkey-removed");
            self.log_admitted(deed, caller, from).await?;
        }
        Ok(gone)
    }

    /// The user as authenticators know it: no name, no number. WebAuthn 2 14.6.1.
    fn handle(&self, username: &str) -> [u8; 32] {
        let root = self.0.keyring.root();
        root.mark("passkey user", &[username.as_bytes()])
    }

    fn passkey_row(
        &self,
        username: &str,
        credential: Vec<u8>,
        passkey: &Passkey,
    ) -> Result<PasskeyRow, HospitalError> {
        let mut row = PasskeyRow {
            credential,
            username: username.to_owned(),
            body: written(passkey)?,
            integrity: Vec::new(),
        };
        row.integrity = passkey_mark(self.0.keyring.root(), &row).to_vec();
        Ok(row)
    }

    fn passkey_of(&self, row: &PasskeyRow) -> Result<Passkey, HospitalError> {
        let mark = passkey_mark(self.0.keyring.root(), row);
        if !vault::keys::same(&mark, &row.integrity) {
            return Err(damaged("a passkey"));
        }
        serde_json::from_slice(&row.body).map_err(|_| damaged("a passkey"))
    }
}
