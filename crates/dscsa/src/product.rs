//! What a product is: FD&C Act 581(26)(A) to (D).

use serde::{Deserialize, Serialize};

use crate::Missing;
use crate::error::{DscsaError, field};
use crate::party::text;

/// The sheet of a product.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Product {
    /// GTIN-14.
    pub gtin: String,
    /// The proprietary or established name.
    pub name: String,
    /// As `100 mg`.
    pub strength: String,
    /// As `tablet`.
    pub dosage_form: String,
    /// The National Drug Code with or without its dashes; empty: the one in the GTIN.
    pub ndc: String,
    /// As `30 tablets`.
    pub container_size: String,
    /// The manufacturer, as on the label.
    pub manufacturer: String,
    /// Active ingredients, as Form FDA 3911 asks; may be empty.
    pub ingredients: String,
}

impl Product {
    /// Refuses a sheet that cannot be used, and completes what follows from the number.
    pub fn checked(mut self) -> Result<Self, DscsaError> {
        for (name, value) in [
            ("name", &self.name),
            ("strength", &self.strength),
            ("dosage_form", &self.dosage_form),
            ("container_size", &self.container_size),
            ("manufacturer", &self.manufacturer),
            ("ingredients", &self.ingredients),
        ] {
            text(name, value)?;
        }
        self.gtin = gs1::gtin::normal(&self.gtin)
            .map_err(|defect| field("gtin", format!("{defect}: 8, 12, 13 or 14 digits")))?;
        if self.name.trim().is_empty() {
            return Err(field("name", "a product has a name"));
        }
        if self.ndc.is_empty()
            && let Some(code) = gs1::gtin::national_drug_code(&self.gtin)
        {
            code.clone_into(&mut self.ndc);
        }
        if !self.ndc.is_empty() {
            let digits = self.ndc.bytes().filter(u8::is_ascii_digit).count();
            let rest = self
                .ndc
                .bytes()
                .filter(|it| !it.is_ascii_digit() && *it != b'-');
            // Ten digits, from 2033 on twelve (21 CFR 207.33); eleven where payers write them.
            if !(10..=12).contains(&digits) || rest.count() > 0 {
                return Err(field("ndc", "10 to 12 digits, with or without dashes"));
            }
        }
        Ok(self)
    }

    /// What papers ask for and the sheet does not have; `at` is where the sheet stands.
    pub(crate) fn missing(&self, at: &str) -> Vec<Missing> {
        let asked = [
            ("name", &self.name),
            ("strength", &self.strength),
            ("dosage_form", &self.dosage_form),
            ("ndc", &self.ndc),
            ("container_size", &self.container_size),
        ];
        let empty = asked.iter().filter(|(_, value)| value.trim().is_empty());
        empty
            .map(|(name, _)| {
                let remedy = "the maker writes it into the sheet: POST /packs/master-data/products";
                Missing::new(format!("{at}/{name}"), remedy)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_is_checked_and_its_drug_code_follows_from_its_number() {
        let sheet = |gtin: &str, ndc: &str| Product {
            gtin: gtin.into(),
            ndc: ndc.into(),
            name: "Epcistra".into(),
            ..Product::default()
        };
        let own = sheet("0301430957019", "").checked().unwrap();
        assert_eq!(own.gtin, "00301430957019");
        assert_eq!(own.ndc, "0143095701");
        assert_eq!(sheet("09506000134352", "").checked().unwrap().ndc, "");
        assert!(sheet("09506000134352", "0001-0123-45").checked().is_ok());
        for (gtin, ndc, at) in [
            ("09506000134353", "", "gtin"),
            ("", "", "gtin"),
            ("09506000134352", "12-34", "ndc"),
            ("09506000134352", "0001 0123 45", "ndc"),
        ] {
            let refused = sheet(gtin, ndc).checked().unwrap_err().to_string();
            assert!(refused.starts_with(at), "{refused}");
        }
    }
}
