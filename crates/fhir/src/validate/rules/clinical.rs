//! Rules of clinical and administrative resources.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Broken, has_choice, has_coding, items, text};
use crate::decimal::Decimal;
use crate::moment::{self, Form};

type Object = Map<String, Value>;

pub(super) fn observation(map: &Object, broken: Broken<'_>) {
    let valued = has_choice(map, "value");
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

pub(super) fn condition(map: &Object, broken: Broken<'_>) {
    const CLINICAL: &str = "http://terminology.hl7.org/CodeSystem/condition-clinical";
    const VERIFICATION: &str = "http://terminology.hl7.org/CodeSystem/condition-ver-status";
    let clinical = map.get("clinicalStatus");
    let ended = ["resolved", "remission", "inactive"];
    if has_choice(map, "abatement")
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

/// app-3; start and end come together by app-2.
pub(super) fn appointment(map: &Object, broken: Broken<'_>) {
    let open = ["proposed", "cancelled", "waitlist"];
    if !map.contains_key("start") && !text(map, "status").is_some_and(|one| open.contains(&one)) {
        broken(
            "app-3",
            "start and end may only be missing while proposed, cancelled or waiting",
        );
    }
}

/// Whether the second moment is certainly before the first.
fn reversed(map: &Object, first: &str, second: &str) -> bool {
    let span = |name| text(map, name).and_then(|text| moment::span(text, Form::DateTime));
    matches!((span(first), span(second)), (Some(one), Some(two)) if two.to_us <= one.from_us)
}

pub(super) fn dispense(map: &Object, broken: Broken<'_>) {
    if reversed(map, "whenPrepared", "whenHandedOver") {
        broken("mdd-1", "whenHandedOver must not be before whenPrepared");
    }
}

pub(super) fn task(map: &Object, broken: Broken<'_>) {
    if reversed(map, "authoredOn", "lastModified") {
        broken("inv-1", "lastModified must not be before authoredOn");
    }
}

pub(super) fn prediction(map: &Object, broken: Broken<'_>) {
    let percent = map.get("probabilityDecimal").and_then(Value::as_number);
    let percent = percent.and_then(|number| Decimal::parse(number.as_str()));
    if percent.is_some_and(|percent| {
        percent
            > Decimal {
                mantissa: 100,
                exponent: 0,
            }
    }) {
        broken("ras-2", "a probability is at most 100");
    }
}

pub(super) fn list(map: &Object, broken: Broken<'_>) {
    let mode = text(map, "mode");
    let any = |name: &str| {
        items(map, "entry")
            .iter()
            .any(|entry| entry.get(name).is_some())
    };
    if any("deleted") && mode != Some("changes") {
        broken("lst-2", "entry.deleted only in a list of changes");
    }
    if any("date") && mode != Some("working") {
        broken("lst-3", "entry.date only in a working list");
    }
}

pub(super) fn linkage(map: &Object, broken: Broken<'_>) {
    if items(map, "item").len() < 2 {
        broken("lnk-1", "a linkage has at least two items");
    }
}

/// que-2: link ids are unique within a questionnaire.
pub(super) fn questionnaire(map: &Object, broken: Broken<'_>) {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&Value> = items(map, "item").iter().collect();
    while let Some(item) = open.pop() {
        let link = item.get("linkId").and_then(Value::as_str);
        if link.is_some_and(|link| !seen.insert(link)) {
            broken("que-2", "a linkId is there twice");
            return;
        }
        open.extend(
            item.get("item")
                .and_then(Value::as_array)
                .into_iter()
                .flatten(),
        );
    }
}
