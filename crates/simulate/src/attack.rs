//! What is done against a trade, by kind; each kind varies by the dice.

use supply::detect::{DAY_MS, MINUTE_MS};

use crate::plan::{AttackNo, ItemNo, Load, OrganisationNo, Plan, Shelf, Stock, What};
use crate::registry::Registry;
use crate::scanner::Label;

mod codes;
mod containers;
mod copies;
mod goods;
mod probing;
mod unseen;

/// Kinds of attacks.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// A fake with a serial number that nobody gave.
    Invented,
    /// A fake with a serial number near a real one.
    Guessed,
    /// A copy of a pack that lies elsewhere, and is dispensed later.
    CopyBefore,
    /// A copy of a pack that was dispensed elsewhere.
    CopyAfter,
    /// Several copies of one pack.
    CopyMany,
    /// A copy that is sent out in place of the true pack, which turns up later.
    CopyFirst,
    /// The number of a dispensed pack, out of the dustbin.
    Reused,
    /// Lot or expiry printed over.
    PrintedOver,
    /// Commissioned a second time.
    SecondCommissioning,
    /// Sold to, or by, somebody who is no partner, with papers.
    Diverted,
    /// Brought past the papers to somebody else.
    Skipped,
    /// Reported stolen, and sold.
    Stolen,
    /// Sold after its recall.
    RecalledSold,
    /// Sold after its last day.
    ExpiredSold,
    /// Sold though it was marked.
    MarkedSold,
    /// A case with other contents, or less.
    SwappedContents,
    /// Numbers of others, many a day.
    Harvesting,
    /// Numbers tried out, many a day.
    Guessing,
    /// Too warm or frozen on the way.
    ColdBroken,
    /// The same, and readings left away.
    ColdErased,
    /// The same, and other readings written.
    ColdForged,
    /// A copy that is the only one ever scanned.
    LonelyCopy,
    /// Partners with a consistent story.
    Colluding,
    /// A true pack with other contents.
    Refilled,
    /// Numbers of others, a few a day.
    SlowHarvesting,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 25] = [
        Self::Invented,
        Self::Guessed,
        Self::CopyBefore,
        Self::CopyAfter,
        Self::CopyMany,
        Self::CopyFirst,
        Self::Reused,
        Self::PrintedOver,
        Self::SecondCommissioning,
        Self::Diverted,
        Self::Skipped,
        Self::Stolen,
        Self::RecalledSold,
        Self::ExpiredSold,
        Self::MarkedSold,
        Self::SwappedContents,
        Self::Harvesting,
        Self::Guessing,
        Self::ColdBroken,
        Self::ColdErased,
        Self::ColdForged,
        Self::LonelyCopy,
        Self::Colluding,
        Self::Refilled,
        Self::SlowHarvesting,
    ];

    /// The kind as lowercase words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invented => "invented-serial",
            Self::Guessed => "guessed-serial",
            Self::CopyBefore => "copy-before-the-true-one",
            Self::CopyAfter => "copy-after-the-true-one",
            Self::CopyMany => "copies-of-one-pack",
            Self::CopyFirst => "copy-sent-first",
            Self::Reused => "reused-number",
            Self::PrintedOver => "printed-over",
            Self::SecondCommissioning => "second-commissioning",
            Self::Diverted => "diverted",
            Self::Skipped => "past-the-papers",
            Self::Stolen => "stolen",
            Self::RecalledSold => "recalled-sold",
            Self::ExpiredSold => "expired-sold",
            Self::MarkedSold => "marked-sold",
            Self::SwappedContents => "swapped-contents",
            Self::Harvesting => "harvesting",
            Self::Guessing => "guessing",
            Self::ColdBroken => "cold-chain-broken",
            Self::ColdErased => "cold-chain-erased",
            Self::ColdForged => "cold-chain-forged",
            Self::LonelyCopy => "lonely-copy",
            Self::Colluding => "colluding-partners",
            Self::Refilled => "refilled",
            Self::SlowHarvesting => "slow-harvesting",
        }
    }

    /// The kind of a word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Whether the rules claim to see it (`docs/reference/detection.md`).
    pub fn is_claimed(self) -> bool {
        let unseen = [
            Self::ColdErased,
            Self::ColdForged,
            Self::LonelyCopy,
            Self::Colluding,
            Self::Refilled,
            Self::SlowHarvesting,
        ];
        !unseen.contains(&self)
    }

    /// Whether what is wrong is that the pack is recalled, expired or marked.
    pub(crate) fn is_about_such_packs(self) -> bool {
        matches!(
            self,
            Self::RecalledSold | Self::ExpiredSold | Self::MarkedSold
        )
    }

    /// Whether it is about whoever asks, and not about packs.
    pub(crate) fn is_about_questions(self) -> bool {
        matches!(
            self,
            Self::Harvesting | Self::Guessing | Self::SlowHarvesting
        )
    }
}

