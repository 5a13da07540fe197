//! Case-report values as ODM documents, in and out.
//!
//! A document that comes in may tell of several acts on one item group: each becomes a version of
//! the row, in the order of the document, with the audit record that it brings. One that goes out
//! tells what is (a snapshot) or every version (transactional), from the records of this site.

use bytes::Bytes;
use cdisc::odm::capture::{Audit, File, FileType, Key, Person, Site, Transaction, document, rows};
use cdisc::odm::{Form, Limits, Odm, OdmError, capture};
use proof::Digest;
use std::collections::{BTreeMap, BTreeSet};
use trial::acts::Role;

use super::kept::KeptVersion;
use super::rows::{Item, ROW, ROWS_MAX, Row, RowKey, Source, read_row, row_id};
use super::{Captured, investigates, looks, wrong};
use crate::access_log::AccessAgent;
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::instant;
use crate::record::Record;
use crate::setup::Hospital;

/// Warnings that are told.
const WARNINGS_MAX: usize = 100;
/// Most rows of a document that goes out.
const OUT_MAX: usize = 100_000;

/// What became of a document.
#[derive(Debug, Clone, Default)]
pub struct CapturedOdm {
    /// The rows.
    pub rows: Captured,
    /// What speaks against values by their definitions, with the place of each. They are stored: a
    /// value that was measured is not refused for being unlikely.
    pub warnings: Vec<String>,
}

impl Hospital {
    /// Takes the clinical data of a document in.
    pub async fn capture_odm(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (id, body, form): (&Digest, Bytes, Form),
    ) -> Result<CapturedOdm, HospitalError> {
        investigates(caller)?;
        let (_, trial, _) = self.trial_here(id).await?;
        let kept = self.version_here(id, trial.version).await?;
        let read = self.0.cpu.run(move || read(&body, form, &kept));
        let (told, warnings) = read.await??;
        let mut captured = CapturedOdm {
            warnings,
            ..CapturedOdm::default()
        };
        for wave in self.waves(id, told).await? {
            let done = self.capture_rows(caller, agent.clone(), (id, wave)).await?;
            captured.rows.new += done.new;
            captured.rows.changed += done.changed;
            captured.rows.same += done.same;
        }
        Ok(captured)
    }

    /// The rows of a document such that no two of a wave are about one item group.
    async fn waves(
        &self,
        id: &Digest,
        told: Vec<capture::Row>,
    ) -> Result<Vec<Vec<Row>>, HospitalError> {
        let mut now: BTreeMap<RowKey, (usize, Vec<Item>)> = BTreeMap::new();
        let mut waves: Vec<Vec<Row>> = Vec::new();
        for one in told {
            let key = key_of(&one)?;
            let merges = !matches!(one.transaction, None | Some(Transaction::Insert));
            if merges && !now.contains_key(&key) {
                now.insert(key.clone(), (0, self.items_here(id, &key).await?));
            }
            let (turn, items) = now.entry(key.clone()).or_default();
            changed(items, &one, merges)?;
            let row = Row {
                key,
                items: items.clone(),
                reason: one.audit.as_ref().and_then(|it| it.reason.clone()),
                source: one.audit.map(|it| Source {
                    user: it.user,
                    location: it.location,
                    at: it.at,
                }),
            };
            if waves.len() == *turn {
                waves.push(Vec::new());
            }
            waves[*turn].push(row);
            *turn += 1;
        }
        Ok(waves)
    }

