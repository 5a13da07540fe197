//! Simple types: a base and facets, or a union of others (XML Schema part 2).

use std::sync::OnceLock;

use regex::Regex;

use super::{Tables, lexical};

pub(super) enum Simple {
    Restriction {
        base: &'static str,
        /// The values allowed, where they are listed.
        values: Vec<&'static str>,
        facets: Vec<Facet>,
    },
    Union(Vec<&'static str>),
}

pub(super) enum Facet {
    Pattern(&'static str, OnceLock<Option<Regex>>),
    MinLength(usize),
    MaxLength(usize),
    MinInclusive(i64),
    MaxInclusive(i64),
}

/// Bases on bases, at most so many.
const DEPTH_MAX: usize = 16;

pub(super) fn restriction(base: &'static str, facets: &[&'static str]) -> Simple {
    let values = facets.iter().filter_map(|one| one.strip_prefix('='));
    Simple::Restriction {
        base,
        values: values.collect(),
        facets: facets.iter().flat_map(|one| facet(one)).collect(),
    }
}

fn facet(text: &'static str) -> Vec<Facet> {
    if let Some(pattern) = text.strip_prefix('~') {
        return vec![Facet::Pattern(pattern, OnceLock::new())];
    }
    let Some((name, value)) = text.split_once(' ') else {
        return Vec::new();
    };
    let length: usize = value.parse().unwrap_or(0);
    let bound: i64 = value.parse().unwrap_or(0);
    match name {
        "minLength" => vec![Facet::MinLength(length)],
        "maxLength" => vec![Facet::MaxLength(length)],
        "length" => vec![Facet::MinLength(length), Facet::MaxLength(length)],
        "minInclusive" => vec![Facet::MinInclusive(bound)],
        "maxInclusive" => vec![Facet::MaxInclusive(bound)],
        _ => Vec::new(),
    }
}

impl Simple {
    /// The types that it names.
    #[cfg(test)]
    pub(super) fn uses(&self) -> Vec<&'static str> {
        match self {
            Self::Restriction { base, .. } => vec![base],
            Self::Union(members) => members.clone(),
        }
    }
}

impl Tables {
    /// What is wrong with a value of this type; it does not quote it.
    pub(crate) fn fault(&self, of_type: &str, value: &str) -> Option<String> {
        self.fault_at(of_type, value, 0)
    }

    /// The built-in type at the bottom of a type; a union has none.
    pub(crate) fn builtin(&self, of_type: &str) -> Option<&str> {
        let mut name = self
            .simples
            .get_key_value(of_type)
            .map_or("", |(name, _)| *name);
        if name.is_empty() {
            return lexical::BUILTINS
                .iter()
                .find(|known| **known == of_type)
                .copied();
        }
        for _ in 0..DEPTH_MAX {
            match self.simples.get(name) {
                Some(Simple::Restriction { base, .. }) => name = base,
                Some(Simple::Union(_)) => return None,
                None => return Some(name),
            }
        }
        None
    }

    /// Equal for equal values (XML Schema part 2, 2.2): `+5` and `5` are one number.
    pub(crate) fn canonical(&self, of_type: &str, value: &str) -> String {
        let builtin = self.builtin(of_type).unwrap_or("xs:string");
        let value = lexical::collapsed(builtin, value);
        match builtin {
            "xs:integer" | "xs:positiveInteger" | "xs:nonNegativeInteger" => {
                let sign = if value.starts_with('-') { "-" } else { "" };
                let digits = value.trim_start_matches(['+', '-']).trim_start_matches('0');
                match digits {
                    "" => "0".to_owned(),
                    digits => format!("{sign}{digits}"),
                }
            }
            _ => value.into_owned(),
        }
    }

    fn fault_at(&self, of_type: &str, value: &str, depth: usize) -> Option<String> {
        if depth > DEPTH_MAX {
            return Some("a type that is nested too deep".to_owned());
        }
        match self.simples.get(of_type) {
            None => lexical::fault(of_type, value),
            Some(Simple::Union(members)) => {
                let faults = members
                    .iter()
                    .map(|one| self.fault_at(one, value, depth + 1));
                faults
                    .collect::<Option<Vec<_>>>()
                    .map(|_| format!("not of the type {of_type}"))
            }
            Some(Simple::Restriction {
                base,
                values,
                facets,
            }) => {
                if let Some(fault) = self.fault_at(base, value, depth + 1) {
                    return Some(match *base {
                        "xs:string" => fault,
                        _ => format!("not of the type {of_type}: {fault}"),
                    });
                }
                let builtin = self.builtin(base).unwrap_or("xs:string");
                let value = lexical::collapsed(builtin, value);
                if !values.is_empty() && !values.contains(&&*value) {
                    return Some(format!("must be one of: {}", values.join(", ")));
                }
                let mut broken = facets.iter().filter_map(|one| one.fault(builtin, &value));
                broken
                    .next()
                    .map(|fault| format!("not of the type {of_type}: {fault}"))
            }
        }
    }
}

impl Facet {
    fn fault(&self, builtin: &str, value: &str) -> Option<String> {
        match self {
            Self::Pattern(pattern, compiled) => {
                let whole = || Regex::new(&format!(r"\A(?:{pattern})\z")).ok();
                let regex = compiled.get_or_init(whole).as_ref();
                let is_match = regex.is_some_and(|regex| regex.is_match(value));
                (!is_match).then(|| "it does not have the form that the type asks for".to_owned())
            }
            Self::MinLength(min) if lexical::length(builtin, value) < *min => Some(match min {
                1 => "it must not be empty".to_owned(),
                _ => format!("shorter than {min}"),
            }),
            Self::MaxLength(max) if lexical::length(builtin, value) > *max => {
                Some(format!("longer than {max}"))
            }
            Self::MinInclusive(min) if number(value).is_none_or(|one| one < *min) => {
                Some(format!("less than {min}"))
            }
            Self::MaxInclusive(max) if number(value).is_none_or(|one| one > *max) => {
                Some(format!("more than {max}"))
            }
            _ => None,
        }
    }
}

fn number(value: &str) -> Option<i64> {
    value.trim_start_matches('+').parse().ok()
}
