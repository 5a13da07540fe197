//! The trade in medicines: what each rule takes and what it refuses.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use ledger::{Kind, OrgId, Proposal, Refusal, Roles, State, execute};
use proof::Digest;
use proof::codec::Canonical;
use supply::acts::undo::Obstacle;
use supply::acts::{
    Custody, Finding, Moves, Presented, Reason, Refused, Status, TradeKeyBody, UNDO_HOURS, Units,
};
use support::trade::{
    AGENCY, EAST, KEY, MAKER, TRADE, WEST, WHOLESALER, commission, container, dispense, hand, item,
    known, lot, network, opening, pack, presented, take, unit, whole,
};
use support::{Network, id};

#[test]
fn a_pack_goes_from_its_maker_to_the_public() {
    let mut network = network();
    network.moves(MAKER, &commission("L1", &[1, 2])).unwrap();
    let held = Custody::Held(opening(1).lock(MAKER));
    assert_eq!(known(&network.state, 1).custody, held);
    assert_eq!(network.state.lot(&lot("L1")).unwrap().maker, MAKER);

    network
        .moves(MAKER, &hand(&[1, 2], (1, 2), WHOLESALER))
        .unwrap();
    network.moves(WHOLESALER, &take(&[1, 2], 2)).unwrap();
    network
        .moves(WHOLESALER, &hand(&[1], (2, 3), EAST))
        .unwrap();
    network.moves(EAST, &take(&[1], 3)).unwrap();
    network.moves(EAST, &dispense(&[1], 3)).unwrap();
    let (sold, kept) = (known(&network.state, 1), known(&network.state, 2));
    assert_eq!(sold.status, Status::Dispensed);
    assert_eq!(u64::from(sold.since_minute), network.time_ms() / 60_000);
    assert_eq!(kept.status, Status::Active);
    assert_eq!(kept.custody, Custody::Held(opening(2).lock(WHOLESALER)));
    assert_eq!((kept.lot, sold.lot), (lot("L1"), lot("L1")));
}

/// Two pharmacies show the same number, one with the pack and one with a copy of its label.
#[test]
fn two_dispensers_of_one_serial_in_one_block_one_wins() {
    for first_is_holder in [true, false] {
        let mut network = network();
        network.supply(&[1], EAST);
        let sent =
            [EAST, WEST].map(|name| network.transaction(name, Kind::Moves, &dispense(&[1], 2)));
        let [east, west] = sent;
        let block = if first_is_holder {
            [east, west]
        } else {
            [west, east]
        };
        let outcomes = network.execute(&block).outcomes;
        let accepted = outcomes.iter().filter(|it| it.is_ok()).count();
        assert_eq!(accepted, 1, "{outcomes:?}");
        assert_eq!(known(&network.state, 1).status, Status::Dispensed);
        let minute = known(&network.state, 1).since_minute;
        let reason = if first_is_holder {
            Refused::Ended {
                status: Status::Dispensed,
                minute,
            }
        } else {
            Refused::Holder
        };
        let other = usize::from(first_is_holder);
        assert_eq!(outcomes[other].clone().map(|_| ()), item(0, reason));
    }
}

/// The holder's two tills show the same pack in one block.
#[test]
fn one_holder_dispenses_a_pack_once_in_a_block() {
    let mut network = network();
    network.supply(&[1, 2], EAST);
    let key = network.sender(EAST);
    let first = network.header(&key, Kind::Moves as u8);
    let mut second = first;
    second.sequence += 1;
    let body = dispense(&[1], 2).to_bytes();
    let twice = dispense(&[2, 1], 2).to_bytes();
    let block = [
        network.signed(first, body, &key),
        network.signed(second, twice, &key),
    ];
    let outcomes = network.execute(&block).outcomes;
    assert!(outcomes[0].is_ok());
    let refused = outcomes[1].clone().unwrap_err();
    assert!(
        matches!(
            refused,
            Refusal::Supply {
                index: Some(1),
                reason: Refused::Ended { .. }
            }
        ),
        "{refused}"
    );
    assert_eq!(
        known(&network.state, 2).status,
        Status::Active,
        "all or none"
    );
}

