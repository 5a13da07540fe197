//! Synthetic patients: invented people with plausible histories over years, from a seed.
//!
//! Nothing here comes from a real person; the same seed gives the same bytes everywhere.

mod bundle;
mod calendar;
mod codes;
mod dice;
mod history;
mod person;
mod resources;
#[cfg(test)]
mod tests;

use bundle::Transaction;
use calendar::Day;
use dice::Dice;
use person::Person;
use serde_json::{Value, json};

/// The seed of the demo.
pub(crate) const SEED: u64 = 0x0005_A105;

/// The last day of every history, fixed so that the output does not depend on the clock.
const TODAY: (i64, i64, i64) = (2026, 11, 1);

const DOCTORS: &[(&str, &str)] = &[
    ("Abena", "Owusu"),
    ("Marek", "Svoboda"),
    ("Lucia", "Ferrante"),
    ("Hugo", "Lindgren"),
];

/// One patient, ready to be sent to the organisation where they are at home.
pub(crate) struct Generated {
    /// A login name that nobody else of the seed has.
    pub(crate) username: String,
    /// The FHIR transaction; its first entry is the Patient.
    pub(crate) bundle: Value,
}

/// The organisation itself and its practitioners, under ids of their own.
pub(crate) fn facility(organisation: &str, name: &str) -> Value {
    let mut out = Transaction::new();
    out.put(
        organisation,
        json!({ "resourceType": "Organization", "active": true, "name": name }),
    );
    for (index, (given, family)) in DOCTORS.iter().enumerate() {
        out.put(
            &practitioner_id(organisation, index),
            json!({
                "resourceType": "Practitioner",
                "active": true,
                "identifier": [{
                    "system": "https://salus.example/practitioner-number",
                    "value": practitioner_id(organisation, index)
                }],
                "name": [{ "family": family, "given": [given], "prefix": ["Dr."] }]
            }),
        );
    }
    out.finish()
}

fn practitioner_id(organisation: &str, index: usize) -> String {
    format!("{organisation}-doctor-{}", index + 1)
}

/// The patient with this number, at home at `organisation`.
pub(crate) fn patient(seed: u64, number: u64, organisation: &str) -> Generated {
    let today = Day::of(TODAY.0, TODAY.1, TODAY.2);
    let mut dice = Dice::new(seed, number);
    let person = Person::new(number, today, &mut dice);
    let managing = format!("Organization/{organisation}");
    let practitioners: Vec<String> = (0..DOCTORS.len())
        .map(|index| format!("Practitioner/{}", practitioner_id(organisation, index)))
        .collect();
    let mut out = Transaction::new();
    let urn = out.create(&mut dice, person.resource(&managing));
    let walk = history::Walk {
        person: &person,
        patient: urn,
        practitioners: &practitioners,
        organization: managing,
        today,
        dice,
        out,
    };
    Generated {
        username: person.username(),
        bundle: walk.run().finish(),
    }
}

/// `salus generate`: the facility and the patients, a bundle per line.
pub(crate) fn run(arguments: &crate::cli::Generate) -> crate::failure::Outcome {
    use crate::failure::Explain;
    use std::io::Write;
    let home = arguments.organisation.as_str();
    if !crate::config::is_slug(home) {
        return Err(
            crate::failure::Failure::new(format!("`{home}` cannot name an organisation"))
                .hint("1 to 32 of a-z, 0-9 and hyphen"),
        );
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let bundles = std::iter::once(facility(home, home)).chain(
        (0..u64::from(arguments.patients))
            .map(|number| patient(arguments.seed, number, home).bundle),
    );
    for bundle in bundles {
        writeln!(out, "{bundle}").explain(|| "the bundles cannot be written".into())?;
    }
    out.flush()
        .explain(|| "the bundles cannot be written".into())
}

/// The search token of a synthetic patient's record number, as `system|value`.
pub(crate) fn record_number(number: u64) -> String {
    format!("{}%7CMRN-{number:06}", person::RECORD_NUMBERS)
}
