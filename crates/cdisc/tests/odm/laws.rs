//! Laws: whatever is written reads back the same, in every form, and what stays valid stays so.

use std::fmt::Write as _;

use cdisc::odm::capture::{Audit, FileType, Item, Key, Row, Transaction, document};
use cdisc::odm::{Attribute, Element, Form, Limits, Name, Node, Odm, Place, Version};
use proptest::prelude::*;

use super::export::{bare, file};
use super::support::{HISTORY_1, HISTORY_2, json, xml};

/// Text that XML can carry, with all that must be escaped.
fn text() -> impl Strategy<Value = String> {
    "([ -~]|[\\n\\t\\r]|[äß中\u{1f600}]|&amp;|]]>){0,12}"
}

fn oid() -> impl Strategy<Value = String> {
    "[A-Z<&\"' \\t]{0,3}[A-Z]"
}

fn key() -> impl Strategy<Value = Key> {
    (
        prop::sample::select(vec!["A", "B"]),
        prop::option::of("[1-2]"),
    )
        .prop_map(|(oid, repeat)| Key {
            oid: oid.to_owned(),
            repeat,
        })
}

fn audit() -> impl Strategy<Value = Audit> {
    let reasons = (prop::option::of(text()), prop::option::of(text()));
    (oid(), oid(), 0..28_u8, reasons).prop_map(|(user, location, day, (reason, source))| Audit {
        user,
        location,
        at: format!("2026-02-{:02}T01:02:03Z", day + 1),
        reason,
        source,
        edit_point: (day % 2 == 0).then(|| "DBAudit".to_owned()),
    })
}

fn row(version: Version) -> impl Strategy<Value = Row> {
    let items = prop::collection::btree_map(oid(), prop::option::of(text()), 0..4);
    let change = prop::sample::select(Transaction::ALL.to_vec());
    let place = (key(), key(), key());
    let who = (
        prop::sample::select(vec!["P", "Q"]),
        prop::option::of(oid()),
    );
    let row = (items, change, place, who, prop::option::of(audit())).prop_map(
        move |(items, change, (event, form, group), (subject, location), audit)| Row {
            study: "S.1".to_owned(),
            metadata_version: "M.1".to_owned(),
            location,
            subject: subject.to_owned(),
            event,
            form: (version == Version::V1).then(|| form.clone()),
            within: if version == Version::V1 {
                Vec::new()
            } else {
                vec![form]
            },
            group,
            items: items
                .into_iter()
                .map(|(oid, value)| Item {
                    oid,
                    value,
                    ..Item::default()
                })
                .collect(),
            audit,
            transaction: Some(change),
            ..Row::default()
        },
    );
    // An item group that is only named, without items, is no row.
    row.prop_filter("context", |row| {
        !row.items.is_empty() || row.transaction != Some(Transaction::Context)
    })
}

/// Rows of one item group keep their order; the rest comes in the order of the containers.
fn sorted(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort_by_key(|row| {
        let place = (row.location.clone(), row.subject.clone(), row.event.clone());
        (
            place,
            row.form.clone(),
            row.within.clone(),
            row.group.clone(),
        )
    });
    rows
}

