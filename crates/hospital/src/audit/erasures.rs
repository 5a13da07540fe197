//! Erasures: each is on the ledger, about this patient, and took no more than it did.
//!
//! A deletion by whoever has the database would otherwise pass for an erasure.

use proof::Digest;

use super::{Desk, PAGE, Report};
use crate::erasure::{Plan, count_mark, count_name};
use crate::error::HospitalError;

impl Desk {
    pub(super) async fn erasures(&self, report: &mut Report<'_>) -> Result<(), HospitalError> {
        let mut after = [0; 32];
        // A walk begins after an id: nobody draws this one, but somebody may write it.
        let zero = self.store.erasure(after).await?;
        self.judge_erasures(zero.as_slice(), report).await?;
        loop {
            let page = self.store.erasures(after, PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = last.id;
            self.judge_erasures(&page, report).await?;
        }
    }

    async fn judge_erasures(
        &self,
        page: &[store::KeptErasure],
        report: &mut Report<'_>,
    ) -> Result<(), HospitalError> {
        for kept in page {
            let id = Digest(kept.id);
            if let Some(reason) = self.wrong(&id, kept).await? {
                report.find(format!("erasure {id}"), reason);
            }
        }
        Ok(())
    }

    /// What is wrong with an erasure.
    async fn wrong(
        &self,
        id: &Digest,
        kept: &store::KeptErasure,
    ) -> Result<Option<String>, HospitalError> {
        let root = self.keyring.root();
        let Some(told) = self.state.as_ref().and_then(|it| it.erasure(id)) else {
            return Ok(Some("the ledger does not have it".into()));
        };
        let Ok(plan) = Plan::open(root, id, &kept.sealed) else {
            return Ok(Some("its row was changed outside Salus".into()));
        };
        if told.custodian != self.organisation
            || told.subject != plan.subject(&self.organisation)?
            || told.holders != plan.holders()?
        {
            return Ok(Some("the ledger has another one under its id".into()));
        }
        let mark = count_mark(root, id, kept.leaves);
        let counted = self.store.setting(&count_name(id)).await?;
        if !counted.is_some_and(|it| vault::keys::same(&mark, &it.integrity)) {
            return Ok(Some("it took another number of leaves".into()));
        }
        if !self.keyring.has_erased(&plan.patient) {
            return Ok(Some("the key tree still has the patient's leaf".into()));
        }
        Ok(None)
    }
}
