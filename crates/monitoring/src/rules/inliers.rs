//! Inliers: visits at which nothing at all is unusual. The distance of a visit from the middle of
//! the study takes into account how items go together (Mahalanobis 1936).

use super::{Column, turned};
use crate::calibrate;
use crate::finding::Rule;
use crate::frame::{Frame, Person};
use crate::robust::{count, mean};

/// Values need so much of their own variance, for items that are nearly the same.
const RIDGE: f64 = 0.05;

/// Correlations of the items over all visits of the study.
fn matrix(frame: &Frame) -> Vec<Vec<f64>> {
    let k = frame.items;
    let mut sums = vec![vec![(0.0, 0.0); k]; k];
    for person in frame.sites.iter().flatten() {
        for visit in 0..frame.visits {
            let row = person.visit(visit);
            for i in 0..k {
                for j in 0..=i {
                    if let (Some(x), Some(y)) = (row[i], row[j]) {
                        sums[i][j].0 += x * y;
                        sums[i][j].1 += 1.0;
                    }
                }
            }
        }
    }
    let mut matrix = vec![vec![0.0; k]; k];
    for i in 0..k {
        for j in 0..=i {
            let (sum, n) = sums[i][j];
            let value = if n > 0.0 { sum / n } else { 0.0 };
            matrix[i][j] = value;
            matrix[j][i] = value;
        }
    }
    for (i, row) in matrix.iter_mut().enumerate() {
        row[i] += RIDGE;
    }
    matrix
}

/// The mean squared distance by item: whitens what is known, item by item (Cholesky).
fn distance(matrix: &[Vec<f64>], row: &[Option<f64>]) -> Option<f64> {
    let known: Vec<usize> = (0..row.len()).filter(|it| row[*it].is_some()).collect();
    if known.len() * 2 < row.len().max(2) {
        return None;
    }
    let mut lower: Vec<Vec<f64>> = Vec::with_capacity(known.len());
    let mut white: Vec<f64> = Vec::with_capacity(known.len());
    for (i, item) in known.iter().enumerate() {
        let mut line = Vec::with_capacity(i + 1);
        for j in 0..i {
            let done: f64 = (0..j).map(|k| line[k] * lower[j][k]).sum();
            line.push((matrix[*item][known[j]] - done) / lower[j][j]);
        }
        let rest = matrix[*item][*item] - line.iter().map(|it| it * it).sum::<f64>();
        line.push(rest.max(RIDGE / 2.0).sqrt());
        let done: f64 = line.iter().zip(&white).map(|(a, b)| a * b).sum();
        white.push((row[*item].unwrap_or(0.0) - done) / line[i]);
        lower.push(line);
    }
    Some(white.iter().map(|it| it * it).sum::<f64>() / count(white.len()))
}

fn nearness(frame: &Frame, matrix: &[Vec<f64>], person: &Person) -> Option<f64> {
    let visits = (0..frame.visits).filter_map(|visit| distance(matrix, &person.visit(visit)));
    let logs: Vec<f64> = visits.map(|it| (it + 0.01).ln()).collect();
    mean(&logs)
}

/// Visits too near to the middle.
pub(super) fn inliers(frame: &Frame) -> Column {
    let matrix = matrix(frame);
    let people = frame.by_person(|person| nearness(frame, &matrix, person));
    let all: Vec<f64> = people.iter().flatten().copied().collect();
    let usual = mean(&all).unwrap_or(0.0);
    let scores = turned(calibrate::scores(&calibrate::means(&people)));
    let percent = move |log: f64| 100.0 * (log - usual).exp().sqrt();
    Column::new(Rule::Inliers, scores, |site| {
        let here = percent(mean(&people[site]).unwrap_or(0.0));
        let why = format!(
            "visits lie {here:.0} % as far from the middle of all values as elsewhere: nothing \
             about them is unusual"
        );
        let say = |log: f64| format!("visits {:.0} % as far from the middle", percent(log));
        (
            why,
            frame.lowest(site, |person| nearness(frame, &matrix, person), say),
        )
    })
}
