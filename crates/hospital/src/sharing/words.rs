//! A statement in plain words, for the person who signs it.
//!
//! Nothing of a Consent that bears on what it permits is left out: what has no words of its own
//! is shown as it is written. The words follow from the bytes and the Consent alone, so that a
//! device makes them itself and need not believe a server's.

use consent::acts::HOUR_MS;
use consent::statement::{Act, Consenting, Statement};
use serde_json::{Map, Value};

use crate::instant;

/// Levels of provisions that are put into words; deeper ones are shown as they are written.
const DEPTH_MAX: usize = 8;
/// Elements of a Consent that say who and where, or are said by the statement itself.
const SAID: [&str; 6] = ["resourceType", "id", "meta", "text", "patient", "provision"];

/// The lines to read before signing. `consent` is the Consent that a statement gives.
pub fn plain(statement: &Statement, consent: Option<&Value>) -> Vec<String> {
    let Statement { home, patient, .. } = statement;
    match &statement.act {
        Act::Consent(of) => given(statement, of, consent.unwrap_or(&Value::Null)),
        Act::Withdraw { consent, grants } => vec![
            format!("{home} withdraws Consent/{consent} of Patient/{patient}."),
            match grants.len() {
                0 => "It was a refusal: what it kept closed may be open again.".to_owned(),
                1 => "Nothing is released under its grant any more.".to_owned(),
                more => format!("Nothing is released under its {more} grants any more."),
            },
        ],
        Act::Link { organisation } => vec![
            format!("{organisation} and {home} learn that both know Patient/{patient}."),
            format!("{home} makes a code for it, good once, for {organisation} alone."),
            "Nothing can be read with it before you consent.".to_owned(),
        ],
        Act::Accept { until, .. } => vec![
            format!("You accept to act at {home} for Patient/{patient}."),
            format!("It ends at {} at the latest.", hour(*until)),
        ],
    }
}

fn given(statement: &Statement, of: &Consenting, consent: &Value) -> Vec<String> {
    let Statement { home, patient, .. } = statement;
    let mut lines = if of.recipients.is_empty() {
        vec![format!(
            "{home} keeps a refusal for the records of Patient/{patient}. No ledger hears of it."
        )]
    } else {
        vec![format!(
            "{home} may release records of Patient/{patient} to {}.",
            of.recipients.join(", ")
        )]
    };
    lines.push(format!("From {} to {}.", hour(of.from), hour(of.until)));
    let Value::Object(fields) = consent else {
        return lines;
    };
    for (name, value) in fields {
        if !SAID.contains(&name.as_str()) {
            lines.push(format!("{}: {}", clean(name), codes(value)));
        }
    }
    if let Some(provision) = fields.get("provision") {
        provision_lines(provision, 0, &mut lines);
    }
    lines
}

fn provision_lines(provision: &Value, depth: usize, lines: &mut Vec<String>) {
    let margin = "  ".repeat(depth);
    let fields = match provision {
        Value::Object(fields) if depth < DEPTH_MAX => fields,
        other => {
            lines.push(format!("{margin}{}", clean(&other.to_string())));
            return;
        }
    };
    lines.push(format!("{margin}{}", heading(fields, depth)));
    for (name, value) in fields {
        if name != "type" && name != "provision" {
            lines.push(format!("{margin}- {}: {}", clean(name), codes(value)));
        }
    }
    match fields.get("provision") {
        Some(Value::Array(inner)) => {
            for exception in inner {
                provision_lines(exception, depth + 1, lines);
            }
        }
        Some(other) => lines.push(format!("{margin}{}", clean(&other.to_string()))),
        None => {}
    }
}

fn heading(fields: &Map<String, Value>, depth: usize) -> String {
    let what = match fields.get("type").and_then(Value::as_str) {
        Some("permit") => "permitted",
        Some("deny") => "refused",
        _ => "as stated",
    };
    let kind = if depth == 0 { "Rule" } else { "Except" };
    if fields
        .keys()
        .all(|name| name == "type" || name == "provision")
    {
        format!("{kind}: everything is {what}")
    } else {
        format!("{kind}: {what} is what fits all of")
    }
}

/// The code, reference or period of an element; whatever else it is, as it is written.
fn codes(value: &Value) -> String {
    match value {
        Value::String(text) => clean(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(codes).collect();
            items.join(" or ")
        }
        Value::Object(fields) => known(fields).unwrap_or_else(|| clean(&value.to_string())),
        other => clean(&other.to_string()),
    }
}

