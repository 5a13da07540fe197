//! Protocols: sealed by a sponsor, amended, told to the parties, accepted by sites.

use proof::{Digest, sha256};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use trial::acts::{Act, Party, Role};
use trial::allocation::Design;

use super::kept::{KeptVersion, What, committed, committed_value, new_key};
use super::message::{TRIAL, TrialTold};
use super::minimise::MinimisationPlan;
use super::{investigates, reasoned, studies, wrong};
use crate::access_log::AccessAgent;
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::keyring::failed;
use crate::setup::Hospital;

/// Most endpoints, arms aside.
const ENDPOINTS_MAX: usize = 500;
/// Longest text of a protocol.
const TEXT_BYTES_MAX: usize = 4_000;

/// What is sealed before the first participant: how the trial is drawn, what it will tell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protocol {
    /// The title.
    pub title: String,
    /// The arms; their order is that of the list.
    pub arms: Vec<Arm>,
    /// Slots of a block.
    #[serde(default)]
    pub block: u16,
    /// The strata of each site, by name.
    #[serde(default)]
    pub strata: Vec<String>,
    /// Slots of each stratum at each site.
    #[serde(default)]
    pub slots: u32,
    /// How arms depend on those before, where there are no lists: then no block, strata and slots.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimisation: Option<MinimisationPlan>,
    /// What it will tell.
    pub endpoints: Vec<Endpoint>,
    /// The analysis plan, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub analysis_plan: String,
    /// Documents that belong to it: name and SHA-256.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<(String, String)>,
    /// The study as USDM 4, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usdm: Option<Value>,
    /// The forms as ODM metadata, if there are some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
}

/// An arm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// Its name.
    pub name: String,
    /// How often in the smallest block.
    pub ratio: u16,
}

/// An endpoint as it is registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// Unique in the protocol.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// `primary`, `secondary` or `exploratory`.
    pub rank: String,
    /// What is measured, how.
    pub measure: String,
    /// When.
    pub timing: String,
    /// How it is analysed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub analysis: String,
}

impl Protocol {
    /// How the list of a site is made; refuses a protocol that cannot be sealed.
    pub(super) fn design(&self) -> Result<Design, HospitalError> {
        let ratio = self.arms.iter().map(|arm| arm.ratio).collect();
        let strata = vec![self.slots; self.strata.len()];
        Design::new(ratio, self.block, strata).map_err(|error| wrong(error.to_string()))
    }

    pub(super) fn check(&self) -> Result<(), HospitalError> {
        match &self.minimisation {
            None => drop(self.design()?),
            Some(plan) => {
                plan.design(&self.arms)?;
                if (self.block, self.strata.len(), self.slots) != (0, 0, 0) {
                    return Err(wrong(
                        "a trial that minimises has no block, strata and slots",
                    ));
                }
            }
        }
        let short = |text: &str| !text.trim().is_empty() && text.len() <= TEXT_BYTES_MAX;
        if !short(&self.title) || !self.arms.iter().all(|arm| short(&arm.name)) {
            return Err(wrong(format!(
                "title and arms have 1 to {TEXT_BYTES_MAX} bytes"
            )));
        }
        let names: BTreeSet<&String> = self.strata.iter().collect();
        if names.len() != self.strata.len() {
            return Err(wrong("two strata have one name"));
        }
        if self.endpoints.is_empty() || self.endpoints.len() > ENDPOINTS_MAX {
            return Err(wrong(format!(
                "a protocol has 1 to {ENDPOINTS_MAX} endpoints"
            )));
        }
        let mut ids = BTreeSet::new();
        for endpoint in &self.endpoints {
            if !ids.insert(&endpoint.id) {
                return Err(wrong(format!(
                    "two endpoints have the id `{}`",
                    endpoint.id
                )));
            }
            let texts = [&endpoint.id, &endpoint.name];
            // USDM 4 has no place for the timing of an endpoint, and may leave its measure out.
            let open = self.usdm.is_some();
            let or_empty = |text: &str| short(text) || (open && text.is_empty());
            let said = [&endpoint.measure, &endpoint.timing];
            if !texts.into_iter().all(|it| short(it)) || !said.into_iter().all(|it| or_empty(it)) {
                let text = format!(
                    "endpoint `{}`: id, name, measure and timing have 1 to {TEXT_BYTES_MAX} bytes",
                    endpoint.id
                );
                return Err(wrong(text));
            }
            if !["primary", "secondary", "exploratory"].contains(&endpoint.rank.as_str()) {
                return Err(wrong(format!(
                    "endpoint `{}`: `rank` is primary, secondary or exploratory",
                    endpoint.id
                )));
            }
        }
        if !self.endpoints.iter().any(|it| it.rank == "primary") {
            return Err(wrong("one endpoint is primary"));
        }
        for (name, digest) in &self.documents {
            if digest.parse::<Digest>().is_err() {
                return Err(wrong(format!(
                    "document `{name}`: 64 lowercase hexadecimal digits"
                )));
            }
        }
        Ok(())
    }
}

