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
        "colour=red&subject.name=x&subject:Patient.name=x&_has:Provenance:target:agent=1\
         &code-value-quantity=a$1&_text=x&_include=*&shoe.size=4&status=final",
    );
    let parsed = parsed.expect("readable");
    assert_eq!(parsed.unknown, ["colour", "shoe.size"]);
    assert_eq!(
        parsed.unsupported,
        [
            "subject.name",
            "subject:Patient.name",
            "_has:Provenance:target:agent",
            "code-value-quantity",
            "_text",
            "_include=*"
        ]
    );
    assert_eq!(parsed.query.filters.len(), 1);
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
