//! The bench of the judge: what it has heard so far, and what it asks the rules about what comes.

use std::collections::{BTreeMap, BTreeSet};

use supply::detect::{
    Act, Case, Fake, Identity, Known, Observation, Printed, Reading, Suspicion, Tolerance,
    aggregation, cold, judge, probing,
};
use supply::{Roles, detect};

use super::sight::{Contents, Thing, Told};
use super::{Asked, Judged, Raised, Subject};
use crate::book::Code;
use crate::calendar;
use crate::desk::Read;
use crate::registry::{Organisation, Registry};

/// The number of an organisation's day, and what it scanned and asked then.
type Lookups = BTreeMap<(String, u64), (Vec<u64>, Vec<probing::Lookup>)>;

/// What the judge has before it.
pub(super) struct Bench<'a> {
    registry: &'a Registry,
    partners: BTreeMap<String, Roles>,
    history: BTreeMap<Code, Vec<Observation>>,
    made: BTreeMap<Code, Printed>,
    contents: Contents,
    fakes: Vec<(u64, Fake)>,
    lookups: Lookups,
    /// The unknown number that each desk read last.
    unknown: BTreeMap<String, Code>,
    judged: Judged,
}

impl<'a> Bench<'a> {
    pub(super) fn new(registry: &'a Registry, fakes: Vec<(u64, Fake)>) -> Self {
        Self {
            registry,
            partners: registry.partners(),
            history: BTreeMap::new(),
            made: BTreeMap::new(),
            contents: Contents::default(),
            fakes,
            lookups: BTreeMap::new(),
            unknown: BTreeMap::new(),
            judged: Judged::default(),
        }
    }

    pub(super) fn into_judged(self) -> Judged {
        self.judged
    }

    /// Everything in the order in which it came: a document when it was sent, a scan of which no
    /// document tells when it was made.
    pub(super) fn hear(&mut self, told: &[Told], asked: &[Asked]) {
        let mut of_event: BTreeMap<&str, Vec<&Asked>> = BTreeMap::new();
        let mut alone: Vec<&Asked> = Vec::new();
        for one in asked {
            match &one.scan.event {
                Some(event) => of_event.entry(event).or_default().push(one),
                None => alone.push(one),
            }
        }
        alone.sort_by_key(|one| (one.at_ms, one.scan.number));
        let mut alone = alone.into_iter().peekable();
        for one in told {
            while let Some(scan) = alone.next_if(|scan| scan.at_ms < one.sent_ms) {
                self.scanned(scan);
            }
            let scans = of_event.get(one.id.as_str()).map_or(&[][..], Vec::as_slice);
            self.event(one, scans);
        }
        for scan in alone {
            self.scanned(scan);
        }
    }

    fn event(&mut self, told: &Told, scans: &[&Asked]) {
        self.containers(told);
        let Some(act) = &told.act else { return };
        let seen_at = told.gln.as_ref().and_then(|gln| {
            let mut all = self.registry.organisations.iter();
            all.find(|one| one.gln == *gln).map(Organisation::place)
        });
        let observation = |reading, printed| Observation {
            time_ms: told.time_ms,
            act: act.clone(),
            organisation: told.organisation.clone(),
            place: seen_at,
            printed,
            reading,
        };
        for thing in &told.things {
            match thing {
                Thing::Pack(code) => {
                    if let Some(made) = &told.made {
                        self.made
                            .entry(code.clone())
                            .or_insert_with(|| made.clone());
                    }
                    let is_of =
                        |one: &&&Asked| one.read.as_ref().is_some_and(|it| it.code == *code);
                    let Some(one) = scans.iter().find(is_of) else {
                        self.remember(code, observation(Reading::Clean, Printed::default()));
                        continue;
                    };
                    let read = one.read.clone().unwrap_or_else(|| unread(code));
                    let now = observation(read.reading, read.printed);
                    self.judge(one, code, &now);
                    self.remember(code, now);
                }
                // A case on a pallet: nothing happened to the packs in it.
                Thing::Container(_) if matches!(act, Act::Packed { .. } | Act::Unpacked { .. }) => {
                }
                Thing::Container(sscc) => {
                    for code in self.contents.packs(sscc) {
                        self.remember(&code, observation(Reading::Clean, Printed::default()));
                    }
                }
            }
        }
    }

    /// What an event says of containers: what is in them, and how warm they were.
    fn containers(&mut self, told: &Told) {
        match &told.act {
            Some(Act::Packed { container }) => self.contents.put(container, &told.things),
            Some(Act::Unpacked { container }) => {
                let name = |thing: &Thing| format!("{thing:?}");
                let declared: BTreeSet<String> =
                    self.contents.open(container).iter().map(name).collect();
                let seen = told.things.iter().map(name).collect();
                // Of what nothing was declared, the document may still come.
                let suspicion = aggregation::contents(&declared, &seen);
                let suspicion = suspicion.filter(|_| !declared.is_empty());
                self.raise(
                    suspicion,
                    told.time_ms,
                    &Subject::Container(container.clone()),
                );
            }
            _ => {}
        }
        if !told.log.is_empty() {
            let suspicion = cold::chain(&told.log, &cold::Limits::REFRIGERATED);
            for thing in &told.things {
                if let Thing::Container(sscc) = thing {
                    let subject = Subject::Container(sscc.clone());
                    self.raise(suspicion.clone(), told.time_ms, &subject);
                }
            }
        }
    }

