//! Pairs of Digital Links from other projects.
#![allow(clippy::expect_used, reason = "a test may fail loudly")]

mod support;

use support::{lines, text};

#[test]
fn words_become_numbers_as_in_the_translator() {
    let Some(pairs) = lines("digital-link-translator/pairs.ndjson") else {
        return;
    };
    assert_eq!(pairs.len(), 8);
    for pair in &pairs {
        let input = text(pair, "input").expect("an input");
        let expected = text(pair, "expect").expect("an output");
        assert_eq!(gs1::digital_link::with_numbers(input), expected);
    }
}

/// Links that this crate refuses, since GS1's dictionary does: a wrong check digit, and a consumer
/// product variant (22) of something else than a GTIN (01).
const NOT_VALID: &[&str] = &[
    "http://example.de/gtin-8/01/97803111",
    "http://example.de/01/040123451234/cpv/344/lot/ABD",
    "https://id.gs1.org/itip/123456789101100190/cpv/ABCD",
    "https://fashion-corp.com/8006/040123451234560102/22/AB/21/443322",
    "https://id.gs1.org/8006/040123451234560102/22/ABCD/10/XYZ",
];

#[test]
fn a_link_is_named_as_the_event_hash_names_it() {
    let Some(pairs) = lines("event-hash/dl_normaliser_pairs.ndjson") else {
        return;
    };
    let mut links = 0;
    for pair in &pairs {
        let input = text(pair, "input").expect("an input");
        // EPC URNs need the length of the company prefix; they are read by `epcis`.
        if input.starts_with("urn:") {
            continue;
        }
        links += 1;
        let read = gs1::digital_link::parse_older(input);
        assert_eq!(
            read.is_err(),
            NOT_VALID.contains(&input),
            "{input}: {read:?}"
        );
        if let Ok(read) = read {
            assert_eq!(
                read.identity_link().as_deref(),
                text(pair, "expect"),
                "{input}"
            );
        }
    }
    assert_eq!(links, 31);
}
