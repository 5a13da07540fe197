//! Signing in by a passkey. WebAuthn 2 7.2.

use serde_json::{Value, json};

use super::party::RelyingParty;
use super::said::Unfit;
use super::{Passkey, ceremony};
use crate::access_log::{AccessAgent, AccessDeed};
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::setup::Hospital;
use crate::smart::Session;
use crate::smart::challenge::{CHALLENGE_LIFE_S, Purpose};

/// A refusal, and whose passkey it was, where it was somebody's.
type Refusal = (Unfit, Option<Caller>);

impl Hospital {
    /// What a page hands to `navigator.credentials.get`, for the browser of this cookie. No user
    /// is named, so it says nothing of who there is. WebAuthn 2 5.5.
    pub fn ask_passkey(&self, party: &RelyingParty, browser: &str) -> Result<Value, HospitalError> {
        Ok(json!({
            "challenge": self.challenge(Purpose::ShowPasskey, &[browser])?,
            "rpId": party.id,
            "timeout": CHALLENGE_LIFE_S * 1_000,
            "userVerification": "required",
        }))
    }

    /// Signs a person in by what `navigator.credentials.get` answered, as JSON; the answer has the
    /// new session's secret. The event is on disk when this returns, whatever it returns.
    pub async fn start_session_by_passkey(
        &self,
        party: &RelyingParty,
        browser: &str,
        answer: &str,
        from: &AccessAgent,
    ) -> Result<(String, Session), HospitalError> {
        match self.by_passkey(party, browser, answer).await? {
            Ok(caller) => {
                self.log_admitted(AccessDeed::SignIn, &caller, from).await?;
                self.begin_session(caller).await
            }
            Err((unfit, who)) => {
                let code = unfit.code();
                self.log_refused(AccessDeed::SignIn, who.as_ref(), from, code, false)
                    .await?;
                let text = format!("the passkey is not taken: {code}");
                Err(HospitalError::refused("access_denied", text))
            }
        }
    }

    async fn by_passkey(
        &self,
        party: &RelyingParty,
        browser: &str,
        answer: &str,
    ) -> Result<Result<Caller, Refusal>, HospitalError> {
        let checked = ceremony::shown(answer, party).and_then(|shown| {
            let ours = self.is_challenge(&shown.challenge, Purpose::ShowPasskey, &[browser]);
            ours.then_some(shown).ok_or(Unfit::Challenge)
        });
        let shown = match checked {
            Ok(shown) => shown,
            Err(unfit) => return Ok(Err((unfit, None))),
        };
        let Some(row) = self.0.store.passkey(&shown.credential).await? else {
            return Ok(Err((Unfit::Unknown, None)));
        };
        let mut passkey = self.passkey_of(&row)?;
        let user = self.user(&row.username).await?;
        let Some(caller) = user.filter(|user| user.role != Role::System) else {
            return Ok(Err((Unfit::Unknown, None)));
        };
        let foreign = shown
            .handle
            .as_ref()
            .is_some_and(|handle| !vault::keys::same(handle, &self.handle(&row.username)));
        if foreign {
            return Ok(Err((Unfit::Unknown, None)));
        }
        let mut fits = shown.check(&passkey.key, passkey.count);
        if fits == Err(Unfit::Signature) {
            // Nothing is proved: it is a stranger who names the passkey.
            return Ok(Err((Unfit::Signature, None)));
        }
        if !self.use_challenge(&shown.challenge).await? {
            return Ok(Err((Unfit::Challenge, Some(caller))));
        }
        if passkey.copied {
            fits = Err(Unfit::Copied);
        }
        passkey.copied |= fits == Err(Unfit::Copied);
        if fits.is_ok() {
            passkey.count = shown.count;
            passkey.used_s = Some(self.now_us().div_euclid(super::super::SECOND_US));
        }
        if !self.keep_passkey(row, &passkey).await? {
            // Removed, or used at the same moment: which of two is the copy is not known.
            return Ok(Err((Unfit::Challenge, Some(caller))));
        }
        Ok(fits
            .map(|()| caller.clone())
            .map_err(|unfit| (unfit, Some(caller))))
    }

    async fn keep_passkey(
        &self,
        row: store::PasskeyRow,
        passkey: &Passkey,
    ) -> Result<bool, HospitalError> {
        let new = self.passkey_row(&row.username, row.credential, passkey)?;
        Ok(self.0.store.replace_passkey(new, row.integrity).await?)
    }
}
