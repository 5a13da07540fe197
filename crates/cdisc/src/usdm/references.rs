//! What refers to what: properties that hold ids, and references inside texts.

use serde_json::Value;

use super::check::Ids;
use super::classes::class;
use crate::error::Check;

/// Classes that a property has to refer to, where the model says so. `=` is the class itself.
const TARGETS: &[(&str, &[&str])] = &[
    ("previousId", &["="]),
    ("nextId", &["="]),
    ("armId", &["StudyArm"]),
    ("epochId", &["StudyEpoch"]),
    ("elementIds", &["StudyElement"]),
    ("encounterId", &["Encounter"]),
    ("activityIds", &["Activity"]),
    ("scopeId", &["Organization"]),
    ("organizationId", &["Organization"]),
    ("organizationIds", &["Organization"]),
    ("criterionIds", &["EligibilityCriterion"]),
    ("criterionItemId", &["EligibilityCriterionItem"]),
    ("contentItemId", &["NarrativeContentItem"]),
    ("dictionaryId", &["SyntaxTemplateDictionary"]),
    ("documentVersionIds", &["StudyDefinitionDocumentVersion"]),
    ("variableOfInterestId", &["Endpoint"]),
    ("analysisPopulationId", &["AnalysisPopulation"]),
    ("interventionIds", &["StudyIntervention"]),
    ("studyInterventionId", &["StudyIntervention"]),
    ("studyInterventionIds", &["StudyIntervention"]),
    ("forStudyCohortId", &["StudyCohort"]),
    ("forStudySiteId", &["StudySite"]),
    ("biomedicalConceptIds", &["BiomedicalConcept"]),
];

/// Judges every reference of a document.
pub(super) fn document(value: &Value, ids: &Ids, check: &mut Check) {
    walk(value, "", ids, check);
}

fn walk(value: &Value, at: &str, ids: &Ids, check: &mut Check) {
    match value {
        Value::Object(map) => {
            let class = map.get("instanceType").and_then(Value::as_str);
            for (name, inner) in map {
                let place = format!("{at}/{name}");
                match inner {
                    Value::String(id) if name.ends_with("Id") => {
                        refer(name, id, class, &place, ids, check);
                    }
                    Value::Array(items) if name.ends_with("Ids") => {
                        for (number, id) in items.iter().enumerate() {
                            let id = id.as_str().unwrap_or_default();
                            refer(name, id, class, &format!("{place}/{number}"), ids, check);
                        }
                    }
                    _ => walk(inner, &place, ids, check),
                }
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                walk(item, &format!("{at}/{number}"), ids, check);
            }
        }
        Value::String(text) if text.contains("<usdm:ref") => inside(text, at, ids, check),
        _ => {}
    }
}

fn refer(name: &str, id: &str, class: Option<&str>, at: &str, ids: &Ids, check: &mut Check) {
    let Some(found) = ids.class(id, at) else {
        check.refuse(at, "refers to an id that nothing in the document has");
        return;
    };
    let Some((_, targets)) = TARGETS.iter().find(|(known, _)| *known == name) else {
        return;
    };
    let fits = |target: &&str| match *target {
        "=" => Some(found) == class,
        target => found == target,
    };
    if !targets.iter().any(fits) {
        let wanted = targets
            .join(" or ")
            .replace('=', class.unwrap_or("one like itself"));
        check.refuse(
            at,
            format!("refers to a {found}, has to refer to a {wanted}"),
        );
    }
}

/// References in texts: `<usdm:ref klass="StudyVersion" id="..." attribute="..."/>`.
fn inside(text: &str, at: &str, ids: &Ids, check: &mut Check) {
    for tag in text.split("<usdm:ref").skip(1) {
        let tag = tag.split('>').next().unwrap_or_default();
        let attribute = |name: &str| {
            let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
            rest.split('"').next()
        };
        let (Some(id), Some(klass)) = (attribute("id"), attribute("klass")) else {
            check.refuse(at, "has a usdm:ref without an id or a klass");
            continue;
        };
        match ids.class(id, at) {
            None => check.refuse(
                at,
                "has a usdm:ref to an id that nothing in the document has",
            ),
            Some(found) if found != klass => {
                let reason = format!("has a usdm:ref to a {klass}, which is a {found}");
                check.refuse(at, reason);
            }
            Some(_) => {
                let property = attribute("attribute").unwrap_or_default();
                let known = class(klass).is_some_and(|it| it.properties.contains_key(property));
                if !known {
                    let reason = format!("has a usdm:ref to what is no property of a {klass}");
                    check.refuse(at, reason);
                }
            }
        }
    }
}
