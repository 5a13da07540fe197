//! Central monitoring of a trial by those who oversee it: which site stands out, and why.
//!
//! The rows of all sites are put together as `monitoring` sees a study: what an item is follows
//! from its name in the sealed metadata. No arm is looked at: the trial stays blind.

mod meaning;
mod study;
#[cfg(test)]
mod tests;

use proof::Digest;
use trial::acts::{Role, Trial};

use super::kept::KeptVersion;
use super::odm::{metadata, record_of};
use super::rows::{Row, read_row};
use super::{allow, studies, wrong};
use crate::access_log::AccessAgent;
use crate::caller::{self, Caller};
use crate::error::HospitalError;
use crate::setup::Hospital;
use meaning::Meanings;
use study::{ITEMS_MAX, Mapped};

/// Most rows that are looked at.
const ROWS_MAX: usize = 1_000_000;
/// Fewer sites than this say nothing about each other.
const SITES_MIN: usize = 5;
const DAY_US: i64 = 86_400_000_000;

/// What central monitoring says of a trial.
#[derive(Debug, Clone)]
pub struct Oversight {
    /// The sites, the most striking first.
    pub report: monitoring::Report,
    /// The items that were compared.
    pub items: Vec<String>,
    /// The visits, each with the day after the first on which it usually is.
    pub visits: Vec<(String, i64)>,
    /// Rows, and participants that they are of.
    pub rows: usize,
    /// Participants.
    pub participants: usize,
    /// What to know when reading it.
    pub notes: Vec<String>,
}

impl Hospital {
    /// The sites of a trial, ranked by how much they stand out, with evidence.
    pub async fn monitor_trial(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        id: &Digest,
    ) -> Result<Oversight, HospitalError> {
        let (_, trial, role) = self.trial_here(id).await?;
        oversees(caller, role)?;
        let kept = self.version_here(id, trial.version).await?;
        self.trial_access(agent, "monitoring").await?;
        let rows = self.rows_of_sites((id, &trial, role)).await?;
        let cut_day = self.now_us().div_euclid(DAY_US);
        let made = move || {
            let Mapped { study, left_out } = mapped(&kept, &rows, cut_day)?;
            Ok(told(&study, rows.len(), left_out))
        };
        self.0.cpu.run(made).await?
    }

    /// The rows of all sites, each with its site.
    pub(super) async fn rows_of_sites(
        &self,
        of: (&Digest, &Trial, Role),
    ) -> Result<Vec<(String, Row)>, HospitalError> {
        let lines = self.all_rows(of).await?;
        if lines.len() > ROWS_MAX {
            return Err(wrong(format!(
                "more than {ROWS_MAX} rows are not looked at"
            )));
        }
        let read = |line: super::DatasetLine| Ok((line.site.clone(), read_row(&record_of(&line))?));
        lines.into_iter().map(read).collect()
    }
}

/// Whoever oversees: the sponsor's researcher, and auditors of monitors and regulators.
pub(super) fn oversees(caller: &Caller, role: Role) -> Result<(), HospitalError> {
    use caller::Role::{Auditor, Researcher, System};
    match role {
        Role::Sponsor => studies(caller),
        Role::Monitor | Role::Regulator => allow(
            caller,
            &[Auditor, Researcher, System],
            "does not oversee trials: an auditor does",
        ),
        Role::Site => Err(HospitalError::Forbidden(
            "sites are compared by sponsor, monitors and regulators".into(),
        )),
    }
}

/// The rows as they are monitored.
pub(super) fn mapped(
    kept: &KeptVersion,
    rows: &[(String, Row)],
    cut_day: i64,
) -> Result<Mapped, HospitalError> {
    let metadata = metadata(kept)?.ok_or_else(|| {
        wrong("the sealed protocol has no `metadata`: nothing says what the items are")
    })?;
    Ok(study::study(&Meanings::of(&metadata)?, rows, cut_day))
}

fn told(study: &monitoring::Study, rows: usize, left_out: usize) -> Oversight {
    let mut notes = Vec::new();
    if study.sites.len() < SITES_MIN {
        notes.push(format!(
            "fewer than {SITES_MIN} sites say nothing about each other: {} have rows",
            study.sites.len()
        ));
    }
    if study.items.is_empty() {
        notes.push("no item has numbers".to_owned());
    }
    let visits = || {
        study
            .sites
            .iter()
            .flat_map(|it| &it.subjects)
            .flat_map(|it| &it.visits)
    };
    if visits().all(|it| it.at.is_none()) {
        notes.push(
            "no visit has a date: give its item the name VISDAT, or that of a domain with DAT"
                .to_owned(),
        );
    }
    if left_out > 0 {
        notes.push(format!(
            "the {ITEMS_MAX} items with the most numbers are compared: {left_out} are not"
        ));
    }
    Oversight {
        report: monitoring::monitor(study),
        items: study.items.iter().map(|it| it.name.clone()).collect(),
        visits: study
            .plan
            .iter()
            .map(|it| (it.code.clone(), it.day))
            .collect(),
        rows,
        participants: study.sites.iter().map(|it| it.subjects.len()).sum(),
        notes,
    }
}
