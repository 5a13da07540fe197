//! Each rule on a study with one site that does what the rule is about.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop, and say where"
)]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "numbers drawn between 0 and some thousands"
)]

use monitoring::{
    Calendar, EVIDENCE_MAX, Item, Kind, Moment, PlannedVisit, Report, Rule, Site, Standing, Study,
    Subject, Value, Visit, monitor,
};

const SITES: usize = 24;
const PEOPLE: usize = 14;
const BAD: usize = 7;
const START: i64 = 20_094;

/// Numbers that look drawn, the same in each run (Weyl and Knuth's multiplicative hashing).
struct Draw(u64);

impl Draw {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        f64::from(u32::try_from((z ^ (z >> 31)) >> 32).unwrap()) / f64::from(u32::MAX)
    }

    /// Nearly normal: twelve of the above.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

fn study() -> Study {
    let item = |name: &str, kind, decimals| Item {
        name: name.to_owned(),
        kind,
        decimals,
    };
    let days = [0, 14, 28, 42, 56, 70];
    Study {
        items: vec![
            item("SYSBP", Kind::Reading, 0),
            item("DIABP", Kind::Reading, 0),
            item("PULSE", Kind::Reading, 0),
            item("CREAT", Kind::Report, 0),
        ],
        plan: days
            .iter()
            .map(|day| PlannedVisit {
                code: format!("V{day}"),
                day: *day,
            })
            .collect(),
        calendar: Calendar {
            days_off: vec![5, 6],
            holidays: vec![START + 100],
        },
        cut_day: START + 400,
        sites: (0..SITES).map(site).collect(),
    }
}

fn site(number: usize) -> Site {
    let mut draw = Draw(number as u64 * 7_919 + 3);
    let shift = draw.normal();
    let subjects = (0..PEOPLE).map(|at| subject(number, at, shift, &mut draw));
    Site {
        id: format!("S{number:02}"),
        subjects: subjects.collect(),
    }
}

fn subject(site: usize, at: usize, shift: f64, draw: &mut Draw) -> Subject {
    let (body, other) = (draw.normal(), draw.normal());
    let start = START + i64::try_from((at * 16) + site % 5).unwrap();
    let visits = (0..6).map(|planned| {
        let today = draw.normal();
        let numbers = [
            130.0 + shift + 12.0 * body + 8.0 * (0.8 * today + 0.6 * draw.normal()),
            80.0 + 6.0 * body + 4.0 * other + 6.0 * (0.8 * today + 0.6 * draw.normal()),
            70.0 + 8.0 * other + 6.0 * draw.normal(),
            80.0 + 9.0 * body + 7.0 * other + 6.0 * draw.normal(),
        ];
        let values = numbers.map(|it| (draw.unit() > 0.05).then(|| value(it)));
        let mut day = start + i64::try_from(planned).unwrap() * 14;
        day += if planned == 0 {
            0
        } else {
            i64::from(draw.unit() > 0.3) * ((draw.unit() * 7.0) as i64 - 3)
        };
        while [5, 6].contains(&monitoring::weekday(day)) || day == START + 100 {
            day += 1;
        }
        let minute = 540 + (draw.unit() * 400.0) as u16;
        Visit {
            planned,
            at: Some(Moment {
                day,
                minute: Some(minute),
            }),
            values: values.to_vec(),
        }
    });
    let visits = visits.collect();
    Subject {
        id: format!("S{site:02}-{at:02}"),
        born_day: Some(-3_000),
        sex: None,
        consent_day: Some(start),
        adverse_events: (draw.unit() * 5.0) as u32,
        visits,
    }
}

fn value(number: f64) -> Value {
    Value {
        number: number.round(),
        decimals: 0,
    }
}

