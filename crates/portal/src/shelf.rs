//! Proofs of records of other organisations. They came with the answer, and asking again would be
//! another disclosure: they lie here for a while, for the session that was answered and no other.
//! Beside them lies until when a person's emergency openings last.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use axum::Json;
use axum::extract::Path;
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, html};
use serde_json::json;

use crate::trouble::Trouble;
use crate::visit::Visit;

/// How long a proof lies here: longer than a page is looked at, as long as a silent session lives.
const LIFE_US: i64 = 15 * 60 * 1_000_000;
/// All that lies here at the same time. What is too much pushes the oldest out.
const BYTES_MAX: usize = 64 << 20;

/// Openings that are remembered; the newest.
const OPENINGS_MAX: usize = 1_000;

/// What lies here.
#[derive(Default)]
pub(crate) struct Shelf(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    bytes: usize,
    lots: VecDeque<Lot>,
    openings: VecDeque<Opening>,
}

/// An emergency opening of a person, as it was answered.
#[derive(PartialEq)]
struct Opening {
    owner: String,
    patient: String,
    organisation: String,
    until: String,
}

struct Lot {
    owner: String,
    name: String,
    until_us: i64,
    receipt: String,
    record: Vec<u8>,
}

impl Lot {
    fn bytes(&self) -> usize {
        self.owner.len() + self.name.len() + self.receipt.len() + self.record.len()
    }
}

/// Whose proof it is: one session of one person.
fn owner(visit: &Visit) -> String {
    let session = &visit.visitor.session;
    format!("{}\n{}", session.username, session.began_us)
}

fn name(organisation: &str, reference: &str) -> String {
    format!("{organisation}\n{reference}")
}

impl Shelf {
    fn open<T>(&self, act: impl FnOnce(&mut Kept) -> T) -> T {
        // What another thread left half done is at worst a proof that has to be asked for again.
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Keeps the proof of `Type/id/_history/version` at an organisation.
    pub(crate) fn keep(
        &self,
        visit: &Visit,
        organisation: &str,
        reference: &str,
        receipt: String,
        record: Vec<u8>,
    ) {
        let now_us = visit.portal.inside.hospital().now_us();
        let lot = Lot {
            owner: owner(visit),
            name: name(organisation, reference),
            until_us: now_us.saturating_add(LIFE_US),
            receipt,
            record,
        };
        self.open(|kept| kept.put(lot, now_us));
    }

    /// Remembers until when the glass of an organisation is open for this person.
    pub(crate) fn opened(&self, visit: &Visit, patient: &str, organisation: &str, until: &str) {
        let opening = Opening {
            owner: visit.caller().username.clone(),
            patient: patient.to_owned(),
            organisation: organisation.to_owned(),
            until: until.to_owned(),
        };
        self.open(|kept| kept.remember(opening));
    }

    /// Until when it is open; `None`: it is over, or nobody here knows.
    pub(crate) fn opening(
        &self,
        visit: &Visit,
        patient: &str,
        organisation: &str,
    ) -> Option<String> {
        let now_us = visit.portal.inside.hospital().now_us();
        let owner = &visit.caller().username;
        self.open(|kept| kept.until(owner, patient, organisation, now_us))
    }

    fn find(&self, owner: &str, name: &str, now_us: i64) -> Option<(String, String)> {
        self.open(|kept| {
            let found = kept.lots.iter().rev();
            let mut found = found.filter(|lot| lot.until_us > now_us);
            found
                .find(|lot| lot.owner == owner && lot.name == name)
                .map(|lot| (lot.receipt.clone(), STANDARD.encode(&lot.record)))
        })
    }
}

impl Kept {
    fn remember(&mut self, opening: Opening) {
        if self.openings.len() >= OPENINGS_MAX {
            self.openings.pop_front();
        }
        self.openings.push_back(opening);
    }

    fn until(&self, owner: &str, patient: &str, organisation: &str, now_us: i64) -> Option<String> {
        let lasts = |it: &&Opening| {
            let end_us = hospital::instant::parse_fhir(&it.until);
            end_us.is_some_and(|end_us| end_us > now_us)
        };
        let mut own = self.openings.iter().rev().filter(|it| {
            it.owner == owner && it.patient == patient && it.organisation == organisation
        });
        own.find(lasts).map(|it| it.until.clone())
    }

