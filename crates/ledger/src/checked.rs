//! Transactions whose form and signature are checked: what can be known without the state.

use std::sync::Arc;

use proof::Digest;
use proof::codec::Canonical;
use proof::sign::{Claim, verify_all};
use proof::transaction::{Transaction, id_of};

use crate::Refusal;

/// A transaction that is canonical, for this ledger and signed by its sender. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Checked(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    id: Digest,
    transaction: Transaction,
    bytes: Vec<u8>,
}

impl Checked {
    /// Checks one transaction.
    pub fn check(bytes: &[u8], chain: &Digest) -> Result<Self, Refusal> {
        let transaction = decode(bytes, chain)?;
        if transaction.is_signed() {
            Ok(Self::new(transaction, bytes))
        } else {
            Err(Refusal::Signature)
        }
    }

    /// Checks many at less than the cost of each: their signatures are verified together, and
    /// one by one only if one of them is false. The verdicts are those of [`Checked::check`].
    pub fn check_all<T: AsRef<[u8]>>(many: &[T], chain: &Digest) -> Vec<Result<Self, Refusal>> {
        let decoded: Vec<_> = many
            .iter()
            .map(|bytes| decode(bytes.as_ref(), chain))
            .collect();
        let signed = |it: &Transaction| (it.header.sender, it.message(), it.signature);
        let messages: Vec<_> = decoded.iter().flatten().map(signed).collect();
        let claims: Vec<_> = messages
            .iter()
            .map(|(key, message, signature)| Claim {
                key: *key,
                message,
                signature: *signature,
            })
            .collect();
        let all_signed = verify_all(&claims);
        let verdict = |(decoded, bytes): (Result<Transaction, Refusal>, &T)| {
            let transaction = decoded?;
            if all_signed || transaction.is_signed() {
                Ok(Self::new(transaction, bytes.as_ref()))
            } else {
                Err(Refusal::Signature)
            }
        };
        decoded.into_iter().zip(many).map(verdict).collect()
    }

    fn new(transaction: Transaction, bytes: &[u8]) -> Self {
        Self(Arc::new(Inner {
            id: id_of(bytes),
            transaction,
            bytes: bytes.to_vec(),
        }))
    }

    /// The digest by which it is known.
    pub fn id(&self) -> Digest {
        self.0.id
    }

    /// The transaction.
    pub fn transaction(&self) -> &Transaction {
        &self.0.transaction
    }

    /// Its canonical bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }
}

impl AsRef<[u8]> for Checked {
    fn as_ref(&self) -> &[u8] {
        self.bytes()
    }
}

fn decode(bytes: &[u8], chain: &Digest) -> Result<Transaction, Refusal> {
    let transaction = Transaction::from_bytes(bytes).map_err(Refusal::Transaction)?;
    if transaction.header.chain == *chain {
        Ok(transaction)
    } else {
        Err(Refusal::Chain)
    }
}
