//! What a form of a trial does: accept, propose, confirm, show secrets.

use axum::extract::Path;
use axum::response::Response;
use serde_json::{Value, json};

use super::acts::Given;
use super::{HOME, looks, one};
use crate::form::{self, Faults};
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

/// `POST /portal/trials/{id}`
pub(super) async fn act(Path(id): Path<String>, filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    looks(visit)?;
    if id.parse::<proof::Digest>().is_err() {
        return Err(visit.absent());
    }
    let act = filled.get("act");
    let given = Given {
        reason: filled.get("reason").to_owned(),
        program: filled.get("program").to_owned(),
        source: filled.get("source").to_owned(),
    };
    let number = |name: &str| json!({ name: filled.get(name).parse::<u32>().unwrap_or_default() });
    let mut faults = Faults::default();
    let (path, body) = match act {
        "accept" => ("acceptance", number("version")),
        "confirm" => ("confirmations", number("number")),
        "reveal" => ("secrets", json!({})),
        "lock" => ("locks", programs(visit, &given, &mut faults)),
        "unlock" => {
            if given.reason.is_empty() {
                faults.add("reason", visit.say("trials-fault-reason"));
            }
            ("unlocks", json!({ "reason": given.reason }))
        }
        _ => return Err(visit.absent()),
    };
    let mut words = String::new();
    if faults.is_empty() {
        let sent = (format!("/trials/{id}/{path}"), &body);
        match form::sent(visit, sent, visit.say("trials-fault-act"), &mut faults).await? {
            Ok(_) => return Ok(Visit::go(&format!("{HOME}/{id}?done={act}"))),
            Err(said) => words = said,
        }
    }
    one::page(visit, &id, &given, &faults, &words).await
}

/// The programs of a lock: none, or one with a name and a text. More than one come by the API.
fn programs(visit: &Visit, given: &Given, faults: &mut Faults) -> Value {
    match (given.program.is_empty(), given.source.is_empty()) {
        (true, true) => json!({}),
        (false, false) => json!({ "programs": [[given.program, given.source]] }),
        (true, false) => {
            faults.add("program", visit.say("trials-fault-program"));
            Value::Null
        }
        (false, true) => {
            faults.add("source", visit.say("trials-fault-source"));
            Value::Null
        }
    }
}