impl Hospital {
    /// Seals a protocol: this organisation becomes the sponsor. Answers the id of the trial.
    pub async fn seal_trial(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (protocol, parties, quorum): (Protocol, Vec<Party>, u16),
    ) -> Result<Digest, HospitalError> {
        studies(caller)?;
        protocol.check()?;
        let id = Digest(vault::random().map_err(failed)?);
        let mut parties = parties;
        parties.sort();
        let (key, digits) = new_key()?;
        let act = Act::Seal {
            protocol: committed_value(&key, &protocol)?,
            parties,
            quorum,
        };
        self.trial_access(agent, "seal").await?;
        let kept = KeptVersion {
            trial: id.to_string(),
            version: 1,
            protocol,
            key: digits,
            reason: String::new(),
            told: BTreeSet::new(),
        };
        self.seal_version(&id, kept, act).await?;
        Ok(id)
    }

    /// Adds a version, for a reason. How the list is made stays.
    pub async fn amend_trial(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (id, protocol): (&Digest, Protocol),
        (reason, reconsent): (&str, bool),
    ) -> Result<u32, HospitalError> {
        studies(caller)?;
        protocol.check()?;
        let reason = reasoned(reason)?;
        let (_, trial, _) = self.trial_here(id).await?;
        let before = self.version_here(id, trial.version).await?;
        let drawn = |it: &Protocol| (it.arms.clone(), it.block, it.strata.clone(), it.slots);
        if drawn(&before.protocol) != drawn(&protocol) {
            return Err(wrong(
                "arms, block, strata and slots stay: the lists are drawn by them",
            ));
        }
        if before.protocol.minimisation != protocol.minimisation {
            return Err(wrong(
                "how arms are allocated stays: it is bound on the ledger",
            ));
        }
        let (key, digits) = new_key()?;
        let version = trial.version.saturating_add(1);
        let act = Act::Amend {
            version,
            protocol: committed_value(&key, &protocol)?,
            reason: committed(&key, &reason),
            reconsent,
            parties: trial.parties.clone(),
        };
        self.trial_access(agent, "amend").await?;
        let kept = KeptVersion {
            trial: id.to_string(),
            version,
            protocol,
            key: digits,
            reason,
            told: BTreeSet::new(),
        };
        self.seal_version(id, kept, act).await?;
        Ok(version)
    }

    /// Keeps a version, and seals it: what is sealed is never without what opens it.
    async fn seal_version(
        &self,
        id: &Digest,
        kept: KeptVersion,
        act: Act,
    ) -> Result<(), HospitalError> {
        let what = What::Version(kept.version);
        self.keep_of_trial(id, what, &kept).await?;
        match self.act_of_trial(id, act).await {
            Ok(_) => {
                self.0.trials_wanted.notify_one();
                Ok(())
            }
            // A node that is not sure keeps it: the ledger may have it.
            Err(error @ HospitalError::Busy(_)) => Err(error),
            Err(error) => {
                self.forget_of_trial(id, what).await?;
                Err(error)
            }
        }
    }

