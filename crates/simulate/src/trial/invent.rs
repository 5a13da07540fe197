//! A site that makes data up. It starts from what would honestly have been there, and what is made
//! up takes its place.

use super::habit::Habit;
use super::honest::{Person, signed};
use super::item::SOURCES;
use super::plan::{CUT_DAY, MIDDLE_DAY, VISIT_DAYS};
use super::way::{Extent, Way};
use crate::dice::Dice;

/// How often each digit comes to the mind of somebody who wants to look random, in hundreds.
const LIKED: [u64; 10] = [4, 9, 11, 16, 9, 6, 11, 16, 12, 6];

/// The forger of a site.
pub(crate) struct Forger<'a> {
    pub(crate) way: Way,
    pub(crate) habit: &'a Habit,
    pub(crate) dice: Dice,
    /// How near to the middle, or to the copied, this one stays.
    pub(crate) care: f64,
}

/// Whether a visit of a participant is made up.
fn made_up(extent: Extent, people: &[Person], dice: &mut Dice) -> Vec<Vec<bool>> {
    let n = people.len();
    let share = 0.3 + 0.5 * dice.unit();
    let mut some: Vec<bool> = (0..n).map(|_| dice.happens(share)).collect();
    if !some.contains(&true) {
        some[dice.place(n)] = true;
    }
    let of_person = |(at, person): (usize, &Person)| {
        let visits = person.visits.iter();
        visits
            .map(|visit| match extent {
                Extent::All => true,
                Extent::Share => some[at],
                Extent::Few => at % 5 == 0,
                Extent::FromTheMiddle => visit.day >= MIDDLE_DAY,
            })
            .collect()
    };
    people.iter().enumerate().map(of_person).collect()
}

impl<'a> Forger<'a> {
    pub(crate) fn new(way: Way, habit: &'a Habit, mut dice: Dice) -> Self {
        let care = dice.unit();
        Self {
            way,
            habit,
            dice,
            care,
        }
    }

    /// Puts what is made up in the place of what was; answers whose data are touched.
    pub(crate) fn forge(&mut self, people: &mut [Person], extent: Extent) -> Vec<bool> {
        let marks = made_up(extent, people, &mut self.dice);
        match self.way {
            Way::CopiedParticipants => self.copy_people(people, &marks),
            Way::CopiedVisits => self.copy_visits(people, &marks),
            _ => {}
        }
        // Nobody whom a forger invents was there on a day: the dates are invented as well.
        let (by_plan, by_calendar) = match self.way {
            Way::Invented | Way::Tight | Way::Uncorrelated | Way::Rounded => {
                (self.dice.happens(0.7), self.dice.happens(0.5))
            }
            Way::Polished => (true, false),
            Way::PaperDates => (true, true),
            _ => (false, false),
        };
        let is_whole = self.dice.happens(0.6) || self.way == Way::Polished;
        let is_quiet = self.dice.happens(0.6) || self.way == Way::Polished;
        for (person, marks) in people.iter_mut().zip(&marks) {
            if marks.iter().any(|it| *it) {
                self.person(person, marks);
                if by_plan || by_calendar {
                    self.dates(person, marks, by_plan, by_calendar);
                }
                if self.is_invention() && is_whole {
                    self.fill(person, marks);
                }
                let is_all = marks.iter().all(|it| *it);
                if is_all && self.is_invention() && is_quiet && self.dice.happens(0.7) {
                    person.events = 0;
                }
            }
        }
        marks.iter().map(|it| it.contains(&true)).collect()
    }

    fn is_invention(&self) -> bool {
        matches!(
            self.way,
            Way::Invented | Way::Tight | Way::Uncorrelated | Way::Rounded | Way::Polished
        )
    }

