//! Faults, one by one and at random.

use proptest::prelude::*;

use super::*;
use crate::check_digit;

const PACK: &str = "]d201095060001343521727123110LOT-7xyz4\u{1d}21Serial-0815-a";

fn meant(explanation: &Explanation) -> Option<&Repair> {
    match explanation {
        Explanation::Repaired(repair) => Some(repair),
        _ => None,
    }
}

#[test]
fn each_fault_is_named_and_undone() {
    let cases = [
        (
            Fault::Blanks,
            "]d201095060001343521727123110LOT-7xyz4\u{1d}21Serial-0815-a\r\n",
        ),
        (
            Fault::SymbologyAsText,
            "d201095060001343521727123110LOT-7xyz4\u{1d}21Serial-0815-a",
        ),
        (
            Fault::SymbologyAsText,
            "j]d201095060001343521727123110LOT-7xyz4\u{1d}21Serial-0815-a",
        ),
        (
            Fault::SeparatorReplaced { by: "^]" },
            "]d201095060001343521727123110LOT-7xyz4^]21Serial-0815-a",
        ),
        (
            Fault::SeparatorReplaced { by: "<GS>" },
            "]d201095060001343521727123110LOT-7xyz4<GS>21Serial-0815-a",
        ),
        (
            Fault::SeparatorReplaced { by: "|" },
            "]d201095060001343521727123110LOT-7xyz4|21Serial-0815-a",
        ),
        (
            Fault::SeparatorReplaced { by: "\u{f8}" },
            "]d201095060001343521727123110LOT-7xyz4\u{f8}21Serial-0815-a",
        ),
        (
            Fault::SeparatorReplaced { by: "~1" },
            "]d201095060001343521727123110LOT-7xyz4~121Serial-0815-a",
        ),
        (
            Fault::SeparatorLost,
            "]d201095060001343521727123110LOT-7xyz421Serial-0815-a",
        ),
        (
            Fault::CaseFlipped,
            "]D201095060001343521727123110lot-7XYZ4\u{1d}21sERIAL-0815-A",
        ),
        (
            Fault::Keyboard(Layout::German),
            "+d201095060001343521727123110LOTß7xzy4\u{1d}21Serialß0815ßa",
        ),
        (
            Fault::Keyboard(Layout::French),
            "$déà&àç(à-ààà&\"'\"(é&èéè&é\"&&àLOT)èxyw'\u{1d}é&Seriql)à_&()q",
        ),
    ];
    let printed = scan(PACK).unwrap();
    for (fault, text) in cases {
        let explanation = explain(text);
        let repair = meant(&explanation).unwrap_or_else(|| panic!("{text}: {explanation:?}"));
        assert_eq!(repair.faults, [fault], "{text}");
        assert_eq!(repair.elements, printed, "{text}");
        assert_eq!(scan(&repair.text).as_ref(), Ok(&printed), "{text}");
    }
}

#[test]
fn what_was_scanned_twice_is_read_once() {
    for between in ["", "\r\n", "\u{1d}", " "] {
        let explanation = explain(&format!("{PACK}{between}{PACK}"));
        let repair = meant(&explanation).unwrap_or_else(|| panic!("{explanation:?}"));
        assert_eq!(
            (repair.faults.as_slice(), repair.text.as_str()),
            (&[Fault::Doubled][..], PACK)
        );
    }
}

#[test]
fn faults_that_come_together_are_undone_together() {
    let lost = Fault::SeparatorLost.applied(PACK).unwrap();
    let cases = [
        (Fault::Keyboard(Layout::German), Layout::German.typed(&lost)),
        (Fault::Keyboard(Layout::French), Layout::French.typed(&lost)),
        (
            Fault::CaseFlipped,
            Fault::CaseFlipped.applied(&lost).unwrap(),
        ),
        (Fault::Blanks, format!("{lost}\n")),
        (Fault::Doubled, format!("{lost}{lost}")),
    ];
    for (fault, text) in cases {
        let explanation = explain(&text);
        let repair = meant(&explanation).unwrap_or_else(|| panic!("{text}: {explanation:?}"));
        assert_eq!(repair.faults, [fault, Fault::SeparatorLost], "{text}");
        assert_eq!(repair.elements, scan(PACK).unwrap(), "{text}");
    }
}

