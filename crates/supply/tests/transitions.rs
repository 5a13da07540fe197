//! Every act on a pack in every condition, by whoever may do it: the table of the reference.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write as _;

use supply::acts::{
    self, Commissioned, Custody, Finding, Lot, Pack, Reason, Refused, Roles, Scene, Status,
};
use supply::ids::{ContainerId, Facts, LotId, Opening, PackId};

const HOLDER: Opening = Opening([1; 16]);
const NEXT: Opening = Opening([2; 16]);
const CASE: ContainerId = ContainerId([3; 16]);
const LOT: LotId = LotId([4; 16]);
const NOW_MS: u64 = 1_795_424_400_000;
/// Everybody at once: what a role forbids is another table.
const ANNA: Scene<'_> = Scene {
    sender: "anna",
    roles: Roles::ALL,
    time_ms: NOW_MS,
};

fn minute() -> u32 {
    u32::try_from(NOW_MS / 60_000).unwrap()
}

/// A pack of Anna's, and its lot.
#[derive(Clone)]
struct Case {
    pack: Option<Pack>,
    lot: Lot,
}

fn held() -> Case {
    let pack = Pack {
        status: Status::Active,
        since_minute: minute(),
        finding: Finding::Clear,
        lot: LOT,
        facts: Facts([5; 16]),
        custody: Custody::Held(HOLDER.lock("anna")),
    };
    Case {
        pack: Some(pack),
        lot: Lot {
            maker: "anna".into(),
            recalled: None,
        },
    }
}

fn with(change: impl Fn(&mut Pack)) -> Case {
    let mut case = held();
    case.pack.iter_mut().for_each(change);
    case
}

/// The conditions, by the words of the reference.
fn conditions() -> Vec<(&'static str, Case)> {
    let decommissioned = |reason| with(move |pack| pack.status = Status::Decommissioned(reason));
    let mut nothing = held();
    nothing.pack = None;
    let mut recalled = held();
    recalled.lot.recalled = Some(minute());
    vec![
        ("nothing", nothing),
        ("held", held()),
        (
            "transit",
            with(|pack| {
                pack.custody = Custody::Transit {
                    holder: HOLDER.lock("anna"),
                    next: NEXT.lock("anna"),
                };
            }),
        ),
        ("inside", with(|pack| pack.custody = Custody::Inside(CASE))),
        ("dispensed", with(|pack| pack.status = Status::Dispensed)),
        ("exported", decommissioned(Reason::Exported)),
        ("stolen", decommissioned(Reason::Stolen)),
        ("suspect", with(|pack| pack.finding = Finding::Suspect)),
        (
            "illegitimate",
            with(|pack| pack.finding = Finding::Illegitimate),
        ),
        ("recalled", recalled),
    ]
}

const ACTS: [&str; 12] = [
    "commission",
    "contain",
    "release",
    "hand",
    "take",
    "take-back",
    "dispense",
    "export",
    "steal",
    "undo",
    "suspect",
    "clear",
];

fn act(name: &str, case: &Case) -> Result<Pack, Refused> {
    if name == "commission" {
        let lot = acts::commission::lot(Some(case.lot.clone()), &ANNA)?;
        assert_eq!(lot, case.lot);
        let item = Commissioned {
            pack: PackId([6; 16]),
            facts: Facts([5; 16]),
            opening: HOLDER,
        };
        return acts::commission::commission(case.pack.is_some(), &ANNA, (LOT, &item));
    }
    let pack = &case.pack.ok_or(Refused::Unknown)?;
    let (lot, scene) = (&case.lot, &ANNA);
    let decommission =
        |reason| acts::decommission::decommission(pack, lot, scene, (&HOLDER, reason));
    let find = |finding| acts::finding::find(pack, lot, scene, (&HOLDER, finding));
    match name {
        "contain" => acts::contain::contain_pack(pack, scene, (&HOLDER, CASE)),
        "release" => {
            let custody = acts::contain::release(&pack.custody, CASE, HOLDER.lock("anna"))?;
            Ok(Pack { custody, ..*pack })
        }
        "hand" => acts::hand::hand(pack, scene, (&HOLDER, NEXT.lock("anna"))),
        "take" => acts::hand::take(pack, scene, &NEXT),
        "take-back" => acts::hand::take_back(pack, scene, &HOLDER),
        "dispense" => acts::dispense::dispense(pack, lot, scene, &HOLDER),
        "export" => decommission(Reason::Exported),
        "steal" => decommission(Reason::Stolen),
        "undo" => acts::undo::undo(pack, lot, scene, &HOLDER),
        "suspect" => find(Finding::Suspect),
        "clear" => find(Finding::Clear),
        other => panic!("no act {other}"),
    }
}

