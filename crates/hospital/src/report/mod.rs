//! Reports about the log of accesses: the accounting of disclosures and the notice of accesses.
//!
//! A line is an AuditEvent; its receipt proves it. 45 CFR 164.528, Regulation (EU) 2025/327 (EHDS)
//! article 9. `docs/reference/reports.md` says which provision each column comes from.

mod archive;
mod export;
mod line;
mod outside;
mod page;
mod suspend;
mod withheld;

pub use line::ReportLine;
pub use outside::OutsideDisclosure;
pub use suspend::{Statement, Suspending, Suspension};
pub(crate) use withheld::{SYSTEM as SUSPENSION, Withheld};

use crate::access_log::{AUDIT_EVENT, Access, AccessAgent, AccessDeed};
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::instant;
use crate::pairs::Pairs;
use crate::request::is_id;
use crate::setup::Hospital;

/// Lines of a page, and most that may be asked for.
const LINES_DEFAULT: u32 = 100;
const LINES_MAX: u32 = 1_000;
/// 45 CFR 164.528(a)(1): six years before the request.
const SIX_YEARS_US: i64 = 6 * 366 * 86_400 * 1_000_000;
/// BALP: the subtype of a disclosure, and of an emergency.
const DISCLOSURES: &str = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle|disclose,\
                           http://dicom.nema.org/resources/ontology/DCM|110127";

/// Which report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportKind {
    /// To whom records went.
    Disclosures,
    /// Who looked, here and elsewhere.
    Accesses,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportAsk {
    /// Which report.
    pub kind: ReportKind,
    /// About whom; a patient may leave it out.
    pub patient: Option<String>,
    /// First day, or first instant.
    pub from: Option<String>,
    /// Last day, or last instant.
    pub to: Option<String>,
    /// Lines of a page.
    pub count: Option<u32>,
    /// Token of the page.
    pub after: Option<String>,
}

/// A page of a report, newest line first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportPage {
    /// Which report.
    pub kind: ReportKind,
    /// Whether it is the privacy officer's, who sees what is suspended.
    pub officer: bool,
    /// About whom.
    pub patient: String,
    /// The custodian.
    pub organisation: String,
    /// First day or instant of the report.
    pub from: String,
    /// Last day or instant.
    pub to: Option<String>,
    /// When it was made.
    pub made: String,
    /// The lines.
    pub lines: Vec<ReportLine>,
    /// Token of the next page.
    pub next: Option<String>,
}

impl Hospital {
    /// A page of a report, for an auditor or for the patient whom it is about. The report is
    /// itself an access, and is in the log before it is answered.
    pub async fn report(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        ask: ReportAsk,
    ) -> Result<ReportPage, HospitalError> {
        let patient = about(caller, ask.patient.as_deref())?;
        let now_us = self.now_us();
        let from = ask.from.unwrap_or_else(|| {
            let first = instant::fhir(now_us.saturating_sub(SIX_YEARS_US));
            first.chars().take(10).collect()
        });
        let mut pairs: Pairs = vec![
            ("patient".into(), format!("Patient/{patient}")),
            ("date".into(), format!("ge{from}")),
            ("_sort".into(), "-date".into()),
            (
                "_count".into(),
                ask.count
                    .unwrap_or(LINES_DEFAULT)
                    .clamp(1, LINES_MAX)
                    .to_string(),
            ),
        ];
        if let Some(to) = &ask.to {
            pairs.push(("date".into(), format!("le{to}")));
        }
        if ask.kind == ReportKind::Disclosures {
            pairs.push(("subtype".into(), DISCLOSURES.into()));
        }
        if let Some(after) = ask.after {
            pairs.push((crate::search::PAGE_TOKEN.into(), after));
        }
        let found = self.search(caller, AUDIT_EVENT, pairs, true).await?;
        let officer = caller.role == Role::Auditor;
        let lines = found.matches.iter().filter_map(|record| {
            let mut line = line::read(record)?;
            if officer {
                line.suspended = self.mark_suspended(record);
            }
            Some(line)
        });
        let lines: Vec<ReportLine> = lines.collect();
        let access = Access {
            patient: Some(patient.clone()),
            ..Access::new(agent, AccessDeed::Report, now_us)
        };
        self.record_access(access).await?;
        Ok(ReportPage {
            kind: ask.kind,
            officer,
            patient,
            organisation: self.0.organisation.clone(),
            from,
            to: ask.to,
            made: instant::fhir(now_us),
            lines,
            next: found.next,
        })
    }
}

/// Whose report a caller gets: an auditor anybody's, a patient the own one, others none.
fn about(caller: &Caller, patient: Option<&str>) -> Result<String, HospitalError> {
    let named = match (caller.role, patient) {
        (Role::Auditor, Some(patient)) => patient,
        (Role::Auditor, None) => {
            return Err(HospitalError::request(
                "required",
                "a report is about one patient",
                "add ?patient=<id>",
            ));
        }
        (Role::Patient, asked) => {
            let own = caller.compartment().unwrap_or("");
            if asked.is_some_and(|asked| asked != own) {
                return Err(HospitalError::request(
                    "forbidden",
                    "a patient gets the own report only",
                    "leave `patient` out",
                ));
            }
            own
        }
        _ => {
            return Err(HospitalError::request(
                "forbidden",
                format!("the role {} gets no reports", caller.role),
                "reports are for auditors, and for patients about themselves",
            ));
        }
    };
    if is_id(named) {
        return Ok(named.to_owned());
    }
    Err(HospitalError::request(
        "value",
        "`patient` is not an id",
        "give the logical id of a Patient",
    ))
}
