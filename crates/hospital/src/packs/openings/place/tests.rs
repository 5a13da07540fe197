use chain::{Outcome, TransactionView};
use ledger::{BlockHeader, Genesis, Organisation, OrganisationKind, Parameters};
use proof::transaction::Header;
use proof::{Digest, SecretKey};
use supply::acts::{Commissioned, Handed, Units};
use supply::ids::{ContainerId, Facts, LotId, PackId};

use super::*;

const MAKER: &str = "maker";
const PACK: PackId = PackId([1; 16]);
const OTHER: PackId = PackId([2; 16]);
const CASE: ContainerId = ContainerId([3; 16]);
const SHOWN: Opening = Opening([4; 16]);

fn key() -> SecretKey {
    SecretKey::from_seed(&[5; 32])
}

fn state() -> State {
    State::genesis(&Genesis {
        time_ms: 1,
        parameters: Parameters::default(),
        organisations: vec![Organisation {
            id: MAKER.parse().unwrap(),
            kind: OrganisationKind::Manufacturer,
            transaction_key: key().public(),
            node_key: SecretKey::from_seed(&[6; 32]).public(),
            checkpoint_key: SecretKey::from_seed(&[7; 32]).public(),
            address: "maker.example:9000".to_owned(),
            validator: true,
        }],
    })
}

/// A block whose second transaction has these moves.
fn block(moves: &Moves, outcome: Outcome) -> BlockView {
    let none = Digest([0; 32]);
    let view = |kind: u8, body: Vec<u8>, outcome| {
        let header = Header {
            kind,
            chain: none,
            sender: key().public(),
            sequence: 8,
            expires: 99,
        };
        let bytes = Transaction::sign(header, body, &key()).to_bytes();
        let digest = proof::transaction::id_of(&bytes);
        TransactionView {
            bytes,
            digest,
            outcome,
        }
    };
    BlockView {
        header: BlockHeader {
            height: 9,
            epoch: 0,
            parent: none,
            time_ms: 2,
            state_root: none,
            history_size: 0,
            history_root: none,
            transactions_root: none,
        },
        digest: none,
        transactions: vec![
            view(Kind::Batch as u8, vec![0; 72], Outcome::Accepted(0)),
            view(Kind::Moves as u8, moves.to_bytes(), outcome),
        ],
    }
}

fn at(unit: UnitId, item: u16) -> Handover {
    Handover {
        unit: unit.0,
        height: 9,
        position: 1,
        item,
    }
}

fn presented(pack: PackId) -> Presented {
    Presented {
        unit: pack.into(),
        opening: SHOWN,
    }
}

/// Which things each act tells the holder of, where, and whether it shows who.
#[test]
fn an_act_says_who_holds_or_to_whom_it_hands() {
    let (pack, other, case) = (UnitId::from(PACK), UnitId::from(OTHER), UnitId::from(CASE));
    let handed = |unit| Handed {
        unit,
        opening: SHOWN,
        next: Lock([9; 16]),
    };
    let made = |pack| Commissioned {
        pack,
        facts: Facts([0; 16]),
        opening: SHOWN,
    };
    let units = Units::Packs;
    let table = [
        (
            Moves::Commission {
                lot: LotId([0; 16]),
                items: vec![made(PACK), made(OTHER)],
            },
            vec![at(pack, 0), at(other, 1)],
            true,
        ),
        (
            Moves::Hand {
                units,
                items: vec![handed(pack), handed(other)],
            },
            vec![at(pack, 0), at(other, 1)],
            false,
        ),
        (
            Moves::Take {
                units,
                items: vec![presented(PACK)],
            },
            vec![at(pack, 0)],
            true,
        ),
        (
            Moves::Release {
                container: CASE,
                opening: SHOWN,
                units,
                items: vec![pack],
            },
            vec![at(pack, 0)],
            true,
        ),
        (
            Moves::Contain {
                container: CASE,
                opening: SHOWN,
                units,
                items: vec![presented(PACK)],
            },
            vec![at(case, Place::BESIDE)],
            true,
        ),
        (
            Moves::Dispense {
                items: vec![presented(PACK)],
            },
            Vec::new(),
            true,
        ),
    ];
    let state = state();
    for (moves, expected, shows) in table {
        let accepted = block(&moves, Outcome::Accepted(1));
        assert_eq!(places(&accepted), expected, "{moves:?}");
        for at in &expected {
            let said = said(&accepted, at, &state).unwrap();
            let by = MAKER.to_owned();
            let lock = SHOWN.lock(MAKER);
            match said {
                Said::Held { .. } => assert_eq!((&said, shows), (&Said::Held { by, lock }, true)),
                Said::Handed(handed) => {
                    assert!(!shows);
                    assert_eq!((handed.partner, handed.lock), (by, Lock([9; 16])));
                    assert_eq!((handed.place.sequence, handed.place.index), (8, at.item));
                    assert_eq!(handed.place.sender, key().public());
                }
            }
            nothing_is_said_elsewhere(&moves, at);
        }
    }
}

/// Of another thing, at another item, in another transaction, or where the ledger refused.
fn nothing_is_said_elsewhere(moves: &Moves, right: &Handover) {
    let state = state();
    let refused = block(moves, Outcome::Refused(40));
    assert!(places(&refused).is_empty());
    assert_eq!(said(&refused, right, &state), None);
    let accepted = block(moves, Outcome::Accepted(1));
    let wrong = [
        Handover {
            unit: [8; 16],
            ..*right
        },
        Handover {
            item: right.item ^ 7,
            ..*right
        },
        Handover {
            position: 0,
            ..*right
        },
        Handover {
            position: 2,
            ..*right
        },
    ];
    for at in wrong {
        assert_eq!(said(&accepted, &at, &state), None, "{at:?}");
    }
}
