//! A Consent as JSON to terms. Nothing is passed over in silence: see `Counter` for what is bounded
//! and `docs/reference/consent.md` for what an unexpected shape means.

mod provision;

use serde_json::{Map, Value};

use super::{
    Criteria, Effect, ID_BYTES_MAX, PROVISIONS_MAX, Provision, Scope, Standing, Terms, TermsError,
};
use crate::coding::{ACT_CODE, Coding};
use provision::Counter;

/// Elements of Consent that R4 has; another one could mean anything.
const ELEMENTS: &[&str] = &[
    "resourceType",
    "id",
    "meta",
    "language",
    "text",
    "contained",
    "extension",
    "identifier",
    "status",
    "scope",
    "category",
    "patient",
    "dateTime",
    "performer",
    "organization",
    "sourceAttachment",
    "sourceReference",
    "policy",
    "policyRule",
    "verification",
    "provision",
];

/// Names of forms and regulations; they say under what law, not which way.
const NAMES_OF_FORMS: &str = "http://terminology.hl7.org/CodeSystem/consentpolicycodes";
const SCOPES: &str = "http://terminology.hl7.org/CodeSystem/consentscope";

pub(super) fn terms(consent: &Value) -> Result<Terms, TermsError> {
    let map = consent.as_object().ok_or(TermsError::NoConsent)?;
    if map.get("resourceType").and_then(Value::as_str) != Some("Consent") {
        return Err(TermsError::NoConsent);
    }
    let id = map.get("id").and_then(Value::as_str).filter(|id| is_id(id));
    let id = id.ok_or(TermsError::NoId)?.to_owned();
    let mut counter = Counter {
        left: PROVISIONS_MAX,
    };
    let root = map
        .get("provision")
        .map(|value| provision::read(value, 1, &mut counter));
    let root = root.transpose()?;
    let (base, root) = if map.keys().all(|key| understood(key, ELEMENTS)) {
        rules(policy_rule(map), root)
    } else {
        // An unknown modifier may turn the whole into anything. FHIR R4 2.4.1.
        (Some(Effect::Unclear), None)
    };
    let patient = map
        .get("patient")
        .and_then(|patient| patient.get("reference"));
    let terms = Terms {
        id,
        version: version(map),
        updated_us: updated_us(map),
        patient: patient.and_then(Value::as_str).and_then(kept),
        standing: standing(map),
        scope: scope(map),
        base,
        root,
    };
    if terms.to_bytes().len() > super::BYTES_MAX {
        return Err(TermsError::TooMuch {
            what: "bytes of terms",
            max: super::BYTES_MAX,
        });
    }
    Ok(terms)
}

/// FHIR R4 2.24.0.1: 1 to 64 letters, digits, `-` and `.`.
fn is_id(id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    (1..=64).contains(&id.len()) && id.bytes().all(allowed)
}

fn kept(text: &str) -> Option<String> {
    (text.len() <= ID_BYTES_MAX).then(|| text.to_owned())
}

/// An element of the list, or the `_name` that carries its extensions.
fn understood(key: &str, elements: &[&str]) -> bool {
    elements.contains(&key.strip_prefix('_').unwrap_or(key))
}

fn version(map: &Map<String, Value>) -> u64 {
    let text = map
        .get("meta")
        .and_then(|meta| meta.get("versionId"))
        .and_then(Value::as_str);
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn updated_us(map: &Map<String, Value>) -> i64 {
    let meta = map.get("meta").and_then(|meta| meta.get("lastUpdated"));
    let text = meta.or_else(|| map.get("dateTime")).and_then(Value::as_str);
    let stretch = text.and_then(fhir::moment::stretch_us);
    stretch.map_or(i64::MIN, |(from_us, _)| from_us)
}

fn standing(map: &Map<String, Value>) -> Standing {
    match map.get("status").and_then(Value::as_str) {
        Some("active") => Standing::Active,
        Some("draft" | "proposed" | "rejected" | "inactive" | "entered-in-error") => {
            Standing::Silent
        }
        _ => Standing::Unknown,
    }
}

fn scope(map: &Map<String, Value>) -> Scope {
    let codes = codings(map.get("scope"), SCOPES);
    match codes.as_deref() {
        Some(["patient-privacy"]) => Scope::Privacy,
        Some(["research" | "treatment" | "adr"]) => Scope::Other,
        _ => Scope::Unknown,
    }
}

/// The codes of a concept whose codings are all of one system.
fn codings<'a>(concept: Option<&'a Value>, system: &str) -> Option<Vec<&'a str>> {
    let list = concept?.get("coding")?.as_array()?;
    let code = |coding: &'a Value| {
        let of = coding.get("system").and_then(Value::as_str)? == system;
        of.then(|| coding.get("code").and_then(Value::as_str))
            .flatten()
    };
    list.iter().map(code).collect()
}

