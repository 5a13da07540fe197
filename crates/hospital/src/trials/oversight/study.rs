//! The rows of a trial as central monitoring sees them: sites, participants, visits, numbers.

use monitoring::{Calendar, Item, Moment, PlannedVisit, Site, Study, Subject, Value, Visit};
use std::collections::BTreeMap;

use super::meaning::{Meaning, Meanings, Measured};
use crate::trials::rows::Row;

/// Most items that are compared: the time grows with the third power of their number.
pub(super) const ITEMS_MAX: usize = 30;
const DAY_US: i64 = 86_400_000_000;
/// Decimals beyond which a number is no longer one that somebody wrote.
const DECIMALS_MAX: usize = 12;

/// An item, and the test that it is of where a form has a row for each test.
type ItemKey = (String, String);

/// A visit while it is put together.
#[derive(Default)]
struct Attended {
    /// The day, and whether it is the one of the visit itself.
    day: Option<(bool, i64)>,
    minute: Option<u16>,
    values: Vec<Option<Value>>,
}

/// Which visit: its place in the plan, its event, its repeat (the tenth after the ninth).
type VisitKey = (usize, String, usize, String);

#[derive(Default)]
struct Person {
    subject: Subject,
    visits: BTreeMap<VisitKey, Attended>,
}

/// What is monitored, and how much was left out.
pub(in crate::trials) struct Mapped {
    pub(in crate::trials) study: Study,
    /// Items with numbers beyond [`ITEMS_MAX`].
    pub(super) left_out: usize,
}

/// Puts rows together. `cut_day` is the day of the last data, since 1970.
pub(super) fn study(meanings: &Meanings, rows: &[(String, Row)], cut_day: i64) -> Mapped {
    let (items, left_out) = items(meanings, rows);
    let places: BTreeMap<&ItemKey, usize> = (0..).zip(&items).map(|(at, it)| (&it.0, at)).collect();
    let mut sites: BTreeMap<&str, BTreeMap<&str, Person>> = BTreeMap::new();
    for (site, row) in rows {
        let people = sites.entry(site).or_default();
        let person = people.entry(&row.key.subject).or_default();
        take(person, row, (meanings, &places, items.len()));
    }
    let plan = planned(meanings, &sites);
    let decimals = usual_decimals(&sites, items.len());
    let items = items.into_iter().zip(decimals);
    let study = Study {
        items: items
            .map(|((_, measured), usual)| Item {
                name: measured.name,
                kind: measured.kind,
                decimals: measured.decimals.unwrap_or(usual),
            })
            .collect(),
        plan,
        // Saturday and Sunday.
        calendar: Calendar {
            days_off: vec![5, 6],
            holidays: Vec::new(),
        },
        cut_day,
        sites: sites
            .into_iter()
            .map(|(id, people)| site(id, people))
            .collect(),
    };
    Mapped { study, left_out }
}

fn site(id: &str, people: BTreeMap<&str, Person>) -> Site {
    let subjects = people.into_iter().map(|(id, person)| Subject {
        id: id.to_owned(),
        visits: person
            .visits
            .into_iter()
            .map(|(key, visit)| Visit {
                planned: key.0,
                at: visit.day.map(|(_, day)| Moment {
                    day,
                    minute: visit.minute,
                }),
                values: visit.values,
            })
            .collect(),
        ..person.subject
    });
    Site {
        id: id.to_owned(),
        subjects: subjects.collect(),
    }
}

/// The test that a row is of, where it says one.
fn test_of<'a>(meanings: &Meanings, row: &'a Row) -> &'a str {
    let is_test = |oid: &str| meanings.items.get(oid) == Some(&Meaning::Test);
    let found = row.items.iter().find(|it| is_test(&it.oid));
    found.and_then(|it| it.value.as_deref()).unwrap_or_default()
}

/// The items with numbers, those with the most of them; and how many are left out.
fn items(meanings: &Meanings, rows: &[(String, Row)]) -> (Vec<(ItemKey, Measured)>, usize) {
    let mut filled: BTreeMap<ItemKey, (usize, &Measured)> = BTreeMap::new();
    for (_, row) in rows {
        let test = test_of(meanings, row);
        for item in &row.items {
            let Some(Meaning::Number(measured)) = meanings.items.get(&item.oid) else {
                continue;
            };
            if item.value.as_deref().and_then(number).is_some() {
                let key = (item.oid.clone(), test.to_owned());
                filled.entry(key).or_insert((0, measured)).0 += 1;
            }
        }
    }
    let mut items: Vec<(ItemKey, (usize, &Measured))> = filled.into_iter().collect();
    items.sort_by(|a, b| b.1.0.cmp(&a.1.0).then_with(|| a.0.cmp(&b.0)));
    let left_out = items.len().saturating_sub(ITEMS_MAX);
    items.truncate(ITEMS_MAX);
    items.sort_by(|a, b| a.0.cmp(&b.0));
    let named = items.into_iter().map(|((oid, test), (_, measured))| {
        let name = format!("{} {test}", measured.name);
        let measured = Measured {
            name: name.trim().to_owned(),
            ..measured.clone()
        };
        ((oid, test), measured)
    });
    (named.collect(), left_out)
}

