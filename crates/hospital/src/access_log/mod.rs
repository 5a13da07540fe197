//! The log of accesses: every access and decision is an `AuditEvent` in the form of IHE BALP.
//!
//! An event is an ordinary record: version 1 of an AuditEvent, sealed, in the compartment of the
//! patient whom it is about, with a leaf and a receipt. It is on disk before the answer leaves
//! (docs/decisions/0012-audit-events-are-records.md). Nobody writes one by another way: the gate
//! is [`Hospital::store_drafts`].

mod body;
mod codes;
mod event;
mod gate;
mod index;
mod seen;
mod sign_ins;
mod writing;

pub(crate) use gate::refuse_own;
pub use seen::{Seen, events};
pub(crate) use sign_ins::Refusals;
pub(crate) use writing::events_stored;
pub use writing::logged;

use std::borrow::Cow;
use std::collections::BTreeSet;

use store::Method;

use body::Body;

use crate::admit::id_in_order;
use crate::caller::Role;
use crate::draft::{Draft, Stamp};
use crate::error::HospitalError;
use crate::instant;
use crate::keyring::vault_id;
use crate::setup::Hospital;

/// The type of the records of this log.
pub const AUDIT_EVENT: &str = "AuditEvent";
/// Most events that one commit takes; more are written in several.
const EVENTS_AT_ONCE: usize = 1_000;
/// Most versions of one type that an event names; more are counted.
pub const NAMED_MAX: usize = 64;

/// Who did it, and through what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessAgent {
    /// The organisation that the person or system belongs to; empty: the custodian.
    pub organisation: String,
    /// The id of the user, practitioner or system.
    pub user: String,
    /// What the user is there.
    pub role: String,
    /// The id of the client (the application); empty: not known.
    pub client: String,
    /// The network address of the client; empty: not known.
    pub address: String,
}

/// What was done, or asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessDeed {
    /// Read of a record.
    Read,
    /// Read of one version.
    Vread,
    /// Read of a history.
    History,
    /// Search.
    Search,
    /// Create.
    Create,
    /// Update.
    Update,
    /// Patch.
    Patch,
    /// Delete.
    Delete,
    /// Entries of a batch, together.
    Batch,
    /// Entries of a transaction, together.
    Transaction,
    /// Read of a receipt.
    Receipt,
    /// Another operation, by its name without `$`.
    Operation(String),
    /// A decision by consent, without data moving: `basis` names the consent.
    Decide,
    /// Data leaves for another organisation.
    Disclose {
        /// The organisation that gets it.
        to: String,
    },
    /// De-identified data leave for research.
    Study {
        /// The organisation whose researcher gets them.
        to: String,
    },
    /// Data left by another way than this node, and somebody tells of it.
    Outside(Box<Outside>),
    /// Data leaves in an emergency, without consent.
    BreakGlass {
        /// The organisation that gets it.
        to: String,
    },
    /// A copy for the patient (GDPR articles 15 and 20).
    Export,
    /// A report about the log itself.
    Report,
    /// A page of the portal.
    PortalRead,
    /// A person or system signs in.
    SignIn,
    /// A person signs out.
    SignOut,
    /// A token of the authorization server.
    Token(TokenDeed),
    /// What a user signs in by was changed, as `passkey-added`.
    Attribute(&'static str),
}

/// What became of a token. The event names the person or system that it speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenDeed {
    /// It was issued.
    Issue,
    /// It was issued for a refresh token.
    Refresh,
    /// It was revoked.
    Revoke,
    /// A client or system asked what it is good for.
    Introspect,
}

/// A disclosure that was made outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outside {
    /// Who got it, by name.
    pub to: String,
    /// Where it went, as a number or an address; empty: not known.
    pub address: String,
    /// When it was, microseconds since 1970.
    pub from_us: i64,
    /// What it was, where no records are named.
    pub what: Vec<String>,
}

/// A record version that an access touched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Touched {
    /// Resource type.
    pub type_: String,
    /// Logical id.
    pub id: String,
    /// Version; `None` where it is not known or does not matter.
    pub version: Option<u64>,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessOutcome {
    /// It was permitted and done.
    Permitted,
    /// It was refused. The codes are those of docs/reference/errors.md and of the decision.
    Refused {
        /// Codes, no words of a person.
        reasons: Vec<String>,
    },
    /// It was permitted and could not be done.
    Failed {
        /// Codes, no words of a person.
        reasons: Vec<String>,
    },
}

/// One access or decision. It is about one patient or about none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Who.
    pub agent: AccessAgent,
    /// Whose record; the event is in this patient's compartment.
    pub patient: Option<String>,
    /// What.
    pub deed: AccessDeed,
    /// Purpose of use: system and code.
    pub purpose: Option<(String, String)>,
    /// What was touched. At most [`NAMED_MAX`] of a type are named, the others counted.
    pub touched: Vec<Touched>,
    /// The request as text, for searches; stored as base64.
    pub query: Option<String>,
    /// `X-Request-Id`, or an id that events of one request share.
    pub request: Option<String>,
    /// How it ended.
    pub outcome: AccessOutcome,
    /// What permitted it: the id of a grant, or `Consent/id`.
    pub basis: Option<String>,
    /// The suspension during which the patient does not see the event.
    pub withheld: Option<String>,
    /// When, in microseconds since 1970.
    pub at_us: i64,
}

