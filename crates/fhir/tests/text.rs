//! JSON, decimals, and the forms of primitive values.
#![allow(clippy::expect_used, reason = "a test may fail loudly")]

use fhir::json::{Limits, ParseError, parse};
use fhir::search::normalise;
use fhir::{Decimal, validate};
use proptest::prelude::*;
use serde_json::{Value, json};

fn read(text: &str) -> Result<Value, ParseError> {
    parse(text.as_bytes(), Limits::default())
}

#[test]
fn json_is_read_strictly() {
    let refused = [
        "",
        " ",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "{\"a\" 1}",
        "{a:1}",
        "01",
        "1.",
        ".5",
        "1e",
        "+1",
        "-",
        "nul",
        "truex",
        "\"a",
        "\"\u{1}\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\ud800\"",
        "\"\\ud800x\"",
        "\"\\udc00\"",
        "1 2",
        "[1 2]",
        "{\"a\":1,\"a\":2}",
        "{\"a\":1,\"\\u0061\":2}",
        "NaN",
        "// x",
    ];
    for text in refused {
        assert!(read(text).is_err(), "{text}");
    }
    assert!(parse(b"\"\xff\"", Limits::default()).is_err());
    assert!(parse(b"\"\xed\xa0\x80\"", Limits::default()).is_err());
}

#[test]
fn an_error_tells_line_column_and_bound() {
    let error = read("{\n  \"a\": 1,\n  \"a\": 2}").expect_err("a duplicate");
    assert_eq!((error.line, error.column, error.too_large), (3, 3, false));
    let deep = |levels| "[".repeat(levels) + &"]".repeat(levels);
    assert!(read(&deep(64)).is_ok());
    assert!(read(&deep(65)).expect_err("too deep").too_large);
    let error = parse(
        b"[1, 2]",
        Limits {
            bytes: 5,
            depth: 64,
        },
    )
    .expect_err("too long");
    assert!(error.too_large);
}

#[test]
fn a_number_keeps_its_digits() {
    for lexeme in [
        "1.0",
        "1.50",
        "-0.00",
        "1e3",
        "1E+3",
        "0.1e-7",
        "123456789012345678901234567890",
    ] {
        assert_eq!(read(lexeme).expect("a number").to_string(), lexeme);
    }
}

#[test]
fn decimals_know_their_written_range() {
    let range = |text: &str, exponent| {
        let (low, high) = Decimal::parse(text)
            .expect("a decimal")
            .written_range(exponent);
        (low, high)
    };
    let decimal = |text: &str| Decimal::parse(text).expect("a decimal");
    assert_eq!(range("100", false), (decimal("99.5"), decimal("100.5")));
    assert_eq!(range("5.40", false), (decimal("5.395"), decimal("5.405")));
    assert_eq!(range("1e2", true), (decimal("95"), decimal("105")));
    assert_eq!(range("-1", false), (decimal("-1.5"), decimal("-0.5")));
    for text in [
        "",
        "-",
        "1.",
        "a",
        "1e",
        "1e9999",
        "1e-2147483648",
        "1..2",
        "1-2",
        "12345678901234567890123456789012345",
    ] {
        assert!(Decimal::parse(text).is_none(), "{text}");
    }
}

/// Element of an extension, and values in that form.
const ACCEPTED: &[(&str, &str)] = &[
    ("valueDate", "2020 2020-02 2020-02-29 0001-01-01 9999-12-31"),
    (
        "valueDateTime",
        "2020 2020-02-29 2020-01-01T00:00:00Z 2020-01-01T23:59:60.123456789-14:00",
    ),
    (
        "valueInstant",
        "2020-01-01T00:00:00Z 2020-01-01T00:00:00.1+02:00",
    ),
    ("valueTime", "00:00:00 23:59:59.5"),
    ("valueCode", "a a-b"),
    ("valueId", "a A-1.b"),
    ("valueOid", "urn:oid:1.2.3 urn:oid:2.16.0"),
    ("valueUuid", "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"),
    ("valueUri", "x http://a urn:x"),
    ("valueBase64Binary", "YQ== YWJj"),
];

