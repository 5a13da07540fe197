//! A trial that minimises, on the ledger: what each rule takes and refuses, and the replay of all
//! that it has at the end.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use ledger::{Kind, Refusal};
use proof::vrf::VrfPublic;
use proof::{Digest, sha256};
use support::{Network, genesis};
use trial::acts::{
    Act, Allocated, Decision, Enrolment, Entrant, Minimise, Party, Refused, Role, Showing, Step,
    TrialBody,
};
use trial::minimisation::{
    Allocator, Bound, Design, Deviation, Entered, Factor, Measure, Shown, Told, commitment, replay,
};

const TRIAL: Digest = Digest([9; 32]);
const SPONSOR: &str = "maker";
const EAST: &str = "east";
const WEST: &str = "west";
const AGENCY: &str = "agency";
/// A stranger's number that nobody has.
const NOBODY: u32 = 99;

struct Study {
    network: Network,
    design: Design,
    allocator: Allocator,
}

fn digest(text: &str) -> Digest {
    sha256(text.as_bytes())
}

fn party(name: &str, role: Role) -> Party {
    Party {
        organisation: name.to_owned(),
        role,
    }
}

fn entrants(numbers: &[u16]) -> Vec<Entrant> {
    let all = numbers.iter().map(|number| Entrant {
        levels: vec![number % 2, number % 3],
        participant: digest(&format!("participant {number}")),
        consent: digest("consent"),
    });
    all.collect()
}

fn enter(numbers: &[u16]) -> Minimise {
    Minimise::Enter {
        version: 1,
        participants: entrants(numbers),
    }
}

fn mix() -> Minimise {
    let chance = digest("a chance");
    Minimise::Mix { chance }
}

impl Study {
    /// A sealed trial that the east accepted; the agency is to allocate.
    fn sealed() -> Self {
        let factors = [(2, 1), (3, 2)].map(|(levels, weight)| Factor { levels, weight });
        let design = Design::new(vec![1, 1], (factors.into(), 1), (Measure::Range, 800));
        let mut study = Self {
            network: Network::of(&genesis(&[AGENCY, EAST, SPONSOR, WEST])),
            design: design.unwrap(),
            allocator: Allocator::new(&digest("a secret"), &TRIAL),
        };
        let sealed = Act::Seal {
            protocol: digest("protocol"),
            parties: vec![
                party(AGENCY, Role::Regulator),
                party(EAST, Role::Site),
                party(WEST, Role::Site),
            ],
            quorum: 3,
        };
        study.plain(SPONSOR, sealed).unwrap();
        study.plain(EAST, Act::Accept { version: 1 }).unwrap();
        study
    }

    /// One in which the east enrols.
    fn ready() -> Self {
        let mut study = Self::sealed();
        study.does(SPONSOR, study.binding());
        study.does(EAST, mix());
        study
    }

    fn binding(&self) -> Minimise {
        Minimise::Bind {
            allocator: AGENCY.to_owned(),
            key: self.allocator.public(),
            design: self.design.clone(),
        }
    }

    fn plain(&mut self, name: &str, act: Act) -> Result<(), Refused> {
        let body = TrialBody { trial: TRIAL, act };
        match self.network.act(name, Kind::Trial, &body) {
            Ok(_) => Ok(()),
            Err(Refusal::Trial(reason)) => Err(reason),
            Err(other) => panic!("{other}"),
        }
    }

    fn act(&mut self, name: &str, act: Minimise) -> Result<(), Refused> {
        self.plain(name, Act::Minimise(act))
    }

    fn does(&mut self, name: &str, act: Minimise) {
        self.act(name, act).unwrap();
    }

    fn enrolled(&self) -> u32 {
        self.network.state.trial(&TRIAL).unwrap().enrolled
    }

    fn beacon(&self) -> Digest {
        let minimisation = self.network.state.trial_minimisation(&TRIAL).unwrap();
        minimisation.beacon.unwrap()
    }

    /// What anybody reads from the state, in the order of the numbers.
    fn told(&self) -> Vec<Told> {
        let state = &self.network.state;
        let all = (0..self.enrolled()).map(|number| {
            let place = state.trial_minimised(&TRIAL, number).unwrap();
            let who = state.trial_participant(&TRIAL, &place.participant).unwrap();
            Told {
                entered: Entered {
                    site: who.site,
                    levels: place.levels,
                },
                commitment: place.commitment,
                shown: place.shown,
            }
        });
        all.collect()
    }

