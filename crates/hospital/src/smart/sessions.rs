//! Sessions of browsers. A session begins with a sign-in, always under a new secret, and ends
//! after a silence, after a while in any case, or by signing out.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use store::TicketKind;

use super::SECOND_US;
use super::tickets::{digest, secret, written};
use crate::access_log::{AccessAgent, AccessDeed};
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::setup::Hospital;

/// A session ends after this silence.
pub const SESSION_IDLE_S: i64 = 15 * 60;
/// A session ends after this time in any case.
pub const SESSION_LIFE_S: i64 = 8 * 3_600;
/// A session is written again when its end moved by so much.
const PROLONG_US: i64 = 30 * SECOND_US;

/// A signed-in browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Who signed in.
    pub username: String,
    /// When, in microseconds.
    pub began_us: i64,
}

impl Hospital {
    /// Signs a person in; the answer has the new session's secret.
    pub async fn start_session(
        &self,
        username: &str,
        password: &str,
        from: &AccessAgent,
    ) -> Result<(String, Session), HospitalError> {
        let caller = self.sign_in(username, password, from).await?;
        // A secret of a system is no password of a person.
        if caller.role == Role::System {
            return Err(HospitalError::SignIn { wait_s: 0 });
        }
        self.begin_session(caller).await
    }

    /// A session for whoever has just shown who it is.
    pub(super) async fn begin_session(
        &self,
        caller: Caller,
    ) -> Result<(String, Session), HospitalError> {
        let began_us = self.now_us();
        let session = Session {
            username: caller.username,
            began_us,
        };
        let secret = secret()?;
        let expires_us = began_us.saturating_add(SESSION_IDLE_S * SECOND_US);
        self.keep(TicketKind::Session, &secret, "", expires_us, &session)
            .await?;
        Ok((secret, session))
    }

    /// Who a session speaks for, with what the user is now; the silence begins anew.
    pub async fn session(&self, secret: &str) -> Result<Option<(Caller, Session)>, HospitalError> {
        let Some((mut ticket, session)) = self.kept::<Session>(TicketKind::Session, secret).await?
        else {
            return Ok(None);
        };
        let Some(caller) = self.user(&session.username).await? else {
            return Ok(None);
        };
        let end_us = session.began_us.saturating_add(SESSION_LIFE_S * SECOND_US);
        let idle_us = self.now_us().saturating_add(SESSION_IDLE_S * SECOND_US);
        let expires_us = idle_us.min(end_us);
        if expires_us - ticket.expires_us > PROLONG_US {
            ticket.expires_us = expires_us;
            ticket.body = written(&session)?;
            if !self.rewrite(ticket).await? {
                return Ok(None);
            }
        }
        Ok(Some((caller, session)))
    }

    /// Signs out, with an event.
    pub async fn sign_out(&self, secret: &str, from: &AccessAgent) -> Result<(), HospitalError> {
        let found = self.session(secret).await?;
        self.end_session(secret).await?;
        match found {
            Some((caller, _)) => self.log_admitted(AccessDeed::SignOut, &caller, from).await,
            None => Ok(()),
        }
    }

    /// Ends a session whose browser signs in anew.
    pub async fn end_session(&self, secret: &str) -> Result<(), HospitalError> {
        let kind = TicketKind::Session;
        self.0.store.drop_ticket(kind, digest(secret)).await?;
        Ok(())
    }

    /// Whether the session that a refresh token is bound to still lives.
    pub(super) async fn session_lives(&self, session: &str) -> Result<bool, HospitalError> {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(session) else {
            return Ok(false);
        };
        let Ok(digest) = <[u8; 32]>::try_from(bytes) else {
            return Ok(false);
        };
        let found = self.0.store.ticket(TicketKind::Session, digest).await?;
        Ok(found.is_some_and(|ticket| ticket.expires_us > self.now_us()))
    }

    /// How a refresh token names its session, without its secret.
    pub fn session_name(secret: &str) -> String {
        URL_SAFE_NO_PAD.encode(digest(secret))
    }

    /// The token that a form must bring back: only a page of ours knows it, and it is bound to
    /// the cookie of the browser.
    pub fn form_token(&self, cookie: &str) -> String {
        let mark = self.0.keyring.root().mark("form", &[cookie.as_bytes()]);
        URL_SAFE_NO_PAD.encode(mark)
    }

    /// Whether a form brought back its token.
    pub fn is_form_token(&self, cookie: &str, token: &str) -> bool {
        let mark = self.form_token(cookie);
        vault::keys::same(mark.as_bytes(), token.as_bytes())
    }

    /// A random name for a browser that has not signed in.
    pub fn new_browser(&self) -> Result<String, HospitalError> {
        secret()
    }

    /// A user as the database has it now.
    pub async fn user(&self, username: &str) -> Result<Option<Caller>, HospitalError> {
        let found = self.0.store.user(username).await?;
        found.map(|user| self.caller(user)).transpose()
    }
}
