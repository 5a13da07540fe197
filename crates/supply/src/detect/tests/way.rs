//! Rules about who had a pack, and where.

use super::*;

#[test]
fn whoever_acts_is_a_partner_for_it() {
    let cases = [
        (seen(3, "whole", Act::Received), None),
        (seen(3, "nobody", Act::Received), Some(Certainty::Sure)),
        (seen(3, "whole", Act::Dispensed), Some(Certainty::Sure)),
        (
            seen(3, "pharmacy", Act::Commissioned),
            Some(Certainty::Sure),
        ),
        (seen(3, "agency", Act::Verified), None),
        (seen(3, "agency", shipped("whole")), Some(Certainty::Sure)),
        (seen(3, "whole", shipped("pharmacy")), None),
        (seen(3, "whole", shipped("nobody")), Some(Certainty::Sure)),
    ];
    for (now, certainty) in cases {
        let found = judged(std::slice::from_ref(&now), Some(&known()));
        assert_eq!(of(Rule::Unauthorised, &found), certainty, "{now:?}");
    }
}

#[test]
fn two_packs_with_one_number_are_seen_to_be_two() {
    let copied = [
        seen(0, "maker", Act::Commissioned),
        seen(1, "maker", shipped("whole")),
        seen(2, "whole", Act::Received),
        seen(3, "other", Act::Verified),
        seen(4, "whole", shipped("pharmacy")),
    ];
    let elsewhere = Known {
        in_hand: Some(false),
        ..known()
    };
    let found = judged(&copied, Some(&elsewhere));
    assert_eq!(
        of(Rule::TwoCustodians, &found),
        Some(Certainty::Likely),
        "{found:?}"
    );
    let signed = of(Rule::TwoCustodians, &judged(&copied, Some(&known())));
    assert_eq!(signed, Some(Certainty::Hint), "both sides have signed");
    let mut longer = copied.to_vec();
    longer.push(seen(5, "other", shipped("pharmacy")));
    let found = judged(&longer, Some(&known()));
    assert_eq!(
        of(Rule::TwoCustodians, &found),
        Some(Certainty::Sure),
        "{found:?}"
    );
}

#[test]
fn an_inspector_does_not_take_a_pack_over() {
    let mut life = life();
    life.insert(4, seen(2, "agency", Act::Verified));
    assert_eq!(judged(&life, Some(&known())), []);
}

#[test]
fn a_pack_without_a_way_is_found_by_the_third_gap_or_by_the_ledger() {
    let jumps = [
        seen(0, "maker", Act::Commissioned),
        seen(2, "whole", Act::Received),
        seen(4, "other", Act::Received),
        seen(6, "pharmacy", Act::Received),
    ];
    let unsaid = Known {
        in_hand: None,
        ..known()
    };
    let at = |end: usize| of(Rule::CustodyGap, &judged(&jumps[..end], Some(&unsaid)));
    assert_eq!(at(1), None);
    assert_eq!(
        (at(2), at(3)),
        (Some(Certainty::Hint), Some(Certainty::Hint))
    );
    assert_eq!(at(4), Some(Certainty::Likely));
    let signed = of(Rule::CustodyGap, &judged(&jumps, Some(&known())));
    assert_eq!(signed, Some(Certainty::Hint), "both sides have signed");
    let elsewhere = Known {
        in_hand: Some(false),
        ..known()
    };
    let found = |life: &[Observation]| of(Rule::CustodyGap, &judged(life, Some(&elsewhere)));
    assert_eq!(found(&life()), Some(Certainty::Likely));
    let moved_on = found(&life()[..6]);
    assert_eq!(moved_on, Some(Certainty::Hint), "until it is cleared up");
    assert_eq!(found(&life()[..7]), None, "it has just come");
}

#[test]
fn a_pack_travels_no_faster_than_an_aeroplane() {
    let between = |ms: u64, from: Place, to: Place| {
        let mut first = seen(0, "whole", shipped("pharmacy"));
        let mut second = seen(0, "pharmacy", Act::Received);
        second.time_ms += ms;
        (first.place, second.place) = (Some(from), Some(to));
        of(
            Rule::ImpossibleTravel,
            &judged(&[first, second], Some(&known())),
        )
    };
    assert_eq!(between(HOUR_MS, BERLIN, SYDNEY), Some(Certainty::Sure));
    assert_eq!(
        between(11 * HOUR_MS, BERLIN, SYDNEY),
        Some(Certainty::Likely)
    );
    assert_eq!(between(20 * HOUR_MS, BERLIN, SYDNEY), None);
    let near = Place {
        latitude_e6: 52_900_000,
        ..BERLIN
    };
    assert_eq!(between(0, BERLIN, near), None);
}

#[test]
fn distances_are_those_of_the_map_and_never_longer() {
    let paris = Place {
        latitude_e6: 48_856_600,
        longitude_e6: 2_352_200,
    };
    let west = Place {
        latitude_e6: 0,
        longitude_e6: -179_900_000,
    };
    let east = Place {
        latitude_e6: 0,
        longitude_e6: 179_900_000,
    };
    let pole = Place {
        latitude_e6: 90_000_000,
        longitude_e6: 0,
    };
    // Great circles: 878, 16,093, 22 and 10,008 km; through Earth it is shorter.
    assert_eq!(distance_km(BERLIN, BERLIN), 0);
    assert!(
        (870..=878).contains(&distance_km(BERLIN, paris)),
        "{}",
        distance_km(BERLIN, paris)
    );
    assert!((12_100..=12_160).contains(&distance_km(BERLIN, SYDNEY)));
    assert!((20..=23).contains(&distance_km(west, east)));
    assert!((9_000..=9_011).contains(&distance_km(west, pole)));
}
