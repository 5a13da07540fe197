//! The formats of trials: each value has one byte string, and bytes that are none are refused.
#![allow(clippy::unwrap_used, reason = "tests")]

use proof::Digest;
use proof::codec::Canonical;
use proof::transaction::BODY_BYTES_MAX;
use proof::vrf::{VRF_PROOF_BYTES, VrfProof, VrfPublic};
use proptest::prelude::*;
use trial::acts::{
    Act, Allocated, Decided, Decision, Enrolment, Entrant, Hand, Keep, LISTED_MAX, Lock,
    Minimisation, Minimise, OPENED_MAX, Opened, PARTIES_MAX, Participant, Party, Place, Reported,
    Role, STRATA_MAX, Showing, Site, Slot, Trial, TrialBody, Version,
};
use trial::minimisation::{Design, FACTORS_MAX, Factor, Measure, Shown};

fn digest(byte: u8) -> Digest {
    Digest([byte; 32])
}

fn parties() -> Vec<Party> {
    let party = |name: &str, role| Party {
        organisation: name.to_owned(),
        role,
    };
    vec![party("agency", Role::Regulator), party("east", Role::Site)]
}

fn enrolment() -> Enrolment {
    Enrolment {
        stratum: 1,
        slot: 2,
        participant: digest(3),
        consent: digest(4),
    }
}

fn opened() -> Opened {
    Opened {
        stratum: 1,
        slot: 2,
        value: 3,
        nonce: [4; 32],
        path: vec![digest(5); 17],
    }
}

fn lock() -> Decision {
    Decision::Lock {
        snapshot: digest(1),
        rows: 2,
        programs: digest(3),
    }
}

fn design() -> Design {
    let factor = |levels, weight| Factor { levels, weight };
    let factors = (vec![factor(2, 1), factor(3, 2)], 1);
    Design::new(vec![2, 1], factors, (Measure::Variance, 800)).unwrap()
}

fn entrant() -> Entrant {
    Entrant {
        levels: vec![1; FACTORS_MAX],
        participant: digest(3),
        consent: digest(4),
    }
}

fn showing() -> Showing {
    let shown = Shown {
        share: 1,
        nonce: [4; 32],
        proof: VrfProof([5; VRF_PROOF_BYTES]),
    };
    Showing { number: 7, shown }
}

/// One of each act of a minimisation.
fn minimised() -> Vec<Act> {
    let all = [
        Minimise::Bind {
            allocator: "agency".into(),
            key: VrfPublic([3; 32]),
            design: design(),
        },
        Minimise::Mix { chance: digest(1) },
        Minimise::Enter {
            version: 1,
            participants: vec![entrant()],
        },
        Minimise::Allocate {
            shares: vec![Allocated {
                number: 7,
                commitment: digest(1),
            }],
        },
        Minimise::Show {
            shares: vec![showing()],
        },
    ];
    all.map(Act::Minimise).into()
}

/// One of each act.
fn acts() -> Vec<Act> {
    let (site, participant) = ("east".to_owned(), digest(1));
    let mut acts = vec![
        Act::Seal {
            protocol: digest(1),
            parties: parties(),
            quorum: 2,
        },
        Act::Amend {
            version: 2,
            protocol: digest(1),
            reason: digest(2),
            reconsent: true,
            parties: parties(),
        },
        Act::Accept { version: 1 },
        Act::Contribute {
            site: site.clone(),
            commitment: digest(1),
        },
        Act::List {
            site: site.clone(),
            root: digest(1),
            strata: vec![4, 8],
        },
        Act::Enrol {
            version: 1,
            participants: vec![enrolment()],
        },
        Act::Open {
            site: site.clone(),
            leaves: vec![opened()],
        },
        Act::Consent {
            participant,
            version: 2,
            consent: digest(2),
        },
        Act::Withdraw {
            participant,
            keep: Keep::Lawful,
        },
        Act::Unblind {
            participant,
            reason: digest(2),
        },
        Act::Propose {
            number: 1,
            decision: lock(),
        },
        Act::Confirm { number: 1 },
        Act::Reveal {
            site,
            secret: digest(1),
        },
        Act::Report { results: digest(1) },
    ];
    acts.extend(minimised());
    acts
}

fn body(act: Act) -> Vec<u8> {
    let trial = digest(9);
    TrialBody { trial, act }.to_bytes()
}

