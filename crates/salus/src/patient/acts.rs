//! What a device signs: prepared by the server, checked here, answered in a second step.

use super::check;
use super::device::{self, Accepted, Device, Given};
use super::enrol::client;
use crate::cli::Signing;
use crate::client::{Answer, Client};
use crate::failure::{Explain, Failure, Outcome};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use consent::statement::Statement;
use hospital::{Clock, SystemClock, instant, plain_words, sign_statement};
use proof::{PublicKey, Signature};
use serde_json::{Value, json};
use std::io::{BufRead, IsTerminal, Write};
use std::path::Path;

const FHIR: &str = "application/fhir+json";
const FILE: &str = "/fhir/Consent/$fileConsent";
const REVOKE: &str = "/fhir/Consent/$revokeConsent";
const CODES: &str = "/sharing/codes";

/// `salus patient grant`.
pub(crate) fn grant(path: &Path, signing: &Signing) -> Outcome {
    let text = device::read(path)?;
    let consent: Value = fhir::json::parse(&text, fhir::json::Limits::default())
        .explain(|| format!("{} is no JSON", path.display()))?;
    let mut device = Device::open(&signing.device)?;
    let whom = check::whom(&device, signing.for_patient.as_deref())?;
    let client = client(&signing.target, &whom.patient)?;
    let now_us = SystemClock.now_us();
    hospital::asked(&consent, &whom.patient, now_us)
        .explain(|| "the Consent cannot be given".to_owned())?;

    let first = json!([{ "name": "consent", "resource": consent },
        { "name": "prepare", "valueBoolean": true }]);
    let prepared = post(&client, FILE, &first)?.expect_ok("the consent was not prepared")?;
    let prepared = prepared.json();
    let statement = check::statement(
        &device,
        &whom,
        &parameter(&prepared, "statement")["valueBase64Binary"],
        now_us,
    )?;
    check::gives(&statement, &consent, now_us)?;
    confirmed(&statement, Some(&consent), signing)?;

    let signed = sign_statement(&device.seed, &statement, &consent);
    let mut second = vec![
        json!({ "name": "consent", "resource": consent }),
        json!({ "name": "preparation", "valueString": statement.id.to_string() }),
        signature("signature", &device, &signed.signature),
    ];
    if let Some(authority) = signed.derived {
        let authority = PublicKey(authority).to_string();
        second.push(json!({ "name": "authority", "valueString": authority }));
    }
    let ledger = signed.ledger.iter();
    second.extend(ledger.map(|it| signature("grantSignature", &device, it)));
    let filed = post(&client, FILE, &second.into())?.expect_ok("the consent was not given")?;
    let filed = filed.json();
    let id = parameter(&filed, "consent")["resource"]["id"].as_str();
    let grant = parameter(&filed, "grant")["valueString"].as_str();
    device.remember(Given {
        consent: id.unwrap_or_default().to_owned(),
        grant: grant.map(str::to_owned),
    })?;
    println!("Consent/{}", id.unwrap_or_default());
    match grant {
        Some(grant) => println!("grant {grant}"),
        None => println!("a refusal: no ledger hears of it"),
    }
    Ok(())
}

/// `salus patient withdraw`.
pub(crate) fn withdraw(consent: &str, signing: &Signing) -> Outcome {
    let consent = consent.strip_prefix("Consent/").unwrap_or(consent);
    let device = Device::open(&signing.device)?;
    let whom = check::whom(&device, signing.for_patient.as_deref())?;
    let client = client(&signing.target, &whom.patient)?;
    let reference = json!({ "name": "consent",
        "valueReference": { "reference": format!("Consent/{consent}") } });
    let first = json!([reference, { "name": "prepare", "valueBoolean": true }]);
    let prepared = post(&client, REVOKE, &first)?.expect_ok("the withdrawal was not prepared")?;
    let prepared = prepared.json();
    let statement = check::statement(
        &device,
        &whom,
        &parameter(&prepared, "statement")["valueBase64Binary"],
        SystemClock.now_us(),
    )?;
    check::withdraws(&device, &statement, consent)?;
    confirmed(&statement, None, signing)?;

    let signed = sign_statement(&device.seed, &statement, &Value::Null);
    let mut second = vec![
        reference,
        json!({ "name": "preparation", "valueString": statement.id.to_string() }),
        signature("signature", &device, &signed.signature),
    ];
    let ledger = signed.ledger.iter();
    second.extend(ledger.map(|it| signature("revocation", &device, it)));
    post(&client, REVOKE, &second.into())?.expect_ok("the consent was not withdrawn")?;
    println!("withdrawn Consent/{consent}");
    Ok(())
}

