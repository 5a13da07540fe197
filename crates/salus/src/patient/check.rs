//! What a device makes sure of before it signs. It believes nothing that a server says.

use super::device::Device;
use crate::failure::{Explain, Failure, Outcome};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use consent::statement::{Act, Statement, body_digest};
use proof::Canonical;
use serde_json::Value;

/// A preparation lives ten minutes; clocks differ.
const LIFE_MS_MAX: u64 = 3_600_000;
/// An hour may begin between the server's look at the clock and ours.
const HOUR_US: i64 = 3_600_000_000;

/// Reads a statement and compares whom it is about. `now_us` is the device's clock.
pub(crate) fn statement(device: &Device, base64: &Value, now_us: i64) -> Outcome<Statement> {
    let text = base64.as_str().unwrap_or_default();
    let bytes = STANDARD
        .decode(text)
        .explain(|| refusal("the statement is not base64"))?;
    let statement = Statement::from_bytes(&bytes)
        .explain(|| refusal("the statement is not one that this device knows"))?;
    let now_ms = u64::try_from(now_us / 1_000).unwrap_or(0);
    let facts = &device.facts;
    let differs = [
        (statement.chain != device.chain, "another ledger"),
        (
            statement.home != facts.organisation,
            "another organisation than the patient's home",
        ),
        (statement.patient != facts.patient, "another patient"),
        (statement.until_ms < now_ms, "a time that has passed"),
        (
            statement.until_ms > now_ms + LIFE_MS_MAX,
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
    if of.custodial {
        return Err(not_signed(
            "the statement says that the organisation keeps the seed",
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

fn refusal(text: &str) -> String {
    format!("nothing was signed: {text}")
}

fn not_signed(text: impl AsRef<str>) -> Failure {
    Failure::new(refusal(text.as_ref())).hint("tell the organisation; do not try again elsewhere")
}

#[cfg(test)]
mod tests;
