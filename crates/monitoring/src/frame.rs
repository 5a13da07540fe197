//! The values of a study side by side: each less the middle of its item at its visit, in widths of
//! the item, so that blood pressures and potassium compare.

use crate::finding::{EVIDENCE_MAX, Evidence};
use crate::robust::{count, mean, median, quantile, variance, width};
use crate::study::{Item, Moment, Study, Subject};

/// Further from the middle, a value counts as this far: a typing error is no cluster of values.
const FARTHEST: f64 = 4.0;
/// An item whose upper half is so much wider than its lower is looked at in logarithms.
const SKEWED: f64 = 0.2;
/// Fewer values of an item than this have no middle.
const VALUES_MIN: usize = 20;

/// A study, laid out.
pub(crate) struct Frame<'a> {
    pub(crate) study: &'a Study,
    pub(crate) items: usize,
    pub(crate) visits: usize,
    pub(crate) sites: Vec<Vec<Person<'a>>>,
}

/// A participant, laid out.
pub(crate) struct Person<'a> {
    pub(crate) subject: &'a Subject,
    /// By item, then by planned visit.
    pub(crate) values: Vec<Vec<Option<f64>>>,
    /// The mean of an item over the visits.
    pub(crate) means: Vec<Option<f64>>,
    /// When each planned visit was.
    pub(crate) at: Vec<Option<Moment>>,
}

impl Person<'_> {
    /// The variance of an item from visit to visit.
    pub(crate) fn unrest(&self, item: usize) -> Option<f64> {
        let values: Vec<f64> = self.values[item].iter().flatten().copied().collect();
        (values.len() > 2).then(|| variance(&values)).flatten()
    }

    /// What the values of a visit are, item by item.
    pub(crate) fn visit(&self, visit: usize) -> Vec<Option<f64>> {
        self.values.iter().map(|item| item[visit]).collect()
    }

    /// Evidence about all of it.
    pub(crate) fn evidence(&self, seen: String) -> Evidence {
        Evidence {
            subject: self.subject.id.clone(),
            visit: None,
            seen,
        }
    }
}

impl<'a> Frame<'a> {
    pub(crate) fn new(study: &'a Study) -> Self {
        let (items, visits) = (study.items.len(), study.plan.len());
        let lay = |subject: &'a Subject| lay_out(subject, items, visits);
        let sites = study.sites.iter();
        let mut frame = Self {
            study,
            items,
            visits,
            sites: sites
                .map(|it| it.subjects.iter().map(lay).collect())
                .collect(),
        };
        for item in 0..items {
            frame.standardise(item);
        }
        for person in frame.sites.iter_mut().flatten() {
            let known = |item: &Vec<Option<f64>>| {
                let values: Vec<f64> = item.iter().flatten().copied().collect();
                mean(&values)
            };
            person.means = person.values.iter().map(known).collect();
        }
        frame
    }

    fn column(&self, item: usize, visit: Option<usize>) -> Vec<f64> {
        let people = self.sites.iter().flatten();
        let values = people.flat_map(|person| person.values[item].iter().enumerate());
        let here = values.filter(|(at, _)| visit.is_none_or(|visit| visit == *at));
        here.filter_map(|(_, value)| *value).collect()
    }

    fn each(&mut self, item: usize, change: impl Fn(usize, f64) -> Option<f64>) {
        for person in self.sites.iter_mut().flatten() {
            for (visit, value) in person.values[item].iter_mut().enumerate() {
                *value = value.and_then(|value| change(visit, value));
            }
        }
    }

    fn standardise(&mut self, item: usize) {
        let all = self.column(item, None);
        if all.len() < VALUES_MIN {
            return self.each(item, |_, _| None);
        }
        if is_skewed(&all) {
            self.each(item, |_, value| (value > 0.0).then(|| value.ln()));
        }
        let middle = median(&self.column(item, None)).unwrap_or(0.0);
        let middles: Vec<f64> = (0..self.visits)
            .map(|visit| median(&self.column(item, Some(visit))).unwrap_or(middle))
            .collect();
        self.each(item, |visit, value| Some(value - middles[visit]));
        let rest = self.column(item, None);
        let wide = width(&rest).filter(|it| *it > 0.0);
        let wide = wide
            .or_else(|| variance(&rest).map(f64::sqrt))
            .unwrap_or(0.0);
        if wide <= 0.0 {
            return self.each(item, |_, _| None);
        }
        self.each(item, |_, value| {
            Some((value / wide).clamp(-FARTHEST, FARTHEST))
        });
    }

    /// The items, numbered.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (usize, &'a Item)> {
        self.study.items.iter().enumerate()
    }

    /// A number for each participant of each site; none for those of whom there is none.
    pub(crate) fn by_person(&self, number: impl Fn(&Person) -> Option<f64>) -> Vec<Vec<f64>> {
        let of_site = |site: &Vec<Person>| site.iter().filter_map(&number).collect();
        self.sites.iter().map(of_site).collect()
    }

    /// The participants of a site for whom a number is lowest, with words for it.
    pub(crate) fn lowest(
        &self,
        site: usize,
        number: impl Fn(&Person) -> Option<f64>,
        say: impl Fn(f64) -> String,
    ) -> Vec<Evidence> {
        let people = self.sites[site].iter();
        let mut known: Vec<(f64, &Person)> =
            people.filter_map(|it| Some((number(it)?, it))).collect();
        known.sort_by(|a, b| a.0.total_cmp(&b.0));
        let few = known.into_iter().take(EVIDENCE_MAX);
        few.map(|(number, person)| person.evidence(say(number)))
            .collect()
    }
}

/// Whether the numbers are positive and reach farther up than down.
fn is_skewed(values: &[f64]) -> bool {
    let [low, middle, high] = [0.1, 0.5, 0.9].map(|at| quantile(values, at).unwrap_or(0.0));
    let positive = quantile(values, 0.0).is_some_and(|least| least > 0.0);
    positive && high > low && (high + low - 2.0 * middle) / (high - low) > SKEWED
}

fn lay_out(subject: &Subject, items: usize, visits: usize) -> Person<'_> {
    let mut person = Person {
        subject,
        values: vec![vec![None; visits]; items],
        means: Vec::new(),
        at: vec![None; visits],
    };
    for visit in &subject.visits {
        // A visit that no plan has, or that stands there twice, is not laid out.
        if visit.planned >= visits || person.at[visit.planned].is_some() {
            continue;
        }
        person.at[visit.planned] = visit.at;
        for (item, value) in visit.values.iter().enumerate().take(items) {
            let number = value.map(|it| it.number).filter(|it| it.is_finite());
            person.values[item][visit.planned] = number;
        }
    }
    person
}

/// Two rows of values: the mean squared distance over what both have, if that is enough.
pub(crate) fn distance<'b>(
    pairs: impl Iterator<Item = (&'b Option<f64>, &'b Option<f64>)>,
    least: usize,
) -> Option<f64> {
    let (mut sum, mut known) = (0.0, 0);
    for (one, other) in pairs {
        if let (Some(one), Some(other)) = (one, other) {
            sum += (one - other).powi(2);
            known += 1;
        }
    }
    (known >= least.max(1)).then(|| sum / count(known))
}
