//! What the client sends and wants back: media types, `Prefer`, entity tags, conditions.

use axum::http::{HeaderMap, HeaderName, header};
use hospital::request::{Conditions, entity_tag};
use hospital::{HospitalError, instant, pairs};

use crate::error::ApiError;

/// What the answer to a write should carry. FHIR R4 3.1.0.1.7.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Return {
    /// The resource.
    Representation,
    /// Headers only.
    Minimal,
    /// An OperationOutcome.
    Outcome,
}

/// The `Prefer` header, as far as it is honoured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Prefer {
    /// `return=`
    pub(crate) wanted: Option<Return>,
    /// `handling=strict`
    pub(crate) strict: bool,
}

impl Prefer {
    /// Reads every `Prefer` header; what is not known is no error (RFC 7240 2).
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        let mut prefer = Self::default();
        for value in headers.get_all("prefer") {
            for part in value.to_str().unwrap_or("").split([',', ';']) {
                match part.trim() {
                    "return=representation" => prefer.wanted = Some(Return::Representation),
                    "return=minimal" => prefer.wanted = Some(Return::Minimal),
                    "return=OperationOutcome" => prefer.wanted = Some(Return::Outcome),
                    "handling=strict" => prefer.strict = true,
                    _ => {}
                }
            }
        }
        prefer
    }
}

/// Refuses a client that accepts no FHIR JSON. `_format` wins over `Accept` (R4 3.1.0.1.12).
pub(crate) fn acceptable(headers: &HeaderMap, format: Option<&str>) -> Result<(), ApiError> {
    if let Some(format) = format {
        // A `+` in a query is a space.
        let format = format.replace(' ', "+");
        let kind = format.split(';').next().unwrap_or("").trim();
        return if matches!(kind, "json" | "text/json") || is_json(kind) {
            Ok(())
        } else {
            Err(ApiError::NotAcceptable)
        };
    }
    let mut values = headers.get_all(header::ACCEPT).iter().peekable();
    if values.peek().is_none() {
        return Ok(());
    }
    let accepted = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(accepts);
    if accepted {
        Ok(())
    } else {
        Err(ApiError::NotAcceptable)
    }
}

fn accepts(range: &str) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let kind = parts.next().unwrap_or("").to_ascii_lowercase();
    let fits = is_json(&kind) || matches!(kind.as_str(), "*/*" | "application/*" | "text/json");
    fits && parts.all(|part| match part.split_once('=') {
        Some(("q", weight)) => weight
            .trim()
            .bytes()
            .any(|digit| (b'1'..=b'9').contains(&digit)),
        Some(("fhirVersion", version)) => version.starts_with("4.0"),
        _ => true,
    })
}

fn is_json(kind: &str) -> bool {
    matches!(
        kind,
        "application/fhir+json" | "application/json" | "application/json+fhir"
    )
}

/// A kind of body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Media {
    /// A resource.
    Fhir,
    /// A JSON Patch.
    Patch,
    /// A form.
    Form,
}

/// Refuses a body of another kind than `wanted`.
pub(crate) fn media(headers: &HeaderMap, wanted: Media) -> Result<(), ApiError> {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let mut parts = value.unwrap_or("").split(';').map(str::trim);
    let kind = parts.next().unwrap_or("").to_ascii_lowercase();
    let (fits, name) = match wanted {
        Media::Fhir => (
            is_json(&kind) || kind == "text/json",
            "application/fhir+json",
        ),
        Media::Patch => (
            kind == "application/json-patch+json",
            "application/json-patch+json",
        ),
        Media::Form => (
            kind == "application/x-www-form-urlencoded",
            "application/x-www-form-urlencoded",
        ),
    };
    let utf8 = parts.all(|part| match part.to_ascii_lowercase().split_once('=') {
        Some(("charset", set)) => matches!(set.trim_matches('"'), "utf-8" | "utf8" | "us-ascii"),
        Some(("fhirversion", version)) => version.starts_with("4.0"),
        _ => true,
    });
    if fits && utf8 {
        Ok(())
    } else {
        Err(ApiError::MediaType(name))
    }
}

