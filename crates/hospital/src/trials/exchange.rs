//! Datasets of an item group, in and out: Dataset-JSON 1.1 in its three forms, and SAS transport
//! files.
//!
//! What goes out is what is now, from this site or from all of them; types, lengths, labels and
//! keys are those of the sealed metadata. What comes in is captured as if it were typed: all rows
//! or none, a change with a reason.

mod layout;
mod out;
mod taken;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use cdisc::CdiscError;
use cdisc::dataset::{Dataset, Form, Head, Limits, SourceSystem};
use cdisc::odm::Odm;
use proof::Digest;

use super::kept::KeptVersion;
use super::odm::{CapturedOdm, metadata, record_of};
use super::rows::{ROWS_MAX, Row, read_row};
use super::{investigates, looks, wrong};
use crate::access_log::AccessAgent;
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::instant;
use crate::setup::Hospital;
use layout::Layout;
pub(super) use layout::definitions;
use taken::Taken;

/// Most rows of a dataset that goes out.
const OUT_MAX: usize = 500_000;
/// Longest dataset that comes in, and what it may inflate to.
const IN_BYTES_MAX: usize = 32 << 20;
const INFLATED_BYTES_MAX: usize = 256 << 20;
/// Places of defects, warnings and notes that are told.
const PLACES_MAX: usize = 100;
const HINT: &str = "docs/reference/datasets.md says what is valid";

/// A dataset as a file.
#[derive(Debug, Clone)]
pub struct Exchanged {
    /// The file.
    pub bytes: Vec<u8>,
    /// Its form.
    pub form: Form,
    /// The name that goes with it.
    pub name: String,
    /// What this form does not keep, and what was written in another way, each with its place.
    pub notes: Vec<String>,
}

/// Which columns of a dataset say what its rows are about, where they are not those that we write.
#[derive(Debug, Clone, Default)]
pub struct Mapping {
    /// The column with the subject key.
    pub subject: Option<String>,
    /// The column with the event.
    pub visit: Option<String>,
    /// The event of all rows, where no column says it.
    pub event: Option<String>,
    /// The column that tells rows of one participant and event apart.
    pub repeat: Option<String>,
    /// Why values are changed.
    pub reason: Option<String>,
}

impl Hospital {
    /// The item groups that the sealed metadata define: OID and name of each.
    pub async fn exchange_groups(
        &self,
        caller: &Caller,
        id: &Digest,
    ) -> Result<Vec<(String, String)>, HospitalError> {
        looks(caller)?;
        let (_, trial, _) = self.trial_here(id).await?;
        let kept = self.version_here(id, trial.version).await?;
        let listed = self.0.cpu.run(move || {
            let metadata = sealed(&kept)?;
            Ok(layout::groups(&definitions(&metadata)?.2))
        });
        listed.await?
    }

    /// The rows of an item group as a dataset; `keys`: with columns that say whose and when.
    pub async fn exchange_out(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (id, group): (&Digest, &str),
        (form, keys): (Form, bool),
    ) -> Result<Exchanged, HospitalError> {
        looks(caller)?;
        let (_, trial, role) = self.trial_here(id).await?;
        let kept = self.version_here(id, trial.version).await?;
        self.trial_access(agent, "exchange").await?;
        let mut rows = Vec::new();
        for line in self.all_rows((id, &trial, role)).await? {
            let row = read_row(&record_of(&line))?;
            if row.key.group == group {
                rows.push((line.site, row));
            }
            if rows.len() > OUT_MAX {
                let text = format!("a dataset of a group has at most {OUT_MAX} rows");
                return Err(wrong(text));
            }
        }
        let head = Head {
            created: instant::fhir(self.now_us()),
            version: "1.1.0".to_owned(),
            file_oid: Some(format!("urn:salus:trial:{id}:{}", self.now_us())),
            originator: Some(self.0.organisation.clone()),
            source_system: Some(SourceSystem {
                name: "Salus".to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
            }),
            ..Head::default()
        };
        let group = group.to_owned();
        let made = move || file((&kept, &group), (rows, keys), head, form);
        self.0.cpu.run(made).await?
    }

    /// Takes the rows of a dataset in.
    pub async fn exchange_in(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (id, group, mapping): (&Digest, &str, Mapping),
        (body, form): (Bytes, Option<Form>),
    ) -> Result<CapturedOdm, HospitalError> {
        investigates(caller)?;
        let (_, trial, _) = self.trial_here(id).await?;
        let kept = self.version_here(id, trial.version).await?;
        let here = self.0.organisation.clone();
        let (group, reason) = (group.to_owned(), mapping.reason.clone());
        let read = move || read(&body, form, (&kept, &group, &mapping), &here);
        let (layout, told, warnings) = self.0.cpu.run(read).await??;
        let mut rows = Vec::with_capacity(told.len());
        for one in told {
            let before = self.items_here(id, &one.key).await?;
            rows.push(Row {
                items: taken::merged(&before, one.items, &layout),
                key: one.key,
                reason: reason.clone(),
                source: None,
            });
        }
        let rows = self.capture_rows(caller, agent, (id, rows)).await?;
        Ok(CapturedOdm { rows, warnings })
    }
}

