//! What passes by in numbers: packs onto the line, into cases, onto pallets, to others and out.

use serde_json::{Value, json};
use supply::detect::cold::Measured;

use super::Play;
use crate::book::{Code, Deal, Unit};
use crate::calendar;
use crate::plan::{Deed, ItemNo, Load, OrganisationNo, What};
use crate::registry::MAKERS;

/// Packs of one event of a line.
const LINE_MAX: usize = 200;

/// The identifier of a pack.
pub(super) fn pack_id(code: &Code) -> String {
    format!("https://id.gs1.org/01/{}/21/{}", code.product, code.serial)
}

fn container_id(sscc: &str) -> String {
    format!("https://id.gs1.org/00/{sscc}")
}

/// What a gate read of what passed by.
#[derive(Default)]
struct Passed {
    ids: Vec<String>,
    units: Vec<Unit>,
    scans: Vec<usize>,
}

impl Play<'_> {
    pub(super) fn commission(&mut self, deed: &Deed, items: &[ItemNo]) {
        let Some(first) = items.first() else { return };
        let label = &self.items[*first].label;
        let (lot, expiry) = (label.lot.clone(), label.expiry.clone());
        for items in items.chunks(LINE_MAX) {
            let codes: Vec<Code> = items.iter().map(|item| self.code(*item)).collect();
            let units = codes.iter().cloned().map(Unit::Pack).collect();
            let deal = Deal::Commission {
                lot: lot.clone(),
                expiry: expiry.clone(),
            };
            self.enter(deed.at_ms, deed.by, deal, units);
            let ids: Vec<String> = codes.iter().map(pack_id).collect();
            let event = json!({
                "type": "ObjectEvent",
                "action": "ADD",
                "bizStep": "commissioning",
                "disposition": "active",
                "epcList": ids,
                "ilmd": {
                    "cbvmda:lotNumber": lot,
                    "cbvmda:itemExpirationDate": calendar::iso(&expiry, deed.at_ms),
                },
            });
            self.tell(deed, event);
        }
    }

    fn code(&self, item: ItemNo) -> Code {
        self.items[item].label.code.clone()
    }

    /// Reads packs one by one, as they pass. A line reads with cameras, which send no scans.
    fn pass(&mut self, deed: &Deed, items: &[ItemNo], wants: &str) -> Passed {
        let mut passed = Passed::default();
        let by_camera = deed.by < MAKERS && wants == "pack";
        for item in items {
            if self.is_lost() {
                continue;
            }
            let (code, scan) = if by_camera {
                (self.code(*item), None)
            } else {
                let Some((read, scan)) = self.look(*item, deed, wants) else {
                    continue;
                };
                (read.code, Some(scan))
            };
            let unit = Unit::Pack(code.clone());
            let is_here = self.take(&unit, deed);
            if !is_here && self.items[*item].is_true {
                self.settle_as(&unit, deed, wants);
            }
            passed.ids.push(pack_id(&code));
            passed.units.push(unit);
            passed.scans.extend(scan);
        }
        passed
    }

    /// What comes without being known here is cleared soon; what is to go on, at once.
    fn settle_as(&mut self, unit: &Unit, deed: &Deed, wants: &str) {
        if deed.attack.is_some() {
            return;
        }
        if matches!(wants, "receive" | "unpack") {
            self.settle_soon(unit.clone(), deed);
        } else {
            self.settle(unit, deed);
        }
    }

    /// A container that is to be opened or sent on is here, or partners clear it up first.
    fn container(&mut self, sscc: &str, deed: &Deed) -> Unit {
        let unit = Unit::Container(sscc.to_owned());
        if !self.take(&unit, deed) && deed.attack.is_none() {
            self.settle(&unit, deed);
        }
        self.loosen_here(&unit, deed);
        unit
    }

    fn loosen_here(&mut self, unit: &Unit, deed: &Deed) {
        if self.book.has(unit, self.id(deed.by)) {
            self.loosen(unit, deed.at_ms, deed.by);
        }
    }

    pub(super) fn pack(&mut self, deed: &Deed, container: &str, items: &[ItemNo]) {
        let passed = self.pass(deed, items, "pack");
        self.contained(deed, container, passed);
    }

    pub(super) fn palletise(&mut self, deed: &Deed, pallet: &str, cases: &[String]) {
        let passed = self.pass_containers(cases);
        self.contained(deed, pallet, passed);
    }

    fn pass_containers(&mut self, cases: &[String]) -> Passed {
        let mut passed = Passed::default();
        for case in cases {
            if !self.is_lost() {
                passed.ids.push(container_id(case));
                passed.units.push(Unit::Container(case.clone()));
            }
        }
        passed
    }

    fn contained(&mut self, deed: &Deed, container: &str, passed: Passed) {
        if passed.ids.is_empty() {
            return;
        }
        for unit in &passed.units {
            self.loosen_here(unit, deed);
        }
        let deal = Deal::Contain {
            container: container.to_owned(),
        };
        self.enter(deed.at_ms, deed.by, deal, passed.units);
        let event = aggregation("ADD", "packing", container, &passed.ids);
        self.tell_of(deed, &passed.scans, event);
    }

    pub(super) fn unpack(&mut self, deed: &Deed, container: &str, items: &[ItemNo]) {
        self.container(container, deed);
        let passed = self.pass(deed, items, "unpack");
        self.released(deed, container, passed);
    }

    pub(super) fn unload(&mut self, deed: &Deed, pallet: &str, cases: &[String]) {
        self.container(pallet, deed);
        let passed = self.pass_containers(cases);
        self.released(deed, pallet, passed);
    }

    fn released(&mut self, deed: &Deed, container: &str, passed: Passed) {
        if passed.ids.is_empty() {
            return;
        }
        self.enter(deed.at_ms, deed.by, Deal::Release, passed.units);
        let event = aggregation("DELETE", "unpacking", container, &passed.ids);
        self.tell_of(deed, &passed.scans, event);
    }

    pub(super) fn ship(&mut self, deed: &Deed, load: &Load, to: OrganisationNo) {
        let passed = self.loaded(deed, load, "ship");
        if passed.ids.is_empty() {
            return;
        }
        for unit in &passed.units {
            self.loosen_here(unit, deed);
        }
        let deal = Deal::Hand {
            to: self.id(to).to_owned(),
        };
        self.enter(deed.at_ms, deed.by, deal, passed.units);
        let mut event = object("shipping", "in_transit", &passed.ids);
        event["destinationList"] = self.destination(to);
        self.tell_of(deed, &passed.scans, event);
    }

    fn loaded(&mut self, deed: &Deed, load: &Load, wants: &str) -> Passed {
        match load {
            Load::Items(items) => self.pass(deed, items, wants),
            Load::Container(sscc) => {
                let passed = self.pass_containers(std::slice::from_ref(sscc));
                if !passed.ids.is_empty() {
                    self.container(sscc, deed);
                }
                passed
            }
        }
    }

    pub(super) fn receive(&mut self, deed: &Deed, load: &Load, log: &[Measured]) {
        let passed = match load {
            Load::Items(items) => self.pass(deed, items, "receive"),
            Load::Container(sscc) => {
                let passed = self.pass_containers(std::slice::from_ref(sscc));
                for unit in &passed.units {
                    if !self.take(unit, deed) && deed.attack.is_none() {
                        self.settle_soon(unit.clone(), deed);
                    }
                }
                passed
            }
        };
        if let (Load::Container(sscc), false) = (load, log.is_empty()) {
            // A logger tells by itself, whether or not the case was read.
            let mut event = object("sensor_reporting", "in_transit", &[container_id(sscc)]);
            event["sensorElementList"] = json!([{ "sensorReport": reports(log) }]);
            self.tell(deed, event);
        }
        if passed.ids.is_empty() {
            return;
        }
        let event = object("receiving", "in_progress", &passed.ids);
        self.tell_of(deed, &passed.scans, event);
    }

    /// Codes that somebody asks for, without a pack.
    pub(super) fn look_up(&mut self, deed: &Deed, codes: &[Code]) {
        for (place, code) in codes.iter().enumerate() {
            let raw = format!("(01){}(21){}", code.product, code.serial);
            // A program asks once a second.
            let at_ms = deed.at_ms + place as u64 * 1_000;
            let what = What::LookUp(Vec::new());
            let deed = Deed {
                at_ms,
                what,
                ..deed.clone()
            };
            self.scanned(raw, &deed, "look-up");
        }
    }
}

fn aggregation(action: &str, step: &str, container: &str, ids: &[String]) -> Value {
    json!({
        "type": "AggregationEvent",
        "action": action,
        "bizStep": step,
        "parentID": container_id(container),
        "childEPCs": ids,
    })
}

pub(super) fn object(step: &str, disposition: &str, ids: &[String]) -> Value {
    json!({
        "type": "ObjectEvent",
        "action": "OBSERVE",
        "bizStep": step,
        "disposition": disposition,
        "epcList": ids,
    })
}

/// A logger reports a temperature in degrees Celsius, with three digits behind the point.
fn reports(log: &[Measured]) -> Vec<Value> {
    let report = |one: &Measured| {
        let degrees = f64::from(one.temperature_mc) / 1_000.0;
        json!({
            "type": "Temperature",
            "time": calendar::written(one.time_ms),
            "value": degrees,
            "uom": "CEL",
        })
    };
    log.iter().map(report).collect()
}
