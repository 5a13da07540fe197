//! Giving a grant: a consent that names recipients, on the ledger and sealed to each of them.

use consent::acts::{Grant, HOUR_MS};
use ledger::{Kind, OrgId, Service, State};
use proof::{Canonical, CommitmentKey, Digest, commit, hash};
use serde_json::Value;
use store::PactKind;
use vault::grant::{GrantContext, GrantKey};

use super::locatable;
use super::message::{self, GrantTold};
use super::pact::{GivenPact, Kept, LinkPact};
use super::terms;
use crate::admit::Admitted;
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::keyring::failed;
use crate::request::{Body, Conditions};
use crate::setup::Hospital;

/// Organisations that one consent may name.
const RECIPIENTS_MAX: usize = 16;
const GRANT_KEY: &str = "salus/grant-key-signature/v1";

/// A consent that is filed, and what became of it.
#[derive(Debug, Clone)]
pub struct Filed {
    /// The Consent record.
    pub consent: Admitted,
    /// The grant on the ledger.
    pub grant: Option<Digest>,
    /// Who may read, and whether they have been told.
    pub recipients: Vec<(String, bool)>,
}

impl Hospital {
    /// Files a patient's consent: the record, the grant on the ledger, the key to each recipient.
    ///
    /// Only the patient, or who acts for the patient, consents: nobody else holds the key that
    /// signs a grant.
    pub async fn file_consent(
        &self,
        caller: &Caller,
        consent: Value,
    ) -> Result<Filed, HospitalError> {
        let patient = consenting(caller)?;
        let asked = terms::asked(&consent, &patient, self.now_us())?;
        if locatable::speaks_of_it(&consent) {
            return self.file_locatable(&patient, consent, &asked).await;
        }
        if asked.recipients.is_empty() && asked.refuses {
            return self.file_refusal(&patient, consent, &asked).await;
        }
        let state = self.fresh_state()?;
        let services = services(&state, &asked.recipients, &self.0.organisation)?;
        self.check_links(&patient, &asked.recipients).await?;
        let own = Caller::organisation();
        let admitted = self
            .create(&own, "Consent", Body::Json(consent), None)
            .await?;
        let given = self
            .grant(caller, &patient, &admitted, &asked, &services)
            .await;
        let (grant, key) = match given {
            Ok(given) => given,
            Err(error) => {
                // Nothing was granted: the record must not say that something is.
                self.set_consent_status(&admitted.record.id, "inactive")
                    .await?;
                return Err(error);
            }
        };
        self.note_consents(&patient).await?;
        let mut recipients = Vec::with_capacity(services.len());
        for (name, service) in &services {
            let told = self.tell(&patient, name, service, &grant, &key).await;
            if let Err(error) = &told {
                tracing::warn!(recipient = name, %error, "a recipient was not told of a grant");
            }
            recipients.push((name.clone(), told.is_ok()));
        }
        Ok(Filed {
            consent: admitted,
            grant: Some(grant),
            recipients,
        })
    }

    /// Files a refusal. The ledger hears nothing of it: that a restriction exists stays hidden
    /// (EHDS art. 8).
    async fn file_refusal(
        &self,
        patient: &str,
        consent: Value,
        asked: &terms::Asked,
    ) -> Result<Filed, HospitalError> {
        let own = Caller::organisation();
        let admitted = self
            .create(&own, "Consent", Body::Json(consent), None)
            .await?;
        let id: [u8; 32] = vault::random().map_err(failed)?;
        let pact = Kept {
            id: id.to_vec(),
            organisation: String::new(),
            patient: patient.to_owned(),
            until_us: until_us(asked.until_hour),
            value: GivenPact {
                consent: admitted.record.id.clone(),
                version: admitted.record.version,
                recipients: Vec::new(),
                kept: String::new(),
                recipients_key: String::new(),
                policy_key: String::new(),
            },
        };
        self.keep_pact(PactKind::Given, &pact).await?;
        self.note_consents(patient).await?;
        Ok(Filed {
            consent: admitted,
            grant: None,
            recipients: Vec::new(),
        })
    }

    async fn check_links(&self, patient: &str, recipients: &[String]) -> Result<(), HospitalError> {
        let links = self.pacts_of::<LinkPact>(PactKind::Link, patient).await?;
        let missing = recipients
            .iter()
            .find(|name| links.iter().all(|link| link.organisation != **name));
        match missing {
            None => Ok(()),
            Some(name) => Err(HospitalError::request(
                "business-rule",
                format!("{name} does not know this patient yet"),
                "make a code here, and have it accepted there first: docs/guides/share.md",
            )),
        }
    }