#[test]
fn one_bad_item_refuses_all_and_changes_nothing() {
    let mut network = network();
    network.supply(&[1, 2, 3], EAST);
    let root = |state: &State| {
        let entries = state.entries().filter(|(key, _)| key.starts_with(b"pack/"));
        entries
            .map(|(key, value)| (key.to_vec(), value.to_vec()))
            .collect::<Vec<_>>()
    };
    let before = root(&network.state);
    let cases = [
        (dispense(&[1, 9, 2], 2), 1, Refused::Unknown),
        (
            dispense(&[1, 2, 1], 2),
            2,
            ended(&network, Status::Dispensed),
        ),
        (dispense(&[1, 2, 3], 3), 0, Refused::Holder),
        (take(&[3], 2), 0, Refused::Transit { on_its_way: false }),
        (
            hand(&[1, 2, 2], (2, 3), WEST),
            2,
            Refused::Transit { on_its_way: true },
        ),
    ];
    for (moves, index, reason) in cases {
        let found = network.moves(EAST, &moves);
        assert_eq!(found, item(index, reason), "{}", moves.act());
        assert_eq!(root(&network.state), before, "{}", moves.act());
    }
    let refused = network.moves(EAST, &dispense(&[1, 9], 2)).unwrap_err();
    let words = "item 1: nothing with this id was ever commissioned or packed";
    assert_eq!((refused.to_string().as_str(), refused.code()), (words, 39));
}

fn ended(network: &Network, status: Status) -> Refused {
    let minute = u32::try_from(network.time_ms() / 60_000).unwrap();
    Refused::Ended { status, minute }
}

#[test]
fn a_change_of_hands_needs_both_sides() {
    let mut network = network();
    network.moves(MAKER, &commission("L1", &[1])).unwrap();
    network.moves(MAKER, &hand(&[1], (1, 2), EAST)).unwrap();
    // Not the one in the lock, though it shows the opening.
    assert_eq!(
        network.moves(WEST, &take(&[1], 2)),
        item(0, Refused::Holder)
    );
    // The one in the lock with another opening.
    assert_eq!(
        network.moves(EAST, &take(&[1], 3)),
        item(0, Refused::Holder)
    );
    // On its way it is nobody's to use.
    let on_its_way = Refused::Transit { on_its_way: true };
    assert_eq!(network.moves(EAST, &dispense(&[1], 2)), item(0, on_its_way));
    assert_eq!(
        network.moves(MAKER, &hand(&[1], (1, 3), WEST)),
        item(0, on_its_way)
    );

    let back = |number| Moves::TakeBack {
        units: Units::Packs,
        items: presented(&[1], number),
    };
    assert_eq!(network.moves(EAST, &back(2)), item(0, Refused::Holder));
    network.moves(MAKER, &back(1)).unwrap();
    let late = Refused::Transit { on_its_way: false };
    assert_eq!(network.moves(EAST, &take(&[1], 2)), item(0, late));
    assert_eq!(network.moves(MAKER, &back(1)), item(0, late));
}

#[test]
fn only_a_maker_commissions_and_each_number_once() {
    let mut network = network();
    for (name, _) in TRADE.iter().filter(|(name, _)| *name != MAKER) {
        let found = network.moves(name, &commission("L1", &[1]));
        assert_eq!(found, whole(Refused::Role(Roles::MAKER)), "{name}");
    }
    network.moves(MAKER, &commission("L1", &[1, 2])).unwrap();
    let again = network.moves(MAKER, &commission("L1", &[3, 2]));
    assert_eq!(again, item(1, Refused::Commissioned));
    let twice = network.moves(MAKER, &commission("L2", &[4, 4]));
    assert_eq!(twice, item(1, Refused::Commissioned));
    assert_eq!(network.state.lot(&lot("L2")), None);
    // Another maker does not add to a lot.
    let roles = Roles::MAKER.and(Roles::DISPENSER);
    let organisation = id(WEST);
    network
        .decide(Proposal::SetPartner {
            organisation,
            roles,
        })
        .unwrap();
    let foreign = network.moves(WEST, &commission("L1", &[5]));
    assert_eq!(foreign, whole(Refused::Maker));
    network.moves(WEST, &commission("L9", &[5])).unwrap();
}

