//! Rules of clinical and administrative resources.

use serde_json::{Map, Value};

use super::{Broken, has_choice, has_coding, items};

type Object = Map<String, Value>;

pub(super) fn observation(map: &Object, broken: Broken<'_>) {
    let valued = has_choice(map, "value");
    if valued && map.contains_key("dataAbsentReason") {
        broken("obs-6", "dataAbsentReason only where there is no value");
    }
    if valued
        && items(map, "component")
            .iter()
            .any(|one| shares_coding(map.get("code"), one))
    {
        broken("obs-7", "no value where a component has the same code");
    }
}

fn shares_coding(code: Option<&Value>, component: &Value) -> bool {
    let codings = |concept: Option<&Value>| -> Vec<(Option<Value>, Option<Value>)> {
        let list = concept
            .and_then(|one| one.get("coding"))
            .and_then(Value::as_array);
        let pair = |one: &Value| (one.get("system").cloned(), one.get("code").cloned());
        list.map(|list| list.iter().map(pair).collect())
            .unwrap_or_default()
    };
    let own = codings(code);
    codings(component.get("code"))
        .iter()
        .any(|one| one.1.is_some() && own.contains(one))
}

pub(super) fn component(map: &Object, broken: Broken<'_>) {
    if has_choice(map, "value") && map.contains_key("dataAbsentReason") {
        broken("obs-6", "dataAbsentReason only where there is no value");
    }
}

pub(super) fn reference_range(map: &Object, broken: Broken<'_>) {
    if !["low", "high", "text"]
        .iter()
        .any(|name| map.contains_key(*name))
    {
        broken("obs-3", "a reference range has a low, a high or a text");
    }
}

pub(super) fn patient_contact(map: &Object, broken: Broken<'_>) {
    let details = ["name", "telecom", "address", "organization"];
    if !details.iter().any(|name| map.contains_key(*name)) {
        broken("pat-1", "a contact has details or an organization");
    }
}

pub(super) fn condition(map: &Object, broken: Broken<'_>) {
    const CLINICAL: &str = "http://terminology.hl7.org/CodeSystem/condition-clinical";
    const VERIFICATION: &str = "http://terminology.hl7.org/CodeSystem/condition-ver-status";
    let clinical = map.get("clinicalStatus");
    let ended = ["resolved", "remission", "inactive"];
    if has_choice(map, "abatement")
        && clinical.is_some()
        && !ended
            .iter()
            .any(|code| has_coding(clinical, CLINICAL, code))
    {
        broken(
            "con-4",
            "an abated condition is inactive, resolved or in remission",
        );
    }
    let erroneous = has_coding(
        map.get("verificationStatus"),
        VERIFICATION,
        "entered-in-error",
    );
    if erroneous && clinical.is_some() {
        broken(
            "con-5",
            "no clinicalStatus where the verification is entered-in-error",
        );
    }
}

pub(super) fn allergy(map: &Object, broken: Broken<'_>) {
    const VERIFICATION: &str =
        "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification";
    let erroneous = has_coding(
        map.get("verificationStatus"),
        VERIFICATION,
        "entered-in-error",
    );
    let clinical = map.contains_key("clinicalStatus");
    if !erroneous && !clinical {
        broken("ait-1", "clinicalStatus is needed unless entered-in-error");
    }
    if erroneous && clinical {
        broken(
            "ait-2",
            "no clinicalStatus where the verification is entered-in-error",
        );
    }
}

pub(super) fn organization(map: &Object, broken: Broken<'_>) {
    if !map.contains_key("identifier") && !map.contains_key("name") {
        broken("org-1", "an organization has a name or an identifier");
    }
    let at_home = |name: &str| {
        items(map, name)
            .iter()
            .any(|one| one.get("use").and_then(Value::as_str) == Some("home"))
    };
    if at_home("address") {
        broken("org-2", "an organization has no home address");
    }
    if at_home("telecom") {
        broken("org-3", "an organization has no home telecom");
    }
}
