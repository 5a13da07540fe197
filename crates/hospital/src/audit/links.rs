//! Health links: each row opens under the name that repeats it, its files are all there, the
//! addresses of files are those that this organisation gave, and its counters say no more than the
//! log. docs/reference/links.md.

use std::collections::BTreeMap;

use proof::sha256;
use serde_json::Value;
use store::HealthLink;

use super::{Desk, PAGE, Report};
use crate::error::HospitalError;
use crate::keyring::patient_vault;
use crate::links::{TRIES, file_address, file_name, link_name};

/// How a basis in the log names a link.
const BASIS: &str = "health-link/";
const CHANGED: &str = "its row was changed outside Salus";

/// How often the log says that a link was opened, and that a passcode was wrong.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Openings {
    opened: u64,
    refused: u64,
}

/// The openings by the id of the link.
pub(super) type Opened = BTreeMap<String, Openings>;

/// The link that an event tells of, and whether it was opened.
pub(super) fn told_by(event: &Value) -> Option<(String, bool)> {
    // What permitted it; what a caller calls a request is another kind of entity.
    let entities = event["entity"].as_array()?.iter();
    let bases = entities.filter(|it| it["type"]["code"] == "Consent");
    let mut named = bases.filter_map(|it| it["what"]["identifier"]["value"].as_str());
    let id = named.find_map(|value| value.strip_prefix(BASIS))?;
    Some((id.to_owned(), event["outcome"] == "0"))
}

/// Counts what an event tells of.
pub(super) fn count(opened: &mut Opened, (id, done): (String, bool)) {
    let openings = opened.entry(id).or_default();
    if done {
        openings.opened += 1;
    } else {
        openings.refused += 1;
    }
}

/// A link that was looked at: whose it is, and how many files it has.
struct Known {
    patient: String,
    files: i64,
}

impl Desk {
    /// Compares the rows with what is sealed in them and with the log that was seen on the way.
    pub(super) async fn health_links(
        &self,
        opened: &Opened,
        report: &mut Report<'_>,
    ) -> Result<(), HospitalError> {
        let (mut known, mut after) = (BTreeMap::new(), String::new());
        loop {
            let page = self.store.scan_health_links(&after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.id);
            for link in page {
                self.health_link(&link, opened, report).await?;
                let (patient, files) = (link.patient, 0);
                known.insert(link.id, Known { patient, files });
            }
        }
        self.files(&mut known, report).await?;
        self.addresses(&known, report).await
    }

    async fn health_link(
        &self,
        link: &HealthLink,
        opened: &Opened,
        report: &mut Report<'_>,
    ) -> Result<(), HospitalError> {
        let item = || format!("health link {}", link.id);
        if !self
            .opens(&link.patient, &link_name(link), &link.body)
            .await?
        {
            report.find(item(), CHANGED);
        }
        let openings = opened.get(&link.id).copied().unwrap_or_default();
        if link.retrieved > openings.opened {
            report.find(item(), "it counts more openings than the log has");
        }
        if u64::from(link.tries) + openings.refused > u64::from(TRIES) {
            report.find(item(), "it hears more wrong passcodes than the log leaves");
        }
        Ok(())
    }

    /// Whether something sealed beside a patient's records opens under this name; it counts as open
    /// where the patient's key is dead and that is nothing to find.
    async fn opens(&self, patient: &str, name: &str, body: &[u8]) -> Result<bool, HospitalError> {
        let vault = patient_vault(patient);
        if self.passes(&vault) {
            return Ok(true);
        }
        match self.keyring.open(&self.store, &vault).await {
            Ok(key) => Ok(vault::kept_beside(&key, name, body).is_ok()),
            Err(HospitalError::Damaged { .. } | HospitalError::Absent(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Every file opens, is of a link, and has the place after the one before.
    async fn files(
        &self,
        known: &mut BTreeMap<String, Known>,
        report: &mut Report<'_>,
    ) -> Result<(), HospitalError> {
        let mut after = (String::new(), -1);
        loop {
            let found = self
                .store
                .scan_health_link_file((&after.0, after.1))
                .await?;
            let Some(file) = found else { return Ok(()) };
            let item = format!("file {} of health link {}", file.place, file.link);
            match known.get_mut(&file.link) {
                None => report.find(item, "there is no such link"),
                Some(link) if file.place != link.files => {
                    report.find(
                        item,
                        "its place was changed, or one before it was taken away",
                    );
                }
                Some(link) => {
                    link.files += 1;
                    let name = file_name(&file.link);
                    if !self.opens(&link.patient, &name, &file.body).await? {
                        report.find(item, CHANGED);
                    }
                }
            }
            after = (file.link, file.place);
        }
    }

    /// Every address of a file is the one that follows from its link, place and end.
    async fn addresses(
        &self,
        known: &BTreeMap<String, Known>,
        report: &mut Report<'_>,
    ) -> Result<(), HospitalError> {
        let mut after = Vec::new();
        loop {
            let page = self.store.scan_health_link_tickets(&after, PAGE).await?;
            let Some((_, last)) = page.last() else {
                return Ok(());
            };
            after = last.digest.to_vec();
            for (link, ticket) in &page {
                let address =
                    file_address(self.keyring.root(), link, ticket.place, ticket.until_us);
                let item = || format!("an address of a file of health link {link}");
                if sha256(address.as_bytes()).0 != ticket.digest {
                    report.find(item(), CHANGED);
                } else if known
                    .get(link)
                    .is_none_or(|it| i64::from(ticket.place) >= it.files)
                {
                    report.find(item(), "there is no such file");
                }
            }
        }
    }
}
