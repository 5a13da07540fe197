//! What a token's scopes leave to be seen, as the store applies it inside the SQL.

use fhir::query::Filter;

/// Alternatives: a record is seen when one of them shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrowing {
    /// The alternatives; none: nothing is seen.
    pub rules: Vec<Rule>,
}

/// One alternative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Records of this type; `None`: of every type.
    pub type_: Option<String>,
    /// Only those in the compartment of this patient.
    pub patient: Option<String>,
    /// All of these hold; they are about `type_`.
    pub filters: Vec<Filter>,
}
