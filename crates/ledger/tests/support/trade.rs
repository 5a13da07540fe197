//! Packs as the tests name them, and a network of a whole trade.

use ledger::{Kind, OrganisationKind, Proposal, Refusal, State};
use supply::acts::{Commissioned, Handed, Moves, Pack, Presented, Refused, Units};
use supply::ids::{ContainerId, LotId, Opening, PackId, Printed, TradeKey, UnitId};

use super::{Network, genesis_of, organisation};

/// The trade key of the tests.
pub const KEY: TradeKey = TradeKey([7; 32]);
const GTIN: &str = "09506000134352";

/// The members of a trade, in the order of their ids.
pub const TRADE: [(&str, OrganisationKind); 6] = [
    ("agency", OrganisationKind::Regulator),
    ("big-wholesale", OrganisationKind::Wholesaler),
    ("city-lab", OrganisationKind::Laboratory),
    ("east-pharmacy", OrganisationKind::Pharmacy),
    ("good-works", OrganisationKind::Manufacturer),
    ("west-pharmacy", OrganisationKind::Pharmacy),
];
pub const MAKER: &str = "good-works";
pub const WHOLESALER: &str = "big-wholesale";
pub const EAST: &str = "east-pharmacy";
pub const WEST: &str = "west-pharmacy";
pub const AGENCY: &str = "agency";

/// A network of [`TRADE`].
pub fn network() -> Network {
    let members = TRADE.map(|(name, kind)| {
        let mut member = organisation(name, true);
        member.kind = kind;
        member
    });
    Network::of(&genesis_of(members.to_vec()))
}

/// The pack with a serial number.
pub fn pack(serial: u32) -> PackId {
    KEY.pack(GTIN, &serial.to_string())
}

/// A lot.
pub fn lot(name: &str) -> LotId {
    KEY.lot(GTIN, name)
}

/// The opening that a number stands for.
pub fn opening(number: u8) -> Opening {
    Opening([number; 16])
}

/// Packs as their maker commissions them, with the opening 1.
pub fn commission(name: &str, serials: &[u32]) -> Moves {
    let items = serials.iter().map(|serial| Commissioned {
        pack: pack(*serial),
        facts: KEY.facts(&Printed {
            gtin: GTIN,
            serial: &serial.to_string(),
            lot: name,
            expiry: "271231",
        }),
        opening: opening(1),
    });
    Moves::Commission {
        lot: lot(name),
        items: items.collect(),
    }
}

/// Packs with one opening.
pub fn presented(serials: &[u32], number: u8) -> Vec<Presented> {
    let present = |serial: &u32| Presented {
        unit: pack(*serial).into(),
        opening: opening(number),
    };
    serials.iter().map(present).collect()
}

/// Hands packs on, from one opening to the lock of another for an organisation.
pub fn hand(serials: &[u32], (from, to): (u8, u8), receiver: &str) -> Moves {
    let item = |serial: &u32| Handed {
        unit: pack(*serial).into(),
        opening: opening(from),
        next: opening(to).lock(receiver),
    };
    Moves::Hand {
        units: Units::Packs,
        items: serials.iter().map(item).collect(),
    }
}

/// Takes packs.
pub fn take(serials: &[u32], number: u8) -> Moves {
    Moves::Take {
        units: Units::Packs,
        items: presented(serials, number),
    }
}

/// Dispenses packs.
pub fn dispense(serials: &[u32], number: u8) -> Moves {
    Moves::Dispense {
        items: presented(serials, number),
    }
}

/// A container.
pub fn container(name: &str) -> ContainerId {
    KEY.container(name)
}

/// A container as an item.
pub fn unit(name: &str) -> UnitId {
    container(name).into()
}

impl Network {
    /// Moves in a block of its own.
    pub fn moves(&mut self, name: &str, moves: &Moves) -> Result<(), Refusal> {
        self.act(name, Kind::Moves, moves).map(|_| ())
    }

    /// Brings new packs into somebody's hands, under the opening 2.
    pub fn supply(&mut self, serials: &[u32], receiver: &str) {
        let lot = "L1";
        self.moves(MAKER, &commission(lot, serials)).unwrap();
        self.moves(MAKER, &hand(serials, (1, 2), receiver)).unwrap();
        self.moves(receiver, &take(serials, 2)).unwrap();
    }

    /// Proposes and has everybody approve until it is decided.
    pub fn decide(&mut self, proposal: Proposal) -> Result<(), Refusal> {
        let id = self.propose(AGENCY, proposal)?;
        for (name, _) in &TRADE[1..] {
            if self.state.proposals().iter().any(|(open, _)| *open == id) {
                self.vote(name, id, true)?;
            }
        }
        Ok(())
    }
}

/// A pack of the state.
pub fn known(state: &State, serial: u32) -> Pack {
    state.pack(&pack(serial)).unwrap()
}

/// A refusal of an item.
pub fn item(index: u16, reason: Refused) -> Result<(), Refusal> {
    Err(Refusal::Supply {
        index: Some(index),
        reason,
    })
}

/// A refusal of the whole.
pub fn whole(reason: Refused) -> Result<(), Refusal> {
    Err(Refusal::Supply {
        index: None,
        reason,
    })
}
