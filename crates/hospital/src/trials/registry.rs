//! What a registry of trials asks, and the sealed study as USDM.

use proof::Digest;
use serde_json::Value;

use super::draft::read_usdm;
use super::protocol::Protocol;
use super::{looks, wrong};
use crate::access_log::AccessAgent;
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::setup::Hospital;

/// An element of the registry's form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryElement {
    /// The part of the form.
    pub part: String,
    /// The element.
    pub element: String,
    /// Its value, in the words of the protocol.
    pub value: String,
}

/// What is to be registered of a version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registration {
    /// The version of the protocol.
    pub version: u32,
    /// The elements, in the order of the form.
    pub elements: Vec<RegistryElement>,
    /// What the registry requires and the protocol does not say, or says too long, with its place.
    pub gaps: Vec<String>,
}

/// What ClinicalTrials.gov requires of an interventional study and a protocol without a document
/// does not say.
const UNSAID: [&str; 11] = [
    "Brief Title",
    "Interventional Study Model",
    "Primary Purpose",
    "Study Phase",
    "Masking",
    "Enrollment",
    "Arm Type",
    "Intervention Type",
    "Intervention Name",
    "Sex",
    "Minimum Age",
];
/// The parts of the registry's form.
const IDENTIFICATION: &str = "Study Identification";
const DESIGN: &str = "Study Design";
const ARMS: &str = "Arms, Groups and Interventions";
const OUTCOMES: &str = "Outcome Measures";
/// The rank of an endpoint, and the elements of its measure and its time frame.
const OUTCOME_ELEMENTS: [(&str, &str, &str); 3] = [
    (
        "primary",
        "Primary Outcome Measure",
        "Primary Outcome Time Frame",
    ),
    (
        "secondary",
        "Secondary Outcome Measure",
        "Secondary Outcome Time Frame",
    ),
    (
        "exploratory",
        "Other Pre-specified Outcome Measure",
        "Other Outcome Time Frame",
    ),
];
/// The most characters of an official title, of an arm's, of an outcome measure or its time frame.
const TITLE_MAX: usize = 600;
const ARM_MAX: usize = 100;
const OUTCOME_MAX: usize = 254;

impl Hospital {
    /// The sealed study as USDM 4; of the version in force unless another one is named.
    pub async fn trial_usdm(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (id, version): (&Digest, Option<u32>),
    ) -> Result<Value, HospitalError> {
        let (number, protocol) = self.sealed_protocol(caller, id, version).await?;
        self.trial_access(agent, "usdm").await?;
        protocol.usdm.ok_or_else(|| {
            HospitalError::Absent(format!(
                "a USDM document in version {number} of the protocol"
            ))
        })
    }

    /// What a registry asks, out of the sealed protocol.
    pub async fn trial_registration(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (id, version): (&Digest, Option<u32>),
    ) -> Result<Registration, HospitalError> {
        let (version, protocol) = self.sealed_protocol(caller, id, version).await?;
        self.trial_access(agent, "registration").await?;
        let id = id.to_string();
        let made = move || match &protocol.usdm {
            Some(document) => of_usdm(document, version),
            None => Ok(of_protocol(&protocol, &id, version)),
        };
        self.0.cpu.run(made).await?
    }

    async fn sealed_protocol(
        &self,
        caller: &Caller,
        id: &Digest,
        version: Option<u32>,
    ) -> Result<(u32, Protocol), HospitalError> {
        looks(caller)?;
        let (_, trial, _) = self.trial_here(id).await?;
        let version = version.unwrap_or(trial.version);
        if version == 0 || version > trial.version {
            let text = format!(
                "version {version} of the protocol: the latest is {}",
                trial.version
            );
            return Err(HospitalError::Absent(text));
        }
        let kept = self.version_here(id, version).await?;
        Ok((version, kept.protocol))
    }
}

fn of_usdm(document: &Value, version: u32) -> Result<Registration, HospitalError> {
    let study = read_usdm(document)?;
    let last = study.study().versions.len().saturating_sub(1);
    let found = study.registration(last);
    let found = found.ok_or_else(|| wrong("/usdm: the study has no version"))?;
    let elements = found.entries.into_iter().map(|it| RegistryElement {
        part: it.part.to_owned(),
        element: it.element.to_owned(),
        value: it.value,
    });
    Ok(Registration {
        version,
        elements: elements.collect(),
        gaps: found.gaps.iter().map(ToString::to_string).collect(),
    })
}

impl Registration {
    /// Takes an element over; what is missing, or longer than the registry takes, is a gap.
    fn put(&mut self, (part, element): (&str, &str), value: &str, most: usize) {
        if value.is_empty() {
            self.gaps.push(required(element));
            return;
        }
        if value.chars().count() > most {
            let text = format!("{element} has more than the {most} characters of the registry");
            self.gaps.push(text);
        }
        self.elements.push(RegistryElement {
            part: part.to_owned(),
            element: element.to_owned(),
            value: value.to_owned(),
        });
    }
}

fn required(element: &str) -> String {
    format!("{element} is required by the registry")
}

fn of_protocol(protocol: &Protocol, id: &str, version: u32) -> Registration {
    let mut made = Registration {
        version,
        ..Registration::default()
    };
    let number = "Unique Protocol Identification Number";
    made.put((IDENTIFICATION, number), id, usize::MAX);
    made.put(
        (IDENTIFICATION, "Official Title"),
        &protocol.title,
        TITLE_MAX,
    );
    let arms = protocol.arms.len().to_string();
    made.put((DESIGN, "Study Type"), "Interventional", usize::MAX);
    made.put((DESIGN, "Number of Arms"), &arms, usize::MAX);
    // Its arms are drawn from a sealed list: there is no other way to take part.
    made.put((DESIGN, "Allocation"), "Randomized", usize::MAX);
    for arm in &protocol.arms {
        made.put((ARMS, "Arm Title"), &arm.name, ARM_MAX);
    }
    for (rank, element, frame) in OUTCOME_ELEMENTS {
        for one in protocol.endpoints.iter().filter(|it| it.rank == rank) {
            made.put((OUTCOMES, element), &one.name, OUTCOME_MAX);
            made.put((OUTCOMES, frame), &one.timing, OUTCOME_MAX);
        }
    }
    made.gaps.extend(UNSAID.into_iter().map(required));
    made
}
