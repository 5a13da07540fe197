//! Disclosing: the custodian decides, writes the disclosure, waits until it is final, and only
//! then releases.

use consent::decide::{Decision, Obligation};
use proof::Digest;
use serde_json::Value;
use store::Stored;
use vault::VaultKey;
use vault::envelope::{self, Context};
use vault::grant::GrantKey;

use super::admit::Admitted;
use super::message::{self, ReadAnswer, ReadAsk, Released};
use super::wanted::{self, Found};
use crate::access_log::{Access, AccessAgent, AccessDeed, AccessOutcome, RecordRef, Touched};
use crate::caller::Caller;
use crate::credential::Practitioner;
use crate::error::HospitalError;
use crate::keyring::failed;
use crate::receipt::ReceiptState;
use crate::record::Record;
use crate::setup::Hospital;
use crate::sight::Sight;

/// 42 CFR 2.32(a)(2), in our own words.
const NOTICE: &str = "This includes records of treatment for substance use. Federal law (42 CFR \
     part 2) forbids to disclose them further without the patient's written consent, unless the \
     law permits it.";
pub(super) const ACT_REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";

impl Hospital {
    /// Answers a practitioner of another organisation.
    ///
    /// The disclosure is carried out whole even if the other side hangs up: what was written as
    /// disclosed may have been sent.
    pub(super) async fn disclose(
        &self,
        from: &str,
        ask: ReadAsk,
    ) -> Result<ReadAnswer, HospitalError> {
        let (hospital, from) = (self.clone(), from.to_owned());
        let task = tokio::spawn(async move { hospital.disclosed(&from, &ask).await });
        task.await
            .map_err(|_| HospitalError::Internal("a disclosure broke off".into()))?
    }

    async fn disclosed(&self, from: &str, ask: &ReadAsk) -> Result<ReadAnswer, HospitalError> {
        let admitted = match self.admit_reader(from, ask).await {
            Ok(admitted) => admitted,
            Err(error) => {
                self.log_refusal(from, &error).await?;
                return Err(error);
            }
        };
        let sight = Sight::of(admitted.decision.clone());
        let name = format!("{}@{from}", admitted.practitioner.subject);
        let patient = Some(admitted.patient.clone());
        let caller = Caller {
            sight,
            ..Caller::new(name, admitted.practitioner.role, patient)
        };
        let found = self.found(&caller, &admitted.patient, &ask.wanted).await?;
        let disclosure = self.log_disclosure(from, ask, &admitted, &found).await?;
        // No entry, no data: the disclosure is final before anything leaves. Only an opening
        // without a quorum goes ahead on its entry here, which is anchored later.
        let mut decided = None;
        if !admitted.late {
            self.anchored(&disclosure.type_, &disclosure.id, disclosure.version)
                .await?;
            decided = Some(self.still_holds(&admitted).await?);
        }
        let key = self.given_key(&admitted)?;
        let mut records = Vec::with_capacity(found.matches.len() + found.included.len());
        let mut notice = None;
        for (at, record) in found.all().enumerate() {
            let (mut released, warned) = self.release(&admitted, &key, record).await?;
            released.included = at >= found.matches.len();
            records.push(released);
            notice = notice.or(warned.then(|| NOTICE.to_owned()));
        }
        let stated = match decided {
            Some(height) => Some(
                self.state_release(from, ask, height, &disclosure, &records)
                    .await?,
            ),
            None => None,
        };
        Ok(ReadAnswer {
            base: self.0.fhir_base.clone(),
            records,
            next: found.next,
            cut: found.cut,
            total: found.total,
            disclosure: (disclosure.id, disclosure.version),
            stated,
            notice,
        })
    }

    fn given_key(&self, admitted: &Admitted) -> Result<GrantKey, HospitalError> {
        let kept = message::from_base64(&admitted.kept)?;
        GrantKey::kept(self.0.keyring.root(), &admitted.pass.0, &kept).map_err(failed)
    }

