//! Exceptions at receiving: the buyer's node compares what was scanned with the papers, reports to
//! the seller's, and both keep the case until the buyer says that it is resolved.

use ::dscsa::exception::{
    Contact, Counted, ExceptionReport, ExceptionResponse, Exceptions, Ordered, Received,
    ResponseItem, compared,
};
use serde::{Deserialize, Serialize};
use supply::acts::ITEMS_MAX;

use super::message::{EXCEPTION, EXCEPTION_ANSWER, ExceptionAnswered, ExceptionTold};
use super::papers::{Way, day};
use super::{refused, unusable};
use crate::access_log::AccessAgent;
use crate::admit::new_id;
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::packs::scanned::scanned;
use crate::packs::{handles, looks};
use crate::setup::Hospital;

const KIND: &str = "exception";
/// Messages of a case.
const MESSAGES_MAX: usize = 50;
/// Signs of a note, and notes of a report.
const NOTE_CHARS_MAX: usize = 500;
const NOTES_MAX: usize = 20;

/// What a person found at receiving.
#[derive(Debug, Clone, Default)]
pub struct NewException {
    /// The eventID of the shipping.
    pub event: String,
    /// The number of the order.
    pub po_number: String,
    /// Everything that was scanned.
    pub scans: Vec<String>,
    /// What was ordered: GTIN and how many; may be empty.
    pub ordered: Vec<(String, u64)>,
    /// What came damaged, out of `scans`.
    pub damaged: Vec<String>,
    /// Anything else, in words.
    pub notes: Vec<String>,
}

/// A case as both keep it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExceptionCase {
    /// Its name over all messages.
    pub case: String,
    /// The eventID of the shipping.
    pub event: String,
    /// The other one.
    pub with: String,
    /// `sent`: this organisation reports.
    pub way: Way,
    /// What the buyer said.
    pub reports: Vec<ExceptionReport>,
    /// What the seller said.
    pub responses: Vec<ExceptionResponse>,
    /// How many of the own messages have arrived.
    pub delivered: usize,
}

/// The cases, the latest first.
#[derive(Debug, Clone, Default)]
pub struct ExceptionPage {
    /// They.
    pub cases: Vec<ExceptionCase>,
    /// What to ask for the next page by.
    pub next: Option<String>,
}

impl ExceptionCase {
    /// Whether the buyer says that it is resolved.
    pub fn is_resolved(&self) -> bool {
        self.reports.last().is_some_and(|it| it.case_resolved)
    }

    fn own_messages(&self) -> usize {
        match self.way {
            Way::Sent => self.reports.len(),
            Way::Received => self.responses.len(),
        }
    }

    fn is_full(&self) -> bool {
        self.reports.len() + self.responses.len() >= MESSAGES_MAX
    }

    fn po_number(&self) -> String {
        self.reports
            .first()
            .map(|it| it.po_number.clone())
            .unwrap_or_default()
    }
}

impl Hospital {
    /// Compares a receiving with its papers, and reports what differs to the seller.
    pub async fn report_exception(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        new: &NewException,
    ) -> Result<ExceptionCase, HospitalError> {
        handles(caller)?;
        if new.scans.len() > ITEMS_MAX || new.ordered.len() > ITEMS_MAX {
            return Err(unusable(format!(
                "at most {ITEMS_MAX} scans and lines of an order"
            )));
        }
        let paper = self.paper_here(&new.event).await?;
        if paper.way != Way::Received {
            return Err(refused("exceptions are reported by whoever bought"));
        }
        let counted = self.counted(new)?;
        let mut name = || new_id();
        let found = compared(&paper.information, &counted, &mut name)?;
        let other = other_errors(new)?;
        if found == Exceptions::default() && other.is_empty() {
            return Err(refused(
                "what came is what the papers say: there is nothing to report",
            ));
        }
        let case = new_id()?;
        let report = ExceptionReport {
            message_uuid: new_id()?,
            exception_case_uuid: case.clone(),
            timestamp: self.now_us() / 1_000_000,
            po_number: new.po_number.clone(),
            sender_information: self.contact().await?,
            exceptions: Some(found),
            other_errors: (!other.is_empty()).then_some(other),
            case_resolved: false,
        };
        self.log_dscsa(agent, "report-exception").await?;
        let case = ExceptionCase {
            case,
            event: new.event.clone(),
            with: paper.with,
            way: Way::Sent,
            reports: vec![report],
            responses: Vec::new(),
            delivered: 0,
        };
        self.keep_and_deliver(case).await
    }

