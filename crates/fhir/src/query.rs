//! A search query, parsed and typed. FHIR R4 3.1.1.

use crate::decimal::Decimal;
use crate::search::Parameter;

mod chain;
mod escape;
mod matches;
mod parse;
mod result;
mod value;

/// Most parameters of one query.
pub const PARAMETERS_MAX: usize = 100;
/// Most alternatives (`a,b,c`) of one parameter.
pub const ALTERNATIVES_MAX: usize = 500;
/// Most links of a chain (`subject.organization.name` has two).
pub const CHAIN_LINKS_MAX: usize = 3;
/// Most reverse links (`_has`) among them.
pub const REVERSE_LINKS_MAX: usize = 2;
/// Most chains of one query.
pub const CHAINS_MAX: usize = 10;
/// Most sort keys.
pub const SORT_MAX: usize = 5;

/// A parsed search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// What is searched for.
    pub resource_type: &'static str,
    /// All of these must hold.
    pub filters: Vec<Filter>,
    /// So must all of these, each by itself.
    pub chains: Vec<Chain>,
    /// Sort keys, the most important first.
    pub sort: Vec<Sort>,
    /// Page size asked for (`_count`), already bounded; 0 means only a total.
    pub count: Option<u32>,
    /// Whether a total is wanted.
    pub total: Total,
    /// `_include`.
    pub includes: Vec<Include>,
    /// `_revinclude`.
    pub revincludes: Vec<Include>,
    /// `_summary`.
    pub summary: Summary,
    /// `_elements`: top-level elements to keep.
    pub elements: Vec<String>,
}

/// One condition: the parameter's values satisfy the test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Which parameter.
    pub parameter: &'static Parameter,
    /// Which test.
    pub test: Test,
}

/// A condition on a linked record. FHIR R4 3.1.1.4.13, 3.1.1.4.14.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The reference parameter that links the two.
    pub parameter: &'static Parameter,
    /// `_has`: the other record points at this one. Otherwise this one points at the other.
    pub reverse: bool,
    /// By the type of the other record: one of these must hold.
    pub branches: Vec<Branch>,
}

/// What must hold of a linked record of one type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// Type of the linked record.
    pub resource_type: &'static str,
    /// What must hold of it.
    pub condition: Condition,
}

/// The end of a chain, or its next link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// A condition on its own values.
    Filter(Filter),
    /// A condition on a record linked to it.
    Chain(Box<Chain>),
}

/// What is asked of the values of one parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// `:missing=true`: there is no value; `false`: there is one.
    Missing(bool),
    /// At least one value matches at least one of these.
    Any(Vec<Criterion>),
    /// `:not`: no value matches any of these (a resource without values is found).
    NoneOf(Vec<Criterion>),
}

/// A prefix of an ordered value. FHIR R4 3.1.1.4.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefix {
    /// Equal: the query's range contains the value's.
    Eq,
    /// Not equal.
    Ne,
    /// Greater: the range above the value intersects.
    Gt,
    /// Less.
    Lt,
    /// Greater or equal.
    Ge,
    /// Less or equal.
    Le,
    /// Starts after.
    Sa,
    /// Ends before.
    Eb,
    /// Approximately: the ranges (here already widened) overlap.
    Ap,
}

/// How text is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextMatch {
    /// The normalised text starts with it.
    Starts,
    /// `:contains`: the normalised text contains it.
    Contains,
    /// `:exact`: the original text is it.
    Exact,
}

/// How a uri is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UriMatch {
    /// The same uri.
    Exact,
    /// `:below`: the value starts with it, at a path boundary.
    Below,
    /// `:above`: it starts with the value, at a path boundary.
    Above,
}

/// What a token's system must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SystemMatch {
    /// `code`: any system or none.
    Any,
    /// `|code`: no system.
    Absent,
    /// `system|code` or `system|`.
    Is(String),
}

/// One value to compare with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Criterion {
    /// `_id`: the logical id.
    Id(String),
    /// A token; `code` None: any code in the system.
    Token {
        /// The system asked for.
        system: SystemMatch,
        /// The code asked for.
        code: Option<String>,
    },
    /// Text; `text` is normalised unless the match is exact.
    String {
        /// How to compare.
        how: TextMatch,
        /// With what.
        text: String,
    },
    /// A stretch of time, half open.
    Date {
        /// How to compare.
        prefix: Prefix,
        /// First microsecond.
        from_us: i64,
        /// First microsecond after.
        to_us: i64,
    },
    /// A number.
    Number(NumberMatch),
    /// A number with a unit.
    Quantity {
        /// The number.
        number: NumberMatch,
        /// System of the unit code, where asked for.
        system: Option<String>,
        /// Unit: matches the code, or the unit as written when no system was given.
        code: Option<String>,
    },
    /// A link; `None` fields are not compared.
    Reference {
        /// Types allowed when only an id was given; empty: any.
        types: Vec<&'static str>,
        /// The logical id.
        id: Option<String>,
        /// The whole url.
        url: Option<String>,
        /// The version.
        version: Option<String>,
    },
    /// A uri.
    Uri {
        /// How to compare.
        how: UriMatch,
        /// With what.
        uri: String,
    },
}

