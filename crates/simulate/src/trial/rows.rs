//! The files of a trial: what the judge reads, and the truth.

use monitoring::{Calendar, Item, PlannedVisit};
use serde::{Deserialize, Serialize};

use super::honest::Person;
use super::item::SOURCES;
use super::way::{Extent, Way};

/// `study.json`: what is measured, when, and which data are in.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct StudyRow {
    /// Out of which seed.
    pub seed: u64,
    /// What is measured.
    pub items: Vec<Item>,
    /// The visits of the protocol.
    pub plan: Vec<PlannedVisit>,
    /// Days without visits.
    pub calendar: Calendar,
    /// Data until this day are in, days since 1970.
    pub cut_day: i64,
}

/// A line of `subjects.ndjson`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct SubjectRow {
    /// The site.
    pub site: String,
    /// The participant.
    pub subject: String,
    /// `YYYY-MM-DD`.
    pub born: String,
    /// `female` or `male`.
    pub sex: String,
    /// `YYYY-MM-DD`.
    pub consented: String,
    /// Adverse events that were reported.
    pub adverse_events: u32,
}

/// A line of `visits.ndjson`: one participant at one visit.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct VisitRow {
    /// The site.
    pub site: String,
    /// The participant.
    pub subject: String,
    /// The visit's code.
    pub visit: String,
    /// `YYYY-MM-DDThh:mm` with the offset of the site's clock.
    pub at: String,
    /// By item, in the order of `study.json`; text, so that the last digit stays; null is missing.
    pub values: Vec<Option<String>>,
}

/// `truth.json`: for whoever counts.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct TrialTruth {
    /// The site that makes data up.
    pub site: String,
    /// How.
    pub way: Way,
    /// How much.
    pub extent: Extent,
    /// How many take part there, with any visit.
    pub subjects: usize,
    /// Whose data are made up, wholly or in part.
    pub made_up: Vec<String>,
}

/// A participant as lines.
pub(crate) fn lines(
    site: &str,
    subject: &str,
    person: &Person,
    offset: i64,
    plan: &[PlannedVisit],
) -> (SubjectRow, Vec<VisitRow>) {
    let row = SubjectRow {
        site: site.to_owned(),
        subject: subject.to_owned(),
        born: date(person.born_day),
        sex: if person.is_female { "female" } else { "male" }.to_owned(),
        consented: date(person.consent_day),
        adverse_events: person.events,
    };
    let visits = person.visits.iter().map(|visit| VisitRow {
        site: site.to_owned(),
        subject: subject.to_owned(),
        visit: plan[visit.planned].code.clone(),
        at: moment(visit.day, visit.minute, offset),
        values: SOURCES
            .iter()
            .zip(&visit.values)
            .map(|(source, value)| value.map(|it| format!("{it:.*}", usize::from(source.decimals))))
            .collect(),
    });
    (row, visits.collect())
}

fn date(day: i64) -> String {
    let first = time::OffsetDateTime::UNIX_EPOCH.date();
    let date = first.saturating_add(time::Duration::days(day));
    format!(
        "{:04}-{:02}-{:02}",
        date.year(),
        u8::from(date.month()),
        date.day()
    )
}

fn moment(day: i64, minute: i64, offset: i64) -> String {
    let sign = if offset < 0 { '-' } else { '+' };
    let (hour, minute) = (minute.rem_euclid(1_440) / 60, minute.rem_euclid(60));
    let (ahead, by) = (offset.abs() / 60, offset.abs() % 60);
    format!(
        "{}T{hour:02}:{minute:02}{sign}{ahead:02}:{by:02}",
        date(day)
    )
}
