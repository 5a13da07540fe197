//! A trial on the ledger: what each rule takes and what it refuses.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use ledger::{Kind, Refusal};
use proof::{Digest, sha256};
use support::{Network, genesis};
use trial::acts::{Act, Decision, Enrolment, Keep, Opened, Party, Refused, Role, Step, TrialBody};
use trial::allocation::{Design, Draw, commitment};

const TRIAL: Digest = Digest([9; 32]);
const SPONSOR: &str = "maker";
const EAST: &str = "east";
const WEST: &str = "west";
const AGENCY: &str = "agency";
const STRANGER: &str = "stranger";

struct Study {
    network: Network,
    design: Design,
}

fn party(name: &str, role: Role) -> Party {
    Party {
        organisation: name.to_owned(),
        role,
    }
}

fn parties() -> Vec<Party> {
    vec![
        party(AGENCY, Role::Regulator),
        party(EAST, Role::Site),
        party(WEST, Role::Site),
    ]
}

fn digest(text: &str) -> Digest {
    sha256(text.as_bytes())
}

fn secret(who: &str, site: &str) -> Digest {
    digest(&format!("{who} at {site}"))
}

fn sealed(protocol: &str) -> Act {
    Act::Seal {
        protocol: digest(protocol),
        parties: parties(),
        quorum: 3,
    }
}

fn amended(version: u32) -> Act {
    Act::Amend {
        version,
        protocol: digest("amended"),
        reason: digest("why"),
        reconsent: true,
        parties: parties(),
    }
}

fn enrolled(version: u32, slots: &[u32]) -> Act {
    let participants = slots.iter().map(|slot| Enrolment {
        stratum: 0,
        slot: *slot,
        participant: digest(&format!("participant {slot}")),
        consent: digest("consent"),
    });
    Act::Enrol {
        version,
        participants: participants.collect(),
    }
}

fn lock() -> Decision {
    Decision::Lock {
        snapshot: digest("rows"),
        rows: 12,
        programs: digest("programs"),
    }
}

impl Study {
    /// A trial that nothing is sealed of.
    fn new() -> Self {
        let names = [AGENCY, EAST, SPONSOR, STRANGER, WEST];
        Self {
            network: Network::of(&genesis(&names)),
            design: Design::new(vec![1, 1], 4, vec![4, 8]).unwrap(),
        }
    }

    /// One that may enrol in the east.
    fn ready() -> Self {
        let mut study = Self::new();
        study.does(SPONSOR, sealed("protocol"));
        study.does(EAST, Act::Accept { version: 1 });
        study.draws(EAST);
        study
    }

    fn act(&mut self, name: &str, act: Act) -> Result<(), Refused> {
        let body = TrialBody { trial: TRIAL, act };
        match self.network.act(name, Kind::Trial, &body) {
            Ok(_) => Ok(()),
            Err(Refusal::Trial(reason)) => Err(reason),
            Err(other) => panic!("{other}"),
        }
    }

    fn does(&mut self, name: &str, act: Act) {
        self.act(name, act).unwrap();
    }

    fn contribution(who: &str, site: &str) -> Act {
        Act::Contribute {
            site: site.to_owned(),
            commitment: commitment(&secret(who, site)),
        }
    }

    fn half(&self, who: &str, site: &str) -> trial::allocation::Half {
        let beacon = self.network.state.trial_site(&TRIAL, site).beacon.unwrap();
        let draw = Draw {
            trial: &TRIAL,
            site,
            beacon: &beacon,
            secret: &secret(who, site),
        };
        if who == SPONSOR {
            draw.positions(&self.design)
        } else {
            draw.arms(&self.design)
        }
    }

    fn listed(&self, who: &str, site: &str) -> Act {
        Act::List {
            site: site.to_owned(),
            root: self.half(who, site).root(),
            strata: self.design.strata().to_vec(),
        }
    }

    fn draws(&mut self, site: &str) {
        for who in [SPONSOR, site] {
            self.does(who, Self::contribution(who, site));
        }
        for who in [SPONSOR, site] {
            let list = self.listed(who, site);
            self.does(who, list);
        }
    }

    fn opened(&self, slot: u32) -> Act {
        let (leaf, path) = self.half(SPONSOR, EAST).open(0, slot).unwrap();
        Act::Open {
            site: EAST.to_owned(),
            leaves: vec![Opened {
                stratum: 0,
                slot,
                value: leaf.value,
                nonce: leaf.nonce,
                path,
            }],
        }
    }
}

