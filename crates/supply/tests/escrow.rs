//! Opening by a threshold of openers: what was asked, by enough of them, and nothing else.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use proof::PublicKey;
use proof::codec::Canonical;
use supply::Opening;
use supply::acts::Openers;
use supply::acts::escrow::{CHECKS_MAX, OPENERS_MAX};
use supply::escrow::{Answer, Held, NotOpened, Place, Secrets, Share, open, owner, subsets};

const NAMES: [&str; 5] = ["ages", "bfarm", "ema", "fda", "mhra"];
const MEMBERS: [&str; 4] = [
    "east-pharmacy",
    "good-works",
    "north-clinic",
    "west-pharmacy",
];

fn openers(n: usize, k: usize) -> Openers {
    let holders = NAMES[..n].iter().map(|it| (*it).to_owned()).collect();
    Openers::new(holders, u8::try_from(k).unwrap()).unwrap()
}

fn secrets(n: usize, k: usize) -> Secrets {
    Secrets::derive(openers(n, k), &[3; 32], 1)
}

fn place(index: u16) -> Place {
    Place {
        sender: PublicKey([9; 32]),
        sequence: 4,
        index,
    }
}

fn answers(secrets: &Secrets, of: &[usize], place: &Place) -> BTreeMap<String, Answer> {
    let answer = |it: &usize| {
        let name = NAMES[*it];
        (name.to_owned(), secrets.of(name).unwrap().answer(place))
    };
    of.iter().map(answer).collect()
}

/// All sets of `size` among `n`.
fn sets(n: usize, size: usize) -> Vec<Vec<usize>> {
    subsets(n, n - size + 1)
}

#[test]
fn subsets_are_all_and_each_once() {
    assert_eq!(subsets(3, 2), [[0, 1], [0, 2], [1, 2]]);
    assert_eq!(subsets(3, 3), [[0], [1], [2]]);
    assert_eq!(subsets(3, 1), [[0, 1, 2]]);
    assert_eq!(subsets(5, 3).len(), 10);
    assert_eq!(subsets(5, 4)[9], [3, 4]);
    let most = (1..=OPENERS_MAX).flat_map(|n| (1..=n).map(move |k| subsets(n, k).len()));
    assert_eq!(most.max(), Some(CHECKS_MAX));
    for (n, k) in [(3, 0), (3, 4), (0, 0), (0, 1)] {
        assert!(subsets(n, k).is_empty(), "{k} of {n}");
    }
}

/// For every n up to 5 and every k: every set of k opens, whoever it is.
#[test]
fn any_k_openers_open_what_was_asked() {
    for n in 1..=OPENERS_MAX {
        for k in 1..=n {
            let secrets = secrets(n, k);
            let opening = secrets.opening(&place(7));
            let lock = opening.lock("north-clinic");
            for set in sets(n, k) {
                let given = answers(&secrets, &set, &place(7));
                let opened = open(&openers(n, k), &given, (&lock, &MEMBERS)).unwrap();
                assert_eq!(opened.owner, "north-clinic", "{set:?} of {n}");
                assert_eq!((opened.opening, opened.wrong.len()), (opening, 0));
            }
        }
    }
}

/// For every n and k: whoever is missing one holds no secret of the set of the others, and what it
/// knows fits every opening there is.
#[test]
fn fewer_than_k_openers_learn_nothing() {
    for n in 2..=OPENERS_MAX {
        for k in 2..=n {
            let secrets = secrets(n, k);
            let lock = secrets.opening(&place(7)).lock("north-clinic");
            for set in sets(n, k - 1) {
                let given = answers(&secrets, &set, &place(7));
                let few = NotOpened::TooFew {
                    needed: k,
                    given: k - 1,
                };
                assert_eq!(open(&openers(n, k), &given, (&lock, &MEMBERS)), Err(few));
                let known: Vec<u8> = given
                    .values()
                    .flat_map(|it| it.shares.iter().map(|(number, _)| *number))
                    .collect();
                let all = subsets(n, k);
                let missing: Vec<_> = (0..all.len())
                    .filter(|it| !known.contains(&u8::try_from(*it).unwrap()))
                    .collect();
                assert_eq!(missing.len(), 1, "{set:?} of {n}");
                assert!(all[missing[0]].iter().all(|it| !set.contains(it)));
            }
        }
    }
}

