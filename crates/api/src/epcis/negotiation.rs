//! What client and server agree on before anything is looked at: media types, versions, formats.
//! EPCIS 2.0, 12.4 and 12.5. Whatever cannot be had is refused; nothing is passed over in silence.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use hospital::packs;
use serde_json::Value;

use super::failure;
use crate::error::ApiError;

/// Longest address: a query that needs more gets a name.
const ADDRESS_BYTES_MAX: usize = 16 << 10;
/// Largest answer that is written in another form.
const ANSWER_BYTES_MAX: usize = 256 << 20;
/// Versions of EPCIS and CBV that are answered.
const ANSWERED: [u32; 2] = [2, 0];

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    /// The same under the name of JSON-LD.
    Ld,
    Xml,
}

/// How identifiers stand in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Epcs {
    /// As they came: so an event is what its receipt is about.
    AsSent,
    /// Canonical Digital Links.
    Links,
}

/// Refuses what cannot be answered, and gives an answer the form that was asked for.
pub(super) async fn agreed(request: Request, next: Next) -> Response {
    let asked = match asked(&request) {
        Ok(asked) => asked,
        Err(error) => return failure::query(&error),
    };
    let is_found = finds(request.uri().path());
    let response = next.run(request).await;
    if response.status() != StatusCode::OK || !is_json(response.headers()) {
        return response;
    }
    let rewritten = is_found && (asked.0 == Form::Xml || asked.1 == Epcs::Links);
    let mut response = if rewritten {
        match written(response, asked).await {
            Ok(response) => response,
            Err(error) => return failure::query(&error),
        }
    } else {
        response
    };
    let kind = match asked.0 {
        Form::Json => return response,
        Form::Ld => "application/ld+json",
        Form::Xml if is_found => "application/xml",
        Form::Xml => return failure::query(&ApiError::Form("a list is answered as JSON")),
    };
    let kind = HeaderValue::from_static(kind);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// Whether events are found at this path.
fn finds(path: &str) -> bool {
    path.ends_with("/events") || path.starts_with("/epcis/events/")
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|it| it == "application/json")
}

/// An answer in another form.
async fn written(response: Response, (form, epcs): (Form, Epcs)) -> Result<Response, ApiError> {
    let broken = |_| ApiError::Form("this answer cannot be written in this form: ask for fewer");
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, ANSWER_BYTES_MAX).await.map_err(broken)?;
    let work = move || {
        let mut document: Value = serde_json::from_slice(&bytes).map_err(|_| ())?;
        if epcs == Epcs::Links {
            packs::write_links(&mut document);
        }
        match form {
            Form::Xml => packs::write_xml(&document).map_err(|_| ()),
            Form::Json | Form::Ld => Ok(document.to_string()),
        }
    };
    let done = tokio::task::spawn_blocking(work).await;
    let text = done.ok().and_then(Result::ok);
    let text = text.ok_or(ApiError::Form(
        "an event here has fields that XML cannot carry: ask for JSON",
    ))?;
    parts.headers.remove(header::CONTENT_LENGTH);
    if epcs == Epcs::Links {
        let format = HeaderValue::from_static("Always_GS1_Digital_Link");
        parts.headers.insert("gs1-epc-format", format);
    }
    Ok(Response::from_parts(parts, Body::from(text)))
}

fn asked(request: &Request) -> Result<(Form, Epcs), ApiError> {
    let address = request
        .uri()
        .path_and_query()
        .map_or(0, |it| it.as_str().len());
    if address > ADDRESS_BYTES_MAX {
        return Err(ApiError::Address(ADDRESS_BYTES_MAX));
    }
    if request.method() == Method::OPTIONS {
        return Ok((Form::Json, Epcs::AsSent));
    }
    let headers = request.headers();
    for (name, least) in [
        ("gs1-epcis-min", true),
        ("gs1-epcis-max", false),
        ("gs1-cbv-min", true),
        ("gs1-cbv-max", false),
    ] {
        let Some(asked) = headers.get(name) else {
            continue;
        };
        let version = version(asked);
        let fits = version.is_some_and(|it| {
            if least {
                it <= ANSWERED
            } else {
                it >= ANSWERED
            }
        });
        if !fits {
            return Err(ApiError::Form("EPCIS and CBV are answered in version 2.0"));
        }
    }
    if request.method() == Method::POST
        && let Some(sent) = headers.get("gs1-epcis-version")
        && !version(sent).is_some_and(|it| it == ANSWERED || it == [1, 2])
    {
        return Err(ApiError::Form("EPCIS is read in versions 1.2 and 2.0"));
    }
    let form = form(headers)?;
    let epcs = epcs(headers, request.method())?;
    match headers.get("gs1-cbv-xml-format").map(HeaderValue::as_bytes) {
        None | Some(b"No_Preference" | b"Always_Web_URI") => Ok((form, epcs)),
        // It is about XML alone.
        Some(_) if form != Form::Xml => Ok((form, epcs)),
        Some(_) => Err(ApiError::Form(
            "words are written in XML as web URIs: GS1-CBV-XML-Format: Always_Web_URI",
        )),
    }
}