/// What became of it, in one word; in brackets what it was refused for.
fn word(found: Result<Pack, Refused>) -> String {
    let pack = match found {
        Ok(pack) => pack,
        Err(refused) => return format!("({})", refusal(refused)),
    };
    match (pack.status, pack.finding, pack.custody) {
        (Status::Active, Finding::Clear, Custody::Held(_)) => "held".into(),
        (Status::Active, Finding::Clear, Custody::Transit { .. }) => "transit".into(),
        (Status::Active, Finding::Clear, Custody::Inside(_)) => "inside".into(),
        (Status::Active, finding, _) => finding.as_str().into(),
        (Status::Dispensed, ..) => "dispensed".into(),
        (Status::Decommissioned(reason), ..) => reason.as_str().into(),
    }
}

fn refusal(refused: Refused) -> &'static str {
    match refused {
        Refused::Commissioned => "known",
        Refused::Unknown => "unknown",
        Refused::Transit { on_its_way: true } => "on its way",
        Refused::Transit { on_its_way: false } => "not sent",
        Refused::Inside { inside: true } => "inside",
        Refused::Inside { inside: false } => "not inside",
        Refused::Ended { .. } => "ended",
        Refused::Marked(_) => "marked",
        Refused::Recalled(_) => "recalled",
        Refused::Undo(acts::undo::Obstacle::Active) => "active",
        Refused::Undo(_) => "final",
        Refused::Same => "same",
        other => panic!("no word for {other:?}"),
    }
}

#[test]
fn the_table_of_transitions_is_that_of_the_reference() {
    let conditions = conditions();
    let mut table = format!("{:<12}", "");
    for (name, _) in &conditions {
        let _ = write!(table, "{name:<13}");
    }
    let mut lines = vec![table.trim_end().to_owned()];
    for name in ACTS {
        let mut line = format!("{name:<12}");
        for (_, case) in &conditions {
            let _ = write!(line, "{:<13}", word(act(name, case)));
        }
        lines.push(line.trim_end().to_owned());
    }
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/reference/supply.md"
    );
    let reference = std::fs::read_to_string(path).unwrap();
    let table = lines.join("\n");
    assert!(
        reference.contains(&table),
        "the reference has another table than\n{table}"
    );
}

