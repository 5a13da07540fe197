//! Where a pack has been: from hand to hand back to its maker.
//!
//! Each organisation answers whoever it handed the pack to, and a regulator, and asks in its turn
//! whom it had the pack from. Nobody else learns that it ever held it.

use std::collections::BTreeSet;

use epcis::identifier;
use serde_json::Value;
use store::{EPCIS_EVENT, EpcisOrder, EpcisQuery, Page, Short};
use supply::detect::Suspicion;

use super::case::DEPTH_MAX;
use super::compose::link;
use super::event::EPC_FIELDS;
use super::held::Pack;
use super::looks;
use super::message::{TRACE, TraceAnswer, TraceAsk, TraceStep};
use super::order::Marking;
use super::scanned::{Scanned, scanned};
use super::suspicion::{BYTES_MAX, EVENT_BYTES_MAX, suspicions};
use crate::access_log::{Access, AccessAgent, AccessDeed};
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::receipt::ReceiptState;
use crate::record::Record;
use crate::setup::Hospital;
use crate::sharing::message;

/// Over so many organisations a trace goes.
const HOPS_MAX: u8 = 12;
/// Events of one organisation in a trace.
const EVENTS_MAX: u32 = 100;

/// Which events about a pack are opened.
#[derive(Debug, Clone, Copy)]
pub(super) enum Events {
    /// Every one, for whoever wants to see them.
    All,
    /// Those that the rules of detection look at, and what packs it: an event about thousands of
    /// packs takes longer to open than everything else that a look at one needs.
    ThatTell,
}

/// Where a pack has been.
#[derive(Debug, Clone)]
pub struct Trace {
    /// What is printed on it, as far as it is known here.
    pub marking: Marking,
    /// What the rules of detection say of the whole way; the surest first.
    pub suspicions: Vec<Suspicion>,
    /// What each organisation knows, this one first, then back to the maker.
    pub steps: Vec<TraceStep>,
}

impl Hospital {
    /// Traces a pack that was scanned or typed.
    pub async fn trace_pack(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        scan: &str,
    ) -> Result<Trace, HospitalError> {
        looks(caller)?;
        let Scanned {
            marking, reading, ..
        } = scanned(scan)?;
        let key = self.trade_key().await?;
        let state = self.fresh_state().await?;
        let name = key.pack(&marking.gtin, &marking.serial);
        let held = self.kept_packs(&[name]).await?.pop().map(|(_, it)| it);
        let deed = AccessDeed::Operation("trace-pack".into());
        self.record_access(Access::new(agent, deed, self.now_us()))
            .await?;
        let steps = self
            .traced(&marking.gtin, &marking.serial, held.as_ref(), HOPS_MAX)
            .await?;
        let pack = state.pack(&name);
        let lot = pack.as_ref().and_then(|it| state.lot(&it.lot));
        let known = (pack.as_ref(), lot.as_ref(), held.as_ref());
        let seen = self.seen_from_here((&key, &marking), known, &state);
        let told = steps.iter().flat_map(|step| {
            let events = step.events.iter();
            events.map(|(event, _)| (&*step.organisation, event.as_bytes()))
        });
        let suspicions = suspicions(&seen.looked(reading), told, &state);
        Ok(Trace {
            suspicions,
            marking: held.map_or(marking, |it| it.marking()),
            steps,
        })
    }

    /// What is known here, and then what those before know.
    async fn traced(
        &self,
        gtin: &str,
        serial: &str,
        held: Option<&Pack>,
        hops: u8,
    ) -> Result<Vec<TraceStep>, HospitalError> {
        let mut steps = vec![TraceStep {
            organisation: self.0.organisation.clone(),
            events: self.proven_events(gtin, serial).await?,
            problem: None,
        }];
        let Some(before) = held.and_then(|it| it.from.as_deref()) else {
            return Ok(steps);
        };
        let Some(hops) = hops.checked_sub(1) else {
            steps[0].problem = Some("the trace goes back too far to be followed at once".into());
            return Ok(steps);
        };
        let ask = TraceAsk {
            gtin: gtin.to_owned(),
            serial: serial.to_owned(),
            hops,
        };
        let answer = match self.call(before, TRACE, &ask).await {
            Ok(reply) => message::read::<TraceAnswer>(&reply).map(|it| it.steps),
            Err(error) => Err(error),
        };
        match answer {
            Ok(more) => steps.extend(more.into_iter().take(usize::from(HOPS_MAX))),
            Err(error) => steps.push(TraceStep {
                organisation: before.to_owned(),
                events: Vec::new(),
                problem: Some(error.to_string()),
            }),
        }
        Ok(steps)
    }

