//! Keys of patients, delegations and legal holds: every row has its mark and its record, and the
//! other way round.

use std::collections::BTreeMap;

use vault::Seed;

use super::{Desk, PAGE, Report};
use crate::error::HospitalError;
use crate::identity::statement::{hex, hold_mark, key_mark, step_mark};

/// The marks that records tell of, by the id of the record.
pub(super) type Told = BTreeMap<String, String>;

impl Desk {
    /// Compares the rows with the records that were seen on the way.
    pub(super) async fn identity(
        &self,
        mut told: Told,
        report: &mut Report<'_>,
    ) -> Result<(), HospitalError> {
        for table in [Table::Keys, Table::Delegations, Table::Holds] {
            let mut after = (String::new(), 0);
            loop {
                let page = self.page(table, &after).await?;
                let Some(last) = page.last() else { break };
                after.clone_from(&last.place);
                for row in page {
                    row.compare(&mut told, report);
                }
            }
        }
        for record in told.keys() {
            let item = format!("Provenance/{record}");
            report.find(
                item,
                "the key, delegation or hold that it tells of was taken away",
            );
        }
        self.seeds(report).await
    }

    async fn page(
        &self,
        table: Table,
        (id, number): &(String, u64),
    ) -> Result<Vec<Row>, HospitalError> {
        let (root, after) = (self.keyring.root(), (id.as_str(), *number));
        let store = &self.store;
        let rows = match table {
            Table::Keys => {
                let rows = store.scan_patient_keys(after, PAGE).await?.into_iter();
                rows.map(|row| Row {
                    item: format!("key {} of Patient/{}", row.number, row.patient),
                    mark: key_mark(root, &row),
                    place: (row.patient, row.number),
                    told: (row.integrity, row.record),
                })
                .collect()
            }
            Table::Delegations => {
                let rows = store.scan_delegations(after, PAGE).await?.into_iter();
                rows.map(|row| Row {
                    item: format!("step {} of delegation {}", row.number, row.id),
                    mark: step_mark(root, &row),
                    place: (row.id, row.number),
                    told: (row.integrity, row.record),
                })
                .collect()
            }
            Table::Holds => {
                let rows = store.scan_holds(after, PAGE).await?.into_iter();
                rows.map(|row| Row {
                    item: format!(
                        "step {} of the holds on Patient/{}",
                        row.number, row.patient
                    ),
                    mark: hold_mark(root, &row),
                    place: (row.patient, row.number),
                    told: (row.integrity, row.record),
                })
                .collect()
            }
        };
        Ok(rows)
    }

    /// Every seed opens, is of a patient with custodial keys, and is that of the key in force.
    async fn seeds(&self, report: &mut Report<'_>) -> Result<(), HospitalError> {
        let mut after = String::new();
        loop {
            let page = self.store.scan_patient_seeds(&after, PAGE).await?;
            let Some((last, _)) = page.last() else { break };
            after.clone_from(last);
            for (patient, wrapped) in &page {
                let root = self.keyring.root();
                let seed = Seed::open_custodial(root, &self.organisation, patient, wrapped);
                let key = self.store.patient_keys(patient).await?.pop();
                let fits = seed.is_ok_and(|seed| {
                    let public = proof::SecretKey::from_seed(&seed.consent_signing()).public();
                    key.is_some_and(|key| key.mode == "custodial" && key.consent_key == public.0)
                });
                if !fits {
                    let item = format!("seed of Patient/{patient}");
                    report.find(item, "it is not the seed of the key in force");
                }
            }
        }
        Ok(())
    }
}

/// The tables whose every row a record tells of.
#[derive(Clone, Copy)]
enum Table {
    Keys,
    Delegations,
    Holds,
}

/// One row of them.
struct Row {
    item: String,
    /// What its mark must be.
    mark: [u8; 32],
    /// Where the walk goes on.
    place: (String, u64),
    /// The mark that it has, and the record that tells of it.
    told: (Vec<u8>, String),
}

impl Row {
    fn compare(self, told: &mut Told, report: &mut Report<'_>) {
        let (found, record) = self.told;
        let recorded = told.remove(&record);
        if !vault::keys::same(&self.mark, &found) {
            report.find(self.item, "its row was changed outside Salus");
        } else if recorded != Some(hex(&self.mark)) {
            report.find(self.item, "no record tells of it");
        }
    }
}
