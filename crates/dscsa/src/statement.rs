//! The transaction statement: FD&C Act 581(27), and the statement about a direct purchase of
//! 582(c)(1)(A)(ii).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The namespace of the extensions of GS1 US.
pub(crate) const GS1_US: &str = "http://epcis.gs1us.org/hc/ns";
/// The guideline whose form documents have.
const GUIDELINE: &str = "GS1 US DSCSA R1.3";

/// What a seller's node found out about a transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one finding of the law"
)]
pub struct Grounds {
    /// The ledger has the seller as a partner of the trade.
    pub seller_is_authorized: bool,
    /// Every pack was made by the seller itself.
    pub made_here: bool,
    /// The ledger has everybody as a partner from whom the packs came.
    pub suppliers_are_authorized: bool,
    /// The papers of everybody from whom the packs came are here.
    pub has_papers: bool,
    /// The ledger has no finding against any of the packs.
    pub none_is_suspect: bool,
    /// Every pack is commissioned with this lot and expiry.
    pub facts_fit: bool,
    /// The events are what their leaves say.
    pub events_are_whole: bool,
}

/// One of the seven assertions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assertion {
    /// The letter of 581(27).
    pub letter: char,
    /// What is said.
    pub says: String,
    /// Whether it holds.
    pub holds: bool,
    /// What it rests on.
    pub basis: String,
}

/// From whom the packs of a transaction were bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Direct {
    /// All of them from their maker, or the seller is it.
    EntirelyDirect,
    /// Some of them.
    PartiallyDirect,
    /// None.
    NotDirect,
}

/// A transaction statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransactionStatement {
    /// Who makes it.
    pub seller: String,
    /// When, RFC 3339.
    pub made: String,
    /// Whether all seven hold: only then does the seller make the statement.
    pub affirmed: bool,
    /// The seven.
    pub assertions: Vec<Assertion>,
    /// From whom the packs were bought.
    pub direct_purchase: Direct,
}

impl TransactionStatement {
    /// Makes it of what was found. `direct` of `all` packs are from their maker.
    pub fn of(seller: &str, made: &str, found: Grounds, (direct, all): (usize, usize)) -> Self {
        let assertions = assertions(found);
        Self {
            seller: seller.to_owned(),
            made: made.to_owned(),
            affirmed: assertions.iter().all(|it| it.holds),
            assertions,
            direct_purchase: match direct {
                0 => Direct::NotDirect,
                some if some < all => Direct::PartiallyDirect,
                _ => Direct::EntirelyDirect,
            },
        }
    }

    /// One sentence for the header of a document.
    pub fn legal_notice(&self) -> String {
        if self.affirmed {
            return format!(
                "{} states what FD&C Act 581(27)(A) to (G) asks for this transaction.",
                self.seller
            );
        }
        let open = self.assertions.iter().filter(|it| !it.holds);
        let open: Vec<String> = open.map(|it| format!("({})", it.letter)).collect();
        format!(
            "{} makes no statement: FD&C Act 581(27){} is open.",
            self.seller,
            open.join(", ")
        )
    }

    /// About the purchase: 582(c)(1)(A)(ii)(I). None where nothing was bought from a maker.
    pub fn direct_statement(&self) -> Option<String> {
        let seller = &self.seller;
        match self.direct_purchase {
            Direct::EntirelyDirect => Some(format!(
                "{seller} made this product, or bought it directly from its maker."
            )),
            Direct::PartiallyDirect => Some(format!(
                "{seller} made a part of this product, or bought it directly from its maker."
            )),
            Direct::NotDirect => None,
        }
    }

    /// The members that an EPCIS document gets by the guideline of GS1 US.
    pub(crate) fn members(&self) -> Vec<(String, Value)> {
        let mut members = vec![
            ("gs1ushc:guidelineVersion".to_owned(), json!(GUIDELINE)),
            (
                "gs1ushc:dscsaTransactionStatement".to_owned(),
                json!({
                    "gs1ushc:affirmTransactionStatement": self.affirmed.to_string(),
                    "gs1ushc:legalNotice": self.legal_notice(),
                }),
            ),
        ];
        if let Some(text) = self.direct_statement() {
            members.push((
                "gs1ushc:directPurchase".to_owned(),
                json!({
                    "gs1ushc:qualifier": self.direct_purchase,
                    "gs1ushc:directPurchaseStatement": text,
                }),
            ));
        }
        members
    }
}