#[test]
fn a_recalled_lot_is_not_dispensed_and_travels_back() {
    let mut network = network();
    network.supply(&[1, 2], EAST);
    let recall = Moves::Recall {
        items: vec![lot("L1")],
    };
    for name in [EAST, WHOLESALER] {
        let roles = Roles::MAKER.and(Roles::REGULATOR);
        assert_eq!(network.moves(name, &recall), item(0, Refused::Role(roles)));
    }
    network.moves(EAST, &dispense(&[2], 2)).unwrap();
    network.moves(AGENCY, &recall).unwrap();
    let minute = network.state.lot(&lot("L1")).unwrap().recalled.unwrap();
    let recalled = Refused::Recalled(minute);
    assert_eq!(network.moves(MAKER, &recall), item(0, recalled));
    assert_eq!(network.moves(EAST, &dispense(&[1], 2)), item(0, recalled));
    let undo = Moves::Undo {
        items: presented(&[2], 2),
    };
    assert_eq!(network.moves(EAST, &undo), item(0, recalled));
    assert_eq!(
        network.moves(MAKER, &commission("L1", &[3])),
        whole(recalled)
    );
    network.moves(EAST, &hand(&[1], (2, 3), MAKER)).unwrap();
    network.moves(MAKER, &take(&[1], 3)).unwrap();
    let withdraw = Moves::Decommission {
        reason: Reason::Withdrawn,
        items: presented(&[1], 3),
    };
    network.moves(MAKER, &withdraw).unwrap();
    let unknown = Moves::Recall {
        items: vec![lot("L7")],
    };
    assert_eq!(network.moves(AGENCY, &unknown), item(0, Refused::Unknown));
}

#[test]
fn what_was_dispensed_comes_back_within_ten_days() {
    let undo = Moves::Undo {
        items: presented(&[1], 2),
    };
    let limit_ms = u64::from(UNDO_HOURS) * 3_600_000;
    for (later_ms, expected) in [
        (limit_ms, Ok(())),
        (limit_ms + 60_000, item(0, Refused::Undo(Obstacle::Late))),
    ] {
        let mut network = network();
        network.supply(&[1], EAST);
        let active = network.moves(EAST, &undo);
        assert_eq!(active, item(0, Refused::Undo(Obstacle::Active)));
        network.moves(EAST, &dispense(&[1], 2)).unwrap();
        assert_eq!(network.moves(WEST, &undo), item(0, Refused::Holder));
        let sold_ms = network.time_ms();
        let sent = network.transaction(EAST, Kind::Moves, &undo);
        let mut block = network.block();
        block.time_ms = sold_ms + later_ms;
        let executed = execute(&network.state, &block, &[sent]);
        assert_eq!(executed.outcomes[0].clone().map(|_| ()), expected);
        let status = executed.state.pack(&pack(1)).unwrap().status;
        assert_eq!(status == Status::Active, expected.is_ok());
    }
}

