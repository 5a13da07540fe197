//! A list drawn again, and one that was not used as it was sealed.

use super::*;
use crate::trials::protocol::Arm;

const NAME: &str = "north";
const SLOTS_USED: u32 = 6;

fn protocol() -> Protocol {
    let arm = |name: &str| Arm {
        name: name.into(),
        ratio: 1,
    };
    Protocol {
        title: "two doses".into(),
        arms: vec![arm("high"), arm("low")],
        block: 4,
        minimisation: None,
        strata: vec!["all".into()],
        slots: 12,
        endpoints: Vec::new(),
        analysis_plan: String::new(),
        documents: Vec::new(),
        usdm: None,
        metadata: None,
    }
}

/// A site whose list was drawn from two secrets.
fn site(id: &Digest, design: &Design) -> Site {
    let beacon = Digest([3; 32]);
    let half = |secret: &Digest, which| drawn((id, design), (NAME, &beacon), (secret, which));
    let mut site = Site {
        beacon: Some(beacon),
        strata: vec![12],
        next: vec![SLOTS_USED],
        ..Site::default()
    };
    for (which, secret) in [(Which::Sponsor, 1), (Which::Site, 2)] {
        let secret = Digest([secret; 32]);
        let root = Some(half(&secret, which).root());
        let hand = match which {
            Which::Sponsor => &mut site.sponsor,
            Which::Site => &mut site.site,
        };
        (hand.root, hand.secret) = (root, Some(secret));
    }
    site
}

#[test]
fn a_list_is_drawn_again_only_with_both_secrets_and_another_one_is_told() {
    let (id, protocol) = (Digest([9; 32]), protocol());
    let design = protocol.design().unwrap();
    let sealed = site(&id, &design);
    let drawn = draw_again((&id, &design), (NAME, &sealed)).unwrap();
    assert!(drawn.is_as_sealed);
    let mut other = sealed.clone();
    other.site.root = Some(Digest([7; 32]));
    assert!(
        !draw_again((&id, &design), (NAME, &other))
            .unwrap()
            .is_as_sealed
    );
    for hide in [
        |it: &mut Site| it.sponsor.secret = None,
        |it: &mut Site| it.site.secret = None,
    ] {
        let mut half_open = sealed.clone();
        hide(&mut half_open);
        let refused = draw_again((&id, &design), (NAME, &half_open))
            .err()
            .unwrap();
        assert!(refused.to_string().contains("is sealed still"), "{refused}");
    }
}

#[test]
fn an_arm_that_does_not_follow_from_the_list_is_named_with_its_participant() {
    let (id, protocol) = (Digest([9; 32]), protocol());
    let design = protocol.design().unwrap();
    let site = site(&id, &design);
    let list = draw_again((&id, &design), (NAME, &site)).unwrap();
    let mut all = Slots::default();
    lay_out(&mut all, (&protocol, &design), (&id, NAME, &site), &list);
    assert_eq!(all.list.len(), 8, "whole blocks");
    assert_eq!(all.used.iter().filter(|it| **it).count(), 6);
    let who = |slot: u32| Digest([u8::try_from(slot).unwrap(); 32]);
    let honest = |stratum: u16, slot: u32| {
        let position = list.halves[0].leaf(stratum, slot).unwrap().value;
        Some((who(slot), Some(position)))
    };
    let compared = |given: Given<'_>| {
        opened_list(
            (&protocol, &design),
            (&id, NAME, &site),
            (&list, &all, given),
        )
    };
    let found = compared(&honest);
    assert_eq!((found.used, found.deviations.len()), (6, 0));
    // Two participants whose openings were exchanged.
    let arm = |slot| design.arm((&list.halves[0], &list.halves[1]), 0, slot);
    let other = (1..4).find(|it| arm(*it) != arm(0)).unwrap();
    let swapped = |stratum: u16, slot: u32| match slot {
        0 => honest(stratum, other).map(|it| (who(0), it.1)),
        it if it == other => honest(stratum, 0).map(|it| (who(other), it.1)),
        it => honest(stratum, it),
    };
    let found = compared(&swapped);
    let named: Vec<&str> = found
        .deviations
        .iter()
        .map(|it| it.subject.as_str())
        .collect();
    assert_eq!(named, [who(0).to_string(), who(other).to_string()]);
    let mut made = Allocation::default();
    tests_of_order(&mut made, &protocol, &all);
    assert_eq!(made.balance.len(), 2, "overall, and the one stratum");
    assert_eq!(made.balance[0].arms.iter().sum::<usize>(), 6);
}
