use serde_json::json;

use super::*;
use crate::{Document, Index, Limits, index};

fn event() -> Index {
    let document = json!({
        "@context": [
            "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
            { "example": "https://ns.example.com/epcis/" }
        ],
        "type": "ObjectEvent",
        "eventID": "urn:uuid:1",
        "eventTime": "2024-05-01T10:00:00+02:00",
        "eventTimeZoneOffset": "+02:00",
        "action": "ADD",
        "bizStep": "commissioning",
        "disposition": "active",
        "persistentDisposition": { "set": ["completeness_verified"] },
        "epcList": ["urn:epc:id:sgtin:0614141.107346.2018"],
        "quantityList": [
            {
                "epcClass": "urn:epc:class:lgtin:4012345.012345.LOT7",
                "quantity": 12.5,
                "uom": "KGM"
            }
        ],
        "readPoint": { "id": "urn:epc:id:sgln:0614141.07346.1234", "example:gate": "7" },
        "bizTransactionList": [
            { "type": "po", "bizTransaction": "urn:epc:id:gdti:0614141.00001.16" }
        ],
        "sourceList": [{ "type": "owning_party", "source": "urn:epc:id:pgln:4012345.00225" }],
        "sensorElementList": [{
            "sensorMetadata": {
                "time": "2024-05-01T07:00:00Z",
                "deviceID": "urn:epc:id:giai:4000001.111"
            },
            "sensorReport": [
                { "type": "Temperature", "value": 8.5, "uom": "CEL", "example:cv": "3" }
            ]
        }],
        "errorDeclaration": {
            "declarationTime": "2024-06-01T00:00:00Z",
            "reason": "incorrect_data",
            "correctiveEventIDs": ["urn:uuid:2"]
        },
        "ilmd": { "cbvmda:lotNumber": "LOT7", "example:grade": { "example:score": "17" } },
        "example:myField": "0042"
    });
    let bytes = document.to_string();
    let read = Document::from_json(bytes.as_bytes(), &Limits::default()).unwrap();
    index(&read.events[0])
}

fn query(name: &str, value: &str) -> Result<Query, EpcisError> {
    let context = Context::of_prefixes([("my", "https://ns.example.com/epcis/")]);
    Query::from_pairs(&[(name.to_owned(), value.to_owned())], &context)
}

/// Recorded at 2024-05-02T00:00:00Z.
const RECORDED_US: i64 = 1_714_608_000_000_000;

/// Parameter, a value that finds the event, one that does not.
#[rustfmt::skip]
const CASES: &[(&str, &str, &str)] = &[
    ("eventType", "ObjectEvent|AggregationEvent", "AggregationEvent"),
    ("eventType", "epcis:ObjectEvent", "my:ObjectEvent"),
    ("GE_eventTime", "2024-05-01T08:00:00Z", "2024-05-01T08:00:00.000001Z"),
    ("LT_eventTime", "2024-05-01T08:00:01Z", "2024-05-01T08:00:00Z"),
    ("GE_recordTime", "2024-05-02T00:00:00Z", "2024-05-03T00:00:00Z"),
    ("EQ_action", "ADD|DELETE", "OBSERVE"),
    ("EQ_bizStep", "https://ref.gs1.org/cbv/BizStep-commissioning", "shipping"),
    ("EQ_bizStep", "urn:epcglobal:cbv:bizstep:commissioning", "cbv:BizStep-shipping"),
    ("EQ_disposition", "active", "inactive"),
    ("EQ_persistentDisposition_set", "completeness_verified", "active"),
    ("EQ_readPoint", "https://x.example/414/0614141073467/254/1234", "urn:x:1"),
    ("MATCH_epc",
        "https://id.gs1.org/01/10614141073464/21/2018", "urn:epc:id:sgtin:0614141.107346.1"),
    ("MATCH_epc", "urn:epc:idpat:sgtin:0614141.107346.*", "urn:epc:idpat:sgtin:0614141.107347.*"),
    ("MATCH_anyEPC", "urn:epc:id:sgtin:0614141.107346.2018", "urn:x:1"),
    ("MATCH_epcClass", "https://y.example/01/04012345123456/10/LOT7", "urn:x:1"),
    ("MATCH_anyEPCClass", "urn:epc:idpat:sgtin:4012345.012345.*", "urn:x:1"),
    ("EQ_quantity", "12.50", "12"),
    ("GT_quantity", "12", "12.5"),
    ("LE_quantity_KGM", "12.5", "12.4"),
    ("EQ_bizTransaction_po", "https://id.gs1.org/253/061414100001216", "urn:x:1"),
    ("EQ_source_owning_party", "urn:epc:id:pgln:4012345.00225", "urn:x:1"),
    ("EQ_eventID", "urn:uuid:1", "urn:uuid:2"),
    ("GE_errorDeclarationTime", "2024-06-01T00:00:00Z", "2024-06-02T00:00:00Z"),
    ("EQ_errorReason", "cbv:ER-incorrect_data", "did_not_occur"),
    ("EQ_correctiveEventID", "urn:uuid:2", "urn:uuid:1"),
    ("EQ_type", "gs1:Temperature", "Speed"),
    ("GT_value_CEL", "8", "8.5"),
    ("GE_time", "2024-05-01T07:00:00Z", "2024-05-01T08:00:00Z"),
    ("EQ_deviceID", "https://id.gs1.org/8004/4000001111", "urn:x:1"),
    ("EQ_my:myField", "0042", "0043"),
    ("GT_my:myField", "41", "42"),
    ("EQ_https://ns.example.com/epcis/myField", "42", "4"),
    ("EQ_https://ns.example.com/epcis/#myField", "42", "4"),
    ("EQ_ILMD_cbvmda:lotNumber", "LOT7", "LOT8"),
    ("GE_INNER_ILMD_my:score", "17", "18"),
    ("EQ_SENSORREPORT_my:cv", "3", "4"),
    ("EQ_readPoint_my:gate", "7", "8"),
];

