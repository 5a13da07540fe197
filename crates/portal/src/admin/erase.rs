//! Erasing a patient for whom the law asks it: what it would do, then the act, with words.

use axum::Router;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hospital::pairs;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::fields::list;
use crate::Portal;
use crate::form::{self, Faults, Line};
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/portal/people/erase", get(erase).post(erase_now))
        .route("/portal/people/erased", get(erased))
        .route("/portal/people/certificate", get(certificate))
}

/// `GET /portal/people/erase?patient=`
async fn erase(visit: Visit) -> Result<Response, Trouble> {
    super::admin(&visit)?;
    let patient = visit.query("patient");
    let mut faults = Faults::default();
    let asked = visit
        .parts
        .uri
        .query()
        .is_some_and(|it| it.contains("patient="));
    if !asked {
        return Ok(erase_whom(&visit, "", &faults));
    }
    if !hospital::request::is_id(&patient) {
        faults.add("patient", visit.say("reports-fault-patient"));
        return Ok(erase_whom(&visit, &patient, &faults));
    }
    erase_check(&visit, &patient, "", &faults).await
}

fn erase_whom(visit: &Visit, patient: &str, faults: &Faults) -> Response {
    let title = visit.say("erasing-title");
    let line = Line {
        name: "patient",
        kind: "text",
        label: visit.say("reports-patient"),
        hint: String::new(),
        value: patient,
        autocomplete: "off",
    };
    let content = html! {
        p.back { a href="/portal/people" { (visit.say("people-back")) } }
        (faults.summary(visit))
        h1 { (title) }
        p.lead { (visit.say("erasing-lead")) }
        form method="get" action="/portal/people/erase" {
            (line.show(faults))
            button type="submit" { (visit.say("erasing-preview")) }
        }
    };
    visit.page(&title, &content)
}

async fn erase_check(
    visit: &Visit,
    patient: &str,
    words: &str,
    faults: &Faults,
) -> Result<Response, Trouble> {
    let query = pairs::encode(&[("patient".to_owned(), patient.to_owned())]);
    let Some(preview) = visit.find(&format!("/erasures/preview?{query}")).await? else {
        let mut faults = Faults::default();
        faults.add("patient", visit.say("reports-fault-nobody"));
        return Ok(erase_whom(visit, patient, &faults));
    };
    let title = visit.say("erasing-check");
    let held = preview["held"] == true;
    let shared = list(&preview, "shared");
    let content = html! {
        p.back { a href="/portal/people/erase" { (visit.say("erasing-back")) } }
        (faults.summary(visit))
        h1 { (title) }
        p { (visit.say("openings-patient")) " " code { (patient) } }
        @if held {
            div.alarm {
                p { (visit.say("erasing-held")) }
                p { a href="/portal/holds" { (visit.say("holds-title")) } }
            }
        }
        h2 { (visit.say("erasing-goes")) }
        p { (visit.say("erasing-goes-hint")) }
        h2 { (visit.say("erasing-stays")) }
        p { (visit.say("erasing-stays-hint")) }
        h2 { (visit.say("erasing-holders")) }
        ul { @for holder in list(&preview, "holders") { li { (holder.as_str().unwrap_or("")) } } }
        (erase_shared(visit, shared, &preview))
        @if !held && preview["more"] != true { (erase_form(visit, patient, words, shared, faults)) }
    };
    Ok(visit.page(&title, &content))
}

fn erase_shared(visit: &Visit, shared: &[Value], preview: &Value) -> Markup {
    html! {
        @if !shared.is_empty() {
            h2 { (visit.say("erasing-shared")) }
            p { (visit.say("erasing-shared-hint")) }
            ul { @for one in shared {
                li { code { (text(one, "/record")) } ": " (visit.say("erasing-also")) " "
                    @for also in list(one, "also") { code { (also.as_str().unwrap_or("")) } " " } }
            } }
            @if preview["more"] == true { div.alarm { p { (visit.say("erasing-more")) } } }
        }
    }
}