#[test]
fn a_trial_is_sealed_once_by_one_sponsor_with_members_as_parties() {
    let mut study = Study::new();
    let unknown = study.act(EAST, Act::Accept { version: 1 });
    assert_eq!(unknown, Err(Refused::Trial { known: false }));
    let with = |parties: Vec<Party>, quorum| Act::Seal {
        protocol: digest("protocol"),
        parties,
        quorum,
    };
    let east = party(EAST, Role::Site);
    let wrong = [
        with(vec![], 1),
        with(vec![party(AGENCY, Role::Regulator)], 2),
        with(vec![east.clone(), east.clone()], 2),
        with(vec![east.clone(), party(SPONSOR, Role::Monitor)], 2),
        with(vec![party("nobody", Role::Site)], 2),
        with(vec![party(EAST, Role::Sponsor)], 2),
        with(vec![party(WEST, Role::Site), east.clone()], 2),
        with(vec![east.clone()], 1),
        with(vec![east], 3),
    ];
    for act in wrong {
        assert_eq!(study.act(SPONSOR, act), Err(Refused::Parties));
    }
    study.does(SPONSOR, sealed("protocol"));
    let time_ms = study.network.time_ms();
    let again = study.act(STRANGER, sealed("mine"));
    assert_eq!(again, Err(Refused::Trial { known: true }));
    let trial = study.network.state.trial(&TRIAL).unwrap();
    assert_eq!((trial.sponsor.as_str(), trial.version), (SPONSOR, 1));
    let version = study.network.state.trial_version(&TRIAL, 1).unwrap();
    assert_eq!(version.protocol, digest("protocol"));
    assert_eq!(version.time_ms, time_ms);
}

#[test]
fn an_amendment_follows_the_last_version_and_says_how_many_were_enrolled() {
    let mut study = Study::ready();
    study.does(EAST, enrolled(1, &[0, 1]));
    let not_next = study.act(SPONSOR, amended(3));
    let (expected, given) = (2, 3);
    assert_eq!(not_next, Err(Refused::Version { expected, given }));
    let stranger = study.act(EAST, amended(2));
    assert_eq!(stranger, Err(Refused::Party(Role::Sponsor)));
    let without = Act::Amend {
        version: 2,
        protocol: digest("amended"),
        reason: digest("why"),
        reconsent: false,
        parties: vec![party(EAST, Role::Site)],
    };
    assert_eq!(study.act(SPONSOR, without), Err(Refused::Parties));
    study.does(SPONSOR, amended(2));
    let version = study.network.state.trial_version(&TRIAL, 2).unwrap();
    assert_eq!((version.enrolled, version.reason), (2, digest("why")));
    assert_eq!(study.network.state.trial(&TRIAL).unwrap().reconsent, 2);

    // The site has not accepted it yet, and the old one is not in force.
    let old = study.act(EAST, enrolled(1, &[2]));
    let (expected, given) = (2, 1);
    assert_eq!(old, Err(Refused::Version { expected, given }));
    let new = study.act(EAST, enrolled(2, &[2]));
    assert_eq!(new, Err(Refused::Before(Step::Acceptance)));
    study.does(EAST, Act::Accept { version: 2 });
    study.does(EAST, enrolled(2, &[2]));

    let who = digest("participant 0");
    let consent = |version| Act::Consent {
        participant: who,
        version,
        consent: digest("again"),
    };
    assert!(study.act(EAST, consent(1)).is_err());
    study.does(EAST, consent(2));
    assert_eq!(study.act(EAST, consent(2)), Err(Refused::Done));
    let known = study.network.state.trial_participant(&TRIAL, &who).unwrap();
    assert_eq!((known.version, known.consent), (2, digest("again")));
}

