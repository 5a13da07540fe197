//! The rows of a trial with their receipts: from this site, or gathered from all of them.

use proof::codec::Writer;
use proof::tree::{leaf_hash, root};
use proof::{Canonical, Digest};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use trial::acts::{Role, Trial};

use super::looks;
use super::message::{ROWS, RowsAnswer, RowsAsk};
use super::place::Place;
use super::rows::{ROW, system};
use crate::access_log::AccessAgent;
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::receipt::ReceiptState;
use crate::record::body_digest;
use crate::setup::Hospital;
use crate::sharing::message;

/// The first word of a dataset: what `salus verify` knows it by.
pub const DATASET_FORM: &str = "salus-trial-dataset/1";
/// Rows of one page.
const PAGE: u32 = 200;
/// Most rows of a dataset.
const ROWS_MAX: usize = 2_000_000;

/// A row as it leaves: the bytes that were committed to, and the receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetLine {
    /// Where it was captured.
    pub site: String,
    /// The logical id there.
    pub id: String,
    /// The version.
    pub version: u64,
    /// The record, byte for byte.
    pub record: String,
    /// Its receipt.
    pub receipt: String,
}

/// Some rows, and where the next ones begin.
#[derive(Debug, Clone, Default)]
pub struct DatasetPage {
    /// They.
    pub rows: Vec<DatasetLine>,
    /// Where it goes on.
    pub next: Option<String>,
}

/// A row in a lock: which version of it, and its digest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SnapshotLine {
    pub(crate) site: String,
    pub(crate) id: String,
    pub(crate) version: u64,
    /// Of the canonical record, 64 hexadecimal digits.
    pub(crate) digest: String,
}

impl SnapshotLine {
    fn of(line: &DatasetLine) -> Result<Self, HospitalError> {
        Ok(Self {
            site: line.site.clone(),
            id: line.id.clone(),
            version: line.version,
            digest: body_digest(line.record.as_bytes())?.to_string(),
        })
    }

    /// The leaf of the snapshot: `text site, text id, u64 version, digest`.
    fn leaf(&self) -> Option<Digest> {
        let mut writer = Writer::new();
        writer.text(&self.site);
        writer.text(&self.id);
        writer.u64(self.version);
        self.digest.parse::<Digest>().ok()?.write(&mut writer);
        Some(leaf_hash(&writer.into_bytes()))
    }
}

/// The root of a snapshot whose lines are in order, each row once; `None`: they are not.
pub(super) fn snapshot_root(lines: &[SnapshotLine]) -> Option<Digest> {
    let in_order = lines
        .windows(2)
        .all(|it| (&it[0].site, &it[0].id) < (&it[1].site, &it[1].id));
    let leaves: Option<Vec<Digest>> = lines.iter().map(SnapshotLine::leaf).collect();
    leaves.filter(|_| in_order).map(|leaves| root(&leaves))
}

/// The lines of a dataset, in order.
pub(super) fn snapshot(rows: &[DatasetLine]) -> Result<Vec<SnapshotLine>, HospitalError> {
    let lines = rows.iter().map(SnapshotLine::of);
    let mut lines: Vec<SnapshotLine> = lines.collect::<Result<_, _>>()?;
    lines.sort();
    Ok(lines)
}

impl Hospital {
    /// A page of the rows of this site, or of all sites one after the other for a sponsor, a
    /// monitor and a regulator. `after` is what the page before said.
    pub async fn trial_dataset(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (id, after): (&Digest, Option<&str>),
    ) -> Result<DatasetPage, HospitalError> {
        looks(caller)?;
        let (_, trial, role) = self.trial_here(id).await?;
        if after.is_none() {
            self.trial_access(agent, "dataset").await?;
        }
        self.page_of((id, &trial, role), after).await
    }

    async fn page_of(
        &self,
        (id, trial, role): (&Digest, &Trial, Role),
        after: Option<&str>,
    ) -> Result<DatasetPage, HospitalError> {
        if role == Role::Site {
            return self.own_rows(id, after.map(str::to_owned)).await;
        }
        let place = Place::of(trial, after)?;
        let ask = RowsAsk {
            trial: id.to_string(),
            after: place.after.clone(),
        };
        let answer: RowsAnswer = message::read(&self.call(place.site, ROWS, &ask).await?)?;
        let rows = answer.rows.into_iter().take(PAGE as usize);
        let rows = rows.map(|row| DatasetLine {
            site: place.site.to_owned(),
            ..row
        });
        Ok(DatasetPage {
            rows: rows.collect(),
            next: place.next(answer.next),
        })
    }

    /// All rows as they are now, at all sites; none twice.
    pub(super) async fn all_rows(
        &self,
        (id, trial, role): (&Digest, &Trial, Role),
    ) -> Result<Vec<DatasetLine>, HospitalError> {
        let mut after: Option<String> = None;
        let mut rows: BTreeMap<(String, String), DatasetLine> = BTreeMap::new();
        loop {
            let page = self.page_of((id, trial, role), after.as_deref()).await?;
            for row in page.rows {
                rows.insert((row.site.clone(), row.id.clone()), row);
            }
            if rows.len() > ROWS_MAX {
                return Err(super::wrong(format!(
                    "a dataset has at most {ROWS_MAX} rows"
                )));
            }
            after = page.next;
            if after.is_none() {
                return Ok(rows.into_values().collect());
            }
        }
    }

    /// A page of the rows that were captured here.
    async fn own_rows(
        &self,
        id: &Digest,
        after: Option<String>,
    ) -> Result<DatasetPage, HospitalError> {
        let mut pairs = vec![
            ("identifier".to_owned(), format!("{}|", system(id))),
            ("_count".to_owned(), PAGE.to_string()),
        ];
        pairs.extend(after.map(|it| (crate::search::PAGE_TOKEN.to_owned(), it)));
        let asked = Caller::organisation();
        let found = self.search(&asked, ROW, pairs, true).await?;
        let mut rows = Vec::with_capacity(found.matches.len());
        for record in found.matches {
            let receipt = self.receipt(&asked, ROW, &record.id, record.version);
            let ReceiptState::Ready(receipt) = receipt.await? else {
                return Err(HospitalError::Busy(
                    "the ledger has not vouched for every row yet: ask again in a moment".into(),
                ));
            };
            rows.push(DatasetLine {
                site: self.0.organisation.clone(),
                id: record.id.clone(),
                version: record.version,
                record: String::from_utf8_lossy(&record.body).into_owned(),
                receipt,
            });
        }
        Ok(DatasetPage {
            rows,
            next: found.next,
        })
    }

    /// Gives the rows of this site to those who oversee the trial.
    pub(crate) async fn answer_rows(
        &self,
        from: &str,
        ask: RowsAsk,
    ) -> Result<RowsAnswer, HospitalError> {
        let words = "the rows of a site go to sponsor, monitors and regulators";
        let (id, _, agent) = self.overseen(from, &ask.trial, words).await?;
        if ask.after.is_none() {
            self.trial_access(agent, "rows").await?;
        }
        let page = self.own_rows(&id, ask.after).await?;
        Ok(RowsAnswer {
            rows: page.rows,
            next: page.next,
        })
    }
}