/// The first two numbers of a version.
fn version(value: &HeaderValue) -> Option<[u32; 2]> {
    let mut numbers = value.to_str().ok()?.trim().split('.').map(str::parse);
    let major = numbers.next()?.ok()?;
    let minor = numbers.next().unwrap_or(Ok(0)).ok()?;
    numbers.all(|it| it.is_ok()).then_some([major, minor])
}

/// The first media type that is answered, by its weight (RFC 9110 12.5.1).
fn form(headers: &HeaderMap) -> Result<Form, ApiError> {
    let mut best: Option<(u32, Form)> = None;
    let mut is_said = false;
    for value in headers.get_all(header::ACCEPT) {
        for range in value.to_str().unwrap_or("").split(',') {
            is_said = true;
            let mut parts = range.split(';').map(str::trim);
            let form = match parts.next().unwrap_or("").to_ascii_lowercase().as_str() {
                "application/json" | "application/*" | "*/*" => Form::Json,
                "application/ld+json" => Form::Ld,
                "application/xml" | "text/xml" => Form::Xml,
                _ => continue,
            };
            let weight = parts
                .find_map(|part| part.strip_prefix("q="))
                .map_or(1_000, thousandths);
            if weight > best.map_or(0, |it| it.0) {
                best = Some((weight, form));
            }
        }
    }
    match best {
        Some((_, form)) => Ok(form),
        None if !is_said => Ok(Form::Json),
        None => Err(ApiError::Form(
            "answers are application/json, application/ld+json, and for events application/xml",
        )),
    }
}

/// A weight of 0 to 1 with up to three digits.
fn thousandths(text: &str) -> u32 {
    let (whole, rest) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let digits = format!("{whole}{rest:0<3}");
    digits
        .get(..4)
        .and_then(|it| it.parse().ok())
        .unwrap_or(0)
        .min(1_000)
}

/// `GS1-EPC-Format`.
fn epcs(headers: &HeaderMap, method: &Method) -> Result<Epcs, ApiError> {
    match headers.get("gs1-epc-format").map(HeaderValue::as_bytes) {
        None | Some(b"No_Preference" | b"Never_Translates") => Ok(Epcs::AsSent),
        Some(b"Always_GS1_Digital_Link") if *method == Method::GET => Ok(Epcs::Links),
        Some(b"Always_GS1_Digital_Link") => Err(ApiError::Form(
            "subscribers are told of identifiers as they came: GS1-EPC-Format: Never_Translates",
        )),
        // A Digital Link does not say where the company's prefix ends.
        Some(_) => Err(ApiError::Form(
            "GS1-EPC-Format is No_Preference, Never_Translates or Always_GS1_Digital_Link",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, headers: &[(&str, &str)]) -> Request {
        let mut request = Request::builder().method(method).uri("/epcis/events");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Body::empty()).unwrap()
    }

    #[test]
    fn what_is_asked_for_is_answered_or_refused() {
        let json = Some((Form::Json, Epcs::AsSent));
        for (header, value, expected) in [
            ("accept", "*/*", json),
            ("accept", "application/*;q=0.1", json),
            ("accept", "application/xml;q=0.5, application/json", json),
            (
                "accept",
                "application/xml, application/json;q=0.9",
                Some((Form::Xml, Epcs::AsSent)),
            ),
            (
                "accept",
                "application/ld+json",
                Some((Form::Ld, Epcs::AsSent)),
            ),
            ("accept", "text/html", None),
            ("accept", "application/json;q=0", None),
            ("gs1-epcis-min", "1.2.0", json),
            ("gs1-epcis-min", "2.0.0", json),
            ("gs1-epcis-min", "2.1.0", None),
            ("gs1-epcis-max", "2.0.0", json),
            ("gs1-epcis-max", "1.2", None),
            ("gs1-cbv-max", "two", None),
            ("gs1-cbv-min", "3.0", None),
            ("gs1-epc-format", "No_Preference", json),
            ("gs1-epc-format", "Never_Translates", json),
            (
                "gs1-epc-format",
                "Always_GS1_Digital_Link",
                Some((Form::Json, Epcs::Links)),
            ),
            ("gs1-epc-format", "Always_EPC_URN", None),
            ("gs1-epc-format", "urn", None),
        ] {
            let found = asked(&request("GET", &[(header, value)])).ok();
            assert_eq!(found, expected, "{header}: {value}");
        }
        for (version, fits) in [
            ("2.0.0", true),
            ("1.2.0", true),
            ("1.1.0", false),
            ("3", false),
        ] {
            let found = asked(&request("POST", &[("gs1-epcis-version", version)]));
            assert_eq!(found.is_ok(), fits, "{version}");
        }
    }

    #[test]
    fn a_weight_is_read_to_the_thousandth() {
        for (text, weight) in [
            ("1", 1_000),
            ("0.5", 500),
            ("0.125", 125),
            ("0", 0),
            ("x", 0),
        ] {
            assert_eq!(thousandths(text), weight, "{text}");
        }
    }
}
