//! The plan of an erasure: what opens its commitments, and who has to hear of it. Sealed.

use consent::acts::erase;
use proof::{CommitmentKey, Digest};
use serde::{Deserialize, Serialize};
use store::Setting;
use vault::RootKey;

use crate::error::HospitalError;
use crate::keyring::failed;
use crate::setup::Hospital;

/// The settings that hold plans of erasures that are under way here.
const UNDER_WAY: &str = "erasing/";
/// The settings that hold how many leaves an erasure took.
const COUNTED: &str = "erased/";

/// What is kept of an erasure, before and after: the patient's records are gone, this stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    /// The logical id of the patient here.
    pub(crate) patient: String,
    /// Opens the commitment to the subject, hexadecimal.
    pub(super) subject_key: String,
    /// Opens the commitment to the holders, hexadecimal.
    pub(super) holders_key: String,
    /// Who must attest, in the order of their names.
    pub(super) holders: Vec<String>,
    /// What the other holders are told.
    pub(super) others: Vec<Other>,
    /// Who asked for it: a role.
    pub(super) by: String,
    /// Why, in the words of an administrator.
    pub(super) words: String,
    /// Records that named others too and went: `Observation/17`.
    #[serde(default)]
    pub(super) shared: Vec<String>,
}

/// Another organisation that holds something of the patient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Other {
    /// Which.
    pub(super) organisation: String,
    /// What the two of us call the patient, hexadecimal.
    pub(super) pseudonyms: Vec<String>,
    /// Grants that it holds, hexadecimal.
    pub(super) grants: Vec<String>,
}

impl Plan {
    /// The commitment to the patient on the ledger.
    pub(crate) fn subject(&self, custodian: &str) -> Result<Digest, HospitalError> {
        let key = key(&self.subject_key)?;
        Ok(erase::subject(&key, custodian, &self.patient))
    }

    /// The commitment to the holders on the ledger.
    pub(crate) fn holders(&self) -> Result<Digest, HospitalError> {
        let names: Vec<&str> = self.holders.iter().map(String::as_str).collect();
        Ok(erase::holders(&key(&self.holders_key)?, &names))
    }

    pub(super) fn seal(&self, root: &RootKey, id: &Digest) -> Result<Vec<u8>, HospitalError> {
        let bytes = serde_json::to_vec(self)
            .map_err(|error| HospitalError::Internal(format!("a plan does not print: {error}")))?;
        root.seal_secret(&label(id), &bytes).map_err(failed)
    }

    /// Opens what an erasure left.
    pub(crate) fn open(root: &RootKey, id: &Digest, sealed: &[u8]) -> Result<Self, HospitalError> {
        let damaged = |reason: &str| HospitalError::Damaged {
            item: format!("erasure {id}"),
            reason: reason.to_owned(),
        };
        let opened = root.open_secret(&label(id), sealed);
        let opened = opened.map_err(|_| damaged("its row was changed outside Salus"))?;
        serde_json::from_slice(&opened).map_err(|_| damaged("its plan cannot be read"))
    }
}

/// The keys of the two commitments of an erasure. They follow from the root key, so that a node
/// that was restored from before the erasure recognises whom the ledger says it erased
/// (`again.rs`). Nobody else can: to whom the first is shown, it says nothing of other patients.
pub(super) fn commitment_keys(
    root: &RootKey,
    id: &Digest,
    patient: &str,
) -> (CommitmentKey, CommitmentKey) {
    let key = |label| CommitmentKey(root.mark(label, &[&id.0, patient.as_bytes()]));
    (key("erasure/subject"), key("erasure/holders"))
}

fn label(id: &Digest) -> String {
    format!("erasure/{id}")
}

pub(super) fn key(text: &str) -> Result<CommitmentKey, HospitalError> {
    let digest: Digest = text
        .parse()
        .map_err(|_| HospitalError::Internal("a commitment key cannot be read".into()))?;
    Ok(CommitmentKey(digest.0))
}

/// The setting that says how many leaves an erasure took.
pub(crate) fn count_name(id: &Digest) -> String {
    format!("{COUNTED}{id}")
}

/// Its mark: nobody hides a later deletion among the leaves of an erasure.
pub(crate) fn count_mark(root: &RootKey, id: &Digest, leaves: u64) -> [u8; 32] {
    let name = count_name(id);
    root.mark("settings", &[name.as_bytes(), &leaves.to_be_bytes()])
}

impl Hospital {
    pub(super) async fn keep_plan(&self, id: &Digest, plan: &Plan) -> Result<(), HospitalError> {
        let root = self.0.keyring.root();
        let name = format!("{UNDER_WAY}{id}");
        let value = plan.seal(root, id)?;
        let integrity = root.mark("settings", &[name.as_bytes(), &value]).to_vec();
        Ok(self
            .0
            .store
            .put_setting(Setting {
                name,
                value,
                integrity,
            })
            .await?)
    }

    pub(super) async fn drop_plan(&self, id: &Digest) -> Result<(), HospitalError> {
        let name = format!("{UNDER_WAY}{id}");
        Ok(self.0.store.drop_setting(&name).await?)
    }

    /// The erasures that are not carried out here yet.
    pub(super) async fn plans(&self) -> Result<Vec<(Digest, Plan)>, HospitalError> {
        let mut plans = Vec::new();
        for row in self.0.store.settings().await? {
            let Some(id) = row.name.strip_prefix(UNDER_WAY) else {
                continue;
            };
            let id: Digest = id.parse().map_err(|_| HospitalError::Damaged {
                item: format!("setting {}", row.name),
                reason: "its name is no erasure".into(),
            })?;
            plans.push((id, Plan::open(self.0.keyring.root(), &id, &row.value)?));
        }
        Ok(plans)
    }

    /// An erasure, under way or carried out.
    pub(super) async fn erasure_plan(&self, id: &Digest) -> Result<Option<Plan>, HospitalError> {
        if let Some(kept) = self.0.store.erasure(id.0).await? {
            let plan = Plan::open(self.0.keyring.root(), id, &kept.sealed)?;
            return Ok(Some(plan));
        }
        let name = format!("{UNDER_WAY}{id}");
        let found = self.0.store.setting(&name).await?;
        found
            .map(|row| Plan::open(self.0.keyring.root(), id, &row.value))
            .transpose()
    }
}
