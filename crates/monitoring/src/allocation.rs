//! Checks of a randomisation list: that it is the one that was sealed, that its arms are balanced,
//! that their order is one of chance, and that nobody chose who got the next slot.

mod bias;
mod order;
mod sealed;

pub use bias::{Enrolled, SelectionBias, reverse_propensity, selection_bias};
pub use order::{Balance, Runs, balance, runs};
pub use sealed::{Deviation, Use, against};

use serde::{Deserialize, Serialize};

/// A slot of the list, in the order of the list.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Slot {
    /// The stratum, e.g. `site 4, women`.
    pub stratum: String,
    /// Which block of the stratum.
    pub block: u32,
    /// Which arm, from 0.
    pub arm: usize,
}
