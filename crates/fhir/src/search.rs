//! Search values: what the index of a resource holds, for every R4 search parameter.

use serde_json::Value;

use crate::decimal::Decimal;
use crate::references;
use crate::tables::tables;

mod extract;
mod leaf;
mod text;

pub(crate) use extract::follow;
pub(crate) use text::cut;
pub use text::normalise;

/// The type of a search parameter. FHIR R4 3.1.1.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A code, identifier or boolean.
    Token,
    /// Text, compared without case, accents and punctuation.
    String,
    /// A date, an instant or a period.
    Date,
    /// A number.
    Number,
    /// A number with a unit.
    Quantity,
    /// A link to another resource.
    Reference,
    /// A uri, compared exactly.
    Uri,
}

/// Where the store finds the values of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the index rows made by [`values`].
    Index,
    /// In the id column (`_id`): [`values`] makes no entry.
    Id,
    /// In the last-updated column (`_lastUpdated`): [`values`] makes no entry.
    Updated,
}

/// One search parameter of one resource type.
#[derive(Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Number of (type, name): stable, never reassigned; what a database row holds.
    pub id: u16,
    /// The resource type it belongs to.
    pub resource_type: &'static str,
    /// Its name in a query.
    pub name: &'static str,
    /// Its canonical url.
    pub url: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Where its values are.
    pub place: Place,
    /// Resource types a reference may point at.
    pub targets: &'static [&'static str],
}

/// One row of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// [`Parameter::id`].
    pub parameter: u16,
    /// The value.
    pub value: IndexValue,
}

/// A value to be found by search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexValue {
    /// A code in a system. `system` None: it has none.
    Token {
        /// The namespace.
        system: Option<String>,
        /// The code; case-sensitive.
        code: Option<String>,
    },
    /// Text.
    String {
        /// Folded by [`normalise`]: what default and `:contains` searches compare.
        normalised: String,
        /// As written: what `:exact` compares.
        original: String,
    },
    /// A stretch of time `[from_us, to_us)` in microseconds since 1970 UTC.
    /// An open end is `i64::MIN` or `i64::MAX`.
    Date {
        /// First microsecond.
        from_us: i64,
        /// First microsecond after.
        to_us: i64,
    },
    /// A number or a range `[low, high]` of them; `None` is an open end.
    Number {
        /// Lower bound.
        low: Option<Decimal>,
        /// Upper bound; equal to `low` for a plain number.
        high: Option<Decimal>,
    },
    /// A number or range with a unit.
    Quantity {
        /// Lower bound.
        low: Option<Decimal>,
        /// Upper bound.
        high: Option<Decimal>,
        /// System of the unit code (Money: `urn:iso:std:iso:4217`).
        system: Option<String>,
        /// Unit code.
        code: Option<String>,
        /// Unit as written for people.
        unit: Option<String>,
    },
    /// A link. Either `type_` and `id` (a relative reference) or `url` (absolute, urn, canonical).
    Reference {
        /// Resource type of a relative reference.
        type_: Option<String>,
        /// Logical id of a relative reference.
        id: Option<String>,
        /// The whole url without its version.
        url: Option<String>,
        /// The version, `Patient/1/_history/2` or `http://x|2`.
        version: Option<String>,
    },
    /// A uri.
    Uri(String),
}

impl IndexValue {
    /// Text, folded for search.
    pub fn of_text(text: &str) -> Self {
        Self::String {
            normalised: normalise(text),
            original: text::cut(text).to_owned(),
        }
    }

    /// A link by `Type/id` or `Type/id/_history/version`; `None`: it is neither.
    pub fn of_relative(reference: &str) -> Option<Self> {
        match references::form(reference) {
            references::Form::Relative { type_, id, version } => Some(Self::Reference {
                type_: Some(type_.to_owned()),
                id: Some(id.to_owned()),
                url: None,
                version: version.map(str::to_owned),
            }),
            _ => None,
        }
    }
}

/// The parameters a resource type can be searched by, sorted by name: what a CapabilityStatement
/// claims.
pub fn parameters(resource_type: &str) -> &'static [Parameter] {
    tables()
        .search
        .get(resource_type)
        .map_or(&[], |one| one.parameters)
}

/// One parameter by its name.
pub fn parameter(resource_type: &str, name: &str) -> Option<&'static Parameter> {
    let all = parameters(resource_type);
    let at = all.binary_search_by(|one| one.name.cmp(name)).ok()?;
    Some(&all[at])
}

/// Whether values of a parameter come from this element (dotted, from the root), from something in
/// it or from something around it.
pub fn reads(parameter: &Parameter, element: &str) -> bool {
    let Some(searchable) = tables().search.get(parameter.resource_type) else {
        return true;
    };
    let all = searchable.parameters.iter().zip(&searchable.paths);
    let mut own = all.filter(|(one, _)| one.id == parameter.id && one.place == Place::Index);
    own.any(|(_, paths)| {
        paths.iter().any(|path| {
            let mut together = path.steps.iter().zip(element.split('.'));
            together.all(|(step, part)| crate::redact::names(part, step.name))
        })
    })
}

/// Parameters that R4 defines for a type and this crate does not claim: composite and special
/// ones, full text, phonetic names.
pub fn unclaimed(resource_type: &str) -> &'static [&'static str] {
    tables()
        .search
        .get(resource_type)
        .map_or(&[], |one| one.unclaimed)
}

/// The index rows of a resource, without duplicates.
pub fn values(resource: &Value) -> Vec<Entry> {
    extract::run(resource)
}
