//! Opened versions as a caller is shown them.

use serde_json::Value;
use store::{SieveRow, Stored};

use crate::caller::Caller;
use crate::error::HospitalError;
use crate::record::Record;
use crate::scopes::Verb;
use crate::setup::Hospital;
use crate::sight::Shown;

/// A version that a caller is shown.
pub(crate) struct Seen {
    pub(crate) record: Record,
    /// Whether something was left out.
    pub(crate) redacted: bool,
}

/// What is known of a row before it is opened: all there is to know of a tombstone.
struct Row {
    patients: Vec<String>,
    facts: Vec<u8>,
}

impl Row {
    fn of(stored: &Stored) -> Self {
        Self {
            patients: stored.patients.clone(),
            facts: stored.facts.clone(),
        }
    }
}

impl Caller {
    /// Whether there may be records that this caller does not see.
    pub(crate) fn is_narrowed(&self) -> bool {
        !self.scope().is_all()
    }

    /// How much of a stored version is shown, by what is kept beside it.
    pub(crate) fn view(&self, stored: &Stored) -> Shown {
        let Stored {
            type_, id, version, ..
        } = stored;
        self.decided((type_, id, *version), &stored.patients, &stored.facts)
    }

    fn decided(
        &self,
        (type_, id, version): (&str, &str, u64),
        patients: &[String],
        facts: &[u8],
    ) -> Shown {
        let own = |patient: &str| patients.iter().any(|id| id == patient);
        if self.compartment().is_some_and(|patient| !own(patient)) {
            return Shown::Hidden;
        }
        let Some(decision) = &self.sight.decision else {
            return Shown::Whole;
        };
        let patients: Vec<&str> = patients.iter().map(String::as_str).collect();
        decision.view(&SieveRow {
            type_,
            id,
            version,
            patients: &patients,
            facts,
        })
    }
}

/// The version as the caller is shown it, by its body; `None`: not at all. The body is our own,
/// already checked; it is read again so that no row beside it decides this.
fn seen(caller: &Caller, verb: Verb, row: &Row, mut record: Record) -> Option<Seen> {
    let named = (record.type_.as_str(), record.id.as_str(), record.version);
    if record.deleted() {
        // A tombstone has no body: it is seen by whom saw what it deleted.
        let sight = &caller.sight;
        let shown = sight.shows_tombstone(verb, &record.type_, &row.patients)
            && caller.decided(named, &row.patients, &row.facts) != Shown::Hidden;
        return shown.then_some(Seen {
            record,
            redacted: false,
        });
    }
    if !caller.sight.shows(verb, &record) {
        return None;
    }
    let mut value: Value = serde_json::from_slice(&record.body).ok()?;
    let patients = fhir::compartment::patients(&value);
    let facts = match &caller.sight.decision {
        Some(_) => consent::facts::of(&value),
        None => Vec::new(),
    };
    match caller.decided(named, &patients, &facts) {
        Shown::Hidden => None,
        Shown::Whole => Some(Seen {
            record,
            redacted: false,
        }),
        Shown::Redacted(redaction) => {
            redaction.apply(&mut value);
            record.body = value.to_string().into();
            Some(Seen {
                record,
                redacted: true,
            })
        }
    }
}

impl Hospital {
    /// Opens a version that the store showed to this caller.
    pub(crate) async fn shown(
        &self,
        caller: &Caller,
        verb: Verb,
        stored: Stored,
    ) -> Result<Option<Seen>, HospitalError> {
        let row = Row::of(&stored);
        let record = self.opened(stored).await?.record;
        if !caller.is_narrowed() {
            return Ok(Some(Seen {
                record,
                redacted: false,
            }));
        }
        Ok(seen(caller, verb, &row, record))
    }

    /// Opens many. Those that are not shown are left out.
    pub(crate) async fn shown_all(
        &self,
        caller: &Caller,
        verb: Verb,
        stored: Vec<Stored>,
    ) -> Result<Vec<Record>, HospitalError> {
        if !caller.is_narrowed() {
            return self.opened_all(stored).await;
        }
        let rows: Vec<Row> = stored.iter().map(Row::of).collect();
        let records = self.opened_all(stored).await?;
        let caller = caller.clone();
        let work: Vec<(Row, Record)> = rows.into_iter().zip(records).collect();
        let seen = self
            .0
            .cpu
            .map(work, move |(row, record)| seen(&caller, verb, &row, record))
            .await?;
        Ok(seen.into_iter().flatten().map(|seen| seen.record).collect())
    }

    /// The version that a write builds on. What the caller does not see is not there; what the
    /// caller sees in part cannot be written, or the rest would be lost or found out.
    pub(crate) async fn before(
        &self,
        caller: &Caller,
        type_: &str,
        id: &str,
    ) -> Result<Option<Stored>, HospitalError> {
        let found = self.0.store.seen(type_, id, None, caller.scope()).await?;
        found.as_ref().map_or(Ok(()), crate::own::refuse_change)?;
        if let Some(stored) = &found
            && matches!(caller.view(stored), Shown::Redacted(_))
        {
            return Err(HospitalError::request(
                "business-rule",
                format!("parts of {type_}/{id} are withheld: it cannot be changed or deleted"),
                "somebody who sees the whole record can do it",
            ));
        }
        Ok(found)
    }

    /// An id that a client chose may be that of a record that the client does not see. Whoever has
    /// a narrowed view therefore creates under our ids only (FHIR R4 3.1.0.4.1 leaves that open):
    /// the answer is the same whether or not there is a record.
    pub(crate) fn refuse_chosen_id(
        caller: &Caller,
        before: Option<&Stored>,
        type_: &str,
        id: &str,
    ) -> Result<(), HospitalError> {
        if before.is_none() && caller.is_narrowed() {
            return Err(HospitalError::Absent(format!("{type_}/{id}")));
        }
        Ok(())
    }
}