/// Plans one attack of a kind; nothing where the wave has no pack left for it.
pub(crate) fn plan(kind: Kind, plan: &mut Plan) -> Option<()> {
    match kind {
        Kind::ColdBroken | Kind::ColdErased | Kind::ColdForged => {
            containers::warm(kind, plan);
            Some(())
        }
        Kind::Harvesting => {
            probing::harvesting(plan);
            Some(())
        }
        Kind::SlowHarvesting => {
            probing::slowly(plan);
            Some(())
        }
        Kind::Invented => codes::invented(plan),
        Kind::Guessed => codes::guessed(plan),
        Kind::PrintedOver => codes::printed_over(plan),
        Kind::SecondCommissioning => codes::second_commissioning(plan),
        Kind::CopyBefore => copies::before(plan),
        Kind::CopyAfter => copies::after(plan),
        Kind::CopyMany => copies::many(plan),
        Kind::CopyFirst => copies::first(plan),
        Kind::Reused => copies::reused(plan),
        Kind::Diverted => goods::diverted(plan),
        Kind::Skipped => goods::skipped(plan),
        Kind::Stolen => goods::stolen(plan),
        Kind::RecalledSold => goods::recalled(plan),
        Kind::ExpiredSold => goods::expired(plan),
        Kind::MarkedSold => goods::marked(plan),
        Kind::SwappedContents => containers::swapped(plan),
        Kind::Guessing => probing::guessing(plan),
        Kind::LonelyCopy => unseen::lonely(plan),
        Kind::Colluding => unseen::colluding(plan),
        Kind::Refilled => unseen::refilled(plan),
    }
}

/// So many packs are looked at for one that suits.
const VICTIMS_MAX: usize = 50;
/// The longest that an attack takes.
const GOOD_DAYS: u64 = 130;

impl Plan {
    /// Any pack that lies at a pharmacy and may be sold for long.
    fn victim(&mut self) -> Option<Stock> {
        for _ in 0..VICTIMS_MAX {
            let at = self.dice.place(self.stock.len());
            let stock = self.stock.get(at)?;
            let until_ms = stock.at_ms + GOOD_DAYS * DAY_MS;
            let is_good = self.is_good_at(stock.lot, until_ms);
            if is_good && !self.recalled.contains_key(&stock.lot) {
                return Some(self.stock.swap_remove(at));
            }
        }
        None
    }

    /// Any pack that lies at a wholesaler.
    fn shelved(&mut self) -> Option<Shelf> {
        if self.shelf.is_empty() {
            return None;
        }
        let at = self.dice.place(self.shelf.len());
        Some(self.shelf.swap_remove(at))
    }

    /// Some time after, from hours to weeks.
    fn later(&mut self, than_ms: u64) -> u64 {
        than_ms + self.dice.between(6 * 60, 20 * 24 * 60) * MINUTE_MS
    }

