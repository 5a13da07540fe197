//! Case-report values: a row of a form is a record of the spine, a change a new version of it.
//!
//! A row is a QuestionnaireResponse whose subject is the trial's subject key, not the patient: it
//! goes to the sponsor as it is. Its items are the values as text, as ODM writes them.

use fhir::json::Limits;
use proof::{Digest, sha256};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use store::{Method, Scope, StoreError, Stored};
use trial::acts::{Role, Trial};

use super::{investigates, reasoned, wrong};
use crate::access_log::AccessAgent;
use crate::caller::Caller;
use crate::draft::{self, Stamp};
use crate::error::HospitalError;
use crate::instant;
use crate::own::TRIAL_ROW;
use crate::record::Record;
use crate::setup::Hospital;

/// The type that a row is a record of.
pub(super) const ROW: &str = "QuestionnaireResponse";
/// Says why a value was changed.
const REASON: &str = "urn:salus:trial:reason";
/// Who entered it elsewhere: an array of user, location and time.
const SOURCE: &str = "urn:salus:trial:source";
/// Most rows of a capture.
pub(super) const ROWS_MAX: usize = 10_000;
/// Most items of a row.
const ITEMS_MAX: usize = 1_000;
/// Rows that are stored together.
const TOGETHER: usize = 100;
/// Longest value.
const VALUE_BYTES_MAX: usize = 16_000;
/// Longest name of a part of a key.
const KEY_BYTES_MAX: usize = 200;

/// Which row: the keys of ODM, from the subject down.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowKey {
    /// The subject key.
    pub subject: String,
    /// `StudyEventOID`.
    pub event: String,
    /// `StudyEventRepeatKey`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub event_repeat: String,
    /// `FormOID` of ODM 1.3.2.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub form: String,
    /// `FormRepeatKey`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub form_repeat: String,
    /// `ItemGroupOID`.
    pub group: String,
    /// `ItemGroupRepeatKey`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub group_repeat: String,
}

impl RowKey {
    fn parts(&self) -> [&str; 7] {
        [
            &self.subject,
            &self.event,
            &self.event_repeat,
            &self.form,
            &self.form_repeat,
            &self.group,
            &self.group_repeat,
        ]
    }

    /// The parts with a stroke between them. None of them has one.
    pub fn text(&self) -> String {
        self.parts().join("|")
    }

    fn read(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('|').collect();
        let [
            subject,
            event,
            event_repeat,
            form,
            form_repeat,
            group,
            group_repeat,
        ] = <[&str; 7]>::try_from(parts).ok()?.map(str::to_owned);
        Some(Self {
            subject,
            event,
            event_repeat,
            form,
            form_repeat,
            group,
            group_repeat,
        })
    }
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// `ItemOID`.
    pub oid: String,
    /// As ODM writes it; `None`: it is known that there is none.
    pub value: Option<String>,
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Which.
    #[serde(flatten)]
    pub key: RowKey,
    /// Its values, in their order.
    pub items: Vec<Item>,
    /// Why it was changed; needed for a change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who entered it in the system that it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// What the audit record of another system says (ODM `AuditRecord`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// `UserRef`.
    pub user: String,
    /// `LocationRef`.
    pub location: String,
    /// `DateTimeStamp`, as it stands there.
    pub at: String,
}

/// What became of a capture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Captured {
    /// Rows that are new.
    pub new: usize,
    /// Rows with other values than before.
    pub changed: usize,
    /// Rows that say what was there.
    pub same: usize,
}

/// The identifier system of a trial's rows.
pub(super) fn system(id: &Digest) -> String {
    format!("urn:salus:trial:{id}")
}

/// The logical id of a row: of its trial and key, so that it is found without a search.
pub(super) fn row_id(id: &Digest, key: &RowKey) -> String {
    let digest = sha256(format!("{id} {}", key.text()).as_bytes()).to_string();
    digest[..48].to_owned()
}

