//! The event hash of CBV 2.0: one value for an event, in JSON and in XML, whichever the order of
//! its members and the form of its identifiers. CBV 2.0 8.9.
//!
//! It serves interoperability and finds doubles. It proves nothing: whoever changes an event
//! computes it anew, and a mismatch alone is never fraud. The ledger's digest is the one of
//! [`crate::Event::canonical`].
//!
//! Where the standard's text and the published vectors differ, the vectors rule: the lists of
//! business transactions, sources and destinations stand among the extensions, sorted with them,
//! a `type` before its value, and only the prefixes of GS1 are expanded in values.
//! `docs/reference/epcis.md` lists all such places.

mod fields;
mod value;

use proof::sha256;

use crate::document::Event;

impl Event {
    /// `ni:///sha-256;<hex>?ver=CBV2.0`.
    pub fn hash(&self) -> String {
        let digest = sha256(self.prehash().as_bytes());
        format!("ni:///sha-256;{digest}?ver=CBV2.0")
    }

    /// The text that [`Event::hash`] hashes.
    pub fn prehash(&self) -> String {
        fields::prehash(self)
    }
}
