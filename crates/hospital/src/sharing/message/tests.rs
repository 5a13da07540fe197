//! Whatever bytes another organisation sends, a message is read whole or refused.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::sharing::erased::EraseTold;

/// Reads as one message; what is read is written and read to the same.
fn one<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> bool {
    let Ok(message) = read::<T>(bytes) else {
        return false;
    };
    let written = write(&message).unwrap();
    let again = write(&read::<T>(&written).unwrap()).unwrap();
    assert_eq!(written, again);
    true
}

/// How many kinds of messages take these bytes.
fn taken(bytes: &[u8]) -> usize {
    [
        one::<LinkAsk>(bytes),
        one::<LinkAnswer>(bytes),
        one::<LocateAsk>(bytes),
        one::<LocateAnswer>(bytes),
        one::<GrantTold>(bytes),
        one::<Withdrawn>(bytes),
        one::<GlassAsk>(bytes),
        one::<GlassAnswer>(bytes),
        one::<ReadAsk>(bytes),
        one::<ReadAnswer>(bytes),
        one::<EraseTold>(bytes),
    ]
    .into_iter()
    .map(usize::from)
    .sum()
}

/// One of each.
fn samples() -> Vec<Vec<u8>> {
    let released = json!({ "resource": "Observation", "id": "o1", "version": 1, "updated_us": 5,
        "content": "AAAA", "redacted": false, "included": false, "receipt": null });
    let read = |wanted: Value| {
        json!({ "grant": "00", "glass": false, "purpose": "TREAT", "credential": "a~b",
            "nonce": "n", "wanted": wanted })
    };
    [
        json!({ "code": "ABCD" }),
        json!({ "pseudonym": "00" }),
        json!({ "grant": "00", "pseudonym": "00", "sealed": "AA==", "signature": "AA==" }),
        json!({ "grant": "00" }),
        json!({ "glass": "00", "pseudonym": "00", "reason": "words", "key": "00", "hours": 1,
            "credentials": ["a~b"], "nonce": "n" }),
        json!({ "sealed": "AA==", "signature": "AA==" }),
        read(json!({ "search": { "resource": "Observation", "query": [["code", "1"]] } })),
        read(json!({ "everything": { "query": [] } })),
        read(json!({ "version": { "resource": "Observation", "id": "o1", "version": 2 } })),
        read(json!({ "history": { "resource": "Patient", "id": "", "query": [] } })),
        json!({ "base": "http://x", "records": [released], "next": null, "cut": false, "total": 1,
            "disclosure": ["a1", 1], "stated": { "release": "AA==", "receipt": "r" },
            "notice": null }),
        json!({ "pseudonym": "00", "credential": null, "nonce": "n" }),
        json!({ "known": 1 }),
        json!({ "erasure": "00", "pseudonyms": ["00"], "grants": ["00"] }),
    ]
    .iter()
    .map(|sample| sample.to_string().into_bytes())
    .collect()
}

#[test]
fn every_message_is_one_kind_and_takes_nothing_more() {
    for sample in samples() {
        let text = String::from_utf8(sample.clone()).unwrap();
        assert_eq!(taken(&sample), 1, "{text}");
        let more = text.replacen('{', "{\"more-than-this\":1,", 1);
        assert_eq!(taken(more.as_bytes()), 0, "{more}");
        assert_eq!(taken(&[&sample[..], b"x"].concat()), 0, "{text}");
        for end in 0..sample.len() {
            assert_eq!(taken(&sample[..end]), 0, "{end} bytes of {text}");
        }
    }
    // Nesting is bounded by the parser: it does not exhaust the stack.
    let deep = "[".repeat(1 << 20);
    assert_eq!(taken(deep.as_bytes()), 0);
    let deep = format!("{{\"code\":{deep}");
    assert_eq!(taken(deep.as_bytes()), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn any_bytes_do_no_harm(bytes in vec(any::<u8>(), 0..300)) {
        taken(&bytes);
        let text = String::from_utf8_lossy(&bytes);
        let _ = (digest(&text), from_base64(&text));
    }

    #[test]
    fn changed_messages_are_read_whole_or_refused(
        which in 0..9_usize,
        changes in vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = samples()[which].clone();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        taken(&bytes);
    }
}
