//! Which endpoint of one list is which of another.

use super::Endpoint;
use super::words::{shared, words};

/// Names less alike than this are different endpoints.
pub const LIKENESS_LEAST_PER_MILLE: u16 = 600;

/// How an endpoint was found again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Match {
    /// It has the same id.
    Id,
    /// Its name has the same words.
    Name,
    /// Its name is alike: that has to be looked at by a person.
    Likeness {
        /// How alike, of 1000.
        per_mille: u16,
    },
}

/// A pair: places in both lists, and how they were found.
pub(super) type Pair = (usize, usize, Match);

/// Finds the pairs: first by id, then by the words of the name, then by likeness, the most alike
/// first. What decides between equals is the id, never the order of a list.
pub(super) fn pairs(left: &[&Endpoint], right: &[&Endpoint]) -> Vec<Pair> {
    let mut open_left: Vec<usize> = (0..left.len()).collect();
    let mut open_right: Vec<usize> = (0..right.len()).collect();
    open_left.sort_by_key(|at| &left[*at].id);
    open_right.sort_by_key(|at| &right[*at].id);
    let mut found = Vec::new();
    take(&mut open_left, &mut open_right, &mut found, |one, other| {
        (left[one].id == right[other].id).then_some(Match::Id)
    });
    let of = |list: &[&Endpoint]| -> Vec<Vec<String>> {
        list.iter().map(|endpoint| words(&endpoint.name)).collect()
    };
    let (left_words, right_words) = (of(left), of(right));
    take(&mut open_left, &mut open_right, &mut found, |one, other| {
        let words = &left_words[one];
        (!words.is_empty() && *words == right_words[other]).then_some(Match::Name)
    });
    let mut alike = Vec::new();
    for (place_left, one) in open_left.iter().enumerate() {
        for (place_right, other) in open_right.iter().enumerate() {
            let per_mille = shared(&left_words[*one], &right_words[*other]);
            if per_mille >= LIKENESS_LEAST_PER_MILLE {
                alike.push((1000 - per_mille, place_left, place_right));
            }
        }
    }
    alike.sort_unstable();
    let (mut used_left, mut used_right) = (Vec::new(), Vec::new());
    for (unlike, place_left, place_right) in alike {
        if used_left.contains(&place_left) || used_right.contains(&place_right) {
            continue;
        }
        used_left.push(place_left);
        used_right.push(place_right);
        let per_mille = 1000 - unlike;
        let by = Match::Likeness { per_mille };
        found.push((open_left[place_left], open_right[place_right], by));
    }
    found
}

/// Takes each of the one list with the first of the other that fits.
fn take(
    left: &mut Vec<usize>,
    right: &mut Vec<usize>,
    found: &mut Vec<Pair>,
    fit: impl Fn(usize, usize) -> Option<Match>,
) {
    left.retain(|one| {
        let mut others = right.iter().enumerate();
        let pair = others.find_map(|(place, other)| Some((place, fit(*one, *other)?)));
        let Some((place, by)) = pair else {
            return true;
        };
        let other = right.remove(place);
        found.push((*one, other, by));
        false
    });
}
