//! The files of a trial as central monitoring takes them.

use std::collections::BTreeMap;

use monitoring::{Moment, Site, Study, Subject, Value, Visit};
use serde::de::DeserializeOwned;
use time::{Date, Month};

use super::rows::{StudyRow, SubjectRow, VisitRow};
use crate::{File, SimulateError};

/// Participants and visits of one trial, at most.
const LINES_MAX: usize = 1_000_000;

/// Reads what is monitored; the truth among the files is not looked at.
pub fn study(files: &[File]) -> Result<Study, SimulateError> {
    let head: StudyRow = one(files, "study.json")?;
    let mut sites: BTreeMap<String, BTreeMap<String, Subject>> = BTreeMap::new();
    for (line, row) in records::<SubjectRow>(files, "subjects.ndjson")?
        .into_iter()
        .enumerate()
    {
        let wrong = |reason| wrong("subjects.ndjson", line, reason);
        let subject = Subject {
            id: row.subject.clone(),
            born_day: Some(day(&row.born).map_err(wrong)?),
            sex: Some(row.sex),
            consent_day: Some(day(&row.consented).map_err(wrong)?),
            adverse_events: row.adverse_events,
            visits: Vec::new(),
        };
        let site = sites.entry(row.site).or_default();
        if site.insert(row.subject.clone(), subject).is_some() {
            return Err(wrong(format!("{} stands there twice", row.subject)));
        }
    }
    for (line, row) in records::<VisitRow>(files, "visits.ndjson")?
        .into_iter()
        .enumerate()
    {
        let wrong = |reason| wrong("visits.ndjson", line, reason);
        let visit = visit(&head, &row).map_err(wrong)?;
        let site = sites.get_mut(&row.site);
        let subject = site.and_then(|it| it.get_mut(&row.subject));
        let unknown = || format!("{} of {} is no participant", row.subject, row.site);
        subject.ok_or_else(|| wrong(unknown()))?.visits.push(visit);
    }
    let sites = sites.into_iter().map(|(id, subjects)| Site {
        id,
        subjects: subjects.into_values().collect(),
    });
    Ok(Study {
        items: head.items,
        plan: head.plan,
        calendar: head.calendar,
        cut_day: head.cut_day,
        sites: sites.collect(),
    })
}

fn visit(head: &StudyRow, row: &VisitRow) -> Result<Visit, String> {
    let planned = head.plan.iter().position(|it| it.code == row.visit);
    if row.values.len() != head.items.len() {
        return Err(format!(
            "{} values of {} items",
            row.values.len(),
            head.items.len()
        ));
    }
    let values = row
        .values
        .iter()
        .map(|it| it.as_deref().map(value).transpose());
    Ok(Visit {
        planned: planned.ok_or_else(|| format!("{} is no visit of the plan", row.visit))?,
        at: Some(moment(&row.at)?),
        values: values.collect::<Result<_, _>>()?,
    })
}

fn value(text: &str) -> Result<Value, String> {
    let number: f64 = text.parse().map_err(|_| format!("`{text}` is no number"))?;
    let decimals = text.split_once('.').map_or(0, |(_, after)| after.len());
    let decimals = u8::try_from(decimals)
        .ok()
        .filter(|it| *it < 10 && number.is_finite());
    let decimals = decimals.ok_or_else(|| format!("`{text}` is no measurement"))?;
    Ok(Value { number, decimals })
}

fn day(text: &str) -> Result<i64, String> {
    let wrong = || format!("`{text}` is no date");
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts[..] else {
        return Err(wrong());
    };
    let month: u8 = month.parse().map_err(|_| wrong())?;
    let month = Month::try_from(month).map_err(|_| wrong())?;
    let (year, day) = (
        year.parse().map_err(|_| wrong())?,
        day.parse().map_err(|_| wrong())?,
    );
    let date = Date::from_calendar_date(year, month, day).map_err(|_| wrong())?;
    Ok((date - time::OffsetDateTime::UNIX_EPOCH.date()).whole_days())
}

/// The clock of the site is what counts; the offset is for whoever wants UTC.
fn moment(text: &str) -> Result<Moment, String> {
    let wrong = || format!("`{text}` is no moment");
    let (date, clock) = text.split_once('T').ok_or_else(wrong)?;
    let number = |range: std::ops::Range<usize>| {
        let digits = clock.get(range).ok_or_else(wrong)?;
        digits.parse::<u16>().map_err(|_| wrong())
    };
    let (hour, minute) = (number(0..2)?, number(3..5)?);
    let is_clock = hour < 24 && minute < 60;
    Ok(Moment {
        day: day(date)?,
        minute: Some(is_clock.then_some(hour * 60 + minute).ok_or_else(wrong)?),
    })
}

fn wrong(file: &str, line: usize, reason: String) -> SimulateError {
    SimulateError::Line {
        file: file.to_owned(),
        line: line + 1,
        reason,
    }
}

/// The one object of a file.
pub(crate) fn one<T: DeserializeOwned>(files: &[File], name: &str) -> Result<T, SimulateError> {
    let file = files.iter().find(|file| file.path == name);
    let file = file.ok_or_else(|| wrong(name, 0, "the file is missing".to_owned()))?;
    serde_json::from_str(&file.text)
        .map_err(|error| wrong(name, error.line().saturating_sub(1), error.to_string()))
}

fn records<T: DeserializeOwned>(files: &[File], name: &str) -> Result<Vec<T>, SimulateError> {
    let records = crate::judge::records(files, name)?;
    if records.len() > LINES_MAX {
        return Err(wrong(
            name,
            LINES_MAX,
            format!("more than {LINES_MAX} lines"),
        ));
    }
    Ok(records)
}
