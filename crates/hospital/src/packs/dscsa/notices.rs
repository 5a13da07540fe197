//! Suspect and illegitimate product: what is in quarantine here, until when whom to tell, and the
//! data of the form.
//!
//! A quarantine is an event of holding that this organisation recorded; where its packs stand, the
//! ledger says. Beside it is kept what people add and when they told the agency.

use std::collections::BTreeSet;

use ::dscsa::notice::{Clock, Days, Notice, Report, Subject, Times, Told};
use ::dscsa::{Missing, Product};
use epcis::Event;
use serde::{Deserialize, Serialize};
use store::{EpcisQuery, Page};
use supply::acts::Finding;

use super::papers::day;
use super::{refused, wrong};
use crate::access_log::AccessAgent;
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::instant;
use crate::packs::event;
use crate::packs::held::Pack;
use crate::packs::order::Marking;
use crate::packs::{handles, looks};
use crate::setup::Hospital;

const KIND: &str = "notice";
/// Quarantines of a page.
const QUARANTINES_MAX: u32 = 50;
/// Entries of the log of one notice.
const FILED_MAX: usize = 100;
const HOLDING: &str = "https://ref.gs1.org/cbv/BizStep-holding";
const SUSPECT: &str = "https://ref.gs1.org/cbv/Disp-non_sellable_other";
const ILLEGITIMATE: &str = "https://ref.gs1.org/cbv/Disp-non_conformant";

/// Something that was done about a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoticeFiled {
    /// When, RFC 3339.
    pub at: String,
    /// By whom.
    pub by: String,
    /// What: a report that was sent; none: something was added, or the notice ended.
    pub report: Option<Report>,
    /// Whether the notice ended with it.
    pub ended: bool,
}

/// What is kept beside a quarantine.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    told: Told,
    /// Seen illegitimate on the ledger, where this organisation did not find it itself.
    determined_us: Option<i64>,
    notified_us: Option<i64>,
    end_asked_us: Option<i64>,
    ended_us: Option<i64>,
    filed: Vec<NoticeFiled>,
}

/// Packs in quarantine.
#[derive(Debug, Clone)]
pub struct Quarantine {
    /// The eventID of the holding.
    pub event: String,
    /// Since when, microseconds since 1970.
    pub since_us: i64,
    /// The packs, as people read and type them.
    pub packs: Vec<String>,
    /// The gravest finding on the ledger about any of them.
    pub finding: Finding,
    /// Where it stands.
    pub clock: Clock,
    /// Until when the notice is due, microseconds since 1970.
    pub due_us: Option<i64>,
    /// Who handed these packs over or got them: they are told as well.
    pub partners: Vec<String>,
    /// The data of the form.
    pub notice: Notice,
    /// What the form lacks.
    pub missing: Vec<Missing>,
    /// What was done.
    pub filed: Vec<NoticeFiled>,
}

/// The quarantines, the latest first.
#[derive(Debug, Clone, Default)]
pub struct QuarantinePage {
    /// They.
    pub quarantines: Vec<Quarantine>,
    /// What to ask for the next page by.
    pub next: Option<String>,
}

impl Hospital {
    /// The quarantines of this organisation.
    pub async fn quarantines(
        &self,
        caller: &Caller,
        after: Option<&str>,
    ) -> Result<QuarantinePage, HospitalError> {
        looks(caller)?;
        let (events, next) = self.holdings(after, QUARANTINES_MAX).await?;
        let mut page = QuarantinePage {
            next,
            ..QuarantinePage::default()
        };
        for event in events {
            let kept = self.kept_notice(&event).await?;
            page.quarantines
                .push(self.quarantined(&event, kept, None).await?);
        }
        Ok(page)
    }

    /// One of them, with the data of a report. Without one, that which is next.
    pub async fn quarantine(
        &self,
        caller: &Caller,
        event_id: &str,
        report: Option<Report>,
    ) -> Result<Quarantine, HospitalError> {
        looks(caller)?;
        let event = self.holding(event_id).await?;
        let kept = self.kept_notice(&event).await?;
        self.quarantined(&event, kept, report).await
    }

    /// Adds to a notice, and writes down that a report was sent or that it ended.
    pub async fn file_notice(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (event_id, told): (&str, &Told),
        (report, ended): (Option<Report>, bool),
    ) -> Result<Quarantine, HospitalError> {
        handles(caller)?;
        told.check().map_err(|error| wrong(&error))?;
        let event = self.holding(event_id).await?;
        let mut kept = self.kept_notice(&event).await?;
        add(&mut kept.told, told);
        let now = self.quarantined(&event, kept.clone(), report).await?;
        let now_us = self.now_us();
        advance(&mut kept, report, now.finding, now_us)?;
        if ended {
            if kept.end_asked_us.is_none() {
                return Err(refused(
                    "a notice ends after its termination was asked for and agreed",
                ));
            }
            kept.ended_us = Some(now_us);
        }
        if kept.filed.len() >= FILED_MAX {
            return Err(refused(format!(
                "{FILED_MAX} entries are the most of a notice"
            )));
        }
        kept.filed.push(NoticeFiled {
            at: instant::fhir(now_us),
            by: caller.username.clone(),
            report,
            ended,
        });
        self.log_dscsa(agent, "file-notice").await?;
        self.keep_case((KIND, event_id), now_us, &kept).await?;
        self.quarantined(&event, kept, report).await
    }

