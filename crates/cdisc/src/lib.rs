//! The formats of clinical trials, as pure functions: ODM 1.3.2 and 2.0 (`odm`), datasets as
//! Dataset-JSON 1.1 and SAS transport files (`dataset`), studies as USDM 4 (`usdm`).
//!
//! What does not live here: what the ledger says of a trial (`trial`), who asks and what is stored
//! (`hospital`), HTTP (`api`).

pub mod dataset;
mod error;
pub mod odm;
pub mod usdm;

pub use error::{CdiscError, Issue};