/// The same, not in that form.
const REFUSED: &[(&str, &str)] = &[
    (
        "valueDate",
        "20 2020-13 2020-02-30 2021-02-29 1900-02-29 0000 2020-01-01Z 20200101 +020",
    ),
    (
        "valueDateTime",
        "2020-01-01T00:00Z 2020-01-01T00:00:00 2020T00:00:00Z 2020-01-01T24:00:00Z",
    ),
    (
        "valueDateTime",
        "2020-01-01T00:00:00+14:01 2020-01-01T00:00:00.Z 2020-01-01T00:60:00Z",
    ),
    ("valueInstant", "2020 2020-01-01 2020-01-01T00:00:00"),
    ("valueTime", "24:00:00 10:00 10:00:00Z"),
    ("valueId", "a_b"),
    (
        "valueOid",
        "1.2 urn:oid:3.1 urn:oid:1 urn:oid:1.02 urn:oid:1.",
    ),
    (
        "valueUuid",
        "urn:uuid:C757873D-EC9A-4326-A141-556F43239520 c757873d",
    ),
    ("valueBase64Binary", "YQ YQ= Y*== =YQ= ===="),
];

#[test]
fn primitives_have_the_forms_of_r4() {
    let extension = |name: &str, value: Value| {
        let extension = json!([{"url": "http://x", name: value}]);
        validate::resource(&json!({"resourceType": "Basic", "code": {"text": "x"},
            "extension": extension}))
        .is_empty()
    };
    for (name, values) in ACCEPTED {
        for value in values.split(' ') {
            assert!(extension(name, json!(value)), "{name} {value}");
        }
    }
    for (name, values) in REFUSED {
        for value in values.split(' ') {
            assert!(!extension(name, json!(value)), "{name} {value}");
        }
    }
    for code in [" a", "a ", "a  b", ""] {
        assert!(!extension("valueCode", json!(code)), "{code:?}");
    }
    assert!(extension("valueCode", json!("a b")));
    assert!(!extension("valueString", json!("x".repeat((1 << 20) + 1))));
    let number = |name, text: &str| extension(name, read(text).expect("a number"));
    assert!(number("valueInteger", "-2147483648") && number("valuePositiveInt", "2147483647"));
    assert!(!number("valueInteger", "2147483648") && !number("valueUnsignedInt", "-1"));
    assert!(!number("valueInteger", "1e2") && !number("valueInteger", "1.0"));
}

#[test]
fn a_companion_may_carry_an_id_alone_beside_a_value() {
    let patient = json!({"resourceType": "Patient", "gender": "male", "_gender": {"id": "g"},
        "name": [{"given": ["A", null], "_given": [{"id": "a"},
            {"extension": [{"url": "http://x", "valueCode": "x"}]}]}]});
    assert_eq!(validate::resource(&patient), []);
}

#[test]
fn a_narrative_is_harmless_xhtml() {
    let div = |inner: &str| {
        let div = format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{inner}</div>");
        let text = json!({"status": "generated", "div": div});
        validate::resource(&json!({"resourceType": "Basic", "code": {"text": "x"}, "text": text}))
    };
    for inner in [
        "x",
        "<p class='a'>x<br/></p>",
        "<!-- c -->&amp;&#160;&nbsp;",
        "<img src='x'/>",
    ] {
        assert_eq!(div(inner), [], "{inner}");
    }
    let refused = [
        "",
        "<!-- c -->",
        "<p>x",
        "x</p>",
        "<p>x</b>",
        "<script/>x",
        "<p onload='x'>x</p>",
        "<a href=' java script:x'>x</a>",
        "<p a=b>x</p>",
        "<p a>x</p>",
        "a & b",
        "<P>x</P>",
        "<iframe src='x'/>x",
        "<form>x</form>",
        "<p a='<'>x</p>",
        "x</div><div>x",
    ];
    for inner in refused {
        assert_eq!(div(inner).len(), 1, "{inner}");
    }
}

