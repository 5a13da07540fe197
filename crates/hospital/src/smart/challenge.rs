//! Challenges: what a browser must bring back. Nothing is kept of one that was given: it carries
//! its end and a keyed mark, so that strangers who ask for many fill nothing. Of one that was used
//! its digest is kept until its end, so that it is good once.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use store::TicketKind;

use super::SECOND_US;
use crate::error::HospitalError;
use crate::keyring::failed;
use crate::setup::Hospital;

/// How long a challenge is good for. WebAuthn 2 15.1 recommends five to ten minutes where the
/// authenticator checks who is there.
pub const CHALLENGE_LIFE_S: i64 = 300;

/// What a challenge is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To register a passkey of a user.
    AddPasskey,
    /// To sign a browser in by a passkey.
    ShowPasskey,
    /// To sign a browser in at a provider: the `state` of OAuth 2.0.
    Provider,
}

impl Purpose {
    fn name(self) -> &'static [u8] {
        match self {
            Self::AddPasskey => b"add passkey",
            Self::ShowPasskey => b"show passkey",
            Self::Provider => b"provider",
        }
    }
}

impl Hospital {
    /// A challenge that is good for one purpose and one user or browser.
    pub(super) fn challenge(
        &self,
        purpose: Purpose,
        bound: &[&str],
    ) -> Result<String, HospitalError> {
        let random = vault::random::<16>().map_err(failed)?;
        let until = self.now_us().saturating_add(CHALLENGE_LIFE_S * SECOND_US);
        let mark = self.challenge_mark(purpose, bound, &random, until);
        let until = until.to_be_bytes();
        Ok(URL_SAFE_NO_PAD.encode([&random[..], &until, &mark].concat()))
    }

    /// Whether a challenge is ours, for this purpose and this user or browser, and in time.
    pub(super) fn is_challenge(&self, challenge: &str, purpose: Purpose, bound: &[&str]) -> bool {
        let bytes = URL_SAFE_NO_PAD.decode(challenge).unwrap_or_default();
        let parts = bytes.split_first_chunk::<16>();
        let parts = parts.and_then(|(random, rest)| Some((random, rest.split_first_chunk::<8>()?)));
        let Some((random, (until, mark))) = parts else {
            return false;
        };
        let until = i64::from_be_bytes(*until);
        let ours = vault::keys::same(&self.challenge_mark(purpose, bound, random, until), mark);
        ours && until > self.now_us()
    }

    /// Uses a challenge up. Of several at the same time one gets `true`.
    pub(super) async fn use_challenge(&self, challenge: &str) -> Result<bool, HospitalError> {
        let life_us = CHALLENGE_LIFE_S.saturating_add(1) * SECOND_US;
        let until_us = self.now_us().saturating_add(life_us);
        let name = format!("challenge {challenge}");
        self.keep(TicketKind::Assertion, &name, "", until_us, &())
            .await
    }

    fn challenge_mark(
        &self,
        purpose: Purpose,
        bound: &[&str],
        random: &[u8; 16],
        until: i64,
    ) -> [u8; 32] {
        let until = until.to_be_bytes();
        let mut parts: Vec<&[u8]> = vec![purpose.name(), random, &until];
        parts.extend(bound.iter().map(|part| part.as_bytes()));
        self.0.keyring.root().mark("challenge", &parts)
    }
}
