//! Signing the organisation's ledger transactions, one sequence number after the other.

use ledger::Parameters;
use proof::transaction::{Header, Transaction, id_of};
use proof::{Canonical, Digest};

use crate::error::HospitalError;
use crate::setup::Hospital;

/// Blocks that a transaction may wait for its place; the consortium may allow fewer.
const EXPIRY_BLOCKS: u64 = 600;

impl Hospital {
    /// Signs a transaction under the next sequence number, lets `keep` store it, and submits it.
    ///
    /// The pen is held meanwhile, so that no two transactions get the same number.
    pub(crate) async fn sign_and_submit<F>(
        &self,
        kind: u8,
        body: Vec<u8>,
        keep: impl FnOnce(Vec<u8>) -> F,
    ) -> Result<Digest, HospitalError>
    where
        F: Future<Output = Result<(), HospitalError>>,
    {
        let _pen = self.0.pen.lock().await;
        let bytes = self.signed(kind, body);
        keep(bytes.clone()).await?;
        let id = id_of(&bytes);
        self.submit(bytes).await?;
        Ok(id)
    }

    fn signed(&self, kind: u8, body: Vec<u8>) -> Vec<u8> {
        let sender = self.0.transaction_key.public();
        self.numbered(kind, self.0.chain.next_sequence(&sender), body)
    }

    fn numbered(&self, kind: u8, sequence: u64, body: Vec<u8>) -> Vec<u8> {
        let state = self.0.chain.state();
        let header = Header {
            kind,
            chain: self.0.chain_id,
            sender: self.0.transaction_key.public(),
            sequence,
            expires: state.height() + expiry_blocks(&state.parameters()),
        };
        Transaction::sign(header, body, &self.0.transaction_key).to_bytes()
    }

    /// What the ledger would say of a transaction that is not sent, were it the next.
    pub(crate) fn judged(&self, kind: u8, body: Vec<u8>) -> Result<(), HospitalError> {
        let sender = self.0.transaction_key.public();
        let sequence = self.0.chain.state().sequence(&sender) + 1;
        let bytes = self.numbered(kind, sequence, body);
        self.0.chain.judge(&bytes).map_err(not_taken)
    }

    /// Hands a signed transaction to the chain; handing it over twice does no harm.
    pub(crate) async fn submit(&self, bytes: Vec<u8>) -> Result<(), HospitalError> {
        let submitted = self.0.chain.submit(bytes).await;
        submitted.map(drop).map_err(not_taken)
    }
}

/// Why a transaction was not taken.
fn not_taken(error: chain::SubmitError) -> HospitalError {
    use chain::SubmitError as S;
    match error {
        S::Full | S::NotReady(_) => {
            HospitalError::Busy("the ledger takes no transactions just now".into())
        }
        S::SequenceTaken => HospitalError::request(
            "conflict",
            "another transaction of this organisation has the same number",
            "try again",
        ),
        S::Refused { code, text } => HospitalError::request(
            "business-rule",
            format!("the ledger refuses it ({code}): {text}"),
            "docs/reference/transactions.md lists the codes",
        ),
    }
}

fn expiry_blocks(parameters: &Parameters) -> u64 {
    EXPIRY_BLOCKS.min(parameters.expiry_blocks_max).max(1)
}
