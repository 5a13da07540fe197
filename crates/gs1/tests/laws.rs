//! What holds for every message: printing and reading, in each form.
#![allow(clippy::expect_used, reason = "a test may fail loudly")]

use gs1::{Elements, check_digit, digital_link, scan};
use proptest::prelude::*;

fn value(max: usize) -> impl Strategy<Value = String> {
    let characters = format!("[!\"%&'()*+,./0-9:;<=>?A-Z_a-z-]{{1,{max}}}");
    proptest::string::string_regex(&characters).expect("a pattern")
}

fn with_check_digit(body: &str) -> String {
    format!("{body}{}", check_digit::of(body).expect("digits"))
}

fn date() -> impl Strategy<Value = String> {
    (0_u8..100, 1_u8..=12, 0_u8..=28).prop_map(|(y, m, d)| format!("{y:02}{m:02}{d:02}"))
}

/// Elements that may stand together, in any order, some of them missing.
fn message() -> impl Strategy<Value = Elements> {
    let gtin = (0_u64..10_000_000_000_000).prop_map(|n| with_check_digit(&format!("{n:013}")));
    let sscc = (0_u64..100_000_000_000_000_000).prop_map(|n| with_check_digit(&format!("{n:017}")));
    let known = (
        gtin,
        prop::option::of(value(20)),
        prop::option::of(value(20)),
        prop::option::of(date()),
        prop::option::of(date()),
        prop::option::of(value(30)),
        prop::option::of("[0-9]{1,8}"),
        prop::option::of(sscc),
        prop::option::of(value(90)),
    );
    known
        .prop_map(
            |(gtin, lot, serial, expiry, made, additional, count, sscc, internal)| {
                let optional = [
                    ("10", lot),
                    ("21", serial),
                    ("17", expiry),
                    ("11", made),
                    ("240", additional),
                    ("30", count),
                    ("00", sscc),
                    ("91", internal),
                ];
                let there = optional
                    .into_iter()
                    .filter_map(|(code, value)| Some((code, value?)));
                std::iter::once(("01", gtin))
                    .chain(there)
                    .collect::<Vec<_>>()
            },
        )
        .prop_shuffle()
        .prop_map(|pairs| {
            let pairs = pairs.iter().map(|(code, value)| (*code, value.as_str()));
            Elements::new(pairs).expect("a valid message")
        })
}

proptest! {
    #[test]
    fn what_is_printed_with_brackets_is_read_the_same(message in message()) {
        prop_assert_eq!(gs1::brackets::parse(&message.bracketed()), Ok(message));
    }

    #[test]
    fn what_is_printed_with_separators_is_read_the_same(message in message()) {
        let read = gs1::separated::parse(&message.separated());
        prop_assert_eq!(read.as_ref(), Ok(&message));
        let scanned = format!("]d2{}", message.separated());
        prop_assert_eq!(scan(&scanned), Ok(message));
    }

    #[test]
    fn a_digital_link_is_its_own_canonical_form(message in message()) {
        let Some(link) = message.digital_link() else {
            // A serial number of a logistic unit's link has no place.
            prop_assert!(message.get("00").is_some());
            return Ok(());
        };
        let read = digital_link::parse(&link).expect("a link");
        prop_assert_eq!(read.digital_link(), Some(link));
        for element in message.iter() {
            prop_assert_eq!(read.get(element.ai.code), Some(element.value.as_str()));
        }
    }

    #[test]
    fn the_order_of_elements_does_not_change_what_is_identified(message in message()) {
        let mut pairs: Vec<_> = message.iter().map(|e| (e.ai.code, e.value.as_str())).collect();
        pairs.sort_unstable();
        let sorted = Elements::new(pairs).expect("the same elements");
        if message.get("00").is_none() {
            prop_assert_eq!(sorted.identity_link(), message.identity_link());
        }
    }

    #[test]
    fn any_text_is_read_or_refused_and_what_is_read_prints_itself(
        text in prop_oneof![
            any::<String>(),
            "[]dC1(0-9)A/?=%\u{1d}]{0,60}",
            "https://a/01/[ -~]{0,40}",
        ],
    ) {
        let older = digital_link::parse_older(&text);
        let outcomes = [scan(&text), gs1::brackets::parse(&text), older];
        for read in outcomes.into_iter().flatten() {
            let printed = gs1::brackets::parse(&read.bracketed()).expect("its own print");
            prop_assert_eq!(printed.bracketed(), read.bracketed());
            if let Some(link) = read.digital_link() {
                let linked = digital_link::parse(&link).expect("its own link");
                prop_assert_eq!(linked.digital_link(), Some(link));
            }
        }
    }
}