    fn raise(&mut self, suspicion: Option<Suspicion>, at_ms: u64, subject: &Subject) {
        self.judged.raised.extend(suspicion.map(|suspicion| Raised {
            suspicion,
            at_ms,
            subject: subject.clone(),
        }));
    }

    /// A scan of which no document tells: a question, or an act that did not come about.
    fn scanned(&mut self, one: &Asked) {
        let Some(read) = &one.read else {
            self.judged.unread += 1;
            return;
        };
        if one.scan.wants == "look-up" {
            // Nobody has seen the pack.
            self.looked_up(one, read);
            self.judged.questions += 1;
            return;
        }
        let place = self.registry.named(&one.scan.organisation);
        let wanted = match one.scan.wants.as_str() {
            "dispense" => Act::Dispensed,
            _ => Act::Verified,
        };
        let mut now = Observation {
            time_ms: one.at_ms,
            act: wanted,
            organisation: one.scan.organisation.clone(),
            place: place.map(Organisation::place),
            printed: read.printed.clone(),
            reading: read.reading,
        };
        self.judge(one, &read.code, &now);
        now.act = Act::Verified;
        self.remember(&read.code, now);
    }

    fn looked_up(&mut self, one: &Asked, read: &Read) {
        let organisation = &one.scan.organisation;
        let history = self.history.get(&read.code).map_or(&[][..], Vec::as_slice);
        let had = history.iter().any(|it| it.organisation == *organisation);
        let in_hand = one.known.as_ref().and_then(|known| known.in_hand);
        let lookup = probing::Lookup {
            time_ms: one.at_ms,
            product: read.code.product.clone(),
            serial: read.code.serial.clone(),
            is_known: one.known.is_some(),
            is_own: had || in_hand == Some(true),
            is_misread: read.reading != Reading::Clean,
        };
        let key = (organisation.clone(), calendar::day(one.at_ms));
        let (scans, lookups) = self.lookups.entry(key).or_default();
        scans.push(one.scan.number);
        lookups.push(lookup);
    }

    fn judge(&mut self, one: &Asked, code: &Code, now: &Observation) {
        if let Some(read) = &one.read {
            self.looked_up(one, read);
        }
        let now = &self.confirmed(one, code, now);
        let history = self.history.get(code).map_or(&[][..], Vec::as_slice);
        let before = history.partition_point(|it| it.time_ms <= now.time_ms);
        let known = one.known.clone().map(|known| Known {
            printed: self.made.get(code).cloned(),
            ..known
        });
        let until = self
            .fakes
            .partition_point(|(at_ms, _)| *at_ms <= now.time_ms);
        let fakes: Vec<Fake> = self.fakes[..until]
            .iter()
            .filter(|(_, fake)| fake.product == code.product)
            .map(|(_, fake)| fake.clone())
            .collect();
        let expiry = now.printed.expiry.as_deref();
        let case = Case {
            now,
            history: &history[..before],
            ledger: known.as_ref(),
            partners: &self.partners,
            last_day: expiry.and_then(|expiry| calendar::last_day(expiry, now.time_ms)),
            identity: Identity {
                product: &code.product,
                serial: &code.serial,
            },
            fakes: &fakes,
        };
        let found = judge(&case, &Tolerance::default());
        let scan = one.scan.number;
        self.judged.scans.push((scan, now.time_ms, code.clone()));
        for suspicion in found {
            let code = code.clone();
            self.raise(Some(suspicion), now.time_ms, &Subject::Pack { code, scan });
        }
    }

    /// A number that nobody knows may be cut off or mistyped: it is read twice before a desk calls
    /// anybody.
    fn confirmed(&mut self, one: &Asked, code: &Code, now: &Observation) -> Observation {
        let mut now = now.clone();
        if one.known.is_none() {
            let before = self.unknown.insert(now.organisation.clone(), code.clone());
            if before.as_ref() != Some(code) {
                now.reading = Reading::Doubtful;
            }
        }
        now
    }

    fn remember(&mut self, code: &Code, seen: Observation) {
        let history = self.history.entry(code.clone()).or_default();
        let at = history.partition_point(|it| it.time_ms <= seen.time_ms);
        history.insert(at, seen);
        if history.len() > detect::HISTORY_MAX {
            history.remove(0);
        }
    }

    /// The questions of each organisation, a day at a time.
    pub(super) fn ask_about_askers(&mut self) {
        let limits = probing::Limits::default();
        for ((organisation, _), (scans, lookups)) in std::mem::take(&mut self.lookups) {
            let at_ms = lookups.first().map_or(0, |one| one.time_ms);
            let suspicion = probing::probing(&organisation, &lookups, &limits);
            let strange = lookups
                .into_iter()
                .filter(|one| !one.is_own || !one.is_known);
            let codes = strange.map(|one| Code {
                product: one.product,
                serial: one.serial,
            });
            let subject = Subject::Organisation {
                id: organisation,
                scans,
                codes: codes.collect(),
            };
            self.raise(suspicion, at_ms, &subject);
        }
    }
}

fn unread(code: &Code) -> Read {
    Read {
        code: code.clone(),
        printed: Printed::default(),
        reading: Reading::Doubtful,
    }
}