    /// A site takes the version in force: its ethics committee has approved it.
    pub async fn accept_trial(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (id, version): (&Digest, u32),
    ) -> Result<(), HospitalError> {
        investigates(caller)?;
        self.trial_here(id).await?;
        // Nobody accepts what is not here to be read.
        self.version_here(id, version).await?;
        self.trial_access(agent, "accept").await?;
        self.act_of_trial(id, Act::Accept { version }).await?;
        self.0.trials_wanted.notify_one();
        Ok(())
    }

    /// A version that was told and is what the ledger says.
    pub(super) async fn version_here(
        &self,
        id: &Digest,
        version: u32,
    ) -> Result<KeptVersion, HospitalError> {
        let kept: Option<KeptVersion> = self.kept_of_trial(id, What::Version(version)).await?;
        kept.ok_or_else(|| {
            HospitalError::Busy(format!(
                "version {version} of the protocol has not come from the sponsor yet"
            ))
        })
    }

    /// Tells the parties of versions that they do not have yet.
    pub(super) async fn tell_trial(&self, kept: &KeptVersion) -> Result<(), HospitalError> {
        let Ok(id) = kept.trial.parse::<Digest>() else {
            return Ok(());
        };
        let state = self.0.chain.state();
        let Some(trial) = state.trial(&id) else {
            return Ok(());
        };
        if trial.sponsor != self.0.organisation || state.trial_version(&id, kept.version).is_none()
        {
            return Ok(());
        }
        let mut kept = kept.clone();
        let before = kept.told.len();
        for party in &trial.parties {
            if kept.told.contains(&party.organisation) {
                continue;
            }
            let told = TrialTold {
                trial: kept.trial.clone(),
                version: kept.version,
                protocol: kept.protocol.clone(),
                key: kept.key.clone(),
                reason: kept.reason.clone(),
            };
            match self.call(&party.organisation, TRIAL, &told).await {
                Ok(_) => {
                    kept.told.insert(party.organisation.clone());
                }
                Err(error) => {
                    let to = &party.organisation;
                    tracing::info!(to, %error, "a protocol is told later");
                }
            }
        }
        if kept.told.len() > before {
            self.keep_of_trial(&id, What::Version(kept.version), &kept)
                .await?;
        }
        Ok(())
    }

    /// Takes a version from its sponsor, if it is the one on the ledger.
    pub(crate) async fn answer_trial(
        &self,
        from: &str,
        told: TrialTold,
    ) -> Result<(), HospitalError> {
        let id: Digest = told.trial.parse().map_err(|_| wrong("the id of a trial"))?;
        let (state, trial, _) = self.trial_here(&id).await?;
        let sealed = state.trial_version(&id, told.version);
        let kept = KeptVersion {
            trial: told.trial,
            version: told.version,
            protocol: told.protocol,
            key: told.key,
            reason: told.reason,
            told: BTreeSet::new(),
        };
        let is_sealed = sealed.is_some_and(|it| trial.sponsor == from && kept.is_sealed(&it));
        if !is_sealed {
            return Err(wrong("this is not what was sealed"));
        }
        kept.protocol.check()?;
        self.keep_of_trial(&id, What::Version(kept.version), &kept)
            .await?;
        self.0.trials_wanted.notify_one();
        Ok(())
    }
}

/// The parts that decide with the sponsor.
pub(super) fn sites(parties: &[Party]) -> impl Iterator<Item = &str> {
    let sites = parties.iter().filter(|it| it.role == Role::Site);
    sites.map(|it| it.organisation.as_str())
}

/// What a file is known by.
pub(super) fn digest_of(text: &str) -> String {
    sha256(text.as_bytes()).to_string()
}
