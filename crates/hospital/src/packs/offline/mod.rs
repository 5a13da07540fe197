//! Scans without a connection (Delegated Regulation (EU) 2016/161, article 29): what was scanned
//! while the ledger could not be asked is kept with its time, and compared and done as soon as it
//! can.
//!
//! `keep` takes scans in, from a device that was away or at this node while it was cut off;
//! `reconcile` asks the ledger, the earliest first; `judge` says what a look is worth. What does
//! not fit stays until a person has dealt with it (`decide`).

mod decide;
mod judge;
mod keep;
mod reconcile;
mod rows;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::Reason;
use super::order::PackAct;
use super::verify::Because;
use crate::access_log::AccessAgent;
use crate::instant;

/// A scan as a device brings it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOffline {
    /// A UUID of the device's making: what comes twice under it is taken once.
    pub id: String,
    /// What was scanned or typed.
    pub scan: String,
    /// What was done with the pack: `verify` (nothing but the scan), `receive`, `dispense` or
    /// `decommission`.
    pub act: String,
    /// Why it was taken out of the trade.
    pub reason: Option<String>,
    /// When, microseconds since 1970, by the clock of the device.
    pub taken_us: i64,
}

/// Where a scan stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OfflineState {
    /// It is not compared with the ledger yet.
    Waiting,
    /// All is well: the pack is real, and what was done with it is on the ledger.
    Fine,
    /// The same was done with this pack here before: it was scanned twice, or there are two of it.
    Repeated,
    /// It does not fit: somebody has to look.
    Conflict,
    /// Somebody looked.
    Handled,
}

impl OfflineState {
    /// The word of the JSON door.
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Fine => "fine",
            Self::Repeated => "repeated",
            Self::Conflict => "conflict",
            Self::Handled => "handled",
        }
    }
}

/// A reason against a pack, as it was when the scan was compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfflineReason {
    /// The verdict that this alone would give.
    pub verdict: String,
    /// What, as [`Because::code`] has it.
    pub code: String,
    /// Since when, microseconds since 1970.
    pub since_us: Option<i64>,
}

impl From<&Because> for OfflineReason {
    fn from(because: &Because) -> Self {
        Self {
            verdict: because.verdict.word().to_owned(),
            code: because.code.clone(),
            since_us: because.since_us,
        }
    }
}

/// What came of a scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfflineOutcome {
    /// When it was compared, microseconds since 1970.
    pub settled_us: i64,
    /// How it ended.
    pub state: OfflineState,
    /// The verdict, of the pack as it was when it was scanned; none: the scan names no pack.
    pub verdict: Option<String>,
    /// Every reason against it, the gravest first.
    pub because: Vec<OfflineReason>,
    /// Why it could not be done, in words, where that is more than the reasons.
    pub text: Option<String>,
    /// The code as it was understood.
    pub code: Option<String>,
    /// The eventID of what was done with it.
    pub event_id: Option<String>,
    /// The index of the transaction in the history of the ledger.
    pub entry: Option<u64>,
}

/// What a person decided about one that did not fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfflineHandled {
    /// Who.
    pub by: String,
    /// When, microseconds since 1970.
    pub at_us: i64,
    /// What was done about it.
    pub note: String,
}

/// A decision about a scan that did not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OfflineDecision {
    /// What was in the way is out of the way: compare it again.
    Again,
    /// It was dealt with, as the note says.
    Handled {
        /// 1 to 500 bytes.
        note: String,
    },
}

/// A scan that was made without a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offline {
    /// Its UUID.
    pub id: String,
    /// What was scanned.
    pub scan: String,
    /// What was done with the pack.
    pub act: String,
    /// Why it was taken out of the trade.
    pub reason: Option<String>,
    /// When, microseconds since 1970.
    pub taken_us: i64,
    /// When it came here, microseconds since 1970.
    pub came_us: i64,
    /// Who brought it.
    by: By,
    /// How often it was to be compared again.
    tries: u32,
    /// What came of it.
    pub outcome: Option<OfflineOutcome>,
    /// What a person decided.
    pub handled: Option<OfflineHandled>,
}

/// Who brought a scan: the agent of its entries in the log of accesses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct By {
    user: String,
    role: String,
    client: String,
    address: String,
}

/// The waiting scans, and a page of the others.
#[derive(Debug, Clone, Default)]
pub struct OfflinePage {
    /// How many wait.
    pub waiting: usize,
    /// The first of these, the earliest first; on the first page only.
    pub first: Vec<Offline>,
    /// What came of others, the latest first.
    pub settled: Vec<Offline>,
    /// What to ask for the next page by.
    pub next: Option<String>,
}

impl Offline {
    /// Where it stands.
    pub fn state(&self) -> OfflineState {
        match (&self.outcome, &self.handled) {
            (None, _) => OfflineState::Waiting,
            (Some(_), Some(_)) => OfflineState::Handled,
            (Some(outcome), None) => outcome.state,
        }
    }

    /// Who brought it.
    pub fn by(&self) -> &str {
        &self.by.user
    }

    /// What has to be done on the ledger; `None`: nothing, it was only looked at.
    fn to_do(&self) -> Option<PackAct> {
        let reason = || Reason::of_word(self.reason.as_deref()?);
        match self.act.as_str() {
            "receive" => Some(PackAct::Take),
            "dispense" => Some(PackAct::Dispense),
            "decommission" => Some(PackAct::Decommission(reason()?)),
            _ => None,
        }
    }

    /// The eventID of what is done on the ledger for it: the same after a kill.
    fn event_id(&self) -> String {
        format!("urn:uuid:{}", self.id)
    }

    /// Whether something since then explains a reason: after the scan, the pack was still well.
    pub fn is_later(&self, reason: &OfflineReason) -> bool {
        reason.since_us.is_some_and(|since| since > self.taken_us)
    }

    fn agent(&self) -> AccessAgent {
        AccessAgent {
            organisation: String::new(),
            user: self.by.user.clone(),
            role: self.by.role.clone(),
            client: self.by.client.clone(),
            address: self.by.address.clone(),
        }
    }

    /// The words of it in the log of accesses.
    fn said(&self, outcome: &OfflineOutcome) -> String {
        let verdict = outcome.verdict.as_deref().unwrap_or("none");
        format!(
            "act={}&taken={}&state={}&verdict={verdict}",
            self.act,
            instant::fhir(self.taken_us),
            outcome.state.word()
        )
    }
}
