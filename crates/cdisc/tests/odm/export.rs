//! Rows to documents of both versions.

use cdisc::odm::capture::{
    Audit, File, FileType, Item, Key, Person, Row, Site, Transaction, document, rows,
};
use cdisc::odm::{Odm, OdmError, Version};

use super::support::{HISTORY_1, HISTORY_2, xml};

pub(crate) fn file(file_type: FileType) -> File {
    File {
        file_type,
        file_oid: "F.OUT".to_owned(),
        created_at: "2026-02-01T00:00:00Z".to_owned(),
        as_of: None,
        prior_file_oid: Some("F.1".to_owned()),
        originator: Some("North".to_owned()),
        source_system: Some("Salus".to_owned()),
        source_system_version: None,
        people: Vec::new(),
        sites: Vec::new(),
    }
}

/// Without places and faults, which depend on the text.
pub(crate) fn bare(odm: &Odm) -> Vec<Row> {
    let plain = rows(odm, odm).map(|mut row| {
        row.place = cdisc::odm::Place::Made;
        row.faults.clear();
        for item in &mut row.items {
            item.place = cdisc::odm::Place::Made;
        }
        row
    });
    plain.collect()
}

#[test]
fn a_history_comes_back_as_it_was_written() {
    for text in [HISTORY_1, HISTORY_2] {
        let odm = xml(text).unwrap();
        let rows = bare(&odm);
        let made = document(&odm, &rows, &file(FileType::Transactional)).unwrap();
        assert_eq!(made.root.attribute("PriorFileOID"), Some("F.1"));
        let again = xml(&made.to_xml().unwrap()).unwrap();
        assert_eq!(bare(&again), rows);
        assert!(
            again
                .warnings()
                .iter()
                .all(|one| one.reason.contains("of a vendor"))
        );
    }
}

#[test]
fn a_snapshot_says_the_last_value_of_each_item() {
    let odm = xml(HISTORY_1).unwrap();
    let made = document(&odm, &bare(&odm), &file(FileType::Snapshot)).unwrap();
    let rows = bare(&xml(&made.to_xml().unwrap()).unwrap());
    let shown = rows.iter().map(|row| {
        let items = row.items.iter();
        let items = items.map(|one| format!("{}={:?}", one.oid, one.value));
        format!("{}: {}", row.group.oid, items.collect::<Vec<_>>().join(" "))
    });
    assert_eq!(
        shown.collect::<Vec<_>>(),
        [
            "IG.VS: I.SYS=Some(\"130\") I.DAT=Some(\"2026-01\")",
            "IG.AE: I.TERM=Some(\"Head\\nache\") I.DONE=Some(\"true\") I.TEMP=Some(\"37.5\")",
        ]
    );
    assert!(
        rows.iter()
            .all(|row| row.audit.is_none() && row.transaction.is_none())
    );
    assert!(
        rows.iter()
            .all(|row| row.location.as_deref() == Some("L.1"))
    );
    let told = made.warnings();
    assert!(told.is_empty(), "{told:?}");
}

/// What is taken away is not there; what is put back is.
#[test]
fn an_item_group_that_was_removed_is_in_no_snapshot() {
    let odm = xml(HISTORY_1).unwrap();
    let removal = Row {
        items: Vec::new(),
        transaction: Some(Transaction::Remove),
        ..bare(&odm)[0].clone()
    };
    let mut all = bare(&odm);
    all.push(removal);
    let made = document(&odm, &all, &file(FileType::Snapshot)).unwrap();
    let groups: Vec<String> = bare(&made).into_iter().map(|row| row.group.oid).collect();
    assert_eq!(groups, ["IG.AE"]);
    all.push(bare(&odm)[1].clone());
    let made = document(&odm, &all, &file(FileType::Snapshot)).unwrap();
    let first = &bare(&made)[0];
    assert_eq!((first.group.oid.as_str(), first.items.len()), ("IG.VS", 1));
}

