//! Reports on locked data, and what became of what was registered.

use proof::Digest;
use serde::{Deserialize, Serialize};
use trial::acts::{Act, Role};

use super::kept::{KeptReport, What, committed_value, new_key};
use super::lock::sponsors;
use super::message::{NumberAsk, RESULTS, ResultsAnswer};
use super::protocol::Endpoint;
use super::{looks, studies, wrong};
use crate::access_log::AccessAgent;
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::setup::Hospital;
use crate::sharing::message;

/// Most endpoints of a report.
const ENDPOINTS_MAX: usize = 1_000;
/// Longest result.
const RESULT_BYTES_MAX: usize = 16_000;

/// What a sponsor reports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Results {
    /// Endpoint by endpoint, as it is reported.
    pub endpoints: Vec<EndpointResult>,
}

/// The result of an endpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EndpointResult {
    /// The endpoint as the report has it.
    #[serde(flatten)]
    pub endpoint: Endpoint,
    /// What was found.
    pub result: String,
}

/// A report.
#[derive(Debug, Clone)]
pub struct Reported {
    /// Its number, from 1.
    pub number: u32,
    /// What the ledger says of it.
    pub known: trial::acts::Reported,
    /// What it says.
    pub results: Results,
}

impl Hospital {
    /// The sponsor reports on the locked data.
    pub async fn report_trial(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (id, results): (&Digest, Results),
    ) -> Result<u32, HospitalError> {
        studies(caller)?;
        check(&results)?;
        let (_, trial, role) = self.trial_here(id).await?;
        sponsors(role)?;
        self.trial_access(agent, "report").await?;
        let (key, digits) = new_key()?;
        let act = Act::Report {
            results: committed_value(&key, &results)?,
        };
        let number = trial.reports.saturating_add(1);
        let kept = KeptReport {
            results,
            key: digits,
        };
        self.keep_of_trial(id, What::Report(number), &kept).await?;
        self.act_of_trial(id, act).await?;
        Ok(number)
    }

    /// A report, as it was sealed.
    pub async fn trial_report(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (id, number): (&Digest, u32),
    ) -> Result<Reported, HospitalError> {
        looks(caller)?;
        let (state, trial, role) = self.trial_here(id).await?;
        let absent = || HospitalError::Absent(format!("report {number} of this trial"));
        let known = state.trial_report(id, number).ok_or_else(absent)?;
        self.trial_access(agent, "read-report").await?;
        let kept: Option<KeptReport> = self.kept_of_trial(id, What::Report(number)).await?;
        let kept = match kept {
            Some(kept) => kept,
            None if role != Role::Sponsor => {
                let ask = NumberAsk {
                    trial: id.to_string(),
                    number,
                };
                let answer = self.call(&trial.sponsor, RESULTS, &ask).await?;
                let answer: ResultsAnswer = message::read(&answer)?;
                KeptReport {
                    results: answer.results,
                    key: answer.key,
                }
            }
            None => return Err(absent()),
        };
        if !kept.is_sealed(&known.results) {
            return Err(HospitalError::Damaged {
                item: format!("report {number} of trial {id}"),
                reason: "its results are not those that were sealed".into(),
            });
        }
        self.keep_of_trial(id, What::Report(number), &kept).await?;
        Ok(Reported {
            number,
            known,
            results: kept.results,
        })
    }

    /// Gives the results of a report to a party.
    pub(crate) async fn answer_results(
        &self,
        from: &str,
        ask: &NumberAsk,
    ) -> Result<ResultsAnswer, HospitalError> {
        let absent = || HospitalError::Absent("a report of this number".into());
        let id = ask.trial.parse().map_err(|_| absent())?;
        let (_, trial, _) = self.trial_here(&id).await?;
        trial.role(from).ok_or_else(absent)?;
        let kept: Option<KeptReport> = self.kept_of_trial(&id, What::Report(ask.number)).await?;
        let kept = kept.ok_or_else(absent)?;
        Ok(ResultsAnswer {
            results: kept.results,
            key: kept.key,
        })
    }
}

fn check(results: &Results) -> Result<(), HospitalError> {
    if results.endpoints.is_empty() || results.endpoints.len() > ENDPOINTS_MAX {
        return Err(wrong(format!("1 to {ENDPOINTS_MAX} endpoints")));
    }
    let long = |it: &&EndpointResult| it.result.is_empty() || it.result.len() > RESULT_BYTES_MAX;
    match results.endpoints.iter().find(long) {
        Some(one) => Err(wrong(format!(
            "endpoint `{}`: `result` has 1 to {RESULT_BYTES_MAX} bytes",
            one.endpoint.id
        ))),
        None => Ok(()),
    }
}
