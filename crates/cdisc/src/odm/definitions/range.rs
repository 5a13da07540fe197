//! Range checks (ODM 1.3.2 3.1.1.3.6.4, 2.0 RangeCheck): comparisons with listed values. What a
//! formal expression asks for is not computed.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use fhir::Decimal;

use crate::odm::tree::Element;

/// Range checks of an item that are computed, at most.
const CHECKS_MAX: usize = 16;

/// A value as it is compared.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Value {
    /// By worth.
    Number(Vec<u8>),
    Text(String),
}

/// One range check.
pub(super) struct Check<'d> {
    comparator: &'d str,
    is_hard: bool,
    /// All comparators but two look at one value.
    first: Value,
    all: BTreeSet<Value>,
}

impl Value {
    /// `None`: a number that is too long to be compared.
    pub(super) fn of(data_type: &str, text: &str) -> Option<Self> {
        match data_type {
            "integer" | "float" | "double" | "decimal" => {
                let number = Decimal::parse(text.trim())?;
                Some(Self::Number(number.sort_key()))
            }
            _ => Some(Self::Text(text.to_owned())),
        }
    }
}

/// The checks of an item that compare with listed values.
pub(super) fn checks<'d>(item: &'d Element, data_type: &str) -> Vec<Check<'d>> {
    let checks = item.all("RangeCheck").take(CHECKS_MAX);
    let checks = checks.filter_map(|check| {
        // The check of a where clause is about another item.
        if check.attribute("ItemOID").is_some() {
            return None;
        }
        let limits = check.all("CheckValue").map(Element::text);
        let limits = limits.filter_map(|one| Value::of(data_type, &one));
        let limits: Vec<Value> = limits.collect();
        Some(Check {
            comparator: check.attribute("Comparator")?,
            is_hard: check.attribute("SoftHard") == Some("Hard"),
            first: limits.first()?.clone(),
            all: limits.into_iter().collect(),
        })
    });
    checks.collect()
}

impl Check<'_> {
    /// What is said of a value that the check does not let through.
    pub(super) fn broken(&self, data_type: &str, value: &Value) -> Option<String> {
        if self.passes(data_type, value)? {
            return None;
        }
        let hardness = if self.is_hard { "hard" } else { "soft" };
        let comparator = self.comparator;
        Some(format!(
            "the value does not pass a {hardness} range check ({comparator})"
        ))
    }

    /// `None`: values of this type are not compared.
    fn passes(&self, data_type: &str, value: &Value) -> Option<bool> {
        let order = || compare(data_type, value, &self.first);
        Some(match self.comparator {
            "LT" => order()? == Ordering::Less,
            "LE" => order()? != Ordering::Greater,
            "GT" => order()? == Ordering::Greater,
            "GE" => order()? != Ordering::Less,
            "EQ" => *value == self.first,
            "NE" => *value != self.first,
            "IN" => self.all.contains(value),
            "NOTIN" => !self.all.contains(value),
            _ => return None,
        })
    }
}

fn compare(data_type: &str, value: &Value, limit: &Value) -> Option<Ordering> {
    match (value, limit) {
        (Value::Number(value), Value::Number(limit)) => Some(value.cmp(limit)),
        (Value::Text(value), Value::Text(limit)) => match data_type {
            // Complete ones without zones order as their texts do.
            "date" | "time" | "datetime" => {
                let is_plain = value.len() == limit.len() && !value.contains(['Z', '+']);
                is_plain.then(|| value.cmp(limit))
            }
            "text" | "string" => Some(value.cmp(limit)),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_comparator_compares_as_its_name_says() {
        for (comparator, data_type, value, limits, passes) in [
            ("LT", "integer", "9", "10", true),
            ("LT", "integer", "10", "10", false),
            ("LE", "float", "10.0", "10", true),
            ("GT", "float", "1.20", "1.3", false),
            ("GE", "date", "2024-01-02", "2024-01-01", true),
            ("EQ", "text", "Y", "Y", true),
            ("NE", "integer", "07", "7", false),
            ("IN", "text", "B", "A|B", true),
            ("NOTIN", "integer", "2", "1|2.0", false),
        ] {
            let mut check = Element::new("RangeCheck").with("Comparator", comparator);
            for limit in limits.split('|') {
                check = check.holding(Element::new("CheckValue").saying(limit));
            }
            let item = Element::new("ItemDef").holding(check);
            let checks = checks(&item, data_type);
            assert_eq!(checks.len(), 1);
            let value = Value::of(data_type, value).unwrap();
            let found = checks[0].broken(data_type, &value);
            assert_eq!(
                found.is_none(),
                passes,
                "{comparator} {data_type} {value:?} {limits}"
            );
        }
    }
}
