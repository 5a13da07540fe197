//! Erasures that the ledger has and the database does not: it was restored from an older copy.
//!
//! The ledger does not say who was erased. The keys of its commitments follow from the root key
//! and the patient, so this organisation finds out by trying each patient whom it has.

use std::collections::BTreeSet;

use consent::acts::{Erase, erase};
use proof::Digest;

use super::plan::{Plan, commitment_keys};
use crate::error::HospitalError;
use crate::keyring::patient_of;
use crate::setup::Hospital;

/// Vault keys read at a time.
const PAGE: u32 = 512;
/// Who might have held something is found by trying: so many sets at most.
const OTHERS_MAX: usize = 12;
/// What an erasure says that is carried out once more.
const WORDS: &str = "carried out again after a restore";

impl Hospital {
    /// Carries out again what the ledger says that this organisation erased. Answers how many
    /// patients that were: of the others nothing is here.
    pub(crate) async fn erase_again(&self, erased: &[Erase]) -> Result<u64, HospitalError> {
        let mut open = Vec::new();
        for one in erased {
            if self.erasure_plan(&one.id).await?.is_none() {
                open.push(*one);
            }
        }
        if open.is_empty() {
            return Ok(0);
        }
        let mut done = 0;
        for patient in self.patients_with_keys().await? {
            let of_patient = |one: &&Erase| {
                let (key, _) = commitment_keys(self.0.keyring.root(), &one.id, &patient);
                erase::subject(&key, &self.0.organisation, &patient) == one.subject
            };
            if let Some(one) = open.iter().find(of_patient) {
                let plan = self.plan_again(one, &patient).await?;
                self.keep_plan(&one.id, &plan).await?;
                self.destroy(&one.id, &plan).await?;
                done += 1;
            }
        }
        Ok(done)
    }

    /// Whoever has a vault key or is named by one.
    async fn patients_with_keys(&self) -> Result<BTreeSet<String>, HospitalError> {
        let (mut found, mut after) = (BTreeSet::new(), String::new());
        loop {
            let page = self.0.store.scan_vault_keys(&after, PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(found);
            };
            after.clone_from(&last.id);
            let named = page.iter().flat_map(|row| row.id.split(' '));
            found.extend(named.filter_map(patient_of).map(str::to_owned));
        }
    }

    async fn plan_again(&self, one: &Erase, patient: &str) -> Result<Plan, HospitalError> {
        let others = self.other_holders(patient).await?;
        let shared = self.preview_shared(patient).await?;
        let (subject_key, holders_key) = commitment_keys(self.0.keyring.root(), &one.id, patient);
        let mut plan = Plan {
            patient: patient.to_owned(),
            subject_key: Digest(subject_key.0).to_string(),
            holders_key: Digest(holders_key.0).to_string(),
            holders: Vec::new(),
            others,
            by: "system".to_owned(),
            words: WORDS.to_owned(),
            shared,
        };
        // A link or a grant may be younger than the copy, or have ended since.
        let members = self.0.chain.state().organisations();
        let own = self.0.organisation.as_str();
        let others = members
            .iter()
            .map(|it| it.id.as_str())
            .filter(|it| *it != own);
        let others: Vec<&str> = others.take(OTHERS_MAX).collect();
        for set in 0..1_u32 << others.len() {
            let within = others
                .iter()
                .enumerate()
                .filter(|(at, _)| set >> at & 1 == 1);
            let mut holders: Vec<String> = within.map(|(_, it)| (*it).to_owned()).collect();
            holders.push(own.to_owned());
            holders.sort();
            plan.holders = holders;
            if plan.holders()? == one.holders {
                return Ok(plan);
            }
        }
        plan.holders = self.holders_of(patient).await?;
        Ok(plan)
    }
}
