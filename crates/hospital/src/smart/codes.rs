//! Authorization codes. RFC 6749 4.1, RFC 7636, RFC 9700 2.1.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use store::TicketKind;

use super::clients::Client;
use super::tickets::secret;
use super::{OFFLINE_LIFE_S, SECOND_US};
use crate::error::HospitalError;
use crate::setup::Hospital;

/// How long a code is good for.
pub const CODE_LIFE_S: i64 = 60;

/// What a user granted to a client, as it was granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The authorization; all tokens of it end together.
    pub family: String,
    /// To whom.
    pub client: String,
    /// By whom.
    pub username: String,
    /// The name of the user's role at that time.
    pub role: String,
    /// The patient in context.
    pub patient: Option<String>,
    /// What was granted.
    pub scope: String,
    /// When the user signed in, in seconds.
    pub signed_in_s: i64,
    /// The session, for `online_access` (`Hospital::session_name`).
    pub session: Option<String>,
    /// `nonce` of the request, for the id token.
    pub nonce: Option<String>,
    /// When the authorization ends, in microseconds.
    pub until_us: i64,
}

/// A grant that waits for its code to be redeemed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorization {
    /// What was granted.
    pub grant: Grant,
    /// Where the code was sent.
    pub redirect_uri: String,
    /// `code_challenge`, S256.
    pub challenge: String,
    /// When the code ends, in microseconds; set when it is issued.
    pub good_until_us: i64,
}

fn invalid(text: &str) -> HospitalError {
    HospitalError::refused("invalid_grant", text)
}

impl Hospital {
    /// A code for what was granted.
    pub async fn issue_code(&self, mut granted: Authorization) -> Result<String, HospitalError> {
        let code = secret()?;
        let now_us = self.now_us();
        granted.good_until_us = now_us.saturating_add(CODE_LIFE_S * SECOND_US);
        // Kept longer than it is good, so that a replay is recognised.
        let kept_until_us = now_us.saturating_add(86_400 * SECOND_US);
        let family = granted.grant.family.clone();
        self.keep(TicketKind::Code, &code, &family, kept_until_us, &granted)
            .await?;
        Ok(code)
    }

    /// What a code stands for. A code that comes twice ends all that was issued for it.
    pub async fn redeem_code(
        &self,
        client: &Client,
        code: &str,
        redirect_uri: &str,
        verifier: &str,
    ) -> Result<Grant, HospitalError> {
        let found = self.kept::<Authorization>(TicketKind::Code, code).await?;
        let Some((ticket, granted)) = found else {
            return Err(self.unknown_secret(&client.id, "the code is not known or has expired"));
        };
        // RFC 6749 4.1.3: issued to this client, for this address.
        if granted.grant.client != client.id {
            return Err(invalid("the code was issued to another client"));
        }
        if ticket.used {
            self.revoke_family(&granted.grant.family).await?;
            let text = "the code was used before: all that was issued for it is revoked";
            return Err(invalid(text));
        }
        if granted.good_until_us <= self.now_us() {
            return Err(invalid("the code has expired"));
        }
        if granted.redirect_uri != redirect_uri {
            return Err(invalid("redirect_uri is not the one of the request"));
        }
        // RFC 7636 4.6.
        let challenge = URL_SAFE_NO_PAD.encode(proof::sha256(verifier.as_bytes()).0);
        if !vault::keys::same(challenge.as_bytes(), granted.challenge.as_bytes()) {
            return Err(invalid("code_verifier does not fit the code_challenge"));
        }
        if !self.use_up(ticket).await? {
            self.revoke_family(&granted.grant.family).await?;
            return Err(invalid("the code was used before"));
        }
        Ok(granted.grant)
    }

    /// The answer to a secret that nobody was given. Guessing has to wait; a right secret never
    /// does, since otherwise anybody could lock a public client out.
    pub(super) fn unknown_secret(&self, client: &str, text: &str) -> HospitalError {
        let name = format!("secrets of {client}");
        let wait_s = self.0.sign_in.wait_s(&name, self.now_us());
        self.0.sign_in.failed(&name, self.now_us());
        HospitalError::Refused {
            error: "invalid_grant",
            text: text.to_owned(),
            wait_s,
        }
    }

    /// Checks a client's secret. Guessing has to wait.
    pub fn check_client_secret(&self, client: &Client, given: &str) -> Result<(), HospitalError> {
        let name = format!("client {}", client.id);
        if client.is_secret(given) {
            self.0.sign_in.succeeded(&name);
            return Ok(());
        }
        let wait_s = self.0.sign_in.wait_s(&name, self.now_us());
        self.0.sign_in.failed(&name, self.now_us());
        Err(HospitalError::Refused {
            error: "invalid_client",
            text: "the client's secret does not fit".to_owned(),
            wait_s,
        })
    }

    /// When an authorization that begins now ends, in microseconds.
    pub fn grant_end_us(&self) -> i64 {
        self.now_us().saturating_add(OFFLINE_LIFE_S * SECOND_US)
    }
}
