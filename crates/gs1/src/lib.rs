//! GS1 identification: what a bar code says about a pack, a case, a pallet or a place.
//!
//! What lives here: the table of application identifiers (AIs), generated from GS1's syntax
//! dictionary (`cargo xtask gen`); element strings with brackets and with separators, scans with
//! their symbology identifier, plain EAN and UPC, GS1 Digital Link URIs; the checks of every
//! component; which AIs require or exclude each other.
//! What does not: EPC URNs and company prefixes (`epcis`), compressed Digital Links, composite
//! symbols, drawing bar codes, time (a date of two digits is read against a year that is given).
//!
//! Invariants:
//!
//! 1. The verdict, its reason and the canonical Digital Link are those of GS1's own engine
//!    (`every_vector_gets_the_verdict_and_the_link_of_gs1s_engine`, 1,500 vectors).
//! 2. What is printed is read the same, in each form (`tests/laws.rs`).
//! 3. A scan is never repaired by a guess in silence
//!    (`one_fault_is_never_repaired_into_something_else`).
//! 4. Every check that the dictionary names is there (`every_line_of_the_table_is_understood`), and
//!    the table is the dictionary's (`the_committed_identifiers_are_those_of_the_dictionary`).
//! 5. No input makes this crate panic, and all its work is bounded
//!    (`any_text_is_read_or_refused_and_what_is_read_prints_itself`,
//!    `whatever_comes_is_explained_within_bounds`).
//! 6. An error never quotes a value, only identifiers and places ([`Error`]).
//!
//! Specification: GS1 General Specifications, sections 3 (AIs), 4.14 (associations), 7.8 (scans),
//! 7.9 (check digits), 7.12 (years); GS1 Digital Link Standard: URI Syntax 1.2, sections 4 and 5.

mod associations;
pub mod brackets;
pub mod check_digit;
mod component;
pub mod date;
pub mod digital_link;
mod elements;
mod error;
pub mod fault;
pub mod gtin;
mod linter;
mod percent;
pub mod scan;
pub mod separated;
mod table;

pub use date::ShortDate;
pub use elements::{Element, Elements};
pub use error::{Charset, Defect, Error};
pub use scan::scan;
pub use table::{Ai, identifiers};

/// More than the longest symbol holds; longer input is refused before it is read.
pub const BYTES_MAX: usize = 8_191;
/// Elements in one message.
pub const ELEMENTS_MAX: usize = 64;
