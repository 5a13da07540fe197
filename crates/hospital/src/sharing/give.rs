//! Giving a grant: a consent that names recipients, on the ledger and sealed to each of them.

use consent::acts::{Grant, HOUR_MS};
use consent::statement::{Act, Consenting, RECIPIENTS_MAX, Statement, body_digest};
use ledger::{Kind, OrgId, Service, State};
use proof::{Canonical, CommitmentKey, Digest, hash};
use serde_json::Value;
use store::PactKind;
use vault::grant::{GrantContext, GrantKey};

use super::keys::Hand;
use super::locatable;
use super::message::{self, GrantTold};
use super::pact::{GivenPact, Kept, LinkPact};
use super::research;
use super::signer::{self, SignedStatement, refused};
use super::terms;
use crate::admit::{Admitted, Made, new_id};
use crate::caller::{Caller, Role};
use crate::draft;
use crate::error::HospitalError;
use crate::identity::{KeyMode, PatientKeyChange};
use crate::keyring::failed;
use crate::request::{Body, Conditions};
use crate::setup::Hospital;

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

/// A consent that is checked and signed, about to be given.
pub(super) struct Giving {
    statement: Statement,
    of: Consenting,
    /// With the id that it gets.
    consent: Value,
    /// None for a refusal.
    grant: Option<Grant>,
    services: Vec<(String, Service)>,
}

impl Hospital {
    /// Files a patient's consent: the record, the grant on the ledger, the key to each recipient.
    ///
    /// Only the patient, or who acts for the patient, consents: nobody else holds the key that
    /// signs a grant. This organisation signs if it keeps the patient's seed; a device signs what
    /// [`Hospital::prepare_consent`] answers.
    pub async fn file_consent(
        &self,
        caller: &Caller,
        consent: Value,
    ) -> Result<Filed, HospitalError> {
        let patient = consenting(caller)?;
        // Whose keys are on a device gives no consent that this organisation could make up.
        let (_, current) = self.signing_seed(caller, &patient).await?;
        if locatable::speaks_of_it(&consent) {
            let asked = terms::asked(&consent, &patient, self.now_us())?;
            return self.file_locatable(&patient, consent, &asked).await;
        }
        let here = Hand {
            current,
            delegation: self.acting_entry(caller, &patient).await?,
        };
        let statement = self.state_consent(&patient, &consent, &here).await?;
        let (signed, current) = self.sign_here(caller, &statement, &consent).await?;
        let witness = self.witness(caller, &statement, &signed, &current)?;
        let giving = self.giving(statement, consent, &signed, &current);
        self.give(giving.await?, witness).await
    }

    /// What a patient signs to give this consent.
    pub(super) async fn state_consent(
        &self,
        patient: &str,
        consent: &Value,
        hand: &Hand,
    ) -> Result<Statement, HospitalError> {
        let custodial = hand.current.mode == KeyMode::Custodial;
        let of = self.consenting_to(patient, consent, custodial).await?;
        let mut statement = self.stated(patient, Act::Consent(of))?;
        statement.delegation = hand.delegation;
        Ok(statement)
    }

    /// Checks a consent that nobody has signed yet, and says what would be signed.
    pub(super) async fn consenting_to(
        &self,
        patient: &str,
        consent: &Value,
        custodial: bool,
    ) -> Result<Consenting, HospitalError> {
        if locatable::speaks_of_it(consent) {
            // The ledger hears nothing of it, so there is no statement of it to sign.
            return Err(refused(
                "a consent to be located is filed in one step, by custodial keys",
            ));
        }
        let asked = terms::asked(consent, patient, self.now_us())?;
        let refusal = asked.recipients.is_empty() && asked.refuses;
        if !refusal {
            let own = (self.0.organisation.as_str(), research::is_for_it(consent));
            services(&self.fresh_state().await?, &asked.recipients, own)?;
            self.check_links(patient, &asked.recipients).await?;
        }
        // Before anybody signs it.
        draft::validated(consent, "Consent")?;
        let id = new_id()?;
        let body = body_digest(consent, &id);
        Ok(Consenting {
            body: body.ok_or_else(|| refused("the Consent has no canonical form"))?,
            consent: id,
            recipients: asked.recipients,
            recipients_key: CommitmentKey(vault::random().map_err(failed)?),
            policy_key: CommitmentKey(vault::random().map_err(failed)?),
            from: asked.from_hour,
            until: asked.until_hour,
            custodial,
        })
    }

    /// Checks a signed consent; nothing is changed yet.
    pub(super) async fn giving(
        &self,
        statement: Statement,
        mut consent: Value,
        signed: &SignedStatement,
        current: &PatientKeyChange,
    ) -> Result<Giving, HospitalError> {
        let Act::Consent(of) = statement.act.clone() else {
            return Err(refused("the statement gives no consent"));
        };
        let whole = self.carried(&statement, &consent, signed, current).await?;
        let grant = signer::granted(&statement, &consent, &whole, &current.consent_key)?;
        let mut receiving = Vec::new();
        if grant.is_some() {
            let state = self.fresh_state().await?;
            let own = (self.0.organisation.as_str(), research::is_for_it(&consent));
            receiving = services(&state, &of.recipients, own)?;
            self.check_links(&statement.patient, &of.recipients).await?;
        }
        if let Value::Object(fields) = &mut consent {
            fields.insert("id".into(), of.consent.clone().into());
        }
        Ok(Giving {
            statement,
            of,
            consent,
            grant,
            services: receiving,
        })
    }

