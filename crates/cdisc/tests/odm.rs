//! ODM 1.3.2 and 2.0: CDISC's examples, broken documents, round trips, the view for capture.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

#[path = "odm/examples.rs"]
mod examples;
#[path = "odm/support.rs"]
mod support;
