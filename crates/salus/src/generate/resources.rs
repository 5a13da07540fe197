//! One function per FHIR resource that a history is made of.

use super::codes::{self, Code, Measure};
use serde_json::{Value, json};

/// A CodeableConcept of one code.
pub(crate) fn concept(system: &str, code: Code) -> Value {
    json!({ "coding": [{ "system": system, "code": code.0, "display": code.1 }], "text": code.1 })
}

/// A code of one of HL7's own systems.
fn hl7(system: &str, code: &str) -> Value {
    json!({ "coding": [{
        "system": format!("http://terminology.hl7.org/CodeSystem/{system}"),
        "code": code
    }]})
}

/// A Quantity with UCUM unit; the value keeps its written precision.
fn quantity(tenths: i64, unit: &str) -> Value {
    let written = format!("{}.{}", tenths / 10, (tenths % 10).abs());
    let value: Value = serde_json::from_str(&written).unwrap_or(Value::Null);
    json!({ "value": value, "unit": unit, "system": codes::UCUM, "code": unit })
}

/// The links that most resources of a visit share.
pub(crate) struct Visit<'a> {
    pub(crate) patient: &'a str,
    pub(crate) encounter: &'a str,
    pub(crate) practitioner: &'a str,
    pub(crate) organization: &'a str,
    pub(crate) day: super::calendar::Day,
    pub(crate) minute: i64,
}