    /// Gives a consent: the record and its witness in one commit, then the ledger.
    pub(super) async fn give(
        &self,
        giving: Giving,
        witness: Value,
    ) -> Result<Filed, HospitalError> {
        let patient = giving.statement.patient.clone();
        let admitted = self.admit_consent(&giving, witness).await?;
        let key = match self.grant(&giving, &admitted).await {
            Ok(key) => key,
            Err(error) => {
                // Nothing was granted: the record must not say that something is.
                self.set_consent_status(&admitted.record.id, "inactive")
                    .await?;
                return Err(error);
            }
        };
        self.note_consents(&patient).await?;
        let id = giving.statement.id;
        let mut recipients = Vec::with_capacity(giving.services.len());
        for (name, service) in &giving.services {
            let told = self.tell(&patient, name, service, &id, &key).await;
            if let Err(error) = &told {
                tracing::warn!(recipient = name, %error, "a recipient was not told of a grant");
            }
            recipients.push((name.clone(), told.is_ok()));
        }
        if giving.grant.is_some() {
            self.close_requests(&patient, &giving.of.recipients).await;
        }
        Ok(Filed {
            consent: admitted,
            grant: giving.grant.map(|grant| grant.id),
            recipients,
        })
    }

    async fn admit_consent(
        &self,
        giving: &Giving,
        witness: Value,
    ) -> Result<Admitted, HospitalError> {
        let warnings = draft::validated(&giving.consent, "Consent")?;
        let consent = self.own_draft("Consent", giving.consent.clone()).await?;
        let witness = self.own_draft("Provenance", witness).await?;
        let record = consent.record();
        self.store_drafts(vec![consent, witness], &[]).await??;
        Ok(Admitted {
            record,
            made: Made::Created,
            warnings,
        })
    }

    async fn check_links(&self, patient: &str, recipients: &[String]) -> Result<(), HospitalError> {
        let links = self.pacts_of::<LinkPact>(PactKind::Link, patient).await?;
        let mut others = recipients
            .iter()
            .filter(|name| **name != self.0.organisation);
        let missing = others.find(|name| links.iter().all(|link| link.organisation != **name));
        match missing {
            None => Ok(()),
            Some(name) => Err(HospitalError::request(
                "business-rule",
                format!("{name} does not know this patient yet"),
                "make a code here, and have it accepted there first: docs/guides/share.md",
            )),
        }
    }

    /// Keeps the grant and its key, and puts it on the ledger. A refusal is only kept: that a
    /// restriction exists stays hidden (EHDS art. 8).
    async fn grant(&self, giving: &Giving, admitted: &Admitted) -> Result<GrantKey, HospitalError> {
        let (id, of) = (giving.statement.id, &giving.of);
        let key = GrantKey::fresh().map_err(failed)?;
        let mut value = GivenPact {
            consent: admitted.record.id.clone(),
            version: admitted.record.version,
            recipients: of.recipients.clone(),
            kept: String::new(),
            recipients_key: String::new(),
            policy_key: String::new(),
            withdrawal: None,
        };
        if giving.grant.is_some() {
            let kept = key.keep(self.0.keyring.root(), &id.0).map_err(failed)?;
            value.kept = message::to_base64(&kept);
            value.recipients_key = Digest(of.recipients_key.0).to_string();
            value.policy_key = Digest(of.policy_key.0).to_string();
        }
        let pact = Kept {
            id: id.0.to_vec(),
            organisation: String::new(),
            patient: giving.statement.patient.clone(),
            until_us: until_us(of.until),
            value,
        };
        let Some(body) = giving.grant else {
            self.keep_pact(PactKind::Given, &pact).await?;
            return Ok(key);
        };
        let keep = |_| async { self.keep_pact(PactKind::Given, &pact).await };
        let transaction = self
            .sign_and_submit(Kind::Grant as u8, body.to_bytes(), keep)
            .await?;
        self.enacted(&transaction).await?;
        Ok(key)
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
        let links = links.into_iter().filter(|it| it.organisation == recipient);
        let link = links.max_by_key(|it| it.value.since_us);
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

/// The service records of the recipients other than this organisation, each a member. A consent to
/// research may name this one too, which has the records and needs no key.
fn services(
    state: &State,
    recipients: &[String],
    (own, studies): (&str, bool),
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
        if name == own && studies {
            continue;
        }
        if name == own {
            let why = "is this organisation: it has the records, and needs a consent only for \
                       research (provision.purpose HRESCH)";
            return Err(refused(name, why));
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
