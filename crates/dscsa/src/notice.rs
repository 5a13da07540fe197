//! The notice of illegitimate product: the data of Form FDA 3911, and until when it is due.
//!
//! FD&C Act 582(b)(4)(B), (c)(4)(B), (d)(4)(B): the Food and Drug Administration and the trading
//! partners concerned are told within 24 hours after a product was found illegitimate. The numbers
//! of the items are those of the form's edition 8/15.

use serde::{Deserialize, Serialize};

use crate::error::{DscsaError, field};
use crate::party::text;
use crate::{Missing, Party, Product};

/// From the finding to the notice.
pub const DUE_US: i64 = 24 * 3_600 * 1_000_000;
/// Longest description.
const DESCRIPTION_CHARS_MAX: usize = 4_000;

/// What is reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Report {
    /// The first notice.
    #[default]
    InitialNotification,
    /// More about one.
    FollowUpNotification,
    /// It is no longer needed: 582(c)(4)(B)(iv).
    RequestForTermination,
}

/// Item 5: what an illegitimate product is (581(8)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Classification {
    /// Made by somebody else than it says.
    Counterfeit,
    /// Out of its channel.
    Diverted,
    /// Stolen.
    Stolen,
    /// Spoiled on purpose.
    IntentionallyAdulterated,
    /// With false papers.
    FraudulentTransaction,
    /// Dangerous for another reason.
    UnfitForDistribution,
}

/// The packs of one notice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// Item 14: their serial numbers.
    pub serials: Vec<String>,
    /// Item 15: their lots.
    pub lots: Vec<String>,
    /// Item 16: their last days, `YYYY-MM-DD`.
    pub expiries: Vec<String>,
}

/// What people add to what the node knows. All of it may come later.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Told {
    /// Item 2: given by the agency when it got the first notice.
    pub incident_number: String,
    /// Item 5.
    pub classification: Option<Classification>,
    /// Item 8: as the list of the form has it, such as `human use`.
    pub drug_use: String,
    /// Item 9: as the list of the form has it.
    pub drug_description: String,
    /// Item 17: what happened.
    pub description: String,
    /// Item 18: why the notice is no longer needed.
    pub termination: String,
    /// Item 19: what else was sent to the agency, such as `MedWatch 3500`.
    pub also_reported: Vec<String>,
    /// Item 23: the person who answers questions.
    pub contact: String,
}

impl Told {
    /// Refuses what no form can carry.
    pub fn check(&self) -> Result<(), DscsaError> {
        for (name, value) in [
            ("incident_number", &self.incident_number),
            ("drug_use", &self.drug_use),
            ("drug_description", &self.drug_description),
            ("contact", &self.contact),
        ] {
            text(name, value)?;
        }
        for (name, value) in [
            ("description", &self.description),
            ("termination", &self.termination),
        ] {
            let is_control = |it: char| it.is_control() && it != '\n';
            if value.chars().count() > DESCRIPTION_CHARS_MAX || value.chars().any(is_control) {
                let reason = format!("at most {DESCRIPTION_CHARS_MAX} signs, none for control");
                return Err(field(name, reason));
            }
        }
        if self.also_reported.len() > 8 {
            return Err(field("also_reported", "at most 8"));
        }
        for value in &self.also_reported {
            text("also_reported", value)?;
        }
        Ok(())
    }
}

/// The data of a Form FDA 3911, by the words of its items.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// Item 1.
    pub type_of_report: Report,
    /// Item 2; empty in a first notice.
    pub incident_number: String,
    /// Item 3, `YYYY-MM-DD`; empty: this is the first one.
    pub date_of_initial_notification: String,
    /// Item 4, `YYYY-MM-DD`.
    pub date_determined: String,
    /// Item 5.
    pub classification: Option<Classification>,
    /// Item 6, or `Multiple`.
    pub product_name: String,
    /// Item 7, or `Multiple`.
    pub primary_ingredients: String,
    /// Item 8.
    pub drug_use: String,
    /// Item 9.
    pub drug_description: String,
    /// Item 10, or `Multiple`.
    pub strength: String,
    /// Item 11, or `Multiple`.
    pub dosage_form: String,
    /// Item 12.
    pub quantity: Quantity,
    /// Item 13.
    pub ndc_numbers: Vec<String>,
    /// Items 14 to 16.
    pub subject: Subject,
    /// Item 17.
    pub description: String,
    /// Item 18.
    pub termination: String,
    /// Item 19.
    pub also_reported: Vec<String>,
    /// Item 20.
    pub company: Party,
    /// What the company is in the trade.
    pub company_roles: Vec<String>,
    /// Item 23.
    pub contact: String,
}