impl Hospital {
    /// Takes rows of this site in.
    pub async fn capture_rows(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (id, rows): (&Digest, Vec<Row>),
    ) -> Result<Captured, HospitalError> {
        investigates(caller)?;
        if rows.is_empty() || rows.len() > ROWS_MAX {
            return Err(wrong(format!("1 to {ROWS_MAX} rows at once")));
        }
        let (_, trial, role) = self.trial_here(id).await?;
        if role != Role::Site {
            return Err(HospitalError::Forbidden(
                "only a site has values to tell".into(),
            ));
        }
        if trial.lock.is_some() {
            return Err(wrong("the data are locked"));
        }
        self.may_be_collected((id, &trial), &rows).await?;
        let mut seen = BTreeSet::new();
        for row in &rows {
            sound(row)?;
            if !seen.insert(&row.key) {
                return Err(wrong(format!("the row {} is there twice", row.key.text())));
            }
        }
        let (mut captured, mut drafts) = (Captured::default(), Vec::new());
        for row in &rows {
            match self.settled_row(id, row).await? {
                Settled::Same => captured.same += 1,
                Settled::New => {
                    captured.new += 1;
                    let stamp = Stamp::first(ROW, row_id(id, &row.key), self.now_us(), Method::Put);
                    drafts.push((self.resource(id, row, (caller, None)), stamp));
                }
                Settled::Changed { before, reason } => {
                    captured.changed += 1;
                    let stamp = Stamp::after(ROW, &before, self.now_us(), Method::Put);
                    drafts.push((self.resource(id, row, (caller, Some(&reason))), stamp));
                }
            }
        }
        self.trial_access(agent, "capture").await?;
        self.store_rows(drafts).await?;
        Ok(captured)
    }

