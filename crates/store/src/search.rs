//! What a search is given and what it answers.

use crate::narrowing::Narrowing;
use crate::record::Stored;

/// Who looks: applied inside the SQL, before counting, sorting, paging and including.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Only records in the compartment of one of these patients (their own Patient record
    /// included); `None`: all records.
    pub patients: Option<Vec<String>>,
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
            narrowing: None,
        }
    }
}

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
