//! A list that two hands draw: fair, balanced, sealed, and unreadable to either.
#![allow(clippy::unwrap_used, reason = "tests")]

use proof::tree::verify_inclusion;
use proof::{Digest, sha256};
use proptest::prelude::*;
use trial::allocation::{BLOCK_MAX, Design, Draw, Half, NoDesign, SLOTS_MAX, commitment};

const TRIAL: Digest = Digest([1; 32]);
const BEACON: Digest = Digest([2; 32]);
const SITE: &str = "st-mary";

fn draw(secret: &Digest) -> Draw<'_> {
    Draw {
        trial: &TRIAL,
        site: SITE,
        beacon: &BEACON,
        secret,
    }
}

fn secret(byte: u8) -> Digest {
    Digest([byte; 32])
}

fn design() -> Design {
    Design::new(vec![2, 1], 6, vec![12, 6]).unwrap()
}

fn arms(design: &Design, halves: (&Half, &Half), stratum: u16) -> Vec<u16> {
    let slots = 0..design.strata()[usize::from(stratum)];
    let arm = |slot| design.arm(halves, stratum, slot).unwrap();
    slots.map(arm).collect()
}

#[test]
fn the_list_of_two_secrets_stays_what_it_is() {
    let (one, other) = (secret(3), secret(4));
    let (sponsor, site) = (
        draw(&one).positions(&design()),
        draw(&other).arms(&design()),
    );
    let roots = [sponsor.root(), site.root(), commitment(&one)].map(|it| it.to_string());
    let frozen = include_str!("allocation.txt");
    let list = format!(
        "{}\n{:?}\n{:?}\n",
        roots.join("\n"),
        arms(&design(), (&sponsor, &site), 0),
        arms(&design(), (&sponsor, &site), 1)
    );
    assert_eq!(list, frozen);
}

#[test]
fn a_list_is_of_whole_blocks_in_the_ratio() {
    let of = |ratio: &[u16], block, strata: &[u32]| {
        Design::new(ratio.to_vec(), block, strata.to_vec()).unwrap_err()
    };
    assert_eq!(of(&[1], 1, &[1]), NoDesign::Ratio);
    assert_eq!(of(&[1, 0], 1, &[1]), NoDesign::Ratio);
    assert_eq!(of(&[u16::MAX, 1], 4, &[4]), NoDesign::Ratio);
    assert_eq!(of(&[1; 17], 17, &[17]), NoDesign::Ratio);
    for block in [0, 3, BLOCK_MAX + 2] {
        assert_eq!(of(&[1, 1], block, &[4]), NoDesign::Block);
    }
    for strata in [&[][..], &[0], &[6], &[4, 5], &[SLOTS_MAX + 4], &[4; 65]] {
        assert_eq!(of(&[1, 1], 4, strata), NoDesign::Strata);
    }
    assert_eq!(of(&[1, 1], 4, &[SLOTS_MAX; 11]), NoDesign::Strata);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_block_is_balanced(
        ratio in proptest::collection::vec(1u16..4, 2..5),
        times in 1u16..4,
        blocks in proptest::collection::vec(1u32..6, 1..4),
        (one, other) in any::<([u8; 32], [u8; 32])>(),
    ) {
        let block = ratio.iter().sum::<u16>() * times;
        let strata = blocks.iter().map(|it| it * u32::from(block)).collect();
        let design = Design::new(ratio.clone(), block, strata).unwrap();
        let (one, other) = (Digest(one), Digest(other));
        let (sponsor, site) = (draw(&one).positions(&design), draw(&other).arms(&design));
        for stratum in 0..u16::try_from(blocks.len()).unwrap() {
            for list in arms(&design, (&sponsor, &site), stratum).chunks(usize::from(block)) {
                for (arm, wanted) in (0u16..).zip(&ratio) {
                    let got = list.iter().filter(|it| **it == arm).count();
                    prop_assert_eq!(got, usize::from(wanted * times));
                }
            }
        }
    }

    #[test]
    fn a_leaf_opens_as_it_was_sealed_or_not_at_all(
        place in 0u32..12, other in 0u32..12, value in 0u16..6,
    ) {
        let one = secret(3);
        let half = draw(&one).positions(&design());
        let (leaf, path) = half.open(0, place).unwrap();
        let opens = |leaf: &trial::allocation::Leaf, at: u32| {
            verify_inclusion(&leaf.hash(), u64::from(at), 18, &path, &half.root()).is_ok()
        };
        prop_assert!(opens(&leaf, place));
        prop_assert_eq!(opens(&leaf, other), other == place);
        let mut changed = leaf;
        changed.value = value;
        prop_assert_eq!(opens(&changed, place), value == leaf.value);
        prop_assert!(half.open(0, 12).is_none() && half.open(2, 0).is_none());
    }
}

/// Whatever the sponsor holds, each arm of a slot follows from some secret of the site, about as
/// often as the ratio says; and the other way round.
#[test]
fn one_hand_alone_leaves_every_arm_possible() {
    let design = Design::new(vec![1, 1], 4, vec![8]).unwrap();
    let mine = secret(9);
    let (positions, own) = (draw(&mine).positions(&design), draw(&mine).arms(&design));
    let others = (0u32..400).map(|number| sha256(&number.to_be_bytes()));
    let mut counts = [[[0u32; 2]; 8]; 2];
    for other in others {
        let (arms, theirs) = (draw(&other).arms(&design), draw(&other).positions(&design));
        for slot in 0..8 {
            let seen = [(&positions, &arms), (&theirs, &own)];
            for (way, halves) in seen.into_iter().enumerate() {
                let arm = design.arm(halves, 0, slot).unwrap();
                counts[way][slot as usize][usize::from(arm)] += 1;
            }
        }
    }
    // 200 expected, with a standard deviation of 10: five of them.
    let even = counts.as_flattened().as_flattened();
    assert!(
        even.iter().all(|count| (150..=250).contains(count)),
        "{counts:?}"
    );
}

#[test]
fn another_beacon_is_another_list() {
    let (one, other) = (secret(3), secret(4));
    let later = Draw {
        beacon: &Digest([7; 32]),
        ..draw(&one)
    };
    let design = design();
    assert_ne!(
        draw(&one).positions(&design).root(),
        later.positions(&design).root()
    );
    assert_ne!(
        draw(&one).arms(&design).root(),
        draw(&other).arms(&design).root()
    );
}
