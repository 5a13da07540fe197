//! What happened to a person over the years: check-ups, illnesses, what was measured and given.

use super::bundle::Transaction;
use super::calendar::Day;
use super::codes::{self, Code, ILLNESSES, Illness, Panel};
use super::dice::Dice;
use super::person::Person;
use super::resources::Visit;

const AMBULATORY: Code = ("AMB", "ambulatory");
const EMERGENCY: Code = ("EMER", "emergency");

/// How far back a record of the demo goes.
const YEARS_KEPT: i64 = 8;

/// An illness that this person has, from when to when.
struct Case {
    illness: &'static Illness,
    begins: Day,
    ends: Option<Day>,
}

/// Walks one person's life and writes it into a transaction.
pub(crate) struct Walk<'a> {
    pub(crate) person: &'a Person,
    pub(crate) patient: String,
    pub(crate) practitioners: &'a [String],
    pub(crate) organization: String,
    pub(crate) today: Day,
    pub(crate) dice: Dice,
    pub(crate) out: Transaction,
}

impl Walk<'_> {
    /// The whole history.
    pub(crate) fn run(mut self) -> Transaction {
        let first_year = (self.today.year() - YEARS_KEPT).max(self.person.birth.year());
        let cases = self.cases();
        for year in first_year..=self.today.year() {
            let day = Day::of(year, 1, 1).plus(self.dice.between(5, 350));
            if day > self.person.birth && day <= self.today {
                self.check_up(day, year == first_year, &cases);
            }
        }
        for case in &cases {
            self.illness(case, &cases, Day::of(first_year, 1, 1));
        }
        self.out
    }

    fn cases(&mut self) -> Vec<Case> {
        let mut cases = Vec::new();
        let age = self.today.age(self.person.birth);
        for illness in ILLNESSES {
            if age <= illness.age_min || !self.dice.chance(illness.per_thousand) {
                continue;
            }
            let oldest = illness.age_max.min(age - 1).max(illness.age_min);
            let years = self.dice.between(illness.age_min, oldest);
            let begins = self
                .person
                .birth
                .plus(years * 365 + self.dice.between(20, 340));
            let ends = illness.days.map(|days| begins.plus(days));
            if ends.is_none_or(|end| end < self.today) && begins < self.today {
                cases.push(Case {
                    illness,
                    begins,
                    ends,
                });
            }
        }
        cases
    }

    /// Opens a visit, lets `fill` write into it.
    fn visit(
        &mut self,
        day: Day,
        class: Code,
        reason: Option<Code>,
        fill: impl FnOnce(&mut Dice, &mut Transaction, &Visit<'_>),
    ) {
        let encounter = self.dice.urn();
        let practitioner: &String = self.dice.pick(self.practitioners);
        let visit = Visit {
            patient: &self.patient,
            encounter: &encounter,
            practitioner,
            organization: &self.organization,
            day,
            minute: self.dice.between(8 * 60, 17 * 60),
        };
        self.out
            .create_as(&encounter, visit.encounter(class, reason));
        fill(&mut self.dice, &mut self.out, &visit);
    }

    fn check_up(&mut self, day: Day, first: bool, cases: &[Case]) {
        let person = self.person;
        let age = day.age(person.birth);
        let pressed = has(cases, codes::HYPERTENSION, day);
        self.visit(day, AMBULATORY, None, |dice, out, visit| {
            vitals(dice, out, visit, person, pressed);
            if age >= 18 && dice.chance(650) {
                panel(dice, out, visit, &codes::BLOOD_COUNT, false);
            }
            if age >= 40 && dice.chance(400) {
                panel(dice, out, visit, &codes::LIPIDS, false);
            }
            for (vaccine, ages) in codes::VACCINES {
                if ages.contains(&age) {
                    let lot = dice.between(1, 99_999);
                    out.create(dice, visit.vaccination(*vaccine, lot));
                }
            }
            if dice.chance(550) {
                let lot = dice.between(1, 99_999);
                out.create(dice, visit.vaccination(codes::INFLUENZA, lot));
            }
            if first {
                for (allergy, category, per_thousand) in codes::ALLERGIES {
                    if dice.chance(*per_thousand) {
                        out.create(dice, visit.allergy(*allergy, category));
                    }
                }
            }
        });
    }

    fn illness(&mut self, case: &Case, cases: &[Case], from: Day) {
        let illness = case.illness;
        let class = if illness.procedure.is_some() {
            EMERGENCY
        } else {
            AMBULATORY
        };
        let mut condition = String::new();
        self.visit(
            case.begins,
            class,
            Some(illness.code),
            |dice, out, visit| {
                condition = out.create(dice, visit.condition(illness.code, case.ends));
                if let Some((drug, dosage)) = illness.medication {
                    out.create(dice, visit.prescription(drug, dosage, &condition));
                }
                if let Some(procedure) = illness.procedure {
                    out.create(dice, visit.procedure(procedure, &condition));
                }
                if let Some(wanted) = illness.panel {
                    panel(dice, out, visit, wanted, true);
                }
            },
        );
        if case.ends.is_none() {
            self.follow_up(case, cases, case.begins.max(from), &condition);
        }
    }

    /// A lasting illness brings its patient back.
    fn follow_up(&mut self, case: &Case, cases: &[Case], from: Day, condition: &str) {
        let every_days = 365 / case.illness.visits_per_year;
        let mut day = from.plus(every_days + self.dice.between(-20, 20));
        while day < self.today {
            let person = self.person;
            let pressed = has(cases, codes::HYPERTENSION, day);
            let ill = self.dice.chance(450);
            let renewed = self.dice.chance(500);
            self.visit(
                day,
                AMBULATORY,
                Some(case.illness.code),
                |dice, out, visit| {
                    vitals(dice, out, visit, person, pressed);
                    if let Some(wanted) = case.illness.panel {
                        panel(dice, out, visit, wanted, ill);
                    }
                    if let (Some((drug, dosage)), true) = (case.illness.medication, renewed) {
                        out.create(dice, visit.prescription(drug, dosage, condition));
                    }
                },
            );
            day = day.plus(every_days + self.dice.between(-20, 20));
        }
    }
}

