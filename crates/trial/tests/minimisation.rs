//! Minimisation: the allocator has no choice, nobody else foresees, and everybody can replay.
#![allow(clippy::unwrap_used, reason = "tests")]

use proof::codec::Canonical;
use proof::vrf::VrfPublic;
use proof::{Digest, sha256};
use proptest::prelude::*;
use std::fmt::Write;
use trial::minimisation::{
    Allocator, Balance, Bound, Design, Deviation, Entered, Factor, Measure, NoDesign, Shown, Told,
    commitment, replay,
};

const TRIAL: Digest = Digest([9; 32]);
const BEACON: Digest = Digest([5; 32]);
const SITES: [&str; 2] = ["east", "west"];

fn factor(levels: u16, weight: u16) -> Factor {
    Factor { levels, weight }
}

fn design(ratio: &[u16], measure: Measure, preferred: u16) -> Design {
    let factors = vec![factor(2, 1), factor(3, 2)];
    Design::new(ratio.to_vec(), (factors, 1), (measure, preferred)).unwrap()
}

fn allocator() -> Allocator {
    Allocator::new(&sha256(b"a secret"), &TRIAL)
}

/// Somebody with levels and a site out of a number.
fn somebody(number: u16) -> Entered {
    Entered {
        site: SITES[usize::from(number / 6) % 2].to_owned(),
        levels: vec![number % 2, number / 2 % 3],
    }
}

fn told(entered: &[Entered], shown: &[Shown]) -> Vec<Told> {
    let all = (0..).zip(entered).zip(shown);
    let all = all.map(|((number, entered), shown)| Told {
        entered: entered.clone(),
        commitment: Some(commitment(&TRIAL, number, (shown.share, &shown.nonce))),
        shown: Some(*shown),
    });
    all.collect()
}

struct Sequence {
    key: VrfPublic,
    design: Design,
    entered: Vec<Entered>,
    told: Vec<Told>,
}

impl Sequence {
    fn of(design: Design, numbers: &[u16]) -> Self {
        let entered: Vec<Entered> = numbers.iter().map(|it| somebody(*it)).collect();
        let shown = allocator().allocate((&BEACON, &design), &entered).unwrap();
        Self {
            key: allocator().public(),
            told: told(&entered, &shown),
            entered,
            design,
        }
    }

    fn bound(&self) -> Bound<'_> {
        Bound {
            trial: &TRIAL,
            key: &self.key,
            beacon: &BEACON,
            design: &self.design,
        }
    }

    fn replayed(&self) -> Vec<(u32, Deviation)> {
        replay(&self.bound(), &self.told)
    }

    fn shares(&self) -> Vec<u16> {
        let shown = self.told.iter().map(|it| it.shown.unwrap().share);
        shown.collect()
    }
}

fn forty() -> Sequence {
    let numbers: Vec<u16> = (0..40).map(|it| it * 7 % 12).collect();
    Sequence::of(design(&[1, 1], Measure::Range, 800), &numbers)
}

#[test]
fn a_sequence_stays_what_it_is() {
    let mut lines = String::new();
    let designs = [
        (&[1, 1][..], Measure::Range, 800),
        (&[2, 1], Measure::Variance, 700),
        (&[1, 1, 1], Measure::Range, 950),
    ];
    for (ratio, measure, preferred) in designs {
        let design = design(ratio, measure, preferred);
        let numbers: Vec<u16> = (0..60).map(|it| it * 7 % 12).collect();
        let sequence = Sequence::of(design, &numbers);
        let shares = sequence
            .shares()
            .into_iter()
            .fold(String::new(), |mut text, it| {
                let _ = write!(text, "{it}");
                text
            });
        let bytes: Vec<u8> = sequence
            .told
            .iter()
            .flat_map(|it| {
                [
                    it.commitment.unwrap().0.to_vec(),
                    it.shown.unwrap().to_bytes(),
                ]
            })
            .flatten()
            .collect();
        let design = sequence.design.to_bytes();
        let _ = writeln!(lines, "{} {shares} {}", sha256(&design), sha256(&bytes));
    }
    assert_eq!(lines, include_str!("minimisation.txt"), "{lines}");
}

