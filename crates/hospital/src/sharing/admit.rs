//! What must hold before a record is looked at for somebody at another organisation.

use std::sync::Arc;

use consent::decide::Fallback;
use consent::terms::Purpose;
use ledger::{OrgId, State};
use proof::Digest;
use store::PactKind;

use super::decision::{ByConsent, ByPolicy};
use super::glass::{AnsweredPact, answered_id};
use super::message::{self, ReadAsk};
use super::pact::GivenPact;
use crate::caller::Role;
use crate::credential::{self, CredentialError, Expected, Practitioner};
use crate::error::HospitalError;
use crate::setup::Hospital;

/// The purpose of an opening: no rule about treatment speaks of it.
const BREAK_THE_GLASS: &str = "BTG";

/// A question that was found to be in order.
pub(super) struct Admitted {
    /// The grant or the opening.
    pub(super) pass: Digest,
    /// Whether it is an opening.
    pub(super) glass: bool,
    /// Whether it is one that the ledger has not heard of yet.
    pub(super) late: bool,
    /// The patient here.
    pub(super) patient: String,
    /// The key under the root key, base64.
    pub(super) kept: String,
    /// Who asks.
    pub(super) practitioner: Practitioner,
    /// What the patient's consents show them.
    pub(super) decision: Arc<ByConsent>,
}

/// What a question is asked with.
struct Held {
    patient: String,
    kept: String,
    late: bool,
}

impl Hospital {
    /// Everything that must hold before a record is looked at.
    pub(super) async fn admit_reader(
        &self,
        from: &str,
        ask: &ReadAsk,
    ) -> Result<Admitted, HospitalError> {
        let state = self.0.chain.state();
        let practitioner = self
            .practitioner(from, &ask.credential, &ask.nonce, &state)
            .await?;
        if !matches!(practitioner.role, Role::Clinician | Role::Pharmacist) {
            return Err(forbidden(
                "the role of the practitioner reads no shared records",
            ));
        }
        let purpose = Purpose::reason(&ask.purpose)
            .ok_or_else(|| forbidden("the purpose is no code of v3-ActReason"))?;
        if ask.glass != (ask.purpose == BREAK_THE_GLASS) {
            return Err(forbidden(
                "the purpose BTG goes with an opening, and only with it",
            ));
        }
        let pass = message::digest(&ask.grant)?;
        let held = if ask.glass {
            self.opening_of(from, &pass, &practitioner).await?
        } else {
            self.grant_of(from, &pass).await?
        };
        if !held.late {
            self.holds(&self.fresh_state().await?, &pass, ask.glass)?;
        }
        let policy = self.policy_for(
            from,
            (&practitioner.subject, practitioner.role),
            &ask.purpose,
            ask.glass,
        )?;
        let person = (practitioner.subject.as_str(), practitioner.role);
        let reader = self.reader(from, person, purpose);
        let fallback = if ask.glass {
            // An emergency opens what no rule closes: only a refusal that names it (an absolute
            // opt-out, where the law has one) still holds.
            Fallback::Permit
        } else {
            Fallback::Deny
        };
        let terms = self.terms_of(&held.patient).await?;
        let decision = ByConsent::new(&held.patient, terms, fallback, reader, policy);
        Ok(Admitted {
            pass,
            glass: ask.glass,
            late: held.late,
            patient: held.patient,
            kept: held.kept,
            practitioner,
            decision,
        })
    }

    /// What the organisation's policy is asked, for a person of another one: name and role there.
    pub(super) fn policy_for(
        &self,
        from: &str,
        (person, role): (&str, Role),
        purpose: &str,
        break_glass: bool,
    ) -> Result<ByPolicy, HospitalError> {
        let state = self.0.chain.state();
        let kind = |id: &str| {
            let id: OrgId = id.parse().ok()?;
            state.organisation(&id).map(|it| it.kind.as_str())
        };
        let own = &self.0.organisation;
        Ok(ByPolicy {
            policy: Arc::clone(&self.0.policy),
            person: person.to_owned(),
            role: role.name(),
            organisation: from.to_owned(),
            organisation_kind: kind(from).ok_or_else(no_grant)?,
            custodian: own.clone(),
            custodian_kind: kind(own).ok_or_else(no_grant)?,
            purpose: purpose.to_owned(),
            break_glass,
        })
    }

