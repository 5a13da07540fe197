//! A trial that minimises: bound, mixed, allocated and shown by this node as its turn comes.
//!
//! The sponsor's node allocates. It knows every arm by what it keeps, and shows none to anybody
//! here: a site's node asks it for those of its own participants, and looks whether they are the
//! bound ones.

use ledger::State;
use proof::Digest;
use serde::{Deserialize, Serialize};
use trial::acts::{
    Act, Allocated, LISTED_MAX, Minimisation, Minimise, Participant, Place, Role, Showing, Trial,
};
use trial::minimisation::{
    Allocator, Bound, Design, Deviation, Entered, Factor, Measure, Shown, Told, commitment, replay,
};

use super::kept::KeptVersion;
use super::message::{SHARES, SharesAnswer, SharesAsk};
use super::protocol::{Arm, Protocol};
use super::{looks, wrong};
use crate::access_log::AccessAgent;
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::keyring::failed;
use crate::setup::Hospital;
use crate::sharing::message;

/// Longest name of a factor or a level.
const NAME_BYTES_MAX: usize = 200;
/// Most participants of a trial that minimises: all are replayed.
const ENTERED_MAX: u32 = 100_000;

/// How a protocol says that arms depend on those before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MinimisationPlan {
    /// By what arms are to be alike.
    pub factors: Vec<PlannedFactor>,
    /// How much the site counts as a factor; 0: it does not.
    #[serde(default)]
    pub site_weight: u16,
    /// `range` or `variance`.
    pub measure: String,
    /// How likely the preferred arm is, of 1,000.
    pub preferred: u16,
}

/// A factor by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedFactor {
    /// As `age`.
    pub name: String,
    /// As `under 65`; their order is that of the numbers on the ledger.
    pub levels: Vec<String>,
    /// How much it counts.
    pub weight: u16,
}

impl MinimisationPlan {
    /// The design; refuses one that cannot be sealed.
    pub(super) fn design(&self, arms: &[Arm]) -> Result<Design, HospitalError> {
        let measure = match self.measure.as_str() {
            "range" => Measure::Range,
            "variance" => Measure::Variance,
            _ => return Err(wrong("`measure` is range or variance")),
        };
        for factor in &self.factors {
            let names = std::iter::once(&factor.name).chain(&factor.levels);
            let sound = |it: &String| !it.trim().is_empty() && it.len() <= NAME_BYTES_MAX;
            let mut levels = factor.levels.clone();
            levels.sort();
            levels.dedup();
            if !names.into_iter().all(sound) || levels.len() != factor.levels.len() {
                return Err(wrong(format!(
                    "factor `{}`: name and levels have 1 to {NAME_BYTES_MAX} bytes, and no two \
                     levels one name",
                    factor.name
                )));
            }
        }
        let ratio = arms.iter().map(|arm| arm.ratio).collect();
        let factors = self.factors.iter().map(|it| Factor {
            levels: u16::try_from(it.levels.len()).unwrap_or(u16::MAX),
            weight: it.weight,
        });
        let factors = (factors.collect(), self.site_weight);
        Design::new(ratio, factors, (measure, self.preferred))
            .map_err(|error| wrong(error.to_string()))
    }

    /// The numbers of levels that are named in the order of the factors.
    pub(super) fn levels(&self, names: &[String]) -> Result<Vec<u16>, HospitalError> {
        let told = || {
            let factors: Vec<&str> = self.factors.iter().map(|it| it.name.as_str()).collect();
            wrong(format!(
                "`levels` names one level of each factor, in this order: {}",
                factors.join(", ")
            ))
        };
        if names.len() != self.factors.len() {
            return Err(told());
        }
        let numbers = names.iter().zip(&self.factors).map(|(name, factor)| {
            let at = factor.levels.iter().position(|it| it == name);
            at.and_then(|at| u16::try_from(at).ok()).ok_or_else(told)
        });
        numbers.collect()
    }
}

/// The allocations of a trial that minimises, as anybody reads them from the ledger.
#[derive(Debug, Clone)]
pub struct MinimisationSeen {
    /// Who allocates, and how.
    pub known: Minimisation,
    /// In the order of the numbers: pseudonym, and what stands of the participant.
    pub told: Vec<(Digest, Told)>,
    /// Once everything was shown: what deviates from the rule, by number.
    pub deviations: Option<Vec<(u32, Deviation)>>,
}

/// A participant with its place, by number.
fn place(state: &State, id: &Digest, number: u32) -> Option<(Place, Participant)> {
    let place = state.trial_minimised(id, number)?;
    let who = state.trial_participant(id, &place.participant)?;
    Some((place, who))
}

/// All who have entered, in their order.
fn entered(state: &State, id: &Digest, trial: &Trial) -> Vec<(Place, Participant)> {
    let numbers = 0..trial.enrolled.min(ENTERED_MAX);
    numbers
        .map_while(|number| place(state, id, number))
        .collect()
}

