//! The elements of an AuditEvent that the log writes, and their bytes.
//!
//! Fields stand in the order of their names, so that what serde prints is the canonical form
//! (RFC 8785): the bytes that are stored are those that the digest is of. Texts are borrowed; an
//! event is written with every read.

use std::borrow::Cow;

use serde::Serialize;

use super::codes::Code;

/// A text that is mostly somebody else's.
pub(super) type Text<'a> = Cow<'a, str>;

/// FHIR R4 AuditEvent.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body<'a> {
    pub(super) action: &'static str,
    pub(super) agent: Vec<Agent<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) entity: Vec<Entity<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Meta::is_empty")]
    pub(super) meta: Meta<'a>,
    pub(super) outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) outcome_desc: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) period: Option<Period>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) purpose_of_event: Option<[Concept<'a>; 1]>,
    pub(super) recorded: String,
    pub(super) resource_type: &'static str,
    pub(super) source: Source<'a>,
    pub(super) subtype: Vec<Coding<'a>>,
    #[serde(rename = "type")]
    pub(super) type_: Coding<'a>,
}

/// `meta`, with what the log itself sets.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Meta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_updated: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) profile: Option<[String; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) security: Option<[Coding<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version_id: Option<&'static str>,
}

impl Meta<'_> {
    fn is_empty(&self) -> bool {
        self.last_updated.is_none()
            && self.profile.is_none()
            && self.security.is_none()
            && self.version_id.is_none()
    }
}

/// `period`, which has no end.
#[derive(Debug, Serialize)]
pub(super) struct Period {
    pub(super) start: String,
}

/// `agent`.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Agent<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) network: Option<Network<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) purpose_of_use: Option<[Concept<'a>; 1]>,
    pub(super) requestor: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<[Words<'a>; 1]>,
    #[serde(rename = "type")]
    pub(super) type_: Concept<'a>,
    pub(super) who: Who<'a>,
}

/// `agent.network`.
#[derive(Debug, Serialize)]
pub(super) struct Network<'a> {
    pub(super) address: Text<'a>,
    /// `1` machine name, `2` IP address, `5` URI; none where it is not known.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(super) type_: Option<&'static str>,
}

/// A CodeableConcept that has a text only.
#[derive(Debug, Serialize)]
pub(super) struct Words<'a> {
    pub(super) text: Text<'a>,
}

/// A CodeableConcept of one code.
#[derive(Debug, Default, Serialize)]
pub(super) struct Concept<'a> {
    pub(super) coding: [Coding<'a>; 1],
}

/// A Coding.
#[derive(Debug, Default, Serialize)]
pub(super) struct Coding<'a> {
    pub(super) code: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) display: Option<&'static str>,
    pub(super) system: Text<'a>,
}

impl<'a> Coding<'a> {
    /// A code without a display.
    pub(super) fn bare(system: impl Into<Text<'a>>, code: impl Into<Text<'a>>) -> Self {
        Self {
            code: code.into(),
            display: None,
            system: system.into(),
        }
    }
}

impl From<Code> for Coding<'_> {
    fn from((system, code, display): Code) -> Self {
        Self {
            code: code.into(),
            display: Some(display),
            system: system.into(),
        }
    }
}

impl From<Code> for Concept<'_> {
    fn from(code: Code) -> Self {
        Self {
            coding: [code.into()],
        }
    }
}

impl<'a> From<Coding<'a>> for Concept<'a> {
    fn from(coding: Coding<'a>) -> Self {
        Self { coding: [coding] }
    }
}

/// A Reference.
#[derive(Debug, Default, Serialize)]
pub(super) struct Who<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) display: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) identifier: Option<Identifier<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reference: Option<Text<'a>>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(super) type_: Option<&'static str>,
}

impl<'a> Who<'a> {
    /// By an identifier without a system.
    pub(super) fn identified(value: impl Into<Text<'a>>) -> Self {
        Self {
            identifier: Some(Identifier {
                system: None,
                value: value.into(),
            }),
            ..Self::default()
        }
    }

    /// By a reference.
    pub(super) fn referred(reference: impl Into<Text<'a>>) -> Self {
        Self {
            reference: Some(reference.into()),
            ..Self::default()
        }
    }
}

/// An Identifier.
#[derive(Debug, Serialize)]
pub(super) struct Identifier<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) system: Option<&'static str>,
    pub(super) value: Text<'a>,
}

/// `entity`.
#[derive(Debug, Default, Serialize)]
pub(super) struct Entity<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) detail: Vec<Detail>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) query: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<Coding<'a>>,
    #[serde(rename = "type")]
    pub(super) type_: Coding<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) what: Option<Who<'a>>,
}

/// `entity.detail`.
#[derive(Debug, Serialize)]
pub(super) struct Detail {
    #[serde(rename = "type")]
    pub(super) type_: &'static str,
    #[serde(rename = "valueString")]
    pub(super) value: String,
}

/// `source`.
#[derive(Debug, Serialize)]
pub(super) struct Source<'a> {
    pub(super) observer: Who<'a>,
    pub(super) site: Text<'a>,
    #[serde(rename = "type")]
    pub(super) type_: [Coding<'a>; 1],
}
