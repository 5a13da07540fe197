//! Whether a provision matches: twelve dimensions, each true, false or not known.

use super::Asking;
use crate::coding::Coding;
use crate::facts::{Facts, Stretch};
use crate::labels::{Label, Level, Subjects};
use crate::terms::{Action, Actions, Class, Criteria, Data, Meaning, Named, Purpose};

/// Kleene's three truth values, ordered so that "and" is the least and "or" the greatest.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Truth {
    /// Surely not.
    False,
    /// Nobody knows.
    Unknown,
    /// Surely.
    True,
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}

/// A dimension of a provision.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Dimension {
    /// `period`
    Period,
    /// `actor` who receives
    Recipient,
    /// `actor` who keeps
    Custodian,
    /// `actor` whose role is not understood
    Actor,
    /// `purpose`
    Purpose,
    /// `action`
    Action,
    /// `class`
    Class,
    /// `securityLabel`
    Label,
    /// `dataPeriod`
    DataPeriod,
    /// `code`
    Code,
    /// `data`
    Data,
    /// `actor` who wrote
    Author,
}

impl Dimension {
    /// All, the cheap ones first.
    pub const ALL: [Self; 12] = [
        Self::Period,
        Self::Purpose,
        Self::Action,
        Self::Actor,
        Self::Recipient,
        Self::Custodian,
        Self::Class,
        Self::Label,
        Self::DataPeriod,
        Self::Code,
        Self::Data,
        Self::Author,
    ];

    /// The element of FHIR.
    pub fn element(self) -> &'static str {
        match self {
            Self::Period => "period",
            Self::Recipient | Self::Custodian | Self::Actor | Self::Author => "actor",
            Self::Purpose => "purpose",
            Self::Action => "action",
            Self::Class => "class",
            Self::Label => "securityLabel",
            Self::DataPeriod => "dataPeriod",
            Self::Code => "code",
            Self::Data => "data",
        }
    }

    /// Those about who asks.
    pub(super) fn of_the_reader() -> &'static [Self] {
        &Self::ALL[..6]
    }

    /// Those about the record.
    pub(super) fn of_the_record() -> &'static [Self] {
        &Self::ALL[6..]
    }
}

/// A rule completed by the rules above it, with what is known of its match so far: an exception
/// that names nothing about the reader, or about the record, matches there as the rule above does.
#[derive(Clone, Copy)]
pub(crate) struct Matched<'t> {
    pub(crate) rule: Resolved<'t>,
    reader: Truth,
    record: Truth,
}

impl<'t> Matched<'t> {
    /// Before the root: everything matches.
    pub(crate) fn everything() -> Self {
        Self {
            rule: Resolved::default(),
            reader: Truth::True,
            record: Truth::True,
        }
    }

    /// The match of a rule below.
    #[must_use]
    pub(crate) fn with(&self, own: &'t Criteria, asking: &Asking<'_>, facts: &Facts) -> Self {
        let rule = self.rule.with(own);
        let all = |dimensions| rule.all(dimensions, asking, facts);
        let (mut reader, mut record) = (self.reader, self.record);
        if own.looks_at_the_reader() {
            reader = all(Dimension::of_the_reader());
        }
        if own.looks_at_the_record() {
            record = all(Dimension::of_the_record());
        }
        Self {
            rule,
            reader,
            record,
        }
    }

    /// Whether the rule matches.
    pub(crate) fn truth(&self) -> Truth {
        self.reader.min(self.record)
    }

    /// Whether it may concern the reader.
    pub(super) fn may_concern_the_reader(&self) -> bool {
        self.reader != Truth::False
    }
}

/// A provision's own criteria, completed by those of the rules above it.
#[derive(Clone, Copy, Default)]
pub(crate) struct Resolved<'t> {
    clouded: bool,
    period: Option<&'t Named<Stretch>>,
    recipient: Option<&'t Named<String>>,
    custodian: Option<&'t Named<String>>,
    author: Option<&'t Named<String>>,
    purpose: Option<&'t Named<Purpose>>,
    action: Option<&'t Named<Action>>,
    class: Option<&'t Named<Class>>,
    code: Option<&'t Named<Coding>>,
    label: Option<&'t Named<Label>>,
    data: Option<&'t Named<Data>>,
    data_period: Option<&'t Named<Stretch>>,
}