#[test]
fn a_swapped_arm_level_order_or_proof_is_found_and_named() {
    let honest = forty();
    assert_eq!(honest.replayed(), []);
    let at = 17_usize;
    let found = |change: &dyn Fn(&mut Sequence)| {
        let mut sequence = forty();
        change(&mut sequence);
        sequence.replayed()
    };
    // Another arm, with a commitment that was made to it when the participant was enrolled.
    let wrong_arm = found(&|it| {
        let shown = it.told[at].shown.as_mut().unwrap();
        shown.share = 1 - shown.share;
        let share = (shown.share, &shown.nonce);
        it.told[at].commitment = Some(commitment(&TRIAL, 17, share));
    });
    let given = 1 - honest.shares()[at];
    let drawn = honest.shares()[at];
    assert_eq!(wrong_arm[0], (17, Deviation::Share { given, drawn }));
    // Another arm than the one that was committed to.
    let other_arm = found(&|it| it.told[at].shown.as_mut().unwrap().share ^= 1);
    assert_eq!(other_arm[0], (17, Deviation::Commitment));
    let level = found(&|it| it.told[at].entered.levels[0] ^= 1);
    assert_eq!(level[0], (17, Deviation::Proof));
    let no_level = found(&|it| it.told[at].entered.levels[1] = 3);
    assert_eq!(no_level[0], (17, Deviation::Levels));
    let site = found(&|it| it.told[at].entered.site = "north".to_owned());
    assert_eq!(site[0], (17, Deviation::Proof));
    let order = found(&|it| it.told.swap(at, at + 1));
    assert_eq!(order[0], (17, Deviation::Commitment));
    assert_eq!(order[1], (18, Deviation::Commitment));
    let proof = found(&|it| {
        let other = it.told[at + 1].shown.unwrap().proof;
        it.told[at].shown.as_mut().unwrap().proof = other;
    });
    assert_eq!(proof, [(17, Deviation::Proof)]);
    let hidden = found(&|it| it.told[at].shown = None);
    assert_eq!(hidden[0], (17, Deviation::Hidden));
    let open = found(&|it| it.told[at].commitment = None);
    assert_eq!(open, [(17, Deviation::Open)]);
}

#[test]
fn another_key_beacon_or_design_than_the_bound_one_is_found() {
    let sequence = forty();
    let other = Allocator::new(&sha256(b"another secret"), &TRIAL).public();
    let bound = Bound {
        key: &other,
        ..sequence.bound()
    };
    let all = |(_, it): &(u32, Deviation)| *it == Deviation::Proof;
    let found = replay(&bound, &sequence.told);
    assert_eq!(found.len(), 40);
    assert!(found.iter().all(all));
    let bound = Bound {
        beacon: &Digest([6; 32]),
        ..sequence.bound()
    };
    assert_eq!(replay(&bound, &sequence.told).len(), 40);
    let likely = design(&[1, 1], Measure::Range, 501);
    let bound = Bound {
        design: &likely,
        ..sequence.bound()
    };
    let found = replay(&bound, &sequence.told);
    assert!(!found.is_empty());
    let all = |(_, it): &(u32, Deviation)| matches!(it, Deviation::Share { .. });
    assert!(found.iter().all(all), "{found:?}");
}

/// Worked by hand: two factors and the site, weights 1, 2 and 1.
#[test]
fn the_scores_are_those_of_pocock_and_simon() {
    let cases = [
        // With share 0: |3-0|*1 + |2-0|*2 + |2-0|*1; with share 1: |2-1|*1 + |1-1|*2 + |1-1|*1.
        (Measure::Range, [9, 1]),
        // n times the sum of squares less the square of the sum: of (3,0) 9, of (2,0) 4.
        (Measure::Variance, [9 + 2 * 4 + 4, 1]),
    ];
    for (measure, expected) in cases {
        let design = design(&[1, 1], measure, 800);
        let mut balance = Balance::new(&design);
        let at = |site: &str, levels: [u16; 2]| Entered {
            site: site.to_owned(),
            levels: levels.to_vec(),
        };
        balance.add(&at("east", [0, 1]), 0);
        balance.add(&at("west", [0, 2]), 0);
        balance.add(&at("west", [1, 0]), 1);
        assert_eq!(balance.scores(&at("east", [0, 1])), expected);
    }
}

