//! What is done with a pack that was checked: received, dispensed, handed on, marked, recalled.

use axum::response::Response;
use hospital::packs::Reason;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::{HOME, check, list};
use crate::form::{self, Faults, Line};
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

/// What was filled in beside the scan.
#[derive(Default)]
pub(super) struct Given {
    act: String,
    to: String,
    reason: String,
    case: String,
}

/// What can be done with a pack here and now: the first is a button of its own, the rarer ones are
/// folded up.
pub(super) async fn offered(
    visit: &Visit,
    found: &Value,
    is_maker: bool,
    given: &Given,
    faults: &Faults,
) -> Result<Markup, Trouble> {
    let can = |act: &str| list(found, "acts").iter().any(|it| it == act);
    // The code as it was understood: the scan itself may have been mended.
    let scan = text(found, "/pack/code");
    let verdict = text(found, "/verdict");
    let marked = matches!(verdict, "suspect" | "illegitimate");
    let recall = is_maker
        && !text(found, "/pack/lot").is_empty()
        && !matches!(verdict, "unknown" | "mismatch" | "recalled");
    if list(found, "acts").is_empty() && !recall {
        return Ok(html! {});
    }
    let one = |act: &str, class: &str| {
        let word = visit.say(&format!("packs-act-{act}"));
        form::button(
            visit,
            "/portal/packs/act",
            class,
            &word,
            &[("scan", scan), ("act", act)],
        )
    };
    let open = |act: &str| given.act == act;
    Ok(html! {
        h2 { (visit.say("packs-acts")) }
        div.answers {
            @for (act, class) in [("receive", ""), ("dispense", ""), ("take-back", "second"),
                ("undo", "second")] {
                @if can(act) { (one(act, class)) }
            }
            @if can("unpack") { (unpack(visit, found)) }
        }
        @if can("undo") { p.soft { (visit.say("packs-undo-hint")) } }
        @if can("mark") {
            details open[open("mark")] {
                summary { (visit.say("packs-mark")) }
                (mark(visit, scan, is_maker, marked))
            }
        }
        @if can("ship") {
            details open[open("ship")] {
                summary { (visit.say("packs-ship")) }
                (ship(visit, scan, given, faults).await?)
            }
        }
        @if can("pack") {
            details open[open("pack")] {
                summary { (visit.say("packs-pack")) }
                (pack(visit, scan, given, faults))
            }
        }
        @if can("decommission") {
            details open[open("decommission")] {
                summary { (visit.say("packs-decommission")) }
                (leave(visit, scan, given, faults))
            }
        }
        @if recall {
            details open[open("recall")] {
                summary { (visit.say("packs-recall")) }
                p {
                    (visit.say("packs-recall-hint")) " "
                    (visit.say("packs-lot")) " " code { (text(found, "/pack/lot")) }
                }
                (one("recall", "warn"))
            }
        }
    })
}

/// The form that hands a pack or a case over.
async fn ship(
    visit: &Visit,
    scan: &str,
    given: &Given,
    faults: &Faults,
) -> Result<Markup, Trouble> {
    let (members, to) = (members(visit).await?, visit.say("packs-ship-to"));
    Ok(form::form(
        visit,
        "/portal/packs/act",
        &html! {
            (hidden(scan, "ship"))
            (form::select("to", &to, &members, &given.to, faults))
            button.second type="submit" { (visit.say("packs-act-ship")) }
        },
    ))
}

/// A pack out of its case, or all that is in a case.
fn unpack(visit: &Visit, found: &Value) -> Markup {
    let (code, word) = (text(found, "/pack/code"), visit.say("packs-act-unpack"));
    let pairs = match text(found, "/case") {
        "" => vec![("act", "unpack"), ("case", code), ("scan", code)],
        case => vec![("act", "unpack"), ("case", case), ("scan", code)],
    };
    form::button(visit, "/portal/packs/act", "second", &word, &pairs)
}

/// The form that puts a pack into a case.
fn pack(visit: &Visit, scan: &str, given: &Given, faults: &Faults) -> Markup {
    form::form(
        visit,
        "/portal/packs/act",
        &html! {
            (hidden(scan, "pack"))
            (Line {
                name: "case",
                kind: "text",
                label: visit.say("packs-pack-case"),
                hint: visit.say("packs-pack-case-about"),
                value: &given.case,
                autocomplete: "off",
            }.show(faults))
            button.second type="submit" { (visit.say("packs-act-pack")) }
        },
    )
}

