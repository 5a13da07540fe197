//! Signing in at a provider elsewhere (OpenID Connect Core 3.1): which of its accounts is which
//! user here. An administrator says so; nobody is made a user by signing in.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use store::{Kept, LoginRow};

use super::challenge::Purpose;
use super::tickets::damaged;
use super::{SECOND_US, Session};
use crate::access_log::{AccessAgent, AccessDeed};
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::setup::Hospital;

/// Most accounts of a user.
pub const LOGINS_MAX: u32 = 5;
/// OpenID Connect Core 2: `sub` has at most 255 characters of ASCII.
pub const SUBJECT_BYTES_MAX: usize = 255;
const HINT: &str = "docs/reference/access.md says how an account elsewhere is linked";

/// The mark of a login.
pub(crate) fn login_mark(root: &vault::RootKey, row: &LoginRow) -> [u8; 32] {
    let parts = [&row.issuer, &row.subject, &row.username];
    root.mark("logins", &parts.map(String::as_bytes))
}

/// What was asked of a provider, made of its `state` alone: nothing is kept.
pub struct LoginAsk {
    /// `state`, good for a while, once, for one browser and one return.
    pub state: String,
    /// `nonce`, which the id token must bring back.
    pub nonce: String,
    /// `code_verifier` (RFC 7636).
    pub verifier: String,
}

impl Hospital {
    /// Begins a sign-in elsewhere, for the browser of this cookie, which returns to `to`.
    pub fn begin_login(&self, browser: &str, to: &str) -> Result<LoginAsk, HospitalError> {
        let state = self.challenge(Purpose::Provider, &[browser, to])?;
        Ok(self.login_of(state))
    }

    /// What was asked, by the `state` that came back; `None`: it is not ours, not for this browser
    /// or return, or too late.
    pub fn resume_login(&self, state: &str, browser: &str, to: &str) -> Option<LoginAsk> {
        let ours = self.is_challenge(state, Purpose::Provider, &[browser, to]);
        ours.then(|| self.login_of(state.to_owned()))
    }

    fn login_of(&self, state: String) -> LoginAsk {
        let root = self.0.keyring.root();
        let of = |name| URL_SAFE_NO_PAD.encode(root.mark(name, &[state.as_bytes()]));
        LoginAsk {
            nonce: of("login nonce"),
            verifier: of("login verifier"),
            state,
        }
    }

    /// Signs in whoever an id token that was checked speaks of, once for each `state`; the answer
    /// has the new session's secret. The event is on disk when this returns, whatever it returns.
    pub async fn start_session_by_login(
        &self,
        issuer: &str,
        subject: &str,
        ask: &LoginAsk,
        from: &AccessAgent,
    ) -> Result<(String, Session), HospitalError> {
        let deed = AccessDeed::SignIn;
        // Only now, when a token of the provider was seen: strangers fill no table.
        if !self.use_challenge(&ask.state).await? {
            self.log_refused(deed, None, from, "login-state", false)
                .await?;
            let text = "this answer was used before: begin again in the app";
            return Err(HospitalError::refused("invalid_request", text));
        }
        if let Some(caller) = self.linked(issuer, subject).await? {
            self.log_admitted(deed, &caller, from).await?;
            return self.begin_session(caller).await;
        }
        self.log_refused(deed, None, from, "login-unknown", false)
            .await?;
        let text = "no user here is linked to this account elsewhere";
        Err(HospitalError::refused("access_denied", text))
    }

    async fn linked(&self, issuer: &str, subject: &str) -> Result<Option<Caller>, HospitalError> {
        let Some(row) = self.0.store.login(issuer, subject).await? else {
            return Ok(None);
        };
        if !vault::keys::same(&login_mark(self.0.keyring.root(), &row), &row.integrity) {
            return Err(damaged("a login"));
        }
        let user = self.user(&row.username).await?;
        Ok(user.filter(|user| user.role != Role::System))
    }

    /// Links an account of a provider to a user, for an administrator.
    pub async fn link_login(
        &self,
        issuer: &str,
        subject: &str,
        username: &str,
        from: &AccessAgent,
    ) -> Result<(), HospitalError> {
        let refused = |text: String| Err(HospitalError::request("value", text, HINT));
        if !(1..=SUBJECT_BYTES_MAX).contains(&subject.len()) {
            return refused(format!("subject has 1 to {SUBJECT_BYTES_MAX} bytes"));
        }
        let user = self.user(username).await?;
        let Some(user) = user.filter(|user| user.role != Role::System) else {
            return refused("there is no person of this name here".into());
        };
        let mut row = LoginRow {
            issuer: issuer.to_owned(),
            subject: subject.to_owned(),
            username: username.to_owned(),
            integrity: Vec::new(),
        };
        row.integrity = login_mark(self.0.keyring.root(), &row).to_vec();
        match self.0.store.put_login(row, LOGINS_MAX).await? {
            Kept::Stored => {}
            Kept::Known => {
                let text = "this account is linked already";
                return Err(HospitalError::request("duplicate", text, HINT));
            }
            Kept::Full => {
                let text = format!("a user has at most {LOGINS_MAX} accounts elsewhere");
                return Err(HospitalError::request("business-rule", text, HINT));
            }
        }
        let deed = AccessDeed::Attribute("login-linked");
        self.log_admitted(deed, &user, from).await
    }

    /// All links: issuer, subject, user.
    pub async fn logins(&self) -> Result<Vec<(String, String, String)>, HospitalError> {
        let rows = self.0.store.logins().await?;
        let told = |row: LoginRow| (row.issuer, row.subject, row.username);
        Ok(rows.into_iter().map(told).collect())
    }

    /// Ends the links of a user; whether there were any.
    pub async fn unlink_logins(
        &self,
        username: &str,
        from: &AccessAgent,
    ) -> Result<bool, HospitalError> {
        let gone = self.0.store.drop_logins(username).await?;
        if let (true, Some(user)) = (gone, self.user(username).await?) {
            let deed = AccessDeed::Attribute("login-unlinked");
            self.log_admitted(deed, &user, from).await?;
        }
        Ok(gone)
    }

    /// Logs that a sign-in elsewhere failed before it was known who it was.
    pub async fn refuse_login(&self, code: &str, from: &AccessAgent) -> Result<(), HospitalError> {
        self.log_refused(AccessDeed::SignIn, None, from, code, false)
            .await
    }

    /// The time in seconds, as tokens have it.
    pub fn now_s(&self) -> i64 {
        self.now_us().div_euclid(SECOND_US)
    }
}