/// The words of a Coding, CodeableConcept, Reference, Period or actor that holds nothing else.
fn known(fields: &Map<String, Value>) -> Option<String> {
    let only = |names: &[&str]| fields.keys().all(|name| names.contains(&name.as_str()));
    let text = |name: &str| fields.get(name).and_then(Value::as_str).map(clean);
    if let Some(code) = text("code").filter(|_| only(&["system", "code", "display"])) {
        return Some(match text("system") {
            Some(system) => format!("{code} ({system})"),
            None => code,
        });
    }
    if let Some(coding) = fields.get("coding").filter(|_| only(&["coding"])) {
        return Some(codes(coding));
    }
    if let Some(to) = text("reference").filter(|_| only(&["reference", "display"])) {
        return Some(to);
    }
    if let Some(uri) = text("uri").filter(|_| only(&["uri"])) {
        return Some(uri);
    }
    if only(&["start", "end"]) && !fields.is_empty() {
        let open = || "open".to_owned();
        let (start, end) = (text("start"), text("end"));
        return Some(format!(
            "{} to {}",
            start.unwrap_or_else(open),
            end.unwrap_or_else(open)
        ));
    }
    let (role, who) = (fields.get("role")?, fields.get("reference")?);
    only(&["role", "reference"]).then(|| format!("{} as {}", codes(who), codes(role)))
}

/// A text that cannot move the cursor or hide what stands before it.
fn clean(text: &str) -> String {
    // Zero-width signs, and those that turn the direction of what follows.
    let bends = [
        '\u{200b}'..='\u{200f}',
        '\u{202a}'..='\u{202e}',
        '\u{2066}'..='\u{2069}',
    ];
    let odd = |c: char| c.is_control() || bends.iter().any(|range| range.contains(&c));
    text.chars()
        .map(|c| if odd(c) { '\u{fffd}' } else { c })
        .collect()
}

fn hour(hour: u32) -> String {
    let us = i64::try_from(u64::from(hour) * HOUR_MS * 1_000).unwrap_or(i64::MAX);
    instant::fhir(us)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proof::{CommitmentKey, Digest};
    use serde_json::json;

    fn words(consent: &Value) -> String {
        let of = Consenting {
            consent: "c1".into(),
            body: Digest([0; 32]),
            recipients: vec!["north-clinic".into()],
            recipients_key: CommitmentKey([0; 32]),
            policy_key: CommitmentKey([0; 32]),
            from: 497_222,
            until: 505_982,
            custodial: false,
        };
        let statement = Statement {
            id: Digest([0; 32]),
            chain: Digest([0; 32]),
            home: "st-mary".into(),
            patient: "p1".into(),
            until_ms: 0,
            delegation: None,
            act: Act::Consent(of),
        };
        plain(&statement, Some(consent)).join("\n")
    }

    #[test]
    fn a_consent_is_said_in_words() {
        let said = words(&json!({
            "resourceType": "Consent", "status": "active",
            "patient": { "reference": "Patient/p1" },
            "provision": {
                "type": "permit",
                "actor": [{ "role": { "coding": [{ "system": "s", "code": "IRCP" }] },
                    "reference": { "reference": "Organization/north-clinic" } }],
                "purpose": [{ "code": "TREAT" }, { "code": "HRESCH" }],
                "provision": [{ "type": "deny", "securityLabel": [{ "code": "HIV" }] }]
            }
        }));
        let expected = "\
st-mary may release records of Patient/p1 to north-clinic.
From 2026-09-21T14:00:00.000Z to 2027-09-21T14:00:00.000Z.
status: active
Rule: permitted is what fits all of
- actor: Organization/north-clinic as IRCP (s)
- purpose: TREAT or HRESCH
  Except: refused is what fits all of
  - securityLabel: HIV";
        assert_eq!(said, expected);
    }

    #[test]
    fn nothing_is_left_out_and_nothing_hides_behind_control_signs() {
        let said = words(&json!({
            "policyRule": { "coding": [{ "code": "OPTIN" }], "extension": [{ "url": "odd" }] },
            "modifierExtension": [{ "url": "https://example.org/turns-it-round" }],
            "provision": { "type": "permit", "purpose": [{ "code": "TREAT\u{1b}[8m\u{202e}" }],
                "surprise": { "deep": [1, { "er": true }] } }
        }));
        for part in [
            "OPTIN",
            "odd",
            "turns-it-round",
            "surprise",
            r#"{"er":true}"#,
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(!said.contains('\u{1b}') && !said.contains('\u{202e}'));
    }
}
