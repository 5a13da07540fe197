//! Record versions: each opens, says what its row says, and is committed to by its leaf.

use std::collections::HashMap;

use fhir::search::Entry;
use proof::event::Event;
use proof::{CommitmentKey, Digest, commit};
use serde_json::Value;
use store::{EPCIS_EVENT, EpcisRow, Stored};
use vault::{RootKey, VaultKey};

use super::identity::Told;
use super::links::{self, Opened};
use super::{Desk, PAGE, Report};
use crate::access_log::AUDIT_EVENT;
use crate::error::HospitalError;
use crate::identity::statement;
use crate::packs;
use crate::record::{self, body_digest};

/// A version that was opened: its commitment, and what its index should be.
struct Looked {
    type_: String,
    id: String,
    version: u64,
    leaf: u64,
    deleted: bool,
    patients: Vec<String>,
    facts: Vec<u8>,
    found: Result<Contents, String>,
}

struct Contents {
    commitment: Digest,
    index: Vec<Entry>,
    compartments: Vec<String>,
    facts: Vec<u8>,
    /// The mark of the row of identity that the record tells of.
    tells: Option<String>,
    /// The health link that an event tells of, and whether it was opened.
    opens: Option<(String, bool)>,
    /// What an EPCIS event is found by.
    epcis: Option<EpcisRow>,
}