fn assertions(found: Grounds) -> Vec<Assertion> {
    let own = "the seller made every pack itself";
    let (bought, papers) = if found.made_here {
        (own, own)
    } else {
        (
            "the roles on the ledger of everybody who handed the packs to the seller",
            "the papers of everybody who handed the packs to the seller, as they are kept there",
        )
    };
    let rows = [
        (
            'A',
            "the seller is authorized",
            found.seller_is_authorized,
            "its role in the trade on the ledger",
        ),
        (
            'B',
            "the seller has the product from one who is authorized",
            found.made_here || found.suppliers_are_authorized,
            bought,
        ),
        (
            'C',
            "the seller got transaction information and statement from the owner before",
            found.made_here || found.has_papers,
            papers,
        ),
        (
            'D',
            "the seller knows of nothing suspect or illegitimate in it",
            found.none_is_suspect,
            "the findings on the ledger about each pack",
        ),
        (
            'E',
            "the seller has what it takes to verify product, and uses it",
            found.facts_fit,
            "each pack was compared with what its maker commissioned",
        ),
        (
            'F',
            "the seller gave no information that it knows to be false",
            found.facts_fit && found.events_are_whole,
            "lot and expiry are those on the ledger, the shipping is what was committed to",
        ),
        (
            'G',
            "the seller changed nothing in the history",
            found.events_are_whole,
            "every event has a leaf, and its receipt proves its bytes",
        ),
    ];
    let row = |(letter, says, holds, basis): (char, &str, bool, &str)| Assertion {
        letter,
        says: says.to_owned(),
        holds,
        basis: basis.to_owned(),
    };
    rows.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes one thing wrong.
    type Spoil = fn(&mut Grounds);

    fn all() -> Grounds {
        Grounds {
            seller_is_authorized: true,
            made_here: false,
            suppliers_are_authorized: true,
            has_papers: true,
            none_is_suspect: true,
            facts_fit: true,
            events_are_whole: true,
        }
    }

    #[test]
    fn nothing_is_stated_that_does_not_hold() {
        let made = TransactionStatement::of("Works", "2026-11-26T08:00:00Z", all(), (1, 1));
        assert!(made.affirmed);
        let letters: String = made.assertions.iter().map(|it| it.letter).collect();
        assert_eq!(letters, "ABCDEFG");
        let cases: [(Spoil, &str); 6] = [
            (|it| it.seller_is_authorized = false, "(A)"),
            (|it| it.suppliers_are_authorized = false, "(B)"),
            (|it| it.has_papers = false, "(C)"),
            (|it| it.none_is_suspect = false, "(D)"),
            (|it| it.facts_fit = false, "(E), (F)"),
            (|it| it.events_are_whole = false, "(F), (G)"),
        ];
        for (spoil, open) in cases {
            let mut found = all();
            spoil(&mut found);
            let made = TransactionStatement::of("Works", "2026-11-26T08:00:00Z", found, (0, 1));
            assert!(!made.affirmed);
            assert!(
                made.legal_notice().contains(open),
                "{}",
                made.legal_notice()
            );
        }
        // A maker has its packs from nobody.
        let own = Grounds {
            made_here: true,
            suppliers_are_authorized: false,
            has_papers: false,
            ..all()
        };
        let made = TransactionStatement::of("Works", "2026-11-26T08:00:00Z", own, (1, 1));
        assert!(made.affirmed);
    }

    #[test]
    fn a_direct_purchase_is_stated_of_what_came_from_the_maker() {
        for (direct, expected, is_stated) in [
            (0, Direct::NotDirect, false),
            (2, Direct::PartiallyDirect, true),
            (3, Direct::EntirelyDirect, true),
        ] {
            let made = TransactionStatement::of("Works", "", all(), (direct, 3));
            assert_eq!(made.direct_purchase, expected);
            assert_eq!(made.direct_statement().is_some(), is_stated);
        }
    }
}
