//! What the items of forms are to central monitoring, by the names that CDASH and SDTM give them.

use cdisc::odm::{Definitions, Element, Odm};
use monitoring::Kind;
use std::collections::BTreeMap;

use crate::error::HospitalError;
use crate::trials::exchange::definitions;

/// What an item says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The day of birth.
    Birth,
    /// Male or female.
    Sex,
    /// The day of consent.
    Consent,
    /// An adverse event.
    AdverseEvent,
    /// When a visit took place; the named date of a visit before that of a measurement.
    Date { is_visit: bool },
    /// At what time.
    Time,
    /// Which test the number beside it is of: one form with a row for each test.
    Test,
    /// A number that is measured.
    Number(Measured),
}

/// A number that is measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Measured {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// As the metadata say it.
    pub(super) decimals: Option<u8>,
}

/// What the metadata say.
#[derive(Debug, Clone, Default)]
pub(super) struct Meanings {
    /// By the OID of the item.
    pub(super) items: BTreeMap<String, Meaning>,
    /// The OIDs of the visits that the protocol asks for, in their order.
    pub(super) plan: Vec<String>,
}

const BIRTH: [&str; 3] = ["BRTHDAT", "BRTHDTC", "BRTHDT"];
const CONSENT: [&str; 4] = ["RFICDAT", "RFICDTC", "ICDAT", "ICDTC"];
const VISIT: [&str; 4] = ["VISDAT", "VISDTC", "SVSTDAT", "SVSTDTC"];
const VISIT_TIME: [&str; 2] = ["VISTIM", "SVSTTIM"];
/// Numbers that nobody measures.
const COUNTERS: [&str; 6] = ["AGE", "VISITNUM", "VISITDY", "TAETORD", "SPID", "EPOCH"];
const COUNTER_ENDS: [&str; 4] = ["SEQ", "DY", "REPNUM", "GRPID"];
/// Origins (ODM `Origin`) of what nobody reads off an instrument.
const REPORTED: [&str; 5] = ["edt", "lab", "device", "derived", "vendor"];

impl Meanings {
    pub(super) fn of(metadata: &Odm) -> Result<Self, HospitalError> {
        let (study, version, definitions) = definitions(metadata)?;
        let items = definitions.all("ItemDef");
        let items = items.filter_map(|item| {
            let meaning = meaning(item)?;
            Some((item.attribute("OID")?.to_owned(), meaning))
        });
        Ok(Self {
            items: items.collect(),
            plan: plan(metadata, (&study, &version), &definitions),
        })
    }
}

/// All names of an item, in capitals.
fn names(item: &Element) -> Vec<String> {
    let names = ["SDSVarName", "SASFieldName", "DatasetVarName", "Name"];
    let names = names.iter().filter_map(|name| item.attribute(name));
    names.map(|it| it.trim().to_uppercase()).collect()
}

/// Two letters of a domain, then this: `VSDAT`.
fn of_domain(name: &str, end: &str) -> bool {
    let letters = name.strip_suffix(end).unwrap_or_default();
    letters.len() == 2 && letters.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn meaning(item: &Element) -> Option<Meaning> {
    let names = names(item);
    let is = |known: &[&str]| names.iter().any(|it| known.contains(&it.as_str()));
    let ends = |end: &str| names.iter().any(|it| of_domain(it, end));
    let data_type = item.attribute("DataType").unwrap_or("text").to_lowercase();
    if is(&BIRTH) {
        return Some(Meaning::Birth);
    }
    if is(&CONSENT) {
        return Some(Meaning::Consent);
    }
    if is(&["SEX"]) {
        return Some(Meaning::Sex);
    }
    if is(&["AETERM"]) {
        return Some(Meaning::AdverseEvent);
    }
    let is_number = matches!(
        data_type.as_str(),
        "integer" | "float" | "double" | "decimal"
    );
    if is_number {
        return measured(item, &names);
    }
    if is(&VISIT) || ends("DAT") || ends("DTC") {
        return Some(Meaning::Date {
            is_visit: is(&VISIT),
        });
    }
    if is(&VISIT_TIME) || (data_type == "time" && ends("TIM")) {
        return Some(Meaning::Time);
    }
    ends("TESTCD").then_some(Meaning::Test)
}

fn measured(item: &Element, names: &[String]) -> Option<Meaning> {
    let counts = |name: &String| {
        COUNTERS.contains(&name.as_str()) || COUNTER_ENDS.iter().any(|end| of_domain(name, end))
    };
    if names.iter().any(counts) {
        return None;
    }
    let number = |name: &str| item.attribute(name).and_then(|it| it.parse::<u8>().ok());
    let origin = item.attribute("Origin").unwrap_or_default().to_lowercase();
    let is_reported = REPORTED.iter().any(|it| origin.contains(it));
    // The domain of laboratories.
    let is_lab = names.iter().any(|it| it.starts_with("LB"));
    let kind = if item.first("CodeListRef").is_some() || number("Length") == Some(1) {
        Kind::Count
    } else if is_reported || is_lab {
        Kind::Report
    } else {
        Kind::Reading
    };
    Some(Meaning::Number(Measured {
        name: names.first()?.clone(),
        kind,
        decimals: number("SignificantDigits").or_else(|| number("FractionDigits")),
    }))
}

/// The events in the order of the protocol, but for what repeats and what is not scheduled.
fn plan(
    metadata: &Odm,
    (study, version): (&str, &str),
    definitions: &Definitions<'_>,
) -> Vec<String> {
    let of_oid = |element: &&Element, oid: &str| element.attribute("OID") == Some(oid);
    let mut studies = metadata.root.all("Study");
    let versions = studies.find(|it| of_oid(it, study));
    let mut versions = versions
        .into_iter()
        .flat_map(|it| it.all("MetaDataVersion"));
    let protocol = versions.find(|it| of_oid(it, version));
    let protocol = protocol.and_then(|it| it.first("Protocol"));
    let references = protocol.into_iter().flat_map(|it| it.all("StudyEventRef"));
    let mut events: Vec<(u32, &str)> = (0..)
        .zip(references)
        .filter_map(|(at, it)| {
            let number = it.attribute("OrderNumber").and_then(|it| it.parse().ok());
            Some((number.unwrap_or(at), it.attribute("StudyEventOID")?))
        })
        .collect();
    events.sort_by_key(|it| it.0);
    let mut planned: Vec<String> = events.into_iter().map(|it| it.1.to_owned()).collect();
    if planned.is_empty() {
        let all = definitions.all("StudyEventDef");
        planned.extend(all.filter_map(|it| it.attribute("OID").map(str::to_owned)));
    }
    planned.retain(|oid| {
        definitions.get("StudyEventDef", oid).is_none_or(|it| {
            it.attribute("Repeating") != Some("Yes")
                && matches!(it.attribute("Type"), None | Some("Scheduled"))
        })
    });
    planned.dedup();
    planned
}
