//! What the schema cannot say and the specification asks: told with its place, not refused.

use super::support::{HISTORY_1, HISTORY_2, changed, xml};

/// Document, from, to, and what is told.
const TOLD: &[(&str, &str, &str, &str)] = &[
    (
        HISTORY_1,
        "<FormRef FormOID=\"F.VS\"",
        "<FormRef FormOID=\"F.X\"",
        "line 27, column 9: `FormRef`: no `FormDef` has the OID that FormOID names",
    ),
    (
        HISTORY_1,
        "MethodOID=\"ME.1\"",
        "MethodOID=\"ME.X\"",
        "no `MethodDef` has the OID",
    ),
    (
        HISTORY_1,
        "<UserRef UserOID=\"U.1\"",
        "<UserRef UserOID=\"U.X\"",
        "line 113, column 9: `UserRef`: no `User` has the OID that UserOID names",
    ),
    (
        HISTORY_1,
        "<StudyEventData StudyEventOID=\"SE.V1\"",
        "<StudyEventData StudyEventOID=\"SE.X\"",
        "no `StudyEventDef` has the OID of these data",
    ),
    (
        HISTORY_1,
        "<FormData FormOID=\"F.VS\"",
        "<FormData FormOID=\"F.VS\" FormRepeatKey=\"1\"",
        "a repeat key, and its `FormDef` does not repeat",
    ),
    (
        HISTORY_1,
        " StudyEventRepeatKey=\"1\"",
        "",
        "no repeat key, and its `StudyEventDef` repeats",
    ),
    (
        HISTORY_1,
        "<ClinicalData StudyOID=\"S.1\"",
        "<ClinicalData StudyOID=\"S.X\"",
        "no `Study` here has the `MetaDataVersion` that these data name",
    ),
    (
        HISTORY_1,
        "FileType=\"Transactional\"",
        "FileType=\"Snapshot\"",
        "a snapshot may say no TransactionType but Insert",
    ),
    (
        HISTORY_1,
        "SubjectKey=\"P-1\" TransactionType=\"Insert\"",
        "SubjectKey=\"P-1\"",
        "a transactional file must say the TransactionType of each change",
    ),
    (
        HISTORY_1,
        "IsNull=\"Yes\"",
        "IsNull=\"Yes\" Value=\"SIT\"",
        "only one of them can be meant",
    ),
    (
        HISTORY_1,
        "v:mode=\"live\"",
        "v:mode=\"x\"",
        "line 3, column 1: attribute `mode` of a vendor",
    ),
    (
        HISTORY_2,
        "CommentOID=\"CO.1\"",
        "CommentOID=\"CO.X\"",
        "line 13, column 5: `MetaDataVersion`: no `CommentDef` has the OID",
    ),
    (
        HISTORY_2,
        "StandardOID=\"ST.1\"",
        "StandardOID=\"ST.X\"",
        "no `Standard` has the OID",
    ),
    (
        HISTORY_2,
        "EpochOID=\"E.1\"",
        "EpochOID=\"E.X\"",
        "no `Epoch` has the OID",
    ),
    (
        HISTORY_2,
        "<Value SeqNum=\"2\">LIE",
        "<Value SeqNum=\"2\">RUN",
        "not one of its code list",
    ),
];

#[test]
fn what_the_specification_asks_beyond_the_schema_is_told() {
    for (document, from, to, expected) in TOLD {
        let odm = xml(&changed(document, from, to)).unwrap();
        let told: Vec<String> = odm.warnings().iter().map(ToString::to_string).collect();
        assert!(
            told.iter().any(|one| one.contains(expected)),
            "{expected}: {told:#?}"
        );
    }
}

#[test]
fn a_snapshot_without_a_mandatory_item_is_told() {
    let odm = xml(&changed(
        HISTORY_1,
        "FileType=\"Transactional\"",
        "FileType=\"Snapshot\"",
    )
    .replace("<ItemData ItemOID=\"I.SYS\" Value=\"120\"/>", ""))
    .unwrap();
    let told: Vec<String> = odm.warnings().iter().map(ToString::to_string).collect();
    for expected in [
        "line 128, column 11: 1 mandatory items are missing",
        "line 133, column 11: another `ItemGroupData` here has the same key",
    ] {
        assert!(told.iter().any(|one| one == expected), "{told:#?}");
    }
}

/// Documents as they should be: only the vendor's own is told.
#[test]
fn a_document_as_it_should_be_has_no_warnings() {
    for document in [HISTORY_1, HISTORY_2] {
        let told = xml(document).unwrap().warnings();
        assert!(
            told.iter().all(|one| one.reason.contains("of a vendor")),
            "{told:#?}"
        );
    }
}

/// What a vendor adds to each element does not crowd out what is said of the values.
#[test]
fn a_vendor_is_told_once_for_each_name() {
    let text = HISTORY_1
        .replace("<ItemRef ", "<ItemRef v:seen=\"1\" ")
        .replace(" Value=\"SIT\"", " Value=\"RUN\"");
    let told = xml(&text).unwrap().warnings();
    let told: Vec<String> = told.iter().map(ToString::to_string).collect();
    let place = "line 39, column 9: attribute `seen` of a vendor: kept, not understood, 6 times";
    assert!(told.iter().any(|one| one == place), "{told:#?}");
    assert_eq!(told.len(), 5, "{told:#?}");
}
