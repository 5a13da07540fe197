//! ODM 1.3.2 and 2.0: CDISC's examples, broken documents, round trips, the view for capture.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

#[path = "odm/capture.rs"]
mod capture;
#[path = "odm/examples.rs"]
mod examples;
#[path = "odm/export.rs"]
mod export;
#[path = "odm/invalid.rs"]
mod invalid;
#[path = "odm/laws.rs"]
mod laws;
#[path = "odm/remarks.rs"]
mod remarks;
#[path = "odm/support.rs"]
mod support;
#[path = "odm/unreadable.rs"]
mod unreadable;
#[path = "odm/warnings.rs"]
mod warnings;
