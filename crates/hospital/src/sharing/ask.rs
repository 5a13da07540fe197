//! Asking other organisations: every custodian at the same time, each answer checked, no failure
//! silent.

use bytes::Bytes;
use proof::policy::Policy;
use proof::{Digest, SecretKey, receipt};
use store::PactKind;
use tokio::task::JoinSet;
use vault::envelope::{self, Context};
use vault::grant::GrantKey;

use super::door::reason;
use super::glass::OpenedPact;
use super::message::{self, ReadAnswer, ReadAsk, Released};
use super::pact::{HeldPact, Kept};
use super::release::Asked;
use crate::caller::{Caller, Role};
use crate::credential::{self, Dice, NewCredential, Presentation};
use crate::error::HospitalError;
use crate::keyring::failed;
use crate::pairs::Pairs;
use crate::scopes::Verb;
use crate::setup::Hospital;

/// Organisations asked for one search at most.
const SOURCES_MAX: usize = 16;
/// Search parameters that name the patient.
const PATIENT_PARAMETERS: [&str; 3] = ["patient", "subject", "_id"];

/// The purpose of an opening.
const BREAK_THE_GLASS: &str = "BTG";

/// A grant or an opening that a question is asked with.
#[derive(Clone)]
struct Pass {
    organisation: String,
    id: Digest,
    sealed: String,
    until_us: i64,
    glass: bool,
}

impl Pass {
    fn of<T>(pact: &Kept<T>, sealed: &str, glass: bool) -> Result<Self, HospitalError> {
        let id = <[u8; 32]>::try_from(pact.id.as_slice()).map_err(|_| message::unusable())?;
        Ok(Self {
            organisation: pact.organisation.clone(),
            id: Digest(id),
            sealed: sealed.to_owned(),
            until_us: pact.until_us,
            glass,
        })
    }
}

/// What a caller asks of other organisations.
#[derive(Debug, Clone)]
pub struct AskElsewhere {
    /// Record type.
    pub type_: &'static str,
    /// Search parameters; one of them names the patient here.
    pub query: Pairs,
    /// Organisations to ask; empty: all that the patient has granted.
    pub sources: Vec<String>,
    /// Purpose of use: a code of v3-ActReason.
    pub purpose: String,
}

/// What other organisations answered.
#[derive(Debug, Clone)]
pub struct Elsewhere {
    /// One for each organisation that was asked.
    pub sources: Vec<Source>,
}

/// What one organisation answered.
#[derive(Debug, Clone)]
pub struct Source {
    /// The organisation.
    pub organisation: String,
    /// Its records, or why there are none.
    pub answer: Result<Vec<Sourced>, String>,
    /// It has more than it released.
    pub more: bool,
    /// What the reader is bound to.
    pub notice: Option<String>,
}

/// A record of another organisation with its provenance.
#[derive(Debug, Clone)]
pub struct Sourced {
    /// The FHIR base of the custodian.
    pub base: String,
    /// Record type.
    pub type_: String,
    /// Logical id there.
    pub id: String,
    /// Version.
    pub version: u64,
    /// When it was written, microseconds since 1970.
    pub updated_us: i64,
    /// The record: exactly as committed to, unless something was left out.
    pub body: Bytes,
    /// Whether the custodian left something out.
    pub redacted: bool,
    /// What proves it. It was checked here against this node's own view of the members.
    pub receipt: Option<Proved>,
}

/// A receipt that was checked.
#[derive(Debug, Clone)]
pub struct Proved {
    /// The file.
    pub text: String,
    /// The block.
    pub height: u64,
    /// The time of the block, milliseconds since 1970.
    pub time_ms: u64,
}

