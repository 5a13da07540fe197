//! Records of other organisations: `_source` on a search, a read, a version, a history or
//! `$everything`. The answer is a searchset in each case: a resource alone would come without its
//! provenance, and a partial failure would have no place. Each record comes with a Provenance
//! that names its custodian and carries its receipt; an organisation that gave nothing is named
//! with the reason, never left out in silence.

use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fhir::validate::{Issue, Severity};
use hospital::pairs::Pairs;
use hospital::request::{Method, Target};
use hospital::{AskElsewhere, Caller, Elsewhere, HospitalError, Source, Sourced, instant};
use serde_json::{Value, json};

use super::TLOG_PROOF;
use super::page::Writer;
use crate::error::ApiError;
use crate::outcome::{FHIR_JSON, respond, warnings};
use crate::state::Door;

/// The parameter that asks other organisations: their ids, or `all`.
const SOURCE: &str = "_source";
/// The parameter that says what for.
const PURPOSE: &str = "_purpose";
/// What for, unless it is said.
const PURPOSE_DEFAULT: &str = "TREAT";

/// Whether a query asks other organisations. R4 has a parameter of this name for `meta.source`,
/// whose values are URIs; the id of a member never has a colon.
pub(super) fn is_asked(query: &Pairs) -> bool {
    let names_members = |value: &str| !value.is_empty() && !value.contains([':', '|', '/']);
    query
        .iter()
        .any(|(name, value)| name == SOURCE && names_members(value))
}

/// Refuses to write elsewhere: a record is written where it is kept.
pub(super) fn only_reads(method: Method) -> Result<(), ApiError> {
    if method == Method::Get {
        return Ok(());
    }
    Err(HospitalError::request(
        "not-supported",
        "_source goes with reads: a record is written where it is kept",
        "leave _source out",
    )
    .into())
}

/// Refuses an entry of a bundle that asks elsewhere: searched here, it would find nothing and look
/// like an answer.
pub(super) fn only_alone(query: &Pairs) -> Result<(), ApiError> {
    if !is_asked(query) {
        return Ok(());
    }
    Err(HospitalError::request(
        "not-supported",
        "_source does not go with an entry of a bundle",
        "ask other organisations by a request of its own",
    )
    .into())
}

/// Asks other organisations.
pub(super) async fn search(
    door: &Door,
    caller: &Caller,
    target: Target,
    query: Pairs,
) -> Result<Response, ApiError> {
    let ask = asked(target, query);
    let found = door.hospital().search_elsewhere(caller, ask).await?;
    let body = bundle(&found, door.hospital().now_us());
    Ok(respond(StatusCode::OK, FHIR_JSON, body))
}

fn asked(target: Target, query: Pairs) -> AskElsewhere {
    let mut ask = AskElsewhere {
        target,
        query: Pairs::new(),
        sources: Vec::new(),
        purpose: PURPOSE_DEFAULT.to_owned(),
    };
    for (name, value) in query {
        match name.as_str() {
            SOURCE => ask.sources.extend(
                value
                    .split(',')
                    .filter(|it| !it.is_empty() && *it != "all")
                    .map(str::to_owned),
            ),
            PURPOSE => ask.purpose = value,
            "_format" | "_pretty" => {}
            _ => ask.query.push((name, value)),
        }
    }
    ask
}

/// How many match at all organisations; nothing unless each of them said so.
fn total(found: &Elsewhere) -> Option<u64> {
    let totals = found.sources.iter().map(|it| it.total);
    let total = totals.sum::<Option<u64>>();
    total.filter(|_| !found.sources.is_empty())
}

fn bundle(found: &Elsewhere, now_us: i64) -> Vec<u8> {
    let records = found
        .sources
        .iter()
        .filter_map(|it| it.answer.as_ref().ok())
        .flatten();
    let bytes = records.clone().map(|it| it.body.len() + 4_096).sum();
    let mut writer = Writer::new("searchset", now_us, bytes);
    if let Some(total) = total(found) {
        writer.raw(&format!(",\"total\":{total}"));
    }
    for source in &found.sources {
        for record in source.answer.iter().flatten() {
            record_entry(&mut writer, record);
            provenance_entry(&mut writer, &source.organisation, record, now_us);
        }
    }
    let remarks: Vec<Issue> = found.sources.iter().flat_map(remarks).collect();
    if !remarks.is_empty() {
        writer.entry();
        writer.resource(warnings(&remarks).to_string().as_bytes());
        writer.raw(",\"search\":{\"mode\":\"outcome\"}}");
    }
    writer.finish()
}

fn record_entry(writer: &mut Writer, record: &Sourced) {
    writer.entry();
    writer.raw("\"fullUrl\":");
    writer.text(&format!("{}/{}/{}", record.base, record.type_, record.id));
    writer.raw(",");
    writer.resource(&record.body);
    let mode = if record.included { "include" } else { "match" };
    writer.raw(&format!(",\"search\":{{\"mode\":\"{mode}\"}}}}"));
}

fn provenance_entry(writer: &mut Writer, custodian: &str, record: &Sourced, now_us: i64) {
    writer.entry();
    writer.resource(provenance(custodian, record, now_us).to_string().as_bytes());
    writer.raw(",\"search\":{\"mode\":\"include\"}}");
}

/// FHIR R4 6.3: where a record comes from, with the receipt as its signature.
fn provenance(custodian: &str, record: &Sourced, now_us: i64) -> Value {
    let who = json!({ "reference": format!("Organization/{custodian}"), "display": custodian });
    let target = format!(
        "{}/{}/{}/_history/{}",
        record.base, record.type_, record.id, record.version
    );
    let mut provenance = json!({
        "resourceType": "Provenance",
        "target": [{ "reference": target }],
        "occurredDateTime": instant::fhir(record.updated_us),
        "recorded": instant::fhir(now_us),
        "agent": [{
            "type": { "coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/provenance-participant-type",
                "code": "custodian"
            }]},
            "who": who
        }]
    });
    if let Some(receipt) = &record.receipt {
        let when_us = i64::try_from(receipt.time_ms * 1_000).unwrap_or(i64::MAX);
        provenance["signature"] = json!([{
            // ISO/ASTM E1762: proof of origin.
            "type": [{ "system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.8" }],
            "when": instant::fhir(when_us),
            "who": who,
            "sigFormat": TLOG_PROOF,
            "data": STANDARD.encode(&receipt.text)
        }]);
        provenance["policy"] = json!([format!("urn:salus:block:{}", receipt.height)]);
    }
    provenance
}

fn remarks(source: &Source) -> Vec<Issue> {
    let issue = |severity, code, text: String| Issue {
        severity,
        code,
        expression: String::new(),
        text,
    };
    let name = &source.organisation;
    let mut remarks = Vec::new();
    if let Err(reason) = &source.answer {
        let text = format!("{name} gave no records: {reason}");
        remarks.push(issue(Severity::Error, "incomplete", text));
    }
    if source.more {
        let text = format!("{name} has more records than it released: narrow the search");
        remarks.push(issue(Severity::Warning, "too-costly", text));
    }
    if let Some(notice) = &source.notice {
        remarks.push(issue(Severity::Warning, "informational", notice.clone()));
    }
    remarks
}