    /// What the allocator gives to all who have entered.
    fn drawn(&self) -> Vec<Shown> {
        let entered: Vec<Entered> = self.told().into_iter().map(|it| it.entered).collect();
        let drawn = self
            .allocator
            .allocate((&self.beacon(), &self.design), &entered);
        drawn.unwrap()
    }

    fn allocation(shown: &[Shown], numbers: std::ops::Range<u32>) -> Minimise {
        let shares = numbers.map(|number| {
            let shown = &shown[number as usize];
            Allocated {
                number,
                commitment: commitment(&TRIAL, number, (shown.share, &shown.nonce)),
            }
        });
        Minimise::Allocate {
            shares: shares.collect(),
        }
    }

    fn showing(shown: &[Shown]) -> Minimise {
        let shares = (0..).zip(shown);
        let shares = shares.map(|(number, shown)| Showing {
            number,
            shown: *shown,
        });
        Minimise::Show {
            shares: shares.collect(),
        }
    }

    fn locks(&mut self) {
        let decision = Decision::Lock {
            snapshot: digest("rows"),
            rows: 12,
            programs: digest("programs"),
        };
        let number = 1;
        self.plain(SPONSOR, Act::Propose { number, decision })
            .unwrap();
        for name in [EAST, WEST] {
            self.plain(name, Act::Confirm { number }).unwrap();
        }
    }

    fn replayed(&self) -> Vec<(u32, Deviation)> {
        let minimisation = self.network.state.trial_minimisation(&TRIAL).unwrap();
        let bound = Bound {
            trial: &TRIAL,
            key: &minimisation.key,
            beacon: &minimisation.beacon.unwrap(),
            design: &minimisation.design,
        };
        replay(&bound, &self.told())
    }
}

#[test]
fn key_and_design_are_bound_once_before_the_first_participant() {
    let mut study = Study::sealed();
    let early = study.act(EAST, mix());
    assert_eq!(early, Err(Refused::Before(Step::Binding)));
    let early = study.act(EAST, enter(&[1]));
    assert_eq!(early, Err(Refused::Before(Step::Binding)));
    let by_site = study.act(EAST, study.binding());
    assert_eq!(by_site, Err(Refused::Party(Role::Sponsor)));
    let with = |allocator: &str, key| Minimise::Bind {
        allocator: allocator.to_owned(),
        key,
        design: study.design.clone(),
    };
    let key = study.allocator.public();
    // A site, a stranger, and a key under which anything could be shown.
    let weak = VrfPublic([0; 32]);
    let wrong = [with(EAST, key), with("nobody", key), with(AGENCY, weak)];
    for act in wrong {
        assert_eq!(study.act(SPONSOR, act), Err(Refused::Allocator));
    }
    study.does(SPONSOR, study.binding());
    assert_eq!(study.act(SPONSOR, study.binding()), Err(Refused::Done));

    let early = study.act(EAST, enter(&[1]));
    assert_eq!(early, Err(Refused::Before(Step::Beacon)));
    assert_eq!(
        study.act(WEST, mix()),
        Err(Refused::Before(Step::Acceptance))
    );
    assert_eq!(study.act(SPONSOR, mix()), Err(Refused::Party(Role::Site)));
    study.does(EAST, mix());
    assert_eq!(study.act(EAST, mix()), Err(Refused::Done));
}

#[test]
fn a_trial_allocates_in_one_way_only() {
    let mut study = Study::ready();
    let by_list = Act::Enrol {
        version: 1,
        participants: vec![Enrolment {
            stratum: 0,
            slot: 0,
            participant: digest("x"),
            consent: digest("consent"),
        }],
    };
    assert_eq!(
        study.plain(EAST, by_list),
        Err(Refused::Design { minimises: true })
    );
}

