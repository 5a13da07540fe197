//! Honest lives, and what loses a read: no alarm. Any life: no failure.

use proptest::prelude::*;

use super::*;

#[test]
fn an_honest_life_raises_nothing() {
    let life = life();
    for end in 1..=life.len() {
        assert_eq!(judged(&life[..end], Some(&known())), [], "{end}");
    }
}

#[test]
fn one_lost_read_is_no_alarm() {
    for lost in 0..life().len() - 1 {
        let mut life = life();
        life.remove(lost);
        for end in 1..=life.len() {
            let found = judged(&life[..end], Some(&known()));
            assert!(
                alarms(&found).is_empty(),
                "without {lost}, at {end}: {found:?}"
            );
        }
    }
}

#[test]
fn a_return_with_one_lost_read_is_no_alarm() {
    let mut life = life();
    life.pop();
    life.extend([
        seen(5, "pharmacy", shipped("whole")),
        seen(6, "whole", Act::Received),
        seen(7, "whole", shipped("pharmacy")),
        seen(8, "pharmacy", Act::Received),
        seen(9, "pharmacy", Act::Dispensed),
    ]);
    assert_eq!(judged(&life, Some(&known())), []);
    for lost in 0..life.len() - 1 {
        let mut life = life.clone();
        life.remove(lost);
        let found = judged(&life, Some(&known()));
        assert!(alarms(&found).is_empty(), "without {lost}: {found:?}");
    }
}

fn any_observation() -> impl Strategy<Value = Observation> {
    let organisation = prop::sample::select(vec!["maker", "whole", "pharmacy", "nobody"]);
    let act = prop::sample::select(vec![
        Act::Commissioned,
        packed("a"),
        unpacked("b"),
        shipped("whole"),
        Act::Shipped { to: None },
        Act::Received,
        Act::Dispensed,
        Act::Decommissioned,
        Act::Undone,
        Act::Verified,
    ]);
    let place = prop::option::of((any::<i32>(), any::<i32>()));
    (any::<u64>(), act, organisation, place).prop_map(|(time_ms, act, organisation, place)| {
        let place = place.map(|(latitude_e6, longitude_e6)| Place {
            latitude_e6,
            longitude_e6,
        });
        Observation {
            time_ms,
            place,
            ..seen(0, organisation, act)
        }
    })
}

proptest! {
    #[test]
    fn no_history_makes_a_rule_fail(seen in prop::collection::vec(any_observation(), 1..40)) {
        for ledger in [None, Some(&known())] {
            prop_assert!(judged(&seen, ledger).len() <= Rule::ALL.len());
        }
    }
}

#[test]
fn every_suspicion_says_why_in_words() {
    let mut now = seen(40, "nobody", Act::Dispensed);
    now.printed.lot = Some("LOT8".to_owned());
    let status = Status::Decommissioned(Ending::Stolen);
    let found = judged(&[now], Some(&Known { status, ..known() }));
    let words: Vec<String> = found.iter().map(|one| one.reason.to_string()).collect();
    assert_eq!(found.len(), 4, "{words:?}");
    assert!(
        words
            .iter()
            .any(|why| why.contains("decommissioned (stolen)")),
        "{words:?}"
    );
    assert!(
        words
            .iter()
            .any(|why| why == "nobody is no authorised partner for this")
    );
    assert!(found.is_sorted_by_key(|one| std::cmp::Reverse(one.certainty)));
}
