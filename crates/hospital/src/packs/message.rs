//! What two nodes of the trade say to each other. JSON over the link of `peers`.

use serde::{Deserialize, Serialize};

/// The paths of the calls.
pub(crate) const TRADE_KEY: &str = "/trade-key";
pub(crate) const PACKS: &str = "/packs";
pub(crate) const TRACE: &str = "/trace";

/// Which key of the trade.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyAsk {
    pub(crate) epoch: u8,
}

/// The key, sealed to you.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyAnswer {
    pub(crate) sealed: String,
}

/// Packs on their way to you.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PacksTold {
    pub(crate) packs: Vec<PackTold>,
    /// The event of their shipping, the first of several: EPCIS JSON.
    pub(crate) event: String,
}

/// One of them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PackTold {
    pub(crate) gtin: String,
    pub(crate) serial: String,
    pub(crate) lot: String,
    /// `YYMMDD`.
    pub(crate) expiry: String,
    /// Opens the lock that was set for you: 16 bytes in hexadecimal.
    pub(crate) opening: String,
}

/// What happened to a pack at your place, and before?
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TraceAsk {
    pub(crate) gtin: String,
    pub(crate) serial: String,
    /// Over how many organisations it may still go on.
    pub(crate) hops: u8,
}

/// It: the latest holder first.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TraceAnswer {
    pub(crate) steps: Vec<StepTold>,
}

/// What one organisation knows of a pack.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepTold {
    pub(crate) organisation: String,
    /// EPCIS events, JSON, in the order of their times, each with its receipt once there is one.
    pub(crate) events: Vec<(String, Option<String>)>,
    /// Why there is nothing, or nothing further back.
    pub(crate) problem: Option<String>,
}