#[test]
fn nobody_is_enrolled_before_all_is_sealed() {
    let mut study = Study::new();
    study.does(SPONSOR, sealed("protocol"));
    let early = study.act(EAST, enrolled(1, &[0]));
    assert_eq!(early, Err(Refused::Before(Step::Acceptance)));
    study.does(EAST, Act::Accept { version: 1 });
    assert_eq!(
        study.act(EAST, Act::Accept { version: 1 }),
        Err(Refused::Done)
    );
    let early = study.act(EAST, enrolled(1, &[0]));
    assert_eq!(early, Err(Refused::Before(Step::List)));
    let list = Act::List {
        site: EAST.to_owned(),
        root: digest("root"),
        strata: vec![4],
    };
    let early = study.act(SPONSOR, list.clone());
    assert_eq!(early, Err(Refused::Before(Step::Contribution)));
    study.does(SPONSOR, Study::contribution(SPONSOR, EAST));
    assert_eq!(
        study.act(SPONSOR, Study::contribution(SPONSOR, EAST)),
        Err(Refused::Done),
        "a hand is bound once"
    );
    let early = study.act(SPONSOR, list);
    assert_eq!(early, Err(Refused::Before(Step::Contribution)));
    study.does(EAST, Study::contribution(EAST, EAST));
    study.does(SPONSOR, study.listed(SPONSOR, EAST));
    let early = study.act(EAST, enrolled(1, &[0]));
    assert_eq!(early, Err(Refused::Before(Step::List)));
    let other_shape = Act::List {
        site: EAST.to_owned(),
        root: digest("root"),
        strata: vec![4],
    };
    assert_eq!(study.act(EAST, other_shape), Err(Refused::Stratum));
    study.does(EAST, study.listed(EAST, EAST));
    assert_eq!(
        study.act(WEST, enrolled(1, &[0])),
        Err(Refused::Before(Step::Acceptance))
    );
    assert_eq!(
        study.act(AGENCY, enrolled(1, &[0])),
        Err(Refused::Party(Role::Site))
    );
    study.does(EAST, enrolled(1, &[0]));
}

#[test]
fn slots_are_used_in_their_order_and_each_once() {
    let mut study = Study::ready();
    assert_eq!(study.act(EAST, enrolled(1, &[1])), Err(Refused::Slot(0)));
    study.does(EAST, enrolled(1, &[0, 1]));
    let twice = study.act(EAST, enrolled(1, &[0]));
    assert_eq!(twice, Err(Refused::Participant { enrolled: true }));
    // All or none: the third is refused, so the first two are not enrolled either.
    let some = study.act(EAST, enrolled(1, &[2, 3, 4]));
    assert_eq!(some, Err(Refused::Stratum));
    assert_eq!(study.network.state.trial_site(&TRIAL, EAST).next, [2, 0]);
    study.does(EAST, enrolled(1, &[2, 3]));
    assert_eq!(study.network.state.trial(&TRIAL).unwrap().enrolled, 4);
    let slot = study
        .network
        .state
        .trial_slot(&TRIAL, EAST, (0, 3))
        .unwrap();
    assert_eq!(slot.participant, digest("participant 3"));
    assert_eq!(slot.position, None);
}

#[test]
fn only_the_sealed_leaf_of_a_used_slot_is_opened() {
    let mut study = Study::ready();
    let early = study.act(SPONSOR, study.opened(0));
    assert_eq!(early, Err(Refused::Before(Step::Enrolment)));
    study.does(EAST, enrolled(1, &[0, 1]));
    let Act::Open { site, leaves } = study.opened(0) else {
        panic!()
    };
    for change in 0..3 {
        let mut leaf = leaves[0].clone();
        match change {
            0 => leaf.value = (leaf.value + 1) % 4,
            1 => leaf.nonce[0] ^= 1,
            // The leaf of another slot.
            _ => leaf.slot = 1,
        }
        let wrong = Act::Open {
            site: site.clone(),
            leaves: vec![leaf],
        };
        assert_eq!(study.act(SPONSOR, wrong), Err(Refused::Sealed));
    }
    let by_site = study.act(EAST, study.opened(0));
    assert_eq!(by_site, Err(Refused::Party(Role::Sponsor)));
    study.does(SPONSOR, study.opened(0));
    assert_eq!(study.act(SPONSOR, study.opened(0)), Err(Refused::Done));
    let slot = study
        .network
        .state
        .trial_slot(&TRIAL, EAST, (0, 0))
        .unwrap();
    assert_eq!(slot.position, Some(leaves[0].value));
}

#[test]
fn a_participant_withdraws_and_is_opened_in_an_emergency_by_the_own_site_only() {
    let mut study = Study::ready();
    study.does(EAST, enrolled(1, &[0]));
    let participant = digest("participant 0");
    let unblind = Act::Unblind {
        participant,
        reason: digest("reaction"),
    };
    let withdraw = Act::Withdraw {
        participant,
        keep: Keep::Collected,
    };
    let absent = Err(Refused::Participant { enrolled: false });
    for act in [&unblind, &withdraw] {
        assert_eq!(study.act(WEST, act.clone()), absent);
        assert_eq!(study.act(SPONSOR, act.clone()), absent);
    }
    study.does(EAST, unblind.clone());
    assert_eq!(study.act(EAST, unblind), Err(Refused::Done));
    study.does(EAST, withdraw.clone());
    assert_eq!(study.act(EAST, withdraw), Err(Refused::Withdrawn));
    let known = study.network.state.trial_participant(&TRIAL, &participant);
    let known = known.unwrap();
    assert_eq!(known.withdrawn.unwrap().1, Keep::Collected);
    assert_eq!(known.unblinded.unwrap().1, digest("reaction"));
}