#[test]
fn a_container_changes_hands_as_one_item() {
    let mut network = network();
    network.moves(MAKER, &commission("L1", &[1, 2])).unwrap();
    let contain = |serials: &[u32], name: &str, number| Moves::Contain {
        container: container(name),
        opening: opening(number),
        units: Units::Packs,
        items: presented(serials, 1),
    };
    network.moves(MAKER, &contain(&[1, 2], "case", 4)).unwrap();
    let inside = Refused::Inside { inside: true };
    assert_eq!(
        network.moves(MAKER, &hand(&[1], (1, 2), EAST)),
        item(0, inside)
    );
    let box_of = |name: &str, number| Presented {
        unit: unit(name),
        opening: opening(number),
    };
    let pallet = Moves::Contain {
        container: container("pallet"),
        opening: opening(5),
        units: Units::Containers,
        items: vec![box_of("case", 4)],
    };
    network.moves(MAKER, &pallet).unwrap();
    // What is inside is opened by nobody before it is out.
    assert_eq!(
        network.moves(MAKER, &contain(&[1], "case", 4)),
        whole(inside)
    );
    let hand_on = Moves::Hand {
        units: Units::Containers,
        items: vec![supply::acts::Handed {
            unit: unit("pallet"),
            opening: opening(5),
            next: opening(6).lock(WHOLESALER),
        }],
    };
    network.moves(MAKER, &hand_on).unwrap();
    let take = Moves::Take {
        units: Units::Containers,
        items: vec![box_of("pallet", 6)],
    };
    network.moves(WHOLESALER, &take).unwrap();
    let release = |name: &str, units, items| Moves::Release {
        container: container(name),
        opening: opening(6),
        units,
        items,
    };
    let case_out = release("pallet", Units::Containers, vec![unit("case")]);
    assert_eq!(network.moves(MAKER, &case_out), whole(Refused::Holder));
    network.moves(WHOLESALER, &case_out).unwrap();
    let not_inside = Refused::Inside { inside: false };
    assert_eq!(network.moves(WHOLESALER, &case_out), item(0, not_inside));
    let packs_out = release("case", Units::Packs, vec![pack(1).into(), pack(2).into()]);
    network.moves(WHOLESALER, &packs_out).unwrap();
    let held = Custody::Held(opening(6).lock(WHOLESALER));
    assert_eq!(known(&network.state, 1).custody, held);
    let nothing = release("box", Units::Packs, vec![pack(1).into()]);
    assert_eq!(network.moves(WHOLESALER, &nothing), whole(Refused::Unknown));
    let itself = Moves::Contain {
        container: container("case"),
        opening: opening(6),
        units: Units::Containers,
        items: vec![box_of("case", 6)],
    };
    assert_eq!(network.moves(WHOLESALER, &itself), item(0, inside));
}

#[test]
fn a_suspect_pack_is_kept_apart_until_its_maker_or_a_regulator_clears_it() {
    let mut network = network();
    network.supply(&[1], EAST);
    let mark = |finding, number| Moves::Mark {
        finding,
        items: presented(&[1], number),
    };
    assert_eq!(
        network.moves(WEST, &mark(Finding::Suspect, 2)),
        item(0, Refused::Holder)
    );
    network.moves(EAST, &mark(Finding::Suspect, 2)).unwrap();
    let marked = Refused::Marked(Finding::Suspect);
    assert_eq!(network.moves(EAST, &dispense(&[1], 2)), item(0, marked));
    for finding in [Finding::Clear, Finding::Illegitimate] {
        assert_eq!(
            network.moves(EAST, &mark(finding, 2)),
            item(0, Refused::Maker)
        );
    }
    network.moves(MAKER, &mark(Finding::Clear, 0)).unwrap();
    network
        .moves(AGENCY, &mark(Finding::Illegitimate, 0))
        .unwrap();
    let again = network.moves(AGENCY, &mark(Finding::Illegitimate, 0));
    assert_eq!(again, item(0, Refused::Same));
    let marked = Refused::Marked(Finding::Illegitimate);
    assert_eq!(
        network.moves(EAST, &hand(&[1], (2, 3), WEST)),
        item(0, marked)
    );
    assert_eq!(
        network.moves(EAST, &mark(Finding::Suspect, 2)),
        item(0, marked)
    );
    let destroy = Moves::Decommission {
        reason: Reason::Destroyed,
        items: presented(&[1], 2),
    };
    network.moves(EAST, &destroy).unwrap();
}

