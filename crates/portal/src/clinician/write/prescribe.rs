//! A prescription: a MedicationRequest (FHIR R4 11.1).

use axum::extract::Path;
use axum::response::Response;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::{now, page, store, subject, writer};
use crate::form::{self, Faults, Line};
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

/// Longest field.
const FIELD_BYTES_MAX: usize = 500;
/// Code systems of medicines that a form offers.
const SYSTEMS: [(&str, &str); 3] = [
    ("http://www.nlm.nih.gov/research/umls/rxnorm", "RxNorm"),
    ("http://www.whocc.no/atc", "ATC"),
    ("http://snomed.info/sct", "SNOMED CT"),
];

#[derive(Default)]
struct Wish {
    medicine: String,
    system: String,
    code: String,
    dosage: String,
    quantity: String,
    unit: String,
    reason: String,
}

impl Wish {
    fn faults(&self, visit: &Visit) -> Faults {
        let mut faults = Faults::default();
        let mut check = |field: &'static str, good: bool| {
            if !good {
                faults.add(field, visit.say(&format!("prescribe-fault-{field}")));
            }
        };
        let short = |text: &str| text.len() <= FIELD_BYTES_MAX;
        check(
            "medicine",
            !self.medicine.is_empty() && short(&self.medicine),
        );
        check(
            "code",
            self.code.len() <= 64 && !self.code.contains(char::is_whitespace),
        );
        check(
            "dosage",
            !self.dosage.is_empty() && self.dosage.len() <= 2 * FIELD_BYTES_MAX,
        );
        let quantity = self.quantity.is_empty()
            || super::measure::number(&self.quantity).is_some_and(|(_, value)| value > 0.0);
        check("quantity", quantity);
        check("unit", self.unit.len() <= 64);
        check("reason", short(&self.reason));
        faults
    }

    fn resource(&self, visit: &Visit, id: &str) -> Value {
        let mut medicine = json!({ "text": self.medicine });
        if !self.code.is_empty() {
            let system = SYSTEMS.iter().find(|(system, _)| *system == self.system);
            let system = system.map_or(SYSTEMS[0].0, |(system, _)| *system);
            medicine["coding"] =
                json!([{ "system": system, "code": self.code, "display": self.medicine }]);
        }
        let mut resource = json!({
            "resourceType": "MedicationRequest",
            "status": "active",
            "intent": "order",
            "medicationCodeableConcept": medicine,
            "subject": subject(id),
            "authoredOn": now(visit),
            "requester": writer(visit),
            "dosageInstruction": [{ "text": self.dosage }],
        });
        if !self.reason.is_empty() {
            resource["reasonCode"] = json!([{ "text": self.reason }]);
        }
        if let Some((number, _)) = super::measure::number(&self.quantity) {
            let mut quantity = json!({ "value": Value::Number(number) });
            if !self.unit.is_empty() {
                quantity["unit"] = json!(self.unit);
            }
            resource["dispenseRequest"] = json!({ "quantity": quantity });
        }
        resource
    }
}

/// `GET /portal/patients/{id}/prescribe`
pub(in crate::clinician) async fn ask(
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    super::super::reader_of(&visit, &id)?;
    let fields = fields(&visit, &Wish::default(), &Faults::default());
    page(&visit, &id, "prescribe", &Faults::default(), &fields).await
}

fn fields(visit: &Visit, wish: &Wish, faults: &Faults) -> Markup {
    let line = |name, value| Line {
        name,
        kind: "text",
        label: visit.say(&format!("prescribe-{name}")),
        hint: visit.say(&format!("prescribe-{name}-hint")),
        value,
        autocomplete: "off",
    };
    let systems: Vec<(String, String)> = SYSTEMS
        .iter()
        .map(|(system, name)| ((*system).to_owned(), (*name).to_owned()))
        .collect();
    html! {
        p.note { (visit.say("prescribe-allergies")) }
        (line("medicine", &wish.medicine).show(faults))
        (line("dosage", &wish.dosage).show(faults))
        div.columns {
            (line("quantity", &wish.quantity).show(faults))
            (line("unit", &wish.unit).show(faults))
        }
        (line("reason", &wish.reason).show(faults))
        div.columns {
            (form::select("system", &visit.say("prescribe-system"), &systems, &wish.system, faults))
            (line("code", &wish.code).show(faults))
        }
    }
}

/// `POST /portal/patients/{id}/prescribe`
pub(in crate::clinician) async fn save(
    Path(id): Path<String>,
    filled: Filled,
) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    super::super::reader_of(visit, &id)?;
    let get = |name: &str| filled.get(name).to_owned();
    let wish = Wish {
        medicine: get("medicine"),
        system: get("system"),
        code: get("code"),
        dosage: get("dosage"),
        quantity: get("quantity"),
        unit: get("unit"),
        reason: get("reason"),
    };
    let mut faults = wish.faults(visit);
    if faults.is_empty() {
        match store(visit, &id, &wish.resource(visit, &id)).await? {
            Ok(response) => return Ok(response),
            Err(refused) => faults.add("", refused),
        }
    }
    let fields = fields(visit, &wish, &faults);
    page(visit, &id, "prescribe", &faults, &fields).await
}
