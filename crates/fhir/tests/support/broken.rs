//! Broken variants: file, change, JSON pointer, expected place, expected code.

/// What is done to an example.
#[derive(Debug)]
pub enum Change {
    /// Puts this JSON at the pointer.
    Set(&'static str),
    /// Takes a member away.
    Remove,
    /// Makes a list of one.
    Wrap,
    /// Makes the first item of a list the value.
    Unwrap,
}

use Change::{Remove, Set, Unwrap, Wrap};

type Variant = (
    &'static str,
    Change,
    &'static str,
    &'static str,
    &'static str,
);

const P: &str = "patient-example";
const O: &str = "observation-example";
const C: &str = "condition-example";
const A: &str = "allergyintolerance-example";
const B: &str = "bundle-transaction";

/// Sorted by the kind of defect.
#[rustfmt::skip]
pub const VARIANTS: &[Variant] = &[
    // Unknown elements.
    (P, Set("\"x\""), "/surname", "Patient.surname", "structure"),
    (P, Set("\"x\""), "/name/0/surname", "Patient.name[0].surname", "structure"),
    (P, Set("\"x\""), "/contact/0/name/nick", "Patient.contact[0].name.nick", "structure"),
    (P, Set("{\"id\":\"x\"}"), "/_name", "Patient._name", "structure"),
    (P, Set("\"x\""), "/deceasedString", "Patient.deceasedString", "structure"),
    (O, Set("1"), "/valueDecimal", "Observation.valueDecimal", "structure"),
    (O, Set("\"x\""), "/x y", "Observation", "structure"),
    (B, Set("1"), "/entry/0/resource/size", "Bundle.entry[0].resource.size", "structure"),
    // JSON types.
    (P, Set("\"true\""), "/active", "Patient.active", "structure"),
    (P, Set("19741225"), "/birthDate", "Patient.birthDate", "structure"),
    (P, Set("\"1\""), "/telecom/1/rank", "Patient.telecom[1].rank", "structure"),
    (P, Set("\"Peter\""), "/name/0", "Patient.name[0]", "structure"),
    (P, Set("[]"), "/name/0", "Patient.name[0]", "structure"),
    (P, Set("{}"), "/name/0/given/1", "Patient.name[0].given[1]", "structure"),
    (O, Set("\"185\""), "/valueQuantity/value", "Observation.value.value", "structure"),
    (O, Set("\"x\""), "/valueQuantity", "Observation.value", "structure"),
    // Empty and null.
    (P, Set("{}"), "/contact/0", "Patient.contact[0]", "structure"),
    (P, Set("[]"), "/name", "Patient.name", "structure"),
    (P, Set("\"\""), "/name/0/family", "Patient.name[0].family", "value"),
    (P, Set("null"), "/gender", "Patient.gender", "structure"),
    (P, Set("null"), "/name/0/given/1", "Patient.name[0].given[1]", "structure"),
    (P, Set("null"), "/name/1", "Patient.name[1]", "structure"),
    (P, Set("{\"id\":\"x\"}"), "/maritalStatus", "Patient.maritalStatus", "invariant"),
    (P, Set("{\"id\":\"x\"}"), "/_maritalStatus", "Patient._maritalStatus", "structure"),
    (P, Set("{\"id\":\"\"}"), "/_gender", "Patient.gender.id", "value"),
    (P, Set("{\"id\":\"x\"}"), "/_multipleBirthInteger", "Patient.multipleBirth", "invariant"),
    // Cardinality.
    (P, Wrap, "/gender", "Patient.gender", "structure"),
    (P, Unwrap, "/name", "Patient.name", "structure"),
    (P, Unwrap, "/name/0/given", "Patient.name[0].given", "structure"),
    (P, Wrap, "/contact/0/name", "Patient.contact[0].name", "structure"),
    (O, Remove, "/status", "Observation.status", "required"),
    (O, Remove, "/code", "Observation.code", "required"),
    (C, Remove, "/subject", "Condition.subject", "required"),
    (B, Remove, "/entry/0/request/method", "Bundle.entry[0].request.method", "required"),
    ("medicationstatementexample4", Remove, "/medicationCodeableConcept",
        "MedicationStatement.medication", "required"),
    ("encounter-example", Remove, "/class", "Encounter.class", "required"),
    // Choices.
    (O, Set("\"x\""), "/valueString", "Observation.value", "structure"),
    (P, Set("\"2020\""), "/deceasedDateTime", "Patient.deceased", "structure"),
    (C, Set("\"x\""), "/onsetString", "Condition.onset", "structure"),
    // Primitives.
    (P, Set("\"1974-02-30\""), "/birthDate", "Patient.birthDate", "value"),
    (P, Set("\"1974-1-2\""), "/birthDate", "Patient.birthDate", "value"),
    (P, Set("\"1974-12-25T10:00:00Z\""), "/birthDate", "Patient.birthDate", "value"),
    (O, Set("\"2016-03-28T10:00Z\""), "/effectiveDateTime", "Observation.effective", "value"),
    (O, Set("\"2016-03-28T10:00:00\""), "/effectiveDateTime", "Observation.effective", "value"),
    (O, Set("\"2016-03-28\""), "/issued", "Observation.issued", "value"),
    (P, Set("\"a_b\""), "/id", "Patient.id", "value"),
    (P, Set("\"2 x\""), "/identifier/0/system", "Patient.identifier[0].system", "value"),
    (P, Set("0"), "/telecom/1/rank", "Patient.telecom[1].rank", "value"),
    (P, Set("1.0"), "/telecom/1/rank", "Patient.telecom[1].rank", "value"),
    (P, Set("[{\"contentType\":\"image/png\",\"data\":\"a*b=\"}]"), "/photo",
        "Patient.photo[0].data", "value"),
    (P, Set("\"a\\u0001\""), "/name/0/family", "Patient.name[0].family", "value"),
    // Codes.
    (P, Set("\"man\""), "/gender", "Patient.gender", "code-invalid"),
    (P, Set("\" male\""), "/gender", "Patient.gender", "value"),
    (P, Set("\"nick\""), "/name/1/use", "Patient.name[1].use", "code-invalid"),
    (O, Set("\"done\""), "/status", "Observation.status", "code-invalid"),
    (B, Set("\"SET\""), "/entry/0/request/method", "Bundle.entry[0].request.method",
        "code-invalid"),
    (C, Set("\"ill\""), "/clinicalStatus/coding/0/code", "Condition.clinicalStatus",
        "code-invalid"),
    (C, Set("\"http://x\""), "/clinicalStatus/coding/0/system", "Condition.clinicalStatus",
        "code-invalid"),
    (P, Set("[{\"contentType\":\"png\"}]"), "/photo", "Patient.photo[0].contentType",
        "code-invalid"),
    // References.
    (O, Set("\"Encounter/1\""), "/subject/reference", "Observation.subject.reference", "value"),
    (O, Set("\"Patient\""), "/subject/reference", "Observation.subject.reference", "value"),
    (O, Set("\"Patient/a b\""), "/subject/reference", "Observation.subject.reference", "value"),
    (O, Set("\"Person/1/x\""), "/subject/reference", "Observation.subject.reference", "value"),
    (O, Set("\"Patient?x=1\""), "/subject/reference", "Observation.subject.reference", "value"),
    (O, Set("\"#p1\""), "/subject/reference", "Observation.subject.reference", "invariant"),
    // Extensions.
    (P, Remove, "/_birthDate/extension/0/url", "Patient.birthDate.extension[0].url", "required"),
    (P, Remove, "/_birthDate/extension/0/valueDateTime", "Patient.birthDate.extension[0]",
        "invariant"),
    (P, Set("[{\"url\":\"http://x\",\"valueCode\":\"a\"}]"), "/_birthDate/extension/0/extension",
        "Patient.birthDate.extension[0]", "invariant"),
    (P, Set("\"x\""), "/_birthDate/value", "Patient.birthDate.value", "structure"),
    (P, Set("[null]"), "/name/0/_given", "Patient.name[0].given", "structure"),
    // Contained resources.
    (O, Set("[{\"resourceType\":\"Patient\",\"id\":\"p\"}]"), "/contained",
        "Observation.contained[0]", "invariant"),
    (O, Set("[{\"resourceType\":\"Ghost\"}]"), "/contained",
        "Observation.contained[0]", "structure"),
    // The narrative.
    (P, Set("\"<p>x</p>\""), "/text/div", "Patient.text.div", "value"),
    (P, Remove, "/text/div", "Patient.text.div", "required"),
    (P, Set("\"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\"><b>x</i></div>\""), "/text/div",
        "Patient.text.div", "value"),
    (P, Set("\"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\"><script>x</script></div>\""),
        "/text/div", "Patient.text.div", "value"),
    (P, Set("\"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\"><p onclick='x()'>x</p></div>\""),
        "/text/div", "Patient.text.div", "value"),
    (P, Set("\"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\"> </div>\""), "/text/div",
        "Patient.text.div", "value"),
    // Invariants.
    (P, Set("{\"start\":\"2013\",\"end\":\"2012\"}"), "/contact/0/period",
        "Patient.contact[0].period", "invariant"),
    (P, Set("[{\"gender\":\"male\"}]"), "/contact", "Patient.contact[0]", "invariant"),
    (P, Remove, "/telecom/1/system", "Patient.telecom[1]", "invariant"),
    (O, Remove, "/valueQuantity/system", "Observation.value", "invariant"),
    (O, Set("{\"text\":\"x\"}"), "/dataAbsentReason", "Observation", "invariant"),
    (O, Set("[{\"appliesTo\":[{\"text\":\"x\"}]}]"), "/referenceRange",
        "Observation.referenceRange[0]", "invariant"),
    (C, Set("\"2013\""), "/abatementDateTime", "Condition", "invariant"),
    (C, Set("\"entered-in-error\""), "/verificationStatus/coding/0/code", "Condition",
        "invariant"),
    (A, Remove, "/clinicalStatus", "AllergyIntolerance", "invariant"),
    ("questionnaire-example", Remove, "/item/0/item/0/linkId",
        "Questionnaire.item[0].item[0].linkId", "required"),
    ("appointment-example", Remove, "/end", "Appointment", "invariant"),
    ("consent-example", Remove, "/policyRule", "Consent", "invariant"),
    ("medicationdispense0308", Set("\"2001-01-01\""), "/whenHandedOver", "MedicationDispense",
        "invariant"),
    ("list-example", Set("{\"text\":\"x\"}"), "/emptyReason", "List", "invariant"),
    (B, Remove, "/entry/1/request", "Bundle", "invariant"),
    (B, Set("1"), "/total", "Bundle", "invariant"),
];
