//! Requests for access: a clinician asks a patient of another organisation for consent.
//!
//! The clinician's node keeps what was sent (`send`) and calls the custodian, which keeps it for
//! the patient if it knows the patient and answers the same if it does not (`receive`). The patient
//! sees what is open and declines, or files a Consent that names the organisation, which closes it
//! (`settle`). Nothing of this is told to who asked: a grant is, as any other.
//!
//! Both sides keep a CommunicationRequest in the patient's compartment: R4 has no Task there.

mod receive;
mod record;
mod send;
mod settle;

pub(crate) use receive::knocks;
pub use send::NewAccessRequest;
pub use settle::AccessRequestPage;

/// Longest text, in letters.
const TEXT_MAX: usize = 2_000;
/// How long a request is open.
const OPEN_US: i64 = 30 * 86_400 * 1_000_000;

/// A request that was sent from here, or came here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRequest {
    /// The id of its record.
    pub id: String,
    /// The patient here.
    pub patient: String,
    /// The other organisation: who asks, or who was asked.
    pub organisation: String,
    /// The practitioner, as the asking organisation names them to others.
    pub practitioner: String,
    /// The role there.
    pub role: String,
    /// What for: a code of v3-ActReason.
    pub purpose: String,
    /// In words.
    pub text: Option<String>,
    /// When, a FHIR instant.
    pub asked: String,
    /// Until when it is open, a FHIR instant.
    pub until: String,
}
