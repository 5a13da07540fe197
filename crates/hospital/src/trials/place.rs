//! Pages that go from one site to the next: whoever oversees a trial asks each of them.

use trial::acts::Trial;

use super::protocol::sites;
use super::wrong;
use crate::error::HospitalError;

/// Where a page is read: at which site, and after what of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place<'a> {
    pub(super) site: &'a str,
    pub(super) after: Option<String>,
    following: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// The place that the page before named; without one, the beginning of the first site.
    pub(super) fn of(trial: &'a Trial, after: Option<&str>) -> Result<Self, HospitalError> {
        let places: Vec<&str> = sites(&trial.parties).collect();
        let (name, inner) = match after {
            Some(text) => text.split_once(' ').unwrap_or((text, "")),
            None => (places.first().copied().unwrap_or_default(), ""),
        };
        let at = places.iter().position(|it| *it == name);
        let at = at.ok_or_else(|| wrong("`after` is what the page before said"))?;
        Ok(Self {
            site: places[at],
            after: Some(inner.to_owned()).filter(|it| !it.is_empty()),
            following: places.get(at + 1).copied(),
        })
    }

    /// The place after this page, whose site goes on at `inner`.
    pub(super) fn next(&self, inner: Option<String>) -> Option<String> {
        match inner {
            Some(inner) => Some(format!("{} {inner}", self.site)),
            None => self.following.map(|it| format!("{it} ")),
        }
    }
}
