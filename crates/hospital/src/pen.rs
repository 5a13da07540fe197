//! Signing the organisation's ledger transactions, one sequence number after the other.

use ledger::{Parameters, Refusal};
use proof::transaction::{Header, Transaction, id_of};
use proof::{Canonical, Digest, PublicKey};

use crate::error::HospitalError;
use crate::setup::Hospital;

/// Blocks that a transaction may wait for its place; the consortium may allow fewer.
const EXPIRY_BLOCKS: u64 = 600;

/// The number that a transaction gets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Numbered {
    /// The key that signs it.
    pub(crate) sender: PublicKey,
    /// Its sequence.
    pub(crate) sequence: u64,
}

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
        let write = |_| async { Ok((body, ())) };
        self.number_and_submit(kind, write, |bytes, ()| keep(bytes))
            .await
    }

    /// The same for a body that hangs on the number of its transaction. What `write` makes beside
    /// the body is for `keep`.
    pub(crate) async fn number_and_submit<T, B, F>(
        &self,
        kind: u8,
        write: impl FnOnce(Numbered) -> B,
        keep: impl FnOnce(Vec<u8>, T) -> F,
    ) -> Result<Digest, HospitalError>
    where
        B: Future<Output = Result<(Vec<u8>, T), HospitalError>>,
        F: Future<Output = Result<(), HospitalError>>,
    {
        let _pen = self.0.pen.lock().await;
        let number = self.number();
        let (body, made) = write(number).await?;
        let bytes = self.signed(kind, number, body);
        keep(bytes.clone(), made).await?;
        let id = id_of(&bytes);
        self.submit(bytes).await?;
        Ok(id)
    }

    /// The next number. Whoever asks holds the pen until the transaction is handed over.
    pub(crate) fn number(&self) -> Numbered {
        let sender = self.0.transaction_key.public();
        let sequence = self.0.chain.next_sequence(&sender);
        Numbered { sender, sequence }
    }

    pub(crate) fn signed(&self, kind: u8, number: Numbered, body: Vec<u8>) -> Vec<u8> {
        let state = self.0.chain.state();
        let header = Header {
            kind,
            chain: self.0.chain_id,
            sender: number.sender,
            sequence: number.sequence,
            expires: state.height() + expiry_blocks(&state.parameters()),
        };
        Transaction::sign(header, body, &self.0.transaction_key).to_bytes()
    }

    /// What the ledger would say of a transaction that is not sent, were it the next.
    pub(crate) fn judged(&self, kind: u8, body: Vec<u8>) -> Result<(), HospitalError> {
        let sender = self.0.transaction_key.public();
        let sequence = self.0.chain.state().sequence(&sender) + 1;
        let bytes = self.signed(kind, Numbered { sender, sequence }, body);
        self.0.chain.judge(&bytes).map_err(not_taken)
    }

    /// Hands a signed transaction to the chain; handing it over twice does no harm.
    pub(crate) async fn submit(&self, bytes: Vec<u8>) -> Result<(), HospitalError> {
        let submitted = self.0.chain.submit(bytes).await;
        submitted.map(drop).map_err(not_taken)
    }
}

/// The refusal of a transaction for its number alone, whatever the numbers are.
pub(crate) const SEQUENCE: Refusal = Refusal::Sequence {
    expected: 0,
    given: 0,
};

/// The number that a transaction was signed with is taken or was passed by. It says nothing about
/// the act, which may be signed anew.
pub(crate) fn out_of_order() -> HospitalError {
    HospitalError::Contended("the order of this organisation's acts on the ledger".into())
}

/// Why a transaction was not taken.
fn not_taken(error: chain::SubmitError) -> HospitalError {
    use chain::SubmitError as S;
    match error {
        S::Full | S::NotReady(_) => {
            HospitalError::Busy("the ledger takes no transactions just now".into())
        }
        S::SequenceTaken => out_of_order(),
        S::Refused { code, .. } if code == SEQUENCE.code() => out_of_order(),
        S::Refused { code, text } => HospitalError::by_ledger(
            code,
            format!("the ledger refuses it ({code}): {text}"),
            "docs/reference/transactions.md lists the codes",
        ),
    }
}

fn expiry_blocks(parameters: &Parameters) -> u64 {
    EXPIRY_BLOCKS.min(parameters.expiry_blocks_max).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use trial::acts::Refused;

    fn of(refusal: Refusal) -> HospitalError {
        not_taken(chain::SubmitError::from(refusal))
    }

    #[test]
    fn a_number_that_was_passed_by_while_signing_is_no_refusal_of_the_act() {
        let given = Refusal::Sequence {
            expected: 620,
            given: 616,
        };
        for error in [of(given), not_taken(chain::SubmitError::SequenceTaken)] {
            assert!(matches!(error, HospitalError::Contended(_)), "{error:?}");
            assert_eq!(error.refusal(), None);
        }
    }

    #[test]
    fn a_refusal_of_the_act_says_by_which_rule() {
        for refusal in [Refusal::Sender, Refusal::Trial(Refused::Slot(3))] {
            let code = refusal.code();
            let of_the_act = of(refusal);
            assert!(matches!(of_the_act, HospitalError::Request { .. }));
            assert_eq!(of_the_act.refusal(), Some(code));
            assert_eq!(crate::finality::refused(code).refusal(), Some(code));
        }
    }
}
