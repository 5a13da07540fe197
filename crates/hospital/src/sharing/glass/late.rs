//! Openings without a quorum: the ledger hears of them when it is back.

use ledger::Kind;
use store::PactKind;

use super::OpenedPact;
use crate::error::HospitalError;
use crate::setup::Hospital;
use crate::sharing::message;
use crate::sharing::pact::Kept;

impl Hospital {
    /// Puts the openings on the ledger that it has not seen yet. The node calls it now and then;
    /// answers how many were anchored.
    pub async fn anchor_late_openings(&self) -> Result<usize, HospitalError> {
        if self.fresh_state().await.is_err() {
            return Ok(0);
        }
        let all = self.all_pacts::<OpenedPact>(PactKind::Glass).await?;
        let mut anchored = 0;
        for mut pact in all {
            let Some(body) = pact.value.unanchored.take() else {
                continue;
            };
            self.anchor_late(&pact, &body).await?;
            anchored += 1;
        }
        Ok(anchored)
    }

    async fn anchor_late(&self, pact: &Kept<OpenedPact>, body: &str) -> Result<(), HospitalError> {
        let body = message::from_base64(body)?;
        // A restart between the two leaves the opening on the ledger: then it is there already.
        let there = super::open::id_of(&pact.id)
            .is_some_and(|id| self.0.chain.state().glass(&id).is_some());
        if !there {
            let transaction = self
                .sign_and_submit(Kind::BreakGlass as u8, body, |_| async { Ok(()) })
                .await?;
            self.enacted(&transaction).await?;
        }
        self.keep_pact(PactKind::Glass, pact).await
    }
}
