//! Rules about containers, questions and thermometers.

use std::collections::BTreeSet;

use super::*;

#[test]
fn what_comes_out_of_a_container_went_into_it() {
    let with = |acts: Vec<Act>| {
        let life: Vec<_> = acts
            .into_iter()
            .map(|act| seen(1, "pharmacy", act))
            .collect();
        of(Rule::Aggregation, &judged(&life, Some(&known())))
    };
    assert_eq!(
        with(vec![packed("a"), unpacked("a"), packed("b"), unpacked("b")]),
        None
    );
    assert_eq!(
        with(vec![packed("a"), unpacked("b")]),
        Some(Certainty::Likely)
    );
    assert_eq!(
        with(vec![packed("a"), packed("b")]),
        Some(Certainty::Hint),
        "one lost read"
    );
    assert_eq!(
        with(vec![packed("a"), Act::Dispensed]),
        Some(Certainty::Hint)
    );
    assert_eq!(with(vec![unpacked("a"), Act::Dispensed]), None);
}

#[test]
fn who_opens_and_packs_may_lose_two_reads() {
    let out_of_b = |through: &[(&str, Act)]| {
        let mut life = vec![seen(1, "maker", packed("a"))];
        life.extend(through.iter().map(|(who, act)| seen(2, who, act.clone())));
        life.push(seen(3, "other", unpacked("b")));
        of(Rule::Aggregation, &judged(&life, Some(&known())))
    };
    let to = |who| ("maker", shipped(who));
    assert_eq!(out_of_b(&[to("other")]), Some(Certainty::Likely));
    let received = ("other", Act::Received);
    assert_eq!(out_of_b(&[to("other"), received]), Some(Certainty::Likely));
    let by_whole = ("whole", Act::Received);
    assert_eq!(out_of_b(&[to("whole"), by_whole]), Some(Certainty::Hint));
}

#[test]
fn a_container_holds_what_was_declared() {
    let set = |range: std::ops::Range<u32>| -> BTreeSet<String> {
        range.map(|number| number.to_string()).collect()
    };
    let sure = |seen| aggregation::contents(&set(0..100), &set(seen)).map(|one| one.certainty);
    assert_eq!(sure(0..100), None);
    assert_eq!(sure(2..100), Some(Certainty::Hint));
    assert_eq!(sure(9..100), Some(Certainty::Hint), "a bad hour");
    assert_eq!(sure(10..100), Some(Certainty::Likely));
    assert_eq!(sure(0..101), Some(Certainty::Hint), "not read at packing");
    assert_eq!(sure(0..120), Some(Certainty::Likely));
    assert_eq!(sure(40..140), Some(Certainty::Sure));
}

fn asked(serial: &str, is_known: bool, is_own: bool) -> probing::Lookup {
    probing::Lookup {
        time_ms: START_MS,
        product: "09506000134352".to_owned(),
        serial: serial.to_owned(),
        is_known,
        is_own,
        is_misread: false,
    }
}

#[test]
fn whoever_guesses_or_collects_serial_numbers_is_noticed() {
    let judge = |lookups: &[probing::Lookup]| {
        let found = probing::probing("whole", lookups, &probing::Limits::default());
        found.map(|one| one.certainty)
    };
    let row = |from: u64, count: u64, known, own| -> Vec<probing::Lookup> {
        (from..from + count)
            .map(|n| asked(&format!("{n:010}"), known, own))
            .collect()
    };
    let scattered = |count: u64, known, own| -> Vec<probing::Lookup> {
        (0..count)
            .map(|n| asked(&format!("S{:07}", n * 7_919), known, own))
            .collect()
    };
    assert_eq!(judge(&[]), None);
    assert_eq!(
        judge(&row(100, 200, true, true)),
        None,
        "a maker's own, in a row"
    );
    assert_eq!(judge(&row(100, 8, false, false)), Some(Certainty::Sure));
    assert_eq!(judge(&row(100, 7, false, false)), None);
    assert_eq!(
        judge(&vec![asked("7", false, false); 9]),
        None,
        "the same one again"
    );
    assert_eq!(judge(&scattered(12, false, false)), Some(Certainty::Likely));
    assert_eq!(judge(&scattered(60, true, false)), Some(Certainty::Likely));
    let mut much = scattered(400, true, true);
    much.extend(scattered(12, false, false));
    assert_eq!(judge(&much), None, "a few unknown among many");
    let thrice: Vec<_> = std::iter::repeat_n(scattered(9, false, false), 3).collect();
    assert_eq!(
        judge(&thrice.concat()),
        None,
        "nine fakes, each scanned again"
    );
    let mut misread = scattered(30, false, false);
    for one in &mut misread {
        one.is_misread = true;
    }
    assert_eq!(judge(&misread), None, "a scanner that is set up wrong");
}

#[test]
fn a_broken_cold_chain_is_seen_in_the_readings() {
    let chain = |readings: &[(u64, i32)]| {
        let measured: Vec<_> = readings
            .iter()
            .map(|(minute, mc)| cold::Measured {
                time_ms: minute * MINUTE_MS,
                temperature_mc: *mc,
            })
            .collect();
        cold::chain(&measured, &cold::Limits::REFRIGERATED).map(|one| one.certainty)
    };
    assert_eq!(chain(&[]), None);
    assert_eq!(chain(&[(0, 5_000), (60, 6_000), (120, 4_000)]), None);
    assert_eq!(
        chain(&[(0, 5_000), (60, 9_000), (80, 5_000)]),
        None,
        "a door was open"
    );
    assert_eq!(
        chain(&[(0, 5_000), (60, 9_000), (100, 5_000)]),
        Some(Certainty::Sure)
    );
    assert_eq!(
        chain(&[(0, 9_000), (20, 5_000), (40, 9_000), (60, 5_000)]),
        Some(Certainty::Sure)
    );
    assert_eq!(
        chain(&[(0, 5_000), (10, -500), (11, 5_000)]),
        Some(Certainty::Sure),
        "frozen"
    );
    assert_eq!(
        chain(&[(0, 5_000), (300, 5_000)]),
        Some(Certainty::Hint),
        "silent"
    );
    assert_eq!(
        chain(&[(0, 5_000), (10, i32::MAX), (90, i32::MIN)]),
        Some(Certainty::Sure)
    );
}