#[test]
fn arms_stay_alike_in_every_level_and_keep_their_ratio() {
    for (ratio, apart) in [(&[1, 1][..], 8), (&[2, 1], 8), (&[1, 1, 2], 8)] {
        for measure in [Measure::Range, Measure::Variance] {
            let numbers: Vec<u16> = (0..600).map(|it| it * 31 % 97).collect();
            let sequence = Sequence::of(design(ratio, measure, 850), &numbers);
            let shares = sequence.design.shares();
            for factor in 0..2 {
                for level in 0..3 {
                    let here = sequence.entered.iter().zip(sequence.shares());
                    let here = here.filter(|(it, _)| it.levels[factor] == level);
                    let here: Vec<u16> = here.map(|(_, share)| share).collect();
                    let count = |share| here.iter().filter(|it| **it == share).count();
                    let counts: Vec<usize> = (0..shares).map(count).collect();
                    let (low, high) = (counts.iter().min(), counts.iter().max());
                    assert!(high.unwrap() - low.unwrap() <= apart, "{counts:?}");
                }
            }
        }
    }
}

#[test]
fn a_design_without_chance_or_choice_is_none() {
    let factors = |levels, weight| vec![factor(levels, weight)];
    let range = |preferred| (Measure::Range, preferred);
    let wrong = [
        (vec![1], factors(2, 1), 0, 800, NoDesign::Ratio),
        (vec![1, 0], factors(2, 1), 0, 800, NoDesign::Ratio),
        (vec![32, 1], factors(2, 1), 0, 800, NoDesign::Ratio),
        (vec![1, 1], vec![], 0, 800, NoDesign::Factors),
        (vec![1, 1], factors(1, 1), 0, 800, NoDesign::Factors),
        (vec![1, 1], factors(2, 0), 0, 800, NoDesign::Factors),
        (vec![1, 1], factors(257, 1), 0, 800, NoDesign::Factors),
        (vec![1, 1], factors(2, 1), 1_001, 800, NoDesign::Factors),
        (vec![1, 1], factors(2, 1), 0, 500, NoDesign::Preferred),
        (vec![1, 1], factors(2, 1), 0, 951, NoDesign::Preferred),
    ];
    for (ratio, factors, site, preferred, why) in wrong {
        let made = Design::new(ratio, (factors, site), range(preferred));
        assert_eq!(made, Err(why));
    }
    let by_site = Design::new(vec![1, 1], (vec![], 1), range(950)).unwrap();
    assert!(by_site.has_levels(&[]) && !by_site.has_levels(&[0]));
    let thirds = design(&[1, 2], Measure::Range, 800);
    let arms = (0..4).map(|share| thirds.arm(share));
    assert_eq!(arms.collect::<Vec<_>>(), [Some(0), Some(1), Some(1), None]);
}

proptest! {
    #[test]
    fn whatever_was_allocated_by_the_rule_replays(
        numbers in proptest::collection::vec(0u16..100, 0..40),
        preferred in 501u16..=950, variance: bool,
    ) {
        let measure = if variance { Measure::Variance } else { Measure::Range };
        let sequence = Sequence::of(design(&[1, 1], measure, preferred), &numbers);
        prop_assert_eq!(sequence.replayed(), []);
    }

    /// Whoever comes later never changes what was given before: nothing is known in advance.
    #[test]
    fn an_arm_depends_on_those_before_alone(
        numbers in proptest::collection::vec(0u16..100, 1..30), cut in 0usize..30,
    ) {
        let design = design(&[1, 1], Measure::Range, 800);
        let cut = cut.min(numbers.len());
        let (all, some) = (
            Sequence::of(design.clone(), &numbers),
            Sequence::of(design, &numbers[..cut]),
        );
        prop_assert_eq!(&all.told[..cut], &some.told[..]);
    }

    #[test]
    fn one_changed_arm_is_always_found(
        numbers in proptest::collection::vec(0u16..100, 1..30), at in 0usize..30,
    ) {
        let mut sequence = Sequence::of(design(&[1, 1], Measure::Range, 800), &numbers);
        let at = at % numbers.len();
        let number = u32::try_from(at).unwrap();
        let shown = sequence.told[at].shown.as_mut().unwrap();
        shown.share = 1 - shown.share;
        let share = (shown.share, &shown.nonce);
        sequence.told[at].commitment = Some(commitment(&TRIAL, number, share));
        let found = sequence.replayed();
        prop_assert!(found.iter().any(|(it, _)| *it == number));
        prop_assert!(found.iter().all(|(it, _)| *it >= number));
    }

    #[test]
    fn any_bytes_are_no_design_or_the_one_form(
        bytes in proptest::collection::vec(any::<u8>(), 0..60),
    ) {
        if let Ok(design) = Design::from_bytes(&bytes) {
            prop_assert_eq!(design.to_bytes(), bytes);
        }
    }
}
