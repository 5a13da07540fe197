//! How a patient signs a statement, wherever the seed is, and how an organisation checks it.
//!
//! One act, two signers: for a patient without a device this organisation signs with the seed that
//! it keeps, in the same function that a device calls with its own.

use consent::acts::{Grant, Revoke};
use consent::statement::{Act, Statement};
use proof::{Digest, PublicKey, SecretKey, Signature};
use serde_json::Value;
use vault::Seed;

use crate::error::HospitalError;

/// A patient's answer to a statement.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignedStatement {
    /// By the consent key, over the statement and what was derived.
    pub signature: Signature,
    /// The authority key of a grant, or the pseudonym of a link.
    pub derived: Option<[u8; 32]>,
    /// What goes on the ledger: by the authority key of the grant, or by that of each grant that
    /// is withdrawn, in the order of the statement.
    pub ledger: Vec<Signature>,
}

/// Answers a statement with the seed of the one who signs: the patient's, or under a delegation the
/// delegate's. `consent` is the Consent that it is about.
///
/// It signs whatever it is given: whoever holds the seed checks the statement first.
pub fn sign_statement(seed: &Seed, statement: &Statement, consent: &Value) -> SignedStatement {
    let (derived, ledger, key) = if let Some(delegation) = &statement.delegation {
        (None, Vec::new(), seed.delegate(&delegation.0))
    } else {
        let (derived, ledger) = ledger_part(seed, statement, consent);
        (derived, ledger, seed.consent_signing())
    };
    let key = SecretKey::from_seed(&key);
    let signature = key.sign(&statement.message(derived.as_ref()).0);
    SignedStatement {
        signature,
        derived,
        ledger,
    }
}

/// What follows from the seed of the patient: the public value, and the signatures for the ledger.
pub(super) fn ledger_part(
    seed: &Seed,
    statement: &Statement,
    consent: &Value,
) -> (Option<[u8; 32]>, Vec<Signature>) {
    let authority = |grant: &Digest| SecretKey::from_seed(&seed.grant_authority(&grant.0));
    match &statement.act {
        Act::Consent(_) => {
            let key = authority(&statement.id);
            match statement.grant(consent, key.public()) {
                Some(grant) => {
                    let message = grant.message(&statement.chain, &statement.home);
                    (Some(key.public().0), vec![key.sign(&message.0)])
                }
                None => (None, Vec::new()),
            }
        }
        Act::Withdraw { grants, .. } => {
            let sign = |grant: &Digest| {
                Revoke::sign(&statement.chain, *grant, &authority(grant)).signature
            };
            (None, grants.iter().map(sign).collect())
        }
        Act::Link { organisation } => (Some(seed.pseudonym(organisation)), Vec::new()),
        Act::Accept { .. } => {
            let key = SecretKey::from_seed(&seed.delegate(&statement.id.0));
            let message = statement.delegation(key.public());
            let message = message.map(|it| it.message(&statement.chain, &statement.home));
            let signed = message.map(|it| key.sign(&it.0));
            (Some(key.public().0), signed.into_iter().collect())
        }
    }
}

/// Whether the patient's key signed the statement.
pub(super) fn proven(
    statement: &Statement,
    signed: &SignedStatement,
    key: &PublicKey,
) -> Result<(), HospitalError> {
    let message = statement.message(signed.derived.as_ref());
    if key.verify(&message.0, &signed.signature) {
        return Ok(());
    }
    Err(refused(
        "the patient's consent key did not sign this statement",
    ))
}

/// The grant of a statement with the signature of its authority key; none for a refusal.
pub(super) fn granted(
    statement: &Statement,
    consent: &Value,
    signed: &SignedStatement,
    consent_key: &PublicKey,
) -> Result<Option<Grant>, HospitalError> {
    let authority = PublicKey(signed.derived.unwrap_or_default());
    let Some(grant) = statement.grant(consent, authority) else {
        return match (signed.derived, signed.ledger.as_slice()) {
            (None, []) => Ok(None),
            _ => Err(refused("a refusal has no grant, so it takes no authority")),
        };
    };
    // A key that is used twice would tell the ledger that two grants are of one patient.
    if !authority.is_sound() || authority == *consent_key {
        return Err(refused("the authority key is not one of this grant alone"));
    }
    let [signature] = signed.ledger.as_slice() else {
        return Err(refused("a grant takes one signature of its authority key"));
    };
    let message = grant.message(&statement.chain, &statement.home);
    if !authority.verify(&message.0, signature) {
        return Err(refused("the authority key did not sign the grant"));
    }
    Ok(Some(Grant {
        signature: *signature,
        ..grant
    }))
}

/// The withdrawals of a statement, each signed by the authority of its grant: now, or ahead, where
/// the seed of the grant was given up since.
pub(super) fn withdrawn(
    statement: &Statement,
    signed: &SignedStatement,
    authority: impl Fn(&Digest) -> Option<PublicKey>,
    ahead: impl Fn(&Digest) -> Option<Signature>,
) -> Result<Vec<Revoke>, HospitalError> {
    let Act::Withdraw { grants, .. } = &statement.act else {
        return Err(refused("the statement withdraws nothing"));
    };
    if signed.derived.is_some() || signed.ledger.len() != grants.len() {
        return Err(refused("a withdrawal takes one signature for each grant"));
    }
    let pairs = grants.iter().zip(&signed.ledger);
    pairs
        .map(|(grant, now)| {
            let message = Revoke::message(&statement.chain, grant);
            let key = authority(grant);
            let by = |it: &Signature| key.is_some_and(|key| key.verify(&message.0, it));
            let good = [Some(*now), ahead(grant)].into_iter().flatten().find(by);
            let missing = || refused("the authority key of a grant did not sign its end");
            Ok(Revoke {
                id: *grant,
                signature: good.ok_or_else(missing)?,
            })
        })
        .collect()
}

/// The pseudonym of a statement that makes a code.
pub(super) fn linked(signed: &SignedStatement) -> Result<[u8; 32], HospitalError> {
    match (signed.derived, signed.ledger.as_slice()) {
        (Some(pseudonym), []) => Ok(pseudonym),
        _ => Err(refused("a code takes the pseudonym and nothing else")),
    }
}

/// A statement or an answer that is not taken.
pub(super) fn refused(text: &str) -> HospitalError {
    HospitalError::request(
        "business-rule",
        text,
        "prepare it again and sign exactly what is answered: docs/reference/keys.md",
    )
}

#[cfg(test)]
mod tests;
