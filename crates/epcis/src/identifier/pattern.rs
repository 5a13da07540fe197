//! Patterns of `MATCH_` parameters: an identifier, a class, or an EPC pattern with stars.
//! EPCIS 2.0 8.2.7.1.

use super::urn::{checked, company_prefix, gtin};
use super::{HOME, canonical_or_same};

/// What an identifier is compared with, in canonical form.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Pattern {
    /// This identifier.
    Exact(String),
    /// This class itself, or whatever stands under it (`.../01/<GTIN>` and `.../01/<GTIN>/21/...`).
    /// True if the serial number follows without a slash (GRAI, GDTI, GCN).
    Under(String, bool),
    /// A company's identifiers of one kind: the key begins with these digits, after one digit
    /// of another meaning where the second is 1.
    Company(&'static str, usize, String),
}

impl Pattern {
    /// Reads a parameter's value; anything that is no pattern is compared as it is.
    pub fn parse(text: &str) -> Self {
        let parsed = text
            .strip_prefix("urn:epc:idpat:")
            .and_then(|rest| rest.split_once(':'))
            .and_then(|(scheme, body)| {
                let parts: Vec<&str> = body.split('.').collect();
                stars(scheme, &parts)
            });
        parsed.unwrap_or_else(|| Self::Exact(canonical_or_same(text)))
    }

    /// Whether a canonical identifier is one of these.
    pub fn matches(&self, id: &str) -> bool {
        match self {
            Self::Exact(wanted) => id == wanted,
            Self::Under(class, is_joined) => id
                .strip_prefix(class.as_str())
                .is_some_and(|rest| *is_joined || rest.is_empty() || rest.starts_with('/')),
            Self::Company(ai, skip, digits) => id
                .strip_prefix(HOME)
                .and_then(|rest| rest.strip_prefix(ai))
                .and_then(|rest| rest.strip_prefix('/'))
                .and_then(|key| key.get(*skip..))
                .is_some_and(|key| key.starts_with(digits.as_str())),
        }
    }
}

fn stars(scheme: &str, parts: &[&str]) -> Option<Pattern> {
    let under = |path: String, is_joined| Some(Pattern::Under(format!("{HOME}{path}"), is_joined));
    let company = |ai, skip, digits: &str| {
        let digits = company_prefix(digits)?.to_owned();
        Some(Pattern::Company(ai, skip, digits))
    };
    match (scheme, parts) {
        ("sgtin" | "upui" | "lgtin", [maker, "*", "*"]) => company("01", 1, maker),
        ("sgtin" | "upui" | "lgtin", [maker, item, "*"]) => {
            under(format!("01/{}", gtin(maker, item)?), false)
        }
        ("sscc", [maker, "*"]) => company("00", 1, maker),
        ("sgln", [maker, "*", "*"]) => company("414", 0, maker),
        ("sgln", [maker, place, "*"]) => {
            under(format!("414/{}", checked(maker, place, 12)?), false)
        }
        ("pgln", [maker, "*"]) => company("417", 0, maker),
        ("grai", [maker, "*", "*"]) => company("8003", 1, maker),
        ("grai", [maker, kind, "*"]) => under(format!("8003/0{}", checked(maker, kind, 12)?), true),
        ("gdti", [maker, "*", "*"]) => company("253", 0, maker),
        ("gdti", [maker, kind, "*"]) => under(format!("253/{}", checked(maker, kind, 12)?), true),
        ("sgcn", [maker, "*", "*"]) => company("255", 0, maker),
        ("sgcn", [maker, kind, "*"]) => under(format!("255/{}", checked(maker, kind, 12)?), true),
        ("giai", [maker, "*"]) => company("8004", 0, maker),
        ("gsrn", [maker, "*"]) => company("8018", 0, maker),
        ("gsrnp", [maker, "*"]) => company("8017", 0, maker),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identifier::canonical;

    #[test]
    fn a_pattern_finds_its_identifiers_in_either_form() {
        let pack = canonical("urn:epc:id:sgtin:0614141.107346.2018").unwrap();
        for (pattern, is_found) in [
            ("urn:epc:id:sgtin:0614141.107346.2018", true),
            ("https://pharma.example/01/10614141073464/21/2018", true),
            ("urn:epc:idpat:sgtin:0614141.107346.*", true),
            ("urn:epc:idpat:sgtin:0614141.*.*", true),
            ("urn:epc:idpat:sgtin:0614141.107347.*", false),
            ("urn:epc:idpat:sgtin:0614142.*.*", false),
            ("urn:epc:id:sgtin:0614141.107346.201", false),
            ("urn:epc:idpat:sscc:0614141.*", false),
        ] {
            assert_eq!(
                Pattern::parse(pattern).matches(&pack),
                is_found,
                "{pattern}"
            );
        }
    }
}