    /// Says to the seller that a case is resolved.
    pub async fn resolve_exception(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        case: &str,
    ) -> Result<ExceptionCase, HospitalError> {
        handles(caller)?;
        let mut case = self.exception_case(case).await?;
        if case.way != Way::Sent || case.is_resolved() || case.is_full() {
            return Err(refused("the case is resolved, or another one's to resolve"));
        }
        case.reports.push(ExceptionReport {
            message_uuid: new_id()?,
            exception_case_uuid: case.case.clone(),
            timestamp: self.now_us() / 1_000_000,
            po_number: case.po_number(),
            sender_information: self.contact().await?,
            exceptions: Some(Exceptions::default()),
            other_errors: None,
            case_resolved: true,
        });
        self.log_dscsa(agent, "resolve-exception").await?;
        self.keep_and_deliver(case).await
    }

    /// Answers a report, item by item.
    pub async fn respond_to_exception(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (case, items, notes): (&str, Vec<ResponseItem>, Option<String>),
    ) -> Result<ExceptionCase, HospitalError> {
        handles(caller)?;
        let mut case = self.exception_case(case).await?;
        if case.way != Way::Received || case.is_resolved() || case.is_full() {
            return Err(refused("the case is resolved, or another one's to answer"));
        }
        are_items_of(&case, &items)?;
        case.responses.push(ExceptionResponse {
            message_uuid: new_id()?,
            exception_case_uuid: case.case.clone(),
            timestamp: self.now_us() / 1_000_000,
            sender_information: self.contact().await?,
            po_number: case.po_number(),
            response_items: Some(items),
            additional_notes: notes,
        });
        self.log_dscsa(agent, "answer-exception").await?;
        self.keep_and_deliver(case).await
    }

    /// The cases of this organisation.
    pub async fn exceptions(
        &self,
        caller: &Caller,
        after: Option<&str>,
    ) -> Result<ExceptionPage, HospitalError> {
        looks(caller)?;
        let (cases, next) = self.cases::<ExceptionCase>(KIND, after).await?;
        let cases = cases.into_iter().map(|(_, _, case)| case);
        Ok(ExceptionPage {
            cases: cases.collect(),
            next,
        })
    }

    /// Delivers messages that did not arrive yet.
    pub(super) async fn pursue_exceptions(&self) -> Result<(), HospitalError> {
        let (cases, _) = self.cases::<ExceptionCase>(KIND, None).await?;
        for (_, _, case) in cases {
            if case.delivered < case.own_messages() {
                self.keep_and_deliver(case).await?;
            }
        }
        Ok(())
    }

    /// Takes a report of a buyer.
    pub(super) async fn answer_exception(
        &self,
        from: &str,
        told: ExceptionTold,
    ) -> Result<(), HospitalError> {
        let name = told.report.exception_case_uuid.clone();
        is_name(&name)?;
        let mut case = match self.case::<ExceptionCase>(KIND, &name).await? {
            Some((_, case)) if case.with == from && case.way == Way::Received => case,
            Some(_) => return Err(refused("a case of this name is another one's")),
            None => {
                let paper = self.paper_here(&told.event).await?;
                if paper.way != Way::Sent || paper.with != from {
                    return Err(HospitalError::Absent("a shipping from here to you".into()));
                }
                ExceptionCase {
                    case: name,
                    event: told.event,
                    with: from.to_owned(),
                    way: Way::Received,
                    reports: Vec::new(),
                    responses: Vec::new(),
                    delivered: 0,
                }
            }
        };
        let is_known = |it: &ExceptionReport| it.message_uuid == told.report.message_uuid;
        if case.reports.iter().any(is_known) {
            return Ok(());
        }
        if case.is_full() {
            return Err(refused(format!(
                "{MESSAGES_MAX} messages are the most of a case"
            )));
        }
        case.reports.push(told.report);
        self.keep_exception(&case).await
    }

    /// Takes the answer of a seller.
    pub(super) async fn answer_exception_response(
        &self,
        from: &str,
        told: ExceptionAnswered,
    ) -> Result<(), HospitalError> {
        let mut case = self
            .exception_case(&told.response.exception_case_uuid)
            .await?;
        if case.with != from || case.way != Way::Sent {
            return Err(HospitalError::Absent("a case of this name".into()));
        }
        let is_known = |it: &ExceptionResponse| it.message_uuid == told.response.message_uuid;
        if case.responses.iter().any(is_known) {
            return Ok(());
        }
        if case.is_full() {
            return Err(refused(format!(
                "{MESSAGES_MAX} messages are the most of a case"
            )));
        }
        are_items_of(
            &case,
            told.response.response_items.as_deref().unwrap_or_default(),
        )?;
        case.responses.push(told.response);
        self.keep_exception(&case).await
    }