/// The answers about one item open no other: not of the transaction, nor of another one.
#[test]
fn exactly_the_item_that_was_asked_is_opened() {
    let secrets = secrets(3, 2);
    let given = answers(&secrets, &[0, 2], &place(7));
    let others = [
        place(8),
        Place {
            sequence: 5,
            ..place(7)
        },
        Place {
            sender: PublicKey([8; 32]),
            ..place(7)
        },
    ];
    for other in others {
        let lock = secrets.opening(&other).lock("north-clinic");
        let found = open(&openers(3, 2), &given, (&lock, &MEMBERS));
        assert_eq!(found, Err(NotOpened::Partner { all: false }), "{other:?}");
    }
    // Openings are far from each other: every share differs.
    let (one, two) = (secrets.of("ema").unwrap(), secrets.of("ema").unwrap());
    let pairs = one
        .answer(&place(7))
        .shares
        .into_iter()
        .zip(two.answer(&place(8)).shares);
    assert!(pairs.clone().count() == 2 && pairs.into_iter().all(|(a, b)| a.1 != b.1));
}

#[test]
fn a_secret_that_is_not_the_announced_one_is_named() {
    let (openers, secrets) = (openers(3, 2), secrets(3, 2));
    let checks = secrets.checks("good-works");
    let sound = secrets.of("ema").unwrap();
    let check = |held: &Held, partner, holder| held.check((partner, holder), (&openers, &checks));
    assert_eq!(check(&sound, "good-works", "ema"), Ok(()));
    assert_eq!(check(&sound, "good-works", "ages"), Err(NotOpened::Subsets));
    assert_eq!(check(&sound, "good-works", "fda"), Err(NotOpened::NoOpener));
    assert_eq!(
        check(&sound, "east-pharmacy", "ema"),
        Err(NotOpened::Secret(1))
    );
    let mut wrong = sound.clone();
    wrong.secrets[1].1.0[5] ^= 1;
    assert_eq!(
        check(&wrong, "good-works", "ema"),
        Err(NotOpened::Secret(2))
    );
    let mut fewer = sound.clone();
    fewer.secrets.pop();
    assert_eq!(check(&fewer, "good-works", "ema"), Err(NotOpened::Subsets));
    assert_eq!(
        sound.check(("good-works", "ema"), (&openers, &[])),
        Err(NotOpened::Secret(1))
    );
}

/// One of five answers wrongly about everything: with one more than needed, or as many as it takes,
/// the item is opened all the same and the opener is named.
#[test]
fn a_wrong_answer_is_named_and_does_not_hinder_the_others() {
    let (openers, secrets) = (openers(5, 3), secrets(5, 3));
    let lock = secrets.opening(&place(7)).lock("east-pharmacy");
    let mut given = answers(&secrets, &[0, 1, 2, 3, 4], &place(7));
    lie(&mut given, "ema", usize::from);
    let opened = open(&openers, &given, (&lock, &MEMBERS)).unwrap();
    let (owner, wrong) = ("east-pharmacy".to_owned(), vec!["ema".to_owned()]);
    assert_eq!((opened.owner, opened.wrong), (owner.clone(), wrong.clone()));

    // With three answers, one subset hears the wrong one only: nothing opens, and it is named.
    given.remove("ages");
    given.remove("mhra");
    let found = open(&openers, &given, (&lock, &MEMBERS));
    assert_eq!(found, Err(NotOpened::Differ(wrong.clone())));

    // The same change twice is none of the sum: the lock opens, and it is named all the same.
    let mut given = answers(&secrets, &[1, 2, 3], &place(7));
    lie(&mut given, "ema", |_| 0);
    let opened = open(&openers, &given, (&lock, &MEMBERS)).unwrap();
    assert_eq!((opened.owner, opened.wrong), (owner, wrong));

    // Of two who contradict each other, and nobody else, nothing says which.
    let (openers, secrets) = (self::openers(2, 1), self::secrets(2, 1));
    let lock = secrets.opening(&place(7)).lock("nobody-here");
    let mut given = answers(&secrets, &[0, 1], &place(7));
    lie(&mut given, "ages", |_| 0);
    let both = ["ages", "bfarm"].map(str::to_owned).to_vec();
    let found = open(&openers, &given, (&lock, &MEMBERS));
    assert_eq!(found, Err(NotOpened::Differ(both)));
}