    /// Answers whoever got a pack from here, and a regulator.
    pub(crate) async fn answer_trace(
        &self,
        from: &str,
        ask: &TraceAsk,
    ) -> Result<TraceAnswer, HospitalError> {
        let absent = || HospitalError::Absent("a pack that went from here to you".into());
        let state = self.fresh_state().await?;
        let key = self.trade_key().await?;
        let name = key.pack(&ask.gtin, &ask.serial);
        let held = self.kept_packs(&[name]).await?.pop().map(|(_, it)| it);
        let id: ledger::OrgId = from.parse().map_err(|_| absent())?;
        let regulator = state.partner(&id).has_any_of(supply::Roles::REGULATOR);
        let held = held.filter(|it| regulator || it.to.as_deref() == Some(from));
        let held = held.ok_or_else(absent)?;
        let hops = ask.hops.min(HOPS_MAX);
        let steps = self
            .traced(&ask.gtin, &ask.serial, Some(&held), hops)
            .await?;
        Ok(TraceAnswer { steps })
    }

    /// The events that name a pack, or a case while it may have been in it, in the order of their
    /// times.
    pub(super) async fn events_of_pack(
        &self,
        gtin: &str,
        serial: &str,
        reading: Events,
    ) -> Result<Vec<Record>, HospitalError> {
        let link = link(gtin, serial);
        let mut terms: Vec<(String, String)> = EPC_FIELDS
            .iter()
            .map(|field| ((*field).to_owned(), link.clone()))
            .collect();
        let mut cases: BTreeSet<String> = BTreeSet::new();
        for _ in 0..=DEPTH_MAX {
            let records = self.events_with(terms.clone(), reading).await?;
            let around = records.iter().filter_map(|it| case_around(&it.body));
            let new: Vec<String> = around.filter(|it| cases.insert(it.clone())).collect();
            if new.is_empty() {
                return Ok(records);
            }
            // What names a case as the parent is about other packs.
            let named = new
                .iter()
                .flat_map(|case| ["epc", "child"].map(|field| (field.to_owned(), case.clone())));
            terms.extend(named);
        }
        self.events_with(terms, reading).await
    }

    /// The events with one of these values, opened.
    async fn events_with(
        &self,
        terms: Vec<(String, String)>,
        reading: Events,
    ) -> Result<Vec<Record>, HospitalError> {
        let short = Short {
            bytes_max: EVENT_BYTES_MAX,
            but: "AggregationEvent",
        };
        let query = EpcisQuery {
            order: EpcisOrder::Event,
            short: matches!(reading, Events::ThatTell).then_some(short),
            ..EpcisQuery::of(vec![terms], Page::first(EVENTS_MAX))
        };
        let page = self.0.store.epcis_events(query).await?;
        let mut left = match reading {
            Events::All => usize::MAX,
            Events::ThatTell => BYTES_MAX,
        };
        let mut events = Vec::with_capacity(page.rows.len());
        for row in page.rows {
            match left.checked_sub(row.envelope.len()) {
                Some(rest) => left = rest,
                None => continue,
            }
            events.push(self.opened(row).await?.record);
        }
        Ok(events)
    }

    /// They with their receipts.
    async fn proven_events(
        &self,
        gtin: &str,
        serial: &str,
    ) -> Result<Vec<(String, Option<String>)>, HospitalError> {
        let records = self.events_of_pack(gtin, serial, Events::All).await?;
        let mut events = Vec::with_capacity(records.len());
        for record in records {
            let asked = Caller::organisation();
            let receipt = self.receipt(&asked, EPCIS_EVENT, &record.id, record.version);
            let receipt = match receipt.await? {
                ReceiptState::Ready(text) => Some(text),
                ReceiptState::Pending { .. } => None,
            };
            let text = String::from_utf8_lossy(&record.body).into_owned();
            events.push((text, receipt));
        }
        Ok(events)
    }
}

/// The case of an event that tells of packing.
fn case_around(body: &[u8]) -> Option<String> {
    let event: Value = serde_json::from_slice(body).ok()?;
    let parent = event.get("parentID")?.as_str()?;
    (event.get("type")? == "AggregationEvent").then(|| identifier::canonical_or_same(parent))
}
