//! The objects of EPCIS 2.0: which members they have and what each must be.

use super::Kind;
use super::Kind::{
    Action, Boolean, Context, Decimal, Events, Exactly, Extensions, Hex, Loose, Object, Objects,
    Offset, Reports, Text, Time, Unit, Uri, UriOrUris, Uris, Version, Word, Words,
};
use crate::vocabulary::Vocabulary as V;

/// An object.
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    /// Members that each event has, before its own.
    common: &'static [(&'static str, Kind)],
    members: &'static [(&'static str, Kind)],
    pub(crate) required: &'static [&'static str],
    /// Fields of one's own may be added, named by URIs.
    pub(crate) is_open: bool,
    /// Whatever else may be added.
    pub(crate) is_any: bool,
}

impl Shape {
    pub(crate) fn kind(&self, name: &str) -> Option<&'static Kind> {
        let all = self.common.iter().chain(self.members);
        all.into_iter()
            .find(|(member, _)| *member == name)
            .map(|(_, kind)| kind)
    }
}

const NONE: Shape = Shape {
    name: "",
    common: &[],
    members: &[],
    required: &[],
    is_open: false,
    is_any: false,
};

pub(super) static EXTENSIONS: Shape = Shape {
    is_open: true,
    ..NONE
};

static EVENT: &[(&str, Kind)] = &[
    ("@context", Context),
    ("type", Text),
    ("eventTime", Time),
    ("recordTime", Time),
    ("eventTimeZoneOffset", Offset),
    ("eventID", Uri),
    ("certificationInfo", UriOrUris),
    ("errorDeclaration", Object(&ERROR_DECLARATION)),
];

/// Where, why, with whom: members of all five types.
macro_rules! event {
    ($name:literal, [$($required:literal),*], [$($member:expr),* $(,)?]) => {
        Shape {
            name: $name,
            common: EVENT,
            members: &[
                $($member,)*
                ("bizStep", Word(V::BizStep)),
                ("disposition", Word(V::Disposition)),
                // The JSON Schema has it in two types only; the standard's XSD in all five.
                ("persistentDisposition", Object(&PERSISTENT)),
                ("readPoint", Object(&PLACE)),
                ("bizLocation", Object(&PLACE)),
                ("bizTransactionList", Objects(&BIZ_TRANSACTION, 0)),
                ("sourceList", Objects(&SOURCE, 0)),
                ("destinationList", Objects(&DESTINATION, 0)),
                ("sensorElementList", Objects(&SENSOR_ELEMENT, 0)),
            ],
            required: &["eventTime", "eventTimeZoneOffset", $($required),*],
            is_open: true,
            is_any: false,
        }
    };
}

/// The five types.
pub(crate) static EVENT_TYPES: [Shape; 5] = [
    event!(
        "ObjectEvent",
        ["action"],
        [
            ("action", Action),
            ("epcList", Uris(true)),
            ("quantityList", Objects(&QUANTITY, 0)),
            ("ilmd", Extensions),
        ]
    ),
    event!(
        "AggregationEvent",
        ["action"],
        [
            ("action", Action),
            ("parentID", Uri),
            ("childEPCs", Uris(false)),
            ("childQuantityList", Objects(&QUANTITY, 0)),
        ]
    ),
    event!(
        "TransactionEvent",
        ["bizTransactionList", "action"],
        [
            // Before the member of the same name that may be empty.
            ("bizTransactionList", Objects(&BIZ_TRANSACTION, 1)),
            ("action", Action),
            ("parentID", Uri),
            ("epcList", Uris(false)),
            ("quantityList", Objects(&QUANTITY, 0)),
        ]
    ),
    event!(
        "TransformationEvent",
        [],
        [
            ("inputEPCList", Uris(true)),
            ("inputQuantityList", Objects(&QUANTITY, 0)),
            ("outputEPCList", Uris(true)),
            ("outputQuantityList", Objects(&QUANTITY, 0)),
            ("transformationID", Uri),
            ("ilmd", Extensions),
        ]
    ),
    event!(
        "AssociationEvent",
        ["action", "parentID"],
        [
            ("action", Action),
            ("parentID", Uri),
            ("childEPCs", Uris(false)),
            ("childQuantityList", Objects(&QUANTITY, 0)),
        ]
    ),
];

/// An event type of one's own: the members of all events, and whatever else.
pub(super) static CUSTOM_EVENT: Shape = Shape {
    common: EVENT,
    required: &["eventTime", "eventTimeZoneOffset"],
    is_any: true,
    ..NONE
};

static ERROR_DECLARATION: Shape = Shape {
    members: &[
        ("declarationTime", Time),
        ("reason", Word(V::ErrorReason)),
        ("correctiveEventIDs", Uris(false)),
    ],
    required: &["declarationTime"],
    is_open: true,
    ..NONE
};

static QUANTITY: Shape = Shape {
    members: &[("epcClass", Uri), ("quantity", Decimal), ("uom", Unit)],
    required: &["epcClass"],
    ..NONE
};

static PERSISTENT: Shape = Shape {
    members: &[
        ("set", Words(V::Disposition)),
        ("unset", Words(V::Disposition)),
    ],
    ..NONE
};

/// The schema leaves `readPoint` and `bizLocation` open to any member.
static PLACE: Shape = Shape {
    members: &[("id", Uri)],
    required: &["id"],
    is_any: true,
    ..NONE
};

