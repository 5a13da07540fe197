//! The tree of subjects and the value sets.

use super::*;

fn set(codes: &[&str]) -> Subjects {
    codes.iter().fold(Subjects::NONE, |set, code| {
        set.with(Subject::of(code).unwrap())
    })
}

#[test]
fn a_broad_subject_covers_the_narrow_ones() {
    let cases: &[(&str, &[&str])] = &[
        ("ETH", &["ETH", "SUD", "ETHUD", "OPIOIDUD"]),
        ("MH", &["MH", "PSY", "PSYTHPN"]),
        ("PSY", &["PSY", "PSYTHPN"]),
        ("SEX", &["SEX", "PREGNANT", "STD"]),
        ("HIV", &["HIV"]),
    ];
    for (code, covered) in cases {
        assert_eq!(Subject::of(code).unwrap().covered(), set(covered), "{code}");
    }
    assert_eq!(Subject::of("SPI").unwrap().covered().iter().count(), 11);
}

#[test]
fn levels_are_ordered() {
    let levels: Vec<_> = ["U", "L", "M", "N", "R", "V"]
        .map(|c| Level::of(c).unwrap())
        .into();
    assert!(levels.is_sorted());
    assert_eq!(Level::of("N"), Some(Level::NORMAL));
    assert_eq!(Level::of("X"), None);
}

#[test]
fn the_built_in_value_sets_know_the_five_subjects() {
    let cases = [
        ("http://hl7.org/fhir/sid/icd-10-cm", "F10.20", "ETHUD"),
        ("http://hl7.org/fhir/sid/icd-10-cm", "F11.10", "OPIOIDUD"),
        ("http://hl7.org/fhir/sid/icd-10-cm", "F14.1", "SUD"),
        ("http://hl7.org/fhir/sid/icd-10-cm", "F32.9", "PSY"),
        ("http://hl7.org/fhir/sid/icd-10-cm", "B20", "HIV"),
        ("http://hl7.org/fhir/sid/icd-10-cm", "O09.1", "PREGNANT"),
        ("http://hl7.org/fhir/sid/icd-10-cm", "Q90.9", "GDIS"),
        ("http://loinc.org", "74013-4", "ETHUD"),
        ("http://loinc.org", "44249-1", "PSY"),
        ("http://loinc.org", "25836-8", "HIV"),
        ("http://loinc.org", "51969-4", "GDIS"),
        ("http://snomed.info/sct", "7200002", "ETHUD"),
        ("http://snomed.info/sct", "370143000", "PSY"),
        ("http://snomed.info/sct", "86406008", "HIV"),
        ("http://snomed.info/sct", "72892002", "PREGNANT"),
        (
            "http://www.nlm.nih.gov/research/umls/rxnorm",
            "6813",
            "OPIOIDUD",
        ),
        (
            "http://www.nlm.nih.gov/research/umls/rxnorm",
            "36437",
            "PSY",
        ),
    ];
    for (system, code, subject) in cases {
        let coding = Coding::new(system, code).unwrap();
        assert_eq!(
            ValueSets::built_in().subjects(&coding),
            set(&[subject]),
            "{code}"
        );
    }
    for (system, code) in [
        ("http://hl7.org/fhir/sid/icd-10-cm", "F17.210"),
        ("http://hl7.org/fhir/sid/icd-10-cm", "E11.9"),
        ("http://loinc.org", "2339-0"),
        ("urn:other", "F10.20"),
    ] {
        let coding = Coding::new(system, code).unwrap();
        assert!(ValueSets::built_in().subjects(&coding).is_empty(), "{code}");
    }
}

#[test]
fn a_file_of_value_sets_is_read_or_refused_with_its_line() {
    let sets = ValueSets::parse("# ours\n\nHIV loinc 1-8 2-6\nPSY urn:house A* \n").unwrap();
    let subjects = |system, code| sets.subjects(&Coding::new(system, code).unwrap());
    assert_eq!(subjects("http://loinc.org", "2-6"), set(&["HIV"]));
    assert_eq!(subjects("urn:house", "A17"), set(&["PSY"]));
    assert!(subjects("urn:house", "B17").is_empty());
    assert!(
        subjects("http://loinc.org", "74013-4").is_empty(),
        "it replaces the built-in ones"
    );
    let refused = [
        ("HIV loinc", 1),
        ("HIV", 1),
        ("\nXYZ loinc 1-8", 2),
        ("HIV house 1-8", 1),
        ("HIV loinc *", 1),
        ("HIV loinc 1*8", 1),
    ];
    for (text, line) in refused {
        let error = ValueSets::parse(text).unwrap_err();
        assert!(
            error.to_string().starts_with(&format!("line {line}: ")),
            "{text:?}: {error}"
        );
    }
}
