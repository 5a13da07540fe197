//! A trade for measurements: four organisations over HTTP, with what each may do voted.

use super::client::Client;
use crate::consortium::Consortium;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

pub(super) const ST_MARY: usize = 0;
pub(super) const CLINIC: usize = 1;
pub(super) const LAB: usize = 2;
pub(super) const PHARMACY: usize = 3;

/// Packs of one act at most.
pub(super) const ACT_MAX: usize = 10_000;
pub(super) const GTIN: &str = "09506000134352";
/// How long anything is waited for.
const SOON: Duration = Duration::from_mins(2);

/// A running trade.
pub(super) struct Trade {
    pub(super) consortium: Consortium,
}

impl Trade {
    /// Starts four nodes and votes on these roles; all others are those of their kinds.
    pub(super) fn open(roles: &[(usize, &[&str])]) -> Result<Self> {
        let trade = Self {
            consortium: Consortium::start(0)?,
        };
        for (index, words) in roles {
            trade.vote(*index, words)?;
        }
        Ok(trade)
    }

    fn vote(&self, index: usize, roles: &[&str]) -> Result<()> {
        let admin = |index| self.client_as(index, "admin");
        let change = json!({ "set_partner": { "organisation": self.id(index), "roles": roles } });
        let proposed = answer(admin(0).post("/ledger/proposals", &bytes(&change))?)?;
        let id = proposed["transaction"].as_str().context("a proposal")?;
        let vote = bytes(&json!({ "approve": true }));
        // Three of four: the proposer and two more. The proposal may reach them a block later.
        for voter in [1, 2] {
            until("a vote", || {
                let path = format!("/ledger/proposals/{id}/votes");
                Ok(admin(voter).post(&path, &vote)?.0 < 300)
            })?;
        }
        until("the roles", || {
            Ok(self.client(index).json("/packs")?["roles"] == json!(roles))
        })
    }

    /// The id of an organisation.
    pub(super) fn id(&self, index: usize) -> String {
        let id = &self.consortium.report["organisations"][index]["id"];
        id.as_str().unwrap_or_default().to_owned()
    }

    /// A connection of a pharmacist of an organisation.
    pub(super) fn client(&self, index: usize) -> Client {
        self.client_as(index, "pharmacist")
    }

    fn client_as(&self, index: usize, role: &str) -> Client {
        let token = self.consortium.token_of(index, role);
        Client::new(&self.consortium.base(index), &token)
    }

    /// Waits until all four have applied what was final at any of them when this was called.
    pub(super) fn all_applied(&self) -> Result<()> {
        let height = |index: usize| -> Result<u64> {
            let status = self.client(index).json("/ledger/status")?;
            status["height"].as_u64().context("a height")
        };
        let heights: Result<Vec<u64>> = (0..4).map(height).collect();
        let highest = heights?.into_iter().max().unwrap_or_default();
        until("every node", || {
            let applied = (0..4).map(|index| Ok(height(index)? >= highest));
            Ok(applied.collect::<Result<Vec<_>>>()?.iter().all(|it| *it))
        })
    }

    /// Waits until a node was told that these packs are on their way to it.
    pub(super) fn told(&self, index: usize, scan: &str) -> Result<()> {
        let client = self.client(index);
        until("a receiver to be told", || {
            Ok(client.verify(scan)?["place"] == "awaited")
        })
    }
}

impl Client {
    /// An act on packs that must be accepted.
    pub(super) fn act(&self, body: &Value) -> Result<Value> {
        answer(self.post("/packs/acts", &bytes(body))?)
    }

    /// New packs of one lot: their scans.
    pub(super) fn commission(&self, lot: &str, count: usize) -> Result<Vec<String>> {
        let packs = json!({ "gtin": GTIN, "lot": lot, "expiry": "491231", "count": count });
        let made = self.act(&json!({ "act": "commission", "make": packs }))?;
        let scans = made["scans"].as_array().context("scans")?.iter();
        Ok(scans
            .filter_map(|it| it.as_str().map(str::to_owned))
            .collect())
    }

    /// Looks a pack up.
    pub(super) fn verify(&self, scan: &str) -> Result<Value> {
        answer(self.post("/packs/verify", &bytes(&json!({ "scan": scan })))?)
    }
}

/// Tries until it is so, for a bounded time.
pub(super) fn until(what: &str, mut holds: impl FnMut() -> Result<bool>) -> Result<()> {
    let end = Instant::now() + SOON;
    while !holds()? {
        if Instant::now() > end {
            bail!("waited {SOON:?} for {what}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

pub(super) fn bytes(body: &Value) -> Vec<u8> {
    body.to_string().into_bytes()
}

/// The body of an answer that must be a success.
pub(super) fn answer((status, body): (u16, Vec<u8>)) -> Result<Value> {
    if status >= 300 {
        bail!("{status}: {}", String::from_utf8_lossy(&body));
    }
    Ok(serde_json::from_slice(&body)?)
}