/// The same acts with a role missing: everything needs one, and says which.
#[test]
fn every_act_needs_a_role() {
    let nobody = Scene {
        roles: Roles::NONE,
        ..ANNA
    };
    let case = held();
    let (pack, lot) = (case.pack.unwrap(), &case.lot);
    let sold = Pack {
        status: Status::Dispensed,
        ..pack
    };
    let refused = |roles| Err(Refused::Role(roles));
    assert_eq!(
        acts::commission::lot(None, &nobody).map(|_| ()),
        refused(Roles::MAKER)
    );
    assert_eq!(
        acts::contain::open(None, &nobody, &HOLDER).map(|_| ()),
        refused(Roles::TRADE)
    );
    let next = NEXT.lock("anna");
    let all = [
        (
            acts::hand::hand(&pack, &nobody, (&HOLDER, next)),
            Roles::ALL,
        ),
        (acts::hand::take(&pack, &nobody, &HOLDER), Roles::ALL),
        (acts::hand::take_back(&pack, &nobody, &HOLDER), Roles::ALL),
        (
            acts::dispense::dispense(&pack, lot, &nobody, &HOLDER),
            Roles::DISPENSER,
        ),
        (acts::undo::undo(&sold, lot, &nobody, &HOLDER), Roles::TRADE),
        (
            acts::finding::find(&pack, lot, &nobody, (&HOLDER, Finding::Suspect)),
            Roles::TRADE,
        ),
    ];
    for (place, (found, roles)) in all.into_iter().enumerate() {
        assert_eq!(found.map(|_| ()), refused(roles), "{place}");
    }
    let recall = acts::recall(lot.clone(), &nobody).map(|_| ());
    assert_eq!(recall, refused(Roles::MAKER.and(Roles::REGULATOR)));
}

/// Delegated Regulation (EU) 2016/161 articles 16, 22, 23, 25, 40 and 41, and 13(1)(d).
#[test]
fn a_reason_says_who_gives_it_and_whether_it_can_be_undone() {
    let case = held();
    let (pack, lot) = (case.pack.unwrap(), &case.lot);
    let rows = [
        (Reason::Exported, "maker wholesaler", true),
        (Reason::Unsaleable, "maker wholesaler dispenser", true),
        (Reason::Destroyed, "maker wholesaler dispenser", false),
        (Reason::Sample, "maker wholesaler dispenser", true),
        (Reason::Supplied, "maker wholesaler", true),
        (Reason::Investigational, "dispenser", true),
        (Reason::FreeSample, "maker", true),
        (Reason::Repackaged, "maker", true),
        (Reason::Stolen, "maker wholesaler dispenser", false),
        (Reason::Withdrawn, "maker", false),
        (Reason::Locked, "maker wholesaler dispenser", true),
    ];
    assert_eq!(rows.map(|(reason, ..)| reason), Reason::ALL);
    for (reason, who, undone) in rows {
        for word in ["maker", "wholesaler", "dispenser", "regulator"] {
            let roles = Roles::of_word(word).unwrap();
            let scene = Scene { roles, ..ANNA };
            let done = acts::decommission::decommission(&pack, lot, &scene, (&HOLDER, reason));
            assert_eq!(
                done.is_ok(),
                who.split(' ').any(|it| it == word),
                "{reason} {word}"
            );
            let Ok(done) = done else { continue };
            let back = acts::undo::undo(&done, lot, &scene, &HOLDER);
            assert_eq!(back.is_ok(), undone, "{reason} {word}");
        }
        assert_eq!(Reason::of_word(reason.as_str()), Some(reason));
    }
}

/// Article 40: a maker takes stolen and withdrawn packs of its own lots out of the trade, wherever
/// they are; nobody else does, and nothing else.
#[test]
fn a_maker_withdraws_its_packs_wherever_they_are() {
    let maker = Scene {
        sender: "maker",
        roles: Roles::MAKER,
        ..ANNA
    };
    let elsewhere = [
        held(),
        with(|pack| pack.custody = Custody::Inside(CASE)),
        conditions().swap_remove(2).1,
    ];
    for case in elsewhere {
        let pack = case.pack.unwrap();
        for (of, reason, expected) in [
            ("maker", Reason::Stolen, true),
            ("maker", Reason::Withdrawn, true),
            ("maker", Reason::Destroyed, false),
            ("anna", Reason::Stolen, false),
        ] {
            let lot = Lot {
                maker: of.into(),
                recalled: None,
            };
            let acted =
                acts::decommission::decommission(&pack, &lot, &maker, (&Opening::NONE, reason));
            assert_eq!(acted.is_ok(), expected, "{of} {reason}");
        }
    }
}