/// Changes a bit of the byte at a place of each share.
fn lie(answers: &mut BTreeMap<String, Answer>, holder: &str, at: impl Fn(u8) -> usize) {
    for (number, share) in &mut answers.get_mut(holder).unwrap().shares {
        share.0[at(*number)] ^= 1;
    }
}

#[test]
fn a_partner_that_does_not_use_its_secrets_is_found_out() {
    let secrets = secrets(3, 2);
    let lock = Opening([5; 16]).lock("east-pharmacy");
    let given = answers(&secrets, &[0, 1], &place(7));
    let some = open(&openers(3, 2), &given, (&lock, &MEMBERS));
    assert_eq!(some, Err(NotOpened::Partner { all: false }));
    let given = answers(&secrets, &[0, 1, 2], &place(7));
    let all = open(&openers(3, 2), &given, (&lock, &MEMBERS)).unwrap_err();
    assert_eq!(all, NotOpened::Partner { all: true });
    assert!(
        all.to_string()
            .contains("the partner did not use the secrets")
    );
}

#[test]
fn answers_of_others_and_for_other_subsets_are_refused() {
    let (openers, secrets) = (openers(3, 2), secrets(3, 2));
    let lock = secrets.opening(&place(7)).lock("east-pharmacy");
    let mut given = answers(&secrets, &[0, 1], &place(7));
    given.insert("fda".into(), given["ages"].clone());
    let stranger = open(&openers, &given, (&lock, &MEMBERS));
    assert_eq!(stranger, Err(NotOpened::NoOpener));
    let mut given = answers(&secrets, &[0, 1], &place(7));
    given
        .get_mut("bfarm")
        .unwrap()
        .shares
        .push((9, Share([0; 16])));
    let foreign = open(&openers, &given, (&lock, &MEMBERS));
    assert_eq!(foreign, Err(NotOpened::Answer("bfarm".into())));
}

#[test]
fn another_epoch_or_seed_has_other_secrets() {
    let of = |seed, epoch| Secrets::derive(openers(3, 2), &[seed; 32], epoch).checks("a");
    let all = [of(1, 1), of(1, 2), of(2, 1)].concat();
    let mut different = all.clone();
    different.sort_unstable();
    different.dedup();
    assert_eq!(different.len(), all.len());
}

#[test]
fn an_owner_is_found_among_the_members_only() {
    let opening = Opening([1; 16]);
    let lock = opening.lock("west-pharmacy");
    assert_eq!(owner(&lock, &opening, MEMBERS), Some("west-pharmacy"));
    assert_eq!(owner(&lock, &opening, MEMBERS[..3].iter().copied()), None);
    assert_eq!(owner(&lock, &Opening([2; 16]), MEMBERS), None);
}

#[test]
fn what_openers_keep_and_send_has_one_form() {
    let held = secrets(5, 3).of("ema").unwrap();
    let answer = held.answer(&place(7));
    assert_eq!(Held::from_bytes(&held.to_bytes()), Ok(held.clone()));
    assert_eq!(Answer::from_bytes(&answer.to_bytes()), Ok(answer.clone()));
    assert_eq!(Place::from_bytes(&place(7).to_bytes()), Ok(place(7)));
    let mut reversed = answer;
    reversed.shares.reverse();
    assert!(Answer::from_bytes(&reversed.to_bytes()).is_err());
}
