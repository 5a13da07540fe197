//! What became of what was registered: the report against every sealed version.

use proof::{Digest, sha256};
use trial::acts::Trial;
use trial::compare::{self, Endpoint, Line, Milestones, Rank, Registered, ReportedEndpoint};

use super::kept::KeptVersion;
use super::protocol::{self, sites};
use super::{looks, wrong};
use crate::access_log::AccessAgent;
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::setup::Hospital;

impl Hospital {
    /// Compares a report with all versions of the protocol, endpoint by endpoint.
    ///
    /// A change counts as made after data existed from the first enrolment on, and after unblinding
    /// from the first lock on: both stand on the ledger.
    pub async fn compare_report(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (id, number): (&Digest, u32),
    ) -> Result<Vec<Line>, HospitalError> {
        looks(caller)?;
        let reported = self.trial_report(caller, agent, (id, number)).await?;
        let (state, trial, _) = self.trial_here(id).await?;
        let mut registered = Vec::new();
        for version in 1..=reported.known.version {
            let sealed = state.trial_version(id, version);
            let Some(sealed) = sealed else { continue };
            let kept: KeptVersion = self.version_here(id, version).await?;
            let endpoints = kept.protocol.endpoints.iter().map(endpoint);
            registered.push(Registered {
                version: version.to_string(),
                time_s: sealed.time_ms / 1_000,
                reason: Some(kept.reason).filter(|it| !it.is_empty()),
                endpoints: endpoints.collect::<Result<_, _>>()?,
            });
        }
        let told = reported.results.endpoints.iter().map(|it| {
            Ok(ReportedEndpoint {
                endpoint: endpoint(&it.endpoint)?,
                result: Some(sha256(it.result.as_bytes())),
            })
        });
        let told = told.collect::<Result<Vec<_>, HospitalError>>()?;
        let milestones = milestones(&state, id, &trial);
        compare::compare(&registered, milestones, &told).map_err(|error| wrong(error.to_string()))
    }
}

fn milestones(state: &ledger::State, id: &Digest, trial: &Trial) -> Milestones {
    let first = sites(&trial.parties).flat_map(|name| {
        let strata = state.trial_site(id, name).next.len();
        (0..strata).filter_map(move |stratum| {
            let at = (u16::try_from(stratum).ok()?, 0);
            let slot = state.trial_slot(id, name, at)?;
            let known = state.trial_participant(id, &slot.participant)?;
            Some(known.enrolled_ms / 1_000)
        })
    });
    let minimised = state.trial_minimised(id, 0);
    let minimised = minimised.and_then(|it| state.trial_participant(id, &it.participant));
    let first = first.chain(minimised.map(|it| it.enrolled_ms / 1_000));
    let locked = (1..=trial.decisions).find_map(|number| {
        let decided = state.trial_decision(id, number)?;
        let locks = decided.decision.locks() && decided.effective_ms > 0;
        locks.then_some(decided.effective_ms / 1_000)
    });
    Milestones {
        first_data_s: first.min(),
        unblinded_s: locked,
    }
}

fn endpoint(it: &protocol::Endpoint) -> Result<Endpoint, HospitalError> {
    let ranks = [Rank::Primary, Rank::Secondary, Rank::Exploratory];
    let rank = ranks.into_iter().find(|rank| rank.word() == it.rank);
    let rank = rank.ok_or_else(|| {
        wrong(format!(
            "endpoint `{}`: `rank` is primary, secondary or exploratory",
            it.id
        ))
    })?;
    Ok(Endpoint {
        id: it.id.clone(),
        name: it.name.clone(),
        rank,
        measure: it.measure.clone(),
        timing: it.timing.clone(),
        analysis: it.analysis.clone(),
    })
}