#[test]
fn participants_enter_in_the_order_of_the_ledger_with_the_levels_of_the_design() {
    let mut study = Study::ready();
    study.does(EAST, enter(&[1, 2]));
    let twice = study.act(EAST, enter(&[3, 1]));
    assert_eq!(twice, Err(Refused::Participant { enrolled: true }));
    assert_eq!(study.enrolled(), 2, "all or none");
    for levels in [vec![2, 0], vec![0, 3], vec![0], vec![0, 0, 0]] {
        let mut participants = entrants(&[5]);
        participants[0].levels = levels;
        let wrong = Minimise::Enter {
            version: 1,
            participants,
        };
        assert_eq!(study.act(EAST, wrong), Err(Refused::Levels));
    }
    assert_eq!(
        study.act(WEST, enter(&[3])),
        Err(Refused::Before(Step::Acceptance))
    );
    assert_eq!(
        study.act(SPONSOR, enter(&[3])),
        Err(Refused::Party(Role::Site))
    );
    study.plain(WEST, Act::Accept { version: 1 }).unwrap();
    study.does(WEST, enter(&[3]));
    let place = study.network.state.trial_minimised(&TRIAL, 2).unwrap();
    assert_eq!(place.participant, digest("participant 3"));
    let state = &study.network.state;
    let who = state.trial_participant(&TRIAL, &place.participant).unwrap();
    assert_eq!((who.site.as_str(), who.slot), (WEST, 2));
}

#[test]
fn a_share_is_bound_when_somebody_enters_and_shown_after_the_lock() {
    let mut study = Study::ready();
    study.does(EAST, enter(&[1, 2, 3]));
    let shown = study.drawn();
    let first = || Study::allocation(&shown, 0..1);
    assert_eq!(study.act(SPONSOR, first()), Err(Refused::Allocator));
    let nobody = Minimise::Allocate {
        shares: vec![Allocated {
            number: NOBODY,
            commitment: digest("x"),
        }],
    };
    assert_eq!(
        study.act(AGENCY, nobody),
        Err(Refused::Before(Step::Enrolment))
    );
    study.does(AGENCY, first());
    assert_eq!(study.act(AGENCY, first()), Err(Refused::Done));
    study.does(AGENCY, Study::allocation(&shown, 1..2));
    let early = study.act(AGENCY, Study::showing(&shown));
    assert_eq!(early, Err(Refused::Locked { locked: false }));
    study.locks();
    let late = study.act(AGENCY, Study::allocation(&shown, 2..3));
    assert_eq!(late, Err(Refused::Locked { locked: true }));
    assert_eq!(
        study.act(EAST, enter(&[4])),
        Err(Refused::Locked { locked: true })
    );
    let open = study.act(AGENCY, Study::showing(&shown));
    assert_eq!(open, Err(Refused::Before(Step::Allocation)), "the third");
    for change in 0..3 {
        let mut wrong = shown[0];
        match change {
            0 => wrong.share ^= 1,
            1 => wrong.nonce[0] ^= 1,
            // The number of another participant.
            _ => wrong.proof = shown[1].proof,
        }
        let act = Study::showing(&[wrong]);
        assert_eq!(study.act(AGENCY, act), Err(Refused::Sealed));
    }
    let by_sponsor = study.act(SPONSOR, Study::showing(&shown[..2]));
    assert_eq!(by_sponsor, Err(Refused::Allocator));
    study.does(AGENCY, Study::showing(&shown[..2]));
    let again = study.act(AGENCY, Study::showing(&shown[..1]));
    assert_eq!(again, Err(Refused::Done));
    assert_eq!(study.replayed(), [(2, Deviation::Open)]);
}

#[test]
fn anybody_replays_the_sequence_from_the_state_and_finds_the_arm_that_was_preferred() {
    let mut study = Study::ready();
    study.plain(WEST, Act::Accept { version: 1 }).unwrap();
    study.does(EAST, enter(&(0..20).collect::<Vec<_>>()));
    study.does(WEST, enter(&(20..40).collect::<Vec<_>>()));
    // The allocator gives one participant another arm than the rule says, and nobody sees it yet.
    let mut shown = study.drawn();
    let drawn = shown[23].share;
    shown[23].share = 1 - drawn;
    study.does(AGENCY, Study::allocation(&shown, 0..40));
    study.locks();
    study.does(AGENCY, Study::showing(&shown));
    let found = study.replayed();
    let given = 1 - drawn;
    assert_eq!(found[0], (23, Deviation::Share { given, drawn }));
    assert!(found.iter().all(|(number, _)| *number >= 23));
}

#[test]
fn honest_shares_replay_without_a_deviation() {
    let mut study = Study::ready();
    study.does(EAST, enter(&(0..25).collect::<Vec<_>>()));
    study.does(AGENCY, Study::allocation(&study.drawn(), 0..25));
    study.does(EAST, enter(&(25..50).collect::<Vec<_>>()));
    let shown = study.drawn();
    study.does(AGENCY, Study::allocation(&shown, 25..50));
    study.locks();
    study.does(AGENCY, Study::showing(&shown));
    assert_eq!(study.replayed(), []);
}
