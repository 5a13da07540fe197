//! What the patients' consents leave to a researcher of this organisation.
//!
//! Inside the organisation treatment needs no consent (`book`), and research is no treatment: here
//! the default refuses, whoever asks and wherever the records are. A record is shown if its one
//! patient has signed a grant that names this organisation, the grant stands on the ledger, the
//! consents surely permit the purpose HRESCH to this reader, and the policy permits it as well.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use consent::decide::{Asking, Fallback, Rules};
use consent::facts::Facts;
use consent::terms::{Actions, Purpose, Terms};
use ledger::{OrgId, State};
use policy::Policy;
use proof::{Digest, sha256};
use serde_json::Value;
use store::{PactKind, SieveRow};

use super::decision::{Reader, is_own_affair};
use super::disclose::ACT_REASON;
use super::pact::{GivenPact, Kept};
use crate::caller::Role;
use crate::error::HospitalError;
use crate::setup::Hospital;
use crate::sight::{Decide, Shown};

/// Healthcare research. <http://terminology.hl7.org/CodeSystem/v3-ActReason>
const RESEARCH: &str = "HRESCH";

/// Whether a consent permits research and nothing else at its root: then it may name the
/// organisation that has the records.
pub(super) fn is_for_it(consent: &Value) -> bool {
    let purposes = consent["provision"]["purpose"].as_array();
    let purposes = purposes.map_or(&[][..], Vec::as_slice);
    let is_research = |it: &Value| it["system"] == ACT_REASON && it["code"] == RESEARCH;
    consent["provision"]["type"] == "permit"
        && !purposes.is_empty()
        && purposes.iter().all(is_research)
}

/// What one patient has said, as it holds now.
struct Said {
    /// The Consent under which this organisation's researchers may ask at all.
    basis: String,
    terms: Vec<Terms>,
}

/// The policy of this organisation, asked for one researcher.
struct Inside {
    policy: Arc<Policy>,
    user: String,
    organisation: String,
    kind: &'static str,
    /// What it said of each kind of record: asking takes longer than all the rest.
    said: Mutex<BTreeMap<(Option<&'static str>, String), bool>>,
}

impl Inside {
    fn permits(&self, facts: &Facts) -> bool {
        let told = format!("{:?} {:?}", facts.subjects(), facts.level());
        let kind = (facts.resource_type(), told);
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        *said.entry(kind).or_insert_with(|| self.asked(facts))
    }

    fn asked(&self, facts: &Facts) -> bool {
        let request = policy::Request {
            person: &self.user,
            role: Role::Researcher.name(),
            organisation: &self.organisation,
            organisation_kind: self.kind,
            custodian: &self.organisation,
            custodian_kind: self.kind,
            action: policy::Action::Read,
            purpose: RESEARCH,
            break_glass: false,
            facts,
        };
        matches!(
            self.policy.decide(&request),
            policy::Decision::Permit { .. }
        )
    }
}

/// What the consents of all patients show to one researcher.
pub(crate) struct ByResearch {
    id: String,
    said: BTreeMap<String, Said>,
    reader: Reader,
    policy: Inside,
}

impl ByResearch {
    /// The Consent under which the record of a patient is used.
    pub(crate) fn basis(&self, patient: &str) -> Option<&str> {
        self.said.get(patient).map(|it| it.basis.as_str())
    }

    fn permits(&self, terms: &[Terms], facts: &Facts) -> bool {
        let reader = &self.reader;
        let asking = Asking {
            organisation: &[reader.organisation.as_str()],
            practitioner: &[reader.practitioner.as_str()],
            role: &[reader.role.as_str()],
            groups: None,
            custodian: &[reader.custodian.as_str()],
            purpose: Some(reader.purpose.clone()),
            actions: Actions::READ,
            at_us: reader.at_us,
        };
        Rules::new(terms).permits(Fallback::Deny, &asking, facts)
    }
}

impl Decide for ByResearch {
    fn id(&self) -> String {
        self.id.clone()
    }

    /// Whole or nothing: no narrative ever reaches a dataset, so none is left out of a record here.
    fn view(&self, row: &SieveRow<'_>) -> Shown {
        // A record of several patients is nobody's to give alone.
        let [patient] = row.patients else {
            return Shown::Hidden;
        };
        let (Some(said), Ok(facts)) = (self.said.get(*patient), Facts::from_bytes(row.facts))
        else {
            return Shown::Hidden;
        };
        let shown = !is_own_affair(row.type_, &facts)
            && self.permits(&said.terms, &facts)
            && self.policy.permits(&facts);
        if shown { Shown::Whole } else { Shown::Hidden }
    }
}

impl Hospital {
    /// What a researcher of this organisation may use now.
    pub(crate) async fn for_research(&self, user: &str) -> Result<Arc<ByResearch>, HospitalError> {
        let state = self.fresh_state().await?;
        let mut given: BTreeMap<String, Vec<Kept<GivenPact>>> = BTreeMap::new();
        for pact in self.all_pacts::<GivenPact>(PactKind::Given).await? {
            let holds = pact.value.recipients.is_empty() || self.stands(&state, &pact);
            if holds {
                given.entry(pact.patient.clone()).or_default().push(pact);
            }
        }
        let mut said = BTreeMap::new();
        let mut marks = Vec::new();
        for (patient, pacts) in given {
            let names_us =
                |it: &&Kept<GivenPact>| it.value.recipients.contains(&self.0.organisation);
            let Some(basis) = pacts.iter().find(names_us) else {
                continue;
            };
            let basis = basis.value.consent.clone();
            let terms = self.terms_in(pacts).await?;
            for one in &terms {
                marks.extend_from_slice(patient.as_bytes());
                marks.extend_from_slice(&one.digest().0);
            }
            said.insert(patient, Said { basis, terms });
        }
        let purpose = Purpose::reason(RESEARCH)
            .ok_or_else(|| HospitalError::Internal("there is no such purpose".into()))?;
        let reader = self.reader(&self.0.organisation, (user, Role::Researcher), purpose);
        Ok(Arc::new(ByResearch {
            id: format!("research {user} {}", sha256(&marks)),
            said,
            policy: self.research_policy(&state, user)?,
            reader,
        }))
    }

    /// Whether a grant that names recipients stands on the ledger now.
    fn stands(&self, state: &State, pact: &Kept<GivenPact>) -> bool {
        let now_ms = u64::try_from(self.now_us() / 1_000).unwrap_or(0);
        let id = <[u8; 32]>::try_from(pact.id.as_slice()).map(Digest);
        let grant = id.ok().and_then(|id| state.grant(&id));
        grant.is_some_and(|it| it.custodian == self.0.organisation && it.is_valid_at(now_ms))
    }

    fn research_policy(&self, state: &State, user: &str) -> Result<Inside, HospitalError> {
        let id: Option<OrgId> = self.0.organisation.parse().ok();
        let kind = id.and_then(|id| state.organisation(&id).map(|it| it.kind.as_str()));
        Ok(Inside {
            policy: Arc::clone(&self.0.policy),
            user: user.to_owned(),
            organisation: self.0.organisation.clone(),
            kind: kind
                .ok_or_else(|| HospitalError::Busy("this organisation is no member yet".into()))?,
            said: Mutex::default(),
        })
    }
}
