//! What a search is given and what it answers.

use std::fmt;
use std::sync::Arc;

use crate::narrowing::Narrowing;
use crate::record::Stored;
use crate::sieve::Sieve;

/// Who looks: applied inside the SQL, before counting, sorting, paging and including.
#[derive(Clone, Default)]
pub struct Scope {
    /// Only records in the compartment of one of these patients (their own Patient record
    /// included); `None`: all records.
    pub patients: Option<Vec<String>>,
    /// Only records that this decision admits; `None`: all of them, and nothing is asked.
    pub sieve: Option<Arc<dyn Sieve>>,
    /// What the scopes of a token leave of them; `None`: all.
    pub narrowing: Option<Narrowing>,
}

impl Scope {
    /// Every record.
    pub fn all() -> Self {
        Self::default()
    }

    /// The compartment of one patient.
    pub fn patient(id: impl Into<String>) -> Self {
        Self {
            patients: Some(vec![id.into()]),
            ..Self::default()
        }
    }

    /// The same, of what a decision admits.
    #[must_use]
    pub fn through(self, sieve: Arc<dyn Sieve>) -> Self {
        Self {
            sieve: Some(sieve),
            ..self
        }
    }

    /// Whether every record is seen.
    pub fn is_all(&self) -> bool {
        self.patients.is_none() && self.sieve.is_none() && self.narrowing.is_none()
    }
}

/// Names the view whole: page tokens are bound to this text.
impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope")
            .field("patients", &self.patients)
            .field("sieve", &self.sieve.as_ref().map(|sieve| sieve.id()))
            .field("narrowing", &self.narrowing)
            .finish()
    }
}

/// Two scopes are equal when they show the same.
impl PartialEq for Scope {
    fn eq(&self, other: &Self) -> bool {
        let id = |scope: &Self| scope.sieve.as_ref().map(|sieve| sieve.id());
        self.patients == other.patients
            && self.narrowing == other.narrowing
            && id(self) == id(other)
    }
}

impl Eq for Scope {}

/// Which page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Rows at most; the store caps it at [`Page::LIMIT_MAX`].
    pub limit: u32,
    /// Token from the page before; `None`: the first page.
    pub after: Option<String>,
}

impl Page {
    /// Largest page.
    pub const LIMIT_MAX: u32 = 1000;

    /// The first page.
    pub fn first(limit: u32) -> Self {
        Self { limit, after: None }
    }
}

/// One page of what a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Matches in order.
    pub rows: Vec<Stored>,
    /// Records included by `_include` and `_revinclude`, each once, none of them in `rows`.
    pub included: Vec<Stored>,
    /// Whether the bound on included records left some out.
    pub included_cut: bool,
    /// Token of the next page; `None`: this is the last.
    pub next: Option<String>,
    /// Number of matches, when the query asked for it.
    pub total: Option<u64>,
}
