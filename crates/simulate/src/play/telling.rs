//! Events, and the documents in which they come: some of them late, some twice.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use supply::detect::{DAY_MS, HOUR_MS};

use super::Play;
use crate::calendar;
use crate::plan::{Deed, OrganisationNo};

/// An organisation sends what it has to tell once in so long.
const EVERY_MS: u64 = 6 * HOUR_MS;
/// So many events of a thousand come days late, and so many documents twice.
const LATE: u64 = 20;
const TWICE: u64 = 5;
/// Events of one document.
const EVENTS_MAX: usize = 500;

/// What was told, by who tells it and when it goes out.
#[derive(Debug, Default)]
pub(crate) struct Outbox(BTreeMap<(String, u64), Vec<Value>>);

impl Outbox {
    /// The documents of each organisation, a line each, in the order in which they went out.
    pub(crate) fn documents(
        &self,
        mut id: impl FnMut() -> String,
        mut is_twice: impl FnMut(u64) -> bool,
    ) -> BTreeMap<String, String> {
        let mut files: BTreeMap<String, String> = BTreeMap::new();
        for ((organisation, sent_ms), events) in &self.0 {
            for events in events.chunks(EVENTS_MAX) {
                let line = document(organisation, *sent_ms, &id(), events);
                let file = files.entry(organisation.clone()).or_default();
                file.push_str(&line.to_string());
                file.push('\n');
                if is_twice(TWICE) {
                    let again = document(organisation, sent_ms + HOUR_MS, &id(), events);
                    file.push_str(&again.to_string());
                    file.push('\n');
                }
            }
        }
        files
    }
}

fn document(organisation: &str, sent_ms: u64, id: &str, events: &[Value]) -> Value {
    json!({
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "id": id,
        "creationDate": calendar::written(sent_ms),
        "sender": organisation,
        "epcisBody": { "eventList": events },
    })
}

impl Play<'_> {
    /// Tells what was done; answers the id of the event.
    pub(super) fn tell(&mut self, deed: &Deed, mut event: Value) -> String {
        let id = self.dice.urn();
        let desk = self.desk(deed.by);
        let place = format!("https://id.gs1.org/414/{}", desk.gln);
        event["eventID"] = json!(id);
        event["eventTime"] = json!(calendar::written(self.shown_ms(deed.at_ms, deed.by)));
        event["eventTimeZoneOffset"] = json!("+00:00");
        event["readPoint"] = json!({ "id": place });
        event["bizLocation"] = json!({ "id": place });
        let mut sent_ms = (deed.at_ms / EVERY_MS + 1) * EVERY_MS;
        if self.dice.in_1000(LATE) {
            sent_ms += self.dice.between(DAY_MS, 6 * DAY_MS) / EVERY_MS * EVERY_MS;
        }
        let key = (desk.id.clone(), sent_ms);
        self.left.outbox.0.entry(key).or_default().push(event);
        id
    }

    /// An event about packs or containers, and which scans it tells of.
    pub(super) fn tell_of(&mut self, deed: &Deed, scans: &[usize], event: Value) {
        let id = self.tell(deed, event);
        for at in scans {
            self.left.scans[*at].event = Some(id.clone());
        }
    }

    /// Whom something was sent to.
    pub(super) fn destination(&self, to: OrganisationNo) -> Value {
        let party = format!("urn:salus:organisation:{}", self.id(to));
        json!([{ "type": "owning_party", "destination": party }])
    }
}
