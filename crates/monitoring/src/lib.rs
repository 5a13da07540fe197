//! Central statistical monitoring of trials: pure functions that say which site stands out, and
//! why.
//!
//! What lives here: what is monitored ([`Study`]), the rules, the ranked list ([`monitor`]), and
//! the checks of a randomisation list ([`allocation`]). What does not: forms, formats, files, and
//! what to do about a site. A finding is a reason to look, never a proof.
//!
//! # Invariants
//!
//! 1. What is usual is what the sites of the study do: an honest study with its differences between
//!    sites raises hardly any alarm (`tests/rules.rs`, `honest_sites_stay_quiet`; measured in
//!    `docs/reference/monitoring.md`).
//! 2. Each rule finds what it is about and says it with numbers (`tests/rules.rs`,
//!    `each_rule_finds_what_it_is_about`).
//! 3. The order of sites and participants changes next to nothing (other pairs are drawn to learn
//!    how near two come by chance), nor do the units of an item (`tests/rules.rs`,
//!    `neither_order_nor_units_matter`).
//! 4. Few sites, few participants, missing and odd values are answered, not refused
//!    (`tests/rules.rs`, `poor_data_are_answered`).
//!
//! The rules follow the guidance on central monitoring (ICH E6(R3) 3.11.4.2; FDA 2013; EMA 2013)
//! and the papers named in each file; how they are calibrated is decision 35.

pub mod allocation;
mod calibrate;
mod chance;
mod finding;
mod frame;
mod rank;
mod robust;
mod rules;
mod study;

pub use finding::{EVIDENCE_MAX, Evidence, Finding, Rule};
pub use rank::{ALARM_P, Ranked, Report, Standing, WATCH_P, monitor};
pub use study::{
    Calendar, Item, Kind, Moment, PlannedVisit, Site, Study, Subject, Value, Visit, weekday,
};