/// What `policyRule` says.
enum PolicyRule {
    /// Nothing: absent, or the name of a form.
    None,
    /// Opt in, opt out.
    Effect(Effect),
    /// Something else.
    Unknown,
}

fn policy_rule(map: &Map<String, Value>) -> PolicyRule {
    let Some(concept) = map.get("policyRule") else {
        return PolicyRule::None;
    };
    let list = concept.get("coding").and_then(Value::as_array);
    let mut found = Vec::new();
    for value in list.map_or(&[][..], Vec::as_slice) {
        let Some(coding) = Coding::read(value) else {
            return PolicyRule::Unknown;
        };
        match (coding.system(), coding.code()) {
            (NAMES_OF_FORMS, _) => found.push(None),
            (ACT_CODE, "OPTIN" | "OPTINR") => found.push(Some(Effect::Permit)),
            (ACT_CODE, "OPTOUT" | "OPTOUTE") => found.push(Some(Effect::Refuse)),
            _ => return PolicyRule::Unknown,
        }
    }
    match found.as_slice() {
        [first, rest @ ..] if rest.iter().all(|other| other == first) => {
            first.map_or(PolicyRule::None, PolicyRule::Effect)
        }
        _ => PolicyRule::Unknown,
    }
}

/// A root provision as it was read, its type not yet weighed against `policyRule`.
type Root = (Option<Effect>, Provision);

/// How `policyRule` and the root provision make the base rule.
///
/// R4 forbids a type at the root and gives the root the effect of `policyRule`, PCF demands one.
/// An untyped root that names more than a time is read both ways by R4's own examples, as the
/// limit of `policyRule` (consent-example-basic) and as the exception to it (notThem, notThis), so
/// its effect is not known.
fn rules(rule: PolicyRule, root: Option<Root>) -> (Option<Effect>, Option<Provision>) {
    let Some((typed, mut root)) = root else {
        return match rule {
            PolicyRule::None => (None, None),
            PolicyRule::Effect(effect) => (Some(effect), None),
            PolicyRule::Unknown => (Some(Effect::Unclear), None),
        };
    };
    let (base, effect) = match (rule, typed) {
        (PolicyRule::None, Some(effect)) => (None, effect),
        (PolicyRule::Unknown, typed) => (Some(Effect::Unclear), typed.unwrap_or(Effect::Unclear)),
        // Opt in, within the limits of the root.
        (PolicyRule::Effect(Effect::Permit), Some(Effect::Permit)) => (None, Effect::Permit),
        (PolicyRule::Effect(base), Some(effect)) => (Some(base), effect),
        (PolicyRule::Effect(base), None) if root.criteria.is_open() => (None, untyped(base, &root)),
        (PolicyRule::None | PolicyRule::Effect(Effect::Permit), None) => (None, Effect::Unclear),
        (PolicyRule::Effect(_), None) => (Some(Effect::Unclear), Effect::Unclear),
    };
    root.effect = effect;
    (base, Some(root))
}

/// The effect of a root without type that limits `policyRule` to a time.
///
/// A permission below an unlimited permission would say nothing; whoever wrote it meant the base
/// to permit no more than it (consent-example-smartonfhir).
fn untyped(base: Effect, root: &Provision) -> Effect {
    let narrowed = root
        .exceptions
        .iter()
        .any(|below| below.effect == Effect::Permit);
    if base == Effect::Permit && narrowed {
        Effect::Doubtful
    } else {
        base
    }
}

/// A provision of which nothing is known but that it is there: it may refuse anything.
fn opaque() -> Provision {
    Provision {
        effect: Effect::Opaque,
        criteria: Criteria::default(),
        exceptions: Vec::new(),
    }
}
