//! The ledger of a simulated trade keeps to the rules of the real one.

use super::*;

fn unit(serial: &str) -> Unit {
    Unit::Pack(Code {
        product: "09506000134352".to_owned(),
        serial: serial.to_owned(),
    })
}

fn does(book: &mut Book, by: &str, deal: Deal, unit: Unit) -> bool {
    let one = Move {
        at: String::new(),
        by: by.to_owned(),
        deal,
        units: vec![unit],
    };
    let text = serde_json::to_string(&one).unwrap();
    assert_eq!(serde_json::from_str::<Move>(&text).unwrap(), one);
    book.apply(&one, 1_000) == [true]
}

fn made() -> Deal {
    Deal::Commission {
        lot: "L".to_owned(),
        expiry: "271231".to_owned(),
    }
}

fn hand(to: &str) -> Deal {
    Deal::Hand { to: to.to_owned() }
}

#[test]
fn a_pack_is_dispensed_once_by_who_has_it() {
    let mut book = Book::default();
    assert!(does(&mut book, "maker", made(), unit("1")));
    assert!(!does(&mut book, "maker", made(), unit("1")));
    assert!(!does(&mut book, "pharmacy", Deal::Dispense, unit("1")));
    assert!(does(&mut book, "maker", hand("pharmacy"), unit("1")));
    assert!(!does(&mut book, "other", Deal::Take, unit("1")));
    assert!(does(&mut book, "pharmacy", Deal::Take, unit("1")));
    assert!(does(&mut book, "pharmacy", Deal::Dispense, unit("1")));
    assert!(!does(&mut book, "pharmacy", Deal::Dispense, unit("1")));
    assert!(does(&mut book, "pharmacy", Deal::Undo, unit("1")));
    assert!(does(&mut book, "pharmacy", Deal::Dispense, unit("1")));
}

#[test]
fn what_is_inside_moves_with_its_container() {
    let mut book = Book::default();
    does(&mut book, "maker", made(), unit("1"));
    let contain = |container: &str| Deal::Contain {
        container: container.to_owned(),
    };
    let case = || Unit::Container("case".to_owned());
    let pallet = || Unit::Container("pallet".to_owned());
    assert!(does(&mut book, "maker", contain("case"), unit("1")));
    assert!(does(&mut book, "maker", contain("pallet"), case()));
    assert!(
        !does(&mut book, "maker", hand("whole"), unit("1")),
        "inside"
    );
    assert!(does(&mut book, "maker", hand("whole"), pallet()));
    assert!(book.comes_to(&unit("1"), "whole"));
    assert!(does(&mut book, "whole", Deal::Take, pallet()));
    assert!(book.has(&unit("1"), "whole"));
    assert!(!does(&mut book, "other", Deal::Release, case()));
    assert!(does(&mut book, "whole", Deal::Release, case()));
    assert!(does(&mut book, "whole", Deal::Release, unit("1")));
    assert_eq!(book.outer_unit(&unit("1")), unit("1"));
    let reason = "stolen".to_owned();
    let steal = Deal::Decommission { reason };
    assert!(
        does(&mut book, "maker", steal, unit("1")),
        "the maker, anywhere"
    );
}
