//! Papers of the trade in medicines in the United States (Drug Supply Chain Security Act), as pure
//! functions: facts in, documents out, and what is missing in them said by name.
//!
//! What lives here: requests and answers of GS1's Lightweight Messaging for verification,
//! transaction information and statement (as JSON and as an EPCIS document), the data of Form
//! FDA 3911 with its clock, reports of exceptions, the reach of a recall. What does not: what the
//! ledger says of a pack (`supply`), who asks and what is stored (`hospital`), HTTP (`api`).
//!
//! Invariants:
//!
//! 1. Nothing that is not known is made up: a field without a fact is named as missing
//!    (`transaction.rs`, `what_is_not_known_is_named`; `notice.rs`,
//!    `a_notice_names_what_is_missing`).
//! 2. A pack that may not go back into the trade never verifies as a saleable return
//!    (`verification.rs`, `no_pack_that_is_not_saleable_is_verified_for_a_return`).
//! 3. What this crate writes as an EPCIS document, `epcis` accepts and this crate reads back
//!    (`tests/documents.rs`, `a_document_comes_back_as_it_went`), and it reads the one that GS1 US
//!    gives as an example (`the_example_of_gs1_us_is_read`).
//! 4. Reports of exceptions fit the schemas of the partnership that governs them
//!    (`tests/exceptions.rs`, `reports_and_responses_fit_the_schemas`).
//!
//! Specifications: FD&C Act sections 581 and 582 (21 U.S.C. 360eee, 360eee-1); GS1 Lightweight
//! Messaging Standard for Verification of Product Identifiers and the GS1 US guideline 1.3 to it;
//! GS1 US guideline R1.3 for EPCIS under DSCSA; Form FDA 3911. `docs/reference/dscsa.md`.

mod error;
pub mod exception;
pub mod notice;
pub mod party;
pub mod product;
pub mod reading;
pub mod recall;
pub mod statement;
pub mod transaction;
pub mod verification;

pub use error::DscsaError;
pub use party::Party;
pub use product::Product;

/// How long papers are kept: FD&C Act 582(b)(1)(A)(ii), (c)(1)(A)(v)(II), (d)(1)(A)(iii).
pub const KEPT_YEARS: u8 = 6;

/// What a document lacks: the field, and what puts it right.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Missing {
    /// The field, as a JSON pointer into the document, or the item of a form.
    pub field: String,
    /// What to do.
    pub remedy: String,
}

impl Missing {
    pub(crate) fn new(field: impl Into<String>, remedy: &str) -> Self {
        Self {
            field: field.into(),
            remedy: remedy.to_owned(),
        }
    }
}
