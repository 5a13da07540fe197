//! The formats of the trade: each value has one byte string, and it stays what it is.
#![allow(clippy::unwrap_used, reason = "tests")]

use proof::codec::Canonical;
use proof::transaction::BODY_BYTES_MAX;
use proof::{CommitmentKey, Digest, PublicKey};
use proptest::collection::vec;
use proptest::prelude::*;
use supply::acts::{
    Asked, Commissioned, Container, Custody, Escrow, Escrowed, Finding, Handed, ITEMS_MAX, Inquiry,
    Lot, Moves, Openers, Pack, Presented, Reason, Roles, Status, TradeKeyBody, TradeKeyEpoch,
    Units, inquiry,
};
use supply::escrow::{Held, Place, Secrets};
use supply::ids::{ContainerId, Facts, Lock, LotId, Opening, PackId, Printed, TradeKey, UnitId};

const KEY: TradeKey = TradeKey([1; 32]);
const GTIN: &str = "09506000134352";

fn opening(byte: u8) -> Opening {
    Opening([byte; 16])
}

fn pack_id() -> PackId {
    KEY.pack(GTIN, "S-1")
}

fn facts() -> Facts {
    KEY.facts(&Printed {
        gtin: GTIN,
        serial: "S-1",
        lot: "L1",
        expiry: "271231",
    })
}

fn presented() -> Vec<Presented> {
    vec![Presented {
        unit: pack_id().into(),
        opening: opening(2),
    }]
}

fn container() -> ContainerId {
    KEY.container("395060001343520002")
}

/// One body of each act.
fn moves() -> Vec<(&'static str, Moves)> {
    let all = [
        Moves::Commission {
            lot: KEY.lot(GTIN, "L1"),
            items: vec![Commissioned {
                pack: pack_id(),
                facts: facts(),
                opening: opening(2),
            }],
        },
        Moves::Contain {
            container: container(),
            opening: opening(3),
            units: Units::Packs,
            items: presented(),
        },
        Moves::Release {
            container: container(),
            opening: opening(3),
            units: Units::Containers,
            items: vec![UnitId([5; 16])],
        },
        Moves::Hand {
            units: Units::Packs,
            items: vec![Handed {
                unit: pack_id().into(),
                opening: opening(2),
                next: opening(4).lock("east-pharmacy"),
            }],
        },
        Moves::Take {
            units: Units::Containers,
            items: presented(),
        },
        Moves::TakeBack {
            units: Units::Packs,
            items: presented(),
        },
        Moves::Dispense { items: presented() },
        Moves::Decommission {
            reason: Reason::FreeSample,
            items: presented(),
        },
        Moves::Undo { items: presented() },
        Moves::Mark {
            finding: Finding::Suspect,
            items: presented(),
        },
        Moves::Recall {
            items: vec![KEY.lot(GTIN, "L1")],
        },
    ];
    all.into_iter().map(|it| (it.act(), it)).collect()
}

fn pack(status: Status, custody: Custody) -> Pack {
    Pack {
        status,
        since_minute: 29_923_740,
        finding: Finding::Clear,
        lot: LotId([6; 16]),
        facts: Facts([7; 16]),
        custody,
    }
}

fn openers() -> Openers {
    let names = ["ages", "bfarm", "ema"];
    Openers::new(names.map(str::to_owned).to_vec(), 2).unwrap()
}

/// Every other format, by a name.
fn values() -> Vec<(&'static str, Vec<u8>)> {
    let held = Custody::Held(opening(2).lock("good-works"));
    let transit = Custody::Transit {
        holder: Lock([8; 16]),
        next: Lock([9; 16]),
    };
    let withdrawn = Status::Decommissioned(Reason::Withdrawn);
    let checks = Secrets::derive(openers(), &[1; 32], 1).checks("good-works");
    let lot = |recalled| Lot {
        maker: "good-works".into(),
        recalled,
    };
    let epoch = TradeKeyEpoch {
        epoch: 1,
        check: KEY.check(),
        maker: "good-works".into(),
    };
    let escrowed = Escrowed {
        epoch: 1,
        height: 7,
        openers: openers(),
        checks: checks.clone(),
    };
    let asked = Asked {
        asker: "agency".to_owned(),
        question: Digest([2; 32]),
        height: 9,
    };
    vec![
        ("lot-id", KEY.lot(GTIN, "L1").to_bytes()),
        ("container-id", container().to_bytes()),
        ("active-pack", pack(Status::Active, held).to_bytes()),
        ("sold-pack", pack(Status::Dispensed, transit).to_bytes()),
        (
            "withdrawn-pack",
            pack(withdrawn, Custody::Inside(container())).to_bytes(),
        ),
        ("container", Container { custody: transit }.to_bytes()),
        ("lot", lot(None).to_bytes()),
        ("recalled-lot", lot(Some(29_923_741)).to_bytes()),
        ("roles", Roles::MAKER.and(Roles::REGULATOR).to_bytes()),
        (
            "trade-key",
            TradeKeyBody {
                epoch: 1,
                check: KEY.check(),
            }
            .to_bytes(),
        ),
        ("trade-key-epoch", epoch.to_bytes()),
        ("openers", openers().to_bytes()),
        ("escrow", Escrow { checks }.to_bytes()),
        ("escrowed", escrowed.to_bytes()),
        (
            "held",
            Secrets::derive(openers(), &[1; 32], 1)
                .of("ema")
                .unwrap()
                .to_bytes(),
        ),
        ("inquiry", ask().to_bytes()),
        (
            "inquiry-answer",
            Inquiry::Answer {
                id: Digest([1; 32]),
            }
            .to_bytes(),
        ),
        ("asked", asked.to_bytes()),
    ]
}

