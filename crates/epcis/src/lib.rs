//! EPCIS 2.0 and CBV 2.0 as pure functions: events of the supply chain in, in JSON, JSON-LD or XML,
//! validated, split, brought to one form, hashed, indexed and searched.
//!
//! What lives here: the rules of GS1's JSON Schema, the conversion of XML 1.2 and 2.0, canonical
//! identifiers and vocabulary, the CBV event hash, the index values of an event, the parameters of
//! the simple event query and whether an event matches them. What does not: HTTP, storage, who
//! may see what, the life of a pack (`supply`), bar codes.
//!
//! Invariants:
//!
//! 1. GS1's 47 examples are accepted, and each broken document is refused at its place
//!    (`tests/examples.rs`, `all_examples_of_gs1_are_accepted`;
//!    `tests/invalid.rs`, `each_broken_document_is_refused_at_its_place`).
//! 2. An event has one hash, in XML and in JSON, and it is the published one
//!    (`tests/hash.rs`, `the_published_hashes_match`, `xml_and_json_have_one_hash`).
//! 3. An event by itself reads back to the same hash and index
//!    (`tests/examples.rs`, `an_event_by_itself_is_the_event`).
//! 4. An issue never quotes a value of the document (`tests/invalid.rs`,
//!    `an_issue_quotes_no_value`).
//! 5. Nothing of a query is ignored in silence (`query.rs`, `an_unknown_parameter_is_an_error`).
//! 6. What is written as XML reads back to the same hash (`tests/xml_out.rs`,
//!    `an_event_written_as_xml_keeps_its_hash`).
//! 7. No DTD, hence no entity of one's own, in XML (`tests/xml.rs`, `a_dtd_is_refused`).
//!
//! Specification: EPCIS 2.0 and CBV 2.0 (<https://ref.gs1.org/standards/epcis/>,
//! <https://ref.gs1.org/standards/cbv/>); described for users in `docs/reference/epcis.md`.

mod context;
mod document;
mod error;
mod hash;
pub mod identifier;
pub mod index;
mod json;
mod links;
pub mod query;
pub mod time;
mod validate;
mod vocabulary;
mod xml;

pub use context::Context;
pub use document::{Document, Event, Kind, Limits};
pub use error::{EpcisError, Issue};
pub use index::{Index, index};
pub use links::write_links;
pub use query::Query;
pub use vocabulary::Vocabulary;
pub use xml::{Answer, query_document};
