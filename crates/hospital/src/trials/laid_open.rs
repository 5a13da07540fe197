//! The allocation lists at the end: drawn again from the secrets that were shown, compared with
//! what was sealed and used, and tested for what chance does not do.
//!
//! Who was in which slot is told by the sites, and each answer opens a pseudonym of the ledger: no
//! site can tell of another participant than the one that was enrolled.

#[cfg(test)]
mod tests;

use monitoring::allocation::{self, Balance, Deviation, Enrolled, Runs, SelectionBias, Slot, Use};
use proof::{CommitmentKey, Digest};
use std::collections::{BTreeMap, BTreeSet};
use trial::acts::{Site, Which};
use trial::allocation::{Design, Half};

use super::draw::drawn;
use super::kept::{committed, opening, people_secret, read_key};
use super::message::{OpenedSubject, SLOTS, SlotsAnswer, SlotsAsk};
use super::oversight::{mapped, oversees};
use super::protocol::{Protocol, sites};
use super::wrong;
use crate::access_log::AccessAgent;
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::setup::Hospital;
use crate::sharing::message;

/// Items that are compared with what could be foreseen.
const ITEMS_MAX: usize = 20;
const DAY_US: i64 = 86_400_000_000;

/// A list that was laid open.
#[derive(Debug, Clone)]
pub struct OpenedList {
    /// Whose.
    pub site: String,
    /// Whether both halves, drawn again, have the roots that were sealed.
    pub is_as_sealed: bool,
    /// Slots that were used.
    pub used: usize,
    /// Where what was used is not what was sealed.
    pub deviations: Vec<Deviation>,
}

/// A participant with the arm of the slot.
#[derive(Debug, Clone)]
pub struct OpenedArm {
    /// The site.
    pub site: String,
    /// The subject key.
    pub subject: String,
    /// The name of the stratum.
    pub stratum: String,
    /// The slot in it, from 0.
    pub slot: u32,
    /// The name of the arm.
    pub arm: String,
}

/// Whether whoever enrolled could choose.
#[derive(Debug, Clone)]
pub struct Foreseen {
    /// What was known of participants at their first visit.
    pub item: String,
    /// The arm that was to be expected.
    pub arm: String,
    /// What the test says.
    pub test: SelectionBias,
}

/// What is said of the lists of a trial.
#[derive(Debug, Clone, Default)]
pub struct Allocation {
    /// The lists.
    pub lists: Vec<OpenedList>,
    /// Who had which arm.
    pub participants: Vec<OpenedArm>,
    /// Balance, overall and by stratum.
    pub balance: Vec<Balance>,
    /// Runs, by stratum.
    pub runs: Vec<(String, Runs)>,
    /// Selection bias (Berger and Exner), by what was known.
    pub bias: Vec<Foreseen>,
    /// What to know when reading it.
    pub notes: Vec<String>,
}

/// The list of a site, drawn again.
struct Drawn {
    halves: [Half; 2],
    is_as_sealed: bool,
}

/// All slots of whole blocks that were begun, with the place of each.
#[derive(Default)]
struct Slots {
    list: Vec<Slot>,
    /// By site, stratum and slot.
    places: BTreeMap<(String, u16, u32), usize>,
    /// Which were used.
    used: Vec<bool>,
}

impl Hospital {
    /// The checks of the allocation, once both secrets of each list are shown.
    pub async fn check_allocation(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        id: &Digest,
    ) -> Result<Allocation, HospitalError> {
        let (state, trial, role) = self.trial_here(id).await?;
        oversees(caller, role)?;
        let kept = self.version_here(id, trial.version).await?;
        let design = kept.protocol.design()?;
        let mut drawn = BTreeMap::new();
        for name in sites(&trial.parties) {
            let site = state.trial_site(id, name);
            if site.next.iter().any(|it| *it > 0) {
                drawn.insert(
                    name.to_owned(),
                    (draw_again((id, &design), (name, &site))?, site),
                );
            }
        }
        self.trial_access(agent, "allocation-checks").await?;
        let mut made = Allocation::default();
        let mut all = Slots::default();
        for (name, (list, site)) in &drawn {
            let of = (id, name.as_str(), site);
            let given = |stratum: u16, slot: u32| {
                let used = state.trial_slot(id, name, (stratum, slot));
                used.map(|it| (it.participant, it.position))
            };
            lay_out(&mut all, (&kept.protocol, &design), of, list);
            made.lists.push(opened_list(
                (&kept.protocol, &design),
                of,
                (list, &all, &given),
            ));
        }
        tests_of_order(&mut made, &kept.protocol, &all);
        for (name, (list, _)) in &drawn {
            let of = (&kept.protocol, &design);
            match self.opened_subjects(id, name).await {
                Ok(subjects) => {
                    let arms = subjects.into_iter();
                    let arms = arms.filter_map(|one| opened_arm(of, (name, list), one));
                    made.participants.extend(arms);
                }
                Err(error) => {
                    let text = format!("{name} does not tell who was where: {error}");
                    made.notes.push(text);
                }
            }
        }
        let rows = self.rows_of_sites((id, &trial, role)).await?;
        let cut_day = self.now_us().div_euclid(DAY_US);
        let done = self.0.cpu.run(move || {
            match mapped(&kept, &rows, cut_day) {
                Ok(found) => foreseen(&mut made, &kept.protocol, (&all, &found.study)),
                Err(error) => made.notes.push(error.to_string()),
            }
            made
        });
        done.await
    }

