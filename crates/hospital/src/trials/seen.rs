//! A trial as it is seen from here: what the ledger says, and what was told.

use ledger::State;
use proof::Digest;
use std::collections::BTreeMap;
use trial::acts::{Decided, Minimisation, Reported, Role, Site, Trial, Version};

use super::kept::{KeptVersion, What};
use super::looks;
use super::minimise::minimised_at;
use super::protocol::{Protocol, sites};
use crate::access_log::AccessAgent;
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::setup::Hospital;

/// A version of the protocol.
#[derive(Debug, Clone)]
pub struct VersionSeen {
    /// From 1.
    pub number: u32,
    /// What the ledger says.
    pub sealed: Version,
    /// The protocol, and why it was amended; `None`: it has not come yet.
    pub protocol: Option<(Protocol, String)>,
}

/// A site.
#[derive(Debug, Clone)]
pub struct SiteSeen {
    /// Its id.
    pub id: String,
    /// What the ledger says.
    pub known: Site,
    /// How many have withdrawn.
    pub withdrawn: usize,
    /// Whose arm was opened in an emergency, by pseudonym, and when in milliseconds since 1970.
    pub unblinded: Vec<(Digest, u64)>,
}

/// The participants of a site, stratum by stratum or as they came, each with whether the sponsor's
/// part in the arm is done.
pub(super) fn enrolled_at(
    state: &State,
    id: &Digest,
    (trial, name): (&Trial, &str),
) -> Vec<(Digest, bool)> {
    let next = state.trial_site(id, name).next;
    let slots = (0u16..).zip(next);
    let slots = slots.flat_map(|(stratum, next)| (0..next).map(move |slot| (stratum, slot)));
    let used = slots.filter_map(|at| state.trial_slot(id, name, at));
    let listed = used.map(|it| (it.participant, it.position.is_some()));
    listed
        .chain(minimised_at(state, id, (trial, name)))
        .collect()
}

/// A site with what became of those in its slots.
fn site(state: &State, id: &Digest, (trial, name): (&Trial, &str)) -> SiteSeen {
    let known = state.trial_site(id, name);
    let (mut withdrawn, mut unblinded) = (0, Vec::new());
    for (who, _) in enrolled_at(state, id, (trial, name)) {
        let Some(participant) = state.trial_participant(id, &who) else {
            continue;
        };
        withdrawn += usize::from(participant.withdrawn.is_some());
        unblinded.extend(participant.unblinded.map(|(time_ms, _)| (who, time_ms)));
    }
    SiteSeen {
        id: name.to_owned(),
        known,
        withdrawn,
        unblinded,
    }
}

/// A trial.
#[derive(Debug, Clone)]
pub struct TrialSeen {
    /// Its id.
    pub id: Digest,
    /// What this organisation is in it.
    pub role: Role,
    /// What the ledger says.
    pub known: Trial,
    /// All versions, the first one first.
    pub versions: Vec<VersionSeen>,
    /// The sites.
    pub sites: Vec<SiteSeen>,
    /// Who minimises, and how; none: the sites have lists.
    pub minimisation: Option<Minimisation>,
    /// The decisions, from 1, each with why it was to unlock, where it was.
    pub decisions: Vec<(Decided, Option<String>)>,
    /// The reports, from 1.
    pub reports: Vec<Reported>,
}

/// Versions, decisions and reports that are shown.
const SHOWN_MAX: u32 = 1_000;

impl Hospital {
    /// The trials that are known here: id, what this organisation is in it, title of the version in
    /// force.
    pub async fn trials(
        &self,
        caller: &Caller,
    ) -> Result<Vec<(Digest, Role, String)>, HospitalError> {
        looks(caller)?;
        let state = self.fresh_state().await?;
        let mut latest: BTreeMap<String, KeptVersion> = BTreeMap::new();
        for kept in self.kept_versions().await? {
            let known = latest.get(&kept.trial).map_or(0, |it| it.version);
            if kept.version > known {
                latest.insert(kept.trial.clone(), kept);
            }
        }
        let seen = latest.into_values().filter_map(|kept| {
            let id: Digest = kept.trial.parse().ok()?;
            let role = state.trial(&id)?.role(&self.0.organisation)?;
            Some((id, role, kept.protocol.title))
        });
        Ok(seen.collect())
    }

    /// Everything about a trial but its participants.
    pub async fn trial(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        id: &Digest,
    ) -> Result<TrialSeen, HospitalError> {
        looks(caller)?;
        let (state, known, role) = self.trial_here(id).await?;
        self.trial_access(agent, "read").await?;
        let mut versions = Vec::new();
        for number in 1..=known.version.min(SHOWN_MAX) {
            let Some(sealed) = state.trial_version(id, number) else {
                continue;
            };
            let kept: Option<KeptVersion> = self.kept_of_trial(id, What::Version(number)).await?;
            versions.push(VersionSeen {
                number,
                sealed,
                protocol: kept.map(|it| (it.protocol, it.reason)),
            });
        }
        let seen = sites(&known.parties).map(|name| site(&state, id, (&known, name)));
        let mut decisions = Vec::new();
        for number in 1..=known.decisions.min(SHOWN_MAX) {
            if let Some(decided) = state.trial_decision(id, number) {
                let what = (number, &decided.decision);
                let reason = self.reason_of((id, &known), what).await;
                decisions.push((decided, reason));
            }
        }
        let reports =
            (1..=known.reports.min(SHOWN_MAX)).filter_map(|number| state.trial_report(id, number));
        Ok(TrialSeen {
            id: *id,
            role,
            versions,
            sites: seen.collect(),
            minimisation: state.trial_minimisation(id),
            decisions,
            reports: reports.collect(),
            known,
        })
    }
}