impl Visit<'_> {
    fn when(&self, later_minutes: i64) -> String {
        self.day.at(self.minute + later_minutes)
    }

    /// The visit itself.
    pub(crate) fn encounter(&self, class: Code, reason: Option<Code>) -> Value {
        let mut resource = json!({
            "resourceType": "Encounter",
            "status": "finished",
            "class": {
                "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
                "code": class.0,
                "display": class.1
            },
            "type": [concept(codes::SNOMED, ("185349003", "Encounter for check up (procedure)"))],
            "subject": { "reference": self.patient },
            "participant": [{ "individual": { "reference": self.practitioner } }],
            "period": { "start": self.when(0), "end": self.when(25) },
            "serviceProvider": { "reference": self.organization }
        });
        if let Some(reason) = reason {
            resource["reasonCode"] = json!([concept(codes::SNOMED, reason)]);
        }
        resource
    }

    fn observation(&self, category: &str, code: Code, later_minutes: i64) -> Value {
        json!({
            "resourceType": "Observation",
            "status": "final",
            "category": [hl7("observation-category", category)],
            "code": concept(codes::LOINC, code),
            "subject": { "reference": self.patient },
            "encounter": { "reference": self.encounter },
            "effectiveDateTime": self.when(later_minutes),
            "performer": [{ "reference": self.practitioner }]
        })
    }

    /// A vital sign.
    pub(crate) fn vital(&self, measure: &Measure, tenths: i64) -> Value {
        let mut resource = self.observation("vital-signs", measure.code, 5);
        resource["valueQuantity"] = quantity(tenths, measure.unit);
        resource
    }

    /// Blood pressure, as a panel with two components.
    pub(crate) fn pressure(&self, systolic: i64, diastolic: i64) -> Value {
        let part = |code, value: i64| {
            json!({
                "code": concept(codes::LOINC, code),
                "valueQuantity": quantity(value * 10, "mm[Hg]")
            })
        };
        let mut resource = self.observation("vital-signs", codes::PRESSURE_PANEL, 6);
        resource["component"] = json!([
            part(codes::SYSTOLIC, systolic),
            part(codes::DIASTOLIC, diastolic)
        ]);
        resource
    }

    /// A laboratory value with its reference range and what it means.
    pub(crate) fn laboratory(&self, measure: &Measure, tenths: i64) -> Value {
        let meaning = match tenths {
            low if low < measure.low_tenths => "L",
            high if high > measure.high_tenths => "H",
            _ => "N",
        };
        let mut resource = self.observation("laboratory", measure.code, 15);
        resource["valueQuantity"] = quantity(tenths, measure.unit);
        resource["interpretation"] = json!([hl7("v3-ObservationInterpretation", meaning)]);
        resource["referenceRange"] = json!([{
            "low": quantity(measure.low_tenths, measure.unit),
            "high": quantity(measure.high_tenths, measure.unit)
        }]);
        resource
    }

    /// The report that groups laboratory values.
    pub(crate) fn report(&self, code: Code, results: &[String]) -> Value {
        let results: Vec<Value> = results
            .iter()
            .map(|urn| json!({ "reference": urn }))
            .collect();
        json!({
            "resourceType": "DiagnosticReport",
            "status": "final",
            "category": [hl7("v2-0074", "LAB")],
            "code": concept(codes::LOINC, code),
            "subject": { "reference": self.patient },
            "encounter": { "reference": self.encounter },
            "effectiveDateTime": self.when(15),
            "issued": self.when(120),
            "performer": [{ "reference": self.organization }],
            "result": results
        })
    }

    /// A diagnosis; `until` when it has passed.
    pub(crate) fn condition(&self, code: Code, until: Option<super::calendar::Day>) -> Value {
        let status = if until.is_some() {
            "resolved"
        } else {
            "active"
        };
        let mut resource = json!({
            "resourceType": "Condition",
            "clinicalStatus": hl7("condition-clinical", status),
            "verificationStatus": hl7("condition-ver-status", "confirmed"),
            "category": [hl7("condition-category", "encounter-diagnosis")],
            "code": concept(codes::SNOMED, code),
            "subject": { "reference": self.patient },
            "encounter": { "reference": self.encounter },
            "onsetDateTime": self.day.to_string(),
            "recordedDate": self.when(10)
        });
        if let Some(until) = until {
            resource["abatementDateTime"] = json!(until.to_string());
        }
        resource
    }

    /// A prescription.
    pub(crate) fn prescription(&self, code: Code, dosage: &str, reason: &str) -> Value {
        json!({
            "resourceType": "MedicationRequest",
            "status": "active",
            "intent": "order",
            "medicationCodeableConcept": concept(codes::RXNORM, code),
            "subject": { "reference": self.patient },
            "encounter": { "reference": self.encounter },
            "authoredOn": self.when(20),
            "requester": { "reference": self.practitioner },
            "reasonReference": [{ "reference": reason }],
            "dosageInstruction": [{ "sequence": 1, "text": dosage }]
        })
    }

    /// A vaccination.
    pub(crate) fn vaccination(&self, code: Code, lot: i64) -> Value {
        json!({
            "resourceType": "Immunization",
            "status": "completed",
            "vaccineCode": concept(codes::CVX, code),
            "patient": { "reference": self.patient },
            "encounter": { "reference": self.encounter },
            "occurrenceDateTime": self.when(12),
            "primarySource": true,
            "lotNumber": format!("L{lot:05}"),
            "performer": [{ "actor": { "reference": self.practitioner } }]
        })
    }

    /// An allergy, found at this visit.
    pub(crate) fn allergy(&self, code: Code, category: &str) -> Value {
        json!({
            "resourceType": "AllergyIntolerance",
            "clinicalStatus": hl7("allergyintolerance-clinical", "active"),
            "verificationStatus": hl7("allergyintolerance-verification", "confirmed"),
            "type": "allergy",
            "category": [category],
            "criticality": if category == "environment" { "low" } else { "high" },
            "code": concept(codes::SNOMED, code),
            "patient": { "reference": self.patient },
            "recordedDate": self.when(8)
        })
    }

    /// Something that was done.
    pub(crate) fn procedure(&self, code: Code, reason: &str) -> Value {
        json!({
            "resourceType": "Procedure",
            "status": "completed",
            "code": concept(codes::SNOMED, code),
            "subject": { "reference": self.patient },
            "encounter": { "reference": self.encounter },
            "performedPeriod": { "start": self.when(14), "end": self.when(22) },
            "performer": [{ "actor": { "reference": self.practitioner } }],
            "reasonReference": [{ "reference": reason }]
        })
    }
}