    pub(super) async fn items_here(
        &self,
        id: &Digest,
        key: &RowKey,
    ) -> Result<Vec<Item>, HospitalError> {
        let asked = Caller::organisation();
        match self.read(&asked, ROW, &row_id(id, key)).await {
            Ok(record) => Ok(read_row(&record)?.items),
            Err(HospitalError::Absent(_)) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// The rows as a document: what is, or with `history` every version of each row of this site.
    /// The sealed protocol has to have the metadata.
    pub async fn trial_odm(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (id, history): (&Digest, bool),
    ) -> Result<Odm, HospitalError> {
        looks(caller)?;
        let (_, trial, role) = self.trial_here(id).await?;
        let kept = self.version_here(id, trial.version).await?;
        self.trial_access(agent, "odm").await?;
        if history && role != Role::Site {
            return Err(wrong("the history of rows is at their site: ask there"));
        }
        let mut records = Vec::new();
        for line in self.all_rows((id, &trial, role)).await? {
            if history {
                for version in 1..=line.version {
                    let asked = Caller::organisation();
                    let record = self.read_version(&asked, ROW, &line.id, version).await?;
                    records.push((line.site.clone(), record));
                }
            } else {
                records.push((line.site.clone(), record_of(&line)));
            }
            if records.len() > OUT_MAX {
                let text = format!("a document has at most {OUT_MAX} rows: fetch the dataset");
                return Err(wrong(text));
            }
        }
        let made_us = self.now_us();
        let written = move || write(&records, (&kept, history), made_us);
        self.0.cpu.run(written).await?
    }
}

pub(super) fn record_of(line: &super::DatasetLine) -> Record {
    Record {
        type_: ROW.to_owned(),
        id: line.id.clone(),
        version: line.version,
        updated_us: 0,
        method: store::Method::Put,
        body: line.record.clone().into(),
        patients: Vec::new(),
    }
}

/// The metadata of a version, which may be part of its protocol.
pub(super) fn metadata(kept: &KeptVersion) -> Result<Option<Odm>, HospitalError> {
    let Some(text) = &kept.protocol.metadata else {
        return Ok(None);
    };
    Odm::from_xml(text.as_bytes(), &Limits::default())
        .map(Some)
        .map_err(|error| invalid(&error))
}

type Told = (Vec<capture::Row>, Vec<String>);

fn read(body: &[u8], form: Form, kept: &KeptVersion) -> Result<Told, HospitalError> {
    let limits = Limits::default();
    let odm = match form {
        Form::Xml => Odm::from_xml(body, &limits),
        Form::Json => Odm::from_json(body, &limits),
    };
    let odm = odm.map_err(|error| invalid(&error))?;
    let metadata = metadata(kept)?;
    let unseen = capture::unseen(&odm);
    if let Some(first) = unseen.first() {
        return Err(wrong(format!("{first}: such an act is not taken")));
    }
    let (mut told, mut warnings) = (Vec::new(), Vec::new());
    for row in rows(&odm, metadata.as_ref().unwrap_or(&odm)) {
        if told.len() == ROWS_MAX {
            return Err(wrong(format!("at most {ROWS_MAX} rows in a document")));
        }
        let room = WARNINGS_MAX - warnings.len();
        warnings.extend(row.faults.iter().take(room).map(ToString::to_string));
        if row.transaction != Some(Transaction::Context) {
            told.push(row);
        }
    }
    if told.is_empty() {
        return Err(wrong("the document has no values of a subject"));
    }
    Ok((told, warnings))
}

fn invalid(error: &OdmError) -> HospitalError {
    let mut text = error.to_string();
    if let OdmError::Invalid(issues) = error {
        let some = issues.iter().take(WARNINGS_MAX);
        text = some.fold(text, |text, issue| format!("{text}\n{issue}"));
    }
    HospitalError::request(
        "structure",
        text,
        "docs/reference/odm.md says what is valid",
    )
}

fn key_of(row: &capture::Row) -> Result<RowKey, HospitalError> {
    let form = match (&row.form, row.within.as_slice()) {
        (Some(form), []) => Some(form),
        (None, []) => None,
        (None, [one]) => Some(one),
        _ => {
            return Err(wrong(format!(
                "{}: item groups stand in one form or group at most",
                row.place
            )));
        }
    };
    let repeat = |key: &Key| key.repeat.clone().unwrap_or_default();
    Ok(RowKey {
        subject: row.subject.clone(),
        event: row.event.oid.clone(),
        event_repeat: repeat(&row.event),
        form: form.map(|it| it.oid.clone()).unwrap_or_default(),
        form_repeat: form.map(repeat).unwrap_or_default(),
        group: row.group.oid.clone(),
        group_repeat: repeat(&row.group),
    })
}

/// The items of a row after an act.
fn changed(items: &mut Vec<Item>, row: &capture::Row, merges: bool) -> Result<(), HospitalError> {
    if !merges {
        items.clear();
    }
    let removes = row.transaction == Some(Transaction::Remove);
    if row.items.is_empty() {
        let text = "a row is not taken away: say of each item that it has no value";
        return Err(wrong(format!("{}: {text}", row.place)));
    }
    for item in &row.items {
        if !item.others.is_empty() {
            let text = "an item with several values is not taken";
            return Err(wrong(format!("{}: {text}", item.place)));
        }
        let value = item.value.clone().filter(|_| !removes);
        match items.iter_mut().find(|it| it.oid == item.oid) {
            Some(known) => known.value = value,
            None => items.push(Item {
                oid: item.oid.clone(),
                value,
            }),
        }
    }
    Ok(())
}

fn write(
    records: &[(String, Record)],
    (kept, history): (&KeptVersion, bool),
    made_us: i64,
) -> Result<Odm, HospitalError> {
    let metadata = metadata(kept)?.ok_or_else(|| {
        wrong("the sealed protocol has no `metadata`: there are no definitions to write ODM by")
    })?;
    let versions = metadata.metadata_versions();
    let (study, version) = versions.last().copied().unwrap_or_default();
    let (study, version) = (study.to_owned(), version.to_owned());
    let (mut told, mut people, mut places) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for (site, record) in records {
        let row = read_row(record)?;
        let (author, authored) = super::rows::authored(record)?;
        people.insert(author.clone());
        places.insert(site.clone());
        let (key, reason) = (row.key, row.reason);
        let some = |text: String| Some(text).filter(|it| !it.is_empty());
        told.push(capture::Row {
            study: study.clone(),
            metadata_version: version.clone(),
            location: Some(site.clone()),
            subject: key.subject,
            event: Key {
                oid: key.event,
                repeat: some(key.event_repeat),
            },
            form: some(key.form).map(|oid| Key {
                oid,
                repeat: some(key.form_repeat),
            }),
            group: Key {
                oid: key.group,
                repeat: some(key.group_repeat),
            },
            items: row
                .items
                .into_iter()
                .map(|it| capture::Item {
                    oid: it.oid,
                    value: it.value,
                    ..capture::Item::default()
                })
                .collect(),
            audit: history.then(|| Audit {
                user: author,
                location: site.clone(),
                at: authored,
                reason,
                ..Audit::default()
            }),
            transaction: history.then_some(match record.version {
                1 => Transaction::Insert,
                _ => Transaction::Update,
            }),
            ..capture::Row::default()
        });
    }
    let made = instant::fhir(made_us);
    let used = || vec![(study.clone(), version.clone(), made[..10].to_owned())];
    let file = File {
        file_type: if history {
            FileType::Transactional
        } else {
            FileType::Snapshot
        },
        file_oid: format!("urn:salus:trial:{}:{made_us}", kept.trial),
        created_at: made.clone(),
        as_of: None,
        prior_file_oid: None,
        originator: None,
        source_system: Some("Salus".to_owned()),
        source_system_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        people: people.into_iter().map(person).collect(),
        sites: places
            .into_iter()
            .map(|oid| Site {
                name: oid.clone(),
                oid,
                used: used(),
            })
            .collect(),
    };
    document(&metadata, &told, &file).map_err(|error| invalid(&error))
}

fn person(oid: String) -> Person {
    Person {
        name: oid.clone(),
        oid,
        kind: None,
    }
}
