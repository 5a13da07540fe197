//! What the scopes of a token reach: which interactions, and which records of a type.

use fhir::query::{self, Query};
use serde_json::Value;
use store::Narrowing;

use super::{Context, Scopes, Verb, Verbs};
use crate::record::Record;

/// One thing that a token may do.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    type_: Option<&'static str>,
    verbs: Verbs,
    patient: Option<String>,
    condition: Option<Query>,
}

impl Rule {
    fn is_about(&self, verb: Verb, type_: Option<&str>) -> bool {
        self.verbs.has(verb) && (self.type_.is_none() || (self.type_ == type_))
    }

    fn is_open(&self) -> bool {
        self.patient.is_none() && self.condition.is_none()
    }
}

/// The scopes of a token with their context, ready to be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// The scopes.
    pub scopes: Scopes,
    /// The client that holds the token.
    pub client: String,
    /// The patient in context.
    pub patient: Option<String>,
    rules: Vec<Rule>,
}

impl Reach {
    /// The reach of scopes; those about a patient reach nothing without one.
    pub fn new(scopes: Scopes, client: String, patient: Option<String>) -> Self {
        let mut rules = Vec::new();
        for scope in scopes.resources() {
            let condition = match scope.type_ {
                Some(type_) if !scope.constraint.is_empty() => {
                    let options = query::Options::default();
                    match query::parse(type_, &scope.constraint, &options) {
                        Ok(parsed) => Some(parsed.query),
                        // It was read before; if it cannot be any more, nothing is reached.
                        Err(_) => continue,
                    }
                }
                _ => None,
            };
            let bound = match (scope.context, &patient) {
                (Context::Patient, None) => continue,
                (Context::Patient, Some(id)) => Some(id.clone()),
                (Context::User | Context::System, _) => None,
            };
            rules.push(Rule {
                type_: scope.type_,
                verbs: scope.verbs,
                patient: bound,
                condition,
            });
        }
        Self {
            scopes,
            client,
            patient,
            rules,
        }
    }

    /// Whether this may be done with some record of a type; `None` is about all types at once.
    pub fn allows(&self, verb: Verb, type_: Option<&str>) -> bool {
        self.rules.iter().any(|rule| rule.is_about(verb, type_))
    }

    /// Whether it may be done with every record of the type.
    pub fn is_open(&self, verb: Verb, type_: Option<&str>) -> bool {
        let mut rules = self.rules.iter();
        rules.any(|rule| rule.is_open() && rule.is_about(verb, type_))
    }

    /// Whether it may be done with this version of a record.
    pub fn sees(&self, verb: Verb, record: &Record) -> bool {
        if self.is_open(verb, Some(&record.type_)) {
            return true;
        }
        let Ok(value) = serde_json::from_slice::<Value>(&record.body) else {
            return false;
        };
        self.fits(verb, &record.type_, &record.id, record.updated_us, &value)
    }

    /// The same for a resource that is not stored yet.
    pub(super) fn fits(
        &self,
        verb: Verb,
        type_: &str,
        id: &str,
        updated_us: i64,
        value: &Value,
    ) -> bool {
        let mut patients = None;
        let mut entries = None;
        self.rules.iter().any(|rule| {
            let inside = rule.patient.as_ref().is_none_or(|patient| {
                patients
                    .get_or_insert_with(|| fhir::compartment::patients(value))
                    .contains(patient)
            });
            rule.is_about(verb, Some(type_))
                && inside
                && rule.condition.as_ref().is_none_or(|query| {
                    let entries = entries.get_or_insert_with(|| fhir::search::values(value));
                    query::matches(query, id, updated_us, entries)
                })
        })
    }

    /// Whether it may be known that a record with these compartments was deleted. A tombstone has
    /// no values: what only a condition could show stays hidden.
    pub(crate) fn sees_tombstone(&self, verb: Verb, type_: &str, patients: &[String]) -> bool {
        self.rules.iter().any(|rule| {
            rule.is_about(verb, Some(type_))
                && rule.condition.is_none()
                && rule.patient.as_ref().is_none_or(|it| patients.contains(it))
        })
    }

    /// The one patient that every rule is bound to.
    pub(crate) fn only_patient(&self) -> Option<&str> {
        let patient = self.patient.as_deref()?;
        let bound = self.rules.iter().all(|rule| rule.patient.is_some());
        bound.then_some(patient)
    }

    /// The same for the store's queries; `None`: nothing is hidden.
    pub(crate) fn narrowing(&self, verb: Verb) -> Option<Narrowing> {
        if self.is_open(verb, None) {
            return None;
        }
        let rules = self.rules.iter().filter(|rule| rule.verbs.has(verb));
        let rules = rules.map(|rule| store::Rule {
            type_: rule.type_.map(str::to_owned),
            patient: rule.patient.clone(),
            filters: rule
                .condition
                .as_ref()
                .map(|query| query.filters.clone())
                .unwrap_or_default(),
        });
        Some(Narrowing {
            rules: rules.collect(),
        })
    }
}
