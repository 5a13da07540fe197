//! What the other side would see, before the patient consents.
//!
//! The consent is checked as it is when it is filed, put into words, and laid beside the patient's
//! other consents; then every record is decided on by the very decision that a reader meets
//! (`ByConsent::look`). Nothing is filed, signed or disclosed. It is the patient's own read, and is
//! in the log as one before it is answered. `docs/reference/sharing.md`, "Preview".

use std::collections::BTreeMap;
use std::sync::Arc;

use consent::decide::Fallback;
use consent::statement::{Act, Statement, as_signed};
use consent::terms::{Purpose, Terms};
use serde_json::Value;
use store::{Everything, PactKind, Page, SieveRow};

use super::decision::{Because, ByConsent, Look, Reader, organisation_reference};
use super::disclose::{ACT_REASON, tells};
use super::give::{consenting, until_us};
use super::pact::GivenPact;
use super::words;
use crate::access_log::{AUDIT_EVENT, Access, AccessAgent, AccessDeed, Touched};
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::identity::KeyMode;
use crate::record::Record;
use crate::setup::Hospital;

/// Records that a preview looks at; of more it says that it looked at these only.
const RECORDS_MAX: usize = 10_000;
/// Bytes of records that it looks at.
const BYTES_MAX: usize = 256 << 20;
/// Records on a page of the answer at most.
const LISTED_MAX: usize = 200;
/// The purpose of an emergency, which no consent is asked for.
const BREAK_THE_GLASS: &str = "BTG";
/// Whom no consent names: a practitioner about whom nothing is known beforehand.
const NOBODY: &str = "unnamed";

/// What is asked before consenting.
#[derive(Debug, Clone)]
pub struct PreviewAsk {
    /// The Consent as it would be filed.
    pub consent: Value,
    /// Which organisation's view; the first that the consent names, if none is said.
    pub organisation: Option<String>,
    /// The purpose that its clinician would give.
    pub purpose: String,
    /// What the person there is.
    pub role: Role,
    /// The pseudonym of the person, where the consent names one.
    pub practitioner: Option<String>,
    /// Only records of this type are listed; all are counted.
    pub type_: Option<String>,
    /// Only records with this answer are listed.
    pub seen: Option<WouldSee>,
    /// Records to leave out at the beginning of the list.
    pub offset: usize,
    /// Records to list.
    pub count: usize,
}

/// What would be answered of one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WouldSee {
    /// All of it.
    Whole,
    /// All but its narrative.
    Part,
    /// Nothing, not even that it exists.
    Nothing,
}

/// How many records of one type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Shown whole.
    pub whole: u64,
    /// Shown without their narrative.
    pub part: u64,
    /// Hidden.
    pub hidden: u64,
}

/// One record of the patient as the other side would see it.
#[derive(Debug, Clone)]
pub struct Previewed {
    /// The record.
    pub record: Record,
    /// What would be answered.
    pub seen: WouldSee,
    /// Why it is hidden.
    pub because: Option<Because>,
}

/// What the other side would see.
#[derive(Debug, Clone)]
pub struct Preview {
    /// Whose view it is.
    pub organisation: String,
    /// Everybody whom the consent names.
    pub recipients: Vec<String>,
    /// What the consent says, in the words that are read before signing.
    pub words: Vec<String>,
    /// When it begins, microseconds since 1970.
    pub from_us: i64,
    /// When it ends.
    pub until_us: i64,
    /// The id by which reasons name this consent, which is not filed.
    pub consent: String,
    /// Whether some grant would let the organisation ask now at all.
    pub granted: bool,
    /// Counts of all records, by type.
    pub counts: BTreeMap<String, Counts>,
    /// The records that were asked for, newest first.
    pub records: Vec<Previewed>,
    /// Records that fit what was asked for.
    pub listed: usize,
    /// Whether all records were looked at.
    pub complete: bool,
}

/// The consent to be, and whose view of the record it makes.
struct Intended {
    statement: Statement,
    consent: Value,
    organisation: String,
    granted: bool,
}