/// `salus patient link`.
pub(crate) fn link(organisation: &str, signing: &Signing) -> Outcome {
    let device = Device::open(&signing.device)?;
    let whom = check::whom(&device, signing.for_patient.as_deref())?;
    let client = client(&signing.target, &whom.patient)?;
    let first = json!({ "patient": whom.patient, "organisation": organisation, "prepare": true });
    let prepared = post_json(&client, CODES, &first)?.expect_ok("the code was not prepared")?;
    let prepared = prepared.json();
    let now_us = SystemClock.now_us();
    let statement = check::statement(&device, &whom, &prepared["statement"], now_us)?;
    check::links(&statement, organisation)?;
    confirmed(&statement, None, signing)?;

    let signed = sign_statement(&device.seed, &statement, &Value::Null);
    let second = json!({
        "patient": whom.patient,
        "preparation": statement.id.to_string(),
        "pseudonym": signed.derived.map(|it| PublicKey(it).to_string()),
        "signature": STANDARD.encode(signed.signature.0),
    });
    let made = post_json(&client, CODES, &second)?.expect_ok("the code was not made")?;
    let made = made.json();
    println!("code {}", made["code"].as_str().unwrap_or_default());
    println!(
        "good once, at {organisation}, as a code of {}",
        statement.home
    );
    Ok(())
}

/// `salus patient accept`.
pub(crate) fn accept(delegation: &str, signing: &Signing) -> Outcome {
    let mut device = Device::open(&signing.device)?;
    let patient = signing.for_patient.clone().ok_or_else(|| {
        Failure::new("nobody was named to act for").hint("--for names the patient by id")
    })?;
    let odd = |c: char| !c.is_ascii_alphanumeric() && c != '-';
    if delegation.is_empty() || delegation.contains(odd) {
        return Err(Failure::new(format!("`{delegation}` is no delegation"))
            .hint("GET /identity/delegations lists the ids"));
    }
    let client = Client::new(&signing.target.to, Some(&signing.target.token))?;
    let path = format!("/identity/delegations/{delegation}/acceptance");
    let first = json!({ "prepare": true });
    let prepared = post_json(&client, &path, &first)?.expect_ok("nothing was prepared")?;
    let whom = check::Whom {
        patient: patient.clone(),
        delegation: None,
    };
    let now_us = SystemClock.now_us();
    let statement = check::statement(&device, &whom, &prepared.json()["statement"], now_us)?;
    check::accepts(&statement)?;
    confirmed(&statement, None, signing)?;

    let signed = sign_statement(&device.seed, &statement, &Value::Null);
    let second = json!({
        "preparation": statement.id.to_string(),
        "delegate_key": signed.derived.map(|it| PublicKey(it).to_string()),
        "signature": STANDARD.encode(signed.signature.0),
        "acceptance": signed.ledger.first().map(|it| STANDARD.encode(it.0)),
    });
    post_json(&client, &path, &second)?.expect_ok("the delegation was not accepted")?;
    device.accept(Accepted {
        patient: patient.clone(),
        delegation: statement.id.to_string(),
    })?;
    println!("delegation {} on the ledger", statement.id);
    println!("sign for the patient with --for {patient}");
    Ok(())
}

fn post_json(client: &Client, path: &str, body: &Value) -> Outcome<Answer> {
    client.post(path, "application/json", body.to_string().as_bytes())
}

fn post(client: &Client, path: &str, parameters: &Value) -> Outcome<Answer> {
    let body = json!({ "resourceType": "Parameters", "parameter": parameters });
    client.post(path, FHIR, body.to_string().as_bytes())
}

fn parameter<'a>(answer: &'a Value, name: &str) -> &'a Value {
    let parameters = answer["parameter"].as_array().into_iter().flatten();
    let mut named = parameters.filter(|it| it["name"] == name);
    named.next().unwrap_or(&Value::Null)
}

/// A FHIR `Signature` of the patient. FHIR R4 2.24.0.13; the code is ASTM E1762's for consent.
fn signature(name: &str, device: &Device, signature: &Signature) -> Value {
    let who = format!("Patient/{}", device.facts.patient);
    json!({ "name": name, "valueSignature": {
        "type": [{ "system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.7" }],
        "when": instant::fhir(SystemClock.now_us()),
        "who": { "reference": who },
        "sigFormat": "application/octet-stream",
        "data": STANDARD.encode(signature.0),
    }})
}

/// Shows what is about to be signed, and asks.
fn confirmed(statement: &Statement, consent: Option<&Value>, signing: &Signing) -> Outcome {
    for line in plain_words(statement, consent) {
        println!("{line}");
    }
    if signing.yes {
        return Ok(());
    }
    let unsigned = || Failure::new("nothing was signed");
    let mut input = std::io::stdin().lock();
    if !std::io::stdin().is_terminal() {
        return Err(unsigned().hint("--yes signs without asking what was checked"));
    }
    print!("sign this? [y/N] ");
    std::io::stdout()
        .flush()
        .explain(|| "the question cannot be asked".to_owned())?;
    let mut answer = String::new();
    input
        .read_line(&mut answer)
        .explain(|| "there is no answer".to_owned())?;
    if matches!(answer.trim(), "y" | "Y" | "yes") {
        return Ok(());
    }
    Err(unsigned())
}
