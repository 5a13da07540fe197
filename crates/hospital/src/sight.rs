//! What narrows the view of a caller: the scopes of a token, the decision on each record.

use std::sync::Arc;

use crate::record::Record;
use crate::scopes::{Reach, Verb};

/// What a caller sees beyond role and compartment; by default nothing is narrowed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sight {
    /// What the scopes of the token reach; `None`: all that the role may do.
    pub reach: Option<Arc<Reach>>,
}

impl Sight {
    /// Whether scopes show this version.
    pub(crate) fn shows(&self, verb: Verb, record: &Record) -> bool {
        self.reach
            .as_ref()
            .is_none_or(|reach| reach.sees(verb, record))
    }

    /// Whether scopes show that a record of these compartments was deleted.
    pub(crate) fn shows_tombstone(&self, verb: Verb, type_: &str, patients: &[String]) -> bool {
        self.reach
            .as_ref()
            .is_none_or(|reach| reach.sees_tombstone(verb, type_, patients))
    }

    /// Whether scopes hide some record of the type.
    pub(crate) fn hides(&self, verb: Verb, type_: Option<&str>) -> bool {
        self.reach
            .as_ref()
            .is_some_and(|reach| !reach.is_open(verb, type_))
    }
}