fn sealed(kept: &KeptVersion) -> Result<Odm, HospitalError> {
    metadata(kept)?.ok_or_else(|| {
        wrong("the sealed protocol has no `metadata`: there are no definitions of columns")
    })
}

fn file(
    (kept, group): (&KeptVersion, &str),
    (rows, keys): (Vec<(String, Row)>, bool),
    mut head: Head,
    form: Form,
) -> Result<Exchanged, HospitalError> {
    let metadata = sealed(kept)?;
    let layout = Layout::of(&metadata, group)?;
    head.study_oid = Some(layout.study.clone());
    head.meta_data_version_oid = Some(layout.version.clone());
    head.item_group_oid.clone_from(&layout.group);
    head.name.clone_from(&layout.name);
    head.label.clone_from(&layout.label);
    let out::Made { dataset, mut notes } = out::dataset(&layout, (rows, keys), head);
    let bytes = match form {
        Form::Transport => {
            let written = dataset.write_transport().map_err(|error| invalid(&error))?;
            notes.extend(written.losses.iter().map(ToString::to_string));
            written.bytes
        }
        _ => dataset.write(form).map_err(|error| invalid(&error))?,
    };
    notes.truncate(PLACES_MAX);
    Ok(Exchanged {
        name: format!("{}.{}", file_name(&layout.name), form.extension()),
        bytes,
        form,
        notes,
    })
}

/// A name without what would mean something to a file system or in a header.
fn file_name(name: &str) -> String {
    let plain = |it: char| if it.is_ascii_alphanumeric() { it } else { '-' };
    name.to_lowercase().chars().map(plain).take(64).collect()
}

type Read = (Layout, Vec<Taken>, Vec<String>);

fn read(
    body: &[u8],
    form: Option<Form>,
    (kept, group, mapping): (&KeptVersion, &str, &Mapping),
    here: &str,
) -> Result<Read, HospitalError> {
    let metadata = sealed(kept)?;
    let layout = Layout::of(&metadata, group)?;
    let form = form.or_else(|| Form::of(body));
    let form = form.ok_or_else(|| {
        wrong("neither Dataset-JSON (JSON, NDJSON, compressed) nor a SAS transport file")
    })?;
    let limits = Limits {
        bytes: IN_BYTES_MAX,
        inflated_bytes: INFLATED_BYTES_MAX,
        rows: ROWS_MAX,
        issues: PLACES_MAX,
        ..Limits::default()
    };
    let dataset = Dataset::read(body, form, &limits).map_err(|error| invalid(&error))?;
    // A transport file says only its name.
    if form != Form::Transport && dataset.head.item_group_oid != group {
        return Err(wrong(format!("/itemGroupOID: is not `{group}`")));
    }
    let taken = taken::rows(&dataset, (&layout, mapping), here)?;
    let mut warnings: Vec<String> = Vec::new();
    if dataset
        .head
        .study_oid
        .as_ref()
        .is_some_and(|it| *it != layout.study)
    {
        warnings.push("/studyOID: is not that of the sealed metadata".to_owned());
    }
    let (_, _, definitions) = definitions(&metadata)?;
    for (number, one) in taken.iter().enumerate() {
        if definitions.get("StudyEventDef", &one.key.event).is_none() {
            warnings.push(format!("/rows/{number}: no `StudyEventDef` has its event"));
        }
        for item in &one.items {
            let faults = definitions.faults(group, &item.oid, item.value.as_deref());
            let told = |fault| format!("/rows/{number}: {}: {fault}", item.oid);
            warnings.extend(faults.into_iter().map(told));
        }
        if warnings.len() >= PLACES_MAX {
            warnings.truncate(PLACES_MAX);
            break;
        }
    }
    Ok((layout, taken, warnings))
}

fn invalid(error: &CdiscError) -> HospitalError {
    let text = match error {
        CdiscError::Invalid(issues) | CdiscError::Unwritable(issues) => {
            let first = match error {
                CdiscError::Invalid(_) => "the dataset is not valid:",
                _ => "this form cannot carry the dataset:",
            };
            let issues = issues.iter().take(PLACES_MAX);
            issues.fold(first.to_owned(), |text, issue| format!("{text}\n{issue}"))
        }
        other => other.to_string(),
    };
    HospitalError::request("structure", text, HINT)
}
