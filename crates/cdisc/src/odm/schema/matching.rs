//! Whether the children of an element follow its content model. The models are deterministic
//! (XML Schema 3.8.6, Unique Particle Attribution), so the next child decides, without going back.

use super::model::{Particle, Term};

/// The result: types that the model itself gives to children, and where it stopped.
pub(crate) struct Matched {
    /// By child: the type, where the model says one.
    pub(crate) types: Vec<Option<&'static str>>,
    /// The first child that does not fit (or the end), and what could have stood there.
    pub(crate) misfit: Option<(usize, Vec<&'static str>)>,
}

/// Matches the names of children; `None` stands for a name that the schema does not know.
pub(crate) fn matched(model: &Particle, children: &[Option<&str>]) -> Matched {
    let mut matcher = Matcher {
        children,
        at: 0,
        types: vec![None; children.len()],
        expected: Vec::new(),
        expected_at: 0,
    };
    let is_whole = matcher.particle(model) && matcher.at == children.len();
    let misfit = (!is_whole).then(|| {
        let is_here = matcher.expected_at == matcher.at;
        let mut expected = if is_here {
            matcher.expected
        } else {
            Vec::new()
        };
        expected.dedup();
        (matcher.at, expected)
    });
    Matched {
        types: matcher.types,
        misfit,
    }
}

/// True where at most one element of this name may stand.
pub(super) fn is_single(model: &Particle, name: &str) -> bool {
    most(model, name) == Some(1)
}

fn most(particle: &Particle, name: &str) -> Option<usize> {
    let once = match &particle.term {
        Term::Element(known, _) => Some(usize::from(*known == name)),
        Term::Any(_) => Some(0),
        Term::All(parts) => {
            let each = parts.iter().map(|part| most(part, name));
            each.sum::<Option<usize>>()
        }
        Term::One(parts) => {
            let each: Option<Vec<usize>> = parts.iter().map(|part| most(part, name)).collect();
            each.map(|each| each.into_iter().max().unwrap_or(0))
        }
    }?;
    if once == 0 {
        Some(0)
    } else {
        particle.max.map(|max| max.saturating_mul(once))
    }
}

struct Matcher<'a> {
    children: &'a [Option<&'a str>],
    at: usize,
    types: Vec<Option<&'static str>>,
    /// Names that could have stood at `expected_at`.
    expected: Vec<&'static str>,
    expected_at: usize,
}

impl Matcher<'_> {
    /// False: a child is missing or does not fit at `at`.
    fn particle(&mut self, particle: &Particle) -> bool {
        let mut count = 0;
        while particle.max.is_none_or(|max| count < max) {
            let before = self.at;
            if count >= particle.min && !self.starts(&particle.term) {
                self.wanted(&particle.term);
                return true;
            }
            if !self.term(&particle.term) {
                return false;
            }
            if self.at == before {
                return true;
            }
            count += 1;
        }
        true
    }

    fn term(&mut self, term: &Term) -> bool {
        match term {
            Term::Element(_, of_type) => {
                if !self.starts(term) {
                    self.wanted(term);
                    return false;
                }
                if let Some(slot) = self.types.get_mut(self.at) {
                    *slot = *of_type;
                }
                self.at += 1;
                true
            }
            Term::Any(_) => {
                let is_there = self.starts(term);
                self.at += usize::from(is_there);
                is_there
            }
            Term::All(parts) => parts.iter().all(|part| self.particle(part)),
            Term::One(parts) => {
                if let Some(part) = parts.iter().find(|part| self.starts(&part.term)) {
                    return self.particle(part);
                }
                self.wanted(term);
                parts.iter().any(is_nullable)
            }
        }
    }

    /// True where the next child can be the first of this term.
    fn starts(&self, term: &Term) -> bool {
        let Some(next) = self.children.get(self.at) else {
            return false;
        };
        begins(term, *next)
    }

    fn wanted(&mut self, term: &Term) {
        if self.expected_at != self.at {
            self.expected.clear();
            self.expected_at = self.at;
        }
        firsts(term, &mut self.expected);
    }
}

fn begins(term: &Term, next: Option<&str>) -> bool {
    match term {
        Term::Element(name, _) => Some(*name) == next,
        // A prefix and a colon; ODM's own names have none.
        Term::Any(but) => !next.is_some_and(|name| {
            let of = name.split_once(':').map_or("", |(prefix, _)| prefix);
            *but == Some(of)
        }),
        Term::One(parts) => parts.iter().any(|part| begins(&part.term, next)),
        Term::All(parts) => {
            for part in parts {
                if begins(&part.term, next) {
                    return true;
                }
                if !is_nullable(part) {
                    return false;
                }
            }
            false
        }
    }
}

fn is_nullable(particle: &Particle) -> bool {
    particle.min == 0
        || match &particle.term {
            Term::Element(..) | Term::Any(_) => false,
            Term::All(parts) => parts.iter().all(is_nullable),
            Term::One(parts) => parts.iter().any(is_nullable),
        }
}

fn firsts(term: &Term, into: &mut Vec<&'static str>) {
    match term {
        Term::Element(name, _) => into.push(name),
        Term::Any(_) => {}
        Term::One(parts) => parts.iter().for_each(|part| firsts(&part.term, into)),
        Term::All(parts) => {
            for part in parts {
                firsts(&part.term, into);
                if !is_nullable(part) {
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::model;
    use super::*;

    fn misfit(text: &'static str, children: &str) -> Option<(usize, Vec<&'static str>)> {
        let names: Vec<Option<&str>> = children.split_whitespace().map(Some).collect();
        matched(&model::read(text), &names).misfit
    }

    #[test]
    fn children_fit_or_the_first_that_does_not_is_named() {
        for (text, children) in [
            ("A? B* C", "C"),
            ("A? B* C", "A B B C"),
            ("(A? B?)+ C?", "B A B B A C"),
            ("(A? B?)+ C?", ""),
            ("(A* | B*)", "B B"),
            ("((A B?)+|C)", "A A B A"),
            ("K K A", "K K A"),
            ("-", ""),
            ("(A|#other=d)+", "A x A"),
        ] {
            assert_eq!(
                misfit(text.replace(" | ", "|").leak(), children),
                None,
                "{text}: {children}"
            );
        }
        for (text, children, at, expected) in [
            ("A? B* C", "A B", 2, vec!["B", "C"]),
            ("A? B* C", "B A C", 1, vec!["B", "C"]),
            ("A? B* C", "A C C", 2, vec![]),
            ("(A*|B*)", "A B", 1, vec!["A"]),
            ("K K A", "K A", 1, vec!["K"]),
            ("A{1,2}", "A A A", 2, vec![]),
            ("-", "A", 0, vec![]),
            ("A #other=d*", "A x d:y", 2, vec![]),
        ] {
            assert_eq!(
                misfit(text, children),
                Some((at, expected)),
                "{text}: {children}"
            );
        }
    }

    #[test]
    fn how_often_a_child_may_stand_follows_from_the_model() {
        let model = model::read("A? B* (C|D C) (E? F?)+ K K");
        for (name, single) in [("A", true), ("B", false), ("E", false), ("K", false)] {
            assert_eq!(is_single(&model, name), single, "{name}");
        }
    }
}
