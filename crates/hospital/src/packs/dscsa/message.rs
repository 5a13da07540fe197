//! What two nodes say to each other about papers. JSON over the link of `peers`, which
//! authenticates the organisation.

use ::dscsa::exception::{ExceptionReport, ExceptionResponse};
use ::dscsa::recall::Told;
use ::dscsa::verification::Context;
use serde::{Deserialize, Serialize};

/// The paths of the calls.
pub(super) const CARD: &str = "/dscsa/card";
pub(super) const PAPERS: &str = "/dscsa/papers";
pub(super) const VERIFY: &str = "/dscsa/verify";
pub(super) const EXCEPTION: &str = "/dscsa/exception";
pub(super) const EXCEPTION_ANSWER: &str = "/dscsa/exception-response";
pub(super) const RECALL: &str = "/dscsa/recall";
pub(super) const CALLS: [&str; 6] = [CARD, PAPERS, VERIFY, EXCEPTION, EXCEPTION_ANSWER, RECALL];

/// The papers of which shipping?
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PapersAsk {
    /// The eventID of the shipping.
    pub(super) event: String,
}

/// Do these four values belong together?
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VerifyAsk {
    pub(super) gtin: String,
    pub(super) lot: String,
    pub(super) serial: String,
    /// `YYMMDD`.
    pub(super) expiry: String,
    pub(super) context: Option<Context>,
    pub(super) correlation: String,
}

/// Something differs at receiving.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExceptionTold {
    /// The eventID of the shipping.
    pub(super) event: String,
    pub(super) report: ExceptionReport,
}

/// What the seller says to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExceptionAnswered {
    pub(super) response: ExceptionResponse,
}

/// A lot is recalled; these packs of it went to you.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecallTold {
    pub(super) gtin: String,
    pub(super) lot: String,
    pub(super) serials: Vec<String>,
    /// Over how many organisations it may still go on.
    pub(super) hops: u8,
}

/// Who knows of it by now: the one who was told, and those to whom it handed packs.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecallAnswer {
    pub(super) told: Vec<Told>,
}
