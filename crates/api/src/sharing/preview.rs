//! `POST /sharing/preview`: what another organisation would see, before the patient consents.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use consent::decide::{Because as Rule, Reason};
use hospital::{Because, HospitalError, Preview, PreviewAsk, Previewed, Role, WouldSee, instant};
use serde_json::{Value, json};

use super::{answered, line};
use crate::error::ApiError;
use crate::fhir::{agent, read_json};
use crate::state::Door;

/// Records on a page, unless more are asked for.
const COUNT_DEFAULT: usize = 50;
/// What the body may hold, when it is no bare Consent.
const FIELDS: [&str; 9] = [
    "consent",
    "organisation",
    "purpose",
    "role",
    "practitioner",
    "type",
    "seen",
    "offset",
    "count",
];

/// Previews a consent. Nothing is filed; the patient's look is in the log before the answer.
pub(crate) async fn preview(State(door): State<Door>, request: Request) -> Response {
    let previewed = async {
        let (parts, body) = request.into_parts();
        let caller = door.acting(&parts.headers).await?;
        crate::access::allow_person(&caller)?;
        let ask = asked(read_json(&door, &parts, body).await?)?;
        let (purpose, role, offset) = (ask.purpose.clone(), ask.role, ask.offset);
        let agent = agent(&caller, &parts);
        let preview = door.hospital().preview_consent(&caller, agent, ask);
        // Boxed: it holds the whole act, and every request would be as large.
        let preview = Box::pin(preview).await?;
        let mut told = told(&preview, offset);
        told["purpose"] = purpose.into();
        told["role"] = role.name().into();
        Ok::<Value, ApiError>(told)
    };
    answered(StatusCode::OK, previewed.await)
}

/// A bare Consent, or a form with one.
fn asked(body: Value) -> Result<PreviewAsk, HospitalError> {
    let form = match body["resourceType"].as_str() {
        Some("Consent") => json!({ "consent": body }),
        _ => body,
    };
    let fields = form
        .as_object()
        .ok_or_else(|| unusable("it is no object"))?;
    if let Some(other) = fields.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        let other: String = other.chars().take(32).collect();
        return Err(unusable(&format!("`{other}` is none of its fields")));
    }
    let consent = fields.get("consent").filter(|it| it.is_object());
    let consent = consent.ok_or_else(|| unusable("`consent` with a Consent is missing"))?;
    let text = |name: &str| match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(unusable(&format!("`{name}` is a text"))),
    };
    let number = |name: &str, default: usize| match fields.get(name) {
        None | Some(Value::Null) => Ok(default),
        Some(value) => value
            .as_u64()
            .and_then(|it| usize::try_from(it).ok())
            .ok_or_else(|| unusable(&format!("`{name}` is a whole number"))),
    };
    let role = match text("role")? {
        None => Role::Clinician,
        Some(name) => name.parse().map_err(|error: String| unusable(&error))?,
    };
    let seen = match text("seen")?.as_deref() {
        None => None,
        Some(name) => {
            let all = [WouldSee::Whole, WouldSee::Part, WouldSee::Nothing];
            let found = all.into_iter().find(|it| seen_name(*it) == name);
            Some(found.ok_or_else(|| unusable("`seen` is shown, part or hidden"))?)
        }
    };
    Ok(PreviewAsk {
        consent: consent.clone(),
        organisation: text("organisation")?,
        purpose: text("purpose")?.unwrap_or_else(|| "TREAT".into()),
        role,
        practitioner: text("practitioner")?,
        type_: text("type")?,
        seen,
        offset: number("offset", 0)?,
        count: number("count", COUNT_DEFAULT)?,
    })
}

fn told(preview: &Preview, offset: usize) -> Value {
    let counts = preview.counts.iter().map(|(type_, of)| {
        json!({ "type": type_, "shown": of.whole, "part": of.part, "hidden": of.hidden })
    });
    let records = preview.records.iter();
    let records: Vec<Value> = records.map(|it| record(it, &preview.consent)).collect();
    let after = offset.saturating_add(records.len());
    let next = (!records.is_empty() && after < preview.listed).then_some(after);
    json!({
        "organisation": preview.organisation,
        "recipients": preview.recipients,
        "words": preview.words,
        "from": instant::fhir(preview.from_us),
        "until": instant::fhir(preview.until_us),
        "granted": preview.granted,
        "counts": counts.collect::<Vec<Value>>(),
        "complete": preview.complete,
        "records": records,
        "listed": preview.listed,
        "offset": offset,
        "next": next,
    })
}

fn record(one: &Previewed, this: &str) -> Value {
    let body: Value = serde_json::from_slice(&one.record.body).unwrap_or(Value::Null);
    json!({
        "type": one.record.type_,
        "id": one.record.id,
        "version": one.record.version,
        "line": line::of(&body),
        "date": line::date(&body),
        "seen": seen_name(one.seen),
        "reasons": one.because.as_ref().map_or_else(Vec::new, |it| reasons(it, this)),
    })
}

fn seen_name(seen: WouldSee) -> &'static str {
    match seen {
        WouldSee::Whole => "shown",
        WouldSee::Part => "part",
        WouldSee::Nothing => "hidden",
    }
}

fn reasons(because: &Because, this: &str) -> Vec<Value> {
    let plain = |code: &str, text: &str| vec![json!({ "code": code, "text": text })];
    match because {
        Because::OwnAffair => plain(
            "own-affair",
            "it is between you and this organisation, and is never shared",
        ),
        Because::Several => plain("several-patients", "it is about other patients too"),
        Because::Unreadable => plain("unreadable", "what the decision reads cannot be read"),
        Because::Policy => plain("policy", "no policy of the organisation permits it"),
        Because::NoGrant => plain("no-grant", "no grant lets the organisation ask now"),
        Because::Consent(all) => all.iter().map(|one| reason(one, this)).collect(),
    }
}

/// A reason in the words of the decision. The consent that is previewed has no name yet.
fn reason(one: &Reason, this: &str) -> Value {
    let code = match one.because {
        Rule::Refused => "refused",
        Rule::MayBeRefused(_) => "may-be-refused",
        Rule::Unclear => "unclear",
        Rule::NotMatched(_) => "not-matched",
        Rule::NotKnown(_) => "not-known",
        Rule::NotInForce => "not-in-force",
        Rule::Default => "default",
    };
    let source = one.source.as_ref();
    let own = source.is_some_and(|it| it.consent == this);
    let nameless = Reason {
        source: None,
        ..one.clone()
    };
    let text = if own {
        nameless.to_string()
    } else {
        one.to_string()
    };
    json!({
        "code": code,
        "text": text,
        "consent": source.filter(|_| !own).map(|it| format!("Consent/{}", it.consent)),
        "place": one.place.as_ref().map(ToString::to_string),
    })
}

fn unusable(text: &str) -> HospitalError {
    HospitalError::request(
        "structure",
        format!("the body of a preview: {text}"),
        "docs/reference/sharing.md, \"Preview\", shows the form",
    )
}
