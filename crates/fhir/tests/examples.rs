//! The official examples and the Synthea bundles are accepted.
#![allow(clippy::expect_used, reason = "a test may fail loudly")]

mod support;

/// Official examples that are not valid R4, each with the place of its first defect.
const INVALID: &[(&str, &str)] = &[
    // Questionnaire.item.linkId is required.
    (
        "account-questionnaire.json",
        "Questionnaire.item[0].item[0].linkId",
    ),
    // txt-2: an empty narrative.
    (
        "activitydefinition-servicerequest-example.json",
        "ActivityDefinition.text.div",
    ),
    (
        "activitydefinition-supplyrequest-example.json",
        "ActivityDefinition.text.div",
    ),
    ("eventdefinition-example.json", "EventDefinition.text.div"),
    (
        "questionnaire-zika-virus-exposure-assessment.json",
        "Questionnaire.text.div",
    ),
    // References to types that the definition does not allow.
    ("devicemetric-example.json", "DeviceMetric.parent.reference"),
    (
        "deviceusestatement-example.json",
        "DeviceUseStatement.reasonReference[0].reference",
    ),
    (
        "medicationrequest0301.json",
        "MedicationRequest.dispenseRequest.performer.reference",
    ),
    (
        "observation-example-clinical-gender.json",
        "Observation.performer[0].reference",
    ),
];

/// The questionnaires generated from resources lack link ids, all ten of them.
fn is_invalid(name: &str) -> Option<&'static str> {
    let name = if name.ends_with("-questionnaire.json") {
        INVALID[0].0
    } else {
        name
    };
    INVALID
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, place)| *place)
}

#[test]
fn all_valid_official_examples_are_accepted() {
    let Some(paths) = support::files(support::EXAMPLES) else {
        return;
    };
    let (mut wrong, mut refused) = (Vec::new(), 0);
    for path in &paths {
        let name = support::name(path);
        let issues = fhir::validate::resource(&support::read(path));
        match is_invalid(&name) {
            None => wrong.extend(issues.iter().map(|issue| format!("{name}: {issue:?}"))),
            Some(place) => {
                refused += 1;
                let found = issues.first().map(|issue| issue.expression.as_str());
                assert_eq!(found, Some(place), "{name}");
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        paths.len(),
        wrong.join("\n")
    );
    assert_eq!((paths.len(), refused), (738, 18));
}

#[test]
fn all_synthea_bundles_are_accepted() {
    let Some(paths) = support::files(support::SYNTHEA) else {
        return;
    };
    for path in &paths {
        let bundle = support::read(path);
        let issues = fhir::validate::unresolved(&bundle);
        assert_eq!(issues, [], "{}", support::name(path));
    }
}
