//! What two nodes of the trade say to each other. JSON over the link of `peers`.

use serde::{Deserialize, Serialize};

use super::held::Pack;

/// The paths of the calls.
pub(crate) const TRADE_KEY: &str = "/trade-key";
pub(crate) const PACKS: &str = "/packs";
pub(crate) const TRACE: &str = "/trace";
pub(crate) const ESCROW: &str = "/escrow";
pub(crate) const OPENING: &str = "/opening";

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
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PacksTold {
    pub(crate) packs: Vec<PackTold>,
    /// Cases and pallets; `packs` are then what is inside of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) cases: Vec<CaseTold>,
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
    /// Opens the lock that was set for you: 16 bytes in hexadecimal. Empty inside of a case.
    pub(crate) opening: String,
    /// The SSCC of the case that it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) inside: Option<String>,
}

impl PackTold {
    pub(super) fn new(pack: &Pack, opening: String, inside: Option<String>) -> Self {
        Self {
            gtin: pack.gtin.clone(),
            serial: pack.serial.clone(),
            lot: pack.lot.clone(),
            expiry: pack.expiry.clone(),
            opening,
            inside,
        }
    }
}

/// A case or a pallet.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CaseTold {
    pub(crate) sscc: String,
    /// Opens the lock that was set for you: 16 bytes in hexadecimal. Empty inside of another.
    pub(crate) opening: String,
    /// The SSCC of the pallet that it is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) inside: Option<String>,
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
    pub(crate) steps: Vec<TraceStep>,
}

/// What one organisation knows of a pack.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraceStep {
    /// Its name.
    pub organisation: String,
    /// EPCIS events, JSON, in the order of their times, each with its receipt once there is one.
    pub events: Vec<(String, Option<String>)>,
    /// Why there is nothing, or nothing further back.
    pub problem: Option<String>,
}
