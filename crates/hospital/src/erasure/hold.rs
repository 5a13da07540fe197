//! A legal hold: as long as it stands, nothing of a patient is erased (GDPR article 17(3)).

use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Setting;

use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::instant;
use crate::keyring::failed;
use crate::request::Body;
use crate::setup::Hospital;

const HELD: &str = "hold/";
/// Most bytes of the words of a hold.
const WORDS_BYTES_MAX: usize = 2_000;

/// A hold that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// The logical id of the patient.
    pub patient: String,
    /// Who placed it.
    pub by: String,
    /// Why, in words.
    pub words: String,
    /// When, microseconds since 1970.
    pub since_us: i64,
}

impl Hospital {
    /// Places a hold. One that stands already stays as it is.
    pub async fn place_hold(
        &self,
        caller: &Caller,
        patient: &str,
        words: &str,
    ) -> Result<Hold, HospitalError> {
        may_hold(caller, words)?;
        let _one = self.0.erasing.one.lock().await;
        self.current_record("Patient", patient).await?;
        if self.0.keyring.is_leaving(patient) {
            return Err(HospitalError::request(
                "conflict",
                "the patient is being erased already",
                "an erasure that is on the ledger cannot be stopped",
            ));
        }
        if let Some(hold) = self.hold(patient).await? {
            return Ok(hold);
        }
        let hold = Hold {
            patient: patient.to_owned(),
            by: caller.username.clone(),
            words: words.to_owned(),
            since_us: self.now_us(),
        };
        let root = self.0.keyring.root();
        let name = format!("{HELD}{patient}");
        let bytes = serde_json::to_vec(&hold)
            .map_err(|error| HospitalError::Internal(format!("a hold does not print: {error}")))?;
        let value = root.seal_secret(&name, &bytes).map_err(failed)?;
        let integrity = root.mark("settings", &[name.as_bytes(), &value]).to_vec();
        let setting = Setting {
            name,
            value,
            integrity,
        };
        self.0.store.put_setting(setting).await?;
        self.tell_of_hold("legal-hold-placed", caller, patient, words)
            .await?;
        Ok(hold)
    }

    /// Lifts a hold.
    pub async fn lift_hold(
        &self,
        caller: &Caller,
        patient: &str,
        words: &str,
    ) -> Result<(), HospitalError> {
        may_hold(caller, words)?;
        let _one = self.0.erasing.one.lock().await;
        if self.hold(patient).await?.is_none() {
            let item = format!("a hold on Patient/{patient}");
            return Err(HospitalError::Absent(item));
        }
        self.tell_of_hold("legal-hold-lifted", caller, patient, words)
            .await?;
        let name = format!("{HELD}{patient}");
        Ok(self.0.store.drop_setting(&name).await?)
    }

    /// The holds that stand.
    pub async fn legal_holds(&self, caller: &Caller) -> Result<Vec<Hold>, HospitalError> {
        may_hold(caller, "read")?;
        let mut holds = Vec::new();
        for row in self.0.store.settings().await? {
            if row.name.starts_with(HELD) {
                holds.push(self.opened_hold(&row)?);
            }
        }
        Ok(holds)
    }

    /// Refuses what a hold forbids.
    pub(super) async fn refuse_held(&self, patient: &str) -> Result<(), HospitalError> {
        if !self.is_held(patient).await? {
            return Ok(());
        }
        Err(HospitalError::request(
            "conflict",
            "a legal hold stands on this patient: nothing is erased",
            "an administrator or auditor lifts it: DELETE /erasures/holds",
        ))
    }

    /// Whether a hold stands.
    pub(super) async fn is_held(&self, patient: &str) -> Result<bool, HospitalError> {
        Ok(self.hold(patient).await?.is_some())
    }

    async fn hold(&self, patient: &str) -> Result<Option<Hold>, HospitalError> {
        let found = self.0.store.setting(&format!("{HELD}{patient}")).await?;
        found.map(|row| self.opened_hold(&row)).transpose()
    }

    fn opened_hold(&self, row: &Setting) -> Result<Hold, HospitalError> {
        let damaged = || HospitalError::Damaged {
            item: format!("setting {}", row.name),
            reason: "its row was changed outside Salus".into(),
        };
        let opened = self.0.keyring.root().open_secret(&row.name, &row.value);
        let opened = opened.map_err(|_| damaged())?;
        serde_json::from_slice(&opened).map_err(|_| damaged())
    }

    /// A Provenance in the patient's compartment: whoever reads the record sees the hold.
    async fn tell_of_hold(
        &self,
        code: &str,
        caller: &Caller,
        patient: &str,
        words: &str,
    ) -> Result<(), HospitalError> {
        let identified = |system: &str, value: &str| {
            let identifier = json!({ "system": system, "value": value });
            json!({ "identifier": identifier })
        };
        let record = json!({
            "resourceType": "Provenance",
            "target": [{ "reference": format!("Patient/{patient}") }],
            "recorded": instant::fhir(self.now_us()),
            "reason": [{ "text": words }],
            "activity": { "coding": [{ "system": "urn:salus:erasure", "code": code }] },
            "agent": [{
                "who": identified("urn:salus:user", &caller.username),
                "onBehalfOf": identified("urn:salus:organisation", &self.0.organisation),
            }],
        });
        let own = Caller::organisation();
        self.create(&own, "Provenance", Body::Json(record), None)
            .await?;
        Ok(())
    }
}

fn may_hold(caller: &Caller, words: &str) -> Result<(), HospitalError> {
    if !matches!(caller.role, Role::Admin | Role::Auditor) || caller.sight.reach.is_some() {
        return Err(HospitalError::Forbidden(
            "an administrator or an auditor places and lifts legal holds".into(),
        ));
    }
    if words.trim().is_empty() || words.len() > WORDS_BYTES_MAX {
        return Err(HospitalError::request(
            "required",
            format!("a hold needs words: 1 to {WORDS_BYTES_MAX} bytes"),
            "say on what ground it is placed or lifted",
        ));
    }
    Ok(())
}
