//! Permissions in plain words: what I allow whom, a new one in two clicks, and its end in two.

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::Portal;
use crate::date;
use crate::form::{self, Choice, Faults};
use crate::record::{records, text};
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

/// Sensitive subjects that a patient may leave out, by codes of v3-ActCode.
const SUBJECTS: [&str; 5] = ["ETH", "MH", "HIV", "SEX", "GDIS"];
/// Purposes that a patient may allow, by codes of v3-ActReason.
const PURPOSES: [&str; 3] = ["TREAT", "HPAYMT", "HRESCH"];
/// How long, in days.
const DAYS: [(&str, i64); 4] = [("month", 30), ("half", 182), ("year", 365), ("day", 1)];
const DAY_US: i64 = 86_400_000_000;

/// The routes of permissions.
pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/portal/permissions", get(list))
        .route("/portal/permissions/new", get(ask))
        .route("/portal/permissions/check", get(check))
        .route("/portal/permissions/give", post(give))
        .route("/portal/permissions/{id}", get(one))
        .route("/portal/permissions/{id}/withdraw", post(withdraw))
}

/// `GET /portal/permissions`
async fn list(visit: Visit) -> Result<Response, Trouble> {
    let patient = visit.patient()?;
    let path = format!("/fhir/Consent?patient={patient}&_sort=-date&_count=100");
    let bundle = visit.get(&path).await?;
    let (active, ended): (Vec<&Value>, Vec<&Value>) =
        records(&bundle).partition(|consent| consent["status"] == "active");
    let title = visit.say("way-permissions");
    let content = html! {
        h1 { (title) }
        p.lead { (visit.say("permissions-lead")) }
        p { a.button href="/portal/permissions/new" { (visit.say("permissions-new")) } }
        h2 { (visit.say("permissions-active")) }
        @if active.is_empty() { p { (visit.say("permissions-none")) } }
        @else { (cards(&visit, &active)) }
        @if !ended.is_empty() {
            h2 { (visit.say("permissions-ended")) }
            (cards(&visit, &ended))
        }
    };
    Ok(visit.page(&title, &content))
}

fn cards(visit: &Visit, consents: &[&Value]) -> Markup {
    html! {
        ul.cards {
            @for consent in consents {
                @let id = text(consent, "/id");
                li {
                    h3 { a href={ "/portal/permissions/" (id) } { (heading(visit, consent)) } }
                    (words(visit, consent))
                }
            }
        }
    }
}

/// Whom a consent is about, in few words.
fn heading(visit: &Visit, consent: &Value) -> String {
    let names = organisations(consent);
    let who = if names.is_empty() {
        visit.say("permissions-everybody")
    } else {
        names.join(", ")
    };
    let key = if consent["provision"]["type"] == "deny" {
        "permissions-refuses"
    } else {
        "permissions-allows"
    };
    visit.tell(key, &[("who", &who)])
}

fn organisations(consent: &Value) -> Vec<String> {
    let actors = consent["provision"]["actor"]
        .as_array()
        .into_iter()
        .flatten();
    actors
        .map(|actor| text(actor, "/reference/reference"))
        .filter_map(|reference| reference.rsplit_once('/'))
        .map(|(_, id)| id.to_owned())
        .collect()
}

/// A consent in plain words.
fn words(visit: &Visit, consent: &Value) -> Markup {
    let provision = &consent["provision"];
    let codes = |of: &Value, name: &str| -> Vec<String> {
        let all = of[name].as_array().into_iter().flatten();
        all.map(|coding| text(coding, "/code").to_owned()).collect()
    };
    let said = |group: &str, codes: &[String]| -> String {
        let told: Vec<String> = codes
            .iter()
            .map(|code| {
                let key = format!("{group}-{code}");
                if visit.language.has(&key) {
                    visit.say(&key)
                } else {
                    code.clone()
                }
            })
            .collect();
        told.join(", ")
    };
    let purposes = codes(provision, "purpose");
    let inner = provision["provision"].as_array().into_iter().flatten();
    let left_out: Vec<String> = inner
        .filter(|inner| inner["type"] == "deny")
        .flat_map(|inner| codes(inner, "securityLabel"))
        .collect();
    let until = text(provision, "/period/end");
    let point = |key: &str, name: &str, value: &str| {
        html! { li { (visit.tell(key, &[(name, value)])) } }
    };
    html! {
        ul {
            @if purposes.is_empty() { li { (visit.say("permissions-any-purpose")) } }
            @else { (point("permissions-for", "purposes", &said("purpose", &purposes))) }
            @if left_out.is_empty() { li { (visit.say("permissions-whole")) } }
            @else { (point("permissions-without", "subjects", &said("subject", &left_out))) }
            @if !until.is_empty() {
                (point("permissions-until", "when", &date::moment(visit.language, until)))
            }
        }
    }
}

/// What a patient chose.
struct Wish {
    who: String,
    purposes: Vec<String>,
    without: Vec<String>,
    long: String,
}