impl Hospital {
    /// What an organisation would be answered if this consent were filed and it asked now.
    pub async fn preview_consent(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        ask: PreviewAsk,
    ) -> Result<Preview, HospitalError> {
        let patient = consenting(caller)?;
        let draft = self.intended(&patient, &ask).await?;
        let decision = self.would_decide(&patient, &draft, &ask).await?;
        let (records, complete) = self.own_records(caller, &patient).await?;
        let granted = draft.granted;
        let look = move |record: Record| previewed(&decision, granted, record);
        let mut records = self.0.cpu.map(records, look).await?;
        let mut counts: BTreeMap<String, Counts> = BTreeMap::new();
        for one in &records {
            let of_type = counts.entry(one.record.type_.clone()).or_default();
            *match one.seen {
                WouldSee::Whole => &mut of_type.whole,
                WouldSee::Part => &mut of_type.part,
                WouldSee::Nothing => &mut of_type.hidden,
            } += 1;
        }
        records.retain(|one| {
            let of_type = ask.type_.as_ref();
            of_type.is_none_or(|it| *it == one.record.type_)
                && ask.seen.is_none_or(|it| it == one.seen)
        });
        records.sort_by(|one, other| {
            let age = |it: &Previewed| (it.record.updated_us, it.record.id.clone());
            age(other).cmp(&age(one))
        });
        let listed = records.len();
        let count = ask.count.min(LISTED_MAX);
        let records: Vec<Previewed> = records.into_iter().skip(ask.offset).take(count).collect();
        self.log_preview(&patient, agent, &ask.purpose, &records)
            .await?;
        let words = words::plain(&draft.statement, Some(&draft.consent));
        let Act::Consent(of) = draft.statement.act else {
            return Err(HospitalError::Internal("a preview of no consent".into()));
        };
        Ok(Preview {
            organisation: draft.organisation,
            recipients: of.recipients,
            words,
            from_us: until_us(of.from),
            until_us: until_us(of.until),
            consent: of.consent,
            granted,
            counts,
            records,
            listed,
            complete,
        })
    }

    /// Checks the consent as filing it does, and whose view is asked for.
    async fn intended(&self, patient: &str, ask: &PreviewAsk) -> Result<Intended, HospitalError> {
        let keys = self.patient_keys(patient).await?;
        let custodial = keys.is_none_or(|it| it.current.mode == KeyMode::Custodial);
        let of = self.consenting_to(patient, &ask.consent, custodial).await?;
        let named = ask.organisation.clone();
        let organisation = named.or_else(|| of.recipients.first().cloned());
        let organisation = organisation.ok_or_else(|| {
            HospitalError::request(
                "required",
                "the consent names no recipient, so there is no view to show",
                "say whose view you mean: `organisation`",
            )
        })?;
        let now_us = self.now_us();
        let own = of.recipients.contains(&organisation)
            && (until_us(of.from)..until_us(of.until)).contains(&now_us);
        let granted = own || self.has_grant(patient, &organisation).await?;
        let consent = as_signed(&ask.consent, &of.consent);
        Ok(Intended {
            statement: self.stated(patient, Act::Consent(of))?,
            consent,
            organisation,
            granted,
        })
    }

    /// Whether a grant that was given before lets the organisation ask now.
    async fn has_grant(&self, patient: &str, organisation: &str) -> Result<bool, HospitalError> {
        let given = self.pacts_of::<GivenPact>(PactKind::Given, patient).await?;
        let state = self.fresh_state().await?;
        let now_ms = u64::try_from(self.now_us() / 1_000).unwrap_or(0);
        Ok(given.iter().any(|pact| {
            let names = pact.value.recipients.iter().any(|it| it == organisation);
            let id = <[u8; 32]>::try_from(pact.id.as_slice()).map(proof::Digest);
            let grant = id.ok().and_then(|id| state.grant(&id));
            names && grant.is_some_and(|it| it.is_valid_at(now_ms))
        }))
    }