    /// The same once more, on the state after the disclosure; answers its height.
    pub(super) async fn still_holds(&self, admitted: &Admitted) -> Result<u64, HospitalError> {
        let state = self.fresh_state().await?;
        self.holds(&state, &admitted.pass, admitted.glass)?;
        Ok(state.height())
    }

    /// A grant that was given here to that organisation. Another's grant, a withdrawn one and
    /// none at all answer alike.
    async fn grant_of(&self, from: &str, id: &Digest) -> Result<Held, HospitalError> {
        let given = self.pact::<GivenPact>(PactKind::Given, &id.0).await?;
        let given = given.filter(|it| it.value.recipients.iter().any(|name| name == from));
        let given = given.ok_or_else(no_grant)?;
        Ok(Held {
            patient: given.patient,
            kept: given.value.kept,
            late: false,
        })
    }

    /// An opening of this very practitioner that has not ended.
    async fn opening_of(
        &self,
        from: &str,
        id: &Digest,
        practitioner: &Practitioner,
    ) -> Result<Held, HospitalError> {
        let pact = self
            .pact::<AnsweredPact>(PactKind::Glass, &answered_id(id))
            .await?;
        let now_us = self.now_us();
        let pact = pact.filter(|it| {
            it.organisation == from
                && it.value.practitioner == practitioner.subject
                && it.value.until_us > now_us
        });
        let pact = pact.ok_or_else(no_grant)?;
        Ok(Held {
            patient: pact.patient,
            kept: pact.value.kept,
            late: pact.value.late,
        })
    }

    /// Whether the ledger knows the grant or the opening as valid now, and as ours.
    fn holds(&self, state: &State, id: &Digest, glass: bool) -> Result<(), HospitalError> {
        let now_ms = u64::try_from(self.now_us() / 1_000).unwrap_or(0);
        let own = &self.0.organisation;
        let holds = if glass {
            state.glass(id).is_some_and(|it| {
                it.custodian.as_deref() == Some(own.as_str()) && now_ms < it.until_ms
            })
        } else {
            state
                .grant(id)
                .is_some_and(|it| it.custodian == *own && it.is_valid_at(now_ms))
        };
        if holds { Ok(()) } else { Err(no_grant()) }
    }

    /// Who asks, by the credential of the organisation at the other end. That it was presented is
    /// on disk before it is believed: a node that was killed in between knows it at its next start.
    pub(super) async fn practitioner(
        &self,
        from: &str,
        credential: &str,
        nonce: &str,
        state: &State,
    ) -> Result<Practitioner, HospitalError> {
        let id: OrgId = from.parse().map_err(|_| no_grant())?;
        let service = state
            .service(&id)
            .ok_or_else(|| forbidden("the organisation has not announced its keys"))?;
        let expected = Expected {
            issuer: from,
            issuer_key: &service.credential_key,
            epoch_min: service.credential_epoch,
            audience: &self.0.organisation,
            nonce,
            now_s: self.now_us() / 1_000_000,
        };
        let refused = |error: CredentialError| forbidden(&format!("the credential: {error}"));
        let presented = credential::check(credential, &expected).map_err(refused)?;
        if self.first_presentation(&presented).await? {
            Ok(presented.practitioner)
        } else {
            Err(refused(CredentialError::Replayed))
        }
    }
}

fn forbidden(text: &str) -> HospitalError {
    HospitalError::Forbidden(text.to_owned())
}

fn no_grant() -> HospitalError {
    HospitalError::Absent("a grant that holds now".into())
}
