//! The consent to be located: a FHIR Consent whose one action is to learn that there are records.
//!
//! It is no grant: nobody reads by it, and the ledger hears nothing of it.

use serde_json::Value;
use store::PactKind;

use super::give::Filed;
use super::locate::LocatePact;
use super::pact::Kept;
use super::terms::Asked;
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::keyring::failed;
use crate::request::Body;
use crate::setup::Hospital;

/// The action of such a consent.
const SYSTEM: &str = "urn:salus:consent-action";
const LOCATE: &str = "locate";
/// What its provision may hold: anything else would say something that nobody heeds.
const ELEMENTS: [&str; 4] = ["type", "period", "actor", "action"];
/// Organisations that it may name.
const ORGANISATIONS_MAX: usize = 16;

/// Whether a consent speaks of locating, at any depth.
pub(super) fn speaks_of_it(consent: &Value) -> bool {
    let Value::Object(map) = consent else {
        let list = consent.as_array();
        return list.into_iter().flatten().any(speaks_of_it);
    };
    map.get("system").is_some_and(|it| it == SYSTEM) || map.values().any(speaks_of_it)
}

/// Refuses what is more or other than a consent to be located.
fn check(consent: &Value, asked: &Asked) -> Result<(), HospitalError> {
    let provision = &consent["provision"];
    let plain = provision.as_object().is_some_and(|map| {
        let known = |key: &String| ELEMENTS.contains(&key.as_str());
        map.keys().all(known)
    });
    let actions = provision["action"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let one = match actions {
        [action] => match action["coding"].as_array().map(Vec::as_slice) {
            Some([coding]) => coding["system"] == SYSTEM && coding["code"] == LOCATE,
            _ => false,
        },
        _ => false,
    };
    if !plain || !one || provision["type"] != "permit" || !consent["policyRule"].is_null() {
        return Err(HospitalError::request(
            "business-rule",
            "a consent to be located permits the one action `locate`, to the organisations that \
             it names or to all members, for a period, and says nothing else",
            "file other rules as consents of their own; to end this one, revoke it",
        ));
    }
    if asked.recipients.len() > ORGANISATIONS_MAX {
        return Err(HospitalError::request(
            "value",
            format!("a consent names {ORGANISATIONS_MAX} organisations at most"),
            "leave `actor` out to let every member ask",
        ));
    }
    Ok(())
}

impl Hospital {
    /// Files a consent to be located.
    pub(super) async fn file_locatable(
        &self,
        patient: &str,
        consent: Value,
        asked: &Asked,
    ) -> Result<Filed, HospitalError> {
        check(&consent, asked)?;
        let state = self.0.chain.state();
        for name in &asked.recipients {
            let id = name.parse().ok();
            if id.and_then(|id| state.organisation(&id)).is_none() {
                return Err(HospitalError::request(
                    "business-rule",
                    format!("{name} is no member of the ledger"),
                    "GET /ledger/organisations lists the members",
                ));
            }
        }
        let own = Caller::organisation();
        let admitted = self
            .create(&own, "Consent", Body::Json(consent), None)
            .await?;
        let id: [u8; 32] = vault::random().map_err(failed)?;
        let pact = Kept {
            id: id.to_vec(),
            organisation: String::new(),
            patient: patient.to_owned(),
            until_us: super::give::until_us(asked.until_hour),
            value: LocatePact {
                consent: admitted.record.id.clone(),
                organisations: asked.recipients.clone(),
            },
        };
        self.keep_pact(PactKind::Locate, &pact).await?;
        Ok(Filed {
            consent: admitted,
            grant: None,
            recipients: Vec::new(),
        })
    }

    /// Takes a consent to be located back; false if it is none of this patient.
    pub(super) async fn forget_locatable(
        &self,
        patient: &str,
        consent: &str,
    ) -> Result<bool, HospitalError> {
        let all = self
            .pacts_of::<LocatePact>(PactKind::Locate, patient)
            .await?;
        let mut found = false;
        for pact in all.iter().filter(|it| it.value.consent == consent) {
            self.take_pact::<LocatePact>(PactKind::Locate, &pact.id)
                .await?;
            found = true;
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn asked() -> Asked {
        Asked {
            recipients: Vec::new(),
            refuses: false,
            from_hour: 0,
            until_hour: 1,
        }
    }

    #[test]
    fn a_consent_to_be_located_says_nothing_else() {
        let action = json!([{ "coding": [{ "system": SYSTEM, "code": LOCATE }] }]);
        let consent = json!({ "provision": { "type": "permit", "action": action } });
        assert!(speaks_of_it(&consent) && check(&consent, &asked()).is_ok());
        assert!(!speaks_of_it(&json!({ "provision": { "type": "permit" } })));
        for (path, value) in [
            ("/provision/type", json!("deny")),
            ("/provision/class", json!([])),
            ("/provision/provision", json!([{ "type": "deny" }])),
            ("/provision/purpose", json!([])),
            ("/provision/action", json!([])),
            ("/provision/action/0/coding/0/code", json!("read")),
            ("/policyRule", json!({ "text": "x" })),
        ] {
            let mut other = consent.clone();
            let (parent, name) = path.rsplit_once('/').unwrap();
            other.pointer_mut(parent).unwrap()[name] = value;
            assert!(check(&other, &asked()).is_err(), "{path}");
        }
    }
}
