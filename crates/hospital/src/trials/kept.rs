//! What this organisation keeps of trials: sealed rows, and secrets.

use proof::{CommitmentKey, Digest, commit, keyed_hash, sha256};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use store::Drawer;
use trial::acts::{Decision, Version};

use super::dataset::{SnapshotLine, snapshot_root};
use super::protocol::Protocol;
use super::report::Results;
use crate::error::HospitalError;
use crate::keyring::failed;
use crate::setup::Hospital;

const PARTICIPANT: &str = "salus/trial-participant/v1";
/// Versions, locks and reports that are looked at when something is searched among them.
const LATEST_MAX: u32 = 1_000;

/// A version of a protocol, with what opens the commitments to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptVersion {
    pub(crate) trial: String,
    pub(crate) version: u32,
    pub(crate) protocol: Protocol,
    /// Opens both commitments, 64 hexadecimal digits.
    pub(crate) key: String,
    /// Why it was amended; empty for the first version.
    pub(crate) reason: String,
    /// The parties that have it.
    #[serde(default)]
    pub(crate) told: BTreeSet<String>,
}

/// A participant, as the site knows the person.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptParticipant {
    pub(crate) subject: String,
    /// The logical id of the patient here, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) patient: Option<String>,
    /// What was consented to, in words or as a reference, the latest last, each with its key.
    pub(crate) consents: Vec<KeptConsent>,
    /// Why the arm was opened in an emergency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unblinded: Option<String>,
    /// The entry of the withdrawal in the history of the ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) withdrawn_entry: Option<u64>,
}

/// One consent.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptConsent {
    pub(crate) version: u32,
    pub(crate) text: String,
    pub(crate) key: String,
    /// Its entry in the history of the ledger, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) entry: Option<u64>,
}

/// What a decision to lock or to unlock is about.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptDecision {
    pub(crate) lines: Vec<SnapshotLine>,
    /// What the programs are, by name and SHA-256.
    pub(crate) programs: Vec<(String, String)>,
    /// Why the data are opened again: it is a decision to unlock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unlock: Option<KeptReason>,
}

/// A reason, with what opens the commitment to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptReason {
    pub(crate) text: String,
    pub(crate) key: String,
}

/// A report, with what opens the commitment to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptReport {
    pub(crate) results: Results,
    pub(crate) key: String,
}

/// Which row of the drawer.
#[derive(Clone, Copy)]
pub(super) enum What {
    Version(u32),
    Decision(u32),
    Report(u32),
}

impl What {
    fn id(self, trial: &Digest) -> Vec<u8> {
        let (kind, number) = match self {
            Self::Version(number) => (1, number),
            Self::Decision(number) => (2, number),
            Self::Report(number) => (3, number),
        };
        let number = number.to_be_bytes();
        [&trial.0[..], &[kind], &number[..]].concat()
    }
}

/// A new key of a commitment, and its digits.
pub(super) fn new_key() -> Result<(CommitmentKey, String), HospitalError> {
    let key: [u8; 32] = vault::random().map_err(failed)?;
    Ok((CommitmentKey(key), Digest(key).to_string()))
}

/// The key of these digits.
pub(super) fn read_key(digits: &str) -> Option<CommitmentKey> {
    digits.parse::<Digest>().ok().map(|it| CommitmentKey(it.0))
}

/// The commitment to a text.
pub(super) fn committed(key: &CommitmentKey, text: &str) -> Digest {
    commit(key, &sha256(text.as_bytes()))
}

/// The commitment to a value, whose canonical JSON is what counts.
pub(super) fn committed_value(
    key: &CommitmentKey,
    value: &impl Serialize,
) -> Result<Digest, HospitalError> {
    let unprinted = |_| HospitalError::Internal("a value does not print".into());
    let text = serde_json::to_vec(value).map_err(unprinted)?;
    let text = proof::json::canonical(&text)
        .map_err(|_| HospitalError::Internal("a value has no canonical form".into()))?;
    Ok(commit(key, &sha256(&text)))
}

/// The setting of the secret that pseudonyms are made with.
pub(crate) fn people_secret(trial: &Digest) -> String {
    format!("trial-people-{trial}")
}

/// What opens the pseudonym of a subject, and of no other.
pub(crate) fn opening(secret: &Digest, subject: &str) -> CommitmentKey {
    CommitmentKey(keyed_hash(&secret.0, PARTICIPANT, &[subject.as_bytes()]).0)
}

/// The pseudonym of a subject.
pub(crate) fn pseudonym(secret: &Digest, subject: &str) -> Digest {
    committed(&opening(secret, subject), subject)
}

impl KeptConsent {
    /// What the ledger has of it: the words, and the patient who gave it where one is named, so
    /// that nobody gets an arm that was drawn for another person.
    pub(crate) fn commitment(&self, patient: Option<&str>) -> Option<Digest> {
        let key = read_key(&self.key)?;
        match patient {
            None => Some(committed(&key, &self.text)),
            Some(patient) => {
                let given = serde_json::json!({ "consent": self.text, "patient": patient });
                committed_value(&key, &given).ok()
            }
        }
    }
}

impl KeptParticipant {
    /// What the ledger has of the latest consent.
    pub(crate) fn consent(&self) -> Option<Digest> {
        self.consents.last()?.commitment(self.patient.as_deref())
    }
}

