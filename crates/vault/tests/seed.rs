//! A patient's seed: what follows from it, and the game day of its wrappings.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use proptest::prelude::*;
use vault::seed::recovery::Share;
use vault::{RootKey, Seed, VaultError};

fn hex(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.concat()
}

#[test]
fn keys_of_a_seed_are_frozen() {
    let seed = Seed::from_bytes(std::array::from_fn(|at| u8::try_from(at).unwrap()));
    let frozen = include_str!("../vectors/seed.txt");
    let mut met = 0;
    for line in frozen.lines().filter(|line| !line.starts_with('#')) {
        let (name, expected) = line.split_once(' ').unwrap();
        let found = match name {
            "consent-signing" => hex(&*seed.consent_signing()),
            "x-wing" => hex(&*seed.x_wing()),
            "grant-07x32" => hex(&*seed.grant_authority(&[7; 32])),
            "delegation-07x32" => hex(&*seed.delegator(&[7; 32])),
            "delegate-07x32" => hex(&*seed.delegate(&[7; 32])),
            "pseudonym-st-mary" => hex(&seed.pseudonym("st-mary")),
            "pseudonym-city-lab" => hex(&seed.pseudonym("city-lab")),
            // Guarded in the file that can fix the slope.
            share if share.starts_with("share-") => continue,
            other => panic!("a vector that nobody checks: {other}"),
        };
        assert_eq!(found, expected, "{name}");
        met += 1;
    }
    assert_eq!(met, 7);
}

/// Everything that a patient has, as it would lie about.
struct Kept {
    root: RootKey,
    prf: [u8; 32],
    custodial: Option<Vec<u8>>,
    device: Option<Vec<u8>>,
    shares: Vec<String>,
}

impl Kept {
    fn new(seed: &Seed) -> Self {
        let (root, prf) = (RootKey::from_bytes(&[5; 32]), [9; 32]);
        let texts = seed.split().unwrap().map(|share| share.to_text().unwrap());
        Self {
            custodial: Some(seed.wrap_custodial(&root, "st-mary", "p1").unwrap()),
            device: Some(seed.wrap_device(&prf, "st-mary/p1").unwrap()),
            shares: texts.iter().map(|text| text.to_string()).collect(),
            root,
            prf,
        }
    }

    /// The seed by each way that is left.
    fn recovered(&self) -> Vec<Seed> {
        let custodial = self.custodial.iter();
        let device = self.device.iter();
        let shares: Vec<Share> = self
            .shares
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        custodial
            .map(|wrapped| Seed::open_custodial(&self.root, "st-mary", "p1", wrapped))
            .chain(device.map(|wrapped| Seed::open_device(&self.prf, "st-mary/p1", wrapped)))
            .chain([Seed::recover(&shares)])
            .filter_map(Result::ok)
            .collect()
    }
}

#[test]
fn the_seed_survives_the_loss_of_any_one() {
    let seed = Seed::random().unwrap();
    let loss: [fn(&mut Kept); 5] = [
        |kept| kept.custodial = None,
        |kept| kept.device = None,
        |kept| drop(kept.shares.remove(0)),
        |kept| drop(kept.shares.remove(1)),
        |kept| drop(kept.shares.remove(2)),
    ];
    for (at, lose) in loss.iter().enumerate() {
        let mut kept = Kept::new(&seed);
        lose(&mut kept);
        let ways = kept.recovered();
        assert_eq!(ways.len(), if at < 2 { 2 } else { 3 }, "loss {at}");
        assert!(ways.iter().all(|found| found.reveal() == seed.reveal()));
    }
    // And of both wrappings and any one share.
    for at in 0..3 {
        let mut kept = Kept::new(&seed);
        (kept.custodial, kept.device) = (None, None);
        drop(kept.shares.remove(at));
        let ways = kept.recovered();
        assert_eq!(ways.len(), 1);
        assert_eq!(ways[0].reveal(), seed.reveal());
        // The last share alone is nothing.
        drop(kept.shares.remove(0));
        assert!(kept.recovered().is_empty());
    }
}

#[test]
fn a_wrapping_opens_for_its_patient_and_its_device_only() {
    let seed = Seed::random().unwrap();
    let kept = Kept::new(&seed);
    let custodial = kept.custodial.unwrap();
    for (organisation, patient) in [
        ("st-mary", "p2"),
        ("north-clinic", "p1"),
        ("st-mary/p1", ""),
    ] {
        let opened = Seed::open_custodial(&kept.root, organisation, patient, &custodial);
        assert_eq!(opened.unwrap_err(), VaultError::Sealed("secret"));
    }
    let other = RootKey::from_bytes(&[6; 32]);
    assert!(Seed::open_custodial(&other, "st-mary", "p1", &custodial).is_err());
    let device = kept.device.unwrap();
    let sealed = VaultError::Sealed("seed");
    let opened = |prf: &[u8; 32], context: &str, bytes: &[u8]| {
        Seed::open_device(prf, context, bytes).unwrap_err()
    };
    assert_eq!(opened(&[8; 32], "st-mary/p1", &device), sealed);
    assert_eq!(opened(&kept.prf, "st-mary/p2", &device), sealed);
    assert_eq!(opened(&kept.prf, "st-mary/p1", &device[1..]), sealed);
    for at in 0..device.len() {
        let mut changed = device.clone();
        changed[at] ^= 1;
        assert_eq!(opened(&kept.prf, "st-mary/p1", &changed), sealed);
    }
    // A secret of the right label and another length is no seed.
    let short = kept
        .root
        .seal_secret("patient-seed/st-mary/p1", b"short")
        .unwrap();
    assert_eq!(
        Seed::open_custodial(&kept.root, "st-mary", "p1", &short).unwrap_err(),
        sealed
    );
}

#[test]
fn nothing_shows_a_seed_or_a_share() {
    let seed = Seed::from_bytes([0xab; 32]);
    let share = &seed.split().unwrap()[0];
    assert_eq!(format!("{seed:?}"), "Seed(..)");
    assert_eq!(
        format!("{share:?}"),
        format!("Share(1 of set {})", share.set())
    );
    let text = share.to_text().unwrap();
    let mut wrong = text.to_string();
    wrong.replace_range(20..21, if &wrong[20..21] == "q" { "p" } else { "q" });
    let error = wrong.parse::<Share>().unwrap_err().to_string();
    assert!(!error.contains(&text[15..30]), "{error}");
}

proptest! {
    #[test]
    fn two_shares_give_the_seed_back(bytes: [u8; 32], left in 0..3_usize, step in 1..3_usize) {
        let shares = Seed::from_bytes(bytes).split().unwrap();
        let two = [shares[left].clone(), shares[(left + step) % 3].clone()];
        let seed = Seed::recover(&two).unwrap();
        prop_assert_eq!(seed.reveal(), &bytes);
    }

    #[test]
    fn no_text_breaks_the_reader(text in "[salu1qpz -]{0,120}|\\PC{0,100}") {
        let _ = text.parse::<Share>();
    }
}