#[test]
fn two_readings_that_fit_are_both_shown() {
    // The lot may be 45, 4521 or 452121 and what follows.
    let text = "]d2010950600013435217271231104521212100221234567890";
    let Explanation::Ambiguous {
        repairs,
        or_truncated,
    } = explain(text)
    else {
        panic!("{:?}", explain(text));
    };
    assert!(!or_truncated);
    let lots: Vec<_> = repairs
        .iter()
        .filter_map(|repair| repair.elements.lot())
        .collect();
    assert!(
        lots.len() > 1 && lots.contains(&"45") && lots.contains(&"4521"),
        "{lots:?}"
    );
    assert!(
        repairs
            .iter()
            .all(|repair| repair.faults == [Fault::SeparatorLost])
    );
}

#[test]
fn a_valid_reading_is_doubted_and_not_replaced() {
    let text = "]d201095060001343521727123110ABC21XYZ0815";
    let Explanation::Unlikely { read, repairs } = explain(text) else {
        panic!("{:?}", explain(text));
    };
    assert_eq!((read.lot(), read.serial()), (Some("ABC21XYZ0815"), None));
    let [repair] = repairs.as_slice() else {
        panic!("{repairs:?}")
    };
    assert_eq!(repair.elements.lot(), Some("ABC"));
    assert_eq!(repair.elements.serial(), Some("XYZ0815"));
}

#[test]
fn a_scan_without_a_fault_is_sound() {
    for text in [
        PACK,
        "]C100095060001343521113",
        "]E09506000134352",
        "010950600013435210AB",
    ] {
        assert_eq!(
            explain(text),
            Explanation::Sound(scan(text).unwrap()),
            "{text}"
        );
    }
}

#[test]
fn a_scan_that_is_cut_off_is_scanned_again() {
    for text in [
        "]d",
        "]d2010950600013",
        "]d20109506000134352172712",
        "]d20109506000134352172712311",
        "]d201095060001343521727123110LOT\u{1d}2",
        "]d201095060001343521727123110LOT\u{1d}21",
        "]d21727123110LOT\u{1d}21SERIAL",
        "]E00614141",
    ] {
        let explanation = explain(text);
        assert!(
            matches!(explanation, Explanation::Truncated(_)),
            "{text}: {explanation:?}"
        );
    }
}

#[test]
fn the_longest_and_the_most_ambiguous_scan_is_explained_too() {
    for text in [
        "2191".repeat(128),
        "]d210".repeat(100),
        "10".repeat(256),
        "0".repeat(513),
    ] {
        assert!(meant(&explain(&text)).is_none(), "{text}");
        assert!(alternatives(&text).len() <= REPAIRS_MAX);
    }
}

#[test]
fn what_no_fault_explains_is_said_to_be_so() {
    for text in [
        "]d2010950600013435317271231",
        "hello",
        "]d20109506000134352172713311\u{1d}0A",
        "]d2010950600013\u{1d}172712311",
        "https://example.org/01/0950600013435",
    ] {
        let explanation = explain(text);
        assert!(
            matches!(explanation, Explanation::Unexplained(_)),
            "{text}: {explanation:?}"
        );
    }
}

#[test]
fn caps_lock_that_leaves_no_trace_is_among_the_alternatives() {
    let text = "01095060001343521727123110lot-7XYZ4\u{1d}21sERIAL-0815-A";
    assert!(matches!(explain(text), Explanation::Sound(_)));
    let serials: Vec<_> = alternatives(text)
        .into_iter()
        .filter(|repair| repair.faults == [Fault::CaseFlipped])
        .filter_map(|repair| repair.elements.serial().map(str::to_owned))
        .collect();
    assert_eq!(serials, ["Serial-0815-a"]);
}

fn value() -> impl Strategy<Value = String> {
    let simple = "[A-Za-z0-9]{1,20}";
    let any = "[!\"%&'()*+,./0-9:;<=>?A-Z_a-z-]{1,20}";
    prop_oneof![3 => simple, 1 => any]
}

/// A pack as it is printed, its elements in any order.
fn pack() -> impl Strategy<Value = String> {
    let prefix = prop::sample::select(vec!["]d2", "]C1", "]Q3", "]J1", "]e0"]);
    let numbers = (0_u64..10_000_000_000_000, 0_u8..100, 1_u8..=12, 0_u8..=28);
    let order = Just(vec![0, 1, 2, 3]).prop_shuffle();
    (prefix, numbers, value(), value(), order).prop_map(|(prefix, numbers, lot, serial, order)| {
        let (number, yy, month, day) = numbers;
        let body = format!("{number:013}");
        let gtin = format!("{body}{}", check_digit::of(&body).unwrap());
        let expiry = format!("{yy:02}{month:02}{day:02}");
        let all = [("01", gtin), ("17", expiry), ("10", lot), ("21", serial)];
        let pairs: Vec<_> = order
            .iter()
            .map(|at| (all[*at].0, all[*at].1.as_str()))
            .collect();
        format!("{prefix}{}", Elements::new(pairs).unwrap().separated())
    })
}