impl KeptVersion {
    /// Whether it is what the ledger has.
    pub(crate) fn is_sealed(&self, sealed: &Version) -> bool {
        let Some(key) = read_key(&self.key) else {
            return false;
        };
        let reason = match self.version {
            1 => Digest([0; 32]),
            _ => committed(&key, &self.reason),
        };
        let protocol = committed_value(&key, &self.protocol);
        sealed.reason == reason && protocol.is_ok_and(|it| it == sealed.protocol)
    }
}

impl KeptDecision {
    /// What the ledger is told of it; `None`: its rows are not in order.
    pub(super) fn decision(&self) -> Option<Decision> {
        if let Some(why) = &self.unlock {
            let reason = committed(&read_key(&why.key)?, &why.text);
            return Some(Decision::Unlock { reason });
        }
        let programs = serde_json::to_string(&self.programs).ok()?;
        Some(Decision::Lock {
            snapshot: snapshot_root(&self.lines)?,
            rows: self.lines.len() as u64,
            programs: sha256(programs.as_bytes()),
        })
    }

    /// Whether it is what the ledger has.
    pub(crate) fn is_sealed(&self, decision: &Decision) -> bool {
        self.decision().is_some_and(|it| it == *decision)
    }
}

impl KeptReport {
    /// Whether it is what the ledger has.
    pub(crate) fn is_sealed(&self, results: &Digest) -> bool {
        let key = read_key(&self.key);
        let made = key.map(|key| committed_value(&key, &self.results));
        made.is_some_and(|it| it.is_ok_and(|it| it == *results))
    }
}

impl Hospital {
    pub(super) async fn kept_of_trial<T: DeserializeOwned>(
        &self,
        trial: &Digest,
        what: What,
    ) -> Result<Option<T>, HospitalError> {
        let rows = self.0.store.sealed(Drawer::Trials, vec![what.id(trial)]);
        let row = rows.await?.pop();
        row.map(|row| self.opened_row(Drawer::Trials, &row))
            .transpose()
    }

    pub(super) async fn keep_of_trial(
        &self,
        trial: &Digest,
        what: What,
        content: &(impl Serialize + Sync),
    ) -> Result<(), HospitalError> {
        let id = what.id(trial);
        let row = self.sealed_row(Drawer::Trials, (&id, self.now_us()), content)?;
        Ok(self.0.store.put_sealed(Drawer::Trials, vec![row]).await?)
    }

    pub(super) async fn forget_of_trial(
        &self,
        trial: &Digest,
        what: What,
    ) -> Result<(), HospitalError> {
        let ids = vec![what.id(trial)];
        Ok(self.0.store.drop_sealed(Drawer::Trials, ids).await?)
    }

    /// The versions that are known here.
    pub(super) async fn kept_versions(&self) -> Result<Vec<KeptVersion>, HospitalError> {
        let rows = self.0.store.latest_sealed(Drawer::Trials, None, LATEST_MAX);
        let versions = rows
            .await?
            .into_iter()
            .filter(|row| row.id.get(32) == Some(&1));
        let opened = versions.map(|row| self.opened_row(Drawer::Trials, &row));
        opened.collect()
    }

    /// The pseudonym of a participant. Without the site's secret nobody finds it from the subject.
    pub(super) async fn pseudonym(
        &self,
        trial: &Digest,
        subject: &str,
    ) -> Result<Digest, HospitalError> {
        let secret = self.trial_secret(&people_secret(trial)).await?;
        Ok(pseudonym(&secret, subject))
    }

    /// A random secret among the settings, made at the first use.
    pub(crate) async fn trial_secret(&self, name: &str) -> Result<Digest, HospitalError> {
        if let Some(known) = self.kept_secret(name).await?
            && let Ok(bytes) = <[u8; 32]>::try_from(known.as_slice())
        {
            return Ok(Digest(bytes));
        }
        let secret: [u8; 32] = vault::random().map_err(failed)?;
        self.keep_secret(name.to_owned(), &secret).await?;
        Ok(Digest(secret))
    }

    pub(super) async fn kept_participant(
        &self,
        trial: &Digest,
        participant: &Digest,
    ) -> Result<Option<KeptParticipant>, HospitalError> {
        let ids = vec![participant_id(trial, participant)];
        let row = self.0.store.sealed(Drawer::Participants, ids).await?.pop();
        row.map(|row| self.opened_row(Drawer::Participants, &row))
            .transpose()
    }

    pub(super) async fn keep_participants(
        &self,
        trial: &Digest,
        participants: &[(Digest, KeptParticipant)],
    ) -> Result<(), HospitalError> {
        let rows = participants.iter().map(|(name, content)| {
            let id = participant_id(trial, name);
            self.sealed_row(Drawer::Participants, (&id, self.now_us()), content)
        });
        let rows = rows.collect::<Result<_, _>>()?;
        Ok(self.0.store.put_sealed(Drawer::Participants, rows).await?)
    }

    pub(super) async fn forget_participants(
        &self,
        trial: &Digest,
        participants: &[(Digest, KeptParticipant)],
    ) -> Result<(), HospitalError> {
        let ids = participants
            .iter()
            .map(|(name, _)| participant_id(trial, name));
        let dropped = self
            .0
            .store
            .drop_sealed(Drawer::Participants, ids.collect());
        Ok(dropped.await?)
    }
}

fn participant_id(trial: &Digest, participant: &Digest) -> Vec<u8> {
    [trial.0, participant.0].concat()
}
