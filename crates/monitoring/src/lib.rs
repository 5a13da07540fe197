//! Central statistical monitoring of trials: pure functions that say which site stands out, and why.

mod calibrate;
mod chance;
mod finding;
mod frame;
mod rank;
mod robust;
mod rules;
mod study;

pub use finding::{EVIDENCE_MAX, Evidence, Finding, Rule};
pub use rank::{ALARM_P, Ranked, Report, monitor};
pub use study::{
    Calendar, Item, Kind, Moment, PlannedVisit, Site, Study, Subject, Value, Visit, weekday,
};
