//! What a provision matches: its dimensions, each a list of which one value is enough.

use crate::coding::{ACT_REASON, Coding};
use crate::facts::Stretch;
use crate::labels::{Label, same};

/// The values of one dimension, sorted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Named<T> {
    /// The values that were understood.
    pub any: Vec<T>,
    /// True if there was one that was not.
    pub opaque: bool,
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self {
            any: Vec::new(),
            opaque: false,
        }
    }
}

/// What a provision matches. A dimension that is absent matches everything, or what the rule above
/// matches.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Criteria {
    /// True if there is an `actor` whose role is not understood.
    pub clouded: bool,
    /// `period`: when the rule is in force.
    pub period: Option<Named<Stretch>>,
    /// `actor` who receives (`IRCP`, `PRCP`, `TRC`).
    pub recipient: Option<Named<String>>,
    /// `actor` who keeps the record (`CST`).
    pub custodian: Option<Named<String>>,
    /// `actor` who wrote the record (`AUT`).
    pub author: Option<Named<String>>,
    /// `purpose`.
    pub purpose: Option<Named<Purpose>>,
    /// `action`.
    pub action: Option<Named<Action>>,
    /// `class`.
    pub class: Option<Named<Class>>,
    /// `code`.
    pub code: Option<Named<Coding>>,
    /// `securityLabel`.
    pub label: Option<Named<Label>>,
    /// `data`.
    pub data: Option<Named<Data>>,
    /// `dataPeriod`.
    pub data_period: Option<Named<Stretch>>,
}

impl Criteria {
    /// Whether it names nothing but the time in which the rule is in force.
    pub(crate) fn is_open(&self) -> bool {
        let period = self.period.clone();
        *self
            == Self {
                period,
                ..Self::default()
            }
    }

    /// Whether it names something about who asks.
    pub(crate) fn looks_at_the_reader(&self) -> bool {
        self.clouded
            || self.period.is_some()
            || self.recipient.is_some()
            || self.custodian.is_some()
            || self.purpose.is_some()
            || self.action.is_some()
    }

    /// Whether it names something about the record.
    pub(crate) fn looks_at_the_record(&self) -> bool {
        self.author.is_some()
            || self.class.is_some()
            || self.code.is_some()
            || self.label.is_some()
            || self.data.is_some()
            || self.data_period.is_some()
    }
}

/// Purposes of v3-ActReason with those directly below each. The places stand in terms: append only.
///
/// `BTG` stands alone: breaking the glass is an act of its own (design 5.4), so that a rule about
/// treatment neither opens nor closes it.
const PURPOSES: &[(&str, &[&str])] = &[
    ("TREAT", &["ETREAT"]),
    ("ETREAT", &["ERTREAT"]),
    ("ERTREAT", &[]),
    ("HPAYMT", &["CLMATTCH", "COVAUTH", "COVERAGE", "REMITADV"]),
    ("CLMATTCH", &[]),
    ("COVAUTH", &[]),
    ("COVERAGE", &["ELIGDTRM", "ELIGVER", "ENROLLM"]),
    ("ELIGDTRM", &[]),
    ("ELIGVER", &[]),
    ("ENROLLM", &[]),
    ("REMITADV", &[]),
    (
        "HOPERAT",
        &["HQUALIMP", "PATSFTY", "HSYSADMIN", "HACCRED", "HLEGAL"],
    ),
    ("HQUALIMP", &[]),
    ("PATSFTY", &[]),
    ("HSYSADMIN", &[]),
    ("HACCRED", &[]),
    ("HLEGAL", &[]),
    (
        "HRESCH",
        &["BIORCH", "CLINTRCH", "DSRCH", "POARCH", "TRANSRCH"],
    ),
    ("BIORCH", &[]),
    ("CLINTRCH", &["CLINTRCHNPC", "CLINTRCHPC", "PRECLINTRCH"]),
    ("CLINTRCHNPC", &[]),
    ("CLINTRCHPC", &[]),
    ("PRECLINTRCH", &[]),
    ("DSRCH", &[]),
    ("POARCH", &[]),
    ("TRANSRCH", &[]),
    ("PUBHLTH", &["DISASTER", "THREAT"]),
    ("DISASTER", &[]),
    ("THREAT", &[]),
    ("PATRQT", &["FAMRQT", "PWATRNY", "SUPNWK"]),
    ("FAMRQT", &[]),
    ("PWATRNY", &[]),
    ("SUPNWK", &[]),
    ("HMARKT", &[]),
    ("BTG", &[]),
];

/// For each purpose the places of those that it covers, itself included.
static COVERED: [u64; PURPOSES.len()] = close();

const fn close() -> [u64; PURPOSES.len()] {
    let mut sets = [0; PURPOSES.len()];
    // Three levels: after the second round everything below is in.
    let mut round = 0;
    while round < 3 {
        let mut above = 0;
        while above < PURPOSES.len() {
            sets[above] |= 1 << above;
            let mut below = 0;
            while below < PURPOSES.len() {
                if directly_below(above, below) {
                    sets[above] |= sets[below] | 1 << below;
                }
                below += 1;
            }
            above += 1;
        }
        round += 1;
    }
    sets
}

