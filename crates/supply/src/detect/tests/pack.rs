//! Rules about one pack and what the ledger says of it.

use super::*;

#[test]
fn a_pack_that_nobody_commissioned_is_found_unless_a_fault_explains_it() {
    let mut now = seen(4, "pharmacy", Act::Verified);
    let cases = [
        (Reading::Clean, Certainty::Sure),
        (Reading::Repaired, Certainty::Likely),
        (Reading::Doubtful, Certainty::Hint),
    ];
    for (reading, certainty) in cases {
        now.reading = reading;
        let found = judged(std::slice::from_ref(&now), None);
        assert_eq!(of(Rule::NeverCommissioned, &found), Some(certainty));
    }
    let reported = [
        seen(3, "maker", Act::Commissioned),
        seen(4, "pharmacy", Act::Verified),
    ];
    let found = judged(&reported, None);
    assert_eq!(of(Rule::NeverCommissioned, &found), Some(Certainty::Hint));
    let long_ago = [
        seen(1, "maker", Act::Commissioned),
        seen(4, "pharmacy", Act::Verified),
    ];
    assert_eq!(
        of(Rule::NeverCommissioned, &judged(&long_ago, None)),
        Some(Certainty::Sure)
    );
    let by_no_maker = [
        seen(3, "whole", Act::Commissioned),
        seen(4, "pharmacy", Act::Verified),
    ];
    assert_eq!(
        of(Rule::NeverCommissioned, &judged(&by_no_maker, None)),
        Some(Certainty::Sure)
    );
}

#[test]
fn a_pack_is_commissioned_once() {
    let twice = |organisation, day| {
        let mut life = life();
        life.insert(1, seen(day, organisation, Act::Commissioned));
        of(Rule::CommissionedTwice, &judged(&life, Some(&known())))
    };
    assert_eq!(twice("maker", 0), None, "the same document twice");
    assert_eq!(twice("maker", 1), Some(Certainty::Likely));
    assert_eq!(twice("whole", 0), Some(Certainty::Sure));
}

#[test]
fn what_is_printed_is_what_the_maker_printed() {
    let with = |lot: &str, expiry: &str, reading| {
        let mut life = life();
        let now = life.last_mut().unwrap();
        now.printed = Printed {
            lot: Some(lot.to_owned()),
            expiry: Some(expiry.to_owned()),
        };
        now.reading = reading;
        of(Rule::PrintedOtherwise, &judged(&life, Some(&known())))
    };
    assert_eq!(with("LOT7", "271231", Reading::Clean), None);
    assert_eq!(
        with("LOT8", "271231", Reading::Clean),
        Some(Certainty::Sure)
    );
    assert_eq!(
        with("LOT7", "281231", Reading::Clean),
        Some(Certainty::Sure)
    );
    assert_eq!(
        with("lot7", "271231", Reading::Clean),
        Some(Certainty::Hint)
    );
    assert_eq!(
        with("LO", "271231", Reading::Clean),
        Some(Certainty::Hint),
        "cut off"
    );
    assert_eq!(
        with("LOT8", "271231", Reading::Repaired),
        Some(Certainty::Likely)
    );
    assert_eq!(
        with("LOT8", "271231", Reading::Doubtful),
        Some(Certainty::Hint)
    );
    let ledger = Known {
        printed: None,
        facts_match: Some(false),
        ..known()
    };
    let found = judged(&life(), Some(&ledger));
    assert_eq!(of(Rule::PrintedOtherwise, &found), Some(Certainty::Sure));
}

