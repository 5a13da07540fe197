//! Who asks, for what, when.

use crate::terms::{Actions, Purpose};

/// One request for a record. What is empty or `None` is not known, and matches nothing surely.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Asking<'a> {
    /// Every name of the asking organisation as consents may write it: `Organization/north-clinic`,
    /// an absolute URL, `Organization?system|value`.
    pub organisation: &'a [&'a str],
    /// Every name of the person: `Practitioner/..`, `Patient/..`, `RelatedPerson/..`.
    pub practitioner: &'a [&'a str],
    /// Every name of the roles in which the person acts: `PractitionerRole/..`.
    pub role: &'a [&'a str],
    /// The groups and care teams that the person belongs to; `None` if nobody has looked.
    pub groups: Option<&'a [&'a str]>,
    /// Every name of the organisation that keeps the record.
    pub custodian: &'a [&'a str],
    /// The purpose of use.
    pub purpose: Option<Purpose>,
    /// What will be done with the record.
    pub actions: Actions,
    /// Now, in microseconds since 1970 UTC.
    pub at_us: i64,
}
