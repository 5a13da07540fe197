//! Last digits. Nature does not prefer any; people who read a dial round, and people who invent
//! numbers avoid what looks round (Mosimann, Dahlberg, Davidian, Krueger 2002).

use super::Column;
use crate::calibrate::{self, Measure};
use crate::finding::{Evidence, Rule};
use crate::frame::Frame;
use crate::robust::{count, width};
use crate::study::Kind;

type Digits = [usize; 10];

/// Digits that the same rounding gives: to 1 or to 2; rounding to 5 or 10 gives neither.
const CLASSES: [[usize; 4]; 2] = [[2, 4, 6, 8], [1, 3, 7, 9]];
/// Fewer digits than this in a class say nothing.
const DIGITS_MIN: usize = 8;
/// So many shares of rounded readings count, those that are farthest from the other sites.
const SHARES: usize = 4;
/// Values that spread less than this, in units of the last digit, have the digits of their middle.
const DIGITS_WIDE: f64 = 6.0;

/// For each item that people read, the last digits at each site.
fn last_digits(frame: &Frame) -> Vec<(usize, Vec<Digits>)> {
    let read = frame
        .numbered()
        .filter(|(_, item)| item.kind == Kind::Reading);
    let counted = read.map(|(at, item)| {
        let sites = frame.study.sites.iter().map(|site| {
            let mut digits = [0; 10];
            let visits = site.subjects.iter().flat_map(|it| &it.visits);
            for value in visits.filter_map(|it| *it.values.get(at)?) {
                if let Some(digit) = value.last_digit(item.decimals) {
                    digits[usize::from(digit)] += 1;
                }
            }
            digits
        });
        (at, sites.collect())
    });
    counted.collect()
}

/// Whether values spread over so many last digits that none is nearer to the middle than another.
fn is_wide(frame: &Frame, item: usize) -> bool {
    let subjects = frame.study.sites.iter().flat_map(|it| &it.subjects);
    let values = subjects
        .flat_map(|it| &it.visits)
        .filter_map(|it| *it.values.get(item)?);
    let numbers: Vec<f64> = values.map(|it| it.number).collect();
    let unit = 10_f64.powi(-i32::from(frame.study.items[item].decimals.min(9)));
    width(&numbers).is_some_and(|it| it >= DIGITS_WIDE * unit)
}

/// The digits of all sites but one.
fn others(sites: &[Digits], but: usize) -> Digits {
    let mut sum = [0; 10];
    for (_, digits) in sites.iter().enumerate().filter(|(at, _)| *at != but) {
        for (all, one) in sum.iter_mut().zip(digits) {
            *all += one;
        }
    }
    sum
}

/// Within each class the digits are compared with those of the other sites by chi-square, on a
/// scale where it is nearly normal (Wilson and Hilferty 1931).
pub(super) fn preference(frame: &Frame) -> Column {
    let mut items = last_digits(frame);
    items.retain(|(item, _)| is_wide(frame, *item));
    let measure = |site: usize| {
        let (mut squares, mut freedom) = (0.0, 0.0);
        for (_, sites) in &items {
            let rest = others(sites, site);
            for class in CLASSES {
                let pick = |digits: &Digits| class.map(|digit| digits[digit]);
                let (here, there) = (pick(&sites[site]), pick(&rest));
                let (n, of) = (here.iter().sum::<usize>(), there.iter().sum::<usize>());
                if n < DIGITS_MIN || there.iter().any(|it| *it < DIGITS_MIN) {
                    continue;
                }
                let square = |(here, there): (&usize, &usize)| {
                    let expected = count(n) * count(*there) / count(of);
                    (count(*here) - expected).powi(2) / expected
                };
                squares += here.iter().zip(&there).map(square).sum::<f64>();
                freedom += 3.0;
            }
        }
        (freedom > 0.0).then(|| Measure {
            estimate: (squares / freedom).cbrt() - (1.0 - 2.0 / (9.0 * freedom)),
            variance: 2.0 / (9.0 * freedom),
        })
    };
    let measures: Vec<_> = (0..frame.sites.len()).map(measure).collect();
    let scores = calibrate::scores(&measures);
    Column::new(Rule::DigitPreference, scores, |site| {
        tell(frame, &items, site)
    })
}

fn tell(frame: &Frame, items: &[(usize, Vec<Digits>)], site: usize) -> (String, Vec<Evidence>) {
    let mut most: Option<(f64, String)> = None;
    for (item, sites) in items {
        let rest = others(sites, site);
        let [n, of] = [&sites[site], &rest].map(|digits| count(digits.iter().sum::<usize>()));
        for digit in 0..10 {
            let (here, there) = (count(sites[site][digit]), count(rest[digit]) / of.max(1.0));
            let far = (here - n * there) / (n * there * (1.0 - there)).sqrt().max(1.0);
            if most.as_ref().is_none_or(|(best, _)| far.abs() > best.abs()) {
                let name = &frame.study.items[*item].name;
                let (here, there) = (100.0 * here / n.max(1.0), 100.0 * there);
                let words = format!(
                    "last digit {digit} of {name}: {here:.0} % of {n:.0} readings, elsewhere \
                     {there:.0} %"
                );
                most = Some((far, words));
            }
        }
    }
    let words = most.map_or_else(String::new, |(_, words)| words);
    let why = format!("last digits differ from those of other sites: {words}");
    (why, Vec::new())
}

/// How many readings end in 0 or 5, and how many of the others are even; each item and both
/// shares on their own, for honest sites round one item and not another.
pub(super) fn rounding(frame: &Frame) -> Column {
    let items = last_digits(frame);
    let mut all = Vec::new();
    for (_, sites) in &items {
        let sum = |digits: &Digits, of: &[usize]| of.iter().map(|it| digits[*it]).sum::<usize>();
        let fives = sites.iter().map(|it| (sum(it, &[0, 5]), it.iter().sum()));
        let even = sites.iter().map(|it| {
            let even = sum(it, &CLASSES[0]);
            (even, even + sum(it, &CLASSES[1]))
        });
        for shares in [fives.collect::<Vec<_>>(), even.collect()] {
            all.push(calibrate::scores(&calibrate::shares(&shares)));
        }
    }
    let scores = calibrate::farthest(&all, SHARES);
    Column::new(Rule::Rounding, scores, |site| {
        let share = |digits: &Digits| {
            let all = count(digits.iter().sum::<usize>()).max(1.0);
            100.0 * count(digits[0] + digits[5]) / all
        };
        let words: Vec<String> = items
            .iter()
            .map(|(item, sites)| {
                let name = &frame.study.items[*item].name;
                let (here, rest) = (share(&sites[site]), share(&others(sites, site)));
                format!("{name} {here:.0} % (elsewhere {rest:.0} %)")
            })
            .collect();
        let words = words.join(", ");
        (format!("readings that end in 0 or 5: {words}"), Vec::new())
    })
}