impl Desk {
    /// All versions in the order of their leaves.
    ///
    /// Answers what records tell of keys and delegations, and the log of health links.
    pub(super) async fn versions(
        &self,
        report: &mut Report<'_>,
    ) -> Result<(Told, Opened), HospitalError> {
        let (mut told, mut opened) = (Told::new(), Opened::new());
        let last = self.store.last_batch().await?;
        let sealed = last
            .map_or(0, |batch| batch.first_leaf + batch.leaves)
            .saturating_sub(1);
        let mut after = 0;
        loop {
            let page = self.store.scan_versions(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            let until = last.leaf;
            let leaves = self.leaves(after, until).await?;
            let looked = self.looked(page, report).await?;
            for one in looked {
                if let Ok(contents) = &one.found
                    && let (1, Some(mark)) = (one.version, &contents.tells)
                {
                    told.insert(one.id.clone(), mark.clone());
                }
                if let Ok(contents) = &one.found
                    && let (1, Some(opening)) = (one.version, &contents.opens)
                {
                    links::count(&mut opened, opening.clone());
                }
                report.summary.versions += 1;
                report.summary.pending += u64::from(one.leaf > sealed);
                self.judge(one, &leaves, report).await?;
            }
            after = until;
            report.at("records", report.summary.versions, sealed);
        }
        Ok((told, opened))
    }

    /// The commitments of the leaves after one, up to another.
    async fn leaves(
        &self,
        after: u64,
        until: u64,
    ) -> Result<HashMap<u64, [u8; 32]>, HospitalError> {
        let mut leaves = HashMap::new();
        let mut at = after;
        while at < until {
            let page = self.store.scan_leaves(at, PAGE).await?;
            let Some(last) = page.last() else { break };
            at = last.number;
            leaves.extend(page.into_iter().map(|leaf| (leaf.number, leaf.commitment)));
        }
        Ok(leaves)
    }

    async fn looked(
        &self,
        page: Vec<Stored>,
        report: &mut Report<'_>,
    ) -> Result<Vec<Looked>, HospitalError> {
        let mut work: Vec<(Stored, VaultKey)> = Vec::with_capacity(page.len());
        for stored in page {
            if self.passes(&stored.vault) {
                continue;
            }
            match self.keyring.open(&self.store, &stored.vault).await {
                Ok(key) => work.push((stored, key)),
                Err(HospitalError::Damaged { reason, .. }) => {
                    let Stored {
                        type_,
                        id,
                        version,
                        vault,
                        ..
                    } = stored;
                    report.find(
                        format!("{type_}/{id}/_history/{version} body"),
                        format!("its vault key {vault} cannot be used: {reason}"),
                    );
                }
                Err(error) => return Err(error),
            }
        }
        let (organisation, keyring) = (self.organisation.clone(), self.keyring.clone());
        self.cpu
            .map(work, move |(stored, key)| {
                look(stored, &key, &organisation, keyring.root())
            })
            .await
    }

    async fn judge(
        &self,
        one: Looked,
        leaves: &HashMap<u64, [u8; 32]>,
        report: &mut Report<'_>,
    ) -> Result<(), HospitalError> {
        let item = format!("{}/{}", one.type_, one.id);
        let contents = match one.found {
            Ok(contents) => contents,
            Err(reason) => {
                report.find(format!("{item}/_history/{} body", one.version), reason);
                return Ok(());
            }
        };
        if leaves.get(&one.leaf) != Some(&contents.commitment.0) {
            report.find(
                format!("outbox leaf {}", one.leaf),
                format!(
                    "it is not the commitment to {item}/_history/{}",
                    one.version
                ),
            );
        }
        // A deletion stays in the compartments of the version that it deleted.
        let (compartments, facts) = if one.deleted {
            let before = one.version.saturating_sub(1);
            let before = self.store.version(&one.type_, &one.id, before).await?;
            let before = before.map(|stored| (stored.patients, stored.facts));
            let (mut patients, facts) = before.unwrap_or_default();
            patients.sort();
            (patients, facts)
        } else {
            (contents.compartments, contents.facts)
        };
        if one.patients != compartments {
            let item = format!("{item}/_history/{}", one.version);
            report.find(item, "its row has other compartments than its body");
        }
        if one.facts != facts {
            let item = format!("{item}/_history/{}", one.version);
            report.find(item, "its row has other facts than its body");
        }
        let current = self.store.current(&one.type_, &one.id).await?;
        if current.is_none_or(|stored| stored.version != one.version) {
            return Ok(());
        }
        let lines = self
            .store
            .check_index(&one.type_, &one.id, contents.index, compartments)
            .await?;
        let events = match contents.epcis {
            Some(row) => self.store.check_epcis(row).await?,
            None => Vec::new(),
        };
        for line in lines.iter().chain(&events) {
            let reason = line.strip_prefix(&format!("{item}: ")).unwrap_or(line);
            report.find(format!("index of {item}"), reason);
        }
        Ok(())
    }
}

fn look(stored: Stored, key: &VaultKey, organisation: &str, root: &RootKey) -> Looked {
    let (type_, id, version) = (stored.type_.clone(), stored.id.clone(), stored.version);
    let (leaf, deleted) = (stored.leaf, stored.deleted());
    let mut patients = stored.patients.clone();
    patients.sort();
    let facts = stored.facts.clone();
    let found = contents(stored, key, organisation, root);
    Looked {
        type_,
        id,
        version,
        leaf,
        deleted,
        patients,
        facts,
        found,
    }
}

fn contents(
    stored: Stored,
    key: &VaultKey,
    organisation: &str,
    root: &RootKey,
) -> Result<Contents, String> {
    let (type_, id) = (stored.type_.clone(), stored.id.clone());
    let opened = record::open(stored, key, organisation).map_err(|error| match error {
        HospitalError::Damaged { reason, .. } => reason,
        other => other.to_string(),
    })?;
    let body = &opened.record.body;
    let digest = body_digest(body).map_err(|error| error.to_string())?;
    if digest != opened.event.body {
        return Err("its body is not the one that was committed to".into());
    }
    let key = CommitmentKey(opened.commitment_key);
    let commitment = commit(&key, &Event::RecordVersion(opened.event).digest());
    if body.is_empty() {
        return Ok(Contents {
            commitment,
            index: Vec::new(),
            compartments: Vec::new(),
            facts: Vec::new(),
            tells: None,
            opens: None,
            epcis: None,
        });
    }
    let value: Value =
        serde_json::from_slice(body).map_err(|_| "its body is not JSON".to_owned())?;
    Ok(Contents {
        commitment,
        index: fhir::search::values(&value),
        compartments: fhir::compartment::patients(&value),
        facts: consent::facts::of(&value),
        tells: if type_ == "Provenance" {
            statement::told_by(root, &value)
        } else {
            None
        },
        opens: if type_ == AUDIT_EVENT {
            links::told_by(&value)
        } else {
            None
        },
        epcis: if type_ == EPCIS_EVENT {
            let row = packs::event_row(&value, &id);
            Some(row.ok_or_else(|| "it is no EPCIS event".to_owned())?)
        } else {
            None
        },
    })
}