    fn put(&mut self, lot: Lot, now_us: i64) {
        let bytes = lot.bytes();
        if bytes > BYTES_MAX {
            return;
        }
        while let Some(oldest) = self.lots.front() {
            if oldest.until_us > now_us && self.bytes + bytes <= BYTES_MAX {
                break;
            }
            self.bytes -= oldest.bytes();
            self.lots.pop_front();
        }
        self.bytes += bytes;
        self.lots.push_back(lot);
    }
}

/// `GET /portal/seal-elsewhere/{organisation}/{type}/{id}/{version}`
pub(crate) async fn show(
    visit: Visit,
    Path((organisation, type_, id, version)): Path<(String, String, String, String)>,
) -> Result<Response, Trouble> {
    let reference = format!("{type_}/{id}/_history/{version}");
    let now_us = visit.portal.inside.hospital().now_us();
    let name = name(&organisation, &reference);
    let found = visit.portal.shelf.find(&owner(&visit), &name, now_us);
    let (receipt, record) = found.ok_or_else(|| visit.absent())?;
    let (_, trust) = visit.ask(Method::GET, "/ledger/trust", None).await?;
    let body = json!({
        "status": "ready",
        "receipt": receipt,
        "record": record,
        "trust": String::from_utf8_lossy(&trust),
    });
    Ok(Json(body).into_response())
}

/// The seal of a record of another organisation whose proof lies here.
pub(crate) fn seal(visit: &Visit, organisation: &str, reference: &str) -> Markup {
    let path = reference.replacen("/_history/", "/", 1);
    html! {
        salus-seal data-ref=(reference) data-src={ "/portal/seal-elsewhere/" (organisation) "/"
            (path) } {
            span { (visit.say("seal-waiting")) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lot(owner: &str, name: &str, until_us: i64, bytes: usize) -> Lot {
        Lot {
            owner: owner.into(),
            name: name.into(),
            until_us,
            receipt: "receipt".into(),
            record: vec![b'{'; bytes],
        }
    }

    #[test]
    fn a_proof_is_for_the_session_that_was_answered_and_for_a_while() {
        let shelf = Shelf::default();
        shelf.open(|kept| kept.put(lot("ada", "o1", 100, 1), 0));
        assert!(shelf.find("ada", "o1", 99).is_some());
        assert!(shelf.find("ben", "o1", 99).is_none());
        assert!(shelf.find("ada", "o2", 99).is_none());
        assert!(shelf.find("ada", "o1", 100).is_none());
    }

    #[test]
    fn an_opening_is_told_to_who_opened_until_it_ends() {
        let mut kept = Kept::default();
        for nth in 0..=OPENINGS_MAX {
            kept.remember(Opening {
                owner: "ada".into(),
                patient: format!("p{nth}"),
                organisation: "st-mary".into(),
                until: "1970-01-01T00:00:10Z".into(),
            });
        }
        assert_eq!(kept.openings.len(), OPENINGS_MAX);
        let end = Some("1970-01-01T00:00:10Z".to_owned());
        assert_eq!(kept.until("ada", "p1", "st-mary", 9_000_000), end);
        assert_eq!(kept.until("ada", "p1", "st-mary", 10_000_000), None);
        for (owner, patient, organisation) in [
            ("ben", "p1", "st-mary"),
            ("ada", "p0", "st-mary"),
            ("ada", "p1", "city-lab"),
        ] {
            assert_eq!(kept.until(owner, patient, organisation, 0), None);
        }
    }

    #[test]
    fn the_shelf_has_an_end() {
        let shelf = Shelf::default();
        for turn in 0..5 {
            let name = format!("o{turn}");
            shelf.open(|kept| kept.put(lot("ada", &name, 100, BYTES_MAX / 3), 0));
        }
        shelf.open(|kept| kept.put(lot("ada", "huge", 100, BYTES_MAX + 1), 0));
        let kept = |name: &str| shelf.find("ada", name, 0).is_some();
        assert!(!kept("o0") && !kept("o1") && kept("o3") && kept("o4") && !kept("huge"));
        shelf.open(|kept| {
            let bytes: usize = kept.lots.iter().map(Lot::bytes).sum();
            assert_eq!(bytes, kept.bytes);
            kept.put(lot("ada", "later", 300, 1), 200);
            assert_eq!(kept.lots.len(), 1);
        });
    }
}