fn has(cases: &[Case], code: &str, day: Day) -> bool {
    cases
        .iter()
        .any(|case| case.illness.code.0 == code && case.begins <= day)
}

/// Children grow; this is no growth chart, only not absurd.
fn grown_per_thousand(age: i64) -> i64 {
    if age >= 18 { 1000 } else { 330 + age * 37 }
}

fn vitals(dice: &mut Dice, out: &mut Transaction, visit: &Visit<'_>, person: &Person, high: bool) {
    let grown = grown_per_thousand(visit.day.age(person.birth));
    let height = person.height_tenths * grown / 1000;
    let lean = person.weight_tenths * grown / 1000 * grown / 1000;
    let weight = lean + dice.between(-lean / 25, lean / 25);
    let index = weight * 1_000_000 / (height * height).max(1);
    out.create(dice, visit.vital(&codes::HEIGHT, height));
    out.create(dice, visit.vital(&codes::WEIGHT, weight));
    out.create(dice, visit.vital(&codes::BODY_MASS_INDEX, index));
    for measure in [&codes::HEART_RATE, &codes::TEMPERATURE, &codes::OXYGEN] {
        let value = dice.between(measure.low_tenths, measure.high_tenths);
        out.create(dice, visit.vital(measure, value));
    }
    let systolic = if high {
        dice.between(132, 168)
    } else {
        dice.between(100, 132)
    };
    let diastolic = systolic * 5 / 8 + dice.between(-4, 6);
    out.create(dice, visit.pressure(systolic, diastolic));
}

fn panel(dice: &mut Dice, out: &mut Transaction, visit: &Visit<'_>, wanted: &Panel, ill: bool) {
    let mut results = Vec::new();
    for measure in wanted.parts {
        let (low, high) = (measure.low_tenths, measure.high_tenths);
        let value = if ill {
            high + dice.between(1, (high / 3).max(2))
        } else {
            dice.between(low, high)
        };
        let laboratory = visit.laboratory(measure, value);
        results.push(out.create(dice, laboratory));
    }
    out.create(dice, visit.report(wanted.code, &results));
}