impl<'t> Resolved<'t> {
    /// What a rule below matches: what it names, and in what it does not name, what this one does.
    #[must_use]
    pub(crate) fn with(self, own: &'t Criteria) -> Self {
        Self {
            clouded: self.clouded || own.clouded,
            period: own.period.as_ref().or(self.period),
            recipient: own.recipient.as_ref().or(self.recipient),
            custodian: own.custodian.as_ref().or(self.custodian),
            author: own.author.as_ref().or(self.author),
            purpose: own.purpose.as_ref().or(self.purpose),
            action: own.action.as_ref().or(self.action),
            class: own.class.as_ref().or(self.class),
            code: own.code.as_ref().or(self.code),
            label: own.label.as_ref().or(self.label),
            data: own.data.as_ref().or(self.data),
            data_period: own.data_period.as_ref().or(self.data_period),
        }
    }

    /// Whether all of these dimensions match.
    pub(super) fn all(&self, of: &[Dimension], asking: &Asking<'_>, facts: &Facts) -> Truth {
        let mut all = Truth::True;
        for dimension in of {
            all = all.min(self.truth(*dimension, asking, facts));
            if all == Truth::False {
                break;
            }
        }
        all
    }

    /// Whether one dimension matches; one that no rule names matches everything.
    pub(super) fn truth(&self, one: Dimension, asking: &Asking<'_>, facts: &Facts) -> Truth {
        match one {
            Dimension::Period => any(self.period, |period| {
                Truth::from(period.from_us <= asking.at_us && asking.at_us < period.to_us)
            }),
            Dimension::Recipient => any(self.recipient, |party| recipient(party, asking)),
            Dimension::Custodian => any(self.custodian, |party| custodian(party, asking)),
            Dimension::Actor if self.clouded => Truth::Unknown,
            Dimension::Actor => Truth::True,
            Dimension::Purpose => any(self.purpose, |purpose| purpose_matches(purpose, asking)),
            Dimension::Action => whole(self.action, |named| actions(&named.any, asking.actions)),
            Dimension::Class => any(self.class, |class| class_matches(class, facts)),
            Dimension::Label => whole(self.label, |named| labels(&named.any, facts)),
            Dimension::DataPeriod => any(self.data_period, |period| data_period(*period, facts)),
            Dimension::Code => any(self.code, |code| within(&facts.codes, code, facts)),
            Dimension::Data => any(self.data, |data| data_matches(data, facts)),
            Dimension::Author => any(self.author, |party| wrote(party, facts)),
        }
    }
}

/// One value is enough; one that was not understood might be it.
fn any<T>(named: Option<&Named<T>>, matches: impl Fn(&T) -> Truth) -> Truth {
    whole(named, |named| {
        named.any.iter().map(matches).max().unwrap_or(Truth::False)
    })
}

fn whole<T>(named: Option<&Named<T>>, matches: impl FnOnce(&Named<T>) -> Truth) -> Truth {
    match named {
        None => Truth::True,
        Some(named) if named.opaque => matches(named).max(Truth::Unknown),
        Some(named) => matches(named),
    }
}

/// The type that a reference names.
fn kind(party: &str) -> &str {
    let end = party
        .bytes()
        .position(|byte| matches!(byte, b'/' | b'?'))
        .unwrap_or(0);
    &party[..end]
}

/// Known names of one kind: in them, not in them, or no names to look in.
fn among(party: &str, names: &[&str]) -> Truth {
    match names.contains(&party) {
        true => Truth::True,
        false if names.is_empty() => Truth::Unknown,
        // A logical reference may be the same organisation under another identifier.
        false => {
            if party.contains('?') {
                Truth::Unknown
            } else {
                Truth::False
            }
        }
    }
}

fn recipient(party: &str, asking: &Asking<'_>) -> Truth {
    match kind(party) {
        "Organization" => among(party, asking.organisation),
        "Practitioner" | "Patient" | "RelatedPerson" => among(party, asking.practitioner),
        "PractitionerRole" => among(party, asking.role),
        "Group" | "CareTeam" => match asking.groups {
            Some(groups) => Truth::from(groups.contains(&party)),
            None => Truth::Unknown,
        },
        _ => {
            let all = [asking.organisation, asking.practitioner, asking.role];
            let named = all.into_iter().flatten().any(|name| *name == party);
            if named { Truth::True } else { Truth::Unknown }
        }
    }
}

fn custodian(party: &str, asking: &Asking<'_>) -> Truth {
    match kind(party) {
        "Organization" => among(party, asking.custodian),
        _ if asking.custodian.contains(&party) => Truth::True,
        _ => Truth::Unknown,
    }
}