#[test]
fn data_are_locked_and_unlocked_by_the_quorum() {
    let mut study = Study::ready();
    let propose = |number, decision| Act::Propose { number, decision };
    let unlock = Decision::Unlock {
        reason: digest("a lab reported late"),
    };
    let open = Err(Refused::Locked { locked: false });
    assert_eq!(study.act(SPONSOR, propose(1, unlock)), open);
    let by_site = study.act(EAST, propose(1, lock()));
    assert_eq!(by_site, Err(Refused::Party(Role::Sponsor)));
    assert_eq!(
        study.act(SPONSOR, propose(2, lock())),
        Err(Refused::Decision(1))
    );
    study.does(SPONSOR, propose(1, lock()));
    assert_eq!(
        study.act(SPONSOR, Act::Confirm { number: 1 }),
        Err(Refused::Done)
    );
    assert!(study.act(STRANGER, Act::Confirm { number: 1 }).is_err());
    study.does(EAST, Act::Confirm { number: 1 });
    assert_eq!(study.network.state.trial(&TRIAL).unwrap().lock, None);
    study.does(AGENCY, Act::Confirm { number: 1 });
    let locked = study.network.state.trial(&TRIAL).unwrap().lock.unwrap();
    assert_eq!((locked.snapshot, locked.rows), (digest("rows"), 12));
    let closed = study.act(WEST, Act::Confirm { number: 1 });
    assert_eq!(closed, Err(Refused::Decision(2)));

    let is_locked = Err(Refused::Locked { locked: true });
    for (name, act) in [
        (SPONSOR, amended(2)),
        (EAST, enrolled(1, &[0])),
        (SPONSOR, propose(2, lock())),
    ] {
        assert_eq!(study.act(name, act), is_locked);
    }
    study.does(SPONSOR, propose(2, unlock));
    study.does(EAST, Act::Confirm { number: 2 });
    study.does(WEST, Act::Confirm { number: 2 });
    assert_eq!(study.network.state.trial(&TRIAL).unwrap().lock, None);
    let first = study.network.state.trial_decision(&TRIAL, 1).unwrap();
    assert_eq!(first.decision, lock(), "what was locked stays on record");
    study.does(EAST, enrolled(1, &[0]));
}

#[test]
fn secrets_are_revealed_after_the_lock_only() {
    let mut study = Study::ready();
    let reveal = |who: &str| Act::Reveal {
        site: EAST.to_owned(),
        secret: secret(who, EAST),
    };
    let open = Err(Refused::Locked { locked: false });
    assert_eq!(study.act(EAST, reveal(EAST)), open);
    let report = Act::Report {
        results: digest("results"),
    };
    assert_eq!(study.act(SPONSOR, report.clone()), open);
    study.does(
        SPONSOR,
        Act::Propose {
            number: 1,
            decision: lock(),
        },
    );
    for name in [EAST, WEST] {
        study.does(name, Act::Confirm { number: 1 });
    }
    assert_eq!(study.act(EAST, reveal(SPONSOR)), Err(Refused::Sealed));
    assert!(study.act(WEST, reveal(WEST)).is_err(), "not its list");
    study.does(EAST, reveal(EAST));
    study.does(SPONSOR, reveal(SPONSOR));
    assert_eq!(study.act(SPONSOR, reveal(SPONSOR)), Err(Refused::Done));
    let site = study.network.state.trial_site(&TRIAL, EAST);
    assert_eq!(site.sponsor.secret, Some(secret(SPONSOR, EAST)));
    assert_eq!(study.half(EAST, EAST).root(), site.site.root.unwrap());

    assert_eq!(
        study.act(EAST, report.clone()),
        Err(Refused::Party(Role::Sponsor))
    );
    study.does(SPONSOR, report);
    let reported = study.network.state.trial_report(&TRIAL, 1).unwrap();
    assert_eq!(reported.lock.programs, digest("programs"));
    assert_eq!(reported.results, digest("results"));
}
