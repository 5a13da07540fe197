//! Transaction information as EPCIS documents, out and in.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic and say why it does not run"
)]

use std::collections::BTreeMap;
use std::path::Path;

use dscsa::reading::read;
use dscsa::statement::{Grounds, TransactionStatement};
use dscsa::transaction::{Business, Shipped, TransactionInformation};
use dscsa::{Party, Product};
use epcis::{Document, Event, Limits};
use serde_json::json;

fn business(id: &str, name: &str) -> Business {
    Business {
        id: format!("urn:salus:organisation:{id}"),
        card: Party {
            name: name.into(),
            street: "1 Lake Road".into(),
            city: "Springfield".into(),
            state: "IL".into(),
            postal_code: "62701".into(),
            country: "US".into(),
            ..Party::default()
        },
    }
}

fn shipping() -> Event {
    let owner = |side: &str, who: &str| {
        let uri = format!("urn:salus:organisation:{who}");
        json!([{ "type": "owning_party", side: uri }])
    };
    let event = json!({
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "ObjectEvent", "action": "OBSERVE", "bizStep": "shipping",
        "eventID": "urn:uuid:1b4e28ba-2fa1-4d2b-a3f5-0016d3cca427",
        "eventTime": "2026-11-26T08:00:00.000Z", "eventTimeZoneOffset": "+00:00",
        "disposition": "in_transit",
        "epcList": [
            "https://id.gs1.org/01/00301430957019/21/A",
            "https://id.gs1.org/01/00301430957019/21/B",
        ],
        "sourceList": owner("source", "works"),
        "destinationList": owner("destination", "pharmacy"),
    });
    Event::read(event.to_string().as_bytes(), &Limits::default()).unwrap()
}

#[test]
fn a_document_comes_back_as_it_went() {
    let pack = |serial: &str| Shipped {
        gtin: "00301430957019".into(),
        serial: serial.into(),
        lot: "L1".into(),
        expiry: "2027-12-31".into(),
        maker: "works".into(),
        commissioned: "2026-11-01T08:00:00.000Z".into(),
        is_direct: true,
    };
    let product = Product {
        gtin: "00301430957019".into(),
        name: "Epcistra".into(),
        strength: "100 mg".into(),
        dosage_form: "tablet".into(),
        container_size: "30 tablets".into(),
        manufacturer: "Lake Works".into(),
        ..Product::default()
    };
    let product = product.checked().unwrap();
    let products = BTreeMap::from([(product.gtin.clone(), product)]);
    let both = (
        business("works", "Lake Works"),
        business("pharmacy", "Harbour"),
    );
    let shipping = shipping();
    let packs = [pack("A"), pack("B")];
    let made = TransactionInformation::of_shipping(&shipping, both, &packs, &products).unwrap();
    assert_eq!(made.missing(), []);
    let found = Grounds {
        seller_is_authorized: true,
        made_here: true,
        none_is_suspect: true,
        facts_fit: true,
        events_are_whole: true,
        ..Grounds::default()
    };
    let statement = TransactionStatement::of("Lake Works", "2026-11-26T08:00:01Z", found, (2, 2));
    assert!(statement.affirmed);
    let document = made.document(&statement, &shipping, "2026-11-26T08:00:01Z");
    let text = document.to_string();
    let document = Document::from_json(text.as_bytes(), &Limits::default()).unwrap();
    let again = read(&document).unwrap();
    assert_eq!(again.affirmed, Some(true));
    // Who made it, and from whom, only the statement says.
    let mut expected = made.clone();
    expected.lines[0].maker.clear();
    expected.lines[0].is_direct = false;
    assert_eq!(again.information, expected);
    // The shipping is the bytes that its receipt is about.
    let sent = document.events.last().unwrap();
    assert_eq!(sent.hash(), shipping.hash());
    assert!(text.contains("gs1ushc:directPurchaseStatement"), "{text}");
}

#[test]
fn the_example_of_gs1_us_is_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join(
        "../../../shared/data/epcis/openepcis/1.2/EPCIS/XML/Capture/Documents/\
         GS1_US_Pharma_Example_2_2_1_1.xml",
    );
    let Ok(bytes) = std::fs::read(&path) else {
        eprintln!("SKIPPED: {} is not there", path.display());
        return;
    };
    let document = Document::from_xml(&bytes, &Limits::default()).unwrap();
    let read = read(&document).unwrap();
    assert_eq!(read.affirmed, Some(true));
    let made = read.information;
    assert_eq!(made.missing(), []);
    assert_eq!(made.seller.card.name, "GS1 Pharma");
    assert_eq!(made.buyer.card.city, "New York");
    // Twelve packs in three cases on one pallet: the packs are what goes.
    assert_eq!(made.lines.len(), 1);
    let line = &made.lines[0];
    assert_eq!(line.number_of_containers, 12);
    assert_eq!(line.product.name, "Epcistra");
    assert_eq!(line.product.ndc, "0001-0123-45");
    assert_eq!((&*line.lot, &*line.expiry), ("A123", "2025-03-27"));
    assert_eq!(line.serials[0], "11");
}

#[test]
fn a_document_without_a_shipping_is_none() {
    let event = json!({
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "ObjectEvent", "action": "OBSERVE", "bizStep": "receiving",
        "eventTime": "2026-11-26T08:00:00.000Z", "eventTimeZoneOffset": "+00:00",
        "epcList": ["https://id.gs1.org/01/00301430957019/21/A"],
    });
    let document = Document::from_json(event.to_string().as_bytes(), &Limits::default()).unwrap();
    let refused = read(&document).unwrap_err();
    assert_eq!(refused.to_string(), "the document has no shipping");
}