/// The pseudonyms of a site's participants, each with whether its arm can be known there.
pub(super) fn minimised_at(
    state: &State,
    id: &Digest,
    (trial, site): (&Trial, &str),
) -> Vec<(Digest, bool)> {
    if state.trial_minimisation(id).is_none() {
        return Vec::new();
    }
    let here = entered(state, id, trial).into_iter();
    here.filter(|(_, who)| who.site == site)
        .map(|(place, _)| (place.participant, place.commitment.is_some()))
        .collect()
}

impl Hospital {
    async fn allocator(&self, id: &Digest) -> Result<Allocator, HospitalError> {
        let name = format!("trial-minimisation-{id}");
        Ok(Allocator::new(&self.trial_secret(&name).await?, id))
    }

    /// The next step of this node in a trial that minimises.
    pub(super) async fn pursue_minimisation(
        &self,
        (id, trial, kept): (&Digest, &Trial, &KeptVersion),
    ) -> Result<(), HospitalError> {
        let state = self.0.chain.state();
        let here = &self.0.organisation;
        let known = state.trial_minimisation(id);
        match (trial.role(here), known) {
            (Some(Role::Sponsor), None) => {
                let Some(plan) = &kept.protocol.minimisation else {
                    return Ok(());
                };
                let bind = Minimise::Bind {
                    allocator: here.clone(),
                    key: self.allocator(id).await?.public(),
                    design: plan.design(&kept.protocol.arms)?,
                };
                self.act_of_trial(id, Act::Minimise(bind)).await?;
            }
            (Some(Role::Sponsor), Some(known)) if known.beacon.is_some() => {
                self.allocate_entered((id, trial), &known).await?;
            }
            (Some(Role::Site), Some(known)) if known.beacon.is_none() => {
                if state.trial_site(id, here).accepted != trial.version {
                    return Ok(());
                }
                let chance = Digest(vault::random().map_err(failed)?);
                let mixed = self.act_of_trial(id, Act::Minimise(Minimise::Mix { chance }));
                mixed.await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Commits to the shares of those who have none.
    async fn allocate_entered(
        &self,
        (id, trial): (&Digest, &Trial),
        known: &Minimisation,
    ) -> Result<(), HospitalError> {
        let state = self.0.chain.state();
        let all = entered(&state, id, trial);
        let waiting = (0u32..).zip(&all);
        let waiting = waiting.filter(|(_, (place, _))| place.commitment.is_none());
        let waiting: Vec<u32> = waiting.map(|(number, _)| number).take(LISTED_MAX).collect();
        if waiting.is_empty() {
            return Ok(());
        }
        let shown = self.drawn_shares(id, known, all).await?;
        let shares = waiting.into_iter().filter_map(|number| {
            let shown = shown.get(usize::try_from(number).ok()?)?;
            let commitment = commitment(id, number, (shown.share, &shown.nonce));
            Some(Allocated { number, commitment })
        });
        let shares = shares.collect();
        self.act_of_trial(id, Act::Minimise(Minimise::Allocate { shares }))
            .await
            .map(|_| ())
    }

    /// What everybody so far has, by the key of this node.
    async fn drawn_shares(
        &self,
        id: &Digest,
        known: &Minimisation,
        all: Vec<(Place, Participant)>,
    ) -> Result<Vec<Shown>, HospitalError> {
        let allocator = self.allocator(id).await?;
        let (beacon, design) = (known.beacon, known.design.clone());
        let drawn = self.0.cpu.run(move || {
            let all: Vec<Entered> = all.into_iter().map(as_entered).collect();
            allocator.allocate((&beacon.unwrap_or_default(), &design), &all)
        });
        let none = || HospitalError::Internal("the function has no number for somebody".into());
        drawn.await?.ok_or_else(none)
    }

    /// The arms of participants of this site; none for those who have none yet.
    pub(super) async fn minimised_arms(
        &self,
        (id, protocol): (&Digest, &Protocol),
        numbers: &[u32],
    ) -> Result<Vec<Option<String>>, HospitalError> {
        let state = self.0.chain.state();
        let Some(known) = state.trial_minimisation(id) else {
            return Ok(vec![None; numbers.len()]);
        };
        let mut arms = Vec::with_capacity(numbers.len());
        for some in numbers.chunks(LISTED_MAX) {
            let ask = SharesAsk {
                trial: id.to_string(),
                numbers: some.to_vec(),
            };
            let answer = self.call(&known.allocator, SHARES, &ask).await?;
            let answer: SharesAnswer = message::read(&answer)?;
            if answer.shares.len() != some.len() {
                return Err(wrong("the allocator answered about others"));
            }
            for (number, share) in some.iter().zip(answer.shares) {
                let Some((share, nonce)) = share else {
                    arms.push(None);
                    continue;
                };
                let bound = state.trial_minimised(id, *number);
                // The allocator's node may be some blocks ahead of this one.
                let Some(bound) = bound.and_then(|it| it.commitment) else {
                    arms.push(None);
                    continue;
                };
                let nonce: Digest = nonce.parse().map_err(|_| wrong("a salt of 64 digits"))?;
                if bound != commitment(id, *number, (share, &nonce.0)) {
                    return Err(wrong(
                        "the allocator told another arm than the one it bound",
                    ));
                }
                let arm = known.design.arm(share);
                let arm = arm.and_then(|arm| protocol.arms.get(usize::from(arm)));
                arms.push(arm.map(|arm| arm.name.clone()));
            }
        }
        Ok(arms)
    }

    /// Tells a site the shares of its own participants.
    pub(crate) async fn answer_shares(
        &self,
        from: &str,
        ask: SharesAsk,
    ) -> Result<SharesAnswer, HospitalError> {
        let id: Digest = ask.trial.parse().map_err(|_| wrong("the id of a trial"))?;
        let (state, trial, _) = self.trial_here(&id).await?;
        let absent = || HospitalError::Absent("a trial in which this node allocates".into());
        let known = state.trial_minimisation(&id).ok_or_else(absent)?;
        if known.allocator != self.0.organisation || ask.numbers.len() > LISTED_MAX {
            return Err(absent());
        }
        let all = entered(&state, &id, &trial);
        // A number that is not known here yet has no share: the site's node may be ahead.
        let own = |number: &u32| {
            let at = usize::try_from(*number).ok()?;
            match all.get(at) {
                Some((place, who)) => {
                    (who.site == from).then_some((at, place.commitment.is_some()))
                }
                None => Some((at, false)),
            }
        };
        let own: Option<Vec<(usize, bool)>> = ask.numbers.iter().map(own).collect();
        let own = own.ok_or_else(|| {
            HospitalError::Forbidden("a site learns the arms of its own participants alone".into())
        })?;
        let agent = AccessAgent {
            organisation: from.to_owned(),
            ..AccessAgent::default()
        };
        self.trial_access(agent, "shares").await?;
        let shown = self.drawn_shares(&id, &known, all.clone()).await?;
        let shares = own.into_iter().map(|(at, is_bound)| {
            let shown = shown.get(at).filter(|_| is_bound)?;
            Some((shown.share, Digest(shown.nonce).to_string()))
        });
        Ok(SharesAnswer {
            shares: shares.collect(),
        })
    }

    /// Shows all shares, once the data are locked; how many.
    pub(super) async fn show_shares(&self, id: &Digest) -> Result<usize, HospitalError> {
        let (state, trial, _) = self.trial_here(id).await?;
        let Some(known) = state.trial_minimisation(id) else {
            return Ok(0);
        };
        if known.allocator != self.0.organisation {
            return Ok(0);
        }
        let all = entered(&state, id, &trial);
        let shown = self.drawn_shares(id, &known, all.clone()).await?;
        let due = (0u32..).zip(all).zip(shown);
        let due =
            due.filter(|((_, (place, _)), _)| place.commitment.is_some() && place.shown.is_none());
        let due: Vec<Showing> = due
            .map(|((number, _), shown)| Showing { number, shown })
            .collect();
        for some in due.chunks(LISTED_MAX) {
            let shares = some.to_vec();
            self.act_of_trial(id, Act::Minimise(Minimise::Show { shares }))
                .await?;
        }
        Ok(due.len())
    }

    /// The allocations of a trial that minimises, replayed once all are shown.
    pub async fn trial_minimisation(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        id: &Digest,
    ) -> Result<MinimisationSeen, HospitalError> {
        looks(caller)?;
        let (state, trial, _) = self.trial_here(id).await?;
        let absent = || HospitalError::Absent("a minimisation of this trial".into());
        let known = state.trial_minimisation(id).ok_or_else(absent)?;
        self.trial_access(agent, "minimisation").await?;
        let all = entered(&state, id, &trial);
        let is_shown = all.iter().any(|(place, _)| place.shown.is_some());
        let told: Vec<(Digest, Told)> = all
            .into_iter()
            .map(|(place, who)| {
                let (name, committed, shown) = (place.participant, place.commitment, place.shown);
                let told = Told {
                    entered: as_entered((place, who)),
                    commitment: committed,
                    shown,
                };
                (name, told)
            })
            .collect();
        let mut deviations = None;
        if is_shown {
            let (id, known, told) = (*id, known.clone(), told.clone());
            let replayed = self.0.cpu.run(move || {
                let bound = Bound {
                    trial: &id,
                    key: &known.key,
                    beacon: &known.beacon.unwrap_or_default(),
                    design: &known.design,
                };
                let told: Vec<Told> = told.into_iter().map(|(_, it)| it).collect();
                replay(&bound, &told)
            });
            deviations = Some(replayed.await?);
        }
        Ok(MinimisationSeen {
            known,
            told,
            deviations,
        })
    }
}

fn as_entered((place, who): (Place, Participant)) -> Entered {
    Entered {
        site: who.site,
        levels: place.levels,
    }
}