fn each_value(site: &mut Site, mut change: impl FnMut(usize, usize, usize, f64) -> f64) {
    for (at, subject) in site.subjects.iter_mut().enumerate() {
        for visit in &mut subject.visits {
            for (item, value) in visit.values.iter_mut().enumerate() {
                if let Some(value) = value {
                    value.number = change(at, visit.planned, item, value.number).round();
                }
            }
        }
    }
}

fn each_visit(site: &mut Site, mut change: impl FnMut(&mut Visit)) {
    site.subjects
        .iter_mut()
        .flat_map(|it| &mut it.visits)
        .for_each(&mut change);
}

/// Makes the site do what the rule is about.
#[allow(clippy::too_many_lines, reason = "a table: one arm for each rule")]
fn spoil(site: &mut Site, rule: Rule) {
    let mut draw = Draw(99);
    let middles = [130.0, 80.0, 70.0, 80.0];
    match rule {
        Rule::DigitPreference => each_value(site, |_, _, _, it| {
            let tens = (it / 10.0).floor() * 10.0;
            tens + [3.0, 7.0, 3.0, 7.0, it % 10.0][(draw.unit() * 4.99) as usize]
        }),
        Rule::Rounding => each_value(site, |_, _, _, it| (it / 10.0).round() * 10.0),
        Rule::SteadyValues | Rule::RepeatedValues => {
            let own: Vec<f64> = (0..PEOPLE * 4).map(|_| draw.normal()).collect();
            each_value(site, |at, _, item, _| {
                middles[item] + 10.0 * own[at * 4 + item]
            });
        }
        Rule::UnsteadyValues => each_value(site, |_, _, item, it| {
            middles[item] + (it - middles[item]) * 0.3 + 16.0 * draw.normal()
        }),
        Rule::AlikeParticipants | Rule::Inliers => each_value(site, |_, _, item, it| {
            middles[item] + (it - middles[item]) * 0.2
        }),
        Rule::LostCorrelation => {
            let old = site.subjects.clone();
            each_value(site, |at, visit, item, it| {
                let other = &old[(at + 3 * item) % PEOPLE].visits[(visit + item) % 6];
                other.values[item].map_or(it, |it| it.number)
            });
        }
        Rule::CopiedParticipants => {
            let model = site.subjects[2].visits.clone();
            for (visit, twin) in site.subjects[5].visits.iter_mut().zip(model) {
                visit.values = twin.values;
            }
        }
        Rule::CopiedVisits => {
            let old = site.subjects.clone();
            for (at, subject) in site.subjects.iter_mut().enumerate() {
                for visit in &mut subject.visits[2..] {
                    let other = &old[(at + 1) % PEOPLE].visits[(visit.planned + 3) % 6];
                    visit.values.clone_from(&other.values);
                }
            }
        }
        Rule::ImpossibleDates => {
            for subject in site.subjects.iter_mut().take(4) {
                subject.consent_day = subject.visits[1].at.map(|it| it.day);
            }
        }
        Rule::DaysOff => each_visit(site, |visit| {
            let at = visit.at.as_mut().unwrap();
            if visit.planned % 2 == 1 {
                at.day += i64::from(5 - monitoring::weekday(at.day));
            }
        }),
        Rule::OddHours => each_visit(site, |visit| {
            if visit.planned == 3 {
                visit.at.as_mut().unwrap().minute = Some(1_400);
            }
        }),
        Rule::RegularVisits => {
            for subject in &mut site.subjects {
                let first = subject.visits[0].at.unwrap().day;
                for visit in &mut subject.visits {
                    let day = first + i64::try_from(visit.planned).unwrap() * 14;
                    visit.at = Some(Moment {
                        day,
                        minute: Some(600),
                    });
                }
            }
        }
        Rule::NothingMissing => each_visit(site, |visit| {
            for (item, value) in visit.values.iter_mut().enumerate() {
                let made_up = || Value {
                    number: (middles[item] + 9.0 * draw.normal()).round(),
                    decimals: 0,
                };
                *value = Some(value.unwrap_or_else(made_up));
            }
        }),
        Rule::MeanShift => each_value(
            site,
            |_, _, item, it| if item == 2 { it + 20.0 } else { it },
        ),
        Rule::ChangeShift => each_value(site, |_, visit, item, it| {
            if item == 0 && visit > 0 {
                it - 12.0
            } else {
                it
            }
        }),
        Rule::BreakInTime => each_visit(site, |visit| {
            if visit.at.unwrap().day > START + 150 {
                for value in visit.values.iter_mut().flatten() {
                    value.number = (value.number / 5.0).round() * 5.0;
                }
            }
        }),
        Rule::TwoHands => {
            for subject in site.subjects.iter_mut().step_by(2) {
                let first = subject.visits[0].at.unwrap().day;
                for visit in &mut subject.visits {
                    let day = first + i64::try_from(visit.planned).unwrap() * 14;
                    visit.at = Some(Moment {
                        day,
                        minute: Some(600),
                    });
                }
            }
        }
        Rule::FewAdverseEvents => site
            .subjects
            .iter_mut()
            .for_each(|it| it.adverse_events = 0),
    }
}