impl Hospital {
    /// Searches the records of a patient at other organisations.
    pub async fn search_elsewhere(
        &self,
        caller: &Caller,
        ask: AskElsewhere,
    ) -> Result<Elsewhere, HospitalError> {
        if !matches!(caller.role, Role::Clinician | Role::Pharmacist) {
            return Err(HospitalError::Forbidden(format!(
                "the role {} does not ask other organisations",
                caller.role
            )));
        }
        if caller.sight.hides(Verb::Search, Some(ask.type_)) {
            return Err(HospitalError::OutOfScope(format!(
                "the token's scopes do not reach every {}: what others send cannot be narrowed",
                ask.type_
            )));
        }
        let (patient, query) = about(&ask)?;
        self.current_record("Patient", &patient).await?;
        let held = self.passes(caller, &ask, &patient).await?;
        let mut wanted = ask.sources.clone();
        if wanted.is_empty() {
            wanted = held.iter().map(|it| it.organisation.clone()).collect();
        }
        wanted.sort();
        wanted.dedup();
        if wanted.len() > SOURCES_MAX {
            return Err(HospitalError::request(
                "too-costly",
                format!("one search asks {SOURCES_MAX} organisations at most"),
                "name the organisations in _source",
            ));
        }
        let mut tasks = JoinSet::new();
        for organisation in wanted {
            let pass = held
                .iter()
                .filter(|it| it.organisation == organisation)
                .max_by_key(|it| it.until_us);
            let (hospital, pass) = (self.clone(), pass.cloned());
            let (caller, ask, query) = (caller.clone(), ask.clone(), query.clone());
            tasks.spawn(async move {
                hospital
                    .ask_one(&caller, &ask, query, organisation, pass)
                    .await
            });
        }
        let mut sources = tasks.join_all().await;
        sources.sort_by(|one, other| one.organisation.cmp(&other.organisation));
        Ok(Elsewhere { sources })
    }

    /// What the caller can ask with: grants, or in an emergency the own openings.
    async fn passes(
        &self,
        caller: &Caller,
        ask: &AskElsewhere,
        patient: &str,
    ) -> Result<Vec<Pass>, HospitalError> {
        if ask.purpose == BREAK_THE_GLASS {
            let all = self
                .pacts_of::<OpenedPact>(PactKind::Glass, patient)
                .await?;
            let own = all
                .into_iter()
                .filter(|it| it.value.user == caller.username);
            return own
                .map(|it| Pass::of(&it, &it.value.sealed, true))
                .collect();
        }
        let held = self.pacts_of::<HeldPact>(PactKind::Held, patient).await?;
        held.iter()
            .map(|it| Pass::of(it, &it.value.sealed, false))
            .collect()
    }

    async fn ask_one(
        &self,
        caller: &Caller,
        ask: &AskElsewhere,
        query: Pairs,
        organisation: String,
        pass: Option<Pass>,
    ) -> Source {
        let answered = match pass {
            Some(pass) => {
                self.ask_custodian(caller, ask, query, &organisation, &pass)
                    .await
            }
            None => Err(HospitalError::Absent(
                "a grant of this patient to read there".into(),
            )),
        };
        match answered {
            Ok((records, more, notice)) => Source {
                organisation,
                answer: Ok(records),
                more,
                notice,
            },
            Err(error) => {
                tracing::info!(organisation, %error, "a source gave nothing");
                Source {
                    organisation,
                    answer: Err(reason(&error)),
                    more: false,
                    notice: None,
                }
            }
        }
    }

    async fn ask_custodian(
        &self,
        caller: &Caller,
        ask: &AskElsewhere,
        query: Pairs,
        organisation: &str,
        pass: &Pass,
    ) -> Result<(Vec<Sourced>, bool, Option<String>), HospitalError> {
        let id = pass.id;
        // What was released on a state older than this is not taken. In an emergency the ledger
        // may stand still.
        let height = if pass.glass {
            self.0.chain.state().height()
        } else {
            self.fresh_state()?.height()
        };
        let sealed = message::from_base64(&pass.sealed)?;
        let key = self.open_grant_key(organisation, &id, &sealed)?;
        let nonce = Digest(vault::random().map_err(failed)?).to_string();
        let message = ReadAsk {
            grant: id.to_string(),
            glass: pass.glass,
            purpose: ask.purpose.clone(),
            credential: self.credential(caller, organisation, &nonce)?,
            nonce,
            resource: ask.type_.to_owned(),
            query,
        };
        let answer = self.call(organisation, message::READ, &message).await?;
        let answer: ReadAnswer = message::read(&answer)?;
        let policy = Policy::parse(self.trust()?.as_bytes())
            .map_err(|error| HospitalError::Internal(format!("the trust file: {error}")))?;
        let asked = Asked {
            custodian: organisation,
            pass: id,
            glass: pass.glass,
            height,
        };
        self.check_release(&asked, &answer, &policy).await?;
        let mut records = Vec::with_capacity(answer.records.len());
        for released in answer.records {
            records.push(opened(
                organisation,
                &id,
                &key,
                &answer.base,
                released,
                &policy,
            )?);
        }
        Ok((records, answer.more, answer.notice))
    }

