//! The other holders: told until each of them has attested; and what a holder does when told.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ledger::OrgId;
use proof::Digest;

use super::plan::Plan;
use crate::error::HospitalError;
use crate::setup::Hospital;
use crate::sharing::EraseTold;

/// Erasures read at a time.
const PAGE: u32 = 64;
/// The custodian saw its erasure accepted; this node may be some blocks behind.
const BEHIND_WAIT: Duration = Duration::from_secs(5);

impl Hospital {
    /// Brings every erasure of this organisation one step nearer to its end. Called by the node
    /// again and again; a holder that is away is told at the next call.
    pub async fn pursue_erasures(&self) -> Result<(), HospitalError> {
        self.carry_on().await?;
        let mut after = [0; 32];
        loop {
            let page = self.0.store.erasures(after, PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = last.id;
            for kept in page {
                let id = Digest(kept.id);
                if self.is_complete(&kept.id) {
                    continue;
                }
                let plan = Plan::open(self.0.keyring.root(), &id, &kept.sealed)?;
                self.pursue(&id, &plan).await?;
            }
        }
    }

    /// Erasures that the ledger has not accepted yet, or that were interrupted.
    async fn carry_on(&self) -> Result<(), HospitalError> {
        let _one = self.0.erasing.one.lock().await;
        if self.0.erasing.none_under_way.load(Ordering::SeqCst) {
            return Ok(());
        }
        for (id, plan) in self.plans().await? {
            if self.0.chain.state().erasure(&id).is_none() {
                let transaction = self.submit_erasure(&id, &plan).await?;
                self.enacted(&transaction).await?;
            }
            self.destroy(&id, &plan).await?;
        }
        self.0.erasing.none_under_way.store(true, Ordering::SeqCst);
        Ok(())
    }

    async fn pursue(&self, id: &Digest, plan: &Plan) -> Result<(), HospitalError> {
        self.attest(id).await?;
        for other in &plan.others {
            if self.has_attested(id, &other.organisation) {
                continue;
            }
            let told = EraseTold {
                erasure: id.to_string(),
                pseudonyms: other.pseudonyms.clone(),
                grants: other.grants.clone(),
            };
            if let Err(error) = self.tell_erased(&other.organisation, &told).await {
                let holder = &other.organisation;
                tracing::warn!(holder, %error, "a holder was not told of an erasure yet");
            }
        }
        if plan.holders.iter().all(|it| self.has_attested(id, it)) {
            let complete = &self.0.erasing.complete;
            let mut complete = complete.lock().unwrap_or_else(PoisonError::into_inner);
            complete.insert(id.0);
        }
        Ok(())
    }

    fn is_complete(&self, id: &[u8; 32]) -> bool {
        let complete = self.0.erasing.complete.lock();
        complete
            .unwrap_or_else(PoisonError::into_inner)
            .contains(id)
    }

    /// Whether the ledger has the attestation of a holder.
    pub(super) fn has_attested(&self, id: &Digest, holder: &str) -> bool {
        let holder: Result<OrgId, _> = holder.parse();
        holder.is_ok_and(|holder| self.0.chain.state().attested(id, &holder).is_some())
    }

    /// Answers a custodian that erased a patient: what is held of it goes, then the ledger hears.
    pub(crate) async fn answer_erasure(
        &self,
        from: &str,
        told: &EraseTold,
    ) -> Result<(), HospitalError> {
        let unusable = |_| {
            HospitalError::request(
                "value",
                "the erasure is not usable",
                "docs/reference/erasure.md shows the message",
            )
        };
        let id: Digest = told.erasure.parse().map_err(unusable)?;
        self.erased_soon(from, &id).await?;
        self.forget_held(from, told).await?;
        self.fold().await?;
        self.attest(&id).await
    }

    /// Waits until the ledger shows that this custodian erases.
    async fn erased_soon(&self, from: &str, id: &Digest) -> Result<(), HospitalError> {
        let absent = || HospitalError::Absent("the erasure on the ledger".into());
        let until = tokio::time::Instant::now() + BEHIND_WAIT;
        let mut blocks = self.0.chain.watch();
        loop {
            blocks.mark_unchanged();
            if let Some(erasure) = self.0.chain.state().erasure(id) {
                // An erasure of somebody else is none of this custodian.
                return (erasure.custodian == from).then_some(()).ok_or_else(absent);
            }
            let waited = tokio::time::timeout_at(until, blocks.changed()).await;
            if !matches!(waited, Ok(Ok(()))) {
                return Err(absent());
            }
        }
    }
}