#[test]
fn the_bytes_of_each_act_stay_what_they_are() {
    let lines = acts().into_iter().map(|act| {
        let bytes = body(act);
        let begin = bytes[32..bytes.len().min(48)].iter();
        let begin = begin.fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        format!("{} {} {begin}\n", bytes.len(), proof::sha256(&bytes))
    });
    let lines: String = lines.collect();
    assert_eq!(lines, include_str!("bytes.txt"));
}

fn one_form<T: Canonical + PartialEq + std::fmt::Debug>(value: &T) {
    let bytes = value.to_bytes();
    assert_eq!(T::from_bytes(&bytes).unwrap(), *value);
    for cut in 0..bytes.len() {
        assert!(T::from_bytes(&bytes[..cut]).is_err(), "cut at {cut}");
    }
    assert!(T::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
}

#[test]
fn every_value_reads_back_and_no_part_of_it_does() {
    for act in acts() {
        one_form(&act);
    }
    let locked = Lock {
        number: 1,
        snapshot: digest(1),
        rows: 2,
        programs: digest(3),
    };
    one_form(&Trial {
        sponsor: "maker".into(),
        parties: parties(),
        quorum: 2,
        version: 3,
        reconsent: 2,
        enrolled: 4,
        decisions: 1,
        reports: 0,
        lock: Some(locked),
    });
    one_form(&Version {
        protocol: digest(1),
        reason: digest(2),
        time_ms: 3,
        enrolled: 4,
    });
    let hand = Hand {
        commitment: Some(digest(1)),
        root: None,
        secret: Some(digest(2)),
    };
    one_form(&Site {
        accepted: 1,
        beacon: Some(digest(3)),
        sponsor: hand,
        site: Hand::default(),
        strata: vec![4, 8],
        next: vec![1, 0],
    });
    for position in [None, Some(3)] {
        one_form(&Slot {
            participant: digest(1),
            position,
        });
    }
    one_form(&Participant {
        site: "east".into(),
        stratum: 1,
        slot: 2,
        version: 3,
        consent: digest(4),
        enrolled_ms: 5,
        withdrawn: Some((6, Keep::Collected)),
        unblinded: Some((7, digest(8))),
    });
    one_form(&Decided {
        decision: Decision::Unlock { reason: digest(1) },
        voices: vec!["maker".into(), "east".into()],
        effective_ms: 2,
    });
    one_form(&Reported {
        lock: locked,
        results: digest(4),
        version: 5,
        time_ms: 6,
    });
}

#[test]
fn the_state_of_a_minimisation_reads_back_and_no_part_of_it_does() {
    for (beacon, shown) in [(None, None), (Some(digest(1)), Some(showing().shown))] {
        one_form(&Minimisation {
            allocator: "maker".into(),
            key: VrfPublic([3; 32]),
            design: design(),
            beacon,
        });
        one_form(&Place {
            participant: digest(1),
            levels: vec![1, 2],
            commitment: beacon,
            shown,
        });
    }
}

#[test]
fn the_largest_acts_fit_a_transaction() {
    let name = "s".repeat(proof::event::ORGANISATION_MAX);
    let party = Party {
        organisation: name.clone(),
        role: Role::Site,
    };
    let largest = [
        Act::Seal {
            protocol: digest(1),
            parties: vec![party; PARTIES_MAX],
            quorum: 2,
        },
        Act::List {
            site: name.clone(),
            root: digest(1),
            strata: vec![1; STRATA_MAX],
        },
        Act::Enrol {
            version: 1,
            participants: vec![enrolment(); LISTED_MAX],
        },
        Act::Open {
            site: name,
            leaves: vec![opened(); OPENED_MAX],
        },
        Act::Minimise(Minimise::Enter {
            version: 1,
            participants: vec![entrant(); LISTED_MAX],
        }),
        Act::Minimise(Minimise::Show {
            shares: vec![showing(); OPENED_MAX],
        }),
    ];
    for act in largest {
        let bytes = body(act);
        assert!(bytes.len() <= BODY_BYTES_MAX, "{}", bytes.len());
        TrialBody::from_bytes(&bytes).unwrap();
    }
    let too_many = body(Act::Enrol {
        version: 1,
        participants: vec![enrolment(); LISTED_MAX + 1],
    });
    assert!(TrialBody::from_bytes(&too_many).is_err());
}

proptest! {
    #[test]
    fn any_bytes_are_refused_or_are_the_one_form(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        if let Ok(body) = TrialBody::from_bytes(&bytes) {
            prop_assert_eq!(body.to_bytes(), bytes);
        }
    }
}