impl Wish {
    fn read(pairs: &[(String, String)]) -> Self {
        let all = |name: &str| -> Vec<String> {
            let named = pairs.iter().filter(|(found, _)| found == name);
            named.map(|(_, value)| value.clone()).collect()
        };
        let one = |name: &str| all(name).into_iter().next().unwrap_or_default();
        Self {
            who: one("who"),
            purposes: all("purpose"),
            without: all("without"),
            long: one("long"),
        }
    }

    fn faults(&self, visit: &Visit, members: &[String]) -> Faults {
        let mut faults = Faults::default();
        if !members.contains(&self.who) {
            faults.add("who", visit.say("permissions-fault-who"));
        }
        let known = |code: &String| PURPOSES.contains(&code.as_str());
        if self.purposes.is_empty() || !self.purposes.iter().all(known) {
            faults.add("purpose", visit.say("permissions-fault-purpose"));
        }
        if !self
            .without
            .iter()
            .all(|code| SUBJECTS.contains(&code.as_str()))
        {
            faults.add("without", visit.say("permissions-fault-without"));
        }
        if self.days().is_none() {
            faults.add("long", visit.say("permissions-fault-long"));
        }
        faults
    }

    fn days(&self) -> Option<i64> {
        let found = DAYS.iter().find(|(name, _)| *name == self.long);
        found.map(|(_, days)| *days)
    }

    /// The Consent as IHE Privacy Consent on FHIR has it.
    fn consent(&self, patient: &str, now_us: i64) -> Value {
        let system = |name: &str| format!("http://terminology.hl7.org/CodeSystem/{name}");
        let coded = |name: &str, code: &str| json!({ "system": system(name), "code": code });
        let end_us = now_us.saturating_add(self.days().unwrap_or(1) * DAY_US);
        let mut provision = json!({
            "type": "permit",
            "period": { "start": hospital::instant::fhir(now_us), "end": hospital::instant::fhir(end_us) },
            "actor": [{
                "role": { "coding": [coded("v3-ParticipationType", "IRCP")] },
                "reference": { "reference": format!("Organization/{}", self.who) },
            }],
            "purpose": self.purposes.iter().map(|code| coded("v3-ActReason", code)).collect::<Vec<_>>(),
        });
        if !self.without.is_empty() {
            let labels: Vec<Value> = self
                .without
                .iter()
                .map(|code| coded("v3-ActCode", code))
                .collect();
            provision["provision"] = json!([{ "type": "deny", "securityLabel": labels }]);
        }
        json!({
            "resourceType": "Consent",
            "status": "active",
            "scope": { "coding": [coded("consentscope", "patient-privacy")] },
            "category": [{ "coding": [{ "system": "http://loinc.org", "code": "59284-0" }] }],
            "patient": { "reference": format!("Patient/{patient}") },
            "dateTime": hospital::instant::fhir(now_us),
            "policy": [{ "uri": "https://salus.example/policy/sharing" }],
            "provision": provision,
        })
    }
}

/// The other members of the ledger.
pub(crate) async fn members(visit: &Visit) -> Result<Vec<String>, Trouble> {
    let found = visit.get("/ledger/organisations").await?;
    let all = found["organisations"].as_array().into_iter().flatten();
    let ids = all.map(|one| text(one, "/id").to_owned());
    Ok(ids.filter(|id| id != visit.organisation()).collect())
}

/// `GET /portal/permissions/new`
async fn ask(visit: Visit) -> Result<Response, Trouble> {
    visit.patient()?;
    let members = members(&visit).await?;
    let mut wish = Wish::read(&query(&visit));
    if wish.purposes.is_empty() {
        wish.purposes.push("TREAT".into());
    }
    if wish.long.is_empty() {
        wish.long = "year".into();
    }
    Ok(asked(&visit, &members, &wish, &Faults::default()))
}

fn query(visit: &Visit) -> Vec<(String, String)> {
    hospital::pairs::decode(visit.parts.uri.query().unwrap_or("")).unwrap_or_default()
}

fn asked(visit: &Visit, members: &[String], wish: &Wish, faults: &Faults) -> Response {
    let plain = |value: &str, words: String| -> Choice { (value.to_owned(), words, String::new()) };
    let who: Vec<Choice> = members.iter().map(|id| plain(id, id.clone())).collect();
    let named = |group: &str, codes: &[&str]| -> Vec<Choice> {
        codes
            .iter()
            .map(|code| plain(code, visit.say(&format!("{group}-{code}"))))
            .collect()
    };
    let long: Vec<Choice> = DAYS
        .iter()
        .map(|(name, _)| plain(name, visit.say(&format!("permissions-long-{name}"))))
        .collect();
    let title = visit.say("permissions-new");
    let content = html! {
        p.back { a href="/portal/permissions" { (visit.say("permissions-back")) } }
        (faults.summary(visit))
        h1 { (title) }
        form method="get" action="/portal/permissions/check" {
            (form::choices("who", "radio", &visit.say("permissions-who"), "", &who, &[&wish.who], faults))
            (form::choices("purpose", "checkbox", &visit.say("permissions-purpose"), "",
                &named("purpose", &PURPOSES), &ticked(&wish.purposes), faults))
            (form::choices("without", "checkbox", &visit.say("permissions-leave-out"),
                &visit.say("permissions-leave-out-hint"), &named("subject", &SUBJECTS), &ticked(&wish.without), faults))
            (form::choices("long", "radio", &visit.say("permissions-long"), "", &long, &[&wish.long], faults))
            button type="submit" { (visit.say("permissions-check")) }
        }
    };
    visit.page(&title, &content)
}

