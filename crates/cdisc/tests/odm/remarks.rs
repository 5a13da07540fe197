//! What is said about data: signatures, annotations, queries, read and written.

use cdisc::odm::capture::{
    About, Annotation, FileType, Key, Query, Remark, Said, document_with, remarks,
};
use cdisc::odm::{Odm, OdmError, Place};

use super::export::{bare, file};
use super::support::{HISTORY_1, HISTORY_2, changed, xml};

/// Without places, which depend on the text.
fn plain(odm: &Odm) -> Vec<Remark> {
    let plain = remarks(odm).into_iter().map(|remark| Remark {
        place: Place::Made,
        ..remark
    });
    plain.collect()
}

fn shown(remark: &Remark) -> String {
    let About {
        subject,
        event,
        form,
        groups,
        item,
        ..
    } = &remark.about;
    let keys = event.iter().chain(form).chain(groups);
    let keys = keys.map(|key| format!("{}{}", key.oid, key.repeat.as_deref().unwrap_or_default()));
    let path: Vec<String> = subject
        .iter()
        .cloned()
        .chain(keys)
        .chain(item.clone())
        .collect();
    let said = match &remark.said {
        Said::Signature(one) => format!("{:?} {} {} {}", one.id, one.user, one.meaning, one.at),
        Said::Annotation(one) => {
            let flags = one
                .flags
                .iter()
                .map(|flag| format!("{}/{}", flag.list, flag.value));
            let flags: Vec<String> = flags.collect();
            format!("{} {:?} {:?} {flags:?}", one.number, one.comment, one.side)
        }
        Said::Query(one) => {
            format!(
                "{} {} {}: {} {}",
                one.oid,
                one.source,
                one.state,
                one.text,
                one.audits.len()
            )
        }
    };
    format!("{} {said}", path.join("/"))
}

#[test]
fn each_remark_comes_with_what_it_is_about() {
    let all = |text| -> Vec<String> { remarks(&xml(text).unwrap()).iter().map(shown).collect() };
    assert_eq!(
        all(HISTORY_1),
        [
            "P-1 1 Some(\"Came late.\") Some(\"Site\") [\"CL.ENUM/1\"]",
            "P-1/SE.AE1/F.AE Some(\"SG.2\") U.1 SD.1 2026-01-05T09:00:00Z",
            "P-1/SE.AE1/F.AE/IG.AE/I.DONE Some(\"SG.1\") U.1 SD.1 2026-01-05T09:00:00Z",
        ]
    );
    assert_eq!(
        all(HISTORY_2),
        [
            "P-1/SE.V1/IG.FORM/IG.VS1/I.POS 1 Some(\"Both.\") Some(\"Site\") [\"CL.POS/SIT\"]",
            "P-1/SE.V1/IG.FORM/IG.VS1/I.SYS Some(\"SG.1\") U.1 SD.1 2026-01-05T09:00:00Z",
            "P-1/SE.V1/IG.FORM/IG.VS1/I.SYS Q.1 Site Monitor Closed: Please check. 1",
        ]
    );
}

/// In histories and snapshots, with the data and without: all that was said is said again, and
/// the rows are as they were.
#[test]
fn remarks_come_back_as_they_were_written() {
    for text in [HISTORY_1, HISTORY_2] {
        let odm = xml(text).unwrap();
        for file_type in [FileType::Transactional, FileType::Snapshot] {
            for rows in [bare(&odm), Vec::new()] {
                let with = |remarks: &[Remark]| {
                    document_with(&odm, &rows, remarks, &file(file_type)).unwrap()
                };
                let made = with(&plain(&odm));
                let again = xml(&made.to_xml().unwrap()).unwrap();
                let sorted = |odm: &Odm| {
                    let mut all: Vec<String> = remarks(odm).iter().map(shown).collect();
                    all.sort();
                    all
                };
                assert_eq!(sorted(&again), sorted(&odm));
                if file_type == FileType::Transactional {
                    assert_eq!(bare(&again), rows);
                }
            }
        }
    }
}

/// Remarks come in any order, the schema has one.
#[test]
fn remarks_stand_in_the_order_of_the_schema() {
    for text in [HISTORY_1, HISTORY_2] {
        let odm = xml(text).unwrap();
        let about = |remark: &Remark, item: Option<&str>| Remark {
            about: About {
                item: item.map(str::to_owned),
                ..plain(&odm).last().unwrap().about.clone()
            },
            ..remark.clone()
        };
        let all = plain(&odm);
        for item in [None, Some("I.SYS"), Some("I.NONE")] {
            let mut said: Vec<Remark> = all.iter().map(|one| about(one, item)).collect();
            for _ in 0..said.len() {
                said.rotate_left(1);
                let file = file(FileType::Transactional);
                let made = document_with(&odm, &bare(&odm), &said, &file).unwrap();
                assert_eq!(remarks(&made).len(), said.len());
            }
        }
    }
}