#[test]
fn a_kind_says_what_a_member_may_do_until_a_vote_does() {
    let mut network = network();
    let roles = |network: &Network, name: &str| network.state.partner(&id(name));
    let expected = [
        (AGENCY, Roles::REGULATOR),
        (WHOLESALER, Roles::WHOLESALER),
        ("city-lab", Roles::NONE),
        (EAST, Roles::DISPENSER),
        (MAKER, Roles::MAKER.and(Roles::WHOLESALER)),
        ("nobody", Roles::NONE),
    ];
    for (name, of_kind) in expected {
        assert_eq!(roles(&network, name), of_kind, "{name}");
    }
    let set = |name: &str, roles| Proposal::SetPartner {
        organisation: id(name),
        roles,
    };
    let same = network.decide(set(EAST, Roles::DISPENSER));
    assert_eq!(same, Err(Refusal::NoChange));
    let nobody = network.decide(set("nobody", Roles::DISPENSER));
    assert_eq!(nobody, Err(Refusal::NoOrganisation("nobody".into())));
    network.supply(&[1], EAST);
    network.decide(set(EAST, Roles::NONE)).unwrap();
    let refused = item(0, Refused::Role(Roles::DISPENSER));
    assert_eq!(network.moves(EAST, &dispense(&[1], 2)), refused);
    network.decide(set(EAST, Roles::DISPENSER)).unwrap();
    network.moves(EAST, &dispense(&[1], 2)).unwrap();
    // Whoever comes back is again what its kind says.
    network.decide(set(WEST, Roles::MAKER)).unwrap();
    network
        .decide(Proposal::RemoveOrganisation(id(WEST)))
        .unwrap();
    assert_eq!(roles(&network, WEST), Roles::NONE);
}

#[test]
fn epochs_of_the_trade_key_follow_each_other() {
    let mut network = network();
    let body = |epoch| TradeKeyBody {
        epoch,
        check: KEY.check(),
    };
    let epoch = |next| whole(Refused::Epoch { next, last: 16 });
    let mut begin = |name: &str, of| network.act(name, Kind::TradeKey, &body(of)).map(|_| ());
    assert_eq!(begin("city-lab", 1), whole(Refused::Role(Roles::ALL)));
    assert_eq!(begin(MAKER, 2), epoch(1));
    for of in 1..=16 {
        begin(MAKER, of).unwrap();
    }
    assert_eq!(begin(EAST, 16), epoch(17));
    assert_eq!(begin(EAST, 17), epoch(17));
    let latest = network.state.trade_key().unwrap();
    assert_eq!((latest.epoch, latest.check), (16, KEY.check()));
    assert_eq!(network.state.trade_key_of(3).unwrap().epoch, 3);
    assert_eq!(network.state.trade_key_of(17), None);
}

#[test]
fn check_values_are_as_many_as_the_openers_need() {
    use ledger::Openers;
    use supply::acts::Escrow;
    let mut network = network();
    let body = |count: u8| Escrow {
        checks: (0..count).map(|it| Digest([it; 32])).collect(),
    };
    let mut none = network.act(EAST, Kind::Escrow, &body(0)).map(|_| ());
    assert_eq!(none, whole(Refused::Checks(0)));
    let of = |names: &[&str], threshold| {
        let holders = names.iter().map(|it| (*it).to_owned()).collect();
        Openers::new(holders, threshold).map(Proposal::SetOpeners)
    };
    assert_eq!(of(&[], 0), None);
    assert_eq!(of(&[AGENCY], 2), None);
    assert_eq!(of(&[AGENCY, AGENCY], 1), None);
    let unknown = network.decide(of(&["nobody"], 1).unwrap());
    assert_eq!(unknown, Err(Refusal::NoOrganisation("nobody".into())));
    let three = of(&[AGENCY, "city-lab", MAKER], 2).unwrap();
    network.decide(three.clone()).unwrap();
    assert_eq!(network.decide(three), Err(Refusal::NoChange));
    none = network.act(EAST, Kind::Escrow, &body(2)).map(|_| ());
    assert_eq!(none, whole(Refused::Checks(3)));
    for epoch in 1..=3 {
        network.act(EAST, Kind::Escrow, &body(3)).unwrap();
        let escrowed = network.state.escrow(&id(EAST)).unwrap();
        assert_eq!((escrowed.epoch, escrowed.checks.len()), (epoch, 3));
        assert_eq!(escrowed.height, network.state.height());
    }
    assert_eq!(network.state.escrow_of(&id(EAST), 1).unwrap().epoch, 1);
    assert_eq!(network.state.escrow(&id(WEST)), None);
}

