//! What a device makes sure of before it signs. It believes nothing that a server says.

use super::device::Device;
use crate::failure::{Explain, Failure, Outcome};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use consent::statement::{Act, Statement, body_digest};
use proof::{Canonical, Digest};
use serde_json::Value;

/// A preparation lives ten minutes; clocks differ.
const LIFE_MS_MAX: u64 = 3_600_000;
/// An hour may begin between the server's look at the clock and ours.
const HOUR_US: i64 = 3_600_000_000;

/// For whom a device is about to sign.
pub(crate) struct Whom {
    /// The patient.
    pub(crate) patient: String,
    /// The delegation on the ledger, if it is not the own patient.
    pub(crate) delegation: Option<Digest>,
}

/// The own patient, or another one for whom this device accepted to act.
pub(crate) fn whom(device: &Device, other: Option<&str>) -> Outcome<Whom> {
    let Some(patient) = other.filter(|it| *it != device.facts.patient) else {
        return Ok(Whom {
            patient: device.facts.patient.clone(),
            delegation: None,
        });
    };
    let mut known = device.facts.delegations.iter();
    let known = known.find(|it| it.patient == patient);
    let delegation = known.and_then(|it| it.delegation.parse().ok());
    let missing = || {
        Failure::new(format!("this device did not accept to act for {patient}"))
            .hint("salus patient accept does it, once somebody made the delegation")
    };
    Ok(Whom {
        patient: patient.to_owned(),
        delegation: Some(delegation.ok_or_else(missing)?),
    })
}

/// Reads a statement and compares whom it is about. `now_us` is the device's clock.
pub(crate) fn statement(
    device: &Device,
    whom: &Whom,
    base64: &Value,
    now_us: i64,
) -> Outcome<Statement> {
    let text = base64.as_str().unwrap_or_default();
    let bytes = STANDARD
        .decode(text)
        .explain(|| refusal("the statement is not base64"))?;
    let statement = Statement::from_bytes(&bytes)
        .explain(|| refusal("the statement is not one that this device knows"))?;
    let clock_ms = u64::try_from(now_us / 1_000).unwrap_or(0);
    let facts = &device.facts;
    let differs = [
        (statement.chain != device.chain, "another ledger"),
        (
            statement.home != facts.organisation,
            "another organisation than the patient's home",
        ),
        (statement.patient != whom.patient, "another patient"),
        (
            statement.delegation != whom.delegation,
            "another delegation",
        ),
        (statement.until_ms < clock_ms, "a time that has passed"),
        (
            statement.until_ms > clock_ms + LIFE_MS_MAX,
            "a time too far ahead",
        ),
    ];
    match differs.into_iter().find(|(differs, _)| *differs) {
        Some((_, what)) => Err(not_signed(format!("the statement is for {what}"))),
        None => Ok(statement),
    }
}

/// Whether a statement gives exactly the Consent that was asked for.
pub(crate) fn gives(statement: &Statement, consent: &Value, now_us: i64) -> Outcome {
    let Act::Consent(of) = &statement.act else {
        return Err(not_signed("the statement is no consent"));
    };
    if body_digest(consent, &of.consent) != Some(of.body) {
        return Err(not_signed("the statement is about another Consent"));
    }
    // A delegate signs for a patient whose seed the organisation keeps, and for no other.
    if of.custodial != statement.delegation.is_some() {
        return Err(not_signed(
            "the statement is wrong about who keeps the seed",
        ));
    }
    let asked = |at_us: i64| {
        hospital::asked(consent, &statement.patient, at_us)
            .explain(|| refusal("the Consent cannot be given"))
    };
    let now = asked(now_us)?;
    if of.recipients != now.recipients {
        return Err(not_signed("the statement names other recipients"));
    }
    let hours = [now_us, now_us - HOUR_US, now_us + HOUR_US].map(asked);
    let hours = hours.into_iter().flatten();
    let mut hours = hours.map(|it| (it.from_hour, it.until_hour));
    if !hours.any(|it| it == (of.from, of.until)) {
        return Err(not_signed("the statement is for other hours"));
    }
    Ok(())
}

/// Whether a statement withdraws exactly this consent.
pub(crate) fn withdraws(device: &Device, statement: &Statement, asked: &str) -> Outcome {
    let Act::Withdraw { consent, grants } = &statement.act else {
        return Err(not_signed("the statement is no withdrawal"));
    };
    if consent != asked {
        return Err(not_signed("the statement is about another Consent"));
    }
    // What another device or the organisation gave before is not known here.
    let known = device.facts.grants.iter().find(|it| it.consent == asked);
    if let Some(known) = known {
        let grants: Vec<String> = grants.iter().map(ToString::to_string).collect();
        if grants != known.grant.iter().cloned().collect::<Vec<_>>() {
            return Err(not_signed("the statement withdraws other grants"));
        }
    }
    Ok(())
}

/// Whether a statement makes a code for exactly this organisation.
pub(crate) fn links(statement: &Statement, asked: &str) -> Outcome {
    match &statement.act {
        Act::Link { organisation } if organisation == asked => Ok(()),
        _ => Err(not_signed(
            "the statement is no code for the organisation that was named",
        )),
    }
}

/// Whether a statement accepts to act for exactly this patient.
pub(crate) fn accepts(statement: &Statement) -> Outcome {
    match &statement.act {
        Act::Accept { .. } => Ok(()),
        _ => Err(not_signed("the statement accepts no delegation")),
    }
}

fn refusal(text: &str) -> String {
    format!("nothing was signed: {text}")
}

fn not_signed(text: impl AsRef<str>) -> Failure {
    Failure::new(refusal(text.as_ref())).hint("tell the organisation; do not try again elsewhere")
}

#[cfg(test)]
mod tests;
