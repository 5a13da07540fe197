//! Names and addresses of businesses: FD&C Act 581(26)(I) and (J).

use serde::{Deserialize, Serialize};

use crate::Missing;
use crate::error::{DscsaError, field};

/// Longest text of a card.
pub const TEXT_CHARS_MAX: usize = 200;

/// The card of a business: what the papers say of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Party {
    /// The name of the business.
    pub name: String,
    /// Its Global Location Number, 13 digits; empty: it has none.
    pub gln: String,
    /// Street and number.
    pub street: String,
    /// The second line of it; may be empty.
    pub street_two: String,
    /// City.
    pub city: String,
    /// State, province or region.
    pub state: String,
    /// Postal code.
    pub postal_code: String,
    /// ISO 3166-1, two letters.
    pub country: String,
    /// Where partners write to.
    pub email: String,
    /// Where they call.
    pub phone: String,
}

/// A text of a card or of a form: short, and without control signs.
pub(crate) fn text(name: &'static str, value: &str) -> Result<(), DscsaError> {
    if value.chars().count() > TEXT_CHARS_MAX {
        return Err(field(name, format!("over {TEXT_CHARS_MAX} signs")));
    }
    if value.chars().any(char::is_control) {
        return Err(field(name, "control signs are not taken"));
    }
    Ok(())
}

/// Whether a text is a Global Location Number (GS1 General Specifications 3.7.9).
pub fn is_gln(text: &str) -> bool {
    text.len() == 13
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && gs1::check_digit::holds(text)
}

impl Party {
    /// Refuses a card that cannot be used; an incomplete one can be.
    pub fn check(&self) -> Result<(), DscsaError> {
        for (name, value) in [
            ("name", &self.name),
            ("street", &self.street),
            ("street_two", &self.street_two),
            ("city", &self.city),
            ("state", &self.state),
            ("postal_code", &self.postal_code),
            ("email", &self.email),
            ("phone", &self.phone),
        ] {
            text(name, value)?;
        }
        if self.name.trim().is_empty() {
            return Err(field("name", "a business has a name"));
        }
        if !self.gln.is_empty() && !is_gln(&self.gln) {
            return Err(field("gln", "13 digits, the last one the check digit"));
        }
        let country = self.country.as_bytes();
        if !country.is_empty()
            && (country.len() != 2 || !country.iter().all(u8::is_ascii_uppercase))
        {
            return Err(field("country", "two capital letters of ISO 3166-1"));
        }
        Ok(())
    }

    /// What papers ask for and the card does not have; `at` is where the card stands.
    pub(crate) fn missing(&self, at: &str, whose: &str) -> Vec<Missing> {
        let asked = [
            ("name", &self.name),
            ("street", &self.street),
            ("city", &self.city),
            ("state", &self.state),
            ("postal_code", &self.postal_code),
            ("country", &self.country),
        ];
        let empty = asked.iter().filter(|(_, value)| value.trim().is_empty());
        let remedy = format!("{whose} writes it into its card: POST /packs/master-data/party");
        empty
            .map(|(name, _)| Missing::new(format!("{at}/{name}"), &remedy))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes one thing wrong.
    type Spoil = fn(&mut Party);

    #[test]
    fn a_card_is_checked() {
        let good = Party {
            name: "Lake Works".into(),
            gln: "9506000134376".into(),
            country: "US".into(),
            ..Party::default()
        };
        assert_eq!(good.check(), Ok(()));
        let cases: [(&str, Spoil); 5] = [
            ("name", |it| it.name = " ".into()),
            ("gln", |it| it.gln = "9506000134377".into()),
            ("gln", |it| it.gln = "950600013437".into()),
            ("country", |it| it.country = "usa".into()),
            ("city", |it| it.city = "a\u{7}".into()),
        ];
        for (name, spoil) in cases {
            let mut card = good.clone();
            spoil(&mut card);
            let refused = card.check().unwrap_err();
            assert!(refused.to_string().starts_with(name), "{refused}");
        }
    }
}
