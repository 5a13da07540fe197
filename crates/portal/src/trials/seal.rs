//! A sponsor seals a protocol, or a later version of it.

use axum::extract::Path;
use axum::response::Response;
use hospital::Role;
use hospital::pairs::Pairs;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::{HOME, entries, in_force, is, lines, read};
use crate::form::{self, Faults, Line};
use crate::pharmacy::said;
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit, field};

pub(super) const PATH: &str = "/portal/trials/seal";
/// What another organisation may be in a trial.
const PARTS: [&str; 3] = ["site", "monitor", "regulator"];

/// What was filled in, or stands there at first, by field.
struct Wish(Pairs);

impl Wish {
    fn of(fields: &[(&str, &str)]) -> Self {
        let pairs = fields.iter();
        Self(
            pairs
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    fn get(&self, name: &str) -> &str {
        field(&self.0, name).trim()
    }
}

/// Lets in whoever may be a sponsor.
pub(super) fn may(visit: &Visit) -> bool {
    visit.role() == Role::Researcher
}

/// `GET /portal/trials/seal`
pub(super) async fn show(visit: Visit) -> Result<Response, Trouble> {
    let first = Wish::of(&[("block", "4"), ("slots", "100"), ("quorum", "2")]);
    page(&visit, &first, &Faults::default(), "").await
}

async fn page(
    visit: &Visit,
    wish: &Wish,
    faults: &Faults,
    words: &str,
) -> Result<Response, Trouble> {
    if !may(visit) {
        return Err(visit.refused(axum::http::StatusCode::FORBIDDEN, "denied"));
    }
    let found = visit.get("/ledger/organisations").await?;
    let others = entries(&found, "organisations").iter();
    let others = others.map(|it| text(it, "/id"));
    let others: Vec<&str> = others.filter(|id| *id != visit.organisation()).collect();
    let title = visit.say("trials-seal");
    let content = html! {
        p.back { a href=(HOME) { (visit.say("trials-back")) } }
        (faults.summary(visit))
        h1 { (title) }
        (said(visit, words))
        p.lead { (visit.say("trials-seal-lead")) }
        (form::form(visit, PATH, &html! {
            (line(visit, "title", "text", wish, faults))
            (area(visit, "arms", wish, faults))
            (area(visit, "strata", wish, faults))
            (line(visit, "block", "number", wish, faults))
            (line(visit, "slots", "number", wish, faults))
            (area(visit, "endpoints", wish, faults))
            (area(visit, "plan", wish, faults))
            @for organisation in &others { (part(visit, organisation, wish)) }
            (line(visit, "quorum", "number", wish, faults))
            button type="submit" { (visit.say("trials-seal-go")) }
        }))
    };
    Ok(visit.page(&title, &content))
}

/// What an organisation is in the trial.
fn part(visit: &Visit, organisation: &str, wish: &Wish) -> Markup {
    let name = format!("part-{organisation}");
    let chosen = wish.get(&name);
    html! {
        div.field {
            label for=(name) {
                (visit.tell("trials-seal-part", &[("organisation", organisation)]))
            }
            select id=(name) name=(name) {
                option value="" { (visit.say("trials-seal-no-part")) }
                @for part in PARTS {
                    option value=(part) selected[chosen == part] {
                        (visit.language.coded("trials-is", part))
                    }
                }
            }
        }
    }
}

fn line(
    visit: &Visit,
    name: &'static str,
    kind: &'static str,
    wish: &Wish,
    faults: &Faults,
) -> Markup {
    Line {
        name,
        kind,
        label: visit.say(&format!("trials-seal-{name}")),
        hint: visit.say(&format!("trials-seal-{name}-hint")),
        value: wish.get(name),
        autocomplete: "off",
    }
    .show(faults)
}

fn area(visit: &Visit, name: &'static str, wish: &Wish, faults: &Faults) -> Markup {
    let label = visit.say(&format!("trials-seal-{name}"));
    let hint = visit.say(&format!("trials-seal-{name}-hint"));
    form::area(name, &label, &hint, wish.get(name), faults)
}

/// The lines of a field, or a fault that says which one is wrong.
pub(super) fn lined(
    visit: &Visit,
    faults: &mut Faults,
    name: &'static str,
    found: Result<Vec<Value>, usize>,
) -> Vec<Value> {
    match found {
        Ok(found) if !found.is_empty() => found,
        Ok(_) => {
            faults.add(name, visit.say("trials-fault-lines-none"));
            Vec::new()
        }
        Err(line) => {
            let number = line.to_string();
            faults.add(name, visit.tell("trials-fault-lines", &[("line", &number)]));
            Vec::new()
        }
    }
}

/// `POST /portal/trials/seal`
pub(super) async fn seal(filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    let wish = Wish(filled.form.clone());
    let mut faults = Faults::default();
    let arms = lined(visit, &mut faults, "arms", lines::arms(filled.get("arms")));
    let found = lines::endpoints(filled.get("endpoints"), false);
    let endpoints = lined(visit, &mut faults, "endpoints", found);
    let mut number = |name: &'static str| {
        let found = filled.get(name).parse::<u32>().ok();
        if found.is_none() {
            faults.add(name, visit.say("trials-fault-number"));
        }
        found.unwrap_or_default()
    };
    let (block, slots, quorum) = (number("block"), number("slots"), number("quorum"));
    if filled.get("title").is_empty() {
        faults.add("title", visit.say("trials-fault-title"));
    }
    let parties = filled.form.iter().filter_map(|(name, part)| {
        let organisation = name.strip_prefix("part-")?;
        let part = Some(part).filter(|it| PARTS.contains(&it.as_str()))?;
        Some(json!({ "organisation": organisation, "role": part }))
    });
    let body = json!({
        "protocol": {
            "title": filled.get("title"), "arms": arms, "block": block,
            "strata": lines::names(filled.get("strata")), "slots": slots,
            "endpoints": endpoints, "analysis_plan": filled.get("plan"),
        },
        "parties": parties.collect::<Vec<_>>(),
        "quorum": quorum,
    });
    let mut words = String::new();
    if faults.is_empty() {
        let sent = ("/trials", &body);
        match form::sent(visit, sent, visit.say("trials-fault-seal"), &mut faults).await? {
            Ok(sealed) => {
                let id = text(&sealed, "/id");
                return Ok(Visit::go(&format!("{HOME}/{id}?done=seal")));
            }
            Err(said) => words = said,
        }
    }
    page(visit, &wish, &faults, &words).await
}

/// `GET /portal/trials/{id}/amendment`
pub(super) async fn ask(visit: Visit, Path(id): Path<String>) -> Result<Response, Trouble> {
    let seen = read(&visit, &id).await?;
    let now = &in_force(&seen)["protocol"];
    let endpoints = lines::written(entries(now, "endpoints"), false);
    let wish = Wish::of(&[
        ("title", text(now, "/title")),
        ("plan", text(now, "/analysis_plan")),
        ("endpoints", &endpoints),
    ]);
    amendment(&visit, &seen, &wish, &Faults::default(), "")
}

fn amendment(
    visit: &Visit,
    seen: &Value,
    wish: &Wish,
    faults: &Faults,
    words: &str,
) -> Result<Response, Trouble> {
    if !is(visit, seen, "sponsor", Role::Researcher) {
        return Err(visit.refused(axum::http::StatusCode::FORBIDDEN, "denied"));
    }
    let id = text(seen, "/id");
    let title = visit.say("trials-amend");
    let choice = (
        "yes".to_owned(),
        visit.say("trials-amend-reconsent"),
        String::new(),
    );
    let chosen = wish.get("reconsent");
    let content = html! {
        p.back { a href={ (HOME) "/" (id) } { (super::title(visit, seen)) } }
        (faults.summary(visit))
        h1 { (title) }
        (said(visit, words))
        p.lead { (visit.say("trials-amend-lead")) }
        @if in_force(seen)["has_usdm"] == true {
            div.note { p { (visit.say("trials-amend-usdm")) } }
        } @else {
            (form::form(visit, &format!("{HOME}/{id}/amendment"), &html! {
                (line(visit, "title", "text", wish, faults))
                (area(visit, "endpoints", wish, faults))
                (area(visit, "plan", wish, faults))
                (form::area("reason", &visit.say("trials-amend-reason"),
                    &visit.say("trials-amend-reason-hint"), wish.get("reason"), faults))
                (form::choices("reconsent", "checkbox", &visit.say("trials-amend-consent"), "",
                    &[choice], &[chosen], faults))
                button type="submit" { (visit.say("trials-amend-go")) }
            }))
        }
    };
    Ok(visit.page(&title, &content))
}

/// `POST /portal/trials/{id}/amendment`
pub(super) async fn amend(Path(id): Path<String>, filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    let seen = read(visit, &id).await?;
    let wish = Wish(filled.form.clone());
    let mut faults = Faults::default();
    let found = lines::endpoints(filled.get("endpoints"), false);
    let endpoints = lined(visit, &mut faults, "endpoints", found);
    if filled.get("title").is_empty() {
        faults.add("title", visit.say("trials-fault-title"));
    }
    if filled.get("reason").is_empty() {
        faults.add("reason", visit.say("trials-fault-reason"));
    }
    // Arms, strata, block, documents and forms stay as they are.
    let mut protocol = in_force(&seen)["protocol"].clone();
    protocol["title"] = filled.get("title").into();
    protocol["analysis_plan"] = filled.get("plan").into();
    protocol["endpoints"] = endpoints.into();
    let body = json!({ "protocol": protocol, "reason": filled.get("reason"),
        "reconsent": filled.get("reconsent") == "yes" });
    let mut words = String::new();
    if faults.is_empty() {
        let sent = (format!("/trials/{id}/amendments"), &body);
        match form::sent(visit, sent, visit.say("trials-fault-act"), &mut faults).await? {
            Ok(_) => return Ok(Visit::go(&format!("{HOME}/{id}?done=amend"))),
            Err(said) => words = said,
        }
    }
    amendment(visit, &seen, &wish, &faults, &words)
}
