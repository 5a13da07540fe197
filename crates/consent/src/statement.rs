//! What a patient signs: the canonical bytes of one act, to be read before they are signed.
//!
//! An organisation prepares a statement and the patient's signer answers it, wherever the seed is.
//! Everything that will stand on the ledger follows from the statement and the values that the
//! signer derives, so a device recomputes it all and trusts nobody. A statement is on no ledger.
//! `docs/reference/keys.md` has the bytes.

mod bytes;

use proof::{CommitmentKey, Digest, PublicKey, Signature, commit, event, hash};
use serde_json::Value;

use crate::acts::{Delegate, Grant};
use crate::terms::Terms;

/// The label under which a list of recipients is hashed.
const RECIPIENTS: &str = "salus/recipients/v1";
/// What the consent key of a patient signs is hashed under this.
const SIGNED: &str = "salus/patient-consent/v1";

/// Recipient organisations of one statement at most.
pub const RECIPIENTS_MAX: usize = 16;
/// Grants that one statement withdraws at most.
pub const GRANTS_MAX: usize = 64;
/// The longest id of a record.
pub const ID_MAX: usize = 64;

/// What is prepared for one patient at one organisation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Statement {
    /// Random, of this preparation; of a grant its id.
    pub id: Digest,
    /// The ledger.
    pub chain: Digest,
    /// The organisation that prepared it and carries it out.
    pub home: String,
    /// The logical id of the patient there.
    pub patient: String,
    /// When the preparation ends, in milliseconds since 1970.
    pub until_ms: u64,
    /// The delegation on the ledger under which somebody else signs for the patient. Then the
    /// delegate's key signs, and the organisation adds what the patient's seed derives.
    pub delegation: Option<Digest>,
    /// What is to be done.
    pub act: Act,
}

/// What is to be done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Act {
    /// A consent is given, or a refusal.
    Consent(Consenting),
    /// A consent is withdrawn.
    Withdraw {
        /// The id of the Consent.
        consent: String,
        /// Its grants on the ledger.
        grants: Vec<Digest>,
    },
    /// A code is made, by which another organisation learns the patient's pseudonym.
    Link {
        /// Who may bring the code.
        organisation: String,
    },
    /// The signer accepts to act for another patient; the statement's id is the delegation's.
    Accept {
        /// The one-time key of the one who delegates.
        delegator: PublicKey,
        /// The hour at whose beginning the delegation ends.
        until: u32,
    },
}

/// A consent that is to be given.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Consenting {
    /// The id that the Consent gets.
    pub consent: String,
    /// [`body_digest`] of the Consent.
    pub body: Digest,
    /// Who may read, in order; nobody, if it is a refusal: then the ledger hears nothing.
    pub recipients: Vec<String>,
    /// What opens the commitment to the recipients.
    pub recipients_key: CommitmentKey,
    /// What opens the commitment to the terms.
    pub policy_key: CommitmentKey,
    /// The first hour of validity, counted since 1970.
    pub from: u32,
    /// The hour at whose beginning the validity ends.
    pub until: u32,
    /// Whether the organisation keeps the patient's seed.
    pub custodial: bool,
}

impl Statement {
    /// What the consent key signs: the bytes, and the public value that the signer derived.
    ///
    /// That is the authority key of a grant, the pseudonym of a link, or the key with which a
    /// delegate will sign; nothing for the others, and nothing under a delegation.
    pub fn message(&self, derived: Option<&[u8; 32]>) -> Digest {
        let mut bytes = proof::Canonical::to_bytes(self);
        bytes.extend_from_slice(derived.map_or(&[][..], |value| value.as_slice()));
        signed(&self.chain, &bytes)
    }

    /// The delegation that the statement accepts, by this key of the delegate, not signed yet.
    pub fn delegation(&self, delegate: PublicKey) -> Option<Delegate> {
        let Act::Accept { delegator, until } = self.act else {
            return None;
        };
        Some(Delegate {
            id: self.id,
            delegator,
            delegate,
            until,
            signature: Signature([0; 64]),
            acceptance: Signature([0; 64]),
        })
    }

    /// The grant that the statement is about, under this authority key, not signed yet.
    ///
    /// `None` if the statement puts none on the ledger.
    pub fn grant(&self, consent: &Value, authority: PublicKey) -> Option<Grant> {
        let Act::Consent(of) = &self.act else {
            return None;
        };
        if of.recipients.is_empty() {
            return None;
        }
        Some(Grant {
            id: self.id,
            authority,
            recipients: commit(&of.recipients_key, &recipients_digest(&of.recipients)),
            policy: commit(&of.policy_key, &policy_digest(consent, &of.consent)),
            from: of.from,
            until: of.until,
            custodial: of.custodial,
            signature: Signature([0; 64]),
        })
    }
}

/// What a consent key signs: bytes, on this ledger.
pub fn signed(chain: &Digest, bytes: &[u8]) -> Digest {
    hash(SIGNED, &[&chain.0, bytes])
}

/// The digest of a list of recipients, in order.
pub fn recipients_digest(names: &[String]) -> Digest {
    let parts: Vec<&[u8]> = names.iter().map(String::as_bytes).collect();
    hash(RECIPIENTS, &parts)
}

/// A Consent as it is signed: with this id and without `meta`, which is the server's.
pub fn as_signed(consent: &Value, id: &str) -> Value {
    let mut form = consent.clone();
    if let Value::Object(fields) = &mut form {
        fields.remove("meta");
        fields.insert("id".into(), id.into());
    }
    form
}

/// The digest of a Consent as it is signed; `None` for what has no canonical form.
pub fn body_digest(consent: &Value, id: &str) -> Option<Digest> {
    let text = as_signed(consent, id).to_string();
    event::record_digest(text.as_bytes()).ok()
}

/// The digest that the policy commitment of a grant is about: the terms of the Consent as it is
/// signed. Terms that cannot be read refuse everything.
pub fn policy_digest(consent: &Value, id: &str) -> Digest {
    let terms = Terms::read(&as_signed(consent, id));
    terms.unwrap_or_else(|_| Terms::unreadable(id)).digest()
}

#[cfg(test)]
mod tests;
