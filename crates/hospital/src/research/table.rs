//! What of a table of persons is told: no cell below a floor, and nothing that follows by
//! subtraction.
//!
//! Besides the cells there is one total. It is told only while every withheld cell may still have
//! any number below the floor; so it is itself what is withheld first, before a large cell is.

use serde::Serialize;

/// A cell of the table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Cell {
    /// The sex.
    pub sex: &'static str,
    /// The band of ages.
    pub ages: &'static str,
    /// How many; `None`: fewer than the floor, none perhaps.
    pub persons: Option<u64>,
}

/// The answer to a count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Every cell that the question is about.
    pub cells: Vec<Cell>,
    /// Everybody; `None`: it would tell of a withheld cell.
    pub total: Option<u64>,
    /// Those in the cells that are told.
    pub at_least: u64,
}

/// The numbers that are told, and the total. `total` is that of a question about the whole grid;
/// a question about a part of it has none: with those of the other parts it could be subtracted
/// from the whole.
pub(super) fn told(
    counts: &[u64],
    total: Option<u64>,
    floor: u64,
) -> (Vec<Option<u64>>, Option<u64>) {
    let told: Vec<Option<u64>> = counts
        .iter()
        .map(|count| (*count >= floor).then_some(*count))
        .collect();
    let withheld = told.iter().filter(|it| it.is_none()).count() as u64;
    let sum = told.iter().flatten().sum::<u64>();
    if withheld == 0 {
        return (told, Some(sum));
    }
    let most = i128::from(floor.saturating_sub(1));
    // From the rest alone, one cell has at least `rest` without what all others may have, and at
    // most `rest`. Both bounds must say nothing.
    let says_nothing = |total: &u64| {
        let rest = i128::from(*total) - i128::from(sum);
        rest >= most && rest <= most * i128::from(withheld - 1)
    };
    (told, total.filter(says_nothing))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    /// All tables of so many cells with numbers below a bound.
    fn tables(cells: u32, below: u64) -> impl Iterator<Item = Vec<u64>> {
        (0..below.pow(cells)).map(move |number| {
            let digit = |at: u32| number / below.pow(at) % below;
            (0..cells).map(digit).collect()
        })
    }

    /// By brute force: whoever knows the rules, and one answer, solves for all tables that give it.
    #[test]
    fn no_answer_narrows_what_a_withheld_cell_may_be() {
        for (cells, floor, below) in [(1, 4, 9), (2, 4, 9), (3, 4, 8), (4, 3, 6), (5, 3, 5)] {
            let mut by_answer: BTreeMap<_, Vec<Vec<u64>>> = BTreeMap::new();
            for table in tables(cells, below) {
                let answer = told(&table, Some(table.iter().sum()), floor);
                by_answer.entry(answer).or_default().push(table);
            }
            let mut totals = 0;
            for ((answer, total), tables) in by_answer {
                totals += u32::from(total.is_some() && answer.contains(&None));
                for (at, count) in answer.iter().enumerate() {
                    let may_be: BTreeSet<u64> = tables.iter().map(|it| it[at]).collect();
                    let expected: BTreeSet<u64> = match count {
                        Some(count) => [*count].into(),
                        None => (0..floor).collect(),
                    };
                    assert_eq!(may_be, expected, "{answer:?} {total:?} cell {at}");
                }
            }
            // The rule is not empty: totals are told beside withheld cells.
            assert_eq!(totals > 0, cells > 1, "{cells} cells");
        }
    }

    /// The same for whoever asks about the whole grid of two sexes and two bands, each sex, each
    /// band and each cell, and puts all answers together.
    #[test]
    fn nor_do_the_answers_about_all_parts_of_the_grid_together() {
        const FLOOR: u64 = 3;
        const PARTS: [&[usize]; 8] = [&[0, 1], &[2, 3], &[0, 2], &[1, 3], &[0], &[1], &[2], &[3]];
        let mut by_answers: BTreeMap<_, Vec<Vec<u64>>> = BTreeMap::new();
        for table in tables(4, 6) {
            let whole = told(&table, Some(table.iter().sum()), FLOOR);
            let part = |cells: &&[usize]| {
                let counts: Vec<u64> = cells.iter().map(|at| table[*at]).collect();
                told(&counts, None, FLOOR)
            };
            let parts: Vec<_> = PARTS.iter().map(part).collect();
            by_answers.entry((whole, parts)).or_default().push(table);
        }
        for (((answer, total), _), tables) in by_answers {
            for (at, count) in answer.iter().enumerate().filter(|it| it.1.is_none()) {
                let may_be: BTreeSet<u64> = tables.iter().map(|it| it[at]).collect();
                let all: BTreeSet<u64> = (0..FLOOR).collect();
                assert_eq!(may_be, all, "{answer:?} {total:?} cell {at} {count:?}");
            }
        }
    }

    #[test]
    fn a_table_without_small_cells_has_its_total() {
        let all = (vec![Some(11), Some(40)], Some(51));
        assert_eq!(told(&[11, 40], Some(51), 11), all);
        assert_eq!(told(&[11, 40], None, 11), all);
        // One small cell: the total would be that cell.
        assert_eq!(told(&[10, 40], Some(50), 11), (vec![None, Some(40)], None));
        // Two empty ones beside it, and nothing follows only once the rest is large enough.
        assert_eq!(told(&[9, 0, 0], Some(9), 11).1, None);
        assert_eq!(told(&[9, 4, 0], Some(13), 11).1, Some(13));
        assert_eq!(told(&[10, 10, 10], Some(30), 11).1, None);
    }
}
