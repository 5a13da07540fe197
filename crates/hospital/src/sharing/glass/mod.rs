//! Breaking the glass: an emergency opens what no consent opens, and says so before all.
//!
//! The opener's organisation puts the opening on the ledger (`open`), the custodian checks it,
//! tells the patient and gives a key for some hours (`answer`). Without a quorum two officers open
//! it, and the ledger hears of it later (`late`). The custodian's privacy officer reviews it within
//! 72 hours, or the practitioner opens nothing more (`review`). design: 5.4.

mod answer;
mod late;
mod open;
mod review;

use proof::{CommitmentKey, Digest, commit, hash};
use serde::{Deserialize, Serialize};

pub(super) use answer::answered_id;
pub use open::{Opened, Opening};
pub use review::{GivenReview, Openings, Reviewable};

/// What a practitioner says, and what the commitment on the ledger opens to.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    /// The patient, as both organisations say.
    pub(super) pseudonym: String,
    /// The practitioner, as other organisations know them.
    pub(super) practitioner: String,
    /// Why, in words.
    pub(super) reason: String,
    /// Opens the commitment.
    pub(super) key: String,
}

impl Words {
    /// The commitment that stands on the ledger.
    pub(super) fn commitment(&self, key: &Digest) -> Digest {
        let parts: [&[u8]; 3] = [
            self.pseudonym.as_bytes(),
            self.practitioner.as_bytes(),
            self.reason.as_bytes(),
        ];
        commit(&CommitmentKey(key.0), &hash("salus/glass/v1", &parts))
    }
}

/// An opening at the opener's organisation. The row's organisation is the custodian.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct OpenedPact {
    /// Who opened: the user here.
    pub(super) user: String,
    /// The key, sealed to this organisation, base64.
    pub(super) sealed: String,
    /// The transaction that the ledger has not taken yet, hexadecimal; none once it has.
    pub(super) unanchored: Option<String>,
}

/// An opening at the custodian. The row's organisation is the opener.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct AnsweredPact {
    /// The practitioner, as the opener names them.
    pub(super) practitioner: String,
    /// Why, in words.
    pub(super) reason: String,
    /// The key under the root key, base64.
    pub(super) kept: String,
    /// When the key ends, microseconds since 1970.
    pub(super) until_us: i64,
    /// When it was opened, microseconds since 1970.
    pub(super) opened_us: i64,
    /// Whether it was opened without a quorum.
    pub(super) late: bool,
    /// Whether the review has been given.
    pub(super) reviewed: bool,
    /// The review; none for one that was given under an earlier release.
    #[serde(default)]
    pub(super) review: Option<KeptReview>,
}

/// A review, and what the commitment of it on the ledger opens to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct KeptReview {
    /// `justified`, `not-justified` or `contested`.
    pub(super) verdict: String,
    /// The finding.
    pub(super) words: String,
    /// The reviewer: the user here.
    pub(super) by: String,
    /// When, microseconds since 1970.
    pub(super) at_us: i64,
    /// Opens the commitment, hexadecimal.
    pub(super) key: String,
}