/// The form that takes a pack out of the trade.
fn leave(visit: &Visit, scan: &str, given: &Given, faults: &Faults) -> Markup {
    let why = visit.say("packs-decommission-why");
    html! {
        p { (visit.say("packs-decommission-hint")) }
        (form::form(visit, "/portal/packs/act", &html! {
            (hidden(scan, "decommission"))
            (form::select("reason", &why, &reasons(visit), &given.reason, faults))
            button.warn type="submit" { (visit.say("packs-act-decommission")) }
        }))
    }
}

fn hidden(scan: &str, act: &str) -> Markup {
    html! {
        input type="hidden" name="scan" value=(scan);
        input type="hidden" name="act" value=(act);
    }
}

/// The holder suspects; the maker alone clears and condemns.
fn mark(visit: &Visit, scan: &str, is_maker: bool, marked: bool) -> Markup {
    let finding = |finding: &str, class: &str| {
        form::button(
            visit,
            "/portal/packs/act",
            class,
            &visit.say(&format!("packs-find-{finding}")),
            &[("scan", scan), ("act", "mark"), ("finding", finding)],
        )
    };
    html! {
        p { (visit.say("packs-mark-hint")) }
        div.answers {
            @if !marked { (finding("suspect", "warn")) }
            @if is_maker && marked { (finding("clear", "second")) }
            @if is_maker { (finding("illegitimate", "warn")) }
        }
    }
}

fn reasons(visit: &Visit) -> Vec<(String, String)> {
    let none = (String::new(), visit.say("packs-choose"));
    let all = Reason::ALL.into_iter().map(|reason| {
        let word = visit.language.coded("packs-reason", reason.as_str());
        (reason.as_str().to_owned(), word)
    });
    std::iter::once(none).chain(all).collect()
}

/// To whom a pack can be handed: every other member. The ledger refuses one without a part in the
/// trade.
async fn members(visit: &Visit) -> Result<Vec<(String, String)>, Trouble> {
    let found = visit.get("/ledger/organisations").await?;
    let none = (String::new(), visit.say("packs-choose"));
    let others = list(&found, "organisations")
        .iter()
        .map(|it| text(it, "/id"));
    let others = others.filter(|id| *id != visit.organisation());
    let others = others.map(|id| (id.to_owned(), id.to_owned()));
    Ok(std::iter::once(none).chain(others).collect())
}

/// `POST /portal/packs/act`
pub(super) async fn act(filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    super::handler(visit)?;
    let (scan, act) = (filled.get("scan"), filled.get("act"));
    let given = Given {
        act: act.to_owned(),
        to: filled.get("to").to_owned(),
        reason: filled.get("reason").to_owned(),
        case: filled.get("case").trim().to_owned(),
    };
    let mut faults = Faults::default();
    let mut order = json!({ "act": act, "scans": [scan] });
    match act {
        "ship" if given.to.is_empty() => faults.add("to", visit.say("packs-fault-to")),
        "ship" => order["to"] = given.to.clone().into(),
        "decommission" if given.reason.is_empty() => {
            faults.add("reason", visit.say("packs-fault-reason"));
        }
        "decommission" => order["reason"] = given.reason.clone().into(),
        "pack" if given.case.is_empty() => faults.add("case", visit.say("packs-fault-case")),
        "pack" => order["case"] = given.case.clone().into(),
        "unpack" => {
            order["case"] = given.case.clone().into();
            if given.case == scan {
                // All that is in it.
                order["scans"] = json!([]);
            }
        }
        "mark" => order["finding"] = filled.get("finding").into(),
        "receive" | "take-back" | "dispense" | "undo" | "recall" => {}
        _ => return Err(visit.absent()),
    }
    let mut words = String::new();
    if faults.is_empty() {
        let sent = ("/packs/acts", &order);
        match form::sent(visit, sent, visit.say("packs-fault-act"), &mut faults).await? {
            Ok(_) => return Ok(Visit::go(&format!("{HOME}?done={act}"))),
            Err(said) => words = said,
        }
    }
    check::checked(visit, scan, &given, &faults, &words).await
}
