//! The formats of clinical trials, as pure functions: ODM 1.3.2 and 2.0 (`odm`), datasets as
//! Dataset-JSON 1.1 and SAS transport files (`dataset`), studies as USDM 4 (`usdm`).
//!
//! What does not live here: what the ledger says of a trial (`trial`), who asks and what is stored
//! (`hospital`), HTTP (`api`).
//!
//! Invariants of `odm`:
//!
//! 1. CDISC's valid examples are accepted (`tests/odm/examples.rs`,
//!    `each_valid_example_is_accepted_and_the_others_are_told_with_their_place`), and what is not
//!    valid is refused at its place (`tests/odm/invalid.rs`,
//!    `each_wrong_document_is_refused_at_its_place`).
//! 2. A document reads back the same from XML and from JSON
//!    (`each_example_survives_xml_and_json`, `any_tree_survives_both_forms`).
//! 3. Rows with their audit trail read back the same from a document made of them
//!    (`a_history_of_any_rows_reads_back`), and no value of a file is missed
//!    (`no_item_of_an_example_is_missed`). So do remarks
//!    (`remarks_come_back_as_they_were_written`).
//! 4. No issue quotes a value (`an_issue_quotes_no_value`).
//! 5. No DTD, hence no entity of one's own; every size is bounded
//!    (`what_is_no_xml_document_is_refused_before_it_is_judged`,
//!    `each_bound_is_named_where_it_is_passed`).
//!
//! Invariants of `dataset` and `usdm`:
//!
//! 1. Every published dataset is read, its forms are one dataset, and what is written is valid by
//!    the official schemas (`tests/dataset`, `the_three_forms_of_a_dataset_are_one_dataset`,
//!    `every_published_dataset_is_valid_by_the_official_schema_when_we_write_it`).
//! 2. A dataset comes back from every form, and its bytes with it (`tests/dataset/laws.rs`,
//!    `every_dataset_comes_back_from_every_form`; `tests/xpt.rs`,
//!    `every_transport_file_is_written_byte_for_byte_as_it_was_read`).
//! 3. A row has one digest, frozen (`tests/dataset/digests.rs`,
//!    `the_digests_of_rows_are_frozen`, `a_number_has_one_digest_however_it_is_written`).
//! 4. A defect is refused at its place, and no issue quotes a participant's value
//!    (`tests/dataset/broken.rs`, `each_defect_is_refused_at_its_place`,
//!    `an_issue_quotes_no_value`; `tests/usdm.rs`).
//! 5. Nothing of a study is lost (`tests/usdm.rs`,
//!    `the_published_studies_are_read_and_nothing_of_them_is_lost`).
//! 6. Floats are in `dataset/transport/number.rs` only, and whole numbers stay exact
//!    (`whole_numbers_are_exact_or_refused`).
//!
//! Specifications: Dataset-JSON 1.1, SAS TS-140, USDM 4.0; for users in
//! `docs/reference/datasets.md` and `docs/reference/protocols.md`.

pub mod dataset;
mod error;
pub mod odm;
pub mod usdm;

pub use error::{CdiscError, Issue};