fn single_fault() -> impl Strategy<Value = Fault> {
    let replaced = prop::sample::select(REPLACEMENTS.to_vec());
    let layout = prop::sample::select(vec![Layout::German, Layout::French]);
    prop_oneof![
        Just(Fault::Blanks),
        Just(Fault::SymbologyAsText),
        Just(Fault::Doubled),
        Just(Fault::SeparatorLost),
        Just(Fault::CaseFlipped),
        replaced.prop_map(|by| Fault::SeparatorReplaced { by }),
        layout.prop_map(Fault::Keyboard),
    ]
}

/// The four identifiers, whatever else a reading has.
fn same_pack(one: &Elements, other: &Elements) -> bool {
    ["01", "10", "17", "21"]
        .iter()
        .all(|code| one.get(code) == other.get(code))
}

/// What the explainer says without doubt.
fn sure(explanation: &Explanation) -> Option<&Elements> {
    match explanation {
        Explanation::Sound(read) => Some(read),
        Explanation::Repaired(repair) => Some(&repair.elements),
        _ => None,
    }
}

/// What the explainer offers, sure or not.
fn offered(explanation: &Explanation) -> Vec<&Elements> {
    match explanation {
        Explanation::Sound(read) => vec![read],
        Explanation::Repaired(repair) => vec![&repair.elements],
        Explanation::Unlikely { repairs, .. } | Explanation::Ambiguous { repairs, .. } => {
            repairs.iter().map(|repair| &repair.elements).collect()
        }
        Explanation::Truncated(_) | Explanation::Unexplained(_) => Vec::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn one_fault_is_never_repaired_into_something_else(text in pack(), fault in single_fault()) {
        let printed = scan(&text).unwrap();
        let Some(faulty) = fault.applied(&text) else { return Ok(()) };
        let explanation = explain(&faulty);
        if let Some(read) = sure(&explanation) {
            prop_assert!(same_pack(read, &printed), "{faulty:?} {explanation:?}");
        }
        let offered = offered(&explanation);
        let is_offered = offered.iter().any(|read| same_pack(read, &printed));
        prop_assert!(is_offered || offered.len() == REPAIRS_MAX, "{faulty:?} {explanation:?}");
    }

    #[test]
    fn a_fault_that_leaves_no_trace_is_among_the_alternatives(
        text in pack(),
        fault in single_fault(),
    ) {
        // Without the symbology identifier, whose letters and bracket give most faults away.
        let printed = scan(&text).unwrap();
        let Some(faulty) = fault.applied(&text[3..]) else { return Ok(()) };
        let explanation = explain(&faulty);
        let mut readings = offered(&explanation);
        let alternatives = alternatives(&faulty);
        readings.extend(alternatives.iter().map(|repair| &repair.elements));
        let is_there = readings.iter().any(|read| same_pack(read, &printed));
        prop_assert!(is_there || alternatives.len() == REPAIRS_MAX, "{faulty:?} {explanation:?}");
    }

    #[test]
    fn one_lost_separator_is_never_made_up(text in pack(), which in 0_usize..3) {
        let printed = scan(&text).unwrap();
        let Some((at, _)) = text.match_indices('\u{1d}').nth(which) else { return Ok(()) };
        let mut faulty = text.clone();
        faulty.remove(at);
        let explanation = explain(&faulty);
        if let Some(read) = sure(&explanation) {
            prop_assert!(same_pack(read, &printed), "{faulty:?} {explanation:?}");
        }
    }

    #[test]
    fn a_cut_scan_is_never_repaired(text in pack(), cut in 1_usize..40) {
        let Some(end) = text.len().checked_sub(cut) else { return Ok(()) };
        let cut = &text[..end];
        if scan(cut).is_err() {
            prop_assert!(meant(&explain(cut)).is_none(), "{cut:?} {:?}", explain(cut));
        }
    }

    #[test]
    fn whatever_comes_is_explained_within_bounds(text in any::<String>(), tail in "[0-9]{0,60}") {
        for text in [text.clone(), format!("]d2{tail}{text}"), tail] {
            let _ = explain(&text);
            prop_assert!(alternatives(&text).len() <= REPAIRS_MAX);
        }
    }
}