    /// The decision that a reader there would meet, with this consent beside the others.
    async fn would_decide(
        &self,
        patient: &str,
        draft: &Intended,
        ask: &PreviewAsk,
    ) -> Result<Arc<ByConsent>, HospitalError> {
        let refused = |text: &str| {
            HospitalError::request(
                "value",
                text,
                "docs/reference/sharing.md, \"Preview\", says what is asked for",
            )
        };
        if !matches!(ask.role, Role::Clinician | Role::Pharmacist) {
            return Err(refused(
                "no other role than clinician and pharmacist reads shared records",
            ));
        }
        let purpose = Purpose::reason(&ask.purpose).filter(|_| ask.purpose != BREAK_THE_GLASS);
        let purpose = purpose.ok_or_else(|| {
            refused("the purpose is a code of v3-ActReason, and not BTG: that asks no consent")
        })?;
        let subject = ask.practitioner.as_deref().unwrap_or(NOBODY);
        let person = (subject, ask.role);
        let policy = self
            .policy_for(&draft.organisation, person, &ask.purpose, false)
            .map_err(|_| refused("the organisation is no member of the ledger"))?;
        let reader = self.reader(&draft.organisation, person, purpose);
        let mut terms = self.terms_of(patient).await?;
        let Act::Consent(of) = &draft.statement.act else {
            return Err(HospitalError::Internal("a preview of no consent".into()));
        };
        let own = Terms::read(&draft.consent);
        terms.push(own.unwrap_or_else(|_| Terms::unreadable(&of.consent)));
        Ok(ByConsent::new(
            patient,
            terms,
            Fallback::Deny,
            reader,
            policy,
        ))
    }

    /// Who asks, as consents speak of them.
    pub(super) fn reader(&self, from: &str, person: (&str, Role), purpose: Purpose) -> Reader {
        let (subject, role) = person;
        Reader {
            organisation: organisation_reference(from),
            practitioner: format!("Practitioner/{subject}"),
            role: format!("PractitionerRole/{role}"),
            custodian: organisation_reference(&self.0.organisation),
            purpose,
            at_us: self.now_us(),
        }
    }

    /// The patient's current records but for the log, which nobody elsewhere is shown; and whether
    /// these are all.
    async fn own_records(
        &self,
        caller: &Caller,
        patient: &str,
    ) -> Result<(Vec<Record>, bool), HospitalError> {
        let types = fhir::resource_types().iter().copied();
        let mut asked = Everything {
            patient: patient.to_owned(),
            types: types.filter(|it| *it != AUDIT_EVENT).collect(),
            since_us: None,
            between_us: None,
            scope: caller.scope(),
            page: Page::first(Page::LIMIT_MAX),
        };
        let mut records = Vec::new();
        // No more pages than hold the bound.
        for _ in 0..=RECORDS_MAX / Page::LIMIT_MAX as usize {
            let found = self.0.store.everything(asked.clone()).await?;
            records.extend(self.opened_all(found.rows).await?);
            let bytes: usize = records.iter().map(|it: &Record| it.body.len()).sum();
            if records.len() > RECORDS_MAX || bytes > BYTES_MAX {
                break;
            }
            asked.page.after = found.next;
            if asked.page.after.is_none() {
                return Ok((records, true));
            }
        }
        records.truncate(RECORDS_MAX);
        Ok((records, false))
    }

    async fn log_preview(
        &self,
        patient: &str,
        agent: AccessAgent,
        purpose: &str,
        records: &[Previewed],
    ) -> Result<(), HospitalError> {
        let touched = records.iter().map(|one| Touched {
            type_: one.record.type_.clone(),
            id: one.record.id.clone(),
            version: Some(one.record.version),
        });
        let deed = AccessDeed::Operation("previewConsent".into());
        let access = Access {
            patient: Some(patient.to_owned()),
            purpose: Some((ACT_REASON.into(), purpose.to_owned())),
            touched: touched.collect(),
            ..Access::new(agent, deed, self.now_us())
        };
        self.record_access(access).await.map(|_| ())
    }
}

/// What is said of one record, by its body: the row beside it decides nothing here.
fn previewed(decision: &ByConsent, granted: bool, record: Record) -> Previewed {
    let value = serde_json::from_slice::<Value>(&record.body).unwrap_or(Value::Null);
    let patients = fhir::compartment::patients(&value);
    let patients: Vec<&str> = patients.iter().map(String::as_str).collect();
    let facts = consent::facts::of(&value);
    let row = SieveRow {
        type_: &record.type_,
        id: &record.id,
        version: record.version,
        patients: &patients,
        facts: &facts,
    };
    let (seen, because) = match decision.look(&row) {
        Look::Hidden(because) => (WouldSee::Nothing, Some(because)),
        _ if !granted => (WouldSee::Nothing, Some(Because::NoGrant)),
        // What has no narrative leaves as it is.
        Look::Part if tells(&record.body) => (WouldSee::Part, None),
        Look::Part | Look::Whole => (WouldSee::Whole, None),
    };
    Previewed {
        record,
        seen,
        because,
    }
}
