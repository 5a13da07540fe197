//! Which events of a document share a transaction.

use epcis::{Event, Limits};
use serde_json::{Value, json};

use super::{grouped, repeated};
use crate::packs::compose::CONTEXT;
use crate::packs::plan;

fn event(id: &str, serials: &[&str], step: &str) -> Event {
    let (disposition, action) = match step {
        "dispensing" => ("dispensed", "OBSERVE"),
        "commissioning" => ("active", "ADD"),
        _ => ("in_progress", "OBSERVE"),
    };
    let link = |serial: &&str| format!("https://id.gs1.org/01/09506000134352/21/{serial}");
    let epcs: Vec<Value> = serials.iter().map(|it| link(it).into()).collect();
    let mut event = json!({
        "@context": [CONTEXT], "type": "ObjectEvent", "eventID": format!("urn:example:{id}"),
        "eventTime": "2026-11-26T09:00:00Z", "eventTimeZoneOffset": "+01:00",
        "epcList": epcs, "action": action, "bizStep": step, "disposition": disposition
    });
    if step == "commissioning" {
        let lot = id.split('-').next().unwrap();
        event["ilmd"] = json!({
            "cbvmda:lotNumber": lot, "cbvmda:itemExpirationDate": "2049-12-31"
        });
    }
    Event::read(event.to_string().as_bytes(), &Limits::default()).unwrap()
}

/// The serial numbers of each transaction.
fn transactions(events: &[Event]) -> Vec<String> {
    let orders = events.iter().map(|it| (it, plan::order_of(it).unwrap()));
    let groups = grouped(orders.collect(), &repeated(events));
    let serials = groups.iter().map(|group| {
        let serials = group.order.packs.iter().map(|it| &*it.serial);
        serials.collect::<Vec<_>>().join(" ")
    });
    serials.collect()
}

#[test]
fn consecutive_events_of_one_act_share_a_transaction() {
    let sold = |id: &str, serial: &str| event(id, &[serial], "dispensing");
    let table: &[(&str, Vec<Event>, &[&str])] = &[
        (
            "one act",
            vec![
                sold("1", "A"),
                event("2", &["B", "C"], "dispensing"),
                sold("3", "D"),
            ],
            &["A B C D"],
        ),
        (
            "another act between them",
            vec![
                sold("1", "A"),
                event("2", &["B"], "receiving"),
                sold("3", "C"),
            ],
            &["A", "B", "C"],
        ),
        (
            "the same pack again is another transition",
            vec![
                sold("1", "A"),
                sold("2", "B"),
                sold("3", "A"),
                sold("4", "C"),
            ],
            &["A B", "A C"],
        ),
        (
            "packs of one lot are made together",
            vec![
                event("L1-1", &["A"], "commissioning"),
                event("L1-2", &["B"], "commissioning"),
                event("L2-1", &["C"], "commissioning"),
            ],
            &["A B", "C"],
        ),
        (
            "an eventID that is there twice stands alone",
            vec![
                sold("1", "A"),
                sold("2", "B"),
                sold("3", "C"),
                sold("2", "D"),
                sold("4", "E"),
            ],
            &["A", "B", "C", "D", "E"],
        ),
    ];
    for (what, events, expected) in table {
        assert_eq!(transactions(events), *expected, "{what}");
    }
}

#[test]
fn a_transaction_never_has_more_than_the_ledger_takes() {
    let serials: Vec<String> = (0..6_000).map(|it| format!("S{it}")).collect();
    let halves = serials.chunks(3_000).enumerate().map(|(place, some)| {
        let some: Vec<&str> = some.iter().map(|it| &**it).collect();
        event(&place.to_string(), &some, "dispensing")
    });
    let mut events: Vec<Event> = halves.collect();
    let more: Vec<String> = (0..5_000).map(|it| format!("T{it}")).collect();
    let more: Vec<&str> = more.iter().map(|it| &**it).collect();
    events.push(event("more", &more, "dispensing"));
    let sizes = transactions(&events);
    let sizes: Vec<usize> = sizes.iter().map(|it| it.split(' ').count()).collect();
    assert_eq!(sizes, [6_000, 5_000]);
}

#[test]
fn halves_keep_events_with_their_packs() {
    let events = [
        event("1", &["A", "B"], "dispensing"),
        event("2", &["C"], "dispensing"),
        event("3", &["D"], "dispensing"),
    ];
    let orders = events.iter().map(|it| (it, plan::order_of(it).unwrap()));
    let group = grouped(orders.collect(), &repeated(&events)).remove(0);
    let (first, rest) = group.halves();
    let serials = |of: &super::Together<'_>| {
        let serials = of.order.packs.iter().map(|it| it.serial.clone());
        (
            serials.collect::<Vec<_>>(),
            of.events.len(),
            of.counts.clone(),
        )
    };
    assert_eq!(serials(&first), (vec!["A".into(), "B".into()], 1, vec![2]));
    assert_eq!(
        serials(&rest),
        (vec!["C".into(), "D".into()], 2, vec![1, 1])
    );
}
