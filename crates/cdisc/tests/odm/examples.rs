//! CDISC's 19 examples: 17 of ODM 2.0, 2 of 1.3.2.

use cdisc::odm::{Odm, OdmError, Version};

use super::support::{examples, json, name, unjudged, xml};

/// Says `ItemGroupRef` within `StudyEventDef` and `Repeating="Static"`, as ODM 2.0 would.
const REFUSED: &str = "Hypercholesterolemia_CV_Risk_factors_FH_CRF_1_3_2.xml";
/// Carries a FHIR resource as an extension: told, with its place.
const EXTENDED: &str = "Data_Retrieval_From_FHIR_in_ODM.xml";

#[test]
fn each_valid_example_is_accepted_and_the_others_are_told_with_their_place() {
    let mut versions = [0, 0];
    for path in examples() {
        let odm = unjudged(&path);
        versions[usize::from(odm.version == Version::V2)] += 1;
        let name = name(&path);
        let told: Vec<String> = odm.warnings().iter().map(ToString::to_string).collect();
        let extension = told.iter().find(|one| one.contains("of a vendor"));
        match odm.judged() {
            Err(OdmError::Invalid(issues)) => {
                assert_eq!(name, REFUSED, "{issues:?}");
                let first = issues.first().unwrap().to_string();
                assert!(
                    first.starts_with("line 13, column 17: `ItemGroupRef` may not stand here"),
                    "{first}"
                );
            }
            other => {
                assert!(other.is_ok() && name != REFUSED, "{name}");
                let place =
                    "line 215, column 17: element `Condition` of a vendor: kept, not understood";
                let expected = (name == EXTENDED).then(|| place.to_owned());
                assert_eq!(extension, expected.as_ref(), "{name}");
            }
        }
    }
    assert!(versions == [2, 17] || versions == [0, 0]);
}

/// Nothing of an example is lost on its way through either form, valid or not.
#[test]
fn each_example_survives_xml_and_json() {
    for path in examples() {
        let odm = unjudged(&path);
        let name = name(&path);
        let is_valid = odm.issues().is_empty();
        let written = odm.to_xml().unwrap();
        let again = Odm::unjudged(
            written.as_bytes(),
            cdisc::odm::Form::Xml,
            &cdisc::odm::Limits::default(),
        );
        assert_eq!(again.unwrap(), odm, "{name}");
        if is_valid {
            assert!(xml(&written).is_ok(), "{name}");
        }
        if odm.version == Version::V2 {
            let written = odm.to_json().unwrap();
            let again = json(&written).unwrap();
            assert_eq!(again, odm, "{name}");
            assert_eq!(again.to_xml().unwrap(), odm.to_xml().unwrap(), "{name}");
        }
    }
}
