//! The codes of each deed: type, subtype and action of the event, and the roles of its agents.
//!
//! IHE BALP 1.1.4 (one profile for each interaction), DICOM PS3.15 A.5, FHIR R4 AuditEvent.

use super::AccessDeed as Deed;
use super::TokenDeed;
use crate::own::RESEARCH;

/// `http://dicom.nema.org/resources/ontology/DCM`
pub(super) const DCM: &str = "http://dicom.nema.org/resources/ontology/DCM";
const TYPE: &str = "http://terminology.hl7.org/CodeSystem/audit-event-type";
const REST: &str = "http://hl7.org/fhir/restful-interaction";
const LIFECYCLE: &str = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle";
const AUTHZ: &str = "https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType";
/// `http://terminology.hl7.org/CodeSystem/v3-ParticipationType`
pub(super) const PART: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
const PROVENANCE: &str = "http://terminology.hl7.org/CodeSystem/provenance-participant-type";
/// IHE IUA: the transactions of the authorization server.
const IHE: &str = "urn:ihe:event-type-code";
/// What no standard has a code for.
const OWN: &str = "urn:salus:sign-in";
const SECURITY: &str = "http://terminology.hl7.org/CodeSystem/extra-security-role-type";

/// System, code, display.
pub(super) type Code = (&'static str, &'static str, &'static str);

const RESTFUL: Code = (TYPE, "rest", "Restful Operation");
const ALERT: Code = (DCM, "110113", "Security Alert");
const EXPORT: Code = (DCM, "110106", "Export");
const SOURCE: Code = (DCM, "110153", "Source Role ID");
const DESTINATION: Code = (DCM, "110152", "Destination Role ID");
const APPLICATION: Code = (DCM, "110150", "Application");
const RECIPIENT: Code = (PART, "IRCP", "information recipient");
const AUTHOR: Code = (PART, "AUT", "author (originator)");

/// What an event of a deed says of it.
pub(super) struct Pattern {
    /// `AuditEvent.type`
    pub(super) type_: Code,
    /// `AuditEvent.subtype`
    pub(super) subtype: Code,
    /// `AuditEvent.action`
    pub(super) action: &'static str,
    /// The part of the client, of this server, and of the person.
    pub(super) client: Code,
    pub(super) server: Code,
    pub(super) user: Code,
    /// The name of the profile without and with a patient, where BALP has one.
    pub(super) profiles: Option<(&'static str, &'static str)>,
}

/// The form of the events of a deed.
pub(super) fn pattern(deed: &Deed) -> Pattern {
    match deed {
        Deed::Read | Deed::PortalRead => read((REST, "read", "read")),
        Deed::Vread => read((REST, "vread", "vread")),
        // BALP has no profile for a history: the form is that of a query, the code its own.
        Deed::History => asks((REST, "history", "history"), None),
        Deed::Search => asks(
            (REST, "search-type", "search-type"),
            Some(("Query", "PatientQuery")),
        ),
        Deed::Batch => asks((REST, "batch", "batch"), None),
        Deed::Transaction => asks((REST, "transaction", "transaction"), None),
        Deed::Receipt | Deed::Operation(_) => asks((REST, "operation", "operation"), None),
        Deed::Create => write((REST, "create", "create"), "C", ("Create", "PatientCreate")),
        Deed::Update => write((REST, "update", "update"), "U", ("Update", "PatientUpdate")),
        Deed::Patch => write((REST, "patch", "patch"), "U", ("Update", "PatientUpdate")),
        Deed::Delete => Pattern {
            client: APPLICATION,
            server: (PROVENANCE, "custodian", "Custodian"),
            ..write((REST, "delete", "delete"), "D", ("Delete", "PatientDelete"))
        },
        Deed::Decide => Pattern {
            type_: ALERT,
            subtype: (
                AUTHZ,
                "AuthZ-Consent",
                "Authorization Decision using Roles and Consent",
            ),
            client: APPLICATION,
            server: (SECURITY, "authserver", "authorization server"),
            ..asks((REST, "operation", "operation"), None)
        },
        Deed::Disclose { .. } | Deed::Study { .. } | Deed::Outside(_) => {
            export((LIFECYCLE, "disclose", "Disclose Record Lifecycle Event"))
        }
        Deed::Export => export((LIFECYCLE, "extract", "Extract Record Lifecycle Event")),
        Deed::Report => export((
            LIFECYCLE,
            "report",
            "Report (Output) Record Lifecycle Event",
        )),
        Deed::BreakGlass { .. } => Pattern {
            type_: ALERT,
            subtype: (DCM, "110127", "Emergency Override Started"),
            action: "E",
            ..export((LIFECYCLE, "disclose", "Disclose Record Lifecycle Event"))
        },
        Deed::SignIn => enters((DCM, "110122", "Login")),
        Deed::SignOut => enters((DCM, "110123", "Logout")),
        Deed::Token(TokenDeed::Issue | TokenDeed::Refresh) => {
            enters((IHE, "ITI-71", "Get Access Token"))
        }
        Deed::Token(TokenDeed::Introspect) => enters((IHE, "ITI-102", "Introspect Token")),
        Deed::Token(TokenDeed::Revoke) => enters((OWN, "token-revoked", "Token Revoked")),
        Deed::Attribute(_) => Pattern {
            type_: ALERT,
            action: "U",
            ..enters((DCM, "110137", "User Security Attributes Changed"))
        },
    }
}

/// A finer code than that of the standard, where there is one.
pub(super) fn finer(deed: &Deed) -> Option<(&'static str, &'static str)> {
    match deed {
        Deed::Token(TokenDeed::Refresh) => Some((OWN, "token-refreshed")),
        Deed::Attribute(name) => Some((OWN, name)),
        Deed::Study { .. } => Some((RESEARCH, "dataset")),
        _ => None,
    }
}

/// DICOM PS3.15 A.5.3.12: a person or a system shows who it is.
fn enters(subtype: Code) -> Pattern {
    Pattern {
        type_: (DCM, "110114", "User Authentication"),
        ..asks(subtype, None)
    }
}

/// Data flows from the server to the client.
fn read(subtype: Code) -> Pattern {
    Pattern {
        type_: RESTFUL,
        subtype,
        action: "R",
        client: DESTINATION,
        server: SOURCE,
        user: RECIPIENT,
        profiles: Some(("Read", "PatientRead")),
    }
}

/// The request flows from the client to the server: BALP has queries so.
fn asks(subtype: Code, profiles: Option<(&'static str, &'static str)>) -> Pattern {
    Pattern {
        type_: RESTFUL,
        subtype,
        action: "E",
        client: SOURCE,
        server: DESTINATION,
        user: RECIPIENT,
        profiles,
    }
}

fn write(subtype: Code, action: &'static str, profiles: (&'static str, &'static str)) -> Pattern {
    Pattern {
        action,
        user: AUTHOR,
        ..asks(subtype, Some(profiles))
    }
}

/// Data leaves: the server is the source, and the recipient takes the place of the client.
fn export(subtype: Code) -> Pattern {
    Pattern {
        type_: EXPORT,
        subtype,
        ..read(subtype)
    }
}

/// The profile that an event of this deed claims, where BALP has one.
pub(super) fn profile(deed: &Deed, of_patient: bool) -> Option<String> {
    let name = match deed {
        Deed::Decide => "AuthZconsent",
        Deed::Disclose { .. } | Deed::Study { .. } => "PrivacyDisclosure.Source",
        // A portal's page is in the form of a read and may be about many records.
        Deed::PortalRead | Deed::Export | Deed::Report => return None,
        _ => {
            let (plain, patient) = pattern(deed).profiles?;
            if of_patient { patient } else { plain }
        }
    };
    Some(format!(
        "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.{name}"
    ))
}