    /// Stores rows, so many together; of these all or none.
    async fn store_rows(&self, rows: Vec<(Value, Stamp)>) -> Result<(), HospitalError> {
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let together: Vec<(Value, Stamp)> = rows.by_ref().take(TOGETHER).collect();
            let drafted = self.0.cpu.map(together, |(mut value, stamp)| {
                draft::validated(&value, ROW)?;
                draft::draft(&mut value, stamp)
            });
            let drafts = drafted.await?.into_iter().collect::<Result<Vec<_>, _>>()?;
            match self.store_acted(drafts, &[]).await? {
                Ok(()) => {}
                Err(StoreError::Conflict { .. }) => {
                    return Err(HospitalError::Contended("a row of these".into()));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Refuses rows of whoever is not enrolled, has withdrawn, or must consent first.
    async fn may_be_collected(
        &self,
        (id, trial): (&Digest, &Trial),
        rows: &[Row],
    ) -> Result<(), HospitalError> {
        let state = self.0.chain.state();
        let mut subjects: BTreeSet<&str> = BTreeSet::new();
        for row in rows {
            if !subjects.insert(&row.key.subject) {
                continue;
            }
            let subject = &row.key.subject;
            let (name, _) = self.participant_here(id, subject).await?;
            let known = state.trial_participant(id, &name);
            let known = known.ok_or_else(|| HospitalError::Absent(subject.clone()))?;
            if known.withdrawn.is_some() {
                return Err(wrong(format!(
                    "`{subject}` has withdrawn: nothing is collected"
                )));
            }
            if known.version < trial.reconsent {
                return Err(wrong(format!(
                    "`{subject}` has to consent to version {} first",
                    trial.reconsent
                )));
            }
        }
        Ok(())
    }

    /// What a row is to what is there.
    async fn settled_row(&self, id: &Digest, row: &Row) -> Result<Settled, HospitalError> {
        let found = self
            .read(&Caller::organisation(), ROW, &row_id(id, &row.key))
            .await;
        let record = match found {
            Ok(record) => record,
            Err(HospitalError::Absent(_)) => return Ok(Settled::New),
            Err(error) => return Err(error),
        };
        let before = read_row(&record)?;
        if before.items == row.items {
            return Ok(Settled::Same);
        }
        let reason = row
            .reason
            .as_deref()
            .ok_or_else(|| wrong(format!("{}: a change has a `reason`", row.key.text())))?;
        let stored = self
            .0
            .store
            .seen(ROW, &record.id, None, Scope::all())
            .await?;
        Ok(Settled::Changed {
            before: Box::new(stored.ok_or_else(|| HospitalError::Absent(row.key.text()))?),
            reason: reasoned(reason)?,
        })
    }

    fn resource(&self, id: &Digest, row: &Row, (caller, reason): (&Caller, Option<&str>)) -> Value {
        let mut resource = json!({
            "resourceType": ROW,
            "id": row_id(id, &row.key),
            // The label is in the facts of the record: `own` knows a row by it. Tags are not.
            "meta": {
                "security": [{ "system": TRIAL_ROW, "code": "row" }],
                "tag": [{ "system": TRIAL_ROW, "code": "row" }],
            },
            "identifier": { "system": system(id), "value": row.key.text() },
            "status": if reason.is_some() { "amended" } else { "completed" },
            "subject": { "identifier": {
                "system": format!("{}:subject", system(id)), "value": row.key.subject,
            } },
            "authored": instant::fhir(self.now_us()),
            "author": { "identifier": {
                "system": "urn:salus:user",
                "value": format!("{}/{}", self.0.organisation, caller.username),
            } },
            "item": row.items.iter().map(answered).collect::<Vec<_>>(),
        });
        let mut extensions = Vec::new();
        if let Some(reason) = reason {
            extensions.push(json!({ "url": REASON, "valueString": reason }));
        }
        if let Some(source) = &row.source {
            let source = [&source.user, &source.location, &source.at];
            let text = json!(source).to_string();
            extensions.push(json!({ "url": SOURCE, "valueString": text }));
        }
        if !extensions.is_empty() {
            resource["extension"] = extensions.into();
        }
        resource
    }
}

enum Settled {
    New,
    Same,
    Changed { before: Box<Stored>, reason: String },
}

fn answered(item: &Item) -> Value {
    match &item.value {
        Some(value) => json!({ "linkId": item.oid, "answer": [{ "valueString": value }] }),
        None => json!({ "linkId": item.oid }),
    }
}

/// The row of a record.
pub(super) fn read_row(record: &Record) -> Result<Row, HospitalError> {
    let value = parsed(record)?;
    let key = value["identifier"]["value"].as_str().and_then(RowKey::read);
    let items = value["item"].as_array().map(Vec::as_slice);
    let items = items.unwrap_or_default().iter().map(|item| {
        let answer = item["answer"][0]["valueString"].as_str();
        Some(Item {
            oid: item["linkId"].as_str()?.to_owned(),
            value: answer.map(str::to_owned),
        })
    });
    let source = extension(&value, SOURCE).and_then(|text| {
        let [user, location, at] = serde_json::from_str::<[String; 3]>(text).ok()?;
        Some(Source { user, location, at })
    });
    Ok(Row {
        key: key.ok_or_else(|| damaged(record))?,
        items: items
            .collect::<Option<_>>()
            .ok_or_else(|| damaged(record))?,
        reason: extension(&value, REASON).map(str::to_owned),
        source,
    })
}

/// Who entered a row here, and when.
pub(super) fn authored(record: &Record) -> Result<(String, String), HospitalError> {
    let value = parsed(record)?;
    let author = value["author"]["identifier"]["value"].as_str();
    let authored = value["authored"].as_str();
    match (author, authored) {
        (Some(author), Some(authored)) => Ok((author.to_owned(), authored.to_owned())),
        _ => Err(damaged(record)),
    }
}

fn parsed(record: &Record) -> Result<Value, HospitalError> {
    fhir::json::parse(&record.body, Limits::default()).map_err(|_| damaged(record))
}

fn damaged(record: &Record) -> HospitalError {
    HospitalError::Damaged {
        item: record.reference(),
        reason: "it is no row of a trial".into(),
    }
}

fn extension<'a>(value: &'a Value, url: &str) -> Option<&'a str> {
    let all = value["extension"].as_array()?;
    let one = all.iter().find(|it| it["url"] == url)?;
    one["valueString"].as_str()
}

fn sound(row: &Row) -> Result<(), HospitalError> {
    let name =
        |text: &str| text.len() <= KEY_BYTES_MAX && text.bytes().all(|it| it >= b' ' && it != b'|');
    let key = &row.key;
    if key.event.is_empty() || key.group.is_empty() || !key.parts().into_iter().all(name) {
        return Err(wrong(format!(
            "a row has subject, event and group; names have at most {KEY_BYTES_MAX} bytes and no |"
        )));
    }
    if row.items.is_empty() || row.items.len() > ITEMS_MAX {
        return Err(wrong(format!("{}: 1 to {ITEMS_MAX} items", key.text())));
    }
    let mut seen = BTreeSet::new();
    for item in &row.items {
        let value = item.value.as_deref().unwrap_or("x");
        let clean = !value.trim().is_empty()
            && value.len() <= VALUE_BYTES_MAX
            && !value
                .chars()
                .any(|it| it.is_control() && it != '\n' && it != '\t');
        if item.oid.is_empty() || !name(&item.oid) || !clean || !seen.insert(&item.oid) {
            return Err(wrong(format!(
                "{}: `{}`: each item once, with a name, and a value of 1 to {VALUE_BYTES_MAX} \
                 bytes or null",
                key.text(),
                item.oid
            )));
        }
    }
    Ok(())
}