    /// A thing that looks like this pack.
    fn copy_of(&mut self, item: ItemNo) -> ItemNo {
        let label = self.items[item].label.clone();
        self.item(label, false)
    }

    fn fake(&mut self, label: Label) -> ItemNo {
        self.item(label, false)
    }

    /// A fake comes into the trade: at a pharmacy, or by one or two wholesalers. Answers when it
    /// was to be dispensed, and by whom.
    fn enters(
        &mut self,
        attack: AttackNo,
        item: ItemNo,
        at_ms: u64,
        not_at: Option<OrganisationNo>,
    ) -> (u64, OrganisationNo) {
        let pharmacy = self.other_pharmacy(not_at.unwrap_or(usize::MAX));
        let hops = self.dice.below(3);
        let mut at_ms = at_ms;
        let mut holder = pharmacy;
        let mut through = Vec::new();
        for hop in 0..hops {
            let wholesaler = self.third_wholesaler(holder, not_at);
            if hop == 0 && self.dice.in_1000(500) {
                // Bought from somebody of whom no paper tells.
                self.receives(attack, wholesaler, item, at_ms);
                at_ms += self.dice.between(300, 3_000) * MINUTE_MS;
            }
            if hop > 0 {
                at_ms = self.passes(attack, (holder, wholesaler), item, at_ms);
            }
            through.push(wholesaler);
            holder = wholesaler;
        }
        if hops > 0 {
            at_ms = self.passes(attack, (holder, pharmacy), item, at_ms);
        } else if self.dice.in_1000(300) {
            self.receives(attack, pharmacy, item, at_ms);
            at_ms += self.dice.between(60, 3_000) * MINUTE_MS;
        }
        if self.dice.in_1000(300) {
            self.deed(at_ms, pharmacy, What::Verify(item), Some(attack));
            at_ms += self.dice.between(5, 5_000) * MINUTE_MS;
        }
        self.deed(at_ms, pharmacy, What::Dispense(item), Some(attack));
        through.push(pharmacy);
        self.proven(item, through, at_ms);
        (at_ms, pharmacy)
    }

    /// Neither who has it nor who has the true one.
    fn third_wholesaler(
        &mut self,
        than: OrganisationNo,
        nor: Option<OrganisationNo>,
    ) -> OrganisationNo {
        loop {
            let drawn = self.other_wholesaler(than);
            if Some(drawn) != nor {
                return drawn;
            }
        }
    }

    fn receives(&mut self, attack: AttackNo, by: OrganisationNo, item: ItemNo, at_ms: u64) {
        let load = Load::Items(vec![item]);
        let log = Vec::new();
        self.deed(at_ms, by, What::Receive { load, log }, Some(attack));
    }

    /// Sent and received; answers when it is there.
    fn passes(
        &mut self,
        attack: AttackNo,
        (from, to): (OrganisationNo, OrganisationNo),
        item: ItemNo,
        at_ms: u64,
    ) -> u64 {
        let load = Load::Items(vec![item]);
        self.deed(at_ms, from, What::Ship { load, to }, Some(attack));
        let come_ms = at_ms + self.dice.between(5 * 60, 40 * 60) * MINUTE_MS;
        self.receives(attack, to, item, come_ms);
        come_ms + self.dice.between(60, 3_000) * MINUTE_MS
    }

    /// Of a hundred fakes somebody proves twenty-five, days later.
    fn proven(&mut self, item: ItemNo, through: Vec<OrganisationNo>, at_ms: u64) {
        if !self.dice.in_1000(250) {
            return;
        }
        let at_ms = at_ms + self.dice.between(3, 10) * DAY_MS;
        let agency = Registry::agency();
        self.does(at_ms, agency, What::Prove { item, through });
        let code = self.code(item);
        let finding = "illegitimate";
        self.does(at_ms, agency, What::Mark { code, finding });
    }
}
