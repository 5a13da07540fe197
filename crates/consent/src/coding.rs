//! A code of a code system, and short numbers for the systems that records use most.

use std::borrow::Cow;

use proof::codec::{CodecError, Reader, Writer};
use serde_json::Value;

/// The longest system that facts and terms hold.
pub const SYSTEM_BYTES_MAX: usize = 128;
/// The longest code that facts and terms hold.
pub const CODE_BYTES_MAX: usize = 128;

/// The purposes of use and other reasons of HL7 v3.
pub const ACT_REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
/// The sensitivities and consent directives of HL7 v3.
pub const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
/// The levels of confidentiality of HL7 v3.
pub const CONFIDENTIALITY: &str = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";

/// Systems with a number, from 1. The numbers stand in databases: append only.
const SYSTEMS: &[&str] = &[
    "http://loinc.org",
    "http://snomed.info/sct",
    "http://www.nlm.nih.gov/research/umls/rxnorm",
    "http://hl7.org/fhir/sid/icd-10-cm",
    "http://terminology.hl7.org/CodeSystem/observation-category",
    "http://terminology.hl7.org/CodeSystem/condition-clinical",
    "http://terminology.hl7.org/CodeSystem/condition-ver-status",
    "http://terminology.hl7.org/CodeSystem/condition-category",
    "http://hl7.org/fhir/sid/cvx",
    "http://www.ama-assn.org/go/cpt",
    "http://hl7.org/fhir/sid/icd-10",
    "http://hl7.org/fhir/sid/ndc",
    ACT_CODE,
    ACT_REASON,
    CONFIDENTIALITY,
    "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
    "http://terminology.hl7.org/CodeSystem/diagnostic-service-sections",
    "http://terminology.hl7.org/CodeSystem/v2-0074",
    "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
    "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical",
    "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification",
    "http://terminology.hl7.org/CodeSystem/claim-type",
    "http://terminology.hl7.org/CodeSystem/processpriority",
    "http://terminology.hl7.org/CodeSystem/medicationrequest-category",
    "http://www.whocc.no/atc",
    "http://hl7.org/fhir/sid/icd-9-cm",
];

/// A code and its system; an empty system is a code without one.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Coding {
    code: Cow<'static, str>,
    system: Cow<'static, str>,
}

impl Coding {
    /// The coding, unless it is longer than what is kept or its code is none.
    ///
    /// A code holds no white space but single spaces inside (FHIR R4 2.24.0.1).
    pub fn new(system: &str, code: &str) -> Option<Self> {
        let spaced = code.split(' ').any(str::is_empty);
        let odd = |c: char| c.is_control() || (c.is_whitespace() && c != ' ');
        if spaced || code.len() > CODE_BYTES_MAX || code.chars().any(odd) {
            return None;
        }
        if system.len() > SYSTEM_BYTES_MAX || system.chars().any(char::is_whitespace) {
            return None;
        }
        let known = SYSTEMS.iter().find(|known| **known == system);
        Some(Self {
            code: Cow::Owned(code.to_owned()),
            system: known.map_or_else(|| Cow::Owned(system.to_owned()), |k| Cow::Borrowed(*k)),
        })
    }

    /// Reads a FHIR `Coding`.
    pub fn read(value: &Value) -> Option<Self> {
        let system = value.get("system").map_or(Some(""), Value::as_str)?;
        Self::new(system, value.get("code")?.as_str()?)
    }

    /// The system, empty if there is none.
    pub fn system(&self) -> &str {
        &self.system
    }

    /// The code.
    pub fn code(&self) -> &str {
        &self.code
    }

    pub(crate) fn encoded_length(&self) -> usize {
        let system = if self.number().is_some() {
            0
        } else {
            1 + self.system.len()
        };
        2 + system + self.code.len()
    }

    fn number(&self) -> Option<u8> {
        let at = SYSTEMS.iter().position(|known| *known == self.system)?;
        u8::try_from(at + 1).ok()
    }

    /// `u8(number) short(code)`, or `0x00 short(system) short(code)`.
    pub(crate) fn write(&self, writer: &mut Writer) {
        if let Some(number) = self.number() {
            writer.u8(number);
        } else {
            writer.u8(0);
            write_short(writer, &self.system);
        }
        write_short(writer, &self.code);
    }

    pub(crate) fn read_bytes(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let number = usize::from(reader.u8()?);
        let system = if let Some(at) = number.checked_sub(1) {
            *SYSTEMS
                .get(at)
                .ok_or_else(|| reader.malformed("number of a system"))?
        } else {
            let text = read_short(reader)?;
            if SYSTEMS.contains(&text) {
                return Err(reader.malformed("system without a number"));
            }
            text
        };
        let code = read_short(reader)?;
        Self::new(system, code).ok_or_else(|| reader.malformed("coding"))
    }
}

/// `u8(length)` and that many bytes of UTF-8; whoever writes keeps to 255.
pub(crate) fn write_short(writer: &mut Writer, text: &str) {
    let mut end = text.len().min(255);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    writer.u8(u8::try_from(end).unwrap_or(u8::MAX));
    writer.fixed(&text.as_bytes()[..end]);
}

pub(crate) fn read_short<'a>(reader: &mut Reader<'a>) -> Result<&'a str, CodecError> {
    let length = usize::from(reader.u8()?);
    let bytes = reader.take(length)?;
    std::str::from_utf8(bytes).map_err(|_| reader.malformed("UTF-8 text"))
}