fn erase_form(
    visit: &Visit,
    patient: &str,
    words: &str,
    shared: &[Value],
    faults: &Faults,
) -> Markup {
    let sure = [("yes".to_owned(), visit.say("erasing-sure"), String::new())];
    form::form(
        visit,
        "/portal/people/erase",
        &html! {
            input type="hidden" name="patient" value=(patient);
            @for one in shared { input type="hidden" name="shared" value=(text(one, "/record")); }
            (form::area("words", &visit.say("erasing-words"), &visit.say("erasing-words-hint"),
                words, faults))
            (form::choices("sure", "checkbox", &visit.say("erasing-sure-title"), "", &sure, &[],
                faults))
            button.warn type="submit" { (visit.say("erasing-go")) }
        },
    )
}

/// `POST /portal/people/erase`
async fn erase_now(filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    super::admin(visit)?;
    let (patient, words) = (filled.get("patient"), filled.get("words"));
    if !hospital::request::is_id(patient) {
        return Err(visit.absent());
    }
    let mut faults = Faults::default();
    if words.is_empty() {
        faults.add("words", visit.say("erasing-fault-words"));
    }
    if filled.get("sure") != "yes" {
        faults.add("sure", visit.say("erasing-fault-sure"));
    }
    if faults.is_empty() {
        let mut body = json!({ "words": words });
        let shared = filled.all("shared");
        if !shared.is_empty() {
            body["shared"] = shared.into();
        }
        match visit
            .post(&format!("/fhir/Patient/{patient}/$erase"), &body)
            .await
        {
            Ok(begun) => {
                let query =
                    pairs::encode(&[("id".to_owned(), text(&begun, "/erasure").to_owned())]);
                return Ok(Visit::go(&format!("/portal/people/erased?{query}")));
            }
            Err(trouble) => match trouble.words() {
                Some(said) => faults.add("", said.to_owned()),
                None => return Err(trouble),
            },
        }
    }
    erase_check(visit, patient, words, &faults).await
}

fn erasure(visit: &Visit) -> Result<String, Trouble> {
    let id = visit.query("id");
    let fits = id.len() == 64 && id.bytes().all(|it| it.is_ascii_hexdigit());
    if fits { Ok(id) } else { Err(visit.absent()) }
}

/// `GET /portal/people/erased?id=`
async fn erased(visit: Visit) -> Result<Response, Trouble> {
    super::admin(&visit)?;
    let id = erasure(&visit)?;
    let status = visit.get(&format!("/erasures/{id}")).await?;
    let title = visit.say("erased-title");
    let content = html! {
        p.back { a href="/portal/people" { (visit.say("people-back")) } }
        h1 { (title) }
        @if status["complete"] == true {
            div.done role="status" { p { (visit.say("erased-complete")) } }
        }
        @else { div.note role="status" { p { (visit.say("erased-pending")) } } }
        dl.facts {
            div {
                dt { (visit.say("erased-here")) }
                dd { (visit.say(if status["done_here"] == true { "yes" } else { "no" })) }
            }
            div { dt { (visit.say("erased-attested")) } dd { (names(&status, "attested")) } }
            div { dt { (visit.say("erased-missing")) } dd { (names(&status, "missing")) } }
            div { dt { (visit.say("openings-id")) } dd { code { (id) } } }
        }
        @if status["complete"] == true {
            p {
                a.button.second href={ "/portal/people/certificate?id=" (id) }
                download { (visit.say("erased-certificate")) }
            }
        } @else {
            p { a href={ "/portal/people/erased?id=" (id) } { (visit.say("erased-again")) } }
        }
    };
    Ok(visit.page(&title, &content))
}

fn names(status: &Value, name: &str) -> String {
    let all: Vec<&str> = list(status, name)
        .iter()
        .filter_map(Value::as_str)
        .collect();
    if all.is_empty() {
        "–".to_owned()
    } else {
        all.join(", ")
    }
}

/// `GET /portal/people/certificate?id=`
async fn certificate(visit: Visit) -> Result<Response, Trouble> {
    super::admin(&visit)?;
    let id = erasure(&visit)?;
    let path = format!("/erasures/{id}/certificate");
    let (status, bytes) = visit.ask(Method::GET, &path, None).await?;
    if status == StatusCode::ACCEPTED {
        return Ok(Visit::go(&format!("/portal/people/erased?id={id}")));
    }
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    let name = HeaderValue::from_static("attachment; filename=\"erasure.txt\"");
    headers.insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
}