/// Item 12.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quantity {
    /// How many.
    pub number: usize,
    /// Of what.
    pub unit: String,
}

/// The days of a notice, `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug)]
pub struct Days<'a> {
    /// When the product was found illegitimate; empty: not yet.
    pub determined: &'a str,
    /// When the first notice went; empty: not yet.
    pub notified: &'a str,
}

impl Notice {
    /// Fills in what is known.
    pub fn of(
        report: Report,
        days: Days<'_>,
        (products, subject): (&[Product], Subject),
        (company, roles): (&Party, &[&str]),
        told: &Told,
    ) -> Self {
        let one = |of: fn(&Product) -> &str| {
            let mut values = products.iter().map(of);
            let first = values.next().unwrap_or_default().to_owned();
            if values.all(|it| it == first) {
                first
            } else {
                "Multiple".to_owned()
            }
        };
        let mut ndc: Vec<String> = products.iter().map(|it| it.ndc.clone()).collect();
        ndc.retain(|it| !it.is_empty());
        ndc.sort();
        ndc.dedup();
        let number = subject.serials.len();
        Self {
            type_of_report: report,
            incident_number: told.incident_number.clone(),
            date_of_initial_notification: days.notified.to_owned(),
            date_determined: days.determined.to_owned(),
            classification: told.classification,
            product_name: one(|it| &it.name),
            primary_ingredients: one(|it| &it.ingredients),
            drug_use: told.drug_use.clone(),
            drug_description: told.drug_description.clone(),
            strength: one(|it| &it.strength),
            dosage_form: one(|it| &it.dosage_form),
            quantity: Quantity {
                number,
                unit: if number == 1 { "pack" } else { "packs" }.to_owned(),
            },
            ndc_numbers: ndc,
            subject,
            description: told.description.clone(),
            termination: told.termination.clone(),
            also_reported: told.also_reported.clone(),
            company: company.clone(),
            company_roles: roles.iter().map(|it| (*it).to_owned()).collect(),
            contact: told.contact.clone(),
        }
    }

    /// What the form asks for and is not filled in, by the numbers of its items.
    pub fn missing(&self) -> Vec<Missing> {
        let first = self.type_of_report == Report::InitialNotification;
        let ends = self.type_of_report == Report::RequestForTermination;
        let sheet = "POST /packs/master-data/products";
        let told = "POST /packs/notices/{event}";
        let mut rows = vec![
            ("4 date determined", self.date_determined.is_empty(), told),
            ("5 classification", self.classification.is_none(), told),
            ("6 name of product", self.product_name.is_empty(), sheet),
            ("8 drug use", self.drug_use.is_empty(), told),
            ("9 drug description", self.drug_description.is_empty(), told),
            ("10 strength", self.strength.is_empty(), sheet),
            ("11 dosage form", self.dosage_form.is_empty(), sheet),
            (
                "15 lot numbers",
                self.subject.lots.is_empty(),
                "POST /packs/trace",
            ),
            (
                "16 expiration dates",
                self.subject.expiries.is_empty(),
                "POST /packs/trace",
            ),
            ("23 contact", self.contact.is_empty(), told),
        ];
        if !first {
            let incident = self.incident_number.is_empty();
            rows.push(("2 incident number", incident, told));
            let initial = self.date_of_initial_notification.is_empty();
            rows.push(("3 date of initial notification", initial, told));
        }
        if ends {
            rows.push(("18 why it ends", self.termination.is_empty(), told));
        } else {
            rows.push(("17 description", self.description.is_empty(), told));
        }
        let open = rows.into_iter().filter(|(_, is_open, _)| *is_open);
        let mut missing: Vec<Missing> = open
            .map(|(item, _, remedy)| Missing::new(item, remedy))
            .collect();
        missing.extend(self.company.missing("20 company", "this organisation"));
        missing
    }
}