#[test]
fn an_inquiry_says_who_asks_and_who_answers_and_not_about_what() {
    use ledger::Openers;
    use supply::acts::Inquiry;
    let mut network = network();
    let (one, question) = (Digest([1; 32]), Digest([9; 32]));
    let ask = |id| Inquiry::Ask { id, question };
    let answer = Inquiry::Answer { id: one };
    let act = |network: &mut Network, name: &str, body: &Inquiry| {
        network.act(name, Kind::Inquiry, body).map(|_| ())
    };
    assert_eq!(act(&mut network, EAST, &ask(one)), whole(Refused::Asker));
    let unknown = Refused::Inquiry { known: false };
    assert_eq!(act(&mut network, MAKER, &answer), whole(unknown));
    act(&mut network, AGENCY, &ask(one)).unwrap();
    let taken = Refused::Inquiry { known: true };
    assert_eq!(act(&mut network, AGENCY, &ask(one)), whole(taken));
    let asked = network.state.inquiry(&one).unwrap();
    assert_eq!((asked.asker.as_str(), asked.question), (AGENCY, question));

    act(&mut network, EAST, &answer).unwrap();
    let height = network.state.height();
    assert_eq!(
        network.state.inquiry_answered(&one, &id(EAST)),
        Some(height)
    );
    assert_eq!(network.state.inquiry_answered(&one, &id(MAKER)), None);
    let again = act(&mut network, EAST, &answer);
    assert_eq!(again, whole(Refused::Answered(height)));

    // An opener asks too, once there are some.
    let openers = Openers::new(vec![EAST.to_owned(), MAKER.to_owned()], 2).unwrap();
    network.decide(Proposal::SetOpeners(openers)).unwrap();
    act(&mut network, EAST, &ask(Digest([2; 32]))).unwrap();
    let stranger = act(&mut network, WEST, &ask(Digest([3; 32])));
    assert_eq!(stranger, whole(Refused::Asker));
}

#[test]
fn ten_thousand_moves_fit_one_transaction() {
    let mut network = network();
    let serials: Vec<u32> = (0..10_000).collect();
    network.moves(MAKER, &commission("L1", &serials)).unwrap();
    network.moves(MAKER, &hand(&serials, (1, 2), EAST)).unwrap();
    network.moves(EAST, &take(&serials, 2)).unwrap();
    let mut too_many = commission("L2", &serials).to_bytes();
    too_many[17..19].copy_from_slice(&10_001u16.to_be_bytes());
    too_many.extend([0; 48]);
    assert!(Moves::from_bytes(&too_many).is_err());
    let none = dispense(&[], 2).to_bytes();
    assert!(Moves::from_bytes(&none).is_err());
}

#[test]
fn a_restored_trade_goes_on_alike() {
    let mut network = network();
    network.supply(&[1, 2, 3], EAST);
    network.moves(EAST, &dispense(&[2], 2)).unwrap();
    network.moves(EAST, &hand(&[3], (2, 4), WEST)).unwrap();
    let entries: Vec<_> = network.state.entries().collect();
    let frontier = network.state.history().clone();
    let restored = State::restore(network.state.height(), entries, frontier).unwrap();
    assert_eq!(restored.root(), network.state.root());
    let sent = [
        network.transaction(EAST, Kind::Moves, &dispense(&[1], 2)),
        network.transaction(WEST, Kind::Moves, &take(&[3], 4)),
    ];
    let (one, other) = (
        execute(&network.state, &network.block(), &sent),
        execute(&restored, &network.block(), &sent),
    );
    assert!(one.outcomes.iter().all(Result::is_ok));
    assert_eq!(one.state.root(), other.state.root());
    assert_eq!(one.changes, other.changes);
}

/// No name of an organisation makes the key of another one's check values.
#[test]
fn keys_of_the_trade_do_not_meet() {
    let name: OrgId = "a".parse().unwrap();
    assert_ne!(
        ledger::keys::escrow(&name),
        ledger::keys::escrow_of(&name, 1)
    );
    assert_ne!(ledger::keys::trade_key(), ledger::keys::trade_key_of(0));
}