#[test]
fn nothing_is_done_with_a_pack_after_its_end() {
    let ended = |by: Option<&str>| Known {
        status: Status::Dispensed,
        since_ms: START_MS + 5 * DAY_MS,
        ended_by: by.map(str::to_owned),
        in_hand: Some(by == Some("pharmacy")),
        ..known()
    };
    let at = |ms_after: u64, organisation, act, by| {
        let mut now = seen(5, organisation, act);
        now.time_ms += ms_after;
        of(Rule::AfterTheEnd, &judged(&[now], Some(&ended(by))))
    };
    let pharmacy = Some("pharmacy");
    assert_eq!(
        at(HOUR_MS, "pharmacy", Act::Dispensed, pharmacy),
        Some(Certainty::Sure)
    );
    assert_eq!(
        at(MINUTE_MS, "pharmacy", Act::Dispensed, pharmacy),
        Some(Certainty::Hint)
    );
    assert_eq!(
        at(MINUTE_MS, "other", Act::Dispensed, pharmacy),
        Some(Certainty::Sure)
    );
    assert_eq!(at(HOUR_MS, "pharmacy", Act::Verified, pharmacy), None);
    assert_eq!(
        at(HOUR_MS, "other", Act::Verified, pharmacy),
        Some(Certainty::Likely)
    );
    assert_eq!(
        at(MINUTE_MS, "other", Act::Received, pharmacy),
        Some(Certainty::Hint)
    );
    assert_eq!(
        at(HOUR_MS, "other", shipped("whole"), None),
        Some(Certainty::Likely)
    );
    assert_eq!(at(HOUR_MS, "pharmacy", Act::Undone, pharmacy), None);
    let late = [seen(4, "whole", shipped("pharmacy"))];
    let found = judged(&late, Some(&ended(pharmacy)));
    assert_eq!(of(Rule::AfterTheEnd, &found), None, "told late");
}

#[test]
fn a_marked_or_recalled_pack_is_said_to_be_so() {
    let cases = [
        (Finding::Clear, None),
        (Finding::Suspect, Some(Certainty::Likely)),
        (Finding::Illegitimate, Some(Certainty::Sure)),
    ];
    for (finding, certainty) in cases {
        let found = judged(&life(), Some(&Known { finding, ..known() }));
        assert_eq!(of(Rule::Marked, &found), certainty);
    }
    let recalled = Known {
        recalled_ms: Some(START_MS),
        ..known()
    };
    assert_eq!(
        of(Rule::Recalled, &judged(&life(), Some(&recalled))),
        Some(Certainty::Sure)
    );
}

#[test]
fn a_pack_is_not_used_after_its_last_day() {
    // The last day is day 10, which began 22:13:20 hours before START's time of day.
    let at = |day| {
        let now = seen(day, "pharmacy", Act::Dispensed);
        of(Rule::Expired, &judged(&[now], Some(&known())))
    };
    assert_eq!(
        (at(10), at(11), at(12)),
        (None, Some(Certainty::Sure), Some(Certainty::Sure))
    );
    let mut now = seen(11, "pharmacy", Act::Dispensed);
    now.time_ms -= START_MS % DAY_MS;
    now.time_ms += 12 * HOUR_MS - 1;
    assert_eq!(
        of(
            Rule::Expired,
            &judged(std::slice::from_ref(&now), Some(&known()))
        ),
        None
    );
    now.time_ms += 1;
    assert_eq!(
        of(Rule::Expired, &judged(&[now], Some(&known()))),
        Some(Certainty::Sure)
    );
}

#[test]
fn what_resembles_a_fake_is_looked_at() {
    let fake = |serial: &str, lot: &str, through: &str| Fake {
        product: "09506000134352".to_owned(),
        serial: serial.to_owned(),
        lot: lot.to_owned(),
        through: vec!["maker".to_owned(), through.to_owned()],
    };
    let near = |fake: Fake, ledger: Option<&Known>| {
        let found = judged_near(&life(), ledger, &[fake]);
        of(Rule::NearAFake, &found)
    };
    let ledger = known();
    let (real, unknown) = (Some(&ledger), None);
    assert_eq!(
        near(fake("1000200030", "LOT9", "x"), real),
        Some(Certainty::Likely)
    );
    assert_eq!(
        near(fake("1000200033", "LOT7", "x"), real),
        Some(Certainty::Hint)
    );
    assert_eq!(
        near(fake("1000200033", "LOT7", "x"), unknown),
        Some(Certainty::Likely)
    );
    assert_eq!(
        near(fake("5555555555", "LOT7", "whole"), real),
        Some(Certainty::Hint)
    );
    assert_eq!(near(fake("5555555555", "LOT8", "whole"), real), None);
    let other = Fake {
        product: "x".to_owned(),
        ..fake("1000200030", "LOT7", "x")
    };
    assert_eq!(near(other, real), None);
}