#[test]
fn issues_are_bounded_and_quote_no_values() {
    let names: Vec<Value> = (0..1000)
        .map(|_| json!({"Meier secret": "Meier"}))
        .collect();
    let issues = validate::resource(&json!({"resourceType": "Patient", "name": names}));
    assert_eq!(issues.len(), validate::ISSUES_MAX);
    assert!(!format!("{issues:?}").contains("Meier"));
    let mut deep = json!({"url": "http://x", "valueCode": "x"});
    for _ in 0..100 {
        deep = json!({"url": "http://x", "extension": [deep]});
    }
    let issues = validate::resource(&json!({"resourceType": "Patient", "extension": [deep]}));
    assert_eq!(
        issues.iter().map(|issue| issue.code).collect::<Vec<_>>(),
        ["too-long"]
    );
    for not_one in [
        json!(null),
        json!([]),
        json!({}),
        json!({"resourceType": "Resource"}),
    ] {
        assert_eq!(validate::resource(&not_one).len(), 1);
    }
}

fn decimal() -> impl Strategy<Value = String> {
    "-?(0|[1-9][0-9]{0,12})(\\.[0-9]{1,8})?(e-?[0-9]{1,2})?"
}

proptest! {
    #[test]
    fn sort_keys_order_like_the_numbers(a in decimal(), b in decimal()) {
        let (a, b) = (Decimal::parse(&a).expect("a"), Decimal::parse(&b).expect("b"));
        // Exponents differ by at most 2 * 99 + 8: too much for i128, so compare by long numbers.
        prop_assert_eq!(a.sort_key().cmp(&b.sort_key()), compare(a, b));
    }

    #[test]
    fn our_json_reads_what_serde_reads(text in "[\\[\\]{},:\"a0-9.eE+\\- tru\\\\n]{0,24}") {
        let ours = read(&text);
        // serde keeps the last of two equal keys, and bounds exponents only when asked for a float.
        match serde_json::from_str::<Value>(&text) {
            Ok(theirs) => prop_assert!(ours.is_err() || ours == Ok(theirs)),
            Err(_) => prop_assert!(ours.is_err(), "{}", text),
        }
    }

    #[test]
    fn what_serde_writes_is_read_back(value in tree()) {
        prop_assert_eq!(read(&value.to_string()), Ok(value));
    }

    #[test]
    fn normalising_twice_changes_nothing(text in "\\PC{0,40}") {
        let once = normalise(&text);
        prop_assert_eq!(normalise(&once), once);
    }

    #[test]
    fn no_input_makes_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = parse(&bytes, Limits::default());
    }

    #[test]
    fn no_tree_makes_the_validator_or_the_index_panic(value in tree(), name in "[A-Z][a-z]{2,8}") {
        for type_ in ["Patient", "Bundle", "Observation", "Questionnaire", name.as_str()] {
            let resource = json!({"resourceType": type_, "name": value, "entry": [value],
                "contained": value, "subject": value, "code": value, "text": value});
            let _ = validate::resource(&resource);
            let _ = fhir::search::values(&resource);
            let _ = fhir::compartment::patients(&resource);
            fhir::references::visit(&resource, &mut |_, _| {});
        }
    }
}

/// Compares by digits with the point aligned.
fn compare(a: Decimal, b: Decimal) -> std::cmp::Ordering {
    let align = |one: Decimal| {
        let zeros = usize::try_from(one.exponent + 120).expect("in range");
        let digits = one.mantissa.unsigned_abs().to_string() + &"0".repeat(zeros);
        format!("{digits:0>300}")
    };
    match (a.mantissa.signum(), b.mantissa.signum()) {
        (1, 1) => align(a).cmp(&align(b)),
        (-1, -1) => align(b).cmp(&align(a)),
        (one, other) => one.cmp(&other),
    }
}

fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::String),
        "[\\x00-\\x7f]{0,8}".prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            proptest::collection::btree_map("[a-z]{1,8}|div|coding|reference", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}