    /// One record under the grant key, and whether it needs the notice.
    async fn release(
        &self,
        admitted: &Admitted,
        key: &GrantKey,
        record: &Record,
    ) -> Result<(Released, bool), HospitalError> {
        let (type_, id, version) = (&record.type_, &record.id, record.version);
        let missing = || HospitalError::Absent(record.reference());
        let stored = self.0.store.version(type_, id, version).await?;
        let stored = stored.ok_or_else(missing)?;
        let facts = consent::facts::Facts::from_bytes(&stored.facts).ok();
        let facts = facts.filter(|facts| admitted.decision.permits(facts));
        let decision = facts.map(|facts| admitted.decision.decide(&facts));
        // Decided again on this very version: nothing leaves by the index alone.
        let Some(Decision::Permit { obligations, .. }) = decision else {
            return Err(missing());
        };
        let vault_key = self.0.keyring.open(&self.0.store, &stored.vault).await?;
        let whole = crate::record::open(stored.clone(), &vault_key, &self.0.organisation)?;
        let redacted = obligations.contains(&Obligation::Redact) && tells(&whole.record.body);
        let content = if redacted {
            self.derived(&admitted.pass, key, record)?
        } else {
            self.unchanged(&admitted.pass, key, &stored, &vault_key)?
        };
        let receipt = if redacted {
            None
        } else {
            self.receipt_text(type_, id, version).await?
        };
        let released = Released {
            resource: type_.clone(),
            id: id.clone(),
            version,
            updated_us: record.updated_us,
            content: message::to_base64(&content),
            redacted,
            included: false,
            receipt,
        };
        let warned = obligations.contains(&Obligation::RedisclosureNotice);
        Ok((released, warned))
    }

    fn unchanged(
        &self,
        grant: &Digest,
        key: &GrantKey,
        stored: &Stored,
        vault_key: &VaultKey,
    ) -> Result<Vec<u8>, HospitalError> {
        let context = Context {
            custodian: &self.0.organisation,
            record_type: &stored.type_,
            record_id: &stored.id,
            version: stored.version,
        };
        envelope::release(vault_key, &context, &stored.envelope, key, &grant.0).map_err(failed)
    }

    fn derived(
        &self,
        grant: &Digest,
        key: &GrantKey,
        record: &Record,
    ) -> Result<Vec<u8>, HospitalError> {
        let context = Context {
            custodian: &self.0.organisation,
            record_type: &record.type_,
            record_id: &record.id,
            version: record.version,
        };
        envelope::seal_derived(key, &grant.0, &context, &record.body).map_err(failed)
    }

    pub(crate) async fn receipt_text(
        &self,
        type_: &str,
        id: &str,
        version: u64,
    ) -> Result<Option<String>, HospitalError> {
        let type_ = crate::request::known_type(type_)?;
        let own = Caller::organisation();
        Ok(match self.receipt(&own, type_, id, version).await? {
            ReceiptState::Ready(text) => Some(text),
            ReceiptState::Pending { .. } => None,
        })
    }

    async fn log_disclosure(
        &self,
        from: &str,
        ask: &ReadAsk,
        admitted: &Admitted,
        found: &Found,
    ) -> Result<RecordRef, HospitalError> {
        let to = from.to_owned();
        let touched = found.all().map(|record| Touched {
            type_: record.type_.clone(),
            id: record.id.clone(),
            version: Some(record.version),
        });
        let access = Access {
            patient: Some(admitted.patient.clone()),
            purpose: Some((ACT_REASON.into(), ask.purpose.clone())),
            touched: touched.collect(),
            query: Some(wanted::text(&ask.wanted)),
            basis: Some(ask.grant.clone()),
            ..Access::new(
                agent(from, Some(&admitted.practitioner)),
                AccessDeed::Disclose { to },
                self.now_us(),
            )
        };
        self.record_access(access).await
    }

    async fn log_refusal(&self, from: &str, error: &HospitalError) -> Result<(), HospitalError> {
        let reason = match error {
            HospitalError::Forbidden(_) => "forbidden",
            HospitalError::Absent(_) => "no-grant",
            HospitalError::Busy(_) => "stale-state",
            _ => "invalid",
        };
        let to = from.to_owned();
        let access = Access {
            outcome: AccessOutcome::Refused {
                reasons: vec![reason.to_owned()],
            },
            ..Access::new(
                agent(from, None),
                AccessDeed::Disclose { to },
                self.now_us(),
            )
        };
        tracing::info!(from, reason, "a disclosure refused");
        self.record_access(access).await.map(|_| ())
    }
}

/// Whether a body has a narrative, at any depth that a narrative stands.
pub(super) fn tells(body: &[u8]) -> bool {
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        return true;
    };
    let contained = value["contained"].as_array();
    let inner = contained.into_iter().flatten();
    inner
        .chain([&value])
        .any(|resource| resource.get("text").is_some())
}

pub(super) fn agent(from: &str, practitioner: Option<&Practitioner>) -> AccessAgent {
    AccessAgent {
        organisation: from.to_owned(),
        user: practitioner.map_or_else(String::new, |it| it.subject.clone()),
        role: practitioner.map_or_else(String::new, |it| it.role.to_string()),
        ..AccessAgent::default()
    }
}