const fn directly_below(above: usize, below: usize) -> bool {
    let list = PURPOSES[above].1;
    let mut at = 0;
    while at < list.len() {
        if same(list[at].as_bytes(), PURPOSES[below].0.as_bytes()) {
            return true;
        }
        at += 1;
    }
    false
}

/// A purpose of use.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Purpose {
    /// One of the table, by its place.
    Reason(u8),
    /// Any other code.
    Other(Coding),
}

impl Purpose {
    /// The purpose of a coding.
    pub fn of(coding: Coding) -> Self {
        let known = (coding.system() == ACT_REASON).then(|| Self::place(coding.code()));
        known.flatten().map_or(Self::Other(coding), Self::Reason)
    }

    /// A purpose of v3-ActReason that Salus knows.
    pub fn reason(code: &str) -> Option<Self> {
        Self::place(code).map(Self::Reason)
    }

    fn place(code: &str) -> Option<u8> {
        let at = PURPOSES.iter().position(|(purpose, _)| *purpose == code)?;
        u8::try_from(at).ok()
    }

    pub(crate) fn from_place(place: u8) -> Option<Self> {
        (usize::from(place) < PURPOSES.len()).then_some(Self::Reason(place))
    }

    /// Whether the other is the same or below this one.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Reason(above), Self::Reason(below)) => {
                COVERED[usize::from(*above)] >> below & 1 == 1
            }
            _ => self == other,
        }
    }

    pub(crate) fn is_act_reason(&self) -> bool {
        match self {
            Self::Reason(_) => true,
            Self::Other(coding) => coding.system() == ACT_REASON,
        }
    }
}

/// What is done with a record: the codes of `consentaction`.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum Action {
    /// To gather.
    Collect,
    /// To read.
    Access,
    /// To use.
    Use,
    /// To hand to another organisation.
    Disclose,
    /// To change.
    Correct,
}

impl Action {
    /// All, in the order of their numbers.
    pub const ALL: [Self; 5] = [
        Self::Collect,
        Self::Access,
        Self::Use,
        Self::Disclose,
        Self::Correct,
    ];

    /// The action of a code.
    pub fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.code() == code)
    }

    /// The code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Collect => "collect",
            Self::Access => "access",
            Self::Use => "use",
            Self::Disclose => "disclose",
            Self::Correct => "correct",
        }
    }
}

/// A set of actions.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Actions(u8);

impl Actions {
    /// Reading inside the organisation that keeps the record.
    pub const READ: Self = Self(1 << Action::Access as u8);
    /// Reading at another organisation: the reader accesses, the keeper discloses.
    pub const DISCLOSURE: Self = Self(Self::READ.0 | 1 << Action::Disclose as u8);
    /// Writing.
    pub const CORRECT: Self = Self(1 << Action::Correct as u8);

    /// The set of these.
    pub fn of(actions: &[Action]) -> Self {
        Self(
            actions
                .iter()
                .fold(0, |set, action| set | 1 << *action as u8),
        )
    }

    /// Whether one is in the set.
    pub fn contains(self, action: Action) -> bool {
        self.0 >> action as u8 & 1 == 1
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

/// What a `class` names.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Class {
    /// A resource type, by its number.
    Type(u8),
    /// Another class of content, which facts do not tell.
    Other(Coding),
}

/// The system of resource types as classes.
const RESOURCE_TYPES: &str = "http://hl7.org/fhir/resource-types";

impl Class {
    /// The class of a coding.
    pub fn of(coding: Coding) -> Self {
        let type_ = (coding.system() == RESOURCE_TYPES).then(|| fhir::type_number(coding.code()));
        type_.flatten().map_or(Self::Other(coding), Self::Type)
    }
}

/// How a record stands to what `data` names.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum Meaning {
    /// It is that.
    Instance,
    /// It is that, or refers to it.
    Related,
    /// It is that, or refers to it.
    Dependents,
    /// That wrote it.
    AuthoredBy,
}

impl Meaning {
    /// All, in the order of their numbers.
    pub const ALL: [Self; 4] = [
        Self::Instance,
        Self::Related,
        Self::Dependents,
        Self::AuthoredBy,
    ];

    /// The meaning of a code of `consentdatameaning`.
    pub fn of(code: &str) -> Option<Self> {
        match code {
            "instance" => Some(Self::Instance),
            "related" => Some(Self::Related),
            "dependents" => Some(Self::Dependents),
            "authoredby" => Some(Self::AuthoredBy),
            _ => None,
        }
    }
}

/// One entry of `data`.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Data {
    /// How the record stands to it.
    pub meaning: Meaning,
    /// `Type/id` or an absolute URL.
    pub reference: String,
}
