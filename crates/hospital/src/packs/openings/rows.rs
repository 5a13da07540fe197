//! What is kept of openings: questions asked here, and questions of others.

use std::collections::BTreeMap;

use proof::{CommitmentKey, Digest};
use serde::{Deserialize, Serialize};
use store::{Drawer, Sealed};
use supply::acts::inquiry;
use supply::escrow::Place;
use supply::ids::UnitId;

use super::place::Spot;
use super::{OFFICER_BYTES_MAX, REASON_BYTES};
use crate::error::HospitalError;
use crate::setup::Hospital;
use crate::sharing::message;

/// Longest shares in base64: ten of 17 bytes each, and their count.
const SHARES_BYTES_MAX: usize = 256;

/// A question, as the openers get it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Question {
    /// Its id on the ledger, hexadecimal.
    pub(super) id: String,
    /// The pack or container, as the ledger names it, hexadecimal.
    pub(super) unit: String,
    /// The hand-over.
    pub(super) spot: Spot,
    /// Who asks there, as other organisations know them.
    pub(super) officer: String,
    /// Why, in words.
    pub(super) reason: String,
    /// Opens the commitment on the ledger, hexadecimal.
    pub(super) key: String,
}

impl Question {
    pub(super) fn id(&self) -> Result<Digest, HospitalError> {
        self.id.parse().map_err(|_| message::unusable())
    }

    pub(super) fn unit(&self) -> Result<UnitId, HospitalError> {
        unit_of(&self.unit).ok_or_else(message::unusable)
    }

    /// The commitment that stands on the ledger.
    pub(super) fn commitment(&self, place: &Place) -> Result<Digest, HospitalError> {
        let key: Digest = self.key.parse().map_err(|_| message::unusable())?;
        let about = (&self.unit()?, place);
        let words = (self.officer.as_str(), self.reason.as_str());
        Ok(inquiry::question(&CommitmentKey(key.0), about, words))
    }
}

/// What one opener has said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Reply {
    /// Nobody has decided there.
    Waiting,
    /// An officer declined.
    Declined {
        /// Why, in words.
        reason: String,
    },
    /// An officer approved.
    Given {
        /// The officer, as other organisations know them.
        officer: String,
        /// The shares, canonical, in base64.
        shares: String,
    },
}

impl Reply {
    /// Refuses what is longer than an honest opener says: it would not fit a row.
    pub(super) fn bounded(self) -> Result<Self, HospitalError> {
        let fits = match &self {
            Self::Waiting => true,
            Self::Declined { reason } => reason.len() <= *REASON_BYTES.end(),
            Self::Given { officer, shares } => {
                officer.len() <= OFFICER_BYTES_MAX && shares.len() <= SHARES_BYTES_MAX
            }
        };
        if fits {
            Ok(self)
        } else {
            Err(message::unusable())
        }
    }
}

/// How a question ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Found {
    pub(super) organisation: String,
    /// Hexadecimal.
    pub(super) opening: String,
    /// The openers whose answers contradict the others'.
    pub(super) wrong: Vec<String>,
}

/// A question that was asked here.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AskedRow {
    pub(super) question: Question,
    /// The pack that was asked about.
    pub(super) pack: String,
    /// What is printed on it, where it was scanned.
    pub(super) code: Option<String>,
    /// The user who asked.
    pub(super) by: String,
    /// Who handed it over.
    pub(super) partner: String,
    /// The epoch of its secrets.
    pub(super) epoch: u32,
    /// Whether the ledger has it.
    pub(super) anchored: bool,
    /// What the openers said.
    pub(super) replies: BTreeMap<String, Reply>,
    /// Why an opener has said nothing.
    pub(super) silent: BTreeMap<String, String>,
    /// What was found.
    pub(super) found: Option<Found>,
    /// Why nothing is found so far.
    pub(super) standing: String,
}

/// What was decided about a question of another organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Decided {
    /// Nothing.
    Open,
    /// It is answered once the ledger has heard of it.
    Approved {
        /// The user here.
        by: String,
        /// The same, as other organisations know them.
        officer: String,
        at_us: i64,
    },
    /// It is not answered.
    Declined {
        by: String,
        reason: String,
        at_us: i64,
    },
}

/// A question that an opener here is to answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReceivedRow {
    pub(super) question: Question,
    pub(super) from: String,
    pub(super) partner: String,
    pub(super) decided: Decided,
}

/// A row of the drawer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Row {
    Asked(Box<AskedRow>),
    Received(Box<ReceivedRow>),
}

impl Row {
    fn id(&self) -> Result<Vec<u8>, HospitalError> {
        Ok(match self {
            Self::Asked(row) => row_id(ASKED, &row.question.id()?),
            Self::Received(row) => row_id(RECEIVED, &row.question.id()?),
        })
    }
}

const ASKED: u8 = 1;
const RECEIVED: u8 = 2;

fn row_id(side: u8, id: &Digest) -> Vec<u8> {
    [&[side], id.0.as_slice()].concat()
}

/// 16 bytes in hexadecimal.
pub(super) fn unit_of(text: &str) -> Option<UnitId> {
    let is_hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| UnitId(crate::packs::order::opening(text).0))
}

impl Hospital {
    pub(super) async fn keep_opening(&self, row: &Row, at_us: i64) -> Result<(), HospitalError> {
        let sealed = self.sealed_row(Drawer::Openings, (&row.id()?, at_us), row)?;
        let put = self.0.store.put_sealed(Drawer::Openings, vec![sealed]);
        Ok(put.await?)
    }

    pub(super) async fn received_opening(
        &self,
        id: &Digest,
    ) -> Result<Option<(ReceivedRow, i64)>, HospitalError> {
        let found = self.opening_row(row_id(RECEIVED, id)).await?;
        Ok(found.and_then(|(row, at_us)| match row {
            Row::Received(row) => Some((*row, at_us)),
            Row::Asked(_) => None,
        }))
    }

    async fn opening_row(&self, id: Vec<u8>) -> Result<Option<(Row, i64)>, HospitalError> {
        let found = self.0.store.sealed(Drawer::Openings, vec![id]).await?.pop();
        found.map(|row| self.read_opening(&row)).transpose()
    }

    fn read_opening(&self, row: &Sealed) -> Result<(Row, i64), HospitalError> {
        Ok((self.opened_row(Drawer::Openings, row)?, row.at_us))
    }

    /// The latest questions, of both sides.
    pub(super) async fn latest_openings(
        &self,
        limit: u32,
    ) -> Result<Vec<(Row, i64)>, HospitalError> {
        let rows = self
            .0
            .store
            .latest_sealed(Drawer::Openings, None, limit)
            .await?;
        rows.iter().map(|row| self.read_opening(row)).collect()
    }
}
