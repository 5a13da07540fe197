//! 1,500 scans, element strings and Digital Links with the verdict of GS1's own engine.
#![allow(clippy::expect_used, reason = "a test may fail loudly")]

mod support;

use support::{lines, text};

const VECTORS: &str = "gs1-element-strings/oracle_vectors.ndjson";

fn read(kind: &str, input: &str) -> Result<gs1::Elements, gs1::Error> {
    match kind {
        "ai" => gs1::brackets::parse(input),
        "scan" => gs1::scan(input),
        "dl" => gs1::digital_link::parse(input),
        other => panic!("a kind of vector that is not known: {other}"),
    }
}

#[test]
fn every_vector_gets_the_verdict_and_the_link_of_gs1s_engine() {
    let Some(vectors) = lines(VECTORS) else {
        return;
    };
    assert_eq!(vectors.len(), 1_500);
    for vector in &vectors {
        let input = text(vector, "input").expect("an input");
        let outcome = read(text(vector, "kind").expect("a kind"), input);
        let valid = vector["ok"].as_bool().expect("a verdict");
        assert_eq!(outcome.is_ok(), valid, "{vector}\n{outcome:?}");
        if let Ok(read) = outcome {
            assert_eq!(
                read.digital_link().as_deref(),
                text(vector, "dl"),
                "{vector}"
            );
            assert_eq!(
                Some(read.bracketed().as_str()),
                text(vector, "ai"),
                "{vector}"
            );
        }
    }
}

#[test]
fn what_the_engine_reads_is_read_the_same_from_every_form() {
    let Some(vectors) = lines(VECTORS) else {
        return;
    };
    for vector in vectors.iter().filter(|vector| vector["ok"] == true) {
        let input = text(vector, "input").expect("an input");
        let read = read(text(vector, "kind").expect("a kind"), input).expect("valid");
        let again = gs1::scan(&format!("]d2{}", read.separated())).expect("valid");
        assert_eq!(again.bracketed(), read.bracketed());
        let link = read.digital_link().expect("a key");
        let linked = gs1::scan(&link).expect("valid");
        assert_eq!(linked.digital_link(), Some(link));
    }
}