impl Access {
    /// A permitted access without anything else.
    pub fn new(agent: AccessAgent, deed: AccessDeed, at_us: i64) -> Self {
        Self {
            agent,
            patient: None,
            deed,
            purpose: None,
            touched: Vec::new(),
            query: None,
            request: None,
            outcome: AccessOutcome::Permitted,
            basis: None,
            withheld: None,
            at_us,
        }
    }
}

/// Names a version of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordRef {
    /// Resource type.
    pub type_: String,
    /// Logical id.
    pub id: String,
    /// Version.
    pub version: u64,
}

impl Hospital {
    /// Writes one access; it is on disk when this returns.
    pub async fn record_access(&self, access: Access) -> Result<RecordRef, HospitalError> {
        let written = self.record_accesses(vec![access]).await?;
        let missing = || HospitalError::Internal("an access left no record".into());
        written.into_iter().next().ok_or_else(missing)
    }

    /// Writes accesses, in one commit up to a bound. Commits are shared with all who wait.
    pub async fn record_accesses(
        &self,
        accesses: Vec<Access>,
    ) -> Result<Vec<RecordRef>, HospitalError> {
        let mut written = Vec::with_capacity(accesses.len());
        let mut accesses = accesses.into_iter();
        loop {
            let some: Vec<Access> = accesses.by_ref().take(EVENTS_AT_ONCE).collect();
            if some.is_empty() {
                return Ok(written);
            }
            let mut drafts = Vec::with_capacity(some.len());
            let mut changed = BTreeSet::new();
            for access in some {
                let (draft, record) = self.drafted_event(&access)?;
                // A page that looks again would be told of its own look, for ever.
                if access.agent.role != Role::Patient.name() {
                    changed.extend(self.changed_by(std::slice::from_ref(&draft)));
                }
                drafts.push(draft);
                written.push(record);
            }
            self.store_own(drafts, &changed).await?;
        }
    }

    /// The event of an access, ready to be stored.
    fn drafted_event(&self, access: &Access) -> Result<(Draft, RecordRef), HospitalError> {
        let mut access = self.without_erased(access);
        if access.withheld.is_none()
            && let Some(suspension) = self.withheld_for(&access)
        {
            access.to_mut().withheld = Some(suspension);
        }
        let access = access.as_ref();
        let body = event::of(access, &self.0.organisation, &self.0.fhir_base);
        let now_us = self.now_us();
        let stamp = Stamp::first(AUDIT_EVENT, id_in_order(now_us)?, now_us, Method::Post);
        let record = RecordRef {
            type_: AUDIT_EVENT.to_owned(),
            id: stamp.id.clone(),
            version: stamp.version,
        };
        Ok((drafted(access, body, stamp)?, record))
    }

    /// Who looks at a patient's log while some of it is withheld from the patient would tell of it:
    /// that event is withheld as long.
    fn withheld_for(&self, access: &Access) -> Option<String> {
        let own = access.agent.role == Role::Patient.name();
        let looks = access.touched.iter().any(|it| it.type_ == AUDIT_EVENT);
        let patient = access.patient.as_deref().filter(|_| looks && !own)?;
        self.0.withheld.longest(patient, self.now_us())
    }

    /// An erased patient comes back in no event: neither as whose record it was about, nor as who
    /// asked with a token that is still good.
    fn without_erased<'a>(&self, access: &'a Access) -> Cow<'a, Access> {
        let gone = |id: &String| self.0.keyring.has_erased(id);
        let goes = |it: &Touched| it.type_ == "Patient" && gone(&it.id);
        let of_gone = access.patient.as_ref().is_some_and(gone);
        if !of_gone && !access.touched.iter().any(goes) {
            return Cow::Borrowed(access);
        }
        let mut access = access.clone();
        access.touched.retain(|it| !goes(it));
        if of_gone {
            access.patient = None;
            access.query = None;
            "erased".clone_into(&mut access.agent.user);
        }
        Cow::Owned(access)
    }

    /// The patients in whose compartments the current version of a record is; none where there is
    /// no such record. For the events of refusals: nothing of it may be answered.
    pub async fn patients_of(
        &self,
        type_: &'static str,
        id: &str,
    ) -> Result<Vec<String>, HospitalError> {
        let stored = self.0.store.current(type_, id).await?;
        Ok(stored.map(|stored| stored.patients).unwrap_or_default())
    }
}

/// The first version of an event. Nothing of it comes from outside unchecked, and its bytes are
/// canonical as they are printed (`body.rs`): it needs no validation and no second form.
fn drafted(access: &Access, mut body: Body<'_>, stamp: Stamp) -> Result<Draft, HospitalError> {
    let (patient, at_us) = (access.patient.as_deref(), access.at_us);

    body.id = Some(stamp.id.clone().into());
    body.meta.version_id = Some("1");
    body.meta.last_updated = Some(instant::fhir(stamp.updated_us));
    let unprinted = |error| HospitalError::Internal(format!("an event does not print: {error}"));
    let bytes = serde_json::to_vec(&body).map_err(unprinted)?;
    let compartments: Vec<String> = patient.map(str::to_owned).into_iter().collect();
    Ok(Draft {
        digest: proof::sha256(&bytes),
        vault: vault_id(&compartments)?,
        index: index::values(&body, at_us),
        facts: index::facts(&body, &stamp.id, access),
        epcis: None,
        body: bytes.into(),
        compartments,
        stamp,
    })
}

#[cfg(test)]
mod tests;
