//! The view for capture: each value with the act that wrote it.

use cdisc::odm::Odm;
use cdisc::odm::capture::{Row, Transaction, rows, unseen};

use super::support::{HISTORY_1, HISTORY_2, changed, examples, unjudged, xml};

/// Place, form and groups, change, date and user, items.
fn shown(row: &Row) -> String {
    let key = |key: &cdisc::odm::capture::Key| match &key.repeat {
        Some(repeat) => format!("{}#{repeat}", key.oid),
        None => key.oid.clone(),
    };
    let mut path: Vec<String> = vec![row.subject.clone(), key(&row.event)];
    path.extend(row.form.iter().chain(&row.within).map(key));
    path.push(key(&row.group));
    let items = row.items.iter().map(|item| match &item.value {
        None => format!("{}=null", item.oid),
        Some(value) => {
            let all: Vec<&str> = std::iter::once(value)
                .chain(&item.others)
                .map(String::as_str)
                .collect();
            format!("{}={}", item.oid, all.join("|"))
        }
    });
    let items: Vec<String> = items.collect();
    let change = row.transaction.map_or("-", Transaction::as_str);
    let audit = row.audit.as_ref().map_or_else(String::new, |audit| {
        let reason = audit.reason.as_deref().unwrap_or("-");
        format!(
            "{} {} at {}: {reason}",
            &audit.at[..10],
            audit.user,
            audit.location
        )
    });
    format!("{} {change} [{}] {audit}", path.join("/"), items.join(" "))
}

fn all(odm: &Odm) -> Vec<String> {
    rows(odm, odm).map(|row| shown(&row)).collect()
}

#[test]
fn each_value_comes_with_who_changed_it_when_and_why() {
    assert_eq!(
        all(&xml(HISTORY_1).unwrap()),
        [
            "P-1/SE.V1/F.VS/IG.VS#1 Insert [I.SYS=120 I.POS=SIT I.DAT=2026-01] 2026-01-02 U.1 at \
            L.1: -",
            "P-1/SE.V1/F.VS/IG.VS#1 Update [I.SYS=130] 2026-01-03 U.1 at L.1: Read \"wrong\"",
            "P-1/SE.V1/F.VS/IG.VS#1 Remove [I.POS=null] 2026-01-04 U.1 at L.1: Not asked",
            "P-1/SE.AE#1/F.AE/IG.AE Insert [I.TERM=Head\nache I.DONE=true] 2026-01-05 U.1 at L.1: \
            -",
            "P-1/SE.AE#1/F.AE/IG.AE Insert [I.TEMP=37.5] 2026-01-06 U.1 at L.1: -",
        ]
    );
    assert_eq!(
        all(&xml(HISTORY_2).unwrap()),
        [
            "P-1/SE.V1/IG.FORM Insert [I.DONE=true I.NOTE=Came\nlate.] 2026-01-02 U.1 at L.1: -",
            "P-1/SE.V1/IG.FORM/IG.VS#1 Insert [I.SYS=120 I.POS=SIT|LIE] 2026-01-02 U.1 at L.1: -",
            "P-1/SE.V1/IG.FORM/IG.VS#1 Update [I.SYS=130] 2026-01-03 U.1 at L.1: Read wrong",
            "P-1/SE.V1/IG.FORM/IG.VS#1 Remove [I.POS=null] ",
        ]
    );
}

#[test]
fn what_no_row_says_is_told() {
    let told = |text: &str| -> Vec<String> {
        let odm = xml(text).unwrap();
        unseen(&odm).iter().map(ToString::to_string).collect()
    };
    assert_eq!(told(HISTORY_1), [""; 0]);
    assert_eq!(told(HISTORY_2), [""; 0]);
    let removed = changed(
        HISTORY_1,
        "<StudyEventData StudyEventOID=\"SE.V1\">",
        "<StudyEventData StudyEventOID=\"SE.V1\" TransactionType=\"Remove\">",
    );
    assert!(
        told(&removed)
            .iter()
            .any(|one| one.contains("the removal of"))
    );
}

/// Rows know where their values stand, and the site and study to which they belong.
#[test]
fn a_row_knows_its_place() {
    let odm = xml(HISTORY_1).unwrap();
    let row = rows(&odm, &odm).next().unwrap();
    assert_eq!(row.place.to_string(), "line 128, column 11");
    assert_eq!(row.items[1].place.to_string(), "line 130, column 13");
    assert_eq!(row.location.as_deref(), Some("L.1"));
    assert_eq!(
        (row.study.as_str(), row.metadata_version.as_str()),
        ("S.1", "M.1")
    );
    assert_eq!(row.audit.unwrap().edit_point.as_deref(), Some("Monitoring"));
}

#[test]
fn each_value_is_checked_against_its_definition() {
    for (from, to, expected) in [
        (
            "Value=\"120\"",
            "Value=\"12.5\"",
            "not of the data type integer",
        ),
        (
            "Value=\"120\"",
            "Value=\"0120\"",
            "longer than its item's Length, 3",
        ),
        (
            "Value=\"120\"",
            "Value=\"301\"",
            "does not pass a hard range check (LE)",
        ),
        ("Value=\"SIT\"", "Value=\"RUN\"", "not one of its code list"),
        (
            "Value=\"2026-01\"",
            "Value=\"01/2026\"",
            "not of the data type partialDate",
        ),
        (
            "ItemOID=\"I.SYS\" Value=\"120\"",
            "ItemOID=\"I.SYS\" IsNull=\"Yes\"",
            "mandatory and has no value",
        ),
        (
            "ItemOID=\"I.SYS\" Value=\"120\"",
            "ItemOID=\"I.TERM\" Value=\"x\"",
            "not one of its item group",
        ),
        (
            "ItemOID=\"I.SYS\" Value=\"120\"",
            "ItemOID=\"I.X\" Value=\"x\"",
            "no `ItemDef` has this OID",
        ),
        (">37.5<", ">37.25<", "more than 1 digits stand after"),
    ] {
        let odm = xml(&changed(HISTORY_1, from, to)).unwrap();
        let faults: Vec<String> = rows(&odm, &odm)
            .flat_map(|row| row.faults)
            .map(|one| one.reason)
            .collect();
        assert!(
            faults.iter().any(|one| one.contains(expected)),
            "{expected}: {faults:?}"
        );
        let warnings = odm.warnings();
        assert!(
            warnings.iter().any(|one| one.reason.contains(expected)),
            "{expected}"
        );
    }
    let odm = xml(HISTORY_1).unwrap();
    assert!(rows(&odm, &odm).all(|row| row.faults.is_empty()));
}

/// The data of CDISC's examples are seen whole: as many items as the files have.
#[test]
fn no_item_of_an_example_is_missed() {
    let mut seen = 0;
    for path in examples() {
        let text = std::fs::read_to_string(&path).unwrap();
        let odm = unjudged(&path);
        let without_comments: String = text
            .split("<!--")
            .enumerate()
            .map(|(number, part)| match part.split_once("-->") {
                Some((_, rest)) if number > 0 => rest,
                _ => part,
            })
            .collect();
        let expected = without_comments.matches("<ItemData ").count();
        let found: usize = rows(&odm, &odm).map(|row| row.items.len()).sum();
        if odm.is_whole() && odm.issues().is_empty() {
            assert_eq!(found, expected, "{}", path.display());
            seen += found;
        }
    }
    assert!(seen > 0 || examples().is_empty());
}
