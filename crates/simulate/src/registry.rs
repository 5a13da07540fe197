//! Who is in the trade, and where: the part of a trade that everybody knows.

use std::collections::BTreeMap;

use gs1::check_digit;
use gs1::fault::Layout;
use serde::{Deserialize, Serialize};
use supply::Roles;
use supply::detect::Place;

use crate::dice::Dice;

/// An organisation with one place and one kind of desk.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Organisation {
    /// Its name in the consortium.
    pub id: String,
    /// What it may do; empty for one that is no partner of the trade.
    pub roles: Vec<String>,
    /// Its place, as GS1 names it.
    pub gln: String,
    /// North, in millionths of a degree.
    pub latitude_e6: i32,
    /// East, in millionths of a degree.
    pub longitude_e6: i32,
    /// The keyboard of its desk: `german`, `french`, `italian`, `spanish` or `british`.
    pub keyboard: String,
    /// Whether its scanners send the symbology identifier.
    pub names_symbology: bool,
}

impl Organisation {
    /// Where it is.
    pub fn place(&self) -> Place {
        Place {
            latitude_e6: self.latitude_e6,
            longitude_e6: self.longitude_e6,
        }
    }

    /// What it may do, if it is a partner.
    fn partner(&self) -> Option<Roles> {
        let roles = self.roles.iter().filter_map(|word| Roles::of_word(word));
        let roles = roles.fold(Roles::NONE, Roles::and);
        (!roles.is_empty()).then_some(roles)
    }

    /// The keyboard of its desk.
    pub(crate) fn layout(&self) -> Layout {
        let named = LAYOUTS.iter().find(|(word, _)| *word == self.keyboard);
        named.map_or(Layout::German, |(_, layout)| *layout)
    }
}

const LAYOUTS: [(&str, Layout); 5] = [
    ("german", Layout::German),
    ("french", Layout::French),
    ("italian", Layout::Italian),
    ("spanish", Layout::Spanish),
    ("british", Layout::British),
];

/// Everybody, in the order of their kinds.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Registry {
    /// All organisations.
    pub organisations: Vec<Organisation>,
}

/// So many of each kind.
pub(crate) const MAKERS: usize = 5;
pub(crate) const WHOLESALERS: usize = 8;
pub(crate) const PHARMACIES: usize = 40;
pub(crate) const OUTSIDERS: usize = 4;

impl Registry {
    /// The organisations of a seed, somewhere between Lisbon and Helsinki.
    pub(crate) fn of_seed(seed: u64) -> Self {
        let mut dice = Dice::new(seed, 1);
        let kinds: [(&str, &[&str], usize); 5] = [
            ("maker", &["maker", "wholesaler"], MAKERS),
            ("wholesaler", &["wholesaler"], WHOLESALERS),
            ("pharmacy", &["dispenser"], PHARMACIES),
            ("agency", &["regulator"], 1),
            ("shop", &[], OUTSIDERS),
        ];
        let mut organisations = Vec::new();
        for (kind, roles, count) in kinds {
            for number in 1..=count {
                let body = format!("4{:011}", organisations.len() + 95_060_001);
                let check = check_digit::of(&body).unwrap_or('0');
                organisations.push(Organisation {
                    id: format!("{kind}-{number}"),
                    roles: roles.iter().map(|&word| word.to_owned()).collect(),
                    gln: format!("{body}{check}"),
                    latitude_e6: coordinate(38_000_000, &mut dice, 22_000_000),
                    longitude_e6: coordinate(-9_000_000, &mut dice, 33_000_000),
                    keyboard: dice.pick(&LAYOUTS).0.to_owned(),
                    names_symbology: dice.in_1000(800),
                });
            }
        }
        Self { organisations }
    }

    /// The partners and their roles.
    pub fn partners(&self) -> BTreeMap<String, Roles> {
        let partners = self.organisations.iter();
        partners
            .filter_map(|one| Some((one.id.clone(), one.partner()?)))
            .collect()
    }

    /// By its name.
    pub fn named(&self, id: &str) -> Option<&Organisation> {
        self.organisations.iter().find(|one| one.id == id)
    }

    /// A maker, as a place in the list.
    pub(crate) fn maker(dice: &mut Dice) -> usize {
        dice.place(MAKERS)
    }

    pub(crate) fn wholesaler(dice: &mut Dice) -> usize {
        MAKERS + dice.place(WHOLESALERS)
    }

    pub(crate) fn pharmacy(dice: &mut Dice) -> usize {
        MAKERS + WHOLESALERS + dice.place(PHARMACIES)
    }

    pub(crate) fn agency() -> usize {
        MAKERS + WHOLESALERS + PHARMACIES
    }

    pub(crate) fn outsider(dice: &mut Dice) -> usize {
        Self::agency() + 1 + dice.place(OUTSIDERS)
    }
}

fn coordinate(from_e6: i32, dice: &mut Dice, width_e6: u64) -> i32 {
    let more = i32::try_from(dice.below(width_e6)).unwrap_or(0);
    from_e6.saturating_add(more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_reads_back_and_outsiders_are_no_partners() {
        let registry = Registry::of_seed(3);
        let text = serde_json::to_string(&registry).unwrap();
        assert_eq!(serde_json::from_str::<Registry>(&text).unwrap(), registry);
        let partners = registry.partners();
        assert_eq!(partners.len(), registry.organisations.len() - OUTSIDERS);
        assert!(!partners.contains_key("shop-1"));
        assert!(gs1::check_digit::holds(&registry.organisations[0].gln));
    }
}