    /// Who of a site was in which slot, each as the ledger has it.
    async fn opened_subjects(
        &self,
        id: &Digest,
        site: &str,
    ) -> Result<BTreeSet<(String, u16, u32)>, HospitalError> {
        let ask = SlotsAsk {
            trial: id.to_string(),
        };
        let answer: SlotsAnswer = message::read(&self.call(site, SLOTS, &ask).await?)?;
        let state = self.0.chain.state();
        let opened = answer.participants.into_iter().map(|one| {
            let key: Option<CommitmentKey> = read_key(&one.key);
            let name = key.map(|key| committed(&key, &one.subject));
            let known = name.and_then(|name| state.trial_participant(id, &name));
            let known = known.filter(|it| it.site == site);
            let known = known.ok_or_else(|| {
                wrong(format!("a subject of {site} is not one that was enrolled"))
            })?;
            Ok((one.subject, known.stratum, known.slot))
        });
        opened.collect()
    }

    /// Tells those who oversee a trial who was in which slot, once the list of this site is open.
    pub(crate) async fn answer_slots(
        &self,
        from: &str,
        ask: &SlotsAsk,
    ) -> Result<SlotsAnswer, HospitalError> {
        let words = "who was in which slot goes to sponsor, monitors and regulators";
        let (id, _, agent) = self.overseen(from, &ask.trial, words).await?;
        let state = self.0.chain.state();
        let here = &self.0.organisation;
        let site = state.trial_site(&id, here);
        shown(here, &site)?;
        self.trial_access(agent, "slots").await?;
        let secret = self.trial_secret(&people_secret(&id)).await?;
        let mut participants = Vec::new();
        for (stratum, next) in (0u16..).zip(&site.next) {
            for slot in 0..*next {
                let used = state.trial_slot(&id, here, (stratum, slot));
                let Some(used) = used else { continue };
                if let Some(kept) = self.kept_participant(&id, &used.participant).await? {
                    participants.push(OpenedSubject {
                        key: Digest(opening(&secret, &kept.subject).0).to_string(),
                        subject: kept.subject,
                    });
                }
            }
        }
        Ok(SlotsAnswer { participants })
    }
}

/// Both secrets of a list.
fn shown(name: &str, site: &Site) -> Result<[Digest; 2], HospitalError> {
    match (site.sponsor.secret, site.site.secret) {
        (Some(sponsor), Some(own)) => Ok([sponsor, own]),
        _ => Err(wrong(format!(
            "the list of {name} is sealed still: lock the data, then both hands show their secrets"
        ))),
    }
}

fn draw_again(
    (id, design): (&Digest, &Design),
    (name, site): (&str, &Site),
) -> Result<Drawn, HospitalError> {
    let [sponsor, own] = shown(name, site)?;
    let beacon = site.beacon.unwrap_or_default();
    let half = |secret: &Digest, which| drawn((id, design), (name, &beacon), (secret, which));
    let halves = [half(&sponsor, Which::Sponsor), half(&own, Which::Site)];
    let is_as_sealed =
        site.sponsor.root == Some(halves[0].root()) && site.site.root == Some(halves[1].root());
    Ok(Drawn {
        halves,
        is_as_sealed,
    })
}

fn stratum_of(protocol: &Protocol, site: &str, stratum: u16) -> String {
    let name = protocol.strata.get(usize::from(stratum));
    format!("{site}: {}", name.map_or("", String::as_str))
}

fn lay_out(
    all: &mut Slots,
    (protocol, design): (&Protocol, &Design),
    (_, name, site): (&Digest, &str, &Site),
    list: &Drawn,
) {
    let block = u32::from(protocol.block.max(1));
    for (stratum, next) in (0u16..).zip(&site.next) {
        // What could be foreseen follows from whole blocks.
        for slot in 0..next.next_multiple_of(block) {
            let Some(arm) = design.arm((&list.halves[0], &list.halves[1]), stratum, slot) else {
                continue;
            };
            all.places
                .insert((name.to_owned(), stratum, slot), all.list.len());
            all.used.push(slot < *next);
            all.list.push(Slot {
                stratum: stratum_of(protocol, name, stratum),
                block: slot / block,
                arm: usize::from(arm),
            });
        }
    }
}

