//! Patients' keys and delegations at this organisation.
//!
//! Every change of a key and every step of a delegation is a row that carries a keyed mark, and a
//! Provenance record in the patient's compartment that repeats the mark, both in one commit. The
//! record is a leaf like any other, so its receipt proves which key was the patient's from when
//! on; and whoever swaps, adds or takes away a row is named by the audit, because the rows and
//! the records no longer tell the same (`statement`).

mod delegations;
mod keys;
mod practitioner;
mod recovery;
mod sign;
pub(crate) mod statement;

pub(crate) use statement::ACTIVITY;

pub use delegations::{Acting, Delegation, DelegationKind, NewDelegation};
pub use keys::{DeviceKey, KeyMode, PatientKeyChange, PatientKeys, key_change_digest};
pub use recovery::RecoveryShare;
pub use sign::{GrantSignature, consent_digest};