fn place(report: &Report, id: &str) -> usize {
    report.sites.iter().position(|it| it.site == id).unwrap()
}

#[test]
fn honest_sites_stay_quiet() {
    let report = monitor(&study());
    assert_eq!(report.sites.len(), SITES);
    let loud = report
        .sites
        .iter()
        .filter(|it| it.standing == Standing::Alarm);
    assert_eq!(loud.count(), 0, "{:#?}", report.sites[0]);
}

#[test]
fn each_rule_finds_what_it_is_about() {
    for rule in Rule::ALL {
        let mut study = study();
        spoil(&mut study.sites[BAD], rule);
        let report = monitor(&study);
        let site = &report.sites[place(&report, "S07")];
        let found = site.findings.iter().find(|it| it.rule == rule);
        let found = found.unwrap_or_else(|| panic!("{rule}: {site:#?}"));
        assert!(found.score > 3.0 && found.p < 0.002, "{rule}: {found:?}");
        assert!(
            found.why.chars().any(|it| it.is_ascii_digit()),
            "{rule}: {found:?}"
        );
        assert!(found.evidence.len() <= EVIDENCE_MAX, "{rule}");
        let mine = found
            .evidence
            .iter()
            .all(|it| it.subject.starts_with("S07-"));
        assert!(mine, "{rule}: {found:?}");
        // Nobody else is suspected of it that much.
        let most = report
            .sites
            .iter()
            .flat_map(|it| &it.findings)
            .filter(|it| it.rule == rule);
        let most = most.map(|it| it.score).fold(0.0, f64::max);
        assert!(found.score >= most, "{rule}: {most} {found:?}");
    }
}

#[test]
fn evidence_names_the_copied_and_the_impossible() {
    let mut copied = study();
    spoil(&mut copied.sites[BAD], Rule::CopiedParticipants);
    let report = monitor(&copied);
    let site = &report.sites[place(&report, "S07")];
    let found = site
        .findings
        .iter()
        .find(|it| it.rule == Rule::CopiedParticipants)
        .unwrap();
    assert_eq!(found.evidence[0].subject, "S07-02");
    let seen = "0.00 deviations from S07-05, of the same birth date and sex";
    assert_eq!(found.evidence[0].seen, seen);
    let mut impossible = study();
    spoil(&mut impossible.sites[BAD], Rule::ImpossibleDates);
    let report = monitor(&impossible);
    let site = &report.sites[place(&report, "S07")];
    let found = site
        .findings
        .iter()
        .find(|it| it.rule == Rule::ImpossibleDates)
        .unwrap();
    assert!(
        found.evidence[0].seen.ends_with("days before consent"),
        "{found:?}"
    );
    assert!(found.why.starts_with("4 of 84 visits"), "{found:?}");
    let mut night = study();
    spoil(&mut night.sites[BAD], Rule::OddHours);
    let report = monitor(&night);
    let site = &report.sites[place(&report, "S07")];
    let found = site.findings.iter().find(|it| it.rule == Rule::OddHours);
    let found = &found.unwrap().evidence[0];
    let day = night.sites[BAD].subjects[0].visits[3].at.unwrap().day - START;
    assert!((40..50).contains(&day), "{day}");
    assert!(
        found.seen.starts_with("2025-02-") && found.seen.ends_with(" at 23:20"),
        "{found:?}"
    );
}

