//! Keys of patients and delegations: every row has its mark and its record, and the other way
//! round.

use std::collections::BTreeMap;

use vault::Seed;

use super::{Desk, PAGE, Report};
use crate::error::HospitalError;
use crate::identity::statement::{hex, key_mark, step_mark};

/// The marks that records tell of, by the id of the record.
pub(super) type Told = BTreeMap<String, String>;

impl Desk {
    /// Compares the rows with the records that were seen on the way.
    pub(super) async fn identity(
        &self,
        mut told: Told,
        report: &mut Report<'_>,
    ) -> Result<(), HospitalError> {
        let root = self.keyring.root();
        let mut after = (String::new(), 0);
        loop {
            let page = self
                .store
                .scan_patient_keys((&after.0, after.1), PAGE)
                .await?;
            let Some(last) = page.last() else { break };
            after = (last.patient.clone(), last.number);
            for row in &page {
                let item = format!("key {} of Patient/{}", row.number, row.patient);
                let mark = key_mark(root, row);
                compare(
                    item,
                    &mark,
                    (&row.integrity, &row.record),
                    &mut told,
                    report,
                );
            }
        }
        let mut after = (String::new(), 0);
        loop {
            let page = self
                .store
                .scan_delegations((&after.0, after.1), PAGE)
                .await?;
            let Some(last) = page.last() else { break };
            after = (last.id.clone(), last.number);
            for row in &page {
                let item = format!("step {} of delegation {}", row.number, row.id);
                let mark = step_mark(root, row);
                compare(
                    item,
                    &mark,
                    (&row.integrity, &row.record),
                    &mut told,
                    report,
                );
            }
        }
        for record in told.keys() {
            let item = format!("Provenance/{record}");
            report.find(
                item,
                "the key or delegation that it tells of was taken away",
            );
        }
        self.seeds(report).await
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

/// One row: its mark, and the record that tells of it.
fn compare(
    item: String,
    mark: &[u8; 32],
    (found, record): (&[u8], &str),
    told: &mut Told,
    report: &mut Report<'_>,
) {
    let recorded = told.remove(record);
    if !vault::keys::same(mark, found) {
        report.find(item, "its row was changed outside Salus");
    } else if recorded != Some(hex(mark)) {
        report.find(item, "no record tells of it");
    }
}