fn purpose_matches(named: &Purpose, asking: &Asking<'_>) -> Truth {
    let Some(asked) = &asking.purpose else {
        return Truth::Unknown;
    };
    if named.covers(asked) {
        return Truth::True;
    }
    // Asked is broader than named, or of a vocabulary whose order nobody here knows.
    let comparable = named.is_act_reason() && asked.is_act_reason();
    if asked.covers(named) || !comparable {
        Truth::Unknown
    } else {
        Truth::False
    }
}

/// Every action asked for must be named; if only some are, nobody knows.
fn actions(named: &[Action], asked: Actions) -> Truth {
    let common = asked.common(Actions::of(named));
    if asked.is_empty() {
        return Truth::Unknown;
    }
    match common {
        _ if common == asked => Truth::True,
        _ if common.is_empty() => Truth::False,
        _ => Truth::Unknown,
    }
}

fn class_matches(class: &Class, facts: &Facts) -> Truth {
    match (class, facts.type_) {
        (Class::Type(number), Some(type_)) => Truth::from(*number == type_),
        _ => Truth::Unknown,
    }
}

/// In a sorted list that may have been cut.
fn within<T: Ord>(list: &[T], one: &T, facts: &Facts) -> Truth {
    match list.binary_search(one) {
        Ok(_) => Truth::True,
        Err(_) if facts.complete => Truth::False,
        Err(_) => Truth::Unknown,
    }
}

/// Labels of a provision against those of a record.
///
/// The level must be one that is named; of a record above all named levels nobody knows. Of the
/// subjects all must be covered by those named; if only some are, or the record carries a broader
/// subject, nobody knows. One way is enough.
fn labels(named: &[Label], facts: &Facts) -> Truth {
    let mut truth = Truth::False;
    let (mut covered, mut subjects) = (Subjects::NONE, Subjects::NONE);
    for label in named {
        truth = truth.max(match label {
            Label::Level(level) => level_matches(*level, facts.level),
            Label::Subject(subject) => {
                covered = covered.union(subject.covered());
                subjects = subjects.with(*subject);
                Truth::False
            }
            // No value set derives it, so its absence says nothing.
            Label::Other(coding) => within(&facts.labels, coding, facts).max(Truth::Unknown),
        });
    }
    truth.max(subjects_match(subjects, covered, facts.subjects))
}

fn level_matches(named: Level, level: Level) -> Truth {
    match level.cmp(&named) {
        std::cmp::Ordering::Equal => Truth::True,
        std::cmp::Ordering::Greater => Truth::Unknown,
        std::cmp::Ordering::Less => Truth::False,
    }
}

fn subjects_match(named: Subjects, covered: Subjects, carried: Subjects) -> Truth {
    let common = carried.common(covered);
    if !common.is_empty() && carried.without(covered).is_empty() {
        return Truth::True;
    }
    let broader = carried
        .iter()
        .any(|one| !one.covered().common(named).is_empty());
    if common.is_empty() && !broader {
        Truth::False
    } else {
        Truth::Unknown
    }
}

fn data_period(period: Stretch, facts: &Facts) -> Truth {
    match facts.dates {
        None => Truth::Unknown,
        Some(dates) if period.from_us <= dates.from_us && dates.to_us <= period.to_us => {
            Truth::True
        }
        Some(dates) => {
            let apart = dates.to_us <= period.from_us || period.to_us <= dates.from_us;
            if apart { Truth::False } else { Truth::Unknown }
        }
    }
}

fn data_matches(data: &Data, facts: &Facts) -> Truth {
    let is_it = match &facts.own {
        Some(own) => Truth::from(*own == data.reference),
        None => Truth::Unknown,
    };
    match data.meaning {
        Meaning::Instance => is_it,
        Meaning::AuthoredBy => wrote(&data.reference, facts),
        Meaning::Related | Meaning::Dependents => {
            let target = &data.reference;
            let refers = within(&facts.links, target, facts);
            is_it.max(refers).max(within(&facts.authors, target, facts))
        }
    }
}

/// Known if the record names authors, all of the same kind.
fn wrote(party: &str, facts: &Facts) -> Truth {
    if facts.authors.iter().any(|author| author == party) {
        return Truth::True;
    }
    let alike = facts
        .authors
        .iter()
        .all(|author| kind(author) == kind(party));
    let known = alike && !facts.authors.is_empty() && facts.complete && !party.contains(['?', ':']);
    if known { Truth::False } else { Truth::Unknown }
}