    async fn keep_and_deliver(
        &self,
        mut case: ExceptionCase,
    ) -> Result<ExceptionCase, HospitalError> {
        self.keep_exception(&case).await?;
        while case.delivered < case.own_messages() {
            let sent = match case.way {
                Way::Sent => {
                    let told = ExceptionTold {
                        event: case.event.clone(),
                        report: case.reports[case.delivered].clone(),
                    };
                    self.call(&case.with, EXCEPTION, &told).await
                }
                Way::Received => {
                    let response = case.responses[case.delivered].clone();
                    let told = ExceptionAnswered { response };
                    self.call(&case.with, EXCEPTION_ANSWER, &told).await
                }
            };
            if let Err(error) = sent {
                tracing::info!(to = case.with, %error, "an exception is told later");
                break;
            }
            case.delivered += 1;
            self.keep_exception(&case).await?;
        }
        Ok(case)
    }

    async fn keep_exception(&self, case: &ExceptionCase) -> Result<(), HospitalError> {
        self.keep_case((KIND, &case.case), self.now_us(), case)
            .await
    }

    async fn exception_case(&self, name: &str) -> Result<ExceptionCase, HospitalError> {
        let case = self.case::<ExceptionCase>(KIND, name).await?;
        let absent = || HospitalError::Absent("a case of this name".into());
        Ok(case.ok_or_else(absent)?.1)
    }

    /// What was scanned and ordered.
    fn counted(&self, new: &NewException) -> Result<Counted, HospitalError> {
        let now_us = self.now_us();
        let received = new.scans.iter().map(|scan| {
            let marking = scanned(scan)?.marking;
            Ok::<_, HospitalError>(Received {
                expiry: day(&marking, now_us),
                gtin: marking.gtin,
                serial: marking.serial,
                lot: marking.lot,
            })
        });
        let ordered = new.ordered.iter().map(|(gtin, quantity)| {
            let wrong = |_| unusable("`ordered` names products by their GTIN");
            Ok::<_, HospitalError>(Ordered {
                gtin: gs1::gtin::normal(gtin).map_err(wrong)?,
                quantity: *quantity,
            })
        });
        Ok(Counted {
            received: received.collect::<Result<_, _>>()?,
            ordered: ordered.collect::<Result<_, _>>()?,
        })
    }

    /// Who reports: the card of this organisation.
    async fn contact(&self) -> Result<Contact, HospitalError> {
        let card = self.own_card().await?;
        if card.email.is_empty() {
            return Err(refused(
                "the card of this organisation has no address to write to: POST \
                 /packs/master-data/party",
            ));
        }
        let some = |text: String| Some(text).filter(|it| !it.is_empty());
        Ok(Contact {
            vp: None,
            gln: some(card.gln),
            email: card.email,
            phone: some(card.phone),
        })
    }
}

/// Damage and notes, in words: the schemas have no kind for them.
fn other_errors(new: &NewException) -> Result<Vec<String>, HospitalError> {
    let mut other = Vec::new();
    for scan in &new.damaged {
        let code = scanned(scan)?.marking.code();
        other.push(format!("came damaged: {code}"));
    }
    if new.notes.len() > NOTES_MAX || new.damaged.len() > ITEMS_MAX {
        return Err(unusable(format!(
            "at most {NOTES_MAX} notes, {ITEMS_MAX} damaged packs"
        )));
    }
    for note in &new.notes {
        if note.chars().count() > NOTE_CHARS_MAX || note.trim().is_empty() {
            return Err(unusable(format!("a note has 1 to {NOTE_CHARS_MAX} signs")));
        }
        other.push(note.clone());
    }
    if new.po_number.trim().is_empty() || new.po_number.chars().count() > NOTE_CHARS_MAX {
        return Err(unusable("`po_number` is the number of the order"));
    }
    Ok(other)
}

/// Answers are to items that were reported.
fn are_items_of(case: &ExceptionCase, items: &[ResponseItem]) -> Result<(), HospitalError> {
    let reported = |name: &str| case.reports.iter().any(|it| it.items().contains(&name));
    if items.iter().all(|it| reported(&it.exception_item_uuid)) {
        return Ok(());
    }
    Err(refused("an answer is to an item that was not reported"))
}

/// The name of a case becomes the id of a row.
fn is_name(name: &str) -> Result<(), HospitalError> {
    let is = name.len() == 36 && name.bytes().all(|it| it.is_ascii_hexdigit() || it == b'-');
    if is {
        return Ok(());
    }
    Err(unusable("the name of a case is a UUID"))
}
