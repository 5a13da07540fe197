//! Bundles: a list of interactions, done one by one (batch) or all or nothing (transaction).

mod plan;
mod resolve;
mod settle;
mod transact;

pub use plan::{BundleKind, BundleLimits, Plan, Planned};
pub use transact::Responses;

/// Most entries that a bundle may have, unless the door asks for fewer.
pub const ENTRIES_MAX: usize = 10_000;

use bytes::Bytes;
use fhir::json::Limits;

use crate::error::HospitalError;
use crate::setup::Hospital;

impl Hospital {
    /// Reads a bundle off the async threads.
    pub async fn plan(&self, body: Bytes, limits: BundleLimits) -> Result<Plan, HospitalError> {
        let base = format!("{}/", self.0.fhir_base);
        self.0
            .cpu
            .run(move || {
                let json = Limits {
                    bytes: limits.bytes_max,
                    ..Limits::default()
                };
                let bundle = fhir::json::parse(&body, json)?;
                Plan::read(bundle, &base, limits)
            })
            .await?
    }
}
