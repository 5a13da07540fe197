//! Pacts as this crate keeps them: JSON values under the organisation's mark.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use store::{Pact, PactKind};
use vault::RootKey;

use crate::error::HospitalError;
use crate::setup::Hospital;

const TABLE: &str = "pacts";

/// A patient whom the other organisation knows too. The row's id is `organisation / pseudonym`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct LinkPact {
    /// The name that both use: 32 bytes in hexadecimal.
    pub(super) pseudonym: String,
    /// When the code was brought: a patient with a new seed is linked again, under another name.
    #[serde(default)]
    pub(super) since_us: i64,
}

/// A grant that a patient gave here. The row's id is the grant's.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct GivenPact {
    /// The Consent record.
    pub(super) consent: String,
    /// Its version that was granted.
    pub(super) version: u64,
    /// Who may read.
    pub(super) recipients: Vec<String>,
    /// The grant key under the root key, base64.
    pub(super) kept: String,
    /// What opens the recipients commitment, hexadecimal.
    pub(super) recipients_key: String,
    /// What opens the policy commitment, hexadecimal.
    pub(super) policy_key: String,
    /// The withdrawal of the grant, signed ahead by a seed that was given up here, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) withdrawal: Option<String>,
}

/// A grant that this organisation holds. The row's id is the grant's.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct HeldPact {
    /// The grant key, sealed to this organisation, base64.
    pub(super) sealed: String,
}

/// A row with its value read.
#[derive(Debug, Clone)]
pub(crate) struct Kept<T> {
    pub(crate) id: Vec<u8>,
    pub(crate) organisation: String,
    pub(crate) patient: String,
    pub(crate) until_us: i64,
    pub(crate) value: T,
}

impl Hospital {
    /// Keeps a pact.
    pub(crate) async fn keep_pact<T: Serialize>(
        &self,
        kind: PactKind,
        pact: &Kept<T>,
    ) -> Result<(), HospitalError> {
        if self.0.keyring.is_leaving(&pact.patient) {
            // The holders of an erasure are known before it: nobody is added.
            return Err(HospitalError::request(
                "conflict",
                "the patient is being erased: nothing is shared any more",
                "GET /erasures/{id} says where it stands",
            ));
        }
        let value = serde_json::to_vec(&pact.value)
            .map_err(|error| HospitalError::Internal(format!("a pact does not print: {error}")))?;
        let mut row = Pact {
            kind,
            id: pact.id.clone(),
            organisation: pact.organisation.clone(),
            patient: pact.patient.clone(),
            until_us: pact.until_us,
            value,
            integrity: Vec::new(),
        };
        row.integrity = self.pact_mark(&row).to_vec();
        Ok(self.0.store.put_pact(row).await?)
    }

    /// A pact by its id, if it has not ended.
    pub(crate) async fn pact<T: DeserializeOwned>(
        &self,
        kind: PactKind,
        id: &[u8],
    ) -> Result<Option<Kept<T>>, HospitalError> {
        let found = self.0.store.pact(kind, id).await?;
        let found = found.filter(|it| it.until_us > self.now_us());
        found.map(|it| self.checked(it)).transpose()
    }

    /// The pacts of a patient that have not ended.
    pub(crate) async fn pacts_of<T: DeserializeOwned>(
        &self,
        kind: PactKind,
        patient: &str,
    ) -> Result<Vec<Kept<T>>, HospitalError> {
        let now_us = self.now_us();
        let found = self.0.store.pacts_of(kind, patient).await?;
        let live = found.into_iter().filter(|it| it.until_us > now_us);
        live.map(|it| self.checked(it)).collect()
    }

    /// The pacts of a kind that have not ended and have this form.
    pub(crate) async fn all_pacts<T: DeserializeOwned>(
        &self,
        kind: PactKind,
    ) -> Result<Vec<Kept<T>>, HospitalError> {
        let now_us = self.now_us();
        let found = self.0.store.pacts(kind).await?;
        let live = found.into_iter().filter(|it| it.until_us > now_us);
        let of_form = live.filter(|it| serde_json::from_slice::<T>(&it.value).is_ok());
        of_form.map(|it| self.checked(it)).collect()
    }

    /// Removes a pact and answers it, if it had not ended.
    pub(crate) async fn take_pact<T: DeserializeOwned>(
        &self,
        kind: PactKind,
        id: &[u8],
    ) -> Result<Option<Kept<T>>, HospitalError> {
        let found = self.0.store.take_pact(kind, id).await?;
        let found = found.filter(|it| it.until_us > self.now_us());
        found.map(|it| self.checked(it)).transpose()
    }

    pub(crate) fn checked<T: DeserializeOwned>(&self, row: Pact) -> Result<Kept<T>, HospitalError> {
        let damaged = |reason: &str| HospitalError::Damaged {
            item: "a pact with another organisation".into(),
            reason: reason.to_owned(),
        };
        if !vault::keys::same(&self.pact_mark(&row), &row.integrity) {
            return Err(damaged("its row was changed outside Salus"));
        }
        let value = serde_json::from_slice(&row.value);
        Ok(Kept {
            value: value.map_err(|_| damaged("its value cannot be read"))?,
            id: row.id,
            organisation: row.organisation,
            patient: row.patient,
            until_us: row.until_us,
        })
    }

    fn pact_mark(&self, row: &Pact) -> [u8; 32] {
        pact_mark(self.0.keyring.root(), row)
    }
}

/// The mark of a row: nobody but this organisation makes a pact of its own.
pub(crate) fn pact_mark(root: &RootKey, row: &Pact) -> [u8; 32] {
    let kind = PactKind::ALL.iter().position(|it| *it == row.kind);
    let kind = [u8::try_from(kind.unwrap_or_default()).unwrap_or_default()];
    root.mark(
        TABLE,
        &[
            &kind,
            &row.id,
            row.organisation.as_bytes(),
            row.patient.as_bytes(),
            &row.until_us.to_be_bytes(),
            &row.value,
        ],
    )
}

/// The id of a link: no organisation's name contains a slash.
pub(super) fn link_id(organisation: &str, pseudonym: &[u8; 32]) -> Vec<u8> {
    [organisation.as_bytes(), b"/", pseudonym].concat()
}
