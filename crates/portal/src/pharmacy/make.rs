//! New packs of a maker: their codes, with serial numbers that nobody guesses.

use axum::http::StatusCode;
use axum::response::Response;
use maud::html;
use serde_json::json;

use super::{HOME, has_role, list, printed, said};
use crate::form::{self, Faults, Line};
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

/// Packs of one act (docs/reference/supply.md).
const COUNT_MAX: u32 = 10_000;
/// Longest lot (GS1 General Specifications 3.4.1).
const LOT_MAX: usize = 20;

/// Fields of the form: name and kind of the line.
const FIELDS: [(&str, &str); 4] = [
    ("gtin", "text"),
    ("lot", "text"),
    ("expiry", "date"),
    ("count", "number"),
];

/// Lets makers in.
async fn maker(visit: &Visit) -> Result<(), Trouble> {
    super::handler(visit)?;
    if has_role(&visit.get("/packs").await?, "maker") {
        Ok(())
    } else {
        Err(visit.refused(StatusCode::FORBIDDEN, "denied"))
    }
}

/// `GET /portal/packs/make`
pub(super) async fn ask(visit: Visit) -> Result<Response, Trouble> {
    maker(&visit).await?;
    Ok(asked(&visit, [""; 4], &Faults::default(), ""))
}

fn asked(visit: &Visit, given: [&str; 4], faults: &Faults, words: &str) -> Response {
    let title = visit.say("packs-make");
    let content = html! {
        p.back { a href=(HOME) { (visit.say("packs-back")) } }
        (faults.summary(visit))
        h1 { (title) }
        (said(visit, words))
        p.lead { (visit.say("packs-make-lead")) }
        (form::form(visit, "/portal/packs/make", &html! {
            @for ((name, kind), value) in FIELDS.into_iter().zip(given) {
                (Line {
                    name,
                    kind,
                    label: visit.say(&format!("packs-make-{name}")),
                    hint: visit.say(&format!("packs-make-{name}-about")),
                    value,
                    autocomplete: "off",
                }.show(faults))
            }
            button type="submit" { (visit.say("packs-make-go")) }
        }))
    };
    visit.page(&title, &content)
}

/// `POST /portal/packs/make`
pub(super) async fn make(filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    maker(visit).await?;
    let given = FIELDS.map(|(name, _)| filled.get(name));
    let [gtin, lot, expiry, count] = given;
    let mut faults = Faults::default();
    let number = gtin14(gtin);
    if number.is_none() {
        faults.add("gtin", visit.say("packs-fault-gtin"));
    }
    if lot.is_empty() || lot.len() > LOT_MAX || !lot.bytes().all(|it| it.is_ascii_graphic()) {
        faults.add("lot", visit.say("packs-fault-lot"));
    }
    let until = short(expiry);
    if until.is_none() {
        faults.add("expiry", visit.say("packs-fault-expiry"));
    }
    let wanted = count.parse::<u32>().ok();
    let wanted = wanted.filter(|it| (1..=COUNT_MAX).contains(it));
    if wanted.is_none() {
        faults.add("count", visit.say("packs-fault-count"));
    }
    if !faults.is_empty() {
        return Ok(asked(visit, given, &faults, ""));
    }
    let order = json!({ "act": "commission", "make": {
        "gtin": number, "lot": lot, "expiry": until, "count": wanted } });
    let made = match visit.post("/packs/acts", &order).await {
        Ok(made) => made,
        Err(trouble) => match trouble.words() {
            Some(words) => {
                faults.add("", visit.say("packs-fault-make"));
                return Ok(asked(visit, given, &faults, words));
            }
            None => return Err(trouble),
        },
    };
    let codes: Vec<&str> = list(&made, "scans")
        .iter()
        .filter_map(|it| it.as_str())
        .collect();
    let title = visit.say("packs-made");
    let content = html! {
        p.back { a href=(HOME) { (visit.say("packs-back")) } }
        h1 { (title) }
        div.done role="status" {
            p { (visit.tell("packs-made-count", &[("count", &codes.len().to_string())])) }
        }
        dl.facts {
            (printed::facts(visit, &json!({
                "gtin": number, "serial": visit.say("packs-made-serial"), "lot": lot,
                "expiry": until,
            })))
        }
        h2 { (visit.say("packs-codes")) }
        p { (visit.say("packs-codes-about")) }
        pre.codes tabindex="0" aria-label=(visit.say("packs-codes")) {
            @for code in &codes { code { (code) } "\n" }
        }
        p { a.button.second href="/portal/packs/make" { (visit.say("packs-make-more")) } }
    };
    Ok(visit.page(&title, &content))
}

/// A number of 8, 12, 13 or 14 digits as a GTIN-14 (GS1 General Specifications 3.2).
fn gtin14(typed: &str) -> Option<String> {
    let digits = typed.bytes().all(|it| it.is_ascii_digit());
    (digits && matches!(typed.len(), 8 | 12 | 13 | 14)).then(|| format!("{typed:0>14}"))
}

/// `YYYY-MM-DD` as a pack carries it.
fn short(day: &str) -> Option<String> {
    let mut parts = day.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let all = format!("{year}{month}{day}");
    let whole = year.len() == 4 && month.len() == 2 && day.len() == 2 && parts.next().is_none();
    (whole && all.bytes().all(|it| it.is_ascii_digit())).then(|| all[2..].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_maker_types_becomes_what_a_pack_carries() {
        assert_eq!(gtin14("9506000134352").as_deref(), Some("09506000134352"));
        assert_eq!(gtin14("09506000134352").as_deref(), Some("09506000134352"));
        for wrong in ["", "123", "950600013435x", "950600013435212"] {
            assert_eq!(gtin14(wrong), None, "{wrong}");
        }
        assert_eq!(short("2029-12-31").as_deref(), Some("291231"));
        for wrong in [
            "",
            "2029",
            "29-12-31",
            "2029-12-31-1",
            "20é-12-31",
            "2029-1a-31",
        ] {
            assert_eq!(short(wrong), None, "{wrong}");
        }
    }
}
