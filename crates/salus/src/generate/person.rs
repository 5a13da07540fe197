//! Who the patient is: invented names and addresses, no real person.

use super::calendar::Day;
use super::dice::Dice;
use serde_json::{Value, json};

const WOMEN: &[&str] = &[
    "Amara", "Beatrix", "Clara", "Dorota", "Elif", "Farida", "Greta", "Hanna", "Ines", "Jolanta",
    "Kavya", "Leila", "Marit", "Noor", "Oksana", "Pilar", "Rosalind", "Saoirse", "Tove", "Yara",
];
const MEN: &[&str] = &[
    "Anselm", "Bilal", "Cormac", "Dmitri", "Emre", "Florian", "Goran", "Henrik", "Isaac", "Jonas",
    "Kofi", "Lars", "Mateo", "Nils", "Oscar", "Pavel", "Rafael", "Stefan", "Tomas", "Viktor",
];
const FAMILIES: &[&str] = &[
    "Achebe",
    "Bergstrom",
    "Castellan",
    "Dvorak",
    "Eriksen",
    "Fontaine",
    "Grabowski",
    "Hallberg",
    "Ivanova",
    "Jankovic",
    "Keller",
    "Lindqvist",
    "Moreau",
    "Novak",
    "Okafor",
    "Petrov",
    "Quist",
    "Rossi",
    "Sandoval",
    "Thorsen",
    "Ueda",
    "Vargas",
    "Wallace",
    "Yilmaz",
    "Zielinski",
];
const STREETS: &[&str] = &[
    "Mill Lane",
    "Harbour Street",
    "Church Row",
    "Station Road",
    "Orchard Way",
    "Quay Side",
];
const TOWNS: &[(&str, &str)] = &[
    ("Eastport", "10115"),
    ("Marlow Bay", "20457"),
    ("Northfield", "30159"),
];

/// The identifier system of the demo's medical record numbers.
pub(crate) const RECORD_NUMBERS: &str = "https://salus.example/medical-record-number";

/// One invented person.
pub(crate) struct Person {
    /// The position in the demo, which is also the record number.
    pub(crate) number: u64,
    pub(crate) given: &'static str,
    pub(crate) family: &'static str,
    pub(crate) female: bool,
    pub(crate) birth: Day,
    pub(crate) height_tenths: i64,
    pub(crate) weight_tenths: i64,
    street: String,
    town: (&'static str, &'static str),
}

impl Person {
    /// Throws the dice for one person alive on `today`.
    pub(crate) fn new(number: u64, today: Day, dice: &mut Dice) -> Self {
        let female = dice.chance(510);
        let age_days = dice.between(2 * 365, 88 * 365);
        let height_tenths = if female {
            dice.between(1540, 1780)
        } else {
            dice.between(1660, 1930)
        };
        let index_tenths = dice.between(195, 330);
        Self {
            number,
            given: *dice.pick(if female { WOMEN } else { MEN }),
            family: *dice.pick(FAMILIES),
            female,
            birth: today.plus(-age_days),
            height_tenths,
            // kg = BMI * m^2, in tenths: (bmi/10) * (h/1000)^2 * 10
            weight_tenths: index_tenths * height_tenths * height_tenths / 1_000_000,
            street: format!("{} {}", dice.between(1, 180), dice.pick(STREETS)),
            town: *dice.pick(TOWNS),
        }
    }

    /// A login name that nobody else of the demo has.
    pub(crate) fn username(&self) -> String {
        format!("{}.{}.{}", self.given, self.family, self.number).to_lowercase()
    }

    /// The FHIR Patient.
    pub(crate) fn resource(&self, managing: &str) -> Value {
        json!({
            "resourceType": "Patient",
            "identifier": [{
                "use": "official",
                "type": { "coding": [{
                    "system": "http://terminology.hl7.org/CodeSystem/v2-0203",
                    "code": "MR",
                    "display": "Medical record number"
                }]},
                "system": RECORD_NUMBERS,
                "value": format!("MRN-{:06}", self.number)
            }],
            "active": true,
            "name": [{ "use": "official", "family": self.family, "given": [self.given] }],
            "telecom": [{
                "system": "phone",
                "value": format!("+49 555 {:06}", self.number * 7919 % 1_000_000),
                "use": "home"
            }],
            "gender": if self.female { "female" } else { "male" },
            "birthDate": self.birth.to_string(),
            "address": [{
                "use": "home",
                "line": [self.street],
                "city": self.town.0,
                "postalCode": self.town.1,
                "country": "DE"
            }],
            "managingOrganization": { "reference": managing }
        })
    }
}
