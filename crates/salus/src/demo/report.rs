//! `demo.json` and the table: where everything is and who can sign in.

use super::plan::MEMBERS;
use crate::failure::{Explain, Failure, Hint, Outcome};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The file of the contract.
#[derive(Serialize, Deserialize, Clone)]
pub(crate) struct Report {
    pub(crate) chain_id: String,
    pub(crate) trust: PathBuf,
    pub(crate) organisations: Vec<OrganisationEntry>,
    pub(crate) patients: Vec<PatientEntry>,
}

/// One organisation.
#[derive(Serialize, Deserialize, Clone)]
pub(crate) struct OrganisationEntry {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) pid: u32,
    pub(crate) dir: PathBuf,
    pub(crate) base: String,
    pub(crate) fhir: String,
    pub(crate) epcis: String,
    pub(crate) trials: String,
    pub(crate) users: Vec<UserEntry>,
}

/// One person who can sign in.
#[derive(Serialize, Deserialize, Clone)]
pub(crate) struct UserEntry {
    pub(crate) role: String,
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) token: String,
}

/// One patient, a user at home.
#[derive(Serialize, Deserialize, Clone)]
pub(crate) struct PatientEntry {
    pub(crate) id: String,
    pub(crate) home: String,
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) token: String,
}

/// The name of the file below the demo's folder.
pub(crate) const FILE: &str = "demo.json";

impl Report {
    /// Reads the file of an earlier run; none when there was none.
    pub(crate) fn read(folder: &Path) -> Outcome<Option<Self>> {
        let path = folder.join(FILE);
        if !path.exists() {
            return Ok(None);
        }
        let text = std::fs::read_to_string(&path)
            .explain(|| format!("{} cannot be read", path.display()))?;
        serde_json::from_str(&text)
            .map(Some)
            .explain(|| format!("{} is not a demo's file", path.display()))
            .hint("give another --dir, or remove this one")
    }

    /// Replaces the file at once, so that a reader never sees half of it.
    pub(crate) fn write(&self, folder: &Path) -> Outcome {
        let text = serde_json::to_string_pretty(self).explain(|| "demo.json has no text".into())?;
        let (path, beside) = (folder.join(FILE), folder.join("demo.json.new"));
        crate::organisation::write_private(&beside, text.as_bytes(), true)?;
        std::fs::rename(&beside, &path).explain(|| format!("{} cannot be written", path.display()))
    }

    /// The token of the user with this role at the organisation of this index.
    pub(crate) fn token(&self, index: usize, role: &str) -> Outcome<&str> {
        self.organisations
            .get(index)
            .and_then(|organisation| organisation.users.iter().find(|user| user.role == role))
            .map(|user| user.token.as_str())
            .ok_or_else(|| Failure::new(format!("the demo has no {role} there")))
    }

    /// The table of people and addresses.
    pub(crate) fn table(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(
            text,
            "{:<17} {:<23} {:<12} {:<12} password",
            "organisation", "address", "role", "user"
        );
        for organisation in &self.organisations {
            let (mut id, mut base) = (organisation.id.as_str(), organisation.base.as_str());
            for user in &organisation.users {
                let _ = writeln!(
                    text,
                    "{id:<17} {base:<23} {:<12} {:<12} {}",
                    user.role, user.username, user.password
                );
                (id, base) = ("", "");
            }
        }
        self.patient_line(&mut text);
        let _ = writeln!(text, "\nstart a stopped one again with:");
        for organisation in &self.organisations {
            let config = organisation.dir.join(crate::organisation::CONFIG);
            let _ = writeln!(
                text,
                "  {:<17} {} run --config {}",
                organisation.id,
                super::program(),
                config.display()
            );
        }
        text
    }

    fn patient_line(&self, text: &mut String) {
        let Some(first) = self.patients.first() else {
            return;
        };
        let others = self.patients.len() - 1;
        let _ = writeln!(
            text,
            "{:<17} {:<23} {:<12} {:<12} {}  (and {others} more in {FILE})",
            "a patient of", first.home, "patient", first.username, first.password
        );
    }
}

/// The empty report of a demo below `folder`.
pub(crate) fn empty(folder: &Path, chain_id: String, trust: PathBuf, port: u16) -> Report {
    let organisations = MEMBERS
        .iter()
        .enumerate()
        .map(|(index, member)| {
            let base = format!("http://{}", super::plan::http(port, index));
            OrganisationEntry {
                id: member.id.to_owned(),
                kind: member.kind.to_string(),
                pid: 0,
                dir: folder.join(member.id),
                fhir: format!("{base}/fhir"),
                epcis: format!("{base}/epcis"),
                trials: format!("{base}/trials"),
                base,
                users: Vec::new(),
            }
        })
        .collect();
    Report {
        chain_id,
        trust,
        organisations,
        patients: Vec::new(),
    }
}
