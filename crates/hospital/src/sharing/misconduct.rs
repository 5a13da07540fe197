//! Keeping what proves that a custodian released records after the revocation.
//!
//! The file is made at once, while the validators' statement about the state is at hand, and holds
//! nothing about a person: it names the grant, which is random.

use std::time::Duration;

use ledger::evidence::{self, Evidence, EvidenceKind, Release, part_of};
use ledger::keys;
use proof::policy::Policy;
use proof::{Canonical, Digest};
use serde::{Deserialize, Serialize};
use store::PactKind;
use tokio::time::Instant;

use super::message;
use super::pact::Kept;
use super::release::BEHIND_WAIT;
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::setup::Hospital;

/// Files that are kept: one for each grant.
const FILES_MAX: usize = 256;
/// How often it is looked whether a quorum stated the state.
const LOOK: Duration = Duration::from_millis(50);

/// A file of evidence.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct EvidencePact {
    /// The file, as `docs/reference/evidence.md` has it.
    pub(crate) file: String,
}

/// Evidence that this node kept.
#[derive(Debug, Clone)]
pub struct KeptEvidence {
    /// Who misbehaved.
    pub organisation: String,
    /// The grant.
    pub grant: Digest,
    /// The file.
    pub file: String,
}

impl Hospital {
    /// The evidence of misconduct kept here, for the auditor.
    pub async fn kept_evidence(&self, caller: &Caller) -> Result<Vec<KeptEvidence>, HospitalError> {
        if caller.role != Role::Auditor {
            return Err(HospitalError::Forbidden(
                "evidence of misconduct is for the auditor".into(),
            ));
        }
        let kept = self
            .all_pacts::<EvidencePact>(PactKind::Evidence)
            .await?
            .into_iter();
        kept.map(|it| {
            let grant = <[u8; 32]>::try_from(it.id.as_slice()).map_err(|_| message::unusable())?;
            Ok(KeptEvidence {
                organisation: it.organisation,
                grant: Digest(grant),
                file: it.value.file,
            })
        })
        .collect()
    }

    /// Makes the file of a release after the revocation, and keeps it.
    pub(super) async fn keep_misconduct(
        &self,
        release: &Release,
        revoked: u64,
    ) -> Result<(), HospitalError> {
        tracing::error!(
            custodian = release.custodian.as_str(),
            grant = %release.pass,
            revoked,
            decided = release.height,
            "records were released under a revoked grant"
        );
        let id = release.pass.0.to_vec();
        let kept = self.0.store.pacts(PactKind::Evidence).await?;
        if kept.iter().any(|it| it.id == id) {
            return Ok(());
        }
        if kept.len() >= FILES_MAX {
            tracing::error!("no more evidence is kept: the table is full");
            return Ok(());
        }
        let file = self.misconduct_file(release).await?;
        let pact = Kept {
            id,
            organisation: release.custodian.to_string(),
            // Of nobody: the file outlives an erasure, and names no person.
            patient: String::new(),
            until_us: i64::MAX,
            value: EvidencePact { file },
        };
        self.keep_pact(PactKind::Evidence, &pact).await
    }

    /// The file, which is verified here before anybody else sees it. A quorum states each state
    /// within moments.
    async fn misconduct_file(&self, release: &Release) -> Result<String, HospitalError> {
        let unproven = |reason: String| HospitalError::Busy(format!("no evidence yet: {reason}"));
        let until = Instant::now() + BEHIND_WAIT;
        loop {
            let state = &self.0.chain;
            let grant = state.state_proof(&keys::grant(&release.pass));
            let key = state.state_proof(&keys::key(&release.signer));
            let made = grant.zip(key).map(|(grant, key)| {
                evidence::build(&Evidence {
                    kind: EvidenceKind::ReleaseAfterRevocation,
                    parts: vec![grant, key, part_of(&release.to_bytes())],
                })
            });
            let trust = self.trust()?;
            let policy = Policy::parse(trust.as_bytes())
                .map_err(|error| HospitalError::Internal(format!("the trust file: {error}")))?;
            let judged = made.map(|file| {
                evidence::verify(file.as_bytes(), &policy)
                    .map(|_| file)
                    .map_err(|it| it.to_string())
            });
            match judged {
                Some(Ok(file)) => return Ok(file),
                Some(Err(reason)) if Instant::now() >= until => return Err(unproven(reason)),
                None if Instant::now() >= until => {
                    return Err(unproven("no quorum stated the state".into()));
                }
                _ => tokio::time::sleep(LOOK).await,
            }
        }
    }
}