    /// Starts the clock of quarantined packs that others found illegitimate.
    pub(super) async fn pursue_notices(&self) -> Result<(), HospitalError> {
        let (events, _) = self.holdings(None, QUARANTINES_MAX).await?;
        for event in events {
            let mut kept = self.kept_notice(&event).await?;
            if kept.determined_us.is_some() || found_here(&event) {
                continue;
            }
            let (finding, _) = self.findings(&packs(&event)).await?;
            if finding == Finding::Illegitimate {
                let now_us = self.now_us();
                kept.determined_us = Some(now_us);
                let id = event.event_id().unwrap_or_default();
                self.keep_case((KIND, id), now_us, &kept).await?;
            }
        }
        Ok(())
    }

    async fn holdings(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<(Vec<Event>, Option<String>), HospitalError> {
        let term = |field: &str, value: &str| (field.to_owned(), value.to_owned());
        let terms = vec![
            vec![term("step", HOLDING)],
            vec![
                term("disposition", SUSPECT),
                term("disposition", ILLEGITIMATE),
            ],
        ];
        let page = Page {
            limit,
            after: after.map(str::to_owned),
        };
        let query = EpcisQuery {
            types: vec!["ObjectEvent".to_owned()],
            descending: true,
            ..EpcisQuery::of(terms, page)
        };
        let page = self.0.store.epcis_events(query).await?;
        let next = page.after.last().filter(|_| page.more).cloned();
        let mut events = Vec::with_capacity(page.rows.len());
        for row in page.rows {
            let event = event::read(&self.opened(row).await?.record)?;
            if !packs(&event).is_empty() {
                events.push(event);
            }
        }
        Ok((events, next))
    }

    async fn holding(&self, event_id: &str) -> Result<Event, HospitalError> {
        let event = self.stored_event(event_id).await?;
        let index = epcis::index(&event);
        let step = index.biz_step.as_deref() == Some(HOLDING);
        let held = [Some(SUSPECT), Some(ILLEGITIMATE)].contains(&index.disposition.as_deref());
        if step && held && !packs(&event).is_empty() {
            return Ok(event);
        }
        Err(HospitalError::Absent("a quarantine of this eventID".into()))
    }

    async fn kept_notice(&self, event: &Event) -> Result<Kept, HospitalError> {
        let id = event.event_id().unwrap_or_default();
        let kept = self.case::<Kept>(KIND, id).await?;
        Ok(kept.map(|(_, kept)| kept).unwrap_or_default())
    }

    /// The gravest finding on the ledger, and what is known here of the packs.
    async fn findings(
        &self,
        packs: &[Marking],
    ) -> Result<(Finding, Vec<(Marking, Option<Pack>)>), HospitalError> {
        let state = self.fresh_state().await?;
        let key = self.trade_key().await?;
        let mut gravest = Finding::Clear;
        let mut known = Vec::with_capacity(packs.len());
        for it in packs {
            let name = key.pack(&it.gtin, &it.serial);
            match state.pack(&name).map(|it| it.finding) {
                Some(Finding::Illegitimate) => gravest = Finding::Illegitimate,
                Some(Finding::Suspect) if gravest == Finding::Clear => gravest = Finding::Suspect,
                _ => {}
            }
            let held = self.kept_packs(&[name]).await?.pop().map(|(_, it)| it);
            known.push((it.clone(), held));
        }
        Ok((gravest, known))
    }

    async fn quarantined(
        &self,
        event: &Event,
        kept: Kept,
        report: Option<Report>,
    ) -> Result<Quarantine, HospitalError> {
        let index = epcis::index(event);
        let (finding, known) = self.findings(&packs(event)).await?;
        let since_us = index.event_time_us;
        let now_us = self.now_us();
        let cleared = finding == Finding::Clear && kept.notified_us.is_none();
        let times = Times {
            determined_us: if found_here(event) {
                Some(since_us)
            } else if finding == Finding::Illegitimate {
                Some(kept.determined_us.unwrap_or(now_us))
            } else {
                None
            },
            notified_us: kept.notified_us,
            end_asked_us: kept.end_asked_us,
            ended_us: kept.ended_us.or(cleared.then_some(now_us)),
        };
        let report = report.unwrap_or(match times.clock(now_us) {
            Clock::Notified | Clock::EndAsked => Report::RequestForTermination,
            _ => Report::InitialNotification,
        });
        let notice = self.notice(report, &times, &known, &kept.told).await?;
        let partners: BTreeSet<String> = known
            .iter()
            .filter_map(|(_, it)| it.as_ref())
            .flat_map(|it| it.from.iter().chain(&it.to).cloned())
            .collect();
        let codes = known.iter().map(|(told, held)| match held {
            Some(held) => held.code(),
            None => told.code(),
        });
        Ok(Quarantine {
            event: index.event_id,
            since_us,
            packs: codes.collect(),
            finding,
            clock: times.clock(now_us),
            due_us: times.due_us(),
            partners: partners.into_iter().collect(),
            missing: notice.missing(),
            notice,
            filed: kept.filed,
        })
    }

    async fn notice(
        &self,
        report: Report,
        times: &Times,
        known: &[(Marking, Option<Pack>)],
        told: &Told,
    ) -> Result<Notice, HospitalError> {
        let now_us = self.now_us();
        let date = |us: Option<i64>| {
            let text = us.map(instant::fhir).unwrap_or_default();
            text.get(..10).unwrap_or_default().to_owned()
        };
        let mut subject = Subject::default();
        let (mut lots, mut days, mut gtins) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for (told, held) in known {
            let marking = held.as_ref().map_or_else(|| told.clone(), Pack::marking);
            subject.serials.push(marking.serial.clone());
            days.insert(day(&marking, now_us));
            lots.insert(marking.lot);
            gtins.insert(marking.gtin);
        }
        subject.lots = lots.into_iter().filter(|it| !it.is_empty()).collect();
        subject.expiries = days.into_iter().filter(|it| !it.is_empty()).collect();
        let mut products = Vec::with_capacity(gtins.len());
        for gtin in gtins {
            let sheet = self.product(&gtin).await?;
            products.push(sheet.unwrap_or_else(|| Product {
                gtin,
                ..Product::default()
            }));
        }
        let (determined, notified) = (date(times.determined_us), date(times.notified_us));
        let days = Days {
            determined: &determined,
            notified: &notified,
        };
        let company = (&self.own_card().await?, &*self.trade_roles());
        Ok(Notice::of(
            report,
            days,
            (&products, subject),
            company,
            told,
        ))
    }
}

/// Writes down that a report was sent, if it can be by now.
fn advance(
    kept: &mut Kept,
    report: Option<Report>,
    finding: Finding,
    now_us: i64,
) -> Result<(), HospitalError> {
    let Some(report) = report else {
        return Ok(());
    };
    if kept.notified_us.is_none() && finding != Finding::Illegitimate {
        return Err(refused(
            "a notice is for illegitimate product: this one is suspect or cleared",
        ));
    }
    if report == Report::InitialNotification {
        if kept.notified_us.is_some() {
            return Err(refused(
                "the first notice was sent: what follows is a follow-up",
            ));
        }
        kept.notified_us = Some(now_us);
        return Ok(());
    }
    if kept.notified_us.is_none() || kept.told.incident_number.is_empty() {
        return Err(refused(
            "a follow-up and a request for termination need the first notice and the incident \
             number that the agency gave it",
        ));
    }
    if report == Report::RequestForTermination {
        if kept.told.termination.is_empty() {
            return Err(refused("say in `termination` why the notice can end"));
        }
        kept.end_asked_us = Some(now_us);
    }
    Ok(())
}

/// Whether this organisation found it illegitimate.
fn found_here(event: &Event) -> bool {
    epcis::index(event).disposition.as_deref() == Some(ILLEGITIMATE)
}

/// The packs of an event.
fn packs(event: &Event) -> Vec<Marking> {
    let index = epcis::index(event);
    let packs = index.epcs.iter().filter_map(|(_, epc)| {
        let elements = gs1::digital_link::parse(epc).ok()?;
        Some(Marking {
            gtin: elements.gtin()?.to_owned(),
            serial: elements.serial()?.to_owned(),
            lot: String::new(),
            expiry: String::new(),
        })
    });
    packs.collect()
}

/// What is told now replaces what was told before; what is left out stays.
fn add(kept: &mut Told, told: &Told) {
    for (old, new) in [
        (&mut kept.incident_number, &told.incident_number),
        (&mut kept.drug_use, &told.drug_use),
        (&mut kept.drug_description, &told.drug_description),
        (&mut kept.description, &told.description),
        (&mut kept.termination, &told.termination),
        (&mut kept.contact, &told.contact),
    ] {
        if !new.is_empty() {
            new.clone_into(old);
        }
    }
    kept.classification = told.classification.or(kept.classification);
    if !told.also_reported.is_empty() {
        told.also_reported.clone_into(&mut kept.also_reported);
    }
}
