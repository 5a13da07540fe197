//! A trial out of a seed, with a site that makes data up, and how well central monitoring sees it.
//!
//! What lives here: honest sites and what they are like (`habit`, `honest`), the site that makes
//! data up (`invent`), the files (`rows`), reading them back (`read`), and the counting
//! ([`Measured`]). The rules are `monitoring`'s.

use std::fmt::Write;

use monitoring::Calendar;
use serde::Serialize;

use crate::{Dice, File};

mod habit;
mod honest;
mod invent;
mod item;
mod measure;
mod plan;
pub mod plot;
mod read;
mod rows;
mod way;

pub use measure::{Group, Measured};
pub use read::study;
pub use rows::{StudyRow, SubjectRow, TrialTruth, VisitRow};
pub use way::{Extent, Way};

use habit::Habit;
use honest::Person;
use invent::Forger;

/// Participants of a site, at least and at most.
pub const SUBJECTS: std::ops::RangeInclusive<u64> = 3..=40;
const REGIONS: usize = 4;
/// Dice for the trial, for the site that makes data up, and for each site.
const DICE_TRIAL: u64 = 0x7472_6961_6c00;
const DICE_FORGER: u64 = 0x666f_7267_6500;
const DICE_SITE: u64 = 0x7369_7465_0000;

/// Which trial.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TrialSettings {
    /// Another seed gives another trial.
    pub seed: u64,
    /// How many sites.
    pub sites: usize,
    /// How data are made up; drawn among those that the rules claim to see if it is not said.
    pub way: Option<Way>,
    /// How much is made up; drawn if it is not said.
    pub extent: Option<Extent>,
    /// How many take part at the site that makes data up; drawn if it is not said.
    pub subjects: Option<u64>,
}

impl TrialSettings {
    /// A trial of sixty sites, the rest drawn.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            sites: 60,
            way: None,
            extent: None,
            subjects: None,
        }
    }

    /// Draws what is not said.
    fn drawn(&self, dice: &mut Dice) -> (Way, Extent) {
        let ways: Vec<Way> = Way::claimed().collect();
        let way = *dice.pick(&ways);
        let extent = match dice.below(4) {
            0 | 1 => Extent::All,
            2 => Extent::Share,
            _ => Extent::FromTheMiddle,
        };
        (self.way.unwrap_or(way), self.extent.unwrap_or(extent))
    }

    /// The files of the trial: `study.json`, `subjects.ndjson`, `visits.ndjson`, `truth.json`.
    pub fn make(&self) -> Vec<File> {
        let mut dice = Dice::new(self.seed, DICE_TRIAL);
        let (way, extent) = self.drawn(&mut dice);
        let forged = dice.place(self.sites);
        let regions = regions(&mut dice);
        let head = StudyRow {
            seed: self.seed,
            items: item::SOURCES.iter().map(item::Source::item).collect(),
            plan: plan::visits(),
            calendar: plan::calendar(),
            cut_day: plan::CUT_DAY,
        };
        let (mut subjects, mut visits, mut truth) = (String::new(), String::new(), None);
        for number in 0..self.sites {
            let size = self.subjects.filter(|_| number == forged);
            let mut place = Place::new(self.seed, number, &regions, &head.calendar, size);
            if number == forged {
                truth = Some(place.forge(Dice::new(self.seed, DICE_FORGER), way, extent));
            }
            for (at, person) in place.people.iter().enumerate() {
                let offset = place.habit.offset;
                let name = place.subject(at);
                let (subject, lines) = rows::lines(&place.name, &name, person, offset, &head.plan);
                line(&mut subjects, &subject);
                for visit in &lines {
                    line(&mut visits, visit);
                }
            }
        }
        let mut files = vec![
            file("study.json", pretty(&head)),
            file("subjects.ndjson", subjects),
            file("visits.ndjson", visits),
        ];
        files.extend(truth.map(|truth| file("truth.json", pretty(&truth))));
        files
    }
}

/// A site and who takes part there.
struct Place {
    name: String,
    habit: Habit,
    people: Vec<Person>,
}

impl Place {
    fn new(
        seed: u64,
        number: usize,
        regions: &[Vec<f64>],
        calendar: &Calendar,
        size: Option<u64>,
    ) -> Self {
        let mut dice = Dice::new(seed, DICE_SITE + number as u64);
        let habit = Habit::new(dice.place(REGIONS), regions, &mut dice);
        let drawn = dice.between(*SUBJECTS.start(), *SUBJECTS.end());
        let size = size.unwrap_or(drawn);
        let people = (0..size).map(|_| honest::person(&habit, calendar, &mut dice));
        let people = people.collect();
        Self {
            name: format!("S{:03}", number + 1),
            habit,
            people,
        }
    }

    fn subject(&self, at: usize) -> String {
        format!("{}-{:03}", self.name, at + 1)
    }

    fn forge(&mut self, dice: Dice, way: Way, extent: Extent) -> TrialTruth {
        let touched = Forger::new(way, &self.habit, dice).forge(&mut self.people, extent);
        let touched = touched.iter().enumerate().filter(|(_, it)| **it);
        TrialTruth {
            site: self.name.clone(),
            way,
            extent,
            subjects: self.people.len(),
            made_up: touched.map(|(at, _)| self.subject(at)).collect(),
        }
    }
}

/// What people of a region share, item by item.
fn regions(dice: &mut Dice) -> Vec<Vec<f64>> {
    let region = |_| {
        let shift = |source: &item::Source| 0.15 * source.people * dice.normal();
        item::SOURCES.iter().map(shift).collect()
    };
    (0..REGIONS).map(region).collect()
}

fn file(path: &str, text: String) -> File {
    File {
        path: path.to_owned(),
        text,
    }
}

fn line<T: Serialize>(out: &mut String, row: &T) {
    // A row of texts and numbers has no reason to fail.
    let text = serde_json::to_string(row).unwrap_or_default();
    let _ = writeln!(out, "{text}");
}

fn pretty<T: Serialize>(value: &T) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}
