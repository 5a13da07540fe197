//! Rules that are only about which elements are present, as a table.

use serde_json::{Map, Value};

use super::Broken;
use crate::tables::Type;

/// What must hold of the members of an object. A choice is named by its stem.
enum Rule {
    /// At least one is present.
    Some(&'static [&'static str]),
    /// Exactly one is present.
    One(&'static [&'static str]),
    /// Not both are present.
    NotBoth(&'static str, &'static str),
    /// Where the first is, so is the second.
    Needs(&'static str, &'static str),
    /// The first only where the second has one of the values.
    Only(&'static str, &'static str, &'static [&'static str]),
    /// Where the first has the value, the second is present.
    Then(&'static str, &'static str, &'static str),
    /// Where the first has the value, the second is absent.
    Never(&'static str, &'static str, &'static str),
}

use Rule::{Needs, Never, NotBoth, One, Only, Some as Any, Then};

const ENDED: &[&str] = &["no-show", "cancelled"];
const WITH_LENGTH: &[&str] = &[
    "boolean",
    "decimal",
    "integer",
    "string",
    "text",
    "url",
    "open-choice",
];
const WITH_OPTIONS: &[&str] = &[
    "choice",
    "open-choice",
    "decimal",
    "integer",
    "date",
    "dateTime",
    "time",
    "string",
    "quantity",
];

/// Type, key and rule; sorted by type.
#[rustfmt::skip]
const TABLE: &[(&str, &str, Rule)] = &[
    ("Appointment", "app-2", Needs("start", "end")),
    ("Appointment", "app-2", Needs("end", "start")),
    ("Appointment", "app-4", Only("cancelationReason", "status", ENDED)),
    ("Appointment.participant", "app-1", Any(&["type", "actor"])),
    ("AppointmentResponse", "apr-1", Any(&["participantType", "actor"])),
    ("Attachment", "att-1", Needs("data", "contentType")),
    ("AuditEvent.entity", "sev-1", NotBoth("name", "query")),
    ("Bundle.entry", "bdl-5", Any(&["resource", "request", "response"])),
    ("CapabilityStatement", "cpb-1", Any(&["rest", "messaging", "document"])),
    ("CapabilityStatement", "cpb-14", Then("kind", "instance", "implementation")),
    ("CapabilityStatement", "cpb-15", Never("kind", "capability", "implementation")),
    ("CapabilityStatement", "cpb-15", Then("kind", "capability", "software")),
    ("CapabilityStatement", "cpb-16", Never("kind", "requirements", "implementation")),
    ("CapabilityStatement", "cpb-16", Never("kind", "requirements", "software")),
    ("CapabilityStatement", "cpb-2", Any(&["description", "software", "implementation"])),
    ("CarePlan.activity", "cpl-3", NotBoth("detail", "reference")),
    ("Composition.section", "cmp-1", Any(&["text", "entry", "section"])),
    ("Composition.section", "cmp-2", NotBoth("emptyReason", "entry")),
    ("ConceptMap.group.unmapped", "cmd-2", Then("mode", "fixed", "code")),
    ("ConceptMap.group.unmapped", "cmd-3", Then("mode", "other-map", "url")),
    ("Condition.evidence", "con-2", Any(&["code", "detail"])),
    ("Condition.stage", "con-1", Any(&["summary", "assessment"])),
    ("Consent", "ppc-1", Any(&["policy", "policyRule"])),
    ("ContactPoint", "cpt-2", Needs("value", "system")),
    ("CoverageEligibilityResponse.insurance.item", "ces-1", One(&["category", "productOrService"])),
    ("DataRequirement.codeFilter", "drq-1", One(&["path", "searchParam"])),
    ("DataRequirement.dateFilter", "drq-2", One(&["path", "searchParam"])),
    ("ElementDefinition", "eld-15", NotBoth("defaultValue", "meaningWhenMissing")),
    ("ElementDefinition", "eld-22", Needs("sliceIsConstraining", "sliceName")),
    ("ElementDefinition", "eld-8", NotBoth("pattern", "fixed")),
    ("ElementDefinition.slicing", "eld-1", Any(&["discriminator", "description"])),
    ("Expression", "exp-1", Any(&["expression", "reference"])),
    ("Extension", "ext-1", One(&["value", "extension"])),
    ("FamilyMemberHistory", "fhs-1", NotBoth("age", "born")),
    ("FamilyMemberHistory", "fhs-2", Needs("estimatedAge", "age")),
    ("Goal.target", "gol-1", Needs("detail", "measure")),
    ("Group", "grp-1", Only("member", "actual", &["true"])),
    ("Immunization.education", "imm-1", Any(&["documentType", "reference"])),
    ("ImmunizationRecommendation.recommendation", "imr-1", Any(&["vaccineCode", "targetDisease"])),
    ("InsurancePlan", "ipn-1", Any(&["identifier", "name"])),
    ("List", "lst-1", NotBoth("emptyReason", "entry")),
    ("MeasureReport", "mrp-1", Never("type", "data-collection", "group")),
    ("MedicationAdministration.dosage", "mad-1", Any(&["dose", "rate"])),
    ("MolecularSequence.referenceSeq", "msq-5", Needs("chromosome", "genomeBuild")),
    ("MolecularSequence.referenceSeq", "msq-5", Needs("genomeBuild", "chromosome")),
    ("MolecularSequence.referenceSeq", "msq-6",
        One(&["genomeBuild", "referenceSeqId", "referenceSeqPointer", "referenceSeqString"])),
    ("Observation", "obs-6", NotBoth("dataAbsentReason", "value")),
    ("Observation.referenceRange", "obs-3", Any(&["low", "high", "text"])),
    ("OperationDefinition.parameter", "opd-1", Any(&["type", "part"])),
    ("OperationDefinition.parameter", "opd-2", Only("searchType", "type", &["string"])),
    ("OperationDefinition.parameter", "opd-3",
        Only("targetProfile", "type", &["Reference", "canonical"])),
    ("Organization", "org-1", Any(&["identifier", "name"])),
    ("Parameters.parameter", "inv-1", One(&["part", "value", "resource"])),
    ("Patient.contact", "pat-1", Any(&["name", "telecom", "address", "organization"])),
    ("Quantity", "qty-3", Needs("code", "system")),
    ("Questionnaire.item", "que-1", Never("type", "display", "item")),
    ("Questionnaire.item", "que-1", Then("type", "group", "item")),
    ("Questionnaire.item", "que-10", Only("maxLength", "type", WITH_LENGTH)),
    ("Questionnaire.item", "que-11", NotBoth("answerOption", "initial")),
    ("Questionnaire.item", "que-3", Never("type", "display", "code")),
    ("Questionnaire.item", "que-4", NotBoth("answerOption", "answerValueSet")),
    ("Questionnaire.item", "que-5", Only("answerOption", "type", WITH_OPTIONS)),
    ("Questionnaire.item", "que-5", Only("answerValueSet", "type", WITH_OPTIONS)),
    ("Questionnaire.item", "que-6", Never("type", "display", "repeats")),
    ("Questionnaire.item", "que-6", Never("type", "display", "required")),
    ("Questionnaire.item", "que-8", Never("type", "display", "initial")),
    ("Questionnaire.item", "que-8", Never("type", "group", "initial")),
    ("Questionnaire.item", "que-9", Never("type", "display", "readOnly")),
    ("QuestionnaireResponse.item", "qrs-1", NotBoth("answer", "item")),
    ("RequestGroup.action", "rqg-1", One(&["resource", "action"])),
    ("SearchParameter", "spd-1", Needs("xpath", "xpathUsage")),
    ("SearchParameter", "spd-2", Only("chain", "type", &["reference"])),
    ("ServiceRequest", "prr-1", Needs("orderDetail", "code")),
    ("StructureDefinition", "sdf-18", Only("contextInvariant", "type", &["Extension"])),
    ("StructureDefinition", "sdf-6", Any(&["snapshot", "differential"])),
    ("StructureDefinition.mapping", "sdf-2", Any(&["name", "uri"])),
    ("StructureMap.group.rule.target", "smp-1", Needs("element", "context")),
    ("StructureMap.group.rule.target", "smp-2", Needs("context", "contextType")),
    ("TerminologyCapabilities", "tcp-2", Any(&["description", "software", "implementation"])),
    ("TerminologyCapabilities", "tcp-3", Then("kind", "instance", "implementation")),
    ("TerminologyCapabilities", "tcp-4", Never("kind", "capability", "implementation")),
    ("TerminologyCapabilities", "tcp-4", Then("kind", "capability", "software")),
    ("TerminologyCapabilities", "tcp-5", Never("kind", "requirements", "implementation")),
    ("TerminologyCapabilities", "tcp-5", Never("kind", "requirements", "software")),
    ("TestReport.setup.action", "inv-1", One(&["operation", "assert"])),
    ("TestReport.test.action", "inv-2", One(&["operation", "assert"])),
    ("TestScript.setup.action", "tst-1", One(&["operation", "assert"])),
    ("TestScript.test.action", "tst-2", One(&["operation", "assert"])),
    ("Timing.repeat", "tim-1", Needs("duration", "durationUnit")),
    ("Timing.repeat", "tim-10", NotBoth("timeOfDay", "when")),
    ("Timing.repeat", "tim-2", Needs("period", "periodUnit")),
    ("Timing.repeat", "tim-6", Needs("periodMax", "period")),
    ("Timing.repeat", "tim-7", Needs("durationMax", "duration")),
    ("Timing.repeat", "tim-8", Needs("countMax", "count")),
    ("Timing.repeat", "tim-9", Needs("offset", "when")),
    ("TriggerDefinition", "trd-1", NotBoth("data", "timing")),
    ("TriggerDefinition", "trd-2", Needs("condition", "data")),
    ("TriggerDefinition", "trd-3", Then("type", "named-event", "name")),
    ("TriggerDefinition", "trd-3", Then("type", "periodic", "timing")),
    ("ValueSet.compose.include", "vsd-1", Any(&["valueSet", "system"])),
    ("ValueSet.compose.include", "vsd-2", Needs("concept", "system")),
    ("ValueSet.compose.include", "vsd-2", Needs("filter", "system")),
    ("ValueSet.compose.include", "vsd-3", NotBoth("concept", "filter")),
    ("ValueSet.expansion.contains", "vsd-10", Needs("code", "system")),
    ("ValueSet.expansion.contains", "vsd-6", Any(&["code", "display"])),
];

/// Checks the rules under a type's name; `Age` is checked as a `Quantity`, too.
pub(super) fn check(name: &str, type_: &Type, map: &Map<String, Value>, broken: Broken<'_>) {
    let first = TABLE.partition_point(|(known, ..)| *known < name);
    let own = TABLE[first..]
        .iter()
        .take_while(|(known, ..)| *known == name);
    for (_, key, rule) in own {
        if let Err(text) = rule.holds(type_, map) {
            broken(key, &text);
        }
    }
}

impl Rule {
    fn holds(&self, type_: &Type, map: &Map<String, Value>) -> Result<(), String> {
        let has = |name: &str| present(type_, map, name);
        let count = |names: &[&str]| names.iter().filter(|name| has(name)).count();
        match self {
            Any(names) if count(names) == 0 => {
                Err(format!("at least one of {} is needed", names.join(", ")))
            }
            One(names) if count(names) != 1 => {
                Err(format!("exactly one of {} is needed", names.join(", ")))
            }
            NotBoth(one, other) if has(one) && has(other) => {
                Err(format!("{one} and {other} exclude each other"))
            }
            Needs(one, other) if has(one) && !has(other) => Err(format!("{one} needs {other}")),
            Only(one, other, values) if has(one) && !values.iter().any(|v| is(map, other, v)) => {
                Err(format!(
                    "{one} only where {other} is {}",
                    values.join(" or ")
                ))
            }
            Then(one, value, other) if is(map, one, value) && !has(other) => {
                Err(format!("{other} is needed where {one} is {value}"))
            }
            Never(one, value, other) if is(map, one, value) && has(other) => {
                Err(format!("no {other} where {one} is {value}"))
            }
            _ => Ok(()),
        }
    }
}

/// A member, its companion, or a choice of that stem.
fn present(type_: &Type, map: &Map<String, Value>, name: &str) -> bool {
    map.contains_key(name)
        || map.keys().any(|key| {
            let key = key.strip_prefix('_').unwrap_or(key);
            // `periodMax` is no choice of `period`.
            key.starts_with(name)
                && type_
                    .element(key)
                    .is_some_and(|element| element.stem == name)
        })
}

/// Whether a member is this code or boolean.
fn is(map: &Map<String, Value>, name: &str, value: &str) -> bool {
    match map.get(name) {
        Some(Value::String(text)) => text == value,
        Some(Value::Bool(flag)) => value == if *flag { "true" } else { "false" },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value};

    use super::{Any, Needs, Never, NotBoth, One, Only, TABLE, Then};
    use crate::tables::tables;

    #[test]
    fn the_table_is_sorted_and_names_elements_of_r4() {
        assert!(TABLE.is_sorted_by_key(|(name, ..)| *name));
        for (name, key, rule) in TABLE {
            let type_ = tables()
                .type_named(name)
                .unwrap_or_else(|| panic!("{name}"));
            for member in rule.members() {
                let known = type_.elements.iter().any(|element| element.stem == member);
                assert!(known, "{key}: {name}.{member}");
            }
        }
    }

    #[test]
    fn every_rule_tells_right_from_wrong() {
        for (name, key, rule) in TABLE {
            let type_ = tables()
                .type_named(name)
                .unwrap_or_else(|| panic!("{name}"));
            let map = |members: &[(&str, &str)]| -> Map<String, Value> {
                let member = |(stem, value): &(&str, &str)| {
                    let element = type_.elements.iter().find(|element| element.stem == *stem);
                    (
                        element.expect("an element").name.to_owned(),
                        Value::from(*value),
                    )
                };
                members.iter().map(member).collect()
            };
            let (wrong, right) = match rule {
                Any(names) | One(names) => (map(&[]), map(&[(names[0], "x")])),
                NotBoth(one, other) => (map(&[(one, "x"), (other, "x")]), map(&[(other, "x")])),
                Needs(one, other) => (map(&[(one, "x")]), map(&[(one, "x"), (other, "x")])),
                Only(one, other, values) => (
                    map(&[(one, "x"), (other, "?")]),
                    map(&[(one, "x"), (other, values[0])]),
                ),
                Then(one, value, other) => {
                    (map(&[(one, value)]), map(&[(one, value), (other, "x")]))
                }
                Never(one, value, other) => (
                    map(&[(one, value), (other, "x")]),
                    map(&[(one, "?"), (other, "x")]),
                ),
            };
            assert!(rule.holds(type_, &wrong).is_err(), "{name} {key}");
            assert_eq!(rule.holds(type_, &right), Ok(()), "{name} {key}");
        }
    }

    impl super::Rule {
        fn members(&self) -> Vec<&'static str> {
            match self {
                Any(names) | One(names) => names.to_vec(),
                NotBoth(one, other)
                | Needs(one, other)
                | Only(one, other, _)
                | Then(one, _, other)
                | Never(one, _, other) => vec![one, other],
            }
        }
    }
}