static BIZ_TRANSACTION: Shape = Shape {
    members: &[
        ("type", Word(V::BizTransactionType)),
        ("bizTransaction", Uri),
    ],
    required: &["bizTransaction"],
    ..NONE
};

static SOURCE: Shape = Shape {
    members: &[("type", Word(V::SourceDestType)), ("source", Uri)],
    required: &["type", "source"],
    ..NONE
};

static DESTINATION: Shape = Shape {
    members: &[("type", Word(V::SourceDestType)), ("destination", Uri)],
    required: &["type", "destination"],
    ..NONE
};

static SENSOR_ELEMENT: Shape = Shape {
    members: &[
        ("sensorMetadata", Object(&SENSOR_METADATA)),
        ("sensorReport", Reports(&SENSOR_REPORT)),
    ],
    required: &["sensorReport"],
    is_open: true,
    ..NONE
};

static SENSOR_METADATA: Shape = Shape {
    members: &[
        ("time", Time),
        ("startTime", Time),
        ("endTime", Time),
        ("deviceID", Uri),
        ("deviceMetadata", Uri),
        ("rawData", Uri),
        ("dataProcessingMethod", Uri),
        ("bizRules", Uri),
    ],
    is_open: true,
    ..NONE
};

/// Its `type` may be missing where it has an `exception` (`conditions.rs`).
static SENSOR_REPORT: Shape = Shape {
    members: &[
        ("type", Word(V::Measurement)),
        ("exception", Word(V::SensorAlert)),
        ("deviceID", Uri),
        ("deviceMetadata", Uri),
        ("rawData", Uri),
        ("dataProcessingMethod", Uri),
        ("bizRules", Uri),
        ("time", Time),
        ("microorganism", Uri),
        ("chemicalSubstance", Uri),
        ("coordinateReferenceSystem", Uri),
        ("value", Decimal),
        ("component", Word(V::Component)),
        ("stringValue", Text),
        ("booleanValue", Boolean),
        ("hexBinaryValue", Hex),
        ("uriValue", Uri),
        ("minValue", Decimal),
        ("maxValue", Decimal),
        ("meanValue", Decimal),
        ("sDev", Decimal),
        ("percRank", Decimal),
        ("percValue", Decimal),
        ("uom", Text),
    ],
    is_open: true,
    ..NONE
};

/// `EPCISDocument`.
pub(crate) static DOCUMENT: Shape = Shape {
    name: "EPCISDocument",
    members: &[
        ("@context", Context),
        ("id", Uri),
        ("type", Exactly("EPCISDocument")),
        ("schemaVersion", Version),
        ("creationDate", Time),
        ("instanceIdentifier", Text),
        ("sender", Text),
        ("receiver", Text),
        ("epcisHeader", Object(&HEADER)),
        ("epcisBody", Object(&BODY)),
    ],
    required: &[
        "@context",
        "type",
        "schemaVersion",
        "creationDate",
        "epcisBody",
    ],
    is_open: true,
    ..NONE
};

static BODY: Shape = Shape {
    members: &[("eventList", Events)],
    required: &["eventList"],
    is_any: true,
    ..NONE
};

static HEADER: Shape = Shape {
    members: &[("epcisMasterData", Object(&MASTER_DATA))],
    is_open: true,
    ..NONE
};

static MASTER_DATA: Shape = Shape {
    members: &[("vocabularyList", Objects(&VOCABULARY, 0))],
    is_any: true,
    ..NONE
};

static VOCABULARY: Shape = Shape {
    members: &[
        ("type", Uri),
        ("vocabularyElementList", Objects(&VOCABULARY_ELEMENT, 0)),
    ],
    required: &["type"],
    is_any: true,
    ..NONE
};

static VOCABULARY_ELEMENT: Shape = Shape {
    members: &[
        ("id", Uri),
        ("attributes", Objects(&ATTRIBUTE, 0)),
        ("children", Uris(false)),
    ],
    required: &["id"],
    is_any: true,
    ..NONE
};

static ATTRIBUTE: Shape = Shape {
    members: &[("id", Uri), ("attribute", Loose)],
    required: &["id"],
    is_any: true,
    ..NONE
};

/// `EPCISQueryDocument`.
pub(crate) static QUERY_DOCUMENT: Shape = Shape {
    name: "EPCISQueryDocument",
    members: &[
        ("@context", Context),
        ("id", Uri),
        ("type", Exactly("EPCISQueryDocument")),
        ("schemaVersion", Version),
        ("creationDate", Time),
        ("epcisBody", Object(&QUERY_BODY)),
    ],
    required: &["@context", "type", "epcisBody"],
    is_open: true,
    ..NONE
};

static QUERY_BODY: Shape = Shape {
    members: &[("queryResults", Object(&QUERY_RESULTS))],
    required: &["queryResults"],
    is_open: true,
    ..NONE
};

static QUERY_RESULTS: Shape = Shape {
    members: &[
        ("queryName", Text),
        ("subscriptionID", Text),
        ("resultsBody", Object(&RESULTS_BODY)),
    ],
    required: &["queryName", "resultsBody"],
    is_open: true,
    ..NONE
};

static RESULTS_BODY: Shape = Shape {
    members: &[
        ("eventList", Events),
        ("vocabularyList", Objects(&VOCABULARY, 0)),
    ],
    required: &["eventList"],
    is_open: true,
    ..NONE
};
