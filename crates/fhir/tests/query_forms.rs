//! Queries: what is read and what is refused.
#![allow(clippy::expect_used, reason = "a test may fail loudly")]

mod support;

use fhir::query::{self, QueryError, Summary, Total};
use support::parse;

#[test]
fn result_parameters_are_read() {
    let parsed = parse(
        "Observation",
        "_sort=-date,status&_count=500&_total=accurate&_summary=data\
         &_elements=status,Observation.code\
         &_include=Observation:subject:Patient&_include=Observation:performer\
         &_revinclude=Provenance:target&_format=json&_pretty=true",
    );
    let query = parsed.expect("valid").query;
    let keys: Vec<(&str, bool)> = query
        .sort
        .iter()
        .map(|sort| (sort.parameter.name, sort.descending))
        .collect();
    assert_eq!(keys, [("date", true), ("status", false)]);
    assert_eq!(
        (query.count, query.total, query.summary),
        (Some(100), Total::Accurate, Summary::Data)
    );
    assert_eq!(query.elements, ["status", "code"]);
    let includes: Vec<_> = query
        .includes
        .iter()
        .map(|one| (one.parameter.name, one.target))
        .collect();
    assert_eq!(
        includes,
        [("subject", Some("Patient")), ("performer", None)]
    );
    assert_eq!(query.revincludes[0].parameter.resource_type, "Provenance");
    assert!(query.filters.is_empty());
}

#[test]
fn nothing_is_ignored_in_silence() {
    let parsed = parse(
        "Observation",
        "colour=red&subject:Patient.shoe=x&focus.name=x&_has:Provenance:target:shoe=1\
         &code-value-quantity=a$1&_text=x&_include=*&shoe.size=4&status=final",
    );
    let parsed = parsed.expect("readable");
    assert_eq!(
        parsed.unknown,
        [
            "colour",
            "subject:Patient.shoe",
            "_has:Provenance:target:shoe",
            "shoe.size"
        ]
    );
    assert_eq!(
        parsed.unsupported,
        [
            // Any type may be meant: one has to be named.
            "focus.name",
            "code-value-quantity",
            "_text",
            "_include=*"
        ]
    );
    assert_eq!(parsed.query.filters.len(), 1);
}

#[test]
fn a_chain_is_read_link_by_link() {
    let types = |text: &str| -> Vec<&str> {
        let query = parse("Observation", text).unwrap().query;
        assert_eq!(query.chains.len(), 1, "{text}");
        let branches = query.chains[0].branches.iter();
        branches.map(|branch| branch.resource_type).collect()
    };
    assert_eq!(types("subject:Patient.name=x"), ["Patient"]);
    // Only those types that have the parameter.
    assert_eq!(types("subject.birthdate=2000"), ["Patient"]);
    assert_eq!(types("_has:Provenance:target:agent=1"), ["Provenance"]);
    assert_eq!(
        types("subject:Patient.organization.partof.name=x"),
        ["Patient"]
    );
    for (text, bound) in [
        ("subject.organization.partof.partof.name=x", "3"),
        ("subject:Patient.birthdate=yesterday", "date"),
        ("_has:Provenance=1", "_has:Type:reference:parameter"),
        (
            "_has:Provenance:target:_has:Provenance:target:_has:Provenance:target:agent=1",
            "2",
        ),
    ] {
        let refused = parse("Observation", text).map(|parsed| parsed.unknown);
        match refused {
            Err(error) => assert!(error.to_string().contains(bound), "{text}: {error}"),
            Ok(unknown) => assert_eq!(unknown, [text.split('=').next().unwrap()]),
        }
    }
}

#[test]
fn unusable_modifiers_and_values_are_errors() {
    let modifiers = [
        "code:text=x",
        "code:in=http://x",
        "code:below=x",
        "code:of-type=a|b|c",
        "date:exact=2013",
        "subject:identifier=x",
        "subject:Ghost=1",
        "_include:iterate=Observation:subject",
        "value-quantity:not=5",
        "status:exact=final",
        "_id:missing=true",
        "value-string:not=x",
        "_count:x=1",
    ];
    for query in modifiers {
        let found = parse("Observation", query);
        assert!(
            matches!(found, Err(QueryError::Modifier { .. })),
            "{query}: {found:?}"
        );
    }
    let values = [
        "date=yesterday",
        "date=2013-02-30",
        "date=gt",
        "value-quantity=five",
        "value-quantity=5|mg",
        "subject=Ghost/1",
        "subject=a b",
        "subject:Patient=Group/1",
        "status=",
        "status=a|b|c",
        "status=|",
        "subject:missing=maybe",
        "_sort=colour",
        "_count=-1",
        "_count=many",
        "_total=yes",
        "_summary=short",
        "_include=Observation:colour",
        "_include=Patient:organization",
        "_revinclude=Provenance:recorded",
        "_elements=a b",
    ];
    for query in values {
        let found = parse("Observation", query);
        assert!(
            matches!(found, Err(QueryError::Value { .. })),
            "{query}: {found:?}"
        );
    }
    assert_eq!(
        parse("Ghost", "a=b"),
        Err(QueryError::UnknownType("Ghost".to_owned()))
    );
}

#[test]
fn every_list_is_bounded() {
    let many = |count: usize, one: &str, separator: &str| vec![one; count].join(separator);
    let too_many = [
        many(query::PARAMETERS_MAX + 1, "status=final", "&"),
        format!("status={}", many(query::ALTERNATIVES_MAX + 1, "final", ",")),
        format!("_sort={}", many(query::SORT_MAX + 1, "date", ",")),
        format!("status={}", "x".repeat(5000)),
        format!("_elements={}", many(51, "status", ",")),
        many(21, "_include=Observation:subject", "&"),
    ];
    for query in too_many {
        let found = parse("Observation", &query);
        assert!(
            matches!(found, Err(QueryError::TooMany { .. })),
            "{found:?}"
        );
    }
}