/// Two who sign the same data: an element holds one signature, so there are two.
#[test]
fn two_may_sign_the_same_data() {
    let odm = xml(HISTORY_1).unwrap();
    let mut all = plain(&odm);
    let Said::Signature(mut second) = all[1].said.clone() else {
        panic!("not a signature");
    };
    second.id = Some("SG.3".to_owned());
    all.push(Remark {
        said: Said::Signature(second),
        ..all[1].clone()
    });
    let rows = bare(&odm);
    let made = document_with(&odm, &rows, &all, &file(FileType::Transactional)).unwrap();
    let again = xml(&made.to_xml().unwrap()).unwrap();
    assert_eq!(remarks(&again).len(), 4);
    assert_eq!(bare(&again), rows);
}

/// In 1.3.2 many items may name one signature, which stands apart; each is signed.
#[test]
fn one_signature_of_many_items_is_said_of_each() {
    let text = changed(
        HISTORY_1,
        "<ItemDataString ItemOID=\"I.TERM\"",
        "<ItemDataString SignatureID=\"SG.1\" ItemOID=\"I.TERM\"",
    );
    let odm = xml(&text).unwrap();
    let items = |odm: &Odm| -> Vec<Option<String>> {
        let all = remarks(odm).into_iter();
        let signed = all.filter(|one| matches!(one.said, Said::Signature(_)));
        signed.map(|one| one.about.item).collect()
    };
    let rows = bare(&odm);
    let made = document_with(&odm, &rows, &plain(&odm), &file(FileType::Transactional)).unwrap();
    for odm in [&odm, &made] {
        let signed = items(odm);
        for item in ["I.TERM", "I.DONE"] {
            assert!(signed.contains(&Some(item.to_owned())), "{signed:?}");
        }
    }
}

#[test]
fn a_remark_that_a_version_cannot_say_is_refused() {
    let (one, two) = (xml(HISTORY_1).unwrap(), xml(HISTORY_2).unwrap());
    let about = |said| Remark {
        about: plain(&one)[0].about.clone(),
        said,
        place: Place::Made,
    };
    let query = about(Said::Query(Query {
        oid: "Q".to_owned(),
        source: "System".to_owned(),
        state: "Open".to_owned(),
        updated_at: "2026-01-01T00:00:00Z".to_owned(),
        ..Query::default()
    }));
    let with = |odm: &Odm, remark: &Remark| {
        let remarks = std::slice::from_ref(remark);
        document_with(odm, &[], remarks, &file(FileType::Transactional))
    };
    assert!(with(&two, &query).is_ok());
    assert!(matches!(with(&one, &query), Err(OdmError::Unwritable(_))));
    // What a remark is about is said whole.
    for about in [
        About {
            event: None,
            form: None,
            groups: vec![Key::one("G")],
            ..query.about.clone()
        },
        About {
            subject: None,
            event: Some(Key::one("E")),
            ..query.about.clone()
        },
        About {
            item: Some("I".to_owned()),
            ..query.about.clone()
        },
    ] {
        let hanging = Remark {
            about,
            ..query.clone()
        };
        assert!(matches!(with(&two, &hanging), Err(OdmError::Unwritable(_))));
    }
    let unnumbered = about(Said::Annotation(Annotation::default()));
    for odm in [&one, &two] {
        assert!(matches!(with(odm, &unnumbered), Err(OdmError::Invalid(_))));
    }
}

/// Ten thousand remarks about one item group and ten thousand about others: no quadratic step.
#[test]
fn twenty_thousand_remarks_are_written() {
    let odm = xml(HISTORY_2).unwrap();
    let annotation = |group: Key, number: usize| Remark {
        about: About {
            study: "S.1".to_owned(),
            metadata_version: "M.1".to_owned(),
            subject: Some("P-1".to_owned()),
            event: Some(Key::one("SE.V1")),
            groups: vec![Key::one("IG.FORM"), group],
            ..About::default()
        },
        said: Said::Annotation(Annotation {
            number: number.to_string(),
            ..Annotation::default()
        }),
        place: Place::Made,
    };
    let all: Vec<Remark> = (1..=10_000)
        .flat_map(|number| {
            let other = Key::repeated("IG.VS", number.to_string());
            [Key::repeated("IG.VS", "1"), other].map(|group| annotation(group, number))
        })
        .collect();
    let rows = bare(&odm);
    let made = document_with(&odm, &rows, &all, &file(FileType::Transactional)).unwrap();
    assert_eq!(remarks(&made).len(), 20_000);
    assert_eq!(bare(&made), rows);
}
