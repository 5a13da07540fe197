//! Breaks in time: a site that begins to make data up writes them down in another way than before.
//! It is compared with itself, so that how sites differ does not matter.

use super::Column;
use super::habits::{self, Habit};
use crate::calibrate::{self, Measure};
use crate::finding::Rule;
use crate::frame::{Frame, Person};
use crate::robust::{count, mean, quantile, variance};
use crate::study::date;

/// Shares of all visits after which a break is looked for.
const CUTS: [f64; 3] = [0.3, 0.5, 0.7];
/// Fewer visits than this on either side say nothing.
const VISITS_MIN: usize = 4;
/// So many habits count, those that changed most.
const HABITS: usize = 2;
/// For each site the values of a habit with the day of the visit.
fn dated(frame: &Frame, habit: Habit) -> Vec<Vec<(i64, f64)>> {
    let of_person = |person: &Person| {
        let visits = (0..frame.visits)
            .filter_map(|visit| Some((person.at[visit]?.day, habit(frame, person, visit)?)));
        visits.collect::<Vec<_>>()
    };
    frame
        .sites
        .iter()
        .map(|site| site.iter().flat_map(of_person).collect())
        .collect()
}

fn parted(site: &[(i64, f64)], cut: f64) -> (Vec<f64>, Vec<f64>) {
    let (late, early): (Vec<_>, Vec<_>) = site.iter().partition(|(day, _)| whole(*day) > cut);
    let values = |of: Vec<(i64, f64)>| of.into_iter().map(|it| it.1).collect();
    (values(early), values(late))
}

/// What is after the cut less what is before it, site by site.
fn difference(sites: &[Vec<(i64, f64)>], cut: f64) -> Vec<Option<f64>> {
    let all: Vec<f64> = sites.iter().flatten().map(|it| it.1).collect();
    let wide = variance(&all).unwrap_or(0.0);
    let measure = |site: &Vec<(i64, f64)>| {
        let (early, late) = parted(site, cut);
        if early.len() < VISITS_MIN || late.len() < VISITS_MIN {
            return None;
        }
        Some(Measure {
            estimate: mean(&late)? - mean(&early)?,
            variance: wide * (1.0 / count(early.len()) + 1.0 / count(late.len())),
        })
    };
    calibrate::scores(&sites.iter().map(measure).collect::<Vec<_>>())
}

/// From some day on, another hand.
pub(super) fn in_time(frame: &Frame) -> Column {
    let at = frame
        .sites
        .iter()
        .flatten()
        .flat_map(|it| it.at.iter().flatten());
    let days: Vec<f64> = at.map(|it| whole(it.day)).collect();
    let cuts = CUTS.map(|share| quantile(&days, share).unwrap_or(0.0));
    let habits = habits::ALL.map(|(name, habit)| (name, dated(frame, habit)));
    let by_cut = cuts.map(|cut| {
        habits
            .iter()
            .map(|(_, sites)| difference(sites, cut))
            .collect::<Vec<_>>()
    });
    let of_cut = by_cut
        .iter()
        .map(|habits| calibrate::farthest(habits, HABITS));
    let scores = calibrate::highest(&of_cut.collect::<Vec<_>>(), 1);
    Column::new(Rule::BreakInTime, scores, |site| {
        let mut most = (0.0, String::new());
        for (cut, scores) in cuts.iter().zip(&by_cut) {
            for ((name, sites), score) in habits.iter().zip(scores) {
                let Some(score) = score[site].filter(|it| it.abs() > most.0) else {
                    continue;
                };
                let (early, late) = parted(&sites[site], *cut);
                let [early, late] = [early, late].map(|it| mean(&it).unwrap_or(0.0));
                let day = date(last_day(*cut));
                let words = format!("{name}: {early:.2} up to {day}, {late:.2} after it");
                most = (score.abs(), words);
            }
        }
        (format!("the site changed its hand; {}", most.1), Vec::new())
    })
}

#[allow(clippy::cast_precision_loss, reason = "days are far below 2^52")]
fn whole(day: i64) -> f64 {
    day as f64
}

#[allow(clippy::cast_possible_truncation, reason = "days are far below 2^52")]
fn last_day(cut: f64) -> i64 {
    cut.floor() as i64
}