/// The form of 1.3.2 is the outermost item group of 2.0, both ways.
#[test]
fn a_form_and_the_outermost_item_group_are_one() {
    let (one, two) = (xml(HISTORY_1).unwrap(), xml(HISTORY_2).unwrap());
    let as_two = document(&two, &bare(&one), &file(FileType::Transactional)).unwrap();
    assert_eq!(as_two.version, Version::V2);
    let row = &bare(&as_two)[0];
    assert_eq!(
        (row.form.as_ref(), row.within.as_slice()),
        (None, &[Key::one("F.VS")][..])
    );
    let back = document(&one, &bare(&as_two), &file(FileType::Transactional)).unwrap();
    assert_eq!(bare(&back), bare(&one));
}

#[test]
fn what_a_version_cannot_say_is_refused() {
    let (one, two) = (xml(HISTORY_1).unwrap(), xml(HISTORY_2).unwrap());
    let of = |odm: &Odm, row: Row| document(odm, &[row], &file(FileType::Transactional));
    let mut without_form = bare(&one)[0].clone();
    without_form.form = None;
    let mut nested = bare(&one)[0].clone();
    nested.within = vec![Key::one("IG.X")];
    let mut several = bare(&one)[0].clone();
    several.items[0].others = vec!["121".to_owned()];
    for row in [without_form, nested, several] {
        assert!(matches!(
            of(&one, row.clone()),
            Err(OdmError::Unwritable(_))
        ));
        assert!(of(&two, row).is_ok());
    }
    // An audit record without a date is not valid, so it is not written.
    let mut undated = bare(&one)[0].clone();
    undated.audit = Some(Audit::default());
    for odm in [&one, &two] {
        assert!(matches!(
            of(odm, undated.clone()),
            Err(OdmError::Invalid(_))
        ));
    }
    let mut unprintable = bare(&one)[0].clone();
    unprintable.items = vec![Item {
        oid: "I.SYS".to_owned(),
        value: Some("\u{1}".to_owned()),
        ..Item::default()
    }];
    let made = of(&one, unprintable).unwrap();
    assert!(matches!(made.to_xml(), Err(OdmError::Unwritable(_))));
}

/// Audit records name users and locations, so these stand in the file; once each.
#[test]
fn the_people_and_sites_of_audit_records_are_defined() {
    for text in [HISTORY_1, HISTORY_2] {
        let odm = xml(text).unwrap();
        let mut rows = bare(&odm);
        let audit = rows[0].audit.as_mut().unwrap();
        (audit.user, audit.location) = ("U.2".to_owned(), "L.2".to_owned());
        let mut file = file(FileType::Transactional);
        let undefined = document(&odm, &rows, &file).unwrap().warnings();
        let undefined: Vec<String> = undefined.into_iter().map(|one| one.reason).collect();
        for kind in ["`User`", "`Location`"] {
            assert!(
                undefined.iter().any(|one| one.contains(kind)),
                "{undefined:?}"
            );
        }
        file.people = ["U.1", "U.2", "U.2"]
            .map(|oid| Person {
                oid: oid.to_owned(),
                name: "B. Lee".to_owned(),
                kind: Some("Investigator".to_owned()),
            })
            .to_vec();
        let used = ("S.1".to_owned(), "M.1".to_owned(), "2026-01-01".to_owned());
        file.sites = vec![Site {
            oid: "L.2".to_owned(),
            name: "South".to_owned(),
            used: vec![used],
        }];
        let made = document(&odm, &rows, &file).unwrap();
        assert_eq!(made.root.all("AdminData").count(), 2);
        let users = made.root.all("AdminData").flat_map(|one| one.all("User"));
        assert_eq!(users.count(), 2);
        let told = made.warnings();
        assert!(
            told.iter().all(|one| one.reason.contains("of a vendor")),
            "{told:?}"
        );
        file.sites[0].used.clear();
        assert!(matches!(
            document(&odm, &rows, &file),
            Err(OdmError::Invalid(_))
        ));
    }
}