    /// Keeps the grant and its key, and puts it on the ledger.
    async fn grant(
        &self,
        caller: &Caller,
        patient: &str,
        admitted: &Admitted,
        asked: &terms::Asked,
        services: &[(String, Service)],
    ) -> Result<(Digest, GrantKey), HospitalError> {
        let id = Digest(vault::random().map_err(failed)?);
        let recipients_key = CommitmentKey(vault::random().map_err(failed)?);
        let policy_key = CommitmentKey(vault::random().map_err(failed)?);
        let names: Vec<&str> = services.iter().map(|(name, _)| name.as_str()).collect();
        let policy = terms::policy_digest(&admitted.record.body, &admitted.record.id);
        let (authority, custodial) = self.grant_authority(caller, patient, &id.0).await?;
        let body = Grant {
            id,
            authority: authority.public(),
            recipients: commit(&recipients_key, &recipients_digest(&names)),
            policy: commit(&policy_key, &policy),
            from: asked.from_hour,
            until: asked.until_hour,
            custodial,
            signature: proof::Signature([0; 64]),
        }
        .sign(&self.0.chain_id, &self.0.organisation, &authority);
        let key = GrantKey::fresh().map_err(failed)?;
        let kept = key.keep(self.0.keyring.root(), &id.0).map_err(failed)?;
        let pact = Kept {
            id: id.0.to_vec(),
            organisation: String::new(),
            patient: patient.to_owned(),
            until_us: until_us(asked.until_hour),
            value: GivenPact {
                consent: admitted.record.id.clone(),
                version: admitted.record.version,
                recipients: names.iter().map(ToString::to_string).collect(),
                kept: message::to_base64(&kept),
                recipients_key: Digest(recipients_key.0).to_string(),
                policy_key: Digest(policy_key.0).to_string(),
            },
        };
        let keep = |_| async { self.keep_pact(PactKind::Given, &pact).await };
        let transaction = self
            .sign_and_submit(Kind::Grant as u8, body.to_bytes(), keep)
            .await?;
        self.enacted(&transaction).await?;
        Ok((id, key))
    }

    /// Seals the grant key to a recipient and tells it.
    pub(super) async fn tell(
        &self,
        patient: &str,
        recipient: &str,
        service: &Service,
        grant: &Digest,
        key: &GrantKey,
    ) -> Result<(), HospitalError> {
        let context = GrantContext {
            custodian: &self.0.organisation,
            recipient,
            grant_id: &grant.0,
        };
        let sealed = key.seal_to(&service.xwing_key, &context).map_err(failed)?;
        let message = key_message(&self.0.chain_id, grant, recipient, &sealed);
        let links = self.pacts_of::<LinkPact>(PactKind::Link, patient).await?;
        let link = links.into_iter().find(|it| it.organisation == recipient);
        let link = link.ok_or_else(|| HospitalError::Absent("the link of the patient".into()))?;
        let told = GrantTold {
            grant: grant.to_string(),
            pseudonym: link.value.pseudonym,
            sealed: message::to_base64(&sealed),
            signature: message::to_base64(&self.0.transaction_key.sign(&message.0).0),
        };
        self.call(recipient, message::GRANT, &told).await?;
        Ok(())
    }

    /// Makes a version of the Consent with another status.
    pub(super) async fn set_consent_status(
        &self,
        id: &str,
        status: &str,
    ) -> Result<(), HospitalError> {
        let record = self.current_record("Consent", id).await?;
        let mut value: Value = serde_json::from_slice(&record.body)
            .map_err(|_| HospitalError::Internal("a stored Consent is no JSON".into()))?;
        if let Value::Object(fields) = &mut value {
            fields.insert("status".into(), status.into());
        }
        self.replace(
            &Caller::organisation(),
            "Consent",
            id,
            Body::Json(value),
            &Conditions::default(),
        )
        .await?;
        Ok(())
    }
}

/// The patient who consents: nobody else does.
pub(super) fn consenting(caller: &Caller) -> Result<String, HospitalError> {
    match (caller.role, &caller.patient) {
        (Role::Patient, Some(patient)) => Ok(patient.clone()),
        _ => Err(HospitalError::Forbidden(
            "only the patient, or who acts for the patient, gives and withdraws consent".into(),
        )),
    }
}

/// The service records of the recipients, each a member other than this one.
fn services(
    state: &State,
    recipients: &[String],
    own: &str,
) -> Result<Vec<(String, Service)>, HospitalError> {
    let refused = |name: &str, why: &str| {
        HospitalError::request(
            "business-rule",
            format!("{name} {why}"),
            "GET /ledger/organisations lists the members",
        )
    };
    if recipients.is_empty() || recipients.len() > RECIPIENTS_MAX {
        return Err(HospitalError::request(
            "value",
            format!("a consent to share names 1 to {RECIPIENTS_MAX} recipient organisations"),
            "name each as provision.actor.reference `Organization/<id of the member>`",
        ));
    }
    let mut found = Vec::with_capacity(recipients.len());
    for name in recipients {
        if name == own {
            return Err(refused(name, "is this organisation: it has the records"));
        }
        let id: OrgId = name
            .parse()
            .map_err(|_| refused(name, "is no member of the ledger"))?;
        state
            .organisation(&id)
            .ok_or_else(|| refused(name, "is no member of the ledger"))?;
        let service = state
            .service(&id)
            .ok_or_else(|| refused(name, "has not announced its keys yet"))?;
        found.push((name.clone(), service));
    }
    Ok(found)
}

pub(super) fn until_us(hour: u32) -> i64 {
    i64::try_from(u64::from(hour) * HOUR_MS * 1_000).unwrap_or(i64::MAX)
}

/// The digest of a list of recipients, in order.
fn recipients_digest(names: &[&str]) -> Digest {
    let parts: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
    hash("salus/recipients/v1", &parts)
}

/// What the custodian signs over a sealed grant key.
pub(super) fn key_message(
    chain: &Digest,
    grant: &Digest,
    recipient: &str,
    sealed: &[u8],
) -> Digest {
    hash(
        GRANT_KEY,
        &[&chain.0, &grant.0, recipient.as_bytes(), sealed],
    )
}