fn ask() -> Inquiry {
    let place = Place {
        sender: PublicKey([3; 32]),
        sequence: 7,
        index: 2,
    };
    let unit = UnitId::from(KEY.pack(GTIN, "S-1"));
    let key = CommitmentKey([4; 32]);
    Inquiry::Ask {
        id: Digest([1; 32]),
        question: inquiry::question(&key, (&unit, &place), ("officer", "a reason")),
    }
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .filter_map(|it| char::from_digit(it.into(), 16))
        .collect()
}

/// `vectors/trade.txt` is compared with, and never written over. It is written only where there is
/// none and `SALUS_FREEZE` is set: to change a format is to delete it by hand and to say why.
#[test]
fn formats_are_frozen() {
    let acts = moves().into_iter().map(|(name, it)| (name, it.to_bytes()));
    let rows = acts.chain(values());
    let lines: Vec<_> = rows
        .map(|(name, bytes)| format!("{name} {}\n", hex(&bytes)))
        .collect();
    let found = lines.concat();
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/trade.txt");
    if !path.exists() {
        assert!(
            std::env::var_os("SALUS_FREEZE").is_some(),
            "{} is missing",
            path.display()
        );
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &found).unwrap();
    }
    let frozen = std::fs::read_to_string(&path).unwrap();
    for (one, other) in frozen.lines().zip(found.lines()) {
        assert_eq!(one, other, "a frozen format has changed");
    }
    assert_eq!(frozen.lines().count(), found.lines().count());
}

#[test]
fn pseudonyms_depend_on_every_field_and_on_the_key() {
    let other = TradeKey([2; 32]);
    let all = [
        KEY.pack(GTIN, "S-1").0,
        KEY.pack(GTIN, "S-2").0,
        KEY.pack("09506000134369", "S-1").0,
        // What is joined elsewhere stays apart here.
        KEY.pack(&format!("{GTIN}S"), "-1").0,
        other.pack(GTIN, "S-1").0,
        KEY.lot(GTIN, "S-1").0,
        KEY.container("395060001343520002").0,
        facts().0,
        opening(1).lock("a").0,
        opening(1).lock("b").0,
        opening(2).lock("a").0,
    ];
    for (place, one) in all.iter().enumerate() {
        assert!(!all[place + 1..].contains(one), "{place}");
    }
    assert_ne!(KEY.check(), other.check());
    assert!(
        !format!("{KEY:?} {:?}", opening(1)).contains('1'),
        "secrets are not shown"
    );
}

fn one_form<T: Canonical>(bytes: &[u8]) -> bool {
    T::from_bytes(bytes).is_ok_and(|value| {
        assert_eq!(value.to_bytes(), bytes);
        true
    })
}

fn decode_all(bytes: &[u8]) -> usize {
    let decoders = [
        one_form::<Moves>,
        one_form::<Pack>,
        one_form::<Container>,
        one_form::<Lot>,
        one_form::<Roles>,
        one_form::<TradeKeyBody>,
        one_form::<TradeKeyEpoch>,
        one_form::<Openers>,
        one_form::<Escrow>,
        one_form::<Escrowed>,
        one_form::<Held>,
        one_form::<LotId>,
        one_form::<Inquiry>,
        one_form::<Asked>,
    ];
    decoders.iter().filter(|decode| decode(bytes)).count()
}

fn samples() -> Vec<Vec<u8>> {
    let acts = moves().into_iter().map(|(_, it)| it.to_bytes());
    acts.chain(values().into_iter().map(|(_, it)| it)).collect()
}

#[test]
fn every_sample_is_taken() {
    for (place, sample) in samples().iter().enumerate() {
        assert!(decode_all(sample) > 0, "sample {place}");
    }
}

#[test]
fn a_body_has_at_least_one_item_and_at_most_ten_thousand() {
    let item = Handed {
        unit: UnitId([1; 16]),
        opening: opening(2),
        next: Lock([3; 16]),
    };
    let of = |count| Moves::Hand {
        units: Units::Packs,
        items: vec![item; count],
    };
    let largest = of(ITEMS_MAX).to_bytes();
    assert!(largest.len() <= BODY_BYTES_MAX, "{}", largest.len());
    assert_eq!(Moves::from_bytes(&largest), Ok(of(ITEMS_MAX)));
    for count in [
        0,
        ITEMS_MAX + 1,
        usize::from(u16::MAX),
        usize::from(u16::MAX) + 2,
    ] {
        assert!(Moves::from_bytes(&of(count).to_bytes()).is_err(), "{count}");
    }
}

#[test]
fn openers_are_one_to_five_in_order_and_their_threshold_is_among_them() {
    let of = |names: &[&str], threshold| {
        Openers::new(names.iter().map(|it| (*it).to_owned()).collect(), threshold)
    };
    assert_eq!(of(&["ema", "bfarm", "ages"], 2), Some(openers()));
    for (names, threshold) in [
        (&["a"][..], 0),
        (&["a"], 2),
        (&[], 0),
        (&["a", "a"], 1),
        (&["A b"], 1),
        (&["a", "b", "c", "d", "e", "f"], 3),
    ] {
        assert_eq!(of(names, threshold), None, "{names:?} {threshold}");
    }
    let mut reversed = of(&["a", "b"], 1).unwrap().to_bytes();
    reversed.swap(8, 13);
    assert!(Openers::from_bytes(&reversed).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whatever_decodes_encodes_to_the_same_bytes(bytes in vec(any::<u8>(), 0..200)) {
        decode_all(&bytes);
    }

    #[test]
    fn changed_samples_have_one_form_too(
        sample in any::<prop::sample::Index>(),
        edits in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let samples = samples();
        let mut bytes = samples[sample.index(samples.len())].clone();
        for (place, byte) in edits {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len() + 1));
        }
        decode_all(&bytes);
    }
}