    /// A credential of the caller for one call.
    pub(super) fn credential(
        &self,
        caller: &Caller,
        audience: &str,
        nonce: &str,
    ) -> Result<String, HospitalError> {
        let refused = |error: credential::CredentialError| {
            HospitalError::Forbidden(format!("no credential for this user: {error}"))
        };
        let id = self.0.id.as_ref();
        let service = id.and_then(|id| self.0.chain.state().service(id));
        let service = service.ok_or_else(|| {
            HospitalError::Busy("this organisation has not announced its keys yet".into())
        })?;
        let holder = SecretKey::from_seed(&vault::random().map_err(failed)?);
        let subject = self.practitioner_pseudonym(caller);
        let now_s = self.now_us() / 1_000_000;
        let new = NewCredential {
            issuer: &self.0.organisation,
            subject: &subject,
            role: caller.role,
            name: None,
            identifier: None,
            epoch: service.credential_epoch,
            holder: holder.public(),
            now_s,
            life_s: credential::LIFE_S,
        };
        let issued = credential::issue(&new, &Dice::throw()?, &self.0.custody.credential_key)
            .map_err(refused)?;
        let to = Presentation {
            disclose: &[],
            audience,
            nonce,
            now_s,
        };
        credential::present(&issued, &to, &holder).map_err(refused)
    }
}

/// The patient of a search, and the search without the patient.
fn about(ask: &AskElsewhere) -> Result<(String, Pairs), HospitalError> {
    let refused = |text: &str| {
        HospitalError::request(
            "required",
            text,
            "search with patient=<id here>, or with _id=<id here> for Patient",
        )
    };
    let mut patients = Vec::new();
    let mut rest = Pairs::new();
    for (name, value) in &ask.query {
        let own = name != "_id" || ask.type_ == "Patient";
        if own && PATIENT_PARAMETERS.contains(&name.as_str()) {
            patients.push(value.strip_prefix("Patient/").unwrap_or(value).to_owned());
        } else {
            rest.push((name.clone(), value.clone()));
        }
    }
    patients.dedup();
    match patients.as_slice() {
        [patient] if crate::request::is_id(patient) => Ok((patient.clone(), rest)),
        [] => Err(refused(
            "a search at other organisations is about one patient",
        )),
        _ => Err(refused(
            "a search at other organisations is about one patient only",
        )),
    }
}

/// Opens what was released, and checks what came with it.
fn opened(
    custodian: &str,
    grant: &Digest,
    key: &GrantKey,
    base: &str,
    released: Released,
    policy: &Policy,
) -> Result<Sourced, HospitalError> {
    let context = Context {
        custodian,
        record_type: &released.resource,
        record_id: &released.id,
        version: released.version,
    };
    let sealed = message::from_base64(&released.content)?;
    let body = if released.redacted {
        envelope::open_derived(key, &grant.0, &context, &sealed).map_err(failed)?
    } else {
        let mut opened =
            envelope::open_released(key, &grant.0, &context, &sealed).map_err(failed)?;
        std::mem::take(&mut opened.plaintext)
    };
    let body = Bytes::from(body.to_vec());
    let receipt = match released.receipt.filter(|_| !released.redacted) {
        Some(text) => Some(proved(custodian, &released.resource, &text, &body, policy)?),
        None => None,
    };
    Ok(Sourced {
        base: base.to_owned(),
        type_: released.resource,
        id: released.id,
        version: released.version,
        updated_us: released.updated_us,
        body,
        redacted: released.redacted,
        receipt,
    })
}

/// A record that does not fit its receipt is not shown at all.
fn proved(
    custodian: &str,
    type_: &str,
    text: &str,
    body: &[u8],
    policy: &Policy,
) -> Result<Proved, HospitalError> {
    let damaged = |reason: String| HospitalError::Damaged {
        item: format!("a {type_} of {custodian}"),
        reason,
    };
    let verified = receipt::verify(text.as_bytes(), policy, Some(body))
        .map_err(|error| damaged(error.to_string()))?;
    if verified.event.organisation != custodian {
        return Err(damaged("its receipt is of another organisation".into()));
    }
    Ok(Proved {
        text: text.to_owned(),
        height: verified.height,
        time_ms: verified.time_ms,
    })
}