#[test]
fn a_parameter_finds_the_event_in_whichever_form_it_is_written() {
    let event = event();
    for (name, yes, no) in CASES {
        let asked = |value: &str| {
            let query = query(name, value).unwrap_or_else(|error| panic!("{name}: {error}"));
            query.matches(&event, RECORDED_US)
        };
        assert!(asked(yes), "{name}={yes}");
        assert!(!asked(no), "{name}={no}");
    }
    for (name, is_found) in [
        ("EXISTS_errorDeclaration", true),
        ("EXISTS_sensorElementList", true),
        ("EXISTS_my:myField", true),
        ("EXISTS_my:yourField", false),
        ("EXISTS_ILMD_my:grade", true),
        ("EXISTS_INNER_ILMD_my:grade", false),
    ] {
        let query = query(name, "").unwrap();
        assert_eq!(query.matches(&event, RECORDED_US), is_found, "{name}");
    }
}

#[test]
fn all_conditions_must_hold() {
    let context = Context::default();
    let pairs = |step: &str| {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        [pair("EQ_action", "ADD"), pair("EQ_bizStep", step)]
    };
    let matches = |step: &str| {
        let query = Query::from_pairs(&pairs(step), &context).unwrap();
        query.matches(&event(), RECORDED_US)
    };
    assert!(matches("commissioning"));
    assert!(!matches("shipping"));
}

#[test]
fn an_unknown_parameter_is_an_error() {
    for (name, value) in [
        ("EQ_bizstep", "shipping"),
        ("bizStep", "shipping"),
        ("GT_eventTime", "2024-05-01T08:00:00Z"),
        ("EQ_other:field", "1"),
        ("HASATTR_my:field", "x"),
        ("EQ_ATTR_x", "x"),
        ("MATCH_epcs", "urn:x:1"),
        ("EQ_action", "WATCH"),
        ("GE_eventTime", "yesterday"),
        ("GE_eventTime", "2024-05-01"),
        ("GT_quantity", "many"),
        ("GT_quantity", "1|2"),
        ("EQ_quantity_kilograms", "1"),
        ("GT_my:myField", "x"),
        ("orderBy", "bizStep"),
        ("orderDirection", "UP"),
        ("perPage", "0"),
        ("eventCountLimit", "-1"),
        ("EQ_bizStep", ""),
    ] {
        let error = query(name, value).unwrap_err();
        assert!(
            matches!(&error, EpcisError::Query { parameter, .. } if parameter == name),
            "{name}: {error:?}"
        );
    }
    let both = [("eventCountLimit", "5"), ("maxEventCount", "5")];
    let both = both.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert!(Query::from_pairs(&both, &Context::default()).is_err());
}

#[test]
fn a_named_query_has_its_own_context() {
    let query = json!({
        "@context": [{ "mine": "https://ns.example.com/epcis/" }],
        "eventType": ["ObjectEvent"],
        "EQ_mine:myField": ["42"],
        "GE_quantity": 12,
        "GE_eventTime": "2024-05-01T08:00:00Z",
        "LT_eventTime": "2024-06-01T08:00:00Z",
        "orderBy": "recordTime",
        "perPage": 30
    });
    let query = Query::from_json(query.as_object().unwrap(), &Context::default()).unwrap();
    assert!(query.matches(&event(), RECORDED_US));
    assert_eq!(query.order_by, Some(OrderBy::RecordTime));
    assert_eq!(query.per_page, Some(30));
    let bounds = (Some(1_714_550_400_000_000), Some(1_717_228_800_000_000));
    assert_eq!(query.bounds_us(Moment::Event), bounds);
}
