//! Research with the own record: whether it is allowed, and in which datasets the record was.

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use hospital::{instant, pairs};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::permissions::{ensure_key, on_device, sign};
use crate::Portal;
use crate::pharmacy::list as entries;
use crate::record::{records, text};
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};
use crate::{date, form, seal};

const YEAR_US: i64 = 365 * 86_400_000_000;

pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/portal/my-research", get(show))
        .route("/portal/my-research/allow", post(allow))
}

/// `GET /portal/my-research?after=`
async fn show(visit: Visit) -> Result<Response, Trouble> {
    let patient = visit.patient()?.to_owned();
    let path = format!("/fhir/Consent?patient={patient}&status=active&_sort=-date&_count=100");
    let bundle = visit.get(&path).await?;
    let allowed: Vec<&Value> = records(&bundle).filter(|it| is_ours(&visit, it)).collect();
    let after = visit.query("after");
    let mut path = "/research/uses".to_owned();
    if !after.is_empty() {
        path = format!("{path}?{}", pairs::encode(&[("after".into(), after)]));
    }
    let found = visit.get(&path).await?;
    let uses = entries(&found, "uses");
    let here = visit.organisation().to_owned();
    let title = visit.say("more-research");
    let content = html! {
        h1 { (title) }
        p.lead { (visit.tell("my-research-lead", &[("who", &here)])) }
        h2 { (visit.say("my-research-allowed")) }
        @if allowed.is_empty() { (offer(&visit, &patient).await?) }
        @else {
            p { (visit.tell("my-research-yes", &[("who", &here)])) }
            ul {
                @for consent in &allowed {
                    @let end = text(consent, "/provision/period/end");
                    li { a href={ "/portal/permissions/" (text(consent, "/id")) } {
                        @if end.is_empty() { (visit.say("my-research-allowed")) }
                        @else { (visit.tell("my-research-until",
                            &[("when", &date::moment(visit.language, end))])) }
                    } }
                }
            }
            p { (visit.say("my-research-end")) }
        }
        h2 { (visit.say("my-research-uses")) }
        @if uses.is_empty() { p { (visit.say("my-research-unused")) } }
        @else {
            ul.cards { @for one in uses { li { (used(&visit, one, &here)) } } }
            p.hint { (visit.say("my-research-before")) }
        }
        @if let Some(next) = found["next"].as_str() {
            @let query = pairs::encode(&[("after".into(), next.into())]);
            nav.pager aria-label=(visit.say("pager")) {
                a href={ "/portal/my-research?" (query) } rel="next" {
                    (visit.say("research-next")) }
            }
        }
    };
    Ok(visit.page(&title, &content))
}

/// Whether a consent is to research at this organisation.
fn is_ours(visit: &Visit, consent: &Value) -> bool {
    let provision = &consent["provision"];
    let own = format!("Organization/{}", visit.organisation());
    let actors = provision["actor"].as_array().into_iter().flatten();
    let purposes = provision["purpose"].as_array().into_iter().flatten();
    provision["type"] == "permit"
        && actors
            .into_iter()
            .any(|it| it["reference"]["reference"] == own)
        && purposes.into_iter().any(|it| it["code"] == "HRESCH")
}

fn used(visit: &Visit, one: &Value, here: &str) -> Markup {
    let consent = text(one, "/consent");
    html! {
        h3 { (text(one, "/purpose")) }
        p { (visit.tell("my-research-by", &[("by", text(one, "/by")), ("who", here)])) " "
            (date::stamp(visit.language, text(one, "/at"))) }
        p { (visit.say("research-approval")) ": " (text(one, "/approval")) }
        p { a href={ "/portal/permissions/" (consent) } { (visit.say("my-research-consent")) } }
        (seal::seal(visit.language, "AuditEvent", text(one, "/event"), "1"))
    }
}

/// The permission to be given, in words, before it is.
async fn offer(visit: &Visit, patient: &str) -> Result<Markup, Trouble> {
    let here = visit.organisation();
    let give = if on_device(visit).await? {
        sign::give(visit, &consent(visit, patient))?
    } else {
        let word = visit.say("my-research-allow");
        form::button(visit, "/portal/my-research/allow", "", &word, &[])
    };
    Ok(html! {
        p { (visit.tell("my-research-no", &[("who", here)])) }
        ul {
            li { (visit.tell("my-research-what", &[("who", here)])) }
            li { (visit.say("my-research-without")) }
            li { (visit.say("my-research-told")) }
            li { (visit.say("my-research-year")) }
        }
        (give)
    })
}

/// The Consent as IHE Privacy Consent on FHIR has it.
fn consent(visit: &Visit, patient: &str) -> Value {
    let now_us = visit.portal.inside.hospital().now_us();
    let system = |name: &str| format!("http://terminology.hl7.org/CodeSystem/{name}");
    let coded = |name: &str, code: &str| json!({ "system": system(name), "code": code });
    json!({
        "resourceType": "Consent",
        "status": "active",
        "scope": { "coding": [coded("consentscope", "patient-privacy")] },
        "category": [{ "coding": [{ "system": "http://loinc.org", "code": "59284-0" }] }],
        "patient": { "reference": format!("Patient/{patient}") },
        "dateTime": instant::fhir(now_us),
        "policy": [{ "uri": "https://salus.example/policy/research" }],
        "provision": {
            "type": "permit",
            "period": { "start": instant::fhir(now_us),
                "end": instant::fhir(now_us.saturating_add(YEAR_US)) },
            "actor": [{
                "role": { "coding": [coded("v3-ParticipationType", "IRCP")] },
                "reference": { "reference": format!("Organization/{}", visit.organisation()) },
            }],
            "purpose": [coded("v3-ActReason", "HRESCH")],
        },
    })
}

/// `POST /portal/my-research/allow`
async fn allow(filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    let patient = visit.patient()?.to_owned();
    ensure_key(visit).await?;
    let consent = consent(visit, &patient);
    visit.post("/fhir/Consent/$fileConsent", &consent).await?;
    Ok(Visit::go("/portal/my-research"))
}
