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

pub mod dataset;
pub mod odm;
pub mod usdm;
