//! Asking other organisations: every custodian at the same time, each answer checked, no failure
//! silent.

use proof::policy::Policy;
use proof::{Digest, SecretKey};
use store::PactKind;
use tokio::task::JoinSet;

use super::door::reason;
use super::glass::OpenedPact;
use super::message::{self, ReadAnswer, ReadAsk, Wanted};
use super::pact::{HeldPact, Kept};
use super::received::{Elsewhere, Source, Sourced, opened};
use super::release::Asked;
use crate::caller::{Caller, Role};
use crate::credential::{self, Dice, NewCredential, Presentation};
use crate::error::HospitalError;
use crate::keyring::failed;
use crate::pairs::Pairs;
use crate::request::Target;
use crate::scopes::Verb;
use crate::search::PAGE_TOKEN;
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

/// Pages of one organisation that are asked for, one after the other.
const PAGES_MAX: usize = 5;

/// What a caller asks of other organisations.
#[derive(Debug, Clone)]
pub struct AskElsewhere {
    /// What: a search of one type, one record, one version, the history of a record, or everything
    /// of a patient. Patients are named by their ids here, other records by their ids there.
    pub target: Target,
    /// Parameters; one of them names the patient here, unless the target does.
    pub query: Pairs,
    /// Organisations to ask; empty: all that the patient has granted.
    pub sources: Vec<String>,
    /// Purpose of use: a code of v3-ActReason.
    pub purpose: String,
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
        let (patient, wanted) = about(&ask)?;
        let only = ask.target.resource_type().filter(|_| is_of_one_type(&ask));
        if caller.sight.hides(Verb::Search, only) {
            return Err(HospitalError::OutOfScope(format!(
                "the token's scopes do not reach every {}: what others send cannot be narrowed",
                only.unwrap_or("record")
            )));
        }
        self.current_record("Patient", &patient).await?;
        let held = self.passes(caller, &ask, &patient).await?;
        let mut sources = ask.sources.clone();
        if sources.is_empty() {
            sources = held.iter().map(|it| it.organisation.clone()).collect();
        }
        sources.sort();
        sources.dedup();
        if sources.len() > SOURCES_MAX {
            return Err(HospitalError::request(
                "too-costly",
                format!("one search asks {SOURCES_MAX} organisations at most"),
                "name the organisations in _source",
            ));
        }
        let mut tasks = JoinSet::new();
        for organisation in sources {
            let pass = held
                .iter()
                .filter(|it| it.organisation == organisation)
                .max_by_key(|it| it.until_us);
            let (hospital, pass) = (self.clone(), pass.cloned());
            let (caller, purpose) = (caller.clone(), ask.purpose.clone());
            let wanted = wanted.clone();
            tasks.spawn(async move {
                hospital
                    .ask_one(&caller, &purpose, wanted, organisation, pass)
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
        purpose: &str,
        wanted: Wanted,
        organisation: String,
        pass: Option<Pass>,
    ) -> Source {
        let mut source = Source {
            organisation,
            answer: Ok(Vec::new()),
            more: false,
            total: None,
            notice: None,
        };
        let asked = match pass {
            Some(pass) => {
                self.ask_pages(caller, purpose, wanted, &pass, &mut source)
                    .await
            }
            None => Err(HospitalError::Absent(
                "a grant of this patient to read there".into(),
            )),
        };
        if let Err(error) = asked {
            let organisation = &source.organisation;
            tracing::info!(organisation, %error, "a source gave nothing");
            source.answer = Err(reason(&error));
            (source.more, source.total, source.notice) = (false, None, None);
        }
        source
    }

    /// Asks page after page. A page that fails fails the whole answer: half of one would look like
    /// all of it.
    async fn ask_pages(
        &self,
        caller: &Caller,
        purpose: &str,
        mut wanted: Wanted,
        pass: &Pass,
        source: &mut Source,
    ) -> Result<(), HospitalError> {
        let mut records = Vec::new();
        for _ in 0..PAGES_MAX {
            let (page, answer) = self
                .ask_custodian(caller, purpose, &wanted, &source.organisation, pass)
                .await?;
            records.extend(page);
            source.more = answer.cut || answer.next.is_some();
            source.total = source.total.or(answer.total);
            source.notice = source.notice.take().or(answer.notice);
            let Some(next) = answer.next else {
                break;
            };
            turn(&mut wanted, next);
        }
        source.answer = Ok(records);
        Ok(())
    }

    async fn ask_custodian(
        &self,
        caller: &Caller,
        purpose: &str,
        wanted: &Wanted,
        organisation: &str,
        pass: &Pass,
    ) -> Result<(Vec<Sourced>, ReadAnswer), HospitalError> {
        let id = pass.id;
        // What was released on a state older than this is not taken. In an emergency the ledger
        // may stand still.
        let height = if pass.glass {
            self.0.chain.state().height()
        } else {
            self.fresh_state().await?.height()
        };
        let sealed = message::from_base64(&pass.sealed)?;
        let key = self.open_grant_key(organisation, &id, &sealed)?;
        let nonce = Digest(vault::random().map_err(failed)?).to_string();
        let message = ReadAsk {
            grant: id.to_string(),
            glass: pass.glass,
            purpose: purpose.to_owned(),
            credential: self.credential(caller, organisation, &nonce)?,
            nonce,
            wanted: wanted.clone(),
        };
        let answer = self.call(organisation, message::READ, &message).await?;
        let mut answer: ReadAnswer = message::read(&answer)?;
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
        for released in std::mem::take(&mut answer.records) {
            let base = &answer.base;
            records.push(opened(organisation, &id, &key, base, released, &policy)?);
        }
        Ok((records, answer))
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

/// Whether nothing but records of the target's type can come.
fn is_of_one_type(ask: &AskElsewhere) -> bool {
    let adds = |name: &str| name.starts_with("_include") || name.starts_with("_revinclude");
    !matches!(ask.target, Target::Everything(_)) && !ask.query.iter().any(|(name, _)| adds(name))
}

/// Asks for the next page.
fn turn(wanted: &mut Wanted, next: String) {
    let (Wanted::Search { query, .. }
    | Wanted::Everything { query }
    | Wanted::History { query, .. }) = wanted
    else {
        return;
    };
    query.retain(|(name, _)| name != PAGE_TOKEN);
    query.push((PAGE_TOKEN.into(), next));
}

/// The patient of a question, and what is wanted of the patient.
fn about(ask: &AskElsewhere) -> Result<(String, Wanted), HospitalError> {
    let refused = |text: &str| {
        HospitalError::request(
            "required",
            text,
            "name the patient by patient=<id here>, or by _id=<id here> for Patient",
        )
    };
    let type_ = ask.target.resource_type().unwrap_or("");
    let mut patients = Vec::new();
    let mut rest = Pairs::new();
    for (name, value) in &ask.query {
        let own = name != "_id" || type_ == "Patient";
        if own && PATIENT_PARAMETERS.contains(&name.as_str()) {
            patients.push(value.strip_prefix("Patient/").unwrap_or(value).to_owned());
        } else if name != PAGE_TOKEN {
            rest.push((name.clone(), value.clone()));
        }
    }
    let (own, wanted) = wanted(&ask.target, rest)?;
    patients.extend(own);
    patients.dedup();
    match patients.as_slice() {
        [patient] if crate::request::is_id(patient) => Ok((patient.clone(), wanted)),
        [] => Err(refused(
            "a question to other organisations is about one patient",
        )),
        _ => Err(refused(
            "a question to other organisations is about one patient only",
        )),
    }
}

/// What a target wants there, and the patient here whom it names.
fn wanted(target: &Target, mut query: Pairs) -> Result<(Option<String>, Wanted), HospitalError> {
    // A patient has another id there.
    let there = |type_: &str, id: &String| match type_ {
        "Patient" => (Some(id.clone()), String::new()),
        _ => (None, id.clone()),
    };
    Ok(match target {
        Target::Type(type_) => {
            let resource = (*type_).to_owned();
            (None, Wanted::Search { resource, query })
        }
        Target::Instance(type_, id) => {
            let (own, id) = there(type_, id);
            if !id.is_empty() {
                query.push(("_id".into(), id));
            }
            let resource = (*type_).to_owned();
            (own, Wanted::Search { resource, query })
        }
        Target::Version(type_, id, version) => {
            let (own, id) = there(type_, id);
            let (resource, version) = ((*type_).to_owned(), *version);
            let wanted = Wanted::Version {
                resource,
                id,
                version,
            };
            (own, wanted)
        }
        Target::InstanceHistory(type_, id) => {
            let (own, id) = there(type_, id);
            let resource = (*type_).to_owned();
            let wanted = Wanted::History {
                resource,
                id,
                query,
            };
            (own, wanted)
        }
        Target::Everything(id) => (Some(id.clone()), Wanted::Everything { query }),
        Target::System | Target::SystemHistory | Target::TypeHistory(_) => {
            return Err(HospitalError::request(
                "not-supported",
                "_source does not go with this interaction",
                "ask for a search of one type, a record, its history, or $everything",
            ));
        }
    })
}