    /// What a forger believes of an item: the middle is known, the width less well.
    fn belief(&self, item: usize) -> (f64, f64, f64) {
        let source = &SOURCES[item];
        let (people, visits) = match self.way {
            Way::Invented => (0.45 + 0.4 * self.care, 0.4 + 0.4 * self.care),
            Way::Tight => (0.3 + 0.4 * self.care, 0.3 + 0.4 * self.care),
            Way::Rounded => (0.7, 0.7),
            _ => (1.0, 1.0),
        };
        (
            source.mean + self.habit.shift[item],
            source.people * people,
            source.visits * visits,
        )
    }

    fn person(&mut self, person: &mut Person, marks: &[bool]) {
        match self.way {
            Way::Invented | Way::Tight | Way::Uncorrelated | Way::Rounded => {
                self.invent(person, marks);
            }
            Way::CarriedForward => self.carry(person, marks),
            Way::Favourable => self.favour(person, marks),
            _ => {}
        }
    }

    fn invent(&mut self, person: &mut Person, marks: &[bool]) {
        // Who draws without a thought of the person draws each visit anew.
        let forgets = self.way == Way::Uncorrelated && self.care > 0.5;
        let own: Vec<f64> = SOURCES.iter().map(|_| self.dice.normal()).collect();
        for (visit, _) in person
            .visits
            .iter_mut()
            .zip(marks)
            .filter(|(_, mark)| **mark)
        {
            for item in 0..SOURCES.len() {
                let (middle, people, visits) = self.belief(item);
                let own = if forgets {
                    self.dice.normal()
                } else {
                    own[item]
                };
                let made = middle + people * own + visits * self.dice.normal();
                let number = SOURCES[item].written(made);
                let written = self.write(item, number);
                if visit.values[item].is_some() {
                    visit.values[item] = Some(written);
                }
            }
        }
    }

    fn write(&mut self, item: usize, number: f64) -> f64 {
        let source = &SOURCES[item];
        match self.way {
            Way::Invented => {
                let scale = if source.decimals == 0 { 1.0 } else { 10.0 };
                let tens = (number * scale / 10.0).floor() * 10.0;
                source.rounded((tens + self.liked()) / scale)
            }
            Way::Rounded if item < 5 => source.stepped(number),
            Way::Rounded => {
                let step = if source.decimals == 0 { 5.0 } else { 0.5 };
                source.rounded((number / step).round() * step)
            }
            _ => self.habit.read(item, number, &mut self.dice),
        }
    }

    fn liked(&mut self) -> f64 {
        let mut left = self.dice.below(LIKED.iter().sum());
        let mut digit = 0.0;
        for weight in LIKED {
            if left < weight {
                break;
            }
            left -= weight;
            digit += 1.0;
        }
        digit
    }

    fn carry(&mut self, person: &mut Person, marks: &[bool]) {
        let keeps = 0.3 + 0.4 * self.care;
        for (at, _) in marks.iter().enumerate().skip(1).filter(|(_, mark)| **mark) {
            for (item, source) in SOURCES.iter().enumerate() {
                let Some(before) = person.visits[at - 1].values[item] else {
                    continue;
                };
                let unit = if source.decimals == 0 { 1.0 } else { 0.1 };
                let step = if self.dice.happens(keeps) {
                    0.0
                } else {
                    self.small()
                };
                person.visits[at].values[item] = Some(source.rounded(before + step * unit));
            }
        }
    }

    /// One or two up or down.
    fn small(&mut self) -> f64 {
        *self.dice.pick(&[-2.0, -1.0, 1.0, 2.0])
    }

    fn favour(&mut self, person: &mut Person, marks: &[bool]) {
        let by = 0.8 + 0.6 * self.care;
        for (visit, _) in person
            .visits
            .iter_mut()
            .zip(marks)
            .filter(|(_, mark)| **mark)
        {
            for (source, value) in SOURCES.iter().zip(&mut visit.values) {
                if visit.planned > 0 && source.effect < 0.0 {
                    *value = value.map(|it| source.rounded(it - by * source.people));
                }
            }
        }
    }

