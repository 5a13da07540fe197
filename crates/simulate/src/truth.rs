//! What is true about the attacks of a wave: for whoever counts, not for whoever judges.

use serde::{Deserialize, Serialize};

use crate::book::Code;

/// One attack.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Truth {
    /// A word of [`crate::Kind`].
    pub kind: String,
    /// Since when, RFC 3339.
    pub from: String,
    /// The codes that it touches: those of fakes, and of true packs that share them.
    pub codes: Vec<Code>,
    /// The containers that it touches.
    pub containers: Vec<String>,
    /// The organisations that ask too much.
    pub organisations: Vec<String>,
    /// The scans of the attacker's own things.
    pub scans: Vec<u64>,
}
