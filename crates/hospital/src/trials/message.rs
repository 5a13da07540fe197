//! What the nodes of a trial say to each other. JSON over the link of `peers`.

use serde::{Deserialize, Serialize};

use super::dataset::DatasetLine;
use super::protocol::Protocol;
use super::query::{NewQuery, Saying};
use super::report::Results;

/// The paths of the calls.
pub(crate) const TRIAL: &str = "/trial";
pub(crate) const ROWS: &str = "/trial-rows";
pub(crate) const DECISION: &str = "/trial-decision";
pub(crate) const RESULTS: &str = "/trial-results";
pub(crate) const SIGNATURES: &str = "/trial-signatures";
pub(crate) const QUERY: &str = "/trial-query";
pub(crate) const SLOTS: &str = "/trial-slots";
pub(crate) const SHARES: &str = "/trial-shares";

/// The shares of your minimisation that participants of mine have, by number.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SharesAsk {
    pub(crate) trial: String,
    pub(crate) numbers: Vec<u32>,
}

/// In the same order: share, and what the commitment was salted with; none: not allocated yet.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SharesAnswer {
    pub(crate) shares: Vec<Option<(u16, String)>>,
}

/// A version of a protocol.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrialTold {
    pub(crate) trial: String,
    pub(crate) version: u32,
    pub(crate) protocol: Protocol,
    /// Opens the commitments on the ledger: 32 bytes in hexadecimal.
    pub(crate) key: String,
    pub(crate) reason: String,
}

/// The rows of your site, or the signatures, after a place.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RowsAsk {
    pub(crate) trial: String,
    pub(crate) after: Option<String>,
}

/// Some of them, with their receipts.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RowsAnswer {
    pub(crate) rows: Vec<DatasetLine>,
    pub(crate) next: Option<String>,
}

/// What a decision is about, or a report.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NumberAsk {
    pub(crate) trial: String,
    pub(crate) number: u32,
}

/// The results of a report, with what opens the commitment.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResultsAnswer {
    pub(crate) results: Results,
    pub(crate) key: String,
}

/// Who of your site was in which slot.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SlotsAsk {
    pub(crate) trial: String,
}

/// They, each with what opens the pseudonym on the ledger.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SlotsAnswer {
    pub(crate) participants: Vec<OpenedSubject>,
}

/// A subject key, and 64 hexadecimal digits that open its pseudonym.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenedSubject {
    pub(crate) subject: String,
    pub(crate) key: String,
}

/// Somebody here has to do with the queries of your site. A page of queries answers it; to a
/// question or an answer, the one that it is about.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueryCall {
    pub(crate) trial: String,
    /// Who, as we know the person.
    pub(crate) user: String,
    pub(crate) deed: QueryDeed,
}

/// What is done with queries.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum QueryDeed {
    Ask(NewQuery),
    Say(Saying),
    List { after: Option<String> },
}