/// Where a quarantine stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Clock {
    /// Suspect: the clock starts when it is found illegitimate.
    Waiting,
    /// Illegitimate, and nobody was told yet.
    Running,
    /// 24 hours are over, and nobody was told.
    Overdue,
    /// The agency was told.
    Notified,
    /// The end of the notice was asked for.
    EndAsked,
    /// The notice has ended, or the product was cleared.
    Ended,
}

/// Times of a quarantine, microseconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// When it was found illegitimate.
    pub determined_us: Option<i64>,
    /// When the agency was told.
    pub notified_us: Option<i64>,
    /// When the end was asked for.
    pub end_asked_us: Option<i64>,
    /// When it ended, or the product was cleared.
    pub ended_us: Option<i64>,
}

impl Times {
    /// Until when the notice is due.
    pub fn due_us(&self) -> Option<i64> {
        self.determined_us.map(|at| at.saturating_add(DUE_US))
    }

    /// Where the quarantine stands at a time.
    pub fn clock(&self, now_us: i64) -> Clock {
        match (self.ended_us, self.end_asked_us, self.notified_us) {
            (Some(_), _, _) => Clock::Ended,
            (None, Some(_), _) => Clock::EndAsked,
            (None, None, Some(_)) => Clock::Notified,
            (None, None, None) => match self.due_us() {
                None => Clock::Waiting,
                Some(due_us) if now_us > due_us => Clock::Overdue,
                Some(_) => Clock::Running,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(name: &str) -> Product {
        Product {
            name: name.into(),
            strength: "100 mg".into(),
            dosage_form: "tablet".into(),
            ndc: format!("0001-0123-4{}", name.len()),
            ..Product::default()
        }
    }

    fn notice(report: Report, products: &[Product]) -> Notice {
        let subject = Subject {
            serials: vec!["A".into()],
            ..Subject::default()
        };
        let days = Days {
            determined: "2026-11-26",
            notified: "",
        };
        let company = Party::default();
        Notice::of(
            report,
            days,
            (products, subject),
            (&company, &["dispenser"]),
            &Told::default(),
        )
    }

    #[test]
    fn a_notice_names_what_is_missing() {
        let made = notice(Report::InitialNotification, &[product("Epcistra")]);
        assert_eq!(made.quantity.unit, "pack");
        let missing = made.missing();
        let named: Vec<&str> = missing.iter().map(|it| &*it.field).collect();
        for item in [
            "5 classification",
            "8 drug use",
            "15 lot numbers",
            "20 company/name",
        ] {
            assert!(named.contains(&item), "{item}: {named:?}");
        }
        assert!(!named.contains(&"2 incident number"), "{named:?}");
        assert!(!named.contains(&"6 name of product"), "{named:?}");
        let end = notice(Report::RequestForTermination, &[]).missing();
        let named: Vec<&str> = end.iter().map(|it| &*it.field).collect();
        for item in ["2 incident number", "6 name of product", "18 why it ends"] {
            assert!(named.contains(&item), "{item}: {named:?}");
        }
    }

    #[test]
    fn several_products_are_told_as_multiple() {
        let made = notice(Report::default(), &[product("Epcistra"), product("Other")]);
        assert_eq!(made.product_name, "Multiple");
        assert_eq!(made.strength, "100 mg");
        assert_eq!(made.ndc_numbers.len(), 2);
    }

    #[test]
    fn the_clock_runs_for_a_day_from_the_finding() {
        let at = |determined_us, notified_us| Times {
            determined_us,
            notified_us,
            ..Times::default()
        };
        for (times, now_us, clock) in [
            (at(None, None), 0, Clock::Waiting),
            (at(Some(5), None), 5 + DUE_US, Clock::Running),
            (at(Some(5), None), 6 + DUE_US, Clock::Overdue),
            (at(Some(5), Some(9)), 6 + DUE_US, Clock::Notified),
        ] {
            assert_eq!(times.clock(now_us), clock, "{times:?}");
        }
        let asked = Times {
            end_asked_us: Some(10),
            ..at(Some(5), Some(9))
        };
        assert_eq!(asked.clock(11), Clock::EndAsked);
        let ended = Times {
            ended_us: Some(12),
            ..asked
        };
        assert_eq!(ended.clock(13), Clock::Ended);
        assert_eq!(at(None, None).due_us(), None);
    }
}