    fn copy_people(&mut self, people: &mut [Person], marks: &[Vec<bool>]) {
        let noise = 0.1 + 0.4 * self.care;
        let is_made = |at: usize| marks[at].contains(&true);
        let real = (0..people.len()).filter(|at| !is_made(*at));
        let mut models: Vec<usize> = real.collect();
        for at in 0..people.len() {
            if !is_made(at) {
                continue;
            }
            // Where all are made up, some are needed to copy from.
            if models.len() * 4 < people.len() && models.iter().all(|it| is_made(*it)) {
                models.push(at);
                continue;
            }
            let model = people[*self.dice.pick(&models)].clone();
            for (visit, mark) in people[at].visits.iter_mut().zip(&marks[at]) {
                let twin = model.visits.iter().find(|it| it.planned == visit.planned);
                let Some(twin) = twin.filter(|_| *mark) else {
                    continue;
                };
                for (item, source) in SOURCES.iter().enumerate() {
                    let wide = if source.is_log { 2.0 } else { source.visits };
                    let noise = noise * wide * self.dice.normal();
                    visit.values[item] = twin.values[item].map(|it| source.rounded(it + noise));
                }
            }
        }
    }

    fn copy_visits(&mut self, people: &mut [Person], marks: &[Vec<bool>]) {
        let pasted = 0.4 + 0.5 * self.care;
        let before = people.to_vec();
        for (at, person) in people.iter_mut().enumerate() {
            for (visit, mark) in person.visits.iter_mut().zip(&marks[at]) {
                if !mark || !self.dice.happens(pasted) {
                    continue;
                }
                let other = self.dice.pick(&before);
                if other.visits.is_empty() {
                    continue;
                }
                let twin = self.dice.pick(&other.visits).values.clone();
                visit.values = twin;
                for (source, value) in SOURCES.iter().zip(&mut visit.values) {
                    if self.dice.happens(0.3) {
                        let unit = if source.decimals == 0 { 1.0 } else { 0.1 };
                        *value = value.map(|it| source.rounded(it + unit));
                    }
                }
            }
        }
    }

    /// On the planned day, or nearly; by a calendar without weekends and a clock without nights.
    fn dates(&mut self, person: &mut Person, marks: &[bool], by_plan: bool, by_calendar: bool) {
        let Some(first) = person.visits.first().map(|it| (it.day, it.planned)) else {
            return;
        };
        for (at, visit) in person.visits.iter_mut().enumerate().skip(1) {
            if !marks[at] {
                continue;
            }
            let planned = first.0 + VISIT_DAYS[visit.planned] - VISIT_DAYS[first.1];
            let off = if by_plan && self.dice.happens(0.75) {
                0
            } else {
                signed(self.dice.below(5)) - 2
            };
            let mut day = planned + off;
            let weekday = monitoring::weekday(day);
            if !by_calendar && weekday > 4 {
                day += i64::from(7 - weekday);
            }
            visit.day = day.min(CUT_DAY);
            if by_calendar && self.dice.happens(0.15) {
                visit.minute = signed(self.dice.between(1_140, 1_430));
            } else if by_plan {
                visit.minute = visit.minute / 60 * 60;
            }
        }
    }

    /// What is missing is filled in, with what is near to the participant's other values.
    fn fill(&mut self, person: &mut Person, marks: &[bool]) {
        for (item, source) in SOURCES.iter().enumerate() {
            let known: Vec<f64> = person
                .visits
                .iter()
                .filter_map(|it| it.values[item])
                .collect();
            for (visit, _) in person
                .visits
                .iter_mut()
                .zip(marks)
                .filter(|(_, mark)| **mark)
            {
                if visit.values[item].is_some() {
                    continue;
                }
                let (middle, people, visits) = self.belief(item);
                let near = if known.is_empty() {
                    source.written(middle + people * self.dice.normal())
                } else {
                    let wide = if source.is_log { 3.0 } else { visits };
                    *self.dice.pick(&known) + wide * 0.7 * self.dice.normal()
                };
                let written = self.write(item, near);
                visit.values[item] = Some(written);
            }
        }
    }
}
