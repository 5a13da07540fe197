//! The terms of a FHIR R4 Consent, as a decision reads them.
//!
//! IHE PCF states the base rule as `provision.type`, HL7's own examples as `policyRule`; both are
//! read. What is not understood stays in the terms as something that nobody knows, so that it can
//! refuse but never permit. <http://hl7.org/fhir/R4/consent.html>

mod bytes;
mod criteria;
mod read;

pub use criteria::{Action, Actions, Class, Criteria, Data, Meaning, Named, Purpose};

use proof::codec::{Canonical, CodecError};
use proof::{Digest, hash};
use serde_json::Value;
use thiserror::Error;

/// The label under which terms are hashed.
const LABEL: &str = "salus/terms/v1";

/// Provisions of a consent at most, the root included.
pub const PROVISIONS_MAX: usize = 64;
/// Levels of provisions at most, the root included.
pub const DEPTH_MAX: usize = 4;
/// Values of one dimension of a provision at most.
pub const VALUES_MAX: usize = 64;
/// Canonical bytes of terms at most.
pub const BYTES_MAX: usize = 64 << 10;
/// The longest id of a consent and of its patient.
pub const ID_BYTES_MAX: usize = 255;

/// Why a resource holds no terms at all; nothing that it may say can be followed.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum TermsError {
    /// Another resource, or none.
    #[error("the resource is no Consent")]
    NoConsent,
    /// Versions of a grant are found by its id.
    #[error("the Consent has no `id` of 1 to 64 letters, digits, `-` and `.`")]
    NoId,
    /// More than is evaluated.
    #[error("the Consent has more than {max} {what}: split it into several consents")]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// The bound.
        max: usize,
    },
}

/// Whether the consent is in force, by its `status`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Standing {
    /// `active`.
    Active,
    /// `draft`, `proposed`, `rejected`, `inactive`, `entered-in-error`: it says nothing.
    Silent,
    /// No status that R4 has.
    Unknown,
}

/// Whether the consent is about privacy, by its `scope`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scope {
    /// `patient-privacy`.
    Privacy,
    /// Research participation, treatment, advance directives: it says nothing about records.
    Other,
    /// No scope that R4 has.
    Unknown,
}

/// What a rule does with what it matches.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Effect {
    /// It permits.
    Permit,
    /// It refuses.
    Refuse,
    /// Nobody knows which: it refuses, and the reason says that it is not known.
    Unclear,
    /// It permits or says nothing, nobody knows which: it says nothing.
    Doubtful,
    /// Neither what it does is known nor what it matches: it refuses everything.
    Opaque,
}

/// One rule and the exceptions to it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Provision {
    /// What it does.
    pub effect: Effect,
    /// What it matches; a dimension that is not named is that of the rule above.
    pub criteria: Criteria,
    /// Its exceptions.
    pub exceptions: Vec<Provision>,
}

/// The terms of one version of a consent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Terms {
    /// The logical id; versions of one grant have it in common.
    pub id: String,
    /// `meta.versionId` as a number, 0 if it is none.
    pub version: u64,
    /// `meta.lastUpdated`, else `dateTime`; the least number if there is neither.
    pub updated_us: i64,
    /// `patient.reference`, for the caller to hold against the record's patient.
    pub patient: Option<String>,
    /// Whether it is in force.
    pub standing: Standing,
    /// Whether it is about privacy.
    pub scope: Scope,
    /// The rule of `policyRule` for what the provisions leave open.
    pub base: Option<Effect>,
    /// The root provision.
    pub root: Option<Provision>,
}

impl Terms {
    /// Reads a Consent.
    pub fn read(consent: &Value) -> Result<Self, TermsError> {
        read::terms(consent)
    }

    /// Terms that refuse everything, for a consent of which nothing can be read.
    ///
    /// It stands for what [`Terms::read`] refused: a consent that is in force and not understood
    /// must not be passed over.
    pub fn unreadable(id: &str) -> Self {
        Self {
            id: id.chars().take(64).collect(),
            version: u64::MAX,
            updated_us: i64::MAX,
            patient: None,
            standing: Standing::Unknown,
            scope: Scope::Unknown,
            base: Some(Effect::Unclear),
            root: None,
        }
    }

    /// Reads canonical bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        <Self as Canonical>::from_bytes(bytes)
    }

    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        Canonical::to_bytes(self)
    }

    /// What the policy commitment of a grant opens to.
    pub fn digest(&self) -> Digest {
        hash(LABEL, &[&self.to_bytes()])
    }
}

#[cfg(test)]
mod tests;
