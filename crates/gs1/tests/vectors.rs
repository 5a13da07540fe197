//! 1,500 scans, element strings and Digital Links with the verdict of GS1's own engine.
#![allow(clippy::expect_used, reason = "a test may fail loudly")]

mod support;

use gs1::{Charset, Defect, Error};
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

/// What the engine says of an error, and what this crate calls it.
fn says_the_same(theirs: &str, ours: &Error) -> bool {
    let (ai, reason) = match theirs
        .strip_prefix("AI (")
        .and_then(|rest| rest.split_once(')'))
    {
        Some((ai, reason)) => (Some(ai), reason.trim_start_matches([':', ' '])),
        None => (None, theirs),
    };
    match ours {
        Error::Value {
            ai: code, defect, ..
        } => {
            let right = match defect {
                Defect::TooLong => reason.ends_with("is too long"),
                Defect::TooShort | Defect::Length => {
                    reason.ends_with("is too short") || reason.ends_with("has incorrect length")
                }
                Defect::CheckDigit => reason == "The numeric check digit is incorrect.",
                Defect::Month => reason.contains("illegal month"),
                Defect::Day => reason.contains("illegal day"),
                Defect::Time => reason.contains("illegal hour"),
                Defect::Character(Charset::Numeric) => reason.contains("non-digit"),
                Defect::Character(_) => {
                    reason.contains("non-CSET 82") || reason.contains("illegal ^ character")
                }
                _ => false,
            };
            right && ai.is_none_or(|ai| ai == *code)
        }
        Error::Exclusive { ai, other } => {
            theirs == format!("It is invalid to pair AI ({ai}) with AI ({other})")
        }
        Error::Required { ai, groups } => {
            theirs == format!("Required AIs for AI ({ai}) are not satisfied: {groups}")
        }
        Error::Different { ai } => {
            theirs == format!("Multiple instances of AI ({ai}) have different values")
        }
        Error::UnknownIdentifier { .. } => theirs.starts_with("No known AI is a prefix of"),
        _ => false,
    }
}

/// These the engine looks for in all values before it looks into any; so does nobody else.
fn is_looked_for_first(theirs: &str) -> bool {
    let first = [
        "too long",
        "too short",
        "illegal ^ character",
        "non-CSET 82",
    ];
    first.iter().any(|one| theirs.contains(one))
}

#[test]
fn the_reason_is_that_of_gs1s_engine_where_there_is_one_error() {
    let Some(vectors) = lines(VECTORS) else {
        return;
    };
    let mut with_two_errors = 0;
    for vector in vectors.iter().filter(|vector| vector["ok"] == false) {
        let input = text(vector, "input").expect("an input");
        let error = read(text(vector, "kind").expect("a kind"), input).expect_err("not valid");
        let theirs = text(vector, "error").expect("a reason");
        if !says_the_same(theirs, &error) {
            assert!(is_looked_for_first(theirs), "{vector}: {error}");
            with_two_errors += 1;
        }
    }
    assert!(with_two_errors < 40, "{with_two_errors} of 669");
}