fn take(
    person: &mut Person,
    row: &Row,
    (meanings, places, items): (&Meanings, &BTreeMap<&ItemKey, usize>, usize),
) {
    let test = test_of(meanings, row);
    let key = &row.key;
    let at = meanings.plan.iter().position(|it| *it == key.event);
    // A second one of what is planned once is a visit that no plan has.
    let at = at.filter(|_| key.event_repeat.is_empty() || key.event_repeat == "1");
    let at = at.unwrap_or(meanings.plan.len());
    let repeat = key.event_repeat.clone();
    let which = (at, key.event.clone(), repeat.len(), repeat);
    let mut attended: Option<Attended> = person.visits.remove(&which);
    let open = || Attended {
        values: vec![None; items],
        ..Attended::default()
    };
    for item in &row.items {
        let Some(meaning) = meanings.items.get(&item.oid) else {
            continue;
        };
        let value = item.value.as_deref().map(str::trim);
        let subject = &mut person.subject;
        match meaning {
            Meaning::Birth => subject.born_day = value.and_then(day).or(subject.born_day),
            Meaning::Consent => subject.consent_day = value.and_then(day).or(subject.consent_day),
            Meaning::Sex => subject.sex = value.map(str::to_owned).or(subject.sex.take()),
            Meaning::AdverseEvent => subject.adverse_events += u32::from(value.is_some()),
            Meaning::Test => {}
            Meaning::Date { is_visit } => {
                let visit = attended.get_or_insert_with(open);
                let found = value.and_then(day).map(|day| (*is_visit, day));
                if visit.day.is_none_or(|(before, _)| *is_visit && !before) && found.is_some() {
                    visit.day = found;
                    visit.minute = value.and_then(|it| minute(it.get(11..)?)).or(visit.minute);
                }
            }
            Meaning::Time => {
                let visit = attended.get_or_insert_with(open);
                visit.minute = value.and_then(minute).or(visit.minute);
            }
            Meaning::Number(_) => {
                let visit = attended.get_or_insert_with(open);
                let place = places.get(&(item.oid.clone(), test.to_owned()));
                if let Some(place) = place {
                    let known = &mut visit.values[*place];
                    *known = known.or_else(|| value.and_then(number));
                }
            }
        }
    }
    if let Some(attended) = attended {
        person.visits.insert(which, attended);
    }
}

/// The planned visits, each on the day after the first on which most came to it: the middle one.
fn planned(
    meanings: &Meanings,
    sites: &BTreeMap<&str, BTreeMap<&str, Person>>,
) -> Vec<PlannedVisit> {
    let mut days: Vec<Vec<i64>> = vec![Vec::new(); meanings.plan.len()];
    for person in sites.values().flat_map(BTreeMap::values) {
        let dated = person.visits.iter();
        let dated = dated.filter_map(|(key, visit)| Some((key.0, visit.day?.1)));
        let dated: Vec<(usize, i64)> = dated.filter(|it| it.0 < days.len()).collect();
        let Some(first) = dated.first().map(|it| it.1) else {
            continue;
        };
        for (at, day) in dated {
            days[at].push(day - first);
        }
    }
    let plan = meanings.plan.iter().zip(&mut days);
    let plan = plan.map(|(code, days)| {
        days.sort_unstable();
        PlannedVisit {
            code: code.clone(),
            day: days.get(days.len() / 2).copied().unwrap_or_default(),
        }
    });
    plan.collect()
}

/// How many decimals an item has most often.
fn usual_decimals(sites: &BTreeMap<&str, BTreeMap<&str, Person>>, items: usize) -> Vec<u8> {
    let mut counts = vec![BTreeMap::<u8, usize>::new(); items];
    let visits = sites.values().flat_map(BTreeMap::values);
    for visit in visits.flat_map(|it| it.visits.values()) {
        for (value, counts) in visit.values.iter().zip(&mut counts) {
            if let Some(value) = value {
                *counts.entry(value.decimals).or_default() += 1;
            }
        }
    }
    let most = |counts: BTreeMap<u8, usize>| {
        let most = counts.into_iter().max_by_key(|it| (it.1, it.0));
        most.map_or(0, |it| it.0)
    };
    counts.into_iter().map(most).collect()
}

/// A number as it was written.
fn number(text: &str) -> Option<Value> {
    let number: f64 = text.trim().parse().ok().filter(|it: &f64| it.is_finite())?;
    let written = text.trim().split(['e', 'E']).next().unwrap_or_default();
    let decimals = written.split_once('.').map_or(0, |it| it.1.len());
    Some(Value {
        number,
        decimals: u8::try_from(decimals.min(DECIMALS_MAX)).unwrap_or_default(),
    })
}

/// The day of a date that is complete, since 1970.
fn day(text: &str) -> Option<i64> {
    let (from_us, _) = fhir::moment::stretch_us(text.get(..10)?)?;
    let is_whole = text.as_bytes().get(7) == Some(&b'-');
    is_whole.then(|| from_us.div_euclid(DAY_US))
}

/// Minutes since midnight by the clock of the site.
fn minute(text: &str) -> Option<u16> {
    let (hours, rest) = text.split_once(':')?;
    let hours: u16 = hours.parse().ok().filter(|it| *it < 24)?;
    let minutes: u16 = rest.get(..2)?.parse().ok().filter(|it| *it < 60)?;
    Some(hours * 60 + minutes)
}