/// `GET /portal/permissions/check`: the permission in words, before it is given.
async fn check(visit: Visit) -> Result<Response, Trouble> {
    let patient = visit.patient()?.to_owned();
    let members = members(&visit).await?;
    let pairs = query(&visit);
    let wish = Wish::read(&pairs);
    let faults = wish.faults(&visit, &members);
    if !faults.is_empty() {
        return Ok(asked(&visit, &members, &wish, &faults));
    }
    let now_us = visit.portal.inside.hospital().now_us();
    let consent = wish.consent(&patient, now_us);
    let kept = ["who", "purpose", "without", "long"];
    let fields: Vec<(&str, &str)> = pairs
        .iter()
        .filter(|(name, _)| kept.contains(&name.as_str()))
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let again = format!(
        "/portal/permissions/new?{}",
        hospital::pairs::encode(&pairs)
    );
    let title = visit.say("permissions-check-title");
    let content = html! {
        p.back { a href=(again) { (visit.say("permissions-again")) } }
        h1 { (title) }
        div.card {
            h2 { (heading(&visit, &consent)) }
            (words(&visit, &consent))
        }
        p { (visit.say("permissions-withdrawable")) }
        (form::button(&visit, "/portal/permissions/give", "", &visit.say("permissions-give"), &fields))
    };
    Ok(visit.page(&title, &content))
}

/// `POST /portal/permissions/give`
async fn give(filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    let patient = visit.patient()?.to_owned();
    let members = members(visit).await?;
    let wish = Wish::read(&filled.form);
    let faults = wish.faults(visit, &members);
    if !faults.is_empty() {
        return Ok(asked(visit, &members, &wish, &faults));
    }
    if visit.find("/identity/keys").await?.is_none() {
        visit
            .post("/identity/keys", &json!({ "mode": "custodial" }))
            .await?;
    }
    let now_us = visit.portal.inside.hospital().now_us();
    let consent = wish.consent(&patient, now_us);
    let filed = visit.post("/fhir/Consent/$fileConsent", &consent).await?;
    let parameters = filed["parameter"].as_array().into_iter().flatten();
    let id = parameters
        .filter(|parameter| parameter["name"] == "consent")
        .map(|parameter| match text(parameter, "/resource/id") {
            "" => text(parameter, "/valueReference/reference"),
            id => id,
        })
        .next()
        .unwrap_or("");
    let id = id.rsplit('/').next().unwrap_or("");
    Ok(Visit::go(&format!("/portal/permissions/{id}")))
}

/// `GET /portal/permissions/{id}`
async fn one(visit: Visit, Path(id): Path<String>) -> Result<Response, Trouble> {
    visit.patient()?;
    if !hospital::request::is_id(&id) {
        return Err(visit.absent());
    }
    let consent = visit.get(&format!("/fhir/Consent/{id}")).await?;
    let title = heading(&visit, &consent);
    let active = consent["status"] == "active";
    let since = text(&consent, "/meta/lastUpdated");
    let content = html! {
        p.back { a href="/portal/permissions" { (visit.say("permissions-back")) } }
        h1 { (title) }
        @if active {
            div.done role="status" { p { (visit.say("permissions-in-force")) } }
        } @else {
            div.note role="status" {
                p { (visit.tell("permissions-over", &[("when", &date::moment(visit.language, since))])) }
            }
        }
        (words(&visit, &consent))
        (crate::seal::seal(visit.language, "Consent", &id, text(&consent, "/meta/versionId")))
        @if active {
            h2 { (visit.say("permissions-end")) }
            p { (visit.say("permissions-end-hint")) }
            (form::button(&visit, &format!("/portal/permissions/{id}/withdraw"), "warn",
                &visit.say("permissions-withdraw"), &[]))
        }
    };
    Ok(visit.page(&title, &content))
}

/// `POST /portal/permissions/{id}/withdraw`
async fn withdraw(Path(id): Path<String>, filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    visit.patient()?;
    if !hospital::request::is_id(&id) {
        return Err(visit.absent());
    }
    let body = json!({ "resourceType": "Parameters", "parameter": [
        { "name": "consent", "valueReference": { "reference": format!("Consent/{id}") } } ] });
    visit.post("/fhir/Consent/$revokeConsent", &body).await?;
    Ok(Visit::go(&format!("/portal/permissions/{id}")))
}

/// The values of boxes that are ticked.
fn ticked(codes: &[String]) -> Vec<&str> {
    codes.iter().map(String::as_str).collect()
}