type Given<'a> = &'a dyn Fn(u16, u32) -> Option<(Digest, Option<u16>)>;

/// Compares what was given with the list: the arm that follows from the position that was opened.
fn opened_list(
    (protocol, design): (&Protocol, &Design),
    (_, name, site): (&Digest, &str, &Site),
    (list, all, given): (&Drawn, &Slots, Given<'_>),
) -> OpenedList {
    let mut uses = Vec::new();
    let mut count = 0;
    for (stratum, next) in (0u16..).zip(&site.next) {
        for slot in 0..*next {
            let place = all.places.get(&(name.to_owned(), stratum, slot));
            let (Some(place), Some((who, position))) = (place, given(stratum, slot)) else {
                continue;
            };
            count += 1;
            // Not opened yet: nobody knew an arm.
            let Some(position) = position else { continue };
            let leaf = list.halves[1].leaf(stratum, design.place(slot, position));
            uses.push(Use {
                subject: who.to_string(),
                stratum: stratum_of(protocol, name, stratum),
                slot: *place,
                arm: leaf.map_or(usize::MAX, |it| usize::from(it.value)),
            });
        }
    }
    OpenedList {
        site: name.to_owned(),
        is_as_sealed: list.is_as_sealed,
        used: count,
        deviations: allocation::against(&all.list, &uses),
    }
}

fn tests_of_order(made: &mut Allocation, protocol: &Protocol, all: &Slots) {
    let used = all.list.iter().zip(&all.used).filter(|it| *it.1);
    let used: Vec<Slot> = used.map(|it| it.0.clone()).collect();
    let ratio: Vec<u32> = protocol.arms.iter().map(|it| u32::from(it.ratio)).collect();
    made.balance = allocation::balance(&used, &ratio);
    let mut strata: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for slot in &used {
        strata.entry(&slot.stratum).or_default().push(slot.arm);
    }
    let runs = strata.into_iter();
    let runs = runs.filter_map(|(name, arms)| Some((name.to_owned(), allocation::runs(&arms)?)));
    made.runs = runs.collect();
    made.notes.push(
        "arms in blocks change more often than by chance: few runs are what would be odd"
            .to_owned(),
    );
}

fn opened_arm(
    (protocol, design): (&Protocol, &Design),
    (site, list): (&str, &Drawn),
    (subject, stratum, slot): (String, u16, u32),
) -> Option<OpenedArm> {
    let arm = design.arm((&list.halves[0], &list.halves[1]), stratum, slot)?;
    Some(OpenedArm {
        site: site.to_owned(),
        subject,
        stratum: protocol.strata.get(usize::from(stratum))?.clone(),
        slot,
        arm: protocol.arms.get(usize::from(arm))?.name.clone(),
    })
}

/// Does what was known at the first visit follow from the arm that was to be expected?
fn foreseen(
    made: &mut Allocation,
    protocol: &Protocol,
    (all, study): (&Slots, &monitoring::Study),
) {
    let strata = |name: &str| protocol.strata.iter().position(|it| it == name);
    let mut slots: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for one in &made.participants {
        let stratum = strata(&one.stratum).and_then(|it| u16::try_from(it).ok());
        let key = stratum.map(|it| (one.site.clone(), it, one.slot));
        if let Some(place) = key.and_then(|key| all.places.get(&key)) {
            slots.insert((&one.site, &one.subject), *place);
        }
    }
    // Two arms are foreseen together: what is not the one is the other.
    let arms = match protocol.arms.len() {
        2 => 1,
        more => more,
    };
    let mut bias = Vec::new();
    for (at, item) in study.items.iter().enumerate().take(ITEMS_MAX) {
        let people = study.sites.iter().flat_map(|site| {
            let slots = &slots;
            site.subjects.iter().filter_map(move |subject| {
                let visit = subject.visits.first()?;
                let value = visit.values.get(at).copied().flatten()?;
                let slot = slots.get(&(site.id.as_str(), subject.id.as_str()))?;
                Some(Enrolled {
                    slot: *slot,
                    covariate: value.number,
                })
            })
        });
        let people: Vec<Enrolled> = people.collect();
        for (arm, named) in protocol.arms.iter().enumerate().take(arms) {
            if let Some(test) = allocation::selection_bias(&all.list, arm, &people) {
                bias.push(Foreseen {
                    item: item.name.clone(),
                    arm: named.name.clone(),
                    test,
                });
            }
        }
    }
    if bias.is_empty() {
        made.notes
            .push("nothing was known of enough participants at a first visit".to_owned());
    }
    made.bias = bias;
}
