//! `genesis.toml` and `request.toml`: what members agree on, in a form that people can compare.

use crate::config::located;
use crate::failure::{Explain, Failure, Hint, Outcome};
use ledger::{Genesis, OrgId, OrganisationKind, Parameters};
use proof::PublicKey;
use serde::{Deserialize, Serialize};
use std::path::Path;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GenesisText {
    time_ms: u64,
    parameters: ParametersText,
    organisation: Vec<OrganisationText>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ParametersText {
    block_interval_ms: u64,
    block_bytes_max: u64,
    batch_interval_ms: u64,
    epoch_blocks: u64,
    early_batches: bool,
    expiry_blocks_max: u64,
}

/// One organisation, as a genesis or a request carries it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrganisationText {
    id: String,
    kind: String,
    transaction_key: String,
    node_key: String,
    checkpoint_key: String,
    address: String,
    validator: bool,
}