/// The conditional headers. FHIR R4 3.1.0.5.
pub(crate) fn conditions(headers: &HeaderMap) -> Result<Conditions, HospitalError> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let mut conditions = Conditions {
        if_match: text(header::IF_MATCH).map(entity_tag),
        if_modified_since_us: text(header::IF_MODIFIED_SINCE).and_then(instant::parse_http),
        ..Conditions::default()
    };
    if let Some(tags) = text(header::IF_NONE_MATCH) {
        conditions.if_none_match_any = tags.trim() == "*";
        conditions.if_none_match = tags.split(',').map(entity_tag).collect();
    }
    if let Some(value) = headers.get("if-none-exist") {
        let query = value.to_str().unwrap_or("");
        let query = query.split_once('?').map_or(query, |(_, query)| query);
        let pairs = pairs::decode(query)
            .filter(|pairs| !pairs.is_empty())
            .ok_or_else(|| {
                HospitalError::request(
                    "value",
                    "the If-None-Exist header is not a usable query",
                    "write it as a search without the `?`, such as identifier=http://example.org|1",
                )
            })?;
        conditions.if_none_exist = Some(pairs);
    }
    Ok(conditions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, axum::http::HeaderValue::from_static(value));
        headers
    }

    #[test]
    fn only_json_is_negotiated() {
        for (accept, fits) in [
            ("application/fhir+json", true),
            ("application/json;q=0.5", true),
            ("text/html,application/xhtml+xml,*/*;q=0.8", true),
            ("application/fhir+json; fhirVersion=4.0", true),
            ("application/fhir+json; fhirVersion=3.0", false),
            ("application/fhir+xml", false),
            ("application/json;q=0", false),
            ("text/html", false),
        ] {
            assert_eq!(
                acceptable(&headers("accept", accept), None).is_ok(),
                fits,
                "{accept}"
            );
        }
        let xml = headers("accept", "application/fhir+xml");
        for (format, fits) in [
            ("json", true),
            ("application/fhir json", true),
            ("application/fhir+json", true),
            ("xml", false),
            ("html", false),
        ] {
            assert_eq!(acceptable(&xml, Some(format)).is_ok(), fits, "{format}");
        }
        assert!(acceptable(&HeaderMap::new(), None).is_ok());
    }

    #[test]
    fn a_body_of_another_kind_is_refused() {
        for (kind, wanted, fits) in [
            ("application/fhir+json", Media::Fhir, true),
            ("application/json; charset=UTF-8", Media::Fhir, true),
            ("application/json; charset=latin1", Media::Fhir, false),
            ("application/fhir+xml", Media::Fhir, false),
            ("text/plain", Media::Fhir, false),
            ("application/json", Media::Patch, false),
            ("application/json-patch+json", Media::Patch, true),
            ("application/x-www-form-urlencoded", Media::Form, true),
        ] {
            let found = media(&headers("content-type", kind), wanted).is_ok();
            assert_eq!(found, fits, "{kind}");
        }
        assert!(media(&HeaderMap::new(), Media::Fhir).is_err());
    }

    #[test]
    fn conditions_are_read_from_the_headers() {
        let tags = conditions(&headers("if-none-match", "W/\"3\", \"4\"")).unwrap();
        assert_eq!(tags.if_none_match, [3, 4]);
        assert!(
            conditions(&headers("if-none-match", "*"))
                .unwrap()
                .if_none_match_any
        );
        assert_eq!(
            conditions(&headers("if-match", "W/\"7\""))
                .unwrap()
                .if_match,
            Some(7)
        );
        // A tag that this server never issued matches nothing, rather than everything.
        assert_eq!(
            conditions(&headers("if-match", "W/\"abc\""))
                .unwrap()
                .if_match,
            Some(0)
        );
        assert!(conditions(&headers("if-none-exist", "")).is_err());
        let search = conditions(&headers("if-none-exist", "identifier=a%7C1")).unwrap();
        assert_eq!(
            search.if_none_exist,
            Some(vec![("identifier".into(), "a|1".into())])
        );
    }

    #[test]
    fn prefer_is_read() {
        let prefer = Prefer::read(&headers("prefer", "return=minimal, handling=strict"));
        assert_eq!(
            prefer,
            Prefer {
                wanted: Some(Return::Minimal),
                strict: true
            }
        );
        assert_eq!(
            Prefer::read(&headers("prefer", "respond-async")),
            Prefer::default()
        );
    }
}