/// A number to compare with. Eq, Ne and Ap use `[low, high)`, the others `value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberMatch {
    /// How to compare.
    pub prefix: Prefix,
    /// The number as written.
    pub value: Decimal,
    /// Least number that rounds to it (for Ap: a tenth less).
    pub low: Decimal,
    /// First number above that does not.
    pub high: Decimal,
}

/// One sort key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// By which parameter.
    pub parameter: &'static Parameter,
    /// `-name`: from high to low.
    pub descending: bool,
}

/// `_total`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Total {
    /// Not asked for: none is computed.
    #[default]
    None,
    /// A rough one will do.
    Estimate,
    /// Exact.
    Accurate,
}

/// `_summary`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Summary {
    /// Whole resources.
    #[default]
    False,
    /// Only elements flagged as summary.
    True,
    /// Only text, id, meta and mandatory elements.
    Text,
    /// Everything but the text.
    Data,
    /// Only a total.
    Count,
}

/// `_include=Source:parameter[:Target]` or `_revinclude`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Include {
    /// The reference parameter; its `resource_type` is the source.
    pub parameter: &'static Parameter,
    /// Only targets of this type.
    pub target: Option<&'static str>,
}

/// What the parser must know of the server.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// The server's own base (`https://host/fhir`): references below it are read as relative.
    pub base: Option<&'a str>,
    /// Largest page.
    pub count_max: u32,
    /// The time now, for `ap` on dates (a tenth of the distance to now); `None`: a day.
    pub now_us: Option<i64>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            base: None,
            count_max: 1000,
            now_us: None,
        }
    }
}

/// A query and what could not be used of it. Nothing is ever silently ignored: the caller refuses
/// (`Prefer: handling=strict`) or says so in an OperationOutcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// The usable part.
    pub query: Query,
    /// Parameters R4 does not define for this type.
    pub unknown: Vec<String>,
    /// Parameters R4 defines but this server does not support (composites, full text...).
    pub unsupported: Vec<String>,
}

/// Why a query cannot be used at all (always 400).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// Not an R4 resource type.
    #[error("{0} is not a resource type of FHIR R4")]
    UnknownType(String),
    /// The modifier is not one of this parameter's type or is not supported.
    #[error("the modifier of {parameter} is not supported: :{modifier}")]
    Modifier {
        /// Parameter name.
        parameter: String,
        /// Modifier without the colon.
        modifier: String,
    },
    /// The value has the wrong form.
    #[error("the value of {parameter} is not usable: {reason}")]
    Value {
        /// Parameter name.
        parameter: String,
        /// What form is expected.
        reason: String,
    },
    /// Too many parameters or values.
    #[error("{what}: at most {bound}")]
    TooMany {
        /// What there are too many of.
        what: &'static str,
        /// The bound.
        bound: usize,
    },
}

/// Parses decoded query parameters (`+` and `%xx` already resolved). `_format` and `_pretty` are
/// the caller's and are passed over; so must be page tokens of its own before.
pub fn parse(
    resource_type: &str,
    pairs: &[(String, String)],
    options: &Options<'_>,
) -> Result<Parsed, QueryError> {
    parse::run(resource_type, pairs, options)
}

/// The stretch `[from, to)` in microseconds that a date of a query covers.
pub fn stretch(text: &str) -> Option<(i64, i64)> {
    let span = crate::moment::span(text, crate::moment::Form::Query)?;
    Some((span.from_us, span.to_us))
}

/// Whether a resource satisfies every filter: the meaning of a [`Query`] without its chains,
/// against which a database is tested. `entries` are those of [`crate::search::values`].
pub fn matches(query: &Query, id: &str, updated_us: i64, entries: &[crate::search::Entry]) -> bool {
    query
        .filters
        .iter()
        .all(|filter| filter.holds(id, updated_us, entries))
}

impl Filter {
    /// Whether a resource satisfies the filter.
    pub fn holds(&self, id: &str, updated_us: i64, entries: &[crate::search::Entry]) -> bool {
        matches::holds(self, id, updated_us, entries)
    }
}