#[test]
fn visits_between_the_planned_ones_have_no_order() {
    let found = |change: &dyn Fn(&mut Subject)| {
        let mut study = study();
        study.sites[BAD].subjects.iter_mut().for_each(change);
        let report = monitor(&study);
        let site = &report.sites[place(&report, "S07")];
        let found = site
            .findings
            .iter()
            .find(|it| it.rule == Rule::ImpossibleDates);
        found.map(|it| it.evidence[0].seen.clone())
    };
    let on = |day: i64, planned| Visit {
        planned,
        at: Some(Moment { day, minute: None }),
        values: Vec::new(),
    };
    let day = |subject: &Subject, visit: usize| subject.visits[visit].at.unwrap().day;
    // Unscheduled, or the same visit on a second day.
    let extra = |subject: &mut Subject| {
        let between = day(subject, 2) - 1;
        subject.visits.push(on(between, 99));
        subject.visits.push(on(between - 1, 2));
    };
    assert_eq!(found(&extra), None);
    let swapped = |subject: &mut Subject| {
        let (second, third) = (subject.visits[1].at, subject.visits[2].at);
        (subject.visits[1].at, subject.visits[2].at) = (third, second);
    };
    assert_eq!(
        found(&swapped).as_deref(),
        Some("not after the visit before")
    );
}

#[test]
fn neither_order_nor_units_matter() {
    let mut study = study();
    spoil(&mut study.sites[BAD], Rule::SteadyValues);
    let first = monitor(&study);
    study.sites.reverse();
    study.sites.iter_mut().for_each(|it| it.subjects.reverse());
    // Creatinine in other units; it is reported, so that its digits say nothing.
    for site in &mut study.sites {
        each_visit(site, |visit| {
            if let Some(value) = &mut visit.values[3] {
                value.number *= 1_000.0;
            }
        });
    }
    let second = monitor(&study);
    for site in &first.sites {
        let other = &second.sites[place(&second, &site.site)];
        assert!(
            (site.score - other.score).abs() < 0.35,
            "{} {}",
            site.score,
            other.score
        );
    }
    assert_eq!(first.sites[0].site, second.sites[0].site);
}

#[test]
fn poor_data_are_answered() {
    assert_eq!(monitor(&Study::default()).sites, []);
    let mut few = study();
    few.sites.truncate(3);
    assert!(
        monitor(&few)
            .sites
            .iter()
            .all(|it| it.standing == Standing::Quiet)
    );
    let mut odd = study();
    odd.sites[0].subjects.clear();
    odd.sites[1].subjects.truncate(1);
    odd.sites[2].subjects[0].visits.clear();
    let values = &mut odd.sites[3].subjects[0].visits[0].values;
    values[0] = Some(Value {
        number: f64::NAN,
        decimals: 0,
    });
    values[1] = Some(Value {
        number: 1e300,
        decimals: 200,
    });
    values.push(Some(value(3.0)));
    odd.sites[4].subjects[0].visits[0].planned = 77;
    odd.sites[5].subjects[0].visits[1].at = None;
    odd.sites[6].subjects[0].visits[1].values.clear();
    let report = monitor(&odd);
    assert!(
        report
            .sites
            .iter()
            .all(|it| it.score.is_finite() && it.p > 0.0),
        "{report:?}"
    );
}