/// Any tree below a vendor's element and below ODM's own, valid or not.
fn tree() -> impl Strategy<Value = Element> {
    let names = vec![
        "ItemData",
        "Value",
        "TranslatedText",
        "Description",
        "Own",
        "ItemGroupData",
    ];
    let name = prop::sample::select(names);
    let leaf = (name.clone(), text()).prop_map(|(name, text)| {
        let element = Element::new(name).with("Name", text.as_str());
        if text.is_empty() {
            element
        } else {
            element.saying(text)
        }
    });
    leaf.prop_recursive(4, 24, 4, move |inner| {
        (
            name.clone(),
            prop::collection::vec(inner, 0..4),
            any::<bool>(),
        )
            .prop_map(|(name, children, is_foreign)| {
                let mut element = Element::new(name).with("OID", "1");
                if is_foreign {
                    let space = cdisc::odm::Space::Other("urn:v".into());
                    element.name = Name {
                        space: space.clone(),
                        local: "Own".into(),
                    };
                    element.attributes.push(Attribute {
                        name: Name {
                            space,
                            local: "Own".into(),
                        },
                        value: "<\n>".to_owned(),
                    });
                }
                element.nodes = children.into_iter().map(Node::Element).collect();
                element
            })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_history_of_any_rows_reads_back(rows in prop::collection::vec(row(Version::V1), 0..12)) {
        let odm = xml(HISTORY_1).unwrap();
        let made = document(&odm, &rows, &file(FileType::Transactional)).unwrap();
        let again = xml(&made.to_xml().unwrap()).unwrap();
        prop_assert_eq!(&again, &made);
        prop_assert_eq!(sorted(bare(&again)), sorted(rows));
    }

    #[test]
    fn so_it_does_in_2_0_and_in_json(rows in prop::collection::vec(row(Version::V2), 0..12)) {
        let odm = xml(HISTORY_2).unwrap();
        let made = document(&odm, &rows, &file(FileType::Transactional)).unwrap();
        let again = xml(&made.to_xml().unwrap()).unwrap();
        prop_assert_eq!(&json(&again.to_json().unwrap()).unwrap(), &made);
        prop_assert_eq!(sorted(bare(&again)), sorted(rows));
    }

    /// A snapshot of a history is the snapshot of its snapshot.
    #[test]
    fn a_snapshot_says_all_that_is(rows in prop::collection::vec(row(Version::V1), 0..12)) {
        let odm = xml(HISTORY_1).unwrap();
        let once = document(&odm, &rows, &file(FileType::Snapshot)).unwrap();
        let twice = document(&odm, &bare(&once), &file(FileType::Snapshot)).unwrap();
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn any_tree_survives_both_forms(child in tree(), version in 1..=2_u8) {
        let version = if version == 1 { Version::V1 } else { Version::V2 };
        let odm = Odm::new(version, Element::new("ODM").holding(child));
        let read = |text: &str, form| Odm::unjudged(text.as_bytes(), form, &Limits::default());
        // Blanks that may not stand where they do are gone when it was read once.
        let once = read(&odm.to_xml().unwrap(), Form::Xml).unwrap();
        let twice = read(&once.to_xml().unwrap(), Form::Xml).unwrap();
        prop_assert_eq!(&twice, &once);
        if version == Version::V2 {
            let last = read(&once.to_json().unwrap(), Form::Json).unwrap();
            prop_assert_eq!(&last, &once);
        }
    }

    #[test]
    fn no_bytes_make_a_reader_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..64),
        at in 0..8000_usize,
    ) {
        let mut text = HISTORY_2.as_bytes().to_vec();
        let at = at.min(text.len());
        text.splice(at..at, bytes.clone());
        for bytes in [&bytes, &text] {
            for form in [Form::Xml, Form::Json] {
                if let Ok(odm) = Odm::unjudged(bytes, form, &Limits::default()) {
                    let _ = (odm.issues(), odm.warnings());
                }
            }
        }
    }
}

/// A large history: bounded time and no quadratic step.
#[test]
fn ten_thousand_items_are_read_judged_and_seen() {
    let mut data = String::new();
    for number in 0..10_000 {
        write!(
            data,
            "<ItemGroupData ItemGroupOID=\"IG.VS\" ItemGroupRepeatKey=\"{number}\" \
            TransactionType=\"Insert\">\
             <ItemData ItemOID=\"I.SYS\" Value=\"120\"/></ItemGroupData>"
        )
        .unwrap();
    }
    let start = HISTORY_1.find("<ItemGroupData").unwrap();
    let text = format!("{}{data}{}", &HISTORY_1[..start], &HISTORY_1[start..]);
    let odm = xml(&text).unwrap();
    let rows = bare(&odm);
    assert_eq!(rows.len(), 10_005);
    assert_eq!(rows[0].place, Place::Made);
}
