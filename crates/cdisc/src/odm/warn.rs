//! What the schema cannot say and the specification asks: that references lead somewhere, that
//! values are as their items are defined, that the kind of file and the kinds of change agree.

mod clinical;
mod references;

use super::Odm;
use super::error::Issue;
use super::tree::Element;

/// Warnings, at most so many as the limits of the document say.
pub(super) fn warnings(odm: &Odm) -> Vec<Issue> {
    let mut found = Found {
        most: odm.issues_max,
        warnings: Vec::new(),
    };
    references::check(odm, &mut found);
    clinical::check(odm, &mut found);
    found.warnings
}

struct Found {
    most: usize,
    warnings: Vec<Issue>,
}

impl Found {
    fn is_full(&self) -> bool {
        self.warnings.len() >= self.most
    }

    fn warn(&mut self, at: &Element, reason: impl Into<String>) {
        self.push(Issue {
            at: at.place.clone(),
            reason: reason.into(),
        });
    }

    fn push(&mut self, issue: Issue) {
        if !self.is_full() {
            self.warnings.push(issue);
        }
    }
}
