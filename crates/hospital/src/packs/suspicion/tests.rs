use super::*;
use serde_json::json;

const GTIN: &str = "09506000134352";
const SERIAL: &str = "4K7QXM2AB9CDEF";

fn link() -> String {
    crate::packs::compose::link(GTIN, SERIAL)
}

fn event(minute: u32, step: &str, at: &str, more: &Value) -> Vec<u8> {
    let mut event = json!({
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "ObjectEvent", "action": "OBSERVE", "bizStep": step, "epcList": [link()],
        "eventTime": format!("2026-11-26T10:{minute:02}:00Z"), "eventTimeZoneOffset": "+00:00",
        "readPoint": { "id": at },
    });
    for (name, value) in more.as_object().unwrap() {
        event[name] = value.clone();
    }
    event.to_string().into_bytes()
}

fn member(name: &str) -> String {
    crate::packs::compose::member(name)
}

fn seen(told: &[(&str, Vec<u8>)]) -> Vec<(String, Act)> {
    let told = told.iter().map(|(teller, body)| (*teller, &**body));
    let seen = observations(&link(), told).into_iter();
    seen.map(|one| (one.organisation, one.act)).collect()
}

#[test]
fn what_is_told_becomes_what_was_seen_in_the_order_of_time() {
    let to = json!({ "destinationList": [
        { "type": "owning_party", "destination": member("corner") },
    ]});
    let ilmd = json!({ "action": "ADD" });
    let told = [
        (
            "corner",
            event(30, "receiving", &member("corner"), &json!({})),
        ),
        ("works", event(20, "shipping", &member("works"), &to)),
        ("works", event(10, "commissioning", &member("works"), &ilmd)),
        (
            "corner",
            event(40, "holding", &member("corner"), &json!({})),
        ),
    ];
    let shipped = Act::Shipped {
        to: Some("corner".to_owned()),
    };
    let expected = [
        ("works".to_owned(), Act::Commissioned),
        ("works".to_owned(), shipped),
        ("corner".to_owned(), Act::Received),
    ];
    assert_eq!(seen(&told), expected);
}

#[test]
fn nobody_speaks_for_another() {
    let told = [
        (
            "corner",
            event(30, "receiving", &member("works"), &json!({})),
        ),
        (
            "corner",
            event(
                31,
                "receiving",
                "urn:epc:id:sgln:4012345.00005.0",
                &json!({}),
            ),
        ),
    ];
    assert_eq!(seen(&told), []);
}

#[test]
fn a_case_is_packed_and_unpacked_whatever_form_its_number_has() {
    let packed = |action: &str| {
        let mut event: Value = serde_json::from_slice(&event(
            10,
            "packing",
            &member("works"),
            &json!({
                "type": "AggregationEvent", "action": action,
                "parentID": "urn:epc:id:sscc:4012345.0000000001",
                "childEPCs": [link()],
            }),
        ))
        .unwrap();
        event.as_object_mut().unwrap().remove("epcList");
        event.to_string().into_bytes()
    };
    let container = "https://id.gs1.org/00/040123450000000016".to_owned();
    for (action, act) in [
        (
            "ADD",
            Some(Act::Packed {
                container: container.clone(),
            }),
        ),
        ("DELETE", Some(Act::Unpacked { container })),
        ("OBSERVE", None),
    ] {
        let found = seen(&[("works", packed(action))]).pop().map(|(_, act)| act);
        assert_eq!(found, act, "{action}");
    }
}

#[test]
fn a_place_on_earth_is_read_as_it_is_written() {
    for (uri, place) in [
        ("geo:52.520008,13.404954", Some((52_520_008, 13_404_954))),
        (
            "geo:-33.8688,151.2093;u=35",
            Some((-33_868_800, 151_209_300)),
        ),
        ("geo:0,-0.5", Some((0, -500_000))),
        ("geo:1,2,3", Some((1_000_000, 2_000_000))),
        ("geo:91,0", None),
        ("geo:0,1801", None),
        ("geo:--1,0", None),
        ("geo:1.x,0", None),
        ("geo:1", None),
        ("urn:epc:id:sgln:4012345.00005.0", None),
    ] {
        let found = on_earth(uri).map(|it| (it.latitude_e6, it.longitude_e6));
        assert_eq!(found, place, "{uri}");
    }
}
