//! Range checks (ODM 1.3.2 3.1.1.3.6.4, 2.0 RangeCheck): comparisons with listed values. What a
//! formal expression asks for is not computed.

use std::cmp::Ordering;

use fhir::Decimal;

use crate::odm::tree::Element;

/// Values of a check that are compared, at most.
const VALUES_MAX: usize = 1000;

/// What is said of a value that a check does not let through.
pub(super) fn broken(check: &Element, data_type: &str, value: &str) -> Option<String> {
    // The check of a where clause is about another item.
    if check.attribute("ItemOID").is_some() {
        return None;
    }
    let comparator = check.attribute("Comparator")?;
    let limits = check.all("CheckValue").take(VALUES_MAX);
    let limits: Vec<String> = limits.map(Element::text).collect();
    if limits.is_empty() || passes(comparator, data_type, value, &limits)? {
        return None;
    }
    let hardness = match check.attribute("SoftHard") {
        Some("Hard") => "hard",
        _ => "soft",
    };
    Some(format!(
        "the value does not pass a {hardness} range check ({comparator})"
    ))
}

/// `None`: values of this type are not compared.
fn passes(comparator: &str, data_type: &str, value: &str, limits: &[String]) -> Option<bool> {
    let against = |limit: &str| compare(data_type, value, limit);
    let first = limits.first()?;
    Some(match comparator {
        "LT" => against(first)? == Ordering::Less,
        "LE" => against(first)? != Ordering::Greater,
        "GT" => against(first)? == Ordering::Greater,
        "GE" => against(first)? != Ordering::Less,
        "EQ" => against(first)? == Ordering::Equal,
        "NE" => against(first)? != Ordering::Equal,
        "IN" => limits
            .iter()
            .any(|one| against(one) == Some(Ordering::Equal)),
        "NOTIN" => limits
            .iter()
            .all(|one| against(one) != Some(Ordering::Equal)),
        _ => return None,
    })
}

fn compare(data_type: &str, value: &str, limit: &str) -> Option<Ordering> {
    match data_type {
        "integer" | "float" | "double" | "decimal" => {
            let key = |text: &str| Decimal::parse(text.trim()).map(|number| number.sort_key());
            Some(key(value)?.cmp(&key(limit)?))
        }
        // Complete ones without zones order as their texts do.
        "date" | "time" | "datetime" => {
            let is_plain = value.len() == limit.len() && !value.contains(['Z', '+']);
            is_plain.then(|| value.cmp(limit))
        }
        "text" | "string" => Some(value.cmp(limit)),
        _ => (value == limit).then_some(Ordering::Equal),
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
            let found = broken(&check, data_type, value);
            assert_eq!(
                found.is_none(),
                passes,
                "{comparator} {data_type} {value} {limits}"
            );
        }
    }
}
