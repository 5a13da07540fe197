//! Holding a grant: what a recipient checks before it believes a custodian.

use std::time::Duration;

use consent::acts::{Granted, HOUR_MS};
use ledger::OrgId;
use proof::{Digest, Signature};
use store::PactKind;
use vault::grant::{GrantContext, GrantKey};

use super::give::key_message;
use super::message::{self, GrantTold, Withdrawn};
use super::pact::{HeldPact, Kept};
use crate::error::HospitalError;
use crate::keyring::failed;
use crate::setup::Hospital;

/// The custodian saw its grant accepted; this node may be some blocks behind.
const BEHIND_WAIT: Duration = Duration::from_secs(5);

impl Hospital {
    /// Takes a grant that a custodian tells of, if the ledger says so too.
    pub(super) async fn hold_grant(
        &self,
        from: &str,
        told: &GrantTold,
    ) -> Result<(), HospitalError> {
        let grant = message::digest(&told.grant)?;
        let pseudonym = message::digest(&told.pseudonym)?;
        let sealed = message::from_base64(&told.sealed)?;
        let unknown = || HospitalError::Absent("the patient of the grant".into());
        let patient = self
            .linked_patient(from, &pseudonym)
            .await?
            .ok_or_else(unknown)?;
        let granted = self.granted_soon(&grant).await?;
        if granted.custodian != from {
            return Err(not_theirs());
        }
        self.check_key_signature(from, &grant, &sealed, &told.signature)?;
        self.open_grant_key(from, &grant, &sealed)?;
        let until_ms = u64::from(granted.until) * HOUR_MS;
        let pact = Kept {
            id: grant.0.to_vec(),
            organisation: from.to_owned(),
            patient,
            until_us: i64::try_from(until_ms * 1_000).unwrap_or(i64::MAX),
            value: HeldPact {
                sealed: message::to_base64(&sealed),
            },
        };
        self.keep_pact(PactKind::Held, &pact).await
    }

    /// Forgets a grant that its custodian says is withdrawn.
    pub(super) async fn forget_grant(
        &self,
        from: &str,
        told: &Withdrawn,
    ) -> Result<(), HospitalError> {
        let grant = message::digest(&told.grant)?;
        let held = self.pact::<HeldPact>(PactKind::Held, &grant.0).await?;
        if held.is_some_and(|it| it.organisation == from) {
            self.take_pact::<HeldPact>(PactKind::Held, &grant.0).await?;
        }
        Ok(())
    }

    /// Opens a grant key that was sealed to this organisation.
    pub(super) fn open_grant_key(
        &self,
        custodian: &str,
        grant: &Digest,
        sealed: &[u8],
    ) -> Result<GrantKey, HospitalError> {
        let context = GrantContext {
            custodian,
            recipient: &self.0.organisation,
            grant_id: &grant.0,
        };
        self.0.custody.wrap.open(sealed, &context).map_err(failed)
    }

    fn check_key_signature(
        &self,
        from: &str,
        grant: &Digest,
        sealed: &[u8],
        signature: &str,
    ) -> Result<(), HospitalError> {
        let bytes = message::from_base64(signature)?;
        let bytes = <[u8; 64]>::try_from(bytes.as_slice()).map_err(|_| message::unusable())?;
        let id: OrgId = from.parse().map_err(|_| not_theirs())?;
        let state = self.0.chain.state();
        let member = state.organisation(&id).ok_or_else(not_theirs)?;
        let message = key_message(&self.0.chain_id, grant, &self.0.organisation, sealed);
        if member.transaction_key.verify(&message.0, &Signature(bytes)) {
            Ok(())
        } else {
            Err(not_theirs())
        }
    }

    async fn granted_soon(&self, grant: &Digest) -> Result<Granted, HospitalError> {
        let until = tokio::time::Instant::now() + BEHIND_WAIT;
        let mut blocks = self.0.chain.watch();
        loop {
            blocks.mark_unchanged();
            if let Some(granted) = self.0.chain.state().grant(grant) {
                return Ok(granted);
            }
            let waited = tokio::time::timeout_at(until, blocks.changed()).await;
            if !matches!(waited, Ok(Ok(()))) {
                return Err(HospitalError::Absent("the grant on the ledger".into()));
            }
        }
    }
}

fn not_theirs() -> HospitalError {
    HospitalError::request(
        "business-rule",
        "the grant is not one of this custodian",
        "docs/reference/sharing.md says what a recipient checks",
    )
}
